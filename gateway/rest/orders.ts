/** Orders of an account: place, amend, cancel, cancel all, list, get. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type {
  AccountId,
  Amount,
  Micros,
  OrderId,
  Place,
  PriceTicks,
  QuantityLots,
  Sequence,
  SymbolId,
} from '../../schemas/generated/records.ts';
import type { GatewayParts, OrderPort } from '../ports.ts';
import { amount, SymbolDecimals } from './decimals.ts';
import { RequestRefused } from './errors.ts';
import { marketNamed } from './market-data.ts';
import { orderPayload } from './payloads.ts';
import { amendBody, checked, nothing, orderParams, ordersQuery, type PlaceBody, placeBody } from './request-shapes.ts';
import { submitCommand } from './submit-command.ts';

/** How long an order sent now may take to be judged, unless the exchange's own limit is shorter. */
const VALID_MICROS = 30_000_000;
const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export async function orderRoutes(
  app: FastifyInstance,
  parts: GatewayParts,
  accountOf: (request: FastifyRequest) => AccountId,
) {
  app.post('/v1/orders', async (request, reply) => {
    const account = accountOf(request);
    const place = placeOf(checked(placeBody, request.body), account, parts);
    const { own, sequence, duplicate } = await submitCommand(place, account, parts, traceOf(request));
    const told = own.find((record) => record.type === 'hold' || record.type === 'repeated');
    const orderId = told && 'orderId' in told ? told.orderId : 0;
    const order = parts.views.account(account).order({ orderId });
    reply.code(duplicate ? 200 : 201);
    return { ...(order ? orderPayload(order, parts) : { order_id: String(orderId) }), sequence, duplicate };
  });

  app.patch('/v1/orders/:order', async (request) => {
    const account = accountOf(request);
    const order = findOrder(request.params, account, parts);
    const body = checked(amendBody, request.body);
    if (body.price === undefined && body.quantity === undefined) {
      throw new RequestRefused({
        code: 'malformed',
        message: 'An amend names a new price, a new total quantity, or both.',
        field: 'price',
        allowed: 'price, quantity',
      });
    }
    const decimals = new SymbolDecimals(parts.views.markets.get(order.symbol)!.config);
    const { sequence } = await submitCommand(
      {
        type: 'amend',
        symbol: order.symbol,
        seq: 0 as Sequence,
        account,
        orderId: order.orderId as OrderId,
        clientOrderId: '',
        priceTicks: body.price === undefined ? (0 as PriceTicks) : decimals.price('price', body.price),
        quantityLots: body.quantity === undefined ? (0 as QuantityLots) : decimals.quantity('quantity', body.quantity),
        validUntil: validUntil(parts),
      },
      account,
      parts,
      traceOf(request),
    );
    return {
      ...orderPayload(parts.views.account(account).order({ orderId: order.orderId }) ?? order, parts),
      sequence,
    };
  });

  app.delete('/v1/orders/:order', async (request) => {
    const account = accountOf(request);
    const order = findOrder(request.params, account, parts);
    const { sequence } = await submitCommand(
      {
        type: 'cancel',
        symbol: order.symbol,
        seq: 0 as Sequence,
        account,
        orderId: order.orderId as OrderId,
        clientOrderId: '',
        validUntil: validUntil(parts),
      },
      account,
      parts,
      traceOf(request),
    );
    return {
      ...orderPayload(parts.views.account(account).order({ orderId: order.orderId }) ?? order, parts),
      sequence,
    };
  });

  app.delete('/v1/orders', async (request) => {
    const account = accountOf(request);
    const { symbol } = checked(ordersQuery, request.query);
    const symbolId = symbol === undefined ? (0 as SymbolId) : marketNamed(symbol, parts).config.symbol;
    const { own, sequence } = await submitCommand(
      {
        type: 'cancel_all',
        symbol: symbolId,
        seq: 0 as Sequence,
        account,
        reason: 'cancel_all',
        validUntil: validUntil(parts),
      },
      account,
      parts,
      traceOf(request),
    );
    return { cancelled: own.filter((record) => record.type === 'release' && record.openLots === 0).length, sequence };
  });

  app.get('/v1/orders', async (request) => {
    const account = accountOf(request);
    const { symbol } = checked(ordersQuery, request.query);
    const symbolId = symbol === undefined ? undefined : marketNamed(symbol, parts).config.symbol;
    const orders = parts.views.account(account).openOrders();
    return {
      orders: orders
        .filter((order) => symbolId === undefined || order.symbol === symbolId)
        .map((order) => orderPayload(order, parts)),
    };
  });

  app.get('/v1/orders/:order', async (request) => {
    checked(nothing, request.query);
    return orderPayload(findOrder(request.params, accountOf(request), parts), parts);
  });
}

function placeOf(body: PlaceBody, account: AccountId, parts: GatewayParts): Place {
  const { config } = marketNamed(body.symbol, parts);
  const decimals = new SymbolDecimals(config);
  const quote = parts.views.assets.get(config.quoteAsset)!;
  return {
    type: 'place',
    symbol: config.symbol,
    seq: 0 as Sequence,
    account,
    clientOrderId: body.client_order_id ?? parts.newId(),
    side: body.side,
    orderType: body.type,
    timeInForce: body.time_in_force ?? (body.type === 'market' ? 'ioc' : 'gtc'),
    postOnly: body.post_only ?? false,
    priceTicks: body.price === undefined ? (0 as PriceTicks) : decimals.price('price', body.price),
    quantityLots: body.quantity === undefined ? (0 as QuantityLots) : decimals.quantity('quantity', body.quantity),
    budget: body.budget === undefined ? (0 as Amount) : amount('budget', body.budget, quote),
    selfTradeMode: body.self_trade_mode ?? null,
    expiresAt: (body.expires_at === undefined ? 0 : Date.parse(body.expires_at) * 1000) as Micros,
    validUntil: validUntil(parts),
  };
}

/** Foreign and missing look alike: an order is looked up among the account's own. */
function findOrder(params: unknown, account: AccountId, parts: GatewayParts): OrderPort {
  const { order: name } = checked(orderParams, params);
  const view = parts.views.account(account);
  const order = name.startsWith('client:')
    ? view.order({ clientOrderId: name.slice('client:'.length) })
    : view.order({ orderId: Number(name) });
  if (order) return order;
  throw new RequestRefused({ code: 'unknown_order', message: 'There is no such order.', field: 'order', given: name });
}

function validUntil({ clock, commandExpiryMicros }: GatewayParts): Micros {
  return (clock.nowMicros() + Math.min(VALID_MICROS, commandExpiryMicros)) as Micros;
}

function traceOf(request: FastifyRequest): string | null {
  const given = request.headers.traceparent;
  return typeof given === 'string' && TRACEPARENT.test(given) ? given : null;
}
