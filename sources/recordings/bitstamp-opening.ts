import type { BitstampBook, BitstampEvent, BitstampOrderEvent, BitstampOrderLife } from './bitstamp-events.ts';

/** An order that rested before the recording tells of it. */
export interface OpeningOrder {
  /** Recorded id; below zero for the part of a level of which no order is known. */
  readonly id: number;
  readonly buy: boolean;
  readonly priceTicks: number;
  readonly quantityLots: number;
}

export interface OpeningBook {
  /** Orders that rest before the first event, oldest first. */
  readonly resting: readonly OpeningOrder[];
  /** Orders whose creation the recorder missed: each enters before the first order with a larger id. */
  readonly late: readonly OpeningOrder[];
}

interface Level {
  readonly buy: boolean;
  readonly priceTicks: number;
  /** Known orders at the start and what they had. */
  known: number;
  /** Orders that rested and were filled in one piece: nothing says how large they were. */
  readonly unsized: BitstampOrderEvent[];
}

/**
 * What rested when the recording began.
 *
 * - An order whose first event is not its creation rested before, or, when its id is larger than that of the first order
 *   created, its creation was missed. Its first event says what it had, unless that was its complete fill.
 * - The first published book says what each of its levels held in all; what known orders do not explain belongs to the
 *   orders without a size, in equal parts, or to an order without a name. A level outside the first book is looked up in
 *   the first later book that shows it before those orders are filled.
 *
 * Trades are not looked at: they are what the exchange under test has to find.
 */
export function openingOrders(
  events: readonly BitstampEvent[],
  lives: ReadonlyMap<number, BitstampOrderLife>,
): OpeningBook {
  const books = events.filter((event) => event.type === 'book');
  const firstCreated = events.find((event) => event.type === 'created');
  const firstCreatedId = firstCreated?.type === 'created' ? firstCreated.id : Number.MAX_SAFE_INTEGER;
  const resting: OpeningOrder[] = [];
  const late: OpeningOrder[] = [];
  const levels = new Map<string, Level>();
  for (const { id, events: own } of lives.values()) {
    const first = own[0];
    if (first === undefined || first.type === 'created') continue;
    const filledWhole = first.type === 'deleted' && first.quantityLots === 0;
    if (id > firstCreatedId) {
      if (!filledWhole) late.push(openingOrder(first));
      continue;
    }
    const level = levelOf(levels, first.buy, first.priceTicks);
    if (filledWhole) level.unsized.push(first);
    else {
      resting.push(openingOrder(first));
      level.known += first.quantityLots;
    }
  }
  const firstBook = books[0];
  if (firstBook !== undefined) explainFirstBook(firstBook, lives, levels, firstCreatedId, resting);
  for (const level of levels.values()) {
    if (level.unsized.length === 0) continue;
    const filledAt = Math.min(...level.unsized.map((event) => event.index));
    const book = books.find((candidate) => candidate.index >= filledAt || shownLots(candidate, level) > 0);
    if (book === undefined || book.index >= filledAt) continue;
    share(level, shownLots(book, level) - liveLots(lives, level, book.index, firstCreatedId), resting);
  }
  resting.sort((left, right) => left.id - right.id);
  late.sort((left, right) => left.id - right.id);
  return { resting, late };
}

/** Gives what a level of the first book holds beyond known orders to those without a size, or to one without a name. */
function explainFirstBook(
  book: BitstampBook,
  lives: ReadonlyMap<number, BitstampOrderLife>,
  levels: Map<string, Level>,
  firstCreatedId: number,
  resting: OpeningOrder[],
): void {
  let nameless = 0;
  for (const buy of [true, false]) {
    for (const { priceTicks, quantityLots } of buy ? book.bids : book.asks) {
      const level = levelOf(levels, buy, priceTicks);
      const unexplained = quantityLots - liveLots(lives, level, book.index, firstCreatedId);
      if (level.unsized.some((event) => event.index > book.index)) share(level, unexplained, resting);
      else if (unexplained > 0) resting.push({ id: --nameless, buy, priceTicks, quantityLots: unexplained });
    }
  }
}

function share(level: Level, lots: number, resting: OpeningOrder[]): void {
  const { buy, priceTicks } = level;
  const orders = level.unsized.splice(0).sort((left, right) => left.id - right.id);
  if (orders.length === 0) return;
  const each = Math.floor(lots / orders.length);
  for (const [index, { id }] of orders.entries()) {
    const quantityLots = index === 0 ? lots - each * (orders.length - 1) : each;
    if (quantityLots > 0) resting.push({ id, buy, priceTicks, quantityLots });
  }
}

/** What orders of known size had at a price just before a place in the file, by the file's own account. */
function liveLots(
  lives: ReadonlyMap<number, BitstampOrderLife>,
  level: Level,
  index: number,
  firstCreatedId: number,
): number {
  let lots = 0;
  for (const { id, events } of lives.values()) {
    const first = events[0];
    if (first === undefined || first.buy !== level.buy) continue;
    const last = events.findLast((event) => event.index < index);
    if (last !== undefined) {
      if (last.type !== 'deleted' && last.priceTicks === level.priceTicks) lots += last.quantityLots;
    } else if (first.type !== 'created' && id <= firstCreatedId && first.priceTicks === level.priceTicks) {
      lots += first.quantityLots;
    }
  }
  return lots;
}

function shownLots(book: BitstampBook, level: Level): number {
  const side = level.buy ? book.bids : book.asks;
  return side.find(({ priceTicks }) => priceTicks === level.priceTicks)?.quantityLots ?? 0;
}

function levelOf(levels: Map<string, Level>, buy: boolean, priceTicks: number): Level {
  const key = `${buy ? 'b' : 'a'}${priceTicks}`;
  const found = levels.get(key) ?? { buy, priceTicks, known: 0, unsized: [] };
  levels.set(key, found);
  return found;
}

function openingOrder(event: BitstampOrderEvent): OpeningOrder {
  return { id: event.id, buy: event.buy, priceTicks: event.priceTicks, quantityLots: event.quantityLots };
}
