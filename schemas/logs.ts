/** Which records a log, or a port, may carry: the names at run time and their union as a type. */
import type { AnyRecord, RecordOf, RecordType } from './generated/records.ts';

declare const recordBrand: unique symbol;

/** `RecordSet<Trade>` cannot stand where a `RecordSet<Place>` is wanted: wrong wiring does not compile. */
export interface RecordSet<R extends AnyRecord> {
  readonly name: string;
  readonly types: readonly R['type'][];
  has(record: AnyRecord): record is R;
  /** For the compiler alone: there is no such property. */
  readonly [recordBrand]?: R;
}

/** Declares a set under the name that graphs and messages show. */
export function recordSet<const T extends readonly RecordType[]>(
  name: string,
  types: T,
): RecordSet<RecordOf<T[number]>> {
  const members: ReadonlySet<string> = new Set(types);
  return Object.freeze({
    name,
    types: Object.freeze([...types]) as RecordSet<RecordOf<T[number]>>['types'],
    has: (record: AnyRecord): record is RecordOf<T[number]> => members.has(record.type),
  });
}

/** Records of a set. */
export type RecordsIn<Set> = Set extends RecordSet<infer R> ? R : never;

/** Inbox of ingest and risk, by account: commands of clients and, on the way back, what match says. */
export const AccountCommand = recordSet('AccountCommand', [
  'place',
  'amend',
  'cancel',
  'cancel_all',
  'deposit',
  'withdraw',
  'adjust',
  'execution',
  'order_update',
  'reference_price',
  'asset_config',
  'symbol_config',
  'fee_config',
  'limit_config',
  'admission_config',
  'admin',
  'tick',
]);
export type AccountCommand = RecordsIn<typeof AccountCommand>;

/** Inbox of match, by symbol: what risk admitted. */
export const OrderCommand = recordSet('OrderCommand', [
  'admitted_place',
  'admitted_amend',
  'admitted_cancel',
  'admitted_cancel_all',
  'symbol_config',
  'admin',
  'tick',
]);
export type OrderCommand = RecordsIn<typeof OrderCommand>;

/** What happened to a symbol. */
export const MarketEvent = recordSet('MarketEvent', [
  'accepted',
  'trade',
  'cancelled',
  'amended',
  'rejected',
  'prevented_match',
  'cancel_all_done',
  'market_state',
  'auction_indicative',
  'reference_price',
  'symbol_config',
  'tick',
  'checkpoint',
]);
export type MarketEvent = RecordsIn<typeof MarketEvent>;

/** What happened to an account. */
export const AccountEvent = recordSet('AccountEvent', [
  'rejected',
  'hold',
  'fill',
  'release',
  'order_amended',
  'balance_change',
  'repeated',
  'account_changed',
  'cancel_all_taken',
  'asset_config',
  'symbol_config',
  'fee_config',
  'tick',
  'checkpoint',
]);
export type AccountEvent = RecordsIn<typeof AccountEvent>;

/** Admin orders, configuration, key revocations and clock ticks, before they are fanned out. */
export const ControlRecord = recordSet('ControlRecord', [
  'admin',
  'key_revocation',
  'tick',
  'asset_config',
  'symbol_config',
  'fee_config',
  'limit_config',
  'admission_config',
]);
export type ControlRecord = RecordsIn<typeof ControlRecord>;

export const CandleEvent = recordSet('CandleEvent', ['candle']);
export type CandleEvent = RecordsIn<typeof CandleEvent>;

export const TickerEvent = recordSet('TickerEvent', ['ticker']);
export type TickerEvent = RecordsIn<typeof TickerEvent>;

export const DepthEvent = recordSet('DepthEvent', ['book_delta']);
export type DepthEvent = RecordsIn<typeof DepthEvent>;

export const TopOfBookEvent = recordSet('TopOfBookEvent', ['top_of_book']);
export type TopOfBookEvent = RecordsIn<typeof TopOfBookEvent>;

export const LedgerEntry = recordSet('LedgerEntry', ['entry']);
export type LedgerEntry = RecordsIn<typeof LedgerEntry>;
