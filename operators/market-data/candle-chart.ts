import { assert } from '../../schemas/assert.ts';
import {
  CANDLE_INTERVALS,
  type CandleInterval,
  candleIntervalMicros,
  candleOpensAt,
} from '../../schemas/candle-intervals.ts';
import type {
  Candle,
  Micros,
  PriceTicks,
  QuantityLots,
  Sequence,
  SymbolId,
  Trade,
} from '../../schemas/generated/records.ts';
import type { StateReader, StateWriter } from '../accounts/state-bytes.ts';
import { CandleSums } from './candle-sums.ts';

const MINUTE = candleIntervalMicros['1m'];

/** A longer row of empty candles than this is left out: a month without a clock is a stop, not a quiet market. */
const EMPTY_CANDLES_MAX = 31 * 24 * 60;

const VERSION = 1;

/** The open candle of one interval. `sums` holds what has rolled up from closed candles of the next shorter interval. */
interface Level {
  readonly interval: CandleInterval;
  readonly micros: number;
  opensAt: number;
  readonly sums: CandleSums;
  /** A trade came since the last progress. */
  moved: boolean;
}

/**
 * The candles of one symbol in all intervals. A trade is counted once, in the shortest; when a candle closes it is added
 * to the open one of the next interval, so longer candles are exact roll-ups.
 *
 * A candle closes by the first record of log time at or after its end. From the first trade on, an interval without
 * trades is flat at the price before, with volume and count 0. Below a minute this holds for intervals that some record
 * of log time fell into: seconds that nobody watched, because the exchange stood or its clock was coarse, are left out.
 *
 * Invariant: the open candles nest, and each has low <= open, close <= high.
 */
export class CandleChart {
  readonly symbol: SymbolId;
  /** 0 before the first trade: there is no candle then. */
  #lastPriceTicks = 0;
  #lastSeq = 0;
  readonly #levels: readonly Level[] = CANDLE_INTERVALS.map((interval) => ({
    interval,
    micros: candleIntervalMicros[interval],
    opensAt: 0,
    sums: new CandleSums(),
    moved: false,
  }));
  readonly #running = new CandleSums();
  readonly #scratch = new CandleSums();

  constructor(symbol: SymbolId) {
    this.symbol = symbol;
  }

  /** Counts a trade; candles that end at or before its time are closed first. */
  trade(trade: Trade, timeMicros: number, closed: (candle: Candle) => void): void {
    if (this.#lastPriceTicks === 0) {
      for (const level of this.#levels) level.opensAt = candleOpensAt(level.interval, timeMicros);
    } else {
      this.advance(timeMicros, closed);
    }
    const [shortest] = this.#levels;
    shortest!.sums.addTrade(trade);
    for (const level of this.#levels) level.moved = true;
    this.#lastPriceTicks = trade.priceTicks;
    this.#lastSeq = trade.seq;
  }

  /** Log time is now `timeMicros`: closes what has ended. */
  advance(timeMicros: number, closed: (candle: Candle) => void): void {
    if (this.#lastPriceTicks === 0) return;
    for (let index = 0; index < this.#levels.length; index += 1) {
      const level = this.#levels[index]!;
      // A longer candle ends no earlier than the shorter ones in it.
      if (timeMicros < level.opensAt + level.micros) return;
      const { sums } = level;
      closed(this.#candle(level, level.opensAt, sums, true));
      this.#levels[index + 1]?.sums.addSums(sums);
      sums.clear();
      level.moved = false;
      const opensAt = candleOpensAt(level.interval, timeMicros);
      this.#closeEmpty(level, level.opensAt + level.micros, opensAt, closed);
      level.opensAt = opensAt;
    }
  }

  /** Tells every open candle that moved since the last call. */
  progress(open: (candle: Candle) => void): void {
    if (!this.#levels.some((level) => level.moved)) return;
    this.#running.clear();
    for (const level of this.#levels) {
      // What is still open in the shorter intervals lies behind what has rolled up.
      this.#scratch.set(level.sums);
      this.#scratch.addSums(this.#running);
      this.#running.set(this.#scratch);
      if (!level.moved) continue;
      level.moved = false;
      open(this.#candle(level, level.opensAt, this.#running, false));
    }
  }

  write(to: StateWriter): void {
    to.number(this.symbol);
    to.number(this.#lastPriceTicks);
    to.number(this.#lastSeq);
    for (const level of this.#levels) {
      to.number(level.opensAt);
      to.integer(level.moved ? 1 : 0);
      level.sums.write(to);
    }
  }

  read(from: StateReader): void {
    this.#lastPriceTicks = from.number();
    this.#lastSeq = from.number();
    for (const level of this.#levels) {
      level.opensAt = from.number();
      level.moved = from.integer() === 1;
      level.sums.read(from);
    }
  }

  checkInvariants(): void {
    let inner: Level | undefined;
    for (const level of this.#levels) {
      assert(level.sums.isSound(), `${level.interval} candle of symbol ${this.symbol} contradicts itself`);
      assert(
        inner === undefined ||
          (inner.opensAt >= level.opensAt && inner.opensAt + inner.micros <= level.opensAt + level.micros),
        `${level.interval} candle of symbol ${this.symbol} does not contain the shorter one`,
      );
      inner = level;
    }
  }

  #closeEmpty(level: Level, from: number, to: number, closed: (candle: Candle) => void): void {
    if (level.micros < MINUTE || (to - from) / level.micros > EMPTY_CANDLES_MAX) return;
    for (let opensAt = from; opensAt < to; opensAt += level.micros) {
      closed(this.#flat(level, opensAt, true));
    }
  }

  #candle(level: Level, opensAt: number, sums: CandleSums, closed: boolean): Candle {
    if (sums.tradeCount === 0) return this.#flat(level, opensAt, closed);
    return {
      type: 'candle',
      symbol: this.symbol,
      seq: this.#lastSeq as Sequence,
      interval: level.interval,
      opensAt: opensAt as Micros,
      openPriceTicks: sums.openTicks as PriceTicks,
      highPriceTicks: sums.highTicks as PriceTicks,
      lowPriceTicks: sums.lowTicks as PriceTicks,
      closePriceTicks: sums.closeTicks as PriceTicks,
      baseLots: sums.baseLots as QuantityLots,
      quoteAmount: sums.quote.value(),
      takerBuyLots: sums.takerBuyLots as QuantityLots,
      takerBuyQuoteAmount: sums.takerBuyQuote.value(),
      tradeCount: sums.tradeCount,
      firstTradeId: sums.firstTradeId as Sequence,
      lastTradeId: sums.lastTradeId as Sequence,
      closed,
      version: VERSION,
    };
  }

  #flat(level: Level, opensAt: number, closed: boolean): Candle {
    const price = this.#lastPriceTicks;
    return {
      type: 'candle',
      symbol: this.symbol,
      seq: this.#lastSeq as Sequence,
      interval: level.interval,
      opensAt: opensAt as Micros,
      openPriceTicks: price as PriceTicks,
      highPriceTicks: price as PriceTicks,
      lowPriceTicks: price as PriceTicks,
      closePriceTicks: price as PriceTicks,
      baseLots: 0 as QuantityLots,
      quoteAmount: 0n,
      takerBuyLots: 0 as QuantityLots,
      takerBuyQuoteAmount: 0n,
      tradeCount: 0,
      firstTradeId: 0 as Sequence,
      lastTradeId: 0 as Sequence,
      closed,
      version: VERSION,
    };
  }
}
