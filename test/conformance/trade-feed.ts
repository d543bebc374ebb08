import { buildCandles } from '../../operators/build-candles.ts';
import { type CandleInterval, candleIntervalMicros } from '../../schemas/candle-intervals.ts';
import type {
  AccountId,
  Amount,
  Candle,
  OrderId,
  PriceTicks,
  QuantityLots,
  Sequence,
  Side,
  SymbolId,
} from '../../schemas/generated/records.ts';
import { FollowerRun } from '../operators/follower-run.ts';
import type { ConformanceOptions } from './conformance.ts';

export interface PublishedTrade {
  readonly timeMicros: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly takerSide: Side;
}

const SYMBOL = 1 as SymbolId;

/**
 * Published trades through the stage that builds candles; what is closed comes out by interval and opening time. A trade
 * worth more than 2^53 - 1 units, which none of ours can be, goes in as several at its price and time; counted is one.
 */
export class TradeFeed {
  readonly #run = new FollowerRun(buildCandles());
  readonly #closed = new Map<string, Candle>();
  readonly #options: ConformanceOptions;
  /** Times of the parts beyond the first of each trade. */
  readonly #furtherParts: number[] = [];
  #seq = 0;

  constructor(options: ConformanceOptions) {
    this.#options = options;
  }

  add(trade: PublishedTrade): void {
    const lotsMax = Math.floor(Number.MAX_SAFE_INTEGER / trade.priceTicks);
    let rest = trade.quantityLots;
    for (; rest > lotsMax; rest -= lotsMax) {
      this.#addPart(trade, lotsMax);
      this.#furtherParts.push(trade.timeMicros);
    }
    this.#addPart(trade, rest);
  }

  /** A clock record: closes what ends at or before it. */
  tick(timeMicros: number): void {
    this.#take(this.#run.tick(timeMicros));
  }

  closed(interval: string, opensAt: number): Candle | undefined {
    const candle = this.#closed.get(`${interval} ${opensAt}`);
    if (candle === undefined) return undefined;
    const endsAt = opensAt + candleIntervalMicros[candle.interval as CandleInterval];
    const further = this.#furtherParts.filter((timeMicros) => timeMicros >= opensAt && timeMicros < endsAt).length;
    return { ...candle, tradeCount: candle.tradeCount - further };
  }

  #addPart({ priceTicks, takerSide, timeMicros }: PublishedTrade, quantityLots: number): void {
    this.#seq += 1;
    const outputs = this.#run.apply(
      {
        type: 'trade',
        symbol: SYMBOL,
        seq: this.#seq as Sequence,
        priceTicks: priceTicks as PriceTicks,
        quantityLots: quantityLots as QuantityLots,
        quoteAmount: (priceTicks * quantityLots) as Amount,
        takerSide,
        takerOrderId: 0 as OrderId,
        makerOrderId: 0 as OrderId,
        takerAccount: 0 as AccountId,
        makerAccount: 0 as AccountId,
        takerCumulativeLots: 0 as QuantityLots,
        takerOpenLots: 0 as QuantityLots,
        makerCumulativeLots: 0 as QuantityLots,
        makerOpenLots: 0 as QuantityLots,
        auction: false,
      },
      timeMicros,
    );
    this.#take(outputs);
  }

  #take(outputs: readonly { readonly port: string; readonly record: unknown }[]): void {
    for (const { port, record } of outputs) {
      this.#options.trace?.({ port, record });
      const candle = record as Candle;
      if (port === 'closed') this.#closed.set(`${candle.interval} ${candle.opensAt}`, candle);
    }
  }
}
