/** Reasons of the exchange that a command about orders may be refused with: taken out of the closed list, none of its own. */
import { enumSymbols, type RejectReason } from '../../../schemas/generated/records.ts';
import type { GatewayCode } from '../errors.ts';

type Reasons = readonly (GatewayCode | RejectReason)[];

const NOT_OF_PLACES: ReadonlySet<RejectReason> = new Set(['unknown_order', 'order_not_open']);
const COMMON: Reasons = ['command_expired', 'account_disabled', 'account_not_permitted', 'overloaded', 'answer_late'];

export const PLACE_REASONS: Reasons = [
  ...enumSymbols.RejectReason.filter((reason) => !NOT_OF_PLACES.has(reason)),
  'overloaded',
  'answer_late',
];
export const AMEND_REASONS: Reasons = [
  ...enumSymbols.RejectReason.filter((reason) => reason !== 'unknown_symbol' && reason !== 'client_order_id_reused'),
  'overloaded',
  'answer_late',
];
export const CANCEL_REASONS: Reasons = ['unknown_order', 'order_not_open', 'market_delisted', ...COMMON];
