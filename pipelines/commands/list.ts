import { parseArgs } from 'node:util';
import { recordTypes } from '../../schemas/generated/records.ts';
import { loadProject } from '../load-project.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';

export const command: Command = {
  name: 'list',
  usage: 'list [--format text|json]',
  summary: 'every source, operator and sink of the graph with its ports',
  async run(args, io) {
    const { values } = parseArgs({ args: [...args], options: { format: { type: 'string', default: 'text' } } });
    if (values.format !== 'text' && values.format !== 'json') {
      throw new UsageError(`--format: "${values.format}" given, text and json are allowed`);
    }
    const { graph } = await loadProject();
    const rows = graph.nodes.flatMap((node) => {
      if (node.kind === 'log') return [];
      const reads = node.kind === 'source' ? [] : node.definition.input.types;
      const outputs = node.kind === 'sink' ? {} : node.definition.outputs;
      const ports = Object.fromEntries(Object.entries(outputs).map(([port, records]) => [port, records.types]));
      return [{ kind: node.kind, id: node.id, component: node.definition.name, reads, ports }];
    });
    if (values.format === 'json') {
      io.out(JSON.stringify(rows, null, 2));
      return 0;
    }
    for (const { kind, id, component, reads, ports } of rows) {
      io.out(`${kind.padEnd(7)} ${id.padEnd(10)} ${component}`);
      if (reads.length > 0) io.out(`        reads  ${named(reads)}`);
      for (const [port, types] of Object.entries(ports)) io.out(`        .${port}  ${named(types)}`);
    }
    return 0;
  },
};

function named(types: readonly string[]): string {
  return types.length === recordTypes.length ? 'every record' : types.join(', ');
}
