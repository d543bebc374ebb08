/** Shapes of requests, strict: an unknown field is a refusal, and nothing is coerced. */
import { z } from 'zod';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { RequestRefused } from './errors.ts';
import {
  assetShape,
  clientIdShape,
  countShape,
  cursorShape,
  decimalShape,
  flagShape,
  instantShape,
  orderNameShape,
  symbolShape,
  text,
  word,
} from './field-shapes.ts';
import { GivenNumber } from './json-body.ts';

/** Orders of one batch. */
export const BATCH_MAX = 20;

export const placeBody = z.strictObject({
  symbol: symbolShape,
  side: word(enumSymbols.Side),
  type: word(enumSymbols.OrderType),
  time_in_force: word(enumSymbols.TimeInForce).optional(),
  price: decimalShape.optional(),
  quantity: decimalShape.optional(),
  budget: decimalShape.optional(),
  post_only: flagShape.optional(),
  self_trade_mode: word(enumSymbols.SelfTradeMode).optional(),
  expires_at: instantShape.optional(),
  client_order_id: clientIdShape.optional(),
});
export type PlaceBody = z.infer<typeof placeBody>;

export const amendBody = z.strictObject({ price: decimalShape.optional(), quantity: decimalShape.optional() });
export type AmendBody = z.infer<typeof amendBody>;
/** One order of a batch, whose shape is judged apart: one that does not fit leaves the others as they are. */
export const batchItem = z.unknown();
export const batchBody = z.strictObject({
  orders: z
    .array(batchItem, 'a list of orders')
    .min(1, `1 to ${BATCH_MAX} orders`)
    .max(BATCH_MAX, `1 to ${BATCH_MAX} orders`),
});
export const depositBody = z.strictObject({
  asset: assetShape,
  amount: decimalShape,
  deposit_id: clientIdShape.optional(),
});
export const withdrawBody = z.strictObject({
  asset: assetShape,
  amount: decimalShape,
  withdrawal_id: clientIdShape.optional(),
});

export const symbolParams = z.strictObject({ symbol: symbolShape });
export const orderParams = z.strictObject({ order: orderNameShape });

export const bookQuery = z.strictObject({ depth: countShape(500).optional() });
const pageFields = { cursor: cursorShape.optional(), limit: countShape(1000).optional() };
export const pageQuery = z.strictObject(pageFields);
export const candlesQuery = z.strictObject({
  interval: text(/^\d{1,2}[smhdw]$/, 'an interval such as 1m'),
  ...pageFields,
});
export const ordersQuery = z.strictObject({
  status: word(['open', 'ended', 'all']).optional(),
  symbol: symbolShape.optional(),
  cursor: cursorShape.optional(),
  limit: countShape(500).optional(),
});
export const cancelAllQuery = z.strictObject({ symbol: symbolShape.optional() });
export const fillsQuery = z.strictObject({
  symbol: symbolShape.optional(),
  order: orderNameShape.optional(),
  ...pageFields,
});
export const ledgerQuery = z.strictObject({
  asset: assetShape.optional(),
  cursor: cursorShape.optional(),
  limit: countShape(500).optional(),
});
export const nothing = z.strictObject({});

/** Texts of a request are shown again up to here. */
const SHOWN_MAX = 80;

/** The value, or a refusal that names the first field that does not fit; `called`: a value that is no object. */
export function checked<T>(shape: z.ZodType<T>, given: unknown, called = ''): T {
  const result = shape.safeParse(given ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const path = issue.path.map(String);
  if (issue.code === 'unrecognized_keys') {
    const field = [...path, shortened(issue.keys[0]!)].join('.');
    const fields = fieldsAt(shape, issue.path);
    const allowed = fields === '' ? 'nothing' : fields;
    throw new RequestRefused({ code: 'malformed', message: `There is no field "${field}" here.`, field, allowed });
  }
  const field = path.length === 0 ? called : path.join('.');
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as { [key: PropertyKey]: unknown } | undefined)?.[key],
    given,
  );
  if (field === '') {
    const message = 'The body must be a JSON object.';
    throw new RequestRefused({ code: 'malformed', message, given: shown(value), allowed: 'a JSON object' });
  }
  const allowed = issue.code === 'invalid_type' && issue.expected === 'object' ? 'a JSON object' : issue.message;
  const message = value === undefined ? `${field} is missing: ${allowed}.` : `${field} does not fit: ${allowed}.`;
  throw new RequestRefused({ code: 'malformed', message, field, given: shown(value), allowed });
}

/** Names of the fields that the object at this path may have. */
function fieldsAt(shape: z.ZodType, path: readonly PropertyKey[]): string {
  let at: z.ZodType | undefined = shape;
  for (const key of path) {
    if (at instanceof z.ZodArray) at = at.element as z.ZodType;
    else if (at instanceof z.ZodObject) at = (at.shape as { [field: PropertyKey]: z.ZodType })[key];
  }
  return at instanceof z.ZodObject ? Object.keys(at.shape).join(', ') : '';
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
