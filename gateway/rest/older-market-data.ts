/** Trades and candles that memory no longer has, from history; whole numbers again, as memory would have them. */
import { unitsOfDecimal } from '../../schemas/decimal.ts';
import type { AssetConfig, Micros, PriceTicks, QuantityLots, Sequence } from '../../schemas/generated/records.ts';
import type { HistoryPort, MarketPort } from '../ports.ts';
import { historyUnits, historyWhole, microsExpression } from './history-values.ts';
import type { CandleShown, TradeShown } from './payloads.ts';

const LIMITS = { maxSeconds: 5, maxRows: 2000 };

/** Newest first, below `before`. */
export async function olderTrades(
  market: MarketPort,
  before: number,
  count: number,
  history: HistoryPort,
): Promise<TradeShown[]> {
  const rows = await history.query(
    `SELECT trade_id, price_ticks, quantity_lots, taker_side, ${microsExpression('time')} AS at
      FROM trades WHERE symbol_id = {symbol:UInt32} AND trade_id < {before:UInt64}
      ORDER BY trade_id DESC LIMIT {count:UInt32}`,
    { symbol: market.config.symbol, before, count },
    LIMITS,
  );
  return rows.map((row) => ({
    tradeId: historyWhole(row, 'trade_id'),
    priceTicks: historyWhole(row, 'price_ticks'),
    quantityLots: historyWhole(row, 'quantity_lots'),
    takerSide: row.taker_side === 'buy' ? 'buy' : 'sell',
    timeMicros: historyWhole(row, 'at'),
  }));
}

/** Newest first, opening before `before`. */
export async function olderCandles(
  market: MarketPort,
  interval: string,
  before: number,
  count: number,
  { history, quote }: { readonly history: HistoryPort; readonly quote: AssetConfig },
): Promise<CandleShown[]> {
  const rows = await history.query(
    `SELECT ${microsExpression('opens_at')} AS opens, open, high, low, close, volume, notional, taker_buy_volume,
        taker_buy_notional, trades, first_trade_id, last_trade_id
      FROM candles WHERE symbol_id = {symbol:UInt32} AND interval = {interval:String}
        AND opens_at < fromUnixTimestamp64Micro({before:Int64})
      ORDER BY opens_at DESC LIMIT {count:UInt32}`,
    { symbol: market.config.symbol, interval, before: Math.min(before, LAST_MICROS), count },
    LIMITS,
  );
  const { config } = market;
  const unitsPerTick = BigInt(unitsOfDecimal(config.tickDecimal, config.priceDecimals));
  const unitsPerLot = BigInt(unitsOfDecimal(config.lotDecimal, config.quantityDecimals));
  return rows.map((row) => {
    const price = (column: string) =>
      Number(historyUnits(row, column, config.priceDecimals) / unitsPerTick) as PriceTicks;
    const quantity = (column: string) =>
      Number(historyUnits(row, column, config.quantityDecimals) / unitsPerLot) as QuantityLots;
    return {
      opensAt: historyWhole(row, 'opens') as Micros,
      openPriceTicks: price('open'),
      highPriceTicks: price('high'),
      lowPriceTicks: price('low'),
      closePriceTicks: price('close'),
      baseLots: quantity('volume'),
      quoteAmount: historyUnits(row, 'notional', quote.decimals),
      takerBuyLots: quantity('taker_buy_volume'),
      takerBuyQuoteAmount: historyUnits(row, 'taker_buy_notional', quote.decimals),
      tradeCount: historyWhole(row, 'trades'),
      firstTradeId: historyWhole(row, 'first_trade_id') as Sequence,
      lastTradeId: historyWhole(row, 'last_trade_id') as Sequence,
      closed: true,
      // History keeps one row a candle: the first that was final.
      version: 1,
    };
  });
}

/** The end of what a time of history can be. */
const LAST_MICROS = 4_102_444_800_000_000;
