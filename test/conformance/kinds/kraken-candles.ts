import { readFileSync } from 'node:fs';
import { decimalOfUnits } from '../../../schemas/decimal.ts';
import { RecordingError } from '../../../sources/recordings/recording-file.ts';
import { type Comparison, type ConformanceOptions, shareOf } from '../conformance.ts';
import { decimalsNeeded, publishedUnits } from '../published-numbers.ts';
import { TradeFeed } from '../trade-feed.ts';

/** Price, volume, seconds, side `b` or `s`, order type, a field without use, id. */
type KrakenTrade = readonly [string, string, number, string, string, string, number];
/** Opening second, open, high, low, close, volume-weighted average, volume, count. */
type KrakenCandle = readonly [number, string, string, string, string, string, string, number];

export interface KrakenResult extends Comparison {
  readonly trades: number;
  /** Minutes without trades among the compared: flat, at the close before. */
  readonly empty: number;
}

const MINUTE = 60_000_000;

/**
 * Builds minute candles from Kraken's published trades and compares every field with its published candles: prices,
 * average, volume, count, empty minutes. The first and the last candle are left out: their minutes are not whole.
 */
export function conform(files: readonly string[], options: ConformanceOptions = {}): KrakenResult {
  const { trades, candles } = readFiles(files);
  const priceDecimals = decimalsNeeded([
    ...trades.map(([price]) => price),
    ...candles.flatMap((row) => row.slice(1, 5) as string[]),
  ]);
  const volumeDecimals = decimalsNeeded([...trades.map(([, volume]) => volume), ...candles.map((row) => row[6])]);
  const feed = new TradeFeed(options);
  for (const [price, volume, seconds, side] of trades) {
    feed.add({
      timeMicros: microsOf(seconds),
      priceTicks: publishedUnits(price, priceDecimals),
      quantityLots: publishedUnits(volume, volumeDecimals),
      takerSide: side === 'b' ? 'buy' : 'sell',
    });
  }
  const compared = candles.slice(1, -1);
  const last = candles.at(-1);
  if (last !== undefined) feed.tick(last[0] * 1_000_000 + MINUTE);
  let equal = 0;
  let empty = 0;
  let firstDifference: unknown = null;
  for (const row of compared) {
    const candle = feed.closed('1m', row[0] * 1_000_000);
    const price = (ticks: number): string => decimalOfUnits(ticks, priceDecimals);
    const expected = rowText(row, priceDecimals, volumeDecimals);
    const averageDecimals = decimalsIn(row[5]);
    const found =
      candle === undefined
        ? 'no candle'
        : [
            candle.opensAt / 1_000_000,
            price(candle.openPriceTicks),
            price(candle.highPriceTicks),
            price(candle.lowPriceTicks),
            price(candle.closePriceTicks),
            average(candle.quoteAmount, candle.baseLots, priceDecimals, averageDecimals),
            decimalOfUnits(candle.baseLots, volumeDecimals),
            candle.tradeCount,
          ].join(' ');
    if (row[7] === 0) empty += 1;
    if (found === expected) equal += 1;
    else firstDifference ??= { expected, found };
  }
  return {
    compared: compared.length,
    equal,
    share: shareOf(equal, compared.length),
    firstDifference,
    trades: trades.length,
    empty,
  };
}

/** Quote per base, cut to so many decimals as Kraken does; 0 where nothing was traded. */
function average(quote: bigint, lots: number, priceDecimals: number, decimals: number): string {
  if (lots === 0) return decimalOfUnits(0, decimals);
  const scaled = quote * 10n ** BigInt(decimals);
  return decimalOfUnits(scaled / (BigInt(lots) * 10n ** BigInt(priceDecimals)), decimals);
}

function rowText(row: KrakenCandle, priceDecimals: number, volumeDecimals: number): string {
  const price = (text: string): string => decimalOfUnits(publishedUnits(text, priceDecimals), priceDecimals);
  const volume = decimalOfUnits(publishedUnits(row[6], volumeDecimals), volumeDecimals);
  return [row[0], price(row[1]), price(row[2]), price(row[3]), price(row[4]), row[5], volume, row[7]].join(' ');
}

function decimalsIn(text: string): number {
  return text.includes('.') ? text.length - text.indexOf('.') - 1 : 0;
}

/** Whole and fraction are scaled apart: the product of all of it could round up into the next second. */
function microsOf(seconds: number): number {
  const whole = Math.floor(seconds);
  return whole * 1_000_000 + Math.min(999_999, Math.floor((seconds - whole) * 1_000_000));
}

function readFiles(files: readonly string[]): { trades: readonly KrakenTrade[]; candles: readonly KrakenCandle[] } {
  let trades: readonly KrakenTrade[] | undefined;
  let candles: readonly KrakenCandle[] | undefined;
  for (const file of files) {
    const content = JSON.parse(readFileSync(file, 'utf8')) as {
      trades?: readonly KrakenTrade[];
      [key: string]: unknown;
    };
    if (Array.isArray(content.trades)) trades = content.trades;
    const key = Object.keys(content).find((name) => name.startsWith('ohlc'));
    if (key !== undefined) candles = content[key] as readonly KrakenCandle[];
  }
  if (trades === undefined || candles === undefined) {
    throw new RecordingError('kraken-candles takes two files: one with "trades", one with "ohlc_1m"');
  }
  return { trades: [...trades].sort((left, right) => left[6] - right[6]), candles };
}
