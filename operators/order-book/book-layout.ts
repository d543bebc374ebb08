// How the records of a book lie in its memory. `BookMemory` says what they are for.

// An order: 96 bytes. Of the doubles, the place is half the record's: `doubles[(order >> 1) + OPEN_LOTS]`.
export const ORDER_ID = 0;
export const ACCOUNT = 1;
/** Lots that can still trade. What has traded is ordered - prevented - open. */
export const OPEN_LOTS = 2;
export const ORDERED_LOTS = 3;
export const LEAF = 8;
export const PREVIOUS = 9;
/** The next order of the queue; of a free record, the next free one. */
export const NEXT = 10;
/** The next order in the same bucket of the id index. */
export const BUCKET_NEXT = 11;
export const PRICE_TICKS = 12;
/** Side, self-trade mode, post-only, good-till-date: see `TERMS_…`. */
export const TERMS = 13;
export const TRADE_GROUP = 14;
/** Place in the expiry queue + 1; 0 while in none. */
export const EXPIRY_PLACE = 15;
export const PREVENTED_LOTS = 8;
/** Number of the order in the order of entry. */
export const ENTRY = 9;
/** Micros of log time; of orders without TERMS_GTD, nothing. */
export const EXPIRES_AT = 10;
export const ORDER_SIZE = 24;

export const TERMS_SIDE = 1;
export const TERMS_MODE_SHIFT = 1;
export const TERMS_MODE = 7;
export const TERMS_POST_ONLY = 1 << 4;
export const TERMS_GTD = 1 << 5;
/** Something of the order was prevented: PREVENTED_LOTS holds how much. */
export const TERMS_PREVENTED = 1 << 6;

// A level: 16 bytes inside of a leaf, at `levelOf(leaf, rank)`.
export const FIRST = 0;
export const LAST = 1;
/** Of the doubles: the sum of the level's open lots. */
export const SUM_LOTS = 1;

// A leaf: 32 levels of neighbouring ranks, with a bit for each level that holds an order.
export const BITS = 0;
/** Side above the 26 upper bits of the ranks. */
export const KEY = 1;
export const PARENT = 2;
export const LEAF_SIZE = 4 + 32 * 4;

// A node of the tree: 32 children, with a bit for each child below which there is an order.
export const NODE_BITS = 32;
export const NODE_PARENT = 33;
export const NODE_SIZE = 36;

/** A rank's bits per step of the tree. */
export const STEP = 5;
/** The root's step tells the side and the uppermost bit of a rank. */
export const ROOT_SHIFT = 25;
export const KEY_SIDE_SHIFT = 26;
export const KEY_RANK_MASK = (1 << KEY_SIDE_SHIFT) - 1;

// Before the records: record 0, which is nobody; then, by side, the best level, the next after it, and whether the best
// is loose; leaves by the low bits of their key; the root; the buckets of the id index.
export const BEST_LEAF = 4;
export const BEST_RANK = 6;
export const NEXT_LEAF = 8;
/** NOT_KNOWN: to be searched for. */
export const NEXT_RANK = 10;
/** 1: the best level has no bit yet. */
export const LOOSE = 12;
/** Up to ROOT, 256 leaves a side. */
export const REMEMBERED = 16;
export const ROOT = REMEMBERED + 2 * 256 * 2;
export const BUCKETS = ROOT + NODE_SIZE;

export const INITIAL_SIZE = 1 << 18;
/** What the entry of one order can need at most. */
export const ENTRY_SIZE = ORDER_SIZE + LEAF_SIZE + NODE_SIZE * (ROOT_SHIFT / STEP);

/** The rank of an empty side: behind every price. */
export const NO_RANK = 0x7fffffff;
/** Before every rank. */
export const NOT_KNOWN = -1;

// The functions below are called for each message, so their numbers are written out: what is exported is loaded anew at
// each use. Prices are below 2^31.

/**
 * Distance of a price from the best price there could be, on its side: 0 is best. Both sides are then searched for
 * their least rank, by the same code and without a branch on the side.
 */
export function rankOf(side: number, priceTicks: number): number {
  return (priceTicks ^ ((side - 1) & 0x7fffffff)) - side;
}

/** The rank, on the other side, of the price that has this rank on one side. */
export function rankAcross(rank: number): number {
  return 0x7ffffffe - rank;
}

export function priceOf(side: number, rank: number): number {
  return (rank + side) ^ ((side - 1) & 0x7fffffff);
}

/** After the head of a leaf, four integers a level. */
export function levelOf(leaf: number, rank: number): number {
  return leaf + 4 + ((rank & 31) << 2);
}

/** Number of the lowest bit that is set. */
export function lowestBit(bits: number): number {
  return 31 - Math.clz32(bits & -bits);
}

/** Where a leaf is remembered: by its side and the low bits of its key; two integers, its key and its place. */
export function rememberedAt(side: number, key: number): number {
  return 16 + ((side << 9) | ((key & 255) << 1));
}
