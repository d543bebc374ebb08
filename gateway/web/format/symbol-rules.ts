/** A symbol's steps and ranges as whole numbers, for arithmetic that is exact. */
import { decimalsWritten, unitsOfDecimal } from '../../../schemas/decimal.ts';
import type { SymbolInfo } from '../../client/rest-api.ts';
import { formatUnits } from './numbers.ts';

/** Prices are counted in 10^-priceDecimals of quote, quantities in 10^-quantityDecimals of base. */
export interface SymbolRules {
  readonly symbol: string;
  readonly base: string;
  readonly quote: string;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  readonly tickUnits: number;
  readonly lotUnits: number;
  readonly minPrice: number;
  readonly maxPrice: number;
  readonly minQuantity: number;
  readonly maxQuantity: number;
  readonly minNotional: string;
  readonly maxNotional: string;
  readonly feeSchedule: string;
}

export function symbolRules(info: SymbolInfo): SymbolRules {
  const priceDecimals = decimalsWritten(info.tick);
  const quantityDecimals = decimalsWritten(info.lot);
  return {
    symbol: info.symbol,
    base: info.base,
    quote: info.quote,
    priceDecimals,
    quantityDecimals,
    tickUnits: units(info.tick, priceDecimals),
    lotUnits: units(info.lot, quantityDecimals),
    minPrice: units(info.price.min, priceDecimals),
    maxPrice: units(info.price.max, priceDecimals),
    minQuantity: units(info.quantity.min, quantityDecimals),
    maxQuantity: units(info.quantity.max, quantityDecimals),
    minNotional: info.notional.min,
    maxNotional: info.notional.max,
    feeSchedule: info.fees,
  };
}

/** Units of a decimal of the exchange, which fits by contract; 0 where it does not. */
export function units(decimal: string, decimals: number): number {
  const parsed = unitsOfDecimal(decimal, decimals);
  if (typeof parsed === 'number') return parsed;
  if (parsed !== 'too_many_decimals') return 0;
  const point = decimal.indexOf('.');
  const cut = unitsOfDecimal(decimal.slice(0, point + 1 + decimals).replace(/\.$/, ''), decimals);
  return typeof cut === 'number' ? cut : 0;
}

export const formatPrice = (price: number, rules: SymbolRules): string => formatUnits(price, rules.priceDecimals);
export const formatQuantity = (quantity: number, rules: SymbolRules): string =>
  formatUnits(quantity, rules.quantityDecimals);
