import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { test } from 'node:test';
import { rejectCode, rejectReason, rejectTable } from '../../operators/accounts/reject-reasons.ts';
import type { Place, RejectReason } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { ExchangeLoop } from './exchange-loop.ts';
import * as make from './record-makers.ts';
import { rejectPage } from './reject-page.ts';

const FUNDS = 9_000_000_000_000_000;

/** How to make one check fail, leaving every other check as it is. */
interface Fault {
  readonly reason: RejectReason;
  /** Orders that must stand before the rules change. */
  prepare?(exchange: ExchangeLoop): void;
  /** What changes around the order. */
  arrange?(exchange: ExchangeLoop): void;
  /** What changes in the order. */
  readonly fields?: Partial<Record<keyof Place, unknown>>;
  /** Faults that cannot be had together with this one. */
  readonly without?: readonly RejectReason[];
}

// The whole order costs 9 x 10^15 units: without a fee that is a safe amount, with one it is not.
const rules = { quoteUnitsPerTickLot: 9_000 };
const free = { makerPpm: 0, takerPpm: 0 };
const order: Partial<Record<keyof Place, unknown>> = {
  clientOrderId: 'x',
  priceTicks: 1_000_000,
  quantityLots: 1_000_000,
};
const small = { priceTicks: 1, quantityLots: 1, validUntil: 0 };
const symbol = (exchange: ExchangeLoop, change: Parameters<typeof make.symbolConfig>[0]) => {
  symbolNow = { ...symbolNow, ...change };
  exchange.apply(make.symbolConfig(symbolNow));
};
let symbolNow: Parameters<typeof make.symbolConfig>[0] = rules;

const faults: readonly Fault[] = [
  {
    reason: 'client_order_id_reused',
    prepare: (exchange) => exchange.apply(make.place({ ...small, clientOrderId: 'x' })),
  },
  {
    reason: 'memory_full',
    arrange: (exchange) => exchange.apply(make.admissionConfig({ remembered: 0 })),
    without: ['client_order_id_reused'],
  },
  { reason: 'command_expired', fields: { validUntil: 1 }, without: ['client_order_id_reused'] },
  { reason: 'unknown_symbol', fields: { symbol: 9 } },
  {
    reason: 'account_disabled',
    arrange: (exchange) =>
      exchange.apply(make.admin({ account: 100, action: 'set_account_state', accountState: 'disabled' })),
  },
  {
    reason: 'account_not_permitted',
    arrange: (exchange) => exchange.apply(make.admin({ action: 'set_account_state', accountState: 'suspended' })),
  },
  { reason: 'bad_combination', fields: { budget: 5 } },
  { reason: 'quantity_out_of_range', arrange: (exchange) => symbol(exchange, { maxQuantityLots: 10 }) },
  { reason: 'price_out_of_range', arrange: (exchange) => symbol(exchange, { maxPriceTicks: 10 }) },
  { reason: 'notional_out_of_range', arrange: (exchange) => symbol(exchange, { maxNotionalAmount: 10 }) },
  {
    reason: 'amount_overflow',
    arrange: (exchange) => exchange.apply(make.feeConfig({ version: 2, takerPpm: 1_500 })),
  },
  { reason: 'expiry_in_past', fields: { timeInForce: 'gtd', expiresAt: 1 } },
  {
    reason: 'no_reference_price',
    fields: { orderType: 'market', timeInForce: 'ioc', priceTicks: 0 },
    without: [
      'price_out_of_range',
      'notional_out_of_range',
      'amount_overflow',
      'expiry_in_past',
      'outside_price_band',
      'too_many_open_orders',
    ],
  },
  {
    reason: 'outside_price_band',
    arrange: (exchange) => {
      symbol(exchange, { bandPpm: 100_000 });
      exchange.apply({ type: 'reference_price', symbol: 1, seq: 0, priceTicks: 900_000 } as never);
    },
  },
  {
    reason: 'too_many_open_orders',
    prepare: (exchange) => exchange.apply(make.place(small)),
    arrange: (exchange) => exchange.apply(make.limitConfig({ account: 100, openOrders: 1 })),
  },
  {
    reason: 'order_rate_exceeded',
    prepare: (exchange) => {
      exchange.apply(make.limitConfig({ ordersPerSecond: 1 }));
      exchange.apply(make.place({ ...small, side: 'sell', account: 100 }));
    },
  },
  {
    reason: 'insufficient_funds',
    arrange: (exchange) => exchange.apply(make.adjust({ amount: -1_000_000_000_000 })),
  },
];

/** Places the order in a world with these faults; the reason it was refused for, or undefined. */
function refusal(...active: Fault[]): RejectReason | undefined {
  symbolNow = rules;
  const exchange = new ExchangeLoop(make.oneMarket(rules, free), { match: false, checked: true });
  exchange.apply(make.deposit({ amount: FUNDS + 100_000 }));
  exchange.apply(make.deposit({ asset: make.BASE, amount: 10 }));
  for (const fault of active) fault.prepare?.(exchange);
  for (const fault of active) fault.arrange?.(exchange);
  const fields = Object.assign({}, order, ...active.map((fault) => fault.fields ?? {}));
  const told = exchange.apply(make.place(fields)).find((each) => each.record.type === 'rejected');
  return told?.record.type === 'rejected' ? told.record.reason : undefined;
}

test('lists the reasons of the record, in its order, with one row each', () => {
  assert.deepEqual(
    rejectTable.map((row) => row.reason),
    enumSymbols.RejectReason,
  );
  const steps = rejectTable.map((row) => row.step);
  assert.deepEqual(
    steps,
    [...steps].sort((a, b) => a - b),
  );
  for (const { reason } of rejectTable) assert.equal(rejectReason(rejectCode(reason)), reason);
});

test('tells on its page what the table says', () => {
  const page = new URL('../../operators/reject-reasons.md', import.meta.url);
  assert.equal(readFileSync(page, 'utf8'), rejectPage());
});

test('has a fault below for every reason that ingest and risk give for a new order', () => {
  const given = rejectTable.filter((row) => row.stage === 'ingest' || row.stage === 'risk').map((row) => row.reason);
  assert.deepEqual(
    faults.map((fault) => fault.reason),
    given,
  );
});

test('admits the order that the faults below are made from', () => {
  assert.equal(refusal(), undefined);
});

for (const fault of faults) {
  test(`refuses an order as ${fault.reason}`, () => {
    assert.equal(refusal(fault), fault.reason);
  });
}

test('gives the first reason of the table when two checks fail', () => {
  let pairs = 0;
  for (const [index, first] of faults.entries()) {
    for (const second of faults.slice(index + 1)) {
      if (first.without?.includes(second.reason) || second.without?.includes(first.reason)) continue;
      assert.equal(refusal(first, second), first.reason, `${first.reason} and ${second.reason}`);
      pairs++;
    }
  }
  assert.equal(pairs, 128);
});
