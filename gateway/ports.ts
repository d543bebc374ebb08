/** What a gateway needs of the exchange behind it, whichever form that runs in. */
import type {
  AccountId,
  AccountState,
  Adjust,
  Admin,
  Amend,
  AnyRecord,
  AssetConfig,
  AssetId,
  Cancel,
  CancelAll,
  Candle,
  Deposit,
  FeeConfig,
  Fill,
  KeyRevocation,
  LimitConfig,
  Place,
  Side,
  SymbolConfig,
  SymbolId,
  Ticker,
  TradingState,
  Withdraw,
} from '../schemas/generated/records.ts';
import type { Authenticator } from './identity/principal.ts';
import type { Limiter } from './limits/limiter.ts';
import type { SharedBuckets } from './limits/share-buckets.ts';

export type GatewayCommand = Place | Amend | Cancel | CancelAll | Deposit | Withdraw | Adjust;
export type OperatorOrder = Admin | KeyRevocation | LimitConfig | FeeConfig;

/** A durable record that a command caused. */
export interface CausedRecord {
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  /** Log time, microseconds since 1970. */
  readonly occurredAt: number;
  readonly record: AnyRecord;
}

/**
 * A durable record as the gateway read it. What follower stages made of a log (candles, tickers) has the stage's name as
 * `log`, and offset 0.
 */
export interface GatewayRecord extends CausedRecord {
  /** Packed position of the command that all this came of. */
  readonly correlationId: number;
}

/** What a command durably caused, as the gateway read it back from the logs that it follows. */
export interface Submitted {
  /** Packed position that the command got in its log. */
  readonly position: number;
  /** In order within each log partition; the views have taken them already. */
  readonly records: readonly GatewayRecord[];
}

/**
 * Takes commands. An answer comes once everything the command caused has been read back from the durable logs, and the
 * views have taken it. Rejects with an error named `Overloaded` where a command was not taken and nothing will happen, and
 * with one named `AnswerLate` where it was taken and its end was not read in time: it may or may not have happened.
 * Cancels are taken while there is any room at all; the others are shed earlier.
 */
export interface CommandPort {
  submit(command: GatewayCommand, traceparent: string | null): Promise<Submitted>;
  /** Many in order, each judged alone; answered together. `undefined` in the place of one that was not taken. */
  submitBatch(
    commands: readonly GatewayCommand[],
    traceparent: string | null,
  ): Promise<readonly (Submitted | undefined)[]>;
}

/** Orders of operators, with the same promise as {@link CommandPort}. */
export interface ControlPort {
  steer(order: OperatorOrder, traceparent: string | null): Promise<Submitted>;
}

/** What becomes durable, from now on. */
export interface RecordFeed {
  /**
   * Durable records of market, accounts and control, and what candles and tickers made of them; called after the views
   * took them, in order within each log partition. Whole commands only. The answer ends it.
   */
  hear(listener: (batch: readonly GatewayRecord[]) => void): () => void;
}

/** A row of history: every value as text, as ClickHouse writes it; null where it is. */
export type HistoryRow = { readonly [column: string]: string | null };

export interface HistoryLimits {
  readonly maxSeconds: number;
  readonly maxRows: number;
}

/**
 * What is older than memory. `sql` has parameters as `{name:Type}`. Read-only and bounded. Rejects with an error named
 * `HistoryAway` while the store does not answer, and `HistoryRefused` with the store's own sentence where it does not
 * like the statement or a limit is met.
 */
export interface HistoryPort {
  query(
    sql: string,
    parameters: { readonly [name: string]: string | number | readonly (string | number)[] },
    limits: HistoryLimits,
  ): Promise<readonly HistoryRow[]>;
  /**
   * Next offset that history does not have, by `log/partition`: what lies below is there. Rejects with `HistoryAway`.
   */
  has(): Promise<ReadonlyMap<string, number>>;
  /** One request of ClickHouse's HTTP, passed on with our bounds; the query endpoint stands on it. */
  pass(request: HistoryRequest): Promise<HistoryReply>;
}

export interface HistoryRequest {
  /** Parameters of the address: `query`, `database`, `default_format`, `param_…`, settings. Settings that would widen a bound are refused. */
  readonly parameters: URLSearchParams;
  readonly body: Uint8Array;
  readonly limits: HistoryLimits;
  readonly signal: AbortSignal;
}

export interface HistoryReply {
  readonly status: number;
  readonly headers: { readonly [name: string]: string };
  readonly body: AsyncIterable<Uint8Array>;
}

/** PostgreSQL of identity and ledger. */
export interface DatabasePort {
  /** As this role of `infra/migrations`. */
  as(role: DatabaseRole): Database;
}

/** A few connections with deadlines. Rejects with the driver's own error; while the server is away, with one that has no `severity`. */
export interface Database {
  /** One statement, which is a transaction of its own. */
  query<Row extends object>(
    text: string,
    values: unknown[],
  ): Promise<{ readonly rows: Row[]; readonly rowCount: number | null }>;
}

export type DatabaseRole = 'identity' | 'reader';

/** What the exchange behind the gateway does now, for people who look after it. Rejects where nobody answers in time. */
export interface TelemetryPort {
  /** As `sluice status --json`. */
  status(): Promise<unknown>;
  /** The graph, as `sluice graph --format json`. */
  graph(): unknown;
  /** The graph at work: rates, delays, depths; see {@link PipelineView}. */
  pipeline(): Promise<PipelineView>;
  /** State hash and position of a stage. Undefined: there is no such stage. */
  stage(stage: string): Promise<StageView | undefined>;
  /** Newest records of an edge, newest first, at most 10. Undefined: there is no such edge. */
  sample(edge: string, count: number): Promise<readonly SampledRecord[] | undefined>;
}

export interface PipelineView {
  /** When it was taken, microseconds since 1970. */
  readonly atMicros: number;
  readonly topology: string;
  readonly uptimeMs: number;
  readonly logTimeMicros: number;
  readonly commands: number;
  readonly commandsPerSecond: number;
  readonly inFlight: number;
  readonly inFlightMax: number;
  readonly edges: readonly EdgeView[];
  readonly stages: readonly StageRate[];
  readonly sinks: readonly SinkLag[];
  readonly snapshot: { readonly name: string; readonly commands: number; readonly ageMs: number } | null;
}

export interface EdgeView {
  /** As in the graph: `from -> to`. */
  readonly edge: string;
  /** Passed since the process began. */
  readonly records: number;
  readonly recordsPerSecond: number;
  /** Waiting on the edge now. */
  readonly queued: number;
  /** Offers that found no room since the last look: then this edge blocks who stands before it. */
  readonly blocked: number;
  /** From the log time of a record to its end on this edge, of the newest; undefined where it is not measured. */
  readonly p99Ms?: number;
}

export interface StageRate {
  readonly stage: string;
  readonly partition: number;
  readonly applied: number;
  readonly appliedPerSecond: number;
}

export interface SinkLag {
  readonly sink: string;
  readonly state: string;
  readonly lagRecords: number;
  readonly lagMs: number;
  readonly queued: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
}

export interface StageView {
  readonly stage: string;
  readonly partitions: readonly {
    readonly partition: number;
    readonly applied: number;
    /** Of the last checkpoint; empty where none was written yet. */
    readonly stateHash: string;
  }[];
}

export interface SampledRecord {
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  readonly occurredAt: number;
  readonly correlationId: number;
  readonly record: AnyRecord;
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
  /** What the market takes for its price, at ticks of the clock; 0 before the first. */
  readonly referencePriceTicks: number;
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

/** A side of a trade as it moved an account. */
export interface FillPort {
  /** Of the account. */
  readonly seq: number;
  readonly tradeId: number;
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly symbol: SymbolId;
  readonly side: Side;
  readonly liquidity: Fill['liquidity'];
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly quoteAmount: number;
  readonly feeAsset: AssetId;
  /** Negative is a rebate. */
  readonly fee: number;
  readonly feeVersion: number;
  /** Of the order so far. */
  readonly cumulativeLots: number;
  readonly cumulativeQuoteAmount: number;
  readonly openLots: number;
  readonly timeMicros: number;
  /** Packed position of the command that caused it. */
  readonly correlationId: number;
}

export interface AccountPort {
  readonly seq: number;
  readonly state: AccountState;
  readonly balances: ReadonlyMap<AssetId, { readonly available: number; readonly hold: number }>;
  openOrders(): readonly OrderPort[];
  order(find: { readonly orderId?: number; readonly clientOrderId?: string }): OrderPort | undefined;
  /** Those that ended not long ago, the one that ended first before the others. */
  endedOrders(): readonly OrderPort[];
  /** The newest, newest first. */
  fills(count: number): readonly FillPort[];
}

/** What is durable, as the gateway may show it. */
export interface ViewPort {
  readonly assets: ReadonlyMap<AssetId, AssetConfig>;
  readonly markets: ReadonlyMap<SymbolId, MarketPort>;
  market(name: string): MarketPort | undefined;
  /** Ids of keys and sessions that the control log says are revoked. */
  readonly revoked: ReadonlySet<string>;
  account(account: AccountId): AccountPort;
  /** The newest version of each fee schedule, by its name. */
  readonly fees: ReadonlyMap<string, FeeConfig>;
  /** Limits that risk holds an account to; undefined before the first configuration. */
  limitsOf(account: AccountId): LimitConfig | undefined;
}

export interface GatewayClock {
  nowMicros(): number;
}

/** Everything a gateway is built from. */
export interface GatewayParts {
  readonly commands: CommandPort;
  readonly control: ControlPort;
  readonly feed: RecordFeed;
  readonly views: ViewPort;
  /** Undefined: this run has no history. */
  readonly history?: HistoryPort | undefined;
  /** Undefined: this run has no PostgreSQL. */
  readonly database?: DatabasePort | undefined;
  readonly telemetry: TelemetryPort;
  readonly clock: GatewayClock;
  /**
   * Names the log that sequences count in: another one means that nothing can be resumed. `[A-Za-z0-9._-]`, at most 64.
   */
  readonly epoch: string;
  /** Longest time a command may wait to be judged, microseconds. */
  readonly commandExpiryMicros: number;
  readonly candleIntervals: readonly string[];
  /** Whose token is presented; undefined: nobody's. Asked where there is no `authenticator`. */
  readonly accountOf: (token: string) => AccountId | undefined;
  /** Who a request comes from. */
  readonly authenticator?: Authenticator | undefined;
  /** What a client may ask in a time; undefined: buckets of this gateway's own, with the rates that it comes with. */
  readonly limiter?: Limiter | undefined;
  /** Where gateways tell each other what they let through; undefined: this one limits alone. */
  readonly buckets?: SharedBuckets | undefined;
  /** Addresses and networks of proxies whose word for a client's address counts; undefined: nobody's. */
  readonly trustedProxies?: readonly string[] | undefined;
  /** 32 hexadecimal digits that nobody can guess. */
  readonly newId: () => string;
  /** A request failed by a fault of ours; its answer named this id and nothing else. */
  readonly failed: (error: unknown, requestId: string) => void;
}
