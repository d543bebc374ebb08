import type { PublishedLevel } from './recording.ts';
import { RecordingError, scaled } from './recording-file.ts';

export const PRICE_DECIMALS = 2;
export const QUANTITY_DECIMALS = 8;

/** What became of one order. `quantityLots` is what remains after the event. */
export interface BitstampOrderEvent {
  readonly type: 'created' | 'changed' | 'deleted';
  readonly timeMicros: number;
  /** Place in the file. */
  readonly index: number;
  readonly id: number;
  readonly buy: boolean;
  readonly priceTicks: number;
  readonly quantityLots: number;
}

export interface BitstampTrade {
  readonly type: 'trade';
  readonly timeMicros: number;
  readonly index: number;
  readonly priceTicks: number;
  readonly quantityLots: number;
}

export interface BitstampBook {
  readonly type: 'book';
  readonly timeMicros: number;
  readonly index: number;
  readonly bids: readonly PublishedLevel[];
  readonly asks: readonly PublishedLevel[];
}

export type BitstampEvent = BitstampOrderEvent | BitstampTrade | BitstampBook;

/** All events of one order in file order. */
export interface BitstampOrderLife {
  readonly id: number;
  readonly events: BitstampOrderEvent[];
  /** Its price changed while it lived: a market order, shown at the price of each fill. */
  isMarket: boolean;
}

/** Reads the lines of a file. Throws `RecordingError` that names file and line. */
export function parseBitstamp(lines: readonly string[], fileName: string): BitstampEvent[] {
  return lines.map((line, index) => parseLine(line, index, `${fileName}:${index + 1}`));
}

/** The lives of the orders of a file, in order of first appearance. */
export function livesOf(events: readonly BitstampEvent[]): Map<number, BitstampOrderLife> {
  const lives = new Map<number, BitstampOrderLife>();
  for (const event of events) {
    if (event.type === 'trade' || event.type === 'book') continue;
    const life = lives.get(event.id);
    if (life === undefined) {
      lives.set(event.id, { id: event.id, events: [event], isMarket: false });
      continue;
    }
    if (life.events.at(-1)?.priceTicks !== event.priceTicks) life.isMarket = true;
    life.events.push(event);
  }
  return lives;
}

function parseLine(line: string, index: number, where: string): BitstampEvent {
  const match = /^(\d{1,15}) (\w+) (\{.*\})$/.exec(line);
  if (match === null) throw new RecordingError(`${where}: not "<milliseconds> <event> <json>"`);
  const timeMicros = Number(match[1]) * 1_000;
  const fields = parseObject(match[3] ?? '', where);
  switch (match[2]) {
    case 'order_created':
    case 'order_changed':
    case 'order_deleted':
      return {
        type: match[2].slice('order_'.length) as BitstampOrderEvent['type'],
        timeMicros,
        index,
        id: scaled(fields.id, 0, `${where} id`),
        buy: side(fields.order_type, where),
        priceTicks: scaled(fields.price, PRICE_DECIMALS, `${where} price`),
        quantityLots: scaled(fields.amount, QUANTITY_DECIMALS, `${where} amount`),
      };
    case 'trade':
      return {
        type: 'trade',
        timeMicros,
        index,
        priceTicks: scaled(fields.price, PRICE_DECIMALS, `${where} price`),
        quantityLots: scaled(fields.amount, QUANTITY_DECIMALS, `${where} amount`),
      };
    case 'order_book':
      return {
        type: 'book',
        timeMicros,
        index,
        bids: levels(fields.bids, where),
        asks: levels(fields.asks, where),
      };
    default:
      throw new RecordingError(
        `${where}: event "${match[2]}" is unknown; allowed: order_created, order_changed, order_deleted, order_book, trade`,
      );
  }
}

function parseObject(text: string, where: string): { readonly [name: string]: unknown } {
  try {
    return JSON.parse(text) as { readonly [name: string]: unknown };
  } catch (cause) {
    throw new RecordingError(`${where}: malformed JSON`, cause);
  }
}

function side(value: unknown, where: string): boolean {
  if (value !== 0 && value !== 1) {
    throw new RecordingError(`${where}: order_type is ${JSON.stringify(value)}; allowed: 0 (bid), 1 (ask)`);
  }
  return value === 0;
}

function levels(value: unknown, where: string): PublishedLevel[] {
  if (!Array.isArray(value)) throw new RecordingError(`${where}: a side of the book is not a list`);
  return value.map((level: unknown) => {
    if (!Array.isArray(level)) throw new RecordingError(`${where}: a level of the book is not a pair`);
    return {
      priceTicks: scaled(level[0], PRICE_DECIMALS, `${where} level price`),
      quantityLots: scaled(level[1], QUANTITY_DECIMALS, `${where} level amount`),
    };
  });
}
