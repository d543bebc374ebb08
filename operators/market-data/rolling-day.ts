import { assert } from '../../schemas/assert.ts';
import type { Trade } from '../../schemas/generated/records.ts';
import type { StateReader, StateWriter } from '../accounts/state-bytes.ts';
import { CandleSums } from './candle-sums.ts';

const MINUTE = 60_000_000;
/** Whole minutes that a window holds before the one that is open. */
const MINUTES = 24 * 60;
const BUCKETS = MINUTES + 1;

/**
 * Trades of the last 24 hours in one sum per minute. The window begins on a whole minute, so it is up to a minute wider
 * than a day, moves by minutes, and needs no clock between: Binance's rule for its rolling ticker.
 *
 * Invariant: `volume` is the sum of the minutes.
 */
export class RollingDay {
  /** Price, quantity, amount and count of the window; `highTicks` and `lowTicks` of it are not kept here. */
  readonly volume = new CandleSums();
  readonly #minutes: (CandleSums | undefined)[] = new Array<CandleSums | undefined>(BUCKETS).fill(undefined);
  /** Number, since 1970, of the minute that is open. */
  #minute = 0;

  /** When the window opens. */
  get opensAt(): number {
    return (this.#minute - MINUTES) * MINUTE;
  }

  /** Log time moves: minutes that fall out of the window are taken off. */
  advance(timeMicros: number): void {
    const minute = Math.floor(timeMicros / MINUTE);
    if (minute <= this.#minute) return;
    const passed = Math.min(minute - this.#minute, BUCKETS);
    for (let step = 1; step <= passed; step += 1) this.#drop((minute - passed + step) % BUCKETS);
    this.#minute = minute;
  }

  addTrade(trade: Trade, timeMicros: number): void {
    this.advance(timeMicros);
    const index = this.#minute % BUCKETS;
    const bucket = (this.#minutes[index] ??= new CandleSums());
    bucket.addTrade(trade);
    this.volume.baseLots += trade.quantityLots;
    this.volume.tradeCount += 1;
    this.volume.quote.add(trade.quoteAmount);
  }

  /** First, highest and lowest price of the window; zeros where it has no trade. */
  prices(): { openTicks: number; highTicks: number; lowTicks: number } {
    let openTicks = 0;
    let highTicks = 0;
    let lowTicks = 0;
    for (let back = MINUTES; back >= 0; back -= 1) {
      const bucket = this.#minutes[(this.#minute - back + BUCKETS) % BUCKETS];
      if (bucket === undefined) continue;
      if (openTicks === 0) {
        openTicks = bucket.openTicks;
        lowTicks = bucket.lowTicks;
      }
      if (bucket.highTicks > highTicks) highTicks = bucket.highTicks;
      if (bucket.lowTicks < lowTicks) lowTicks = bucket.lowTicks;
    }
    return { openTicks, highTicks, lowTicks };
  }

  write(to: StateWriter): void {
    to.number(this.#minute);
    to.integer(this.#minutes.filter((bucket) => bucket !== undefined).length);
    for (let back = MINUTES; back >= 0; back -= 1) {
      const bucket = this.#minutes[(this.#minute - back + BUCKETS) % BUCKETS];
      if (bucket === undefined) continue;
      to.integer(back);
      bucket.write(to);
    }
  }

  read(from: StateReader): void {
    this.#minutes.fill(undefined);
    this.volume.clear();
    this.#minute = from.number();
    for (let count = from.integer(); count > 0; count -= 1) {
      const bucket = new CandleSums();
      const index = (this.#minute - from.integer() + BUCKETS) % BUCKETS;
      bucket.read(from);
      this.#minutes[index] = bucket;
      this.volume.baseLots += bucket.baseLots;
      this.volume.tradeCount += bucket.tradeCount;
      this.volume.quote.addSum(bucket.quote);
    }
  }

  checkInvariants(): void {
    let lots = 0;
    let count = 0;
    let quote = 0n;
    for (const bucket of this.#minutes) {
      if (bucket === undefined) continue;
      assert(bucket.isSound() && bucket.tradeCount > 0, 'a minute of the rolling day contradicts itself');
      lots += bucket.baseLots;
      count += bucket.tradeCount;
      quote += bucket.quote.value();
    }
    const { volume } = this;
    assert(lots === volume.baseLots && count === volume.tradeCount, 'the rolling day is not the sum of its minutes');
    assert(quote === volume.quote.value(), 'the rolling quote volume is not the sum of its minutes');
  }

  #drop(index: number): void {
    const bucket = this.#minutes[index];
    if (bucket === undefined) return;
    this.volume.baseLots -= bucket.baseLots;
    this.volume.tradeCount -= bucket.tradeCount;
    this.volume.quote.subtractSum(bucket.quote);
    this.#minutes[index] = undefined;
  }
}
