/** The one error body of REST, its codes, and which status each has. */
import type { RejectReason } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';

/** Refused by the gateway itself, before anything reached a log. */
export const gatewayCodes = {
  malformed: 400,
  unauthenticated: 401,
  timestamp_out_of_window: 401,
  forbidden: 403,
  not_found: 404,
  timed_out: 408,
  conflict: 409,
  too_large: 413,
  address_too_long: 414,
  unsupported_media_type: 415,
  rate_limited: 429,
  headers_too_large: 431,
  internal: 500,
  overloaded: 503,
  unavailable: 503,
  answer_late: 504,
} as const;
export type GatewayCode = keyof typeof gatewayCodes;

export interface ErrorBody {
  readonly code: GatewayCode | RejectReason;
  readonly message: string;
  readonly field?: string;
  readonly given?: unknown;
  readonly allowed?: string;
  readonly request_id: string;
  /** Where the refusal stands in the account's own sequence, when it was the exchange that refused. */
  readonly sequence?: string;
}

export interface Refusal {
  readonly code: GatewayCode | RejectReason;
  readonly message: string;
  readonly field?: string | undefined;
  readonly given?: unknown;
  readonly allowed?: string | undefined;
  readonly sequence?: string | undefined;
  /** When to ask again, where that is known; not part of the body. */
  readonly retryAfterMs?: number | undefined;
}

/** Thrown by a route; the server turns it into the body. */
export class RequestRefused extends Error {
  override readonly name = 'RequestRefused';
  readonly refusal: Refusal;

  constructor(refusal: Refusal) {
    super(refusal.message);
    this.refusal = refusal;
  }
}

const reasons: ReadonlySet<string> = new Set(enumSymbols.RejectReason);

/** A reason of the exchange is 404 where the thing is unknown, else 422: understood, and not done. */
export function statusOf(code: GatewayCode | RejectReason): number {
  if (Object.hasOwn(gatewayCodes, code)) return gatewayCodes[code as GatewayCode];
  if (code === 'unknown_order' || code === 'unknown_symbol') return 404;
  if (code === 'order_not_open' || code === 'client_order_id_reused') return 409;
  return reasons.has(code) ? 422 : 500;
}

/** What the exchange's reasons say to a person. */
export const reasonSentences: { readonly [R in RejectReason]: string } = {
  client_order_id_reused: 'This client order id was used for another order.',
  memory_full: 'The exchange remembers no more client order ids just now; try again shortly.',
  command_expired: 'The command came too late to be judged.',
  unknown_symbol: 'There is no such symbol or asset.',
  account_disabled: 'The account is disabled.',
  account_not_permitted: 'The account may not do this.',
  bad_combination: 'Type, time in force, post-only and mode do not go together.',
  price_not_on_tick: 'The price is not a multiple of the tick.',
  quantity_not_on_lot: 'The quantity is not a multiple of the lot.',
  quantity_out_of_range: 'The quantity is outside the allowed range.',
  price_out_of_range: 'The price is outside the allowed range.',
  notional_out_of_range: 'Price times quantity is outside the allowed range.',
  amount_overflow: 'The amount is more than the exchange can hold.',
  expiry_in_past: 'The expiry lies in the past.',
  no_reference_price: 'A market order needs a worst price while the market has no reference price.',
  outside_price_band: 'The price is too far from the reference price.',
  too_many_open_orders: 'The account has as many open orders as it may have.',
  order_rate_exceeded: 'Orders come faster than the account may send them.',
  insufficient_funds: 'The available balance does not cover the order with its fee.',
  market_delisted: 'The symbol is no longer traded.',
  market_closed: 'The market is closed.',
  market_halted: 'The market is halted.',
  auction_only_limit: 'An auction takes limit orders only.',
  cancel_only: 'The market takes cancels only.',
  post_only: 'The market takes orders that rest only.',
  limit_only: 'The market takes limit orders only.',
  unknown_order: 'There is no such order.',
  order_not_open: 'The order is no longer open.',
  post_only_would_cross: 'A post-only order would have traded at once.',
  book_full: 'The book takes no more orders.',
};
