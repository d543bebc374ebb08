/** The graph for mermaid: logs are pipes, stages are boxes, sources and sinks are round. */
import type { Graph, GraphNode } from '../graph.ts';

export function drawMermaid(graph: Graph): string {
  const lines = ['flowchart LR'];
  for (const node of graph.nodes) lines.push(`  ${name(node.id)}${shape(node)}`);
  for (const edge of graph.edges) {
    const label = edge.from.port === '' ? '' : `|${edge.from.port}|`;
    lines.push(`  ${name(edge.from.node)} -->${label} ${name(edge.to)}`);
  }
  return `${lines.join('\n')}\n`;
}

function shape(node: GraphNode): string {
  switch (node.kind) {
    case 'log':
      return `[("${node.id}${node.key ? `<br/>by ${node.key}` : ''}")]`;
    case 'stage':
      return `["${node.id}<br/>${node.definition.name}"]`;
    case 'source':
    case 'sink':
      return `(["${node.id}<br/>${node.definition.name}"])`;
  }
}

/** `end` and the like are words of mermaid: a letter in front keeps them apart. */
function name(id: string): string {
  return `n_${id.replaceAll('-', '_')}`;
}
