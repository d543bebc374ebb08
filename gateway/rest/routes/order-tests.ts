import { testedAnswer } from '../answer-shapes.ts';
import { RequestRefused, reasonSentences } from '../errors.ts';
import { foreseeOrder } from '../foresee-order.ts';
import { explainOrder, placeOf } from '../order-commands.ts';
import { wideAmount } from '../payloads.ts';
import { bodyOf } from '../plain-server.ts';
import { placeBody } from '../request-shapes.ts';
import { ok, route } from '../route.ts';

export const orderTestRoutes = [
  route({
    id: 'testOrder',
    method: 'POST',
    path: '/v1/orders/test',
    subject: 'Orders',
    summary: 'check an order without placing it: would it be taken, and what would be held',
    says: 'The checks of the exchange in their order, on what is durable now. Nothing reaches a log. How many orders a second an account sends, and how full the book is, only a real order learns.',
    access: 'trade',
    limit: { class: 'read', weight: 1 },
    body: placeBody,
    idempotency: 'client_order_id',
    answers: { 200: { says: 'what would become of it', body: testedAnswer } },
    refusals: ['unknown_symbol'],
    examples: [
      {
        says: 'It would be taken',
        body: { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '{low}', quantity: '0.1' },
        status: 200,
      },
      {
        says: 'More than there is',
        body: { symbol: 'BTC-USD', side: 'sell', type: 'limit', price: '{last}', quantity: '9' },
        status: 200,
      },
    ],
    handle({ principal, body, given, requestId }, parts) {
      try {
        const place = placeOf(body, principal, parts);
        const { refusal, hold } = foreseeOrder(place, parts.views, parts.clock.nowMicros());
        const { config } = parts.views.markets.get(place.symbol)!;
        const asset = parts.views.assets.get(place.side === 'buy' ? config.quoteAsset : config.baseAsset)!;
        const explain = explainOrder(place, given as object, principal, parts);
        return ok({
          would_be: refusal === undefined ? 'accepted' : 'refused',
          error:
            refusal === undefined
              ? null
              : bodyOf({ code: refusal, message: reasonSentences[refusal], ...explain(refusal) }, requestId),
          hold: hold === undefined ? null : { asset: asset.name, amount: wideAmount(hold, asset) },
        });
      } catch (error) {
        // Refused before the exchange would have been asked: that too is what would become of it.
        if (!(error instanceof RequestRefused) || error.refusal.code === 'unknown_symbol') throw error;
        return ok({ would_be: 'refused', error: bodyOf(error.refusal, requestId), hold: null });
      }
    },
  }),
];
