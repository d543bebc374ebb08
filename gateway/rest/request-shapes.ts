/** Shapes of requests, strict: an unknown field is a refusal, and nothing is coerced. */
import { z } from 'zod';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { RequestRefused } from './errors.ts';

const decimal = z
  .string()
  .max(40)
  .regex(/^(0|[1-9]\d{0,17})(\.\d{1,18})?$/, 'a decimal string such as "0.25"');
const symbolName = z.string().regex(/^[A-Z][A-Z0-9]{1,9}-[A-Z][A-Z0-9]{1,9}$/, 'a symbol such as "BTC-USD"');
const assetName = z.string().regex(/^[A-Z][A-Z0-9]{1,9}$/, 'an asset such as "USD"');
export const clientOrderId = z.string().regex(/^[A-Za-z0-9_.:-]{1,36}$/, '1 to 36 of letters, digits and _ . : -');
const wholeCount = (most: number) =>
  z
    .string()
    .regex(/^[1-9]\d{0,4}$/, `a whole number from 1 to ${most}`)
    .refine((text) => Number(text) <= most, `a whole number from 1 to ${most}`);

export const placeBody = z.strictObject({
  symbol: symbolName,
  side: z.enum(enumSymbols.Side),
  type: z.enum(enumSymbols.OrderType),
  time_in_force: z.enum(enumSymbols.TimeInForce).optional(),
  price: decimal.optional(),
  quantity: decimal.optional(),
  budget: decimal.optional(),
  post_only: z.boolean().optional(),
  self_trade_mode: z.enum(enumSymbols.SelfTradeMode).optional(),
  expires_at: z.iso.datetime({ offset: true }).optional(),
  client_order_id: clientOrderId.optional(),
});
export type PlaceBody = z.infer<typeof placeBody>;

export const amendBody = z.strictObject({ price: decimal.optional(), quantity: decimal.optional() });
export const depositBody = z.strictObject({ asset: assetName, amount: decimal, deposit_id: clientOrderId.optional() });
export const symbolParams = z.strictObject({ symbol: symbolName });
export const orderParams = z.strictObject({
  order: z
    .string()
    .regex(/^([1-9]\d{0,15}|client:[A-Za-z0-9_.:-]{1,36})$/, 'an order id, or client: and a client order id'),
});
export const bookQuery = z.strictObject({ depth: wholeCount(500).optional() });
export const tradesQuery = z.strictObject({ limit: wholeCount(1000).optional() });
export const candlesQuery = z.strictObject({ interval: z.string().max(4), limit: wholeCount(1000).optional() });
export const ordersQuery = z.strictObject({ symbol: symbolName.optional() });
export const nothing = z.strictObject({});

/** The value, or a refusal that names the first field that does not fit. */
export function checked<T>(shape: z.ZodType<T>, given: unknown): T {
  const result = shape.safeParse(given ?? {});
  if (result.success) return result.data;
  const issue = result.error.issues[0]!;
  const unknown = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const field = unknown ?? issue.path.map(String).join('.');
  const value = issue.path.reduce<unknown>(
    (at, key) => (at as { [key: PropertyKey]: unknown } | undefined)?.[key],
    given,
  );
  const allowed = unknown ? `the fields of this request, of which "${unknown}" is none` : allowedBy(issue);
  throw new RequestRefused({
    code: 'malformed',
    message: unknown ? `There is no field "${unknown}" here.` : `${field || 'The body'} does not fit: ${allowed}.`,
    field: field || undefined,
    given: unknown ? undefined : shortened(value),
    allowed,
  });
}

function allowedBy(issue: z.core.$ZodIssue): string {
  if (issue.code === 'invalid_value') return issue.values.map(String).join(', ');
  if (issue.code === 'invalid_type') return `${issue.expected} is allowed`;
  return issue.message;
}

/** What was given, short enough to stand in an answer. */
function shortened(value: unknown): unknown {
  if (typeof value === 'string') return value.length > 80 ? `${value.slice(0, 80)}…` : value;
  return typeof value === 'object' && value !== null ? (Array.isArray(value) ? 'an array' : 'an object') : value;
}
