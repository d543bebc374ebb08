import type { Micros, PriceTicks, QuantityLots, Sequence, SymbolId, Ticker } from '../schemas/generated/records.ts';
import { MarketEvent, TickerEvent } from '../schemas/logs.ts';
import { StateReader, StateWriter } from './accounts/state-bytes.ts';
import { StateHash } from './accounts/state-hash.ts';
import type { Emit, Moment, Operator, OperatorDefinition } from './contract.ts';
import { hashOfBytes } from './market-data/hash-of-bytes.ts';
import { RollingDay } from './market-data/rolling-day.ts';
import { ToldBook } from './market-data/told-book.ts';

export type TickerPorts = {
  /** At a tick, for each symbol whose ticker is another than last told. */
  ticker: Ticker;
};

const FORMAT = 1;

/**
 * Rolls last price, best bid and ask, and the last 24 hours of each symbol.
 *
 * The window begins on a whole minute, 24 hours before the minute that is open. In a window without trades open, high and
 * low are the last price. Nothing is told of a symbol that never had a trade nor an order.
 *
 * State: a `ToldBook`, a `RollingDay` and the ticker told last, per symbol. Invariants: those of both.
 *
 * @example stage('tickers', rollTickers(), { in: market })
 */
export function rollTickers(): OperatorDefinition<MarketEvent, TickerPorts> {
  return {
    name: 'rollTickers',
    keepsNoRecord: true,
    input: MarketEvent,
    outputs: { ticker: TickerEvent },
    create: () => new RollTickers(),
  };
}

class SymbolTicker {
  readonly symbol: SymbolId;
  readonly book = new ToldBook(false);
  readonly day = new RollingDay();
  lastPriceTicks = 0;
  /** What was told last, as text; '' before. */
  told = '';

  constructor(symbol: SymbolId) {
    this.symbol = symbol;
  }

  tick(timeMicros: number, out: Emit<TickerPorts>): void {
    this.day.advance(timeMicros);
    const { bids, asks } = this.book;
    const last = this.lastPriceTicks;
    if (last === 0 && bids.levels + asks.levels === 0) return;
    const { volume } = this.day;
    const { openTicks, highTicks, lowTicks } = this.day.prices();
    const bid = bids.priceAt(0);
    const ask = asks.priceAt(0);
    const ticker: Ticker = {
      type: 'ticker',
      symbol: this.symbol,
      seq: this.book.seq as Sequence,
      lastPriceTicks: last as PriceTicks,
      bestBidPriceTicks: bid as PriceTicks,
      bestBidLots: bids.lotsAt(bid) as QuantityLots,
      bestAskPriceTicks: ask as PriceTicks,
      bestAskLots: asks.lotsAt(ask) as QuantityLots,
      openPriceTicks: (openTicks || last) as PriceTicks,
      highPriceTicks: (highTicks || last) as PriceTicks,
      lowPriceTicks: (lowTicks || last) as PriceTicks,
      baseLots: volume.baseLots as QuantityLots,
      quoteAmount: volume.quote.value(),
      tradeCount: volume.tradeCount,
      opensAt: this.day.opensAt as Micros,
    };
    const text = contentOf(ticker);
    if (text === this.told) return;
    this.told = text;
    out.ticker(ticker);
  }
}

class RollTickers implements Operator<MarketEvent, TickerPorts> {
  /** By symbol id. */
  readonly #tickers: (SymbolTicker | undefined)[] = [];

  apply(record: MarketEvent, moment: Moment, out: Emit<TickerPorts>): void {
    if (record.type === 'tick') {
      for (const ticker of this.#tickers) ticker?.tick(moment.timeMicros, out);
      return;
    }
    if (record.symbol === 0) return;
    const ticker = this.#ticker(record.symbol);
    ticker.book.apply(record);
    if (record.type !== 'trade') return;
    ticker.lastPriceTicks = record.priceTicks;
    ticker.day.addTrade(record, moment.timeMicros);
  }

  snapshot(): Uint8Array {
    return this.#write(true);
  }

  restore(bytes: Uint8Array): void {
    this.#tickers.length = 0;
    const reader = new StateReader(bytes, FORMAT);
    for (let count = reader.integer(); count > 0; count -= 1) {
      const ticker = this.#ticker(reader.number() as SymbolId);
      ticker.lastPriceTicks = reader.number();
      ticker.told = reader.text();
      ticker.day.read(reader);
      ticker.book.read(reader);
    }
    reader.finish();
  }

  stateHash(): string {
    const hash = new StateHash();
    hash.mixText(hashOfBytes(this.#write(false)));
    hash.endItem();
    for (const ticker of this.#tickers) ticker?.book.hashInto(hash);
    return hash.digest();
  }

  checkInvariants(): void {
    for (const ticker of this.#tickers) {
      ticker?.book.checkInvariants();
      ticker?.day.checkInvariants();
    }
  }

  #write(withBooks: boolean): Uint8Array {
    const tickers = this.#tickers.filter((ticker) => ticker !== undefined);
    const writer = new StateWriter(FORMAT);
    writer.integer(tickers.length);
    for (const ticker of tickers) {
      writer.number(ticker.symbol);
      writer.number(ticker.lastPriceTicks);
      writer.text(ticker.told);
      ticker.day.write(writer);
      if (withBooks) ticker.book.write(writer);
    }
    return writer.finish();
  }

  #ticker(symbol: SymbolId): SymbolTicker {
    return (this.#tickers[symbol] ??= new SymbolTicker(symbol));
  }
}

/** Everything of a ticker but where in the log it was made. */
function contentOf(ticker: Ticker): string {
  return [
    ticker.lastPriceTicks,
    ticker.bestBidPriceTicks,
    ticker.bestBidLots,
    ticker.bestAskPriceTicks,
    ticker.bestAskLots,
    ticker.openPriceTicks,
    ticker.highPriceTicks,
    ticker.lowPriceTicks,
    ticker.baseLots,
    ticker.quoteAmount,
    ticker.tradeCount,
    ticker.opensAt,
  ].join(' ');
}
