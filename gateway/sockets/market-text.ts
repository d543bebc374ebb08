/** Records of one symbol as the JSON of its channels. Built by hand in the order of the payloads: this runs for every trade. */
import { decimalOfUnits, shortDecimalOfUnits, unitsOfDecimal } from '../../schemas/decimal.ts';
import type { Candle, SymbolConfig } from '../../schemas/generated/records.ts';
import { SymbolScale } from '../../schemas/symbol-scale.ts';
import type { LevelPort, MarketPort, ViewPort } from '../ports.ts';
import { instantOfMicros } from '../rest/instants.ts';
import { averagePrice } from '../rest/payloads.ts';

export interface TradeEvent {
  readonly seq: number;
  readonly timeMicros: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
  readonly takerSide: 'buy' | 'sell';
}

export interface StatusEvent {
  readonly seq: number;
  readonly timeMicros: number;
  readonly state: string;
  readonly reason: string;
  /** 0: no end is known. */
  readonly untilMicros: number;
  readonly auction: { readonly priceTicks: number; readonly matchedLots: number; readonly surplusLots: number } | null;
}

export class MarketText {
  readonly config: SymbolConfig;
  readonly #scale: SymbolScale;
  readonly #quoteDecimals: number;

  constructor(config: SymbolConfig, views: ViewPort) {
    this.config = config;
    this.#scale = new SymbolScale(config);
    this.#quoteDecimals = views.assets.get(config.quoteAsset)!.decimals;
  }

  price(ticks: number): string {
    return this.#scale.formatPrice(ticks as Candle['openPriceTicks']);
  }

  quantity(lots: number | bigint): string {
    return this.#scale.formatQuantity(lots as Candle['baseLots']);
  }

  /** Quote units with no zeros at the end, as amounts are written everywhere. */
  quote(units: number): string {
    return shortDecimalOfUnits(units, this.#quoteDecimals);
  }

  /** 0 stands for none. */
  priceOrNull(ticks: number | undefined): string {
    return ticks === undefined || ticks === 0 ? 'null' : `"${this.price(ticks)}"`;
  }

  average(executedLots: number, executedQuote: number): string | null {
    return averagePrice({ executedLots, executedQuote }, this.config);
  }

  trade({ seq, timeMicros, priceTicks, quantityLots, takerSide }: TradeEvent): string {
    return `{"trade_id":"${seq}","price":"${this.price(priceTicks)}","quantity":"${this.quantity(quantityLots)}","taker_side":"${takerSide}","time":"${instantOfMicros(timeMicros)}"}`;
  }

  status({ state, reason, untilMicros, auction }: Omit<StatusEvent, 'seq' | 'timeMicros'>): string {
    const uncross = auction && {
      price: auction.priceTicks > 0 ? this.price(auction.priceTicks) : null,
      matched: this.quantity(auction.matchedLots),
      surplus: this.quantity(auction.surplusLots),
    };
    const until = untilMicros > 0 ? instantOfMicros(untilMicros) : null;
    return JSON.stringify({ state, reason, until, auction: uncross });
  }

  candle(candle: Candle): string {
    const { baseLots, quoteAmount, tradeCount, firstTradeId, lastTradeId, takerBuyLots, takerBuyQuoteAmount } = candle;
    const wide = (units: bigint | number) => decimalOfUnits(units, this.#quoteDecimals);
    return JSON.stringify({
      opens_at: instantOfMicros(candle.opensAt),
      open: this.price(candle.openPriceTicks),
      high: this.price(candle.highPriceTicks),
      low: this.price(candle.lowPriceTicks),
      close: this.price(candle.closePriceTicks),
      volume: this.quantity(baseLots),
      quote_volume: wide(quoteAmount),
      taker_buy_volume: this.quantity(takerBuyLots),
      taker_buy_quote_volume: wide(takerBuyQuoteAmount),
      vwap: this.#vwap(baseLots, quoteAmount),
      trades: Number(tradeCount),
      first_trade_id: firstTradeId > 0 ? String(firstTradeId) : null,
      last_trade_id: lastTradeId > 0 ? String(lastTradeId) : null,
      closed: candle.closed,
      version: candle.version,
    });
  }

  ticker(market: MarketPort): string {
    const { ticker, state } = market;
    const bid = market.book.levels('buy', 1)[0];
    const ask = market.book.levels('sell', 1)[0];
    const last = market.trades(1)[0]?.priceTicks ?? ticker?.lastPriceTicks ?? 0;
    const open = ticker?.openPriceTicks ?? 0;
    const size = (level: LevelPort | undefined) => (level ? `"${this.quantity(level.quantityLots)}"` : 'null');
    const change = last > 0 && open > 0 ? this.#signedPrice(last - open) : 'null';
    return (
      `{"state":"${state}","last":${this.priceOrNull(last)},"bid":${this.priceOrNull(bid?.priceTicks)},"bid_quantity":${size(bid)},` +
      `"ask":${this.priceOrNull(ask?.priceTicks)},"ask_quantity":${size(ask)},"open_24h":${this.priceOrNull(open)},` +
      `"high_24h":${this.priceOrNull(ticker?.highPriceTicks)},"low_24h":${this.priceOrNull(ticker?.lowPriceTicks)},"change_24h":${change},` +
      `"volume_24h":"${ticker ? this.quantity(ticker.baseLots) : '0'}","quote_volume_24h":"${ticker ? decimalOfUnits(ticker.quoteAmount, this.#quoteDecimals) : '0'}",` +
      `"trades_24h":${ticker ? Number(ticker.tradeCount) : 0}}`
    );
  }

  /** Quote by base, rounded down four decimals below the tick, as average prices are. */
  #vwap(baseLots: number | bigint, quoteAmount: number | bigint): string | null {
    if (Number(baseLots) === 0) return null;
    const { priceDecimals, tickDecimal, quoteUnitsPerTickLot } = this.config;
    const unitsPerTick = BigInt(unitsOfDecimal(tickDecimal, priceDecimals));
    const units = (BigInt(quoteAmount) * unitsPerTick * 10_000n) / (BigInt(baseLots) * BigInt(quoteUnitsPerTickLot));
    return shortDecimalOfUnits(units, priceDecimals + 4);
  }

  #signedPrice(ticks: number): string {
    return `"${ticks < 0 ? '-' : ''}${this.price(Math.abs(ticks))}"`;
  }
}
