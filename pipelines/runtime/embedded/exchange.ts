/**
 * The embedded run of a graph: one process, one head log. `openExchange` recovers; then the caller may compare its
 * configuration with what the log knows and play records ahead of time; `start` opens the lanes and lets the sources in.
 */
import { join } from 'node:path';
import { ExitError } from '../../../schemas/exit.ts';
import { recordCodecs } from '../../../schemas/generated/codec.ts';
import type { AnyRecord } from '../../../schemas/generated/records.ts';
import { type Catalog, extendCatalog, type PartitionCounts, placeSymbols } from '../catalog.ts';
import { type Graph, nodeOf } from '../graph.ts';
import { planLanes } from '../lane-plan.ts';
import { retirableBefore } from '../log/log-retention.ts';
import type { LogWriter } from '../log/log-writer.ts';
import { logDefaults } from '../log/log-writer.ts';
import { type DurableMark, type RecoveredLog, recoverLog } from '../log/recover-log.ts';
import { openWorkerLog } from '../log/worker-log.ts';
import type { Clock } from '../outside/clock.ts';
import type { Disk } from '../outside/disk.ts';
import type { CommittedRecord, HeadInput, OpenHost, Source } from '../ports.ts';
import type { Snapshot } from '../snapshots/snapshot-file.ts';
import { SnapshotStore } from '../snapshots/snapshot-store.ts';
import { openSnapshotWriter, type SnapshotWriter } from '../snapshots/snapshot-writer.ts';
import { readCatalog, writeCatalog } from './catalog-file.ts';
import { DoorInside } from './door-inside.ts';
import { makeDoor } from './door-memory.ts';
import { type ExchangeStatus, exchangeStatus } from './exchange-status.ts';
import type { LaneData } from './follow-lane.ts';
import type { Head } from './head.ts';
import { DEFAULT_RUNNER, HeadRunner } from './head-runner.ts';
import { HEAD_SERIES, takeHeadSnapshot } from './head-snapshots.ts';
import { LaneSnapshots } from './lane-snapshots.ts';
import { startLocalLane } from './local-lane.ts';
import { logStore } from './log-store.ts';
import { NewestRecords } from './newest-records.ts';
import type { ReplayResult } from './replay.ts';
import { replayHead } from './replay-head.ts';
import type { LaneEvents, LaneStatus, RunningLane } from './running-lane.ts';
import { startWorkerLane } from './worker-lane.ts';

export interface ExchangeOptions {
  readonly graph: Graph;
  /** Module whose default export is the graph: worker threads build it again from there. */
  readonly topologyUrl: string;
  readonly dataDir: string;
  /** Effective configuration, plain data: sources and sinks see it. */
  readonly config: unknown;
  /** Of the configuration in force: snapshots name it. */
  readonly configurationHash: string;
  readonly counts: PartitionCounts;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly snapshots: { readonly everyMs: number; readonly keep: number };
  readonly syncIntervalMs?: number | undefined;
  readonly segmentBytes?: number | undefined;
  /** Size of the log beyond which old segments may go; undefined: all stay. */
  readonly keepLogBytes?: number | undefined;
  /** Record types that are still taken while the disk has no room for another segment, or intake is all but full. */
  readonly calming: ReadonlySet<string>;
  /** What the command line gave a source, by its id. */
  readonly sourceArguments?: { readonly [source: string]: string };
  /** Sinks that are not opened in this run, with the reason that was told to the user. */
  readonly withoutSinks?: ReadonlySet<string>;
  /** By sink: what serves others beside it, in its thread. */
  readonly hosts?: { readonly [sink: string]: HostPlace };
  readonly say: (line: string) => void;
  /** The process must end with the error's code; nothing of an open commit has been seen. */
  readonly fail: (error: unknown) => void;
}

export interface HostPlace {
  /** Module whose default export opens it; or the function itself, then it lives in this thread with the lane. */
  readonly open: string | OpenHost;
  /** Plain data that it is given. */
  readonly settings: unknown;
}

/** What may be asked of a running exchange, by hosts and by verbs. */
export interface Questions {
  readonly status: ExchangeStatus;
  /** Argument: `{ stage }`. */
  readonly 'state-hashes': readonly { readonly partition: number; readonly hash: string }[];
  /** Argument: `{ log }`. Newest durable records, newest first; recorded from the first question on, for a minute after the last. */
  readonly newest: readonly CommittedRecord[];
}

export interface Recovery {
  readonly log: RecoveredLog;
  readonly replayed: ReplayResult;
  /** Commands already in the snapshot that recovery began with; 0: from the beginning. */
  readonly snapshotCommands: number;
  readonly tookMs: number;
}

export class EmbeddedExchange {
  readonly head: Head;
  readonly runner: HeadRunner;
  readonly recovery: Recovery;
  readonly options: ExchangeOptions;
  catalog: Catalog;
  readonly sources = new Map<string, Source>();
  readonly startedAtMs: number;
  readonly #writer: LogWriter;
  readonly #snapshots: SnapshotWriter;
  readonly #lanes: RunningLane[] = [];
  readonly #byHostedSink = new Map<string, RunningLane>();
  readonly #newestRecords: NewestRecords;
  #cancelSnapshot = () => {};
  #newest: { readonly name: string; readonly commands: number; readonly atMs: number } | undefined;
  #stopping = false;

  constructor(
    options: ExchangeOptions,
    catalog: Catalog,
    head: Head,
    runner: HeadRunner,
    writer: LogWriter,
    snapshots: SnapshotWriter,
    recovery: Recovery,
  ) {
    this.options = options;
    this.catalog = catalog;
    this.head = head;
    this.runner = runner;
    this.recovery = recovery;
    this.#writer = writer;
    this.#snapshots = snapshots;
    this.startedAtMs = options.clock.monotonicMs();
    this.#newestRecords = new NewestRecords(runner, options.clock);
  }

  get logWriter(): LogWriter {
    return this.#writer;
  }

  get lanes(): LaneStatus[] {
    return this.#lanes.map((lane) => lane.status());
  }

  /** The newest snapshot of this run; undefined: none yet. */
  get newestSnapshot(): { readonly name: string; readonly commands: number; readonly ageMs: number } | undefined {
    const newest = this.#newest;
    return (
      newest && { name: newest.name, commands: newest.commands, ageMs: this.options.clock.monotonicMs() - newest.atMs }
    );
  }

  /** Canonical state of a head stage as it is now. */
  stageState(stage: string, partition = 0): Uint8Array {
    const instance = this.head.stage(stage, partition);
    if (!instance) throw new RangeError(`the head has no stage "${stage}" with partition ${partition}`);
    return instance.operator.snapshot();
  }

  /** Give symbols their partitions, before anything of them is appended; a symbol that has one keeps it. */
  placeSymbols(placed: ReadonlyMap<number, number>): void {
    const catalog = placeSymbols(this.catalog, placed);
    if (JSON.stringify(catalog) === JSON.stringify(this.catalog)) return;
    writeCatalog(this.options.disk, this.options.dataDir, catalog);
    this.catalog = catalog;
    this.head.catalog = catalog;
  }

  /** Run one input at once; see {@link HeadRunner.runNow}. */
  runNow(source: string, port: string, input: HeadInput): readonly CommittedRecord[] {
    return this.runner.runNow(source, port, input);
  }

  /** Everything run so far is durable. */
  async flush(): Promise<void> {
    this.runner.publishNow();
    await this.runner.drained();
    await this.#writer.flush();
  }

  /** Open the sources: they know what is in force, and offer nothing yet. */
  async openSources(inForce: readonly AnyRecord[]): Promise<void> {
    const { graph, clock, config, sourceArguments, fail } = this.options;
    const fresh = this.recovery.log.end.commit === 0;
    for (const node of graph.nodes) {
      if (node.kind !== 'source' || this.sources.has(node.id)) continue;
      const seen = graph.edges.filter((edge) => edge.to === node.id).map((edge) => edge.from.node);
      const source = await node.definition.open({
        id: node.id,
        feed: this.runner.feedOf(node.id),
        clock,
        config,
        argument: sourceArguments?.[node.id],
        sees: (listener) => {
          this.runner.hear(seen, (batch) => {
            for (const { log } of batch) this.#passed(log, node.id);
            listener(batch);
          });
        },
        fresh,
        lastTick: this.head.lastTick,
        inForce,
        fail,
      });
      this.sources.set(node.id, source);
    }
  }

  /** Open every lane, then let the sources begin, but for those that are to stay `silent` in this run. */
  async start(silent: ReadonlySet<string> = new Set()): Promise<void> {
    await this.flush();
    for (const { sink } of planLanes(this.options.graph)) {
      if (!this.options.withoutSinks?.has(sink.id)) this.#lanes.push(this.#startLane(sink.id));
    }
    for (const [id, source] of this.sources) if (!silent.has(id)) source.start();
    this.#scheduleSnapshot();
  }

  /** Resolves with what the host beside this sink says of itself once it serves; undefined: the graph has no such sink, or it no host. */
  hostOpen(sink: string): Promise<unknown> {
    const lane = this.#byHostedSink.get(sink);
    return lane ? lane.hostOpen : Promise.resolve(undefined);
  }

  /** See {@link Questions}. Rejects what it does not understand. */
  async answer(question: string, argument: unknown): Promise<unknown> {
    switch (question as keyof Questions) {
      case 'status':
        return exchangeStatus(this) satisfies Questions['status'];
      case 'state-hashes':
        return this.#stateHashes((argument as { readonly stage: string }).stage) satisfies Questions['state-hashes'];
      case 'newest':
        return (await this.#newestRecords.of((argument as { readonly log: string }).log)) satisfies Questions['newest'];
      default:
        throw new RangeError(`"${question}" is not understood; status, state-hashes and newest are`);
    }
  }

  #passed(log: string, source: string): void {
    const edge = this.head.edges.get(`${log} -> ${source}`);
    if (edge) edge.records++;
  }

  #stateHashes(stage: string) {
    return this.head.inboxes.flatMap(({ instances }) =>
      instances
        .filter((instance) => instance.stage === stage)
        .map(({ partition, operator }) => ({ partition, hash: operator.stateHash() })),
    );
  }

  #startLane(id: string): RunningLane {
    const { topologyUrl, dataDir, config, clock, disk, graph, snapshots, say, fail, hosts } = this.options;
    const place = hosts?.[id];
    const answer = (question: string, argument: unknown) => this.answer(question, argument);
    const door = place && this.#openDoor(() => lane);
    const events: LaneEvents = { say, fail, answer, door: door?.inside };
    const data: LaneData = {
      sink: id,
      dataDir,
      config,
      catalog: this.catalog,
      durableEnd: this.#writer.durableEnd.memory,
      snapshotEveryMs: snapshots.everyMs,
      logEnds: Object.fromEntries([...this.head.logs].map(([log, { nextOffsets }]) => [log, [...nextOffsets]])),
      host: door && { door: door.memory, gates: door.gates, settings: place.settings },
    };
    const lane: RunningLane =
      place && typeof place.open === 'function'
        ? startLocalLane(data, { graph, disk, clock, openHost: place.open }, events)
        : startWorkerLane({ ...data, topologyUrl, hostUrl: place?.open as string | undefined }, events);
    if (place) this.#byHostedSink.set(id, lane);
    return lane;
  }

  /** To every port of every source that takes what hosts put in. */
  #openDoor(lane: () => RunningLane) {
    const memory = makeDoor();
    const gates = this.options.graph.nodes.flatMap((node) =>
      node.kind === 'source' && this.sources.get(node.id)?.receive
        ? Object.keys(node.definition.outputs).map((port) => ({ source: node.id, port }))
        : [],
    );
    const inner = gates.map(({ source, port }) => {
      const open = this.sources.get(source)!;
      return { port, receive: open.receive!.bind(open) };
    });
    return { memory, gates, inside: new DoorInside(memory, inner, () => lane().tellRefused()) };
  }

  /**
   * A snapshot of the head as it is now; resolves when it is on disk, which is after all it holds is durable. False:
   * the one before is still being written.
   */
  async saveSnapshot(): Promise<boolean> {
    const { clock, configurationHash } = this.options;
    const from = this.#writer.durableEnd.read().commit;
    const taken = takeHeadSnapshot(this.head, { catalog: this.catalog, from, configurationHash, clock });
    const commands = this.head.commands;
    await this.#writer.flush();
    const written = this.#snapshots.write({ ...taken, mark: this.#writer.durableEnd.readMark() });
    if (written === false) return false;
    this.#newest = { name: await written, commands, atMs: clock.monotonicMs() };
    this.#retire();
    return true;
  }

  /** Old segments go when they are beyond the size to keep, and no snapshot and no lane needs them. */
  #retire(): void {
    const { disk, dataDir, snapshots, keepLogBytes } = this.options;
    if (keepLogBytes === undefined) return;
    const needed = this.lanes.map(({ positions, neededFrom }) => neededFrom ?? positions);
    if (needed.some((positions) => Object.keys(positions).length === 0)) return;
    const store = new SnapshotStore(disk, join(dataDir, 'snapshots'), snapshots.keep);
    const before = retirableBefore(disk, {
      directory: join(dataDir, 'log'),
      segmentBytes: this.options.segmentBytes ?? logDefaults.segmentBytes,
      keepBytes: keepLogBytes,
      snapshotCommit: store.firstCommitNeeded(),
      readers: needed.flatMap((positions) =>
        Object.entries(positions).map(([key, offset]) => {
          const slash = key.lastIndexOf('/');
          return { log: this.catalog.logs[key.slice(0, slash)]!, partition: Number(key.slice(slash + 1)), offset };
        }),
      ),
    });
    if (before !== undefined) this.#writer.retireBefore(before);
  }

  /** Hosts first, while all that they wait for still comes; then sources, what they sent, a last snapshot, the lanes, the log. */
  async stop(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#cancelSnapshot();
    await Promise.all(this.#lanes.map((lane) => lane.closeHost()));
    for (const source of this.sources.values()) await source.stop();
    this.runner.close();
    await this.flush();
    await this.saveSnapshot();
    await this.#snapshots.close();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
    await this.#writer.close();
  }

  /** What was opened is let go, nothing is saved: for a start that is refused half-way. */
  async abandon(): Promise<void> {
    if (this.#stopping) return;
    this.#stopping = true;
    this.#cancelSnapshot();
    for (const source of this.sources.values()) await source.stop();
    this.runner.close();
    await Promise.all(this.#lanes.map((lane) => lane.stop()));
    await this.#snapshots.close();
    await this.#writer.close();
  }

  #scheduleSnapshot(): void {
    this.#cancelSnapshot = this.options.clock.after(this.options.snapshots.everyMs, () => {
      if (this.#stopping) return;
      this.saveSnapshot()
        .then(() => this.#scheduleSnapshot())
        .catch(this.options.fail);
    });
  }
}

/** Recover what is in the data directory and stand ready behind it. Throws `ExitError` where it must not go on. */
export async function openExchange(options: ExchangeOptions): Promise<EmbeddedExchange> {
  const { graph, dataDir, disk, clock, counts } = options;
  const beganMs = clock.monotonicMs();
  disk.makeDirectory(dataDir);
  const stored = readCatalog(disk, dataDir);
  const catalog = extendCatalog(stored, graph, counts);
  if (JSON.stringify(catalog) !== JSON.stringify(stored)) writeCatalog(disk, dataDir, catalog);
  const directory = join(dataDir, 'log');
  const segmentBytes = options.segmentBytes ?? logDefaults.segmentBytes;
  const snapshotData = { directory: join(dataDir, 'snapshots'), keep: options.snapshots.keep };
  const snapshots = new SnapshotStore(disk, snapshotData.directory, snapshotData.keep);
  const log = recoverLog(disk, {
    directory,
    generation: catalog.generation,
    marks: [...snapshots.marks(), ...laneMarks(graph, catalog, disk, dataDir)],
    segmentBytes,
  });
  const found = snapshots.newest(HEAD_SERIES, ({ generation }) =>
    generation === catalog.generation ? undefined : `it is of generation ${generation}`,
  );
  for (const { name, why } of found.refused) options.say(`snapshot ${name} is passed over: ${why}`);
  if (found.snapshot) refuseDroppedState(found.snapshot, graph);
  const { head, replayed, snapshotCommands } = replayHead(graph, catalog, disk, directory, found.snapshot);
  const writer = await openLog(options, directory, log, segmentBytes);
  const runner = new HeadRunner(head, writer.journal, clock, options.fail, {
    ...DEFAULT_RUNNER,
    calming: options.calming,
  });
  writer.journal.onSpace((enough) => runner.takeOnly(enough ? undefined : options.calming));
  head.storeInto(logStore(writer.log));
  const recovery = { log, replayed, snapshotCommands, tookMs: clock.monotonicMs() - beganMs };
  return new EmbeddedExchange(options, catalog, head, runner, writer.log, openSnapshotWriter(snapshotData), recovery);
}

/** A stage that is gone from the topology would lose what it knew; an id that was changed is a stage that is gone. */
function refuseDroppedState({ stages }: Snapshot, graph: Graph): void {
  const gone = [...new Set(stages.map(({ stage }) => stage))].filter((id) => nodeOf(graph, id)?.kind !== 'stage');
  if (gone.length === 0) return;
  throw new ExitError(
    78,
    `state-dropped: the snapshot has state of ${gone.map((id) => `"${id}"`).join(', ')}, which topology "${graph.id}" does not have: ` +
      'give the stage its id back, or start on a new data directory',
  );
}

/** What the lanes' sinks have is durable in the log: a log that ends before it has lost data. */
function laneMarks(graph: Graph, catalog: Catalog, disk: Disk, dataDir: string): DurableMark[] {
  return planLanes(graph).flatMap(({ sink }) => {
    const directory = join(dataDir, 'lanes', sink.id);
    const found = disk.exists(directory) ? new LaneSnapshots(disk, directory).newestAtOrBefore(undefined) : undefined;
    return Object.entries(found?.lane.positions ?? {}).flatMap(([key, nextOffset]) => {
      const slash = key.lastIndexOf('/');
      const log = catalog.logs[key.slice(0, slash)];
      return log === undefined
        ? []
        : [{ source: `sink ${sink.id}`, log, partition: Number(key.slice(slash + 1)), nextOffset }];
    });
  });
}

async function openLog(options: ExchangeOptions, directory: string, log: RecoveredLog, segmentBytes: number) {
  let heard: (commands: number) => void = () => {};
  let space: (enough: boolean) => void = () => {};
  const writer = await openWorkerLog({
    directory,
    end: log.end,
    segmentBytes,
    fingerprints: recordCodecs.map(({ fingerprint }) => new Uint8Array(Buffer.from(fingerprint, 'hex'))),
    ...(options.syncIntervalMs === undefined ? {} : { syncIntervalMs: options.syncIntervalMs }),
    onDurable: (commands) => heard(commands),
    onSpace: (enough) => {
      options.say(
        enough
          ? 'the disk has room again: everything is taken'
          : 'the disk is full: only what makes room or calms the market is taken',
      );
      space(enough);
    },
    onFailure: (error: ExitError) => options.fail(error),
  });
  const journal = {
    publish: () => writer.publish(),
    onDurable: (listener: (commands: number) => void) => {
      heard = listener;
    },
    onSpace: (listener: (enough: boolean) => void) => {
      space = listener;
    },
  };
  return { log: writer, journal };
}
