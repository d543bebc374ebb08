import { assert } from '../../schemas/assert.ts';

const INITIAL_ACCOUNTS = 256;
const INITIAL_SYMBOLS = 8;

/**
 * How many orders an account has in the book of a symbol, counted from admission to end: orders that may rest, good till
 * cancelled or till a date. An order that never rests is no open order. Follows from the open orders; in no snapshot.
 */
export class OpenCounts {
  #symbols = INITIAL_SYMBOLS;
  #accounts = INITIAL_ACCOUNTS;
  #counts = new Int32Array(INITIAL_ACCOUNTS * INITIAL_SYMBOLS);

  clear(): void {
    this.#counts.fill(0);
  }

  makeRoom(slot: number, symbol: number): void {
    if (slot < this.#accounts && symbol < this.#symbols) return;
    const accounts = slot < this.#accounts ? this.#accounts : Math.max(this.#accounts * 2, slot + 1);
    const symbols = symbol < this.#symbols ? this.#symbols : Math.max(this.#symbols * 2, symbol + 1);
    const counts = new Int32Array(accounts * symbols);
    for (let row = 0; row < this.#accounts; row++) {
      counts.set(this.#counts.subarray(row * this.#symbols, (row + 1) * this.#symbols), row * symbols);
    }
    this.#counts = counts;
    this.#accounts = accounts;
    this.#symbols = symbols;
  }

  of(slot: number, symbol: number): number {
    return slot < this.#accounts && symbol < this.#symbols ? this.#counts[slot * this.#symbols + symbol]! : 0;
  }

  add(slot: number, symbol: number, change: number): void {
    const at = slot * this.#symbols + symbol;
    const count = this.#counts[at]! + change;
    assert(count >= 0, 'an account has no fewer than 0 open orders');
    this.#counts[at] = count;
  }
}
