import type { GatewayParts, MarketPort } from '../../ports.ts';
import { candlesAnswer } from '../answer-shapes.ts';
import { cursorOf, pageOf, placeOfCursor } from '../cursors.ts';
import { RequestRefused } from '../errors.ts';
import { marketNamed } from '../find-market.ts';
import { olderCandles } from '../older-market-data.ts';
import { type CandleShown, candlePayload } from '../payloads.ts';
import { candlesQuery, symbolParams } from '../request-shapes.ts';
import { ok, route } from '../route.ts';

const CANDLES = 200;
const IN_MEMORY = 2002;

export const candleRoutes = [
  route({
    id: 'candles',
    method: 'GET',
    path: '/v1/candles/:symbol',
    subject: 'Market data',
    summary: '`interval`, oldest first, the open one last; `limit` to 1000, older ones by `cursor`',
    access: 'public',
    limit: { class: 'read', weight: 5 },
    params: symbolParams,
    query: candlesQuery,
    answers: { 200: { says: 'a page of candles', body: candlesAnswer } },
    refusals: ['unknown_symbol', 'unavailable'],
    examples: [
      {
        says: 'The last hour by the minute',
        params: { symbol: 'BTC-USD' },
        query: { interval: '1m', limit: '60' },
        status: 200,
      },
      { says: 'An interval that is not kept', params: { symbol: 'BTC-USD' }, query: { interval: '7m' }, status: 400 },
    ],
    async handle({ params, query }, parts) {
      const market = marketNamed(params.symbol, parts);
      const { interval } = query;
      if (!parts.candleIntervals.includes(interval)) throw intervalRefused(interval, parts);
      const list = `candles${market.config.symbol}.${interval}`;
      const [before] = placeOfCursor(list, 1, query.cursor) ?? [];
      const limit = query.limit ?? CANDLES;
      const { items, next } = pageOf(await candlesBefore(market, interval, before, limit + 1, parts), limit, (candle) =>
        cursorOf(list, candle.opensAt),
      );
      return ok({
        symbol: market.config.name,
        interval,
        candles: [...items].reverse().map((candle) => candlePayload(candle, market, parts.views)),
        next_cursor: next,
      });
    },
  }),
];

/** Newest first, opening before a time; what memory does not have comes from history. */
async function candlesBefore(
  market: MarketPort,
  interval: string,
  before: number | undefined,
  count: number,
  parts: GatewayParts,
): Promise<readonly CandleShown[]> {
  const recent = market
    .candles(interval, IN_MEMORY)
    .filter(({ opensAt }) => before === undefined || opensAt < before)
    .slice(-count)
    .reverse();
  const missing = count - recent.length;
  if (missing === 0 || !parts.history) return recent;
  const quote = parts.views.assets.get(market.config.quoteAsset)!;
  const oldest = recent.at(-1)?.opensAt ?? before ?? Number.MAX_SAFE_INTEGER;
  return [...recent, ...(await olderCandles(market, interval, oldest, missing, { history: parts.history, quote }))];
}

function intervalRefused(interval: string, { candleIntervals }: GatewayParts): RequestRefused {
  const allowed = candleIntervals.join(', ');
  const message = `interval ${interval} is not kept: ${allowed} are.`;
  return new RequestRefused({ code: 'malformed', message, field: 'interval', given: interval, allowed });
}
