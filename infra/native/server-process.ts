/** One process of a server: started in a group of its own with its output in a file, known again by number and start. */
import { spawn } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { answers, type Probe } from './probe.ts';

/** How to start it, again and again on the same ports and data. */
export interface ProcessPlan {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Program and arguments that start it, such as one that changes the user. */
  readonly prefix?: readonly string[];
  readonly environment?: { readonly [name: string]: string };
  /** Whole environment instead of an addition to ours. */
  readonly cleanEnvironment?: true;
  readonly cwd: string;
  readonly uid?: number;
  readonly gid?: number;
  readonly log: string;
  readonly ports: { readonly [name: string]: number };
  readonly probe: Probe;
  readonly readyMs: number;
  /** How it is asked to end; SIGTERM where not given. */
  readonly stopSignal?: NodeJS.Signals;
}

export interface RunningProcess {
  readonly pid: number;
  /** When it started, by the system's count; a number that was given to another process since is told by it. */
  readonly started: string;
}

const SETPRIV = ['/usr/bin/setpriv', '/bin/setpriv'].find((path) => existsSync(path));
const POLL_MS = 25;
const STOP_MS = 10_000;

/**
 * Starts a process. `bound`: it ends with us, even when we are killed, as far as the system can do that (Linux).
 * `onSpawned` hears of it at once. Resolves when its probe is answered; where it is not in time, ends it and throws with
 * the last lines of its log.
 */
export async function startProcess(
  plan: ProcessPlan,
  bound: boolean,
  onSpawned: (running: RunningProcess) => void,
): Promise<RunningProcess> {
  const log = openSync(plan.log, 'a', 0o600);
  const tied = bound && SETPRIV !== undefined && process.platform === 'linux';
  const tie = tied ? [SETPRIV, '--pdeathsig', 'KILL', '--'] : [];
  // Innermost: a change of user would untie it.
  const [command, ...args] = [...(plan.prefix ?? []), ...tie, plan.command, ...plan.args];
  const child = spawn(command!, args, {
    cwd: plan.cwd,
    env: plan.cleanEnvironment ? plan.environment : { ...process.env, ...plan.environment },
    ...(plan.uid === undefined ? {} : { uid: plan.uid, gid: plan.gid }),
    detached: true,
    stdio: ['ignore', log, log],
  });
  closeSync(log);
  let ended: string | undefined;
  child.once('error', (error) => {
    ended = error.message;
  });
  child.once('exit', (code, signal) => {
    ended = `it ended with ${signal ?? code}`;
  });
  child.unref();
  if (child.pid !== undefined) onSpawned({ pid: child.pid, started: startOf(child.pid) });
  const deadline = performance.now() + plan.readyMs;
  while (ended === undefined && performance.now() < deadline) {
    await sleep(POLL_MS);
    if (ended === undefined && (await answers(plan.probe))) {
      const pid = child.pid!;
      return { pid, started: startOf(pid) };
    }
  }
  if (ended === undefined) {
    process.kill(child.pid!, 'SIGKILL');
    ended = `it did not answer within ${plan.readyMs / 1_000} s`;
  }
  throw new Error(`${plan.name} did not start: ${ended}\n${lastLines(plan.log, 15)}`);
}

export function isRunning({ pid, started }: RunningProcess): boolean {
  if (pid <= 0) return false;
  try {
    process.kill(pid, 0);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM' && startOf(pid) === started;
  }
  return startOf(pid) === started && stateOf(pid) !== 'Z';
}

/** Stopped by a signal, and not yet told to go on. */
export function isPaused({ pid }: RunningProcess): boolean {
  return stateOf(pid) === 'T';
}

/** Sends a signal. False: there is no such process any more. */
export function signalProcess(running: RunningProcess, signal: NodeJS.Signals): boolean {
  if (!isRunning(running)) return false;
  process.kill(running.pid, signal);
  return true;
}

/** Asks a process to end and waits for it; by force when it does not. */
export async function stopProcess(running: RunningProcess, signal: NodeJS.Signals, waitMs = STOP_MS): Promise<void> {
  if (!signalProcess(running, signal)) return;
  // One that was paused hears nothing until it goes on.
  signalProcess(running, 'SIGCONT');
  if (await hasEnded(running, waitMs)) return;
  signalProcess(running, 'SIGKILL');
  if (!(await hasEnded(running, STOP_MS))) throw new Error(`process ${running.pid} does not end`);
}

async function hasEnded(running: RunningProcess, waitMs: number): Promise<boolean> {
  for (const deadline = performance.now() + waitMs; performance.now() < deadline; ) {
    if (!isRunning(running)) return true;
    await sleep(POLL_MS);
  }
  return !isRunning(running);
}

export function lastLines(path: string, count: number): string {
  if (!existsSync(path)) return '';
  return readFileSync(path, 'utf8').trimEnd().split('\n').slice(-count).join('\n');
}

function startOf(pid: number): string {
  return fieldsOf(pid)?.[19] ?? '';
}

function stateOf(pid: number): string {
  return fieldsOf(pid)?.[0] ?? '';
}

/** Fields of /proc/PID/stat after the name; undefined where the system has no such file. */
function fieldsOf(pid: number): string[] | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  } catch {
    return undefined;
  }
}
