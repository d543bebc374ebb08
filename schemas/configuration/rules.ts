/** The effective configuration: every value in its unit, defaults filled, frozen, plain data. */

import type { CandleInterval } from '../candle-intervals.ts';
import type {
  Amount,
  FeeAsset,
  Micros,
  PriceTicks,
  QuantityLots,
  RatePpm,
  SelfTradeMode,
  TradingState,
} from '../generated/records.ts';
import type { ArchiveOptions, CacheOptions, HistoryOptions, KafkaOptions, LedgerOptions } from './store-options.ts';

export interface AssetRules {
  readonly name: string;
  readonly decimals: number;
  readonly showDecimals: number;
  readonly paperAmount: Amount;
}

export interface FeeRules {
  readonly schedule: string;
  readonly version: number;
  readonly makerPpm: RatePpm;
  readonly takerPpm: RatePpm;
  readonly feeAsset: FeeAsset;
}

/** Rules of a symbol; the fields are those of its record. */
export interface SymbolRules {
  readonly name: string;
  readonly base: string;
  readonly quote: string;
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  readonly tickDecimal: string;
  readonly lotDecimal: string;
  readonly quoteUnitsPerTickLot: number;
  readonly baseUnitsPerLot: number;
  readonly minPriceTicks: PriceTicks;
  readonly maxPriceTicks: PriceTicks;
  readonly minQuantityLots: QuantityLots;
  readonly maxQuantityLots: QuantityLots;
  readonly minNotionalAmount: Amount;
  readonly maxNotionalAmount: Amount;
  readonly bandPpm: RatePpm;
  readonly feeSchedule: string;
  readonly defaultSelfTradeMode: SelfTradeMode;
  /** Bit i allows the i-th mode of the enum. */
  readonly allowedSelfTradeModes: number;
  readonly maxRestingOrders: number;
  readonly openingState: TradingState;
}

export interface Config {
  readonly pipeline: string;
  /** In the order of the file. */
  readonly assets: readonly AssetRules[];
  readonly symbols: readonly SymbolRules[];
  readonly fees: readonly FeeRules[];
  readonly admission: { readonly expiryMicros: Micros; readonly remembered: number; readonly clockAheadMicros: Micros };
  /** 0 is no limit. */
  readonly limits: { readonly openOrders: number; readonly ordersPerSecond: number };
  readonly candles: readonly CandleInterval[];
  /** Absent: no simulated market. */
  readonly simulator?: { readonly seed: number; readonly accounts: number; readonly ordersPerSecond: number };
  readonly partitions: {
    /** Of the logs keyed by account. */
    readonly accounts: number;
    /** Of the logs keyed by symbol. */
    readonly symbols: number;
    /** Partition of each symbol of the file. */
    readonly symbolPlaces: { readonly [symbolName: string]: number };
    /** Partition of symbols that the file does not name. */
    readonly sharedPlace: number;
  };
  readonly snapshots: { readonly everyMs: number; readonly keep: number };
  readonly log: { readonly segmentBytes: number; readonly keepBytes: number };
  readonly gateway: {
    readonly host: string;
    readonly port: number;
    readonly adminPort: number;
    /** Addresses and networks, with commas between. */
    readonly trustedProxies?: string | undefined;
  };
  /** 0: never. */
  readonly settlementLag: {
    readonly throttleAboveMs: number;
    readonly haltAboveMs: number;
    readonly recoverBelowMs: number;
    readonly throttledOrdersPerSecond: number;
  };
  readonly backends: {
    readonly kind: 'embedded' | 'cluster';
    readonly dataDir: string;
    readonly kafka: KafkaOptions;
    readonly history: HistoryOptions;
    readonly archive: ArchiveOptions;
    readonly ledger: LedgerOptions;
    readonly cache: CacheOptions;
  };
}
