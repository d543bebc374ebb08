import type { AnyRecord, OrderId, PriceTicks, QuantityLots, Side } from '../../schemas/generated/records.ts';

export interface BookLevel {
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
}

interface Resting {
  readonly side: Side;
  priceTicks: PriceTicks;
  openLots: number;
}

/** State of a book view as plain data: `[order, side, price, open]` an order. */
export type BookViewState = readonly (readonly [number, Side, number, number])[];

/** Price levels of one symbol, folded from the durable market log. Right after every command of the log. */
export class BookView {
  readonly #orders = new Map<OrderId, Resting>();
  readonly #levels = { buy: new Map<PriceTicks, number>(), sell: new Map<PriceTicks, number>() };

  apply(record: AnyRecord): void {
    switch (record.type) {
      case 'accepted':
        if (record.restingLots > 0) this.#add(record.orderId, record.side, record.priceTicks, record.restingLots);
        return;
      case 'trade':
        // A taker's rest is in its `accepted` or `amended` already; in an auction both sides rest.
        this.#reduceTo(record.makerOrderId, record.makerOpenLots);
        if (record.auction) this.#reduceTo(record.takerOrderId, record.takerOpenLots);
        return;
      case 'prevented_match':
        this.#reduceTo(record.makerOrderId, record.makerOpenLots);
        this.#reduceTo(record.takerOrderId, record.takerOpenLots);
        return;
      case 'amended':
        this.#reduceTo(record.orderId, 0);
        if (record.openLots > 0) this.#add(record.orderId, record.side, record.priceTicks, record.openLots);
        return;
      case 'cancelled':
        this.#reduceTo(record.orderId, 0);
        return;
    }
  }

  /** Best first, at most `count`. */
  levels(side: Side, count: number): BookLevel[] {
    const prices = [...this.#levels[side].keys()].sort((left, right) => (side === 'buy' ? right - left : left - right));
    return prices
      .slice(0, count)
      .map((priceTicks) => ({ priceTicks, quantityLots: this.#levels[side].get(priceTicks)! as QuantityLots }));
  }

  state(): BookViewState {
    return [...this.#orders].map(([orderId, { side, priceTicks, openLots }]) => [orderId, side, priceTicks, openLots]);
  }

  restore(state: BookViewState): void {
    for (const [orderId, side, priceTicks, openLots] of state) {
      this.#add(orderId as OrderId, side, priceTicks as PriceTicks, openLots);
    }
  }

  #add(orderId: OrderId, side: Side, priceTicks: PriceTicks, openLots: number): void {
    this.#orders.set(orderId, { side, priceTicks, openLots });
    const levels = this.#levels[side];
    levels.set(priceTicks, (levels.get(priceTicks) ?? 0) + openLots);
  }

  #reduceTo(orderId: OrderId, openLots: number): void {
    const order = this.#orders.get(orderId);
    if (!order || order.openLots <= openLots) return;
    const levels = this.#levels[order.side];
    const left = levels.get(order.priceTicks)! - (order.openLots - openLots);
    if (left === 0) levels.delete(order.priceTicks);
    else levels.set(order.priceTicks, left);
    order.openLots = openLots;
    if (openLots === 0) this.#orders.delete(orderId);
  }
}
