/**
 * The embedded ClickHouse: chdb in a process of its own behind HTTP on loopback, watched and started again. From outside it is a
 * server with an address; what embedded history and a real server differ in is that address alone.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync } from 'node:fs';
import { totalmem } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type EngineAddress, readAddressFile, writeAddressFile } from './address-file.ts';
import type { EngineNotice, EngineOrder } from './engine-process.ts';
import type { DoorLimits } from './http-door.ts';

export interface EngineOptions {
  readonly dataDir: string;
  readonly database: string;
  readonly limits?: Partial<DoorLimits>;
  readonly say: (line: string) => void;
  /** First wait before a start again; it doubles up to `restartMsMax`. */
  readonly restartMs?: number;
  readonly restartMsMax?: number;
  readonly readyDeadlineMs?: number;
  /** Package of the engine; `chdb` where not given. */
  readonly engine?: string;
}

export interface Engine {
  /** As it is now: the port may change when the engine is started again. */
  readonly address: EngineAddress;
  readonly version: string;
  /** Times the engine ended without being told to. */
  readonly restarts: number;
  /** Process that runs now; undefined between two. */
  readonly processId: number | undefined;
  close(): Promise<void>;
}

/** The engine cannot be had on this machine: history is off, everything else goes on. */
export class EngineMissing extends Error {
  override readonly name = 'EngineMissing';
}

export const engineLimits: DoorLimits = {
  maxExecutionSeconds: 60,
  maxExecutionSecondsCap: 300,
  maxMemoryBytes: Math.min(4 * 2 ** 30, Math.floor(totalmem() / 4)),
  maxThreads: 2,
  maxResultBytes: 512 * 2 ** 20,
  statementBytesMax: 16 * 2 ** 20,
};

const processFile = fileURLToPath(new URL('./engine-process.ts', import.meta.url));

/** Resolves when the engine answers. Throws {@link EngineMissing} where chdb does not load. */
export async function startEngine(options: EngineOptions): Promise<Engine> {
  const known = readAddressFile(options.dataDir);
  if (known) await outlive(known, options.say);
  const engine = new WatchedEngine(options, known);
  await engine.start();
  return engine;
}

class WatchedEngine implements Engine {
  address: EngineAddress;
  version = '';
  restarts = 0;
  readonly #options: EngineOptions;
  #child: ChildProcess | undefined;
  #closing = false;
  #again: NodeJS.Timeout | undefined;
  #failures = 0;

  constructor(options: EngineOptions, known: EngineAddress | undefined) {
    this.#options = options;
    this.address = {
      url: known?.url ?? 'http://127.0.0.1:0',
      database: options.database,
      owner: known?.owner ?? { name: 'sluice', password: randomBytes(24).toString('hex') },
      analyst: known?.analyst ?? { name: 'analyst', password: randomBytes(24).toString('hex') },
      processId: process.pid,
    };
  }

  get processId(): number | undefined {
    return this.#child?.pid;
  }

  async start(): Promise<void> {
    const wanted = Number(new URL(this.address.url).port);
    const notice = await this.#spawn(wanted);
    if (notice.kind === 'ready') return;
    if (notice.lasting) throw new EngineMissing(notice.reason);
    // The port of the last run may be taken by now; the next one is as good.
    const second = await this.#spawn(0);
    if (second.kind !== 'ready') throw new Error(`the history engine does not start: ${second.reason}`);
  }

  async close(): Promise<void> {
    this.#closing = true;
    clearTimeout(this.#again);
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = new Promise<void>((resolve) => child.once('exit', () => resolve()));
    child.kill('SIGTERM');
    const hard = setTimeout(() => child.kill('SIGKILL'), 10_000);
    await ended;
    clearTimeout(hard);
  }

  async #spawn(port: number): Promise<EngineNotice> {
    const path = join(this.#options.dataDir, 'clickhouse', 'store');
    mkdirSync(path, { recursive: true, mode: 0o700 });
    const { database } = this.#options;
    const child = spawn(process.execPath, [processFile], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      detached: true,
    });
    this.#child = child;
    let lastWords = '';
    child.stderr!.on('data', (piece: Buffer) => {
      lastWords = (lastWords + piece.toString('utf8')).slice(-2000);
    });
    const order: EngineOrder = {
      path,
      port,
      database,
      users: [
        { ...this.address.owner, readonly: false },
        { ...this.address.analyst, readonly: true },
      ],
      limits: { ...engineLimits, ...this.#options.limits },
      engine: this.#options.engine ?? 'chdb',
    };
    const notice = await new Promise<EngineNotice>((resolve) => {
      const failed = (reason: string) => resolve({ kind: 'failed', reason, lasting: false });
      const deadline = setTimeout(() => {
        child.kill('SIGKILL');
        failed('it was not ready in time');
      }, this.#options.readyDeadlineMs ?? 30_000);
      child.once('message', (message: EngineNotice) => {
        clearTimeout(deadline);
        resolve(message);
      });
      child.once('error', (error) => failed(error.message));
      child.once('exit', (code, signal) => {
        clearTimeout(deadline);
        failed(`it ended with ${signal ?? code}${lastWords ? `: ${lastWords.trim().split('\n').at(-1)}` : ''}`);
      });
      child.send(order, (error) => {
        if (error) failed(error.message);
      });
    });
    if (notice.kind === 'failed') {
      this.#child = undefined;
      return notice;
    }
    this.version = notice.version;
    this.#failures = 0;
    this.address = { ...this.address, url: `http://127.0.0.1:${notice.port}`, processId: child.pid! };
    writeAddressFile(this.#options.dataDir, this.address);
    child.once('exit', (code, signal) => this.#ended(`${signal ?? code}`));
    if (child.exitCode !== null || child.signalCode !== null) this.#ended(`${child.signalCode ?? child.exitCode}`);
    return notice;
  }

  #ended(how: string): void {
    this.#child = undefined;
    if (this.#closing) return;
    this.restarts++;
    this.#options.say(`history engine ended with ${how}; starting it again`);
    this.#startAgain();
  }

  #startAgain(): void {
    const { restartMs = 100, restartMsMax = 10_000 } = this.#options;
    const waitMs = Math.min(restartMsMax, restartMs * 2 ** this.#failures++);
    this.#again = setTimeout(async () => {
      if (this.#closing) return;
      const samePort = this.#failures % 2 === 1;
      const notice = await this.#spawn(samePort ? Number(new URL(this.address.url).port) : 0);
      if (notice.kind === 'ready') this.#options.say(`history engine runs again at ${this.address.url}`);
      else if (!this.#closing) this.#startAgain();
    }, waitMs);
  }
}

/** An engine whose starter was killed ends by itself in a moment; it must be gone before its data is opened again. */
async function outlive(known: EngineAddress, say: (line: string) => void): Promise<void> {
  const until = Date.now() + 10_000;
  for (let told = false; lives(known.processId) && (await answers(known)); ) {
    if (!told) say(`history engine ${known.processId} of an earlier run is still there; waiting for its end`);
    told = true;
    if (Date.now() > until) {
      throw new Error(`the history engine of an earlier run (process ${known.processId}) does not end: stop it`);
    }
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

function lives(processId: number): boolean {
  try {
    process.kill(processId, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code !== 'ESRCH';
  }
}

/** True when what listens there knows our password, or hangs: the number of the process may be another's by now. */
async function answers(known: EngineAddress): Promise<boolean> {
  try {
    const headers = { 'X-ClickHouse-User': known.owner.name, 'X-ClickHouse-Key': known.owner.password };
    const url = `${known.url}/?query=SELECT%201&database=default`;
    const response = await fetch(url, { headers, signal: AbortSignal.timeout(1_000) });
    await response.arrayBuffer();
    return response.ok;
  } catch (error) {
    return error instanceof Error && error.name === 'TimeoutError';
  }
}
