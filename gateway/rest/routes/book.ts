import { bookAnswer } from '../answer-shapes.ts';
import { marketNamed } from '../find-market.ts';
import { bookPayload } from '../payloads.ts';
import { bookQuery, symbolParams } from '../request-shapes.ts';
import { ok, route } from '../route.ts';

const LEVELS = 50;

export const bookRoutes = [
  route({
    id: 'book',
    method: 'GET',
    path: '/v1/book/:symbol',
    subject: 'Market data',
    summary: 'price levels, best first; `depth` to 500',
    says: '`sequence` is the symbol’s: deltas of the socket with a higher one come after this book.',
    access: 'public',
    limit: { class: 'read', weight: 5 },
    params: symbolParams,
    query: bookQuery,
    answers: { 200: { says: 'the book', body: bookAnswer } },
    refusals: ['unknown_symbol'],
    examples: [
      { says: 'The best levels', params: { symbol: 'BTC-USD' }, query: { depth: '5' }, status: 200 },
      {
        says: 'More levels than there are to be had',
        params: { symbol: 'BTC-USD' },
        query: { depth: '501' },
        status: 400,
      },
    ],
    handle: ({ params, query }, parts) => ok(bookPayload(marketNamed(params.symbol, parts), query.depth ?? LEVELS)),
  }),
];
