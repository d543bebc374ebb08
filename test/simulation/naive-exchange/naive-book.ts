/**
 * The order book of the naive exchange: two sorted arrays, every search a walk, every quantity a bigint. Nothing here is
 * meant to be fast; it is meant to be read beside the rules and found equal to them.
 */
import type {
  CancelReason,
  OrderType,
  RejectReason,
  SelfTradeMode,
  Side,
  TimeInForce,
} from '../../../schemas/generated/records.ts';

export interface NaiveOrder {
  readonly orderId: number;
  readonly account: number;
  readonly tradeGroup: number;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly mode: SelfTradeMode;
  readonly expiresAt: number;
  /** Quote units to spend (buy) or to earn (sell); 0n: by quantity. */
  readonly budget: bigint;
  price: bigint;
  ordered: bigint;
  executed: bigint;
  prevented: bigint;
  open: bigint;
  /** Place in time: larger entered later. */
  entry: number;
}

/** What happened, in order. Quantities as they are after the event. */
export type NaiveBookEvent =
  | {
      readonly kind: 'accepted';
      readonly order: NaiveOrder;
      readonly price: bigint;
      readonly quantity: bigint;
      resting: bigint;
    }
  | {
      readonly kind: 'amended';
      readonly order: NaiveOrder;
      readonly oldPrice: bigint;
      readonly oldOpen: bigint;
      readonly price: bigint;
      readonly total: bigint;
      readonly newOpen: bigint;
      readonly executed: bigint;
      readonly kept: boolean;
      resting: bigint;
    }
  | {
      readonly kind: 'trade' | 'prevented';
      readonly taker: NaiveOrder;
      readonly maker: NaiveOrder;
      readonly price: bigint;
      readonly lots: bigint;
      readonly takerOpen: bigint;
      readonly takerExecuted: bigint;
      readonly makerOpen: bigint;
      readonly makerExecuted: bigint;
      readonly auction: boolean;
      readonly mode: SelfTradeMode;
    }
  | {
      readonly kind: 'cancelled';
      readonly order: NaiveOrder;
      readonly lots: bigint;
      readonly executed: bigint;
      readonly wasResting: boolean;
      readonly reason: CancelReason;
    };

export interface NaiveClearing {
  readonly price: bigint;
  readonly matched: bigint;
  readonly surplus: bigint;
}

const smaller = (left: bigint, right: bigint): bigint => (left < right ? left : right);

export class NaiveBook {
  bids: NaiveOrder[] = [];
  asks: NaiveOrder[] = [];
  /** An auction collects: orders may cross and nothing trades. */
  collecting = false;
  events: NaiveBookEvent[] = [];
  private entries = 0;
  private readonly quoteUnitsPerTickLot: bigint;

  constructor(quoteUnitsPerTickLot: number) {
    this.quoteUnitsPerTickLot = BigInt(quoteUnitsPerTickLot);
  }

  takeEvents(): NaiveBookEvent[] {
    const events = this.events;
    this.events = [];
    return events;
  }

  find(orderId: number): NaiveOrder | undefined {
    return [...this.bids, ...this.asks].find((order) => order.orderId === orderId);
  }

  /** All open orders by time of entry. */
  all(): NaiveOrder[] {
    return [...this.bids, ...this.asks].sort((left, right) => left.entry - right.entry);
  }

  wouldCross(side: Side, price: bigint): boolean {
    const best = this.against(side)[0];
    return best !== undefined && this.reaches(side, price, best.price);
  }

  place(order: NaiveOrder, restingMax: number): RejectReason | null {
    const crosses = this.wouldCross(order.side, order.price);
    if (order.postOnly && crosses) return 'post_only_would_cross';
    const mayRest = order.timeInForce === 'gtc' || order.timeInForce === 'gtd';
    if (mayRest && this.bids.length + this.asks.length >= restingMax) return 'book_full';
    order.entry = ++this.entries;
    const accepted: NaiveBookEvent = {
      kind: 'accepted',
      order,
      price: order.price,
      quantity: order.ordered,
      resting: 0n,
    };
    this.events.push(accepted);
    let ended: CancelReason | null = null;
    if (order.timeInForce === 'fok' && !this.wouldFillWhole(order)) ended = 'fok_unfillable';
    else if (!this.collecting) ended = order.budget > 0n ? this.takeByBudget(order) : this.take(order);
    if (ended === null && order.open > 0n) {
      if (mayRest) {
        this.insert(order);
        accepted.resting = order.open;
        return null;
      }
      ended = this.remainderReason(order);
    }
    if (ended !== null) this.pushCancelled(order, ended, false);
    return null;
  }

  cancel(order: NaiveOrder, reason: CancelReason): void {
    this.pushCancelled(order, reason, true);
    this.remove(order);
  }

  /** `price`, `total`: new terms in full (the caller filled in what stays). */
  amend(order: NaiveOrder, price: bigint, total: bigint): RejectReason | null {
    const open = total - order.executed - order.prevented;
    if (open <= 0n) {
      this.cancel(order, 'amended_below_filled');
      return null;
    }
    const moved = price !== order.price;
    const crosses = moved && this.wouldCross(order.side, price);
    if (crosses && order.postOnly) return 'post_only_would_cross';
    const kept = !moved && open <= order.open;
    const amended: NaiveBookEvent = {
      kind: 'amended',
      order,
      oldPrice: order.price,
      oldOpen: order.open,
      price,
      total,
      newOpen: open,
      executed: order.executed,
      kept,
      resting: open,
    };
    this.events.push(amended);
    order.ordered = total;
    order.open = open;
    if (kept) return null;
    this.remove(order);
    order.price = price;
    order.entry = ++this.entries;
    const ended = crosses && !this.collecting ? this.take(order) : null;
    if (ended !== null) {
      amended.resting = 0n;
      this.pushCancelled(order, ended, true);
    } else {
      amended.resting = order.open;
      if (order.open > 0n) this.insert(order);
    }
    return null;
  }

  /** Orders whose time has come, earliest expiry first, then by entry. */
  expire(timeMicros: number): void {
    const due = this.all().filter((order) => order.timeInForce === 'gtd' && order.expiresAt <= timeMicros);
    due.sort((left, right) => left.expiresAt - right.expiresAt || left.entry - right.entry);
    for (const order of due) this.cancel(order, 'expired');
  }

  /** The price of an uncross by trying every price: volume, then surplus, then nearness to the reference, then lower. */
  clearing(reference: bigint): NaiveClearing {
    const nothing = { price: 0n, matched: 0n, surplus: 0n };
    const highest = this.bids[0]?.price;
    const lowest = this.asks[0]?.price;
    if (highest === undefined || lowest === undefined || highest < lowest) return nothing;
    let best: NaiveClearing = nothing;
    for (let price = lowest; price <= highest; price++) {
      const demand = this.bids.filter((bid) => bid.price >= price).reduce((sum, bid) => sum + bid.open, 0n);
      const supply = this.asks.filter((ask) => ask.price <= price).reduce((sum, ask) => sum + ask.open, 0n);
      const matched = smaller(demand, supply);
      const surplus = demand > supply ? demand - supply : supply - demand;
      if (matched === 0n) continue;
      const nearer = reference > 0n && distance(price, reference) < distance(best.price, reference);
      const better =
        matched > best.matched ||
        (matched === best.matched && (surplus < best.surplus || (surplus === best.surplus && nearer)));
      if (better) best = { price, matched, surplus };
    }
    return best;
  }

  /** Trades everything that crosses at one price; again, where prevented matches took quantity away. */
  uncross(reference: bigint): void {
    for (let { price } = this.clearing(reference); price > 0n; { price } = this.clearing(reference)) {
      for (;;) {
        const bid = this.bids[0];
        const ask = this.asks[0];
        if (bid === undefined || ask === undefined || bid.price < price || ask.price > price) break;
        const [taker, maker] = bid.entry > ask.entry ? [bid, ask] : [ask, bid];
        const mode = this.sameScope(taker, maker) ? (taker.mode === 'none' ? maker.mode : taker.mode) : 'none';
        if (mode === 'none') {
          this.meet(taker, maker, price, smaller(taker.open, maker.open), true);
          if (taker.open === 0n) this.remove(taker);
          continue;
        }
        const ended = this.prevent(taker, maker, price, mode, true);
        if (ended !== null) this.cancel(taker, ended);
      }
    }
    this.collecting = false;
  }

  // Taking.

  private take(taker: NaiveOrder): CancelReason | null {
    for (let maker = this.next(taker); taker.open > 0n && maker !== undefined; maker = this.next(taker)) {
      if (taker.mode !== 'none' && this.sameScope(taker, maker)) {
        const ended = this.prevent(taker, maker, maker.price, taker.mode, false);
        if (ended !== null) return ended;
      } else this.meet(taker, maker, maker.price, smaller(taker.open, maker.open), false);
    }
    return null;
  }

  /** At each level as many whole lots as the rest of the budget pays for, or still asks for. */
  private takeByBudget(taker: NaiveOrder): CancelReason | null {
    const sells = taker.side === 'sell';
    let sellable = taker.open;
    let left = taker.budget;
    const payable = (price: bigint): bigint => {
      const lots = left / (price * this.quoteUnitsPerTickLot);
      return sells ? smaller(lots, sellable) : lots;
    };
    taker.open = 0n;
    for (let maker = this.next(taker); maker !== undefined; maker = this.next(taker)) {
      const { price } = maker;
      const wanted = payable(price);
      if (wanted === 0n) return 'ioc_remainder';
      taker.open = wanted;
      const lots = smaller(wanted, maker.open);
      if (taker.mode !== 'none' && this.sameScope(taker, maker)) {
        const ended = this.prevent(taker, maker, price, taker.mode, false);
        if (taker.mode === 'decrement') {
          if (sells) sellable -= lots;
          else left -= lots * price * this.quoteUnitsPerTickLot;
        }
        if (ended !== null) return ended;
        continue;
      }
      left -= lots * price * this.quoteUnitsPerTickLot;
      sellable -= lots;
      // What is open afterwards is counted at the price just paid.
      this.meet(taker, maker, price, lots, false, payable(price));
      if (taker.open === 0n) return null;
    }
    return this.remainderReason(taker);
  }

  private meet(
    taker: NaiveOrder,
    maker: NaiveOrder,
    price: bigint,
    lots: bigint,
    auction: boolean,
    takerOpen = taker.open - lots,
  ): void {
    taker.open = takerOpen;
    taker.executed += lots;
    maker.open -= lots;
    maker.executed += lots;
    this.events.push({
      kind: 'trade',
      taker,
      maker,
      price,
      lots,
      takerOpen: taker.open,
      takerExecuted: taker.executed,
      makerOpen: maker.open,
      makerExecuted: maker.executed,
      auction,
      mode: 'none',
    });
    if (maker.open === 0n) this.remove(maker);
  }

  /** A match that must not be. Returns why the taker ends, or null when it goes on. */
  private prevent(
    taker: NaiveOrder,
    maker: NaiveOrder,
    price: bigint,
    mode: SelfTradeMode,
    auction: boolean,
  ): CancelReason | null {
    const lots = smaller(taker.open, maker.open);
    if (mode === 'decrement') {
      for (const order of [taker, maker]) {
        order.open -= lots;
        order.prevented += lots;
      }
    }
    this.events.push({
      kind: 'prevented',
      taker,
      maker,
      price,
      lots,
      takerOpen: taker.open,
      takerExecuted: taker.executed,
      makerOpen: maker.open,
      makerExecuted: maker.executed,
      auction,
      mode,
    });
    switch (mode) {
      case 'cancel_newest':
        return 'stp_newest';
      case 'cancel_oldest':
        this.cancel(maker, 'stp_oldest');
        return null;
      case 'cancel_both':
        this.cancel(maker, 'stp_both');
        return 'stp_both';
      default:
        if (maker.open === 0n) this.cancel(maker, 'stp_decrement');
        return taker.open === 0n ? 'stp_decrement' : null;
    }
  }

  /** Plays the order on a copy of the book and looks whether it would fill without a rest and without decrement. */
  private wouldFillWhole(order: NaiveOrder): boolean {
    if (this.collecting) return false;
    const copy = new NaiveBook(Number(this.quoteUnitsPerTickLot));
    copy.bids = this.bids.map((other) => ({ ...other }));
    copy.asks = this.asks.map((other) => ({ ...other }));
    const taker = { ...order };
    const ended = taker.budget > 0n ? copy.takeByBudget(taker) : copy.take(taker);
    const decremented = copy.events.some((event) => event.kind === 'prevented' && event.mode === 'decrement');
    const whole = taker.side === 'sell' && taker.budget > 0n ? copy.earned(taker) : taker.open === 0n;
    return ended === null && whole && !decremented;
  }

  /** Whether a sell by budget earned all that its budget asks for, to less than one more lot at the last price. */
  private earned(taker: NaiveOrder): boolean {
    let left = taker.budget;
    let lastPrice = 0n;
    for (const event of this.events) {
      if (event.kind !== 'trade') continue;
      left -= event.price * event.lots * this.quoteUnitsPerTickLot;
      lastPrice = event.price;
    }
    return lastPrice > 0n && left < lastPrice * this.quoteUnitsPerTickLot;
  }

  private remainderReason(order: NaiveOrder): CancelReason {
    if (order.orderType === 'limit') return 'ioc_remainder';
    return this.against(order.side).length === 0 ? 'no_liquidity' : 'price_protection';
  }

  private sameScope(one: NaiveOrder, other: NaiveOrder): boolean {
    return one.account === other.account || (one.tradeGroup !== 0 && one.tradeGroup === other.tradeGroup);
  }

  private next(taker: NaiveOrder): NaiveOrder | undefined {
    const best = this.against(taker.side)[0];
    return best !== undefined && this.reaches(taker.side, taker.price, best.price) ? best : undefined;
  }

  private reaches(side: Side, limit: bigint, price: bigint): boolean {
    return side === 'buy' ? price <= limit : price >= limit;
  }

  private against(side: Side): NaiveOrder[] {
    return side === 'buy' ? this.asks : this.bids;
  }

  private insert(order: NaiveOrder): void {
    const side = order.side === 'buy' ? this.bids : this.asks;
    side.push(order);
    const sign = order.side === 'buy' ? -1 : 1;
    side.sort((left, right) => sign * Number(left.price - right.price) || left.entry - right.entry);
  }

  private remove(order: NaiveOrder): void {
    this.bids = this.bids.filter((other) => other !== order);
    this.asks = this.asks.filter((other) => other !== order);
  }

  private pushCancelled(order: NaiveOrder, reason: CancelReason, wasResting: boolean): void {
    this.events.push({ kind: 'cancelled', order, lots: order.open, executed: order.executed, wasResting, reason });
  }
}

function distance(left: bigint, right: bigint): bigint {
  return left > right ? left - right : right - left;
}
