/**
 * A partition of a stage as it runs in a cluster: restored from the newest snapshot that the logs still bear out, it
 * replays its inbox, says again what its target logs lack, and goes on. Whoever reads the inbox for it hands the records
 * over; it does not know whether it owns the partition, follows another owner as a standby, or runs beside a twin.
 */
import { decodeRecord, recordTypeAt } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import { ExitError } from '../../../schemas/exit.ts';
import type { Catalog } from '../catalog.ts';
import type { Graph } from '../graph.ts';
import { edgeName, headStages, inboxOf } from '../graph.ts';
import type { Clock } from '../outside/clock.ts';
import type { BrokerRecord, LogSink, LogSource, ReadFrom } from './broker.ts';
import { OutputQueue } from './output-queue.ts';
import { emptyFilterState, RecordFilter } from './record-filter.ts';
import { type StageOutput, StagePartition } from './stage-partition.ts';
import { type SnapshotObjects, type StageCut, StageSnapshots } from './stage-snapshots.ts';

/** Work between two looks at the event loop, milliseconds. */
const SLICE_MS = 5;

export interface StageRunnerOptions {
  readonly graph: Graph;
  readonly catalog: Catalog;
  /** Offset of the first event of each log partition, by `log/partition`; 0 where it is not named. */
  readonly bases: { readonly [logPartition: string]: number };
  /** The inbox. */
  readonly log: string;
  readonly partition: number;
  readonly source: LogSource;
  readonly sink: LogSink;
  readonly objects: SnapshotObjects;
  readonly topicOf: (log: string) => string;
  /** The newest catalog: asked when a symbol comes that has no place in the one at hand. */
  readonly newestCatalog?: () => Promise<Catalog>;
  readonly configurationHash: string;
  readonly clock: Clock;
  readonly snapshotEveryMs: number;
  readonly say: (line: string) => void;
  readonly fail: (error: unknown) => void;
}

export interface StageStatus {
  readonly stages: readonly string[];
  readonly log: string;
  readonly partition: number;
  readonly role: 'owner' | 'standby';
  /** Next offset of the inbox, and how many records of its topic wait. */
  readonly nextOffset: number;
  readonly lagRecords: number;
  /** From the log time of the newest applied record to now. */
  readonly logTimeMicros: number;
  readonly repeats: number;
  readonly outputs: number;
  readonly outputsWaiting: number;
  readonly outputsFound: number;
  readonly failedSends: number;
  readonly snapshotAgeMs: number | null;
  readonly snapshotOffset: number;
  readonly stateHashes: { readonly [stage: string]: string };
}

export class StageRunner {
  readonly options: StageRunnerOptions;
  readonly stage: StagePartition;
  #filter: RecordFilter;
  #queue: OutputQueue | undefined;
  #topicEnd = 0;
  #snapshot: { readonly offset: number; readonly atMs: number } | undefined;
  #cancelSnapshot = () => {};
  #saving: Promise<void> | undefined;
  #taking: Promise<void> = Promise.resolve();
  #closed = false;
  readonly #snapshots: StageSnapshots;
  /** Of a standby: what was said since the owner's last snapshot, which the owner may not have sent. */
  #kept: { readonly physical: number; readonly outputs: readonly StageOutput[] }[] | undefined;
  #targetEnds: StageCut['targetEnds'] = {};

  private constructor(options: StageRunnerOptions, cut: StageCut | undefined) {
    const { graph, catalog, log, partition, objects } = options;
    this.options = options;
    this.stage = new StagePartition(graph, catalog, log, partition);
    if (cut) this.stage.restore(cut.stage);
    const base = options.bases[`${log}/${partition}`] ?? 0;
    const place = { name: `${log}/${partition}`, generation: catalog.generation, base };
    this.#filter = new RecordFilter(place, cut?.filter ?? emptyFilterState(base));
    this.#snapshots = new StageSnapshots(objects, catalog.generation, log, partition);
    this.#targetEnds = cut?.targetEnds ?? {};
    if (cut) this.#snapshot = { offset: cut.filter.nextOffset, atMs: options.clock.monotonicMs() };
  }

  /** Restores the newest usable snapshot. Nothing is sent before {@link own}. */
  static async open(options: StageRunnerOptions): Promise<StageRunner> {
    const { log, partition, catalog, objects, say } = options;
    const name = `${log}/${partition}`;
    const snapshots = new StageSnapshots(objects, catalog.generation, log, partition);
    for await (const { key, cut } of snapshots.newest((refused, why) =>
      say(`snapshot ${refused} is passed over: ${why}`),
    )) {
      const why = await notBorneOut(options, cut);
      if (why === undefined) {
        say(`${name}: restored ${key}`);
        return new StageRunner(options, cut);
      }
      say(`snapshot ${key} is passed over: ${why}`);
    }
    return new StageRunner(options, undefined);
  }

  /** Where to read the inbox from. */
  get from(): ReadFrom {
    const { log, partition, topicOf } = this.options;
    return { topic: topicOf(log), partition, from: this.#filter.nextPhysical };
  }

  get nextOffset(): number {
    return this.#filter.nextOffset;
  }

  /** Follow the inbox without saying anything; what is said since the owner's last snapshot is kept for {@link own}. */
  stand(): void {
    this.#kept = [];
    this.#scheduleLook();
  }

  /**
   * From now on what the stage says goes into the logs; what they hold behind the snapshot is compared, not sent again.
   * A standby must not be handed records while this runs.
   */
  async own(): Promise<void> {
    this.#cancelSnapshot();
    await this.#taking;
    const { log, partition, source, sink, topicOf, fail } = this.options;
    const edges = new Set(
      [...this.stage.edges.values()].filter(({ number }) => number >= 0).map(({ number }) => number),
    );
    const queue = new OutputQueue({
      name: `${log}-${partition}`,
      source,
      sink,
      topicOf,
      session: '',
      owns: (chainKey) => edges.has(chainKey >>> 12) && ((chainKey >>> 6) & 63) === partition,
      fail,
    });
    const from: { [logPartition: string]: number } = {};
    for (const key of targetsOf(this.options)) from[key] = this.#targetEnds[key] ?? 0;
    await queue.readTails(from);
    for (const { outputs } of this.#kept ?? []) queue.push(outputs);
    this.#kept = undefined;
    this.#queue = queue;
    this.#scheduleSnapshot();
  }

  /** Records of the inbox, in order. Resolves when there is room for more. */
  take(records: readonly BrokerRecord[], topicEnd: number): Promise<void> {
    this.#topicEnd = Math.max(this.#topicEnd, topicEnd);
    const taken = this.#taking.then(() => this.#take(records));
    this.#taking = taken.catch(() => {});
    return taken;
  }

  async #take(records: readonly BrokerRecord[]): Promise<void> {
    const { clock } = this.options;
    let until = clock.monotonicMs() + SLICE_MS;
    for (const record of records) {
      if (this.#closed) return;
      if (record.offset < this.#filter.nextPhysical) continue;
      const offset = this.#filter.take(record);
      if (offset === undefined) continue;
      if (isSymbolConfig(record)) await this.#learnSymbol(record);
      const outputs = this.stage.apply(record.value, offset);
      if (outputs.length > 0) {
        this.#queue?.push(outputs);
        this.#kept?.push({ physical: record.offset, outputs });
      }
      if (clock.monotonicMs() < until) continue;
      await new Promise((resolve) => setImmediate(resolve));
      await this.#queue?.room();
      until = clock.monotonicMs() + SLICE_MS;
    }
    await this.#queue?.room();
  }

  async #learnSymbol({ value }: BrokerRecord): Promise<void> {
    const { symbol } = decodeRecord(value, 0, value.length, emptyEnvelope());
    if (this.stage.catalog.symbolPartitions[symbol] !== undefined || !this.options.newestCatalog) return;
    this.stage.catalog = await this.options.newestCatalog();
  }

  /** Cut here; resolves when the snapshot is stored, which is after everything it has said is in the logs. */
  async save(): Promise<void> {
    if (!this.#queue) return;
    this.#saving ??= this.#save().finally(() => {
      this.#saving = undefined;
    });
    await this.#saving;
  }

  async #save(): Promise<void> {
    const queue = this.#queue!;
    const { log, partition, catalog, configurationHash, clock } = this.options;
    if (this.#snapshot?.offset === this.#filter.nextOffset) return;
    const cut: StageCut = {
      log,
      partition,
      generation: catalog.generation,
      configurationHash,
      takenAtMicros: clock.nowMicros(),
      filter: this.#filter.state(),
      stage: this.stage.state(),
      targetEnds: queue.ends(),
    };
    const takenMs = clock.monotonicMs();
    await queue.flushed();
    if (this.#closed) return;
    await this.#snapshots.save(cut);
    this.#snapshot = { offset: cut.filter.nextOffset, atMs: takenMs };
  }

  /** A standby looks how far the owner's snapshots are: what is older was sent. */
  #scheduleLook(): void {
    this.#cancelSnapshot = this.options.clock.after(this.options.snapshotEveryMs, () => {
      if (this.#closed || !this.#kept) return;
      this.#look()
        .catch((error: unknown) => this.options.say(`no look at snapshots: ${(error as Error).message}`))
        .finally(() => {
          if (!this.#closed && this.#kept) this.#scheduleLook();
        });
    });
  }

  async #look(): Promise<void> {
    for await (const { cut } of this.#snapshots.newest(() => {})) {
      const kept = this.#kept;
      // One that is ahead of this standby comes again at the next look.
      if (!kept || cut.filter.nextPhysical > this.#filter.nextPhysical) continue;
      this.#targetEnds = cut.targetEnds;
      this.#snapshot = { offset: cut.filter.nextOffset, atMs: this.options.clock.monotonicMs() };
      this.#kept = kept.filter(({ physical }) => physical >= cut.filter.nextPhysical);
      return;
    }
  }

  #scheduleSnapshot(): void {
    this.#cancelSnapshot = this.options.clock.after(this.options.snapshotEveryMs, () => {
      if (this.#closed) return;
      this.save()
        .catch((error: unknown) => {
          if (error instanceof ExitError) return this.options.fail(error);
          // A store that is away costs a longer replay, no more.
          this.options.say(`no snapshot of ${this.options.log}/${this.options.partition}: ${(error as Error).message}`);
        })
        .finally(() => {
          if (!this.#closed) this.#scheduleSnapshot();
        });
    });
  }

  status(): StageStatus {
    const { log, partition, clock } = this.options;
    const { instances } = this.stage.inbox;
    return {
      stages: instances.map(({ stage }) => stage),
      log,
      partition,
      role: this.#queue ? 'owner' : 'standby',
      nextOffset: this.#filter.nextOffset,
      lagRecords: Math.max(0, this.#topicEnd - this.#filter.nextPhysical),
      logTimeMicros: this.stage.inbox.timeMicros,
      repeats: this.#filter.repeats,
      outputs: this.#queue?.said ?? 0,
      outputsWaiting: this.#queue?.waiting ?? 0,
      outputsFound: this.#queue?.found ?? 0,
      failedSends: this.#queue?.failedSends ?? 0,
      snapshotAgeMs: this.#snapshot ? Math.round(clock.monotonicMs() - this.#snapshot.atMs) : null,
      snapshotOffset: this.#snapshot?.offset ?? 0,
      stateHashes: Object.fromEntries(instances.map(({ stage, operator }) => [stage, operator.stateHash()])),
    };
  }

  /** Everything said is in the logs. */
  async flushed(): Promise<void> {
    await this.#queue?.flushed();
  }

  /** `save`: with a last snapshot, so that the next owner has little to replay. */
  async close({ save }: { readonly save: boolean }): Promise<void> {
    this.#cancelSnapshot();
    if (save) {
      await this.#taking;
      await this.save();
    }
    this.#closed = true;
    await this.#queue?.close();
  }
}

function isSymbolConfig({ value }: BrokerRecord): boolean {
  return recordTypeAt(value, 0, value.length) === 'symbol_config';
}

/** Why a snapshot cannot be used: the logs must still have what it builds on. */
async function notBorneOut(options: StageRunnerOptions, cut: StageCut): Promise<string | undefined> {
  const { log, partition, source, topicOf } = options;
  const inbox = (await source.ends(topicOf(log)))[partition]!;
  if (cut.filter.nextPhysical > inbox.high) return `${log}/${partition} ends at position ${inbox.high}, before it`;
  if (cut.filter.nextPhysical < inbox.low) return `${log}/${partition} begins at position ${inbox.low}, behind it`;
  for (const [key, end] of Object.entries(cut.targetEnds)) {
    const slash = key.lastIndexOf('/');
    const { high } = (await source.ends(topicOf(key.slice(0, slash))))[Number(key.slice(slash + 1))]!;
    if (high < end) return `${key} ends at position ${high}, and it had written up to ${end}`;
  }
  return undefined;
}

/** Every log partition that a stage partition may write, as `log/partition`. */
function targetsOf({ graph, catalog, log }: StageRunnerOptions): string[] {
  const head = headStages(graph);
  const stages = new Set([...head].filter((stage) => inboxOf(graph, stage) === log));
  const logs = new Set(
    graph.edges
      .filter(({ from, to }) => stages.has(from.node) && catalog.partitions[to] !== undefined)
      .filter((edge) => catalog.edges[edgeName(edge)] !== undefined)
      .map(({ to }) => to),
  );
  return [...logs].flatMap((to) => Array.from({ length: catalog.partitions[to]! }, (_, index) => `${to}/${index}`));
}
