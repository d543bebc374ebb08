import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { AccountTable, systemSlots } from '../../../operators/accounts/account-table.ts';
import { OpenOrders } from '../../../operators/accounts/open-orders.ts';
import { PASSES } from '../../../operators/accounts/reject-reasons.ts';
import { RiskState } from '../../../operators/accounts/risk-state.ts';
import { type BookEvents, CANCELLED, TRADE } from '../../../operators/order-book/book-events.ts';
import { CANCEL_USER, DONE, IOC, SELL, STP_NONE } from '../../../operators/order-book/codes.ts';
import { OrderBook } from '../../../operators/order-book/order-book.ts';
import type { Place } from '../../../schemas/generated/records.ts';
import { CANCEL, NEW, readWorkload, workloadOrder } from '../../conformance/kinds/workload.ts';
import * as make from '../../operators/record-makers.ts';
import { type BenchOptions, comparedRow, measureInterleaved, type Row } from '../bench-row.ts';
import { type Flow, figure, flowOf, type Outcome, runReference } from './matching-core.ts';

export const name = 'matching-with-risk';
export const summary =
  'the order book with holds, fees and balances of 1,024 accounts on normal, beside nodejs-order-book';

const ACCOUNTS = 1024;
const FIRST_ACCOUNT = 100;
/** Enough for every order of the flow, so that risk refuses none. */
const FUNDS = 4_000_000_000_000;
const OPEN_ORDERS_MAX = 1_000_000;

/**
 * One thread, from decoded messages to events in memory and settled balances: each order is judged, its hold taken, it
 * is matched, both sides of each trade pay and are charged, and what is not needed comes free; a cancel gives the hold
 * back. The classes are those that the exchange runs, without its records. Orders are spread over the accounts by id,
 * with no self-trade prevention, as the public flow knows no accounts: so the trades must be those of the reference.
 */
export async function rows({ dataFolder, quick, say }: BenchOptions): Promise<Row[]> {
  const file = join(dataFolder, 'matching-workloads', 'normal.bin.br');
  if (!existsSync(file)) {
    say(`SKIPPED: ${file} is missing; SLUICE_DATA names the folder`);
    return [];
  }
  const repetitions = quick ? 2 : 7;
  const flow = flowOf(readWorkload(file));
  for (let warmUp = 0; warmUp < (quick ? 1 : 2); warmUp++) {
    const exchange = new BookWithRisk();
    assert.deepEqual(exchange.run(flow), runReference(flow), 'both engines trade the same');
    exchange.state.checkInvariants();
  }
  const measured = await measureInterleaved(repetitions, {
    ours: () => figure(flow, (messages) => new BookWithRisk().run(messages)),
    reference: () => figure(flow, runReference),
  });
  return [
    comparedRow(
      'matching core with risk, normal',
      'M messages/s',
      measured.ours,
      { name: 'nodejs-order-book 10.1.1, without risk', ...measured.reference },
      repetitions,
      `${flow.count.toLocaleString('en-US')} messages a run, ${repetitions} interleaved warm runs, medians; 1,024 accounts, maker 10 and taker 15 bps, every balance checked to sum to zero after the warm-up`,
    ),
  ];
}

export class BookWithRisk {
  readonly state = new RiskState(new AccountTable(), new OpenOrders(), 1);
  readonly #book = new OrderBook({ openOrdersMax: OPEN_ORDERS_MAX, quoteUnitsPerTickLot: 1 });

  constructor() {
    const { accounts, balances, counts, fees, symbols } = this.state;
    for (const asset of [make.BASE, make.QUOTE]) balances.addAsset(asset);
    fees.add(make.feeConfig());
    symbols.configure(
      make.symbolConfig({ maxPriceTicks: 1e9, defaultSelfTradeMode: 'none', allowedSelfTradeModes: 31 }),
    );
    accounts.defaultOpenOrdersMax = OPEN_ORDERS_MAX;
    for (let number = 0; number < ACCOUNTS; number++) {
      const slot = this.state.accountSlot(FIRST_ACCOUNT + number);
      counts.makeRoom(slot, make.SYMBOL);
      for (const asset of [make.BASE, make.QUOTE]) {
        balances.credit(slot, asset, FUNDS);
        balances.credit(systemSlots.outside, asset, -FUNDS);
      }
    }
  }

  run({ count, rows: messages, orderIds }: Flow): Outcome {
    const { accounts, holds, judge, orders } = this.state;
    const book = this.#book;
    const { events } = book;
    const order = workloadOrder();
    order.selfTradeMode = STP_NONE;
    const place = make.place() as { -readonly [K in keyof Place]: Place[K] };
    const outcome = { trades: 0, lots: 0 };
    for (let i = 0; i < count; i++) {
      const at = i * 5;
      const type = messages[at]!;
      const orderId = orderIds[i]!;
      events.clear();
      if (type !== NEW) {
        const slot = orders.find(orderId);
        if (slot === 0 || book.cancel(orderId, CANCEL_USER) !== DONE) continue;
        holds.release(slot);
        holds.end(slot);
        if (type === CANCEL) continue;
        events.clear();
      }
      const account = FIRST_ACCOUNT + (orderId & (ACCOUNTS - 1));
      const immediate = messages[at + 2] === IOC;
      place.account = account as Place['account'];
      place.side = messages[at + 1] === SELL ? 'sell' : 'buy';
      place.timeInForce = immediate ? 'ioc' : 'gtc';
      place.quantityLots = messages[at + 3]! as Place['quantityLots'];
      place.priceTicks = messages[at + 4]! as Place['priceTicks'];
      const slot = accounts.find(account);
      if (judge.place(place, slot, i) !== PASSES) throw new Error(`order ${orderId} was refused`);
      accounts.takeRateToken(slot, i);
      holds.open(orderId, slot, place, judge);
      order.orderId = orderId;
      order.account = account;
      order.side = messages[at + 1]!;
      order.timeInForce = messages[at + 2]!;
      order.quantityLots = place.quantityLots;
      order.priceTicks = place.priceTicks;
      book.place(order);
      if (events.count > 1) this.#settle(events, orderId, place.priceTicks, outcome);
    }
    return outcome;
  }

  /** Both sides of each trade, and the rest of an order that does not stay. */
  #settle(events: BookEvents, takerId: number, limitTicks: number, outcome: Outcome): void {
    const { holds, orders } = this.state;
    const taker = orders.find(takerId);
    for (let event = 1; event < events.count; event++) {
      const kind = events.kind(event);
      if (kind === TRADE) {
        const priceTicks = events.priceTicks(event);
        const lots = events.quantityLots(event);
        const makerOpen = events.makerOpenLots(event);
        const takerOpen = events.takerOpenLots(event);
        const maker = orders.find(events.makerOrderId(event));
        holds.trade(taker, false, priceTicks, lots, limitTicks, takerOpen);
        if (takerOpen === 0) holds.end(taker);
        holds.trade(maker, true, priceTicks, lots, priceTicks, makerOpen);
        if (makerOpen === 0) holds.end(maker);
        outcome.trades++;
        outcome.lots += lots;
      } else if (kind === CANCELLED) {
        holds.release(taker);
        holds.end(taker);
      }
    }
  }
}
