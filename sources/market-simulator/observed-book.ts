import type { Accepted, Amended, Cancelled, PreventedMatch, Trade } from '../../schemas/generated/records.ts';

/** A resting order as the market log tells of it. */
export interface ObservedOrder {
  readonly orderId: number;
  readonly account: number;
  readonly buy: boolean;
  priceTicks: number;
  openLots: number;
  /** Place in `house`, or -1 where the order is a stranger's. */
  houseIndex: number;
  /** Time of the clock record at which it was last cancelled or amended; 0: never. */
  touchedMicros: number;
}

/**
 * The resting orders of one symbol, folded from its market log, with the simulator's own ones in a list to draw from.
 *
 * Best prices are found by a walk over all orders: asked for once a tick, with some hundred orders, that is cheaper
 * than keeping levels.
 */
export class ObservedBook {
  readonly house: ObservedOrder[] = [];
  lastPriceTicks = 0;
  private readonly orders = new Map<number, ObservedOrder>();
  private readonly isHouse: (account: number) => boolean;

  constructor(isHouse: (account: number) => boolean) {
    this.isHouse = isHouse;
  }

  accepted(record: Accepted): void {
    if (record.restingLots === 0) return;
    this.add(record.orderId, record.account, record.side === 'buy', record.priceTicks, record.restingLots);
  }

  traded(record: Trade): void {
    this.lastPriceTicks = record.priceTicks;
    this.setOpen(record.makerOrderId, record.makerOpenLots);
    this.setOpen(record.takerOrderId, record.takerOpenLots);
  }

  prevented(record: PreventedMatch): void {
    this.setOpen(record.makerOrderId, record.makerOpenLots);
    this.setOpen(record.takerOrderId, record.takerOpenLots);
  }

  amended(record: Amended): void {
    const order = this.orders.get(record.orderId);
    if (order !== undefined) order.priceTicks = record.priceTicks;
    this.setOpen(record.orderId, record.openLots);
  }

  cancelled(record: Cancelled): void {
    this.setOpen(record.orderId, 0);
  }

  add(orderId: number, account: number, buy: boolean, priceTicks: number, openLots: number): void {
    const order: ObservedOrder = { orderId, account, buy, priceTicks, openLots, houseIndex: -1, touchedMicros: 0 };
    if (this.isHouse(account)) order.houseIndex = this.house.push(order) - 1;
    this.orders.set(orderId, order);
  }

  /** Highest bid and lowest ask in ticks; 0 where a side is empty. */
  best(): { bidTicks: number; askTicks: number } {
    let bidTicks = 0;
    let askTicks = 0;
    for (const order of this.orders.values()) {
      if (order.buy) {
        if (order.priceTicks > bidTicks) bidTicks = order.priceTicks;
      } else if (askTicks === 0 || order.priceTicks < askTicks) askTicks = order.priceTicks;
    }
    return { bidTicks, askTicks };
  }

  private setOpen(orderId: number, openLots: number): void {
    const order = this.orders.get(orderId);
    if (order === undefined) return;
    order.openLots = openLots;
    if (openLots > 0) return;
    this.orders.delete(orderId);
    if (order.houseIndex === -1) return;
    const last = this.house.pop();
    if (last !== undefined && last !== order) {
      last.houseIndex = order.houseIndex;
      this.house[order.houseIndex] = last;
    }
    order.houseIndex = -1;
  }
}
