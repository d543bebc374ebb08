import { parseArgs } from 'node:util';
import { lintProject } from '../lint-project.ts';
import { formatFaults, type LintFormat } from '../runtime/checks/format-faults.ts';
import type { Command } from './command.ts';
import { UsageError } from './command.ts';

const FORMATS: readonly string[] = ['text', 'json', 'github'];

export const command: Command = {
  name: 'lint',
  usage: 'lint [--deny-warnings] [--format text|json|github]',
  summary: 'checks config, topology and operators; opens nothing, shows every fault at once',
  async run(args, io) {
    const { values } = parseArgs({
      args: [...args],
      options: { 'deny-warnings': { type: 'boolean', default: false }, format: { type: 'string', default: 'text' } },
    });
    if (!FORMATS.includes(values.format)) {
      throw new UsageError(`--format: "${values.format}" given, ${FORMATS.join(', ')} are allowed`);
    }
    const faults = await lintProject();
    for (const line of formatFaults(faults, values.format as LintFormat)) io.out(line);
    const errors = faults.filter((fault) => fault.level === 'error').length;
    return errors > 0 || (values['deny-warnings'] && faults.length > 0) ? 1 : 0;
  },
};
