import type { AuctionIndicative, Candle, MarketState, SymbolId, Trade } from '../../schemas/generated/records.ts';
import type { BookDepth } from '../../schemas/socket-requests.ts';
import type { HistoryPort, MarketPort, ViewPort } from '../ports.ts';
import { bookSource } from './book-source.ts';
import { EventLog } from './event-log.ts';
import { EventView } from './event-view.ts';
import { MarketText, type StatusEvent, type TradeEvent } from './market-text.ts';
import { type MergedSource, MergedView } from './merged-view.ts';
import { olderTrades, type Reached } from './older-events.ts';
import type { Subscription } from './reader.ts';
import type { SocketTimers } from './wire.ts';

/** Trades of a snapshot, and those kept in memory for readers that come back. */
const TRADES_SHOWN = 50;
const TRADES_KEPT = 10_000;
const STATUSES_KEPT = 256;
const CANDLES_SHOWN = 20;

const bookPeriodsMs: { readonly [D in BookDepth]: number } = { 10: 50, 50: 100, 500: 200 };
const TICKER_PERIOD_MS = 200;
const CANDLES_PERIOD_MS = 250;

export interface ChannelParts {
  readonly epoch: string;
  readonly views: ViewPort;
  readonly history: HistoryPort | undefined;
  readonly timers: SocketTimers;
  /** Offsets of the market log heard so far. */
  readonly reached: () => Reached;
  readonly gaveUp: (subscription: Subscription) => void;
  readonly failed: (error: unknown) => void;
}

type CandleChanges = ReadonlyMap<number, Candle>;
type AnyMerged = MergedView<unknown, unknown>;

/** The public channels of one symbol. Views are made when somebody wants them first. */
export class MarketChannels {
  readonly trades: EventView<TradeEvent>;
  readonly status: EventView<StatusEvent>;
  readonly #parts: ChannelParts;
  readonly #symbol: SymbolId;
  readonly #tradeLog: EventLog<TradeEvent>;
  readonly #statusLog: EventLog<StatusEvent>;
  readonly #merged = new Map<string, AnyMerged>();
  /** Newest version of each candle that changed since its view looked, by id of the view. */
  readonly #candles = new Map<string, { changed: Map<number, Candle>; closed: boolean }>();
  #status: Omit<StatusEvent, 'seq' | 'timeMicros'>;
  #text: MarketText | undefined;
  /** Of the newest record heard. */
  #timeMicros: number;
  /**
   * The same, clock records included: what candles and tickers count by, since both also change when nothing happens to
   * the symbol.
   */
  #logMicros: number;
  #lastTradeId: number;

  constructor(symbol: SymbolId, parts: ChannelParts, nowMicros: number) {
    this.#symbol = symbol;
    this.#parts = parts;
    const { seq, state, stateReason } = this.#market;
    const newest = this.#market.trades(Number.MAX_SAFE_INTEGER);
    this.#timeMicros = newest[0]?.timeMicros ?? nowMicros;
    this.#logMicros = nowMicros;
    this.#lastTradeId = newest[0]?.tradeId ?? 0;
    // The newest trades of a symbol are in the view without a hole, so what is missing lies before the oldest of them.
    const oldestId = newest.at(-1)?.tradeId;
    this.#tradeLog = new EventLog(oldestId === undefined ? seq : oldestId - 1, this.#timeMicros, TRADES_KEPT);
    for (const { tradeId, ...trade } of [...newest].reverse()) this.#tradeLog.add({ seq: tradeId, ...trade });
    this.#tradeLog.hear(seq, this.#timeMicros);
    this.#statusLog = new EventLog(seq, this.#timeMicros, STATUSES_KEPT);
    this.#status = { state, reason: stateReason, untilMicros: 0, auction: null };
    const { epoch, timers, history, gaveUp, failed } = parts;
    const shared = { epoch, timers, gaveUp, failed };
    this.trades = new EventView<TradeEvent>({
      ...shared,
      ...this.#named('trades'),
      log: this.#tradeLog,
      render: (trade) => this.text.trade(trade),
      snapshot: () => `[${this.#tradesShown().join(',')}]`,
      older: history && (() => olderTrades(history, symbol, parts.reached())),
      tradeId: () => String(this.#lastTradeId),
    });
    this.status = new EventView<StatusEvent>({
      ...shared,
      ...this.#named('status'),
      log: this.#statusLog,
      render: (status) => this.text.status(status),
      snapshot: () => this.text.status(this.#status),
    });
  }

  get #market(): MarketPort {
    return this.#parts.views.markets.get(this.#symbol)!;
  }

  /** Made again when the symbol's rules change. */
  get text(): MarketText {
    const { config } = this.#market;
    if (this.#text?.config !== config) this.#text = new MarketText(config, this.#parts.views);
    return this.#text;
  }

  /** Views of all channels that are in use. */
  get merged(): Iterable<AnyMerged> {
    return this.#merged.values();
  }

  trade({ seq, priceTicks, quantityLots, takerSide }: Trade, timeMicros: number): void {
    this.#lastTradeId = seq;
    this.#tradeLog.add({ seq, timeMicros, priceTicks, quantityLots, takerSide });
  }

  marketState({ seq, state, reason, until }: MarketState, timeMicros: number): void {
    this.#status = { state, reason, untilMicros: until, auction: null };
    this.#statusLog.add({ seq, timeMicros, ...this.#status });
  }

  indicative({ seq, priceTicks, matchedLots, surplusLots }: AuctionIndicative, timeMicros: number): void {
    this.#status = { ...this.#status, auction: { priceTicks, matchedLots, surplusLots } };
    this.#statusLog.add({ seq, timeMicros, ...this.#status });
  }

  candle(candle: Candle): void {
    const news = this.#candles.get(`candles:${this.#name}:${candle.interval}`);
    if (!news) return;
    news.changed.set(candle.opensAt, candle);
    if (candle.closed) news.closed = true;
  }

  /** Log time went on. */
  clock(timeMicros: number): void {
    if (timeMicros > this.#logMicros) this.#logMicros = timeMicros;
  }

  /** Every record of the symbol, after the ones above. */
  hear(seq: number, timeMicros: number): void {
    this.#timeMicros = timeMicros;
    this.clock(timeMicros);
    this.#tradeLog.hear(seq, timeMicros);
    this.#statusLog.hear(seq, timeMicros);
  }

  beat(): void {
    this.trades.flush();
    this.status.flush();
    for (const [id, view] of this.#merged) {
      if (view.cold) {
        this.#merged.delete(id);
        this.#candles.delete(id);
      } else {
        view.beat();
      }
    }
  }

  heartbeat(idleMs: number): void {
    this.trades.heartbeat(idleMs);
    this.status.heartbeat(idleMs);
    for (const view of this.#merged.values()) view.heartbeat(idleMs);
  }

  book(depth: BookDepth): AnyMerged {
    const source = bookSource(
      () => this.#market,
      depth,
      () => this.text,
      () => this.#timeMicros,
    );
    return this.#view(`book:${this.#name}:${depth}`, `,"depth":${depth}`, bookPeriodsMs[depth], () => source);
  }

  ticker(): AnyMerged {
    return this.#view(`ticker:${this.#name}`, '', TICKER_PERIOD_MS, () => ({
      read: (since: number) =>
        since === this.#logMicros
          ? undefined
          : { seq: this.#logMicros, timeMicros: this.#logMicros, state: this.text.ticker(this.#market) },
      difference: (from: string, to: string) => (from === to ? undefined : to),
      merge: (deltas: readonly string[]) => deltas.at(-1)!,
      snapshotData: (ticker: string) => ticker,
      deltaData: (ticker: string) => ticker,
    }));
  }

  candles(interval: string): AnyMerged {
    const id = `candles:${this.#name}:${interval}`;
    return this.#view(id, `,"interval":"${interval}"`, CANDLES_PERIOD_MS, () => {
      const news = { changed: new Map<number, Candle>(), closed: false };
      this.#candles.set(id, news);
      const json = (candles: Iterable<Candle>) => `[${[...candles].map((one) => this.text.candle(one)).join(',')}]`;
      const source: MergedSource<CandleChanges, CandleChanges> = {
        // What is shown is what changed since the last look: a delta is the state itself.
        read: (since) => {
          if (since === this.#logMicros || (since >= 0 && news.changed.size === 0)) return undefined;
          const { changed } = news;
          news.changed = new Map();
          news.closed = false;
          return { seq: this.#logMicros, timeMicros: this.#logMicros, state: changed };
        },
        difference: (_from, to) => to,
        merge: (deltas) => new Map(deltas.flatMap((delta) => [...delta])),
        snapshotData: () => json(this.#market.candles(interval, CANDLES_SHOWN)),
        deltaData: (delta) => json(delta.values()),
        urgent: () => news.closed,
      };
      return source;
    });
  }

  #view<S, D>(id: string, key: string, periodMs: number, source: () => MergedSource<S, D>): AnyMerged {
    const known = this.#merged.get(id);
    if (known) return known;
    const { epoch, timers } = this.#parts;
    const [channel] = id.split(':');
    const name = `"channel":"${channel}","symbol":"${this.#name}"${key}`;
    const view = new MergedView<S, D>({ name, id, epoch, source: source(), timers, periodMs }) as unknown as AnyMerged;
    this.#merged.set(id, view);
    return view;
  }

  get #name(): string {
    return this.#market.config.name;
  }

  #named(channel: string) {
    return { name: `"channel":"${channel}","symbol":"${this.#name}"`, id: `${channel}:${this.#name}` };
  }

  #tradesShown(): string[] {
    const trades = this.#market.trades(TRADES_SHOWN);
    return [...trades].reverse().map(({ tradeId, ...trade }) => this.text.trade({ seq: tradeId, ...trade }));
  }
}
