import { assert, unreachable } from '../schemas/assert.ts';
import { decodeRecord, encodeRecord } from '../schemas/codec.ts';
import { emptyEnvelope } from '../schemas/envelope.ts';
import type { PriceTicks, RecordOf, Sequence, SymbolConfig, SymbolId } from '../schemas/generated/records.ts';
import { MarketEvent, OrderCommand, recordSet } from '../schemas/logs.ts';
import { StateReader, StateWriter } from './accounts/state-bytes.ts';
import { StateHash } from './accounts/state-hash.ts';
import type { Emit, Moment, Operator, OperatorDefinition, Scope } from './contract.ts';
import { SymbolMarket } from './markets/symbol-market.ts';

export type MatchPorts = {
  /** To the market log. */
  events: MarketEvent;
  /** Back to the commands of the orders' accounts. */
  fills: RecordOf<'execution' | 'order_update' | 'reference_price'>;
};

const WayBack = recordSet('WayBack', ['execution', 'order_update', 'reference_price'] as const);
const FORMAT = 1;
const CONFIG_BYTES = 2048;

/**
 * Matches admitted orders by price and time, one book a symbol.
 *
 * Judges last, by the state of the market: a refusal here is a `rejected` on the market log and an `order_update` on the
 * way back, which frees the hold. What a command did is told in the order in which it happened: accepted, trades from
 * the best price on with prevented matches in place, then the cancel if the rest ends.
 *
 * At a clock record orders expire, timed pauses end, the indicative price of an auction is published and the reference
 * price moves, symbol by symbol in the order of their ids; then the tick is copied to the market log.
 *
 * State: one `SymbolMarket` a symbol. Snapshot: per symbol its configuration, numbers and conditions, then its book.
 * Invariants: those of each book.
 *
 * @example stage('match', matchOrders(), { in: orders })
 */
export function matchOrders(): OperatorDefinition<OrderCommand, MatchPorts> {
  return {
    name: 'matchOrders',
    input: OrderCommand,
    outputs: { events: MarketEvent, fills: WayBack },
    create: (scope) => new MatchOrders(scope),
  };
}

/** The last reference price of each symbol in a snapshot of the match stage; symbols that have none are left out. */
export function referencePricesIn(snapshot: Uint8Array): RecordOf<'reference_price'>[] {
  const match = new MatchOrders({ partition: 0, partitions: {}, shared: (_name, make) => make() });
  match.restore(snapshot);
  return match.referencePrices();
}

class MatchOrders implements Operator<OrderCommand, MatchPorts> {
  readonly #commandPartitions: number;
  /** By symbol id. */
  readonly #markets: (SymbolMarket | undefined)[] = [];

  constructor(scope: Scope) {
    this.#commandPartitions = scope.partitions.commands ?? 1;
  }

  apply(record: OrderCommand, moment: Moment, out: Emit<MatchPorts>): void {
    switch (record.type) {
      case 'admitted_place':
        this.#market(record.symbol).place(record, moment.correlationId, out);
        return;
      case 'admitted_cancel':
        this.#market(record.symbol).cancel(record, out);
        return;
      case 'admitted_amend':
        this.#market(record.symbol).amend(record, out);
        return;
      case 'admitted_cancel_all':
        this.#market(record.symbol).cancelAll(record, out);
        return;
      case 'symbol_config':
        this.#configure(record, out);
        return;
      case 'admin':
        for (const market of this.#open()) {
          if (record.symbol === 0 || record.symbol === market.symbol) market.admin(record, moment.correlationId, out);
        }
        return;
      case 'tick':
        this.#tick(moment, out);
        out.events(record);
        return;
      default:
        unreachable(record);
    }
  }

  snapshot(): Uint8Array {
    const markets = this.#open();
    const writer = new StateWriter(FORMAT);
    writer.integer(markets.length);
    const books: Uint8Array[] = [];
    for (const market of markets) {
      const book = market.book.snapshot();
      writer.text(configText(market.config));
      market.write(writer);
      writer.integer(book.length);
      books.push(book);
    }
    const head = writer.finish();
    const bytes = new Uint8Array(4 + head.length + books.reduce((sum, book) => sum + book.length, 0));
    new DataView(bytes.buffer).setUint32(0, head.length, true);
    bytes.set(head, 4);
    let at = 4 + head.length;
    for (const book of books) {
      bytes.set(book, at);
      at += book.length;
    }
    return bytes;
  }

  restore(bytes: Uint8Array): void {
    this.#markets.length = 0;
    const headBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
    const reader = new StateReader(bytes.slice(4, 4 + headBytes), FORMAT);
    const count = reader.integer();
    let at = 4 + headBytes;
    for (let index = 0; index < count; index++) {
      const market = new SymbolMarket(configOf(reader.text()));
      market.read(reader);
      const bookBytes = reader.integer();
      market.book.restore(bytes.slice(at, at + bookBytes));
      at += bookBytes;
      this.#markets[market.symbol] = market;
    }
    reader.finish();
    assert(at === bytes.length, 'a snapshot of the markets has bytes that nobody read');
  }

  stateHash(): string {
    const hash = new StateHash();
    const bytes = this.snapshot();
    const words = new Int32Array(bytes.buffer, 0, bytes.length >>> 2);
    for (let index = 0; index < words.length; index += 2) hash.mixWords(words[index]!, words[index + 1] ?? 0);
    for (let at = words.length * 4; at < bytes.length; at++) hash.mixWords(bytes[at]!, at);
    hash.endItem();
    return hash.digest();
  }

  checkInvariants(): void {
    for (const market of this.#open()) {
      market.book.checkInvariants();
      assert(
        market.book.collecting === market.conditions.collecting,
        `symbol ${market.symbol}: book and market disagree whether an auction collects`,
      );
    }
  }

  referencePrices(): RecordOf<'reference_price'>[] {
    return this.#open()
      .filter(({ reference }) => reference.priceTicks > 0)
      .map(referenceOf);
  }

  #configure(config: SymbolConfig, out: Emit<MatchPorts>): void {
    const known = this.#markets[config.symbol];
    if (known) {
      known.reconfigure(config, out);
      return;
    }
    const market = new SymbolMarket(config);
    this.#markets[config.symbol] = market;
    market.open(out);
  }

  #tick(moment: Moment, out: Emit<MatchPorts>): void {
    for (const market of this.#open()) {
      if (!market.tick(moment.timeMicros, out)) continue;
      for (let partition = 0; partition < this.#commandPartitions; partition++) {
        out.fills(referenceOf(market), partition);
      }
    }
  }

  /** In the order of their ids. */
  #open(): SymbolMarket[] {
    return this.#markets.filter((market) => market !== undefined);
  }

  #market(symbol: SymbolId): SymbolMarket {
    const market = this.#markets[symbol];
    assert(market !== undefined, 'an order was admitted for a symbol that has no market here');
    return market;
  }
}

function referenceOf({ symbol, reference }: SymbolMarket): RecordOf<'reference_price'> {
  return { type: 'reference_price', symbol, seq: 0 as Sequence, priceTicks: reference.priceTicks as PriceTicks };
}

function configText(config: SymbolConfig): string {
  const bytes = new Uint8Array(CONFIG_BYTES);
  const end = encodeRecord(emptyEnvelope(), config, bytes, 0);
  return Buffer.from(bytes.buffer, 0, end).toString('latin1');
}

function configOf(text: string): SymbolConfig {
  const bytes = Buffer.from(text, 'latin1');
  return decodeRecord(bytes, 0, bytes.length, emptyEnvelope()) as SymbolConfig;
}
