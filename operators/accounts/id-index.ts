import { assert } from '../../schemas/assert.ts';

/** A bucket is 16 integers, one cache line: seven pairs of tag and entry, then the bucket it overflows into. */
const PAIRS_END = 14;
const OVERFLOW = 14;
const INITIAL_BUCKETS = 64;
/** Entries a bucket, on average, above which one more bucket is made. */
const LOAD = 3.5;
const CHUNK_BITS = 10;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

/**
 * Leads from a 32-bit tag to entries by number, in one cache line most of the time. The table grows by one bucket at a
 * time, so that millions of entries never stop the thread for a rehash, and memory is added in chunks, never copied.
 *
 * Entry 0 is none. Tags need not be unique: the caller compares what an entry stands for and asks for the next one.
 *
 * Source: linear hashing (Litwin, "Linear hashing: a new tool for file and table addressing", 1980).
 */
export class IdIndex {
  #count = 0;
  #mask = INITIAL_BUCKETS - 1;
  /** Buckets below this one are split by the next bit already. */
  #split = 0;
  /** Low bits of a tag that do not choose the bucket: neighbours share it. */
  readonly #shift: number;
  readonly #chunks: Int32Array[] = [];
  readonly #overflow: Int32Array[] = [];
  #overflowUsed = 1;
  #overflowFree = 0;
  // The bucket and pair that `first` and `next` stand at.
  #bucket: Int32Array;
  #bucketAt = 0;
  #pair = 0;
  #tag = 0;
  /** What a bucket held when it was split: tags and entries. */
  #moved: number[] = [];

  constructor(shift = 0) {
    this.#shift = shift;
    this.#chunks.push(new Int32Array(16 << CHUNK_BITS));
    this.#overflow.push(new Int32Array(16 << CHUNK_BITS));
    this.#bucket = this.#chunks[0]!;
  }

  add(entry: number, tag: number): void {
    this.#put(this.#bucketOf(tag), entry, tag);
    this.#count++;
    if (this.#count > (this.#mask + this.#split + 1) * LOAD) this.#splitNext();
  }

  remove(entry: number, tag: number): void {
    let found = this.first(tag);
    while (found !== entry) {
      assert(found !== 0, 'an entry is in the index under its tag');
      found = this.next();
    }
    this.#bucket[this.#bucketAt + this.#pair + 1] = 0;
    this.#count--;
  }

  /** The first entry with this tag, or 0. */
  first(tag: number): number {
    const bucket = this.#bucketOf(tag);
    this.#bucket = this.#chunks[bucket >> CHUNK_BITS]!;
    this.#bucketAt = (bucket & CHUNK_MASK) << 4;
    this.#pair = -2;
    this.#tag = tag;
    return this.next();
  }

  /** The next entry with the tag that `first` was asked for, or 0. Nothing may be added or removed in between. */
  next(): number {
    const tag = this.#tag;
    for (;;) {
      const bucket = this.#bucket;
      const at = this.#bucketAt;
      for (let pair = this.#pair + 2; pair < PAIRS_END; pair += 2) {
        if (bucket[at + pair] !== tag || bucket[at + pair + 1] === 0) continue;
        this.#pair = pair;
        return bucket[at + pair + 1]!;
      }
      const more = bucket[at + OVERFLOW]!;
      if (more === 0) return 0;
      this.#bucket = this.#overflow[more >> CHUNK_BITS]!;
      this.#bucketAt = (more & CHUNK_MASK) << 4;
      this.#pair = -2;
    }
  }

  #bucketOf(tag: number): number {
    const hash = tag >>> this.#shift;
    const bucket = hash & this.#mask;
    return bucket < this.#split ? hash & (this.#mask * 2 + 1) : bucket;
  }

  #put(bucketNumber: number, entry: number, tag: number): void {
    let bucket = this.#chunks[bucketNumber >> CHUNK_BITS]!;
    let at = (bucketNumber & CHUNK_MASK) << 4;
    for (;;) {
      for (let pair = at; pair < at + PAIRS_END; pair += 2) {
        if (bucket[pair + 1] !== 0) continue;
        bucket[pair] = tag;
        bucket[pair + 1] = entry;
        return;
      }
      let more = bucket[at + OVERFLOW]!;
      if (more === 0) {
        more = this.#takeOverflow();
        bucket[at + OVERFLOW] = more;
      }
      bucket = this.#overflow[more >> CHUNK_BITS]!;
      at = (more & CHUNK_MASK) << 4;
    }
  }

  /** Parts the entries of one bucket by the next bit of their tag. */
  #splitNext(): void {
    const low = this.#split;
    const high = low + this.#mask + 1;
    if (high >> CHUNK_BITS >= this.#chunks.length) this.#chunks.push(new Int32Array(16 << CHUNK_BITS));
    const moved = this.#moved;
    moved.length = 0;
    this.#empty(this.#chunks[low >> CHUNK_BITS]!, (low & CHUNK_MASK) << 4);
    this.#split = low + 1;
    if (this.#split > this.#mask) {
      this.#mask = this.#mask * 2 + 1;
      this.#split = 0;
    }
    for (let i = 0; i < moved.length; i += 2) this.#put(this.#bucketOf(moved[i]!), moved[i + 1]!, moved[i]!);
  }

  /** Takes all out of a bucket and gives back what it overflowed into. */
  #empty(bucket: Int32Array, at: number): void {
    for (let pair = at; pair < at + PAIRS_END; pair += 2) {
      if (bucket[pair + 1] !== 0) this.#moved.push(bucket[pair]!, bucket[pair + 1]!);
      bucket[pair + 1] = 0;
    }
    const more = bucket[at + OVERFLOW]!;
    if (more === 0) return;
    bucket[at + OVERFLOW] = 0;
    this.#empty(this.#overflow[more >> CHUNK_BITS]!, (more & CHUNK_MASK) << 4);
    this.#overflow[more >> CHUNK_BITS]![((more & CHUNK_MASK) << 4) + OVERFLOW] = this.#overflowFree;
    this.#overflowFree = more;
  }

  #takeOverflow(): number {
    const more = this.#overflowFree;
    if (more !== 0) {
      const at = ((more & CHUNK_MASK) << 4) + OVERFLOW;
      this.#overflowFree = this.#overflow[more >> CHUNK_BITS]![at]!;
      this.#overflow[more >> CHUNK_BITS]![at] = 0;
      return more;
    }
    if (this.#overflowUsed >> CHUNK_BITS >= this.#overflow.length) {
      this.#overflow.push(new Int32Array(16 << CHUNK_BITS));
    }
    return this.#overflowUsed++;
  }
}
