import { assert } from '../../schemas/assert.ts';
import { BookEvents, PREVENTED, TRADE } from './book-events.ts';
import { type ClearingPrice, clearingPrice } from './clearing-price.ts';
import {
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
  PRICE_TICKS_MAX,
  SELL,
  STP_CANCEL_BOTH,
  STP_CANCEL_NEWEST,
  STP_CANCEL_OLDEST,
  STP_DECREMENT,
  STP_NONE,
} from './codes.ts';
import { ExpiryQueue } from './expiry-queue.ts';
import {
  ACCOUNT,
  ENTRY,
  EXECUTED_LOTS,
  EXPIRES_AT,
  EXPIRY_PLACE,
  LEVEL,
  NEXT,
  OPEN_LOTS,
  ORDER_ID,
  ORDERED_LOTS,
  OrderSlots,
  PREVENTED_LOTS,
  PREVIOUS,
  PRICE_TICKS,
  TERMS,
  TERMS_GTD,
  TERMS_MODE,
  TERMS_MODE_SHIFT,
  TERMS_POST_ONLY,
  TERMS_SIDE,
  TRADE_GROUP,
} from './order-slots.ts';
import { PriceLevels, rankOf } from './price-levels.ts';

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
 * State: slots of open orders, levels of both sides, the queue of expiries, the number of orders entered, whether an
 * auction collects. `snapshot()` gives equal bytes for equal books, whatever their history in memory.
 *
 * Invariants (`checkInvariants`): not crossed outside an auction; a level's sum is that of its orders; queues are in
 * order of entry; ordered = executed + prevented + open; never more open orders than allowed, unless restored so.
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
  #slots = new OrderSlots();
  #levels = new PriceLevels();
  #expiries = new ExpiryQueue(this.#slots);
  #entries = 0;
  #collecting = false;

  constructor(options: OrderBookOptions) {
    this.#openOrdersMax = options.openOrdersMax;
    this.#quoteUnitsPerTickLot = options.quoteUnitsPerTickLot;
  }

  /** Orders that rest. */
  get openOrders(): number {
    return this.#slots.openCount;
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
    return this.#levels.bestRank[side ^ 1]! <= rankOf(side ^ 1, priceTicks);
  }

  /**
   * Takes an order. Post-only is judged before self-trade prevention, then the bound of the book: an order that may
   * rest is refused while the book is full.
   */
  place(order: NewOrder): number {
    const { side, priceTicks, timeInForce } = order;
    const opposite = side ^ 1;
    const limitRank = rankOf(opposite, priceTicks);
    const crosses = this.#levels.bestRank[opposite]! <= limitRank;
    const mayRest = timeInForce !== IOC && timeInForce !== FOK;
    if (crosses && order.postOnly) return POST_ONLY_WOULD_CROSS;
    if (mayRest && this.#slots.openCount >= this.#openOrdersMax) return BOOK_FULL;

    const slot = this.#enter(order);
    const accepted = this.events.accepted(side, order.orderId, order.account, priceTicks, order.quantityLots);
    let ended = GOES_ON;
    if (order.budget !== 0) ended = this.#takeByBudget(slot, side, limitRank, order.budget, timeInForce);
    else if (crosses && !this.#collecting) {
      if (timeInForce === FOK && !this.#canFill(slot, side, limitRank)) ended = CANCEL_FOK_UNFILLABLE;
      else ended = this.#take(slot, side, limitRank);
    } else if (timeInForce === FOK) ended = CANCEL_FOK_UNFILLABLE;

    const open = this.#slots.doubles[(slot << 3) + OPEN_LOTS]!;
    if (ended === GOES_ON && open !== 0) {
      if (mayRest) {
        this.#rest(slot, side, priceTicks);
        this.events.setResting(accepted, open);
        return DONE;
      }
      ended = order.market ? this.#whyMarketOrderEnded(opposite) : CANCEL_IOC_REMAINDER;
    }
    if (ended !== GOES_ON) this.#writeCancelled(slot, 0, ended);
    this.#slots.giveBack(slot);
    return DONE;
  }

  /** Ends an open order. */
  cancel(orderId: number, reason: number): number {
    const slot = this.#slots.find(orderId);
    if (slot === 0) return NOT_OPEN;
    this.#cancelResting(slot, reason);
    return DONE;
  }

  /**
   * Changes price and total quantity of an open order. The same price and no more lots keep its place; everything else
   * goes to the back of its queue, and takes first if it crosses. A total at or below what is gone ends it.
   */
  amend(orderId: number, priceTicks: number, totalLots: number): number {
    const slot = this.#slots.find(orderId);
    if (slot === 0) return NOT_OPEN;
    const integers = this.#slots.integers;
    const doubles = this.#slots.doubles;
    const seldom = this.#slots.seldom;
    const terms = integers[(slot << 4) + TERMS]!;
    const side = terms & TERMS_SIDE;
    const oldPriceTicks = integers[(slot << 4) + PRICE_TICKS]!;
    const oldOpen = doubles[(slot << 3) + OPEN_LOTS]!;
    const executed = doubles[(slot << 3) + EXECUTED_LOTS]!;
    const open = totalLots - executed - seldom[(slot << 2) + PREVENTED_LOTS]!;
    const limitRank = rankOf(side ^ 1, priceTicks);
    const crosses = priceTicks !== oldPriceTicks && this.#levels.bestRank[side ^ 1]! <= limitRank;
    if (open <= 0) {
      this.#cancelResting(slot, CANCEL_AMENDED_BELOW_FILLED);
      return DONE;
    }
    if (crosses && (terms & TERMS_POST_ONLY) !== 0) return POST_ONLY_WOULD_CROSS;

    const keepsPriority = priceTicks === oldPriceTicks && open <= oldOpen;
    const amended = this.events.amended(
      side,
      keepsPriority ? 1 : 0,
      orderId,
      doubles[(slot << 3) + ACCOUNT]!,
      priceTicks,
      totalLots,
      oldPriceTicks,
      oldOpen,
      executed,
    );
    if (keepsPriority) {
      seldom[(slot << 2) + ORDERED_LOTS] = totalLots;
      doubles[(slot << 3) + OPEN_LOTS] = open;
      this.#levels.sums[(integers[(slot << 4) + LEVEL]! << 1) + 1]! -= oldOpen - open;
      this.events.setResting(amended, open);
      return DONE;
    }

    this.#unlink(slot);
    seldom[(slot << 2) + ORDERED_LOTS] = totalLots;
    this.#enterAnew(slot);
    doubles[(slot << 3) + OPEN_LOTS] = open;
    integers[(slot << 4) + PRICE_TICKS] = priceTicks;
    const ended = crosses && !this.#collecting ? this.#take(slot, side, limitRank) : GOES_ON;
    const rest = doubles[(slot << 3) + OPEN_LOTS]!;
    if (ended === GOES_ON && rest !== 0) {
      this.#link(slot, side, priceTicks);
      this.events.setResting(amended, rest);
      return DONE;
    }
    if (ended !== GOES_ON) this.#writeCancelled(slot, 1, ended);
    this.#forget(slot);
    return DONE;
  }

  /** Ends every order of an account, in order of entry. Returns how many. */
  cancelAccount(account: number, reason: number = CANCEL_ALL): number {
    const doubles = this.#slots.doubles;
    const found = this.#openSlots().filter((slot) => doubles[(slot << 3) + ACCOUNT] === account);
    for (const slot of found) this.#cancelResting(slot, reason);
    return found.length;
  }

  /** Ends every order, in order of entry. Returns how many. */
  cancelEverything(reason: number): number {
    const found = this.#openSlots();
    for (const slot of found) this.#cancelResting(slot, reason);
    return found.length;
  }

  /** Ends the orders that expire at or before `nowMicros`, the earliest expiry first, then by entry. Returns how many. */
  expire(nowMicros: number): number {
    let count = 0;
    for (let slot = this.#expiries.due(nowMicros); slot !== 0; slot = this.#expiries.due(nowMicros)) {
      this.#cancelResting(slot, CANCEL_EXPIRED);
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
    const bids = this.#depthWhile(BUY, (priceTicks) => priceTicks >= lowestAsk);
    const asks = this.#depthWhile(SELL, (priceTicks) => priceTicks <= highestBid);
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
    const slot = this.#slots.find(orderId);
    return slot === 0 ? undefined : this.#openOrder(slot);
  }

  /** Account of an open order, 0 if it is not open. */
  accountOf(orderId: number): number {
    const slot = this.#slots.find(orderId);
    return slot === 0 ? 0 : this.#slots.doubles[(slot << 3) + ACCOUNT]!;
  }

  /** Lots that rest at a price. */
  lotsAt(side: number, priceTicks: number): number {
    return this.#levels.sums[(this.#levels.find(side, rankOf(side, priceTicks)) << 1) + 1]!;
  }

  /** The best `levels` levels of a side, best first. */
  depth(side: number, levels: number): DepthLevel[] {
    let left = levels;
    return this.#depthWhile(side, () => left-- > 0);
  }

  /** The open orders of a side in priority. */
  *orders(side: number): Generator<OpenOrder> {
    for (const slot of this.#slotsInPriority(side)) yield this.#openOrder(slot);
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
      for (const slot of this.#slotsInPriority(side)) {
        this.#writeOrder(view, at, slot);
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
    this.#slots = new OrderSlots();
    this.#levels = new PriceLevels();
    this.#expiries = new ExpiryQueue(this.#slots);
    this.#collecting = view.getUint16(2, true) === 1;
    this.#entries = view.getFloat64(8, true);
    for (let i = 0; i < count; i++) this.#readOrder(view, SNAPSHOT_HEAD_BYTES + i * SNAPSHOT_ORDER_BYTES);
  }

  /** Throws `InvariantBroken` unless the book is sound. */
  checkInvariants(): void {
    this.#levels.checkInvariants();
    this.#expiries.checkInvariants();
    const bid = this.bestBidTicks;
    const ask = this.bestAskTicks;
    assert(this.#collecting || bid === 0 || ask === 0 || bid < ask, 'the book is crossed outside of an auction');
    let orders = 0;
    let expiring = 0;
    for (const side of [BUY, SELL]) {
      for (let level = this.#levels.best[side]!; level !== 0; level = this.#levels.next(level)) {
        let lots = 0;
        let before = 0;
        for (let slot = this.#levels.queues[level << 2]!; slot !== 0; slot = this.#next(slot)) {
          this.#checkOrder(slot, side, level, before);
          lots += this.#slots.doubles[(slot << 3) + OPEN_LOTS]!;
          orders++;
          if ((this.#slots.integers[(slot << 4) + TERMS]! & TERMS_GTD) !== 0) expiring++;
          before = slot;
        }
        assert(this.#levels.queues[(level << 2) + 1] === before, 'a level ends with its last order');
        assert(this.#levels.sums[(level << 1) + 1] === lots, 'a level sums the open lots of its orders');
      }
    }
    assert(orders === this.#slots.openCount, 'every open order stands in a level');
    assert(expiring === this.#expiries.size, 'every order with an expiry waits for it');
  }

  // Taking.

  /** Fills the taker from the other side up to its limit. Returns why its rest must end, or GOES_ON. */
  #take(taker: number, side: number, limitRank: number): number {
    const { doubles, integers } = this.#slots;
    const levels = this.#levels;
    const opposite = side ^ 1;
    const takerId = doubles[(taker << 3) + ORDER_ID]!;
    const takerAccount = doubles[(taker << 3) + ACCOUNT]!;
    const takerGroup = integers[(taker << 4) + TRADE_GROUP]!;
    const mode = (integers[(taker << 4) + TERMS]! >> TERMS_MODE_SHIFT) & TERMS_MODE;
    let open = doubles[(taker << 3) + OPEN_LOTS]!;
    let executed = doubles[(taker << 3) + EXECUTED_LOTS]!;

    while (open !== 0 && levels.bestRank[opposite]! <= limitRank) {
      const level = levels.best[opposite]!;
      let maker = levels.queues[level << 2]!;
      const priceTicks = integers[(maker << 4) + PRICE_TICKS]!;
      let traded = 0;
      let prevented = false;
      do {
        const at = maker << 3;
        const makerAccount = doubles[at + ACCOUNT]!;
        if (
          mode !== STP_NONE &&
          (makerAccount === takerAccount || (takerGroup !== 0 && integers[(maker << 4) + TRADE_GROUP] === takerGroup))
        ) {
          prevented = true;
          break;
        }
        const makerOpen = doubles[at + OPEN_LOTS]!;
        const lots = Math.min(makerOpen, open);
        const makerExecuted = doubles[at + EXECUTED_LOTS]! + lots;
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
          const next = integers[(maker << 4) + NEXT]!;
          this.#forget(maker);
          maker = next;
        } else {
          doubles[at + OPEN_LOTS] = makerOpen - lots;
          doubles[at + EXECUTED_LOTS] = makerExecuted;
        }
      } while (open !== 0 && maker !== 0);

      if (maker === 0) {
        levels.queues[level << 2] = 0;
        levels.queues[(level << 2) + 1] = 0;
        levels.sums[(level << 1) + 1] = 0;
        levels.close(opposite, level);
      } else {
        levels.queues[level << 2] = maker;
        integers[(maker << 4) + PREVIOUS] = 0;
        levels.sums[(level << 1) + 1]! -= traded;
      }
      if (prevented) {
        doubles[(taker << 3) + OPEN_LOTS] = open;
        doubles[(taker << 3) + EXECUTED_LOTS] = executed;
        const ended = this.#prevent(taker, maker, side, mode, priceTicks, 0);
        if (ended !== GOES_ON) return ended;
        open = doubles[(taker << 3) + OPEN_LOTS]!;
      }
    }
    doubles[(taker << 3) + OPEN_LOTS] = open;
    doubles[(taker << 3) + EXECUTED_LOTS] = executed;
    return GOES_ON;
  }

  /**
   * Takes by budget: at each level the whole lots that its rest pays, or still has to earn. What the taker has open is
   * then a number of lots at the level it stands at; 0 means that the budget is used up.
   */
  #takeByBudget(taker: number, side: number, limitRank: number, budget: number, timeInForce: number): number {
    assert(!this.#collecting, 'an auction takes no market orders');
    const { doubles, integers } = this.#slots;
    const levels = this.#levels;
    const opposite = side ^ 1;
    const at = taker << 3;
    const mode = (integers[(taker << 4) + TERMS]! >> TERMS_MODE_SHIFT) & TERMS_MODE;
    let sellable = side === SELL ? doubles[at + OPEN_LOTS]! : Number.MAX_SAFE_INTEGER;
    let left = budget;
    if (timeInForce === FOK && !this.#canFillByBudget(taker, side, limitRank, budget, sellable)) {
      return CANCEL_FOK_UNFILLABLE;
    }

    doubles[at + OPEN_LOTS] = 0;
    while (levels.bestRank[opposite]! <= limitRank) {
      const maker = levels.queues[levels.best[opposite]! << 2]!;
      const priceTicks = integers[(maker << 4) + PRICE_TICKS]!;
      const lotCost = priceTicks * this.#quoteUnitsPerTickLot;
      const payable = Math.min(divFloor(left, lotCost), sellable);
      if (payable === 0) return CANCEL_IOC_REMAINDER;
      doubles[at + OPEN_LOTS] = payable;
      if (mode !== STP_NONE && this.#sameScope(taker, maker)) {
        const ended = this.#prevent(taker, maker, side, mode, priceTicks, 0);
        const decremented = payable - doubles[at + OPEN_LOTS]!;
        if (side === BUY) left -= decremented * lotCost;
        else sellable -= decremented;
        if (ended !== GOES_ON) return ended;
        continue;
      }
      const lots = Math.min(payable, doubles[(maker << 3) + OPEN_LOTS]!);
      left -= lots * lotCost;
      sellable -= lots;
      const open = Math.min(divFloor(left, lotCost), sellable);
      this.#trade(taker, maker, side, priceTicks, lots, open);
      if (open === 0) return GOES_ON;
    }
    return this.#whyMarketOrderEnded(opposite);
  }

  /** One fill of a resting maker, taken off its level. */
  #trade(taker: number, maker: number, side: number, priceTicks: number, lots: number, takerOpen: number): void {
    const doubles = this.#slots.doubles;
    const takerExecuted = doubles[(taker << 3) + EXECUTED_LOTS]! + lots;
    doubles[(taker << 3) + OPEN_LOTS] = takerOpen;
    doubles[(taker << 3) + EXECUTED_LOTS] = takerExecuted;
    const makerOpen = this.#reduce(maker, lots);
    this.events.met(
      TRADE,
      side,
      this.#collecting ? 1 : 0,
      0,
      doubles[(maker << 3) + ORDER_ID]!,
      doubles[(taker << 3) + ORDER_ID]!,
      doubles[(maker << 3) + ACCOUNT]!,
      doubles[(taker << 3) + ACCOUNT]!,
      priceTicks,
      lots,
      makerOpen,
      doubles[(maker << 3) + EXECUTED_LOTS]!,
      takerOpen,
      takerExecuted,
    );
    if (makerOpen === 0) {
      this.#unlink(maker);
      this.#forget(maker);
    }
  }

  /** Moves lots of a resting order from open to executed. Returns what is left. */
  #reduce(slot: number, lots: number): number {
    const doubles = this.#slots.doubles;
    const open = doubles[(slot << 3) + OPEN_LOTS]! - lots;
    doubles[(slot << 3) + OPEN_LOTS] = open;
    doubles[(slot << 3) + EXECUTED_LOTS]! += lots;
    this.#levels.sums[(this.#slots.integers[(slot << 4) + LEVEL]! << 1) + 1]! -= lots;
    return open;
  }

  #whyMarketOrderEnded(opposite: number): number {
    return this.#levels.best[opposite] === 0 ? CANCEL_NO_LIQUIDITY : CANCEL_PRICE_PROTECTION;
  }

  // Self-trade prevention.

  #sameScope(one: number, other: number): boolean {
    const { doubles, integers } = this.#slots;
    if (doubles[(one << 3) + ACCOUNT] === doubles[(other << 3) + ACCOUNT]) return true;
    const group = integers[(one << 4) + TRADE_GROUP]!;
    return group !== 0 && group === integers[(other << 4) + TRADE_GROUP];
  }

  /** Two orders of one scope met. Cancels the maker if it must go; returns why the taker must, or GOES_ON. */
  #prevent(taker: number, maker: number, side: number, mode: number, priceTicks: number, inAuction: number): number {
    const { doubles, seldom } = this.#slots;
    const takerOpen = doubles[(taker << 3) + OPEN_LOTS]!;
    const makerOpen = doubles[(maker << 3) + OPEN_LOTS]!;
    const lots = Math.min(takerOpen, makerOpen);
    const decrement = mode === STP_DECREMENT ? lots : 0;
    if (decrement !== 0) {
      doubles[(taker << 3) + OPEN_LOTS] = takerOpen - lots;
      doubles[(maker << 3) + OPEN_LOTS] = makerOpen - lots;
      seldom[(taker << 2) + PREVENTED_LOTS]! += lots;
      seldom[(maker << 2) + PREVENTED_LOTS]! += lots;
      this.#levels.sums[(this.#slots.integers[(maker << 4) + LEVEL]! << 1) + 1]! -= lots;
    }
    this.events.met(
      PREVENTED,
      side,
      inAuction,
      mode,
      doubles[(maker << 3) + ORDER_ID]!,
      doubles[(taker << 3) + ORDER_ID]!,
      doubles[(maker << 3) + ACCOUNT]!,
      doubles[(taker << 3) + ACCOUNT]!,
      priceTicks,
      lots,
      makerOpen - decrement,
      doubles[(maker << 3) + EXECUTED_LOTS]!,
      takerOpen - decrement,
      doubles[(taker << 3) + EXECUTED_LOTS]!,
    );
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
    const { doubles, integers } = this.#slots;
    const mode = (integers[(taker << 4) + TERMS]! >> TERMS_MODE_SHIFT) & TERMS_MODE;
    let wanted = doubles[(taker << 3) + OPEN_LOTS]!;
    const levels = this.#levels;
    for (
      let level = levels.best[side ^ 1]!;
      level !== 0 && levels.rank(level) <= limitRank;
      level = levels.next(level)
    ) {
      if (mode === STP_NONE) {
        wanted -= levels.sums[(level << 1) + 1]!;
        if (wanted <= 0) return true;
        continue;
      }
      for (let maker = levels.queues[level << 2]!; maker !== 0; maker = this.#next(maker)) {
        if (this.#sameScope(taker, maker)) {
          if (mode === STP_CANCEL_OLDEST) continue;
          return false;
        }
        wanted -= doubles[(maker << 3) + OPEN_LOTS]!;
        if (wanted <= 0) return true;
      }
    }
    return false;
  }

  #canFillByBudget(taker: number, side: number, limitRank: number, budget: number, sellableMax: number): boolean {
    const { doubles, integers } = this.#slots;
    const mode = (integers[(taker << 4) + TERMS]! >> TERMS_MODE_SHIFT) & TERMS_MODE;
    const levels = this.#levels;
    let left = budget;
    let sellable = sellableMax;
    for (
      let level = levels.best[side ^ 1]!;
      level !== 0 && levels.rank(level) <= limitRank;
      level = levels.next(level)
    ) {
      const lotCost = levels.priceTicks(side ^ 1, level) * this.#quoteUnitsPerTickLot;
      for (let maker = levels.queues[level << 2]!; maker !== 0; maker = this.#next(maker)) {
        if (left < lotCost) return false;
        if (mode !== STP_NONE && this.#sameScope(taker, maker)) {
          if (mode === STP_CANCEL_OLDEST) continue;
          return false;
        }
        const lots = Math.min(divFloor(left, lotCost), sellable, doubles[(maker << 3) + OPEN_LOTS]!);
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
    const levels = this.#levels;
    const bidRank = rankOf(BUY, priceTicks);
    const askRank = rankOf(SELL, priceTicks);
    while (levels.bestRank[BUY]! <= bidRank && levels.bestRank[SELL]! <= askRank) {
      const bid = levels.queues[levels.best[BUY]! << 2]!;
      const ask = levels.queues[levels.best[SELL]! << 2]!;
      const bidIsNewer = this.#entry(bid) > this.#entry(ask);
      const taker = bidIsNewer ? bid : ask;
      const maker = bidIsNewer ? ask : bid;
      this.#meetInAuction(taker, maker, bidIsNewer ? BUY : SELL, priceTicks);
    }
  }

  #meetInAuction(taker: number, maker: number, takerSide: number, priceTicks: number): void {
    const doubles = this.#slots.doubles;
    const mode = this.#sameScope(taker, maker) ? this.#mode(taker) || this.#mode(maker) : STP_NONE;
    const takerOpen = doubles[(taker << 3) + OPEN_LOTS]!;
    if (mode === STP_NONE) {
      const lots = Math.min(takerOpen, doubles[(maker << 3) + OPEN_LOTS]!);
      this.#levels.sums[(this.#slots.integers[(taker << 4) + LEVEL]! << 1) + 1]! -= lots;
      this.#trade(taker, maker, takerSide, priceTicks, lots, takerOpen - lots);
      if (takerOpen === lots) {
        this.#unlink(taker);
        this.#forget(taker);
      }
      return;
    }
    const ended = this.#prevent(taker, maker, takerSide, mode, priceTicks, 1);
    const decremented = takerOpen - doubles[(taker << 3) + OPEN_LOTS]!;
    this.#levels.sums[(this.#slots.integers[(taker << 4) + LEVEL]! << 1) + 1]! -= decremented;
    if (ended !== GOES_ON) this.#cancelResting(taker, ended);
  }

  // Slots, queues, levels.

  #enter(order: NewOrder): number {
    const slot = this.#slots.take();
    const { doubles, integers, seldom } = this.#slots;
    let at = slot << 3;
    doubles[at + ORDER_ID] = order.orderId;
    doubles[at + ACCOUNT] = order.account;
    doubles[at + OPEN_LOTS] = order.quantityLots;
    doubles[at + EXECUTED_LOTS] = 0;
    at = slot << 4;
    integers[at + PRICE_TICKS] = order.priceTicks;
    integers[at + TERMS] =
      order.side |
      (order.selfTradeMode << TERMS_MODE_SHIFT) |
      (order.postOnly ? TERMS_POST_ONLY : 0) |
      (order.timeInForce === GTD ? TERMS_GTD : 0);
    integers[at + TRADE_GROUP] = order.tradeGroup;
    at = slot << 2;
    seldom[at + ORDERED_LOTS] = order.quantityLots;
    seldom[at + PREVENTED_LOTS] = 0;
    seldom[at + ENTRY] = ++this.#entries;
    seldom[at + EXPIRES_AT] = order.expiresAt;
    return slot;
  }

  /** An order that loses its place enters again; among equal expiries its turn then comes later too. */
  #enterAnew(slot: number): void {
    const expires = (this.#slots.integers[(slot << 4) + TERMS]! & TERMS_GTD) !== 0;
    if (expires) this.#expiries.remove(slot);
    this.#slots.seldom[(slot << 2) + ENTRY] = ++this.#entries;
    if (expires) this.#expiries.add(slot);
  }

  #rest(slot: number, side: number, priceTicks: number): void {
    this.#link(slot, side, priceTicks);
    this.#slots.index(slot);
    if ((this.#slots.integers[(slot << 4) + TERMS]! & TERMS_GTD) !== 0) this.#expiries.add(slot);
  }

  /** Puts an order at the back of the queue at its price. */
  #link(slot: number, side: number, priceTicks: number): void {
    const levels = this.#levels;
    const rank = rankOf(side, priceTicks);
    const level = levels.reach(side, rank);
    const { queues, sums } = levels;
    const integers = this.#slots.integers;
    const last = queues[(level << 2) + 1]!;
    integers[(slot << 4) + LEVEL] = level;
    integers[(slot << 4) + PREVIOUS] = last;
    integers[(slot << 4) + NEXT] = 0;
    queues[(level << 2) + 1] = slot;
    sums[(level << 1) + 1]! += this.#slots.doubles[(slot << 3) + OPEN_LOTS]!;
    if (last !== 0) integers[(last << 4) + NEXT] = slot;
    else {
      queues[level << 2] = slot;
      levels.open(side, rank, level);
    }
  }

  /** Takes an order out of its queue. */
  #unlink(slot: number): void {
    const { queues, sums } = this.#levels;
    const integers = this.#slots.integers;
    const at = slot << 4;
    const level = integers[at + LEVEL]!;
    const previous = integers[at + PREVIOUS]!;
    const next = integers[at + NEXT]!;
    sums[(level << 1) + 1]! -= this.#slots.doubles[(slot << 3) + OPEN_LOTS]!;
    if (previous !== 0) integers[(previous << 4) + NEXT] = next;
    else queues[level << 2] = next;
    if (next !== 0) integers[(next << 4) + PREVIOUS] = previous;
    else {
      queues[(level << 2) + 1] = previous;
      if (previous === 0) this.#levels.close(integers[at + TERMS]! & TERMS_SIDE, level);
    }
  }

  /** Ends the memory of an order that has left its queue. */
  #forget(slot: number): void {
    if ((this.#slots.integers[(slot << 4) + TERMS]! & TERMS_GTD) !== 0) this.#expiries.remove(slot);
    this.#slots.remove(slot);
  }

  #cancelResting(slot: number, reason: number): void {
    this.#writeCancelled(slot, 1, reason);
    this.#unlink(slot);
    this.#forget(slot);
  }

  #writeCancelled(slot: number, wasResting: number, reason: number): void {
    const { doubles, integers } = this.#slots;
    this.events.cancelled(
      integers[(slot << 4) + TERMS]! & TERMS_SIDE,
      wasResting,
      reason,
      doubles[(slot << 3) + ORDER_ID]!,
      doubles[(slot << 3) + ACCOUNT]!,
      integers[(slot << 4) + PRICE_TICKS]!,
      doubles[(slot << 3) + OPEN_LOTS]!,
      doubles[(slot << 3) + EXECUTED_LOTS]!,
    );
  }

  #next(slot: number): number {
    return this.#slots.integers[(slot << 4) + NEXT]!;
  }

  #entry(slot: number): number {
    return this.#slots.seldom[(slot << 2) + ENTRY]!;
  }

  #mode(slot: number): number {
    return (this.#slots.integers[(slot << 4) + TERMS]! >> TERMS_MODE_SHIFT) & TERMS_MODE;
  }

  #bestTicks(side: number): number {
    const level = this.#levels.best[side]!;
    return level === 0 ? 0 : this.#levels.priceTicks(side, level);
  }

  /** All open orders, in order of entry. */
  #openSlots(): number[] {
    const found: number[] = [];
    for (let slot = 1; slot < this.#slots.used; slot++) {
      if (this.#slots.integers[(slot << 4) + LEVEL] !== 0) found.push(slot);
    }
    return found.sort((a, b) => this.#entry(a) - this.#entry(b));
  }

  *#slotsInPriority(side: number): Generator<number> {
    for (let level = this.#levels.best[side]!; level !== 0; level = this.#levels.next(level)) {
      for (let slot = this.#levels.queues[level << 2]!; slot !== 0; slot = this.#next(slot)) yield slot;
    }
  }

  #depthWhile(side: number, wanted: (priceTicks: number) => boolean): DepthLevel[] {
    const depth: DepthLevel[] = [];
    for (let level = this.#levels.best[side]!; level !== 0; level = this.#levels.next(level)) {
      const priceTicks = this.#levels.priceTicks(side, level);
      if (!wanted(priceTicks)) break;
      let orders = 0;
      for (let slot = this.#levels.queues[level << 2]!; slot !== 0; slot = this.#next(slot)) orders++;
      depth.push({ priceTicks, lots: this.#levels.sums[(level << 1) + 1]!, orders });
    }
    return depth;
  }

  #openOrder(slot: number): OpenOrder {
    const { doubles, integers, seldom } = this.#slots;
    const terms = integers[(slot << 4) + TERMS]!;
    return {
      orderId: doubles[(slot << 3) + ORDER_ID]!,
      account: doubles[(slot << 3) + ACCOUNT]!,
      tradeGroup: integers[(slot << 4) + TRADE_GROUP]!,
      side: terms & TERMS_SIDE,
      postOnly: (terms & TERMS_POST_ONLY) !== 0,
      selfTradeMode: this.#mode(slot),
      priceTicks: integers[(slot << 4) + PRICE_TICKS]!,
      orderedLots: seldom[(slot << 2) + ORDERED_LOTS]!,
      executedLots: doubles[(slot << 3) + EXECUTED_LOTS]!,
      preventedLots: seldom[(slot << 2) + PREVENTED_LOTS]!,
      openLots: doubles[(slot << 3) + OPEN_LOTS]!,
      expiresAt: seldom[(slot << 2) + EXPIRES_AT]!,
    };
  }

  // Snapshot of one order: what cannot be told from its place.

  #writeOrder(view: DataView, at: number, slot: number): void {
    const { doubles, integers, seldom } = this.#slots;
    view.setFloat64(at, doubles[(slot << 3) + ORDER_ID]!, true);
    view.setFloat64(at + 8, doubles[(slot << 3) + ACCOUNT]!, true);
    view.setFloat64(at + 16, seldom[(slot << 2) + ORDERED_LOTS]!, true);
    view.setFloat64(at + 24, doubles[(slot << 3) + EXECUTED_LOTS]!, true);
    view.setFloat64(at + 32, seldom[(slot << 2) + PREVENTED_LOTS]!, true);
    view.setFloat64(at + 40, seldom[(slot << 2) + ENTRY]!, true);
    view.setFloat64(at + 48, seldom[(slot << 2) + EXPIRES_AT]!, true);
    view.setInt32(at + 56, integers[(slot << 4) + PRICE_TICKS]!, true);
    view.setInt32(at + 60, integers[(slot << 4) + TRADE_GROUP]!, true);
    view.setInt32(at + 64, integers[(slot << 4) + TERMS]!, true);
  }

  #readOrder(view: DataView, at: number): void {
    const slot = this.#slots.take();
    const { doubles, integers, seldom } = this.#slots;
    const ordered = view.getFloat64(at + 16, true);
    const executed = view.getFloat64(at + 24, true);
    const prevented = view.getFloat64(at + 32, true);
    const priceTicks = view.getInt32(at + 56, true);
    const terms = view.getInt32(at + 64, true);
    doubles[(slot << 3) + ORDER_ID] = view.getFloat64(at, true);
    doubles[(slot << 3) + ACCOUNT] = view.getFloat64(at + 8, true);
    doubles[(slot << 3) + OPEN_LOTS] = ordered - executed - prevented;
    doubles[(slot << 3) + EXECUTED_LOTS] = executed;
    seldom[(slot << 2) + ORDERED_LOTS] = ordered;
    seldom[(slot << 2) + PREVENTED_LOTS] = prevented;
    seldom[(slot << 2) + ENTRY] = view.getFloat64(at + 40, true);
    seldom[(slot << 2) + EXPIRES_AT] = view.getFloat64(at + 48, true);
    integers[(slot << 4) + PRICE_TICKS] = priceTicks;
    integers[(slot << 4) + TRADE_GROUP] = view.getInt32(at + 60, true);
    integers[(slot << 4) + TERMS] = terms;
    this.#rest(slot, terms & TERMS_SIDE, priceTicks);
  }

  #checkOrder(slot: number, side: number, level: number, previous: number): void {
    const order = this.#openOrder(slot);
    const integers = this.#slots.integers;
    assert(this.#slots.find(order.orderId) === slot, 'an open order is found by its id');
    assert(order.side === side, 'an order stands on its side');
    assert(integers[(slot << 4) + LEVEL] === level, 'an order knows its level');
    assert(this.#levels.priceTicks(side, level) === order.priceTicks, 'an order stands at its price');
    assert(order.priceTicks >= 1 && order.priceTicks <= PRICE_TICKS_MAX, 'a price is within its range');
    assert(integers[(slot << 4) + PREVIOUS] === previous, 'an order knows the one before');
    assert(previous === 0 || this.#entry(previous) < this.#entry(slot), 'a queue is in order of entry');
    assert(this.#entry(slot) <= this.#entries, 'an entry was counted');
    assert(order.openLots > 0, 'an open order has lots open');
    assert(
      order.orderedLots - order.executedLots - order.preventedLots === order.openLots,
      'what was ordered is executed, prevented or open',
    );
    const expires = (integers[(slot << 4) + TERMS]! & TERMS_GTD) !== 0;
    assert(
      (integers[(slot << 4) + EXPIRY_PLACE] !== 0) === expires,
      'an order waits for its expiry exactly if it has one',
    );
  }
}

function divFloor(amount: number, divisor: number): number {
  return (amount - (amount % divisor)) / divisor;
}
