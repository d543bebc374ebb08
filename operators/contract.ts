/**
 * What an operator is, and who owes what to whom.
 *
 * An **operator** is the pure part of a stage: records in, records out. It is told the time, the position and the
 * partition of each record in a {@link Moment}; it reads no clock, draws no randomness, does no I/O and sees no
 * configuration file. Whatever it must know has reached it as a record of its inbox, so its state and its outputs are a
 * function of that inbox alone, and any cutting of the inbox into batches gives the same bytes.
 *
 * The **runtime** owes the operator: records of one partition, in the order of their log, each exactly once since the
 * restored snapshot. It numbers, stamps, encodes and stores what is emitted; an operator never sees a topic, a file or
 * an edge.
 *
 * The **operator** owes the runtime:
 * - `apply` is synchronous, and state is updated before the record that tells of it is emitted, because an emitted
 *   record may be applied by the next operator before the call returns;
 * - an expected outcome is a record on a port. A throw means a bug of ours and ends the process (exit 70);
 * - `snapshot` is canonical: equal states give equal bytes, whatever the history of their memory layout;
 * - `checkInvariants` throws `InvariantBroken` with a sentence that names what is broken.
 */
import type { AnyRecord, Micros } from '../schemas/generated/records.ts';
import type { RecordSet } from '../schemas/logs.ts';

/** The inbox record being applied. One reused object: read it, do not keep it. */
export interface Moment {
  /** Log time in microseconds since 1970. The ingest operator may move it; what is emitted is stamped with it. */
  timeMicros: Micros;
  /** Packed position (log, partition, offset) of the inbox record. */
  readonly position: number;
  /** Offset of the inbox record in its partition. */
  readonly offset: number;
  readonly partition: number;
  /** Packed position of the command at the head of the chain that led here. */
  readonly correlationId: number;
}

/** Record types by port. */
export type Ports = { readonly [port: string]: AnyRecord };

/**
 * One function a port. Without `partition` a record goes to the partition of its key (account or symbol), or, where its
 * key is 0, to the partition that has the stage's own number.
 */
export type Emit<P extends Ports> = { readonly [N in keyof P]: (record: P[N], partition?: number) => void };

export interface Operator<In extends AnyRecord, P extends Ports> {
  apply(record: In, moment: Moment, out: Emit<P>): void;
  snapshot(): Uint8Array;
  restore(bytes: Uint8Array): void;
  /** Hash of the canonical state, cheap enough for every tenth tick. */
  stateHash(): string;
  checkInvariants(): void;
}

/** Where an operator instance lives: which partition of how many. */
export interface Scope {
  readonly partition: number;
  /** Number of partitions of each log, by the log's name in the topology. */
  readonly partitions: { readonly [log: string]: number };
  /** One object for all operators fused into this stage partition; its owner snapshots it. */
  shared<T>(name: string, make: () => T): T;
}

/** What a factory such as `matchOrders()` returns: names and record sets for the graph, and how to make an instance. */
export interface OperatorDefinition<In extends AnyRecord, P extends Ports> {
  readonly name: string;
  /** The record types `apply` reads; others of the log are not shown to it. */
  readonly input: RecordSet<In>;
  readonly outputs: { readonly [N in keyof P]: RecordSet<P[N]> };
  create(scope: Scope): Operator<In, P>;
  /**
   * It keeps nothing of a record beyond `apply`, not even a text's object in a list: then a lane may fill the same objects
   * again. Left out: it may keep what it likes.
   */
  readonly keepsNoRecord?: true;
}
