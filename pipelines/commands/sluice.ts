/** The `sluice` command: finds the verb, runs it, ends with its exit code. */
import { ExitError } from '../../schemas/exit.ts';
import { failureCode } from '../runtime/outside/disk.ts';
import type { Command, CommandIo } from './command.ts';
import { UsageError } from './command.ts';

/** One line a verb; a file of `pipelines/commands/` each, loaded when it is asked for. */
const VERBS: { readonly [name: string]: () => Promise<{ readonly command: Command }> } = {
  run: () => import('./run.ts'),
  lint: () => import('./lint.ts'),
  graph: () => import('./graph.ts'),
  echo: () => import('./echo.ts'),
  list: () => import('./list.ts'),
  status: () => import('./status.ts'),
  validate: () => import('./validate.ts'),
  log: () => import('./log.ts'),
  snapshot: () => import('./snapshot.ts'),
  replay: () => import('./replay.ts'),
  ledger: () => import('./ledger.ts'),
  sql: () => import('./sql.ts'),
  archive: () => import('./archive.ts'),
};

export async function main(args: readonly string[], io: CommandIo): Promise<number> {
  const [verb, ...rest] = args;
  if (verb === undefined || verb === '--help' || verb === '-h' || verb === 'help') {
    for (const load of Object.values(VERBS)) {
      const { command } = await load();
      io.out(`sluice ${command.usage.padEnd(58)} ${command.summary}`);
    }
    return verb === undefined ? 2 : 0;
  }
  const load = Object.hasOwn(VERBS, verb) ? VERBS[verb] : undefined;
  if (!load) {
    io.err(`sluice: "${verb}" is no verb. There are: ${Object.keys(VERBS).join(', ')}`);
    return 2;
  }
  const { command } = await load();
  try {
    return await command.run(rest, io);
  } catch (error) {
    return tell(error, command, io);
  }
}

function tell(error: unknown, command: Command, io: CommandIo): number {
  if (error instanceof UsageError || failureCode(error).startsWith('ERR_PARSE_ARGS')) {
    io.err(`sluice ${command.name}: ${(error as Error).message}`);
    io.err(`usage: sluice ${command.usage}`);
    return 2;
  }
  if (error instanceof ExitError) {
    io.err(`sluice ${command.name}: ${error.message}`);
    io.err(`see ${error.runbookPage}`);
    return error.code;
  }
  io.err(error instanceof Error ? (error.stack ?? error.message) : String(error));
  return 70;
}

if (import.meta.main) {
  const interrupt = new AbortController();
  let asked = 0;
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      asked++;
      interrupt.abort();
      // A second wish is meant: the log needs no farewell, so leaving at once is safe.
      if (asked > 1) process.exit(signal === 'SIGINT' ? 130 : 143);
    });
  }
  // Whoever read this went away (`| head`): an interrupt like any other.
  process.stdout.on('error', () => interrupt.abort());
  const code = await main(process.argv.slice(2), {
    out: (line) => process.stdout.write(`${line}\n`),
    err: (line) => process.stderr.write(`${line}\n`),
    terminal: process.stdout.isTTY === true,
    signal: interrupt.signal,
  });
  // A pipe may still be taking what was written; an exit would cut it off.
  await Promise.all([process.stdout, process.stderr].map((stream) => new Promise((done) => stream.write('', done))));
  process.exit(code);
}
