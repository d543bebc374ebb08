/**
 * One process of a cluster, from a project's files to the parts of the graph that it runs: topics and catalog first, then
 * stages as members of their groups, lanes, sources, and last a gateway.
 */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { configChanges, placeSymbolsOf } from '../schemas/config.ts';
import { ExitError } from '../schemas/exit.ts';
import { archiveOptionsOf, openArchiveStore } from '../sinks/avro-archive/archive-options.ts';
import { kafkaSink } from '../sinks/kafka-log.ts';
import { kafkaSource } from '../sources/kafka-log.ts';
import { type ClusterGateway, startClusterGateway } from './cluster-gateway.ts';
import { newClusterId, type SourcesHost, startSources } from './cluster-sources.ts';
import type { ClusterStatus, ProcessWord } from './cluster-status.ts';
import { type Project, refuse } from './load-project.ts';
import { checkGraph } from './runtime/checks/check-graph.ts';
import type { LogSink, LogSource } from './runtime/cluster/broker.ts';
import { type ClusterCatalog, openClusterCatalog, readClusterCatalog } from './runtime/cluster/cluster-catalog.ts';
import { ClusterLane } from './runtime/cluster/cluster-lane.ts';
import { StageGroup } from './runtime/cluster/stage-group.ts';
import type { StageRunnerOptions } from './runtime/cluster/stage-runner.ts';
import type { SnapshotObjects } from './runtime/cluster/stage-snapshots.ts';
import { planBoard, readBoard, StatusBoard } from './runtime/cluster/status-board.ts';
import { planTopics, type TopicRules, topicOf } from './runtime/cluster/topics.ts';
import { type Graph, headStages, inboxOf, nodeOf } from './runtime/graph.ts';
import { planLane } from './runtime/lane-plan.ts';
import type { Clock } from './runtime/outside/clock.ts';

/** What a process runs. */
export interface Roles {
  /** Logs whose head stages it takes part in. */
  readonly inboxes: readonly string[];
  readonly sinks: readonly string[];
  readonly sources: readonly string[];
  readonly gateways: readonly string[];
}

export interface ClusterOptions {
  readonly project: Project;
  readonly roles: Roles;
  readonly names: readonly string[];
  /** Which of the processes with sources or a gateway that run at the same time, 0 to 63. */
  readonly number: number;
  readonly standby: boolean;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly say: (line: string) => void;
  readonly fail: (error: unknown) => void;
}

export interface RunningCluster {
  readonly gateway: { readonly url: string; readonly token: string } | undefined;
  status(): Promise<ClusterStatus>;
  stop(): Promise<void>;
}

/** Sources that a process of their own runs; gateways and recordings enter elsewhere. */
const HOSTED_SOURCES = ['clock', 'config', 'simulator'] as const;

/** From names on the command line (`match`, `ledger`, `sources`, `all`). Throws a `TypeError` that lists what there is. */
export function rolesOf(graph: Graph, names: readonly string[]): Roles {
  const head = headStages(graph);
  const sinks = graph.nodes.filter(({ kind }) => kind === 'sink').map(({ id }) => id);
  const inboxes = new Set<string>();
  const wantedSinks = new Set<string>();
  let sources = false;
  for (const name of names.includes('all') ? [...head, ...sinks, 'sources'] : names) {
    if (head.has(name)) inboxes.add(inboxOf(graph, name)!);
    else if (sinks.includes(name)) wantedSinks.add(name);
    else if (name === 'sources' || (HOSTED_SOURCES as readonly string[]).includes(name)) sources = true;
    else {
      const feeds = nodeOf(graph, name)?.kind === 'stage' ? lanesOf(graph, name) : [];
      const hint = feeds.length > 0 ? `: it runs with each sink that it feeds (${feeds.join(', ')})` : '';
      throw new TypeError(
        `--stage ${name} is no process${hint}. There are: ${[...head, ...sinks].join(', ')}, sources, all`,
      );
    }
  }
  return {
    inboxes: [...inboxes],
    sinks: [...wantedSinks].filter((id) => id !== 'gateway'),
    sources: sources ? HOSTED_SOURCES.filter((id) => nodeOf(graph, id)?.kind === 'source') : [],
    gateways: [...wantedSinks].filter((id) => id === 'gateway'),
  };
}

function lanesOf(graph: Graph, stage: string): string[] {
  const sinks = graph.nodes.filter(({ kind }) => kind === 'sink').map(({ id }) => id);
  return sinks.filter((id) => planLane(graph, id).stages.some(({ node }) => node.id === stage));
}

export interface ClusterParts {
  readonly source: LogSource;
  readonly sink: LogSink;
  readonly objects: SnapshotObjects;
  readonly rules: TopicRules;
  readonly cluster: ClusterCatalog;
  readonly topicOf: (log: string) => string;
}

/** Broker, store and catalog of the project's cluster; topics and catalog are made where they are missing. */
export async function openClusterParts(
  project: Project,
  dataDir: string,
  say: (line: string) => void,
): Promise<ClusterParts> {
  const { config, graph, counts } = project;
  const { brokers, prefix, replication, retentionHours, flush } = config.backends.kafka;
  const address = { brokers: brokers.split(','), clientId: `${prefix}-${process.pid}` };
  const source = kafkaSource(address);
  const sink = kafkaSink(address);
  const objects = await openClusterObjects(project, dataDir);
  const { records } = configChanges(config, []);
  const known = await readClusterCatalog(objects);
  const cluster =
    known ?? (await openClusterCatalog(objects, graph, counts, placeSymbolsOf(config, records), newClusterId));
  if (known) await openClusterCatalog(objects, graph, counts, new Map(), newClusterId);
  const rules: TopicRules = { prefix, replication, retentionHours, flush };
  const plans = [...planTopics(cluster.catalog, rules), planBoard(prefix, replication)];
  const made = await sink.createTopics(plans);
  if (made.length > 0) say(`made ${made.join(', ')}`);
  const differences = await sink.compareTopics(plans);
  if (differences.length > 0) {
    throw new ExitError(78, ['the topics are not as the configuration says', ...differences].join('\n  '));
  }
  return { source, sink, objects, rules, cluster, topicOf: (log) => topicOf(rules, cluster.catalog.generation, log) };
}

/** Where the catalog and the snapshots of a cluster lie. */
export async function openClusterObjects(project: Project, dataDir: string): Promise<SnapshotObjects> {
  return prefixed(await openArchiveStore(dataDir, storeOptions(project, dataDir)), 'cluster/');
}

/** Snapshots lie in the archive's bucket; without one, in a folder that all processes of this machine share. */
function storeOptions({ config }: Project, dataDir: string) {
  const options = archiveOptionsOf(config);
  return options.s3.bucket === undefined ? { ...options, directory: join(dataDir, 'objects') } : options;
}

function prefixed(store: SnapshotObjects, prefix: string): SnapshotObjects {
  return {
    name: store.name,
    create: (key, bytes) => store.create(prefix + key, bytes),
    read: (key) => store.read(prefix + key),
    list: async (below) => (await store.list(prefix + below)).map((key) => key.slice(prefix.length)),
  };
}

/** Throws `ExitError` where it must not go on: 78 refused, 65 damage, 75 the broker does not answer, 76 two histories. */
export async function startCluster(options: ClusterOptions): Promise<RunningCluster> {
  const { project, roles, dataDir, clock, standby, number, say, fail } = options;
  const { config, graph } = project;
  const errors = checkGraph(graph).filter(({ level }) => level === 'error');
  if (errors.length > 0) refuse(errors);
  const parts = await openClusterParts(project, dataDir, say);
  const { source, sink, objects, topicOf: topic } = parts;
  const { prefix, sessionMs } = config.backends.kafka;
  let { cluster } = parts;
  const generation = cluster.catalog.generation;
  const closing: (() => Promise<void>)[] = [() => source.close(), () => sink.close()];
  const stageOptions = (log: string): Omit<StageRunnerOptions, 'partition'> => ({
    graph,
    catalog: cluster.catalog,
    bases: cluster.bases,
    log,
    source,
    sink,
    objects,
    topicOf: topic,
    newestCatalog: async () => {
      cluster = (await readClusterCatalog(objects)) ?? cluster;
      return cluster.catalog;
    },
    configurationHash: project.configurationHash,
    clock,
    snapshotEveryMs: config.snapshots.everyMs,
    say,
    fail,
  });
  const groups: StageGroup[] = [];
  const lanes: ClusterLane[] = [];
  let sources: SourcesHost | undefined;
  let gateway: ClusterGateway | undefined;
  const startedMs = clock.monotonicMs();
  const name = `${hostname()}-${process.pid}-${randomBytes(4).toString('hex')}`;
  const word = (): ProcessWord => ({
    process: name,
    atMs: Math.floor(clock.nowMicros() / 1000),
    host: hostname(),
    processId: process.pid,
    roles: options.names,
    upMs: Math.round(clock.monotonicMs() - startedMs),
    generation,
    stages: groups.flatMap((group) => group.status()),
    lanes: [...lanes, ...(gateway ? [gateway.lane] : [])].map((lane) => lane.figures()),
    sources: sources?.running ?? false,
    url: gateway?.url ?? null,
    inFlight: gateway?.commands.inFlight ?? 0,
    edges: Object.assign({}, ...groups.map((group) => group.edges())),
    memoryBytes: process.memoryUsage.rss(),
  });
  const status = async (): Promise<ClusterStatus> => {
    const atMs = Math.floor(clock.nowMicros() / 1000);
    return clusterStatusOf(graph, cluster, atMs, await readBoard<ProcessWord>(source, prefix, atMs));
  };
  const stop = async () => {
    for (const close of closing.splice(0).reverse()) await close();
  };
  try {
    for (const log of roles.inboxes) {
      const group = new StageGroup({
        ...stageOptions(log),
        group: `${prefix}.g${generation}.${log}`,
        sessionMs,
        standby,
      });
      await group.start();
      groups.push(group);
      closing.push(() => group.stop());
    }
    for (const id of roles.sinks) {
      const plan = planLane(graph, id);
      if (plan.sink.definition.wanted?.(config) === false) continue;
      const opened = await plan.sink.definition.open({
        id,
        dataDir,
        config,
        clock,
        partitions: cluster.catalog.partitions,
        generation,
        say,
      });
      const lane = new ClusterLane({
        plan,
        catalog: cluster.catalog,
        bases: cluster.bases,
        sink: opened,
        source,
        objects,
        series: id,
        topicOf: topic,
        clock,
        snapshotEveryMs: config.snapshots.everyMs,
        say,
        fail,
      });
      closing.push(() => lane.stop());
      await lane.start();
      lanes.push(lane);
    }
    if (roles.sources.length > 0) {
      sources = await startSources({
        project,
        ids: roles.sources,
        number,
        cluster: () => cluster,
        learn: (newer) => {
          cluster = newer;
        },
        objects,
        source,
        sink,
        topicOf: topic,
        group: `${prefix}.g${generation}.sources`,
        sessionMs,
        stageOptions: (log, partition) => ({ ...stageOptions(log), partition }),
        clock,
        say,
        fail,
      });
      closing.push(() => sources!.stop());
    }
    const board = new StatusBoard(sink, prefix, word);
    board.start();
    closing.push(() => board.stop());
    for (const sinkId of roles.gateways) {
      gateway = await startClusterGateway({
        project,
        sinkId,
        number,
        cluster,
        source,
        sink,
        objects,
        topicOf: topic,
        dataDir,
        clock,
        status,
        say,
        fail,
      });
      closing.push(() => gateway!.stop());
    }
  } catch (error) {
    // The reason it is let go for counts, not what else fails on the way.
    await stop().catch(() => {});
    throw error;
  }
  return { gateway, status, stop };
}

export function clusterStatusOf(
  graph: Graph,
  { catalog }: ClusterCatalog,
  atMs: number,
  processes: readonly ProcessWord[],
): ClusterStatus {
  const owned = new Set(
    processes.flatMap(({ stages }) =>
      stages.filter(({ role }) => role === 'owner').map(({ log, partition }) => `${log}/${partition}`),
    ),
  );
  const inboxes = new Set([...headStages(graph)].map((stage) => inboxOf(graph, stage)!));
  const unowned = [...inboxes].flatMap((log) =>
    Array.from({ length: catalog.partitions[log]! }, (_, partition) => `${log}/${partition}`).filter(
      (place) => !owned.has(place),
    ),
  );
  return { topology: graph.id, atMs, processes, unowned };
}
