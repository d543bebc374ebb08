/** Public routes: time, symbols, book, trades, candles, ticker. */
import type { FastifyInstance } from 'fastify';
import type { GatewayParts, MarketPort } from '../ports.ts';
import { RequestRefused } from './errors.ts';
import { instantOfMicros } from './instants.ts';
import { bookPayload, candlePayload, symbolPayload, tickerPayload, tradesPayload } from './payloads.ts';
import { bookQuery, candlesQuery, checked, nothing, symbolParams, tradesQuery } from './request-shapes.ts';

export async function marketDataRoutes(app: FastifyInstance, parts: GatewayParts): Promise<void> {
  app.get('/v1/time', async (request) => {
    checked(nothing, request.query);
    return { time: instantOfMicros(parts.clock.nowMicros()) };
  });
  app.get('/v1/symbols', async (request) => {
    checked(nothing, request.query);
    return { symbols: [...parts.views.markets.values()].map((market) => symbolPayload(market, parts)) };
  });
  app.get('/v1/book/:symbol', async (request) => {
    const { depth } = checked(bookQuery, request.query);
    return bookPayload(marketOf(request.params, parts), Number(depth ?? 50));
  });
  app.get('/v1/trades/:symbol', async (request) => {
    const { limit } = checked(tradesQuery, request.query);
    const market = marketOf(request.params, parts);
    return { symbol: market.config.name, trades: tradesPayload(market, Number(limit ?? 100)) };
  });
  app.get('/v1/candles/:symbol', async (request) => {
    const { interval, limit } = checked(candlesQuery, request.query);
    const market = marketOf(request.params, parts);
    if (!parts.candleIntervals.includes(interval)) {
      const allowed = parts.candleIntervals.join(', ');
      const message = `interval ${interval} is not kept: ${allowed} are.`;
      throw new RequestRefused({ code: 'malformed', message, field: 'interval', given: interval, allowed });
    }
    const quote = parts.views.assets.get(market.config.quoteAsset)!;
    const candles = market.candles(interval, Number(limit ?? 200));
    return {
      symbol: market.config.name,
      interval,
      candles: candles.map((candle) => candlePayload(candle, market, quote)),
    };
  });
  app.get('/v1/ticker/:symbol', async (request) => {
    checked(nothing, request.query);
    const market = marketOf(request.params, parts);
    return tickerPayload(market, parts.views.assets.get(market.config.quoteAsset)!);
  });
}

export function marketOf(params: unknown, parts: GatewayParts): MarketPort {
  const { symbol } = checked(symbolParams, params);
  return marketNamed(symbol, parts);
}

export function marketNamed(symbol: string, { views }: GatewayParts): MarketPort {
  const market = views.market(symbol);
  if (market) return market;
  const allowed = [...views.markets.values()].map(({ config }) => config.name).join(', ');
  const message = `There is no symbol ${symbol}: ${allowed} are traded.`;
  throw new RequestRefused({ code: 'unknown_symbol', message, field: 'symbol', given: symbol, allowed });
}
