import type {
  Amend,
  AnyRecord,
  AssetConfig,
  Cancel,
  Deposit,
  FeeConfig,
  LimitConfig,
  Place,
  SymbolConfig,
} from '../../schemas/generated/records.ts';

export type RecordedCommand = Place | Cancel | Amend | Deposit;

/** One price level as an exchange published it, in ticks and lots. */
export interface PublishedLevel {
  readonly priceTicks: number;
  readonly quantityLots: number;
}

/** A fill that the recorded exchange gave. */
export interface RecordedFill {
  readonly makerClientOrderId: string;
  readonly priceTicks: number;
  readonly quantityLots: number;
  /** Number of the message of the file that tells of it, from 0. */
  readonly messageIndex: number;
}

/**
 * What a recording yields, in the order of the file: commands to send, and beside them what the recorded exchange
 * published at that moment, for whoever compares. A source sends the commands and passes over the rest.
 */
export type RecordedStep =
  | { readonly type: 'command'; readonly timeMicros: number; readonly record: RecordedCommand }
  | { readonly type: 'trade'; readonly timeMicros: number; readonly priceTicks: number; readonly quantityLots: number }
  | {
      readonly type: 'book';
      readonly timeMicros: number;
      readonly bids: readonly PublishedLevel[];
      readonly asks: readonly PublishedLevel[];
    }
  | {
      /** Fills that the recorded exchange gave to the command before: the makers' client order ids in order. */
      readonly type: 'fills';
      readonly timeMicros: number;
      readonly fills: readonly RecordedFill[];
    };

/** The records a recording wants in the log before its first command, as a configuration would append them. */
export interface RecordingRules {
  readonly assets: readonly AssetConfig[];
  readonly symbol: SymbolConfig;
  readonly fees: FeeConfig;
  readonly limits: LimitConfig;
}

export interface RecordingOptions {
  /** Number of accounts that share the orders; at least 1,000 unless a test says otherwise. Default 1,000. */
  readonly accounts?: number;
  /** Default {@link FIRST_RECORDED_ACCOUNT}. */
  readonly firstAccount?: number;
  /** Account partitions of the exchange it is sent to: they bound the supply of an asset. Default 4. */
  readonly accountPartitions?: number;
  /** Name of the symbol its orders are for, base and quote joined by "-". */
  readonly symbolName?: string;
}

export const FIRST_RECORDED_ACCOUNT = 10_000;
/** How long a recorded command stays valid after its time. */
export const RECORDED_VALID_MICROS = 30_000_000;

/**
 * A recorded order flow as a source. Pull steps with `next` until it gives null; hand every record of the market log to
 * `onMarketRecord`, so that it knows which accounts can pay for the next order. Late knowledge is safe: funds count as
 * spent when an order is sent, and as free when the market log says so.
 */
export interface Recording {
  readonly kind: string;
  readonly rules: RecordingRules;
  /** Orders of the file that the rules cannot hold (a price or size beyond what exact arithmetic allows). */
  readonly skipped: number;
  next(): RecordedStep | null;
  onMarketRecord(record: AnyRecord): void;
}
