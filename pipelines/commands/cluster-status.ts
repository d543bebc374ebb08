/** `sluice status` of a cluster: what every process said of itself in the last seconds. */
import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import { kafkaSource } from '../../sources/kafka-log.ts';
import type { ClusterStatus, ProcessWord } from '../cluster-status.ts';
import { CONFIG_FILE, type Project, readProject } from '../load-project.ts';
import { readClusterCatalog } from '../runtime/cluster/cluster-catalog.ts';
import { readBoard } from '../runtime/cluster/status-board.ts';
import { clusterStatusOf, openClusterObjects } from '../start-cluster.ts';
import type { CommandIo } from './command.ts';

/** The project of the current folder where its configuration says cluster. */
export async function clusterOfProject(): Promise<Project | undefined> {
  if (!existsSync(resolve(CONFIG_FILE))) return undefined;
  const { project } = await readProject();
  return project?.config.backends.kind === 'cluster' ? project : undefined;
}

export async function statusOfCluster(json: boolean, io: CommandIo): Promise<number> {
  const project = (await clusterOfProject())!;
  const { brokers, prefix } = project.config.backends.kafka;
  const dataDir = resolve(project.config.backends.dataDir);
  const cluster = await readClusterCatalog(await openClusterObjects(project, dataDir));
  if (!cluster) {
    io.err('no catalog yet: no process of this cluster was started');
    return 75;
  }
  const source = kafkaSource({ brokers: brokers.split(','), clientId: `${prefix}-status`, patienceMs: 10_000 });
  try {
    const atMs = Date.now();
    const status = clusterStatusOf(project.graph, cluster, atMs, await readBoard<ProcessWord>(source, prefix, atMs));
    if (json) io.out(JSON.stringify(status, null, 2));
    else print(status, io);
    return status.unowned.length === 0 ? 0 : 75;
  } finally {
    await source.close();
  }
}

function print({ topology, atMs, processes, unowned }: ClusterStatus, io: CommandIo): void {
  const whole = (value: number) => value.toLocaleString('en-US');
  io.out(`${topology}  cluster of ${processes.length} processes  ${new Date(atMs).toISOString()}`);
  if (unowned.length > 0) io.out(`nobody owns ${unowned.join(', ')}`);
  io.out('');
  table(
    io,
    ['PROCESS', 'HOST', 'UP', 'MB', 'ROLES', 'SERVES'],
    processes.map((each) => [
      `${each.processId}`,
      each.host,
      `${Math.round(each.upMs / 1000)} s`,
      `${Math.round(each.memoryBytes / 2 ** 20)}`,
      each.roles.join(' '),
      each.url ?? (each.sources ? 'sources' : ''),
    ]),
  );
  io.out('');
  table(
    io,
    ['STAGE', 'PARTITION', 'PROCESS', 'ROLE', 'OFFSET', 'LAG', 'LAG MS', 'SNAPSHOT', 'REPEATS', 'SENDS FAILED'],
    processes.flatMap(({ processId, stages }) =>
      stages.map((part) => [
        part.stages.join('+'),
        `${part.log}/${part.partition}`,
        `${processId}`,
        part.role,
        whole(part.nextOffset),
        whole(part.lagRecords),
        whole(part.lagRecords === 0 ? 0 : Math.max(0, Math.round(atMs - part.logTimeMicros / 1000))),
        part.snapshotAgeMs === null ? 'none' : `${Math.round(part.snapshotAgeMs / 1000)} s`,
        whole(part.repeats),
        whole(part.failedSends),
      ]),
    ),
  );
  io.out('');
  table(
    io,
    ['SINK', 'PROCESS', 'LAG', 'LAG MS', 'BLOCKS', 'QUEUED'],
    processes.flatMap(({ processId, lanes }) =>
      lanes.map((lane) => [
        lane.sink,
        `${processId}`,
        whole(lane.lagRecords),
        whole(lane.lagMs),
        whole(lane.blocks),
        whole(lane.queued),
      ]),
    ),
  );
}

function table(io: CommandIo, heads: readonly string[], rows: readonly (readonly string[])[]): void {
  const widths = heads.map((head, column) => Math.max(head.length, ...rows.map((row) => row[column]!.length)));
  for (const row of [heads, ...rows])
    io.out(
      row
        .map((cell, column) => cell.padEnd(widths[column]!))
        .join('  ')
        .trimEnd(),
    );
}
