/** What the processes of a cluster say of themselves, put together; and the same in the words of the embedded run. */
import type { LaneFigures } from './runtime/cluster/cluster-lane.ts';
import type { StageStatus } from './runtime/cluster/stage-runner.ts';
import type { Word } from './runtime/cluster/status-board.ts';
import type { ExchangeStatus } from './runtime/embedded/exchange-status.ts';
import type { Graph } from './runtime/graph.ts';

export interface ProcessWord extends Word {
  readonly host: string;
  readonly processId: number;
  readonly roles: readonly string[];
  readonly upMs: number;
  readonly generation: number;
  readonly stages: readonly StageStatus[];
  readonly lanes: readonly LaneFigures[];
  /** Whether it runs clock, configuration and simulator now. */
  readonly sources: boolean;
  /** Where its gateway listens. */
  readonly url: string | null;
  readonly inFlight: number;
  /** Records passed by edge. */
  readonly edges: { readonly [edge: string]: number };
  readonly memoryBytes: number;
}

export interface ClusterStatus {
  readonly topology: string;
  readonly atMs: number;
  readonly processes: readonly ProcessWord[];
  /** Partitions of head stages that nobody owns now, as `log/partition`. */
  readonly unowned: readonly string[];
}

export function exchangeStatusOf({ topology, processes }: ClusterStatus, graph: Graph): ExchangeStatus {
  const owned = processes.flatMap(({ stages }) => stages.filter(({ role }) => role === 'owner'));
  const records = new Map<string, number>();
  for (const { edges } of processes) {
    for (const [edge, count] of Object.entries(edges)) records.set(edge, (records.get(edge) ?? 0) + count);
  }
  const logTimeMicros = Math.max(0, ...owned.map((part) => part.logTimeMicros));
  const commands = owned.filter(({ log }) => log === 'commands').reduce((sum, { nextOffset }) => sum + nextOffset, 0);
  return {
    topology,
    generation: processes[0]?.generation ?? 0,
    processId: 0,
    uptimeMs: Math.max(0, ...processes.map(({ upMs }) => upMs)),
    logTimeMicros,
    commands,
    inFlight: processes.reduce((sum, { inFlight }) => sum + inFlight, 0),
    inFlightMax: 0,
    commit: 0,
    logs: owned.map(({ log, partition, nextOffset }) => ({ log, partition, nextOffset })),
    stages: owned.flatMap(({ stages, partition, nextOffset }) =>
      stages.map((stage) => ({ stage, partition, applied: nextOffset })),
    ),
    edges: graph.edges.flatMap(({ from, to }) => {
      const edge = from.port ? `${from.node}.${from.port} -> ${to}` : `${from.node} -> ${to}`;
      return records.has(edge) ? [{ edge, records: records.get(edge)!, blocked: 0 }] : [];
    }),
    lanes: processes.flatMap(({ lanes }) =>
      lanes.map((lane) => ({
        sink: lane.sink,
        positions: lane.positions,
        edges: {},
        figures: lane.figures,
        queued: lane.queued,
        waits: 0,
        blocks: lane.blocks,
        timeMicros: logTimeMicros - lane.lagMs * 1000,
        state: 'reading' as const,
        lagRecords: lane.lagRecords,
        lagMs: lane.lagMs,
      })),
    ),
    snapshot: null,
    recovery: { commands: 0, fromSnapshot: 0, tookMs: 0, torn: false },
  };
}
