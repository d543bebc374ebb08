import { assert } from '../../schemas/assert.ts';

/**
 * Layout of a slot: 64 bytes, one cache line, read through two views of one buffer. The doubles hold what may reach
 * 2^53 - 1, the integers the rest. `slot << 3` and `slot << 4` are the places of its first double and first integer.
 */
export const ORDER_ID = 0;
export const ACCOUNT = 1;
/** Lots that can still trade: ordered - executed - prevented. */
export const OPEN_LOTS = 2;
export const EXECUTED_LOTS = 3;
/** The level in which the order stands; 0 while it stands in none. */
export const LEVEL = 8;
export const PREVIOUS = 9;
/** The next order of the queue; of a free slot, the next free one. */
export const NEXT = 10;
export const PRICE_TICKS = 11;
/** Side, self-trade mode and whether post-only or good till a date: see `TERMS_…`. */
export const TERMS = 12;
export const TRADE_GROUP = 13;
/** The next order in the same bucket of the id index. */
const BUCKET_NEXT = 14;
/** Place in the expiry queue + 1; 0 while in none. */
export const EXPIRY_PLACE = 15;

/** What matching seldom touches lies apart: four doubles a slot, from `slot << 2`. */
export const ORDERED_LOTS = 0;
export const PREVENTED_LOTS = 1;
/** Number of the order in the order of entry. */
export const ENTRY = 2;
/** Micros of log time, or 0. */
export const EXPIRES_AT = 3;

export const TERMS_SIDE = 1;
export const TERMS_MODE_SHIFT = 1;
export const TERMS_MODE = 7;
export const TERMS_POST_ONLY = 1 << 4;
export const TERMS_GTD = 1 << 5;

const INITIAL_SLOTS = 1024;
/** 2^32 / golden ratio: spreads consecutive ids evenly over the buckets. */
const SPREAD = 0x9e3779b1;

/**
 * Memory of the open orders: slots that are reused, the last freed first, so that a book of some thousand orders stays
 * in the processor's cache, and an index from order id to slot by chained buckets of integers.
 *
 * Slot 0 is nobody: 0 is "none" in every link, so that fresh memory is empty memory. Which slot an order has is never
 * seen outside of the book.
 *
 * Invariant: an order is in the index exactly while its slot is taken and linked.
 */
export class OrderSlots {
  /** Slots ever used, slot 0 included; all at or above are untouched. */
  used = 1;
  /** Orders in the index. */
  openCount = 0;
  doubles: Float64Array;
  integers: Int32Array;
  seldom: Float64Array;
  #capacity = INITIAL_SLOTS;
  #free = 0;
  #buckets: Int32Array;
  #bucketShift: number;

  constructor() {
    const memory = new ArrayBuffer(INITIAL_SLOTS * 64);
    this.doubles = new Float64Array(memory);
    this.integers = new Int32Array(memory);
    this.seldom = new Float64Array(INITIAL_SLOTS * 4);
    this.#buckets = new Int32Array(INITIAL_SLOTS * 2);
    this.#bucketShift = Math.clz32(INITIAL_SLOTS * 2 - 1);
  }

  /** A slot for a new order; its contents are whatever the last order left. May move the arrays. */
  take(): number {
    const slot = this.#free;
    if (slot !== 0) {
      this.#free = this.integers[(slot << 4) + NEXT]!;
      return slot;
    }
    if (this.used === this.#capacity) this.#grow();
    return this.used++;
  }

  /** Gives back a slot that is not in the index. */
  giveBack(slot: number): void {
    const at = slot << 4;
    this.integers[at + LEVEL] = 0;
    this.integers[at + NEXT] = this.#free;
    this.#free = slot;
  }

  /** Makes the order findable by its id. */
  index(slot: number): void {
    const bucket = this.#bucketOf(this.doubles[(slot << 3) + ORDER_ID]!);
    this.integers[(slot << 4) + BUCKET_NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
    this.openCount++;
  }

  /** Takes the order out of the index and gives its slot back. */
  remove(slot: number): void {
    const bucket = this.#bucketOf(this.doubles[(slot << 3) + ORDER_ID]!);
    const buckets = this.#buckets;
    const integers = this.integers;
    const next = integers[(slot << 4) + BUCKET_NEXT]!;
    let other = buckets[bucket]!;
    if (other === slot) buckets[bucket] = next;
    else {
      let otherNext = integers[(other << 4) + BUCKET_NEXT]!;
      while (otherNext !== slot) {
        assert(otherNext !== 0, 'an open order is in the id index');
        other = otherNext;
        otherNext = integers[(other << 4) + BUCKET_NEXT]!;
      }
      integers[(other << 4) + BUCKET_NEXT] = next;
    }
    this.openCount--;
    this.giveBack(slot);
  }

  /** Slot of an open order, or 0. */
  find(orderId: number): number {
    let slot = this.#buckets[this.#bucketOf(orderId)]!;
    while (slot !== 0 && this.doubles[(slot << 3) + ORDER_ID] !== orderId) {
      slot = this.integers[(slot << 4) + BUCKET_NEXT]!;
    }
    return slot;
  }

  // The two halves of an id that may exceed 32 bits, mixed by multiplication; the upper bits choose the bucket.
  #bucketOf(orderId: number): number {
    const upper = (orderId * 2 ** -32) | 0;
    return Math.imul((orderId | 0) ^ Math.imul(upper, SPREAD), SPREAD) >>> this.#bucketShift;
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    const memory = new ArrayBuffer(capacity * 64);
    const doubles = new Float64Array(memory);
    doubles.set(this.doubles);
    const seldom = new Float64Array(capacity * 4);
    seldom.set(this.seldom);
    this.doubles = doubles;
    this.integers = new Int32Array(memory);
    this.seldom = seldom;
    this.#capacity = capacity;
    this.#reindex();
  }

  #reindex(): void {
    this.#buckets = new Int32Array(this.#capacity * 2);
    this.#bucketShift--;
    for (let slot = 1; slot < this.used; slot++) {
      if (this.integers[(slot << 4) + LEVEL] === 0) continue;
      const bucket = this.#bucketOf(this.doubles[(slot << 3) + ORDER_ID]!);
      this.integers[(slot << 4) + BUCKET_NEXT] = this.#buckets[bucket]!;
      this.#buckets[bucket] = slot;
    }
  }
}
