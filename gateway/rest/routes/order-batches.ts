import type { Place } from '../../../schemas/generated/records.ts';
import type { GatewayParts } from '../../ports.ts';
import { batchAnswer } from '../answer-shapes.ts';
import { type Refusal, RequestRefused, statusOf } from '../errors.ts';
import { placedPayload } from '../order-answers.ts';
import { type Commander, explainOrder, placeOf } from '../order-commands.ts';
import { bodyOf } from '../plain-server.ts';
import { BATCH_MAX, batchBody, checked, placeBody } from '../request-shapes.ts';
import { ok, route } from '../route.ts';
import { answerOf } from '../submit-command.ts';

/** An order of a batch on its way: made into a command, or refused before it was one. */
type Item = { readonly place: Place; readonly asked: object } | { readonly refusal: Refusal };

export const orderBatchRoutes = [
  route({
    id: 'placeOrders',
    method: 'POST',
    path: '/v1/orders/batch',
    subject: 'Orders',
    summary: `place up to ${BATCH_MAX} orders, each judged alone, with a result each`,
    says: 'In their order, with nothing of anybody else promised between them or kept out. An order that is refused, even for its form, leaves the others as they are. The answer comes when all that they caused is durable.',
    access: 'trade',
    limit: { class: 'order', weight: weightOf },
    body: batchBody,
    answers: { 200: { says: 'a result an order', body: batchAnswer } },
    refusals: ['answer_late'],
    examples: [
      {
        says: 'Two that rest, and one that is refused',
        body: {
          orders: [
            { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '{low}', quantity: '0.1', client_order_id: 'a' },
            { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '{low}', quantity: '0.2', client_order_id: 'b' },
            { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '{low}', quantity: '0' },
          ],
        },
        status: 200,
      },
      { says: 'No order at all', body: { orders: [] }, status: 400 },
    ],
    async handle({ principal, body, traceparent, requestId }, parts) {
      const items = body.orders.map((order, index) => itemOf(order, index, principal, parts));
      const places = items.flatMap((item) => ('place' in item ? [item.place] : []));
      const submitted = places.length === 0 ? [] : await parts.commands.submitBatch(places, traceparent);
      let next = 0;
      const results = items.map((item) => {
        if ('refusal' in item) return refusedResult(item.refusal, requestId);
        const { place, asked } = item;
        const outcome = answerOf(submitted[next++], place.account, explainOrder(place, asked, principal, parts));
        if ('code' in outcome) return refusedResult(outcome, requestId);
        return {
          status: outcome.duplicate ? 200 : 201,
          order: placedPayload(outcome, place, parts.views),
          error: null,
        };
      });
      return ok({ results });
    },
  }),
];

function itemOf(order: unknown, index: number, principal: Commander, parts: GatewayParts): Item {
  try {
    const place = placeOf(checked(placeBody, order, 'order'), principal, parts, index);
    return { place, asked: { ...(order as object), client_order_id: place.clientOrderId } };
  } catch (error) {
    if (error instanceof RequestRefused) return { refusal: error.refusal };
    throw error;
  }
}

function refusedResult(refusal: Refusal, requestId: string) {
  return { status: statusOf(refusal.code), order: null, error: bodyOf(refusal, requestId) };
}

function weightOf(body: unknown): number {
  const orders = (body as { readonly orders?: unknown } | undefined)?.orders;
  return Array.isArray(orders) ? Math.min(Math.max(orders.length, 1), BATCH_MAX) : 1;
}
