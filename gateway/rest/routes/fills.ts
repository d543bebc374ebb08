import { fillsAnswer } from '../answer-shapes.ts';
import { cursorOf, pageOf, placeOfCursor } from '../cursors.ts';
import { marketNamed } from '../find-market.ts';
import { ownFills } from '../own-fills.ts';
import { findOwnOrder } from '../own-orders.ts';
import { fillPayload } from '../payloads.ts';
import { fillsQuery } from '../request-shapes.ts';
import { ok, route } from '../route.ts';

const FILLS = 100;

export const fillRoutes = [
  route({
    id: 'fills',
    method: 'GET',
    path: '/v1/fills',
    subject: 'Account',
    summary: 'own fills, newest first; `symbol`, `order`, `limit` to 1000, older ones by `cursor`',
    says: 'The newest come from memory, older ones from history, which follows the log by about a second.',
    access: 'read',
    limit: { class: 'read', weight: 5 },
    query: fillsQuery,
    answers: { 200: { says: 'a page of fills', body: fillsAnswer } },
    refusals: ['unknown_symbol', 'unknown_order', 'unavailable'],
    examples: [
      { says: 'What just traded of mine?', query: { limit: '10' }, status: 200 },
      { says: 'Of an order of nobody', query: { order: '999999999' }, status: 404 },
    ],
    async handle({ principal, query }, parts) {
      const { account } = principal;
      const symbol = query.symbol === undefined ? undefined : marketNamed(query.symbol, parts).config.symbol;
      const order = query.order === undefined ? undefined : (await findOwnOrder(query.order, account, parts)).orderId;
      const list = `fills.${symbol ?? 0}.${order ?? 0}`;
      const [before] = placeOfCursor(list, 1, query.cursor) ?? [];
      const limit = query.limit ?? FILLS;
      const fills = await ownFills(account, { symbol, order, before, count: limit + 1 }, parts);
      const { items, next } = pageOf(fills, limit, ({ seq }) => cursorOf(list, seq));
      return ok({ fills: items.map((fill) => fillPayload(fill, parts.views)), next_cursor: next });
    },
  }),
];
