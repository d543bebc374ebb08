import type { AnyRecord } from '../../schemas/generated/records.ts';

export interface FoldedLevel {
  readonly priceTicks: number;
  readonly quantityLots: number;
}

interface FoldedOrder {
  readonly buy: boolean;
  priceTicks: number;
  openLots: number;
}

/**
 * The book of one symbol as its market log tells of it, record by record: what any reader of the log can know. Kept
 * apart from the exchange's own book on purpose, so that comparing it with a published book judges the records too.
 */
export class FoldedBook {
  private readonly orders = new Map<number, FoldedOrder>();
  private readonly levels = { bids: new Map<number, number>(), asks: new Map<number, number>() };

  apply(record: AnyRecord): void {
    switch (record.type) {
      case 'accepted':
        // What trades of the same command take from it is told by the trades that follow.
        this.enter(record.orderId, record.side === 'buy', record.priceTicks, record.restingLots);
        break;
      case 'amended':
        this.set(record.orderId, 0);
        this.enter(record.orderId, record.side === 'buy', record.priceTicks, record.openLots);
        break;
      case 'trade':
      case 'prevented_match':
        this.set(record.makerOrderId, record.makerOpenLots);
        if (record.type === 'trade' && record.auction) this.set(record.takerOrderId, record.takerOpenLots);
        break;
      case 'cancelled':
        this.set(record.orderId, 0);
        break;
      default:
        break;
    }
  }

  /** The best `count` levels of each side, best first. */
  best(count: number): { readonly bids: FoldedLevel[]; readonly asks: FoldedLevel[] } {
    return {
      bids: bestOf(this.levels.bids, count, (left, right) => right - left),
      asks: bestOf(this.levels.asks, count, (left, right) => left - right),
    };
  }

  private enter(orderId: number, buy: boolean, priceTicks: number, openLots: number): void {
    if (openLots === 0) return;
    this.orders.set(orderId, { buy, priceTicks, openLots });
    this.add(buy, priceTicks, openLots);
  }

  private set(orderId: number, openLots: number): void {
    const order = this.orders.get(orderId);
    if (order === undefined) return;
    this.add(order.buy, order.priceTicks, openLots - order.openLots);
    order.openLots = openLots;
    if (openLots === 0) this.orders.delete(orderId);
  }

  private add(buy: boolean, priceTicks: number, lots: number): void {
    const side = buy ? this.levels.bids : this.levels.asks;
    const sum = (side.get(priceTicks) ?? 0) + lots;
    if (sum === 0) side.delete(priceTicks);
    else side.set(priceTicks, sum);
  }
}

function bestOf(
  levels: ReadonlyMap<number, number>,
  count: number,
  order: (left: number, right: number) => number,
): FoldedLevel[] {
  return [...levels.keys()]
    .sort(order)
    .slice(0, count)
    .map((priceTicks) => ({ priceTicks, quantityLots: levels.get(priceTicks) ?? 0 }));
}
