/** Every symbol with its rules, its ticker and the course of its last day. */
import type { TickerPayload } from '../../../schemas/socket-payloads.ts';
import type { SymbolInfo } from '../../client/rest-api.ts';
import { type SymbolRules, symbolRules } from '../format/symbol-rules.ts';
import { Store } from '../stores/store.ts';

export interface MarketRow {
  readonly rules: SymbolRules;
  ticker: TickerPayload | undefined;
  /** Closes of the last hours, oldest first; for a picture only. */
  spark: readonly number[];
}

export class MarketsStore extends Store {
  readonly rows = new Map<string, MarketRow>();
  failure: string | undefined;

  setSymbols(symbols: readonly SymbolInfo[]): void {
    for (const info of [...symbols].sort((one, other) => (one.symbol < other.symbol ? -1 : 1))) {
      const before = this.rows.get(info.symbol);
      this.rows.set(info.symbol, { rules: symbolRules(info), ticker: before?.ticker, spark: before?.spark ?? [] });
    }
    this.failure = undefined;
    this.changedNow();
  }

  setTicker(symbol: string, ticker: TickerPayload): void {
    const row = this.rows.get(symbol);
    if (!row) return;
    row.ticker = ticker;
    this.changed();
  }

  setSpark(symbol: string, closes: readonly number[]): void {
    const row = this.rows.get(symbol);
    if (!row) return;
    row.spark = closes;
    this.changed();
  }

  failed(message: string): void {
    this.failure = message;
    this.changedNow();
  }
}

/** Change over 24 hours as a share; NaN where it is not known. */
export function changeOf(ticker: TickerPayload | undefined): number {
  if (!ticker?.last || !ticker.open_24h) return Number.NaN;
  const open = Number(ticker.open_24h);
  return open > 0 ? Number(ticker.last) / open - 1 : Number.NaN;
}
