/**
 * Decimal strings at the edges, whole units inside; exact both ways, no float between. The form is
 * `^(0|[1-9]\d{0,17})(\.\d{1,n})?$`: no sign, no exponent, no leading zero, no white space, ASCII digits only.
 */
import { assert } from './assert.ts';

/** Why a text gives no units. */
export type DecimalFault = 'not_a_decimal' | 'too_many_decimals' | 'out_of_range';

/** Decimals an asset, price or quantity may have. */
export const DECIMALS_MAX = 15;

const DECIMAL = /^(0|[1-9]\d{0,17})(?:\.(\d{1,18}))?$/;

/** Whether a text is of the form, with up to 18 decimals. */
export function isDecimal(text: string): boolean {
  return DECIMAL.test(text);
}

/**
 * Units of 10^-decimals in a decimal string: `('1.05', 2)` gives 105. Zeros beyond the decimals count as too many, since
 * whoever writes them believes in a finer unit. What lies above 2^53 - 1 units is out of range.
 */
export function unitsOfDecimal(text: string, decimals: number): number | DecimalFault {
  const parts = DECIMAL.exec(text);
  if (parts === null) return 'not_a_decimal';
  const fraction = parts[2] ?? '';
  if (fraction.length > decimals) return 'too_many_decimals';
  const digits = parts[1]! + fraction.padEnd(decimals, '0');
  if (digits.length <= 15) return Number(digits);
  const exact = BigInt(digits);
  return exact <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(exact) : 'out_of_range';
}

/** The same with an optional minus in front; `-0` is no decimal. */
export function signedUnitsOfDecimal(text: string, decimals: number): number | DecimalFault {
  if (!text.startsWith('-')) return unitsOfDecimal(text, decimals);
  const units = unitsOfDecimal(text.slice(1), decimals);
  if (typeof units !== 'number') return units;
  return units === 0 ? 'not_a_decimal' : -units;
}

/** Units as a decimal string with all its decimals: `(105, 2)` gives `1.05`, `(5n, 0)` gives `5`. */
export function decimalOfUnits(units: number | bigint, decimals: number): string {
  assert(typeof units === 'bigint' || Number.isSafeInteger(units), 'units are whole');
  const negative = units < 0;
  const digits = (negative ? -units : units).toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`;
  return negative ? `-${text}` : text;
}

/** The same without zeros at the end, nor a point before nothing: `(150, 2)` gives `1.5`. */
export function shortDecimalOfUnits(units: number | bigint, decimals: number): string {
  const text = decimalOfUnits(units, decimals);
  return text.includes('.') ? text.replace(/\.?0+$/, '') : text;
}

/** Decimals that a decimal string writes out: 3 for `0.100`. */
export function decimalsWritten(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}
