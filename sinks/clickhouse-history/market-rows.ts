import { unreachable } from '../../schemas/assert.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import type { Candle, TopOfBook } from '../../schemas/generated/records.ts';
import type { MarketEvent } from '../../schemas/logs.ts';
import { beginRow, offsetOfCause, setCause } from './row-origin.ts';
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
        const row = beginRow(this.orderEvents, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.orderEvents.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.type.values[row] = tables.orderEventNumbers.accepted!;
        c.account.values[row] = record.account;
        c.order_id.values[row] = record.orderId;
        c.side.values[row] = tables.sideNumbers[record.side]!;
        c.order_type.values[row] = tables.orderTypeNumbers[record.orderType]!;
        c.time_in_force.values[row] = tables.timeInForceNumbers[record.timeInForce]!;
        c.post_only.values[row] = record.postOnly ? 1 : 0;
        c.price_ticks.values[row] = record.priceTicks;
        c.quantity_lots.values[row] = record.quantityLots;
        c.budget.values[row] = record.budget;
        c.open_lots.values[row] = record.restingLots;
        c.expires_at.values[row] = record.expiresAt;
        return;
      }
      case 'trade': {
        const row = beginRow(this.trades, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.trades.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.price_ticks.values[row] = record.priceTicks;
        c.quantity_lots.values[row] = record.quantityLots;
        c.quote_amount.values[row] = record.quoteAmount;
        c.taker_side.values[row] = tables.sideNumbers[record.takerSide]!;
        c.taker_order_id.values[row] = record.takerOrderId;
        c.maker_order_id.values[row] = record.makerOrderId;
        c.taker_account.values[row] = record.takerAccount;
        c.maker_account.values[row] = record.makerAccount;
        c.taker_cumulative_lots.values[row] = record.takerCumulativeLots;
        c.taker_open_lots.values[row] = record.takerOpenLots;
        c.maker_cumulative_lots.values[row] = record.makerCumulativeLots;
        c.maker_open_lots.values[row] = record.makerOpenLots;
        c.auction.values[row] = record.auction ? 1 : 0;
        return;
      }
      case 'cancelled': {
        const row = beginRow(this.orderEvents, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.orderEvents.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.type.values[row] = tables.orderEventNumbers.cancelled!;
        c.account.values[row] = record.account;
        c.order_id.values[row] = record.orderId;
        c.side.values[row] = tables.sideNumbers[record.side]!;
        c.price_ticks.values[row] = record.priceTicks;
        c.quantity_lots.values[row] = record.cancelledLots;
        c.executed_lots.values[row] = record.executedLots;
        c.was_resting.values[row] = record.wasResting ? 1 : 0;
        c.reason.values[row] = tables.reasonNumbers[record.reason]!;
        return;
      }
      case 'amended': {
        const row = beginRow(this.orderEvents, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.orderEvents.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.type.values[row] = tables.orderEventNumbers.amended!;
        c.account.values[row] = record.account;
        c.order_id.values[row] = record.orderId;
        c.side.values[row] = tables.sideNumbers[record.side]!;
        c.price_ticks.values[row] = record.priceTicks;
        c.quantity_lots.values[row] = record.quantityLots;
        c.open_lots.values[row] = record.openLots;
        c.old_price_ticks.values[row] = record.oldPriceTicks;
        c.old_open_lots.values[row] = record.oldOpenLots;
        c.kept_priority.values[row] = record.keptPriority ? 1 : 0;
        return;
      }
      case 'rejected': {
        const row = beginRow(this.orderEvents, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.orderEvents.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.type.values[row] = tables.orderEventNumbers.rejected!;
        c.account.values[row] = record.account;
        c.order_id.values[row] = record.orderId;
        c.reason.values[row] = tables.reasonNumbers[record.reason]!;
        return;
      }
      case 'prevented_match': {
        const row = beginRow(this.preventedMatches, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.preventedMatches.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.taker_order_id.values[row] = record.takerOrderId;
        c.maker_order_id.values[row] = record.makerOrderId;
        c.taker_account.values[row] = record.takerAccount;
        c.maker_account.values[row] = record.makerAccount;
        c.price_ticks.values[row] = record.priceTicks;
        c.quantity_lots.values[row] = record.quantityLots;
        c.mode.values[row] = tables.modeNumbers[record.mode]!;
        c.taker_open_lots.values[row] = record.takerOpenLots;
        c.maker_open_lots.values[row] = record.makerOpenLots;
        return;
      }
      case 'market_state': {
        const row = beginRow(this.marketStates, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.marketStates.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.type.values[row] = tables.marketStateRowNumbers.market_state!;
        c.state.values[row] = tables.tradingStateNumbers[record.state]!;
        c.previous_state.values[row] = tables.tradingStateNumbers[record.previousState]!;
        c.until.values[row] = record.until;
        c.reason.set(row, record.reason);
        c.requested_by.set(row, record.requestedBy);
        return;
      }
      case 'auction_indicative':
      case 'reference_price': {
        const row = beginRow(this.marketStates, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.marketStates.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        const indicative = record.type === 'auction_indicative';
        c.type.values[row] = tables.marketStateRowNumbers[record.type]!;
        c.price_ticks.values[row] = record.priceTicks;
        c.matched_lots.values[row] = indicative ? record.matchedLots : 0;
        c.surplus_lots.values[row] = indicative ? record.surplusLots : 0;
        return;
      }
      case 'symbol_config': {
        const row = beginRow(this.symbols, partition, offset, record.symbol, envelope, this.#generation);
        const c = this.symbols.columns;
        c.seq.values[row] = record.seq;
        setCause(c, row, envelope);
        c.name.set(row, record.name);
        c.base_asset.values[row] = record.baseAsset;
        c.quote_asset.values[row] = record.quoteAsset;
        c.price_decimals.values[row] = record.priceDecimals;
        c.quantity_decimals.values[row] = record.quantityDecimals;
        c.tick_decimal.set(row, record.tickDecimal);
        c.lot_decimal.set(row, record.lotDecimal);
        c.quote_units_per_tick_lot.values[row] = record.quoteUnitsPerTickLot;
        c.base_units_per_lot.values[row] = record.baseUnitsPerLot;
        c.min_price_ticks.values[row] = record.minPriceTicks;
        c.max_price_ticks.values[row] = record.maxPriceTicks;
        c.min_quantity_lots.values[row] = record.minQuantityLots;
        c.max_quantity_lots.values[row] = record.maxQuantityLots;
        c.min_notional_amount.values[row] = record.minNotionalAmount;
        c.max_notional_amount.values[row] = record.maxNotionalAmount;
        c.band_ppm.values[row] = record.bandPpm;
        c.fee_schedule.set(row, record.feeSchedule);
        c.version.values[row] = record.version;
        return;
      }
      case 'cancel_all_done': // the cancels before it have a row each
      case 'tick':
      case 'checkpoint':
        return;
      default:
        unreachable(record);
    }
  }

  candle(partition: number, record: Candle, envelope: Envelope): void {
    const row = beginRow(this.candles, partition, offsetOfCause(envelope), record.symbol, envelope, this.#generation);
    const c = this.candles.columns;
    c.event_id.values[row] = envelope.eventId;
    c.interval.set(row, record.interval);
    c.opens_at.values[row] = record.opensAt;
    c.open_price_ticks.values[row] = record.openPriceTicks;
    c.high_price_ticks.values[row] = record.highPriceTicks;
    c.low_price_ticks.values[row] = record.lowPriceTicks;
    c.close_price_ticks.values[row] = record.closePriceTicks;
    c.base_lots.values[row] = record.baseLots;
    c.quote_amount.setWide(row, record.quoteAmount);
    c.taker_buy_lots.values[row] = record.takerBuyLots;
    c.taker_buy_quote_amount.setWide(row, record.takerBuyQuoteAmount);
    c.trade_count.values[row] = record.tradeCount;
    c.first_trade_id.values[row] = record.firstTradeId;
    c.last_trade_id.values[row] = record.lastTradeId;
  }

  top(partition: number, record: TopOfBook, envelope: Envelope): void {
    const row = beginRow(this.topOfBook, partition, offsetOfCause(envelope), record.symbol, envelope, this.#generation);
    const c = this.topOfBook.columns;
    c.event_id.values[row] = envelope.eventId;
    c.best_bid_price_ticks.values[row] = record.bestBidPriceTicks;
    c.best_bid_lots.values[row] = record.bestBidLots;
    c.best_ask_price_ticks.values[row] = record.bestAskPriceTicks;
    c.best_ask_lots.values[row] = record.bestAskLots;
    c.bid_depth_lots.values[row] = record.bidDepthLots;
    c.ask_depth_lots.values[row] = record.askDepthLots;
  }
}
