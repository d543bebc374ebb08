/**
 * A small seeded generator: the same seed gives the same numbers on every machine and every version of Node.
 *
 * Algorithm: sfc32 (Chris Doty-Humphrey, PractRand), 32-bit integer arithmetic only. Numbers derived from it use
 * + - * / alone, which IEEE 754 fixes to the bit; no sine, logarithm or power, which it does not.
 */
export class SeededRandom {
  private a: number;
  private b: number;
  private c: number;
  private counter: number;

  /** `seed` and `stream`: any two whole numbers; different streams of one seed are independent. */
  constructor(seed: number, stream = 0) {
    this.a = seed >>> 0;
    this.b = Math.floor(seed / 0x1_0000_0000) >>> 0;
    this.c = stream >>> 0;
    this.counter = (Math.floor(stream / 0x1_0000_0000) + 1) >>> 0;
    for (let round = 0; round < 20; round++) this.bits();
  }

  /** 32 random bits as an unsigned number. */
  bits(): number {
    const sum = (((this.a + this.b) | 0) + this.counter) | 0;
    this.counter = (this.counter + 1) | 0;
    this.a = this.b ^ (this.b >>> 9);
    this.b = (this.c + (this.c << 3)) | 0;
    this.c = ((this.c << 21) | (this.c >>> 11)) + sum;
    this.c |= 0;
    return sum >>> 0;
  }

  /** A fraction in [0, 1). */
  fraction(): number {
    return this.bits() / 0x1_0000_0000;
  }

  /** A whole number in [0, limit). */
  below(limit: number): number {
    return Math.floor(this.fraction() * limit);
  }

  /** True with the given probability. */
  chance(probability: number): boolean {
    return this.fraction() < probability;
  }

  /** Close to a standard normal draw: the sum of twelve fractions less six. */
  normal(): number {
    let sum = -6;
    for (let draw = 0; draw < 12; draw++) sum += this.fraction();
    return sum;
  }

  /** A draw with a long tail, at least 0, median 1, at most `limit`: u / (1 - u). */
  longTail(limit: number): number {
    const u = this.fraction();
    return Math.min(limit, u / (1 - u));
  }
}
