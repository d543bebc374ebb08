/** A gateway as a process of a cluster: its own lane over the logs, its own writer of commands. As many as wanted. */
import { randomBytes } from 'node:crypto';
import type { GatewayViews } from '../sinks/gateway-views/gateway-views.ts';
import { openCacheClient } from '../sinks/redis-cache/cache-client.ts';
import { cacheOptionsOf } from '../sinks/redis-cache/redis-cache.ts';
import { SharedTakes } from '../sinks/redis-cache/shared-takes.ts';
import { ClusterCommands } from './cluster-commands.ts';
import type { ClusterStatus } from './cluster-status.ts';
import { exchangeStatusOf } from './cluster-status.ts';
import { exchangeTelemetry } from './exchange-telemetry.ts';
import { ledgerDatabase } from './gateway-database.ts';
import { gatewayHistory } from './gateway-history.ts';
import type { Project } from './load-project.ts';
import { type GatewayFacts, openGateway } from './open-gateway.ts';
import type { LogSink, LogSource } from './runtime/cluster/broker.ts';
import type { ClusterCatalog } from './runtime/cluster/cluster-catalog.ts';
import { ClusterLane } from './runtime/cluster/cluster-lane.ts';
import { HeadWriter } from './runtime/cluster/head-writer.ts';
import type { SnapshotObjects } from './runtime/cluster/stage-snapshots.ts';
import { nodeOf } from './runtime/graph.ts';
import { planLane } from './runtime/lane-plan.ts';
import type { Clock } from './runtime/outside/clock.ts';

export interface ClusterGatewayOptions {
  readonly project: Project;
  readonly sinkId: string;
  /** Which of the gateways that run at the same time. */
  readonly number: number;
  readonly cluster: ClusterCatalog;
  readonly source: LogSource;
  readonly sink: LogSink;
  readonly objects: SnapshotObjects;
  readonly topicOf: (log: string) => string;
  readonly dataDir: string;
  readonly clock: Clock;
  readonly status: () => Promise<ClusterStatus>;
  readonly say: (line: string) => void;
  readonly fail: (error: unknown) => void;
}

export interface ClusterGateway extends GatewayFacts {
  readonly lane: ClusterLane;
  readonly commands: ClusterCommands;
  stop(): Promise<void>;
}

/** Serves once it has caught up with the logs. Throws `ExitError` 78 where it cannot listen. */
export async function startClusterGateway(options: ClusterGatewayOptions): Promise<ClusterGateway> {
  const { project, sinkId, number, cluster, source, sink, objects, topicOf, dataDir, clock, say, fail } = options;
  const { graph, config } = project;
  const plan = planLane(graph, sinkId);
  const views = (await plan.sink.definition.open({
    id: sinkId,
    dataDir,
    config,
    clock,
    partitions: cluster.catalog.partitions,
    generation: cluster.catalog.generation,
    say,
  })) as GatewayViews;
  const writer = await HeadWriter.open({
    graph,
    catalog: () => cluster.catalog,
    sources: ['intake'],
    bases: cluster.bases,
    session: randomBytes(12).toString('base64url'),
    number,
    source,
    sink,
    topicOf,
    fail,
  });
  const commands = new ClusterCommands(writer, clock, cluster.catalog.logs);
  const lane = new ClusterLane({
    plan,
    catalog: cluster.catalog,
    bases: cluster.bases,
    sink: views,
    source,
    objects,
    series: `${sinkId}-${number}`,
    topicOf,
    clock,
    snapshotEveryMs: config.snapshots.everyMs,
    also: ['commands', 'control'],
    onRead: (record) => commands.read(record),
    onDelivered: (blocks) => commands.delivered(blocks),
    say,
    fail,
  });
  await lane.start();
  const database = nodeOf(graph, 'ledger') ? ledgerDatabase(config, dataDir) : undefined;
  const { nodes, ...cacheOptions } = cacheOptionsOf(config);
  const cache = nodes === undefined ? undefined : openCacheClient({ ...cacheOptions, nodes });
  const parts = {
    commands,
    control: commands,
    feed: commands,
    views,
    history: nodeOf(graph, 'history')
      ? gatewayHistory({ dataDir, config, positions: () => historyPositions(options.status) })
      : undefined,
    database,
    buckets: cache && new SharedTakes(cache),
    trustedProxies: config.gateway.trustedProxies?.split(','),
    telemetry: exchangeTelemetry({
      status: async () => exchangeStatusOf(await options.status(), graph),
      newest: async (log) => commands.newest(log) ?? [],
      stateHashes: async (stage) => stateHashesOf(await options.status(), stage),
      answerDelayMs: () => commands.delayMs(0.99),
      graph,
      clock,
    }),
    clock,
    epoch: `${cluster.id}-${cluster.catalog.generation}`,
    commandExpiryMicros: config.admission.expiryMicros,
    candleIntervals: config.candles,
  };
  const { facts, close } = await openGateway(parts, { config, dataDir, say });
  return {
    ...facts,
    lane,
    commands,
    async stop() {
      await close();
      commands.close();
      await writer.flushed();
      await writer.close();
      await lane.stop();
      cache?.close();
      await database?.close();
    },
  };
}

async function historyPositions(status: () => Promise<ClusterStatus>): Promise<ReadonlyMap<string, number>> {
  const lanes = (await status()).processes.flatMap((process) => process.lanes);
  return new Map(Object.entries(lanes.find(({ sink }) => sink === 'history')?.positions ?? {}));
}

function stateHashesOf({ processes }: ClusterStatus, stage: string) {
  return processes
    .flatMap((process) => process.stages)
    .filter((part) => part.role === 'owner' && part.stateHashes[stage] !== undefined)
    .map((part) => ({ partition: part.partition, hash: part.stateHashes[stage]! }));
}
