/**
 * One side of a book by price level: what readers of market data see, where the order book itself knows orders.
 *
 * Prices lie in a sorted array, the best at its end, since most of what changes is near the best. With `tracksChanges` the
 * side remembers, until `takeChanges`, what each level that was touched held before.
 */
export class BookSide {
  readonly isBid: boolean;
  /** Sum over all levels. */
  totalLots = 0;
  readonly #lots = new Map<number, number>();
  /** Worst first. */
  readonly #prices: number[] = [];
  readonly #before: Map<number, number> | undefined;

  constructor(isBid: boolean, tracksChanges: boolean) {
    this.isBid = isBid;
    this.#before = tracksChanges ? new Map() : undefined;
  }

  get levels(): number {
    return this.#prices.length;
  }

  /** Price of the `rank`-th best level, 0 for the best; 0 where there is none. */
  priceAt(rank: number): number {
    return this.#prices[this.#prices.length - 1 - rank] ?? 0;
  }

  lotsAt(price: number): number {
    return this.#lots.get(price) ?? 0;
  }

  add(price: number, lots: number): void {
    this.set(price, this.lotsAt(price) + lots);
  }

  /** 0 removes the level. */
  set(price: number, lots: number): void {
    const before = this.lotsAt(price);
    if (before === lots) return;
    if (this.#before !== undefined && !this.#before.has(price)) this.#before.set(price, before);
    this.totalLots += lots - before;
    if (lots === 0) {
      this.#lots.delete(price);
      this.#prices.splice(this.#rankOf(price), 1);
      return;
    }
    if (before === 0) this.#prices.splice(this.#rankOf(price), 0, price);
    this.#lots.set(price, lots);
  }

  clear(): void {
    for (const price of [...this.#prices]) this.set(price, 0);
  }

  /** Levels that differ from what they were at the last call, best first: price, then lots (0: gone). */
  takeChanges(): [price: number, lots: number][] {
    const changes: [number, number][] = [];
    for (const [price, before] of this.#before ?? []) {
      const now = this.lotsAt(price);
      if (now !== before) changes.push([price, now]);
    }
    this.#before?.clear();
    return changes.sort(([left], [right]) => (this.isBid ? right - left : left - right));
  }

  /** Levels touched since the last `takeChanges`, with what they held before, by price. */
  pendingChanges(): [price: number, lotsBefore: number][] {
    return [...(this.#before ?? [])].sort(([left], [right]) => left - right);
  }

  /** Puts back what `pendingChanges` gave. */
  restoreChanges(changes: readonly (readonly [number, number])[]): void {
    this.#before?.clear();
    for (const [price, before] of changes) this.#before?.set(price, before);
  }

  /** The best `count` levels, flat: price and lots in units of the last decimal. */
  bestUnits(count: number, unitsPerTick: number, unitsPerLot: number): number[] {
    const units: number[] = [];
    for (let rank = 0; rank < Math.min(count, this.levels); rank += 1) {
      const price = this.priceAt(rank);
      units.push(price * unitsPerTick, this.lotsAt(price) * unitsPerLot);
    }
    return units;
  }

  /** Where a price is, or belongs, in the array. */
  #rankOf(price: number): number {
    let low = 0;
    let high = this.#prices.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      const isWorse = this.isBid ? this.#prices[middle]! < price : this.#prices[middle]! > price;
      if (isWorse) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
