import { IdIndex } from './id-index.ts';
import { ContentHash, KeyHash } from './key-hash.ts';
import type { RejectCode } from './reject-reasons.ts';
import type { StateReader, StateWriter } from './state-bytes.ts';
import type { StateHash } from './state-hash.ts';

/** Integers of an entry. */
const WIDTH = 8;
const KEY = 0;
const CONTENT = 4;
const ACCOUNT = 6;
const OUTCOME = 7;

/** Deposits, withdrawals and adjustments each have ids of their own. */
export const DEPOSIT_SPACE = 2;
export const WITHDRAWAL_SPACE = 3;
export const ADJUSTMENT_SPACE = 4;

/**
 * The ids of all deposits, withdrawals and adjustments ever, with what came of each: money moves once for an id, for
 * ever, and an id that failed stays failed. 48 bytes each; nothing is ever removed.
 *
 * State: the entries in the order of the log.
 */
export class TransferIds {
  #entries = new Int32Array(WIDTH * 256);
  /** Entries in use, entry 0 (none) included. */
  #used = 1;
  readonly #index = new IdIndex();
  readonly #key = new KeyHash();
  readonly #content = new ContentHash();
  readonly #sum = new Int32Array(4);

  /** Entry of an id, or 0. `add` goes by the last id asked for. */
  find(space: number, account: number, accountId: number, id: string): number {
    const key = this.#key;
    key.of(space, accountId, id);
    let entry = this.#index.first(key.a);
    while (entry !== 0) {
      const at = entry * WIDTH;
      const e = this.#entries;
      if (e[at + 1] === key.b && e[at + 2] === key.c && e[at + 3] === key.d && e[at + ACCOUNT] === account) break;
      entry = this.#index.next();
    }
    return entry;
  }

  /** Whether the id came with the same asset, amount and note before. */
  sameContent(entry: number, asset: number, amount: number, note: string): boolean {
    this.#hashContent(asset, amount, note);
    const at = entry * WIDTH + CONTENT;
    return this.#entries[at] === this.#content.low && this.#entries[at + 1] === this.#content.high;
  }

  /** What came of it: `PASSES`, or why it failed. */
  outcomeOf(entry: number): RejectCode {
    return this.#entries[entry * WIDTH + OUTCOME]!;
  }

  /** Remembers the id that `find` was last asked for, as done. */
  add(account: number, asset: number, amount: number, note: string): void {
    const { a, b, c, d } = this.#key;
    this.#hashContent(asset, amount, note);
    this.#append([a, b, c, d, this.#content.low, this.#content.high, account, 0]);
  }

  /** The id added last failed, and stays failed. */
  lastFailed(code: RejectCode): void {
    const at = (this.#used - 1) * WIDTH + OUTCOME;
    this.#sum[3] = this.#sum[3]! + code;
    this.#entries[at] = code;
  }

  write(to: StateWriter): void {
    to.integer(this.#used - 1);
    to.block(new Uint8Array(this.#entries.buffer, WIDTH * 4, (this.#used - 1) * WIDTH * 4));
  }

  read(from: StateReader): void {
    const rows = new Int32Array(from.block(from.integer() * WIDTH * 4).buffer);
    for (let row = 0; row < rows.length; row += WIDTH) this.#append(rows.subarray(row, row + WIDTH));
  }

  hashInto(hash: StateHash): void {
    const sum = this.#sum;
    hash.mixWords(this.#used, 0);
    hash.endItem();
    hash.addSum(sum[0]!, sum[1]!, sum[2]!, sum[3]!);
  }

  #append(entry: ArrayLike<number>): void {
    if ((this.#used + 1) * WIDTH > this.#entries.length) {
      const entries = new Int32Array(this.#entries.length * 2);
      entries.set(this.#entries);
      this.#entries = entries;
    }
    this.#entries.set(entry, this.#used * WIDTH);
    this.#index.addForEver(this.#used, entry[KEY]!);
    this.#used++;
    const sum = this.#sum;
    sum[0] = sum[0]! + (entry[0]! ^ entry[4]!);
    sum[1] = sum[1]! + (entry[1]! ^ entry[5]!);
    sum[2] = sum[2]! + (entry[2]! ^ entry[6]!);
    sum[3] = sum[3]! + entry[3]! + entry[OUTCOME]!;
  }

  #hashContent(asset: number, amount: number, note: string): void {
    this.#content.begin();
    this.#content.number(asset);
    this.#content.number(amount);
    this.#content.text(note);
  }
}
