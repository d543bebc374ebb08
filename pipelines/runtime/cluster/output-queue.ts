/**
 * What a stage partition has said on its way into the logs. One send is outstanding; a send that failed ends its sender,
 * the tails of the targets are read, and what they have is not sent again (law 2: it is compared instead).
 */
import { assert } from '../../../schemas/assert.ts';
import { ExitError } from '../../../schemas/exit.ts';
import { chainName } from '../../../schemas/log-format.ts';
import { decodeTopicHeader, emptyTopicHeader, SEND_RECORDS_MAX, SendInDoubt } from '../../../schemas/topic-record.ts';
import type { LogSender, LogSink, LogSource, Outgoing } from './broker.ts';
import { scanTopics } from './scan-topics.ts';
import type { StageOutput } from './stage-partition.ts';

/** Records that wait at most before the inbox is read on. */
const WAITING_MAX = 16_384;

interface Target {
  readonly topic: string;
  readonly partition: number;
  waiting: StageOutput[];
  /** Position up to which the topic is known to hold everything of ours that was acknowledged. */
  end: number;
}

/** What a target's tail has of one chain. */
interface Tail {
  last: number;
  readonly crcs: Map<number, number>;
}

export interface OutputQueueOptions {
  /** For the sender's name. */
  readonly name: string;
  readonly source: LogSource;
  readonly sink: LogSink;
  readonly topicOf: (log: string) => string;
  /** Of records that enter the graph here; empty for what a stage says. */
  readonly session: string;
  /** Chains that this queue writes, as numbers of edge and source partition: a chain key without its target. */
  readonly owns: (chainKey: number) => boolean;
  readonly fail: (error: unknown) => void;
}

export class OutputQueue {
  /** Records sent since it was opened. */
  sent = 0;
  /** Sends that failed, each of which cost a sender. */
  failedSends = 0;
  /** Records that a target had already. */
  found = 0;
  readonly #options: OutputQueueOptions;
  readonly #targets = new Map<string, Target>();
  readonly #tails = new Map<number, Tail>();
  #sender: LogSender | undefined;
  #waiting = 0;
  #said = 0;
  #settled = 0;
  #pumping: Promise<void> | undefined;
  #closed = false;
  #waiters: { readonly when: () => boolean; readonly resolve: () => void }[] = [];

  constructor(options: OutputQueueOptions) {
    this.#options = options;
  }

  /** Records said so far. */
  get said(): number {
    return this.#said;
  }

  get waiting(): number {
    return this.#waiting;
  }

  /** Position of each target's topic behind everything that was acknowledged, by `log/partition`. */
  ends(): { readonly [logPartition: string]: number } {
    return Object.fromEntries([...this.#targets].map(([key, { end }]) => [key, end]));
  }

  /** Learn what the targets hold behind these positions. Before the first record, and after a send that failed. */
  async readTails(ends: { readonly [logPartition: string]: number }): Promise<void> {
    const { source, topicOf, session, owns } = this.#options;
    const header = emptyTopicHeader();
    const places = Object.entries(ends).map(([key, from]) => {
      const slash = key.lastIndexOf('/');
      const log = key.slice(0, slash);
      const partition = Number(key.slice(slash + 1));
      this.#target(log, partition).end = from;
      return { topic: topicOf(log), partition, from };
    });
    await scanTopics(source, places, (_from, record) => {
      if (record.session !== session) return;
      const fault = decodeTopicHeader(record.header, record.session, record.value, header);
      // Whoever reads this log will say so; a tail only tells what of ours is there.
      if (fault !== undefined || !owns(header.chainKey)) return;
      let tail = this.#tails.get(header.chainKey);
      if (!tail) {
        tail = { last: 0, crcs: new Map() };
        this.#tails.set(header.chainKey, tail);
      }
      const known = tail.crcs.get(header.sequence);
      if (known !== undefined && known !== header.crc)
        throw twoContents(header.chainKey, header.sequence, known, header.crc);
      tail.crcs.set(header.sequence, header.crc);
      tail.last = Math.max(tail.last, header.sequence);
    });
  }

  push(outputs: readonly StageOutput[]): void {
    for (const output of outputs) {
      this.#said++;
      if (this.#isThere(output)) {
        this.#settled++;
        continue;
      }
      this.#target(output.log, output.partition).waiting.push(output);
      this.#waiting++;
    }
    this.#start();
  }

  /** Resolves when there is room for more. */
  room(): Promise<void> {
    return this.#until(() => this.#waiting <= WAITING_MAX);
  }

  /** Everything said up to now is in its log, as far as acknowledgements tell. */
  flushed(): Promise<void> {
    const said = this.#said;
    return this.#until(() => this.#settled >= said);
  }

  /** Nothing more is sent; what waits is dropped: the next owner says it again. */
  async close(): Promise<void> {
    this.#closed = true;
    for (const { resolve } of this.#waiters.splice(0)) resolve();
    await this.#pumping;
    await this.#sender?.close().catch(() => {});
  }

  #until(when: () => boolean): Promise<void> {
    if (when() || this.#closed) return Promise.resolve();
    return new Promise((resolve) => this.#waiters.push({ when, resolve }));
  }

  #isThere({ chainKey, sequence, crc }: StageOutput): boolean {
    const tail = this.#tails.get(chainKey);
    if (!tail || sequence > tail.last) return false;
    const known = tail.crcs.get(sequence);
    if (known !== undefined && known !== crc) throw twoContents(chainKey, sequence, known, crc);
    tail.crcs.delete(sequence);
    this.found++;
    return true;
  }

  #target(log: string, partition: number): Target {
    const key = `${log}/${partition}`;
    let target = this.#targets.get(key);
    if (!target) {
      target = { topic: this.#options.topicOf(log), partition, waiting: [], end: 0 };
      this.#targets.set(key, target);
    }
    return target;
  }

  #start(): void {
    if (this.#pumping || this.#closed || this.#waiting === 0) return;
    this.#pumping = this.#pump()
      .catch((error: unknown) => {
        this.#closed = true;
        this.#options.fail(error);
      })
      .finally(() => {
        this.#pumping = undefined;
        this.#start();
      });
  }

  async #pump(): Promise<void> {
    while (this.#waiting > 0 && !this.#closed) {
      const taken = [...this.#targets.values()]
        .filter(({ waiting }) => waiting.length > 0)
        .map((target) => ({ target, records: target.waiting.slice(0, SEND_RECORDS_MAX) }));
      const outgoing = byTopic(taken);
      try {
        this.#sender ??= await this.#options.sink.openSender(this.#options.name);
        const sent = await this.#sender.send(outgoing);
        for (const { target, records } of taken) {
          const answer = sent.find(({ topic, partition }) => topic === target.topic && partition === target.partition);
          if (answer && answer.firstOffset >= 0) target.end = Math.max(target.end, answer.firstOffset + records.length);
          target.waiting = target.waiting.slice(records.length);
          this.#settle(records.length);
        }
      } catch (error) {
        if (!(error instanceof SendInDoubt)) throw error;
        await this.#afterDoubt();
      }
    }
  }

  async #afterDoubt(): Promise<void> {
    this.failedSends++;
    const sender = this.#sender;
    this.#sender = undefined;
    void sender?.close().catch(() => {});
    await this.readTails(this.ends());
    for (const target of this.#targets.values()) {
      const before = target.waiting.length;
      target.waiting = target.waiting.filter((output) => !this.#isThere(output));
      this.#settle(before - target.waiting.length);
    }
  }

  #settle(count: number): void {
    assert(count >= 0 && count <= this.#waiting, 'more records were sent than waited');
    this.sent += count;
    this.#waiting -= count;
    this.#settled += count;
    const due = this.#waiters.filter(({ when }) => when());
    if (due.length === 0) return;
    this.#waiters = this.#waiters.filter((waiter) => !due.includes(waiter));
    for (const { resolve } of due) resolve();
  }
}

function byTopic(taken: readonly { readonly target: Target; readonly records: readonly StageOutput[] }[]): Outgoing[] {
  return taken.map(({ target: { topic, partition }, records }) => ({ topic, partition, records }));
}

function twoContents(chainKey: number, sequence: number, stored: number, made: number): ExitError {
  return new ExitError(
    76,
    `sequence ${sequence} of ${chainName(chainKey)} is in the log with checksum ${stored}; the replay makes ${made}`,
  );
}
