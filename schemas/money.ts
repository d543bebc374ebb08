/**
 * Money is whole numbers: prices are ticks, quantities lots, amounts the smallest unit of an asset, all of them safe
 * integers in a JavaScript number. Nothing here rounds without saying so in its name, nothing overflows in silence: a
 * result beyond 2^53 - 1 throws {@link InvariantBroken}, because configuration has proven that it cannot be.
 *
 * | operation | gives |
 * | --- | --- |
 * | `plus(X, X)`, `minus(X, X)` | `X`, for one brand X |
 * | `price + quantity`, `plus(price, quantity)` | does not compile as a price, a quantity or an amount |
 * | `notionalOf(PriceTicks, QuantityLots, quoteUnitsPerTickLot)` | `Amount` of quote, exact |
 * | `baseAmountOf(QuantityLots, baseUnitsPerLot)` | `Amount` of base, exact |
 * | `lotsWithin(Amount, PriceTicks, quoteUnitsPerTickLot)` | `QuantityLots`, rounded down: what a budget pays |
 * | `lotsWorth(Amount, PriceTicks, quoteUnitsPerTickLot)` | `QuantityLots`, rounded up: what must be sold for it |
 * | `feeOf(Amount, RatePpm)` | `Amount`, rounded up: towards the exchange |
 * | `divFloor`, `divCeil(Amount, number)` | `number`, towards minus or plus infinity |
 * | `mulDivFloor`, `mulDivCeil(a, b, divisor)` | `number`, exact though a x b leaves 2^53 |
 *
 * Sums over accounts are `bigint`: no bound of one account holds for all of them.
 */
import { assert, InvariantBroken } from './assert.ts';
import type { Amount, PriceTicks, QuantityLots, RatePpm } from './brands.ts';

/** Parts per million in the whole. */
export const PPM = 1_000_000;

/** Largest divisor whose remainders multiply within 2^53 - 1. */
const SQUARE_SAFE_MAX = 94_906_265;

/** Sum of two numbers of one kind. */
export function plus<T extends number>(left: T, right: NoInfer<T>): T {
  return safe(left + right) as T;
}

/** Difference of two numbers of one kind. */
export function minus<T extends number>(left: T, right: NoInfer<T>): T {
  return safe(left - right) as T;
}

/** What so many lots cost at a price, in quote units. */
export function notionalOf(price: PriceTicks, quantity: QuantityLots, quoteUnitsPerTickLot: number): Amount {
  return safe(price * quantity * quoteUnitsPerTickLot) as Amount;
}

/** So many lots in base units. */
export function baseAmountOf(quantity: QuantityLots, baseUnitsPerLot: number): Amount {
  return safe(quantity * baseUnitsPerLot) as Amount;
}

/** Whole lots that a budget in quote units pays at a price. */
export function lotsWithin(budget: Amount, price: PriceTicks, quoteUnitsPerTickLot: number): QuantityLots {
  return divFloor(budget, safe(price * quoteUnitsPerTickLot)) as QuantityLots;
}

/** Fewest lots whose notional at a price reaches an amount in quote units. */
export function lotsWorth(amount: Amount, price: PriceTicks, quoteUnitsPerTickLot: number): QuantityLots {
  return divCeil(amount, safe(price * quoteUnitsPerTickLot)) as QuantityLots;
}

/** Fee on a notional, rounded up; a rebate (negative rate) is rounded up too, towards zero. */
export function feeOf(notional: Amount, rate: RatePpm): Amount {
  return mulDivCeil(notional, rate, PPM) as Amount;
}

/** Quotient rounded towards minus infinity. A double's own division would round up just below a whole number. */
export function divFloor(dividend: number, divisor: number): number {
  assert(Number.isSafeInteger(dividend), 'the dividend is a safe integer');
  assert(Number.isSafeInteger(divisor) && divisor > 0, 'the divisor is a positive safe integer');
  const remainder = dividend % divisor;
  const quotient = (dividend - remainder) / divisor;
  return remainder < 0 ? quotient - 1 : quotient + 0;
}

/** Quotient rounded towards plus infinity. */
export function divCeil(dividend: number, divisor: number): number {
  const floor = divFloor(dividend, divisor);
  return dividend % divisor === 0 ? floor : floor + 1;
}

/** Floor of a x b / divisor, exact although a x b may leave the safe integers. */
export function mulDivFloor(a: number, b: number, divisor: number): number {
  return a < 0 !== b < 0
    ? 0 - mulDiv(Math.abs(a), Math.abs(b), divisor, true)
    : mulDiv(Math.abs(a), Math.abs(b), divisor, false);
}

/** Ceil of a x b / divisor, exact although a x b may leave the safe integers. */
export function mulDivCeil(a: number, b: number, divisor: number): number {
  return a < 0 !== b < 0
    ? 0 - mulDiv(Math.abs(a), Math.abs(b), divisor, false)
    : mulDiv(Math.abs(a), Math.abs(b), divisor, true);
}

/**
 * For a = p d + r and b = q d + s: a b / d = p b + r q + r s / d, in which only r s is divided. It is exact in doubles
 * while r s < d x d <= 2^53; larger divisors, which no fee has, go by BigInt.
 */
function mulDiv(a: number, b: number, divisor: number, up: boolean): number {
  assert(Number.isSafeInteger(a) && Number.isSafeInteger(b), 'both factors are safe integers');
  assert(Number.isSafeInteger(divisor) && divisor > 0, 'the divisor is a positive safe integer');
  const product = a * b;
  if (product <= Number.MAX_SAFE_INTEGER) return up ? divCeil(product, divisor) : divFloor(product, divisor);
  if (divisor > SQUARE_SAFE_MAX) {
    const exact = BigInt(a) * BigInt(b) + (up ? BigInt(divisor) - 1n : 0n);
    return safe(Number(exact / BigInt(divisor)));
  }
  const remainderOfA = a % divisor;
  const remainderOfB = b % divisor;
  const rest = remainderOfA * remainderOfB;
  const whole = safe(((a - remainderOfA) / divisor) * b) + safe(remainderOfA * ((b - remainderOfB) / divisor));
  return safe(whole + (up ? divCeil(rest, divisor) : divFloor(rest, divisor)));
}

function safe(value: number): number {
  if (!Number.isSafeInteger(value)) throw new InvariantBroken(`${value} leaves the safe integers`);
  return value;
}
