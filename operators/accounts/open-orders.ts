import { assert } from '../../schemas/assert.ts';
import { AmendsInFlight } from './amends-in-flight.ts';
import * as layout from './order-layout.ts';
import type { StateReader, StateWriter } from './state-bytes.ts';
import type { StateHash } from './state-hash.ts';

// Constants of this module: the compiler folds those, and loads imported ones at each use.
const {
  ORDER_ID,
  PRICE_TICKS,
  TOTAL_LOTS,
  OPEN_LOTS,
  BUDGET_REST,
  EXECUTED_LOTS,
  EXECUTED_QUOTE,
  FEE_WHOLE,
  FEE_REST,
  HELD,
  HELD_ASSET,
  EXPIRES_AT,
  VALID_UNTIL,
  ACCOUNT,
  TERMS,
  FEE_INDEX,
  FIRST_AMEND,
  REQUESTS,
  BUCKET_NEXT,
} = layout;

/** Whole numbers of a slot that are state, in the order of the snapshot. */
const STATE_DOUBLES = [
  ORDER_ID,
  PRICE_TICKS,
  TOTAL_LOTS,
  OPEN_LOTS,
  BUDGET_REST,
  EXECUTED_LOTS,
  EXECUTED_QUOTE,
  FEE_WHOLE,
  FEE_REST,
  HELD,
  EXPIRES_AT,
  VALID_UNTIL,
];
const STATE_INTEGERS = [ACCOUNT, TERMS, HELD_ASSET, FEE_INDEX, REQUESTS];

const INITIAL_SLOTS = 1024;
const SPREAD = 0x9e3779b1 | 0;

/**
 * The orders that risk answers for: from admission until match has told their end. Slots are reused, the last freed
 * first; an index of chained buckets leads from order id to slot. Neighbouring ids fall into neighbouring buckets, since
 * orders that come together tend to end together.
 *
 * Slot 0 is nobody. Which slot an order has is never seen outside of the process: a snapshot goes by order id.
 */
export class OpenOrders {
  /** Slots ever used, slot 0 included. */
  used = 1;
  count = 0;
  doubles: Float64Array;
  integers: Int32Array;
  /** By slot; empty text for a free one, so that nothing is kept alive. */
  readonly clientOrderIds: string[] = [''];
  readonly amends = new AmendsInFlight();
  #capacity = INITIAL_SLOTS;
  #free = 0;
  #buckets: Int32Array;
  #bucketShift: number;

  constructor() {
    const memory = new ArrayBuffer(INITIAL_SLOTS * 128);
    this.doubles = new Float64Array(memory);
    this.integers = new Int32Array(memory);
    this.#buckets = new Int32Array(INITIAL_SLOTS * 2);
    this.#bucketShift = shiftOf(INITIAL_SLOTS * 2);
  }

  /** A slot for a new order, already findable by its id; every other field is the caller's to set. */
  add(orderId: number, clientOrderId: string): number {
    let slot = this.#free;
    if (slot !== 0) this.#free = this.integers[(slot << 5) + BUCKET_NEXT]!;
    else {
      if (this.used === this.#capacity) this.#grow();
      slot = this.used++;
    }
    this.doubles[(slot << 4) + ORDER_ID] = orderId;
    this.clientOrderIds[slot] = clientOrderId;
    this.integers[(slot << 5) + FIRST_AMEND] = 0;
    this.#index(slot);
    this.count++;
    return slot;
  }

  /** Slot of an order, ended ones with requests in flight included, or 0. */
  find(orderId: number): number {
    let slot = this.#buckets[this.#bucketOf(orderId)]!;
    while (slot !== 0 && this.doubles[(slot << 4) + ORDER_ID] !== orderId) {
      slot = this.integers[(slot << 5) + BUCKET_NEXT]!;
    }
    return slot;
  }

  remove(slot: number): void {
    const integers = this.integers;
    const bucket = this.#bucketOf(this.doubles[(slot << 4) + ORDER_ID]!);
    const next = integers[(slot << 5) + BUCKET_NEXT]!;
    let other = this.#buckets[bucket]!;
    if (other === slot) this.#buckets[bucket] = next;
    else {
      while (other !== 0 && integers[(other << 5) + BUCKET_NEXT] !== slot)
        other = integers[(other << 5) + BUCKET_NEXT]!;
      assert(other !== 0, 'an order is in the id index');
      integers[(other << 5) + BUCKET_NEXT] = next;
    }
    if (integers[(slot << 5) + FIRST_AMEND] !== 0) this.amends.removeAll(integers[(slot << 5) + FIRST_AMEND]!);
    this.doubles[(slot << 4) + ORDER_ID] = 0;
    if (this.clientOrderIds[slot] !== '') this.clientOrderIds[slot] = '';
    integers[(slot << 5) + BUCKET_NEXT] = this.#free;
    this.#free = slot;
    this.count--;
  }

  /** Slots in use by ascending order id. */
  sorted(): Int32Array {
    const ids = new Float64Array(this.count);
    let count = 0;
    for (let slot = 1; slot < this.used; slot++) {
      const id = this.doubles[(slot << 4) + ORDER_ID]!;
      if (id !== 0) ids[count++] = id;
    }
    ids.sort();
    return Int32Array.from(ids, (id) => this.find(id));
  }

  write(to: StateWriter): void {
    to.integer(this.count);
    for (const slot of this.sorted()) {
      for (const field of STATE_DOUBLES) to.number(this.doubles[(slot << 4) + field]!);
      for (const field of STATE_INTEGERS) to.integer(this.integers[(slot << 5) + field]!);
      to.text(this.clientOrderIds[slot]!);
      this.amends.write(to, this.integers[(slot << 5) + FIRST_AMEND]!);
    }
  }

  read(from: StateReader): void {
    assert(this.count === 0, 'a snapshot is restored into a fresh operator');
    for (let count = from.integer(); count > 0; count--) {
      const orderId = from.number();
      const slot = this.add(orderId, '');
      for (const field of STATE_DOUBLES.slice(1)) this.doubles[(slot << 4) + field] = from.number();
      for (const field of STATE_INTEGERS) this.integers[(slot << 5) + field] = from.integer();
      this.clientOrderIds[slot] = from.text();
      this.integers[(slot << 5) + FIRST_AMEND] = this.amends.read(from);
    }
  }

  hashInto(hash: StateHash): void {
    for (let slot = 1; slot < this.used; slot++) {
      if (this.doubles[(slot << 4) + ORDER_ID] === 0) continue;
      for (const field of STATE_DOUBLES) hash.mixNumber(this.doubles[(slot << 4) + field]!);
      for (const field of STATE_INTEGERS) hash.mixWords(this.integers[(slot << 5) + field]!, field);
      hash.mixText(this.clientOrderIds[slot]!);
      this.amends.hashInto(hash, this.integers[(slot << 5) + FIRST_AMEND]!);
      hash.endItem();
    }
  }

  #index(slot: number): void {
    const bucket = this.#bucketOf(this.doubles[(slot << 4) + ORDER_ID]!);
    this.integers[(slot << 5) + BUCKET_NEXT] = this.#buckets[bucket]!;
    this.#buckets[bucket] = slot;
  }

  // Blocks of 16 neighbouring ids are spread by multiplication, the ids within a block stay neighbours.
  #bucketOf(orderId: number): number {
    const block = ((orderId * (1 / 16)) | 0) ^ ((orderId * 2 ** -36) | 0);
    return ((Math.imul(block, SPREAD) >>> this.#bucketShift) << 4) | (orderId & 15);
  }

  #grow(): void {
    const capacity = this.#capacity * 2;
    const memory = new ArrayBuffer(capacity * 128);
    const doubles = new Float64Array(memory);
    doubles.set(this.doubles);
    this.doubles = doubles;
    this.integers = new Int32Array(memory);
    this.#capacity = capacity;
    this.#buckets = new Int32Array(capacity * 2);
    this.#bucketShift = shiftOf(capacity * 2);
    for (let slot = 1; slot < this.used; slot++) {
      if (this.doubles[(slot << 4) + ORDER_ID] !== 0) this.#index(slot);
    }
  }
}

function shiftOf(buckets: number): number {
  return Math.clz32(buckets / 16 - 1);
}
