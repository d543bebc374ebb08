/**
 * What stands at the two ends of a graph: sources, which bring records in, and sinks, which carry them out.
 *
 * Who owes what:
 * - A **source** offers head inputs. It may be refused (the queue is full, or intake is closed) and must then wait; it
 *   never blocks anybody else. What it offers is numbered, stored and applied in the order in which it was taken.
 * - A **sink** follows logs at its own pace. It gets blocks whose borders come from the log alone, so a block that is
 *   handed over again is the same block; it must make a block durable before `write` resolves, skip what it has, and
 *   refuse a gap. It says where it wants to go on by `positions`.
 */

import type { Ports } from '../../operators/contract.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import type { FrameRun } from '../../schemas/frame-run.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import type { RecordSet } from '../../schemas/logs.ts';
import type { Graph } from './graph.ts';
import type { Clock } from './outside/clock.ts';

/** One record of a log that is durable, as followers see it. */
export interface CommittedRecord {
  readonly record: AnyRecord;
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  /** Log time, microseconds since 1970. */
  readonly occurredAt: number;
  /** Packed position of the command at the head of the chain. */
  readonly correlationId: number;
}

/** What became of one head input, told once it is durable: its own record first, then all it caused, in order. */
export interface Outcome {
  readonly position: number;
  readonly records: readonly CommittedRecord[];
}

export interface HeadInput {
  readonly record: AnyRecord;
  /** When the source stamped it, microseconds since 1970. Ingest makes log time of it. */
  readonly stampedMicros: number;
  readonly traceparent?: string | null;
  /** Called once, when the input has been run and stored, and is not yet durable: nobody outside may be told but its number. */
  taken?(position: number): void;
  /** Called once, after the commit that holds the input is durable. Costs a copy of what it caused: leave it out to save that. */
  readonly done?: (outcome: Outcome) => void;
}

export interface Feed<P extends Ports> {
  /**
   * Offer inputs at a port. All are taken, or, if the bounded intake has no room, none: then the answer is false and
   * `room()` resolves when it is worth trying again.
   */
  offer(port: keyof P & string, inputs: readonly HeadInput[]): boolean;
  room(): Promise<void>;
  /** Number of inputs taken and not yet durable, of all sources. */
  readonly inFlight: number;
}

export interface SourceContext<P extends Ports> {
  readonly id: string;
  readonly feed: Feed<P>;
  readonly clock: Clock;
  /** The effective configuration, frozen. */
  readonly config: unknown;
  /** What the command line gave this source, e.g. `bitstamp:FILE`; undefined: nothing. */
  readonly argument?: string | undefined;
  /** Durable records of the logs that the topology lets this source see, from now on. */
  readonly sees: (listener: (batch: readonly CommittedRecord[]) => void) => void;
  /** True where the logs were empty when this run began. */
  readonly fresh: boolean;
  /** The newest clock record of the log when this run began; zeros where there is none. */
  readonly lastTick: { readonly number: number; readonly timeMicros: number };
  /** What is in force as the log has it: configuration records, and the last reference price of each symbol. */
  readonly inForce: readonly AnyRecord[];
  readonly fail: (error: unknown) => void;
}

/** Opened while the exchange is recovered and nothing runs yet; begins to offer at `start`. */
export interface Source {
  /**
   * Of a source that takes what hosts in other threads put in: offers these at a port. Answers with those that it refuses;
   * the others were taken, in order.
   */
  receive?(port: string, inputs: readonly HeadInput[]): readonly HeadInput[];
  start(): void;
  stop(): Promise<void>;
}

export interface SourceDefinition<P extends Ports> {
  readonly name: string;
  readonly outputs: { readonly [N in keyof P]: RecordSet<P[N]> };
  open(context: SourceContext<P>): Promise<Source>;
}

/** Output of one follower stage for a block, in order. */
export interface StageOutput {
  readonly records: AnyRecord[];
  readonly envelopes: Envelope[];
}

/** A run of consecutive offsets of one partition of one log, cut by the log alone. */
export interface SinkBlock {
  readonly log: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Log time of its last record, microseconds; of a block of frames, of the last clock record up to it. */
  readonly lastTimeMicros: number;
  readonly records: readonly AnyRecord[];
  readonly envelopes: readonly Envelope[];
  /** By `stage.port`, what the stages of this lane made of the block. */
  readonly outputs: { readonly [stagePort: string]: StageOutput };
  /** For a sink that reads frames: the records as the log has them; then `records` and `envelopes` are empty. */
  readonly frames?: FrameRun;
  /**
   * Called when the sink needs nothing of this block any more, at the latest when `write` has resolved: what it holds is
   * filled again. Of a block of frames, and of a sink that `copies`.
   */
  readonly free?: () => void;
}

export interface SinkContext {
  readonly id: string;
  readonly dataDir: string;
  readonly config: unknown;
  readonly clock: Clock;
  /** Number of partitions of each log. */
  readonly partitions: { readonly [log: string]: number };
  readonly generation: number;
  /** Tells an operator of the process something worth a line; never a secret. */
  readonly say: (line: string) => void;
}

export interface Sink {
  /** Next offset wanted, by `log/partition`; a missing key means 0. */
  positions(): Promise<Map<string, number>>;
  /**
   * Durable when it resolves. Throws `ExitError` 65 on a gap. Up to the queue's number of blocks are handed over without
   * waiting, in order of their offsets; they must become durable in that order.
   */
  write(block: SinkBlock): Promise<void>;
  /**
   * Of a sink that collects blocks into something larger, so that `write` resolves when a block is taken: next offset that
   * is not yet durable, by `log/partition`. Status and retention go by it; after a stop the rest is handed over again.
   */
  durable?(): ReadonlyMap<string, number>;
  /**
   * Of a sink whose store is this process's memory: its state, kept with the lane's own snapshot. False of `restore`: it
   * was written in another form and nothing was taken, so the lane begins at the start of the log.
   */
  readonly memory?: { snapshot(): Uint8Array; restore(bytes: Uint8Array): boolean };
  /** Figures for `sluice status`, by name with its unit. */
  figures?(): { readonly [nameWithUnit: string]: number | string };
  close(): Promise<void>;
}

export interface SinkDefinition {
  readonly name: string;
  /** Record types it reads, of logs and of stages. */
  readonly input: RecordSet<AnyRecord>;
  /**
   * Default `blocks`: whole blocks, cut by the log alone. `at once`: what is durable, as soon as it is read, whole commits;
   * for a sink whose store is memory.
   */
  readonly delivers?: 'blocks' | 'at once';
  /** Default `records`. `frames`: the bytes of the log, undecoded; then it reads logs only. */
  readonly reads?: 'records' | 'frames';
  /** It keeps nothing of a block: it has copied what it needs when it calls the block's `free`, or when `write` resolves. */
  readonly copies?: true;
  /** A block ends at a tick, or where the offset + 1 divides by this; a multiple of 1,024. */
  readonly blockRecords: number;
  /** False: the configuration has no use for it, and its lane is not opened. Default: it always has. */
  wanted?(config: unknown): boolean;
  open(context: SinkContext): Promise<Sink>;
}

/**
 * A module that lives in the thread of a lane, beside its sink: it serves others from what the sink has, and puts records
 * into the graph through a door. Its default export opens it.
 */
export interface LaneHost {
  /** The lane begins to read up to the durable end. */
  reading(): void;
  /** The sink has these blocks. `atEnd`: everything that was durable when `reading` was called has been handed over. */
  delivered(blocks: readonly SinkBlock[], atEnd: boolean): void;
  /** Something hangs on what the lane reads next: it looks again soon. */
  readonly waiting: boolean;
  /** Figures for `sluice status`, by name with its unit, beside those of the sink. */
  figures?(): { readonly [nameWithUnit: string]: number | string };
  /** Told to whoever runs the exchange, e.g. where it listens. Plain data. */
  readonly facts: unknown;
  /** Ends its service; the lane goes on reading until it resolves. */
  close(): Promise<void>;
}

export interface HostContext {
  readonly sink: Sink;
  readonly door: HostDoor;
  /** Asks the process that runs the exchange; see the exchange's own list of questions. Plain data. Rejects after 5 s. */
  ask(question: string, argument?: unknown): Promise<unknown>;
  readonly dataDir: string;
  readonly config: unknown;
  readonly clock: Clock;
  readonly generation: number;
  /** Log names by number. */
  readonly logNames: readonly string[];
  readonly partitions: { readonly [log: string]: number };
  readonly graph: Graph;
  /** What whoever runs the exchange wants the host to know. Plain data. */
  readonly settings: unknown;
  readonly say: (line: string) => void;
  /** Called when some of what was put in was refused, so that nobody waits for it. */
  onRefused(listener: () => void): void;
}

/** See `embedded/door-outside.ts`. */
export interface HostDoor {
  gate(source: string, port: string): number;
  readonly outstanding: number;
  readonly outstandingMax: number;
  put(gate: number, record: AnyRecord, stampedMicros: number, traceparent: string | null): number | undefined;
  knock(): void;
  readonly answered: number;
  readonly durable: number;
  settle(sequence: number): number;
}

export type OpenHost = (context: HostContext) => Promise<LaneHost>;
