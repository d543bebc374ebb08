/**
 * Where the processes of a cluster say how they are: a topic of its own, kept for minutes, that nobody's correctness hangs
 * on. Whoever asks reads its last seconds.
 */
import type { LogSender, LogSink, LogSource, TopicPlan } from './broker.ts';
import { scanTopics } from './scan-topics.ts';

const SAY_EVERY_MS = 1_000;
/** Older words are those of a process that is gone, or that does not answer. */
export const SILENT_AFTER_MS = 5_000;
/** Words that are looked at, at most. */
const LOOK_BACK = 2_000;
const NO_HEADER = new Uint8Array(0);

export function boardTopic(prefix: string): string {
  return `${prefix}.status`;
}

export function planBoard(prefix: string, replication: number): TopicPlan {
  return {
    topic: boardTopic(prefix),
    partitions: 1,
    replication,
    settings: { 'cleanup.policy': 'delete', 'retention.ms': '600000', 'min.insync.replicas': '1' },
  };
}

export interface Word {
  /** Names the process; unlike any other. */
  readonly process: string;
  readonly atMs: number;
}

export class StatusBoard {
  readonly #sink: LogSink;
  readonly #topic: string;
  readonly #word: () => Word;
  #sender: LogSender | undefined;
  #timer: NodeJS.Timeout | undefined;
  #saying: Promise<void> | undefined;

  constructor(sink: LogSink, prefix: string, word: () => Word) {
    this.#sink = sink;
    this.#topic = boardTopic(prefix);
    this.#word = word;
  }

  start(): void {
    this.#timer = setInterval(() => {
      this.#saying ??= this.#say().finally(() => {
        this.#saying = undefined;
      });
    }, SAY_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#saying;
    await this.#sender?.close().catch(() => {});
  }

  async #say(): Promise<void> {
    try {
      this.#sender ??= await this.#sink.openSender('status');
      const word = this.#word();
      const record = { value: Buffer.from(JSON.stringify(word)), header: NO_HEADER, session: '' };
      await this.#sender.send([{ topic: this.#topic, partition: 0, records: [record] }]);
    } catch {
      // Nobody's correctness hangs on it: another sender, at the next word.
      this.#sender = undefined;
    }
  }
}

/** The newest word of each process, of those that spoke lately. */
export async function readBoard<W extends Word>(source: LogSource, prefix: string, nowMs: number): Promise<W[]> {
  const topic = boardTopic(prefix);
  const [end] = await source.ends(topic);
  const newest = new Map<string, W>();
  await scanTopics(source, [{ topic, partition: 0, from: Math.max(0, end!.high - LOOK_BACK) }], (_from, { value }) => {
    const word = JSON.parse(Buffer.from(value).toString('utf8')) as W;
    if (word.atMs > nowMs - SILENT_AFTER_MS) newest.set(word.process, word);
  });
  return [...newest.values()];
}
