import { assert } from '../../schemas/assert.ts';

/** A bucket is 16 integers, one cache line: five places of tag, entry and span, then the bucket it overflows into. */
const PLACE = 3;
const PLACES_END = 15;
const OVERFLOW = 15;
const INITIAL_BUCKETS = 64;
/** Entries a bucket, on average, above which one more bucket is made. */
const LOAD = 2.75;
const CHUNK_BITS = 10;
const CHUNK_MASK = (1 << CHUNK_BITS) - 1;

/**
 * Leads from a 32-bit tag to entries by number, in one cache line most of the time. The table grows by one bucket at a
 * time, so that millions of entries never stop the thread for a rehash, and memory is added in chunks, never copied.
 *
 * An entry is there for ever, or until its *span* of time has passed: `setSpan` ends the earlier ones at once, without a
 * look at any of them, and their places are taken over by later ones. (To take each out by itself would cost a miss of
 * the cache each.) Spans are compared by their difference in 32 bits, so they may be any growing number.
 *
 * Entries are numbers from 1. Tags need not be unique: the caller compares what an entry stands for and asks for the
 * next one.
 *
 * Source: linear hashing (Litwin, "Linear hashing: a new tool for file and table addressing", 1980).
 */
export class IdIndex {
  #count = 0;
  #present = 0;
  #mask = INITIAL_BUCKETS - 1;
  /** Buckets below this one are split by the next bit already. */
  #split = 0;
  /** Low bits of a tag that do not choose the bucket: neighbours share it. */
  readonly #shift: number;
  readonly #chunks: Int32Array[] = [];
  readonly #overflow: Int32Array[] = [];
  #overflowUsed = 1;
  #overflowFree = 0;
  // The bucket and place that `first` and `next` stand at.
  #bucket: Int32Array;
  #bucketAt = 0;
  #place = 0;
  #tag = 0;
  /** What a bucket held when it was split: tags, entries, spans. */
  readonly #moved: number[] = [];

  constructor(shift = 0) {
    this.#shift = shift;
    this.#chunks.push(new Int32Array(16 << CHUNK_BITS));
    this.#overflow.push(new Int32Array(16 << CHUNK_BITS));
    this.#bucket = this.#chunks[0]!;
  }

  /** Adds an entry until `span` has passed. */
  add(entry: number, tag: number, span: number): void {
    this.#put(this.#bucketOf(tag), entry, tag, span | 0);
    this.#countOne();
  }

  /** Adds an entry for ever. */
  addForEver(entry: number, tag: number): void {
    this.#put(this.#bucketOf(tag), -entry, tag, 0);
    this.#countOne();
  }

  /** The present span: all entries of earlier ones, `ended` in number, are no longer found. */
  setSpan(span: number, ended: number): void {
    this.#present = span | 0;
    this.#count -= ended;
  }

  /** Keeps an entry for ever that was added for a span; to be called before the span has passed. */
  keep(entry: number, tag: number): void {
    this.#seek(entry, tag);
    this.#bucket[this.#bucketAt + this.#place + 1] = -entry;
  }

  remove(entry: number, tag: number): void {
    this.#seek(entry, tag);
    this.#bucket[this.#bucketAt + this.#place + 1] = 0;
    this.#count--;
  }

  /** The first entry with this tag, or 0. */
  first(tag: number): number {
    const bucket = this.#bucketOf(tag);
    this.#bucket = this.#chunks[bucket >> CHUNK_BITS]!;
    this.#bucketAt = (bucket & CHUNK_MASK) << 4;
    this.#place = -PLACE;
    this.#tag = tag;
    return this.next();
  }

  /** The next entry with the tag that `first` was asked for, or 0. Nothing may be added or removed in between. */
  next(): number {
    const tag = this.#tag;
    for (;;) {
      const bucket = this.#bucket;
      const at = this.#bucketAt;
      for (let place = this.#place + PLACE; place < PLACES_END; place += PLACE) {
        if (bucket[at + place] !== tag || !this.#isLive(bucket, at + place)) continue;
        this.#place = place;
        return Math.abs(bucket[at + place + 1]!);
      }
      const more = bucket[at + OVERFLOW]!;
      if (more === 0) return 0;
      this.#bucket = this.#overflow[more >> CHUNK_BITS]!;
      this.#bucketAt = (more & CHUNK_MASK) << 4;
      this.#place = -PLACE;
    }
  }

  #seek(entry: number, tag: number): void {
    let found = this.first(tag);
    while (found !== entry) {
      assert(found !== 0, 'an entry is in the index under its tag');
      found = this.next();
    }
  }

  #isLive(bucket: Int32Array, place: number): boolean {
    const entry = bucket[place + 1]!;
    return entry < 0 || (entry !== 0 && ((bucket[place + 2]! - this.#present) | 0) >= 0);
  }

  #bucketOf(tag: number): number {
    const hash = tag >>> this.#shift;
    const bucket = hash & this.#mask;
    return bucket < this.#split ? hash & (this.#mask * 2 + 1) : bucket;
  }

  #put(bucketNumber: number, entry: number, tag: number, span: number): void {
    let bucket = this.#chunks[bucketNumber >> CHUNK_BITS]!;
    let at = (bucketNumber & CHUNK_MASK) << 4;
    for (;;) {
      for (let place = at; place < at + PLACES_END; place += PLACE) {
        if (this.#isLive(bucket, place)) continue;
        bucket[place] = tag;
        bucket[place + 1] = entry;
        bucket[place + 2] = span;
        if (bucket[at + OVERFLOW] !== 0) this.#trim(bucket, at);
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

  /** Gives back the bucket that this one overflows into when nothing live is in it. */
  #trim(bucket: Int32Array, at: number): void {
    const more = bucket[at + OVERFLOW]!;
    const next = this.#overflow[more >> CHUNK_BITS]!;
    const nextAt = (more & CHUNK_MASK) << 4;
    for (let place = nextAt; place < nextAt + PLACES_END; place += PLACE) if (this.#isLive(next, place)) return;
    bucket[at + OVERFLOW] = next[nextAt + OVERFLOW]!;
    this.#giveBack(more, next, nextAt);
  }

  #countOne(): void {
    this.#count++;
    if (this.#count > (this.#mask + this.#split + 1) * LOAD) this.#splitNext();
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
    for (let i = 0; i < moved.length; i += PLACE) {
      this.#put(this.#bucketOf(moved[i]!), moved[i + 1]!, moved[i]!, moved[i + 2]!);
    }
  }

  /** Takes all out of a bucket and gives back what it overflowed into. */
  #empty(bucket: Int32Array, at: number): void {
    for (let place = at; place < at + PLACES_END; place += PLACE) {
      if (this.#isLive(bucket, place)) this.#moved.push(bucket[place]!, bucket[place + 1]!, bucket[place + 2]!);
      bucket[place + 1] = 0;
    }
    const more = bucket[at + OVERFLOW]!;
    if (more === 0) return;
    bucket[at + OVERFLOW] = 0;
    const next = this.#overflow[more >> CHUNK_BITS]!;
    this.#empty(next, (more & CHUNK_MASK) << 4);
    this.#giveBack(more, next, (more & CHUNK_MASK) << 4);
  }

  #giveBack(more: number, bucket: Int32Array, at: number): void {
    for (let place = at; place < at + PLACES_END; place += PLACE) bucket[place + 1] = 0;
    bucket[at + OVERFLOW] = this.#overflowFree;
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
