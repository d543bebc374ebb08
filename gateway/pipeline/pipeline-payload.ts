/** The graph at work, as REST and sockets tell it: one payload, whoever asks. */
import { z } from 'zod';
import { formatId } from '../../schemas/ids.ts';
import type { PipelineView, SampledRecord, StageView } from '../ports.ts';
import { instantOfMicros } from '../rest/instants.ts';

const count = z.int().min(0);
const instant = z.string();

export const pipelineAnswer = z
  .strictObject({
    time: instant,
    topology: z.string(),
    uptime_ms: count,
    log_time: instant.nullable().describe('of the newest clock record'),
    commands: count.describe('since the log began'),
    commands_per_second: count,
    in_flight: count.describe('commands taken and not yet durable'),
    in_flight_max: count,
    edges: z.array(
      z.strictObject({
        edge: z.string().describe('as in the graph: from -> to'),
        records: count.describe('passed since the process began'),
        records_per_second: count,
        queued: count,
        blocked: count.describe('times since the last look that the next queue was full: then it blocks'),
        p99_ms: z.number().nullable().describe('from log time to the end of the edge, where it is measured'),
      }),
    ),
    stages: z.array(z.strictObject({ stage: z.string(), partition: count, applied: count, applied_per_second: count })),
    sinks: z.array(
      z.strictObject({
        sink: z.string(),
        state: z.string(),
        lag_records: count,
        lag_ms: count,
        queued: count,
        p50_ms: z.number(),
        p99_ms: z.number(),
      }),
    ),
    snapshot: z.strictObject({ name: z.string(), commands: count, age_ms: count }).nullable(),
  })
  .meta({ id: 'Pipeline' });

export const stageAnswer = z
  .strictObject({
    stage: z.string(),
    partitions: z.array(
      z.strictObject({
        partition: count,
        applied: count,
        state_hash: z.string().describe('of its state as it is now; empty for a stage that follows a log'),
      }),
    ),
  })
  .meta({ id: 'Stage' });

export const sampleAnswer = z.strictObject({
  edge: z.string(),
  records: z
    .array(
      z.strictObject({
        log: z.string(),
        partition: count,
        offset: z.string(),
        time: instant,
        correlation_id: z.string().describe('position of the command that caused it'),
        type: z.string(),
        fields: z.record(z.string(), z.union([z.string(), z.number(), z.boolean(), z.null()])),
      }),
    )
    .describe('newest first; numbers are ticks, lots and units, as the log has them'),
});

export function pipelinePayload(view: PipelineView): z.output<typeof pipelineAnswer> {
  return {
    time: instantOfMicros(view.atMicros),
    topology: view.topology,
    uptime_ms: view.uptimeMs,
    log_time: view.logTimeMicros === 0 ? null : instantOfMicros(view.logTimeMicros),
    commands: view.commands,
    commands_per_second: view.commandsPerSecond,
    in_flight: view.inFlight,
    in_flight_max: view.inFlightMax,
    edges: view.edges.map(({ edge, records, recordsPerSecond, queued, blocked, p99Ms }) => ({
      edge,
      records,
      records_per_second: recordsPerSecond,
      queued,
      blocked,
      p99_ms: p99Ms === undefined ? null : tenths(p99Ms),
    })),
    stages: view.stages.map(({ stage, partition, applied, appliedPerSecond }) => ({
      stage,
      partition,
      applied,
      applied_per_second: appliedPerSecond,
    })),
    sinks: view.sinks.map(({ sink, state, lagRecords, lagMs, queued, p50Ms, p99Ms }) => ({
      sink,
      state,
      lag_records: lagRecords,
      lag_ms: lagMs,
      queued,
      p50_ms: tenths(p50Ms),
      p99_ms: tenths(p99Ms),
    })),
    snapshot: view.snapshot && {
      name: view.snapshot.name,
      commands: view.snapshot.commands,
      age_ms: Math.round(view.snapshot.ageMs),
    },
  };
}

export function stagePayload({ stage, partitions }: StageView): z.output<typeof stageAnswer> {
  return {
    stage,
    partitions: partitions.map(({ partition, applied, stateHash }) => ({ partition, applied, state_hash: stateHash })),
  };
}

export function samplePayload(edge: string, records: readonly SampledRecord[]): z.output<typeof sampleAnswer> {
  return {
    edge,
    records: records.map(({ log, partition, offset, occurredAt, correlationId, record }) => {
      const { type, ...fields } = record;
      return {
        log,
        partition,
        offset: formatId(offset),
        time: instantOfMicros(occurredAt),
        correlation_id: formatId(correlationId),
        type,
        fields: Object.fromEntries(Object.entries(fields).map(([name, value]) => [snakeCase(name), plain(value)])),
      };
    }),
  };
}

function plain(value: unknown): string | number | boolean | null {
  return value === null || typeof value === 'number' || typeof value === 'boolean' ? value : String(value);
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`);
}

function tenths(milliseconds: number): number {
  return Math.round(milliseconds * 10) / 10;
}
