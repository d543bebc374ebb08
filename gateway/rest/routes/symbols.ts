import { z } from 'zod';
import { symbolAnswer } from '../answer-shapes.ts';
import { marketNamed } from '../find-market.ts';
import { symbolPayload } from '../payloads.ts';
import { symbolParams } from '../request-shapes.ts';
import { ok, route } from '../route.ts';

export const symbolRoutes = [
  route({
    id: 'symbols',
    method: 'GET',
    path: '/v1/symbols',
    subject: 'Market data',
    summary: 'every symbol: steps, ranges, fee schedule, state',
    access: 'public',
    limit: { class: 'read', weight: 2 },
    answers: { 200: { says: 'all symbols', body: z.strictObject({ symbols: z.array(symbolAnswer) }) } },
    refusals: [],
    examples: [{ says: 'What is traded?', status: 200 }],
    handle: (_asked, { views }) =>
      ok({ symbols: [...views.markets.values()].map((market) => symbolPayload(market, views)) }),
  }),
  route({
    id: 'symbol',
    method: 'GET',
    path: '/v1/symbols/:symbol',
    subject: 'Market data',
    summary: 'one symbol: steps, ranges, fee schedule, state',
    access: 'public',
    limit: { class: 'read', weight: 1 },
    params: symbolParams,
    answers: { 200: { says: 'the symbol', body: symbolAnswer } },
    refusals: ['unknown_symbol'],
    examples: [
      { says: 'What are the rules of a symbol?', params: { symbol: 'BTC-USD' }, status: 200 },
      { says: 'A symbol that is not traded', params: { symbol: 'DOGE-USD' }, status: 404 },
    ],
    handle: ({ params }, { views }) => ok(symbolPayload(marketNamed(params.symbol, { views }), views)),
  }),
];
