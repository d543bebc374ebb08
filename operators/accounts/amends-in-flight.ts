import type { StateReader, StateWriter } from './state-bytes.ts';
import type { StateHash } from './state-hash.ts';

/** An order takes no more amends than this before match has answered one. */
export const AMENDS_IN_FLIGHT_MAX = 16;

/** The amends that match has not answered, each order's as a list in the order of asking. Place 0 is none. */
export class AmendsInFlight {
  readonly requestIds: number[] = [0];
  /** New price, or 0: keeps it. */
  readonly priceTicks: number[] = [0];
  /** New total, or 0: keeps it. */
  readonly totalLots: number[] = [0];
  readonly next: number[] = [0];
  #free = 0;

  /** Appends to the list that starts at `first`; returns its start. */
  append(first: number, requestId: number, priceTicks: number, totalLots: number): number {
    const place = this.#free === 0 ? this.next.length : this.#free;
    if (place === this.#free) this.#free = this.next[place]!;
    this.requestIds[place] = requestId;
    this.priceTicks[place] = priceTicks;
    this.totalLots[place] = totalLots;
    this.next[place] = 0;
    if (first === 0) return place;
    let last = first;
    while (this.next[last] !== 0) last = this.next[last]!;
    this.next[last] = place;
    return first;
  }

  count(first: number): number {
    let count = 0;
    for (let place = first; place !== 0; place = this.next[place]!) count++;
    return count;
  }

  /** Place of a request in the list that starts at `first`, or 0. */
  find(first: number, requestId: number): number {
    let place = first;
    while (place !== 0 && this.requestIds[place] !== requestId) place = this.next[place]!;
    return place;
  }

  /** Takes a place out of the list that starts at `first`; returns its new start. */
  remove(first: number, place: number): number {
    const after = this.next[place]!;
    this.next[place] = this.#free;
    this.#free = place;
    if (first === place) return after;
    let before = first;
    while (this.next[before] !== place) before = this.next[before]!;
    this.next[before] = after;
    return first;
  }

  removeAll(first: number): void {
    let start = first;
    while (start !== 0) start = this.remove(start, start);
  }

  write(to: StateWriter, first: number): void {
    to.integer(this.count(first));
    for (let place = first; place !== 0; place = this.next[place]!) {
      to.number(this.requestIds[place]!);
      to.number(this.priceTicks[place]!);
      to.number(this.totalLots[place]!);
    }
  }

  /** Returns the start of the list that was read. */
  read(from: StateReader): number {
    let first = 0;
    for (let count = from.integer(); count > 0; count--) {
      first = this.append(first, from.number(), from.number(), from.number());
    }
    return first;
  }

  hashInto(hash: StateHash, first: number): void {
    for (let place = first; place !== 0; place = this.next[place]!) {
      hash.mixNumber(this.requestIds[place]!);
      hash.mixNumber(this.priceTicks[place]!);
      hash.mixNumber(this.totalLots[place]!);
    }
  }
}
