/**
 * The mix of commands that every benchmark which counts orders sends: of 100, 60 limits (23 of them cross), 30 cancels of
 * orders that still rest, 10 market orders, over four symbols and 1,024 accounts. It keeps books of its own, so a cancel
 * names an order that is open, and steers the depth, so a book neither runs dry nor grows without end. Seeded: equal seeds
 * give equal commands.
 */
import { ACCEPTED, CANCELLED, TRADE } from '../../../operators/order-book/book-events.ts';
import { BUY, GTC, IOC, STP_NONE } from '../../../operators/order-book/codes.ts';
import { type NewOrder, OrderBook } from '../../../operators/order-book/order-book.ts';
import type {
  AccountId,
  Amount,
  Cancel,
  Micros,
  OrderId,
  Place,
  PriceTicks,
  QuantityLots,
  Sequence,
  SymbolId,
} from '../../../schemas/generated/records.ts';
import { SeededRandom } from '../../../sources/market-simulator/random.ts';

export const MIX_ACCOUNTS = 1024;
export const MIX_SYMBOLS = 4;
/** Orders that rest in one book. */
const DEPTH = 1200;
const MID_TICKS = 100_000;

interface Desk {
  readonly symbol: number;
  readonly book: OrderBook;
  /** Numbers of orders that rest, and where each stands in the list. */
  readonly resting: number[];
  readonly placeOf: Map<number, number>;
}

export class OrderMix {
  readonly #random: SeededRandom;
  readonly #desks: Desk[];
  readonly #firstAccount: number;
  readonly #accountCount: number;
  readonly #order: NewOrder = {
    orderId: 0,
    account: 0,
    tradeGroup: 0,
    side: BUY,
    market: false,
    timeInForce: GTC,
    postOnly: false,
    priceTicks: 0,
    quantityLots: 0,
    budget: 0,
    selfTradeMode: STP_NONE,
    expiresAt: 0,
  };
  /** By number of the order: its account. */
  readonly #accounts: number[] = [0];
  trades = 0;

  constructor(seed: number, firstAccount: number, accounts = MIX_ACCOUNTS) {
    this.#random = new SeededRandom(seed, 1);
    this.#firstAccount = firstAccount;
    this.#accountCount = accounts;
    this.#desks = Array.from({ length: MIX_SYMBOLS }, (_, index) => ({
      symbol: index + 1,
      book: new OrderBook({ openOrdersMax: 1_000_000, quoteUnitsPerTickLot: 1 }),
      resting: [],
      placeOf: new Map(),
    }));
  }

  /** `validUntil`: of the command, micros. */
  next(validUntil: number): Place | Cancel {
    const desk = this.#desks[this.#below(MIX_SYMBOLS)]!;
    const kind = this.#below(100);
    if (kind < 30 && desk.resting.length > DEPTH / 2) return this.#cancel(desk, validUntil);
    const deep = desk.resting.length > DEPTH;
    const takes = kind >= 67 || (deep && kind < 30);
    return this.#place(desk, takes, kind >= 90, deep, validUntil);
  }

  #cancel(desk: Desk, validUntil: number): Cancel {
    const number = desk.resting[this.#below(desk.resting.length)]!;
    desk.book.cancel(number, 0);
    this.#follow(desk);
    return {
      type: 'cancel',
      symbol: desk.symbol as SymbolId,
      seq: 0 as Sequence,
      account: this.#accounts[number] as AccountId,
      orderId: 0 as OrderId,
      clientOrderId: idOf(number),
      validUntil: validUntil as Micros,
    };
  }

  #place(desk: Desk, takes: boolean, market: boolean, deep: boolean, validUntil: number): Place {
    const number = this.#accounts.length;
    const account = this.#firstAccount + this.#below(this.#accountCount);
    this.#accounts.push(account);
    const buy = this.#below(2) === 0;
    const away = 1 + this.#below(100);
    const towards = buy ? 1 : -1;
    const priceTicks = MID_TICKS + towards * (takes ? 120 : -away);
    const quantityLots = takes ? 1 + this.#below(deep ? 36 : 18) : 1 + this.#below(40);
    const order = this.#order;
    order.orderId = number;
    order.account = account;
    order.side = buy ? BUY : 1;
    order.market = market;
    order.timeInForce = market ? IOC : GTC;
    order.priceTicks = priceTicks;
    order.quantityLots = quantityLots;
    desk.book.place(order);
    this.#follow(desk);
    return {
      type: 'place',
      symbol: desk.symbol as SymbolId,
      seq: 0 as Sequence,
      account: account as AccountId,
      clientOrderId: idOf(number),
      side: buy ? 'buy' : 'sell',
      orderType: market ? 'market' : 'limit',
      timeInForce: market ? 'ioc' : 'gtc',
      postOnly: false,
      priceTicks: priceTicks as PriceTicks,
      quantityLots: quantityLots as QuantityLots,
      budget: 0 as Amount,
      selfTradeMode: 'none',
      expiresAt: 0 as Micros,
      validUntil: validUntil as Micros,
    };
  }

  /** Keeps the list of what rests in step with what the book just did. */
  #follow(desk: Desk): void {
    const { events } = desk.book;
    for (let index = 0; index < events.count; index++) {
      switch (events.kind(index)) {
        case ACCEPTED:
          if (events.restingLots(index) > 0) {
            desk.placeOf.set(events.orderId(index), desk.resting.length);
            desk.resting.push(events.orderId(index));
          }
          break;
        case TRADE:
          this.trades++;
          if (events.makerOpenLots(index) === 0) this.#gone(desk, events.makerOrderId(index));
          break;
        case CANCELLED:
          if (events.wasResting(index)) this.#gone(desk, events.orderId(index));
          break;
      }
    }
    events.clear();
  }

  #gone(desk: Desk, number: number): void {
    const place = desk.placeOf.get(number)!;
    const last = desk.resting.pop()!;
    desk.placeOf.delete(number);
    if (last === number) return;
    desk.resting[place] = last;
    desk.placeOf.set(last, place);
  }

  #below(limit: number): number {
    return Math.floor(this.#random.fraction() * limit);
  }
}

function idOf(number: number): string {
  return `m${number}`;
}
