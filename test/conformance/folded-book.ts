import type { AnyRecord } from '../../schemas/generated/records.ts';
import { FoldedOrders } from './folded-orders.ts';

export interface FoldedLevel {
  readonly priceTicks: number;
  readonly quantityLots: number;
}

/**
 * The price levels of one symbol as its market log tells of them: what any reader of the log can know. Kept apart from
 * the exchange's own book on purpose, so that comparing it with a published book judges the records too.
 */
export class FoldedBook {
  private readonly bids = new Map<number, number>();
  private readonly asks = new Map<number, number>();
  private readonly orders = new FoldedOrders((buy, priceTicks, lots) => {
    const side = buy ? this.bids : this.asks;
    const sum = (side.get(priceTicks) ?? 0) + lots;
    if (sum === 0) side.delete(priceTicks);
    else side.set(priceTicks, sum);
  });

  apply(record: AnyRecord): void {
    this.orders.apply(record);
  }

  /** The best `count` levels of each side, best first. */
  best(count: number): { readonly bids: FoldedLevel[]; readonly asks: FoldedLevel[] } {
    return {
      bids: bestOf(this.bids, count, (left, right) => right - left),
      asks: bestOf(this.asks, count, (left, right) => left - right),
    };
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
