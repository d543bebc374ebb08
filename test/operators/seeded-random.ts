/** Numbers that a seed decides: xorshift128 (Marsaglia 2003). The same seed gives the same run on every machine. */
export class SeededRandom {
  #a: number;
  #b = 0x9e3779b9 | 0;
  #c = 0x243f6a88;
  #d = 0xb7e15162 | 0;

  constructor(seed: number) {
    this.#a = (seed | 0) ^ 0x5bd1e995;
    for (let i = 0; i < 16; i++) this.next();
  }

  /** A whole number from 0 to 2^32 - 1. */
  next(): number {
    let t = this.#d;
    const s = this.#a;
    this.#d = this.#c;
    this.#c = this.#b;
    this.#b = s;
    t ^= t << 11;
    t ^= t >>> 8;
    this.#a = t ^ s ^ (s >>> 19);
    return this.#a >>> 0;
  }

  /** A whole number from `low` to `high`. */
  between(low: number, high: number): number {
    return low + (this.next() % (high - low + 1));
  }

  chance(percent: number): boolean {
    return this.next() % 100 < percent;
  }

  pick<T>(choices: readonly T[]): T {
    return choices[this.next() % choices.length]!;
  }
}
