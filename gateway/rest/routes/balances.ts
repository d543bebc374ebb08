import { balancesAnswer } from '../answer-shapes.ts';
import { balancesPayload } from '../payloads.ts';
import { ok, route } from '../route.ts';

export const balanceRoutes = [
  route({
    id: 'balances',
    method: 'GET',
    path: '/v1/balances',
    subject: 'Account',
    summary: 'available, hold and total by asset',
    access: 'read',
    limit: { class: 'read', weight: 1 },
    answers: { 200: { says: 'all assets, also those of which there is nothing', body: balancesAnswer } },
    refusals: [],
    examples: [{ says: 'What is there?', status: 200 }],
    handle: ({ principal }, { views }) => ok(balancesPayload(principal.account, views)),
  }),
];
