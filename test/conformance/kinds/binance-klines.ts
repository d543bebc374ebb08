import { readFileSync } from 'node:fs';
import { candleIntervalMicros } from '../../../schemas/candle-intervals.ts';
import { decimalOfUnits } from '../../../schemas/decimal.ts';
import { RecordingError, readRecordingLines } from '../../../sources/recordings/recording-file.ts';
import { type Comparison, type ConformanceOptions, shareOf } from '../conformance.ts';
import { decimalsNeeded, publishedUnits } from '../published-numbers.ts';
import { TradeFeed } from '../trade-feed.ts';

interface BinanceTrade {
  readonly id: number;
  readonly timeMs: number;
  readonly price: string;
  readonly quantity: string;
  readonly buyerIsMaker: boolean;
}

export interface KlinesResult extends Comparison {
  readonly trades: number;
  /** Klines of the file that the trades do not cover from end to end. */
  readonly notCovered: number;
}

/**
 * Builds candles from Binance's recorded trades and compares all fields with its published klines: times, prices, volume
 * in base and quote, count, and the takers' buys. Only klines that the record covers from end to end are compared.
 */
export function conform(files: readonly string[], options: ConformanceOptions = {}): KlinesResult {
  const csv = files.find((file) => file.endsWith('.csv'));
  const log = files.find((file) => !file.endsWith('.csv'));
  if (csv === undefined || log === undefined) {
    throw new RecordingError('binance-klines takes two files: a log with trades, and a .csv of klines');
  }
  const { trades, fromMs, untilMs } = readTrades(log);
  const klines = readFileSync(csv, 'utf8')
    .split('\n')
    .map((line) => line.trim().split(','))
    .filter((fields) => /^\d+$/.test(fields[0] ?? ''));
  const covered = klines.filter(([opens, , , , , , closes]) => Number(opens) >= fromMs && Number(closes) < untilMs);
  const priceDecimals = decimalsNeeded([
    ...trades.map(({ price }) => price),
    ...covered.flatMap((row) => row.slice(1, 5)),
  ]);
  const quantityDecimals = decimalsNeeded([
    ...trades.map(({ quantity }) => quantity),
    ...covered.flatMap((row) => [row[5]!, row[9]!]),
  ]);
  const feed = new TradeFeed(options);
  for (const { timeMs, price, quantity, buyerIsMaker } of trades) {
    feed.add({
      timeMicros: timeMs * 1_000,
      priceTicks: publishedUnits(price, priceDecimals),
      quantityLots: publishedUnits(quantity, quantityDecimals),
      takerSide: buyerIsMaker ? 'sell' : 'buy',
    });
  }
  feed.tick(untilMs * 1_000);
  let equal = 0;
  let firstDifference: unknown = null;
  for (const row of covered) {
    const opensMicros = Number(row[0]) * 1_000;
    const candle = feed.closed(intervalOf(row), opensMicros);
    const decimalsOf = (index: number): number => row[index]!.length - row[index]!.indexOf('.') - 1;
    const price = (ticks: number, index: number): string =>
      padded(decimalOfUnits(ticks, priceDecimals), decimalsOf(index));
    const lots = (count: number, index: number): string =>
      padded(decimalOfUnits(count, quantityDecimals), decimalsOf(index));
    const quote = (units: bigint, index: number): string =>
      padded(decimalOfUnits(units, priceDecimals + quantityDecimals), decimalsOf(index));
    const expected = [row[0], row[1], row[2], row[3], row[4], row[5], row[6], row[7], row[8], row[9], row[10]].join(
      ',',
    );
    const found =
      candle === undefined
        ? 'no candle'
        : [
            candle.opensAt / 1_000,
            price(candle.openPriceTicks, 1),
            price(candle.highPriceTicks, 2),
            price(candle.lowPriceTicks, 3),
            price(candle.closePriceTicks, 4),
            lots(candle.baseLots, 5),
            (candle.opensAt + candleIntervalMicros[candle.interval as '1m']) / 1_000 - 1,
            quote(candle.quoteAmount, 7),
            candle.tradeCount,
            lots(candle.takerBuyLots, 9),
            quote(candle.takerBuyQuoteAmount, 10),
          ].join(',');
    if (found === expected) equal += 1;
    else firstDifference ??= { expected, found };
  }
  return {
    compared: covered.length,
    equal,
    share: shareOf(equal, covered.length),
    firstDifference,
    trades: trades.length,
    notCovered: klines.length - covered.length,
  };
}

/** The interval whose length a row spans. */
function intervalOf(row: readonly string[]): string {
  const micros = (Number(row[6]) + 1 - Number(row[0])) * 1_000;
  const found = Object.entries(candleIntervalMicros).find(([, length]) => length === micros);
  if (found === undefined) throw new RecordingError(`a kline of ${micros} µs: no candle interval is that long`);
  return found[0];
}

/** Zeros to the decimals that are printed; a digit beyond them stays and shows as a difference. */
function padded(text: string, decimals: number): string {
  const point = text.indexOf('.');
  const written = point < 0 ? 0 : text.length - point - 1;
  if (written === decimals) return text;
  if (written < decimals) return (point < 0 ? `${text}.` : text) + '0'.repeat(decimals - written);
  return text.replace(/0+$/, '').padEnd(point + 1 + decimals, '0');
}

/** Trades by id, each once, and the span of exchange time in which none is missing. */
function readTrades(file: string): { trades: BinanceTrade[]; fromMs: number; untilMs: number } {
  const trades = new Map<number, BinanceTrade>();
  let fromMs = 0;
  let untilMs = 0;
  for (const line of readRecordingLines(file)) {
    const start = line.indexOf('{');
    if (start < 0) continue;
    const content = JSON.parse(line.slice(start)) as { data?: { e?: string; E?: number } } & { e?: string; E?: number };
    const event = content.data ?? content;
    if (typeof event.E === 'number') {
      fromMs ||= event.E;
      untilMs = Math.max(untilMs, event.E);
    }
    if (event.e !== 'trade') continue;
    const { t, T, p, q, m } = event as unknown as { t: number; T: number; p: string; q: string; m: boolean };
    trades.set(t, { id: t, timeMs: T, price: p, quantity: q, buyerIsMaker: m });
  }
  const sorted = [...trades.values()].sort((left, right) => left.id - right.id);
  const [first] = sorted;
  if (first === undefined) throw new RecordingError(`${file} holds no trades`);
  for (const [index, trade] of sorted.entries()) {
    if (trade.id === first.id + index) continue;
    throw new RecordingError(`trade ${first.id + index} is missing in ${file}: no kline after it could be exact`);
  }
  return { trades: sorted, fromMs, untilMs };
}
