import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { krakenChecksum } from '../../../schemas/book-checksum.ts';
import { unitsOfDecimal } from '../../../schemas/decimal.ts';
import { RecordingError } from '../../../sources/recordings/recording-file.ts';
import { type Comparison, type ConformanceOptions, shareOf } from '../conformance.ts';
import {
  bitfinexChecksum,
  bitfinexOrderChecksum,
  okxChecksum,
  type TextLevel,
  type TextOrder,
} from '../foreign-checksums.ts';
import { LevelsAsOrders } from '../levels-as-orders.ts';
import { decimalsNeeded, publishedUnits } from '../published-numbers.ts';

export interface ChecksumResult extends Comparison {
  /** Published checksums by the rule they follow. */
  readonly byRule: { readonly [rule: string]: number };
  /** Levels whose price or quantity is above 2^53 - 1 units, as none of ours can be: they are left out. */
  readonly tooLarge: number;
}

/** Counts comparisons of any number of files. */
class Tally {
  compared = 0;
  equal = 0;
  firstDifference: unknown = null;
  tooLarge = 0;
  readonly byRule: { [rule: string]: number } = {};

  compare(rule: string, where: string, expected: number, found: number | undefined): void {
    this.compared += 1;
    this.byRule[rule] = (this.byRule[rule] ?? 0) + 1;
    if (expected === found) this.equal += 1;
    else this.firstDifference ??= { rule, where, expected, found: found ?? null };
  }
}

/**
 * Book checksums: published vectors (JSON), and raw feeds in which the exchange sends one with each change. Kraken's
 * feed goes through the depth stage, and the checksum is that of its deltas.
 */
export function conform(files: readonly string[], options: ConformanceOptions = {}): ChecksumResult {
  if (files.length === 0) throw new RecordingError('checksum takes vectors (.json) and raw feeds, none given');
  const tally = new Tally();
  for (const file of files) {
    const text = readFileSync(file, 'utf8');
    if (file.endsWith('.json')) compareVectors(JSON.parse(text) as readonly Vector[], tally);
    else if (text.includes('ws.kraken.com') || basename(file).startsWith('KRAKEN')) playKraken(text, tally, options);
    else if (text.includes('okx') || basename(file).startsWith('OKX')) playOkx(text, tally);
    else throw new RecordingError(`${basename(file)}: vectors as .json, or a feed of Kraken or OKX, are known`);
  }
  const { compared, equal, firstDifference, byRule, tooLarge } = tally;
  if (compared === 0) throw new RecordingError('the files hold no checksum');
  return { compared, equal, share: shareOf(equal, compared), firstDifference, byRule, tooLarge };
}

interface Vector {
  readonly format: string;
  readonly asks: readonly (readonly [string, string])[];
  readonly bids: readonly (readonly [string, string])[];
  readonly checksum: number;
}

function compareVectors(vectors: readonly Vector[], tally: Tally): void {
  for (const [index, { format, asks, bids, checksum }] of vectors.entries()) {
    tally.compare(format, `vector ${index}`, checksum, checksumOf(format, asks, bids));
  }
}

function checksumOf(format: string, asks: Vector['asks'], bids: Vector['bids']): number {
  const levels = (side: Vector['asks']) => side.map(([price, quantity]) => ({ price, quantity }));
  switch (format) {
    case 'KRAKEN':
      return krakenChecksum(levels(asks), levels(bids));
    case 'OKX':
      return okxChecksum(bids, asks) >>> 0;
    case 'BITFINEX':
      return bitfinexChecksum(bids, asks);
    case 'BITFINEX_L3':
      return bitfinexOrderChecksum(bids as unknown as TextOrder[], asks as unknown as TextOrder[]);
    default:
      throw new RecordingError(`a vector of format "${format}"; KRAKEN, OKX, BITFINEX, BITFINEX_L3 are known`);
  }
}

interface KrakenPayload {
  readonly as?: readonly TextLevel[];
  readonly bs?: readonly TextLevel[];
  readonly a?: readonly TextLevel[];
  readonly b?: readonly TextLevel[];
  readonly c?: string;
}

/** One pair of Kraken's feed; levels beyond the subscribed depth are forgotten, as its clients must. */
class KrakenBook {
  readonly #levels: LevelsAsOrders;
  readonly #decimals: { readonly price: number; readonly quantity: number };
  readonly #depth: number;
  readonly #prices = { buy: new Set<number>(), sell: new Set<number>() };
  readonly #tally: Tally;
  #checksum: number | undefined;

  constructor(snapshot: KrakenPayload, depth: number, tally: Tally, options: ConformanceOptions) {
    const levels = [...(snapshot.as ?? []), ...(snapshot.bs ?? [])];
    // Kraken prints every number of a pair with the pair's own decimals.
    const printed = (texts: readonly string[]): number =>
      Math.max(0, ...texts.map((text) => text.length - text.indexOf('.') - 1));
    this.#decimals = {
      price: printed(levels.map(([price]) => price)),
      quantity: printed(levels.map(([, lots]) => lots)),
    };
    this.#depth = depth;
    this.#tally = tally;
    this.#levels = new LevelsAsOrders(this.#decimals, options);
    this.apply(snapshot);
  }

  /** Checksum after the change, as the depth stage tells it. */
  apply({ as = [], bs = [], a = [], b = [] }: KrakenPayload): number | undefined {
    for (const level of [...as, ...a]) this.#set('sell', level);
    for (const level of [...bs, ...b]) this.#set('buy', level);
    this.#trim('sell', (left, right) => left - right);
    this.#trim('buy', (left, right) => right - left);
    const { delta } = this.#levels.tick();
    if (delta !== undefined) this.#checksum = delta.checksum;
    return this.#checksum;
  }

  #set(side: 'buy' | 'sell', [priceText, lotsText]: TextLevel): void {
    const tooLarge = (text: string, decimals: number): boolean => unitsOfDecimal(text, decimals) === 'out_of_range';
    if (tooLarge(priceText, this.#decimals.price) || tooLarge(lotsText, this.#decimals.quantity)) {
      this.#tally.tooLarge += 1;
      return;
    }
    const price = publishedUnits(priceText, this.#decimals.price);
    const lots = publishedUnits(lotsText, this.#decimals.quantity);
    if (lots === 0) this.#prices[side].delete(price);
    else this.#prices[side].add(price);
    this.#levels.set(side, price, lots);
  }

  #trim(side: 'buy' | 'sell', bestFirst: (left: number, right: number) => number): void {
    const prices = this.#prices[side];
    if (prices.size <= this.#depth) return;
    for (const price of [...prices].sort(bestFirst).slice(this.#depth)) {
      prices.delete(price);
      this.#levels.set(side, price, 0);
    }
  }
}

function playKraken(text: string, tally: Tally, options: ConformanceOptions): void {
  const books = new Map<number, KrakenBook>();
  for (const [index, line] of text.split('\n').entries()) {
    const start = line.indexOf(': [');
    if (start < 0) continue;
    const message = JSON.parse(line.slice(start + 2)) as unknown[];
    const channel = message[0];
    const name = message.at(-2);
    if (typeof channel !== 'number' || typeof name !== 'string' || !name.startsWith('book')) continue;
    const payload = Object.assign({}, ...message.slice(1, -2)) as KrakenPayload;
    if (payload.as !== undefined || payload.bs !== undefined) {
      books.set(channel, new KrakenBook(payload, Number(name.split('-')[1] ?? 10), tally, options));
      continue;
    }
    const found = books.get(channel)?.apply(payload);
    if (payload.c !== undefined) tally.compare('KRAKEN', `line ${index + 1}`, Number(payload.c), found);
  }
}

interface OkxMessage {
  readonly arg?: { readonly channel: string; readonly instId: string };
  readonly action?: 'snapshot' | 'update';
  readonly data?: readonly {
    readonly asks: readonly TextLevel[];
    readonly bids: readonly TextLevel[];
    readonly checksum: number;
  }[];
}

function playOkx(text: string, tally: Tally): void {
  const books = new Map<string, { asks: Map<string, string>; bids: Map<string, string> }>();
  for (const [index, line] of text.split('\n').entries()) {
    const start = line.indexOf(': {');
    if (start < 0 || line.startsWith('wss://')) continue;
    const message = JSON.parse(line.slice(start + 2)) as OkxMessage;
    if (message.arg?.channel !== 'books' || message.action === undefined) continue;
    if (message.action === 'snapshot') books.set(message.arg.instId, { asks: new Map(), bids: new Map() });
    const book = books.get(message.arg.instId);
    for (const { asks, bids, checksum } of message.data ?? []) {
      if (book === undefined) continue;
      for (const [side, levels] of [
        [book.asks, asks],
        [book.bids, bids],
      ] as const) {
        for (const [price, quantity] of levels) {
          if (quantity === '0') side.delete(price);
          else side.set(price, quantity);
        }
      }
      tally.compare(
        'OKX',
        `line ${index + 1}`,
        checksum,
        okxChecksum(bestFirst(book.bids, -1), bestFirst(book.asks, 1)),
      );
    }
  }
}

/** Levels by price, as whole numbers of the finest decimal among them. */
function bestFirst(side: ReadonlyMap<string, string>, direction: 1 | -1): TextLevel[] {
  const decimals = decimalsNeeded(side.keys());
  return [...side].sort(
    ([left], [right]) => direction * (publishedUnits(left, decimals) - publishedUnits(right, decimals)),
  );
}
