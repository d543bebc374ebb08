import { assert } from '../../schemas/assert.ts';
import { ENTRY, EXPIRES_AT, EXPIRY_PLACE, type OrderSlots } from './order-slots.ts';

/**
 * The good-till-date orders by expiry, then by entry: a binary heap of slots. Each slot knows its place, so an order
 * that is filled or cancelled leaves at once and nothing stale is kept.
 *
 * Invariant: no order expires before its parent in the heap; an order is in here exactly if its EXPIRY_PLACE says so.
 */
export class ExpiryQueue {
  readonly #slots: OrderSlots;
  readonly #heap: number[] = [];

  constructor(slots: OrderSlots) {
    this.#slots = slots;
  }

  get size(): number {
    return this.#heap.length;
  }

  /** The slot that expires first, if at or before `nowMicros`; else 0. */
  due(nowMicros: number): number {
    const first = this.#heap[0];
    return first !== undefined && this.#expiresAt(first) <= nowMicros ? first : 0;
  }

  add(slot: number): void {
    this.#heap.push(slot);
    this.#rise(this.#heap.length - 1, slot);
  }

  remove(slot: number): void {
    const place = this.#slots.integers[(slot << 4) + EXPIRY_PLACE]! - 1;
    assert(this.#heap[place] === slot, 'an order knows its place in the expiry queue');
    this.#slots.integers[(slot << 4) + EXPIRY_PLACE] = 0;
    const last = this.#heap.pop()!;
    if (last === slot) return;
    this.#put(place, last);
    this.#rise(place, last);
    this.#sink(this.#slots.integers[(last << 4) + EXPIRY_PLACE]! - 1, last);
  }

  #rise(from: number, slot: number): void {
    let place = from;
    while (place > 0) {
      const parent = (place - 1) >> 1;
      const above = this.#heap[parent]!;
      if (!this.#before(slot, above)) break;
      this.#put(place, above);
      place = parent;
    }
    this.#put(place, slot);
  }

  #sink(from: number, slot: number): void {
    let place = from;
    for (;;) {
      let child = place * 2 + 1;
      if (child >= this.#heap.length) break;
      if (child + 1 < this.#heap.length && this.#before(this.#heap[child + 1]!, this.#heap[child]!)) child++;
      const below = this.#heap[child]!;
      if (!this.#before(below, slot)) break;
      this.#put(place, below);
      place = child;
    }
    this.#put(place, slot);
  }

  #put(place: number, slot: number): void {
    this.#heap[place] = slot;
    this.#slots.integers[(slot << 4) + EXPIRY_PLACE] = place + 1;
  }

  #before(one: number, other: number): boolean {
    const difference = this.#expiresAt(one) - this.#expiresAt(other);
    return difference !== 0 ? difference < 0 : this.#entry(one) < this.#entry(other);
  }

  #expiresAt(slot: number): number {
    return this.#slots.seldom[(slot << 2) + EXPIRES_AT]!;
  }

  #entry(slot: number): number {
    return this.#slots.seldom[(slot << 2) + ENTRY]!;
  }

  checkInvariants(): void {
    for (let place = 0; place < this.#heap.length; place++) {
      const slot = this.#heap[place]!;
      assert(
        this.#slots.integers[(slot << 4) + EXPIRY_PLACE] === place + 1,
        'an order knows its place in the expiry queue',
      );
      if (place > 0) assert(!this.#before(slot, this.#heap[(place - 1) >> 1]!), 'no order expires before its parent');
    }
  }
}
