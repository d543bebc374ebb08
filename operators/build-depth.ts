import { assert } from '../schemas/assert.ts';
import { CHECKSUM_LEVELS, krakenChecksumOfUnits } from '../schemas/book-checksum.ts';
import { unitsOfDecimal } from '../schemas/decimal.ts';
import type {
  BookDelta,
  PriceTicks,
  QuantityLots,
  Sequence,
  SymbolConfig,
  SymbolId,
  TopOfBook,
} from '../schemas/generated/records.ts';
import { DepthEvent, MarketEvent, TopOfBookEvent } from '../schemas/logs.ts';
import { StateReader, StateWriter } from './accounts/state-bytes.ts';
import { StateHash } from './accounts/state-hash.ts';
import type { Emit, Moment, Operator, OperatorDefinition } from './contract.ts';
import { ToldBook } from './market-data/told-book.ts';

export type DepthPorts = {
  /** Levels that changed since the last delta of the symbol. */
  delta: BookDelta;
  /** Best prices and depth at each tick, while there is an order in the book. */
  top: TopOfBook;
};

const FORMAT = 1;

/**
 * Folds the market log into price levels, and tells at each tick what changed.
 *
 * A delta goes from `prev_seq`, the `seq` of the delta before (0: none), to `seq`, that of the symbol's last market
 * record; it carries every level that differs, quantity 0 for one that is gone, best first, and Kraken's checksum of the
 * book after it. A symbol whose levels did not change has no delta.
 *
 * State: one `ToldBook` a symbol, and the decimals its checksum is made with. Invariants: those of each book.
 *
 * @example stage('depth', buildDepth(), { in: market })
 */
export function buildDepth(): OperatorDefinition<MarketEvent, DepthPorts> {
  return {
    name: 'buildDepth',
    keepsNoRecord: true,
    input: MarketEvent,
    outputs: { delta: DepthEvent, top: TopOfBookEvent },
    create: () => new BuildDepth(),
  };
}

class SymbolDepth {
  readonly symbol: SymbolId;
  readonly book = new ToldBook(true);
  /** Of the last delta. */
  toldSeq = 0;
  /** Units of the last decimal in a tick and in a lot. */
  unitsPerTick = 1;
  unitsPerLot = 1;

  constructor(symbol: SymbolId) {
    this.symbol = symbol;
  }

  configure(config: SymbolConfig): void {
    this.unitsPerTick = stepUnits(config.tickDecimal, config.priceDecimals);
    this.unitsPerLot = stepUnits(config.lotDecimal, config.quantityDecimals);
  }

  tell(out: Emit<DepthPorts>): void {
    const { bids, asks } = this.book;
    const bidChanges = bids.takeChanges();
    const askChanges = asks.takeChanges();
    if (bidChanges.length + askChanges.length > 0) {
      const prevSeq = this.toldSeq;
      this.toldSeq = this.book.seq;
      out.delta({
        type: 'book_delta',
        symbol: this.symbol,
        seq: this.book.seq as Sequence,
        prevSeq,
        bidPriceTicks: bidChanges.map(([price]) => price as PriceTicks),
        bidLots: bidChanges.map(([, lots]) => lots as QuantityLots),
        askPriceTicks: askChanges.map(([price]) => price as PriceTicks),
        askLots: askChanges.map(([, lots]) => lots as QuantityLots),
        checksum: krakenChecksumOfUnits(
          asks.bestUnits(CHECKSUM_LEVELS, this.unitsPerTick, this.unitsPerLot),
          bids.bestUnits(CHECKSUM_LEVELS, this.unitsPerTick, this.unitsPerLot),
        ),
      });
    }
    if (bids.levels + asks.levels === 0) return;
    const bid = bids.priceAt(0);
    const ask = asks.priceAt(0);
    out.top({
      type: 'top_of_book',
      symbol: this.symbol,
      seq: this.book.seq as Sequence,
      bestBidPriceTicks: bid as PriceTicks,
      bestBidLots: bids.lotsAt(bid) as QuantityLots,
      bestAskPriceTicks: ask as PriceTicks,
      bestAskLots: asks.lotsAt(ask) as QuantityLots,
      bidDepthLots: bids.totalLots as QuantityLots,
      askDepthLots: asks.totalLots as QuantityLots,
    });
  }
}

class BuildDepth implements Operator<MarketEvent, DepthPorts> {
  /** By symbol id. */
  readonly #depths: (SymbolDepth | undefined)[] = [];

  apply(record: MarketEvent, _moment: Moment, out: Emit<DepthPorts>): void {
    if (record.type === 'tick') {
      for (const depth of this.#depths) depth?.tell(out);
      return;
    }
    if (record.symbol === 0) return;
    const depth = this.#depth(record.symbol);
    if (record.type === 'symbol_config') depth.configure(record);
    depth.book.apply(record);
  }

  snapshot(): Uint8Array {
    const depths = this.#depths.filter((depth) => depth !== undefined);
    const writer = new StateWriter(FORMAT);
    writer.integer(depths.length);
    for (const depth of depths) {
      writer.number(depth.symbol);
      writer.number(depth.toldSeq);
      writer.number(depth.unitsPerTick);
      writer.number(depth.unitsPerLot);
      depth.book.write(writer);
    }
    return writer.finish();
  }

  restore(bytes: Uint8Array): void {
    this.#depths.length = 0;
    const reader = new StateReader(bytes, FORMAT);
    for (let count = reader.integer(); count > 0; count -= 1) {
      const depth = this.#depth(reader.number() as SymbolId);
      depth.toldSeq = reader.number();
      depth.unitsPerTick = reader.number();
      depth.unitsPerLot = reader.number();
      depth.book.read(reader);
    }
    reader.finish();
  }

  stateHash(): string {
    const hash = new StateHash();
    for (const depth of this.#depths) {
      if (depth === undefined) continue;
      for (const value of [depth.symbol, depth.toldSeq, depth.unitsPerTick, depth.unitsPerLot]) hash.mixNumber(value);
      hash.endItem();
      depth.book.hashInto(hash);
    }
    return hash.digest();
  }

  checkInvariants(): void {
    for (const depth of this.#depths) depth?.book.checkInvariants();
  }

  #depth(symbol: SymbolId): SymbolDepth {
    return (this.#depths[symbol] ??= new SymbolDepth(symbol));
  }
}

function stepUnits(text: string, decimals: number): number {
  const units = unitsOfDecimal(text, decimals);
  assert(typeof units === 'number' && units > 0, `"${text}" is no step in ${decimals} decimals`);
  return units;
}
