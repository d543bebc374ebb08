/**
 * Where a page ends, as a text that a client only hands back. It names a place in a list and nothing else: whose list it
 * is comes from the request, so a cursor of somebody else shows nothing of theirs.
 */
import { RequestRefused } from './errors.ts';

/** Numbers that name the last item of a page; `list` keeps a cursor from being used in another one. */
export function cursorOf(list: string, ...numbers: readonly number[]): string {
  return Buffer.from([list, ...numbers.map((number) => number.toString(36))].join('.')).toString('base64url');
}

/** The numbers of a cursor of this list, or undefined where none was given. */
export function placeOfCursor(list: string, count: number, cursor: string | undefined): readonly number[] | undefined {
  if (cursor === undefined) return undefined;
  const bytes = Buffer.from(cursor, 'base64url');
  const parts = bytes.toString('latin1').split('.');
  const name = parts.slice(0, -count).join('.');
  const numbers = parts
    .slice(-count)
    .map((text) => (/^[0-9a-z]{1,11}$/.test(text) ? Number.parseInt(text, 36) : Number.NaN));
  const fits = name === list && numbers.length === count && numbers.every(Number.isSafeInteger);
  // Several texts are the same bytes: one that was never handed out is refused, or an old page could be made look new.
  if (fits && cursorOf(list, ...numbers) === cursor) return numbers;
  const allowed = `the next_cursor of an answer of this list`;
  throw new RequestRefused({
    code: 'malformed',
    message: 'The cursor is none of this list.',
    field: 'cursor',
    given: cursor,
    allowed,
  });
}

/** Items of a page out of one more than were asked for, and the cursor of the next where there is one. */
export function pageOf<T>(
  items: readonly T[],
  limit: number,
  cursor: (last: T) => string,
): { readonly items: readonly T[]; readonly next: string | null } {
  const page = items.slice(0, limit);
  return { items: page, next: items.length > limit ? cursor(page.at(-1)!) : null };
}
