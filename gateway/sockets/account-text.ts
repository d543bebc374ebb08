/** Records of an account as the JSON of its channels. */
import { shortDecimalOfUnits } from '../../schemas/decimal.ts';
import type {
  AnyRecord,
  AssetConfig,
  AssetId,
  BalanceChange,
  Fill,
  Hold,
  OrderAmended,
  Rejected,
  Release,
} from '../../schemas/generated/records.ts';
import type {
  BalanceEventPayload,
  BalancePayload,
  FillPayload,
  OrderEventPayload,
} from '../../schemas/socket-payloads.ts';
import type { FillPort, ViewPort } from '../ports.ts';
import { instantOfMicros } from '../rest/instants.ts';
import type { MarketText } from './market-text.ts';

export type AccountRecord = Hold | Fill | Release | OrderAmended | Rejected | BalanceChange;

export interface AccountEvent {
  readonly seq: number;
  readonly timeMicros: number;
  readonly record: AccountRecord;
}

/** What a fill is told from, as a record or as the view remembers it. */
export type FillTold = Omit<FillPort, 'correlationId'>;

const told: ReadonlySet<string> = new Set(['hold', 'fill', 'release', 'order_amended', 'rejected', 'balance_change']);

export function isAccountRecord(record: AnyRecord): record is AccountRecord {
  return told.has(record.type);
}

export class AccountText {
  readonly #views: ViewPort;
  readonly #textOf: (symbol: number) => MarketText;

  constructor(views: ViewPort, textOf: (symbol: number) => MarketText) {
    this.#views = views;
    this.#textOf = textOf;
  }

  orderEvent({ record, timeMicros }: AccountEvent): string | undefined {
    const payload = this.#orderEvent(record, instantOfMicros(timeMicros));
    return payload && JSON.stringify(payload);
  }

  fill({ record, timeMicros }: AccountEvent): string | undefined {
    return record.type === 'fill' ? JSON.stringify(this.rememberedFill({ ...record, timeMicros })) : undefined;
  }

  rememberedFill(fill: FillTold): FillPayload {
    const text = this.#textOf(fill.symbol);
    return {
      seq: fill.seq,
      trade_id: String(fill.tradeId),
      order_id: String(fill.orderId),
      client_order_id: fill.clientOrderId,
      symbol: text.config.name,
      side: fill.side,
      liquidity: fill.liquidity,
      price: text.price(fill.priceTicks),
      quantity: text.quantity(fill.quantityLots),
      quote: text.quote(fill.quoteAmount),
      fee: this.#amount(fill.fee, fill.feeAsset),
      fee_asset: this.#asset(fill.feeAsset),
      fee_version: fill.feeVersion,
      executed: text.quantity(fill.cumulativeLots),
      open: text.quantity(fill.openLots),
      time: instantOfMicros(fill.timeMicros),
    };
  }

  balance({ asset, name, decimals }: AssetConfig, available: number, hold: number): BalancePayload {
    return { asset: name, decimals, available: this.#amount(available, asset), hold: this.#amount(hold, asset) };
  }

  balanceEvent({ record, timeMicros }: AccountEvent): string | undefined {
    const moved = movementOf(record);
    if (moved === undefined) return undefined;
    const payload: BalanceEventPayload = {
      seq: record.seq,
      time: instantOfMicros(timeMicros),
      cause: moved.cause,
      order_id: 'orderId' in record && record.orderId > 0 ? String(record.orderId) : null,
      trade_id: record.type === 'fill' ? String(record.tradeId) : null,
      reference: record.type === 'balance_change' ? record.reference : null,
      changes: moved.changes
        .filter(([, available, hold]) => available !== 0 || hold !== 0)
        .map(([asset, available, hold]) => ({
          asset: this.#asset(asset),
          available: this.#amount(available, asset),
          hold: this.#amount(hold, asset),
        })),
    };
    return payload.changes.length === 0 ? undefined : JSON.stringify(payload);
  }

  #orderEvent(record: AccountRecord, time: string): OrderEventPayload | undefined {
    if (record.type === 'balance_change') return undefined;
    const about = {
      seq: record.seq,
      time,
      order_id: String(record.orderId),
      client_order_id: record.clientOrderId,
    } as const;
    switch (record.type) {
      case 'hold': {
        if (record.command !== 'place') return undefined;
        const text = this.#textOf(record.symbol);
        const byBudget = record.budget > 0;
        return {
          event: 'placed',
          ...about,
          symbol: text.config.name,
          side: record.side,
          type: record.orderType,
          time_in_force: record.timeInForce,
          post_only: record.postOnly,
          price: record.priceTicks > 0 ? text.price(record.priceTicks) : null,
          quantity: byBudget ? null : text.quantity(record.quantityLots),
          budget: byBudget ? text.quote(record.budget) : null,
          expires_at: record.expiresAt > 0 ? instantOfMicros(record.expiresAt) : null,
        };
      }
      case 'order_amended': {
        const text = this.#textOf(record.symbol);
        return {
          event: 'amended',
          ...about,
          price: record.priceTicks > 0 ? text.price(record.priceTicks) : null,
          quantity: record.quantityLots > 0 ? text.quantity(record.quantityLots) : null,
          open: text.quantity(record.openLots),
        };
      }
      case 'fill': {
        const text = this.#textOf(record.symbol);
        return {
          event: 'filled',
          ...about,
          trade_id: String(record.tradeId),
          price: text.price(record.priceTicks),
          quantity: text.quantity(record.quantityLots),
          liquidity: record.liquidity,
          fee: this.#amount(record.fee, record.feeAsset),
          fee_asset: this.#asset(record.feeAsset),
          executed: text.quantity(record.cumulativeLots),
          executed_quote: text.quote(record.cumulativeQuoteAmount),
          average_price: text.average(record.cumulativeLots, record.cumulativeQuoteAmount),
          open: text.quantity(record.openLots),
        };
      }
      case 'release': {
        const text = this.#textOf(record.symbol);
        const executed = text.quantity(record.executedLots);
        return record.openLots === 0
          ? { event: 'cancelled', ...about, reason: record.reason ?? '', executed }
          : { event: 'reduced', ...about, reason: record.reason, executed, open: text.quantity(record.openLots) };
      }
      case 'rejected':
        if (record.command === 'deposit' || record.command === 'withdraw' || record.command === 'adjust') {
          return undefined;
        }
        return { event: 'rejected', ...about, command: record.command, reason: record.reason };
    }
  }

  #asset(asset: number): string {
    return this.#views.assets.get(asset as AssetId)!.name;
  }

  #amount(units: number, asset: number): string {
    return shortDecimalOfUnits(units, this.#views.assets.get(asset as AssetId)!.decimals);
  }
}

interface Movement {
  readonly cause: BalanceEventPayload['cause'];
  /** Asset, change of available, change of hold. */
  readonly changes: readonly (readonly [asset: number, available: number, hold: number])[];
}

/** What a record moved, by the rules of the accounts log. */
export function movementOf(record: AccountRecord): Movement | undefined {
  switch (record.type) {
    case 'balance_change': {
      const cause = record.kind;
      return { cause, changes: [[record.asset, record.amount, 0]] };
    }
    case 'hold':
      return { cause: 'hold', changes: [[record.asset, -record.amount, record.amount]] };
    case 'release':
      return { cause: 'release', changes: [[record.asset, record.amount, -record.amount]] };
    case 'order_amended':
      return { cause: 'amended', changes: [[record.asset, record.released, -record.released]] };
    case 'rejected':
      if (record.released <= 0) return undefined;
      return { cause: 'rejected', changes: [[record.asset, record.released, -record.released]] };
    case 'fill': {
      const [held, got, amount] =
        record.side === 'buy'
          ? [record.quoteAsset, record.baseAsset, record.baseAmount]
          : [record.baseAsset, record.quoteAsset, record.quoteAmount];
      // `holdConsumed` has the fee in it where the fee is paid in what was held.
      return {
        cause: 'fill',
        changes: [
          [held, record.released, -(record.holdConsumed + record.released)],
          [got, amount - (record.feeAsset === got ? record.fee : 0), 0],
        ],
      };
    }
  }
}
