/** Times, in UTC as everywhere in this exchange. */

/** `14:03:07` */
export function timeOfDay(instant: string): string {
  return instant.slice(11, 19);
}

/** `Nov 24 14:03:07` */
export function dayAndTime(instant: string): string {
  return `${MONTHS[Number(instant.slice(5, 7)) - 1]} ${instant.slice(8, 10)} ${instant.slice(11, 19)}`;
}

export const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'] as const;

/** `8 s`, `3 min`, `2 h`, `5 d`: how long something has lasted. */
export function lasting(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1_000));
  if (seconds < 90) return `${seconds} s`;
  if (seconds < 5_400) return `${Math.round(seconds / 60)} min`;
  if (seconds < 129_600) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} d`;
}

/** A delay as it is best read: `12 ms`, then seconds, minutes, hours. */
export function delay(ms: number): string {
  return ms < 10_000 ? `${Math.round(ms)} ms` : lasting(ms);
}
