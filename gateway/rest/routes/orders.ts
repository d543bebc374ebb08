/** One order: place, amend, cancel, get; and all of them: list, cancel. */
import {
  cancelledAllAnswer,
  commandedOrderAnswer,
  ordersAnswer,
  orderWithFillsAnswer,
  placedAnswer,
} from '../answer-shapes.ts';
import { marketNamed } from '../find-market.ts';
import { changedPayload, placedPayload } from '../order-answers.ts';
import { amendOf, cancelAllOf, cancelOf, explainOrder, findOrder, placeOf } from '../order-commands.ts';
import { fillsOfOrder } from '../own-fills.ts';
import { findOwnOrder, ownOrders } from '../own-orders.ts';
import { fillPayload, orderPayload } from '../payloads.ts';
import { amendBody, cancelAllQuery, orderParams, ordersQuery, placeBody } from '../request-shapes.ts';
import { ok, route } from '../route.ts';
import { submitCommand } from '../submit-command.ts';
import { AMEND_REASONS, CANCEL_REASONS, PLACE_REASONS } from './order-reasons.ts';

const ORDERS = 100;

export const orderRoutes = [
  route({
    id: 'placeOrder',
    method: 'POST',
    path: '/v1/orders',
    subject: 'Orders',
    summary: 'place an order',
    says: 'Answered once the order and all it caused are durable. Sent again with the same `client_order_id`, it is answered with the first answer, and nothing happens twice. A market order is `ioc` unless it says `fok`; its `price`, if given, is the worst it may trade at.',
    access: 'trade',
    limit: { class: 'order', weight: 1 },
    body: placeBody,
    idempotency: 'client_order_id',
    answers: {
      201: { says: 'placed: resting, traded or ended', body: placedAnswer },
      200: { says: 'a duplicate: the same answer as the first time', body: placedAnswer },
    },
    refusals: PLACE_REASONS,
    examples: [
      {
        says: 'A limit order that rests',
        body: {
          symbol: 'BTC-USD',
          side: 'buy',
          type: 'limit',
          price: '{low}',
          quantity: '0.1',
          client_order_id: 'first',
        },
        status: 201,
      },
      {
        says: 'The same again: nothing happens twice',
        headers: { 'idempotency-key': 'first' },
        body: { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '{low}', quantity: '0.1' },
        status: 200,
      },
      {
        says: 'A budget at the market',
        body: { symbol: 'BTC-USD', side: 'buy', type: 'market', price: '{last}', budget: '100' },
        status: 201,
      },
      {
        says: 'A price off the tick',
        body: { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '1.0000001', quantity: '0.1' },
        status: 422,
      },
    ],
    async handle({ principal, body, given, traceparent }, parts) {
      const place = placeOf(body, principal, parts);
      const asked = { ...(given as object), client_order_id: place.clientOrderId };
      const answered = await submitCommand(place, parts, {
        traceparent,
        explain: explainOrder(place, asked, principal, parts),
      });
      return { status: answered.duplicate ? 200 : 201, body: placedPayload(answered, place, parts.views) };
    },
  }),

  route({
    id: 'amendOrder',
    method: 'PATCH',
    path: '/v1/orders/:order',
    subject: 'Orders',
    summary: 'amend: new `price`, new total `quantity`',
    says: 'A smaller quantity at the same price keeps the place in the queue; anything else goes to the back. A total at or below what is filled ends the order. Where it fails, the order stays as it was.',
    access: 'trade',
    limit: { class: 'order', weight: 1 },
    params: orderParams,
    body: amendBody,
    answers: { 200: { says: 'amended', body: commandedOrderAnswer } },
    refusals: AMEND_REASONS,
    examples: [
      {
        says: 'Less of it, in the same place',
        params: { order: 'client:first' },
        body: { quantity: '0.09' },
        status: 200,
      },
      { says: 'Nothing to amend', params: { order: 'client:first' }, body: {}, status: 400 },
    ],
    async handle({ principal, params, body, traceparent }, parts) {
      const order = findOrder(params.order, principal, parts);
      const amend = amendOf(body, order, principal, parts);
      const answered = await submitCommand(amend, parts, {
        traceparent,
        explain: explainOrder(amend, { side: order.side, ...body }, principal, parts, order),
      });
      return ok(changedPayload(answered, order, principal.account, parts.views));
    },
  }),

  route({
    id: 'cancelOrder',
    method: 'DELETE',
    path: '/v1/orders/:order',
    subject: 'Orders',
    summary: 'cancel',
    says: 'Never limited and never shed. Of an order that is open no more it says how it ended.',
    access: 'trade',
    limit: { class: 'cancel', weight: 1 },
    params: orderParams,
    answers: { 200: { says: 'cancelled', body: commandedOrderAnswer } },
    refusals: CANCEL_REASONS,
    examples: [
      { says: 'Cancel by client order id', params: { order: 'client:first' }, status: 200 },
      { says: 'It is open no more', params: { order: 'client:first' }, status: 409 },
      { says: 'An order that never was', params: { order: 'client:nobody' }, status: 404 },
    ],
    async handle({ principal, params, traceparent }, parts) {
      const order = findOrder(params.order, principal, parts);
      const cancel = cancelOf(order, principal, parts);
      const answered = await submitCommand(cancel, parts, {
        traceparent,
        explain: explainOrder(cancel, {}, principal, parts, order),
      });
      return ok(changedPayload(answered, order, principal.account, parts.views));
    },
  }),

  route({
    id: 'cancelAllOrders',
    method: 'DELETE',
    path: '/v1/orders',
    subject: 'Orders',
    summary: 'cancel all; `symbol`',
    access: 'trade',
    limit: { class: 'cancel', weight: 1 },
    query: cancelAllQuery,
    answers: { 200: { says: 'how many were cancelled', body: cancelledAllAnswer } },
    refusals: ['unknown_symbol', ...CANCEL_REASONS],
    examples: [
      { says: 'Out of one market', query: { symbol: 'BTC-USD' }, status: 200 },
      { says: 'Out of all markets', status: 200 },
    ],
    async handle({ principal, query, traceparent }, parts) {
      const cancelAll = cancelAllOf(query.symbol, principal, parts);
      const { own, sequence } = await submitCommand(cancelAll, parts, {
        traceparent,
        explain: explainOrder(cancelAll, {}, principal, parts),
      });
      const cancelled = own.filter((record) => record.type === 'release' && record.openLots === 0).length;
      return ok({ cancelled, sequence });
    },
  }),

  route({
    id: 'orders',
    method: 'GET',
    path: '/v1/orders',
    subject: 'Orders',
    summary: 'open orders, or ended ones by `status`; `symbol`, `limit` to 500, older ones by `cursor`',
    says: 'Newest first where ended ones are asked for, else in order of placement.',
    access: 'read',
    limit: { class: 'read', weight: 5 },
    query: ordersQuery,
    answers: { 200: { says: 'a page of orders', body: ordersAnswer } },
    refusals: ['unknown_symbol', 'unavailable'],
    examples: [
      { says: 'What is open?', status: 200 },
      { says: 'What came of the last ones?', query: { status: 'all', symbol: 'BTC-USD', limit: '10' }, status: 200 },
    ],
    async handle({ principal, query }, parts) {
      const symbol = query.symbol === undefined ? undefined : marketNamed(query.symbol, parts).config.symbol;
      const { items, next } = await ownOrders(
        principal.account,
        { status: query.status ?? 'open', symbol, cursor: query.cursor, limit: query.limit ?? ORDERS },
        parts,
      );
      return ok({ orders: items.map((order) => orderPayload(order, parts.views)), next_cursor: next });
    },
  }),

  route({
    id: 'order',
    method: 'GET',
    path: '/v1/orders/:order',
    subject: 'Orders',
    summary: 'one order with its fills',
    access: 'read',
    limit: { class: 'read', weight: 2 },
    params: orderParams,
    answers: { 200: { says: 'the order', body: orderWithFillsAnswer } },
    refusals: ['unknown_order', 'unavailable'],
    examples: [
      { says: 'By client order id', params: { order: 'client:first' }, status: 200 },
      { says: 'An order of nobody, or of somebody else', params: { order: '999999999' }, status: 404 },
    ],
    async handle({ principal, params }, parts) {
      const order = await findOwnOrder(params.order, principal.account, parts);
      const fills = await fillsOfOrder(order, principal.account, parts);
      return ok({
        ...orderPayload(order, parts.views),
        fills: fills.map((fill) => fillPayload(fill, parts.views)),
      });
    },
  }),
];
