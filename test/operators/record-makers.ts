import type {
  AccountId,
  Adjust,
  Admin,
  AdmissionConfig,
  Amend,
  Amount,
  AssetConfig,
  AssetId,
  Cancel,
  CancelAll,
  Deposit,
  Execution,
  FeeConfig,
  LimitConfig,
  Micros,
  OrderId,
  OrderUpdate,
  Place,
  PriceTicks,
  QuantityLots,
  RatePpm,
  Sequence,
  SymbolConfig,
  SymbolId,
  Withdraw,
} from '../../schemas/generated/records.ts';

/** The fields of a record as plain numbers and strings: what a test writes. */
type Plain<R> = { readonly [K in keyof R]?: R[K] extends number ? number : R[K] };

/** Two assets and one market: base 1, quote 2, symbol 1; a tick x a lot is one quote unit, a lot one base unit. */
export const BASE = 1;
export const QUOTE = 2;
export const SYMBOL = 1;

export const assetConfig = (fields: Plain<AssetConfig> = {}): AssetConfig =>
  ({
    type: 'asset_config',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    asset: BASE as AssetId,
    name: `A${fields.asset ?? BASE}`,
    decimals: 8,
    showDecimals: 8,
    paperAmount: 0 as Amount,
    ...fields,
  }) as AssetConfig;

export const symbolConfig = (fields: Plain<SymbolConfig> = {}): SymbolConfig =>
  ({
    type: 'symbol_config',
    symbol: SYMBOL as SymbolId,
    seq: 0 as Sequence,
    name: 'BASE-QUOTE',
    baseAsset: BASE as AssetId,
    quoteAsset: QUOTE as AssetId,
    priceDecimals: 0,
    quantityDecimals: 0,
    tickDecimal: '1',
    lotDecimal: '1',
    quoteUnitsPerTickLot: 1,
    baseUnitsPerLot: 1,
    minPriceTicks: 1 as PriceTicks,
    maxPriceTicks: 1_000_000 as PriceTicks,
    minQuantityLots: 1 as QuantityLots,
    maxQuantityLots: 1_000_000 as QuantityLots,
    minNotionalAmount: 0 as Amount,
    maxNotionalAmount: 0 as Amount,
    bandPpm: 0 as RatePpm,
    feeSchedule: 'standard',
    defaultSelfTradeMode: 'cancel_newest',
    allowedSelfTradeModes: 0b11110,
    maxRestingOrders: 100_000,
    openingState: 'trading',
    version: 1,
    ...fields,
  }) as SymbolConfig;

export const feeConfig = (fields: Plain<FeeConfig> = {}): FeeConfig =>
  ({
    type: 'fee_config',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    schedule: 'standard',
    version: 1,
    makerPpm: 1_000 as RatePpm,
    takerPpm: 1_500 as RatePpm,
    feeAsset: 'quote',
    reason: '',
    requestedBy: 'test',
    ...fields,
  }) as FeeConfig;

export const limitConfig = (fields: Plain<LimitConfig> = {}): LimitConfig =>
  ({
    type: 'limit_config',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: 0 as AccountId,
    openOrders: 0,
    ordersPerSecond: 0,
    tradeGroup: 0,
    version: 1,
    reason: '',
    requestedBy: 'test',
    ...fields,
  }) as LimitConfig;

export const admissionConfig = (fields: Plain<AdmissionConfig> = {}): AdmissionConfig =>
  ({
    type: 'admission_config',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    expiryMicros: 60_000_000 as Micros,
    remembered: 1_000_000,
    clockAheadMicros: 2_000_000 as Micros,
    version: 1,
    ...fields,
  }) as AdmissionConfig;

/** What every test of one market needs. */
export const oneMarket = (symbol: Plain<SymbolConfig> = {}, fees: Plain<FeeConfig> = {}) => [
  assetConfig({ asset: BASE }),
  assetConfig({ asset: QUOTE }),
  feeConfig(fees),
  symbolConfig(symbol),
];

/** A limit order to buy one lot at 100, good till cancelled, without a client order id. */
export const place = (fields: Plain<Place> = {}): Place =>
  ({
    type: 'place',
    symbol: SYMBOL as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    clientOrderId: '',
    side: 'buy',
    orderType: 'limit',
    timeInForce: 'gtc',
    postOnly: false,
    priceTicks: 100 as PriceTicks,
    quantityLots: 1 as QuantityLots,
    budget: 0 as Amount,
    selfTradeMode: null,
    expiresAt: 0 as Micros,
    validUntil: 0 as Micros,
    ...fields,
  }) as Place;

/** A market order, immediate or cancel, whose price, quantity and budget are all left open. */
export const market = (fields: Plain<Place> = {}): Place =>
  place({ orderType: 'market', timeInForce: 'ioc', priceTicks: 0, quantityLots: 0, ...fields });

export const amend = (fields: Plain<Amend> = {}): Amend =>
  ({
    type: 'amend',
    symbol: SYMBOL as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    orderId: 0 as OrderId,
    clientOrderId: '',
    priceTicks: 0 as PriceTicks,
    quantityLots: 0 as QuantityLots,
    validUntil: 0 as Micros,
    ...fields,
  }) as Amend;

export const cancel = (fields: Plain<Cancel> = {}): Cancel =>
  ({
    type: 'cancel',
    symbol: SYMBOL as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    orderId: 0 as OrderId,
    clientOrderId: '',
    validUntil: 0 as Micros,
    ...fields,
  }) as Cancel;

export const cancelAll = (fields: Plain<CancelAll> = {}): CancelAll =>
  ({
    type: 'cancel_all',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    reason: 'cancel_all',
    validUntil: 0 as Micros,
    ...fields,
  }) as CancelAll;

let transfers = 0;

export const deposit = (fields: Plain<Deposit> = {}): Deposit =>
  ({
    type: 'deposit',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    asset: QUOTE as AssetId,
    amount: 1 as Amount,
    depositId: `d${transfers++}`,
    ...fields,
  }) as Deposit;

export const withdraw = (fields: Plain<Withdraw> = {}): Withdraw =>
  ({
    type: 'withdraw',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    asset: QUOTE as AssetId,
    amount: 1 as Amount,
    withdrawalId: `w${transfers++}`,
    ...fields,
  }) as Withdraw;

export const adjust = (fields: Plain<Adjust> = {}): Adjust =>
  ({
    type: 'adjust',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    asset: QUOTE as AssetId,
    amount: 1 as Amount,
    adjustmentId: `a${transfers++}`,
    reason: 'correction',
    requestedBy: 'ann',
    approvedBy: 'bob',
    ...fields,
  }) as Adjust;

export const admin = (fields: Plain<Admin> = {}): Admin =>
  ({
    type: 'admin',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: 0 as AccountId,
    action: 'cancel_all',
    marketState: null,
    accountState: null,
    tradeGroup: 0,
    until: 0 as Micros,
    reason: 'test',
    requestedBy: 'ann',
    approvedBy: '',
    ...fields,
  }) as Admin;

/** Match's word on one side of a trade. */
export const execution = (fields: Plain<Execution> = {}): Execution =>
  ({
    type: 'execution',
    symbol: SYMBOL as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    orderId: 0 as OrderId,
    tradeId: 1 as Sequence,
    side: 'buy',
    priceTicks: 100 as PriceTicks,
    quantityLots: 1 as QuantityLots,
    liquidity: 'taker',
    cumulativeLots: 1 as QuantityLots,
    openPriceTicks: 100 as PriceTicks,
    openLots: 0 as QuantityLots,
    ...fields,
  }) as Execution;

/** Match's word on an order's terms or end. */
export const orderUpdate = (fields: Plain<OrderUpdate> = {}): OrderUpdate =>
  ({
    type: 'order_update',
    symbol: SYMBOL as SymbolId,
    seq: 0 as Sequence,
    account: 100 as AccountId,
    orderId: 0 as OrderId,
    requestId: 0,
    outcome: 'cancelled',
    command: 'cancel',
    rejectReason: null,
    cancelReason: null,
    openPriceTicks: 0 as PriceTicks,
    openLots: 0 as QuantityLots,
    executedLots: 0 as QuantityLots,
    ...fields,
  }) as OrderUpdate;
