/** The graph for Graphviz. */
import type { Graph, GraphNode } from '../graph.ts';

export function drawDot(graph: Graph): string {
  const lines = [`digraph "${graph.id}" {`, '  rankdir=LR;', '  node [fontname="sans-serif"];'];
  for (const node of graph.nodes) lines.push(`  "${node.id}" [${attributes(node)}];`);
  for (const edge of graph.edges) {
    const label = edge.from.port === '' ? '' : ` [label="${edge.from.port}"]`;
    lines.push(`  "${edge.from.node}" -> "${edge.to}"${label};`);
  }
  lines.push('}');
  return `${lines.join('\n')}\n`;
}

function attributes(node: GraphNode): string {
  switch (node.kind) {
    case 'log':
      return `shape=cylinder, label="${node.id}${node.key ? `\\nby ${node.key}` : ''}"`;
    case 'stage':
      return `shape=box, label="${node.id}\\n${node.definition.name}"`;
    case 'source':
    case 'sink':
      return `shape=oval, label="${node.id}\\n${node.definition.name}"`;
  }
}
