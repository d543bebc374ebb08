import type { RejectReason, RejectStage } from '../../schemas/generated/records.ts';

/** One reject reason: who says it, in which step of the precedence, and when. */
export interface RejectRow {
  readonly reason: RejectReason;
  /** Step of the precedence; within a step the order of the rows counts. */
  readonly step: number;
  /** `gateway`: text that is no whole tick or lot never becomes a record. */
  readonly stage: RejectStage | 'gateway';
  readonly when: string;
}

/**
 * Why a command is refused: a closed list in its order of precedence; the first failing row wins. The order is that of
 * the record's enum. Code compares by the numbers below it, documents print it, a test holds every pair of rows to it.
 */
export const rejectTable: readonly RejectRow[] = [
  { reason: 'client_order_id_reused', step: 1, stage: 'ingest', when: 'a known id came with other content' },
  { reason: 'memory_full', step: 1, stage: 'ingest', when: 'no room to remember another client order id' },
  { reason: 'command_expired', step: 1, stage: 'ingest', when: 'valid_until has passed or lies too far ahead' },
  { reason: 'unknown_symbol', step: 2, stage: 'risk', when: 'the symbol, its fees, or the asset is not configured' },
  { reason: 'account_disabled', step: 2, stage: 'risk', when: 'the account is disabled' },
  { reason: 'account_not_permitted', step: 2, stage: 'risk', when: 'the account is suspended, or is a system account' },
  { reason: 'bad_combination', step: 3, stage: 'risk', when: 'fields that do not go together, or a mode not allowed' },
  { reason: 'price_not_on_tick', step: 3, stage: 'gateway', when: 'the price is no whole number of ticks' },
  { reason: 'quantity_not_on_lot', step: 3, stage: 'gateway', when: 'the quantity is no whole number of lots' },
  { reason: 'quantity_out_of_range', step: 3, stage: 'risk', when: 'the quantity leaves the range of the symbol' },
  { reason: 'price_out_of_range', step: 3, stage: 'risk', when: 'the price leaves the range of the symbol' },
  {
    reason: 'notional_out_of_range',
    step: 3,
    stage: 'risk',
    when: 'price x quantity, or the budget, leaves its range',
  },
  { reason: 'amount_overflow', step: 3, stage: 'risk', when: 'an amount would not be exact: more than 2^53 - 1 units' },
  { reason: 'expiry_in_past', step: 3, stage: 'risk', when: 'the expiry of a GTD order is not after log time' },
  { reason: 'no_reference_price', step: 3, stage: 'risk', when: 'a market order has no worst price and none is known' },
  { reason: 'outside_price_band', step: 4, stage: 'risk', when: 'the price is too far from the reference price' },
  { reason: 'too_many_open_orders', step: 4, stage: 'risk', when: 'the account has too many open on the symbol' },
  { reason: 'order_rate_exceeded', step: 4, stage: 'risk', when: 'the account sends too many orders a second' },
  { reason: 'insufficient_funds', step: 5, stage: 'risk', when: 'less is available than the hold or withdrawal needs' },
  { reason: 'market_delisted', step: 6, stage: 'match', when: 'the symbol is delisted' },
  { reason: 'market_closed', step: 6, stage: 'match', when: 'the market is closed' },
  { reason: 'market_halted', step: 6, stage: 'match', when: 'the market is halted' },
  { reason: 'auction_only_limit', step: 6, stage: 'match', when: 'an auction takes only limit orders that may rest' },
  { reason: 'cancel_only', step: 6, stage: 'match', when: 'the market takes only cancels' },
  { reason: 'post_only', step: 6, stage: 'match', when: 'the market takes only orders that rest' },
  { reason: 'limit_only', step: 6, stage: 'match', when: 'the market takes no market orders' },
  { reason: 'unknown_order', step: 6, stage: 'match', when: 'the account has no such order that is remembered' },
  { reason: 'order_not_open', step: 6, stage: 'match', when: 'the order has ended' },
  { reason: 'post_only_would_cross', step: 6, stage: 'match', when: 'a post-only order would take' },
  { reason: 'book_full', step: 6, stage: 'match', when: 'the book holds no more orders' },
];

/** A check's answer: 0, or the number of the row (from 1) that failed. */
export type RejectCode = number;
export const PASSES = 0;
export const CLIENT_ORDER_ID_REUSED = 1;
export const MEMORY_FULL = 2;
export const COMMAND_EXPIRED = 3;
export const UNKNOWN_SYMBOL = 4;
export const ACCOUNT_DISABLED = 5;
export const ACCOUNT_NOT_PERMITTED = 6;
export const BAD_COMBINATION = 7;
export const QUANTITY_OUT_OF_RANGE = 10;
export const PRICE_OUT_OF_RANGE = 11;
export const NOTIONAL_OUT_OF_RANGE = 12;
export const AMOUNT_OVERFLOW = 13;
export const EXPIRY_IN_PAST = 14;
export const NO_REFERENCE_PRICE = 15;
export const OUTSIDE_PRICE_BAND = 16;
export const TOO_MANY_OPEN_ORDERS = 17;
export const ORDER_RATE_EXCEEDED = 18;
export const INSUFFICIENT_FUNDS = 19;
export const UNKNOWN_ORDER = 27;
export const ORDER_NOT_OPEN = 28;

const words: readonly RejectReason[] = rejectTable.map((row) => row.reason);

/** The record's word for a code other than `PASSES`. */
export function rejectReason(code: RejectCode): RejectReason {
  return words[code - 1]!;
}

/** The code of a word. */
export function rejectCode(reason: RejectReason): RejectCode {
  return words.indexOf(reason) + 1;
}
