/** Each reason of the exchange in the words of the request, and the page that lists routes and codes. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { gatewayCodes, reasonSentences, statusOf } from '../../gateway/rest/errors.ts';
import { averagePrice } from '../../gateway/rest/payloads.ts';
import { enumSymbols, type RejectReason } from '../../schemas/generated/records.ts';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const MAKER = 101;
const TAKER = 102;
const page = readFileSync(join(import.meta.dirname, '../../docs/rest.md'), 'utf8');

let gateway: RunningGateway;

before(async () => {
  gateway = await runGateway();
  for (const account of [MAKER, TAKER]) {
    await gateway.fund(account, 'USD', '10000');
    await gateway.fund(account, 'BTC', '5');
  }
});
after(async () => {
  await gateway.stop();
});

interface RejectCase {
  readonly reason: RejectReason;
  readonly order: { readonly [field: string]: unknown };
  readonly field?: string;
  readonly allowed?: RegExp;
}

const limit = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '100.00', quantity: '1' };
const market = { symbol: 'BTC-USD', side: 'buy', type: 'market' };
const combination = (order: object, field: string, allowed: RegExp): RejectCase => ({
  reason: 'bad_combination',
  order: { ...order },
  field,
  allowed,
});

/** `limit` stands at 100.00 when these are sent, and the reference price is 100.00. */
const rejects: readonly RejectCase[] = [
  {
    reason: 'price_out_of_range',
    order: { ...limit, price: '99999999999.00' },
    field: 'price',
    allowed: /0\.01 from 0\.01/,
  },
  { reason: 'quantity_out_of_range', order: { ...limit, quantity: '9999999' }, field: 'quantity', allowed: /0\.00001/ },
  {
    reason: 'notional_out_of_range',
    order: { ...limit, quantity: '0.00001' },
    field: 'quantity',
    allowed: /^price times quantity, or a budget, from 5 to 5000000 USD$/,
  },
  {
    reason: 'notional_out_of_range',
    order: { ...market, price: '100', budget: '1' },
    field: 'budget',
    allowed: /from 5/,
  },
  {
    reason: 'expiry_in_past',
    order: { ...limit, time_in_force: 'gtd', expires_at: '2026-02-28T00:00:00Z' },
    field: 'expires_at',
    allowed: /to come/,
  },
  {
    reason: 'no_reference_price',
    order: { ...market, symbol: 'ETH-USD', budget: '50' },
    field: 'price',
    allowed: /a worst price/,
  },
  {
    reason: 'outside_price_band',
    order: { ...limit, price: '111.00' },
    field: 'price',
    allowed: /^within 10\.0000 % of the reference price$/,
  },
  {
    reason: 'insufficient_funds',
    order: { ...limit, quantity: '500' },
    field: 'quantity',
    allowed: /^what [\d.]+ USD cover, the fee included$/,
  },
  {
    reason: 'insufficient_funds',
    order: { ...limit, side: 'sell', quantity: '50' },
    field: 'quantity',
    allowed: /BTC/,
  },
  { reason: 'market_halted', order: { ...limit, symbol: 'ETH-BTC', price: '0.05' } },
  {
    reason: 'post_only_would_cross',
    order: { ...limit, side: 'sell', price: '100.00', post_only: true },
    field: 'price',
    allowed: /nobody stands/,
  },
  combination({ ...limit, budget: '10' }, 'budget', /market order only/),
  combination({ ...limit, price: undefined }, 'price', /a price, for a limit order/),
  combination({ ...limit, quantity: undefined }, 'quantity', /a quantity, for a limit order/),
  combination(market, 'budget', /either quantity or budget/),
  combination({ ...market, quantity: '1', budget: '10' }, 'budget', /either quantity or budget/),
  combination({ ...market, budget: '10', time_in_force: 'gtc' }, 'time_in_force', /ioc or fok/),
  combination({ ...limit, post_only: true, time_in_force: 'ioc' }, 'post_only', /may rest/),
  combination({ ...limit, time_in_force: 'gtd' }, 'expires_at', /gtd/),
  combination({ ...limit, expires_at: '2027-01-01T00:00:00Z' }, 'expires_at', /gtd/),
  combination(
    { ...limit, self_trade_mode: 'none' },
    'self_trade_mode',
    /^cancel_newest, cancel_oldest, cancel_both, decrement$/,
  ),
];

describe('a reason of the exchange', () => {
  before(async () => {
    await gateway.ask(MAKER, 'POST', '/v1/orders', { ...limit, side: 'sell', quantity: '0.5' });
    await gateway.ask(TAKER, 'POST', '/v1/orders', { ...limit, quantity: '0.5' });
    await gateway.advance(1);
    await gateway.ask(MAKER, 'POST', '/v1/orders', limit);
  });

  for (const [index, { reason, order, field, allowed }] of rejects.entries()) {
    it(`${reason} is told with field and what is allowed (${index + 1})`, async () => {
      const { status, body } = await gateway.ask(TAKER, 'POST', '/v1/orders', order);
      assert.deepEqual([body.code, body.field], [reason, field], JSON.stringify(body));
      assert.equal(status, statusOf(reason));
      assert.equal(body.message, reasonSentences[reason]);
      assert.match(body.sequence, /^[1-9]\d*$/);
      if (field !== undefined) assert.equal(body.given, order[field]);
      if (allowed) assert.match(body.allowed, allowed);
    });
  }

  it('of an amend is told in the words of the amend', async () => {
    const { body: order } = await gateway.ask(TAKER, 'POST', '/v1/orders', { ...limit, price: '98.00' });
    const patch = (change: object) => gateway.ask(TAKER, 'PATCH', `/v1/orders/${order.order_id}`, change);
    const far = (await patch({ price: '120.00' })).body;
    assert.deepEqual([far.code, far.field, far.given], ['outside_price_band', 'price', '120.00']);
    const many = (await patch({ quantity: '500' })).body;
    assert.deepEqual([many.code, many.field, many.given], ['insufficient_funds', 'quantity', '500']);
    assert.match(many.allowed, /USD/);
  });

  it('has a sentence and a status, each of them', () => {
    for (const reason of enumSymbols.RejectReason) {
      assert.match(reasonSentences[reason], /^[A-Z].*\.$/);
      assert.ok([404, 409, 422].includes(statusOf(reason)));
    }
  });
});

describe('the page of REST', () => {
  it('lists every code of the gateway with its status, and no other', () => {
    const rows = [...page.matchAll(/^\| `(\w+)` \| (\d{3}) \| .+ \|$/gm)].map(([, code, status]) => [
      code,
      Number(status),
    ]);
    assert.deepEqual(rows, Object.entries(gatewayCodes));
  });

  it('names the reasons that have a status of their own', () => {
    const others = enumSymbols.RejectReason.filter((reason) => statusOf(reason) !== 422);
    for (const reason of others) assert.ok(page.includes(`\`${reason}\``), reason);
    assert.deepEqual(others.length, 4);
  });
});

describe('an average price', () => {
  const of = (tickDecimal: string, priceDecimals: number, quoteUnitsPerTickLot: number) => ({
    tickDecimal,
    priceDecimals,
    quoteUnitsPerTickLot,
  });
  it('is in quote per base, whatever a tick is', () => {
    // 3 lots at 7 ticks and 1 lot at 8: 29 ticks over 4 lots.
    for (const [tick, decimals, expected] of [
      ['0.05', 2, '0.3625'],
      ['0.01', 2, '0.0725'],
      ['0.5', 1, '3.625'],
      ['1', 0, '7.25'],
      ['25', 0, '181.25'],
      ['0.00000001', 8, '0.0000000725'],
    ] as const) {
      assert.equal(averagePrice({ executedLots: 4, executedQuote: 29 * 11 }, of(tick, decimals, 11)), expected, tick);
    }
  });
  it('is rounded down, and is none where nothing was executed', () => {
    assert.equal(averagePrice({ executedLots: 3, executedQuote: 20 }, of('1', 0, 1)), '6.6666');
    assert.equal(averagePrice({ executedLots: 0, executedQuote: 0 }, of('1', 0, 1)), null);
  });
});
