import type { StateReader, StateWriter } from '../accounts/state-bytes.ts';

const TWO_53 = 2 ** 53;

/** A sum of non-negative safe integers that may leave 2^53: the low 53 bits and how often they were left. */
export class WideSum {
  #low = 0;
  #carries = 0;

  add(amount: number): void {
    // Both terms are below 2^53, their sum may not be: what is left after one carry is taken first.
    const room = TWO_53 - amount;
    if (this.#low < room) this.#low += amount;
    else {
      this.#low -= room;
      this.#carries += 1;
    }
  }

  addSum(other: WideSum): void {
    this.add(other.#low);
    this.#carries += other.#carries;
  }

  /** `other` must be a part of this sum. */
  subtractSum(other: WideSum): void {
    this.#carries -= other.#carries;
    if (this.#low >= other.#low) this.#low -= other.#low;
    else {
      this.#low += TWO_53 - other.#low;
      this.#carries -= 1;
    }
  }

  set(other: WideSum): void {
    this.#low = other.#low;
    this.#carries = other.#carries;
  }

  clear(): void {
    this.#low = 0;
    this.#carries = 0;
  }

  value(): bigint {
    return BigInt(this.#carries) * 2n ** 53n + BigInt(this.#low);
  }

  write(to: StateWriter): void {
    to.number(this.#low);
    to.number(this.#carries);
  }

  read(from: StateReader): void {
    this.#low = from.number();
    this.#carries = from.number();
  }
}
