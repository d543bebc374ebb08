import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import {
  amountBeforeFee,
  estimate,
  fee,
  type Level,
  quantityAffordable,
  shareOfQuantity,
} from '../../../gateway/web/ticket/estimate.ts';

const rules = { tickUnits: 1, lotUnits: 10, makerPpm: 1_000, takerPpm: 1_500 };
const asks: readonly Level[] = [
  { price: 10_000, quantity: 30 },
  { price: 10_010, quantity: 50 },
  { price: 10_100, quantity: 1_000 },
];
const order = { side: 'buy', price: undefined, quantity: undefined, budget: undefined, rests: false } as const;

test('a market order by quantity takes the best prices first and tells how far it moves the price', () => {
  const result = estimate({ ...order, quantity: 100 }, asks, rules);
  assert.equal(result.takes, 100);
  assert.equal(result.takesQuote, 30n * 10_000n + 50n * 10_010n + 20n * 10_100n);
  assert.equal(result.worstPrice, 10_100);
  assert.equal(result.impactBps, 100);
  assert.equal(result.unmet, 0);
});

test('a budget buys whole lots and is never exceeded', () => {
  const budget = 30n * 10_000n + 10_010n * 25n;
  const result = estimate({ ...order, budget }, asks, rules);
  assert.equal(result.takes, 50, '25 units are two lots and a half');
  assert.equal(result.takesQuote, 30n * 10_000n + 20n * 10_010n);
  assert.equal(result.budgetLeft, 5n * 10_010n);
});

test('a limit order takes up to its price and rests with what is left, or cancels it', () => {
  const resting = estimate({ ...order, price: 10_010, quantity: 100, rests: true }, asks, rules);
  assert.deepEqual([resting.takes, resting.restsQuantity, resting.unmet], [80, 20, 0]);
  assert.equal(resting.restsQuote, 20n * 10_010n);
  const ioc = estimate({ ...order, price: 10_010, quantity: 100 }, asks, rules);
  assert.deepEqual([ioc.takes, ioc.restsQuantity, ioc.unmet], [80, 0, 20]);
});

test('a sell walks the bids downwards', () => {
  const bids = [
    { price: 9_990, quantity: 20 },
    { price: 9_900, quantity: 100 },
  ];
  const result = estimate({ ...order, side: 'sell', price: 9_950, quantity: 50, rests: true }, bids, rules);
  assert.deepEqual([result.takes, result.restsQuantity, result.worstPrice], [20, 30, 9_990]);
});

test('the fee is rounded up, a rebate against the one who gets it', () => {
  assert.equal(fee(1n, 1_500), 1n);
  assert.equal(fee(2_000_000n, 1_500), 3_000n);
  assert.equal(fee(2_000_001n, 1_500), 3_001n);
  assert.equal(fee(2_000_001n, -1_500), -3_000n);
  assert.equal(fee(0n, 1_500), 0n);
});

test('an empty book takes nothing and moves nothing', () => {
  const result = estimate({ ...order, quantity: 100 }, [], rules);
  assert.deepEqual([result.takes, result.unmet, result.worstPrice, result.impactBps], [0, 100, undefined, 0]);
});

test('what can be afforded is the most that price and fee on top allow', () => {
  fc.assert(
    fc.property(
      fc.bigInt(0n, 10n ** 14n),
      fc.integer({ min: 1, max: 10 ** 8 }),
      fc.integer({ min: 0, max: 20_000 }),
      (available, price, takerPpm) => {
        const here = { ...rules, takerPpm };
        const quantity = quantityAffordable(available, price, here);
        const cost = (units: number) => BigInt(units) * BigInt(price) + fee(BigInt(units) * BigInt(price), takerPpm);
        assert.equal(quantity % here.lotUnits, 0);
        assert.ok(cost(quantity) <= available, 'it can be paid');
        assert.ok(cost(quantity + here.lotUnits) > available, 'one lot more cannot');
      },
    ),
  );
});

test('an amount and its fee never exceed what they are taken from', () => {
  fc.assert(
    fc.property(fc.bigInt(0n, 10n ** 15n), fc.integer({ min: 0, max: 50_000 }), (available, ppm) => {
      const amount = amountBeforeFee(available, ppm);
      assert.ok(amount + fee(amount, ppm) <= available);
      assert.ok(amount + 2n + fee(amount + 2n, ppm) > available);
    }),
  );
});

test('a share of a quantity is whole lots and not more than the share', () => {
  assert.equal(shareOfQuantity(1_234, 25, 10), 300);
  assert.equal(shareOfQuantity(1_239, 100, 10), 1_230);
  assert.equal(shareOfQuantity(9, 100, 10), 0);
});
