/**
 * What lies in the cache: values that are written by number and never go back. A script in Redis compares, so that of two
 * writers, of a repeat and of a late answer the newer value stays.
 */
import { z } from 'zod';
import type { CacheClient } from './cache-client.ts';

/** Which of two values of a key is newer: the later generation, then the higher number. */
export interface Version {
  readonly generation: number;
  readonly number: number;
}

/** A value that nobody writes any more goes after this. */
const KEEP_MS = 24 * 3_600_000;

/** Keys: value. Arguments: generation, number, value, time to live. Answers 1 where it was newer. */
const writeNewer = `local kept = redis.call('HMGET', KEYS[1], 'generation', 'number')
if kept[1] then
  local generation, number = tonumber(kept[1]), tonumber(kept[2])
  local given = tonumber(ARGV[1])
  if generation > given or (generation == given and number >= tonumber(ARGV[2])) then return 0 end
end
redis.call('HSET', KEYS[1], 'generation', ARGV[1], 'number', ARGV[2], 'value', ARGV[3])
redis.call('PEXPIRE', KEYS[1], ARGV[4])
return 1`;

/** Writes values, each by itself. Resolves to how many were newer than what was there. */
export async function writeValues(
  cache: CacheClient,
  values: readonly { readonly key: string; readonly version: Version; readonly value: string }[],
): Promise<number> {
  const written = await cache.run((redis) =>
    Promise.all(
      values.map(({ key, version, value }) =>
        redis.eval(writeNewer, 1, keyOf(cache, key), version.generation, version.number, value, KEEP_MS),
      ),
    ),
  );
  return written.filter((newer) => newer === 1).length;
}

/** Undefined where there is none. */
export async function readValue(
  cache: CacheClient,
  key: string,
): Promise<{ readonly version: Version; readonly value: string } | undefined> {
  const found = await cache.run((redis) => redis.hmget(keyOf(cache, key), 'generation', 'number', 'value'));
  const [generation, number, value] = found;
  if (generation == null || number == null || value == null) return undefined;
  return { version: { generation: Number(generation), number: Number(number) }, value };
}

export function keyOf({ prefix }: Pick<CacheClient, 'prefix'>, key: string): string {
  return `${prefix}:${key}`;
}

const whole = z.string().regex(/^-?\d{1,19}$/);
const level = z.tuple([whole, whole]);

/** A book: price in ticks, quantity in lots, best first. Numbers are texts of whole numbers, as everywhere in the cache. */
export const cachedBook = z.strictObject({
  symbol: z.string(),
  seq: whole,
  timeMicros: whole,
  bids: z.array(level),
  asks: z.array(level),
});

export const cachedTicker = z.strictObject({
  symbol: z.string(),
  seq: whole,
  lastPriceTicks: whole,
  bestBidPriceTicks: whole,
  bestBidLots: whole,
  bestAskPriceTicks: whole,
  bestAskLots: whole,
  openPriceTicks: whole,
  highPriceTicks: whole,
  lowPriceTicks: whole,
  baseLots: whole,
  quoteAmount: whole,
  tradeCount: whole,
  opensAtMicros: whole,
});

export const cachedCandle = z.strictObject({
  opensAtMicros: whole,
  openPriceTicks: whole,
  highPriceTicks: whole,
  lowPriceTicks: whole,
  closePriceTicks: whole,
  baseLots: whole,
  quoteAmount: whole,
  tradeCount: whole,
  closed: z.boolean(),
});

/** Of one symbol and interval, oldest first, the open one last. */
export const cachedCandles = z.strictObject({
  symbol: z.string(),
  interval: z.string(),
  candles: z.array(cachedCandle),
});

export type CachedBook = z.output<typeof cachedBook>;
export type CachedTicker = z.output<typeof cachedTicker>;
export type CachedCandles = z.output<typeof cachedCandles>;

export const cacheKeys = {
  book: (symbol: string): string => `book:${symbol}`,
  ticker: (symbol: string): string => `ticker:${symbol}`,
  candles: (symbol: string, interval: string): string => `candles:${symbol}:${interval}`,
  /** Says that the cache was filled; it is gone where somebody emptied it. */
  filled: 'filled',
} as const;
