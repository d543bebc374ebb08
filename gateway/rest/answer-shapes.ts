/** Shapes of answers. They document, and the tests hold every answer to them: no field more, none less. */
import { z } from 'zod';
import { enumSymbols } from '../../schemas/generated/records.ts';
import {
  candlePayload,
  fillPayload,
  orderPayload,
  tickerPayload,
  tradePayload,
} from '../../schemas/socket-payloads.ts';
import { amountAnswer, cursorAnswer, idAnswer, instantAnswer } from './field-shapes.ts';

const range = z.strictObject({ min: amountAnswer, max: amountAnswer });

export const errorAnswer = z
  .strictObject({
    code: z.string(),
    message: z.string(),
    field: z.string().optional(),
    given: z.unknown().optional(),
    allowed: z.string().optional(),
    request_id: z.string(),
    sequence: idAnswer.optional(),
  })
  .meta({ id: 'Error', description: 'The one body of every refusal.' });

export const timeAnswer = z.strictObject({ time: instantAnswer });

export const symbolAnswer = z
  .strictObject({
    symbol: z.string(),
    base: z.string(),
    quote: z.string(),
    tick: amountAnswer,
    lot: amountAnswer,
    price: range,
    quantity: range,
    notional: range,
    band_percent: amountAnswer,
    fees: z.string().describe('fee schedule'),
    self_trade_modes: z.array(z.enum(enumSymbols.SelfTradeMode)),
    default_self_trade_mode: z.enum(enumSymbols.SelfTradeMode),
    state: z.enum(enumSymbols.TradingState),
    state_reason: z.string(),
    takes: z.array(z.string()).describe('kinds of orders that this state takes'),
  })
  .meta({ id: 'Symbol' });

const levels = z.array(z.tuple([amountAnswer, amountAnswer])).describe('price and quantity, best first');
export const bookAnswer = z
  .strictObject({ symbol: z.string(), sequence: idAnswer, bids: levels, asks: levels })
  .meta({ id: 'Book' });

export const tradesAnswer = z.strictObject({
  symbol: z.string(),
  trades: z.array(tradePayload.meta({ id: 'Trade' })).describe('newest first'),
  next_cursor: cursorAnswer,
});

export const candlesAnswer = z.strictObject({
  symbol: z.string(),
  interval: z.string(),
  candles: z.array(candlePayload.meta({ id: 'Candle' })).describe('oldest first'),
  next_cursor: cursorAnswer.describe('for the page of older ones'),
});

export const tickerAnswer = z.strictObject({ symbol: z.string(), ...tickerPayload.shape }).meta({ id: 'Ticker' });

const orderFields = orderPayload.shape;
export const orderAnswer = z.strictObject(orderFields).meta({ id: 'Order' });

export const fillAnswer = z
  .strictObject({
    ...fillPayload.shape,
    average_price: amountAnswer.nullable().describe('of the order so far, rounded down'),
    command_id: idAnswer.describe('position of the command that caused it'),
  })
  .meta({ id: 'Fill' });

export const orderWithFillsAnswer = z.strictObject({ ...orderFields, fills: z.array(fillAnswer) });

const sequence = idAnswer.describe("where the answer stands in the account's own sequence of events");
export const commandedOrderAnswer = z
  .strictObject({ ...orderFields, sequence, duplicate: z.boolean().optional() })
  .meta({ id: 'CommandedOrder' });
/** A repeated order that ended so long ago that only its id is known. */
export const endedOrderAnswer = z
  .strictObject({
    order_id: idAnswer,
    client_order_id: z.string(),
    symbol: z.string(),
    side: z.enum(enumSymbols.Side),
    type: z.enum(enumSymbols.OrderType),
    status: z.literal('ended'),
    sequence,
    duplicate: z.boolean(),
  })
  .meta({ id: 'EndedOrder' });
export const placedAnswer = z.union([commandedOrderAnswer, endedOrderAnswer]);

export const batchAnswer = z.strictObject({
  results: z
    .array(
      z.strictObject({
        status: z.int().describe('what this order alone would have been answered with'),
        order: placedAnswer.nullable(),
        error: errorAnswer.nullable(),
      }),
    )
    .describe('one an order, in their order'),
});

export const testedAnswer = z.strictObject({
  would_be: z.enum(['accepted', 'refused']),
  error: errorAnswer.nullable(),
  hold: z.strictObject({ asset: z.string(), amount: amountAnswer }).nullable().describe('what would be held for it'),
});

export const replacedAnswer = z.strictObject({
  cancelled: orderAnswer,
  placed: placedAnswer.nullable(),
  error: errorAnswer.nullable().describe('why nothing was placed, where nothing was'),
});

export const cancelledAllAnswer = z.strictObject({ cancelled: z.int(), sequence });

export const ordersAnswer = z.strictObject({ orders: z.array(orderAnswer), next_cursor: cursorAnswer });
export const fillsAnswer = z.strictObject({
  fills: z.array(fillAnswer).describe('newest first'),
  next_cursor: cursorAnswer,
});

export const feesAnswer = z.strictObject({
  fees: z.array(
    z
      .strictObject({
        symbol: z.string(),
        schedule: z.string(),
        version: z.int(),
        maker_bps: amountAnswer,
        taker_bps: amountAnswer,
        fee_in: z.enum(enumSymbols.FeeAsset),
      })
      .meta({ id: 'Fee' }),
  ),
});

export const ledgerAnswer = z.strictObject({
  entries: z.array(
    z
      .strictObject({
        entry_id: idAnswer,
        kind: z.enum(enumSymbols.EntryKind),
        time: instantAnswer,
        symbol: z.string().nullable(),
        trade_id: idAnswer.nullable(),
        command_id: idAnswer.nullable().describe('position of the command behind it; null where many were netted'),
        first_offset: idAnswer.describe('of the records of the accounts log that it books'),
        last_offset: idAnswer,
        reference: z.string().nullable().describe('id of a deposit, withdrawal or adjustment'),
        reason: z.string().nullable(),
        changes: z.array(
          z.strictObject({ asset: z.string(), ledger_account: z.enum(['available', 'hold']), amount: amountAnswer }),
        ),
      })
      .meta({ id: 'LedgerEntry' }),
  ),
  next_cursor: cursorAnswer,
});

const balance = z
  .strictObject({ asset: z.string(), available: amountAnswer, hold: amountAnswer, total: amountAnswer })
  .meta({ id: 'Balance' });
const balancesFields = { account: idAnswer, sequence, balances: z.array(balance) };
export const balancesAnswer = z.strictObject(balancesFields);
export const depositAnswer = z.strictObject({ ...balancesFields, deposit_id: z.string(), duplicate: z.boolean() });
export const withdrawalAnswer = z.strictObject({
  ...balancesFields,
  withdrawal_id: z.string(),
  duplicate: z.boolean(),
});
