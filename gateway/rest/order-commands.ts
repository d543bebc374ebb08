/** Requests about orders as the records that ask the exchange for it. */
import type {
  Amend,
  Amount,
  Cancel,
  CancelAll,
  Micros,
  OrderId,
  Place,
  PriceTicks,
  QuantityLots,
  RejectReason,
  Sequence,
  SymbolId,
} from '../../schemas/generated/records.ts';
import type { Principal } from '../identity/principal.ts';
import type { GatewayParts, OrderPort } from '../ports.ts';
import { amount, SymbolDecimals } from './decimals.ts';
import { RequestRefused } from './errors.ts';
import { type AskedOrder, type Explanation, explainReject } from './explain-reject.ts';
import type { OrderName } from './field-shapes.ts';
import { marketNamed } from './find-market.ts';
import type { AmendBody, PlaceBody } from './request-shapes.ts';

/** How long an order sent now may take to be judged, unless the exchange's own limit is shorter. */
const VALID_MICROS = 30_000_000;

export type CommandParts = Pick<GatewayParts, 'views' | 'clock' | 'commandExpiryMicros' | 'newId'>;
export type Commander = Pick<Principal, 'account' | 'signed'>;

/** `item`: where one request makes several orders, the number of this one. */
export function placeOf(body: PlaceBody, by: Commander, parts: CommandParts, item?: number): Place {
  const { config } = marketNamed(body.symbol, parts);
  const decimals = new SymbolDecimals(config);
  const quote = parts.views.assets.get(config.quoteAsset)!;
  return {
    type: 'place',
    symbol: config.symbol,
    seq: 0 as Sequence,
    account: by.account,
    clientOrderId: body.client_order_id ?? idFor(by, parts, item),
    side: body.side,
    orderType: body.type,
    timeInForce: body.time_in_force ?? (body.type === 'market' ? 'ioc' : 'gtc'),
    postOnly: body.post_only ?? false,
    priceTicks: body.price === undefined ? (0 as PriceTicks) : decimals.price('price', body.price),
    quantityLots: body.quantity === undefined ? (0 as QuantityLots) : decimals.quantity('quantity', body.quantity),
    budget: body.budget === undefined ? (0 as Amount) : amount('budget', body.budget, quote, 'notional_out_of_range'),
    selfTradeMode: body.self_trade_mode ?? null,
    expiresAt: body.expires_at ?? (0 as Micros),
    validUntil: validUntil(by, parts),
  };
}

export function amendOf(
  body: AmendBody,
  order: Pick<OrderPort, 'symbol' | 'orderId'>,
  by: Commander,
  parts: CommandParts,
): Amend {
  if (body.price === undefined && body.quantity === undefined) {
    const message = 'An amend names a new price, a new total quantity, or both.';
    throw new RequestRefused({ code: 'malformed', message, field: 'price', allowed: 'price, quantity' });
  }
  const decimals = new SymbolDecimals(parts.views.markets.get(order.symbol)!.config);
  return {
    type: 'amend',
    symbol: order.symbol,
    seq: 0 as Sequence,
    account: by.account,
    orderId: order.orderId as OrderId,
    clientOrderId: '',
    priceTicks: body.price === undefined ? (0 as PriceTicks) : decimals.price('price', body.price),
    quantityLots: body.quantity === undefined ? (0 as QuantityLots) : decimals.quantity('quantity', body.quantity),
    validUntil: validUntil(by, parts),
  };
}

export function cancelOf(order: OrderPort, by: Commander, parts: CommandParts): Cancel {
  return {
    type: 'cancel',
    symbol: order.symbol,
    seq: 0 as Sequence,
    account: by.account,
    orderId: order.orderId as OrderId,
    clientOrderId: '',
    validUntil: validUntil(by, parts),
  };
}

export function cancelAllOf(symbol: string | undefined, by: Commander, parts: CommandParts): CancelAll {
  return {
    type: 'cancel_all',
    symbol: symbol === undefined ? (0 as SymbolId) : marketNamed(symbol, parts).config.symbol,
    seq: 0 as Sequence,
    account: by.account,
    reason: 'cancel_all',
    validUntil: validUntil(by, parts),
  };
}

/** An id of the command's own: a signed request that comes again is then the same command. */
export function idFor({ signed }: Commander, { newId }: Pick<CommandParts, 'newId'>, item?: number): string {
  if (!signed) return newId();
  return item === undefined ? signed.requestId : `${signed.requestId}-${item}`;
}

function validUntil({ signed }: Commander, { clock, commandExpiryMicros }: CommandParts): Micros {
  const until = clock.nowMicros() + Math.min(VALID_MICROS, commandExpiryMicros);
  return Math.min(until, signed?.validUntilMicros ?? until) as Micros;
}

/** Foreign and missing look alike: an order is looked up among the account's own. */
export function findOrder(named: OrderName, by: Commander, { views }: CommandParts): OrderPort {
  const order = views.account(by.account).order(named);
  if (order) return order;
  const { given } = named;
  throw new RequestRefused({ code: 'unknown_order', message: 'There is no such order.', field: 'order', given });
}

/** What a reason of the exchange means in the words of a request about an order of this symbol. */
export function explainOrder(
  { symbol }: { readonly symbol: SymbolId },
  asked: AskedOrder,
  by: Commander,
  { views }: CommandParts,
  order?: OrderPort,
): (reason: RejectReason) => Explanation {
  return (reason) => {
    if (reason === 'order_not_open' && order) {
      const { status, reason: why } = views.account(by.account).order({ orderId: order.orderId }) ?? order;
      const state = why === '' ? status : `${status} (${why})`;
      return { field: 'order', given: String(order.orderId), allowed: `an order that is open; this one is ${state}` };
    }
    const config = views.markets.get(symbol)?.config;
    return config ? explainReject(reason, asked, { config, account: views.account(by.account), views }) : {};
  };
}
