/** What is told of an order that a command was about. */
import type { Place } from '../../schemas/generated/records.ts';
import type { OrderPort, ViewPort } from '../ports.ts';
import { orderPayload, unknownOutcomePayload } from './payloads.ts';
import type { Answered } from './submit-command.ts';

/** Of a `place`: the order as it is now, or only its id where it ended long ago. */
export function placedPayload({ own, sequence, duplicate }: Answered, place: Place, views: ViewPort) {
  // The first of them is the order's own; later ones may be of orders of this account that it met.
  const told = own.find((record) => record.type === 'hold' || record.type === 'repeated');
  const orderId = told?.orderId ?? 0;
  const order = views.account(place.account).order({ orderId });
  return {
    ...(order ? orderPayload(order, views) : unknownOutcomePayload(orderId, place, views)),
    sequence,
    duplicate,
  };
}

/** Of an amend or a cancel. */
export function changedPayload({ sequence }: Answered, order: OrderPort, account: Place['account'], views: ViewPort) {
  const current = views.account(account).order({ orderId: order.orderId }) ?? order;
  return { ...orderPayload(current, views), sequence };
}
