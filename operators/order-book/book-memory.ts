import { assert } from '../../schemas/assert.ts';
import * as layout from './book-layout.ts';

// Constants of this module: the compiler folds those, and loads imported ones at each use.
const {
  BEST_LEAF,
  BEST_RANK,
  BITS,
  BUCKETS,
  BUCKET_NEXT,
  ENTRY_SIZE,
  FIRST,
  INITIAL_SIZE,
  KEY,
  KEY_RANK_MASK,
  KEY_SIDE_SHIFT,
  LAST,
  LEAF_SIZE,
  LOOSE,
  NEXT,
  NEXT_LEAF,
  NEXT_RANK,
  NODE_BITS,
  NODE_PARENT,
  NODE_SIZE,
  NOT_KNOWN,
  NO_RANK,
  ORDER_ID,
  ORDER_SIZE,
  PARENT,
  REMEMBERED,
  ROOT,
  ROOT_SHIFT,
  STEP,
  SUM_LOTS,
  levelOf,
  lowestBit,
  rememberedAt,
} = layout;

/** Integers for so many orders, as many more, and their levels if they lie close together. */
export function sizeFor(orders: number): number {
  return Math.max(INITIAL_SIZE, 1 << (32 - Math.clz32(orders * ORDER_SIZE * 2)));
}

/**
 * The memory of one book: orders, price levels and the index from order id to order, as records in one buffer, read
 * through a view of integers and a view of doubles. A record is known by the place of its first integer; 0 is nobody,
 * so fresh memory is empty memory. One buffer, because a processor's cache and the compiler like one best: each array
 * that a function touches costs it a dozen instructions before the first byte.
 *
 * Orders are records that are used again, the last freed first, so that a book of some thousand orders stays in the
 * cache. They are found by id through chained buckets.
 *
 * Levels lie 32 to a leaf. Leaves hang in a radix tree of 32-way nodes, and each leaf and node has a bit per child, so
 * the next level is found by counting zeros, any price from 1 to 2^31 - 1 has its place, and memory follows the orders
 * and not the span of their prices. Leaves around the market are found by one look into a small table. An empty leaf
 * stays in the tree, for the next order at its prices.
 *
 * The best level of each side is kept, and, if known, the next after it. A level that becomes the best is loose: it gets
 * its bit only when a better one comes. Most orders that better the price are gone before that, and the level after
 * them is then still known, so they never touch the tree.
 *
 * When it is short, the book moves into a new memory, which leaves out the empty leaves. Where a record lies depends on
 * history and is never seen outside of the book.
 *
 * Invariants: a bit is set exactly if there is an order below it that is not of the loose level; the best rank is the
 * least of its side; an order is in the index exactly while it rests.
 */
export class BookMemory {
  readonly integers: Int32Array;
  readonly doubles: Float64Array;
  /** Orders in the index. */
  openCount = 0;
  /** The first integer that no record has used. */
  #top: number;
  /** The first of the free order records. */
  #free = 0;
  readonly #limit: number;
  readonly #bucketMask: number;

  constructor(size: number = INITIAL_SIZE) {
    const memory = new ArrayBuffer(size * 4);
    this.integers = new Int32Array(memory);
    this.doubles = new Float64Array(memory);
    this.integers.fill(-1, REMEMBERED, ROOT);
    for (const side of [0, 1]) {
      this.integers[BEST_RANK + side] = NO_RANK;
      this.integers[NEXT_RANK + side] = NOT_KNOWN;
    }
    const buckets = size >> 4;
    this.#bucketMask = buckets - 1;
    this.#top = BUCKETS + buckets;
    this.#limit = size - ENTRY_SIZE;
  }

  /** There may not be room for one more order. */
  get isShort(): boolean {
    return this.#top > this.#limit;
  }

  /** Whether less than half is in use. */
  get isRoomy(): boolean {
    return this.#top < this.#limit >> 1;
  }

  get size(): number {
    return this.integers.length;
  }

  // Orders and their index.

  /** A record for a new order, 0 if the memory is short; it holds whatever the last order left. */
  takeOrder(): number {
    const order = this.#free;
    if (order === 0) return this.#freshOrder();
    this.#free = this.integers[order + NEXT]!;
    return order;
  }

  #freshOrder(): number {
    const fresh = this.#top;
    if (fresh > this.#limit) return 0;
    this.#top = fresh + ORDER_SIZE;
    return fresh;
  }

  freeOrder(order: number): void {
    this.integers[order + NEXT] = this.#free;
    this.#free = order;
  }

  /** Makes the order findable by its id. */
  index(order: number, orderId: number): void {
    const bucket = this.bucketOf(orderId);
    this.integers[order + BUCKET_NEXT] = this.integers[bucket]!;
    this.integers[bucket] = order;
    this.openCount++;
  }

  /** Takes the order out of the index and frees its record. */
  forget(order: number): void {
    const { integers } = this;
    const bucket = this.bucketOf(this.doubles[(order >> 1) + ORDER_ID]!);
    const next = integers[order + BUCKET_NEXT]!;
    if (integers[bucket] === order) integers[bucket] = next;
    else {
      let before = integers[bucket]!;
      while (integers[before + BUCKET_NEXT] !== order) before = integers[before + BUCKET_NEXT]!;
      integers[before + BUCKET_NEXT] = next;
    }
    this.openCount--;
    integers[order + NEXT] = this.#free;
    this.#free = order;
  }

  /** An open order, or 0. */
  find(orderId: number): number {
    let order = this.integers[this.bucketOf(orderId)]!;
    while (order !== 0 && this.doubles[(order >> 1) + ORDER_ID] !== orderId)
      order = this.integers[order + BUCKET_NEXT]!;
    return order;
  }

  /** All open orders, in no order to rely on. */
  *openOrders(): Generator<number> {
    for (let bucket = BUCKETS; bucket <= BUCKETS + this.#bucketMask; bucket++) {
      for (let order = this.integers[bucket]!; order !== 0; order = this.integers[order + BUCKET_NEXT]!) yield order;
    }
  }

  /**
   * The bucket of an id: by its lower 32 bits, so that ids that follow one another lie side by side; folded, for ids that
   * come in large steps.
   */
  bucketOf(orderId: number): number {
    const lower = orderId | 0;
    return BUCKETS + ((lower ^ (lower >>> 10) ^ (lower >>> 20)) & this.#bucketMask);
  }

  // Levels.

  /** The leaf of a rank, made if it is missing; 0 if the memory is short. */
  reachLeaf(side: number, rank: number): number {
    const key = (side << KEY_SIDE_SHIFT) | (rank >>> STEP);
    const at = rememberedAt(side, key);
    return this.integers[at] === key ? this.integers[at + 1]! : this.#makeLeaf(side, key);
  }

  /** The level of a rank if an order stands there, else 0. */
  findLevel(side: number, rank: number): number {
    const leaf = this.#findLeaf(side, rank);
    if (leaf === 0) return 0;
    const level = levelOf(leaf, rank);
    return this.integers[level + FIRST] === 0 ? 0 : level;
  }

  /** The next worse rank at which an order stands, or NO_RANK. */
  nextRank(side: number, rank: number): number {
    const { integers } = this;
    const leaf = this.#findLeaf(side, rank);
    const bits = integers[leaf + BITS]! & (-2 << (rank & 31));
    if (bits !== 0) return (rank & ~31) | lowestBit(bits);
    const next = this.#leafAfter(leaf);
    return next === 0 ? NO_RANK : this.#firstRank(next);
  }

  /** The first order has entered a level. */
  openLevel(side: number, rank: number, leaf: number): void {
    const { integers } = this;
    const bestRank = integers[BEST_RANK + side]!;
    if (rank < bestRank) {
      const bestLeaf = integers[BEST_LEAF + side]!;
      if (integers[LOOSE + side] !== 0) this.#mark(bestRank, bestLeaf);
      integers[NEXT_RANK + side] = bestRank;
      integers[NEXT_LEAF + side] = bestLeaf;
      integers[BEST_RANK + side] = rank;
      integers[BEST_LEAF + side] = leaf;
      integers[LOOSE + side] = 1;
      return;
    }
    this.#mark(rank, leaf);
    if (rank < integers[NEXT_RANK + side]!) {
      integers[NEXT_RANK + side] = rank;
      integers[NEXT_LEAF + side] = leaf;
    }
  }

  /** The last order has left a level. */
  closeLevel(side: number, rank: number, leaf: number): void {
    const { integers } = this;
    if (integers[LOOSE + side] === 0 || rank !== integers[BEST_RANK + side]) this.#unmark(rank, leaf);
    const nextRank = integers[NEXT_RANK + side]!;
    if (rank !== integers[BEST_RANK + side]) {
      if (rank === nextRank) integers[NEXT_RANK + side] = NOT_KNOWN;
      return;
    }
    integers[LOOSE + side] = 0;
    if (nextRank === NOT_KNOWN) {
      this.#searchBest(side);
      return;
    }
    integers[BEST_RANK + side] = nextRank;
    integers[BEST_LEAF + side] = integers[NEXT_LEAF + side]!;
    integers[NEXT_RANK + side] = NOT_KNOWN;
  }

  #searchBest(side: number): void {
    const { integers } = this;
    const bits = integers[ROOT + NODE_BITS]! & (3 << (side << 1));
    const leaf = bits === 0 ? 0 : this.#firstLeaf(ROOT, bits, ROOT_SHIFT);
    integers[BEST_LEAF + side] = leaf;
    integers[BEST_RANK + side] = leaf === 0 ? NO_RANK : this.#firstRank(leaf);
  }

  #firstRank(leaf: number): number {
    return ((this.integers[leaf + KEY]! & KEY_RANK_MASK) << STEP) | lowestBit(this.integers[leaf + BITS]!);
  }

  #mark(rank: number, leaf: number): void {
    const { integers } = this;
    const before = integers[leaf + BITS]!;
    integers[leaf + BITS] = before | (1 << (rank & 31));
    if (before !== 0) return;
    const key = integers[leaf + KEY]!;
    let node = integers[leaf + PARENT]!;
    for (let shift = 0; node !== 0; shift += STEP) {
      const bits = integers[node + NODE_BITS]!;
      integers[node + NODE_BITS] = bits | (1 << ((key >>> shift) & 31));
      if (bits !== 0) return;
      node = integers[node + NODE_PARENT]!;
    }
  }

  #unmark(rank: number, leaf: number): void {
    const { integers } = this;
    const after = integers[leaf + BITS]! & ~(1 << (rank & 31));
    integers[leaf + BITS] = after;
    if (after !== 0) return;
    const key = integers[leaf + KEY]!;
    let node = integers[leaf + PARENT]!;
    for (let shift = 0; node !== 0; shift += STEP) {
      const bits = integers[node + NODE_BITS]! & ~(1 << ((key >>> shift) & 31));
      integers[node + NODE_BITS] = bits;
      if (bits !== 0) return;
      node = integers[node + NODE_PARENT]!;
    }
  }

  /** The next leaf of the same side that holds an order, or 0. */
  #leafAfter(leaf: number): number {
    const { integers } = this;
    const key = integers[leaf + KEY]!;
    let node = integers[leaf + PARENT]!;
    for (let shift = 0; node !== 0; shift += STEP) {
      const later = integers[node + NODE_BITS]! & (-2 << ((key >>> shift) & 31));
      if (later !== 0) {
        const found = this.#firstLeaf(node, later, shift);
        return integers[found + KEY]! >>> KEY_SIDE_SHIFT === key >>> KEY_SIDE_SHIFT ? found : 0;
      }
      node = integers[node + NODE_PARENT]!;
    }
    return 0;
  }

  #firstLeaf(from: number, among: number, fromShift: number): number {
    const { integers } = this;
    let node = from;
    let bits = among;
    for (let shift = fromShift; shift > 0; shift -= STEP) {
      node = integers[node + lowestBit(bits)]!;
      bits = integers[node + NODE_BITS]!;
    }
    return integers[node + lowestBit(bits)]!;
  }

  #findLeaf(side: number, rank: number): number {
    const key = (side << KEY_SIDE_SHIFT) | (rank >>> STEP);
    const at = rememberedAt(side, key);
    if (this.integers[at] === key) return this.integers[at + 1]!;
    let node = ROOT;
    for (let shift = ROOT_SHIFT; shift >= 0 && node !== 0; shift -= STEP) {
      node = this.integers[node + ((key >>> shift) & 31)]!;
    }
    return node;
  }

  #makeLeaf(side: number, key: number): number {
    if (this.#top > this.#limit) return 0;
    const { integers } = this;
    let node = ROOT;
    for (let shift = ROOT_SHIFT; shift > 0; shift -= STEP) {
      const at = node + ((key >>> shift) & 31);
      if (integers[at] === 0) {
        integers[at] = this.#top;
        integers[this.#top + NODE_PARENT] = node;
        this.#top += NODE_SIZE;
      }
      node = integers[at]!;
    }
    const at = node + (key & 31);
    if (integers[at] === 0) {
      integers[at] = this.#top;
      integers[this.#top + KEY] = key;
      integers[this.#top + PARENT] = node;
      this.#top += LEAF_SIZE;
    }
    integers[rememberedAt(side, key)] = key;
    integers[rememberedAt(side, key) + 1] = integers[at]!;
    return integers[at]!;
  }

  /** Throws unless bits, keys, links and best agree with the queues. */
  checkInvariants(): void {
    this.#checkNode(ROOT, 0, ROOT_SHIFT, 0);
    for (const side of [0, 1]) this.#checkBest(side);
    let open = 0;
    for (const order of this.openOrders()) {
      open++;
      assert(this.find(this.doubles[(order >> 1) + ORDER_ID]!) === order, 'an order is found by its id, and once only');
    }
    assert(open === this.openCount, 'the index counts its orders');
  }

  #checkBest(side: number): void {
    const { integers } = this;
    const bits = integers[ROOT + NODE_BITS]! & (3 << (side << 1));
    const leaf = bits === 0 ? 0 : this.#firstLeaf(ROOT, bits, ROOT_SHIFT);
    const first = leaf === 0 ? NO_RANK : this.#firstRank(leaf);
    const best = integers[BEST_RANK + side]!;
    if (integers[LOOSE + side] === 0) {
      assert(best === first, 'the best level is the first that has a bit');
      assert(integers[BEST_LEAF + side] === leaf, 'the best level lies in its leaf');
    } else assert(best < first, 'a loose best level is before all that have a bit');
    const next = integers[NEXT_RANK + side]!;
    if (next !== NOT_KNOWN && best !== NO_RANK) assert(next === this.nextRank(side, best), 'the next level is known');
  }

  #checkNode(node: number, parent: number, shift: number, prefix: number): void {
    const { integers } = this;
    assert(integers[node + NODE_PARENT] === parent, 'a node knows its parent');
    for (let branch = 0; branch < 32; branch++) {
      const child = integers[node + branch]!;
      const key = (prefix << STEP) | branch;
      if (child !== 0 && shift > 0) this.#checkNode(child, node, shift - STEP, key);
      if (child !== 0 && shift === 0) this.#checkLeaf(child, node, key);
      const inUse = child !== 0 && integers[child + (shift > 0 ? NODE_BITS : BITS)] !== 0;
      assert(((integers[node + NODE_BITS]! >>> branch) & 1) === (inUse ? 1 : 0), 'a bit tells of orders below a child');
    }
  }

  #checkLeaf(leaf: number, parent: number, key: number): void {
    const { integers } = this;
    assert(integers[leaf + PARENT] === parent, 'a leaf knows its parent');
    assert(integers[leaf + KEY] === key, 'a leaf has the key of its place');
    for (let i = 0; i < 32; i++) {
      const level = levelOf(leaf, i);
      const side = key >>> KEY_SIDE_SHIFT;
      const loose =
        integers[LOOSE + side] === 1 && integers[BEST_RANK + side] === (((key & KEY_RANK_MASK) << STEP) | i);
      const inUse = loose || ((integers[leaf + BITS]! >>> i) & 1) === 1;
      assert(inUse === (integers[level + FIRST] !== 0), 'a level in use has a first order');
      assert(inUse === (integers[level + LAST] !== 0), 'a level in use has a last order');
      assert(inUse || this.doubles[(level >> 1) + SUM_LOTS] === 0, 'an unused level sums to zero');
    }
  }
}
