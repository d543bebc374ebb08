import type { AnyRecord } from '../../schemas/generated/records.ts';
import {
  type BitstampEvent,
  type BitstampOrderLife,
  livesOf,
  PRICE_DECIMALS,
  parseBitstamp,
  QUANTITY_DECIMALS,
} from './bitstamp-events.ts';
import { type OpeningBook, openingOrders } from './bitstamp-opening.ts';
import { RecordedDesk } from './recorded-desk.ts';
import { recordedRules } from './recorded-rules.ts';
import type { RecordedStep, Recording, RecordingOptions, RecordingRules } from './recording.ts';

/** A recorded market order may trade this far from the price at which it came: a tenth, as most venues bound it. */
const MARKET_REACH = 0.1;

/**
 * Bitstamp's order-by-order stream (`<local ms> <event> <json>`) as a source.
 *
 * Only intent is sent: new orders, and deletions that left an amount (genuine cancels). Changes and deletions at zero are
 * fills, which the exchange under test must find by itself. An order whose price changes over its life was a market
 * order. What rested before the first event is inferred, see `bitstamp-opening.ts`. Published trades and books are
 * yielded beside the commands and never influence them.
 */
export class BitstampRecording implements Recording {
  readonly kind = 'bitstamp';
  readonly rules: RecordingRules;
  private readonly desk: RecordedDesk;
  private readonly steps: Generator<RecordedStep, void>;

  constructor(lines: readonly string[], fileName: string, options: RecordingOptions = {}) {
    const events = parseBitstamp(lines, fileName);
    const lives = livesOf(events);
    const opening = openingOrders(events, lives);
    let priceTicksMax = 1;
    let quantityLotsMax = 1;
    const orders = [...[...lives.values()].flatMap((life) => life.events), ...opening.resting, ...opening.late];
    for (const { priceTicks, quantityLots } of orders) {
      priceTicksMax = Math.max(priceTicksMax, priceTicks);
      quantityLotsMax = Math.max(quantityLotsMax, quantityLots);
    }
    const symbolName = options.symbolName ?? 'BTC-USD';
    const grid = { symbolName, priceDecimals: PRICE_DECIMALS, quantityDecimals: QUANTITY_DECIMALS };
    this.rules = recordedRules({ ...grid, priceTicksMax, quantityLotsMax, restingOrdersMax: 1_000_000 });
    this.desk = new RecordedDesk('b', this.rules, options);
    this.steps = this.play(events, lives, opening);
  }

  get skipped(): number {
    return this.desk.skipped;
  }

  next(): RecordedStep | null {
    const { done, value } = this.steps.next();
    return done === true ? null : value;
  }

  onMarketRecord(record: AnyRecord): void {
    this.desk.onMarketRecord(record);
  }

  private *play(
    events: readonly BitstampEvent[],
    lives: ReadonlyMap<number, BitstampOrderLife>,
    opening: OpeningBook,
  ): Generator<RecordedStep, void> {
    const first = events[0];
    if (first === undefined) return;
    yield* this.desk.opening(first.timeMicros);
    for (const order of opening.resting)
      yield* this.desk.limit(first.timeMicros, order.id, order.buy, order.priceTicks, order.quantityLots);
    let late = 0;
    for (const event of events) {
      switch (event.type) {
        case 'created':
          for (
            let order = opening.late[late];
            order !== undefined && order.id < event.id;
            order = opening.late[++late]
          ) {
            yield* this.desk.limit(event.timeMicros, order.id, order.buy, order.priceTicks, order.quantityLots);
          }
          yield* this.placed(event.timeMicros, event, lives.get(event.id)?.isMarket ?? false);
          break;
        case 'deleted':
          if (event.quantityLots > 0) yield* this.desk.cancel(event.timeMicros, event.id);
          break;
        case 'changed':
          break;
        case 'trade':
        case 'book':
          yield event;
          break;
      }
    }
  }

  private placed(
    timeMicros: number,
    order: { id: number; buy: boolean; priceTicks: number; quantityLots: number },
    isMarket: boolean,
  ): Generator<RecordedStep, void> {
    if (!isMarket) return this.desk.limit(timeMicros, order.id, order.buy, order.priceTicks, order.quantityLots);
    const reach = Math.ceil(order.priceTicks * MARKET_REACH);
    const worst = order.buy ? order.priceTicks + reach : Math.max(1, order.priceTicks - reach);
    return this.desk.market(timeMicros, order.id, order.buy, worst, order.quantityLots);
  }
}
