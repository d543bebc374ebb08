/** `sluice run` where the configuration says cluster: one process with the stages, sinks, sources or gateways it is told. */
import { resolve } from 'node:path';
import { ExitError, runbookPages } from '../../schemas/exit.ts';
import type { Project } from '../load-project.ts';
import { systemClock } from '../runtime/outside/system-clock.ts';
import { rolesOf, startCluster } from '../start-cluster.ts';
import { type CommandIo, UsageError } from './command.ts';

export interface ClusterRun {
  readonly data: string | undefined;
  readonly stages: readonly string[];
  readonly standby: boolean;
  readonly number: string | undefined;
}

export async function runCluster(project: Project, run: ClusterRun, io: CommandIo): Promise<number> {
  const names = run.stages.length > 0 ? run.stages : ['all'];
  const number = Number(run.number ?? '0');
  if (!Number.isInteger(number) || number < 0 || number > 63) {
    throw new UsageError(`--number ${run.number} is given, a whole number from 0 to 63 is allowed`);
  }
  let roles: ReturnType<typeof rolesOf>;
  try {
    roles = rolesOf(project.graph, names);
  } catch (error) {
    throw new UsageError((error as Error).message);
  }
  // Nothing of ours throws where nobody listens; if it does all the same, it is a bug, and nothing goes on after it.
  process.on('uncaughtException', (error) => endAtOnce(error, io));
  process.on('unhandledRejection', (error) => endAtOnce(error, io));
  const running = await startCluster({
    project,
    roles,
    names,
    number,
    standby: run.standby,
    dataDir: resolve(run.data ?? project.config.backends.dataDir),
    clock: systemClock(),
    say: io.err,
    fail: (error) => endAtOnce(error, io),
  });
  io.err(`running: ${names.join(', ')}${run.standby ? ', as a standby' : ''}`);
  if (running.gateway) {
    io.out(`exchange  ${running.gateway.url}/v1/symbols`);
    io.out(`token     ${running.gateway.token}`);
  }
  if (!io.signal.aborted) {
    await new Promise<void>((end) => io.signal.addEventListener('abort', () => end(), { once: true }));
  }
  await running.stop();
  io.err('stopped');
  return 0;
}

/** The logs are elsewhere: nothing is saved, the next start finds what was said. */
function endAtOnce(error: unknown, io: CommandIo): never {
  const code = error instanceof ExitError ? error.code : 70;
  const told = error instanceof Error ? (error.stack ?? error.message) : String(error);
  io.err(error instanceof ExitError ? error.message : told);
  io.err(`exit ${code}: see ${runbookPages[code]}`);
  process.exit(code);
}
