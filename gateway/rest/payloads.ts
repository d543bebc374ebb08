/** Answers, built field by field from views: decimals as strings, ids as strings, times as ISO 8601 in UTC. */

import { decimalOfUnits, shortDecimalOfUnits, unitsOfDecimal } from '../../schemas/decimal.ts';
import type { AssetConfig, AssetId, Candle, Place } from '../../schemas/generated/records.ts';
import { formatId } from '../../schemas/ids.ts';
import { percentOfPpm } from '../../schemas/symbol-scale.ts';
import type { GatewayParts, MarketPort, OrderPort } from '../ports.ts';
import { formatAmount, SymbolDecimals } from './decimals.ts';
import { instantOfMicros } from './instants.ts';

/** Decimals that an average price has beyond those of the tick. */
const AVERAGE_DECIMALS = 4;

export function symbolPayload(market: MarketPort, { views }: GatewayParts) {
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
    state: market.state,
    state_reason: market.stateReason,
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

export function tradesPayload(market: MarketPort, limit: number) {
  const decimals = new SymbolDecimals(market.config);
  return market.trades(limit).map((trade) => ({
    trade_id: formatId(trade.tradeId),
    price: decimals.formatPrice(trade.priceTicks),
    quantity: decimals.formatQuantity(trade.quantityLots),
    taker_side: trade.takerSide,
    time: instantOfMicros(trade.timeMicros),
  }));
}

export function candlePayload(candle: Candle, market: MarketPort, quote: AssetConfig) {
  const decimals = new SymbolDecimals(market.config);
  return {
    opens_at: instantOfMicros(candle.opensAt),
    open: decimals.formatPrice(candle.openPriceTicks),
    high: decimals.formatPrice(candle.highPriceTicks),
    low: decimals.formatPrice(candle.lowPriceTicks),
    close: decimals.formatPrice(candle.closePriceTicks),
    volume: decimals.formatQuantity(candle.baseLots),
    quote_volume: wideAmount(candle.quoteAmount, quote),
    trades: Number(candle.tradeCount),
    closed: candle.closed,
  };
}

export function tickerPayload(market: MarketPort, quote: AssetConfig) {
  const { ticker, config } = market;
  const decimals = new SymbolDecimals(config);
  const [bid] = market.book.levels('buy', 1);
  const [ask] = market.book.levels('sell', 1);
  const price = (ticks: number | undefined) => (ticks ? decimals.formatPrice(ticks) : null);
  return {
    symbol: config.name,
    state: market.state,
    last: price(market.trades(1)[0]?.priceTicks ?? ticker?.lastPriceTicks),
    bid: price(bid?.priceTicks),
    ask: price(ask?.priceTicks),
    open_24h: price(ticker?.openPriceTicks),
    high_24h: price(ticker?.highPriceTicks),
    low_24h: price(ticker?.lowPriceTicks),
    volume_24h: ticker ? decimals.formatQuantity(ticker.baseLots) : '0',
    quote_volume_24h: ticker ? wideAmount(ticker.quoteAmount, quote) : '0',
    trades_24h: ticker ? Number(ticker.tradeCount) : 0,
  };
}

export function orderPayload(order: OrderPort, { views }: GatewayParts) {
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
    status: order.status,
    reason: order.reason === '' ? null : order.reason,
    expires_at: order.expiresAt > 0 ? instantOfMicros(order.expiresAt) : null,
    placed_at: instantOfMicros(order.placedAtMicros),
    updated_at: instantOfMicros(order.updatedAtMicros),
  };
}

/** A repeated order that ended so long ago that only its id is known here; history has it. */
export function unknownOutcomePayload(orderId: number, place: Place, { views }: GatewayParts) {
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
  { executedLots, executedQuote }: Pick<OrderPort, 'executedLots' | 'executedQuote'>,
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

function wideAmount(units: bigint | number, asset: AssetConfig): string {
  return decimalOfUnits(units, asset.decimals);
}
