/** Numbers for people: grouped by thousands, never rounded behind their back, the minus a real one. */
import { decimalOfUnits } from '../../../schemas/decimal.ts';

/** A decimal string as people read it: `1234567.80` is `1,234,567.80`. */
export function grouped(decimal: string): string {
  const negative = decimal.startsWith('-');
  const digits = negative ? decimal.slice(1) : decimal;
  const point = digits.indexOf('.');
  const whole = point < 0 ? digits : digits.slice(0, point);
  const fraction = point < 0 ? '' : digits.slice(point);
  let text = whole;
  if (whole.length > 3) {
    const first = whole.length % 3 || 3;
    text = whole.slice(0, first);
    for (let at = first; at < whole.length; at += 3) text += `,${whole.slice(at, at + 3)}`;
  }
  return `${negative ? '−' : ''}${text}${fraction}`;
}

/** Units of 10^-decimals, grouped. */
export function formatUnits(units: number | bigint, decimals: number): string {
  return grouped(decimalOfUnits(units, decimals));
}

/**
 * A decimal string cut to so many decimals, towards zero or away from it; zeros are not added. What is cut away is never
 * lost from sight wholly: an amount that would become zero keeps its first digit.
 */
export function shortened(decimal: string, decimals: number, towards: 'zero' | 'away' = 'zero'): string {
  const point = decimal.indexOf('.');
  if (point < 0 || decimal.length - point - 1 <= decimals) return decimal;
  const kept = BigInt(decimal.slice(0, point) + decimal.slice(point + 1, point + 1 + decimals));
  const negative = decimal.startsWith('-');
  const more = /[1-9]/.test(decimal.slice(point + 1 + decimals));
  if (kept === 0n && more && towards === 'zero') {
    const first = decimal.slice(point + 1).search(/[1-9]/);
    return decimal.slice(0, point + 2 + first);
  }
  const units = more && towards === 'away' ? kept + (negative ? -1n : 1n) : kept;
  const text = decimalOfUnits(units, decimals);
  return negative && units === 0n ? `-${text}` : text;
}

/** Without zeros at the end: `1.500` is `1.5`. */
export function withoutZeros(decimal: string): string {
  return decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal;
}

/** A large amount in four or five characters and its letter: `1,234.5` stays, `1234567` is `1.23M`. For volumes, not for money. */
export function compact(value: number): string {
  const size = Math.abs(value);
  for (const [letter, unit] of [
    ['B', 1e9],
    ['M', 1e6],
    ['k', 1e4],
  ] as const) {
    if (size >= unit) return `${fixed(value / (letter === 'k' ? 1e3 : unit))}${letter}`;
  }
  return fixed(value);
}

/** Whole ones, each second. */
export function perSecond(count: number): string {
  return `${count < 10_000 ? grouped(String(Math.round(count))) : compact(count)}/s`;
}

function fixed(value: number): string {
  const size = Math.abs(value);
  const decimals = Number.isInteger(value) || size >= 1_000 ? 0 : size >= 100 ? 1 : size >= 1 ? 2 : 4;
  return grouped(value.toFixed(decimals)).replace('-', '−');
}

/** `+1.24%`, always with a sign. */
export function percent(share: number): string {
  if (!Number.isFinite(share)) return '–';
  const text = (Math.abs(share) * 100).toFixed(2);
  const sign = text === '0.00' ? '' : share < 0 ? '−' : '+';
  return `${sign}${text}%`;
}

/** What somebody typed, as a decimal string: thousands' commas and spaces are dropped. Undefined: no number. */
export function typedDecimal(text: string): string | undefined {
  const plain = text.trim().replace(/(?<=\d)[,\s](?=\d{3}(?:\D|$))/g, '');
  const match = /^(\d*)(?:\.(\d*))?$/.exec(plain);
  if (!match || (match[1] === '' && !match[2])) return undefined;
  const whole = (match[1] || '0').replace(/^0+(?=\d)/, '');
  return match[2] ? `${whole}.${match[2]}` : whole;
}

/** Where two texts part, for showing what changed brighter. */
export function firstDifference(before: string, now: string): number {
  if (before.length !== now.length) return 0;
  let at = 0;
  while (at < now.length && before[at] === now[at]) at += 1;
  return at;
}
