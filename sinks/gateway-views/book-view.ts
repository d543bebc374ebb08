import type { AnyRecord, OrderId, PriceTicks, QuantityLots, Side } from '../../schemas/generated/records.ts';
import type { MemoryReader, MemoryWriter } from './memory-bytes.ts';

export interface BookLevel {
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
}

interface Resting {
  readonly side: Side;
  readonly priceTicks: PriceTicks;
  openLots: number;
}

/** Price levels of one symbol, folded from the durable market log. Right after every command of the log. */
export class BookView {
  readonly #orders = new Map<OrderId, Resting>();
  readonly #levels = { buy: new BookSide('buy'), sell: new BookSide('sell') };

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
    return this.#levels[side].best(count);
  }

  write(writer: MemoryWriter): void {
    writer.number(this.#orders.size);
    for (const [orderId, { side, priceTicks, openLots }] of this.#orders) {
      writer.number(orderId);
      writer.number(side === 'buy' ? 0 : 1);
      writer.number(priceTicks);
      writer.number(openLots);
    }
  }

  read(reader: MemoryReader): void {
    for (let left = reader.number(); left > 0; left--) {
      const orderId = reader.number() as OrderId;
      const side = reader.number() === 0 ? 'buy' : 'sell';
      this.#add(orderId, side, reader.number() as PriceTicks, reader.number());
    }
  }

  #add(orderId: OrderId, side: Side, priceTicks: PriceTicks, openLots: number): void {
    this.#orders.set(orderId, { side, priceTicks, openLots });
    this.#levels[side].change(priceTicks, openLots);
  }

  #reduceTo(orderId: OrderId, openLots: number): void {
    const order = this.#orders.get(orderId);
    if (!order || order.openLots <= openLots) return;
    this.#levels[order.side].change(order.priceTicks, openLots - order.openLots);
    order.openLots = openLots;
    if (openLots === 0) this.#orders.delete(orderId);
  }
}

/** Lots by price of one side. Prices are sorted when somebody asks, and stay so until a level comes or goes. */
class BookSide {
  readonly #side: Side;
  readonly #lots = new Map<PriceTicks, number>();
  #bestFirst: PriceTicks[] | undefined = [];

  constructor(side: Side) {
    this.#side = side;
  }

  change(priceTicks: PriceTicks, byLots: number): void {
    const before = this.#lots.get(priceTicks);
    const after = (before ?? 0) + byLots;
    if (after === 0) this.#lots.delete(priceTicks);
    else this.#lots.set(priceTicks, after);
    if (before === undefined || after === 0) this.#bestFirst = undefined;
  }

  best(count: number): BookLevel[] {
    this.#bestFirst ??= [...this.#lots.keys()].sort(
      this.#side === 'buy' ? (left, right) => right - left : (left, right) => left - right,
    );
    return this.#bestFirst
      .slice(0, count)
      .map((priceTicks) => ({ priceTicks, quantityLots: this.#lots.get(priceTicks) as QuantityLots }));
  }
}
