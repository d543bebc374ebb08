import { assert } from '../../schemas/assert.ts';
import type { Place } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { IdIndex } from './id-index.ts';
import { ContentHash, KeyHash } from './key-hash.ts';
import type { OpenOrders } from './open-orders.ts';
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

/** Its span has passed while the order was open: it goes when the order ends. */
const OVERDUE = 1;

/** The integers of an entry that are state: key, content, account, and the two doubles. */
const SAVED = [0, 1, 2, 3, 4, 5, 6, 8, 9, 10, 11];
const ROW_WIDTH = SAVED.length;

const CHUNK_BITS = 14;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;
/** Ids that expire within one span of this length form a list. */
const SPAN_MICROS = 65_536;
const KEY_SPACE = 1;
/** Orders that come together lie together in the index. */
const ORDER_TAG_SHIFT = 3;

const DEFAULT_REMEMBERED = 1_000_000;
const DEFAULT_EXPIRY_MICROS = 60_000_000;

/**
 * The client order ids that are remembered, so that a command that comes twice is answered as before and happens once.
 * An id is remembered while its order is open and until its command's `valid_until` has passed; never less. When
 * `remembered` ids are, the table is full and says so: it never forgets early.
 *
 * An entry is found by (account, client order id), kept as a 128-bit hash beside the account, and by order id. Entries
 * lie in chunks that are reused and never move. Those of one span of `valid_until` form a list; a list is swept when
 * log time has left its span, so time costs nothing per command.
 *
 * State: the entries, in the order of (span of `valid_until`, order id). Log time so far, of `advance`.
 */
export class OrderIds {
  /** Ids remembered now, an expired one of the current span included until someone asks. */
  count = 0;
  #remembered = DEFAULT_REMEMBERED;
  #integers: Int32Array[] = [];
  #doubles: Float64Array[] = [];
  /** Entries ever used, entry 0 included. */
  #used = 1;
  #free = 0;
  readonly #byKey = new IdIndex();
  readonly #byOrder = new IdIndex(ORDER_TAG_SHIFT);
  readonly #orders: OpenOrders;
  readonly #key = new KeyHash();
  readonly #content = new ContentHash();
  #nowMicros = 0;
  /** Lists of earlier spans are swept. */
  #span = 0;
  /** First and last entry of each span's list; the last pair is the list of overdue entries. */
  #lists: Int32Array;
  #spansMask: number;
  #sumA = 0;
  #sumB = 0;
  #sumC = 0;
  #sumD = 0;

  /** `orders`: where an order is while it is open. */
  constructor(orders: OpenOrders) {
    this.#orders = orders;
    this.#spansMask = spansMaskFor(DEFAULT_EXPIRY_MICROS);
    this.#lists = new Int32Array((this.#spansMask + 2) * 2);
    this.#addChunk();
  }

  /** `remembered` ids at most; commands valid for at most `expiryMicros`. A smaller memory forgets nothing. */
  configure(remembered: number, expiryMicros: number): void {
    this.#remembered = remembered;
    const mask = spansMaskFor(expiryMicros);
    if (mask <= this.#spansMask) return;
    const entries = this.#inOrder();
    this.#spansMask = mask;
    this.#lists = new Int32Array((mask + 2) * 2);
    for (const entry of entries) this.#append(entry);
  }

  /** Log time is now; it never runs back. */
  advance(nowMicros: number): void {
    this.#nowMicros = nowMicros;
    if (nowMicros >= (this.#span + 1) * SPAN_MICROS) this.#sweep(Math.floor(nowMicros / SPAN_MICROS));
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
      entry = this.#byKey.next();
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
    this.#insert(account, key.a, key.b, key.c, key.d, content.low, content.high, orderId, validUntilMicros);
  }

  /** The order has ended after its `valid_until`: its id is remembered no longer. */
  close(orderId: number): void {
    const entry = this.#findOrder(orderId);
    if (entry !== 0) this.#alive(entry);
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
    to.integer(this.#spansMask);
    to.integer(this.count);
    const rows = new Int32Array(this.count * ROW_WIDTH);
    let row = 0;
    for (let entry = this.#firstFrom(-1); entry !== 0; entry = this.#following(entry)) {
      const integers = this.#integers[entry >> CHUNK_BITS]!;
      const at = (entry & CHUNK_MASK) << 4;
      for (let i = 0; i < ROW_WIDTH; i++) rows[row + i] = integers[at + SAVED[i]!]!;
      row += ROW_WIDTH;
    }
    to.block(new Uint8Array(rows.buffer));
  }

  read(from: StateReader): void {
    assert(this.#used === 1, 'a snapshot is restored into a fresh operator');
    this.#nowMicros = from.number();
    this.#span = Math.floor(this.#nowMicros / SPAN_MICROS);
    this.#remembered = from.number();
    this.#spansMask = from.integer();
    this.#lists = new Int32Array((this.#spansMask + 2) * 2);
    this.#byKey.setSpan(this.#span, 0);
    this.#byOrder.setSpan(this.#span, 0);
    const count = from.integer();
    const rows = new Int32Array(from.block(count * ROW_WIDTH * 4).buffer);
    const entry = new Int32Array(16);
    const doubles = new Float64Array(entry.buffer);
    for (let row = 0; row < rows.length; row += ROW_WIDTH) {
      for (let i = 0; i < ROW_WIDTH; i++) entry[SAVED[i]!] = rows[row + i]!;
      const [a, b, c, d, low, high, account] = entry;
      this.#insert(account!, a!, b!, c!, d!, low!, high!, doubles[ORDER_ID]!, doubles[VALID_UNTIL]!);
    }
  }

  hashInto(hash: StateHash): void {
    this.#sweepExpired();
    hash.mixNumber(this.#nowMicros);
    hash.mixNumber(this.#remembered);
    hash.mixWords(this.#spansMask, this.count);
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
      const span = Math.floor(doubles[(at >> 1) + VALID_UNTIL]! / SPAN_MICROS);
      assert(span >= earlier, 'remembered ids lie in the order of their expiry');
      earlier = span;
      assert(this.#findOrder(doubles[(at >> 1) + ORDER_ID]!) === entry, 'a remembered id is found by its order');
      const overdue = (integers[at + FLAGS]! & OVERDUE) !== 0;
      assert(overdue === span < this.#span, 'an id is overdue when its span has passed');
      assert(!overdue || this.#isOpen(entry), 'an id whose span has passed belongs to an open order');
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
    integers[at + FLAGS] = 0;
    doubles[(at >> 1) + ORDER_ID] = orderId;
    doubles[(at >> 1) + VALID_UNTIL] = validUntilMicros;
    const span = Math.floor(validUntilMicros / SPAN_MICROS);
    if (span < this.#span) {
      this.#byKey.addForEver(entry, a);
      this.#byOrder.addForEver(entry, orderId | 0);
    } else {
      this.#byKey.add(entry, a, span);
      this.#byOrder.add(entry, orderId | 0, span);
    }
    this.#append(entry);
    this.#sum(integers, doubles, at, 1);
    this.count++;
  }

  #remove(entry: number): void {
    this.#byKey.remove(entry, this.#integers[entry >> CHUNK_BITS]![((entry & CHUNK_MASK) << 4) + KEY]!);
    this.#byOrder.remove(entry, this.orderIdAt(entry) | 0);
    this.#unlink(entry);
    this.#giveBack(entry);
  }

  /** Takes an entry that is in no list and no index off the books. */
  #giveBack(entry: number): void {
    const integers = this.#integers[entry >> CHUNK_BITS]!;
    const at = (entry & CHUNK_MASK) << 4;
    this.#sum(integers, this.#doubles[entry >> CHUNK_BITS]!, at, -1);
    integers[at + NEXT] = this.#free;
    this.#free = entry;
    this.count--;
  }

  #findOrder(orderId: number): number {
    let entry = this.#byOrder.first(orderId | 0);
    while (entry !== 0 && this.orderIdAt(entry) !== orderId) entry = this.#byOrder.next();
    return entry;
  }

  /** Whether the entry still counts; one that has expired is removed. */
  #alive(entry: number): boolean {
    const at = (entry & CHUNK_MASK) << 3;
    if (this.#doubles[entry >> CHUNK_BITS]![at + VALID_UNTIL]! >= this.#nowMicros || this.#isOpen(entry)) return true;
    this.#remove(entry);
    return false;
  }

  #isOpen(entry: number): boolean {
    return this.#orders.find(this.orderIdAt(entry)) !== 0;
  }

  /** Takes apart the lists of the spans that have passed: ids of ended orders go, those of open ones become overdue. */
  #sweep(span: number): void {
    const spans = Math.min(span - this.#span, this.#spansMask + 1);
    const first = this.#span;
    const before = this.count;
    this.#span = span;
    for (let i = 0; i < spans; i++) {
      const list = ((first + i) & this.#spansMask) * 2;
      let entry = this.#lists[list]!;
      this.#lists[list] = 0;
      this.#lists[list + 1] = 0;
      while (entry !== 0) {
        const integers = this.#integers[entry >> CHUNK_BITS]!;
        const next = integers[((entry & CHUNK_MASK) << 4) + NEXT]!;
        if (!this.#isOpen(entry)) this.#giveBack(entry);
        else {
          this.#byKey.keep(entry, integers[((entry & CHUNK_MASK) << 4) + KEY]!);
          this.#byOrder.keep(entry, this.orderIdAt(entry) | 0);
          this.#append(entry);
        }
        entry = next;
      }
    }
    this.#byKey.setSpan(span, before - this.count);
    this.#byOrder.setSpan(span, before - this.count);
  }

  /** Removes what has expired within the current span. */
  #sweepExpired(): void {
    let entry = this.#lists[(this.#span & this.#spansMask) * 2]!;
    while (entry !== 0) {
      const next = this.#integers[entry >> CHUNK_BITS]![((entry & CHUNK_MASK) << 4) + NEXT]!;
      this.#alive(entry);
      entry = next;
    }
  }

  /** Entries by (span, order id). */
  #inOrder(): number[] {
    const entries: number[] = [];
    for (let entry = this.#firstFrom(-1); entry !== 0; entry = this.#following(entry)) entries.push(entry);
    return entries;
  }

  /** The first entry of the span that lies `ahead` of the present one, or of a later one; -1 is the overdue list. */
  #firstFrom(ahead: number): number {
    for (let i = ahead; i <= this.#spansMask; i++) {
      const list = i < 0 ? this.#spansMask + 1 : (this.#span + i) & this.#spansMask;
      const entry = this.#lists[list * 2]!;
      if (entry !== 0) return entry;
    }
    return 0;
  }

  /** The entry after this one, by (span, order id), or 0. */
  #following(entry: number): number {
    const integers = this.#integers[entry >> CHUNK_BITS]!;
    const at = (entry & CHUNK_MASK) << 4;
    const next = integers[at + NEXT]!;
    if (next !== 0) return next;
    const overdue = (integers[at + FLAGS]! & OVERDUE) !== 0;
    return this.#firstFrom(overdue ? 0 : this.#spanOf(entry) - this.#span + 1);
  }

  #spanOf(entry: number): number {
    const doubles = this.#doubles[entry >> CHUNK_BITS]!;
    return Math.floor(doubles[((entry & CHUNK_MASK) << 3) + VALID_UNTIL]! / SPAN_MICROS);
  }

  /** To the end of the list of its span, or of the overdue ones. */
  #append(entry: number): void {
    const integers = this.#integers[entry >> CHUNK_BITS]!;
    const at = (entry & CHUNK_MASK) << 4;
    const span = this.#spanOf(entry);
    const overdue = span < this.#span;
    if (overdue) integers[at + FLAGS]! |= OVERDUE;
    const list = (overdue ? this.#spansMask + 1 : span & this.#spansMask) * 2;
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
    const span = this.#spanOf(entry);
    const list = ((integers[at + FLAGS]! & OVERDUE) !== 0 ? this.#spansMask + 1 : span & this.#spansMask) * 2;
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

/** As many lists, a power of two, as spans may lie between log time and the latest `valid_until`. */
function spansMaskFor(expiryMicros: number): number {
  return 2 ** Math.ceil(Math.log2(expiryMicros / SPAN_MICROS + 2)) - 1;
}
