/**
 * The sources of a cluster beside its gateways: clock, configuration and simulated market. One process runs them at a
 * time, the owner of the control log's partition in a group of their own; others that were started wait for their turn.
 */
import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { configurationIn } from '../operators/control/known-configuration.ts';
import { referencePricesIn } from '../operators/match-orders.ts';
import { decodeRecord } from '../schemas/codec.ts';
import { configChanges, findPlaces, placeSymbolsOf } from '../schemas/config.ts';
import { emptyEnvelope } from '../schemas/envelope.ts';
import type { AnyRecord } from '../schemas/generated/records.ts';
import type { ConfigurationChanges } from '../sources/configuration-changes.ts';
import { type Project, refuse } from './load-project.ts';
import type { LogSink, LogSource } from './runtime/cluster/broker.ts';
import { type ClusterCatalog, openClusterCatalog } from './runtime/cluster/cluster-catalog.ts';
import { ClusterFeeds } from './runtime/cluster/cluster-feed.ts';
import { HeadWriter } from './runtime/cluster/head-writer.ts';
import { type FollowedRecord, LogFollower } from './runtime/cluster/log-follower.ts';
import { emptyFilterState } from './runtime/cluster/record-filter.ts';
import { scanTopics } from './runtime/cluster/scan-topics.ts';
import { StageRunner, type StageRunnerOptions } from './runtime/cluster/stage-runner.ts';
import { type SnapshotObjects, StageSnapshots } from './runtime/cluster/stage-snapshots.ts';
import type { Clock } from './runtime/outside/clock.ts';
import type { CommittedRecord, Source } from './runtime/ports.ts';

export interface SourcesOptions {
  readonly project: Project;
  /** Ids of the sources to run. */
  readonly ids: readonly string[];
  readonly number: number;
  readonly cluster: () => ClusterCatalog;
  readonly learn: (cluster: ClusterCatalog) => void;
  readonly objects: SnapshotObjects;
  readonly source: LogSource;
  readonly sink: LogSink;
  readonly topicOf: (log: string) => string;
  readonly group: string;
  readonly sessionMs: number;
  readonly stageOptions: (log: string, partition: number) => StageRunnerOptions;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  readonly fail: (error: unknown) => void;
}

export interface SourcesHost {
  readonly running: boolean;
  stop(): Promise<void>;
}

export async function startSources(options: SourcesOptions): Promise<SourcesHost> {
  const { source, topicOf, group, sessionMs, fail } = options;
  let running: { stop(): Promise<void> } | undefined;
  const membership = await source.join({
    group,
    topics: [topicOf('control')],
    sessionMs,
    standby: false,
    onAssigned: async () => {
      running = await runSources(options);
      const [end] = await source.ends(topicOf('control'));
      return [{ topic: topicOf('control'), partition: 0, from: end!.high }];
    },
    onRevoked: async () => {
      await running?.stop();
      running = undefined;
    },
    // Membership alone is wanted of this group; what is in the log is read by a follower that drops repeats.
    onRecords() {},
    fail,
  });
  return {
    get running() {
      return running !== undefined;
    },
    stop: () => membership.close(),
  };
}

async function runSources(options: SourcesOptions): Promise<{ stop(): Promise<void> }> {
  const { project, ids, number, source, sink, topicOf, clock, say, fail } = options;
  const { graph, config } = project;
  const { known, lastTick, fresh } = await controlSoFar(options);
  const { records, notices } = configChanges(config, known);
  if (notices.length > 0) {
    const places = findPlaces(project.configFile, readFileSync(project.configFile, 'utf8'));
    const faults = notices.map(({ level, id, says, path }) => ({ at: places.of(path), level, id, says }));
    if (faults.some(({ level }) => level === 'error')) refuse(faults);
    for (const { says } of faults) say(`warning: ${says}`);
  }
  const placed = placeSymbolsOf(config, [...known, ...records]);
  options.learn(await openClusterCatalog(options.objects, graph, project.counts, placed, newClusterId));
  const writer = await HeadWriter.open({
    graph,
    catalog: () => options.cluster().catalog,
    sources: ids,
    bases: options.cluster().bases,
    session: randomBytes(12).toString('base64url'),
    number,
    source,
    sink,
    topicOf,
    fail,
  });
  const feeds = new ClusterFeeds(writer, options.cluster().catalog.logs);
  const listeners: {
    readonly logs: ReadonlySet<string>;
    readonly hear: (batch: readonly CommittedRecord[]) => void;
  }[] = [];
  const seen = new Set(graph.edges.filter(({ to }) => ids.includes(to)).map(({ from }) => from.node));
  const logs = ['control', ...seen];
  const follower = new LogFollower({
    catalog: options.cluster().catalog,
    logs,
    bases: options.cluster().bases,
    from: await endsOf(options, logs),
    source,
    topicOf,
    onRecords(batch) {
      const heard = batch.map((event: FollowedRecord) => feeds.heard(event));
      for (const { logs: wanted, hear } of listeners) {
        const own = heard.filter(({ log }) => wanted.has(log));
        if (own.length > 0) hear(own);
      }
    },
    fail,
  });
  await follower.start();
  const opened = new Map<string, Source>();
  const stop = async () => {
    for (const each of opened.values()) await each.stop();
    await writer.flushed();
    await follower.close();
    await writer.close();
  };
  for (const id of ids) {
    const node = graph.nodes.find((each) => each.id === id);
    if (node?.kind !== 'source') continue;
    const sees = new Set(graph.edges.filter((edge) => edge.to === id).map((edge) => edge.from.node));
    opened.set(
      id,
      await node.definition.open({
        id,
        feed: feeds.feedOf(id),
        clock,
        config,
        sees: (hear) => listeners.push({ logs: sees, hear }),
        fresh,
        lastTick,
        inForce: [...known, ...records, ...(await referencePrices(options))],
        fail,
      }),
    );
  }
  const changes = opened.get('config') as ConfigurationChanges | undefined;
  for (const record of changes ? records : []) {
    await changes!.apply(record, clock.nowMicros());
    if (known.length > 0) say(`configuration: ${record.type} is in the control log`);
  }
  for (const each of opened.values()) each.start();
  return { stop };
}

export function newClusterId(): string {
  return randomBytes(9).toString('base64url').replaceAll('_', '.');
}

/** What the control log has said up to now: configuration in force, newest clock record. */
async function controlSoFar(options: SourcesOptions) {
  const { source, topicOf, stageOptions } = options;
  const runner = await StageRunner.open(stageOptions('control', 0));
  await scanInto(source, runner);
  const state = runner.stage.inbox.instances.find(({ stage }) => stage === 'steer')?.operator.snapshot();
  const [end] = await source.ends(topicOf('control'));
  return {
    known: state ? configurationIn(state) : [],
    lastTick: await newestTick(source, topicOf('control')),
    fresh: end!.high === 0,
  };
}

async function scanInto(source: LogSource, runner: StageRunner): Promise<void> {
  const waiting: Promise<void>[] = [];
  await scanTopics(source, [runner.from], (_from, record) => waiting.push(runner.take([record], record.offset + 1)));
  await Promise.all(waiting);
}

/** Looks back from the end, further each time. */
async function newestTick(source: LogSource, topic: string): Promise<{ number: number; timeMicros: number }> {
  const [end] = await source.ends(topic);
  const { low, high } = end!;
  const found = { number: 0, timeMicros: 0 };
  for (let back = 64; found.number === 0 && high > low; back *= 16) {
    const from = Math.max(low, high - back);
    const envelope = emptyEnvelope();
    await scanTopics(source, [{ topic, partition: 0, from }], (_from, { value }) => {
      const record = decodeRecord(value, 0, value.length, envelope);
      if (record.type !== 'tick' || record.number <= found.number) return;
      found.number = record.number;
      found.timeMicros = envelope.occurredAt;
    });
    if (from === low) break;
  }
  return found;
}

/** From now on, whatever was said before. */
async function endsOf({ source, topicOf }: SourcesOptions, logs: readonly string[]) {
  const from = new Map<string, ReturnType<typeof emptyFilterState>>();
  for (const log of logs) {
    for (const [partition, { high }] of (await source.ends(topicOf(log))).entries()) {
      from.set(`${log}/${partition}`, { ...emptyFilterState(high), joined: true, nextPhysical: high });
    }
  }
  return from;
}

/** Of each symbol, as the newest snapshots of match have it. */
async function referencePrices({ objects, cluster }: SourcesOptions): Promise<AnyRecord[]> {
  const { catalog } = cluster();
  const prices: AnyRecord[] = [];
  for (let partition = 0; partition < (catalog.partitions.orders ?? 0); partition++) {
    for await (const { cut } of new StageSnapshots(objects, catalog.generation, 'orders', partition).newest(() => {})) {
      const state = cut.stage.stages.find(({ stage }) => stage === 'match')?.state;
      if (state) prices.push(...referencePricesIn(state));
      break;
    }
  }
  return prices;
}
