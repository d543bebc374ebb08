import type { AnyRecord } from '../../schemas/generated/records.ts';

export interface FoldedOrder {
  readonly orderId: number;
  readonly account: number;
  readonly buy: boolean;
  priceTicks: number;
  openLots: number;
}

/** The resting orders of one symbol, as its market log tells of them, record by record. */
export class FoldedOrders {
  private readonly orders = new Map<number, FoldedOrder>();
  private readonly changed: (buy: boolean, priceTicks: number, lots: number) => void;

  /** `changed`: told of every change of what rests at a price, in lots. */
  constructor(changed: (buy: boolean, priceTicks: number, lots: number) => void = () => {}) {
    this.changed = changed;
  }

  apply(record: AnyRecord): void {
    switch (record.type) {
      case 'accepted':
        // What the order takes is told by the trades that follow; this is what rests of it after them.
        this.enter(record.orderId, record.account, record.side === 'buy', record.priceTicks, record.restingLots);
        break;
      case 'amended':
        this.set(record.orderId, 0);
        this.enter(record.orderId, record.account, record.side === 'buy', record.priceTicks, record.openLots);
        break;
      case 'trade':
        this.set(record.makerOrderId, record.makerOpenLots);
        if (record.auction) this.set(record.takerOrderId, record.takerOpenLots);
        break;
      case 'prevented_match':
        this.set(record.makerOrderId, record.makerOpenLots);
        break;
      case 'cancelled':
        this.set(record.orderId, 0);
        break;
      default:
        break;
    }
  }

  all(): FoldedOrder[] {
    return [...this.orders.values()];
  }

  private enter(orderId: number, account: number, buy: boolean, priceTicks: number, openLots: number): void {
    if (openLots === 0) return;
    this.orders.set(orderId, { orderId, account, buy, priceTicks, openLots });
    this.changed(buy, priceTicks, openLots);
  }

  private set(orderId: number, openLots: number): void {
    const order = this.orders.get(orderId);
    if (order === undefined) return;
    this.changed(order.buy, order.priceTicks, openLots - order.openLots);
    order.openLots = openLots;
    if (openLots === 0) this.orders.delete(orderId);
  }
}
