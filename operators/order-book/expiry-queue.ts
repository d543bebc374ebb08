import { assert } from '../../schemas/assert.ts';
import { ENTRY, EXPIRES_AT, EXPIRY_PLACE } from './book-layout.ts';
import type { BookMemory } from './book-memory.ts';

/**
 * The good-till-date orders by expiry, then by entry: a binary heap of order records. Each order knows its place, so
 * one that is filled or cancelled leaves at once and nothing stale is kept.
 *
 * Invariant: no order expires before its parent in the heap; an order is in here exactly if its EXPIRY_PLACE says so.
 */
export class ExpiryQueue {
  readonly #memory: BookMemory;
  readonly #heap: number[] = [];

  constructor(memory: BookMemory) {
    this.#memory = memory;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** The order that expires first, if at or before `nowMicros`; else 0. */
  due(nowMicros: number): number {
    const first = this.#heap[0];
    return first !== undefined && this.#expiresAt(first) <= nowMicros ? first : 0;
  }

  add(order: number): void {
    this.#heap.push(order);
    this.#rise(this.#heap.length - 1, order);
  }

  remove(order: number): void {
    const place = this.#placeOf(order);
    assert(this.#heap[place] === order, 'an order knows its place in the expiry queue');
    this.#memory.integers[order + EXPIRY_PLACE] = 0;
    const last = this.#heap.pop()!;
    if (last === order) return;
    this.#rise(place, last);
    this.#sink(this.#placeOf(last), last);
  }

  #rise(from: number, order: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#heap[parent]!;
      if (!this.#before(order, above)) break;
      this.#put(place, above);
      place = parent;
    }
    this.#put(place, order);
  }

  #sink(from: number, order: number): void {
    let place = from;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && this.#before(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      const below = this.#heap[child]!;
      if (!this.#before(below, order)) break;
      this.#put(place, below);
      place = child;
    }
    this.#put(place, order);
  }

  #put(place: number, order: number): void {
    this.#heap[place] = order;
    this.#memory.integers[order + EXPIRY_PLACE] = place + 1;
  }

  #placeOf(order: number): number {
    return this.#memory.integers[order + EXPIRY_PLACE]! - 1;
  }

  #before(one: number, other: number): boolean {
    const difference = this.#expiresAt(one) - this.#expiresAt(other);
    return difference !== 0 ? difference < 0 : this.#entry(one) < this.#entry(other);
  }

  #expiresAt(order: number): number {
    return this.#memory.doubles[(order >> 1) + EXPIRES_AT]!;
  }

  #entry(order: number): number {
    return this.#memory.doubles[(order >> 1) + ENTRY]!;
  }

  checkInvariants(): void {
    for (const [place, order] of this.#heap.entries()) {
      assert(this.#placeOf(order) === place, 'an order knows its place in the expiry queue');
      const parent = this.#heap[(place - 1) >> 1];
      if (place > 0) assert(!this.#before(order, parent!), 'no order expires before its parent');
    }
  }
}
