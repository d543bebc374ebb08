/** Shapes of single fields, in requests and answers: nothing is coerced, and the message of a fault is what is allowed. */
import { z } from 'zod';
import { parseId } from '../../schemas/ids.ts';
import { INSTANT_ALLOWED, microsOfInstant } from './instants.ts';

/** A string of this form. */
export const text = (form: RegExp, allowed: string) => z.string(allowed).regex(form, allowed).describe(allowed);
export const word = <const W extends readonly [string, ...string[]]>(words: W) => z.enum(words, words.join(', '));

export const decimalShape = text(/^(0|[1-9]\d{0,17})(\.\d{1,18})?$/, 'a decimal string such as "0.25"');
export const symbolShape = text(/^[A-Z][A-Z0-9]{1,9}-[A-Z][A-Z0-9]{1,9}$/, 'a symbol such as "BTC-USD"');
export const assetShape = text(/^[A-Z][A-Z0-9]{1,9}$/, 'an asset such as "USD"');
export const clientIdShape = text(/^[A-Za-z0-9_.:-]{1,36}$/, '1 to 36 of letters, digits and _ . : -');
export const cursorShape = text(/^[A-Za-z0-9_-]{1,64}$/, 'a next_cursor of an earlier answer');
export const flagShape = z.boolean('true or false');

/** A whole number in the address, as text. */
export const countShape = (most: number) => {
  const allowed = `a whole number from 1 to ${most}`;
  return text(/^[1-9]\d{0,4}$/, allowed)
    .refine((digits) => Number(digits) <= most, allowed)
    .transform(Number);
};

export const instantShape = z
  .string(INSTANT_ALLOWED)
  .describe(INSTANT_ALLOWED)
  .transform((given, context) => {
    const micros = microsOfInstant(given);
    if (micros !== undefined) return micros;
    context.addIssue({ code: 'custom', message: INSTANT_ALLOWED });
    return z.NEVER;
  });

const ORDER_ALLOWED = 'an order id, or client: and a client order id';
const ORDER_NAME = /^([1-9]\d{0,15}|client:[A-Za-z0-9_.:-]{1,36})$/;
export interface OrderName {
  readonly orderId?: number;
  readonly clientOrderId?: string;
  /** As it was given. */
  readonly given: string;
}
export const orderNameShape = text(ORDER_NAME, ORDER_ALLOWED).transform(
  (name): OrderName =>
    name.startsWith('client:')
      ? { clientOrderId: name.slice('client:'.length), given: name }
      : // An id of 17 digits would be another number as a double; 0 is nobody's.
        { orderId: parseId(name) ?? 0, given: name },
);

/** Fields of answers. */
export const idAnswer = z.string().regex(/^(0|[1-9]\d{0,15})$/);
export const amountAnswer = z.string().regex(/^-?(0|[1-9]\d*)(\.\d+)?$/);
export const instantAnswer = z.string().regex(/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}\.\d{3}(\d{3})?Z$/);
export const cursorAnswer = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,64}$/)
  .nullable();
