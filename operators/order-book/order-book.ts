import { assert } from '../../schemas/assert.ts';
import { BookEvents } from './book-events.ts';
import * as layout from './book-layout.ts';
import { BookMemory, sizeFor } from './book-memory.ts';
import { type ClearingPrice, clearingPrice } from './clearing-price.ts';
import * as codes from './codes.ts';
import { ExpiryQueue } from './expiry-queue.ts';

// Constants of this module: the compiler folds those, and loads imported ones at each use. It is a third of the speed.
const {
  ACCOUNT,
  BEST_LEAF,
  BEST_RANK,
  BUCKET_NEXT,
  ENTRY,
  EXPIRES_AT,
  EXPIRY_PLACE,
  FIRST,
  LAST,
  LEAF,
  NEXT,
  NO_RANK,
  OPEN_LOTS,
  ORDERED_LOTS,
  ORDER_ID,
  PREVENTED_LOTS,
  PREVIOUS,
  PRICE_TICKS,
  SUM_LOTS,
  TERMS,
  TERMS_GTD,
  TERMS_MODE,
  TERMS_MODE_SHIFT,
  TERMS_POST_ONLY,
  TERMS_PREVENTED,
  TERMS_SIDE,
  TRADE_GROUP,
  levelOf,
  priceOf,
  rankAcross,
  rankOf,
} = layout;
const {
  BOOK_FULL,
  BUY,
  CANCEL_ALL,
  CANCEL_AMENDED_BELOW_FILLED,
  CANCEL_EXPIRED,
  CANCEL_FOK_UNFILLABLE,
  CANCEL_IOC_REMAINDER,
  CANCEL_NO_LIQUIDITY,
  CANCEL_PRICE_PROTECTION,
  CANCEL_STP_BOTH,
  CANCEL_STP_DECREMENT,
  CANCEL_STP_NEWEST,
  CANCEL_STP_OLDEST,
  DONE,
  FOK,
  GTD,
  IOC,
  NOT_OPEN,
  POST_ONLY_WOULD_CROSS,
  PREVENTED,
  PRICE_TICKS_MAX,
  SELL,
  STP_CANCEL_BOTH,
  STP_CANCEL_NEWEST,
  STP_CANCEL_OLDEST,
  STP_DECREMENT,
  STP_NONE,
  TRADE,
} = codes;

export interface OrderBookOptions {
  /** Orders that may rest at one time; further ones are refused. */
  readonly openOrdersMax: number;
  /** Quote units that one lot costs at a price of one tick. Only orders by budget need it. */
  readonly quoteUnitsPerTickLot: number;
}

/** An order as it reaches the book. The book keeps no reference: a caller may use one object for all. */
export interface NewOrder {
  orderId: number;
  account: number;
  /** Accounts of one group do not trade with each other either; 0 is no group. */
  tradeGroup: number;
  /** A code of `sides`. */
  side: number;
  /** A market order's price is its protection: it trades no further than that. It never rests. */
  market: boolean;
  /** A code of `timesInForce`; of a market order, IOC or FOK. */
  timeInForce: number;
  postOnly: boolean;
  /** Limit or protection price. */
  priceTicks: number;
  /** Total wanted. For a sell by budget: the most that may be sold. For a buy by budget: 0. */
  quantityLots: number;
  /** Quote units to spend, or to be earned by a sell; 0: the order is by quantity. Market orders only. */
  budget: number;
  /** A code of `selfTradeModes`. */
  selfTradeMode: number;
  /** Micros of log time; GTD only, else 0. */
  expiresAt: number;
}

/** An open order as it stands in the book. */
export interface OpenOrder {
  readonly orderId: number;
  readonly account: number;
  readonly tradeGroup: number;
  readonly side: number;
  readonly postOnly: boolean;
  readonly selfTradeMode: number;
  readonly priceTicks: number;
  readonly orderedLots: number;
  readonly executedLots: number;
  readonly preventedLots: number;
  readonly openLots: number;
  readonly expiresAt: number;
}

export interface DepthLevel {
  readonly priceTicks: number;
  readonly lots: number;
  readonly orders: number;
}

const GOES_ON = -1;
const SNAPSHOT_VERSION = 1;
const SNAPSHOT_HEAD_BYTES = 16;
const SNAPSHOT_ORDER_BYTES = 68;

/**
 * The order book of one symbol: price-time priority in whole ticks and lots.
 *
 * Every operation leaves what it did in `events`, oldest first: accepted (or amended), trades from the best price on
 * with prevented matches in place, then the cancel if the rest ends. The caller clears `events` between operations. An
 * operation that answers anything but `DONE` has changed nothing and written nothing.
 *
 * Trades are at the maker's price; the taker's self-trade mode decides. While an auction collects, nothing trades and
 * orders may cross; `uncross` ends it.
 *
 * State: the open orders and their levels (`BookMemory`), the queue of expiries, the number of orders entered, whether
 * an auction collects. `snapshot()` gives equal bytes for equal books, whatever their history in memory.
 *
 * Invariants (`checkInvariants`): not crossed outside an auction; a level's sum is that of its orders; queues are in
 * order of entry; ordered = executed + prevented + open.
 *
 * Errors: none. Input is checked before it gets here; what breaks an invariant is a bug and throws.
 *
 * @example
 * const book = new OrderBook({ openOrdersMax: 100_000, quoteUnitsPerTickLot: 1 });
 * if (book.place(order) !== DONE) refuse();
 * for (let i = 0; i < book.events.count; i++) publish(book.events, i);
 * book.events.clear();
 */
export class OrderBook {
  readonly events = new BookEvents();
  readonly #openOrdersMax: number;
  readonly #quoteUnitsPerTickLot: number;
  #memory = new BookMemory();
  #expiries = new ExpiryQueue(this.#memory);
  #entries = 0;
  #collecting = false;

  constructor(options: OrderBookOptions) {
    this.#openOrdersMax = options.openOrdersMax;
    this.#quoteUnitsPerTickLot = options.quoteUnitsPerTickLot;
  }

  /** Orders that rest. */
  get openOrders(): number {
    return this.#memory.openCount;
  }

  /** An auction collects orders: they may cross, nothing trades. */
  get collecting(): boolean {
    return this.#collecting;
  }

  /** 0 when there is none. */
  get bestBidTicks(): number {
    return this.#bestTicks(BUY);
  }

  /** 0 when there is none. */
  get bestAskTicks(): number {
    return this.#bestTicks(SELL);
  }

  /** Whether a limit at this price would take on arrival. Priced at the opposite best counts as taking. */
  wouldCross(side: number, priceTicks: number): boolean {
    return this.#memory.integers[BEST_RANK + (side ^ 1)]! <= rankOf(side ^ 1, priceTicks);
  }

  /**
   * Takes an order. Post-only is judged before self-trade prevention, then the bound of the book: an order that may
   * rest is refused while the book is full.
   */
  place(order: NewOrder): number {
    const { side, priceTicks, timeInForce } = order;
    assert(priceTicks >= 1 && priceTicks <= PRICE_TICKS_MAX, 'a price is within its range');
    const memory = this.#memory;
    const { integers, doubles } = memory;
    const rank = rankOf(side, priceTicks);
    const crosses = integers[BEST_RANK + (side ^ 1)]! <= rankAcross(rank);
    const mayRest = timeInForce !== IOC && timeInForce !== FOK;
    const postOnly = order.postOnly ? TERMS_POST_ONLY : 0;
    if (crosses && postOnly !== 0) return POST_ONLY_WOULD_CROSS;
    if (mayRest && memory.openCount >= this.#openOrdersMax) return BOOK_FULL;
    if (!mayRest || (crosses && !this.#collecting)) return this.#placeTaker(order, mayRest);

    const leaf = memory.reachLeaf(side, rank);
    const entered = memory.takeOrder();
    if (leaf === 0 || entered === 0) {
      this.#move();
      return this.place(order);
    }
    // What may be far is asked for first, so that it is on its way while the rest is written.
    const { orderId, quantityLots } = order;
    const bucket = memory.bucketOf(orderId);
    const bucketNext = integers[bucket]!;
    const level = levelOf(leaf, rank);
    const last = integers[level + LAST]!;

    const at = entered >> 1;
    doubles[at + ORDER_ID] = orderId;
    doubles[at + ACCOUNT] = order.account;
    doubles[at + OPEN_LOTS] = quantityLots;
    doubles[at + ORDERED_LOTS] = quantityLots;
    doubles[at + ENTRY] = ++this.#entries;
    integers[entered + PRICE_TICKS] = priceTicks;
    integers[entered + TERMS] =
      side | (order.selfTradeMode << TERMS_MODE_SHIFT) | postOnly | (timeInForce === GTD ? TERMS_GTD : 0);
    integers[entered + TRADE_GROUP] = order.tradeGroup;
    integers[entered + LEAF] = leaf;
    integers[entered + PREVIOUS] = last;
    integers[entered + NEXT] = 0;
    integers[entered + BUCKET_NEXT] = bucketNext;
    integers[bucket] = entered;
    memory.openCount++;

    integers[level + LAST] = entered;
    doubles[(level >> 1) + SUM_LOTS]! += quantityLots;
    if (last !== 0) integers[last + NEXT] = entered;
    else {
      integers[level + FIRST] = entered;
      memory.openLevel(side, rank, leaf);
    }
    if (timeInForce === GTD) this.#wait(entered, order.expiresAt);
    this.events.accepted(side, orderId, quantityLots);
    return DONE;
  }

  /** Ends an open order. */
  cancel(orderId: number, reason: number): number {
    const memory = this.#memory;
    const { integers, doubles } = memory;
    const bucket = memory.bucketOf(orderId);
    let before = 0;
    let order = integers[bucket]!;
    while (order !== 0 && doubles[(order >> 1) + ORDER_ID] !== orderId) {
      before = order;
      order = integers[order + BUCKET_NEXT]!;
    }
    if (order === 0) return NOT_OPEN;

    const at = order >> 1;
    const terms = integers[order + TERMS]!;
    const side = terms & TERMS_SIDE;
    const priceTicks = integers[order + PRICE_TICKS]!;
    const open = doubles[at + OPEN_LOTS]!;
    const executed =
      doubles[at + ORDERED_LOTS]! - open - ((terms & TERMS_PREVENTED) === 0 ? 0 : doubles[at + PREVENTED_LOTS]!);
    this.events.cancelled(side, 1, reason, orderId, doubles[at + ACCOUNT]!, priceTicks, open, executed);

    const rank = rankOf(side, priceTicks);
    const leaf = integers[order + LEAF]!;
    const level = levelOf(leaf, rank);
    const previous = integers[order + PREVIOUS]!;
    const next = integers[order + NEXT]!;
    doubles[(level >> 1) + SUM_LOTS]! -= open;
    if (previous !== 0) integers[previous + NEXT] = next;
    else integers[level + FIRST] = next;
    if (next !== 0) integers[next + PREVIOUS] = previous;
    else {
      integers[level + LAST] = previous;
      if (previous === 0) memory.closeLevel(side, rank, leaf);
    }

    if ((terms & TERMS_GTD) !== 0) this.#expiries.remove(order);
    const after = integers[order + BUCKET_NEXT]!;
    if (before === 0) integers[bucket] = after;
    else integers[before + BUCKET_NEXT] = after;
    memory.openCount--;
    memory.freeOrder(order);
    return DONE;
  }

  /**
   * Changes price and total quantity of an open order. The same price and no more lots keep its place; everything else
   * goes to the back of its queue, and takes first if it crosses. A total at or below what is gone ends it.
   */
  amend(orderId: number, priceTicks: number, totalLots: number): number {
    assert(priceTicks >= 1 && priceTicks <= PRICE_TICKS_MAX, 'a price is within its range');
    if (this.#memory.isShort) this.#move();
    const { integers, doubles } = this.#memory;
    const order = this.#memory.find(orderId);
    if (order === 0) return NOT_OPEN;
    const at = order >> 1;
    const terms = integers[order + TERMS]!;
    const side = terms & TERMS_SIDE;
    const oldPriceTicks = integers[order + PRICE_TICKS]!;
    const oldOpen = doubles[at + OPEN_LOTS]!;
    const executed = this.#executed(order);
    const open = totalLots - executed - this.#prevented(order);
    if (open <= 0) {
      this.#cancelResting(order, CANCEL_AMENDED_BELOW_FILLED);
      return DONE;
    }
    const crosses = priceTicks !== oldPriceTicks && this.wouldCross(side, priceTicks);
    if (crosses && (terms & TERMS_POST_ONLY) !== 0) return POST_ONLY_WOULD_CROSS;

    const keepsPriority = priceTicks === oldPriceTicks && open <= oldOpen;
    const amended = this.events.amended(
      side,
      keepsPriority ? 1 : 0,
      orderId,
      doubles[at + ACCOUNT]!,
      priceTicks,
      totalLots,
      oldPriceTicks,
      oldOpen,
      executed,
    );
    if (keepsPriority) {
      this.#addToLevel(order, open - oldOpen);
      doubles[at + ORDERED_LOTS] = totalLots;
      doubles[at + OPEN_LOTS] = open;
      this.events.setResting(amended, open);
      return DONE;
    }

    this.#unlink(order);
    doubles[at + ORDERED_LOTS] = totalLots;
    doubles[at + OPEN_LOTS] = open;
    integers[order + PRICE_TICKS] = priceTicks;
    this.#enterAnew(order);
    const ended = crosses && !this.#collecting ? this.#take(order, side, rankOf(side ^ 1, priceTicks)) : GOES_ON;
    const rest = doubles[at + OPEN_LOTS]!;
    if (ended === GOES_ON && rest !== 0) {
      this.#link(order, side, priceTicks, rest);
      this.events.setResting(amended, rest);
      return DONE;
    }
    if (ended !== GOES_ON) this.#writeCancelled(order, 1, ended);
    this.#forget(order);
    return DONE;
  }

  /** Ends every order of an account, in order of entry. Returns how many. */
  cancelAccount(account: number, reason: number = CANCEL_ALL): number {
    const { doubles } = this.#memory;
    const found = this.#byEntry().filter((order) => doubles[(order >> 1) + ACCOUNT] === account);
    for (const order of found) this.#cancelResting(order, reason);
    return found.length;
  }

  /** Ends every order, in order of entry. Returns how many. */
  cancelEverything(reason: number): number {
    const found = this.#byEntry();
    for (const order of found) this.#cancelResting(order, reason);
    return found.length;
  }

  /** Ends the orders that expire at or before `nowMicros`, the earliest expiry first, then by entry. Returns how many. */
  expire(nowMicros: number): number {
    let count = 0;
    for (let order = this.#expiries.due(nowMicros); order !== 0; order = this.#expiries.due(nowMicros)) {
      this.#cancelResting(order, CANCEL_EXPIRED);
      count++;
    }
    return count;
  }

  /** From here to `uncross`, orders are collected: they may cross, and nothing trades. */
  startAuction(): void {
    this.#collecting = true;
  }

  /** Where `uncross` would trade now, not counting prevented matches. `referenceTicks` 0: there is no reference. */
  indicative(referenceTicks: number): ClearingPrice {
    const lowestAsk = this.bestAskTicks;
    const highestBid = this.bestBidTicks;
    if (lowestAsk === 0 || highestBid < lowestAsk) return clearingPrice([], [], referenceTicks);
    const bids = this.#depthTo(BUY, rankOf(BUY, lowestAsk));
    const asks = this.#depthTo(SELL, rankOf(SELL, highestBid));
    return clearingPrice(bids, asks, referenceTicks);
  }

  /**
   * Ends the auction: trades all that crosses at one price, by price and time, and leaves the book uncrossed.
   *
   * Of two orders that meet, the one that entered later stands as the taker. If they share a scope, its self-trade mode
   * decides; if that is `none`, the other's. Only where prevention took quantity away can orders still cross
   * afterwards: those uncross in a further round, at the price found for what is left.
   */
  uncross(referenceTicks: number): ClearingPrice {
    const first = this.indicative(referenceTicks);
    let priceTicks = first.priceTicks;
    while (priceTicks !== 0) {
      this.#uncrossAt(priceTicks);
      priceTicks = this.indicative(referenceTicks).priceTicks;
    }
    this.#collecting = false;
    return first;
  }

  /** The order, or undefined if it is not open. */
  find(orderId: number): OpenOrder | undefined {
    const order = this.#memory.find(orderId);
    return order === 0 ? undefined : this.#openOrder(order);
  }

  /** Account of an open order, 0 if it is not open. */
  accountOf(orderId: number): number {
    const order = this.#memory.find(orderId);
    return order === 0 ? 0 : this.#memory.doubles[(order >> 1) + ACCOUNT]!;
  }

  /** Lots that rest at a price. */
  lotsAt(side: number, priceTicks: number): number {
    const level = this.#memory.findLevel(side, rankOf(side, priceTicks));
    return level === 0 ? 0 : this.#memory.doubles[(level >> 1) + SUM_LOTS]!;
  }

  /** The best `levels` levels of a side, best first. */
  depth(side: number, levels: number): DepthLevel[] {
    return this.#depthTo(side, NO_RANK - 1, levels);
  }

  /** The open orders of a side in priority. */
  *orders(side: number): Generator<OpenOrder> {
    for (const order of this.#inPriority(side)) yield this.#openOrder(order);
  }

  /** Equal books give equal bytes. Numbers are little-endian; orders follow in priority, bids first. */
  snapshot(): Uint8Array {
    const bytes = new Uint8Array(SNAPSHOT_HEAD_BYTES + this.openOrders * SNAPSHOT_ORDER_BYTES);
    const view = new DataView(bytes.buffer);
    view.setUint16(0, SNAPSHOT_VERSION, true);
    view.setUint16(2, this.#collecting ? 1 : 0, true);
    view.setUint32(4, this.openOrders, true);
    view.setFloat64(8, this.#entries, true);
    let at = SNAPSHOT_HEAD_BYTES;
    for (const side of [BUY, SELL]) {
      for (const order of this.#inPriority(side)) {
        this.#writeOrder(view, at, order);
        at += SNAPSHOT_ORDER_BYTES;
      }
    }
    return bytes;
  }

  /** Becomes the book of a snapshot. `events` stay as they are. */
  restore(bytes: Uint8Array): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    assert(view.getUint16(0, true) === SNAPSHOT_VERSION, 'the snapshot of the order book has a known version');
    const count = view.getUint32(4, true);
    assert(
      bytes.byteLength === SNAPSHOT_HEAD_BYTES + count * SNAPSHOT_ORDER_BYTES,
      'the snapshot of the order book has the length that its head tells',
    );
    let memory = new BookMemory(sizeFor(count));
    while (!this.#fillFrom(view, count, memory)) memory = new BookMemory(memory.size * 2);
    this.#collecting = view.getUint16(2, true) === 1;
    this.#entries = view.getFloat64(8, true);
  }

  /** Throws `InvariantBroken` unless the book is sound. */
  checkInvariants(): void {
    this.#memory.checkInvariants();
    this.#expiries.checkInvariants();
    const bid = this.bestBidTicks;
    const ask = this.bestAskTicks;
    assert(this.#collecting || bid === 0 || ask === 0 || bid < ask, 'the book is crossed outside of an auction');
    const { integers, doubles } = this.#memory;
    let orders = 0;
    let expiring = 0;
    for (const side of [BUY, SELL]) {
      for (let rank = integers[BEST_RANK + side]!; rank !== NO_RANK; rank = this.#memory.nextRank(side, rank)) {
        const level = this.#memory.findLevel(side, rank);
        let lots = 0;
        let before = 0;
        for (let order = integers[level + FIRST]!; order !== 0; order = integers[order + NEXT]!) {
          this.#checkOrder(order, side, rank, before);
          lots += doubles[(order >> 1) + OPEN_LOTS]!;
          orders++;
          if ((integers[order + TERMS]! & TERMS_GTD) !== 0) expiring++;
          before = order;
        }
        assert(integers[level + LAST] === before, 'a level ends with its last order');
        assert(doubles[(level >> 1) + SUM_LOTS] === lots, 'a level sums the open lots of its orders');
      }
    }
    assert(orders === this.openOrders, 'every open order stands in a level');
    assert(expiring === this.#expiries.size, 'every order with an expiry waits for it');
  }

  // Taking.

  #placeTaker(order: NewOrder, mayRest: boolean): number {
    if (this.#memory.isShort) this.#move();
    const { side, priceTicks, timeInForce } = order;
    const limitRank = rankOf(side ^ 1, priceTicks);
    const entered = this.#enter(order);
    const accepted = this.events.count;
    this.events.accepted(side, order.orderId, 0);
    let ended = GOES_ON;
    let open = order.quantityLots;
    if (order.budget !== 0) {
      ended = this.#takeByBudget(entered, side, limitRank, order.budget, timeInForce);
      open = 0;
    } else if (timeInForce === FOK && !this.#canFill(entered, side, limitRank)) ended = CANCEL_FOK_UNFILLABLE;
    else {
      ended = this.#take(entered, side, limitRank);
      open = this.#memory.doubles[(entered >> 1) + OPEN_LOTS]!;
    }
    if (open !== 0 && ended === GOES_ON) {
      if (mayRest) {
        this.#link(entered, side, priceTicks, open);
        this.#memory.index(entered, order.orderId);
        if (timeInForce === GTD) this.#wait(entered, order.expiresAt);
        this.events.setResting(accepted, open);
        return DONE;
      }
      ended = order.market ? this.#whyMarketOrderEnded(side) : CANCEL_IOC_REMAINDER;
    }
    if (ended !== GOES_ON) this.#writeCancelled(entered, 0, ended);
    this.#memory.freeOrder(entered);
    return DONE;
  }

  #wait(order: number, expiresAt: number): void {
    this.#memory.doubles[(order >> 1) + EXPIRES_AT] = expiresAt;
    this.#expiries.add(order);
  }

  /** Fills the taker from the other side up to its limit. Returns why its rest must end, or GOES_ON. */
  #take(taker: number, side: number, limitRank: number): number {
    const memory = this.#memory;
    const { integers, doubles } = memory;
    const opposite = side ^ 1;
    const takerAt = taker >> 1;
    const takerId = doubles[takerAt + ORDER_ID]!;
    const takerAccount = doubles[takerAt + ACCOUNT]!;
    const takerGroup = integers[taker + TRADE_GROUP]!;
    const mode = (integers[taker + TERMS]! >> TERMS_MODE_SHIFT) & TERMS_MODE;
    let open = doubles[takerAt + OPEN_LOTS]!;
    let executed = this.#executed(taker);

    while (open !== 0) {
      const rank = integers[BEST_RANK + opposite]!;
      if (rank > limitRank) break;
      const leaf = integers[BEST_LEAF + opposite]!;
      const level = levelOf(leaf, rank);
      let maker = integers[level + FIRST]!;
      const priceTicks = integers[maker + PRICE_TICKS]!;
      let traded = 0;
      let prevented = false;
      do {
        const at = maker >> 1;
        const makerAccount = doubles[at + ACCOUNT]!;
        if (
          mode !== STP_NONE &&
          (makerAccount === takerAccount || (takerGroup !== 0 && integers[maker + TRADE_GROUP] === takerGroup))
        ) {
          prevented = true;
          break;
        }
        const makerOpen = doubles[at + OPEN_LOTS]!;
        const lots = Math.min(makerOpen, open);
        const makerExecuted = doubles[at + ORDERED_LOTS]! - makerOpen - this.#prevented(maker) + lots;
        open -= lots;
        executed += lots;
        traded += lots;
        this.events.met(
          TRADE,
          side,
          0,
          0,
          doubles[at + ORDER_ID]!,
          takerId,
          makerAccount,
          takerAccount,
          priceTicks,
          lots,
          makerOpen - lots,
          makerExecuted,
          open,
          executed,
        );
        if (makerOpen === lots) {
          const next = integers[maker + NEXT]!;
          this.#forget(maker);
          maker = next;
        } else {
          doubles[at + OPEN_LOTS] = makerOpen - lots;
        }
      } while (open !== 0 && maker !== 0);

      integers[level + FIRST] = maker;
      if (maker !== 0) {
        integers[maker + PREVIOUS] = 0;
        doubles[(level >> 1) + SUM_LOTS]! -= traded;
      } else {
        integers[level + LAST] = 0;
        doubles[(level >> 1) + SUM_LOTS] = 0;
        memory.closeLevel(opposite, rank, leaf);
      }
      if (prevented) {
        doubles[takerAt + OPEN_LOTS] = open;
        const ended = this.#prevent(taker, maker, side, mode, priceTicks);
        if (ended !== GOES_ON) return ended;
        open = doubles[takerAt + OPEN_LOTS]!;
      }
    }
    doubles[takerAt + OPEN_LOTS] = open;
    return GOES_ON;
  }

  /**
   * Takes by budget: at each level the whole lots that its rest pays, or still has to earn. What the taker has open is
   * then a number of lots at the level it stands at; 0 means that the budget is used up.
   */
  #takeByBudget(taker: number, side: number, limitRank: number, budget: number, timeInForce: number): number {
    assert(!this.#collecting, 'an auction takes no market orders');
    const { integers, doubles } = this.#memory;
    const at = taker >> 1;
    const mode = this.#mode(taker);
    let sellable = side === SELL ? doubles[at + OPEN_LOTS]! : Number.MAX_SAFE_INTEGER;
    let left = budget;
    if (timeInForce === FOK && !this.#canFillByBudget(taker, side, limitRank, budget, sellable)) {
      return CANCEL_FOK_UNFILLABLE;
    }

    this.#setBudgetOpen(taker, 0);
    while (integers[BEST_RANK + (side ^ 1)]! <= limitRank) {
      const maker = this.#firstOf(side ^ 1);
      const priceTicks = integers[maker + PRICE_TICKS]!;
      const lotCost = priceTicks * this.#quoteUnitsPerTickLot;
      const payable = Math.min(divFloor(left, lotCost), sellable);
      if (payable === 0) return CANCEL_IOC_REMAINDER;
      this.#setBudgetOpen(taker, payable);
      if (mode !== STP_NONE && this.#sameScope(taker, maker)) {
        const ended = this.#prevent(taker, maker, side, mode, priceTicks);
        const decremented = payable - doubles[at + OPEN_LOTS]!;
        if (side === BUY) left -= decremented * lotCost;
        else sellable -= decremented;
        if (ended !== GOES_ON) return ended;
        continue;
      }
      const lots = Math.min(payable, doubles[(maker >> 1) + OPEN_LOTS]!);
      left -= lots * lotCost;
      sellable -= lots;
      const open = Math.min(divFloor(left, lotCost), sellable);
      this.#setBudgetOpen(taker, open + lots);
      this.#trade(taker, maker, side, priceTicks, lots);
      if (open === 0) return GOES_ON;
    }
    return this.#whyMarketOrderEnded(side);
  }

  /** What a budget has open is known only at a price; what it ordered follows, so that what it executed stays. */
  #setBudgetOpen(taker: number, open: number): void {
    const { doubles } = this.#memory;
    const at = taker >> 1;
    doubles[at + ORDERED_LOTS]! += open - doubles[at + OPEN_LOTS]!;
    doubles[at + OPEN_LOTS] = open;
  }

  /** One fill of a resting maker. */
  #trade(taker: number, maker: number, side: number, priceTicks: number, lots: number): void {
    const { doubles } = this.#memory;
    const takerAt = taker >> 1;
    const at = maker >> 1;
    this.#addToLevel(maker, -lots);
    doubles[at + OPEN_LOTS]! -= lots;
    doubles[takerAt + OPEN_LOTS]! -= lots;
    this.#writeMet(TRADE, taker, maker, side, 0, priceTicks, lots);
    if (doubles[at + OPEN_LOTS] === 0) {
      this.#unlink(maker);
      this.#forget(maker);
    }
  }

  /** Why a market order that has not traded all of its quantity goes no further. */
  #whyMarketOrderEnded(side: number): number {
    return this.#memory.integers[BEST_LEAF + (side ^ 1)] === 0 ? CANCEL_NO_LIQUIDITY : CANCEL_PRICE_PROTECTION;
  }

  // Self-trade prevention.

  #sameScope(one: number, other: number): boolean {
    const { integers, doubles } = this.#memory;
    if (doubles[(one >> 1) + ACCOUNT] === doubles[(other >> 1) + ACCOUNT]) return true;
    const group = integers[one + TRADE_GROUP]!;
    return group !== 0 && group === integers[other + TRADE_GROUP];
  }

  /** Two orders of one scope met. Cancels the maker if it must go; returns why the taker must, or GOES_ON. */
  #prevent(taker: number, maker: number, side: number, mode: number, priceTicks: number): number {
    const { integers, doubles } = this.#memory;
    const takerOpen = doubles[(taker >> 1) + OPEN_LOTS]!;
    const makerOpen = doubles[(maker >> 1) + OPEN_LOTS]!;
    const lots = Math.min(takerOpen, makerOpen);
    if (mode === STP_DECREMENT) {
      this.#addToLevel(maker, -lots);
      for (const order of [taker, maker]) {
        const at = order >> 1;
        doubles[at + PREVENTED_LOTS] = this.#prevented(order) + lots;
        doubles[at + OPEN_LOTS]! -= lots;
        integers[order + TERMS]! |= TERMS_PREVENTED;
      }
    }
    this.#writeMet(PREVENTED, taker, maker, side, mode, priceTicks, lots);
    switch (mode) {
      case STP_CANCEL_NEWEST:
        return CANCEL_STP_NEWEST;
      case STP_CANCEL_OLDEST:
        this.#cancelResting(maker, CANCEL_STP_OLDEST);
        return GOES_ON;
      case STP_CANCEL_BOTH:
        this.#cancelResting(maker, CANCEL_STP_BOTH);
        return CANCEL_STP_BOTH;
      default:
        if (makerOpen === lots) this.#cancelResting(maker, CANCEL_STP_DECREMENT);
        return takerOpen === lots ? CANCEL_STP_DECREMENT : GOES_ON;
    }
  }

  // Fill or kill: the walk that matching would make, without a trace.

  #canFill(taker: number, side: number, limitRank: number): boolean {
    const memory = this.#memory;
    const { integers, doubles } = memory;
    const opposite = side ^ 1;
    const mode = this.#mode(taker);
    let wanted = doubles[(taker >> 1) + OPEN_LOTS]!;
    for (let rank = integers[BEST_RANK + opposite]!; rank <= limitRank; rank = memory.nextRank(opposite, rank)) {
      if (rank === NO_RANK) return false;
      const level = memory.findLevel(opposite, rank);
      if (mode === STP_NONE) {
        wanted -= doubles[(level >> 1) + SUM_LOTS]!;
        if (wanted <= 0) return true;
        continue;
      }
      for (let maker = integers[level + FIRST]!; maker !== 0; maker = integers[maker + NEXT]!) {
        if (this.#sameScope(taker, maker)) {
          if (mode === STP_CANCEL_OLDEST) continue;
          return false;
        }
        wanted -= doubles[(maker >> 1) + OPEN_LOTS]!;
        if (wanted <= 0) return true;
      }
    }
    return false;
  }

  #canFillByBudget(taker: number, side: number, limitRank: number, budget: number, sellableMax: number): boolean {
    const memory = this.#memory;
    const { integers, doubles } = memory;
    const opposite = side ^ 1;
    const mode = this.#mode(taker);
    let left = budget;
    let sellable = sellableMax;
    for (let rank = integers[BEST_RANK + opposite]!; rank <= limitRank; rank = memory.nextRank(opposite, rank)) {
      if (rank === NO_RANK) return false;
      const lotCost = priceOf(opposite, rank) * this.#quoteUnitsPerTickLot;
      const level = memory.findLevel(opposite, rank);
      for (let maker = integers[level + FIRST]!; maker !== 0; maker = integers[maker + NEXT]!) {
        if (left < lotCost) return false;
        if (mode !== STP_NONE && this.#sameScope(taker, maker)) {
          if (mode === STP_CANCEL_OLDEST) continue;
          return false;
        }
        const lots = Math.min(divFloor(left, lotCost), sellable, doubles[(maker >> 1) + OPEN_LOTS]!);
        left -= lots * lotCost;
        sellable -= lots;
        if (left < lotCost) return true;
        if (sellable === 0) return false;
      }
    }
    return false;
  }

  // Auction.

  #uncrossAt(priceTicks: number): void {
    const { integers } = this.#memory;
    const bidRank = rankOf(BUY, priceTicks);
    const askRank = rankOf(SELL, priceTicks);
    while (integers[BEST_RANK + BUY]! <= bidRank && integers[BEST_RANK + SELL]! <= askRank) {
      const bid = this.#firstOf(BUY);
      const ask = this.#firstOf(SELL);
      if (this.#entry(bid) > this.#entry(ask)) this.#meetInAuction(bid, ask, BUY, priceTicks);
      else this.#meetInAuction(ask, bid, SELL, priceTicks);
    }
  }

  #meetInAuction(taker: number, maker: number, side: number, priceTicks: number): void {
    const { doubles } = this.#memory;
    const at = taker >> 1;
    const takerOpen = doubles[at + OPEN_LOTS]!;
    const mode = this.#sameScope(taker, maker) ? this.#mode(taker) || this.#mode(maker) : STP_NONE;
    if (mode === STP_NONE) {
      const lots = Math.min(takerOpen, doubles[(maker >> 1) + OPEN_LOTS]!);
      this.#addToLevel(taker, -lots);
      this.#trade(taker, maker, side, priceTicks, lots);
      if (takerOpen === lots) {
        this.#unlink(taker);
        this.#forget(taker);
      }
      return;
    }
    const ended = this.#prevent(taker, maker, side, mode, priceTicks);
    this.#addToLevel(taker, doubles[at + OPEN_LOTS]! - takerOpen);
    if (ended !== GOES_ON) this.#cancelResting(taker, ended);
  }

  // Orders, queues, levels.

  #enter(order: NewOrder): number {
    const { integers, doubles } = this.#memory;
    const entered = this.#memory.takeOrder();
    const at = entered >> 1;
    doubles[at + ORDER_ID] = order.orderId;
    doubles[at + ACCOUNT] = order.account;
    doubles[at + OPEN_LOTS] = order.quantityLots;
    doubles[at + ORDERED_LOTS] = order.quantityLots;
    doubles[at + ENTRY] = ++this.#entries;
    integers[entered + PRICE_TICKS] = order.priceTicks;
    integers[entered + TERMS] =
      order.side | (order.selfTradeMode << TERMS_MODE_SHIFT) | (order.timeInForce === GTD ? TERMS_GTD : 0);
    integers[entered + TRADE_GROUP] = order.tradeGroup;
    return entered;
  }

  /** An order that loses its place enters again; among equal expiries its turn then comes later too. */
  #enterAnew(order: number): void {
    const expires = (this.#memory.integers[order + TERMS]! & TERMS_GTD) !== 0;
    if (expires) this.#expiries.remove(order);
    this.#memory.doubles[(order >> 1) + ENTRY] = ++this.#entries;
    if (expires) this.#expiries.add(order);
  }

  /** Puts an order at the back of the queue at its price. */
  #link(order: number, side: number, priceTicks: number, open: number): void {
    const memory = this.#memory;
    const { integers, doubles } = memory;
    const rank = rankOf(side, priceTicks);
    const leaf = memory.reachLeaf(side, rank);
    const level = levelOf(leaf, rank);
    const last = integers[level + LAST]!;
    integers[order + LEAF] = leaf;
    integers[order + PREVIOUS] = last;
    integers[order + NEXT] = 0;
    integers[level + LAST] = order;
    doubles[(level >> 1) + SUM_LOTS]! += open;
    if (last !== 0) integers[last + NEXT] = order;
    else {
      integers[level + FIRST] = order;
      memory.openLevel(side, rank, leaf);
    }
  }

  /** Takes an order out of its queue. */
  #unlink(order: number): void {
    const memory = this.#memory;
    const { integers, doubles } = memory;
    const side = integers[order + TERMS]! & TERMS_SIDE;
    const rank = rankOf(side, integers[order + PRICE_TICKS]!);
    const leaf = integers[order + LEAF]!;
    const level = levelOf(leaf, rank);
    const previous = integers[order + PREVIOUS]!;
    const next = integers[order + NEXT]!;
    doubles[(level >> 1) + SUM_LOTS]! -= doubles[(order >> 1) + OPEN_LOTS]!;
    if (previous !== 0) integers[previous + NEXT] = next;
    else integers[level + FIRST] = next;
    if (next !== 0) integers[next + PREVIOUS] = previous;
    else {
      integers[level + LAST] = previous;
      if (previous === 0) memory.closeLevel(side, rank, leaf);
    }
  }

  /** Ends the memory of an order that has left its queue. */
  #forget(order: number): void {
    if ((this.#memory.integers[order + TERMS]! & TERMS_GTD) !== 0) this.#expiries.remove(order);
    this.#memory.forget(order);
  }

  #cancelResting(order: number, reason: number): void {
    this.#writeCancelled(order, 1, reason);
    this.#unlink(order);
    this.#forget(order);
  }

  #addToLevel(order: number, lots: number): void {
    const { integers, doubles } = this.#memory;
    const side = integers[order + TERMS]! & TERMS_SIDE;
    const level = levelOf(integers[order + LEAF]!, rankOf(side, integers[order + PRICE_TICKS]!));
    doubles[(level >> 1) + SUM_LOTS]! += lots;
  }

  #writeCancelled(order: number, wasResting: number, reason: number): void {
    const { integers, doubles } = this.#memory;
    const at = order >> 1;
    this.events.cancelled(
      integers[order + TERMS]! & TERMS_SIDE,
      wasResting,
      reason,
      doubles[at + ORDER_ID]!,
      doubles[at + ACCOUNT]!,
      integers[order + PRICE_TICKS]!,
      doubles[at + OPEN_LOTS]!,
      this.#executed(order),
    );
  }

  #writeMet(
    kind: number,
    taker: number,
    maker: number,
    side: number,
    mode: number,
    priceTicks: number,
    lots: number,
  ): void {
    const { doubles } = this.#memory;
    const takerAt = taker >> 1;
    const makerAt = maker >> 1;
    this.events.met(
      kind,
      side,
      this.#collecting ? 1 : 0,
      mode,
      doubles[makerAt + ORDER_ID]!,
      doubles[takerAt + ORDER_ID]!,
      doubles[makerAt + ACCOUNT]!,
      doubles[takerAt + ACCOUNT]!,
      priceTicks,
      lots,
      doubles[makerAt + OPEN_LOTS]!,
      this.#executed(maker),
      doubles[takerAt + OPEN_LOTS]!,
      this.#executed(taker),
    );
  }

  #executed(order: number): number {
    const { doubles } = this.#memory;
    const at = order >> 1;
    return doubles[at + ORDERED_LOTS]! - doubles[at + OPEN_LOTS]! - this.#prevented(order);
  }

  #prevented(order: number): number {
    const { integers, doubles } = this.#memory;
    return (integers[order + TERMS]! & TERMS_PREVENTED) === 0 ? 0 : doubles[(order >> 1) + PREVENTED_LOTS]!;
  }

  #entry(order: number): number {
    return this.#memory.doubles[(order >> 1) + ENTRY]!;
  }

  #mode(order: number): number {
    return (this.#memory.integers[order + TERMS]! >> TERMS_MODE_SHIFT) & TERMS_MODE;
  }

  /** The first order of the best level of a side that has one. */
  #firstOf(side: number): number {
    const { integers } = this.#memory;
    return integers[levelOf(integers[BEST_LEAF + side]!, integers[BEST_RANK + side]!) + FIRST]!;
  }

  #bestTicks(side: number): number {
    const rank = this.#memory.integers[BEST_RANK + side]!;
    return rank === NO_RANK ? 0 : priceOf(side, rank);
  }

  /** All open orders, in order of entry. */
  #byEntry(): number[] {
    return [...this.#memory.openOrders()].sort((one, other) => this.#entry(one) - this.#entry(other));
  }

  *#inPriority(side: number): Generator<number> {
    const { integers } = this.#memory;
    for (let rank = integers[BEST_RANK + side]!; rank !== NO_RANK; rank = this.#memory.nextRank(side, rank)) {
      const level = this.#memory.findLevel(side, rank);
      for (let order = integers[level + FIRST]!; order !== 0; order = integers[order + NEXT]!) yield order;
    }
  }

  #depthTo(side: number, lastRank: number, levels: number = Number.MAX_SAFE_INTEGER): DepthLevel[] {
    const { integers, doubles } = this.#memory;
    const depth: DepthLevel[] = [];
    let rank = integers[BEST_RANK + side]!;
    while (rank <= lastRank && rank !== NO_RANK && depth.length < levels) {
      const level = this.#memory.findLevel(side, rank);
      let orders = 0;
      for (let order = integers[level + FIRST]!; order !== 0; order = integers[order + NEXT]!) orders++;
      depth.push({ priceTicks: priceOf(side, rank), lots: doubles[(level >> 1) + SUM_LOTS]!, orders });
      rank = this.#memory.nextRank(side, rank);
    }
    return depth;
  }

  #openOrder(order: number): OpenOrder {
    const { integers, doubles } = this.#memory;
    const at = order >> 1;
    const terms = integers[order + TERMS]!;
    return {
      orderId: doubles[at + ORDER_ID]!,
      account: doubles[at + ACCOUNT]!,
      tradeGroup: integers[order + TRADE_GROUP]!,
      side: terms & TERMS_SIDE,
      postOnly: (terms & TERMS_POST_ONLY) !== 0,
      selfTradeMode: this.#mode(order),
      priceTicks: integers[order + PRICE_TICKS]!,
      orderedLots: doubles[at + ORDERED_LOTS]!,
      executedLots: this.#executed(order),
      preventedLots: this.#prevented(order),
      openLots: doubles[at + OPEN_LOTS]!,
      expiresAt: terms & TERMS_GTD ? doubles[at + EXPIRES_AT]! : 0,
    };
  }

  // Moving, snapshot and restore: all three write a book down in its canonical form and read it back.

  #move(): void {
    this.restore(this.snapshot());
  }

  /** False if the memory came out too small to go on in for a while. */
  #fillFrom(view: DataView, count: number, memory: BookMemory): boolean {
    this.#memory = memory;
    this.#expiries = new ExpiryQueue(memory);
    for (let i = 0; i < count; i++) {
      if (memory.isShort) return false;
      this.#readOrder(view, SNAPSHOT_HEAD_BYTES + i * SNAPSHOT_ORDER_BYTES);
    }
    return memory.isRoomy;
  }

  #writeOrder(view: DataView, bytesAt: number, order: number): void {
    const { integers, doubles } = this.#memory;
    const at = order >> 1;
    view.setFloat64(bytesAt, doubles[at + ORDER_ID]!, true);
    view.setFloat64(bytesAt + 8, doubles[at + ACCOUNT]!, true);
    view.setFloat64(bytesAt + 16, doubles[at + ORDERED_LOTS]!, true);
    view.setFloat64(bytesAt + 24, doubles[at + OPEN_LOTS]!, true);
    view.setFloat64(bytesAt + 32, this.#prevented(order), true);
    view.setFloat64(bytesAt + 40, doubles[at + ENTRY]!, true);
    view.setFloat64(bytesAt + 48, integers[order + TERMS]! & TERMS_GTD ? doubles[at + EXPIRES_AT]! : 0, true);
    view.setInt32(bytesAt + 56, integers[order + PRICE_TICKS]!, true);
    view.setInt32(bytesAt + 60, integers[order + TRADE_GROUP]!, true);
    view.setInt32(bytesAt + 64, integers[order + TERMS]!, true);
  }

  #readOrder(view: DataView, bytesAt: number): void {
    const memory = this.#memory;
    const { integers, doubles } = memory;
    const order = memory.takeOrder();
    const at = order >> 1;
    const orderId = view.getFloat64(bytesAt, true);
    const open = view.getFloat64(bytesAt + 24, true);
    const priceTicks = view.getInt32(bytesAt + 56, true);
    const terms = view.getInt32(bytesAt + 64, true);
    doubles[at + ORDER_ID] = orderId;
    doubles[at + ACCOUNT] = view.getFloat64(bytesAt + 8, true);
    doubles[at + OPEN_LOTS] = open;
    doubles[at + ORDERED_LOTS] = view.getFloat64(bytesAt + 16, true);
    doubles[at + PREVENTED_LOTS] = view.getFloat64(bytesAt + 32, true);
    doubles[at + ENTRY] = view.getFloat64(bytesAt + 40, true);
    integers[order + PRICE_TICKS] = priceTicks;
    integers[order + TRADE_GROUP] = view.getInt32(bytesAt + 60, true);
    integers[order + TERMS] = terms;
    this.#link(order, terms & TERMS_SIDE, priceTicks, open);
    memory.index(order, orderId);
    if ((terms & TERMS_GTD) !== 0) this.#wait(order, view.getFloat64(bytesAt + 48, true));
  }

  #checkOrder(order: number, side: number, rank: number, previous: number): void {
    const { integers } = this.#memory;
    const told = this.#openOrder(order);
    assert(this.#memory.find(told.orderId) === order, 'an open order is found by its id');
    assert(told.side === side, 'an order stands on its side');
    assert(told.priceTicks >= 1 && told.priceTicks <= PRICE_TICKS_MAX, 'a price is within its range');
    assert(rankOf(side, told.priceTicks) === rank, 'an order stands at its price');
    const level = this.#memory.findLevel(side, rank);
    assert(levelOf(integers[order + LEAF]!, rank) === level, 'an order knows its level');
    assert(integers[order + PREVIOUS] === previous, 'an order knows the one before');
    assert(previous === 0 || this.#entry(previous) < this.#entry(order), 'a queue is in order of entry');
    assert(this.#entry(order) <= this.#entries, 'an entry was counted');
    assert(told.openLots > 0, 'an open order has lots open');
    assert(told.executedLots >= 0, 'an order has not executed, prevented and kept open more than was ordered');
    const waits = integers[order + EXPIRY_PLACE] !== 0;
    assert(waits === ((integers[order + TERMS]! & TERMS_GTD) !== 0), 'an order waits for its expiry if it has one');
  }
}

function divFloor(amount: number, divisor: number): number {
  return (amount - (amount % divisor)) / divisor;
}
