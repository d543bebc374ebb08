/**
 * What all gateways together took from rate limit buckets. Each gateway decides by itself and at once; at intervals it tells
 * what it took and hears what the others did. A cache that is away or emptied leaves each with its own limits.
 */
import { randomBytes } from 'node:crypto';
import { CacheAway, type CacheClient } from './cache-client.ts';
import { keyOf } from './cached-values.ts';

/** Longer than any bucket takes to fill. */
const KEEP_MS = 120_000;
/** Buckets of which totals are remembered here. */
const BUCKETS_MAX = 100_000;

/** Keys: counter. Arguments: weight, time to live, name for a counter that is new. Answers the total and the name. */
const addTo = `redis.call('HSETNX', KEYS[1], 'name', ARGV[3])
local total = redis.call('HINCRBYFLOAT', KEYS[1], 'total', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return {total, redis.call('HGET', KEYS[1], 'name')}`;

interface Heard {
  readonly total: number;
  /** A counter that was forgotten and began anew has another one. */
  readonly name: string;
}

export class SharedTakes {
  readonly #cache: CacheClient;
  /** Totals as they were last heard, by bucket; the one heard longest ago first. */
  readonly #totals = new Map<string, Heard>();

  constructor(cache: CacheClient) {
    this.#cache = cache;
  }

  /**
   * Tells what was taken here since the last call, by bucket, and resolves to what others took of the same buckets since
   * then. Empty while the cache is away: what could not be told is not told later, a limit is no account.
   */
  async exchange(taken: ReadonlyMap<string, number>): Promise<ReadonlyMap<string, number>> {
    const names = [...taken.keys()];
    if (names.length === 0) return new Map();
    let totals: Heard[];
    try {
      totals = await this.#cache.run((redis) =>
        Promise.all(
          names.map(async (name) => {
            const key = keyOf(this.#cache, `took:${name}`);
            const fresh = randomBytes(9).toString('base64url');
            const [total, counter] = (await redis.eval(addTo, 1, key, taken.get(name)!, KEEP_MS, fresh)) as string[];
            return { total: Number(total), name: counter! };
          }),
        ),
      );
    } catch (error) {
      if (!(error instanceof CacheAway)) throw error;
      return new Map();
    }
    const others = new Map<string, number>();
    for (const [index, name] of names.entries()) {
      const heard = totals[index]!;
      const known = this.#totals.get(name);
      const own = taken.get(name)!;
      const before = known?.name === heard.name ? known.total : 0;
      const elsewhere = Math.max(0, heard.total - before - own);
      if (elsewhere > 0) others.set(name, elsewhere);
      this.#totals.delete(name);
      this.#totals.set(name, heard);
    }
    for (const name of this.#totals.keys()) {
      if (this.#totals.size <= BUCKETS_MAX) break;
      this.#totals.delete(name);
    }
    return others;
  }
}
