/**
 * The bounded queue between a lane and its sink: so many blocks at most are handed over and not yet durable, then the
 * lane waits. Blocks become durable in the order in which they were handed over.
 */
import type { Sink, SinkBlock } from '../ports.ts';

export class BlockWriter {
  /** Next offset that is not durable in the sink, by `log/partition`. */
  readonly positions = new Map<string, number>();
  blocks = 0;
  /** Log time of the newest durable block, microseconds. */
  timeMicros = 0;
  /** Times the queue was full. */
  waits = 0;
  readonly #sink: Sink;
  readonly #capacity: number;
  readonly #outstanding: Promise<void>[] = [];
  #failure: { readonly error: unknown } | undefined;

  constructor(sink: Sink, capacity: number) {
    this.#sink = sink;
    this.#capacity = capacity;
  }

  get queued(): number {
    return this.#outstanding.length;
  }

  /** Hand a block over; waits while the queue is full. Throws what an earlier block failed with. */
  async write(block: SinkBlock): Promise<void> {
    if (this.#outstanding.length >= this.#capacity) {
      this.waits++;
      while (this.#outstanding.length >= this.#capacity) await this.#oldest();
    }
    this.#throwFailure();
    const timeMicros = block.lastTimeMicros;
    const written = this.#sink.write(block).then(
      () => {
        this.positions.set(`${block.log}/${block.partition}`, block.lastOffset + 1);
        this.blocks++;
        this.timeMicros = Math.max(this.timeMicros, timeMicros);
      },
      (error: unknown) => {
        this.#failure ??= { error };
      },
    );
    const entry = written.then(() => {
      this.#outstanding.splice(this.#outstanding.indexOf(entry), 1);
    });
    this.#outstanding.push(entry);
  }

  /** Everything handed over is durable. */
  async settle(): Promise<void> {
    while (this.#outstanding.length > 0) await this.#oldest();
    this.#throwFailure();
  }

  async #oldest(): Promise<void> {
    await this.#outstanding[0];
    this.#throwFailure();
  }

  #throwFailure(): void {
    if (this.#failure) throw this.#failure.error;
  }
}
