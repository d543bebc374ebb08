/**
 * A lane in a process of a cluster: the same machine as embedded, fed from topics. Its snapshots hold, beside the states
 * of its stages, how far each topic was read and what its filter knew, so that a store's position finds its place again.
 */
import { decodeRecord, recordTypeAt } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import { ExitError } from '../../../schemas/exit.ts';
import type { Catalog } from '../catalog.ts';
import { BlockWriter } from '../embedded/block-writer.ts';
import { FrameLane } from '../frame-lane.ts';
import { Lane, type LaneState } from '../lane.ts';
import type { LanePlan } from '../lane-plan.ts';
import type { Clock } from '../outside/clock.ts';
import type { Sink, SinkBlock } from '../ports.ts';
import { decodeSnapshot, encodeSnapshot } from '../snapshots/snapshot-file.ts';
import type { LogSource } from './broker.ts';
import { type FollowedRecord, LogFollower } from './log-follower.ts';
import type { FilterState } from './record-filter.ts';
import type { SnapshotObjects } from './stage-snapshots.ts';

export interface ClusterLaneOptions {
  readonly plan: LanePlan;
  readonly catalog: Catalog;
  readonly bases: { readonly [logPartition: string]: number };
  readonly sink: Sink;
  readonly source: LogSource;
  readonly objects: SnapshotObjects;
  /** Whose snapshots these are: a gateway has its own, of the sinks each has one series. */
  readonly series: string;
  readonly topicOf: (log: string) => string;
  readonly clock: Clock;
  readonly snapshotEveryMs: number;
  /** Other logs that are heard beside those of the lane. */
  readonly also?: readonly string[];
  /** Hears every event when it is read; of logs in `also` nothing else happens with them. */
  readonly onRead?: (record: FollowedRecord) => void;
  /** Of a sink in memory: it has these blocks. */
  readonly onDelivered?: (blocks: readonly SinkBlock[]) => void;
  readonly say: (line: string) => void;
  readonly fail: (error: unknown) => void;
}

export interface LaneFigures {
  readonly sink: string;
  readonly positions: { readonly [logPartition: string]: number };
  readonly lagRecords: number;
  readonly lagMs: number;
  readonly queued: number;
  readonly blocks: number;
  readonly figures: { readonly [name: string]: number | string };
}

interface Input {
  take(record: FollowedRecord): void;
  flush(): void;
  snapshot(): LaneState;
  restore(state: LaneState): void;
}

/** Records of a partition whose cause is not told to its end. */
type Held = FollowedRecord[];

export class ClusterLane {
  readonly #options: ClusterLaneOptions;
  readonly #input: Input;
  readonly #ready: SinkBlock[] = [];
  readonly #writer: BlockWriter;
  readonly #own: ReadonlySet<string>;
  readonly #atOnce: boolean;
  readonly #held = new Map<string, Held>();
  /** Of each partition, what its filter knew where blocks ended lately. */
  readonly #borders = new Map<string, FilterState[]>();
  /** Where each partition was begun in this run. */
  #begun: ReadonlyMap<string, FilterState> = new Map();
  #follower: LogFollower | undefined;
  #work: Promise<void> = Promise.resolve();
  #timeMicros = 0;
  #cancelSnapshot = () => {};
  #saved = '';
  #closed = false;

  constructor(options: ClusterLaneOptions) {
    this.#options = options;
    const { plan, catalog, sink, clock } = options;
    const onBlock = (block: SinkBlock) => void this.#ready.push(block);
    this.#own = new Set(plan.logs);
    this.#atOnce = plan.sink.definition.delivers === 'at once';
    this.#input = plan.sink.definition.reads === 'frames' ? framesOf(plan, onBlock) : recordsOf(plan, catalog, onBlock);
    this.#writer = new BlockWriter(sink, plan.sink.queue, clock);
  }

  /** Resolves when it follows; a lane in memory when it has caught up with what was there. */
  async start(): Promise<void> {
    const { plan, catalog, bases, sink, source, topicOf, also = [], fail } = this.#options;
    const wanted = await sink.positions();
    const filters = await this.#restore(wanted);
    this.#begun = filters;
    const follower = new LogFollower({
      catalog,
      logs: [...new Set([...plan.logs, ...also])],
      bases,
      from: filters,
      source,
      topicOf,
      onRecords: (records) => this.#take(records),
      fail,
    });
    this.#follower = follower;
    await follower.start();
    if (this.#atOnce) await this.#caughtUp(follower);
    this.#scheduleSnapshot();
  }

  figures(): LaneFigures {
    const { plan, sink, clock } = this.#options;
    const lags = Object.values(this.#follower?.lags() ?? {});
    return {
      sink: plan.sink.id,
      positions: Object.fromEntries(sink.durable?.() ?? this.#writer.positions),
      lagRecords: lags.reduce((sum, lag) => sum + lag, 0),
      lagMs: this.#timeMicros === 0 ? 0 : Math.max(0, Math.round((clock.nowMicros() - this.#timeMicros) / 1000)),
      queued: this.#writer.queued,
      blocks: this.#writer.blocks,
      figures: { lag_p50_ms: this.#writer.lagMs(0.5), lag_p99_ms: this.#writer.lagMs(0.99), ...sink.figures?.() },
    };
  }

  async stop(): Promise<void> {
    this.#closed = true;
    this.#cancelSnapshot();
    await this.#follower?.close();
    await this.#work.catch(() => {});
    await this.#save().catch((error: unknown) => this.#options.say(`no snapshot: ${(error as Error).message}`));
    await this.#options.sink.close();
  }

  async #caughtUp(follower: LogFollower): Promise<void> {
    while (!this.#closed && Object.values(follower.lags()).some((lag) => lag > 0)) {
      await new Promise((resolve) => setTimeout(resolve, 10));
    }
    await this.#work;
  }

  async #take(records: readonly FollowedRecord[]): Promise<void> {
    const { onRead, onDelivered } = this.#options;
    for (const record of records) {
      onRead?.(record);
      if (!this.#own.has(record.log)) continue;
      if (this.#atOnce) this.#hold(record);
      else this.#input.take(record);
      if (record.border && !this.#atOnce) this.#remember(record, record.border);
    }
    const work = (async () => {
      if (this.#atOnce) this.#input.flush();
      const blocks = this.#ready.splice(0);
      for (const block of blocks) {
        this.#timeMicros = Math.max(this.#timeMicros, block.lastTimeMicros);
        await this.#writer.write(block);
      }
      if (!this.#atOnce) return;
      await this.#writer.settle();
      if (blocks.length > 0) onDelivered?.(blocks);
    })();
    this.#work = work;
    await work;
  }

  #remember({ log, partition }: FollowedRecord, border: FilterState): void {
    const key = `${log}/${partition}`;
    const borders = this.#borders.get(key);
    if (borders) borders.push(border);
    else this.#borders.set(key, [border]);
    // A block has so many borders inside at most.
    if (borders && borders.length > 1_024) borders.shift();
  }

  /** Where each partition is to be read on: behind what the lane has in closed blocks. */
  #readOn(positions: LaneState['positions']): { readonly [logPartition: string]: FilterState } {
    if (this.#atOnce) return Object.fromEntries(this.#follower!.states());
    const states: { [logPartition: string]: FilterState } = {};
    for (const [key, position] of Object.entries(positions)) {
      const borders = this.#borders.get(key) ?? [];
      const at = borders.findIndex(({ nextOffset }) => nextOffset === position);
      const state = at < 0 ? this.#begun.get(key) : borders[at];
      if (at > 0) borders.splice(0, at);
      if (state) states[key] = state;
    }
    return states;
  }

  /** Who looks at memory sees what a cause said in a partition as a whole, never a part of it. */
  #hold(record: FollowedRecord): void {
    const key = `${record.log}/${record.partition}`;
    const held = this.#held.get(key);
    if (!record.lastOfCause) {
      if (held) held.push(record);
      else this.#held.set(key, [record]);
      return;
    }
    if (held) {
      for (const earlier of held) this.#input.take(earlier);
      this.#held.delete(key);
    }
    this.#input.take(record);
  }

  #scheduleSnapshot(): void {
    this.#cancelSnapshot = this.#options.clock.after(this.#options.snapshotEveryMs, () => {
      if (this.#closed) return;
      this.#work
        .then(() => this.#save())
        .catch((error: unknown) => {
          if (error instanceof ExitError) this.#options.fail(error);
          else this.#options.say(`no snapshot of ${this.#options.series}: ${(error as Error).message}`);
        })
        .finally(() => {
          if (!this.#closed) this.#scheduleSnapshot();
        });
    });
  }

  async #save(): Promise<void> {
    const { objects, series, sink, catalog, clock, plan } = this.#options;
    if (!this.#follower || this.#held.size > 0) return;
    const lane = this.#input.snapshot();
    const filters = this.#readOn(lane.positions);
    const memory = sink.memory?.snapshot();
    await this.#writer.settle();
    const about = { filters, positions: lane.positions, sequences: lane.sequences };
    const read = Object.values(filters).reduce((sum, { nextPhysical }) => sum + nextPhysical, 0);
    const key = `${this.#prefix()}${String(read).padStart(16, '0')}.snapshot`;
    if (key === this.#saved) return;
    const stages = lane.stages.map(({ stage, partition, timeMicros, state }) => ({
      stage,
      partition,
      timeMicros,
      state,
    }));
    if (memory) stages.push({ stage: `sink ${plan.sink.id}`, partition: 0, timeMicros: 0, state: memory });
    await objects.create(
      key,
      encodeSnapshot({
        series,
        from: 0,
        mark: { commit: read, hash: new Uint8Array(32) },
        generation: catalog.generation,
        takenAtMicros: clock.nowMicros(),
        about,
        stages: stages.map((part) => ({
          ...part,
          generation: catalog.generation,
          inbox: { log: '', partition: part.partition, nextOffset: 0 },
          producers: [],
          targets: [],
          stateHash: '',
          configurationHash: '',
        })),
      }),
    );
    this.#saved = key;
  }

  #prefix(): string {
    return `lanes/g${this.#options.catalog.generation}/${this.#options.series}/`;
  }

  /** The newest snapshot that is nowhere ahead of the store. Answers where to read on. */
  async #restore(wanted: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, FilterState>> {
    const { objects, sink, plan, say, bases } = this.#options;
    const frames = plan.sink.definition.reads === 'frames';
    const keys = (await objects.list(this.#prefix())).filter((key) => key.endsWith('.snapshot')).reverse();
    for (const key of keys) {
      const bytes = await objects.read(key);
      const snapshot = bytes === undefined ? 'it is gone' : decodeSnapshot(bytes);
      if (typeof snapshot === 'string') {
        say(`snapshot ${key} is passed over: ${snapshot}`);
        continue;
      }
      const about = snapshot.about as unknown as Pick<LaneState, 'positions' | 'sequences'> & {
        readonly filters: { readonly [logPartition: string]: FilterState };
      };
      const ahead = Object.entries(frames ? readUpTo(about.filters) : about.positions).some(
        ([place, next]) => next > (wanted.get(place) ?? bases[place] ?? 0),
      );
      if (!sink.memory && ahead) continue;
      const states = snapshot.stages.map(({ stage, partition, timeMicros, state }) => ({
        stage,
        partition,
        timeMicros,
        state: Uint8Array.from(state),
      }));
      const memory = states.find(({ stage }) => stage === `sink ${plan.sink.id}`);
      if (sink.memory && !(memory && sink.memory.restore(memory.state))) continue;
      const lane: LaneState = {
        positions: about.positions,
        sequences: about.sequences,
        stages: states.filter((part) => part !== memory),
      };
      if (frames) this.#startFrames(wanted);
      else this.#input.restore(lane);
      return new Map(Object.entries(about.filters));
    }
    if (frames) this.#startFrames(wanted);
    else this.#input.restore({ positions: this.#bases(), sequences: {}, stages: [] });
    return new Map();
  }

  #startFrames(wanted: ReadonlyMap<string, number>): void {
    const positions = { ...this.#bases(), ...Object.fromEntries(wanted) };
    this.#input.restore({ positions, sequences: {}, stages: [] });
  }

  #bases(): { readonly [logPartition: string]: number } {
    const { plan, catalog, bases } = this.#options;
    return Object.fromEntries(
      plan.logs.flatMap((log) =>
        Array.from({ length: catalog.partitions[log]! }, (_, partition) => {
          const key = `${log}/${partition}`;
          return [key, bases[key] ?? 0] as const;
        }),
      ),
    );
  }
}

function readUpTo(filters: { readonly [logPartition: string]: FilterState }): {
  readonly [logPartition: string]: number;
} {
  return Object.fromEntries(Object.entries(filters).map(([key, { nextOffset }]) => [key, nextOffset]));
}

function recordsOf(plan: LanePlan, catalog: Catalog, onBlock: (block: SinkBlock) => void): Input {
  const lane = new Lane(plan, catalog, plan.sink.definition.blockRecords, onBlock);
  const numbers = new Map(Object.entries(catalog.logs));
  return {
    take({ log, partition, offset, value }) {
      const envelope = emptyEnvelope();
      const record = decodeRecord(value, 0, value.length, envelope);
      // What entered the graph here stands at the head of its chain.
      if (envelope.correlationId === 0)
        envelope.correlationId = numbers.get(log)! * 2 ** 48 + partition * 2 ** 40 + offset;
      lane.push(log, partition, offset, record, envelope);
    },
    flush: () => lane.flush(),
    snapshot: () => lane.snapshot(),
    restore: (state) => lane.restore(state),
  };
}

function framesOf(plan: LanePlan, onBlock: (block: SinkBlock) => void): Input {
  const lane = new FrameLane(plan, plan.sink.definition.blockRecords, onBlock);
  const envelope = emptyEnvelope();
  return {
    take({ log, partition, offset, value, chainKey }) {
      const tick = recordTypeAt(value, 0, value.length) === 'tick';
      if (tick) decodeRecord(value, 0, value.length, envelope);
      const tickMicros = tick ? envelope.occurredAt : undefined;
      lane.push(lane.place(log, partition), offset, value, undefined, 0, value.length, chainKey, tickMicros);
    },
    flush() {},
    snapshot: () => ({ positions: lane.settledPositions(), sequences: {}, stages: [] }),
    restore: (state) => lane.startAt(new Map(Object.entries(state.positions))),
  };
}
