/** What an embedded exchange does now: from the edges, the stages and the lanes themselves, nothing kept beside them. */
import type { EmbeddedExchange } from './exchange.ts';
import type { LaneStatus } from './running-lane.ts';

export interface ExchangeStatus {
  readonly topology: string;
  readonly generation: number;
  readonly processId: number;
  readonly uptimeMs: number;
  /** Log time of the newest tick, microseconds. */
  readonly logTimeMicros: number;
  readonly commands: number;
  readonly inFlight: number;
  /** Commands taken and not yet durable, at most: beyond it intake is full. */
  readonly inFlightMax: number;
  readonly commit: number;
  readonly logs: readonly { readonly log: string; readonly partition: number; readonly nextOffset: number }[];
  readonly stages: readonly { readonly stage: string; readonly partition: number; readonly applied: number }[];
  /** Edges of the head. `records`: passed since the process began; `blocked`: offers that found no room. */
  readonly edges: readonly { readonly edge: string; readonly records: number; readonly blocked: number }[];
  readonly lanes: readonly (LaneStatus & { readonly lagRecords: number; readonly lagMs: number })[];
  readonly snapshot: { readonly name: string; readonly commands: number; readonly ageMs: number } | null;
  readonly recovery: {
    readonly commands: number;
    readonly fromSnapshot: number;
    readonly tookMs: number;
    readonly torn: boolean;
  };
}

export function exchangeStatus(exchange: EmbeddedExchange): ExchangeStatus {
  const { head, runner, catalog, recovery, options } = exchange;
  const logTimeMicros = Math.max(0, ...head.inboxes.map(({ timeMicros }) => timeMicros));
  return {
    topology: head.graph.id,
    generation: catalog.generation,
    processId: process.pid,
    uptimeMs: Math.round(options.clock.monotonicMs() - exchange.startedAtMs),
    logTimeMicros,
    commands: head.commands,
    inFlight: runner.inFlight,
    inFlightMax: runner.inFlightMax,
    commit: exchange.logWriter.durableEnd.read().commit,
    logs: [...head.logs].flatMap(([log, { nextOffsets }]) =>
      nextOffsets.map((nextOffset, partition) => ({ log, partition, nextOffset })),
    ),
    stages: head.inboxes.flatMap(({ instances }) =>
      instances.map(({ stage, partition, applied }) => ({ stage, partition, applied })),
    ),
    edges: [...head.edges.values()].map(({ name, records, blocked }) => ({ edge: name, records, blocked })),
    lanes: exchange.lanes.map((lane) => ({ ...lane, ...lagOf(lane, exchange, logTimeMicros) })),
    snapshot: exchange.newestSnapshot ?? null,
    recovery: {
      commands: recovery.replayed.commands,
      fromSnapshot: recovery.snapshotCommands,
      tookMs: Math.round(recovery.tookMs),
      torn: recovery.log.torn !== undefined,
    },
  };
}

/** How far a lane is behind the head: records of the logs it reads that its sink does not have, and log time. */
function lagOf(lane: LaneStatus, exchange: EmbeddedExchange, logTimeMicros: number) {
  let lagRecords = 0;
  for (const [key, next] of Object.entries(lane.positions)) {
    const slash = key.lastIndexOf('/');
    const log = exchange.head.logs.get(key.slice(0, slash));
    lagRecords += Math.max(0, (log?.nextOffsets[Number(key.slice(slash + 1))] ?? next) - next);
  }
  const lagMs = lane.timeMicros === 0 ? 0 : Math.max(0, Math.round((logTimeMicros - lane.timeMicros) / 1000));
  return { lagRecords, lagMs };
}
