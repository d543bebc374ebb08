/**
 * Sessions as a gateway last saw them, so that another need not ask the database. The database stays the only place of a
 * login: a miss asks there, and an ended session is dropped here at once and vanishes after its time at the latest.
 */
import { CacheAway, type CacheClient } from './cache-client.ts';
import { keyOf } from './cached-values.ts';

/** How long a gateway that did not hear of an end may go by what lies here. */
const KEEP_MS_MAX = 60_000;
const SESSION_ID = /^[A-Za-z0-9_-]{1,128}$/;

/** Keys: session. A session that ended is not remembered again by one who read it before. */
const remember = `if redis.call('HEXISTS', KEYS[1], 'ended') == 1 then return 0 end
redis.call('HSET', KEYS[1], 'value', ARGV[1])
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return 1`;
const end = `redis.call('DEL', KEYS[1])
redis.call('HSET', KEYS[1], 'ended', '1')
redis.call('PEXPIRE', KEYS[1], ARGV[1])
return 1`;

export class CachedSessions {
  readonly #cache: CacheClient;

  constructor(cache: CacheClient) {
    this.#cache = cache;
  }

  /** `value` is the gateway's own text. Resolves also when the cache is away. */
  async remember(sessionId: string, value: string, keepMs: number): Promise<void> {
    const ttl = Math.max(1, Math.min(KEEP_MS_MAX, Math.floor(keepMs)));
    const key = this.#key(sessionId);
    await this.#orAway(() => this.#cache.run((redis) => redis.eval(remember, 1, key, value, ttl)));
  }

  /** Undefined: not known here, ask the database. */
  async find(sessionId: string): Promise<string | undefined> {
    const key = this.#key(sessionId);
    const found = await this.#orAway(() => this.#cache.run((redis) => redis.hget(key, 'value')));
    return found ?? undefined;
  }

  /** Nobody finds it here from now on; false: the cache could not be told, and forgets it within a minute. */
  async end(sessionId: string): Promise<boolean> {
    const key = this.#key(sessionId);
    const ended = await this.#orAway(() => this.#cache.run((redis) => redis.eval(end, 1, key, 2 * KEEP_MS_MAX)));
    return ended === 1;
  }

  #key(sessionId: string): string {
    if (!SESSION_ID.test(sessionId)) throw new TypeError('a session id has 1 to 128 letters, digits, _ and -');
    return keyOf(this.#cache, `session:${sessionId}`);
  }

  async #orAway<T>(call: () => Promise<T>): Promise<T | undefined> {
    try {
      return await call();
    } catch (error) {
      if (error instanceof CacheAway) return undefined;
      throw error;
    }
  }
}
