import { assert } from '../../schemas/assert.ts';
import type { Place } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { IdIndex } from './id-index.ts';
import { ContentHash, KeyHash } from './key-hash.ts';
import type { StateReader, StateWriter } from './state-bytes.ts';
import type { StateHash } from './state-hash.ts';

/** Layout of an entry: 64 bytes, read through two views. Integers: */
const KEY = 0;
const CONTENT = 4;
const ACCOUNT = 6;
const FLAGS = 7;
const PREVIOUS = 12;
const NEXT = 13;
/** Doubles: */
const ORDER_ID = 4;
const VALID_UNTIL = 5;

/** The order has not ended. */
const OPEN = 1;
/** Its second has passed while the order was open: it goes when the order ends. */
const OVERDUE = 2;

const CHUNK_BITS = 14;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;
const SECOND = 1_000_000;
const KEY_SPACE = 1;

const DEFAULT_REMEMBERED = 1_000_000;
const DEFAULT_EXPIRY_MICROS = 60 * SECOND;

/**
 * The client order ids that are remembered, so that a command that comes twice is answered as before and happens once.
 * An id is remembered while its order is open and until its command's `valid_until` has passed; never less. When
 * `remembered` ids are, the table is full and says so: it never forgets early.
 *
 * An entry is found by (account, client order id), kept as a 128-bit hash beside the account, and by order id. Entries
 * lie in chunks that are reused and never move. Those of one second of `valid_until` form a list; a list is swept when
 * log time has left its second, so time costs nothing per command.
 *
 * State: the entries, in the order of (second of `valid_until`, order id). Log time so far, of `advance`.
 */
export class OrderIds {
  /** Ids remembered now, an expired one of the current second included until someone asks. */
  count = 0;
  #remembered = DEFAULT_REMEMBERED;
  #integers: Int32Array[] = [];
  #doubles: Float64Array[] = [];
  /** Entries ever used, entry 0 included. */
  #used = 1;
  #free = 0;
  readonly #byKey = new IdIndex();
  readonly #byOrder = new IdIndex();
  readonly #key = new KeyHash();
  readonly #content = new ContentHash();
  #nowMicros = 0;
  /** Lists of earlier seconds are swept. */
  #second = 0;
  /** First and last entry of each second's list; the last pair is the list of overdue entries. */
  #lists: Int32Array;
  #secondsMask: number;
  #sumA = 0;
  #sumB = 0;
  #sumC = 0;
  #sumD = 0;

  constructor() {
    this.#secondsMask = secondsMaskFor(DEFAULT_EXPIRY_MICROS);
    this.#lists = new Int32Array((this.#secondsMask + 2) * 2);
    this.#addChunk();
  }

  /** `remembered` ids at most; commands valid for at most `expiryMicros`. A smaller memory forgets nothing. */
  configure(remembered: number, expiryMicros: number): void {
    this.#remembered = remembered;
    const mask = secondsMaskFor(expiryMicros);
    if (mask <= this.#secondsMask) return;
    const entries = this.#inOrder();
    this.#secondsMask = mask;
    this.#lists = new Int32Array((mask + 2) * 2);
    for (const entry of entries) this.#append(entry);
  }

  /** Log time is now; it never runs back. */
  advance(nowMicros: number): void {
    this.#nowMicros = nowMicros;
    if (nowMicros >= (this.#second + 1) * SECOND) this.#sweep(Math.floor(nowMicros / SECOND));
  }

  /** Entry of an account's id, or 0 when it is not remembered. `add` and `forget` go by the last key asked for. */
  find(account: number, accountId: number, clientOrderId: string): number {
    const key = this.#key;
    key.of(KEY_SPACE, accountId, clientOrderId);
    let entry = this.#byKey.first(key.a);
    while (entry !== 0) {
      const integers = this.#integers[entry >> CHUNK_BITS]!;
      const at = (entry & CHUNK_MASK) << 4;
      if (
        integers[at + KEY + 1] === key.b &&
        integers[at + KEY + 2] === key.c &&
        integers[at + KEY + 3] === key.d &&
        integers[at + ACCOUNT] === account
      ) {
        return this.#alive(entry) ? entry : 0;
      }
      entry = this.#byKey.after(entry);
    }
    return 0;
  }

  /** Order id of an account's remembered client order id, or 0. */
  orderOf(account: number, accountId: number, clientOrderId: string): number {
    const entry = this.find(account, accountId, clientOrderId);
    return entry === 0 ? 0 : this.orderIdAt(entry);
  }

  orderIdAt(entry: number): number {
    return this.#doubles[entry >> CHUNK_BITS]![((entry & CHUNK_MASK) << 3) + ORDER_ID]!;
  }

  /** Whether the entry's command said the same as this one. How long a command is valid is no content. */
  sameContent(entry: number, place: Place): boolean {
    this.#hashContent(place);
    const integers = this.#integers[entry >> CHUNK_BITS]!;
    const at = (entry & CHUNK_MASK) << 4;
    return integers[at + CONTENT] === this.#content.low && integers[at + CONTENT + 1] === this.#content.high;
  }

  isFull(): boolean {
    if (this.count < this.#remembered) return false;
    this.#sweepExpired();
    return this.count >= this.#remembered;
  }

  /** Remembers the id that `find` was last asked for and did not find. */
  add(account: number, place: Place, orderId: number, validUntilMicros: number): void {
    const key = this.#key;
    this.#hashContent(place);
    const content = this.#content;
    this.#insert(account, key.a, key.b, key.c, key.d, content.low, content.high, orderId, validUntilMicros, OPEN);
  }

  /** The order has ended; its id is remembered until `valid_until` has passed. An id that is unknown is none of ours. */
  close(orderId: number): void {
    const entry = this.#findOrder(orderId);
    if (entry === 0) return;
    this.#integers[entry >> CHUNK_BITS]![((entry & CHUNK_MASK) << 4) + FLAGS]! &= ~OPEN;
    this.#alive(entry);
  }

  /** The order was refused: its id is free again at once. */
  forget(orderId: number): void {
    const entry = this.#findOrder(orderId);
    if (entry !== 0) this.#remove(entry);
  }

  /** Whether this is an order of the account that is remembered, open or not. */
  knows(orderId: number, account: number): boolean {
    const entry = this.#findOrder(orderId);
    if (entry === 0 || !this.#alive(entry)) return false;
    return this.#integers[entry >> CHUNK_BITS]![((entry & CHUNK_MASK) << 4) + ACCOUNT] === account;
  }

  write(to: StateWriter): void {
    this.#sweepExpired();
    to.number(this.#nowMicros);
    to.number(this.#remembered);
    to.integer(this.#secondsMask);
    to.integer(this.count);
    for (const entry of this.#inOrder()) {
      const integers = this.#integers[entry >> CHUNK_BITS]!;
      const doubles = this.#doubles[entry >> CHUNK_BITS]!;
      const at = (entry & CHUNK_MASK) << 4;
      for (let i = KEY; i <= ACCOUNT; i++) to.integer(integers[at + i]!);
      to.integer(integers[at + FLAGS]! & OPEN);
      to.number(doubles[(at >> 1) + ORDER_ID]!);
      to.number(doubles[(at >> 1) + VALID_UNTIL]!);
    }
  }

  read(from: StateReader): void {
    assert(this.#used === 1, 'a snapshot is restored into a fresh operator');
    this.#nowMicros = from.number();
    this.#second = Math.floor(this.#nowMicros / SECOND);
    this.#remembered = from.number();
    this.#secondsMask = from.integer();
    this.#lists = new Int32Array((this.#secondsMask + 2) * 2);
    const w = new Int32Array(8);
    for (let count = from.integer(); count > 0; count--) {
      for (let i = 0; i < 8; i++) w[i] = from.integer();
      this.#insert(w[6]!, w[0]!, w[1]!, w[2]!, w[3]!, w[4]!, w[5]!, from.number(), from.number(), w[7]!);
    }
  }

  hashInto(hash: StateHash): void {
    this.#sweepExpired();
    hash.mixNumber(this.#nowMicros);
    hash.mixNumber(this.#remembered);
    hash.mixWords(this.#secondsMask, this.count);
    hash.endItem();
    hash.addSum(this.#sumA, this.#sumB, this.#sumC, this.#sumD);
  }

  checkInvariants(): void {
    const entries = this.#inOrder();
    assert(entries.length === this.count, 'every remembered id is in one list');
    let earlier = -1;
    for (const entry of entries) {
      const doubles = this.#doubles[entry >> CHUNK_BITS]!;
      const integers = this.#integers[entry >> CHUNK_BITS]!;
      const at = (entry & CHUNK_MASK) << 4;
      const second = Math.floor(doubles[(at >> 1) + VALID_UNTIL]! / SECOND);
      assert(second >= earlier, 'remembered ids lie in the order of their expiry');
      earlier = second;
      assert(this.#findOrder(doubles[(at >> 1) + ORDER_ID]!) === entry, 'a remembered id is found by its order');
      const overdue = (integers[at + FLAGS]! & OVERDUE) !== 0;
      assert(overdue === second < this.#second, 'an id is overdue when its second has passed');
      assert(
        !overdue || (integers[at + FLAGS]! & OPEN) !== 0,
        'an id whose second has passed belongs to an open order',
      );
    }
  }

  #insert(
    account: number,
    a: number,
    b: number,
    c: number,
    d: number,
    contentLow: number,
    contentHigh: number,
    orderId: number,
    validUntilMicros: number,
    flags: number,
  ): void {
    let entry = this.#free;
    if (entry !== 0) this.#free = this.#integers[entry >> CHUNK_BITS]![((entry & CHUNK_MASK) << 4) + NEXT]!;
    else {
      entry = this.#used++;
      if (entry >> CHUNK_BITS >= this.#integers.length) this.#addChunk();
    }
    const integers = this.#integers[entry >> CHUNK_BITS]!;
    const doubles = this.#doubles[entry >> CHUNK_BITS]!;
    const at = (entry & CHUNK_MASK) << 4;
    integers[at + KEY] = a;
    integers[at + KEY + 1] = b;
    integers[at + KEY + 2] = c;
    integers[at + KEY + 3] = d;
    integers[at + CONTENT] = contentLow;
    integers[at + CONTENT + 1] = contentHigh;
    integers[at + ACCOUNT] = account;
    integers[at + FLAGS] = flags;
    doubles[(at >> 1) + ORDER_ID] = orderId;
    doubles[(at >> 1) + VALID_UNTIL] = validUntilMicros;
    this.#byKey.add(entry, a);
    this.#byOrder.add(entry, orderId | 0);
    this.#append(entry);
    this.#sum(integers, doubles, at, 1);
    this.count++;
  }

  #remove(entry: number): void {
    const integers = this.#integers[entry >> CHUNK_BITS]!;
    const at = (entry & CHUNK_MASK) << 4;
    this.#sum(integers, this.#doubles[entry >> CHUNK_BITS]!, at, -1);
    this.#byKey.remove(entry);
    this.#byOrder.remove(entry);
    this.#unlink(entry);
    integers[at + NEXT] = this.#free;
    this.#free = entry;
    this.count--;
  }

  #findOrder(orderId: number): number {
    let entry = this.#byOrder.first(orderId | 0);
    while (entry !== 0 && this.orderIdAt(entry) !== orderId) entry = this.#byOrder.after(entry);
    return entry;
  }

  /** Whether the entry still counts; one that has expired is removed. */
  #alive(entry: number): boolean {
    const at = (entry & CHUNK_MASK) << 4;
    if ((this.#integers[entry >> CHUNK_BITS]![at + FLAGS]! & OPEN) !== 0) return true;
    if (this.#doubles[entry >> CHUNK_BITS]![(at >> 1) + VALID_UNTIL]! >= this.#nowMicros) return true;
    this.#remove(entry);
    return false;
  }

  /** Takes apart the lists of the seconds that have passed. */
  #sweep(second: number): void {
    const seconds = Math.min(second - this.#second, this.#secondsMask + 1);
    const first = this.#second;
    this.#second = second;
    for (let i = 0; i < seconds; i++) {
      const list = ((first + i) & this.#secondsMask) * 2;
      let entry = this.#lists[list]!;
      while (entry !== 0) {
        const at = (entry & CHUNK_MASK) << 4;
        const integers = this.#integers[entry >> CHUNK_BITS]!;
        const next = integers[at + NEXT]!;
        if ((integers[at + FLAGS]! & OPEN) === 0) this.#remove(entry);
        else {
          this.#unlink(entry);
          this.#append(entry);
        }
        entry = next;
      }
    }
  }

  /** Removes what has expired within the current second. */
  #sweepExpired(): void {
    let entry = this.#lists[(this.#second & this.#secondsMask) * 2]!;
    while (entry !== 0) {
      const next = this.#integers[entry >> CHUNK_BITS]![((entry & CHUNK_MASK) << 4) + NEXT]!;
      this.#alive(entry);
      entry = next;
    }
  }

  /** Entries by (second, order id). */
  #inOrder(): number[] {
    const entries: number[] = [];
    const overdue = (this.#secondsMask + 1) * 2;
    for (let i = -1; i <= this.#secondsMask; i++) {
      const list = i < 0 ? overdue : ((this.#second + i) & this.#secondsMask) * 2;
      let entry = this.#lists[list]!;
      while (entry !== 0) {
        entries.push(entry);
        entry = this.#integers[entry >> CHUNK_BITS]![((entry & CHUNK_MASK) << 4) + NEXT]!;
      }
    }
    return entries;
  }

  /** To the end of the list of its second, or of the overdue ones. */
  #append(entry: number): void {
    const integers = this.#integers[entry >> CHUNK_BITS]!;
    const at = (entry & CHUNK_MASK) << 4;
    const second = Math.floor(this.#doubles[entry >> CHUNK_BITS]![(at >> 1) + VALID_UNTIL]! / SECOND);
    const overdue = second < this.#second;
    if (overdue) integers[at + FLAGS]! |= OVERDUE;
    const list = (overdue ? this.#secondsMask + 1 : second & this.#secondsMask) * 2;
    const last = this.#lists[list + 1]!;
    integers[at + PREVIOUS] = last;
    integers[at + NEXT] = 0;
    this.#lists[list + 1] = entry;
    if (last === 0) this.#lists[list] = entry;
    else this.#integers[last >> CHUNK_BITS]![((last & CHUNK_MASK) << 4) + NEXT] = entry;
  }

  #unlink(entry: number): void {
    const integers = this.#integers[entry >> CHUNK_BITS]!;
    const at = (entry & CHUNK_MASK) << 4;
    const second = Math.floor(this.#doubles[entry >> CHUNK_BITS]![(at >> 1) + VALID_UNTIL]! / SECOND);
    const list = ((integers[at + FLAGS]! & OVERDUE) !== 0 ? this.#secondsMask + 1 : second & this.#secondsMask) * 2;
    const previous = integers[at + PREVIOUS]!;
    const next = integers[at + NEXT]!;
    if (previous === 0) this.#lists[list] = next;
    else this.#integers[previous >> CHUNK_BITS]![((previous & CHUNK_MASK) << 4) + NEXT] = next;
    if (next === 0) this.#lists[list + 1] = previous;
    else this.#integers[next >> CHUNK_BITS]![((next & CHUNK_MASK) << 4) + PREVIOUS] = previous;
  }

  /** Adds the entry to the sum over all entries, or takes it off: what the table's hash is made of. */
  #sum(integers: Int32Array, doubles: Float64Array, at: number, sign: number): void {
    const a = integers[at + KEY]! ^ integers[at + CONTENT]!;
    const b = integers[at + KEY + 1]! ^ integers[at + CONTENT + 1]!;
    const c = integers[at + KEY + 2]! ^ Math.imul(doubles[(at >> 1) + ORDER_ID]! | 0, 0x9e3779b1 | 0);
    const d = integers[at + KEY + 3]! ^ Math.imul(doubles[(at >> 1) + VALID_UNTIL]! | 0, 0x9e3779b1 | 0);
    this.#sumA = (this.#sumA + sign * a) | 0;
    this.#sumB = (this.#sumB + sign * b) | 0;
    this.#sumC = (this.#sumC + sign * c) | 0;
    this.#sumD = (this.#sumD + sign * d) | 0;
  }

  #hashContent(place: Place): void {
    const content = this.#content;
    content.begin();
    content.number(place.symbol);
    content.number(
      (place.side === 'buy' ? 1 : 0) |
        (place.orderType === 'limit' ? 2 : 0) |
        (place.postOnly ? 4 : 0) |
        (enumSymbols.TimeInForce.indexOf(place.timeInForce) << 3) |
        ((place.selfTradeMode === null ? 7 : enumSymbols.SelfTradeMode.indexOf(place.selfTradeMode)) << 6),
    );
    content.number(place.priceTicks);
    content.number(place.quantityLots);
    content.number(place.budget);
    content.number(place.expiresAt);
  }

  #addChunk(): void {
    const memory = new ArrayBuffer(64 << CHUNK_BITS);
    this.#integers.push(new Int32Array(memory));
    this.#doubles.push(new Float64Array(memory));
  }
}

/** As many lists, a power of two, as seconds may lie between log time and the latest `valid_until`. */
function secondsMaskFor(expiryMicros: number): number {
  return 2 ** Math.ceil(Math.log2(expiryMicros / SECOND + 2)) - 1;
}
