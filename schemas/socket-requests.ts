/**
 * What a client sends over a socket, strictly: an unknown field is a refusal and nothing is coerced. Each is the one
 * argument of a socket.io event of that name, answered by an acknowledgement ({@link Ack}). Prices and amounts are decimal
 * strings, as in REST; the only numbers are a depth and a sequence.
 */
import { z } from 'zod';
import { enumSymbols } from './generated/records.ts';

/** Depths in which a book is served; each is one view, built once for all its readers. */
export const BOOK_DEPTHS = [10, 50, 500] as const;
export type BookDepth = (typeof BOOK_DEPTHS)[number];
/** Items of one `orders` message. */
export const ORDER_ITEMS_MAX = 20;

const text = (form: RegExp, allowed: string) => z.string(allowed).regex(form, allowed);
const word = <const W extends readonly [string, ...string[]]>(words: W) => z.enum(words, words.join(', '));

const decimal = text(/^(0|[1-9]\d{0,17})(\.\d{1,18})?$/, 'a decimal string such as "0.25"');
const symbolName = text(/^[A-Z][A-Z0-9]{1,9}-[A-Z][A-Z0-9]{1,9}$/, 'a symbol such as "BTC-USD"');
const intervalName = text(/^\d{1,2}[smhdwM]$/, 'an interval such as "1m"');
const clientId = text(/^[A-Za-z0-9_.:-]{1,36}$/, '1 to 36 of letters, digits and _ . : -');
const orderName = text(
  /^([1-9]\d{0,15}|client:[A-Za-z0-9_.:-]{1,36})$/,
  'an order id, or client: and a client order id',
);
const instantText = z.string('a time such as "2026-01-31T12:00:00Z"').max(40, 'a time such as "2026-01-31T12:00:00Z"');
const SEQUENCE_ALLOWED = 'a whole number from 0 to 2^53 - 1';
const sequence = z
  .number(SEQUENCE_ALLOWED)
  .refine((value) => Number.isSafeInteger(value) && value >= 0 && !Object.is(value, -0), SEQUENCE_ALLOWED);

/** Where a reader stands: what came after is sent. Left out: a snapshot. */
const resume = {
  epoch: text(/^[A-Za-z0-9._-]{1,64}$/, 'an epoch as a frame named it').optional(),
  seq: sequence.optional(),
};

const symbolChannel = <const C extends string>(channel: C) =>
  z.strictObject({ channel: z.literal(channel), symbol: symbolName, ...resume });
const ownChannel = <const C extends string>(channel: C) => z.strictObject({ channel: z.literal(channel), ...resume });

export const CHANNELS = [
  'trades',
  'book',
  'ticker',
  'candles',
  'status',
  'pipeline',
  'orders',
  'fills',
  'balances',
] as const;
export type Channel = (typeof CHANNELS)[number];
/** Channels of the account that the socket belongs to. */
export const PRIVATE_CHANNELS = ['orders', 'fills', 'balances'] as const satisfies readonly Channel[];
export type PrivateChannel = (typeof PRIVATE_CHANNELS)[number];

export const subscribeRequest = z.discriminatedUnion(
  'channel',
  [
    symbolChannel('trades'),
    z.strictObject({
      channel: z.literal('book'),
      symbol: symbolName,
      depth: z.literal([...BOOK_DEPTHS], BOOK_DEPTHS.join(', ')).optional(),
      ...resume,
    }),
    symbolChannel('ticker'),
    z.strictObject({ channel: z.literal('candles'), symbol: symbolName, interval: intervalName, ...resume }),
    symbolChannel('status'),
    ownChannel('pipeline'),
    ownChannel('orders'),
    ownChannel('fills'),
    ownChannel('balances'),
  ],
  CHANNELS.join(', '),
);
export type SubscribeRequest = z.infer<typeof subscribeRequest>;

/** `id` is what the acknowledgement of `subscribe` named. */
export const unsubscribeRequest = z.strictObject({ id: text(/^[A-Za-z0-9:-]{1,64}$/, 'the id of a subscription') });
export type UnsubscribeRequest = z.infer<typeof unsubscribeRequest>;

export const placeItem = z.strictObject({
  op: z.literal('place'),
  symbol: symbolName,
  side: word(enumSymbols.Side),
  type: word(enumSymbols.OrderType),
  time_in_force: word(enumSymbols.TimeInForce).optional(),
  price: decimal.optional(),
  quantity: decimal.optional(),
  budget: decimal.optional(),
  post_only: z.boolean('true or false').optional(),
  self_trade_mode: word(enumSymbols.SelfTradeMode).optional(),
  expires_at: instantText.optional(),
  client_order_id: clientId.optional(),
});
export type PlaceItem = z.infer<typeof placeItem>;

/** `quantity` is the new total. */
export const amendItem = z.strictObject({
  op: z.literal('amend'),
  order: orderName,
  price: decimal.optional(),
  quantity: decimal.optional(),
});
export type AmendItem = z.infer<typeof amendItem>;

export const cancelItem = z.strictObject({ op: z.literal('cancel'), order: orderName });
export type CancelItem = z.infer<typeof cancelItem>;

/** Every open order of the account, or those of one symbol. */
export const cancelAllItem = z.strictObject({ op: z.literal('cancel_all'), symbol: symbolName.optional() });
export type CancelAllItem = z.infer<typeof cancelAllItem>;

export const orderItem = z.discriminatedUnion(
  'op',
  [placeItem, amendItem, cancelItem, cancelAllItem],
  'place, amend, cancel, cancel_all',
);
export type OrderItem = z.infer<typeof orderItem>;

/** Items are judged one by one, in order: a broken one has a result of its own and harms no other. */
export const ordersRequest = z.strictObject({
  items: z
    .array(z.unknown(), `1 to ${ORDER_ITEMS_MAX} items`)
    .min(1, `1 to ${ORDER_ITEMS_MAX} items`)
    .max(ORDER_ITEMS_MAX, `1 to ${ORDER_ITEMS_MAX} items`),
});
export interface OrdersRequest {
  readonly items: readonly OrderItem[];
}

/** Asks that every open order of the account be cancelled when this socket ends, however it ends. */
export const cancelOnDisconnectRequest = z.strictObject({ enabled: z.boolean('true or false') });
export type CancelOnDisconnectRequest = z.infer<typeof cancelOnDisconnectRequest>;

/** A newer token of the same session, before the one of the handshake expires. */
export const renewRequest = z.strictObject({
  authorization: text(/^Bearer [A-Za-z0-9._~+/-]{1,4096}=*$/, '"Bearer " and a token'),
});
export type RenewRequest = z.infer<typeof renewRequest>;

/** Asks for the time of the exchange: what a client measures its distance with. */
export const timeRequest = z.strictObject({});
export type TimeRequest = z.infer<typeof timeRequest>;

export const socketRequests = {
  subscribe: subscribeRequest,
  unsubscribe: unsubscribeRequest,
  orders: ordersRequest,
  cancel_on_disconnect: cancelOnDisconnectRequest,
  renew: renewRequest,
  time: timeRequest,
} as const;
export type SocketRequestName = keyof typeof socketRequests;
