import * as codes from './codes.ts';

export { ACCEPTED, AMENDED, CANCELLED, eventKinds, PREVENTED, TRADE } from './codes.ts';

// Constants of this module: the compiler folds those, and loads imported ones at each use.
const { ACCEPTED, AMENDED, CANCELLED } = codes;

/** Numbers of one event. The first is its head: kind, side, flag and detail in one integer. */
const WIDTH = 12;
const INITIAL_ROWS = 256;

const SIDE_SHIFT = 4;
const FLAG_SHIFT = 5;
const DETAIL_SHIFT = 8;

/**
 * What the book did since the last `clear()`, in order: one row of twelve numbers an event, in one array that is
 * reused for ever and grows by doubling. Nothing is allocated for an event; a reader takes what it wants by column.
 *
 * Quantities are in lots; "open" is what is left of an order after the event. Columns by kind:
 *
 *     accepted   order, resting                                                               side
 *     trade      maker and taker order, their accounts, price, quantity, maker open and
 *                cumulative, taker open and cumulative                            side of the taker, in an auction
 *     prevented  the columns of a trade                                     side of the taker, in an auction, mode
 *     cancelled  order, account, price, cancelled, executed                              side, was resting, reason
 *     amended    order, account, price, new total, resting, old price, old open, executed      side, kept priority
 *
 * State: the rows. They are no part of the book's state and in no snapshot.
 *
 * @example
 * for (let i = 0; i < events.count; i++) if (events.kind(i) === TRADE) volume += events.quantityLots(i);
 */
export class BookEvents {
  count = 0;
  #rows = new Float64Array(WIDTH * INITIAL_ROWS);

  clear(): void {
    this.count = 0;
  }

  kind(index: number): number {
    return this.#rows[index * WIDTH]! & 15;
  }

  /** Side of the order, or of the taker. */
  side(index: number): number {
    return (this.#rows[index * WIDTH]! >> SIDE_SHIFT) & 1;
  }

  /** Trade and prevented match: it happened in the uncross of an auction. */
  inAuction(index: number): boolean {
    return ((this.#rows[index * WIDTH]! >> FLAG_SHIFT) & 1) === 1;
  }

  /** Cancelled: the order stood in the book. */
  wasResting(index: number): boolean {
    return this.inAuction(index);
  }

  /** Amended: the order kept its place in the queue. */
  keptPriority(index: number): boolean {
    return this.inAuction(index);
  }

  /** Cancelled: a code of `cancelReasons`. */
  reason(index: number): number {
    return this.#rows[index * WIDTH]! >> DETAIL_SHIFT;
  }

  /** Prevented match: a code of `selfTradeModes`. */
  mode(index: number): number {
    return this.#rows[index * WIDTH]! >> DETAIL_SHIFT;
  }

  // Accepted, cancelled, amended; of an accepted order, its id and what rests.

  orderId(index: number): number {
    return this.#rows[index * WIDTH + 1]!;
  }

  account(index: number): number {
    return this.#rows[index * WIDTH + 2]!;
  }

  /** Limit or protection price of the order, after the event. */
  orderPriceTicks(index: number): number {
    return this.#rows[index * WIDTH + 3]!;
  }

  /** Amended: the new total; cancelled: what was cancelled. */
  orderLots(index: number): number {
    return this.#rows[index * WIDTH + 4]!;
  }

  /** Accepted and amended: what rests when the operation is done. */
  restingLots(index: number): number {
    return this.#rows[index * WIDTH + 5]!;
  }

  /** Cancelled and amended: what the order has traded so far. */
  executedLots(index: number): number {
    return this.#rows[index * WIDTH + 8]!;
  }

  /** Amended. */
  oldPriceTicks(index: number): number {
    return this.#rows[index * WIDTH + 6]!;
  }

  /** Amended. */
  oldOpenLots(index: number): number {
    return this.#rows[index * WIDTH + 7]!;
  }

  // Trade, prevented match.

  makerOrderId(index: number): number {
    return this.#rows[index * WIDTH + 1]!;
  }

  takerOrderId(index: number): number {
    return this.#rows[index * WIDTH + 2]!;
  }

  makerAccount(index: number): number {
    return this.#rows[index * WIDTH + 3]!;
  }

  takerAccount(index: number): number {
    return this.#rows[index * WIDTH + 4]!;
  }

  priceTicks(index: number): number {
    return this.#rows[index * WIDTH + 5]!;
  }

  quantityLots(index: number): number {
    return this.#rows[index * WIDTH + 6]!;
  }

  makerOpenLots(index: number): number {
    return this.#rows[index * WIDTH + 7]!;
  }

  makerCumulativeLots(index: number): number {
    return this.#rows[index * WIDTH + 8]!;
  }

  takerOpenLots(index: number): number {
    return this.#rows[index * WIDTH + 9]!;
  }

  takerCumulativeLots(index: number): number {
    return this.#rows[index * WIDTH + 10]!;
  }

  // Writers: the book's, in the order of the columns.

  accepted(side: number, orderId: number, restingLots: number): void {
    const index = this.count;
    const rows = this.#rowsFor(index);
    const at = index * WIDTH;
    rows[at] = ACCEPTED | (side << SIDE_SHIFT);
    rows[at + 1] = orderId;
    rows[at + 5] = restingLots;
    this.count = index + 1;
  }

  setResting(index: number, lots: number): void {
    this.#rows[index * WIDTH + 5] = lots;
  }

  /** `detail` is the mode of a prevented match, 0 for a trade. */
  met(
    kind: number,
    takerSide: number,
    inAuction: number,
    detail: number,
    makerOrderId: number,
    takerOrderId: number,
    makerAccount: number,
    takerAccount: number,
    priceTicks: number,
    quantityLots: number,
    makerOpenLots: number,
    makerCumulativeLots: number,
    takerOpenLots: number,
    takerCumulativeLots: number,
  ): void {
    const index = this.count;
    const rows = this.#rowsFor(index);
    const at = index * WIDTH;
    rows[at] = kind | (takerSide << SIDE_SHIFT) | (inAuction << FLAG_SHIFT) | (detail << DETAIL_SHIFT);
    rows[at + 1] = makerOrderId;
    rows[at + 2] = takerOrderId;
    rows[at + 3] = makerAccount;
    rows[at + 4] = takerAccount;
    rows[at + 5] = priceTicks;
    rows[at + 6] = quantityLots;
    rows[at + 7] = makerOpenLots;
    rows[at + 8] = makerCumulativeLots;
    rows[at + 9] = takerOpenLots;
    rows[at + 10] = takerCumulativeLots;
    this.count = index + 1;
  }

  cancelled(
    side: number,
    wasResting: number,
    reason: number,
    orderId: number,
    account: number,
    priceTicks: number,
    cancelledLots: number,
    executedLots: number,
  ): void {
    const index = this.count;
    const rows = this.#rowsFor(index);
    const at = index * WIDTH;
    rows[at] = CANCELLED | (side << SIDE_SHIFT) | (wasResting << FLAG_SHIFT) | (reason << DETAIL_SHIFT);
    rows[at + 1] = orderId;
    rows[at + 2] = account;
    rows[at + 3] = priceTicks;
    rows[at + 4] = cancelledLots;
    rows[at + 8] = executedLots;
    this.count = index + 1;
  }

  /** Returns the row's index, for `setResting` when the operation is done. */
  amended(
    side: number,
    keptPriority: number,
    orderId: number,
    account: number,
    priceTicks: number,
    totalLots: number,
    oldPriceTicks: number,
    oldOpenLots: number,
    executedLots: number,
  ): number {
    const index = this.count;
    const rows = this.#rowsFor(index);
    const at = index * WIDTH;
    rows[at] = AMENDED | (side << SIDE_SHIFT) | (keptPriority << FLAG_SHIFT);
    rows[at + 1] = orderId;
    rows[at + 2] = account;
    rows[at + 3] = priceTicks;
    rows[at + 4] = totalLots;
    rows[at + 5] = 0;
    rows[at + 6] = oldPriceTicks;
    rows[at + 7] = oldOpenLots;
    rows[at + 8] = executedLots;
    this.count = index + 1;
    return index;
  }

  #rowsFor(index: number): Float64Array {
    const rows = this.#rows;
    return (index + 1) * WIDTH <= rows.length ? rows : this.#grow();
  }

  #grow(): Float64Array {
    const grown = new Float64Array(this.#rows.length * 2);
    grown.set(this.#rows);
    this.#rows = grown;
    return grown;
  }
}
