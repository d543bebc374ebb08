import type { OrderPort } from '../../ports.ts';
import { replacedAnswer } from '../answer-shapes.ts';
import { type Refusal, RequestRefused } from '../errors.ts';
import { placedPayload } from '../order-answers.ts';
import { cancelOf, explainOrder, findOrder, placeOf } from '../order-commands.ts';
import { orderPayload } from '../payloads.ts';
import { bodyOf } from '../plain-server.ts';
import { orderParams, placeBody } from '../request-shapes.ts';
import { route } from '../route.ts';
import { answerOf, submitCommand } from '../submit-command.ts';
import { CANCEL_REASONS, PLACE_REASONS } from './order-reasons.ts';

/** Ways in which a request takes an order out of the market; only then another one takes its place. */
const TAKEN_OUT: ReadonlySet<string> = new Set(['user', 'cancel_all']);

export const orderReplacementRoutes = [
  route({
    id: 'replaceOrder',
    method: 'POST',
    path: '/v1/orders/:order/replacement',
    subject: 'Orders',
    summary: 'cancel an order and place another one, whatever it is, where the cancel did it',
    says: 'Two commands, one after the other: others may trade between them. Nothing is placed where the old order had been filled or had ended otherwise; then it is `order_not_open` and says how. With a `client_order_id` it may be sent again: an order that was cancelled by the first time is cancelled, and the new one is placed once.',
    access: 'trade',
    limit: { class: 'order', weight: 2 },
    params: orderParams,
    body: placeBody,
    idempotency: 'client_order_id',
    answers: {
      201: { says: 'the old one is cancelled, and the new one placed', body: replacedAnswer },
      200: { says: 'the old one is cancelled; the new one was placed before, or refused', body: replacedAnswer },
    },
    refusals: [...new Set([...CANCEL_REASONS, ...PLACE_REASONS])],
    examples: [
      {
        says: 'The order "a" out, another one in',
        params: { order: 'client:a' },
        body: {
          symbol: 'BTC-USD',
          side: 'buy',
          type: 'limit',
          price: '{low}',
          quantity: '0.3',
          client_order_id: 'c',
        },
        status: 201,
      },
      {
        says: 'The same again: cancelled once, placed once',
        params: { order: 'client:a' },
        body: {
          symbol: 'BTC-USD',
          side: 'buy',
          type: 'limit',
          price: '{low}',
          quantity: '0.3',
          client_order_id: 'c',
        },
        status: 200,
      },
    ],
    async handle({ principal, params, body, given, traceparent, requestId }, parts) {
      const order = findOrder(params.order, principal, parts);
      // What could be refused without asking is refused before anything is cancelled.
      const place = placeOf(body, principal, parts);
      const current = (): OrderPort =>
        parts.views.account(principal.account).order({ orderId: order.orderId }) ?? order;
      const cancel = cancelOf(order, principal, parts);
      try {
        await submitCommand(cancel, parts, { traceparent, explain: explainOrder(cancel, {}, principal, parts, order) });
      } catch (error) {
        const goesOn =
          error instanceof RequestRefused &&
          error.refusal.code === 'order_not_open' &&
          current().status === 'cancelled' &&
          TAKEN_OUT.has(current().reason);
        if (!goesOn) throw error;
      }
      const asked = { ...(given as object), client_order_id: place.clientOrderId };
      const submitted = await parts.commands.submit(place, traceparent).catch(notTaken);
      const outcome = answerOf(submitted, principal.account, explainOrder(place, asked, principal, parts));
      const cancelled = orderPayload(current(), parts.views);
      if ('code' in outcome) {
        return { status: 200, body: { cancelled, placed: null, error: errorOf(outcome, requestId) } };
      }
      return {
        status: outcome.duplicate ? 200 : 201,
        body: { cancelled, placed: placedPayload(outcome, place, parts.views), error: null },
      };
    },
  }),
];

function errorOf(refusal: Refusal, requestId: string) {
  return bodyOf(refusal, requestId);
}

/** The old order is cancelled by now: that the new one was not taken is part of the answer. */
function notTaken(error: unknown): undefined {
  if ((error as Error).name === 'Overloaded') return undefined;
  throw error;
}
