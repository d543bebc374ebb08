/**
 * What a gateway sends over a socket: frames of channels, acknowledgements, and the word before it closes. Names are those
 * of REST: decimals and ids are strings, times ISO 8601 in UTC; `seq` and `prevSeq` are numbers.
 *
 * One contract on every channel: the first frame is a snapshot with `seq` S, the next has `prevSeq` S. A reader applies a
 * frame if `epoch` is its own and `prevSeq` is its `seq`, drops one whose `seq` it has, and otherwise asks again from where
 * it stands.
 */
import { z } from 'zod';
import { enumSymbols } from './generated/records.ts';
import { BOOK_DEPTHS } from './socket-requests.ts';

const decimal = z.string().regex(/^-?\d+(\.\d+)?$/);
const id = z.string().regex(/^(0|[1-9]\d{0,15})$/);
const instant = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3,6}Z$/);
const sequence = z.int().min(0);
const side = z.enum(enumSymbols.Side);
const symbolName = z.string();

export const tradePayload = z.strictObject({
  trade_id: id,
  price: decimal,
  quantity: decimal,
  taker_side: side,
  time: instant,
});
export type TradePayload = z.infer<typeof tradePayload>;

/** Price and quantity; in a delta a quantity of zero removes the level. */
export const levelPayload = z.tuple([decimal, decimal]);
export type LevelPayload = z.infer<typeof levelPayload>;

/** Best first. */
export const bookPayload = z.strictObject({ bids: z.array(levelPayload), asks: z.array(levelPayload) });
export type BookPayload = z.infer<typeof bookPayload>;

export const tickerPayload = z.strictObject({
  state: z.enum(enumSymbols.TradingState),
  last: decimal.nullable(),
  bid: decimal.nullable(),
  bid_quantity: decimal.nullable(),
  ask: decimal.nullable(),
  ask_quantity: decimal.nullable(),
  open_24h: decimal.nullable(),
  high_24h: decimal.nullable(),
  low_24h: decimal.nullable(),
  change_24h: decimal.nullable(),
  volume_24h: decimal,
  quote_volume_24h: decimal,
  trades_24h: z.int().min(0),
});
export type TickerPayload = z.infer<typeof tickerPayload>;

export const candlePayload = z.strictObject({
  opens_at: instant,
  open: decimal,
  high: decimal,
  low: decimal,
  close: decimal,
  volume: decimal,
  quote_volume: decimal,
  taker_buy_volume: decimal,
  taker_buy_quote_volume: decimal,
  vwap: decimal.nullable(),
  trades: z.int().min(0),
  first_trade_id: id.nullable(),
  last_trade_id: id.nullable(),
  closed: z.boolean(),
  version: z.int(),
});
export type CandlePayload = z.infer<typeof candlePayload>;

export const statusPayload = z.strictObject({
  state: z.enum(enumSymbols.TradingState),
  reason: z.string(),
  /** When a timed pause ends. */
  until: instant.nullable(),
  /** Where the auction would uncross now. */
  auction: z.strictObject({ price: decimal.nullable(), matched: decimal, surplus: decimal }).nullable(),
});
export type StatusPayload = z.infer<typeof statusPayload>;

export const orderPayload = z.strictObject({
  order_id: id,
  client_order_id: z.string(),
  symbol: symbolName,
  side,
  type: z.enum(enumSymbols.OrderType),
  time_in_force: z.enum(enumSymbols.TimeInForce),
  post_only: z.boolean(),
  price: decimal.nullable(),
  quantity: decimal.nullable(),
  budget: decimal.nullable(),
  executed: decimal,
  executed_quote: decimal,
  average_price: decimal.nullable(),
  fee: decimal,
  fee_asset: z.string().nullable(),
  status: z.enum(['open', 'filled', 'cancelled', 'rejected']),
  reason: z.string().nullable(),
  expires_at: instant.nullable(),
  placed_at: instant,
  updated_at: instant,
});
export type OrderPayload = z.infer<typeof orderPayload>;

const orderEvent = <const E extends string, S extends z.ZodRawShape>(event: E, shape: S) =>
  z.strictObject({
    event: z.literal(event),
    seq: sequence,
    time: instant,
    order_id: id,
    client_order_id: z.string(),
    ...shape,
  });

/** What happened to an order, or to a command about one; `seq` is the account's. */
export const orderEventPayload = z.discriminatedUnion('event', [
  orderEvent('placed', {
    symbol: symbolName,
    side,
    type: z.enum(enumSymbols.OrderType),
    time_in_force: z.enum(enumSymbols.TimeInForce),
    post_only: z.boolean(),
    price: decimal.nullable(),
    quantity: decimal.nullable(),
    budget: decimal.nullable(),
    expires_at: instant.nullable(),
  }),
  orderEvent('amended', { price: decimal.nullable(), quantity: decimal.nullable(), open: decimal }),
  orderEvent('filled', {
    trade_id: id,
    price: decimal,
    quantity: decimal,
    liquidity: z.enum(enumSymbols.Liquidity),
    fee: decimal,
    fee_asset: z.string(),
    /** Of the order so far. */
    executed: decimal,
    executed_quote: decimal,
    average_price: decimal.nullable(),
    open: decimal,
  }),
  /** Part of the order ended without trading, and the rest stays open. */
  orderEvent('reduced', { reason: z.string().nullable(), executed: decimal, open: decimal }),
  orderEvent('cancelled', { reason: z.string(), executed: decimal }),
  /** A refused `place` ends its order, where there was one; a refused amend or cancel leaves it as it was. */
  orderEvent('rejected', { command: z.enum(enumSymbols.CommandKind), reason: z.enum(enumSymbols.RejectReason) }),
]);
export type OrderEventPayload = z.infer<typeof orderEventPayload>;

export const fillPayload = z.strictObject({
  seq: sequence,
  trade_id: id,
  order_id: id,
  client_order_id: z.string(),
  symbol: symbolName,
  side,
  liquidity: z.enum(enumSymbols.Liquidity),
  price: decimal,
  quantity: decimal,
  quote: decimal,
  fee: decimal,
  fee_asset: z.string(),
  fee_version: z.int(),
  /** Of the order so far, and what of it is open now. */
  executed: decimal,
  open: decimal,
  time: instant,
});
export type FillPayload = z.infer<typeof fillPayload>;

export const balancePayload = z.strictObject({
  asset: z.string(),
  decimals: z.int().min(0),
  available: decimal,
  hold: decimal,
});
export type BalancePayload = z.infer<typeof balancePayload>;

/** What moved, signed; a reader adds it to what it has. */
export const balanceEventPayload = z.strictObject({
  seq: sequence,
  time: instant,
  cause: z.enum(['hold', 'release', 'fill', 'amended', 'rejected', 'deposit', 'withdrawal', 'adjustment']),
  order_id: id.nullable(),
  trade_id: id.nullable(),
  reference: z.string().nullable(),
  changes: z.array(z.strictObject({ asset: z.string(), available: decimal, hold: decimal })),
});
export type BalanceEventPayload = z.infer<typeof balanceEventPayload>;

const head = {
  epoch: z.string(),
  seq: sequence,
  prevSeq: sequence,
  /** Engine time of the newest record that the frame tells of. */
  time: instant,
};
/** Says how far the channel is while nothing happens: a reader that is not there has missed something. */
const beat = { ...head, type: z.literal('heartbeat'), trade_id: id.optional() };

interface ChannelShapes<C extends string, K extends z.ZodRawShape, S extends z.ZodType, D extends z.ZodType> {
  readonly channel: C;
  readonly key: K;
  readonly snapshot: S;
  readonly delta: D;
}

function frames<const C extends string, K extends z.ZodRawShape, S extends z.ZodType, D extends z.ZodType>({
  channel,
  key,
  snapshot,
  delta,
}: ChannelShapes<C, K, S, D>) {
  const name = { channel: z.literal(channel), ...key };
  return [
    z.strictObject({
      ...name,
      ...head,
      type: z.literal('snapshot'),
      /** The reader asked for what it missed, and this is not it: some of it is lost to this reader. */
      flagged: z.literal(true).optional(),
      /** CRC-32 of a book by Kraken's rule, after this frame. */
      checksum: z.int().min(0).max(0xffff_ffff).optional(),
      data: snapshot,
    }),
    z.strictObject({
      ...name,
      ...head,
      type: z.literal('delta'),
      checksum: z.int().min(0).max(0xffff_ffff).optional(),
      /** Frames that were merged into this one. */
      conflated: z.int().min(2).optional(),
      data: delta,
    }),
    z.strictObject({ ...name, ...beat }),
  ] as const;
}

const bySymbol = { symbol: symbolName };

export const framePayload = z.union([
  ...frames({ channel: 'trades', key: bySymbol, snapshot: z.array(tradePayload), delta: z.array(tradePayload) }),
  ...frames({
    channel: 'book',
    key: { ...bySymbol, depth: z.literal([...BOOK_DEPTHS]) },
    snapshot: bookPayload,
    delta: bookPayload,
  }),
  ...frames({ channel: 'ticker', key: bySymbol, snapshot: tickerPayload.nullable(), delta: tickerPayload }),
  ...frames({
    channel: 'candles',
    key: { ...bySymbol, interval: z.string() },
    snapshot: z.array(candlePayload),
    delta: z.array(candlePayload),
  }),
  ...frames({ channel: 'status', key: bySymbol, snapshot: statusPayload, delta: z.array(statusPayload) }),
  ...frames({ channel: 'pipeline', key: {}, snapshot: z.unknown(), delta: z.unknown() }),
  ...frames({ channel: 'orders', key: {}, snapshot: z.array(orderPayload), delta: z.array(orderEventPayload) }),
  ...frames({ channel: 'fills', key: {}, snapshot: z.array(fillPayload), delta: z.array(fillPayload) }),
  ...frames({
    channel: 'balances',
    key: {},
    snapshot: z.array(balancePayload),
    delta: z.array(balanceEventPayload),
  }),
]);
export type FramePayload = z.infer<typeof framePayload>;

export const CLOSING_REASONS = ['shutdown', 'too_slow', 'expired', 'revoked', 'flooding', 'overloaded'] as const;
export type ClosingReason = (typeof CLOSING_REASONS)[number];

/** The last message of a gateway: why it closes, and whether, and when, to come back. */
export const closingPayload = z.strictObject({
  reason: z.enum(CLOSING_REASONS),
  message: z.string(),
  /** Absent: the same credential will not be let in again. */
  retry_after_ms: z.int().min(0).optional(),
});
export type ClosingPayload = z.infer<typeof closingPayload>;

/** The error body of REST, without an id of a request. */
export const socketErrorPayload = z.strictObject({
  code: z.string(),
  message: z.string(),
  field: z.string().optional(),
  given: z.unknown().optional(),
  allowed: z.string().optional(),
  /** Where the refusal stands in the account's sequence, when it was the exchange that refused. */
  sequence: id.optional(),
  retry_after_ms: z.int().min(0).optional(),
});
export type SocketErrorPayload = z.infer<typeof socketErrorPayload>;

export type Refused = { readonly ok: false; readonly error: SocketErrorPayload };
export type Ack<T> = ({ readonly ok: true } & T) | Refused;

const refusedPayload = z.strictObject({ ok: z.literal(false), error: socketErrorPayload });
const ack = <S extends z.ZodRawShape>(shape: S) =>
  z.union([z.strictObject({ ok: z.literal(true), ...shape }), refusedPayload]);

/** What became of a command, durable: the order as it is after it. */
export const orderResultPayload = ack({
  /** Of the order; absent after `cancel_all`. */
  order_id: id.optional(),
  client_order_id: z.string().optional(),
  status: z.enum(['open', 'filled', 'cancelled', 'rejected', 'ended']).optional(),
  /** Why it is cancelled. */
  reason: z.string().optional(),
  executed: decimal.optional(),
  executed_quote: decimal.optional(),
  open: decimal.optional(),
  /** Orders that a `cancel_all` ended. */
  cancelled: z.int().min(0).optional(),
  /** Where the answer stands in the account's sequence. */
  sequence: id,
  /** The command was known; nothing happened again. */
  duplicate: z.boolean(),
});
export type OrderResultPayload = z.infer<typeof orderResultPayload>;

export const ackPayloads = {
  subscribe: ack({ id: z.string() }),
  unsubscribe: ack({}),
  orders: ack({ results: z.array(orderResultPayload) }),
  cancel_on_disconnect: ack({ enabled: z.boolean() }),
  renew: ack({ expires_at: instant }),
  time: ack({ time: instant }),
} as const;
export type AckOf<N extends keyof typeof ackPayloads> = z.infer<(typeof ackPayloads)[N]>;
