/**
 * The forms in which values stand in `pipeline.config.ts`, as people write them: `60s`, `50/s`, `10 bps`, `±10%`. Each is
 * read exactly or refused.
 */
import { isDecimal, unitsOfDecimal } from '../decimal.ts';
import { form } from './option.ts';

export type DurationText = `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`;
export type BasisPointsText = `${number} bps`;
export type BandText = `±${number}%` | 'none';
export type PerSecondText = `${number}/s` | 'unlimited';
export type BytesText = `${number} ${'KB' | 'MB' | 'GB'}`;

const MICROS: { readonly [unit: string]: number } = {
  ms: 1_000,
  s: 1_000_000,
  m: 60_000_000,
  h: 3_600_000_000,
  d: 86_400_000_000,
};

/** A span between two bounds, in microseconds. */
export function duration(minMicros: number, maxMicros: number) {
  return form<DurationText, number>((text) => microsOf(text, minMicros, maxMicros));
}

/** The same; `never` is 0. */
export function durationOrNever(minMicros: number, maxMicros: number) {
  return form<DurationText | 'never', number>((text) => (text === 'never' ? 0 : microsOf(text, minMicros, maxMicros)));
}

function microsOf(text: string, minMicros: number, maxMicros: number): number | undefined {
  const parts = /^([1-9]\d{0,8})(ms|s|m|h|d)$/.exec(text);
  if (parts === null) return undefined;
  const micros = Number(parts[1]) * MICROS[parts[2]!]!;
  return micros >= minMicros && micros <= maxMicros ? micros : undefined;
}

/** A rate in basis points with at most two decimals, in ppm; negative is a rebate. */
export function basisPoints(minPpm: number, maxPpm: number) {
  return form<BasisPointsText, number>((text) => {
    const parts = /^(-?)(\d{1,5}(?:\.\d{1,2})?) bps$/.exec(text);
    if (parts === null) return undefined;
    const ppm = unitsOfDecimal(parts[2]!, 2);
    if (typeof ppm !== 'number') return undefined;
    const signed = parts[1] === '-' ? 0 - ppm : ppm;
    return signed >= minPpm && signed <= maxPpm ? signed : undefined;
  });
}

/** A band around the reference price, in ppm of it; `none` is 0. */
export function band() {
  return form<BandText, number>((text) => {
    if (text === 'none') return 0;
    const parts = /^±(\d{1,2}(?:\.\d{1,4})?)%$/.exec(text);
    if (parts === null) return undefined;
    const ppm = unitsOfDecimal(parts[1]!, 4);
    return typeof ppm === 'number' && ppm > 0 ? ppm : undefined;
  });
}

/** A number per second; `unlimited` is 0. */
export function perSecond(max: number) {
  return form<PerSecondText, number>((text) => {
    if (text === 'unlimited') return 0;
    const parts = /^([1-9]\d{0,8})\/s$/.exec(text);
    return parts !== null && Number(parts[1]) <= max ? Number(parts[1]) : undefined;
  });
}

const BYTES: { readonly [unit: string]: number } = { KB: 1024, MB: 1024 ** 2, GB: 1024 ** 3 };

/** A size, in bytes; a KB is 1,024. */
export function bytes(min: number, max: number) {
  return form<BytesText, number>((text) => {
    const parts = /^([1-9]\d{0,5}) (KB|MB|GB)$/.exec(text);
    if (parts === null) return undefined;
    const count = Number(parts[1]) * BYTES[parts[2]!]!;
    return count >= min && count <= max ? count : undefined;
  });
}

/** A decimal string, kept as it is: what its units are depends on the asset or symbol. */
export function decimalText() {
  return form<string, string>((text) => (isDecimal(text) ? text : undefined));
}
