/** Reads what the cache holds of a symbol. What is not there, is damaged, or cannot be asked for is undefined: a miss. */
import type { z } from 'zod';
import { CacheAway, type CacheClient } from './cache-client.ts';
import {
  type CachedBook,
  type CachedCandles,
  type CachedTicker,
  cachedBook,
  cachedCandles,
  cachedTicker,
  cacheKeys,
  readValue,
} from './cached-values.ts';

export interface CacheReader {
  book(symbol: string): Promise<CachedBook | undefined>;
  ticker(symbol: string): Promise<CachedTicker | undefined>;
  candles(symbol: string, interval: string): Promise<CachedCandles | undefined>;
}

export function cacheReader(cache: CacheClient): CacheReader {
  const read = async <T>(key: string, shape: z.ZodType<T>): Promise<T | undefined> => {
    try {
      const found = await readValue(cache, key);
      return found && shape.parse(JSON.parse(found.value));
    } catch (error) {
      // Somebody else's bytes under our key are as good as none.
      if (error instanceof CacheAway || error instanceof SyntaxError || (error as Error).name === 'ZodError') {
        return undefined;
      }
      throw error;
    }
  };
  return {
    book: (symbol) => read(cacheKeys.book(symbol), cachedBook),
    ticker: (symbol) => read(cacheKeys.ticker(symbol), cachedTicker),
    candles: (symbol, interval) => read(cacheKeys.candles(symbol, interval), cachedCandles),
  };
}
