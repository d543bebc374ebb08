import { z } from 'zod';
import { tickerAnswer } from '../answer-shapes.ts';
import { marketNamed } from '../find-market.ts';
import { tickerPayload } from '../payloads.ts';
import { symbolParams } from '../request-shapes.ts';
import { ok, route } from '../route.ts';

export const tickerRoutes = [
  route({
    id: 'tickers',
    method: 'GET',
    path: '/v1/ticker',
    subject: 'Market data',
    summary: 'last, best, and 24 hours of every symbol',
    access: 'public',
    limit: { class: 'read', weight: 5 },
    answers: { 200: { says: 'all tickers', body: z.strictObject({ tickers: z.array(tickerAnswer) }) } },
    refusals: [],
    examples: [{ says: 'The whole market at a glance', status: 200 }],
    handle: (_asked, { views }) =>
      ok({ tickers: [...views.markets.values()].map((market) => tickerPayload(market, views)) }),
  }),
  route({
    id: 'ticker',
    method: 'GET',
    path: '/v1/ticker/:symbol',
    subject: 'Market data',
    summary: 'last, best, and 24 hours',
    access: 'public',
    limit: { class: 'read', weight: 1 },
    params: symbolParams,
    answers: { 200: { says: 'the ticker', body: tickerAnswer } },
    refusals: ['unknown_symbol'],
    examples: [{ says: 'What does it cost now?', params: { symbol: 'BTC-USD' }, status: 200 }],
    handle: ({ params }, { views }) => ok(tickerPayload(marketNamed(params.symbol, { views }), views)),
  }),
];
