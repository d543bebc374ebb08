/**
 * What an order would do to the book that is seen now: how much it takes at once and at which prices, what rests, what it
 * costs at most, fee included. Exact: prices and quantities are whole units, amounts are bigint in units of
 * 10^-(priceDecimals + quantityDecimals) of quote.
 *
 * It is an estimate in one respect alone, the book: others may be faster. The exchange judges by its own.
 */
export interface Level {
  readonly price: number;
  readonly quantity: number;
}

export interface EstimateRules {
  readonly tickUnits: number;
  readonly lotUnits: number;
  /** Fee rates in millionths; a negative one is a rebate. */
  readonly makerPpm: number;
  readonly takerPpm: number;
}

export interface EstimatedOrder {
  readonly side: 'buy' | 'sell';
  /** Limit, or worst price of a market order; undefined: none. */
  readonly price: number | undefined;
  /** Quantity in base units; undefined: `budget` is given. */
  readonly quantity: number | undefined;
  readonly budget: bigint | undefined;
  /** What is not taken at once rests in the book. */
  readonly rests: boolean;
}

export interface Estimate {
  readonly takes: number;
  readonly takesQuote: bigint;
  readonly restsQuantity: number;
  readonly restsQuote: bigint;
  /** Of what was wanted, what neither trades nor rests; of a budget, 0. */
  readonly unmet: number;
  readonly budgetLeft: bigint;
  /** Of the last level reached; undefined: nothing is taken. */
  readonly worstPrice: number | undefined;
  /** From the best price to the last reached, in basis points, rounded up. */
  readonly impactBps: number;
  /** Most that the fee can be, rounded up to a unit: all of it as taker, as the exchange holds it. */
  readonly feeMost: bigint;
  /** The fee if it goes as estimated: what is taken as taker, the rest as maker. */
  readonly feeLikely: bigint;
}

const MILLION = 1_000_000n;

/** `opposite`: the levels that the order would trade with, best first. */
export function estimate(order: EstimatedOrder, opposite: readonly Level[], rules: EstimateRules): Estimate {
  const taken = take(order, opposite, rules);
  const wanted = order.quantity ?? 0;
  const left = order.quantity === undefined ? 0 : wanted - taken.quantity;
  const restsQuantity = order.rests && order.price !== undefined ? left : 0;
  const restsQuote = BigInt(order.price ?? 0) * BigInt(restsQuantity);
  const feeMost = fee(taken.quote + restsQuote, Math.max(rules.takerPpm, 0));
  const feeLikely = fee(taken.quote, rules.takerPpm) + fee(restsQuote, rules.makerPpm);
  const best = opposite[0]?.price;
  return {
    takes: taken.quantity,
    takesQuote: taken.quote,
    restsQuantity,
    restsQuote,
    unmet: left - restsQuantity,
    budgetLeft: order.budget === undefined ? 0n : order.budget - taken.quote,
    worstPrice: taken.worst,
    impactBps:
      taken.worst === undefined || best === undefined ? 0 : Math.ceil((Math.abs(taken.worst - best) * 10_000) / best),
    feeMost,
    feeLikely,
  };
}

/** Walks the book as matching will: whole lots at each level, never past the price, never above the budget. */
function take(
  { side, price, quantity, budget }: EstimatedOrder,
  opposite: readonly Level[],
  { lotUnits }: EstimateRules,
): { readonly quantity: number; readonly quote: bigint; readonly worst: number | undefined } {
  let takenQuantity = 0;
  let takenQuote = 0n;
  let worst: number | undefined;
  for (const level of opposite) {
    if (price !== undefined && (side === 'buy' ? level.price > price : level.price < price)) break;
    let here = level.quantity;
    if (quantity !== undefined) here = Math.min(here, quantity - takenQuantity);
    if (budget !== undefined) here = Math.min(here, lotsPaid(budget - takenQuote, level.price, lotUnits));
    if (here <= 0) break;
    takenQuantity += here;
    takenQuote += BigInt(here) * BigInt(level.price);
    worst = level.price;
    if (here < level.quantity) break;
  }
  return { quantity: takenQuantity, quote: takenQuote, worst };
}

/** Base units in whole lots that an amount pays at a price. */
function lotsPaid(amount: bigint, price: number, lotUnits: number): number {
  const lotPrice = BigInt(price) * BigInt(lotUnits);
  const lots = amount / lotPrice;
  return Number(lots > BigInt(Number.MAX_SAFE_INTEGER) ? BigInt(Number.MAX_SAFE_INTEGER) : lots) * lotUnits;
}

/** Rounded up, as the exchange does; a rebate rounds against the one who gets it. */
export function fee(amount: bigint, ppm: number): bigint {
  const numerator = amount * BigInt(ppm);
  return numerator >= 0n ? (numerator + MILLION - 1n) / MILLION : -(-numerator / MILLION);
}

/** Whole lots of base for an amount of quote at a price, fee aside. */
export function quantityForAmount(amount: bigint, price: number, lotUnits: number): number {
  return price <= 0 ? 0 : lotsPaid(amount, price, lotUnits);
}

/** The most whole lots that so much quote pays at a price with the fee on top. */
export function quantityAffordable(available: bigint, price: number, rules: EstimateRules): number {
  if (price <= 0) return 0;
  return quantityForAmount(amountBeforeFee(available, rules.takerPpm), price, rules.lotUnits);
}

/** The largest amount that, with its fee on top, is not above `available`. */
export function amountBeforeFee(available: bigint, ppm: number): bigint {
  if (ppm <= 0) return available;
  let amount = (available * MILLION) / (MILLION + BigInt(ppm));
  while (amount > 0n && amount + fee(amount, ppm) > available) amount -= 1n;
  return amount;
}

/** A share of a quantity, in whole lots, rounded down. */
export function shareOfQuantity(quantity: number, percentage: number, lotUnits: number): number {
  const share = Number((BigInt(quantity) * BigInt(percentage)) / 100n);
  return share - (share % lotUnits);
}
