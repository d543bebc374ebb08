import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { rollTickers } from '../../operators/roll-tickers.ts';
import type { Ticker } from '../../schemas/generated/records.ts';
import { FollowerRun } from './follower-run.ts';
import { marketRecord } from './market-records.ts';

const MINUTE = 60_000_000;
const DAY = 24 * 60 * MINUTE;
const START = Date.UTC(2026, 0, 1) * 1_000;

class Tickers {
  readonly run = new FollowerRun(rollTickers());
  #seq = 0;

  trade(timeMicros: number, priceTicks: number, quantityLots: number, quoteAmount = priceTicks * quantityLots): void {
    this.#seq += 1;
    const told = this.run.apply(
      marketRecord('trade', { seq: this.#seq, priceTicks, quantityLots, quoteAmount }),
      timeMicros,
    );
    assert.deepEqual(told, []);
  }

  tick(timeMicros: number): Ticker | undefined {
    return this.run.tick(timeMicros)[0]?.record as Ticker | undefined;
  }
}

const pricesOf = (ticker: Ticker | undefined): unknown[] => [
  ticker?.lastPriceTicks,
  ticker?.openPriceTicks,
  ticker?.highPriceTicks,
  ticker?.lowPriceTicks,
  ticker?.baseLots,
  ticker?.quoteAmount,
  ticker?.tradeCount,
];

test('the window opens on a whole minute, 24 hours before the one that is open', () => {
  const tickers = new Tickers();
  tickers.trade(START + 30_000_000, 10, 1);
  tickers.trade(START + MINUTE + 1, 20, 2);
  assert.equal(tickers.tick(START + DAY)?.opensAt, START);
  assert.deepEqual(
    pricesOf(tickers.tick(START + DAY + MINUTE)),
    [20, 20, 20, 20, 2, 40n, 1],
    'the first minute is out',
  );
  assert.equal(tickers.tick(START + DAY + MINUTE + 1_000_000), undefined, 'nothing changed within the minute');
});

test('after a day without trades the last price stands alone', () => {
  const tickers = new Tickers();
  tickers.trade(START, 10, 1);
  tickers.trade(START, 30, 1);
  assert.deepEqual(pricesOf(tickers.tick(START + 1)), [30, 10, 30, 10, 2, 40n, 2]);
  assert.deepEqual(pricesOf(tickers.tick(START + 3 * DAY)), [30, 30, 30, 30, 0, 0n, 0]);
});

test('nothing is told of a symbol without trade and order; a quote alone is told', () => {
  const tickers = new Tickers();
  assert.equal(tickers.tick(START), undefined);
  tickers.run.apply(marketRecord('accepted', { seq: 1, orderId: 1, priceTicks: 5, restingLots: 3 }), START);
  const ticker = tickers.tick(START);
  assert.deepEqual([ticker?.bestBidPriceTicks, ticker?.bestBidLots, ticker?.lastPriceTicks], [5, 3, 0]);
  assert.equal(tickers.tick(START), undefined, 'told once');
  tickers.run.apply(marketRecord('cancelled', { seq: 2, orderId: 1 }), START);
});

test('sums beyond 2^53 come and go exactly', () => {
  const tickers = new Tickers();
  const most = Number.MAX_SAFE_INTEGER;
  for (let index = 0; index < 5; index += 1) tickers.trade(START + index * MINUTE, 1, 1, most - index);
  assert.equal(tickers.tick(START + 5 * MINUTE)?.quoteAmount, 5n * BigInt(most) - 10n);
  assert.equal(tickers.tick(START + DAY + 3 * MINUTE)?.quoteAmount, 2n * BigInt(most) - 7n);
  tickers.run.operator.checkInvariants();
});

test('the ticker is what all trades of its window give', () => {
  const drawn = fc.array(
    fc.record({
      gapMicros: fc.oneof(fc.nat(2 * MINUTE), fc.nat(DAY), fc.nat(3 * DAY)),
      priceTicks: fc.integer({ min: 1, max: 100 }),
      quantityLots: fc.integer({ min: 1, max: 9 }),
      tickAfter: fc.boolean(),
    }),
    { minLength: 1, maxLength: 50 },
  );
  fc.assert(
    fc.property(drawn, (steps) => {
      const tickers = new Tickers();
      const trades: { time: number; price: number; lots: number }[] = [];
      let time = START;
      for (const { gapMicros, priceTicks, quantityLots, tickAfter } of steps) {
        time += gapMicros;
        tickers.trade(time, priceTicks, quantityLots);
        trades.push({ time, price: priceTicks, lots: quantityLots });
        if (!tickAfter) continue;
        time += Math.floor(gapMicros / 2);
        const ticker = tickers.tick(time);
        tickers.run.operator.checkInvariants();
        if (ticker === undefined) continue;
        const opensAt = Math.floor(time / MINUTE) * MINUTE - DAY;
        const inside = trades.filter((trade) => trade.time >= opensAt);
        const prices = inside.length > 0 ? inside.map(({ price }) => price) : [priceTicks];
        const lots = inside.reduce((sum, trade) => sum + trade.lots, 0);
        const quote = inside.reduce((sum, trade) => sum + BigInt(trade.price * trade.lots), 0n);
        assert.equal(ticker.opensAt, opensAt);
        assert.deepEqual(pricesOf(ticker), [
          priceTicks,
          prices[0],
          Math.max(...prices),
          Math.min(...prices),
          lots,
          quote,
          inside.length,
        ]);
      }
    }),
    { numRuns: 200 },
  );
});
