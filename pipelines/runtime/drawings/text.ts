/** The graph as text, split at its logs: who writes a log, who reads it, and what follows. A committed snapshot of it shows a change of topology in review. */
import type { Graph, GraphEdge, GraphNode } from '../graph.ts';
import { edgeName, headStages, inboxOf, nodeOf } from '../graph.ts';

export interface DrawingFacts {
  /** Partitions of each log, where known. */
  readonly partitions?: { readonly [log: string]: number };
  /** Records passed so far, by edge name, of a running graph. */
  readonly counters?: ReadonlyMap<string, number>;
}

export function drawText(graph: Graph, facts: DrawingFacts = {}): string {
  const head = headStages(graph);
  const lines = [`topology ${graph.id}`];
  for (const node of graph.nodes) {
    if (node.kind === 'source') {
      lines.push('', `source ${node.id} (${node.definition.name})`);
      lines.push(...inputs(graph, node, facts), ...outputs(graph, node, facts));
    }
    if (node.kind === 'log') lines.push('', `log ${node.id} ${logFacts(node, facts)}`, ...inputs(graph, node, facts));
    if (node.kind === 'stage') {
      const place = head.has(node.id) ? 'head' : 'follows';
      const inbox = inboxOf(graph, node.id) ?? '-';
      lines.push('', `stage ${node.id} (${node.definition.name}) ${place}, inbox ${inbox}`);
      lines.push(...inputs(graph, node, facts), ...outputs(graph, node, facts));
    }
    if (node.kind === 'sink') {
      const { blocks, full } = node.queue;
      lines.push(
        '',
        `sink ${node.id} (${node.definition.name}) ${node.definition.delivers === 'at once' ? 'at once' : 'in blocks'}, queue ${blocks} blocks, then ${full}`,
      );
      lines.push(...inputs(graph, node, facts));
    }
  }
  return `${lines.join('\n')}\n`;
}

function logFacts(node: GraphNode & { kind: 'log' }, facts: DrawingFacts): string {
  const count = facts.partitions?.[node.id];
  const partitions = count === undefined ? '' : `, ${count} partition${count === 1 ? '' : 's'}`;
  return `(${node.records.name}) by ${node.key ?? 'nothing'}${partitions}`;
}

function inputs(graph: Graph, node: GraphNode, facts: DrawingFacts): string[] {
  return graph.edges.filter((edge) => edge.to === node.id).map((edge) => `  <- ${from(edge)}${counted(edge, facts)}`);
}

function outputs(graph: Graph, node: GraphNode, facts: DrawingFacts): string[] {
  if (node.kind !== 'stage' && node.kind !== 'source') return [];
  return Object.keys(node.definition.outputs).map((port) => {
    const wired = graph.edges.filter((edge) => edge.from.node === node.id && edge.from.port === port);
    const reason = graph.dropped.get(`${node.id}.${port}`);
    if (wired.length === 0) return `  .${port} -> nobody${reason ? ` (${reason})` : ''}`;
    const targets = wired.map((edge) => `${kindOf(graph, edge.to)}${edge.to}${counted(edge, facts)}`);
    return `  .${port} -> ${targets.join(', ')}`;
  });
}

function kindOf(graph: Graph, id: string): string {
  return nodeOf(graph, id)?.kind === 'log' ? 'log ' : '';
}

function from(edge: GraphEdge): string {
  return edge.from.port === '' ? `log ${edge.from.node}` : `${edge.from.node}.${edge.from.port}`;
}

function counted(edge: GraphEdge, facts: DrawingFacts): string {
  const count = facts.counters?.get(edgeName(edge));
  return count === undefined ? '' : ` [${count.toLocaleString('en-US')}]`;
}
