// Made by schemas/generate.ts from schemas/records/*.avsc. Change those, then run: node schemas/generate.ts
import type { AccountId, Amount, AssetId, Micros, OrderId, PriceTicks, QuantityLots, RatePpm, Sequence, SymbolId } from '../brands.ts';

export type { AccountId, Amount, AssetId, Micros, OrderId, PriceTicks, QuantityLots, RatePpm, Sequence, SymbolId };

/** Symbols of each enum, in the order of their Avro index. */
export const enumSymbols = {
  AccountState: [
    'active',
    'suspended',
    'disabled',
  ],
  AdminAction: [
    'set_market_state',
    'open_auction',
    'uncross',
    'cancel_all',
    'kill_switch',
    'set_account_state',
    'set_account_limits',
  ],
  BalanceChangeKind: [
    'deposit',
    'withdrawal',
    'adjustment',
  ],
  CancelReason: [
    'user',
    'cancel_all',
    'disconnect',
    'ioc_remainder',
    'fok_unfillable',
    'no_liquidity',
    'price_protection',
    'stp_newest',
    'stp_oldest',
    'stp_both',
    'stp_decrement',
    'expired',
    'amended_below_filled',
    'admin',
    'halt_and_cancel',
    'delisted',
  ],
  CommandKind: [
    'place',
    'amend',
    'cancel',
    'cancel_all',
    'deposit',
    'withdraw',
    'adjust',
  ],
  EntryKind: [
    'trade',
    'hold',
    'deposit',
    'withdrawal',
    'adjustment',
    'reversal',
  ],
  FeeAsset: [
    'quote',
    'received',
  ],
  LedgerAccount: [
    'available',
    'hold',
    'fees',
    'clearing',
    'outside',
  ],
  Liquidity: [
    'maker',
    'taker',
    'auction',
  ],
  OrderOutcome: [
    'accepted',
    'rejected',
    'cancelled',
    'amended',
    'amend_rejected',
    'cancel_rejected',
    'prevented',
    'expired',
  ],
  OrderType: [
    'limit',
    'market',
  ],
  RejectReason: [
    'client_order_id_reused',
    'memory_full',
    'command_expired',
    'unknown_symbol',
    'account_disabled',
    'account_not_permitted',
    'bad_combination',
    'price_not_on_tick',
    'quantity_not_on_lot',
    'quantity_out_of_range',
    'price_out_of_range',
    'notional_out_of_range',
    'amount_overflow',
    'expiry_in_past',
    'no_reference_price',
    'outside_price_band',
    'too_many_open_orders',
    'order_rate_exceeded',
    'insufficient_funds',
    'market_delisted',
    'market_closed',
    'market_halted',
    'auction_only_limit',
    'cancel_only',
    'post_only',
    'limit_only',
    'unknown_order',
    'order_not_open',
    'post_only_would_cross',
    'book_full',
  ],
  RejectStage: [
    'ingest',
    'risk',
    'match',
  ],
  SelfTradeMode: [
    'none',
    'cancel_newest',
    'cancel_oldest',
    'cancel_both',
    'decrement',
  ],
  Side: [
    'buy',
    'sell',
  ],
  TimeInForce: [
    'gtc',
    'ioc',
    'fok',
    'gtd',
  ],
  TradingState: [
    'trading',
    'limit_only',
    'post_only',
    'cancel_only',
    'auction',
    'halted',
    'closed',
    'delisted',
  ],
} as const;

export type AccountState = (typeof enumSymbols)['AccountState'][number];
export type AdminAction = (typeof enumSymbols)['AdminAction'][number];
export type BalanceChangeKind = (typeof enumSymbols)['BalanceChangeKind'][number];
export type CancelReason = (typeof enumSymbols)['CancelReason'][number];
export type CommandKind = (typeof enumSymbols)['CommandKind'][number];
export type EntryKind = (typeof enumSymbols)['EntryKind'][number];
export type FeeAsset = (typeof enumSymbols)['FeeAsset'][number];
export type LedgerAccount = (typeof enumSymbols)['LedgerAccount'][number];
export type Liquidity = (typeof enumSymbols)['Liquidity'][number];
export type OrderOutcome = (typeof enumSymbols)['OrderOutcome'][number];
export type OrderType = (typeof enumSymbols)['OrderType'][number];
export type RejectReason = (typeof enumSymbols)['RejectReason'][number];
export type RejectStage = (typeof enumSymbols)['RejectStage'][number];
export type SelfTradeMode = (typeof enumSymbols)['SelfTradeMode'][number];
export type Side = (typeof enumSymbols)['Side'][number];
export type TimeInForce = (typeof enumSymbols)['TimeInForce'][number];
export type TradingState = (typeof enumSymbols)['TradingState'][number];

/** Part of a record. */
export interface Posting {
  readonly account: AccountId;
  readonly ledgerAccount: LedgerAccount;
  readonly asset: AssetId;
  readonly amount: Amount;
}

/** An order entered the book's judgement. resting_lots is what rests when this command is done. */
export interface Accepted {
  readonly type: 'accepted';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly budget: Amount;
  readonly restingLots: QuantityLots;
  readonly expiresAt: Micros;
}

/** State or trade group of an account. */
export interface AccountChanged {
  readonly type: 'account_changed';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly state: AccountState;
  readonly tradeGroup: number;
  readonly reason: string;
  readonly requestedBy: string;
}

/** A manual balance adjustment, signed, asked by one person and approved by another. */
export interface Adjust {
  readonly type: 'adjust';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly asset: AssetId;
  readonly amount: Amount;
  readonly adjustmentId: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly approvedBy: string;
}

/** An order of an operator. Which fields count depends on action. */
export interface Admin {
  readonly type: 'admin';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly action: AdminAction;
  readonly marketState: TradingState | null;
  readonly accountState: AccountState | null;
  readonly tradeGroup: number;
  readonly until: Micros;
  readonly reason: string;
  readonly requestedBy: string;
  readonly approvedBy: string;
}

/** How long a command may be valid and how many client order ids are remembered. */
export interface AdmissionConfig {
  readonly type: 'admission_config';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly expiryMicros: Micros;
  readonly remembered: number;
  readonly clockAheadMicros: Micros;
  readonly version: number;
}

/** Risk admits an amend: the hold is the larger of old and new terms. 0 keeps the old value. request_id: packed position of the command. */
export interface AdmittedAmend {
  readonly type: 'admitted_amend';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly requestId: number;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
}

/** Risk passes a cancel to the symbol. request_id: packed position of the command. */
export interface AdmittedCancel {
  readonly type: 'admitted_cancel';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly requestId: number;
  readonly reason: CancelReason;
}

/** Cancel every open order of an account on this symbol; of all accounts when account is 0. */
export interface AdmittedCancelAll {
  readonly type: 'admitted_cancel_all';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly requestId: number;
  readonly reason: CancelReason;
}

/** Risk admits an order: hold taken, fee version and worst price stamped. price_ticks is limit or protection price. */
export interface AdmittedPlace {
  readonly type: 'admitted_place';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly budget: Amount;
  readonly selfTradeMode: SelfTradeMode;
  readonly tradeGroup: number;
  readonly expiresAt: Micros;
  readonly feeVersion: number;
}

/** A client asks to change price or total quantity of an open order, named by order_id or, if that is 0, by client_order_id. 0 keeps the old value. */
export interface Amend {
  readonly type: 'amend';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly clientOrderId: string;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly validUntil: Micros;
}

/** Terms of an order changed. quantity_lots is the new total, open_lots what rests after the command, old_open_lots what rested before. */
export interface Amended {
  readonly type: 'amended';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly side: Side;
  readonly oldPriceTicks: PriceTicks;
  readonly oldOpenLots: QuantityLots;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly openLots: QuantityLots;
  readonly keptPriority: boolean;
}

/** An asset: decimals of its unit, and of what people read. */
export interface AssetConfig {
  readonly type: 'asset_config';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly asset: AssetId;
  readonly name: string;
  readonly decimals: number;
  readonly showDecimals: number;
  readonly paperAmount: Amount;
}

/** Where the auction would uncross now. */
export interface AuctionIndicative {
  readonly type: 'auction_indicative';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly priceTicks: PriceTicks;
  readonly matchedLots: QuantityLots;
  readonly surplusLots: QuantityLots;
}

/** A deposit, withdrawal or adjustment, signed. */
export interface BalanceChange {
  readonly type: 'balance_change';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly asset: AssetId;
  readonly amount: Amount;
  readonly kind: BalanceChangeKind;
  readonly reference: string;
  readonly reason: string;
  readonly requestedBy: string;
  readonly approvedBy: string;
}

/** Levels of a book that changed: quantity_lots 0 removes a level. */
export interface BookDelta {
  readonly type: 'book_delta';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly prevSeq: number;
  readonly bidPriceTicks: readonly PriceTicks[];
  readonly bidLots: readonly QuantityLots[];
  readonly askPriceTicks: readonly PriceTicks[];
  readonly askLots: readonly QuantityLots[];
  readonly checksum: number;
}

/** A client asks to cancel an open order, named by order_id or, if that is 0, by client_order_id. */
export interface Cancel {
  readonly type: 'cancel';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly clientOrderId: string;
  readonly validUntil: Micros;
}

/** Cancel every open order of an account, on one symbol, or on all when symbol is 0. */
export interface CancelAll {
  readonly type: 'cancel_all';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly reason: CancelReason;
  readonly validUntil: Micros;
}

/** Everything that a cancel of all orders of an account, 0: of everybody, had to cancel on this symbol is cancelled; the cancels come before it. */
export interface CancelAllDone {
  readonly type: 'cancel_all_done';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orders: number;
  readonly reason: CancelReason;
}

/** Risk passed a cancel of all orders of an account on to match, on so many symbols; 0: the account has nothing open there. symbol is the one asked for, 0 is every symbol. Each of them answers with cancel_all_done. */
export interface CancelAllTaken {
  readonly type: 'cancel_all_taken';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly symbols: number;
  readonly reason: CancelReason;
}

/** An accepted order, or its rest, ended without trading. */
export interface Cancelled {
  readonly type: 'cancelled';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly side: Side;
  readonly priceTicks: PriceTicks;
  readonly cancelledLots: QuantityLots;
  readonly executedLots: QuantityLots;
  readonly wasResting: boolean;
  readonly reason: CancelReason;
}

/** A candle by engine time. progress while open, closed once final. */
export interface Candle {
  readonly type: 'candle';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly interval: string;
  readonly opensAt: Micros;
  readonly openPriceTicks: PriceTicks;
  readonly highPriceTicks: PriceTicks;
  readonly lowPriceTicks: PriceTicks;
  readonly closePriceTicks: PriceTicks;
  readonly baseLots: QuantityLots;
  readonly quoteAmount: bigint;
  readonly takerBuyLots: QuantityLots;
  readonly takerBuyQuoteAmount: bigint;
  readonly tradeCount: number;
  readonly firstTradeId: Sequence;
  readonly lastTradeId: Sequence;
  readonly closed: boolean;
  readonly version: number;
}

/** A stage's state hash at an inbox position, checked by every replay. */
export interface Checkpoint {
  readonly type: 'checkpoint';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly stage: string;
  readonly inboxOffset: number;
  readonly stateHash: string;
}

/** Money comes in. deposit_id is unique per account for ever. */
export interface Deposit {
  readonly type: 'deposit';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly asset: AssetId;
  readonly amount: Amount;
  readonly depositId: string;
}

/** A double entry: postings sum to zero per asset. entry_id is unique for ever: (accounts partition x 2^40 + offset of its first record) x 2, plus 1 for netted holds. first_sequence and last_sequence are offsets of the accounts partition. */
export interface Entry {
  readonly type: 'entry';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly entryId: number;
  readonly kind: EntryKind;
  readonly accountPartition: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly tradeId: Sequence;
  readonly commandId: number;
  readonly tradeSymbol: number;
  /** log time of the last record that it books */
  readonly movedAt: Micros;
  /** the entry that a reversal takes back, else 0 */
  readonly reverses: number;
  readonly reference: string;
  readonly reason: string;
  readonly postings: readonly Posting[];
}

/** Match tells risk of one side of a trade, with the order's resulting open terms (way back). */
export interface Execution {
  readonly type: 'execution';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly tradeId: Sequence;
  readonly side: Side;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly liquidity: Liquidity;
  readonly cumulativeLots: QuantityLots;
  readonly openPriceTicks: PriceTicks;
  readonly openLots: QuantityLots;
}

/** A version of a fee schedule, in parts per million of the notional. */
export interface FeeConfig {
  readonly type: 'fee_config';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly schedule: string;
  readonly version: number;
  readonly makerPpm: RatePpm;
  readonly takerPpm: RatePpm;
  readonly feeAsset: FeeAsset;
  readonly reason: string;
  readonly requestedBy: string;
}

/** One side of a trade as it moved an account: hold_consumed left the hold of the held asset, base_amount and quote_amount changed hands, fee was charged in fee_asset, released went back to available. */
export interface Fill {
  readonly type: 'fill';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly clientOrderId: string;
  readonly tradeId: Sequence;
  readonly side: Side;
  readonly liquidity: Liquidity;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly baseAsset: AssetId;
  readonly quoteAsset: AssetId;
  readonly baseAmount: Amount;
  readonly quoteAmount: Amount;
  readonly feeAsset: AssetId;
  readonly fee: Amount;
  readonly feeVersion: number;
  readonly holdConsumed: Amount;
  readonly released: Amount;
  readonly cumulativeLots: QuantityLots;
  readonly openLots: QuantityLots;
  readonly cumulativeQuoteAmount: Amount;
}

/** An order was admitted, or an amend asked for more: amount moved from available to hold. */
export interface Hold {
  readonly type: 'hold';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly clientOrderId: string;
  readonly asset: AssetId;
  readonly amount: Amount;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly budget: Amount;
  readonly expiresAt: Micros;
  readonly feeVersion: number;
  readonly command: CommandKind;
}

/** An API key must no longer be accepted by any gateway. */
export interface KeyRevocation {
  readonly type: 'key_revocation';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly keyId: string;
  readonly reason: string;
  readonly requestedBy: string;
}

/** Limits for one account, or for all when account is 0. */
export interface LimitConfig {
  readonly type: 'limit_config';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly openOrders: number;
  readonly ordersPerSecond: number;
  readonly tradeGroup: number;
  readonly version: number;
  readonly reason: string;
  readonly requestedBy: string;
}

/** State of a symbol, with reason; until only for a timed pause (0 otherwise). */
export interface MarketState {
  readonly type: 'market_state';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly state: TradingState;
  readonly previousState: TradingState;
  readonly until: Micros;
  readonly reason: string;
  readonly requestedBy: string;
}

/** An amend took effect on an account's order: its terms now, and what of the hold came free. */
export interface OrderAmended {
  readonly type: 'order_amended';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly clientOrderId: string;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly openLots: QuantityLots;
  readonly asset: AssetId;
  readonly released: Amount;
}

/** Match answers a command on an order, or ends an order, with its resulting open terms (way back). open_lots 0 means the order is closed. request_id is the packed position of the command answered. */
export interface OrderUpdate {
  readonly type: 'order_update';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly requestId: number;
  readonly outcome: OrderOutcome;
  readonly command: CommandKind;
  readonly rejectReason: RejectReason | null;
  readonly cancelReason: CancelReason | null;
  readonly openPriceTicks: PriceTicks;
  readonly openLots: QuantityLots;
  readonly executedLots: QuantityLots;
}

/** A client asks to place an order. Prices in ticks, quantity in lots, budget in quote units; 0 means not given. */
export interface Place {
  readonly type: 'place';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly clientOrderId: string;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly budget: Amount;
  readonly selfTradeMode: SelfTradeMode | null;
  readonly expiresAt: Micros;
  readonly validUntil: Micros;
}

/** Taker and maker share a scope: no trade, by the taker's mode. */
export interface PreventedMatch {
  readonly type: 'prevented_match';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly takerOrderId: OrderId;
  readonly makerOrderId: OrderId;
  readonly takerAccount: AccountId;
  readonly makerAccount: AccountId;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly mode: SelfTradeMode;
  readonly takerOpenLots: QuantityLots;
  readonly makerOpenLots: QuantityLots;
}

/** Reference price of a symbol, by match at ticks. */
export interface ReferencePrice {
  readonly type: 'reference_price';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly priceTicks: PriceTicks;
}

/** A command was refused and changed nothing. released is what of the hold came free (accounts log only). */
export interface Rejected {
  readonly type: 'rejected';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly clientOrderId: string;
  readonly command: CommandKind;
  readonly reason: RejectReason;
  readonly stage: RejectStage;
  readonly asset: AssetId;
  readonly released: Amount;
}

/** Part or all of an order's hold came free without a trade. open_lots 0: the order is closed, and why. */
export interface Release {
  readonly type: 'release';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly clientOrderId: string;
  readonly asset: AssetId;
  readonly amount: Amount;
  readonly reason: CancelReason | null;
  readonly executedLots: QuantityLots;
  readonly openLots: QuantityLots;
}

/** A known client order id came again with the same content: the first answer stands, nothing happened twice. order_id is the first one's. */
export interface Repeated {
  readonly type: 'repeated';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly orderId: OrderId;
  readonly clientOrderId: string;
}

/** Rules of a symbol. Ticks in 10^-price_decimals of quote per base, lots in 10^-quantity_decimals of base. quote_units_per_tick_lot x price_ticks x quantity_lots is the notional in quote units. */
export interface SymbolConfig {
  readonly type: 'symbol_config';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly name: string;
  readonly baseAsset: AssetId;
  readonly quoteAsset: AssetId;
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
  readonly allowedSelfTradeModes: number;
  readonly maxRestingOrders: number;
  readonly openingState: TradingState;
  readonly version: number;
}

/** A clock record. occurred_at of the envelope is the time. */
export interface Tick {
  readonly type: 'tick';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly number: number;
}

/** Last price and rolling 24 h of a symbol, from a whole minute. */
export interface Ticker {
  readonly type: 'ticker';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly lastPriceTicks: PriceTicks;
  readonly bestBidPriceTicks: PriceTicks;
  readonly bestBidLots: QuantityLots;
  readonly bestAskPriceTicks: PriceTicks;
  readonly bestAskLots: QuantityLots;
  readonly openPriceTicks: PriceTicks;
  readonly highPriceTicks: PriceTicks;
  readonly lowPriceTicks: PriceTicks;
  readonly baseLots: QuantityLots;
  readonly quoteAmount: bigint;
  readonly tradeCount: number;
  readonly opensAt: Micros;
}

/** Best prices and depth at a tick. */
export interface TopOfBook {
  readonly type: 'top_of_book';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly bestBidPriceTicks: PriceTicks;
  readonly bestBidLots: QuantityLots;
  readonly bestAskPriceTicks: PriceTicks;
  readonly bestAskLots: QuantityLots;
  readonly bidDepthLots: QuantityLots;
  readonly askDepthLots: QuantityLots;
}

/** Two orders met. seq of the envelope is the trade id. price is the maker's; quote_amount in quote units. */
export interface Trade {
  readonly type: 'trade';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly priceTicks: PriceTicks;
  readonly quantityLots: QuantityLots;
  readonly quoteAmount: Amount;
  readonly takerSide: Side;
  readonly takerOrderId: OrderId;
  readonly makerOrderId: OrderId;
  readonly takerAccount: AccountId;
  readonly makerAccount: AccountId;
  readonly takerCumulativeLots: QuantityLots;
  readonly takerOpenLots: QuantityLots;
  readonly makerCumulativeLots: QuantityLots;
  readonly makerOpenLots: QuantityLots;
  readonly auction: boolean;
}

/** Money goes out. withdrawal_id is unique per account for ever. */
export interface Withdraw {
  readonly type: 'withdraw';
  readonly symbol: SymbolId;
  readonly seq: Sequence;
  readonly account: AccountId;
  readonly asset: AssetId;
  readonly amount: Amount;
  readonly withdrawalId: string;
}

/** Every record there is. */
export type AnyRecord =
  | Accepted
  | AccountChanged
  | Adjust
  | Admin
  | AdmissionConfig
  | AdmittedAmend
  | AdmittedCancel
  | AdmittedCancelAll
  | AdmittedPlace
  | Amend
  | Amended
  | AssetConfig
  | AuctionIndicative
  | BalanceChange
  | BookDelta
  | Cancel
  | CancelAll
  | CancelAllDone
  | CancelAllTaken
  | Cancelled
  | Candle
  | Checkpoint
  | Deposit
  | Entry
  | Execution
  | FeeConfig
  | Fill
  | Hold
  | KeyRevocation
  | LimitConfig
  | MarketState
  | OrderAmended
  | OrderUpdate
  | Place
  | PreventedMatch
  | ReferencePrice
  | Rejected
  | Release
  | Repeated
  | SymbolConfig
  | Tick
  | Ticker
  | TopOfBook
  | Trade
  | Withdraw;

export type RecordType = AnyRecord['type'];

/** The record of a type. */
export type RecordOf<T extends RecordType> = Extract<AnyRecord, { readonly type: T }>;

/** Version of each record, for the envelope. */
export const recordVersions: { readonly [T in RecordType]: number } = {
  accepted: 1,
  account_changed: 1,
  adjust: 1,
  admin: 1,
  admission_config: 1,
  admitted_amend: 1,
  admitted_cancel: 1,
  admitted_cancel_all: 1,
  admitted_place: 1,
  amend: 1,
  amended: 1,
  asset_config: 1,
  auction_indicative: 1,
  balance_change: 1,
  book_delta: 1,
  cancel: 1,
  cancel_all: 1,
  cancel_all_done: 1,
  cancel_all_taken: 1,
  cancelled: 1,
  candle: 1,
  checkpoint: 1,
  deposit: 1,
  entry: 1,
  execution: 1,
  fee_config: 1,
  fill: 1,
  hold: 1,
  key_revocation: 1,
  limit_config: 1,
  market_state: 1,
  order_amended: 1,
  order_update: 1,
  place: 1,
  prevented_match: 1,
  reference_price: 1,
  rejected: 1,
  release: 1,
  repeated: 1,
  symbol_config: 1,
  tick: 1,
  ticker: 1,
  top_of_book: 1,
  trade: 1,
  withdraw: 1,
};

export const recordTypes: readonly RecordType[] = [
  'accepted',
  'account_changed',
  'adjust',
  'admin',
  'admission_config',
  'admitted_amend',
  'admitted_cancel',
  'admitted_cancel_all',
  'admitted_place',
  'amend',
  'amended',
  'asset_config',
  'auction_indicative',
  'balance_change',
  'book_delta',
  'cancel',
  'cancel_all',
  'cancel_all_done',
  'cancel_all_taken',
  'cancelled',
  'candle',
  'checkpoint',
  'deposit',
  'entry',
  'execution',
  'fee_config',
  'fill',
  'hold',
  'key_revocation',
  'limit_config',
  'market_state',
  'order_amended',
  'order_update',
  'place',
  'prevented_match',
  'reference_price',
  'rejected',
  'release',
  'repeated',
  'symbol_config',
  'tick',
  'ticker',
  'top_of_book',
  'trade',
  'withdraw',
];
