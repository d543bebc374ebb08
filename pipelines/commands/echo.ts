import { parseArgs } from 'node:util';
import { helpText } from '../../schemas/config.ts';
import { loadProject } from '../load-project.ts';
import type { Command } from './command.ts';

export const command: Command = {
  name: 'echo',
  usage: 'echo [--options] [--json]',
  summary: 'the effective configuration: every value in its unit, and where it came from',
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { options: { type: 'boolean', default: false }, json: { type: 'boolean', default: false } },
    });
    if (values.options) {
      io.out(helpText().trimEnd());
      return 0;
    }
    const { options } = await loadProject();
    if (values.json) {
      io.out(JSON.stringify(options, null, 2));
      return 0;
    }
    const rows = options.map(({ path, value, unit, from }) => [path, `${shown(value)}${unit ? ` ${unit}` : ''}`, from]);
    const widths = [0, 1].map((column) => Math.max(...rows.map((row) => row[column]!.length)));
    for (const [path, value, from] of rows)
      io.out(`${path!.padEnd(widths[0]!)}  ${value!.padEnd(widths[1]!)}  ${from}`);
    return 0;
  },
};

function shown(value: unknown): string {
  return typeof value === 'string' ? value : JSON.stringify(value);
}
