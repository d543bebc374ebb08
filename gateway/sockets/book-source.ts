import { type DecimalLevel, krakenChecksum } from '../../schemas/book-checksum.ts';
import type { LevelPort, MarketPort } from '../ports.ts';
import type { MarketText } from './market-text.ts';
import type { MergedSource, Shown } from './merged-view.ts';

export interface BookState {
  readonly bids: readonly LevelPort[];
  readonly asks: readonly LevelPort[];
}

/** Lots by price in ticks; 0 takes the level away. */
export interface BookDelta {
  readonly bids: ReadonlyMap<number, number>;
  readonly asks: ReadonlyMap<number, number>;
}

/**
 * The best levels of a book. A level that leaves the depth is taken away by name, so that deltas may be merged: whoever
 * missed the moment in which it left would otherwise keep it for ever.
 */
export function bookSource(
  market: () => MarketPort,
  depth: number,
  text: () => MarketText,
  timeMicros: () => number,
): MergedSource<BookState, BookDelta> {
  return {
    read(since): Shown<BookState> | undefined {
      const { seq, book } = market();
      if (seq === since) return undefined;
      return {
        seq,
        timeMicros: timeMicros(),
        state: { bids: book.levels('buy', depth), asks: book.levels('sell', depth) },
      };
    },
    difference(from, to) {
      const bids = sideDifference(from.bids, to.bids, (left, right) => left > right);
      const asks = sideDifference(from.asks, to.asks, (left, right) => left < right);
      return bids.size + asks.size === 0 ? undefined : { bids, asks };
    },
    merge(deltas) {
      const bids = new Map<number, number>();
      const asks = new Map<number, number>();
      for (const delta of deltas) {
        for (const [price, lots] of delta.bids) bids.set(price, lots);
        for (const [price, lots] of delta.asks) asks.set(price, lots);
      }
      return { bids, asks };
    },
    snapshotData({ bids, asks }) {
      return `{"bids":${levelsJson(bids, text())},"asks":${levelsJson(asks, text())}}`;
    },
    deltaData({ bids, asks }) {
      return `{"bids":${changesJson(bids, text())},"asks":${changesJson(asks, text())}}`;
    },
    checksum({ bids, asks }) {
      return krakenChecksum(decimalLevels(asks, text()), decimalLevels(bids, text()));
    },
  };
}

/** Both sides are sorted best first; `better` tells which of two prices comes before the other. */
function sideDifference(
  from: readonly LevelPort[],
  to: readonly LevelPort[],
  better: (left: number, right: number) => boolean,
): Map<number, number> {
  const changes = new Map<number, number>();
  let before = 0;
  let after = 0;
  while (before < from.length || after < to.length) {
    const old = from[before];
    const now = to[after];
    if (old !== undefined && (now === undefined || better(old.priceTicks, now.priceTicks))) {
      changes.set(old.priceTicks, 0);
      before++;
    } else if (old === undefined || old.priceTicks !== now!.priceTicks) {
      changes.set(now!.priceTicks, now!.quantityLots);
      after++;
    } else {
      if (old.quantityLots !== now!.quantityLots) changes.set(now!.priceTicks, now!.quantityLots);
      before++;
      after++;
    }
  }
  return changes;
}

function levelsJson(levels: readonly LevelPort[], text: MarketText): string {
  let json = '';
  for (const { priceTicks, quantityLots } of levels) {
    json += `${json === '' ? '' : ','}["${text.price(priceTicks)}","${text.quantity(quantityLots)}"]`;
  }
  return `[${json}]`;
}

function changesJson(changes: ReadonlyMap<number, number>, text: MarketText): string {
  let json = '';
  for (const [priceTicks, lots] of changes) {
    json += `${json === '' ? '' : ','}["${text.price(priceTicks)}","${lots === 0 ? '0' : text.quantity(lots)}"]`;
  }
  return `[${json}]`;
}

function decimalLevels(levels: readonly LevelPort[], text: MarketText): DecimalLevel[] {
  return levels
    .slice(0, 10)
    .map(({ priceTicks, quantityLots }) => ({ price: text.price(priceTicks), quantity: text.quantity(quantityLots) }));
}
