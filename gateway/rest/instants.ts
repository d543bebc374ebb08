/** Times as ISO 8601 strings, exact to the microsecond both ways. */
import type { Micros } from '../../schemas/generated/records.ts';

const INSTANT = /^(\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2})(?:\.(\d{1,6}))?(Z|[+-]\d{2}:\d{2})$/;
const FIRST_MS = Date.UTC(2000, 0, 1);
const LAST_MS = Date.UTC(2200, 0, 1);

export const INSTANT_ALLOWED =
  'a time from 2000 to 2199 such as "2026-01-31T12:00:00Z", with at most six decimals and Z or an offset';

/** Microseconds since 1970, or undefined for a text that is no such time. */
export function microsOfInstant(text: string): Micros | undefined {
  const [, local, fraction = '', zone] = INSTANT.exec(text) ?? [];
  if (local === undefined) return undefined;
  const ms = Date.parse(`${local}${zone}`);
  // Date.parse takes 30 February for 2 March: what it made of the date must read the same again.
  if (!(ms >= FIRST_MS && ms < LAST_MS) || localOf(ms, zone!) !== local) return undefined;
  return (ms * 1000 + Number(fraction.padEnd(6, '0'))) as Micros;
}

/** In UTC, to the millisecond, or to the microsecond where there is more. */
export function instantOfMicros(micros: number): string {
  const ms = Math.floor(micros / 1000);
  const rest = micros - ms * 1000;
  const text = new Date(ms).toISOString();
  return rest === 0 ? text : `${text.slice(0, -1)}${String(rest).padStart(3, '0')}Z`;
}

function localOf(ms: number, zone: string): string {
  const sign = zone.startsWith('-') ? -1 : 1;
  const offsetMs = zone === 'Z' ? 0 : sign * (Number(zone.slice(1, 3)) * 60 + Number(zone.slice(4, 6))) * 60_000;
  return new Date(ms + offsetMs).toISOString().slice(0, 19);
}
