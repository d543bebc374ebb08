/**
 * Follows logs of a cluster: every event of their partitions once, in order, with the offset it has for everybody. Lanes,
 * gateways and sources see the cluster through this and nothing else.
 */
import type { Catalog } from '../catalog.ts';
import type { BrokerRecord, LogReading, LogSource } from './broker.ts';
import { emptyFilterState, type FilterState, RecordFilter } from './record-filter.ts';

export interface FollowedRecord {
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  readonly value: Uint8Array;
  /** Empty: said by a stage. */
  readonly session: string;
  readonly sequence: number;
  readonly chainKey: number;
  /** Nothing more of its cause comes in this partition. */
  readonly lastOfCause: boolean;
  /** Where blocks may end: what its filter knows behind it. */
  readonly border: FilterState | undefined;
}

/** Blocks end at clock records and at multiples of this. */
const BORDER_RECORDS = 1_024;

export interface FollowerOptions {
  readonly catalog: Catalog;
  readonly logs: readonly string[];
  readonly bases: { readonly [logPartition: string]: number };
  /** Where to go on, by `log/partition`; a partition that is not named begins at its start. */
  readonly from: ReadonlyMap<string, FilterState>;
  readonly source: LogSource;
  readonly topicOf: (log: string) => string;
  /** Resolves when more may come. */
  readonly onRecords: (records: readonly FollowedRecord[]) => Promise<void> | void;
  readonly fail: (error: unknown) => void;
}

export class LogFollower {
  readonly #options: FollowerOptions;
  readonly #filters = new Map<string, RecordFilter>();
  readonly #ends = new Map<string, number>();
  readonly #keyOfTopic = new Map<string, { readonly log: string; readonly partition: number }>();
  #reading: LogReading | undefined;
  /** One run after the other, whatever partition it is of. */
  #turn: Promise<void> = Promise.resolve();

  constructor(options: FollowerOptions) {
    this.#options = options;
    const { catalog, logs, bases, from, topicOf } = options;
    for (const log of logs) {
      for (let partition = 0; partition < catalog.partitions[log]!; partition++) {
        const key = `${log}/${partition}`;
        const base = bases[key] ?? 0;
        const place = { name: key, generation: catalog.generation, base };
        this.#filters.set(key, new RecordFilter(place, from.get(key) ?? emptyFilterState(base)));
        this.#keyOfTopic.set(`${topicOf(log)}/${partition}`, { log, partition });
      }
    }
  }

  async start(): Promise<void> {
    const { source, topicOf, fail } = this.#options;
    for (const log of this.#options.logs) {
      for (const [partition, { high }] of (await source.ends(topicOf(log))).entries()) {
        this.#ends.set(`${log}/${partition}`, high);
      }
    }
    this.#reading = await source.read({
      partitions: [...this.#filters].map(([key, filter]) => {
        const slash = key.lastIndexOf('/');
        return {
          topic: topicOf(key.slice(0, slash)),
          partition: Number(key.slice(slash + 1)),
          from: filter.nextPhysical,
        };
      }),
      onRecords: ({ topic, partition }, records, end) => {
        const { log } = this.#keyOfTopic.get(`${topic}/${partition}`)!;
        this.#ends.set(`${log}/${partition}`, end);
        const taken = this.#turn.then(() => this.#take(log, partition, records));
        this.#turn = taken.catch(() => {});
        return taken;
      },
      fail,
    });
  }

  /** States of the filters, as they are between two runs. */
  states(): Map<string, FilterState> {
    return new Map([...this.#filters].map(([key, filter]) => [key, filter.state()]));
  }

  /** Records of the topics that were not read yet, by `log/partition`. */
  lags(): { readonly [logPartition: string]: number } {
    return Object.fromEntries(
      [...this.#filters].map(([key, filter]) => [key, Math.max(0, (this.#ends.get(key) ?? 0) - filter.nextPhysical)]),
    );
  }

  get repeats(): number {
    return [...this.#filters.values()].reduce((sum, { repeats }) => sum + repeats, 0);
  }

  async close(): Promise<void> {
    await this.#reading?.close();
    await this.#turn;
  }

  async #take(log: string, partition: number, records: readonly BrokerRecord[]): Promise<void> {
    const filter = this.#filters.get(`${log}/${partition}`)!;
    const followed: FollowedRecord[] = [];
    for (const record of records) {
      const offset = filter.take(record);
      if (offset === undefined) continue;
      const { sequence, chainKey, lastOfCause } = filter.header;
      const border = filter.tookTick || offset % BORDER_RECORDS === BORDER_RECORDS - 1 ? filter.state() : undefined;
      followed.push({
        log,
        partition,
        offset,
        value: record.value,
        session: record.session,
        sequence,
        chainKey,
        lastOfCause,
        border,
      });
    }
    if (followed.length > 0) await this.#options.onRecords(followed);
  }
}
