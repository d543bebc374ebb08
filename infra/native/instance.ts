/**
 * A set of servers with a folder of its own: processes, ports, data, logs, and `servers.json`, which says how each was
 * started and where it answers. Several instances live side by side.
 */
import {
  chmodSync,
  closeSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeSync,
} from 'node:fs';
import { join } from 'node:path';
import type { Addresses } from './addresses.ts';
import { freePort } from './free-port.ts';
import { answers } from './probe.ts';
import {
  isPaused,
  isRunning,
  type ProcessPlan,
  type RunningProcess,
  signalProcess,
  startProcess,
  stopProcess,
} from './server-process.ts';
import type { Say } from './tools-cache.ts';

interface KeptProcess extends RunningProcess {
  readonly plan: ProcessPlan;
}

interface KeptState {
  readonly format: 1;
  /** What was asked for, so that asking again starts nothing twice. */
  readonly wishes: readonly string[];
  readonly addresses: Addresses;
  readonly processes: readonly KeptProcess[];
}

export interface ProcessStatus {
  readonly name: string;
  readonly state: 'answers' | 'silent' | 'paused' | 'stopped';
  readonly pid: number;
  readonly ports: { readonly [name: string]: number };
  readonly log: string;
}

const NONE: KeptState = { format: 1, wishes: [], addresses: {}, processes: [] };

export class Instance {
  readonly folder: string;
  readonly say: Say;
  /** Its servers end with this process. */
  readonly #bound: boolean;
  #state: KeptState;
  /** Given away in this instance, free or not. */
  readonly #ports = new Set<number>();
  readonly #killed = new Set<string>();

  constructor(folder: string, options: { readonly say: Say; readonly bound: boolean }) {
    this.folder = folder;
    this.say = options.say;
    this.#bound = options.bound;
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    // Servers that refuse to run as root run as another user, who must be able to pass.
    if (process.getuid?.() === 0) chmodSync(folder, 0o755);
    this.#state = readState(this.#statePath());
    for (const { plan } of this.#state.processes) for (const port of Object.values(plan.ports)) this.#ports.add(port);
  }

  get addresses(): Addresses {
    return this.#state.addresses;
  }

  get names(): string[] {
    return this.#state.processes.map(({ plan }) => plan.name);
  }

  has(wish: string): boolean {
    return this.#state.wishes.includes(wish);
  }

  /** Folder of a server's data, made at the first call. */
  folderOf(name: string): string {
    const folder = join(this.folder, name);
    mkdirSync(folder, { recursive: true, mode: 0o755 });
    return folder;
  }

  logOf(name: string): string {
    mkdirSync(join(this.folder, 'logs'), { recursive: true, mode: 0o755 });
    return join(this.folder, 'logs', `${name}.log`);
  }

  async port(): Promise<number> {
    const port = await freePort(this.#ports);
    this.#ports.add(port);
    return port;
  }

  /** Starts a process that is new here. It is in the state before it runs: one that was started is always found again. */
  async launch(plan: ProcessPlan): Promise<void> {
    this.#keep({ plan, pid: 0, started: '' });
    await this.start(plan.name);
  }

  /** Starts a process of the state again, where it does not run. */
  async start(name: string): Promise<void> {
    const kept = this.#find(name);
    if (this.#killed.has(name)) await this.ended(name);
    if (isRunning(kept)) return;
    const running = await startProcess(kept.plan, this.#bound, (started) => this.#keep({ ...kept, ...started }));
    this.#keep({ ...kept, ...running });
  }

  /** Notes that a wish is fulfilled and where it answers. */
  fulfilled(wish: string, addresses: Addresses): void {
    this.#write({
      ...this.#state,
      wishes: [...this.#state.wishes, wish],
      addresses: { ...this.#state.addresses, ...addresses },
    });
  }

  /** Throws where no such process runs. */
  signal(name: string, signal: NodeJS.Signals): void {
    if (!signalProcess(this.#find(name), signal)) throw new Error(`${name} does not run`);
    if (signal === 'SIGKILL') this.#killed.add(name);
  }

  /** Resolves when a process that was killed is gone, which takes a moment. */
  async ended(name: string): Promise<void> {
    await stopProcess(this.#find(name), 'SIGKILL');
    this.#killed.delete(name);
  }

  /** Undefined where there is no such process, or it has no such port. */
  portOf(name: string, port: string): number | undefined {
    return this.#state.processes.find(({ plan }) => plan.name === name)?.plan.ports[port];
  }

  pidOf(name: string): number {
    return this.#find(name).pid;
  }

  async stop(name: string): Promise<void> {
    const kept = this.#find(name);
    await stopProcess(kept, kept.plan.stopSignal ?? 'SIGTERM');
  }

  /** Last started, first stopped, so that who uses another ends before it. */
  async stopAll(): Promise<void> {
    for (const name of this.names.toReversed()) await this.stop(name);
  }

  /** At once, without a farewell: for what nobody needs afterwards. */
  async killAll(): Promise<void> {
    for (const kept of this.#state.processes) signalProcess(kept, 'SIGKILL');
    for (const kept of this.#state.processes) await stopProcess(kept, 'SIGKILL');
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 });
  }

  async status(): Promise<ProcessStatus[]> {
    return Promise.all(
      this.#state.processes.map(async (kept) => {
        const { plan, pid } = kept;
        const state = !isRunning(kept)
          ? 'stopped'
          : isPaused(kept)
            ? 'paused'
            : (await answers(plan.probe))
              ? 'answers'
              : 'silent';
        return { name: plan.name, state, pid, ports: plan.ports, log: plan.log };
      }),
    );
  }

  #find(name: string): KeptProcess {
    const found = this.#state.processes.find(({ plan }) => plan.name === name);
    if (found) return found;
    const there = this.names.length > 0 ? `there are ${this.names.join(', ')}` : 'nothing was started';
    throw new TypeError(`no server "${name}" in ${this.folder}: ${there}`);
  }

  #keep(kept: KeptProcess): void {
    const others = this.#state.processes.map((other) => (other.plan.name === kept.plan.name ? kept : other));
    this.#write({ ...this.#state, processes: others.includes(kept) ? others : [...others, kept] });
  }

  #write(state: KeptState): void {
    this.#state = state;
    const path = this.#statePath();
    const file = openSync(`${path}.new`, 'w', 0o600);
    try {
      const bytes = Buffer.from(`${JSON.stringify(state, null, 2)}\n`);
      for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
      fsyncSync(file);
    } finally {
      closeSync(file);
    }
    renameSync(`${path}.new`, path);
  }

  #statePath(): string {
    return join(this.folder, 'servers.json');
  }
}

function readState(path: string): KeptState {
  if (!existsSync(path)) return NONE;
  const state = JSON.parse(readFileSync(path, 'utf8')) as KeptState;
  if (state.format !== 1) throw new Error(`${path} is of another version: stop those servers with it, or remove it`);
  return state;
}
