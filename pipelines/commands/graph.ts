import { parseArgs } from 'node:util';
import { loadProject } from '../load-project.ts';
import { describeGraph } from '../runtime/drawings/describe.ts';
import { drawDot } from '../runtime/drawings/dot.ts';
import { drawMermaid } from '../runtime/drawings/mermaid.ts';
import { type DrawingFacts, drawText } from '../runtime/drawings/text.ts';
import type { Graph } from '../runtime/graph.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';

const FORMATS: { readonly [format: string]: (graph: Graph, facts: DrawingFacts) => string } = {
  text: drawText,
  mermaid: drawMermaid,
  dot: drawDot,
  json: (graph, facts) => `${JSON.stringify(describeGraph(graph, facts), null, 2)}\n`,
};

export const command: Command = {
  name: 'graph',
  usage: 'graph [--format text|mermaid|dot|json]',
  summary: 'draws the graph that runs',
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: { format: { type: 'string', default: 'text' } } });
    const draw = Object.hasOwn(FORMATS, values.format) ? FORMATS[values.format] : undefined;
    if (!draw) {
      throw new UsageError(`--format: "${values.format}" given, ${Object.keys(FORMATS).join(', ')} are allowed`);
    }
    const { graph, counts } = await loadProject();
    const partitions = Object.fromEntries(
      graph.nodes
        .filter((node) => node.kind === 'log')
        .map((node) => [node.id, node.key === undefined ? 1 : counts[node.key]]),
    );
    io.out(draw(graph, { partitions }).trimEnd());
    return 0;
  },
};
