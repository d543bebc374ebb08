/** REST as functions: one a route, each with a result and never a rejection. */
import type {
  BookPayload,
  CandlePayload,
  FillPayload,
  OrderPayload,
  TickerPayload,
  TradePayload,
} from '../../schemas/socket-payloads.ts';
import type { Result } from './errors.ts';
import type { AmendRequest, PlaceRequest } from './types.ts';

export interface RestRequest {
  readonly method: 'GET' | 'POST' | 'PATCH' | 'PUT' | 'DELETE';
  /** With `/v1`. Names in it are to be encoded. */
  readonly path: string;
  readonly query?: { readonly [name: string]: string | number | undefined };
  readonly body?: unknown;
  /** Instead of `body`: text as it is, such as SQL. */
  readonly text?: string;
  /** Instead of the client's own deadline, milliseconds. */
  readonly withinMs?: number;
  readonly headers?: { readonly [name: string]: string };
}

export interface SymbolInfo {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly tick: string;
  readonly lot: string;
  readonly price: { readonly min: string; readonly max: string };
  readonly quantity: { readonly min: string; readonly max: string };
  readonly notional: { readonly min: string; readonly max: string };
  readonly band_percent: string;
  readonly fees: string;
  readonly state: string;
  readonly state_reason: string;
}
export interface RestBalance {
  readonly asset: string;
  readonly available: string;
  readonly hold: string;
  readonly total: string;
}
export interface RestBalances {
  readonly account: string;
  readonly balances: readonly RestBalance[];
}
export type RestTicker = Omit<TickerPayload, 'bid_quantity' | 'ask_quantity' | 'change_24h'> & {
  readonly symbol: string;
};
export type PlacedOrder = OrderPayload & { readonly sequence: string; readonly duplicate: boolean };
export type ChangedOrder = OrderPayload & { readonly sequence: string };

export interface RestApi {
  /** Any route, also one that has no function of its own here: signed, timed out and judged like the others. */
  request<T>(request: RestRequest): Promise<Result<T>>;

  time(): Promise<Result<{ readonly time: string }>>;
  symbols(): Promise<Result<{ readonly symbols: readonly SymbolInfo[] }>>;
  book(
    symbol: string,
    depth?: number,
  ): Promise<Result<BookPayload & { readonly symbol: string; readonly sequence: string }>>;
  trades(
    symbol: string,
    limit?: number,
  ): Promise<Result<{ readonly symbol: string; readonly trades: readonly TradePayload[] }>>;
  candles(
    symbol: string,
    interval: string,
    limit?: number,
  ): Promise<
    Result<{ readonly symbol: string; readonly interval: string; readonly candles: readonly CandlePayload[] }>
  >;
  ticker(symbol: string): Promise<Result<RestTicker>>;

  balances(): Promise<Result<RestBalances>>;
  deposit(
    asset: string,
    amount: string,
    depositId?: string,
  ): Promise<
    Result<RestBalances & { readonly deposit_id: string; readonly sequence: string; readonly duplicate: boolean }>
  >;
  place(order: PlaceRequest): Promise<Result<PlacedOrder>>;
  order(order: string): Promise<Result<OrderPayload & { readonly fills?: readonly FillPayload[] }>>;
  orders(symbol?: string): Promise<Result<{ readonly orders: readonly OrderPayload[] }>>;
  amend(order: string, to: AmendRequest): Promise<Result<ChangedOrder>>;
  cancel(order: string): Promise<Result<ChangedOrder>>;
  cancelAll(symbol?: string): Promise<Result<{ readonly cancelled: number; readonly sequence: string }>>;
}
