/**
 * The loop of a lane: follows the log files, runs the follower stages, hands blocks to the sink and what the sink has to
 * the host beside it, and keeps the lane's own snapshot at blocks that are durable in the sink. Nothing in here can slow
 * the head.
 */
import { join } from 'node:path';
import { ExitError } from '../../../schemas/exit.ts';
import type { Catalog } from '../catalog.ts';
import type { Graph } from '../graph.ts';
import { planLane } from '../lane-plan.ts';
import { DurableEnd } from '../log/durable-end.ts';
import { type LogReader, openLogReader } from '../log/log-reader.ts';
import type { Clock } from '../outside/clock.ts';
import type { Disk } from '../outside/disk.ts';
import type { LaneHost, OpenHost, Sink, SinkBlock } from '../ports.ts';
import { BlockWriter } from './block-writer.ts';
import type { DoorMemory } from './door-memory.ts';
import { DoorOutside, type Gate } from './door-outside.ts';
import { type LaneInput, laneInput } from './lane-input.ts';
import { LaneSnapshots } from './lane-snapshots.ts';

export interface LaneData {
  readonly sink: string;
  readonly dataDir: string;
  readonly config: unknown;
  readonly catalog: Catalog;
  readonly durableEnd: SharedArrayBuffer;
  readonly snapshotEveryMs: number;
  /** Next offset of each partition of each log when the lane was started. */
  readonly logEnds: { readonly [log: string]: readonly number[] };
  /** What the lane's host is given; undefined: it has none. */
  readonly host?:
    | { readonly door: DoorMemory; readonly gates: readonly Gate[]; readonly settings: unknown }
    | undefined;
}

/** Where a lane is followed: a thread of its own, or, under test, the thread that asks. */
export interface LanePlace {
  readonly graph: Graph;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly openHost: OpenHost | undefined;
  tell(message: LaneMessage): void;
  onOrder(listener: (order: LaneOrder) => void): void;
}

/** What a lane tells the main thread: where it stands twice a second, and what happens to it. */
export type LaneMessage =
  | {
      readonly kind: 'status';
      readonly positions: { readonly [logPartition: string]: number };
      /** Where it would begin to read after a crash, where that is not `positions`. */
      readonly neededFrom: { readonly [logPartition: string]: number } | undefined;
      readonly edges: { readonly [name: string]: number };
      readonly figures: { readonly [name: string]: number | string };
      /** Blocks handed over and not yet durable, and how often that queue was full. */
      readonly queued: number;
      readonly waits: number;
      readonly blocks: number;
      /** Log time of the last block that is durable in the sink, microseconds. */
      readonly timeMicros: number;
      readonly state: 'reading' | 'writing' | 'idle';
    }
  | { readonly kind: 'say'; readonly line: string }
  | { readonly kind: 'failed'; readonly code: number; readonly message: string }
  | { readonly kind: 'knock' }
  | { readonly kind: 'ask'; readonly id: number; readonly question: string; readonly argument: unknown }
  | { readonly kind: 'host-open'; readonly facts: unknown }
  | { readonly kind: 'host-closed' }
  | { readonly kind: 'stopped' };

/** What the main thread tells a lane. */
export type LaneOrder =
  | { readonly kind: 'stop' }
  | { readonly kind: 'close-host' }
  | { readonly kind: 'refused' }
  | { readonly kind: 'answer'; readonly id: number; readonly ok?: unknown; readonly error?: string };

const STATUS_EVERY_MS = 500;
/** Records decoded between two looks at the event loop. */
const SLICE_RECORDS = 4096;
/** While a snapshot of a sink's memory is made its host serves nobody: for one part in so many of its time at most. */
const SNAPSHOT_SHARE = 400;
const IDLE_MS = 100;
/** As {@link IDLE_MS}, while somebody waits for something that no record of these logs may tell of. */
const IDLE_WAITED_FOR_MS = 5;
const ASK_DEADLINE_MS = 5_000;

/** How long a stop waits for what was handed to the sink. The log has it: the next start goes on from there. */
const STOP_PATIENCE_MS = 2_000;

/** Follows until it is told to stop. Throws what the lane failed with. */
export async function followLane(data: LaneData, place: LanePlace): Promise<void> {
  const { clock } = place;
  const lane = new FollowedLane(data, place);
  let cancelGivingUp = () => {};
  // The stop did not wait any longer; what the sink then says of its unfinished work is no failure.
  let gaveUp = false;
  place.onOrder((order) => {
    if (order.kind !== 'stop') return lane.take(order);
    lane.stopping = true;
    cancelGivingUp = clock.after(STOP_PATIENCE_MS, () => {
      gaveUp = true;
      void lane.closeSink();
    });
  });
  try {
    await lane.open();
    await lane.follow();
  } catch (error) {
    if (!gaveUp) throw error;
  } finally {
    cancelGivingUp();
    await lane.end();
  }
  place.tell({ kind: 'stopped' });
}

class FollowedLane {
  stopping = false;
  readonly #data: LaneData;
  readonly #place: LanePlace;
  readonly #plan;
  readonly #input: LaneInput;
  readonly #snapshots: LaneSnapshots;
  readonly #durableEnd: DurableEnd;
  readonly #ready: SinkBlock[] = [];
  #sink: Sink | undefined;
  #closing: Promise<void> | undefined;
  #writer: BlockWriter | undefined;
  #reader: LogReader | undefined;
  #host: LaneHost | undefined;
  #hostClosing: Promise<void> | undefined;
  /** Of the newest snapshot of a sink in memory. */
  #saved: { readonly [logPartition: string]: number } = {};
  #snapshotAtMs = 0;
  #state: 'reading' | 'writing' | 'idle' = 'idle';
  #statusTimer: NodeJS.Timeout | undefined;
  #refusedListener = () => {};
  readonly #asked = new Map<number, { resolve(answer: unknown): void; reject(error: Error): void }>();
  #questions = 0;
  /** The reader stands on a record of the next commit that was not taken yet. */
  #held = false;

  constructor(data: LaneData, place: LanePlace) {
    this.#data = data;
    this.#place = place;
    this.#plan = planLane(place.graph, data.sink);
    this.#durableEnd = new DurableEnd(data.durableEnd);
    this.#input = laneInput(this.#plan, data.catalog, (block) => this.#ready.push(block));
    this.#snapshots = new LaneSnapshots(place.disk, join(data.dataDir, 'lanes', data.sink));
  }

  take(order: Exclude<LaneOrder, { kind: 'stop' }>): void {
    switch (order.kind) {
      case 'refused':
        this.#refusedListener();
        return;
      case 'answer': {
        const asked = this.#asked.get(order.id);
        this.#asked.delete(order.id);
        if (order.error === undefined) asked?.resolve(order.ok);
        else asked?.reject(new Error(order.error));
        return;
      }
      case 'close-host':
        void this.#closeHost().then(() => this.#place.tell({ kind: 'host-closed' }), this.#fail);
        return;
    }
  }

  async open(): Promise<void> {
    const { sink: id, dataDir, config, catalog, logEnds, snapshotEveryMs } = this.#data;
    const { clock } = this.#place;
    const { definition, queue } = this.#plan.sink;
    const sink = await definition.open({
      id,
      dataDir,
      config,
      clock,
      partitions: catalog.partitions,
      generation: catalog.generation,
      say: this.#say,
    });
    this.#sink = sink;
    const wanted = await sink.positions();
    refuseAhead(id, logEnds, wanted);
    this.#restore(sink, wanted);
    this.#writer = new BlockWriter(sink, queue, clock);
    this.#statusTimer = setInterval(() => this.#status(), STATUS_EVERY_MS);
    this.#snapshotAtMs = clock.monotonicMs() + snapshotEveryMs;
  }

  async follow(): Promise<void> {
    const writer = this.#writer!;
    const atOnce = this.#plan.sink.definition.delivers === 'at once';
    while (!this.stopping) {
      const version = this.#durableEnd.version;
      this.#host?.reading();
      this.#state = 'reading';
      const atEnd = this.#read(atOnce);
      this.#state = 'writing';
      const blocks = this.#ready.splice(0);
      for (const block of blocks) await writer.write(block);
      if (atOnce) {
        await writer.settle();
        if (this.#host) this.#host.delivered(blocks, atEnd);
        else if (this.#place.openHost && this.#caughtUp()) await this.#openHost(this.#place.openHost);
      }
      if (this.#place.clock.monotonicMs() >= this.#snapshotAtMs) await this.#save();
      // Timers and messages get their turn, also where the sink answers without ever leaving this thread.
      await new Promise((resolve) => setImmediate(resolve));
      if (!atEnd) continue;
      this.#state = 'idle';
      if (this.#durableEnd.closed) break;
      await this.#durableEnd.waitAsync(version, this.#host?.waiting ? IDLE_WAITED_FOR_MS : IDLE_MS);
    }
    await this.#save();
  }

  closeSink(): Promise<void> {
    this.#closing ??= this.#sink?.close() ?? Promise.resolve();
    return this.#closing;
  }

  async end(): Promise<void> {
    clearInterval(this.#statusTimer);
    this.#reader?.close();
    if (this.#writer) this.#status();
    await this.#closeHost();
    await this.closeSink();
  }

  /** Reads a slice into blocks. Whether it got to the durable end. */
  #read(atOnce: boolean): boolean {
    this.#reader ??= openLogReader(this.#place.disk, {
      directory: join(this.#data.dataDir, 'log'),
      from: { positions: this.#wantedPositions() },
      logs: this.#plan.logs.map((log) => this.#data.catalog.logs[log]!),
      verification: 'trailers',
      durable: () => this.#durableEnd.read(),
    });
    const reader = this.#reader;
    if (!reader) return true;
    const names = this.#logNames;
    let commit = reader.commit;
    let count = 0;
    for (;;) {
      if (!this.#held && !reader.next()) {
        if (atOnce) this.#input.flush();
        return true;
      }
      this.#held = false;
      // What is delivered at once ends with a commit: whoever hears of a command hears of all that it caused.
      if (count >= SLICE_RECORDS && (!atOnce || reader.commit !== commit)) {
        this.#held = true;
        if (atOnce) this.#input.flush();
        return false;
      }
      commit = reader.commit;
      count++;
      this.#input.take(names[reader.log]!, reader);
    }
  }

  #restore(sink: Sink, wanted: ReadonlyMap<string, number>): void {
    // A lane of frames has no state but its positions, so it begins where the sink wants it.
    if (this.#plan.sink.definition.reads === 'frames') {
      this.#input.restore({ positions: Object.fromEntries(wanted), sequences: {}, stages: [] });
      return;
    }
    const found = this.#snapshots.newestAtOrBefore(sink.memory ? undefined : wanted);
    if (!found) return;
    if (sink.memory && !(found.sink && sink.memory.restore(found.sink))) return;
    this.#input.restore(found.lane);
    this.#saved = found.lane.positions;
  }

  async #save(): Promise<void> {
    await this.#writer!.settle();
    const { clock } = this.#place;
    const beganMs = clock.monotonicMs();
    const memory = this.#sink!.memory;
    const lane = this.#input.snapshot();
    // Who lives in memory serves clients in this thread: it does not wait for the disk.
    this.#snapshots.save({ lane, sink: memory?.snapshot() }, { synced: memory === undefined });
    if (memory) this.#saved = lane.positions;
    const endedMs = clock.monotonicMs();
    const restMs = memory ? (endedMs - beganMs) * SNAPSHOT_SHARE : 0;
    this.#snapshotAtMs = endedMs + Math.max(this.#data.snapshotEveryMs, restMs);
  }

  async #openHost(open: OpenHost): Promise<void> {
    const { dataDir, config, catalog, host } = this.#data;
    this.#host = await open({
      sink: this.#sink!,
      door: new DoorOutside(host!.door, host!.gates, () => this.#place.tell({ kind: 'knock' })),
      ask: (question, argument) => this.#ask(question, argument),
      dataDir,
      config,
      clock: this.#place.clock,
      logNames: this.#logNames,
      generation: catalog.generation,
      partitions: catalog.partitions,
      graph: this.#place.graph,
      settings: host!.settings,
      say: this.#say,
      onRefused: (listener) => {
        this.#refusedListener = listener;
      },
    });
    this.#place.tell({ kind: 'host-open', facts: this.#host.facts });
  }

  #closeHost(): Promise<void> {
    this.#hostClosing ??= this.#host?.close() ?? Promise.resolve();
    return this.#hostClosing;
  }

  #ask(question: string, argument: unknown): Promise<unknown> {
    const id = this.#questions++;
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#asked.delete(id);
        reject(new Error(`the exchange did not answer "${question}" in ${ASK_DEADLINE_MS} ms`));
      }, ASK_DEADLINE_MS);
      this.#asked.set(id, {
        resolve: (answer) => {
          clearTimeout(timer);
          resolve(answer);
        },
        reject: (error) => {
          clearTimeout(timer);
          reject(error);
        },
      });
      this.#place.tell({ kind: 'ask', id, question, argument });
    });
  }

  #caughtUp(): boolean {
    return this.#plan.logs.every((log) =>
      (this.#data.logEnds[log] ?? []).every((end, partition) => this.#input.position(log, partition) >= end),
    );
  }

  #status(): void {
    const writer = this.#writer!;
    const sink = this.#sink!;
    this.#place.tell({
      kind: 'status',
      positions: Object.fromEntries(sink.durable?.() ?? writer.positions),
      neededFrom: sink.memory && this.#neededFrom(),
      edges: this.#input.edges(),
      queued: writer.queued,
      waits: writer.waits,
      figures: {
        lag_p50_ms: writer.lagMs(0.5),
        lag_p99_ms: writer.lagMs(0.99),
        ...sink.figures?.(),
        ...this.#host?.figures?.(),
      },
      blocks: writer.blocks,
      timeMicros: writer.timeMicros,
      state: this.#state,
    });
  }

  #neededFrom() {
    return Object.fromEntries(
      this.#plan.logs.flatMap((log) =>
        Array.from({ length: this.#data.catalog.partitions[log]! }, (_, partition) => {
          const key = `${log}/${partition}`;
          return [key, this.#saved[key] ?? 0];
        }),
      ),
    );
  }

  #wantedPositions() {
    const { catalog } = this.#data;
    return this.#plan.logs.flatMap((log) =>
      Array.from({ length: catalog.partitions[log]! }, (_, partition) => ({
        log: catalog.logs[log]!,
        partition,
        offset: this.#input.position(log, partition),
      })),
    );
  }

  get #logNames(): readonly string[] {
    this.#names ??= namesByNumber(this.#data.catalog);
    return this.#names;
  }
  #names: string[] | undefined;

  readonly #say = (line: string): void => this.#place.tell({ kind: 'say', line });
  readonly #fail = (error: unknown): void => this.#place.tell(failedMessage(error));
}

export function failedMessage(error: unknown): LaneMessage {
  const code = error instanceof ExitError ? error.code : 70;
  const bug = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { kind: 'failed', code, message: error instanceof ExitError ? error.message : bug };
}

/** A store that is ahead of the log belongs to another one, or the log lost its end: never start from anywhere else. */
function refuseAhead(sink: string, logEnds: LaneData['logEnds'], wanted: ReadonlyMap<string, number>): void {
  for (const [key, next] of wanted) {
    const slash = key.lastIndexOf('/');
    const end = logEnds[key.slice(0, slash)]?.[Number(key.slice(slash + 1))] ?? 0;
    if (next <= end) continue;
    throw new ExitError(
      65,
      `${key} ends at offset ${end - 1}, but sink "${sink}" has it up to ${next - 1}: offsets ${end} to ${next - 1} are missing from the log`,
    );
  }
}

function namesByNumber(catalog: Catalog): string[] {
  const names: string[] = [];
  for (const [name, number] of Object.entries(catalog.logs)) names[number] = name;
  return names;
}
