/** Values of history's rows, which are text, as the whole numbers they are. */
import { assert } from '../../schemas/assert.ts';
import type { HistoryRow } from '../ports.ts';

/** A whole number below 2^53. */
export function historyWhole(row: HistoryRow, column: string): number {
  const text = row[column];
  const whole = Number(text);
  assert(text != null && /^-?\d+$/.test(text) && Number.isSafeInteger(whole), `history's ${column} is no whole number`);
  return whole;
}

/** An exact decimal in units of 10^-decimals; history writes it with as many decimals as it likes. */
export function historyUnits(row: HistoryRow, column: string, decimals: number): bigint {
  const [, sign, whole, fraction = ''] = /^(-?)(\d+)(?:\.(\d+))?$/.exec(row[column] ?? '') ?? [];
  assert(whole !== undefined, `history's ${column} is no decimal`);
  const kept = fraction.slice(0, decimals).padEnd(decimals, '0');
  assert(/^0*$/.test(fraction.slice(decimals)), `history's ${column} is finer than its unit`);
  const units = BigInt(whole + kept);
  return sign === '-' ? -units : units;
}

/** SQL of a time in whole microseconds since 1970. */
export function microsExpression(column: string): string {
  return `toUnixTimestamp64Micro(${column})`;
}
