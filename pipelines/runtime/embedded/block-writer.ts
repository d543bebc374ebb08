/**
 * The bounded queue between a lane and its sink: so many blocks at most are handed over and not yet durable, then the
 * lane waits. Blocks become durable in the order in which they were handed over.
 */
import type { QueuePolicy } from '../graph.ts';
import type { Clock } from '../outside/clock.ts';
import type { Sink, SinkBlock } from '../ports.ts';

const LAGS_KEPT = 4096;

export class BlockWriter {
  /** Next offset that is not durable in the sink, by `log/partition`. */
  readonly positions = new Map<string, number>();
  blocks = 0;
  /** Log time of the newest durable block, microseconds. */
  timeMicros = 0;
  /** From the log time of a block's last record to its being durable in the sink, of the newest blocks, milliseconds. */
  readonly #lagsMs = new Float64Array(LAGS_KEPT);
  #lags = 0;
  /** Times the queue was full. */
  waits = 0;
  readonly #sink: Sink;
  readonly #clock: Pick<Clock, 'nowMicros'>;
  readonly #capacity: Pick<QueuePolicy, 'blocks' | 'records'>;
  readonly #outstanding: Promise<void>[] = [];
  #outstandingRecords = 0;
  #failure: { readonly error: unknown } | undefined;

  constructor(sink: Sink, capacity: Pick<QueuePolicy, 'blocks' | 'records'>, clock: Pick<Clock, 'nowMicros'>) {
    this.#sink = sink;
    this.#clock = clock;
    this.#capacity = capacity;
  }

  /** Lag that this share of the newest blocks stayed below, milliseconds. */
  lagMs(share: number): number {
    const kept = this.#lagsMs.slice(0, Math.min(this.#lags, LAGS_KEPT)).sort();
    return Math.round(kept[Math.min(kept.length - 1, Math.floor(kept.length * share))] ?? 0);
  }

  get queued(): number {
    return this.#outstanding.length;
  }

  /** Hand a block over; waits while the queue is full. Throws what an earlier block failed with. */
  async write(block: SinkBlock): Promise<void> {
    if (this.#isFull()) {
      this.waits++;
      while (this.#isFull()) await this.#oldest();
    }
    this.#throwFailure();
    const records = block.lastOffset - block.firstOffset + 1;
    this.#outstandingRecords += records;
    const timeMicros = block.lastTimeMicros;
    const written = this.#sink.write(block).then(
      () => {
        this.positions.set(`${block.log}/${block.partition}`, block.lastOffset + 1);
        this.blocks++;
        this.timeMicros = Math.max(this.timeMicros, timeMicros);
        block.free?.();
        this.#lagsMs[this.#lags++ % LAGS_KEPT] = (this.#clock.nowMicros() - timeMicros) / 1000;
      },
      (error: unknown) => {
        this.#failure ??= { error };
      },
    );
    const entry = written.then(() => {
      this.#outstandingRecords -= records;
      this.#outstanding.splice(this.#outstanding.indexOf(entry), 1);
    });
    this.#outstanding.push(entry);
  }

  /** Everything handed over is durable. */
  async settle(): Promise<void> {
    while (this.#outstanding.length > 0) await this.#oldest();
    this.#throwFailure();
  }

  #isFull(): boolean {
    if (this.#outstanding.length === 0) return false;
    return this.#outstanding.length >= this.#capacity.blocks || this.#outstandingRecords >= this.#capacity.records;
  }

  async #oldest(): Promise<void> {
    await this.#outstanding[0];
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
