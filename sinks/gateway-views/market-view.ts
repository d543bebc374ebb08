import type {
  AnyRecord,
  Candle,
  PriceTicks,
  QuantityLots,
  Side,
  SymbolConfig,
  Ticker,
  TradingState,
} from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { BookView } from './book-view.ts';
import type { MemoryReader, MemoryWriter } from './memory-bytes.ts';

const TradingStates = enumSymbols.TradingState;

/** Trades kept for whoever asks what just happened; older ones are in history. */
const TRADES_MAX = 1000;
/** Closed candles kept of each interval. */
const CANDLES_MAX = 1000;

export interface TradeView {
  readonly tradeId: number;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly takerSide: Side;
  /** Engine time, microseconds. */
  readonly timeMicros: number;
}

/** What the public may see of one symbol. */
export class MarketView {
  config: SymbolConfig;
  seq = 0;
  state: TradingState;
  stateReason = '';
  /** What the market takes for its price, at ticks of the clock; 0 before the first. */
  referencePriceTicks = 0;
  ticker: Ticker | undefined;
  readonly book = new BookView();
  #trades: TradeView[] = [];
  /** Closed candles by interval, oldest first. */
  readonly #closed = new Map<string, Candle[]>();
  readonly #open = new Map<string, Candle>();

  constructor(config: SymbolConfig) {
    this.config = config;
    this.state = config.openingState;
  }

  apply(record: AnyRecord, timeMicros: number): void {
    this.seq = record.seq;
    this.book.apply(record);
    switch (record.type) {
      case 'symbol_config':
        this.config = record;
        return;
      case 'market_state':
        this.state = record.state;
        this.stateReason = record.reason;
        return;
      case 'reference_price':
        this.referencePriceTicks = record.priceTicks;
        return;
      case 'trade':
        this.#trades.push({
          tradeId: record.seq,
          priceTicks: record.priceTicks,
          quantityLots: record.quantityLots,
          takerSide: record.takerSide,
          timeMicros,
        });
        if (this.#trades.length >= TRADES_MAX * 2) this.#trades = this.#trades.slice(-TRADES_MAX);
        return;
    }
  }

  candle(candle: Candle): void {
    if (!candle.closed) {
      this.#open.set(candle.interval, candle);
      return;
    }
    const open = this.#open.get(candle.interval);
    if (open && open.opensAt <= candle.opensAt) this.#open.delete(candle.interval);
    let closed = this.#closed.get(candle.interval);
    if (!closed) {
      closed = [];
      this.#closed.set(candle.interval, closed);
    }
    const last = closed.at(-1);
    if (last && last.opensAt === candle.opensAt) closed[closed.length - 1] = candle;
    else closed.push(candle);
    if (closed.length >= CANDLES_MAX * 2) this.#closed.set(candle.interval, closed.slice(-CANDLES_MAX));
  }

  /** Newest last, the open one included. */
  candles(interval: string, count: number): Candle[] {
    const open = this.#open.get(interval);
    const closed = this.#closed.get(interval) ?? [];
    return [...closed, ...(open ? [open] : [])].slice(-count);
  }

  /** Newest first. */
  trades(count: number): TradeView[] {
    return this.#trades.slice(-Math.min(count, TRADES_MAX)).reverse();
  }

  write(writer: MemoryWriter): void {
    writer.record(this.config);
    writer.number(this.seq);
    writer.number(TradingStates.indexOf(this.state));
    writer.text(this.stateReason);
    writer.number(this.referencePriceTicks);
    writer.number(this.ticker ? 1 : 0);
    if (this.ticker) writer.record(this.ticker);
    const trades = this.#trades.slice(-TRADES_MAX);
    writer.number(trades.length);
    for (const { tradeId, priceTicks, quantityLots, takerSide, timeMicros } of trades) {
      writer.number(tradeId);
      writer.number(priceTicks);
      writer.number(quantityLots);
      writer.number(takerSide === 'buy' ? 0 : 1);
      writer.number(timeMicros);
    }
    this.book.write(writer);
    writer.number(this.#closed.size);
    for (const closed of this.#closed.values()) {
      const newest = closed.slice(-CANDLES_MAX);
      writer.number(newest.length);
      for (const candle of newest) writer.record(candle);
    }
  }

  static read(reader: MemoryReader): MarketView {
    const view = new MarketView(reader.record<SymbolConfig>());
    view.seq = reader.number();
    view.state = TradingStates[reader.number()]!;
    view.stateReason = reader.text();
    view.referencePriceTicks = reader.number();
    view.ticker = reader.number() === 1 ? reader.record<Ticker>() : undefined;
    view.#trades = reader.list(() => ({
      tradeId: reader.number(),
      priceTicks: reader.number() as PriceTicks,
      quantityLots: reader.number() as QuantityLots,
      takerSide: reader.number() === 0 ? 'buy' : 'sell',
      timeMicros: reader.number(),
    }));
    view.book.read(reader);
    for (const closed of reader.list(() => reader.list(() => reader.record<Candle>()))) {
      if (closed[0]) view.#closed.set(closed[0].interval, closed);
    }
    return view;
  }
}
