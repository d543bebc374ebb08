/** Market records with the fields that matter here; the others are blank. */
import type { AnyRecord, RecordOf, RecordType } from '../../schemas/generated/records.ts';

type Plain<R> = { readonly [K in keyof R]?: R[K] extends number ? number : R[K] };

const blanks: { readonly [T in RecordType]?: object } = {
  trade: {
    priceTicks: 1,
    quantityLots: 1,
    quoteAmount: 1,
    takerSide: 'buy',
    takerOrderId: 0,
    makerOrderId: 0,
    takerAccount: 100,
    makerAccount: 101,
    takerCumulativeLots: 0,
    takerOpenLots: 0,
    makerCumulativeLots: 0,
    makerOpenLots: 0,
    auction: false,
  },
  accepted: {
    account: 100,
    orderId: 1,
    side: 'buy',
    orderType: 'limit',
    timeInForce: 'gtc',
    postOnly: false,
    priceTicks: 1,
    quantityLots: 1,
    budget: 0,
    restingLots: 1,
    expiresAt: 0,
  },
  cancelled: {
    account: 100,
    orderId: 1,
    side: 'buy',
    priceTicks: 1,
    cancelledLots: 1,
    executedLots: 0,
    wasResting: true,
    reason: 'user',
  },
  amended: {
    account: 100,
    orderId: 1,
    side: 'buy',
    oldPriceTicks: 1,
    oldOpenLots: 1,
    priceTicks: 1,
    quantityLots: 1,
    openLots: 1,
    keptPriority: false,
  },
  prevented_match: {
    takerOrderId: 1,
    makerOrderId: 2,
    takerAccount: 100,
    makerAccount: 100,
    priceTicks: 1,
    quantityLots: 1,
    mode: 'decrement',
    takerOpenLots: 0,
    makerOpenLots: 0,
  },
  market_state: { state: 'trading', previousState: 'trading', until: 0, reason: '', requestedBy: '' },
};

/** A record of a type, e.g. `marketRecord('trade', { symbol: 1, seq: 7, priceTicks: 100 })`. */
export function marketRecord<T extends keyof typeof blanks>(type: T, fields: Plain<RecordOf<T>>): AnyRecord {
  return { type, symbol: 1, seq: 1, ...blanks[type], ...fields } as unknown as AnyRecord;
}
