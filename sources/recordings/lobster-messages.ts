import { RecordingError, scaled } from './recording-file.ts';

/** Prices stand in ten-thousandths of a dollar. */
export const LOBSTER_PRICE_DECIMALS = 4;

export interface LobsterMessage {
  /** `unseen`: what the visible book does not show (hidden execution, cross, halt). */
  readonly type: 'new' | 'reduced' | 'deleted' | 'executed' | 'unseen';
  readonly timeMicros: number;
  /** The time as it stands in the file: runs are told by equal text, to the nanosecond. */
  readonly timeText: string;
  readonly id: number;
  /** Lots of the message: of the new order, of the part cancelled, of the fill. */
  readonly lots: number;
  readonly priceTicks: number;
  /** Side of the resting order. */
  readonly buy: boolean;
}

export interface LobsterSeed {
  readonly id: number;
  readonly buy: boolean;
  readonly priceTicks: number;
  readonly lots: number;
  /** False: it enters just before the first new order with a larger id. */
  readonly atStart: boolean;
}

/** LOBSTER counts seconds from midnight and names the day in the file name only; a fixed day keeps the time a date. */
const DAY_MICROS = Date.UTC(2012, 5, 21) * 1_000;

const TYPES: { readonly [code: string]: LobsterMessage['type'] } = {
  1: 'new',
  2: 'reduced',
  3: 'deleted',
  4: 'executed',
  5: 'unseen',
  6: 'unseen',
  7: 'unseen',
};

/** Reads a message file, which has no header. Throws `RecordingError` that names file and line. */
export function parseLobsterMessages(lines: readonly string[], fileName: string): LobsterMessage[] {
  return lines.map((line, index) => {
    const where = `${fileName}:${index + 1}`;
    const [timeText = '', code = '', id, size, price, direction] = line.split(',');
    const type = TYPES[code];
    if (type === undefined) throw new RecordingError(`${where}: type "${code}" is unknown; allowed: 1 to 7`);
    if (direction !== '1' && direction !== '-1') {
      throw new RecordingError(`${where}: direction "${direction}" given; allowed: 1 (buy), -1 (sell)`);
    }
    return {
      type,
      timeMicros: DAY_MICROS + Math.floor(scaled(timeText, 9, `${where} time`) / 1_000),
      timeText,
      id: scaled(id, 0, `${where} order id`),
      lots: scaled(size, 0, `${where} size`),
      priceTicks: scaled(price, 0, `${where} price`),
      buy: direction === '1',
    };
  });
}

/** Reads a file of opening orders: `when,order_id,side,price,size` with a header. */
export function parseLobsterSeeds(lines: readonly string[]): LobsterSeed[] {
  return lines.slice(1).map((line, index) => {
    const where = `opening orders, line ${index + 2}`;
    const [when, id, side, price, size] = line.split(',');
    if (side !== 'buy' && side !== 'sell')
      throw new RecordingError(`${where}: side "${side}" given; allowed: buy, sell`);
    return {
      id: scaled(id, 0, `${where} order_id`),
      buy: side === 'buy',
      priceTicks: scaled(price, 0, `${where} price`),
      lots: scaled(size, 0, `${where} size`),
      atStart: when === 'start',
    };
  });
}

/**
 * Opening orders as the messages betray them: an order that is reduced, filled or deleted without having been entered
 * rested before (or entered unseen, when its id is larger than that of the first new order). It had at least what these
 * messages took from it.
 */
export function seedsOfMessages(messages: readonly LobsterMessage[]): LobsterSeed[] {
  const entered = new Set<number>();
  const found = new Map<number, { message: LobsterMessage; lots: number }>();
  let firstNewId = Number.MAX_SAFE_INTEGER;
  for (const message of messages) {
    if (message.type === 'new') {
      if (firstNewId === Number.MAX_SAFE_INTEGER) firstNewId = message.id;
      entered.add(message.id);
    } else if (message.type !== 'unseen' && !entered.has(message.id)) {
      const seed = found.get(message.id) ?? { message, lots: 0 };
      seed.lots += message.lots;
      found.set(message.id, seed);
    }
  }
  return [...found]
    .map(([id, { message, lots }]) => ({
      id,
      buy: message.buy,
      priceTicks: message.priceTicks,
      lots,
      atStart: id < firstNewId,
    }))
    .sort((left, right) => left.id - right.id);
}
