/**
 * Whether an order would be taken now, and what it would hold, by what this gateway has read of the logs. The same
 * checks in the same order as those of risk and match, on a state that may be a moment old; how many orders a second an
 * account sends, and how full book and memories are, is known to the exchange alone.
 */
import type { AccountId, Place, RejectReason, SymbolConfig } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import type { MarketPort, ViewPort } from '../ports.ts';

const PPM = 1_000_000n;
const EXACT = BigInt(Number.MAX_SAFE_INTEGER);

export interface ForeseenOrder {
  readonly refusal: RejectReason | undefined;
  /** Units of the held asset; undefined where no price is known to reckon with. */
  readonly hold: bigint | undefined;
}

export function foreseeOrder(place: Place, views: ViewPort, nowMicros: number): ForeseenOrder {
  const market = views.markets.get(place.symbol)!;
  const { config } = market;
  const account = views.account(place.account);
  if (account.state === 'disabled') return refused('account_disabled');
  if (account.state !== 'active') return refused('account_not_permitted');
  if (!fitsTogether(place) || !allowsMode(place, config)) return refused('bad_combination');
  const buy = place.side === 'buy';
  const priceTicks =
    place.priceTicks > 0 ? place.priceTicks : place.orderType === 'market' ? worstPrice(market, buy) : 0;
  const lots = lotsOf(place, priceTicks, config);
  const range = outOfRange(place, priceTicks, lots, config);
  if (range) return refused(range);
  const hold = holdOf(place, priceTicks, lots, market, views);
  if (hold > EXACT) return refused('amount_overflow');
  if (place.expiresAt !== 0 && place.expiresAt <= nowMicros) return refused('expiry_in_past', hold);
  if (priceTicks === 0) return refused('no_reference_price');
  const band = bandOf(market);
  if (band && (priceTicks < band.low || priceTicks > band.high)) return refused('outside_price_band', hold);
  if (tooManyOpen(place, views)) return refused('too_many_open_orders', hold);
  const available = account.balances.get(buy ? config.quoteAsset : config.baseAsset)?.available ?? 0;
  if (hold > BigInt(available)) return refused('insufficient_funds', hold);
  return { refusal: refusalOfMarket(place, priceTicks, market), hold };
}

function refused(refusal: RejectReason, hold?: bigint): ForeseenOrder {
  return { refusal, hold };
}

function fitsTogether({
  orderType,
  timeInForce,
  expiresAt,
  postOnly,
  priceTicks,
  quantityLots,
  budget,
}: Place): boolean {
  const rests = timeInForce === 'gtc' || timeInForce === 'gtd';
  if ((timeInForce === 'gtd') !== (expiresAt !== 0)) return false;
  if (postOnly && !rests) return false;
  if (orderType === 'limit') return priceTicks !== 0 && quantityLots !== 0 && budget === 0;
  return !rests && (quantityLots === 0) !== (budget === 0);
}

function allowsMode({ selfTradeMode }: Place, { defaultSelfTradeMode, allowedSelfTradeModes }: SymbolConfig): boolean {
  if (selfTradeMode === null || selfTradeMode === defaultSelfTradeMode) return true;
  return ((allowedSelfTradeModes >> enumSymbols.SelfTradeMode.indexOf(selfTradeMode)) & 1) === 1;
}

/** A sell by budget sells as many whole lots as the worst price makes of it, at most. */
function lotsOf({ side, budget, quantityLots }: Place, priceTicks: number, config: SymbolConfig): number {
  if (budget === 0 || side === 'buy' || priceTicks === 0) return quantityLots;
  const unit = BigInt(priceTicks) * BigInt(config.quoteUnitsPerTickLot);
  return Number((BigInt(budget) + unit - 1n) / unit);
}

function outOfRange(place: Place, priceTicks: number, lots: number, config: SymbolConfig): RejectReason | undefined {
  const { budget } = place;
  const most = (max: number) => max || Number.MAX_SAFE_INTEGER;
  if (lots !== 0 && (lots > most(config.maxQuantityLots) || (budget === 0 && lots < config.minQuantityLots))) {
    return 'quantity_out_of_range';
  }
  if (priceTicks !== 0 && (priceTicks < config.minPriceTicks || priceTicks > most(config.maxPriceTicks))) {
    return 'price_out_of_range';
  }
  if (budget === 0 && priceTicks === 0) return undefined;
  const notional = budget === 0 ? notionalOf(priceTicks, lots, config) : BigInt(budget);
  const fits =
    notional > 0n && notional >= BigInt(config.minNotionalAmount) && notional <= BigInt(most(config.maxNotionalAmount));
  return fits ? undefined : 'notional_out_of_range';
}

function notionalOf(priceTicks: number, lots: number, { quoteUnitsPerTickLot }: SymbolConfig): bigint {
  return BigInt(priceTicks) * BigInt(lots) * BigInt(quoteUnitsPerTickLot);
}

/** A sell holds base; a buy its notional or budget, with the worst fee where the fee is paid in quote. */
function holdOf(place: Place, priceTicks: number, lots: number, { config }: MarketPort, views: ViewPort): bigint {
  if (place.side === 'sell') return BigInt(lots) * BigInt(config.baseUnitsPerLot);
  const notional = place.budget > 0 ? BigInt(place.budget) : notionalOf(priceTicks, lots, config);
  const fees = views.fees.get(config.feeSchedule);
  if (fees?.feeAsset !== 'quote') return notional;
  const worst = BigInt(Math.max(fees.makerPpm, fees.takerPpm, 0));
  return notional + (notional * worst + PPM - 1n) / PPM;
}

function bandOf({
  config,
  referencePriceTicks,
}: MarketPort): { readonly low: number; readonly high: number } | undefined {
  if (referencePriceTicks === 0 || config.bandPpm === 0) return undefined;
  const width = Number((BigInt(referencePriceTicks) * BigInt(config.bandPpm)) / PPM);
  return { low: referencePriceTicks - width, high: referencePriceTicks + width };
}

/** What risk takes for the worst price of a market order that has none: the edge of the band, within the static range. */
function worstPrice(market: MarketPort, buy: boolean): number {
  const band = bandOf(market);
  if (!band) return 0;
  const { minPriceTicks, maxPriceTicks } = market.config;
  return buy ? Math.min(band.high, maxPriceTicks || band.high) : Math.max(band.low, minPriceTicks);
}

function tooManyOpen({ account, symbol, timeInForce }: Place, views: ViewPort): boolean {
  if (timeInForce !== 'gtc' && timeInForce !== 'gtd') return false;
  const most = views.limitsOf(account as AccountId)?.openOrders ?? 0;
  if (most === 0) return false;
  return (
    views
      .account(account)
      .openOrders()
      .filter((order) => order.symbol === symbol).length >= most
  );
}

function refusalOfMarket(place: Place, priceTicks: number, { state, book }: MarketPort): RejectReason | undefined {
  const market = place.orderType === 'market';
  const immediate = place.timeInForce === 'ioc' || place.timeInForce === 'fok';
  const [best] = book.levels(place.side === 'buy' ? 'sell' : 'buy', 1);
  const crosses =
    best !== undefined && (place.side === 'buy' ? best.priceTicks <= priceTicks : best.priceTicks >= priceTicks);
  switch (state) {
    case 'delisted':
      return 'market_delisted';
    case 'closed':
      return 'market_closed';
    case 'halted':
      return 'market_halted';
    case 'auction':
      return market || immediate || place.postOnly ? 'auction_only_limit' : undefined;
    case 'cancel_only':
      return 'cancel_only';
    case 'post_only':
      if (market || immediate || (crosses && !place.postOnly)) return 'post_only';
      break;
    case 'limit_only':
      if (market) return 'limit_only';
      break;
  }
  return place.postOnly && crosses ? 'post_only_would_cross' : undefined;
}
