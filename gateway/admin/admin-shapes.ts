/** Shapes of what operators ask and are answered. */
import { z } from 'zod';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { parseId } from '../../schemas/ids.ts';
import { ROLES } from '../identity/principal.ts';
import {
  amountAnswer,
  assetShape,
  countShape,
  idAnswer,
  instantAnswer,
  instantShape,
  symbolShape,
  text,
  word,
} from '../rest/field-shapes.ts';

const ACCOUNT_ALLOWED = 'an account such as "100000"';
const reason = z
  .string('why, in 1 to 200 characters')
  .regex(/^[^\p{Cc}\p{Cs}]{1,200}$/u, 'why, in 1 to 200 characters, no line breaks');
const account = text(/^[1-9]\d{0,15}$/, ACCOUNT_ALLOWED)
  .refine((digits) => parseId(digits) !== undefined, ACCOUNT_ALLOWED)
  .transform(Number);
/** `*`: every symbol. */
const symbolOrAll = z.union([symbolShape, z.literal('*')], 'a symbol such as "BTC-USD", or "*"');
const count = (most: number) => {
  const allowed = `a whole number from "0" to "${most}"`;
  return text(/^(0|[1-9]\d{0,7})$/, allowed)
    .refine((digits) => Number(digits) <= most, allowed)
    .transform(Number);
};
const basisPoints = (lowest: number) => {
  const allowed = `basis points from "${lowest}" to "5000", with at most two decimals`;
  return text(/^-?(0|[1-9]\d{0,3})(\.\d{1,2})?$/, allowed)
    .transform((given) => Math.round(Number(given) * 100))
    .refine((ppm) => ppm >= lowest * 100 && ppm <= 500_000, allowed);
};

/** What of `market_state` is ordered here; an auction has orders of its own. */
export const ORDERED_STATES = [
  'trading',
  'limit_only',
  'post_only',
  'cancel_only',
  'halted',
  'closed',
  'delisted',
] as const;

export const marketStateBody = z.strictObject({
  symbol: symbolOrAll,
  state: word(ORDERED_STATES),
  until: instantShape.optional(),
  reason,
});
export const auctionBody = z.strictObject({ symbol: symbolOrAll, do: word(['open', 'uncross'] as const), reason });
export const everythingBody = z.strictObject({
  symbol: symbolShape.optional(),
  account: account.optional(),
  everything: z.literal(true, 'true').optional(),
  reason,
});
export type EverythingBody = z.infer<typeof everythingBody>;
export const accountStateBody = z.strictObject({ account, state: word(enumSymbols.AccountState), reason });
export const limitsBody = z.strictObject({
  account: z.union([account, z.literal('*').transform(() => 0)], `${ACCOUNT_ALLOWED}, or "*"`),
  open_orders: count(10_000_000),
  orders_per_second: count(10_000_000),
  reason,
});
export const feesBody = z.strictObject({
  schedule: text(/^[A-Za-z0-9_-]{1,64}$/, 'the name of a fee schedule'),
  maker_bps: basisPoints(-100),
  taker_bps: basisPoints(0),
  fee_asset: word(enumSymbols.FeeAsset).optional(),
  reason,
});
export const adjustmentBody = z.strictObject({
  account,
  asset: assetShape,
  amount: text(/^-?(0|[1-9]\d{0,17})(\.\d{1,18})?$/, 'a decimal string such as "-0.25"'),
  reason,
});
export const adjustmentParams = z.strictObject({
  adjustment: text(/^adj_[A-Za-z0-9_-]{22}$/, 'the id of an adjustment: adj_ and 22 characters'),
});
export const adjustmentsQuery = z.strictObject({ waiting: word(['true', 'false'] as const).optional() });
export const actionsQuery = z.strictObject({ limit: countShape(200).optional(), before: instantShape.optional() });
export const usersQuery = z.strictObject({
  email: text(/^[A-Za-z0-9._%+@-]{1,200}$/, 'the beginning of an e-mail address').optional(),
});
export const userParams = z.strictObject({
  user: text(/^usr_[A-Za-z0-9_-]{22}$/, 'the id of a user: usr_ and 22 characters'),
});
export const rolesBody = z.strictObject({
  roles: z
    .array(word(ROLES), ROLES.join(', '))
    .min(1, 'at least one role')
    .refine((roles) => new Set(roles).size === roles.length, 'each role once'),
  reason,
});

const effectAnswer = z.strictObject({
  what: z.string(),
  symbol: z.string().optional(),
  account: idAnswer.optional(),
  sequence: idAnswer,
  count: idAnswer,
  now: z.string().optional(),
});
export const orderedAnswer = z.strictObject({
  control_offset: idAnswer,
  taken_at: instantAnswer.nullable(),
  effects: z.array(effectAnswer),
  version: idAnswer.optional(),
});
export const actionAnswer = z.strictObject({
  action: z.string(),
  taken_at: instantAnswer,
  log: z.enum(['control', 'commands']),
  offset: idAnswer,
  symbol: z.string().nullable(),
  account: idAnswer.nullable(),
  detail: z.record(z.string(), z.string()),
  reason: z.string(),
  requested_by: z.string(),
  approved_by: z.string().nullable(),
  effects: z.array(effectAnswer),
});
/** `whole`: false while the database is away, when only the newest are known. */
export const actionsAnswer = z.strictObject({ actions: z.array(actionAnswer), whole: z.boolean() });
export const adjustmentAnswer = z.strictObject({
  adjustment_id: z.string(),
  account: idAnswer,
  asset: z.string(),
  amount: amountAnswer,
  reason: z.string(),
  proposed_by: z.string(),
  proposed_at: instantAnswer,
  decision: z.enum(['approved', 'declined']).nullable(),
  decided_by: z.string().nullable(),
  decided_at: instantAnswer.nullable(),
  outcome: z.string().nullable(),
  sequence: idAnswer.nullable(),
});
export const adjustmentsAnswer = z.strictObject({ adjustments: z.array(adjustmentAnswer) });
export const marketsAnswer = z.strictObject({
  markets: z.array(
    z.strictObject({
      symbol: z.string(),
      state: z.enum(enumSymbols.TradingState),
      reason: z.string(),
      sequence: idAnswer,
    }),
  ),
  lag: z.strictObject({
    state: z.enum(['off', 'watching', 'calm', 'throttled', 'halted']),
    settlement_ms: idAnswer.nullable(),
  }),
});
export const userAnswer = z.strictObject({
  user_id: z.string(),
  email: z.string(),
  account: idAnswer,
  roles: z.array(z.enum(ROLES)),
});
export const usersAnswer = z.strictObject({ users: z.array(userAnswer) });
