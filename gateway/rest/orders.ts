/** Orders of an account: place, amend, cancel, cancel all, list, get. */
import type { FastifyInstance, FastifyRequest } from 'fastify';
import type {
  AccountId,
  Amend,
  Amount,
  Micros,
  OrderId,
  Place,
  PriceTicks,
  QuantityLots,
  RejectReason,
  Sequence,
  SymbolId,
} from '../../schemas/generated/records.ts';
import type { GatewayParts, OrderPort } from '../ports.ts';
import { amount, SymbolDecimals } from './decimals.ts';
import { RequestRefused } from './errors.ts';
import { type AskedOrder, explainReject } from './explain-reject.ts';
import { marketNamed } from './market-data.ts';
import { orderPayload, unknownOutcomePayload } from './payloads.ts';
import {
  type AmendBody,
  amendBody,
  checked,
  nothing,
  orderParams,
  ordersQuery,
  type PlaceBody,
  placeBody,
} from './request-shapes.ts';
import { type Submission, submitCommand } from './submit-command.ts';

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
    checked(nothing, request.query);
    const body = checked(placeBody, request.body);
    const place = placeOf(body, account, parts);
    const { own, sequence, duplicate } = await submitCommand(
      place,
      parts,
      about(request, parts, place, { ...(request.body as object), client_order_id: place.clientOrderId }),
    );
    // The first of them is the order's own; later ones may be of orders of this account that it met.
    const told = own.find((record) => record.type === 'hold' || record.type === 'repeated');
    const orderId = told?.orderId ?? 0;
    const order = parts.views.account(account).order({ orderId });
    reply.code(duplicate ? 200 : 201);
    return {
      ...(order ? orderPayload(order, parts) : unknownOutcomePayload(orderId, place, parts)),
      sequence,
      duplicate,
    };
  });

  app.patch('/v1/orders/:order', async (request) => {
    const account = accountOf(request);
    checked(nothing, request.query);
    const order = findOrder(request.params, account, parts);
    const body = checked(amendBody, request.body);
    const amend = amendOf(body, order, account, parts);
    const asked = { side: order.side, ...body };
    const { sequence } = await submitCommand(amend, parts, about(request, parts, amend, asked));
    return { ...orderPayload(currentOf(order, account, parts), parts), sequence };
  });

  app.delete('/v1/orders/:order', async (request) => {
    const account = accountOf(request);
    checked(nothing, request.query);
    checked(nothing, request.body);
    const order = findOrder(request.params, account, parts);
    const cancel = {
      type: 'cancel',
      symbol: order.symbol,
      seq: 0 as Sequence,
      account,
      orderId: order.orderId as OrderId,
      clientOrderId: '',
      validUntil: validUntil(parts),
    } as const;
    const { sequence } = await submitCommand(cancel, parts, about(request, parts, cancel, {}));
    return { ...orderPayload(currentOf(order, account, parts), parts), sequence };
  });

  app.delete('/v1/orders', async (request) => {
    const account = accountOf(request);
    const { symbol } = checked(ordersQuery, request.query);
    checked(nothing, request.body);
    const cancelAll = {
      type: 'cancel_all',
      symbol: symbol === undefined ? (0 as SymbolId) : marketNamed(symbol, parts).config.symbol,
      seq: 0 as Sequence,
      account,
      reason: 'cancel_all',
      validUntil: validUntil(parts),
    } as const;
    const { own, sequence } = await submitCommand(cancelAll, parts, about(request, parts, cancelAll, {}));
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
    const account = accountOf(request);
    checked(nothing, request.query);
    return orderPayload(findOrder(request.params, account, parts), parts);
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
    budget: body.budget === undefined ? (0 as Amount) : amount('budget', body.budget, quote, 'notional_out_of_range'),
    selfTradeMode: body.self_trade_mode ?? null,
    expiresAt: body.expires_at ?? (0 as Micros),
    validUntil: validUntil(parts),
  };
}

function amendOf(body: AmendBody, order: OrderPort, account: AccountId, parts: GatewayParts): Amend {
  if (body.price === undefined && body.quantity === undefined) {
    const message = 'An amend names a new price, a new total quantity, or both.';
    throw new RequestRefused({ code: 'malformed', message, field: 'price', allowed: 'price, quantity' });
  }
  const decimals = new SymbolDecimals(parts.views.markets.get(order.symbol)!.config);
  return {
    type: 'amend',
    symbol: order.symbol,
    seq: 0 as Sequence,
    account,
    orderId: order.orderId as OrderId,
    clientOrderId: '',
    priceTicks: body.price === undefined ? (0 as PriceTicks) : decimals.price('price', body.price),
    quantityLots: body.quantity === undefined ? (0 as QuantityLots) : decimals.quantity('quantity', body.quantity),
    validUntil: validUntil(parts),
  };
}

function about(
  request: FastifyRequest,
  parts: GatewayParts,
  command: { readonly symbol: SymbolId; readonly account: AccountId },
  asked: AskedOrder,
): Submission {
  const given = request.headers.traceparent;
  return {
    traceparent: typeof given === 'string' && TRACEPARENT.test(given) ? given : null,
    explain: (reason: RejectReason) => {
      const { views } = parts;
      const config = views.markets.get(command.symbol)?.config;
      return config ? explainReject(reason, asked, { config, account: views.account(command.account), views }) : {};
    },
  };
}

/** Foreign and missing look alike: an order is looked up among the account's own. */
function findOrder(params: unknown, account: AccountId, parts: GatewayParts): OrderPort {
  const { order: named } = checked(orderParams, params);
  const order = parts.views.account(account).order(named);
  if (order) return order;
  const given = 'orderId' in named ? (params as { readonly order: string }).order : `client:${named.clientOrderId}`;
  throw new RequestRefused({ code: 'unknown_order', message: 'There is no such order.', field: 'order', given });
}

/** The order as it is after a command. */
function currentOf(order: OrderPort, account: AccountId, { views }: GatewayParts): OrderPort {
  return views.account(account).order({ orderId: order.orderId }) ?? order;
}

function validUntil({ clock, commandExpiryMicros }: GatewayParts): Micros {
  return (clock.nowMicros() + Math.min(VALID_MICROS, commandExpiryMicros)) as Micros;
}
