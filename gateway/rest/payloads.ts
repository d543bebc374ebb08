/** Answers, built field by field from views: decimals as strings, ids as strings, times as ISO 8601 in UTC. */

import { decimalOfUnits, shortDecimalOfUnits, unitsOfDecimal } from '../../schemas/decimal.ts';
import type { AccountId, AssetConfig, AssetId, Candle, Place, TradingState } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { formatId } from '../../schemas/ids.ts';
import type { CandlePayload, OrderPayload, TickerPayload, TradePayload } from '../../schemas/socket-payloads.ts';
import { percentOfPpm } from '../../schemas/symbol-scale.ts';
import type { FillPort, MarketPort, OrderPort, ViewPort } from '../ports.ts';
import { formatAmount, SymbolDecimals } from './decimals.ts';
import { instantOfMicros } from './instants.ts';

/** Decimals that an average price has beyond those of the tick. */
const AVERAGE_DECIMALS = 4;

/** What a state of the market takes, in the words of the orders themselves. */
const TAKES: { readonly [S in TradingState]: readonly string[] } = {
  trading: ['limit', 'post_only', 'market', 'ioc', 'fok', 'amend', 'cancel'],
  limit_only: ['limit', 'post_only', 'ioc', 'fok', 'amend', 'cancel'],
  post_only: ['limit', 'post_only', 'amend', 'cancel'],
  cancel_only: ['cancel'],
  auction: ['limit', 'amend', 'cancel'],
  halted: ['cancel'],
  closed: ['cancel'],
  delisted: [],
};

export function symbolPayload(market: MarketPort, views: ViewPort) {
  const { config } = market;
  const decimals = new SymbolDecimals(config);
  const quote = views.assets.get(config.quoteAsset)!;
  return {
    symbol: config.name,
    base: views.assets.get(config.baseAsset)?.name,
    quote: quote.name,
    tick: config.tickDecimal,
    lot: config.lotDecimal,
    price: { min: decimals.formatPrice(config.minPriceTicks), max: decimals.formatPrice(config.maxPriceTicks) },
    quantity: {
      min: decimals.formatQuantity(config.minQuantityLots),
      max: decimals.formatQuantity(config.maxQuantityLots),
    },
    notional: {
      min: formatAmount(config.minNotionalAmount, quote),
      max: formatAmount(config.maxNotionalAmount, quote),
    },
    band_percent: percentOfPpm(config.bandPpm),
    fees: config.feeSchedule,
    self_trade_modes: enumSymbols.SelfTradeMode.filter((_, bit) => (config.allowedSelfTradeModes >> bit) & 1),
    default_self_trade_mode: config.defaultSelfTradeMode,
    state: market.state,
    state_reason: market.stateReason,
    takes: TAKES[market.state],
  };
}

export function bookPayload(market: MarketPort, depth: number) {
  const decimals = new SymbolDecimals(market.config);
  const side = (levels: readonly { readonly priceTicks: number; readonly quantityLots: number }[]) =>
    levels.map(({ priceTicks, quantityLots }) => [
      decimals.formatPrice(priceTicks),
      decimals.formatQuantity(quantityLots),
    ]);
  return {
    symbol: market.config.name,
    sequence: formatId(market.seq),
    bids: side(market.book.levels('buy', depth)),
    asks: side(market.book.levels('sell', depth)),
  };
}

export type TradeShown = ReturnType<MarketPort['trades']>[number];

export function tradePayload(trade: TradeShown, market: MarketPort): TradePayload {
  const decimals = new SymbolDecimals(market.config);
  return {
    trade_id: formatId(trade.tradeId),
    price: decimals.formatPrice(trade.priceTicks),
    quantity: decimals.formatQuantity(trade.quantityLots),
    taker_side: trade.takerSide,
    time: instantOfMicros(trade.timeMicros),
  };
}

export type CandleShown = Omit<Candle, 'type' | 'symbol' | 'seq' | 'interval'>;

export function candlePayload(candle: CandleShown, market: MarketPort, views: ViewPort): CandlePayload {
  const { config } = market;
  const decimals = new SymbolDecimals(config);
  const quote = views.assets.get(config.quoteAsset)!;
  return {
    opens_at: instantOfMicros(candle.opensAt),
    open: decimals.formatPrice(candle.openPriceTicks),
    high: decimals.formatPrice(candle.highPriceTicks),
    low: decimals.formatPrice(candle.lowPriceTicks),
    close: decimals.formatPrice(candle.closePriceTicks),
    volume: decimals.formatQuantity(candle.baseLots),
    quote_volume: wideAmount(candle.quoteAmount, quote),
    taker_buy_volume: decimals.formatQuantity(candle.takerBuyLots),
    taker_buy_quote_volume: wideAmount(candle.takerBuyQuoteAmount, quote),
    vwap: averagePrice({ executedLots: candle.baseLots, executedQuote: candle.quoteAmount }, config),
    trades: Number(candle.tradeCount),
    first_trade_id: candle.firstTradeId > 0 ? formatId(candle.firstTradeId) : null,
    last_trade_id: candle.lastTradeId > 0 ? formatId(candle.lastTradeId) : null,
    closed: candle.closed,
    version: candle.version,
  };
}

export function tickerPayload(market: MarketPort, views: ViewPort): TickerPayload & { readonly symbol: string } {
  const { ticker, config } = market;
  const decimals = new SymbolDecimals(config);
  const quote = views.assets.get(config.quoteAsset)!;
  const [bid] = market.book.levels('buy', 1);
  const [ask] = market.book.levels('sell', 1);
  const lastTicks = market.trades(1)[0]?.priceTicks ?? ticker?.lastPriceTicks;
  const price = (ticks: number | undefined) => (ticks ? decimals.formatPrice(ticks) : null);
  const quantity = (lots: number | undefined) => (lots === undefined ? null : decimals.formatQuantity(lots));
  return {
    symbol: config.name,
    state: market.state,
    last: price(lastTicks),
    bid: price(bid?.priceTicks),
    bid_quantity: quantity(bid?.quantityLots),
    ask: price(ask?.priceTicks),
    ask_quantity: quantity(ask?.quantityLots),
    open_24h: price(ticker?.openPriceTicks),
    high_24h: price(ticker?.highPriceTicks),
    low_24h: price(ticker?.lowPriceTicks),
    change_24h: ticker?.openPriceTicks && lastTicks ? decimals.formatPrice(lastTicks - ticker.openPriceTicks) : null,
    volume_24h: ticker ? decimals.formatQuantity(ticker.baseLots) : '0',
    quote_volume_24h: ticker ? wideAmount(ticker.quoteAmount, quote) : '0',
    trades_24h: ticker ? Number(ticker.tradeCount) : 0,
  };
}

export function orderPayload(order: OrderPort, views: ViewPort): OrderPayload {
  const market = views.markets.get(order.symbol)!;
  const decimals = new SymbolDecimals(market.config);
  const quote = views.assets.get(market.config.quoteAsset)!;
  const feeAsset = views.assets.get(order.feeAsset as AssetId);
  const byBudget = order.budget > 0;
  return {
    order_id: formatId(order.orderId),
    client_order_id: order.clientOrderId,
    symbol: market.config.name,
    side: order.side,
    type: order.orderType,
    time_in_force: order.timeInForce,
    post_only: order.postOnly,
    price: order.priceTicks > 0 ? decimals.formatPrice(order.priceTicks) : null,
    quantity: byBudget ? null : decimals.formatQuantity(order.quantityLots),
    budget: byBudget ? formatAmount(order.budget, quote) : null,
    executed: decimals.formatQuantity(order.executedLots),
    executed_quote: formatAmount(order.executedQuote, quote),
    average_price: averagePrice(order, market.config),
    fee: feeAsset ? formatAmount(order.feePaid, feeAsset) : '0',
    fee_asset: feeAsset?.name ?? null,
    status: order.status as OrderPayload['status'],
    reason: order.reason === '' ? null : order.reason,
    expires_at: order.expiresAt > 0 ? instantOfMicros(order.expiresAt) : null,
    placed_at: instantOfMicros(order.placedAtMicros),
    updated_at: instantOfMicros(order.updatedAtMicros),
  };
}

export function fillPayload(fill: FillPort, views: ViewPort) {
  const { config } = views.markets.get(fill.symbol)!;
  const decimals = new SymbolDecimals(config);
  const feeAsset = views.assets.get(fill.feeAsset)!;
  return {
    seq: fill.seq,
    trade_id: formatId(fill.tradeId),
    order_id: formatId(fill.orderId),
    client_order_id: fill.clientOrderId,
    symbol: config.name,
    side: fill.side,
    liquidity: fill.liquidity,
    price: decimals.formatPrice(fill.priceTicks),
    quantity: decimals.formatQuantity(fill.quantityLots),
    quote: formatAmount(fill.quoteAmount, views.assets.get(config.quoteAsset)!),
    fee: formatAmount(fill.fee, feeAsset),
    fee_asset: feeAsset.name,
    fee_version: fill.feeVersion,
    executed: decimals.formatQuantity(fill.cumulativeLots),
    open: decimals.formatQuantity(fill.openLots),
    time: instantOfMicros(fill.timeMicros),
    average_price: averagePrice(
      { executedLots: fill.cumulativeLots, executedQuote: fill.cumulativeQuoteAmount },
      config,
    ),
    command_id: formatId(fill.correlationId),
  };
}

export function balancesPayload(account: AccountId, views: ViewPort) {
  const view = views.account(account);
  return {
    account: formatId(account),
    sequence: formatId(view.seq),
    balances: [...views.assets.values()].map((asset) => {
      const { available, hold } = view.balances.get(asset.asset) ?? { available: 0, hold: 0 };
      return {
        asset: asset.name,
        available: formatAmount(available, asset),
        hold: formatAmount(hold, asset),
        total: formatAmount(available + hold, asset),
      };
    }),
  };
}

/** A repeated order that ended so long ago that only its id is known here; history has it. */
export function unknownOutcomePayload(orderId: number, place: Place, views: ViewPort) {
  return {
    order_id: formatId(orderId),
    client_order_id: place.clientOrderId,
    symbol: views.markets.get(place.symbol)!.config.name,
    side: place.side,
    type: place.orderType,
    status: 'ended',
  };
}

/** Quote per base, rounded down to {@link AVERAGE_DECIMALS} below the tick: for people; the exact sums stand beside it. */
export function averagePrice(
  { executedLots, executedQuote }: { readonly executedLots: number; readonly executedQuote: number | bigint },
  {
    priceDecimals,
    quoteUnitsPerTickLot,
    tickDecimal,
  }: Pick<MarketPort['config'], 'priceDecimals' | 'quoteUnitsPerTickLot' | 'tickDecimal'>,
): string | null {
  if (executedLots === 0) return null;
  // A tick may be several units of the last decimal: 0.05 is five.
  const unitsPerTick = BigInt(unitsOfDecimal(tickDecimal, priceDecimals));
  const numerator = BigInt(executedQuote) * unitsPerTick * 10n ** BigInt(AVERAGE_DECIMALS);
  const units = numerator / (BigInt(executedLots) * BigInt(quoteUnitsPerTickLot));
  return shortDecimalOfUnits(units, priceDecimals + AVERAGE_DECIMALS);
}

export function wideAmount(units: bigint | number, asset: AssetConfig): string {
  return decimalOfUnits(units, asset.decimals);
}
