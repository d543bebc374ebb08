/**
 * The embedded server: PostgreSQL itself, a child process on a folder of the data directory.
 *
 * It outlives a parent that was killed, so a start first looks for one that is left over and stops it. It is started
 * in a process group of its own, so that Ctrl-C reaches us alone and we stop it last. A server that dies is started
 * again, with growing pauses, for as long as it is wanted. Nothing here hooks the end of the process.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import {
  chmodSync,
  closeSync,
  existsSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { platform } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { ExitError } from '../../schemas/exit.ts';
import { clusterFolder, DATABASE, embeddedAccess, type LedgerAccess, passwordsOf } from './access.ts';
import { CONNECTION_LIMITS, newClient } from './connections.ts';
import { initialiseCluster } from './initialise-cluster.ts';
import { existsPid, isAlive, isServerOf, readPostmasterFile, serverProcessesIn } from './postmaster-file.ts';
import { runnableBinaries, type ServerBinaries, serverBinaries } from './server-binaries.ts';
import { serverEnvironment } from './server-environment.ts';
import { serverSettings } from './server-settings.ts';
import { type ServerUser, serverUser } from './server-user.ts';

export interface EmbeddedPostgresOptions {
  /** The server's own folder, e.g. `data/postgres`. One process at a time may own it: the caller holds a lock. */
  readonly directory: string;
  readonly say?: (line: string) => void;
  /** Settings over those of `serverSettings`, for measurements. */
  readonly settings?: { readonly [name: string]: string };
}

export interface EmbeddedPostgres {
  readonly access: LedgerAccess;
  /** `starting` also between a death and the next start. */
  state(): 'starting' | 'running' | 'stopped';
  /** Process id of the running server. */
  pid(): number | undefined;
  /** Deaths since `startEmbeddedPostgres`. */
  restarts(): number;
  /** Clean stop: clients are cut off, everything is written. Resolves when the server has ended. */
  stop(): Promise<void>;
}

const READY_DEADLINE_MS = 30_000;
/** Clean; without the last checkpoint; by force. The next start recovers from the last two. */
const STOP_STAGES = [
  ['SIGINT', 4_000],
  ['SIGQUIT', 2_000],
  ['SIGKILL', 1_000],
] as const;
const ORPHANS_DEADLINE_MS = 20_000;
const POLL_MS = 20;
const RESTART_PAUSE_MS = { first: 100, most: 5_000 };
const LOG_BYTES_MAX = 8 * 2 ** 20;

/**
 * Start the server on its folder, making the folder first where there is none. Resolves when it answers our password.
 * Throws `ExitError` 78 for what a restart cannot mend (rights, version, damaged files) and 75 when the server does not
 * come up in 30 s; the message ends with the last lines of its log.
 */
export async function startEmbeddedPostgres(options: EmbeddedPostgresOptions): Promise<EmbeddedPostgres> {
  const directory = resolve(options.directory);
  const server = new Server(directory, options);
  await server.prepare();
  await server.start();
  return server;
}

/**
 * Ask the server of a folder to stop, and do not wait: for the last moment of a process that must end now. Without a
 * running server it does nothing.
 */
export function signalEmbeddedPostgres(directory: string): void {
  const cluster = clusterFolder(resolve(directory));
  const running = readPostmasterFile(cluster);
  if (running && isServerOf(running.pid, cluster)) signal(running.pid, 'SIGINT');
}

class Server implements EmbeddedPostgres {
  readonly access: LedgerAccess;
  readonly #directory: string;
  readonly #cluster: string;
  readonly #options: EmbeddedPostgresOptions;
  #binaries!: ServerBinaries;
  #user!: ServerUser;
  #child: ChildProcess | undefined;
  #state: 'starting' | 'running' | 'stopped' = 'starting';
  #restarts = 0;
  #port = 0;
  readonly #stopping = new AbortController();
  #restarting: Promise<void> | undefined;

  constructor(directory: string, options: EmbeddedPostgresOptions) {
    this.#directory = directory;
    this.#cluster = clusterFolder(directory);
    this.#options = options;
    mkdirSync(directory, { recursive: true });
    // Others may pass, to reach nothing: the folder of the data is closed to them, and the passwords are.
    chmodSync(directory, process.getuid?.() === 0 ? 0o711 : 0o700);
    this.access = embeddedAccess(directory);
  }

  state(): 'starting' | 'running' | 'stopped' {
    return this.#state;
  }

  pid(): number | undefined {
    return this.#state === 'running' ? this.#child?.pid : undefined;
  }

  restarts(): number {
    return this.#restarts;
  }

  async prepare(): Promise<void> {
    this.#user = serverUser(this.#cluster);
    this.#binaries = runnableBinaries(await serverBinaries(), this.#user, (line) => this.#say(line));
    await initialiseCluster(this.#directory, this.#binaries, this.#user, passwordsOf(this.#directory));
  }

  async start(): Promise<void> {
    this.#state = 'starting';
    await this.#stopLeftOver();
    this.#port = await freePort(this.#port);
    const child = this.#spawn();
    this.#child = child;
    const ended = new Promise<string>((resolveEnd) => {
      child.once('error', (error) => resolveEnd(error.message));
      child.once('exit', (code, name) => resolveEnd(`it ended with ${name ?? code}`));
    });
    const problem = await Promise.race([this.#whenReady(), ended]);
    if (problem !== undefined) {
      if (isAlive(child.pid ?? 0)) await stopServer(child.pid!, this.#cluster, this.#binaries);
      throw new ExitError(75, `PostgreSQL did not start: ${problem}\n${this.#lastLogLines()}`);
    }
    this.#state = 'running';
    void ended.then((reason) => this.#onEnd(child, reason));
    child.unref();
  }

  async stop(): Promise<void> {
    if (this.#state === 'stopped') return;
    this.#state = 'stopped';
    this.#stopping.abort();
    await this.#restarting?.catch(() => undefined);
    const pid = this.#child?.pid;
    if (pid !== undefined && isAlive(pid)) await stopServer(pid, this.#cluster, this.#binaries);
  }

  #spawn(): ChildProcess {
    const user = this.#user;
    const [command, ...before] = [...user.prefix, this.#binaries.postgres];
    const ids = user.prefix.length === 0 && user.uid !== undefined ? { uid: user.uid, gid: user.gid! } : {};
    const settings = { ...serverSettings(this.#port), ...this.#options.settings };
    const flags = Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
    const log = openSync(this.#logPath(), 'a', 0o600);
    try {
      return spawn(command!, [...before, '-D', this.#cluster, ...flags], {
        ...ids,
        cwd: '/',
        detached: true,
        env: serverEnvironment(),
        stdio: ['ignore', log, log],
      });
    } finally {
      closeSync(log);
    }
  }

  /** Undefined as soon as the owner's password is accepted on our port and the database is there; else why not. */
  async #whenReady(): Promise<string | undefined> {
    const deadline = performance.now() + READY_DEADLINE_MS;
    const signalStop = this.#stopping.signal;
    let last = 'it does not answer';
    while (performance.now() < deadline && !signalStop.aborted) {
      await sleep(POLL_MS);
      const running = readPostmasterFile(this.#cluster);
      if (!running?.ready || running.port !== this.#port) continue;
      try {
        await this.#ensureDatabase();
        return undefined;
      } catch (error) {
        last = (error as Error).message;
      }
    }
    return signalStop.aborted ? 'it was stopped meanwhile' : `not ready after ${READY_DEADLINE_MS / 1000} s: ${last}`;
  }

  async #ensureDatabase(): Promise<void> {
    const settings = { ...this.access('owner'), database: 'postgres' };
    const client = newClient(settings, 'sluice start', CONNECTION_LIMITS);
    client.on('error', () => undefined);
    try {
      await client.connect();
      const { rows } = await client.query<{ folder: string; there: boolean }>(
        `SELECT current_setting('data_directory') AS folder, EXISTS (SELECT FROM pg_database WHERE datname = $1) AS there`,
        [DATABASE],
      );
      if (rows[0]?.folder !== this.#cluster) throw new Error(`port ${settings.port} is served from ${rows[0]?.folder}`);
      if (!rows[0].there) await client.query(`CREATE DATABASE ${DATABASE}`);
    } finally {
      await client.end().catch(() => undefined);
    }
  }

  #onEnd(child: ChildProcess, reason: string): void {
    if (this.#state === 'stopped' || this.#child !== child) return;
    this.#state = 'starting';
    this.#restarts++;
    this.#say(`PostgreSQL ended (${reason}); starting it again. Trading goes on, settlement waits.`);
    this.#restarting = this.#restart();
  }

  async #restart(): Promise<void> {
    const signalStop = this.#stopping.signal;
    for (let pause = RESTART_PAUSE_MS.first; !signalStop.aborted; pause = Math.min(pause * 2, RESTART_PAUSE_MS.most)) {
      await sleep(pause, undefined, { signal: signalStop }).catch(() => undefined);
      if (signalStop.aborted) return;
      try {
        await this.start();
        this.#say('PostgreSQL is back.');
        return;
      } catch (error) {
        if (!signalStop.aborted) this.#say(`${(error as Error).message} (next try in ${pause * 2} ms)`);
      }
    }
  }

  /**
   * A server whose parent was killed is stopped. What is left in its lock file after that is removed only where the
   * process it names is no server and no server process works in the folder: a stranger that was given the number, or a
   * dead one that nobody has buried, would keep the server from starting.
   */
  async #stopLeftOver(): Promise<void> {
    if (!existsSync(this.#cluster)) return;
    const left = readPostmasterFile(this.#cluster);
    if (!left) return;
    if (isServerOf(left.pid, this.#cluster)) {
      this.#say(`A PostgreSQL server was left running by an earlier start (process ${left.pid}); stopping it.`);
      await stopServer(left.pid, this.#cluster, this.#binaries);
    }
    // Processes of a server that was killed end by themselves when they notice.
    const deadline = performance.now() + ORPHANS_DEADLINE_MS;
    while (serverProcessesIn(this.#cluster).length > 0) {
      if (performance.now() > deadline) {
        throw new ExitError(75, `processes of an earlier PostgreSQL server still work in ${this.#cluster}`);
      }
      await sleep(POLL_MS);
    }
    if (existsPid(left.pid)) rmSync(join(this.#cluster, 'postmaster.pid'), { force: true });
  }

  #logPath(): string {
    const path = join(this.#directory, 'server.log');
    if (existsSync(path) && statSync(path).size > LOG_BYTES_MAX) renameSync(path, `${path}.1`);
    return path;
  }

  #lastLogLines(): string {
    const lines = readFileSync(join(this.#directory, 'server.log'), 'utf8').trimEnd().split('\n');
    return lines
      .slice(-8)
      .map((line) => `  ${line}`)
      .join('\n');
  }

  #say(line: string): void {
    this.#options.say?.(line);
  }
}

/** Stop mode "fast", and harder where that takes too long. */
async function stopServer(pid: number, cluster: string, binaries: ServerBinaries): Promise<void> {
  if (platform() === 'win32') {
    spawnSync(binaries.pgCtl, ['stop', '-D', cluster, '-m', 'fast', '-w'], { timeout: STOP_STAGES[0][1] });
    return;
  }
  for (const [name, patienceMs] of STOP_STAGES) {
    signal(pid, name);
    const deadline = performance.now() + patienceMs;
    while (performance.now() < deadline) {
      if (!isAlive(pid)) return;
      await sleep(POLL_MS);
    }
  }
  throw new ExitError(75, `PostgreSQL (process ${pid}) does not stop; it still holds ${cluster}`);
}

function signal(pid: number, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}

/** A port on the loopback address that is free now; `wanted` if it is. */
function freePort(wanted: number): Promise<number> {
  return new Promise((resolvePort, reject) => {
    const probe = createServer();
    probe.once('error', (error) => (wanted === 0 ? reject(error) : resolvePort(freePort(0))));
    probe.listen(wanted, '127.0.0.1', () => {
      const { port } = probe.address() as { port: number };
      probe.close(() => resolvePort(port));
    });
  });
}
