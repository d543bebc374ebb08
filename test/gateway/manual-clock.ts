import type { Clock } from '../../pipelines/runtime/outside/clock.ts';

/** A clock that stands still until it is told to go on: no tick comes in the middle of a comparison. */
export class ManualClock implements Clock {
  #nowMicros: number;
  #timers: { readonly atMicros: number; readonly callback: () => void }[] = [];

  constructor(nowMicros: number) {
    this.#nowMicros = nowMicros;
  }

  nowMicros(): number {
    return this.#nowMicros;
  }

  monotonicMs(): number {
    return performance.now();
  }

  after(delayMs: number, callback: () => void): () => void {
    const timer = { atMicros: this.#nowMicros + delayMs * 1000, callback };
    this.#timers.push(timer);
    return () => {
      this.#timers = this.#timers.filter((other) => other !== timer);
    };
  }

  /** Goes on by `seconds`; calls back what is due, in order of time. */
  advance(seconds: number): void {
    const untilMicros = this.#nowMicros + seconds * 1_000_000;
    for (;;) {
      const due = this.#timers
        .filter(({ atMicros }) => atMicros <= untilMicros)
        .sort((left, right) => left.atMicros - right.atMicros)[0];
      if (!due) break;
      this.#timers = this.#timers.filter((timer) => timer !== due);
      this.#nowMicros = Math.max(this.#nowMicros, due.atMicros);
      due.callback();
    }
    this.#nowMicros = untilMicros;
  }
}
