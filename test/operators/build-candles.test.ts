import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { buildCandles } from '../../operators/build-candles.ts';
import { CANDLE_INTERVALS, candleIntervalMicros, candleOpensAt } from '../../schemas/candle-intervals.ts';
import { encodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord, Candle } from '../../schemas/generated/records.ts';
import { FollowerRun, type PortRecord } from './follower-run.ts';
import { marketRecord } from './market-records.ts';

const SECOND = 1_000_000;
/** Thursday, 1 January 2026. */
const DAY = Date.UTC(2026, 0, 1) * 1_000;

interface Step {
  /** Absent: a tick. */
  readonly trade?: {
    readonly symbol: number;
    readonly priceTicks: number;
    readonly quantityLots: number;
    readonly buy: boolean;
  };
  readonly timeMicros: number;
}

const tradeAt = (timeMicros: number, priceTicks: number, quantityLots = 1, buy = true, symbol = 1): Step => ({
  trade: { symbol, priceTicks, quantityLots, buy },
  timeMicros,
});
const tickAt = (timeMicros: number): Step => ({ timeMicros });

class Candles {
  readonly run = new FollowerRun(buildCandles());
  #seq = 0;

  play(steps: readonly Step[]): PortRecord[] {
    return steps.flatMap(({ trade, timeMicros }) => {
      if (trade === undefined) return this.run.tick(timeMicros);
      this.#seq += 1;
      const { buy, ...terms } = trade;
      const quoteAmount = terms.priceTicks * terms.quantityLots;
      const fields = { ...terms, seq: this.#seq, quoteAmount, takerSide: buy ? 'buy' : 'sell' } as const;
      return this.run.apply(marketRecord('trade', fields), timeMicros);
    });
  }

  goOnFrom(other: Candles): void {
    this.run.operator.restore(other.run.operator.snapshot());
    this.#seq = other.#seq;
  }
}

function candlesOf(told: readonly PortRecord[], port: string, interval?: string): Candle[] {
  return told
    .filter((each) => each.port === port)
    .map(({ record }) => record as Candle)
    .filter((candle) => interval === undefined || candle.interval === interval);
}

const row = (candle: Candle): string =>
  [
    (candle.opensAt - DAY) / SECOND,
    candle.openPriceTicks,
    candle.highPriceTicks,
    candle.lowPriceTicks,
    candle.closePriceTicks,
    candle.baseLots,
    candle.tradeCount,
  ].join(' ');

test('a candle covers its opening time, not its end; a trade at the end closes it and opens the next', () => {
  const told = new Candles().play([
    tradeAt(DAY, 10, 1),
    tradeAt(DAY + SECOND - 1, 12, 2),
    tradeAt(DAY + SECOND, 11, 4),
    tickAt(DAY + 2 * SECOND),
  ]);
  assert.deepEqual(candlesOf(told, 'closed', '1s').map(row), ['0 10 12 10 12 3 2', '1 11 11 11 11 4 1']);
});

test('a tick closes what has ended, and tells the progress of what is open', () => {
  const candles = new Candles();
  assert.deepEqual(candles.play([tradeAt(DAY, 10)]), [], 'nothing is told between ticks');
  const told = candles.play([tickAt(DAY + 5 * SECOND)]);
  assert.deepEqual(
    candlesOf(told, 'closed').map(({ interval }) => interval),
    ['1s', '5s'],
  );
  assert.deepEqual(
    candlesOf(told, 'progress').map(({ interval }) => interval),
    ['1m', '5m', '15m', '1h', '4h', '1d', '1w'],
  );
  assert.ok(candlesOf(told, 'progress').every((candle) => !candle.closed && candle.tradeCount === 1));
  assert.deepEqual(candlesOf(candles.play([tickAt(DAY + 6 * SECOND)]), 'progress'), [], 'no trade, no progress');
});

test('intervals without trades are flat at the close before, from the first trade on', () => {
  const candles = new Candles();
  assert.deepEqual(candles.play([tickAt(DAY), tickAt(DAY + 120 * SECOND)]), [], 'no candle before the first trade');
  const told = candles.play([tradeAt(DAY + 130 * SECOND, 7, 3), tickAt(DAY + 360 * SECOND)]);
  assert.deepEqual(candlesOf(told, 'closed', '1m').map(row), [
    '120 7 7 7 7 3 1',
    '180 7 7 7 7 0 0',
    '240 7 7 7 7 0 0',
    '300 7 7 7 7 0 0',
  ]);
  const flat = candlesOf(told, 'closed', '1m')[1]!;
  assert.deepEqual(
    [flat.quoteAmount, flat.firstTradeId, flat.lastTradeId, flat.closed, flat.version],
    [0n, 0, 0, true, 1],
  );
});

test('below a minute, seconds that no clock record fell into are left out', () => {
  const told = new Candles().play([
    tradeAt(DAY, 7),
    tickAt(DAY + SECOND),
    tickAt(DAY + 2 * SECOND),
    tickAt(DAY + 30 * SECOND),
    tickAt(DAY + 31 * SECOND),
  ]);
  const opens = candlesOf(told, 'closed', '1s').map(({ opensAt }) => (opensAt - DAY) / SECOND);
  assert.deepEqual(opens, [0, 1, 2, 30]);
});

test('a stop longer than a month leaves no row of empty minutes behind, a shorter one does', () => {
  const minutesAfter = (days: number): number => {
    const told = new Candles().play([tradeAt(DAY, 7), tickAt(DAY + days * 86_400 * SECOND)]);
    return candlesOf(told, 'closed', '1m').length;
  };
  assert.equal(minutesAfter(3), 3 * 1_440);
  assert.equal(minutesAfter(40), 1);
});

test('weeks open on Monday, days at midnight UTC', () => {
  const told = new Candles().play([tradeAt(DAY, 7), tickAt(DAY + 14 * 86_400 * SECOND)]);
  const opensOf = (interval: string) =>
    candlesOf(told, 'closed', interval).map(({ opensAt }) => new Date(opensAt / 1_000).toISOString());
  assert.deepEqual(opensOf('1w'), ['2025-12-29T00:00:00.000Z', '2026-01-05T00:00:00.000Z']);
  assert.equal(opensOf('1d')[0], '2026-01-01T00:00:00.000Z');
  assert.equal(opensOf('1d').length, 14);
});

test('sums beyond 2^53 are exact', () => {
  const candles = new Candles();
  const most = Number.MAX_SAFE_INTEGER;
  const steps = [1, 2, 3, 4, 5].map((offset) => tradeAt(DAY + offset, most, 1));
  const [candle] = candlesOf(candles.play([...steps, tickAt(DAY + SECOND)]), 'closed', '1s');
  assert.equal(candle?.quoteAmount, 5n * BigInt(most));
  assert.ok(encodeRecord(emptyEnvelope(), candle!, new Uint8Array(500), 0) > 0);
});

test('a trade of an auction is volume, but nobody took', () => {
  const candles = new Candles();
  const trade = marketRecord('trade', { seq: 1, quantityLots: 5, quoteAmount: 5, auction: true });
  const told = [...candles.run.apply(trade, DAY), ...candles.run.tick(DAY + SECOND)];
  const [candle] = candlesOf(told, 'closed');
  assert.deepEqual([candle?.baseLots, candle?.takerBuyLots, candle?.takerBuyQuoteAmount], [5, 0, 0n]);
});

const steps = fc
  .array(
    fc.record({
      gapMicros: fc.oneof(
        fc.integer({ min: 0, max: SECOND }),
        fc.integer({ min: 0, max: 400 * SECOND }),
        fc.integer({ min: 0, max: 5 * 86_400 }).map((seconds) => seconds * SECOND),
      ),
      isTick: fc.boolean(),
      symbol: fc.integer({ min: 1, max: 3 }),
      priceTicks: fc.integer({ min: 1, max: 1_000 }),
      quantityLots: fc.integer({ min: 1, max: 50 }),
      buy: fc.boolean(),
    }),
    { minLength: 1, maxLength: 60 },
  )
  .map((drawn): Step[] => {
    let timeMicros = DAY + 17;
    return drawn.map(({ gapMicros, isTick, ...trade }) => {
      timeMicros += gapMicros;
      return isTick ? { timeMicros } : { trade, timeMicros };
    });
  });

/** Candles with trades, computed one interval at a time from all trades: the slow and obvious way. */
function naiveCandles(given: readonly Step[], untilMicros: number): Map<string, string> {
  const found = new Map<string, string>();
  for (const interval of CANDLE_INTERVALS) {
    const groups = new Map<string, Step[]>();
    for (const step of given) {
      if (step.trade === undefined) continue;
      const opensAt = candleOpensAt(interval, step.timeMicros);
      if (opensAt + candleIntervalMicros[interval] > untilMicros) continue;
      const key = `${step.trade.symbol} ${interval} ${opensAt}`;
      groups.set(key, [...(groups.get(key) ?? []), step]);
    }
    for (const [key, group] of groups) {
      const trades = group.map(({ trade }) => trade!);
      const prices = trades.map(({ priceTicks }) => priceTicks);
      const quote = (those: typeof trades) =>
        those.reduce((sum, { priceTicks, quantityLots }) => sum + BigInt(priceTicks * quantityLots), 0n);
      const lots = (those: typeof trades) => those.reduce((sum, { quantityLots }) => sum + quantityLots, 0);
      const buys = trades.filter(({ buy }) => buy);
      const values = [
        prices[0],
        Math.max(...prices),
        Math.min(...prices),
        prices.at(-1),
        lots(trades),
        quote(trades),
        lots(buys),
        quote(buys),
        trades.length,
      ];
      found.set(key, values.join(' '));
    }
  }
  return found;
}

const valuesOf = (candle: Candle): string =>
  [
    candle.openPriceTicks,
    candle.highPriceTicks,
    candle.lowPriceTicks,
    candle.closePriceTicks,
    candle.baseLots,
    candle.quoteAmount,
    candle.takerBuyLots,
    candle.takerBuyQuoteAmount,
    candle.tradeCount,
  ].join(' ');

test('every interval is exactly the sum of its trades, told once, and flat where there are none', () => {
  fc.assert(
    fc.property(steps, (given) => {
      const candles = new Candles();
      const end = given.at(-1)!.timeMicros + 8 * 86_400 * SECOND;
      const closed = candlesOf(candles.play([...given, tickAt(end)]), 'closed');
      candles.run.operator.checkInvariants();
      const keyOf = (candle: Candle) => `${candle.symbol} ${candle.interval} ${candle.opensAt}`;
      const traded = closed.filter(({ tradeCount }) => tradeCount > 0);
      assert.deepEqual(
        new Map([...traded.map((candle) => [keyOf(candle), valuesOf(candle)] as const)].sort()),
        new Map([...naiveCandles(given, end)].sort()),
      );
      assert.equal(new Set(closed.map(keyOf)).size, closed.length, 'none twice');
      const lastClose = new Map<string, Candle>();
      for (const candle of closed) {
        const row = `${candle.symbol} ${candle.interval}`;
        const before = lastClose.get(row);
        lastClose.set(row, candle);
        const length = candleIntervalMicros[candle.interval as '1m'];
        if (before === undefined) continue;
        assert.ok(candle.opensAt >= before.opensAt + length, 'in order');
        if (length >= 60 * SECOND) assert.equal(candle.opensAt, before.opensAt + length, 'without a hole');
        if (candle.tradeCount > 0) continue;
        assert.equal(candle.openPriceTicks, before.closePriceTicks);
        assert.deepEqual(
          [candle.highPriceTicks, candle.lowPriceTicks, candle.closePriceTicks, candle.baseLots],
          [before.closePriceTicks, before.closePriceTicks, before.closePriceTicks, 0],
        );
      }
    }),
    { numRuns: 60 },
  );
});

test('progress is what the open candle would be if it closed now', () => {
  fc.assert(
    fc.property(steps, (given) => {
      const candles = new Candles();
      const tickTime = given.at(-1)!.timeMicros;
      candles.play(
        given.map((step) => ({
          ...step,
          trade: step.trade ?? { symbol: 1, priceTicks: 5, quantityLots: 1, buy: true },
        })),
      );
      const copy = new Candles();
      copy.goOnFrom(candles);
      const progress = candlesOf(candles.play([tickAt(tickTime)]), 'progress');
      assert.ok(progress.length > 0);
      const closed = candlesOf(copy.play([tickAt(tickTime + 8 * 86_400 * SECOND)]), 'closed');
      for (const open of progress) {
        const final = closed.find(
          (each) => each.symbol === open.symbol && each.interval === open.interval && each.opensAt === open.opensAt,
        );
        assert.deepEqual({ ...open, closed: true }, final);
      }
    }),
    { numRuns: 60 },
  );
});

const bytesOf = (told: readonly PortRecord[]): string[] =>
  told.map(({ port, record }) => {
    const bytes = new Uint8Array(1_000);
    return `${port} ${Buffer.from(bytes.subarray(0, encodeRecord(emptyEnvelope(), record as AnyRecord, bytes, 0))).toString('hex')}`;
  });

test('what is built again from a snapshot is equal to the byte, wherever the log is cut', () => {
  fc.assert(
    fc.property(steps, fc.nat(), (given, draw) => {
      const cut = draw % given.length;
      const whole = new Candles();
      whole.play(given.slice(0, cut));
      const again = new Candles();
      again.goOnFrom(whole);
      assert.equal(again.run.operator.stateHash(), whole.run.operator.stateHash());
      assert.deepEqual(again.run.operator.snapshot(), whole.run.operator.snapshot());
      assert.deepEqual(bytesOf(again.play(given.slice(cut))), bytesOf(whole.play(given.slice(cut))));
      assert.equal(again.run.operator.stateHash(), whole.run.operator.stateHash());
    }),
    { numRuns: 60 },
  );
});

test('the hash tells states apart', () => {
  const hashes = [[], [tradeAt(DAY, 7)], [tradeAt(DAY, 8)], [tradeAt(DAY, 7, 2)], [tradeAt(DAY, 7), tickAt(DAY)]].map(
    (given) => {
      const candles = new Candles();
      candles.play(given);
      return candles.run.operator.stateHash();
    },
  );
  assert.equal(new Set(hashes).size, hashes.length);
});
