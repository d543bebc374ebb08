/**
 * 128-bit hash of an id that an account chose, left in the four fields as 32-bit words. Ids of different spaces (orders,
 * deposits, …) never meet. Callers compare the account as well, so that no one can aim a collision at someone else.
 *
 * Source: cyrb128 (bryc, public domain), two characters a step.
 */
export class KeyHash {
  a = 0;
  b = 0;
  c = 0;
  d = 0;

  of(space: number, account: number, id: string): void {
    let a = 1779033703 ^ space;
    let b = 3144134277 ^ account;
    let c = 1013904242;
    let d = 2773480762 ^ id.length;
    const even = id.length & ~1;
    for (let i = 0; i < even; i += 2) {
      const pair = id.charCodeAt(i) | (id.charCodeAt(i + 1) << 16);
      a = b ^ Math.imul(a ^ pair, 597399067);
      b = c ^ Math.imul(b ^ pair, 2869860233 | 0);
      c = d ^ Math.imul(c ^ pair, 951274213);
      d = a ^ Math.imul(d ^ pair, 2716044179 | 0);
    }
    if (even < id.length) {
      const last = id.charCodeAt(even);
      a = b ^ Math.imul(a ^ last, 597399067);
      b = c ^ Math.imul(b ^ last, 2869860233 | 0);
      c = d ^ Math.imul(c ^ last, 951274213);
      d = a ^ Math.imul(d ^ last, 2716044179 | 0);
    }
    a = Math.imul(c ^ (a >>> 18), 597399067);
    b = Math.imul(d ^ (b >>> 22), 2869860233 | 0);
    c = Math.imul(a ^ (c >>> 17), 951274213);
    d = Math.imul(b ^ (d >>> 19), 2716044179 | 0);
    a ^= b ^ c ^ d;
    this.a = a;
    this.b = b ^ a;
    this.c = c ^ a;
    this.d = d ^ a;
  }
}

/** 64-bit hash of a command's content, field by field, left in two 32-bit words. */
export class ContentHash {
  low = 0;
  high = 0;

  begin(): void {
    this.low = 0x2545f491;
    this.high = 0x1b873593;
  }

  /** A whole number, up to 2^53 - 1 either way. */
  number(value: number): void {
    const upper = Math.floor(value * 2 ** -32) | 0;
    const low = Math.imul(this.low ^ (value | 0), 0x9e3779b1 | 0) ^ (this.high >>> 15);
    this.high = Math.imul(this.high ^ upper ^ (low >>> 13), 0x85ebca6b | 0);
    this.low = low ^ (this.high >>> 16);
  }

  text(value: string): void {
    this.number(value.length);
    for (let i = 0; i < value.length; i++) this.number(value.charCodeAt(i));
  }
}
