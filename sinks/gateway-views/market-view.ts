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
import { BookView, type BookViewState } from './book-view.ts';

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

export interface MarketViewState {
  readonly config: SymbolConfig;
  readonly seq: number;
  readonly state: TradingState;
  readonly stateReason: string;
  readonly trades: readonly TradeView[];
  readonly book: BookViewState;
  readonly candles: readonly (readonly [string, readonly Candle[]])[];
  readonly ticker: Ticker | undefined;
}

/** What the public may see of one symbol. */
export class MarketView {
  config: SymbolConfig;
  seq = 0;
  state: TradingState;
  stateReason = '';
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

  snapshot(): MarketViewState {
    const candles = [...this.#closed].map(([interval, closed]) => [interval, closed.slice(-CANDLES_MAX)] as const);
    const { config, seq, state, stateReason, ticker } = this;
    return {
      config,
      seq,
      state,
      stateReason,
      trades: this.#trades.slice(-TRADES_MAX),
      book: this.book.state(),
      candles,
      ticker,
    };
  }

  restore(state: MarketViewState): void {
    this.seq = state.seq;
    this.state = state.state;
    this.stateReason = state.stateReason;
    this.ticker = state.ticker;
    this.#trades = [...state.trades];
    this.book.restore(state.book);
    for (const [interval, closed] of state.candles) this.#closed.set(interval, [...closed]);
  }
}
