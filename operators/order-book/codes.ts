/**
 * The small integers that stand for words inside the book. Slots and events are typed arrays, so what is a
 * string literal in a record is a code in here; the arrays below turn a code back into its word.
 */

/** A code is its index here. The side opposite to `side` is `side ^ 1`. */
export const sides = ['buy', 'sell'] as const;
export const BUY = 0;
export const SELL = 1;

/** A code is its index here. */
export const timesInForce = ['gtc', 'ioc', 'fok', 'gtd'] as const;
export const GTC = 0;
export const IOC = 1;
export const FOK = 2;
export const GTD = 3;

/** A code is its index here. What happens when two orders of one scope would trade; the taker's mode decides. */
export const selfTradeModes = ['none', 'cancel_newest', 'cancel_oldest', 'cancel_both', 'decrement'] as const;
export const STP_NONE = 0;
export const STP_CANCEL_NEWEST = 1;
export const STP_CANCEL_OLDEST = 2;
export const STP_CANCEL_BOTH = 3;
export const STP_DECREMENT = 4;

/** Why an accepted order, or its rest, ended without trading. A code is its index here. */
export const cancelReasons = [
  'user',
  'cancel_all',
  'disconnect',
  'ioc_remainder',
  'fok_unfillable',
  'no_liquidity',
  'price_protection',
  'stp_newest',
  'stp_oldest',
  'stp_both',
  'stp_decrement',
  'expired',
  'amended_below_filled',
  'admin',
  'halt_and_cancel',
  'delisted',
] as const;
export type CancelReasonWord = (typeof cancelReasons)[number];

export const CANCEL_USER = 0;
export const CANCEL_ALL = 1;
export const CANCEL_IOC_REMAINDER = 3;
export const CANCEL_FOK_UNFILLABLE = 4;
export const CANCEL_NO_LIQUIDITY = 5;
export const CANCEL_PRICE_PROTECTION = 6;
export const CANCEL_STP_NEWEST = 7;
export const CANCEL_STP_OLDEST = 8;
export const CANCEL_STP_BOTH = 9;
export const CANCEL_STP_DECREMENT = 10;
export const CANCEL_EXPIRED = 11;
export const CANCEL_AMENDED_BELOW_FILLED = 12;

/** What an event says. A code is its index here. */
export const eventKinds = ['accepted', 'trade', 'prevented', 'cancelled', 'amended'] as const;
/** The order was taken: `restingLots` of it rest when the operation is done. */
export const ACCEPTED = 0;
/** Two orders met at the maker's price. */
export const TRADE = 1;
/** Two orders of one scope met: no trade. */
export const PREVENTED = 2;
/** An order, or its rest, ended without trading. */
export const CANCELLED = 3;
/** The terms of a resting order changed. */
export const AMENDED = 4;

/** What the book answers to an operation. A code is its index here; `done` is the only one that changed anything. */
export const outcomes = ['done', 'post_only_would_cross', 'book_full', 'not_open'] as const;
export type OutcomeWord = (typeof outcomes)[number];
export const DONE = 0;
export const POST_ONLY_WOULD_CROSS = 1;
export const BOOK_FULL = 2;
export const NOT_OPEN = 3;

/** Prices are whole ticks from 1 to here. A rank and its "no such level" mark then both fit 32 bits. */
export const PRICE_TICKS_MAX = 0x7fffffff;
