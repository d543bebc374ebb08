import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantBroken } from '../../schemas/assert.ts';
import type { Amount, PriceTicks, QuantityLots, RatePpm } from '../../schemas/brands.ts';
import * as money from '../../schemas/money.ts';

const natural = fc.oneof(
  fc.maxSafeInteger().map(Math.abs),
  fc.nat(2_000),
  fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER - 1, 94_906_265, 94_906_266, 1_000_000),
);
const whole = fc.tuple(natural, fc.boolean()).map(([value, negative]) => (negative && value > 0 ? -value : value));
const divisor = fc.oneof(
  natural.map((value) => value || 1),
  fc.integer({ min: 1, max: 94_906_265 }),
  fc.constantFrom(1, 2, 3, money.PPM, 94_906_265, 94_906_266),
);

function floorOf(numerator: bigint, denominator: bigint): bigint {
  const quotient = numerator / denominator;
  return numerator % denominator < 0n ? quotient - 1n : quotient;
}

const ceilOf = (numerator: bigint, denominator: bigint): bigint => -floorOf(-numerator, denominator);

/** Equal to the exact value, or refused when that one is no safe integer. Never -0. */
function isExactly(compute: () => number, exact: bigint): void {
  const inside = exact <= BigInt(Number.MAX_SAFE_INTEGER) && exact >= BigInt(Number.MIN_SAFE_INTEGER);
  if (!inside) {
    assert.throws(compute, InvariantBroken);
    return;
  }
  assert.ok(Object.is(compute(), Number(exact)), `${compute()} is not ${exact}`);
}

test('division rounds as its name says, for every safe integer', () => {
  fc.assert(
    fc.property(whole, divisor, (dividend, by) => {
      isExactly(() => money.divFloor(dividend, by), floorOf(BigInt(dividend), BigInt(by)));
      isExactly(() => money.divCeil(dividend, by), ceilOf(BigInt(dividend), BigInt(by)));
    }),
    { numRuns: 3_000 },
  );
});

test('division is exact one below a whole number, where that of doubles is not', () => {
  const dividend = Number.MAX_SAFE_INTEGER; // 2^53 - 1 = 6361 x 69431 x 20394401
  assert.equal(money.divFloor(dividend - 1, 2), 4_503_599_627_370_495);
  assert.equal(money.divFloor(6_361 * 1_415_982_768_428 - 1, 6_361), 1_415_982_768_427);
  assert.equal(money.divCeil(6_361 * 1_415_982_768_428 + 1, 6_361), 1_415_982_768_429);
});

test('a product divided is exact although the product leaves 2^53', () => {
  let beyond = 0;
  fc.assert(
    fc.property(whole, whole, divisor, (a, b, by) => {
      const product = BigInt(a) * BigInt(b);
      if (product > BigInt(Number.MAX_SAFE_INTEGER)) beyond += 1;
      isExactly(() => money.mulDivFloor(a, b, by), floorOf(product, BigInt(by)));
      isExactly(() => money.mulDivCeil(a, b, by), ceilOf(product, BigInt(by)));
    }),
    { numRuns: 5_000 },
  );
  assert.ok(beyond > 500);
});

test('a fee is rounded up, a rebate towards zero', () => {
  fc.assert(
    fc.property(natural, fc.integer({ min: -money.PPM, max: money.PPM }), (notional, rate) => {
      const exact = ceilOf(BigInt(notional) * BigInt(rate), BigInt(money.PPM));
      isExactly(() => money.feeOf(notional as Amount, rate as RatePpm), exact);
    }),
    { numRuns: 2_000 },
  );
  assert.equal(money.feeOf(1 as Amount, 1 as RatePpm), 1);
  assert.equal(money.feeOf(1 as Amount, -1 as RatePpm), 0);
});

test('a notional is exact or refused', () => {
  fc.assert(
    fc.property(natural, natural, fc.constantFrom(1, 10, 1_000), (price, quantity, k) => {
      const exact = BigInt(price) * BigInt(quantity) * BigInt(k);
      isExactly(() => money.notionalOf(price as PriceTicks, quantity as QuantityLots, k), exact);
      isExactly(() => money.baseAmountOf(quantity as QuantityLots, k), BigInt(quantity) * BigInt(k));
    }),
  );
});

test('lots within a budget cost no more than it, and one lot more would; lots worth an amount reach it', () => {
  const small = fc.integer({ min: 1, max: 1_000_000 });
  fc.assert(
    fc.property(natural, small, fc.constantFrom(1, 10), (amount, price, k) => {
      const within = money.lotsWithin(amount as Amount, price as PriceTicks, k);
      const cost = BigInt(price) * BigInt(k);
      assert.ok(BigInt(within) * cost <= BigInt(amount) && (BigInt(within) + 1n) * cost > BigInt(amount));
      const worth = money.lotsWorth(amount as Amount, price as PriceTicks, k);
      assert.ok(BigInt(worth) * cost >= BigInt(amount) && (BigInt(worth) - 1n) * cost < BigInt(amount));
    }),
  );
});

test('a sum beyond 2^53 - 1 is refused', () => {
  const most = Number.MAX_SAFE_INTEGER as Amount;
  assert.equal(money.plus(most, -1 as Amount), most - 1);
  assert.throws(() => money.plus(most, 1 as Amount), InvariantBroken);
  assert.throws(() => money.minus(-most as Amount, 1 as Amount), InvariantBroken);
});

test('a divisor of zero, a fraction or NaN is our bug', () => {
  for (const call of [
    () => money.divFloor(1, 0),
    () => money.divFloor(1.5, 1),
    () => money.divCeil(Number.NaN, 1),
    () => money.mulDivFloor(1, 1, -1),
    () => money.mulDivCeil(0.5, 2, 1),
  ]) {
    assert.throws(call, InvariantBroken);
  }
});

test('a price does not go where a quantity belongs: it does not compile', () => {
  const price = 5 as PriceTicks;
  const quantity = 7 as QuantityLots;
  const samePrice: PriceTicks = money.plus(price, price);
  assert.equal(samePrice, 10);
  // @ts-expect-error a price and a quantity have no sum
  assert.equal(money.plus(price, quantity), 12);
  // @ts-expect-error nor is it a price
  const asPrice: PriceTicks = price + quantity;
  // @ts-expect-error nor a quantity
  const asQuantity: QuantityLots = price + quantity;
  // @ts-expect-error a price is no amount
  const asAmount: Amount = price;
  assert.deepEqual([asPrice, asQuantity, asAmount], [12, 12, 5]);
  // @ts-expect-error arguments in the wrong order
  assert.equal(money.notionalOf(quantity, price, 1), 35);
  // @ts-expect-error a rate is no amount
  assert.equal(money.feeOf(5 as RatePpm, 5 as RatePpm), 1);
});
