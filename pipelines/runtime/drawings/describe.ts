/** The graph as plain data, for tools: `sluice graph --format json`. */
import { unreachable } from '../../../schemas/assert.ts';
import type { Graph, GraphNode } from '../graph.ts';
import { headStages, inboxOf } from '../graph.ts';
import type { DrawingFacts } from './text.ts';

export function describeGraph(graph: Graph, facts: DrawingFacts = {}) {
  const head = headStages(graph);
  return {
    id: graph.id,
    nodes: graph.nodes.map((node) => describeNode(graph, node, head, facts)),
    edges: graph.edges.map((edge) => ({ from: edge.from, to: edge.to, records: edge.records?.types ?? [] })),
    dropped: Object.fromEntries(graph.dropped),
  };
}

function describeNode(graph: Graph, node: GraphNode, head: ReadonlySet<string>, facts: DrawingFacts) {
  const { kind, id } = node;
  switch (node.kind) {
    case 'log':
      return {
        kind,
        id,
        records: node.records.types,
        key: node.key ?? null,
        partitions: facts.partitions?.[id] ?? null,
      };
    case 'source':
      return { kind, id, source: node.definition.name, ports: portsOf(node.definition.outputs) };
    case 'stage':
      return {
        kind,
        id,
        operator: node.definition.name,
        runs: head.has(id) ? 'head' : 'lane',
        inbox: inboxOf(graph, id) ?? null,
        reads: node.definition.input.types,
        ports: portsOf(node.definition.outputs),
      };
    case 'sink': {
      const { definition, queue, onMalformed } = node;
      return { kind, id, sink: definition.name, delivers: definition.delivers ?? 'blocks', queue, onMalformed };
    }
    default:
      return unreachable(node);
  }
}

function portsOf(outputs: { readonly [port: string]: { readonly types: readonly string[] } }) {
  return Object.fromEntries(Object.entries(outputs).map(([port, records]) => [port, records.types]));
}
