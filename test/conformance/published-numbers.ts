import { unitsOfDecimal } from '../../schemas/decimal.ts';
import { RecordingError } from '../../sources/recordings/recording-file.ts';

/** Decimals that the texts need: zeros at their end are only how the exchange prints. */
export function decimalsNeeded(texts: Iterable<string>): number {
  let needed = 0;
  for (const text of texts) {
    const point = text.indexOf('.');
    if (point < 0) continue;
    let end = text.length;
    while (text[end - 1] === '0') end -= 1;
    needed = Math.max(needed, end - point - 1);
  }
  return needed;
}

/** A published decimal as whole units of 10^-decimals. Throws when it is none, or leaves 2^53. */
export function publishedUnits(text: string, decimals: number): number {
  const point = text.indexOf('.');
  const written = point < 0 ? 0 : text.length - point - 1;
  const shortened = written > decimals ? text.slice(0, decimals === 0 ? point : point + 1 + decimals) : text;
  if (written > decimals && /[1-9]/.test(text.slice(point + 1 + decimals))) {
    throw new RecordingError(`"${text}" has more than ${decimals} decimals`);
  }
  const units = unitsOfDecimal(shortened, decimals);
  if (typeof units === 'number') return units;
  throw new RecordingError(`"${text}" is not a decimal that ${decimals} decimals hold below 2^53: ${units}`);
}
