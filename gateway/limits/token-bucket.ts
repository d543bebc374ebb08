/** A bucket that fills evenly up to a size, in weights. Time is handed in, never read. */
export interface BucketRate {
  /** What it holds when nobody took of it. */
  readonly size: number;
  /** What comes back in a second. */
  readonly perSecond: number;
}

export class TokenBucket {
  rate: BucketRate;
  #level: number;
  #atMicros: number;

  constructor(rate: BucketRate, nowMicros: number) {
    this.rate = rate;
    this.#level = rate.size;
    this.#atMicros = nowMicros;
  }

  /** Weights in it now. A clock that went back gives nothing and takes nothing. */
  level(nowMicros: number): number {
    const passed = nowMicros - this.#atMicros;
    if (passed > 0) {
      this.#level = Math.min(this.rate.size, this.#level + (passed / 1e6) * this.rate.perSecond);
      this.#atMicros = nowMicros;
    }
    return this.#level;
  }

  /** Below zero where more was taken than there was: what others took, or what is never refused. A debt has a floor. */
  take(weight: number, nowMicros: number): void {
    this.#level = Math.max(-this.rate.size, this.level(nowMicros) - weight);
  }

  /** Until `weight` could be taken; infinite where it is more than the bucket holds. */
  waitMs(weight: number, nowMicros: number): number {
    const missing = weight - this.level(nowMicros);
    if (missing <= 0) return 0;
    return weight > this.rate.size ? Number.POSITIVE_INFINITY : Math.ceil((missing / this.rate.perSecond) * 1000);
  }

  fullInMs(nowMicros: number): number {
    return Math.ceil(((this.rate.size - this.level(nowMicros)) / this.rate.perSecond) * 1000);
  }
}
