/** Shapes of requests, strict: an unknown field is a refusal, and nothing is coerced. */
import { z } from 'zod';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { parseId } from '../../schemas/ids.ts';
import { RequestRefused } from './errors.ts';
import { INSTANT_ALLOWED, microsOfInstant } from './instants.ts';
import { GivenNumber } from './json-body.ts';

/** A string of this form; the message of every fault is what is allowed. */
const text = (form: RegExp, allowed: string) => z.string(allowed).regex(form, allowed);
const word = <const W extends readonly [string, ...string[]]>(words: W) => z.enum(words, words.join(', '));

const decimal = text(/^(0|[1-9]\d{0,17})(\.\d{1,18})?$/, 'a decimal string such as "0.25"');
const symbolName = text(/^[A-Z][A-Z0-9]{1,9}-[A-Z][A-Z0-9]{1,9}$/, 'a symbol such as "BTC-USD"');
const assetName = text(/^[A-Z][A-Z0-9]{1,9}$/, 'an asset such as "USD"');
const clientId = text(/^[A-Za-z0-9_.:-]{1,36}$/, '1 to 36 of letters, digits and _ . : -');
const wholeCount = (most: number) => {
  const allowed = `a whole number from 1 to ${most}`;
  return text(/^[1-9]\d{0,4}$/, allowed).refine((digits) => Number(digits) <= most, allowed);
};
const instant = z.string(INSTANT_ALLOWED).transform((given, context) => {
  const micros = microsOfInstant(given);
  if (micros !== undefined) return micros;
  context.addIssue({ code: 'custom', message: INSTANT_ALLOWED });
  return z.NEVER;
});
const orderName = text(
  /^([1-9]\d{0,15}|client:[A-Za-z0-9_.:-]{1,36})$/,
  'an order id, or client: and a client order id',
).transform((name) =>
  name.startsWith('client:')
    ? { clientOrderId: name.slice('client:'.length) }
    : // An id of 17 digits would be another number as a double; 0 is nobody's.
      { orderId: parseId(name) ?? 0 },
);

export const placeBody = z.strictObject({
  symbol: symbolName,
  side: word(enumSymbols.Side),
  type: word(enumSymbols.OrderType),
  time_in_force: word(enumSymbols.TimeInForce).optional(),
  price: decimal.optional(),
  quantity: decimal.optional(),
  budget: decimal.optional(),
  post_only: z.boolean('true or false').optional(),
  self_trade_mode: word(enumSymbols.SelfTradeMode).optional(),
  expires_at: instant.optional(),
  client_order_id: clientId.optional(),
});
export type PlaceBody = z.infer<typeof placeBody>;

export const amendBody = z.strictObject({ price: decimal.optional(), quantity: decimal.optional() });
export type AmendBody = z.infer<typeof amendBody>;
export const depositBody = z.strictObject({ asset: assetName, amount: decimal, deposit_id: clientId.optional() });
export const symbolParams = z.strictObject({ symbol: symbolName });
export const orderParams = z.strictObject({ order: orderName });
export const bookQuery = z.strictObject({ depth: wholeCount(500).optional() });
export const tradesQuery = z.strictObject({ limit: wholeCount(1000).optional() });
export const candlesQuery = z.strictObject({
  interval: text(/^\d{1,2}[smhdw]$/, 'an interval such as 1m'),
  limit: wholeCount(1000).optional(),
});
export const ordersQuery = z.strictObject({ symbol: symbolName.optional() });
export const nothing = z.strictObject({});

/** Texts of a request are shown again up to here. */
const SHOWN_MAX = 80;

/** The value, or a refusal that names the first field that does not fit. */
export function checked<T>(shape: z.ZodType<T>, given: unknown): T {
  const result = shape.safeParse(given ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  if (issue.code === 'unrecognized_keys') {
    const field = shortened(issue.keys[0]!);
    const fields = shape instanceof z.ZodObject ? Object.keys(shape.shape).join(', ') : '';
    const allowed = fields === '' ? 'nothing' : fields;
    throw new RequestRefused({ code: 'malformed', message: `There is no field "${field}" here.`, field, allowed });
  }
  const field = issue.path.map(String).join('.');
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as { [key: PropertyKey]: unknown } | undefined)?.[key],
    given,
  );
  if (field === '') {
    const message = 'The body must be a JSON object.';
    throw new RequestRefused({ code: 'malformed', message, given: shown(value), allowed: 'a JSON object' });
  }
  const allowed = issue.message;
  const message = value === undefined ? `${field} is missing: ${allowed}.` : `${field} does not fit: ${allowed}.`;
  throw new RequestRefused({ code: 'malformed', message, field, given: shown(value), allowed });
}

/** What was given, short enough to stand in an answer, and never another number than the one written. */
function shown(value: unknown): unknown {
  if (typeof value === 'string') return shortened(value);
  if (value instanceof GivenNumber) return `${shortened(value.text)} (a number)`;
  return typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'an array' : 'an object') : value;
}

function shortened(given: string): string {
  return given.length > SHOWN_MAX ? `${given.slice(0, SHOWN_MAX)}…` : given;
}
