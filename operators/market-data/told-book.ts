import { assert } from '../../schemas/assert.ts';
import type { MarketEvent } from '../../schemas/logs.ts';
import type { StateReader, StateWriter } from '../accounts/state-bytes.ts';
import type { StateHash } from '../accounts/state-hash.ts';
import { BookSide } from './book-side.ts';

interface RestingOrder {
  readonly isBid: boolean;
  readonly priceTicks: number;
  openLots: number;
}

/**
 * The book of one symbol as its market log tells of it. It is right after each whole command: an accepted order enters
 * with what rests in the end, before the trades that follow have taken from the other side.
 *
 * Invariant: each level is the sum of its orders.
 */
export class ToldBook {
  readonly bids: BookSide;
  readonly asks: BookSide;
  /** Of the last record that was applied. */
  seq = 0;
  #inAuction = false;
  readonly #orders = new Map<number, RestingOrder>();

  constructor(tracksChanges: boolean) {
    this.bids = new BookSide(true, tracksChanges);
    this.asks = new BookSide(false, tracksChanges);
  }

  apply(record: MarketEvent): void {
    this.seq = record.seq;
    switch (record.type) {
      case 'accepted':
        this.#enter(record.orderId, record.side === 'buy', record.priceTicks, record.restingLots);
        return;
      case 'amended':
        this.#set(record.orderId, 0);
        this.#enter(record.orderId, record.side === 'buy', record.priceTicks, record.openLots);
        return;
      case 'trade':
      case 'prevented_match':
        this.#set(record.makerOrderId, record.makerOpenLots);
        // Only in an auction do both sides rest; else the taker entered with what is left of it in the end.
        if (this.#inAuction) this.#set(record.takerOrderId, record.takerOpenLots);
        return;
      case 'cancelled':
        this.#set(record.orderId, 0);
        return;
      case 'market_state':
        this.#inAuction = record.state === 'auction';
        return;
      default:
        return;
    }
  }

  write(to: StateWriter): void {
    to.number(this.seq);
    to.integer(this.#inAuction ? 1 : 0);
    to.integer(this.#orders.size);
    for (const orderId of [...this.#orders.keys()].sort((left, right) => left - right)) {
      const { isBid, priceTicks, openLots } = this.#orders.get(orderId)!;
      to.number(orderId);
      to.integer(isBid ? 1 : 0);
      to.number(priceTicks);
      to.number(openLots);
    }
    for (const side of [this.bids, this.asks]) {
      const changes = side.pendingChanges();
      to.integer(changes.length);
      for (const [price, before] of changes) {
        to.number(price);
        to.number(before);
      }
    }
  }

  read(from: StateReader): void {
    this.seq = from.number();
    this.#inAuction = from.integer() === 1;
    this.#orders.clear();
    this.bids.clear();
    this.asks.clear();
    for (let count = from.integer(); count > 0; count -= 1) {
      this.#enter(from.number(), from.integer() === 1, from.number(), from.number());
    }
    for (const side of [this.bids, this.asks]) {
      const changes: [number, number][] = [];
      for (let count = from.integer(); count > 0; count -= 1) changes.push([from.number(), from.number()]);
      side.restoreChanges(changes);
    }
  }

  /** Orders are hashed where they lie, in any order. */
  hashInto(hash: StateHash): void {
    hash.mixNumber(this.seq);
    hash.mixNumber(this.#inAuction ? 1 : 0);
    hash.endItem();
    for (const [orderId, { isBid, priceTicks, openLots }] of this.#orders) {
      hash.mixNumber(orderId);
      hash.mixNumber(isBid ? 1 : 0);
      hash.mixNumber(priceTicks);
      hash.mixNumber(openLots);
      hash.endItem();
    }
    for (const side of [this.bids, this.asks]) {
      for (const [price, before] of side.pendingChanges()) {
        hash.mixNumber(side.isBid ? 1 : 0);
        hash.mixNumber(price);
        hash.mixNumber(before);
        hash.endItem();
      }
    }
  }

  checkInvariants(): void {
    for (const side of [this.bids, this.asks]) {
      const sums = new Map<number, number>();
      for (const { isBid, priceTicks, openLots } of this.#orders.values()) {
        assert(openLots > 0, 'an order without open lots rests in the told book');
        if (isBid === side.isBid) sums.set(priceTicks, (sums.get(priceTicks) ?? 0) + openLots);
      }
      assert(sums.size === side.levels, 'the told book has a level without orders, or orders without a level');
      let total = 0;
      for (const [price, lots] of sums) {
        assert(side.lotsAt(price) === lots, 'a level of the told book is not the sum of its orders');
        total += lots;
      }
      assert(total === side.totalLots, 'the depth of the told book is not the sum of its levels');
      for (let rank = 1; rank < side.levels; rank += 1) {
        const better = side.priceAt(rank - 1) - side.priceAt(rank);
        assert(side.isBid ? better > 0 : better < 0, 'levels of the told book are out of order');
      }
    }
  }

  #enter(orderId: number, isBid: boolean, priceTicks: number, openLots: number): void {
    if (openLots === 0) return;
    this.#orders.set(orderId, { isBid, priceTicks, openLots });
    this.#side(isBid).add(priceTicks, openLots);
  }

  #set(orderId: number, openLots: number): void {
    const order = this.#orders.get(orderId);
    if (order === undefined) return;
    this.#side(order.isBid).add(order.priceTicks, openLots - order.openLots);
    order.openLots = openLots;
    if (openLots === 0) this.#orders.delete(orderId);
  }

  #side(isBid: boolean): BookSide {
    return isBid ? this.bids : this.asks;
  }
}
