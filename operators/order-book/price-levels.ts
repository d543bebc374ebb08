import { assert } from '../../schemas/assert.ts';
import { PRICE_TICKS_MAX } from './codes.ts';

/** The rank of an empty side: behind every price. */
export const NO_RANK = 0x7fffffff;

/** Levels of one leaf: as many as an integer has bits. */
const LEAF_BITS = 5;
/** A leaf's key is its side above the 26 upper bits of a rank. */
const SIDE_IN_KEY_SHIFT = 26;
const ROOT = 1;
/** The root tells sides apart (and the top rank bit), each step down five more bits; the last step is a leaf. */
const ROOT_SHIFT = 25;

const INITIAL_LEAVES = 64;
const INITIAL_NODES = 64;
/** Leaves remembered by the low bits of their key: those around the market are found without a walk. */
const REMEMBERED = 512;

/**
 * Distance of a price from the best price there could be, on its side: 0 is best. Both sides are then searched for
 * their least rank, by the same code and without a branch on the side.
 */
export function rankOf(side: number, priceTicks: number): number {
  return (priceTicks ^ ((side - 1) & PRICE_TICKS_MAX)) - side;
}

export function priceOf(side: number, rank: number): number {
  return (rank + side) ^ ((side - 1) & PRICE_TICKS_MAX);
}

/**
 * The price levels of both sides. A level is a queue of orders (first, last) and the sum of their lots.
 *
 * Levels lie 32 to a leaf, a leaf per 32 neighbouring ticks in which an order stands, with a bit per level in use.
 * Leaves hang in a radix tree of 32-way nodes with a bit per child, so the best level is found by counting zeros,
 * any price from 1 to 2^31 - 1 has its place, and memory follows the orders and not the span of their prices. The
 * best level of each side is kept; leaves around the market are found by one look into a small table.
 *
 * Level, leaf and node 0 are none, so that fresh memory is empty memory. Where a level lies depends on history and is
 * never seen outside of the book.
 *
 * Invariants: a bit is set exactly if the level below it holds an order; a leaf or node in the tree has a bit set;
 * best is the least rank of its side.
 */
export class PriceLevels {
  /** Four integers a level from `level << 2`: first order, last order; the other two are its sum of lots. */
  queues: Int32Array;
  /** Sum of the level's open lots at `(level << 1) + 1`. */
  sums: Float64Array;
  /** By side: the best level, or 0; and its rank, or NO_RANK. */
  readonly best = new Int32Array(2);
  readonly bestRank = Int32Array.of(NO_RANK, NO_RANK);

  #leafKeys: Int32Array = new Int32Array(INITIAL_LEAVES);
  #leafBits: Int32Array = new Int32Array(INITIAL_LEAVES);
  #leafParents: Int32Array = new Int32Array(INITIAL_LEAVES);
  #leavesUsed = 1;
  #freeLeaves: number[] = [];

  #children: Int32Array = new Int32Array(INITIAL_NODES * 32);
  #nodeBits: Int32Array = new Int32Array(INITIAL_NODES);
  #nodeParents: Int32Array = new Int32Array(INITIAL_NODES);
  #nodesUsed = ROOT + 1;
  #freeNodes: number[] = [];

  readonly #remembered = new Int32Array(REMEMBERED);

  constructor() {
    const memory = new ArrayBuffer(INITIAL_LEAVES * 32 * 16);
    this.queues = new Int32Array(memory);
    this.sums = new Float64Array(memory);
    this.#leafKeys.fill(-1);
  }

  /** The level of a rank, 0 if no order stands there. */
  find(side: number, rank: number): number {
    const leaf = this.#findLeaf((side << SIDE_IN_KEY_SHIFT) | (rank >>> LEAF_BITS));
    return leaf !== 0 && (this.#leafBits[leaf]! >>> (rank & 31)) & 1 ? (leaf << LEAF_BITS) | (rank & 31) : 0;
  }

  /** The place of a rank's level, in use or not. To be followed by `open` if not. May move the arrays. */
  reach(side: number, rank: number): number {
    const key = (side << SIDE_IN_KEY_SHIFT) | (rank >>> LEAF_BITS);
    let leaf = this.#remembered[rememberedAt(key)]!;
    if (this.#leafKeys[leaf] !== key) leaf = this.#reachLeaf(key);
    return (leaf << LEAF_BITS) | (rank & 31);
  }

  /** Marks a level as in use, when its first order has entered. */
  open(side: number, rank: number, level: number): void {
    this.#leafBits[level >>> LEAF_BITS]! |= 1 << (level & 31);
    if (rank < this.bestRank[side]!) {
      this.bestRank[side] = rank;
      this.best[side] = level;
    }
  }

  /** Marks a level as no longer in use, when its last order has left. */
  close(side: number, level: number): void {
    const leaf = level >>> LEAF_BITS;
    const bits = this.#leafBits[leaf]! & ~(1 << (level & 31));
    this.#leafBits[leaf] = bits;
    if (this.best[side] !== level) {
      if (bits === 0) this.#dropLeaf(leaf);
      return;
    }
    if (bits !== 0) {
      const next = 31 - Math.clz32(bits & -bits);
      this.best[side] = (leaf << LEAF_BITS) | next;
      this.bestRank[side] = this.bestRank[side]! - (level & 31) + next;
      return;
    }
    this.#dropLeaf(leaf);
    const best = this.#first(side);
    this.best[side] = best;
    this.bestRank[side] = best === 0 ? NO_RANK : this.rank(best);
  }

  rank(level: number): number {
    return ((this.#leafKeys[level >>> LEAF_BITS]! & ((1 << SIDE_IN_KEY_SHIFT) - 1)) << LEAF_BITS) | (level & 31);
  }

  priceTicks(side: number, level: number): number {
    return priceOf(side, this.rank(level));
  }

  /** The next worse level of the same side, or 0. */
  next(level: number): number {
    const leaf = level >>> LEAF_BITS;
    const bits = this.#leafBits[leaf]! & (-2 << (level & 31));
    if (bits !== 0) return (leaf << LEAF_BITS) | (31 - Math.clz32(bits & -bits));
    const key = this.#leafKeys[leaf]!;
    let node = this.#leafParents[leaf]!;
    for (let shift = 0; node !== 0; shift += LEAF_BITS) {
      const later = this.#nodeBits[node]! & (-2 << ((key >>> shift) & 31));
      if (later !== 0) {
        const found = this.#firstBelow(node, later, shift);
        return this.#sideOf(found) === key >>> SIDE_IN_KEY_SHIFT ? found : 0;
      }
      node = this.#nodeParents[node]!;
    }
    return 0;
  }

  #sideOf(level: number): number {
    return this.#leafKeys[level >>> LEAF_BITS]! >>> SIDE_IN_KEY_SHIFT;
  }

  /** The first level of a side by the tree alone, or 0. */
  #first(side: number): number {
    const ofSide = this.#nodeBits[ROOT]! & (3 << (side << 1));
    return ofSide === 0 ? 0 : this.#firstBelow(ROOT, ofSide, ROOT_SHIFT);
  }

  #firstBelow(from: number, among: number, fromShift: number): number {
    let node = from;
    let bits = among;
    for (let shift = fromShift; shift > 0; shift -= LEAF_BITS) {
      node = this.#children[(node << LEAF_BITS) | (31 - Math.clz32(bits & -bits))]!;
      bits = this.#nodeBits[node]!;
    }
    const leaf = this.#children[(node << LEAF_BITS) | (31 - Math.clz32(bits & -bits))]!;
    const inLeaf = this.#leafBits[leaf]!;
    return (leaf << LEAF_BITS) | (31 - Math.clz32(inLeaf & -inLeaf));
  }

  #findLeaf(key: number): number {
    const remembered = this.#remembered[rememberedAt(key)]!;
    if (this.#leafKeys[remembered] === key) return remembered;
    let node = ROOT;
    for (let shift = ROOT_SHIFT; shift >= 0; shift -= LEAF_BITS) {
      node = this.#children[(node << LEAF_BITS) | ((key >>> shift) & 31)]!;
      if (node === 0) return 0;
    }
    return node;
  }

  #reachLeaf(key: number): number {
    let node = ROOT;
    for (let shift = ROOT_SHIFT; shift > 0; shift -= LEAF_BITS) {
      const branch = (key >>> shift) & 31;
      let child = this.#children[(node << LEAF_BITS) | branch]!;
      if (child === 0) {
        child = this.#takeNode(node);
        this.#children[(node << LEAF_BITS) | branch] = child;
        this.#nodeBits[node]! |= 1 << branch;
      }
      node = child;
    }
    const branch = key & 31;
    let leaf = this.#children[(node << LEAF_BITS) | branch]!;
    if (leaf === 0) {
      leaf = this.#takeLeaf(node, key);
      this.#children[(node << LEAF_BITS) | branch] = leaf;
      this.#nodeBits[node]! |= 1 << branch;
    }
    this.#remembered[rememberedAt(key)] = leaf;
    return leaf;
  }

  #dropLeaf(leaf: number): void {
    const key = this.#leafKeys[leaf]!;
    let node = this.#leafParents[leaf]!;
    this.#leafKeys[leaf] = -1;
    this.#freeLeaves.push(leaf);
    for (let shift = 0; ; shift += LEAF_BITS) {
      const branch = (key >>> shift) & 31;
      this.#children[(node << LEAF_BITS) | branch] = 0;
      this.#nodeBits[node]! &= ~(1 << branch);
      if (this.#nodeBits[node] !== 0 || node === ROOT) return;
      this.#freeNodes.push(node);
      node = this.#nodeParents[node]!;
    }
  }

  #takeLeaf(parent: number, key: number): number {
    const leaf = this.#freeLeaves.pop() ?? this.#freshLeaf();
    this.#leafKeys[leaf] = key;
    this.#leafParents[leaf] = parent;
    return leaf;
  }

  #freshLeaf(): number {
    if (this.#leavesUsed === this.#leafKeys.length) this.#growLeaves();
    return this.#leavesUsed++;
  }

  #takeNode(parent: number): number {
    const node = this.#freeNodes.pop() ?? this.#freshNode();
    this.#nodeParents[node] = parent;
    return node;
  }

  #freshNode(): number {
    if (this.#nodesUsed === this.#nodeBits.length) {
      this.#children = doubled(this.#children);
      this.#nodeBits = doubled(this.#nodeBits);
      this.#nodeParents = doubled(this.#nodeParents);
    }
    return this.#nodesUsed++;
  }

  #growLeaves(): void {
    const leaves = this.#leafKeys.length;
    const memory = new ArrayBuffer(leaves * 2 * 32 * 16);
    const queues = new Int32Array(memory);
    queues.set(this.queues);
    this.queues = queues;
    this.sums = new Float64Array(memory);
    this.#leafKeys = doubled(this.#leafKeys).fill(-1, leaves);
    this.#leafBits = doubled(this.#leafBits);
    this.#leafParents = doubled(this.#leafParents);
  }

  /** Throws unless bits, keys, links and best agree with the queues. */
  checkInvariants(): void {
    const seen = { leaves: 0, nodes: 0 };
    this.#checkNode(ROOT, 0, ROOT_SHIFT, 0, seen);
    assert(seen.leaves === this.#leavesUsed - 1 - this.#freeLeaves.length, 'every leaf is in the tree or free');
    assert(seen.nodes === this.#nodesUsed - 1 - this.#freeNodes.length, 'every node is in the tree or free');
    for (const side of [0, 1]) {
      const first = this.#first(side);
      assert(this.best[side] === first, 'the best level is the first of the tree');
      assert(this.bestRank[side] === (first === 0 ? NO_RANK : this.rank(first)), 'the best rank is of the best level');
    }
  }

  #checkNode(
    node: number,
    parent: number,
    shift: number,
    prefix: number,
    seen: { leaves: number; nodes: number },
  ): void {
    seen.nodes++;
    assert(this.#nodeParents[node] === parent, 'a node knows its parent');
    assert(node === ROOT || this.#nodeBits[node] !== 0, 'a node of the tree has a child');
    for (let branch = 0; branch < 32; branch++) {
      const child = this.#children[(node << LEAF_BITS) | branch]!;
      assert((child !== 0) === (((this.#nodeBits[node]! >>> branch) & 1) === 1), 'a bit tells of each child');
      if (child === 0) continue;
      const key = (prefix << LEAF_BITS) | branch;
      if (shift > 0) this.#checkNode(child, node, shift - LEAF_BITS, key, seen);
      else this.#checkLeaf(child, node, key, seen);
    }
  }

  #checkLeaf(leaf: number, parent: number, key: number, seen: { leaves: number; nodes: number }): void {
    seen.leaves++;
    assert(this.#leafParents[leaf] === parent, 'a leaf knows its parent');
    assert(this.#leafKeys[leaf] === key, 'a leaf has the key of its place');
    assert(this.#leafBits[leaf] !== 0, 'a leaf of the tree has a level in use');
    for (let i = 0; i < 32; i++) {
      const level = (leaf << LEAF_BITS) | i;
      const inUse = ((this.#leafBits[leaf]! >>> i) & 1) === 1;
      assert(inUse === (this.queues[level << 2] !== 0), 'a level in use has a first order');
      assert(inUse === (this.queues[(level << 2) + 1] !== 0), 'a level in use has a last order');
      assert(inUse || this.sums[(level << 1) + 1] === 0, 'an unused level sums to zero');
    }
  }
}

// The side sits above the bits that choose the place: folded in, so that the sides do not share one.
function rememberedAt(key: number): number {
  return (key ^ (key >>> 18)) & (REMEMBERED - 1);
}

function doubled(array: Int32Array): Int32Array {
  const grown = new Int32Array(array.length * 2);
  grown.set(array);
  return grown;
}
