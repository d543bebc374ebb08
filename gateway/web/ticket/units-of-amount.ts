/** Amounts of quote with all the decimals that price times quantity has. */
import { decimalOfUnits } from '../../../schemas/decimal.ts';
import { grouped, shortened } from '../format/numbers.ts';
import type { SymbolRules } from '../format/symbol-rules.ts';

export const amountDecimals = (rules: SymbolRules): number => rules.priceDecimals + rules.quantityDecimals;

/** Exact; what has more decimals than an amount can have is cut down. Undefined: no decimal. */
export function amountOfDecimal(decimal: string, rules: SymbolRules): bigint | undefined {
  const match = /^(\d{1,18})(?:\.(\d*))?$/.exec(decimal);
  if (!match) return undefined;
  const decimals = amountDecimals(rules);
  return BigInt(match[1]! + (match[2] ?? '').slice(0, decimals).padEnd(decimals, '0'));
}

export function decimalOfAmount(amount: bigint, rules: SymbolRules): string {
  return decimalOfUnits(amount, amountDecimals(rules));
}

/** Decimals in which amounts of quote are shown: those of a price, and never fewer than two. */
export const shownDecimals = (rules: SymbolRules): number => Math.max(2, rules.priceDecimals);

/** For people; `away` where it says "at most". */
export function formatAmount(amount: bigint, rules: SymbolRules, towards: 'zero' | 'away' = 'zero'): string {
  return grouped(shortened(decimalOfAmount(amount, rules), shownDecimals(rules), towards));
}
