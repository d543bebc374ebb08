/** How many messages a connection may send: a bucket that fills with time. */
export class MessageBudget {
  readonly #perSecond: number;
  readonly #burst: number;
  #left: number;
  #atMs: number;

  constructor(perSecond: number, burst: number, nowMs: number) {
    this.#perSecond = perSecond;
    this.#burst = burst;
    this.#left = burst;
    this.#atMs = nowMs;
  }

  /** False: too many came. Goes below zero by what is asked for all the same, so that whoever does not stop is seen. */
  take(nowMs: number): boolean {
    this.#left = Math.min(this.#burst, this.#left + ((nowMs - this.#atMs) * this.#perSecond) / 1000) - 1;
    this.#atMs = nowMs;
    return this.#left >= 0;
  }

  /** As many again were asked for as the burst holds: this is no client that would wait. */
  get flooded(): boolean {
    return this.#left < -this.#burst;
  }

  get retryAfterMs(): number {
    return Math.ceil((Math.max(0, 1 - this.#left) * 1000) / this.#perSecond);
  }
}
