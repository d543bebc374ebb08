/** Decimal strings, exactly: sums as whole numbers of the finest unit that either of them has. */

export function addDecimals(left: string, right: string): string {
  const decimals = Math.max(decimalsOf(left), decimalsOf(right));
  return format(unitsOf(left, decimals) + unitsOf(right, decimals), decimals);
}

export function isZero(text: string): boolean {
  return /^-?0*\.?0*$/.test(text);
}

/** Order of two decimals above 0 that have the same number of decimals, as all prices of a symbol have. */
export function comparePrices(left: string, right: string): number {
  if (left.length !== right.length) return left.length - right.length;
  return left < right ? -1 : left > right ? 1 : 0;
}

function decimalsOf(text: string): number {
  const point = text.indexOf('.');
  return point < 0 ? 0 : text.length - point - 1;
}

function unitsOf(text: string, decimals: number): bigint {
  return BigInt(text.replace('.', '') + '0'.repeat(decimals - decimalsOf(text)));
}

/** Without zeros at the end, as the exchange writes amounts. */
function format(units: bigint, decimals: number): string {
  const sign = units < 0n ? '-' : '';
  const digits = (units < 0n ? -units : units).toString().padStart(decimals + 1, '0');
  const point = digits.length - decimals;
  const text = decimals === 0 ? digits : `${digits.slice(0, point)}.${digits.slice(point)}`.replace(/\.?0+$/, '');
  return text === '0' ? '0' : sign + text;
}
