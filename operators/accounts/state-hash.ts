const TWO_32 = 2 ** -32;

/**
 * A 128-bit hash of numbers and texts, and of *sets* of such: `mix…` feeds the item at hand, `endItem` adds its hash to
 * the sum, which no order of the items can change. So state that lies in reused slots is hashed where it lies, without
 * sorting. It finds divergence, not malice: the records themselves are chained by SHA-256.
 *
 * Source: the mixing is that of MurmurHash3 x86 128 (Appleby, public domain), one 32-bit word at a time.
 */
export class StateHash {
  #a = 0;
  #b = 0;
  #c = 0;
  #d = 0;
  #sumA = 0;
  #sumB = 0;
  #sumC = 0;
  #sumD = 0;

  /** A whole number, up to 2^53 - 1 either way. */
  mixNumber(value: number): void {
    this.mixWords(value | 0, Math.floor(value * TWO_32) | 0);
  }

  mixText(value: string): void {
    this.mixWords(value.length, 0);
    for (let i = 0; i < value.length; i++) this.mixWords(value.charCodeAt(i), i);
  }

  mixWords(low: number, high: number): void {
    const x = Math.imul((low << 15) | (low >>> 17), 0x239b961b);
    const y = Math.imul((high << 16) | (high >>> 16), 0xab0e9789 | 0);
    this.#a = (Math.imul((this.#a ^ x) | 0, 5) + this.#b + 0x561ccd1b) | 0;
    this.#b = (Math.imul((this.#b ^ y) | 0, 5) + this.#c + 0x0bcaa747) | 0;
    this.#c = (((this.#c ^ Math.imul(x, 0x38b34ae5)) << 17) | ((this.#c ^ Math.imul(x, 0x38b34ae5)) >>> 15)) + this.#d;
    this.#d = (((this.#d ^ Math.imul(y, 0xa1e38b93)) << 13) | ((this.#d ^ Math.imul(y, 0xa1e38b93)) >>> 19)) + this.#a;
    this.#c |= 0;
    this.#d |= 0;
  }

  /** The numbers and texts since the last `endItem` are one item of the set. */
  endItem(): void {
    this.#sumA = (this.#sumA + avalanche(this.#a ^ this.#d)) | 0;
    this.#sumB = (this.#sumB + avalanche(this.#b + this.#a)) | 0;
    this.#sumC = (this.#sumC + avalanche(this.#c ^ this.#b)) | 0;
    this.#sumD = (this.#sumD + avalanche(this.#d + this.#c)) | 0;
    this.#a = 0;
    this.#b = 0;
    this.#c = 0;
    this.#d = 0;
  }

  /** Adds a sum that was kept elsewhere. */
  addSum(a: number, b: number, c: number, d: number): void {
    this.mixWords(a, b);
    this.mixWords(c, d);
    this.endItem();
  }

  /** 32 hexadecimal digits. */
  digest(): string {
    return hex(this.#sumA) + hex(this.#sumB) + hex(this.#sumC) + hex(this.#sumD);
  }
}

function avalanche(word: number): number {
  let h = word ^ (word >>> 16);
  h = Math.imul(h, 0x85ebca6b | 0);
  h ^= h >>> 13;
  h = Math.imul(h, 0xc2b2ae35 | 0);
  return h ^ (h >>> 16);
}

function hex(word: number): string {
  return (word >>> 0).toString(16).padStart(8, '0');
}
