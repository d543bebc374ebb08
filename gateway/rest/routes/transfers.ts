/** Money that comes and goes: paper deposits and withdrawals. */
import type { RejectReason, Sequence, SymbolId } from '../../../schemas/generated/records.ts';
import { depositAnswer, withdrawalAnswer } from '../answer-shapes.ts';
import { amount, formatAmount } from '../decimals.ts';
import type { Explanation } from '../explain-reject.ts';
import { assetNamed } from '../find-asset.ts';
import { idFor } from '../order-commands.ts';
import { balancesPayload } from '../payloads.ts';
import { depositBody, withdrawBody } from '../request-shapes.ts';
import { route } from '../route.ts';
import { submitCommand } from '../submit-command.ts';

const REFUSALS = [
  'unknown_symbol',
  'quantity_not_on_lot',
  'quantity_out_of_range',
  'amount_overflow',
  'client_order_id_reused',
  'account_disabled',
  'account_not_permitted',
  'memory_full',
  'overloaded',
  'answer_late',
] as const;

export const transferRoutes = [
  route({
    id: 'paperDeposit',
    method: 'POST',
    path: '/v1/paper-deposits',
    subject: 'Account',
    summary: 'paper money: `asset`, `amount`, `deposit_id`',
    says: 'A `deposit_id` counts once, for ever: sent again, it is answered as the first time.',
    access: 'trade',
    limit: { class: 'order', weight: 5 },
    body: depositBody,
    idempotency: 'deposit_id',
    answers: {
      201: { says: 'deposited', body: depositAnswer },
      200: { says: 'a duplicate: nothing was deposited again', body: depositAnswer },
    },
    refusals: REFUSALS,
    examples: [
      { says: 'Some paper dollars', body: { asset: 'USD', amount: '1000', deposit_id: 'gift' }, status: 201 },
      {
        says: 'The same again',
        headers: { 'idempotency-key': 'gift' },
        body: { asset: 'USD', amount: '1000' },
        status: 200,
      },
      { says: 'An asset that is none', body: { asset: 'GOLD', amount: '1' }, status: 404 },
    ],
    async handle({ principal, body, traceparent }, parts) {
      const { account } = principal;
      const asset = assetNamed(body.asset, parts);
      const depositId = body.deposit_id ?? idFor(principal, parts);
      const explain = (reason: RejectReason): Explanation => {
        if (reason === 'client_order_id_reused') return reusedId('deposit_id', depositId, 'deposit');
        if (reason !== 'amount_overflow') return {};
        const allowed = `as much as leaves all of the ${asset.name} that exists below 2^53 units`;
        return { field: 'amount', given: body.amount, allowed };
      };
      const { sequence, duplicate } = await submitCommand(
        {
          type: 'deposit',
          symbol: 0 as SymbolId,
          seq: 0 as Sequence,
          account,
          asset: asset.asset,
          amount: amount('amount', body.amount, asset, 'quantity_out_of_range'),
          depositId,
        },
        parts,
        { traceparent, explain },
      );
      return {
        status: duplicate ? 200 : 201,
        body: { ...balancesPayload(account, parts.views), deposit_id: depositId, sequence, duplicate },
      };
    },
  }),

  route({
    id: 'withdraw',
    method: 'POST',
    path: '/v1/withdrawals',
    subject: 'Account',
    summary: 'paper money back: `asset`, `amount`, `withdrawal_id`',
    says: 'Takes of what is available, never of what is held. A `withdrawal_id` counts once, for ever.',
    access: 'trade',
    limit: { class: 'order', weight: 5 },
    body: withdrawBody,
    idempotency: 'withdrawal_id',
    answers: {
      201: { says: 'withdrawn', body: withdrawalAnswer },
      200: { says: 'a duplicate: nothing was withdrawn again', body: withdrawalAnswer },
    },
    refusals: [...REFUSALS, 'insufficient_funds'],
    examples: [
      { says: 'Some of it back', body: { asset: 'USD', amount: '10', withdrawal_id: 'back' }, status: 201 },
      { says: 'More than there is', body: { asset: 'USD', amount: '100000000' }, status: 422 },
    ],
    async handle({ principal, body, traceparent }, parts) {
      const { account } = principal;
      const asset = assetNamed(body.asset, parts);
      const withdrawalId = body.withdrawal_id ?? idFor(principal, parts);
      const explain = (reason: RejectReason): Explanation => {
        if (reason === 'client_order_id_reused') return reusedId('withdrawal_id', withdrawalId, 'withdrawal');
        if (reason !== 'insufficient_funds') return {};
        const available = parts.views.account(account).balances.get(asset.asset)?.available ?? 0;
        return {
          field: 'amount',
          given: body.amount,
          allowed: `up to ${formatAmount(available, asset)} ${asset.name}`,
        };
      };
      const { sequence, duplicate } = await submitCommand(
        {
          type: 'withdraw',
          symbol: 0 as SymbolId,
          seq: 0 as Sequence,
          account,
          asset: asset.asset,
          amount: amount('amount', body.amount, asset, 'quantity_out_of_range'),
          withdrawalId,
        },
        parts,
        { traceparent, explain },
      );
      return {
        status: duplicate ? 200 : 201,
        body: { ...balancesPayload(account, parts.views), withdrawal_id: withdrawalId, sequence, duplicate },
      };
    },
  }),
];

function reusedId(field: string, given: string, what: string): Explanation {
  return { field, given, allowed: `an id that no other ${what} of this account has` };
}
