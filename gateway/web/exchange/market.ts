/** The symbol that is looked at: book, trades with the places where something was missed, and state. */
import type { StatusPayload, TradePayload } from '../../../schemas/socket-payloads.ts';
import type { BookFeed, GapNotice } from '../../client/types.ts';
import { levelsOf } from '../book/grouped-levels.ts';
import type { SymbolRules } from '../format/symbol-rules.ts';
import { Store } from '../stores/store.ts';
import type { Level } from '../ticket/estimate.ts';

const TAPE_KEPT = 200;

export type TapeRow =
  | { readonly kind: 'trade'; readonly trade: TradePayload }
  | { readonly kind: 'gap'; readonly gap: GapNotice; readonly time: string };

export class BookStore extends Store {
  #feed: BookFeed | undefined;
  #rules: SymbolRules | undefined;
  #readAt = -1;
  #bids: readonly Level[] = [];
  #asks: readonly Level[] = [];

  follow(feed: BookFeed, rules: SymbolRules): void {
    this.#feed = feed;
    this.#rules = rules;
    this.changed();
  }

  /** False before the first snapshot. */
  get there(): boolean {
    return this.#feed !== undefined && this.#feed.seq > 0;
  }

  get bids(): readonly Level[] {
    this.#read();
    return this.#bids;
  }

  get asks(): readonly Level[] {
    this.#read();
    return this.#asks;
  }

  /** Texts become numbers when somebody looks, not when a frame comes. */
  #read(): void {
    if (this.#readAt === this.version || !this.#feed || !this.#rules) return;
    this.#bids = levelsOf(this.#feed.bids, this.#rules);
    this.#asks = levelsOf(this.#feed.asks, this.#rules);
    this.#readAt = this.version;
  }
}

export class TapeStore extends Store {
  /** Newest first. */
  rows: TapeRow[] = [];

  begin(): void {
    this.rows = [];
    this.changed();
  }

  /** `trades`: newest last, as they came. */
  add(trades: readonly TradePayload[]): void {
    if (trades.length === 0) return;
    const newest = trades
      .slice(-TAPE_KEPT)
      .toReversed()
      .map((trade) => ({ kind: 'trade', trade }) as const);
    this.rows = [...newest, ...this.rows].slice(0, TAPE_KEPT);
    this.changed();
  }

  mark(gap: GapNotice, time: string): void {
    this.rows = [{ kind: 'gap', gap, time } as const, ...this.rows].slice(0, TAPE_KEPT);
    this.changed();
  }

  get last(): TradePayload | undefined {
    for (const row of this.rows) if (row.kind === 'trade') return row.trade;
    return undefined;
  }

  /** The last two different prices, newest first. */
  get lastPrices(): readonly [string | undefined, string | undefined] {
    const last = this.last?.price;
    for (const row of this.rows) {
      if (row.kind === 'trade' && row.trade.price !== last) return [last, row.trade.price];
    }
    return [last, undefined];
  }
}

export class StatusStore extends Store {
  status: StatusPayload | undefined;
  /** When this state was first seen here, ISO 8601. */
  since = '';

  set(status: StatusPayload | undefined, time: string): void {
    if (status?.state !== this.status?.state) this.since = time;
    this.status = status;
    this.changedNow();
  }

  /** Whether orders may trade. */
  get trading(): boolean {
    return this.status === undefined || this.status.state === 'trading';
  }
}
