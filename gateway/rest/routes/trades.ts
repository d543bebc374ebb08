import type { GatewayParts, MarketPort } from '../../ports.ts';
import { tradesAnswer } from '../answer-shapes.ts';
import { cursorOf, pageOf, placeOfCursor } from '../cursors.ts';
import { marketNamed } from '../find-market.ts';
import { olderTrades } from '../older-market-data.ts';
import { type TradeShown, tradePayload } from '../payloads.ts';
import { pageQuery, symbolParams } from '../request-shapes.ts';
import { ok, route } from '../route.ts';

const TRADES = 100;
/** As many as a page may have, and one that says whether there is more. */
const IN_MEMORY = 1001;

export const tradeRoutes = [
  route({
    id: 'trades',
    method: 'GET',
    path: '/v1/trades/:symbol',
    subject: 'Market data',
    summary: 'newest first; `limit` to 1000, older ones by `cursor`',
    says: 'The newest come from memory, older ones from history; a page is never cut out of both with a gap between.',
    access: 'public',
    limit: { class: 'read', weight: 5 },
    params: symbolParams,
    query: pageQuery,
    answers: { 200: { says: 'a page of trades', body: tradesAnswer } },
    refusals: ['unknown_symbol', 'unavailable'],
    examples: [
      { says: 'What just traded?', params: { symbol: 'BTC-USD' }, query: { limit: '10' }, status: 200 },
      { says: 'A cursor that nobody handed out', params: { symbol: 'BTC-USD' }, query: { cursor: 'abc' }, status: 400 },
    ],
    async handle({ params, query }, parts) {
      const market = marketNamed(params.symbol, parts);
      const list = `trades${market.config.symbol}`;
      const [before] = placeOfCursor(list, 1, query.cursor) ?? [];
      const limit = query.limit ?? TRADES;
      const { items, next } = pageOf(await tradesBefore(market, before, limit + 1, parts), limit, ({ tradeId }) =>
        cursorOf(list, tradeId),
      );
      return ok({
        symbol: market.config.name,
        trades: items.map((trade) => tradePayload(trade, market)),
        next_cursor: next,
      });
    },
  }),
];

/** Newest first, below a trade id; what memory does not have comes from history. */
async function tradesBefore(
  market: MarketPort,
  before: number | undefined,
  count: number,
  parts: GatewayParts,
): Promise<readonly TradeShown[]> {
  const remembered = market.trades(IN_MEMORY);
  const recent = remembered.filter(({ tradeId }) => before === undefined || tradeId < before).slice(0, count);
  const missing = count - recent.length;
  // Where memory begins with the symbol's first record there is nothing older.
  const oldest = recent.at(-1)?.tradeId ?? before ?? market.seq + 1;
  if (missing === 0 || oldest <= 1 || !parts.history) return recent;
  return [...recent, ...(await olderTrades(market, oldest, missing, parts.history))];
}
