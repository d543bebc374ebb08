const INITIAL_BUCKETS = 64;
const INITIAL_ENTRIES = 64;

/**
 * Leads from a 32-bit hash to entries by number: chained buckets that grow one at a time (linear hashing, Litwin 1980),
 * so that millions of entries never stop the thread for a rehash. Entry 0 is none. The caller compares what the hash
 * stands for.
 */
export class IdIndex {
  #heads = new Int32Array(INITIAL_BUCKETS);
  /** By entry: its hash, then the next entry of the bucket. */
  #links = new Int32Array(INITIAL_ENTRIES * 2);
  #mask = INITIAL_BUCKETS - 1;
  /** Buckets below this one are split by the next bit already. */
  #split = 0;
  #count = 0;

  add(entry: number, hash: number): void {
    if (entry * 2 >= this.#links.length) this.#growLinks(entry);
    const bucket = this.#bucketOf(hash);
    this.#links[entry * 2] = hash;
    this.#links[entry * 2 + 1] = this.#heads[bucket]!;
    this.#heads[bucket] = entry;
    this.#count++;
    if (this.#count > this.#mask + this.#split) this.#splitNext();
  }

  remove(entry: number): void {
    const links = this.#links;
    const bucket = this.#bucketOf(links[entry * 2]!);
    const next = links[entry * 2 + 1]!;
    let other = this.#heads[bucket]!;
    if (other === entry) this.#heads[bucket] = next;
    else {
      while (links[other * 2 + 1] !== entry) other = links[other * 2 + 1]!;
      links[other * 2 + 1] = next;
    }
    this.#count--;
  }

  /** The first entry with this hash, or 0. */
  first(hash: number): number {
    return this.#from(this.#heads[this.#bucketOf(hash)]!, hash);
  }

  /** The next entry with the hash of this one, or 0. */
  after(entry: number): number {
    return this.#from(this.#links[entry * 2 + 1]!, this.#links[entry * 2]!);
  }

  #from(start: number, hash: number): number {
    const links = this.#links;
    let entry = start;
    while (entry !== 0 && links[entry * 2] !== hash) entry = links[entry * 2 + 1]!;
    return entry;
  }

  #bucketOf(hash: number): number {
    const bucket = hash & this.#mask;
    return bucket < this.#split ? hash & (this.#mask * 2 + 1) : bucket;
  }

  /** Parts the entries of one bucket by the next bit of their hash. */
  #splitNext(): void {
    const low = this.#split;
    const high = low + this.#mask + 1;
    if (high >= this.#heads.length) {
      const heads = new Int32Array(this.#heads.length * 2);
      heads.set(this.#heads);
      this.#heads = heads;
    }
    const links = this.#links;
    let entry = this.#heads[low]!;
    this.#heads[low] = 0;
    while (entry !== 0) {
      const next = links[entry * 2 + 1]!;
      const bucket = (links[entry * 2]! & (this.#mask + 1)) === 0 ? low : high;
      links[entry * 2 + 1] = this.#heads[bucket]!;
      this.#heads[bucket] = entry;
      entry = next;
    }
    this.#split = low + 1;
    if (this.#split > this.#mask) {
      this.#mask = this.#mask * 2 + 1;
      this.#split = 0;
    }
  }

  #growLinks(entry: number): void {
    const links = new Int32Array(Math.max(this.#links.length * 2, entry * 4));
    links.set(this.#links);
    this.#links = links;
  }
}
