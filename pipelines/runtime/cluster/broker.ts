/**
 * What the cluster needs of the system that keeps its logs: topics of ordered partitions, read from any offset, written
 * at their end. One file that reads and one that writes know which system it is.
 *
 * Who owes what:
 * - A **reader** hands over the records of each partition in order, from where it was told to begin, one run at a time;
 *   it waits for the answer before the next run of that partition. It refuses a gap of offsets and an offset that is no
 *   longer there (`ExitError` 65), and ends with 75 when the system does not answer any more.
 * - A **sender** has one send outstanding. A send that failed leaves the sender useless: whoever owns it opens another
 *   one, reads the tail of the target, and goes on behind its own last record.
 * - That a send was acknowledged proves nothing; what was read back does.
 */

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface BrokerRecord {
  /** Position in the partition, dense from 0. */
  readonly offset: number;
  readonly value: Uint8Array;
  /** Bytes of the header that law 2 asks for; see `schemas/topic-record.ts`. */
  readonly header: Uint8Array | undefined;
  /** Empty: none. */
  readonly session: string;
}

export interface ReadFrom extends TopicPartition {
  /** Next offset wanted. */
  readonly from: number;
}

export interface ReaderOptions {
  readonly partitions: readonly ReadFrom[];
  /** `end`: next offset of the partition when these were fetched, so that the reader knows whether it has caught up. */
  readonly onRecords: (from: TopicPartition, records: readonly BrokerRecord[], end: number) => Promise<void> | void;
  readonly fail: (error: unknown) => void;
}

export interface LogReading {
  close(): Promise<void>;
}

/** One member of a group that shares the partitions of a topic among its members. */
export interface MemberOptions {
  readonly group: string;
  /** All with the same number of partitions; partition n of each goes to the same member. */
  readonly topics: readonly string[];
  readonly sessionMs: number;
  /** Gets partitions only where no other member is left. */
  readonly standby: boolean;
  /** Ready only when it resolves: the offsets to begin at, for the partitions that are new to this member. */
  readonly onAssigned: (partitions: readonly number[]) => Promise<readonly ReadFrom[]>;
  /** The partitions belong to others now. Nothing more of them is handed over. */
  readonly onRevoked: (partitions: readonly number[]) => Promise<void>;
  readonly onRecords: ReaderOptions['onRecords'];
  readonly fail: (error: unknown) => void;
}

export interface Ends {
  /** First offset that is still there. */
  readonly low: number;
  /** Next offset. */
  readonly high: number;
}

export interface LogSource {
  read(options: ReaderOptions): Promise<LogReading>;
  join(options: MemberOptions): Promise<LogReading>;
  /** By partition number. */
  ends(topic: string): Promise<readonly Ends[]>;
  close(): Promise<void>;
}

export interface OutgoingRecord {
  readonly value: Uint8Array;
  readonly header: Uint8Array;
  /** Empty: none. */
  readonly session: string;
}

export interface Outgoing extends TopicPartition {
  /** At most `SEND_RECORDS_MAX` of `schemas/topic-record.ts`. */
  readonly records: readonly OutgoingRecord[];
}

export interface Sent extends TopicPartition {
  /** Offset of the first record, as the system says. */
  readonly firstOffset: number;
}

export interface LogSender {
  /** Rejects with `SendInDoubt`; then this sender is of no use any more. */
  send(outgoing: readonly Outgoing[]): Promise<readonly Sent[]>;
  close(): Promise<void>;
}

export interface TopicPlan {
  readonly topic: string;
  readonly partitions: number;
  readonly replication: number;
  readonly settings: { readonly [name: string]: string };
}

export interface LogSink {
  openSender(name: string): Promise<LogSender>;
  /** Topics that are missing are made; those that are there stay as they are. Answers which were made. */
  createTopics(plans: readonly TopicPlan[]): Promise<readonly string[]>;
  /** One sentence for each thing that is not as planned. */
  compareTopics(plans: readonly TopicPlan[]): Promise<readonly string[]>;
  close(): Promise<void>;
}
