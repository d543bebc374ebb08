import type { z } from 'zod';
import { decimalOfUnits, shortDecimalOfUnits, unitsOfDecimal } from '../decimal.ts';
import type { Amount, PriceTicks, QuantityLots, RatePpm } from '../generated/records.ts';
import { enumSymbols } from '../generated/records.ts';
import type { ConfigFaultId } from './fault.ts';
import type { symbolOptions } from './options.ts';
import type { AssetRules, SymbolRules } from './rules.ts';

/** Tells of a fault at a path below the symbol. */
export type Say = (id: ConfigFaultId, path: readonly (string | number)[], sentence: string) => void;

interface Step {
  readonly text: string;
  /** Units of the last decimal in one step, and the decimals, without zeros at the end. */
  readonly units: bigint;
  readonly decimals: number;
}

const LARGEST = BigInt(Number.MAX_SAFE_INTEGER);

/** The order book keeps a price in 32 bits. */
const PRICE_TICKS_MAX = 2n ** 31n - 1n;

/**
 * Rules of a symbol in ticks, lots and units, or undefined when a fault forbids them; every fault is told. Proves that
 * highest price x largest quantity x quoteUnitsPerTickLot, and largest quantity x baseUnitsPerLot, stay safe integers.
 */
export function deriveSymbol(
  name: string,
  options: z.output<typeof symbolOptions>,
  base: AssetRules,
  quote: AssetRules,
  say: Say,
): SymbolRules | undefined {
  const tick = stepOf(options.tick);
  const lot = stepOf(options.lot);
  if (tick === undefined) say('bad-value', ['tick'], `${name}: a tick of ${options.tick}, above 0 is allowed`);
  if (lot === undefined) say('bad-value', ['lot'], `${name}: a lot of ${options.lot}, above 0 is allowed`);
  if (tick === undefined || lot === undefined) return undefined;
  const quoteUnits = wholeUnits(tick.units * lot.units, tick.decimals + lot.decimals, quote.decimals);
  const baseUnits = wholeUnits(lot.units, lot.decimals, base.decimals);
  if (quoteUnits === undefined) say('inexact-tick', ['tick'], inexactNotional(name, tick, lot, quote));
  if (baseUnits === undefined) say('inexact-tick', ['lot'], inexactLot(name, lot, base));
  if (!options.selfTradeAllowed.includes(options.selfTrade)) {
    const allowed = options.selfTradeAllowed.join(', ');
    say(
      'self-trade-mode',
      ['selfTrade'],
      `${name}: the default "${options.selfTrade}" is not among those allowed (${allowed})`,
    );
  }
  if (quoteUnits === undefined || baseUnits === undefined) return undefined;
  if (quoteUnits > LARGEST || baseUnits > LARGEST) {
    say('unsafe-amount', ['tick'], `${name}: one lot at one tick leaves the safe integers; choose finer steps`);
    return undefined;
  }
  const price = rangeOf(name, 'price', options.price, tick, say);
  const quantity = rangeOf(name, 'quantity', options.quantity, lot, say);
  const notional = notionalOf(name, options.notional, quote, say);
  if (price === undefined || quantity === undefined || notional === undefined) return undefined;
  if (price.max !== undefined && price.max > PRICE_TICKS_MAX) {
    const allowed = decimalOfUnits(PRICE_TICKS_MAX * tick.units, tick.decimals);
    say(
      'unsafe-amount',
      ['price'],
      `${name}: the highest price is more than 2^31 - 1 ticks; up to ${allowed} ${quote.name} is allowed`,
    );
    return undefined;
  }
  // A level of the book holds at most what all resting orders of the largest quantity sum to.
  const levelMost = LARGEST / BigInt(options.restingOrders);
  if (quantity.max !== undefined && quantity.max > levelMost) {
    const allowed = decimalOfUnits(levelMost * lot.units, lot.decimals);
    say(
      'unsafe-amount',
      ['quantity'],
      `${name}: ${options.restingOrders} resting orders of the largest quantity leave 2^53 - 1 lots; up to ${allowed} ${base.name}, or fewer restingOrders, are allowed`,
    );
    return undefined;
  }
  const free = largestSteps(price.max, quantity.max, LARGEST / quoteUnits, LARGEST / baseUnits);
  const most = { price: least(free.price, PRICE_TICKS_MAX), quantity: least(free.quantity, levelMost) };
  const largest = most.price * most.quantity * quoteUnits;
  if (largest > LARGEST || most.quantity * baseUnits > LARGEST) {
    const room = decimalOfUnits((LARGEST / quoteUnits / most.price) * lot.units, lot.decimals);
    say(
      'unsafe-amount',
      [options.quantity === undefined ? 'price' : 'quantity'],
      `${name}: ${decimalOfUnits(most.quantity * lot.units, lot.decimals)} ${base.name} at ` +
        `${decimalOfUnits(most.price * tick.units, tick.decimals)} ${quote.name} is ${shortDecimalOfUnits(largest, quote.decimals)}, ` +
        `above ${shortDecimalOfUnits(LARGEST, quote.decimals)} ${quote.name} (2^53 - 1 units): ` +
        `at this price at most ${room} ${base.name} are allowed, or give ${quote.name} fewer decimals`,
    );
    return undefined;
  }
  if (price.min > most.price || quantity.min > most.quantity) {
    say('empty-range', ['price'], `${name}: the lowest price or quantity leaves no room below the largest exact order`);
    return undefined;
  }
  return {
    name,
    base: base.name,
    quote: quote.name,
    priceDecimals: tick.decimals,
    quantityDecimals: lot.decimals,
    tickDecimal: tick.text,
    lotDecimal: lot.text,
    quoteUnitsPerTickLot: Number(quoteUnits),
    baseUnitsPerLot: Number(baseUnits),
    minPriceTicks: Number(price.min) as PriceTicks,
    maxPriceTicks: Number(most.price) as PriceTicks,
    minQuantityLots: Number(quantity.min) as QuantityLots,
    maxQuantityLots: Number(most.quantity) as QuantityLots,
    minNotionalAmount: notional.min as Amount,
    maxNotionalAmount: (notional.max ?? Number(largest)) as Amount,
    bandPpm: options.band as RatePpm,
    feeSchedule: options.fees,
    defaultSelfTradeMode: options.selfTrade,
    allowedSelfTradeModes: maskOf(options.selfTradeAllowed),
    maxRestingOrders: options.restingOrders,
    openingState: options.opens,
  };
}

function least(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}

function maskOf(modes: readonly (typeof enumSymbols.SelfTradeMode)[number][]): number {
  return modes.reduce((mask, mode) => mask | (1 << enumSymbols.SelfTradeMode.indexOf(mode)), 0);
}

function stepOf(text: string): Step | undefined {
  const short = text.includes('.') ? text.replace(/\.?0+$/, '') : text;
  const decimals = short.includes('.') ? short.length - short.indexOf('.') - 1 : 0;
  const units = BigInt(short.replace('.', ''));
  return units === 0n ? undefined : { text: short, units, decimals };
}

/** `value` x 10^-decimals in units of 10^-unitDecimals, or undefined when it is not whole. */
function wholeUnits(value: bigint, decimals: number, unitDecimals: number): bigint | undefined {
  if (unitDecimals >= decimals) return value * 10n ** BigInt(unitDecimals - decimals);
  const divisor = 10n ** BigInt(decimals - unitDecimals);
  return value % divisor === 0n ? value / divisor : undefined;
}

function inexactNotional(name: string, tick: Step, lot: Step, quote: AssetRules): string {
  const product = shortDecimalOfUnits(tick.units * lot.units, tick.decimals + lot.decimals);
  const needed = product.length - product.indexOf('.') - 1;
  const missing = 10n ** BigInt(needed - quote.decimals);
  return (
    `${name}: tick ${tick.text} x lot ${lot.text} = ${product} ${quote.name}, ${belowUnit(quote)}: ` +
    `give ${quote.name} ${needed} decimals, or the tick ${shortDecimalOfUnits(tick.units * missing, tick.decimals)}, ` +
    `or the lot ${shortDecimalOfUnits(lot.units * missing, lot.decimals)}`
  );
}

function inexactLot(name: string, lot: Step, base: AssetRules): string {
  const missing = 10n ** BigInt(lot.decimals - base.decimals);
  return (
    `${name}: lot ${lot.text} ${base.name} is no whole number of units, ${belowUnit(base)}: ` +
    `give ${base.name} ${lot.decimals} decimals, or the lot ${shortDecimalOfUnits(lot.units * missing, lot.decimals)}`
  );
}

function belowUnit(asset: AssetRules): string {
  return `below ${asset.name}'s unit ${decimalOfUnits(1, asset.decimals)}`;
}

/** Bounds in steps; `max` undefined where the file gives none. */
function rangeOf(
  name: string,
  key: 'price' | 'quantity',
  given: readonly [string, string] | undefined,
  step: Step,
  say: Say,
): { min: bigint; max: bigint | undefined } | undefined {
  if (given === undefined) return { min: 1n, max: undefined };
  const [min, max] = given.map((text, index) => {
    const written = stepOf(text);
    const units = written === undefined ? 0n : wholeUnits(written.units, written.decimals, step.decimals);
    if (units === undefined || units % step.units !== 0n || units === 0n) {
      say(
        'off-step',
        [key, index],
        `${name}: ${key} ${text} is no multiple of ${key === 'price' ? 'the tick' : 'the lot'} ${step.text}`,
      );
      return undefined;
    }
    return units / step.units;
  });
  if (min === undefined || max === undefined) return undefined;
  if (min > max) {
    say('empty-range', [key], `${name}: the lowest ${key} ${given[0]} is above the highest ${given[1]}`);
    return undefined;
  }
  if (max <= LARGEST) return { min, max };
  say('unsafe-amount', [key, 1], `${name}: ${key} ${given[1]} is above ${LARGEST} steps of ${step.text}`);
  return undefined;
}

function notionalOf(
  name: string,
  given: readonly [string, string] | undefined,
  quote: AssetRules,
  say: Say,
): { min: number; max: number | undefined } | undefined {
  if (given === undefined) return { min: 0, max: undefined };
  const [min, max] = given.map((text, index) => {
    const units = unitsOfDecimal(text, quote.decimals);
    if (typeof units === 'number') return units;
    if (units === 'out_of_range') {
      const most = shortDecimalOfUnits(LARGEST, quote.decimals);
      say(
        'unsafe-amount',
        ['notional', index],
        `${name}: notional ${text} ${quote.name} is above ${most} (2^53 - 1 units)`,
      );
    } else {
      say(
        'off-step',
        ['notional', index],
        `${name}: notional ${text} is finer than ${quote.name}'s unit ${decimalOfUnits(1, quote.decimals)}`,
      );
    }
    return undefined;
  });
  if (min === undefined || max === undefined) return undefined;
  if (min <= max && max > 0) return { min, max };
  say('empty-range', ['notional'], `${name}: the least notional ${given[0]} is above the most ${given[1]}`);
  return undefined;
}

/**
 * Highest price and largest quantity whose product stays within `room` steps. Where the file gives neither, both get about
 * the same number of steps; where it gives one, the other gets what is left. Found values keep one digit, to be readable.
 */
function largestSteps(price: bigint | undefined, quantity: bigint | undefined, room: bigint, lotsMax: bigint) {
  const capped = (lots: bigint): bigint => (lots > lotsMax ? oneDigit(lotsMax) : lots);
  if (price !== undefined && quantity !== undefined) return { price, quantity };
  if (price !== undefined) return { price, quantity: capped(oneDigit(room / price)) };
  if (quantity !== undefined) return { price: oneDigit(room / quantity), quantity };
  const half = oneDigit(BigInt(Math.floor(Math.sqrt(Number(room)))));
  return { price: half, quantity: capped(oneDigit(room / half)) };
}

/** The largest number of one digit and zeros that is not above a value from 1; 1 for 0. */
function oneDigit(value: bigint): bigint {
  const digits = value.toString();
  return value <= 0n ? 1n : BigInt(digits[0]! + '0'.repeat(digits.length - 1));
}
