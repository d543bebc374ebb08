/** What a gateway needs of the exchange behind it, whichever form that runs in. */
import type {
  AccountId,
  Amend,
  AnyRecord,
  AssetConfig,
  AssetId,
  Cancel,
  CancelAll,
  Candle,
  Deposit,
  Place,
  Side,
  SymbolConfig,
  SymbolId,
  Ticker,
  TradingState,
} from '../schemas/generated/records.ts';

export type GatewayCommand = Place | Amend | Cancel | CancelAll | Deposit;

/** A durable record that a command caused. */
export interface CausedRecord {
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  readonly occurredAt: number;
  readonly record: AnyRecord;
}

/** Takes commands. `submit` resolves once everything the command caused is durable; rejects with an error named `Overloaded` when it was not taken. */
export interface CommandPort {
  submit(command: GatewayCommand, traceparent: string | null): Promise<{ readonly records: readonly CausedRecord[] }>;
}

export interface LevelPort {
  readonly priceTicks: number;
  readonly quantityLots: number;
}

export interface MarketPort {
  readonly config: SymbolConfig;
  readonly seq: number;
  readonly state: TradingState;
  readonly stateReason: string;
  readonly ticker: Ticker | undefined;
  readonly book: { levels(side: Side, count: number): readonly LevelPort[] };
  trades(count: number): readonly {
    readonly tradeId: number;
    readonly priceTicks: number;
    readonly quantityLots: number;
    readonly takerSide: Side;
    readonly timeMicros: number;
  }[];
  candles(interval: string, count: number): readonly Candle[];
}

export interface OrderPort {
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly symbol: SymbolId;
  readonly side: Side;
  readonly orderType: Place['orderType'];
  readonly timeInForce: Place['timeInForce'];
  readonly postOnly: boolean;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly budget: number;
  readonly expiresAt: number;
  readonly executedLots: number;
  readonly executedQuote: number;
  /** Units of `feeAsset`; negative is a rebate. */
  readonly feePaid: number;
  /** 0 before the first fill. */
  readonly feeAsset: number;
  readonly status: string;
  readonly reason: string;
  readonly placedAtMicros: number;
  readonly updatedAtMicros: number;
}

export interface AccountPort {
  readonly seq: number;
  readonly balances: ReadonlyMap<AssetId, { readonly available: number; readonly hold: number }>;
  openOrders(): readonly OrderPort[];
  order(find: { readonly orderId?: number; readonly clientOrderId?: string }): OrderPort | undefined;
}

/** What is durable, as the gateway may show it. */
export interface ViewPort {
  readonly assets: ReadonlyMap<AssetId, AssetConfig>;
  readonly markets: ReadonlyMap<SymbolId, MarketPort>;
  market(name: string): MarketPort | undefined;
  account(account: AccountId): AccountPort;
}

export interface GatewayClock {
  nowMicros(): number;
}

/** Everything a gateway is built from. */
export interface GatewayParts {
  readonly commands: CommandPort;
  readonly views: ViewPort;
  readonly clock: GatewayClock;
  /** Longest time a command may wait to be judged, microseconds. */
  readonly commandExpiryMicros: number;
  readonly candleIntervals: readonly string[];
  /** Whose token is presented; undefined: nobody's. */
  readonly accountOf: (token: string) => AccountId | undefined;
  /** 32 hexadecimal digits that nobody can guess. */
  readonly newId: () => string;
  /** A request failed by a fault of ours; its answer named this id and nothing else. */
  readonly failed: (error: unknown, requestId: string) => void;
}
