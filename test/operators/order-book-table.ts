import assert from 'node:assert/strict';
import { ACCEPTED, AMENDED, CANCELLED, PREVENTED, TRADE } from '../../operators/order-book/book-events.ts';
import {
  BUY,
  cancelReasons,
  DONE,
  GTC,
  IOC,
  outcomes,
  SELL,
  selfTradeModes,
  timesInForce,
} from '../../operators/order-book/codes.ts';
import { type NewOrder, OrderBook, type OrderBookOptions } from '../../operators/order-book/order-book.ts';

/**
 * Runs a table of one command a row against a fresh book and compares what each row did with its right column.
 *
 *     buy  1 A 5@100                 rests 5           order 1 of account A: 5 lots at 100 ticks, GTC
 *     sell 2 B 7@100 ioc             …                 also: fok, gtd:TIME, post, market, budget:UNITS, group:N,
 *                                                      stp:MODE (without the mode's "cancel_")
 *     amend 1 3@99 · cancel 1 · cancel_all A · expire 50 · auction · indicative 100 · uncross 100
 *     book                           100:5 / 101:3,4   bids best first / asks best first, lots of each order in turn
 *
 * Outcomes: `rests N` (accepted or amended, N rest); `5@100 1x2 (0 2)` a trade of 5 at 100, maker 1, taker 2, and what
 * each has left; `5@100 1!2 (5 2)` the same, prevented; `-3 of 2 REASON` 3 lots of order 2 cancelled; `kept` or `moved`
 * after an amend; or the reason of a refusal. The invariants are checked after each row.
 */
export function checkTable(table: string, options: Partial<OrderBookOptions> = {}): void {
  const book = new OrderBook({ openOrdersMax: 1_000, quoteUnitsPerTickLot: 1, ...options });
  const actual: string[] = [];
  const expected: string[] = [];
  for (const row of table.split('\n')) {
    if (row.trim() === '') continue;
    const [command = '', outcome = ''] = row.split('|');
    const tidy = command.trim().replaceAll(/\s+/g, ' ');
    expected.push(`${tidy} | ${outcome.trim().replaceAll(/\s+/g, ' ')}`);
    actual.push(`${tidy} | ${runRow(book, tidy)}`);
    book.checkInvariants();
  }
  assert.equal(actual.join('\n'), expected.join('\n'));
}

function runRow(book: OrderBook, command: string): string {
  const [verb = '', ...words] = command.split(' ');
  book.events.clear();
  switch (verb) {
    case 'buy':
    case 'sell':
      return said(book, book.place(orderOf(verb === 'buy' ? BUY : SELL, words)));
    case 'amend': {
      const [lots, price] = words[1]!.split('@');
      return said(book, book.amend(Number(words[0]), Number(price), Number(lots)));
    }
    case 'cancel':
      return said(book, book.cancel(Number(words[0]), 0));
    case 'cancel_all':
      book.cancelAccount(accountOf(words[0]!));
      return said(book, DONE);
    case 'expire':
      book.expire(Number(words[0]));
      return said(book, DONE);
    case 'auction':
      book.startAuction();
      return '';
    case 'indicative': {
      const { priceTicks, matchedLots, surplusLots } = book.indicative(Number(words[0]));
      return `${matchedLots}@${priceTicks} surplus ${surplusLots}`;
    }
    case 'uncross':
      book.uncross(Number(words[0]));
      return said(book, DONE);
    case 'book':
      return `${sideOf(book, BUY)} / ${sideOf(book, SELL)}`;
    default:
      throw new Error(`no such command: ${command}`);
  }
}

function orderOf(side: number, [id, account, size, ...words]: string[]): NewOrder {
  const [lots, price] = size!.split('@');
  const order: NewOrder = {
    orderId: Number(id),
    account: accountOf(account!),
    tradeGroup: 0,
    side,
    market: false,
    timeInForce: GTC,
    postOnly: false,
    priceTicks: Number(price),
    quantityLots: Number(lots),
    budget: 0,
    selfTradeMode: 0,
    expiresAt: 0,
  };
  for (const word of words) {
    const [name = '', value = ''] = word.split(':');
    if (name === 'post') order.postOnly = true;
    else if (name === 'group') order.tradeGroup = Number(value);
    else if (name === 'budget') order.budget = Number(value);
    else if (name === 'stp') order.selfTradeMode = selfTradeModes.findIndex((mode) => mode.endsWith(value));
    else if (name === 'market') {
      order.market = true;
      order.timeInForce = IOC;
    } else {
      order.timeInForce = timesInForce.findIndex((known) => name.startsWith(known));
      order.expiresAt = Number(value);
      assert.ok(order.timeInForce >= 0, `no such word: ${word}`);
    }
  }
  return order;
}

function accountOf(letter: string): number {
  return letter.charCodeAt(0);
}

function said(book: OrderBook, outcome: number): string {
  if (outcome !== DONE) {
    assert.equal(book.events.count, 0);
    return outcomes[outcome]!;
  }
  return Array.from({ length: book.events.count }, (_, i) => saidEvent(book, i)).join(', ');
}

function saidEvent({ events }: OrderBook, i: number): string {
  switch (events.kind(i)) {
    case ACCEPTED:
      return `rests ${events.restingLots(i)}`;
    case AMENDED:
      return `${events.keptPriority(i) ? 'kept' : 'moved'}, rests ${events.restingLots(i)}`;
    case CANCELLED:
      return `-${events.orderLots(i)} of ${events.orderId(i)} ${cancelReasons[events.reason(i)]}`;
    case TRADE:
    case PREVENTED: {
      const mark = events.kind(i) === TRADE ? 'x' : '!';
      const met = `${events.makerOrderId(i)}${mark}${events.takerOrderId(i)}`;
      const left = `${events.makerOpenLots(i)} ${events.takerOpenLots(i)}`;
      return `${events.quantityLots(i)}@${events.priceTicks(i)} ${met} (${left})`;
    }
    default:
      throw new Error(`no such event: ${events.kind(i)}`);
  }
}

function sideOf(book: OrderBook, side: number): string {
  const queues = new Map<number, number[]>();
  for (const order of book.orders(side)) {
    const queue = queues.get(order.priceTicks) ?? [];
    queues.set(order.priceTicks, [...queue, order.openLots]);
  }
  return [...queues].map(([price, lots]) => `${price}:${lots.join(',')}`).join(' ') || '-';
}
