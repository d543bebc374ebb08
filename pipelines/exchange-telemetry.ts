/**
 * The graph at work, for the people who look after it: what `sluice status` says, as rates. A look costs the exchange one
 * question; looks that come within a second share it, so that a hundred open pages cost what one does.
 */
import type { EdgeView, PipelineView, SampledRecord, SinkLag, StageView, TelemetryPort } from '../gateway/ports.ts';
import { describeGraph } from './runtime/drawings/describe.ts';
import type { ExchangeStatus } from './runtime/embedded/exchange-status.ts';
import { edgeName, type Graph, nodeOf } from './runtime/graph.ts';
import type { Clock } from './runtime/outside/clock.ts';

const LOOK_EVERY_MS = 1000;
const SAMPLE_MAX = 10;

export interface TelemetrySources {
  readonly status: () => Promise<ExchangeStatus>;
  /** Newest records of a log, or of a stage's port, newest first. */
  readonly newest?: (logOrPort: string) => Promise<readonly SampledRecord[]>;
  /** State hashes of the partitions of a stage. */
  readonly stateHashes?: (stage: string) => Promise<readonly { readonly partition: number; readonly hash: string }[]>;
  /** From a command's being put in to its answer, milliseconds: what 99 of 100 stay below. */
  readonly answerDelayMs?: () => number;
  readonly graph: Graph;
  readonly clock: Pick<Clock, 'nowMicros' | 'monotonicMs'>;
}

interface Look {
  readonly atMs: number;
  readonly status: ExchangeStatus;
  readonly view: PipelineView;
}

export function exchangeTelemetry(sources: TelemetrySources): TelemetryPort {
  const { graph, clock } = sources;
  const drawn = describeGraph(graph);
  let look: Look | undefined;
  let looking: Promise<Look> | undefined;

  function lookNow(): Promise<Look> {
    if (look && clock.monotonicMs() - look.atMs < LOOK_EVERY_MS) return Promise.resolve(look);
    looking ??= sources
      .status()
      .then((status) => {
        const atMs = clock.monotonicMs();
        look = {
          atMs,
          status,
          view: pipelineView(status, {
            graph,
            atMicros: clock.nowMicros(),
            atMs,
            before: look,
            answerDelayMs: sources.answerDelayMs?.(),
          }),
        };
        return look;
      })
      .finally(() => {
        looking = undefined;
      });
    return looking;
  }

  return {
    status: () => sources.status(),
    graph: () => drawn,
    pipeline: async () => (await lookNow()).view,
    async stage(stage): Promise<StageView | undefined> {
      if (!graph.nodes.some(({ id, kind }) => id === stage && kind === 'stage')) return undefined;
      const { status } = await lookNow();
      const hashes = (await sources.stateHashes?.(stage)) ?? [];
      const partitions = status.stages.filter((each) => each.stage === stage);
      return {
        stage,
        partitions: partitions.map(({ partition, applied }) => ({
          partition,
          applied,
          stateHash: hashes.find((each) => each.partition === partition)?.hash ?? '',
        })),
      };
    },
    async sample(edge, count) {
      const wire = graph.edges.find((each) => edgeName(each) === edge);
      if (!wire) return undefined;
      const { node, port } = wire.from;
      // What goes into a log, or comes out of one, is in the log; between stages and sinks it has the name of its port.
      const place = isLog(graph, wire.to) ? wire.to : isLog(graph, node) ? node : `${node}.${port}`;
      const newest = (await sources.newest?.(place)) ?? [];
      return newest.slice(0, Math.min(count, SAMPLE_MAX));
    },
  };
}

function isLog(graph: Graph, id: string): boolean {
  return nodeOf(graph, id)?.kind === 'log';
}

interface Moment {
  readonly graph: Graph;
  readonly atMicros: number;
  readonly atMs: number;
  readonly before: Look | undefined;
  readonly answerDelayMs: number | undefined;
}

function pipelineView(status: ExchangeStatus, { graph, atMicros, atMs, before, answerDelayMs }: Moment): PipelineView {
  const seconds = before ? (atMs - before.atMs) / 1000 : 0;
  const rate = (now: number, then: number | undefined) =>
    seconds > 0 && then !== undefined ? Math.max(0, Math.round((now - then) / seconds)) : 0;
  const passed = recordsByEdge(status);
  const passedBefore = before ? recordsByEdge(before.status) : new Map<string, number>();
  const blockedBefore = new Map(before?.status.edges.map(({ edge, blocked }) => [edge, blocked]));
  const headEdges = new Map(status.edges.map((edge) => [edge.edge, edge]));
  const lanes = new Map(status.lanes.map((lane) => [lane.sink, lane]));
  const lanesBefore = new Map(before?.status.lanes.map((lane) => [lane.sink, lane]));
  const sources = new Set(graph.nodes.filter(({ kind }) => kind === 'source').map(({ id }) => id));
  return {
    atMicros,
    topology: status.topology,
    uptimeMs: status.uptimeMs,
    logTimeMicros: status.logTimeMicros,
    commands: status.commands,
    commandsPerSecond: rate(status.commands, before?.status.commands),
    inFlight: status.inFlight,
    inFlightMax: status.inFlightMax,
    edges: graph.edges.map((wire): EdgeView => {
      const edge = edgeName(wire);
      const records = passed.get(edge) ?? 0;
      const lane = lanes.get(wire.to);
      const waits = lane ? lane.waits - (lanesBefore.get(wire.to)?.waits ?? 0) : 0;
      const refused = (headEdges.get(edge)?.blocked ?? 0) - (blockedBefore.get(edge) ?? 0);
      return {
        edge,
        records,
        recordsPerSecond: rate(records, passedBefore.get(edge)),
        queued: lane ? lane.queued : sources.has(wire.from.node) ? status.inFlight : 0,
        blocked: before ? waits + refused : 0,
        ...(lane ? { p99Ms: figureOf(lane, 'lag_p99_ms') } : {}),
        // From the gateway to what was read back: of all that stands between, the longest way.
        ...(wire.from.node === 'intake' && answerDelayMs !== undefined ? { p99Ms: answerDelayMs } : {}),
      };
    }),
    stages: status.stages.map(({ stage, partition, applied }) => ({
      stage,
      partition,
      applied,
      appliedPerSecond: rate(
        applied,
        before?.status.stages.find((each) => each.stage === stage && each.partition === partition)?.applied,
      ),
    })),
    sinks: status.lanes.map(
      (lane): SinkLag => ({
        sink: lane.sink,
        state: lane.state,
        lagRecords: lane.lagRecords,
        lagMs: lane.lagMs,
        queued: lane.queued,
        p50Ms: figureOf(lane, 'lag_p50_ms'),
        p99Ms: figureOf(lane, 'lag_p99_ms'),
      }),
    ),
    snapshot: status.snapshot,
  };
}

/** A follower stage runs once in each lane that needs it and says the same in each: the lane that is furthest counts. */
function recordsByEdge(status: ExchangeStatus): Map<string, number> {
  const records = new Map(status.edges.map(({ edge, records: passed }) => [edge, passed]));
  for (const lane of status.lanes) {
    for (const [edge, passed] of Object.entries(lane.edges)) {
      records.set(edge, Math.max(records.get(edge) ?? 0, passed));
    }
  }
  return records;
}

function figureOf(lane: ExchangeStatus['lanes'][number], name: string): number {
  const value = lane.figures[name];
  return typeof value === 'number' ? value : 0;
}
