import { matchOrders } from '../../../operators/match-orders.ts';
import type { AnyRecord } from '../../../schemas/generated/records.ts';
import { orderIdOfPosition } from '../../../schemas/ids.ts';
import { ExchangeLoop } from '../../operators/exchange-loop.ts';
import {
  admin,
  amend,
  BASE,
  cancel,
  deposit,
  market,
  oneMarket,
  place,
  QUOTE,
  SYMBOL,
} from '../../operators/record-makers.ts';
import { type CoinTossXCase, type CoinTossXOrder, coinTossXCases } from '../cointossx-cases.ts';
import { type Comparison, type ConformanceOptions, shareOf } from '../conformance.ts';
import { FoldedOrders } from '../folded-orders.ts';

export interface CoinTossXResult extends Comparison {
  /** Cases that are not judged, each with the reason. */
  readonly exceptions: readonly { readonly case: string; readonly reason: string }[];
}

interface CaseEnd {
  /** Resting orders, sorted: side, id, size, price. */
  readonly book: readonly string[];
  /** `price x quantity`, in order. */
  readonly trades: readonly string[];
}

const PRICE_TICKS_MAX = 1_000_000_000;
const QUANTITY_LOTS_MAX = 1_000_000;
const FIRST_ACCOUNT = 1_000;
const FUNDS = 2 ** 44;

/**
 * Plays CoinTossX's cases: a book, an order (or a cancel, a replacement, an uncross), the book after, the trades. A case
 * holds when every trade in order and every resting order is equal. Each order has an account of its own.
 */
export function conform(files: readonly string[], options: ConformanceOptions = {}): CoinTossXResult {
  const exceptions: { case: string; reason: string }[] = [];
  let compared = 0;
  let equal = 0;
  let firstDifference: unknown = null;
  for (const each of coinTossXCases(files)) {
    if (each.exception !== null) {
      exceptions.push({ case: each.name, reason: each.exception });
      continue;
    }
    const expected: CaseEnd = { book: each.bookAfter.map(textOf).sort(), trades: each.trades };
    const found = new CasePlay(options).run(each);
    const same = JSON.stringify(found) === JSON.stringify(expected);
    if (!same && each.action === 'uncross' && volumeOf(found) === volumeOf(expected)) {
      const reason = 'prices that tie in volume and surplus: CoinTossX takes the highest, here the lowest is taken';
      exceptions.push({ case: each.name, reason });
      continue;
    }
    compared++;
    if (same) equal++;
    else firstDifference ??= { case: each.name, description: each.description, expected, found };
  }
  return { compared, equal, share: shareOf(equal, compared), firstDifference, exceptions };
}

class CasePlay {
  private readonly loop: ExchangeLoop;
  private readonly options: ConformanceOptions;
  private readonly resting = new FoldedOrders();
  /** Ids of the exchange by ids of the case, and back. */
  private readonly orderIds = new Map<number, number>();
  private readonly caseIds = new Map<number, number>();
  private readonly trades: string[] = [];

  constructor(options: ConformanceOptions) {
    this.options = options;
    const rules = { maxPriceTicks: PRICE_TICKS_MAX, maxQuantityLots: QUANTITY_LOTS_MAX };
    this.loop = new ExchangeLoop(oneMarket(rules), { match: matchOrders() as never });
  }

  run(each: CoinTossXCase): CaseEnd {
    if (each.action === 'uncross') this.send(admin({ action: 'open_auction', symbol: SYMBOL }));
    for (const order of each.bookBefore) this.place(order);
    for (const order of each.orders) {
      const account = FIRST_ACCOUNT + order.id;
      const orderId = this.orderIds.get(order.id) ?? 0;
      if (each.action === 'cancel') this.send(cancel({ account, orderId }));
      else if (each.action === 'replace')
        this.send(amend({ account, orderId, priceTicks: order.price, quantityLots: order.size }));
      else this.place(order);
    }
    if (each.action === 'uncross') this.send(admin({ action: 'uncross', symbol: SYMBOL }));
    this.loop.checkInvariants();
    const book = this.resting
      .all()
      .map(({ orderId, buy, openLots, priceTicks }) =>
        textOf({ id: this.caseIds.get(orderId) ?? 0, buy, size: openLots, price: priceTicks }),
      );
    return { book: book.sort(), trades: this.trades };
  }

  private place(order: CoinTossXOrder): void {
    const account = FIRST_ACCOUNT + order.id;
    const side = order.buy ? 'buy' : 'sell';
    for (const asset of [BASE, QUOTE]) this.send(deposit({ account, asset, amount: FUNDS }));
    // Without a reference price a market order names its worst one: here the highest that its account can pay, or 1.
    const worst = order.buy ? Math.floor(FUNDS / 2 / order.size) : 1;
    const priceTicks = order.type === 'market' ? Math.min(worst, PRICE_TICKS_MAX) : order.price;
    const terms = { account, side, priceTicks, quantityLots: order.size } as const;
    const position = this.send(order.type === 'market' ? market(terms) : place(terms));
    this.orderIds.set(order.id, orderIdOfPosition(position));
    this.caseIds.set(orderIdOfPosition(position), order.id);
  }

  /** Runs one input; returns its position. */
  private send(input: AnyRecord): number {
    const records = this.loop.apply(input);
    for (const { log, record } of records) {
      this.options.trace?.({ log, record });
      if (log !== 'market') continue;
      this.resting.apply(record);
      if (record.type === 'trade') this.trades.push(`${record.priceTicks} x ${record.quantityLots}`);
    }
    return records[0]?.position ?? 0;
  }
}

function textOf(order: Omit<CoinTossXOrder, 'type'>): string {
  return `${order.buy ? 'bid' : 'offer'} ${order.id}: ${order.size} at ${order.price}`;
}

function volumeOf(end: CaseEnd): number {
  return end.trades.reduce((sum, trade) => sum + Number(trade.split(' x ')[1]), 0);
}
