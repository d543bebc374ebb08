/**
 * Layout of a slot: 128 bytes, two cache lines, read through two views of one buffer. `slot << 4` is its first double,
 * `slot << 5` its first integer. The first line holds what ending an order without a trade needs: most orders end so.
 */
export const ORDER_ID = 0;
/** What is held for the order, always what its open terms need. */
export const HELD = 1;
/** Micros until when its client order id is remembered even if it ends; 0 when it has none. */
export const VALID_UNTIL = 2;
/** Can still trade: ordered - executed - prevented. Of an order by budget: what match says, above 0 while it goes on. */
export const OPEN_LOTS = 3;
/** Integers, behind the four doubles of the first line: the account's slot. */
export const ACCOUNT = 8;
/** Symbol and flags: see `TERMS_…`. */
export const TERMS = 9;
/** The asset in which the order holds: quote of a buy, base of a sell. */
export const HELD_ASSET = 10;
/** Index of the fee version. */
export const FEE_INDEX = 11;
/** First amend in flight, 0 if none: a place in `AmendsInFlight`. */
export const FIRST_AMEND = 12;
/** Amends and cancels that match has not answered. */
export const REQUESTS = 13;
/** The next order in the same bucket of the id index; of a free slot, the next free one. */
export const BUCKET_NEXT = 14;

/** The second line, doubles again: limit or worst price, in ticks. */
export const PRICE_TICKS = 8;
/** Ordered in all, as last answered by match. */
export const TOTAL_LOTS = 9;
/** Rest of the budget, of a buy by budget. */
export const BUDGET_REST = 10;
export const EXECUTED_LOTS = 11;
/** What its trades cost in all, in quote units. */
export const EXECUTED_QUOTE = 12;
/** The fee's numerator so far: whole units, and the rest of a unit in parts per million, from 0. Charged: rounded up. */
export const FEE_WHOLE = 13;
export const FEE_REST = 14;
/** Micros of log time, or 0; match ends it. */
export const EXPIRES_AT = 15;

export const TERMS_SELL = 1;
/** Good till cancelled or till a date: counted as an open order. */
export const TERMS_RESTS = 2;
export const TERMS_MARKET = 4;
/** A market order by budget: it ends when match says so, whatever its lots. */
export const TERMS_BUDGET = 8;
/** Ended; kept only until match has answered what is in flight. */
export const TERMS_ENDED = 16;
export const TERMS_GTD = 32;
export const TERMS_POST_ONLY = 64;
export const TERMS_SYMBOL_SHIFT = 8;
