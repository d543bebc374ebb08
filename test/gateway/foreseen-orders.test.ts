/** A tested order is told what the placed one then is: reason, field and hold, over orders and markets of every kind. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { TradingState } from '../../schemas/generated/records.ts';
import { type RunningGateway, runGateway } from './running-gateway.ts';

const TRADER = 101;
const MAKER = 102;

let gateway: RunningGateway;
before(async () => {
  gateway = await runGateway();
  await gateway.fund(TRADER, 'USD', '1000');
  await gateway.fund(TRADER, 'BTC', '5');
  await gateway.fund(MAKER, 'USD', '100000');
  await gateway.fund(MAKER, 'BTC', '50');
  await gateway.fund(MAKER, 'ETH', '50');
  for (const [symbol, price] of [
    ['BTC-USD', '100.00'],
    ['ETH-USD', '50.00'],
  ]) {
    const order = { symbol, type: 'limit', price, quantity: '1' };
    await gateway.ask(MAKER, 'POST', '/v1/orders', { ...order, side: 'sell' });
    await gateway.ask(TRADER, 'POST', '/v1/orders', { ...order, side: 'buy', quantity: '0.5' });
    await gateway.ask(MAKER, 'POST', '/v1/orders', { ...order, side: 'buy', price: '49.00' });
  }
  await gateway.advance(2);
});
after(async () => {
  await gateway.stop();
});

const maybe = <T>(arbitrary: fc.Arbitrary<T>) => fc.option(arbitrary, { nil: undefined, freq: 2 });
const symbol = fc.constantFrom('BTC-USD', 'BTC-USD', 'ETH-USD', 'ETH-BTC');
const side = fc.constantFrom('buy', 'sell');
const prices = [
  '100.00',
  '99.00',
  '49.00',
  '50.00',
  '0.05',
  '95.55',
  '110.00',
  '111.00',
  '89.99',
  '900000.00',
  '100.001',
];
const price = fc.constantFrom(...prices);
const quantity = fc.constantFrom('0.1', '0.5', '1', '4', '9', '0.00001', '999', '1000', '1001', '0.000001');
const budget = fc.constantFrom('4.99', '5', '50', '998.5', '999', '2000', '5000001');
const resting = fc.constantFrom('gtc', undefined);
const immediate = fc.constantFrom('ioc', 'fok', undefined);
const mode = fc.constantFrom('none', 'cancel_newest', 'cancel_both', 'decrement', undefined);
const expires = fc.constantFrom('2026-02-01T00:00:00Z', '2027-01-01T00:00:00Z');

const limit = { symbol, side, type: fc.constant('limit'), price, quantity };
const market = { symbol, side, type: fc.constant('market'), time_in_force: immediate, price: maybe(price) };
/** Most fit together, each kind of them; some are anything at all. */
const orders: fc.Arbitrary<object> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ ...limit, time_in_force: resting, post_only: maybe(fc.boolean()) }) },
  { weight: 2, arbitrary: fc.record({ ...limit, time_in_force: immediate, self_trade_mode: mode }) },
  { weight: 1, arbitrary: fc.record({ ...limit, time_in_force: fc.constant('gtd'), expires_at: expires }) },
  { weight: 2, arbitrary: fc.record({ ...market, quantity }) },
  { weight: 2, arbitrary: fc.record({ ...market, budget }) },
  {
    weight: 2,
    arbitrary: fc.record({
      symbol,
      side,
      type: fc.constantFrom('limit', 'market'),
      price: maybe(price),
      quantity: maybe(quantity),
      budget: maybe(budget),
      time_in_force: maybe(fc.constantFrom('gtc', 'ioc', 'fok', 'gtd')),
      post_only: maybe(fc.boolean()),
      self_trade_mode: mode,
      expires_at: maybe(expires),
    }),
  },
);

interface Told {
  readonly would_be: 'accepted' | 'refused';
  readonly error: {
    readonly code: string;
    readonly field?: string;
    readonly given?: unknown;
    readonly allowed?: string;
  } | null;
  readonly hold: { readonly asset: string; readonly amount: string } | null;
}

async function assertForeseen(order: object, seen: Map<string, number>): Promise<void> {
  const { status, body } = await gateway.ask(TRADER, 'POST', '/v1/orders/test', order);
  assert.equal(status, 200);
  const told = body as Told;
  const before = await holds();
  const placed = await gateway.ask(TRADER, 'POST', '/v1/orders', order);
  const where = `${JSON.stringify(order)}\nforeseen ${JSON.stringify(told)}\nplaced ${placed.status} ${JSON.stringify(placed.body)}`;
  const outcome = told.error?.code ?? 'accepted';
  seen.set(outcome, (seen.get(outcome) ?? 0) + 1);
  if (told.would_be === 'refused') {
    const { code, field, given, allowed } = placed.body;
    assert.deepEqual(
      [told.error?.code, told.error?.field, told.error?.given, told.error?.allowed],
      [code, field, given, allowed],
      where,
    );
    return;
  }
  assert.equal(placed.status, 201, where);
  if (placed.body.status === 'open' && placed.body.executed.match(/^[0.]+$/)) {
    const after = await holds();
    const { asset, amount } = told.hold!;
    assert.equal(after.get(asset)! - before.get(asset)!, BigInt(unitsOf(amount)), where);
  }
  await gateway.ask(TRADER, 'DELETE', '/v1/orders');
}

/** In units of a ten-billionth, so that they add up exactly. */
const unitsOf = (text: string): bigint => {
  const [whole, fraction = ''] = text.split('.');
  return BigInt(whole + fraction.padEnd(10, '0'));
};

async function holds(): Promise<Map<string, bigint>> {
  const { body } = await gateway.ask(TRADER, 'GET', '/v1/balances');
  return new Map(body.balances.map((each: { asset: string; hold: string }) => [each.asset, unitsOf(each.hold)]));
}

describe('an order that is tested', () => {
  it('is foreseen in an auction', async () => {
    for (const symbol of [1, 2, 3]) {
      await gateway.steer({ symbol: symbol as never, marketState: 'trading' });
      await gateway.steer({ symbol: symbol as never, action: 'open_auction' });
    }
    const seen = new Map<string, number>();
    await fc.assert(
      fc.asyncProperty(orders, async (order) => {
        const fields = Object.entries(order).filter(([, value]) => value !== undefined);
        await assertForeseen(Object.fromEntries(fields), seen);
      }),
      { numRuns: 100, seed: 8, endOnFailure: true },
    );
    for (const symbol of [1, 2, 3]) await gateway.steer({ symbol: symbol as never, action: 'uncross' });
    assert.ok(seen.has('auction_only_limit') && seen.has('accepted'), JSON.stringify([...seen]));
  });

  const states: readonly TradingState[] = ['trading', 'limit_only', 'post_only', 'cancel_only', 'halted', 'closed'];
  for (const state of states) {
    it(`is foreseen as it is judged, while the market is ${state}`, async () => {
      for (const symbol of [1, 2, 3]) await gateway.steer({ symbol: symbol as never, marketState: state });
      const seen = new Map<string, number>();
      await fc.assert(
        fc.asyncProperty(orders, async (order) => {
          const fields = Object.entries(order).filter(([, value]) => value !== undefined);
          await assertForeseen(Object.fromEntries(fields), seen);
        }),
        { numRuns: 45, seed: 7, endOnFailure: true },
      );
      // The orders are of every kind: all that a state can say was said.
      assert.ok(seen.size >= 7, JSON.stringify([...seen]));
    });
  }

  it('reaches no log and changes no state', async () => {
    const hashes = gateway.hashes();
    const { commands } = gateway.exchange.head;
    for (let index = 0; index < 20; index++) {
      const order = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: `${90 + index}.00`, quantity: '0.1' };
      await gateway.ask(TRADER, 'POST', '/v1/orders/test', order);
    }
    assert.equal(gateway.exchange.head.commands, commands);
    assert.deepEqual(gateway.hashes(), hashes);
  });
});
