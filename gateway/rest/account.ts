/** The account's money: balances, and a deposit of paper money. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type { AccountId, RejectReason, Sequence, SymbolId } from '../../schemas/generated/records.ts';
import { formatId } from '../../schemas/ids.ts';
import type { GatewayParts } from '../ports.ts';
import { amount, formatAmount } from './decimals.ts';
import { RequestRefused } from './errors.ts';
import type { Explanation } from './explain-reject.ts';
import { checked, depositBody, nothing } from './request-shapes.ts';
import { submitCommand } from './submit-command.ts';

export async function accountRoutes(
  app: FastifyInstance,
  parts: GatewayParts,
  accountOf: (request: FastifyRequest) => AccountId,
) {
  app.get('/v1/balances', async (request) => {
    const account = accountOf(request);
    checked(nothing, request.query);
    return balancesPayload(account, parts);
  });

  app.post('/v1/paper-deposits', async (request, reply) => {
    const account = accountOf(request);
    checked(nothing, request.query);
    const body = checked(depositBody, request.body);
    const asset = [...parts.views.assets.values()].find(({ name }) => name === body.asset);
    if (!asset) {
      const allowed = [...parts.views.assets.values()].map(({ name }) => name).join(', ');
      const message = `There is no asset ${body.asset}: ${allowed} are.`;
      throw new RequestRefused({ code: 'unknown_symbol', message, field: 'asset', given: body.asset, allowed });
    }
    const depositId = body.deposit_id ?? parts.newId();
    const explain = (reason: RejectReason): Explanation => {
      if (reason === 'client_order_id_reused') {
        return { field: 'deposit_id', given: depositId, allowed: 'an id that no other deposit of this account has' };
      }
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
      { traceparent: null, explain },
    );
    reply.code(duplicate ? 200 : 201);
    return { ...balancesPayload(account, parts), deposit_id: depositId, sequence, duplicate };
  });
}

function balancesPayload(account: AccountId, { views }: GatewayParts) {
  const view = views.account(account);
  return {
    account: formatId(account),
    balances: [...views.assets.values()].map((asset) => {
      const { available, hold } = view.balances.get(asset.asset) ?? { available: 0, hold: 0 };
      return {
        asset: asset.name,
        available: formatAmount(available, asset),
        hold: formatAmount(hold, asset),
        total: formatAmount(available + hold, asset),
      };
    }),
  };
}
