import type { Micros } from './brands.ts';

/** Candle intervals, shortest first; each is a whole number of the one before, so that candles roll up exactly. */
export const CANDLE_INTERVALS = ['1s', '5s', '1m', '5m', '15m', '1h', '4h', '1d', '1w'] as const;

export type CandleInterval = (typeof CANDLE_INTERVALS)[number];

const SECOND = 1_000_000;

export const candleIntervalMicros: { readonly [Interval in CandleInterval]: number } = {
  '1s': SECOND,
  '5s': 5 * SECOND,
  '1m': 60 * SECOND,
  '5m': 300 * SECOND,
  '15m': 900 * SECOND,
  '1h': 3_600 * SECOND,
  '4h': 14_400 * SECOND,
  '1d': 86_400 * SECOND,
  '1w': 604_800 * SECOND,
};

/** 5 January 1970, the first Monday: weeks begin there, and all shorter intervals too. */
const FIRST_MONDAY = 4 * 86_400 * SECOND;

/** When the candle that contains a moment opens, in UTC; weeks open on Monday. */
export function candleOpensAt(interval: CandleInterval, timeMicros: number): Micros {
  const length = candleIntervalMicros[interval];
  const since = timeMicros - FIRST_MONDAY;
  return (FIRST_MONDAY + Math.floor(since / length) * length) as Micros;
}
