import { unreachable } from '../../schemas/assert.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import type { Candle, TopOfBook } from '../../schemas/generated/records.ts';
import type { MarketEvent } from '../../schemas/logs.ts';
import { beginRow, numbered, offsetOfCause } from './row-origin.ts';
import { type AnyBlock, TableBlock } from './table.ts';
import * as tables from './tables.ts';

/** Rows of the market log and of what the stages behind it say: each record is one row of one table, ticks and checkpoints are
 * none. Plain pushes, in the order of the columns, because this runs for every record of the exchange. */
export class MarketRows {
  readonly orderEvents = new TableBlock(tables.orderEvents);
  readonly trades = new TableBlock(tables.trades);
  readonly preventedMatches = new TableBlock(tables.preventedMatches);
  readonly marketStates = new TableBlock(tables.marketStates);
  readonly symbols = new TableBlock(tables.symbols);
  readonly candles = new TableBlock(tables.candles);
  readonly topOfBook = new TableBlock(tables.topOfBook);
  /** In the order in which they are inserted. */
  readonly blocks: readonly AnyBlock[] = [
    this.orderEvents,
    this.trades,
    this.preventedMatches,
    this.marketStates,
    this.symbols,
    this.candles,
    this.topOfBook,
  ];
  readonly #generation: number;

  constructor(generation: number) {
    this.#generation = generation;
  }

  event(partition: number, offset: number, record: MarketEvent, envelope: Envelope): void {
    switch (record.type) {
      case 'accepted': {
        const c = beginRow(this.orderEvents, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.type.push(tables.orderEventNumbers.accepted!);
        c.account.push(record.account);
        c.order_id.push(record.orderId);
        c.side.push(tables.sideNumbers[record.side]!);
        c.order_type.push(tables.orderTypeNumbers[record.orderType]!);
        c.time_in_force.push(tables.timeInForceNumbers[record.timeInForce]!);
        c.post_only.push(record.postOnly ? 1 : 0);
        c.price_ticks.push(record.priceTicks);
        c.quantity_lots.push(record.quantityLots);
        c.budget.push(record.budget);
        c.open_lots.push(record.restingLots);
        c.executed_lots.push(0);
        c.old_price_ticks.push(0);
        c.old_open_lots.push(0);
        c.kept_priority.push(0);
        c.was_resting.push(0);
        c.expires_at.push(record.expiresAt);
        c.reason.push(0);
        return;
      }
      case 'trade': {
        const c = beginRow(this.trades, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.price_ticks.push(record.priceTicks);
        c.quantity_lots.push(record.quantityLots);
        c.quote_amount.push(record.quoteAmount);
        c.taker_side.push(tables.sideNumbers[record.takerSide]!);
        c.taker_order_id.push(record.takerOrderId);
        c.maker_order_id.push(record.makerOrderId);
        c.taker_account.push(record.takerAccount);
        c.maker_account.push(record.makerAccount);
        c.taker_cumulative_lots.push(record.takerCumulativeLots);
        c.taker_open_lots.push(record.takerOpenLots);
        c.maker_cumulative_lots.push(record.makerCumulativeLots);
        c.maker_open_lots.push(record.makerOpenLots);
        c.auction.push(record.auction ? 1 : 0);
        return;
      }
      case 'cancelled': {
        const c = beginRow(this.orderEvents, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.type.push(tables.orderEventNumbers.cancelled!);
        c.account.push(record.account);
        c.order_id.push(record.orderId);
        c.side.push(tables.sideNumbers[record.side]!);
        c.order_type.push(0);
        c.time_in_force.push(0);
        c.post_only.push(0);
        c.price_ticks.push(record.priceTicks);
        c.quantity_lots.push(record.cancelledLots);
        c.budget.push(0);
        c.open_lots.push(0);
        c.executed_lots.push(record.executedLots);
        c.old_price_ticks.push(0);
        c.old_open_lots.push(0);
        c.kept_priority.push(0);
        c.was_resting.push(record.wasResting ? 1 : 0);
        c.expires_at.push(0);
        c.reason.push(tables.reasonNumbers[record.reason]!);
        return;
      }
      case 'amended': {
        const c = beginRow(this.orderEvents, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.type.push(tables.orderEventNumbers.amended!);
        c.account.push(record.account);
        c.order_id.push(record.orderId);
        c.side.push(tables.sideNumbers[record.side]!);
        c.order_type.push(0);
        c.time_in_force.push(0);
        c.post_only.push(0);
        c.price_ticks.push(record.priceTicks);
        c.quantity_lots.push(record.quantityLots);
        c.budget.push(0);
        c.open_lots.push(record.openLots);
        c.executed_lots.push(0);
        c.old_price_ticks.push(record.oldPriceTicks);
        c.old_open_lots.push(record.oldOpenLots);
        c.kept_priority.push(record.keptPriority ? 1 : 0);
        c.was_resting.push(0);
        c.expires_at.push(0);
        c.reason.push(0);
        return;
      }
      case 'rejected': {
        const c = beginRow(this.orderEvents, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.type.push(tables.orderEventNumbers.rejected!);
        c.account.push(record.account);
        c.order_id.push(record.orderId);
        c.side.push(0);
        c.order_type.push(0);
        c.time_in_force.push(0);
        c.post_only.push(0);
        c.price_ticks.push(0);
        c.quantity_lots.push(0);
        c.budget.push(0);
        c.open_lots.push(0);
        c.executed_lots.push(0);
        c.old_price_ticks.push(0);
        c.old_open_lots.push(0);
        c.kept_priority.push(0);
        c.was_resting.push(0);
        c.expires_at.push(0);
        c.reason.push(tables.reasonNumbers[record.reason]!);
        return;
      }
      case 'prevented_match': {
        const c = beginRow(this.preventedMatches, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.taker_order_id.push(record.takerOrderId);
        c.maker_order_id.push(record.makerOrderId);
        c.taker_account.push(record.takerAccount);
        c.maker_account.push(record.makerAccount);
        c.price_ticks.push(record.priceTicks);
        c.quantity_lots.push(record.quantityLots);
        c.mode.push(tables.modeNumbers[record.mode]!);
        c.taker_open_lots.push(record.takerOpenLots);
        c.maker_open_lots.push(record.makerOpenLots);
        return;
      }
      case 'market_state': {
        const c = beginRow(this.marketStates, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.type.push(tables.marketStateRowNumbers.market_state!);
        c.state.push(tables.tradingStateNumbers[record.state]!);
        c.previous_state.push(tables.tradingStateNumbers[record.previousState]!);
        c.until.push(record.until);
        c.reason.push(record.reason);
        c.requested_by.push(record.requestedBy);
        c.price_ticks.push(0);
        c.matched_lots.push(0);
        c.surplus_lots.push(0);
        return;
      }
      case 'auction_indicative':
      case 'reference_price': {
        const c = beginRow(this.marketStates, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        const indicative = record.type === 'auction_indicative';
        c.type.push(tables.marketStateRowNumbers[record.type]!);
        c.state.push(0);
        c.previous_state.push(0);
        c.until.push(0);
        c.reason.push('');
        c.requested_by.push('');
        c.price_ticks.push(record.priceTicks);
        c.matched_lots.push(indicative ? record.matchedLots : 0);
        c.surplus_lots.push(indicative ? record.surplusLots : 0);
        return;
      }
      case 'symbol_config': {
        const c = beginRow(this.symbols, partition, offset, record.symbol, envelope, this.#generation);
        numbered(c, record.seq, envelope);
        c.name.push(record.name);
        c.base_asset.push(record.baseAsset);
        c.quote_asset.push(record.quoteAsset);
        c.price_decimals.push(record.priceDecimals);
        c.quantity_decimals.push(record.quantityDecimals);
        c.tick_decimal.push(record.tickDecimal);
        c.lot_decimal.push(record.lotDecimal);
        c.quote_units_per_tick_lot.push(record.quoteUnitsPerTickLot);
        c.base_units_per_lot.push(record.baseUnitsPerLot);
        c.min_price_ticks.push(record.minPriceTicks);
        c.max_price_ticks.push(record.maxPriceTicks);
        c.min_quantity_lots.push(record.minQuantityLots);
        c.max_quantity_lots.push(record.maxQuantityLots);
        c.min_notional_amount.push(record.minNotionalAmount);
        c.max_notional_amount.push(record.maxNotionalAmount);
        c.band_ppm.push(record.bandPpm);
        c.fee_schedule.push(record.feeSchedule);
        c.version.push(record.version);
        return;
      }
      case 'tick':
      case 'checkpoint':
        return;
      default:
        unreachable(record);
    }
  }

  candle(partition: number, record: Candle, envelope: Envelope): void {
    const c = beginRow(this.candles, partition, offsetOfCause(envelope), record.symbol, envelope, this.#generation);
    c.event_id.push(envelope.eventId);
    c.interval.push(record.interval);
    c.opens_at.push(record.opensAt);
    c.open_price_ticks.push(record.openPriceTicks);
    c.high_price_ticks.push(record.highPriceTicks);
    c.low_price_ticks.push(record.lowPriceTicks);
    c.close_price_ticks.push(record.closePriceTicks);
    c.base_lots.push(record.baseLots);
    c.quote_amount.push(record.quoteAmount);
    c.taker_buy_lots.push(record.takerBuyLots);
    c.taker_buy_quote_amount.push(record.takerBuyQuoteAmount);
    c.trade_count.push(record.tradeCount);
    c.first_trade_id.push(record.firstTradeId);
    c.last_trade_id.push(record.lastTradeId);
  }

  top(partition: number, record: TopOfBook, envelope: Envelope): void {
    const c = beginRow(this.topOfBook, partition, offsetOfCause(envelope), record.symbol, envelope, this.#generation);
    c.event_id.push(envelope.eventId);
    c.best_bid_price_ticks.push(record.bestBidPriceTicks);
    c.best_bid_lots.push(record.bestBidLots);
    c.best_ask_price_ticks.push(record.bestAskPriceTicks);
    c.best_ask_lots.push(record.bestAskLots);
    c.bid_depth_lots.push(record.bidDepthLots);
    c.ask_depth_lots.push(record.askDepthLots);
  }
}
