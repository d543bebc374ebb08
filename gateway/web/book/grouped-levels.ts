/** Rows of the book as they are drawn: levels put together by so many ticks, with their running sums. */
import type { LevelPayload } from '../../../schemas/socket-payloads.ts';
import { type SymbolRules, units } from '../format/symbol-rules.ts';
import type { Level } from '../ticket/estimate.ts';

export interface BookRow {
  /** Price of the row: rounded away from the other side, so that a group never looks better than it is. */
  readonly price: number;
  readonly quantity: number;
  /** Quantity of this and all better rows. */
  readonly total: number;
}

export function levelsOf(payload: readonly LevelPayload[], rules: SymbolRules): Level[] {
  return payload.map(([price, quantity]) => ({
    price: units(price, rules.priceDecimals),
    quantity: units(quantity, rules.quantityDecimals),
  }));
}

/** At most `count` rows, best first. `groupUnits` is a whole number of ticks. */
export function groupedRows(
  levels: readonly Level[],
  side: 'buy' | 'sell',
  groupUnits: number,
  count: number,
): BookRow[] {
  const rows: { price: number; quantity: number; total: number }[] = [];
  let total = 0;
  for (const level of levels) {
    const price = groupPrice(level.price, side, groupUnits);
    const last = rows.at(-1);
    total += level.quantity;
    if (last && last.price === price) {
      last.quantity += level.quantity;
      last.total = total;
      continue;
    }
    if (rows.length === count) break;
    rows.push({ price, quantity: level.quantity, total });
  }
  return rows;
}

export function groupPrice(price: number, side: 'buy' | 'sell', groupUnits: number): number {
  const down = price - (price % groupUnits);
  return side === 'buy' || down === price ? down : down + groupUnits;
}

/** Steps that a book may be grouped by, in ticks: 1, 10, 100 … up to about a hundredth of the price. */
export function groupingChoices(price: number, tickUnits: number): number[] {
  const choices = [1];
  for (let ticks = 10; ticks * tickUnits * 100 <= price && choices.length < 8; ticks *= 10) {
    choices.push(ticks / 2 >= 5 && choices.length > 1 ? ticks / 2 : ticks);
    if (choices.at(-1) !== ticks) choices.push(ticks);
  }
  return choices;
}

/** Distance of best ask and best bid in ticks, and in basis points of the middle. */
export function spreadOf(bid: number, ask: number, tickUnits: number): { ticks: number; bps: number; middle: number } {
  const middle = (bid + ask) / 2;
  return { ticks: Math.round((ask - bid) / tickUnits), bps: ((ask - bid) / middle) * 10_000, middle };
}
