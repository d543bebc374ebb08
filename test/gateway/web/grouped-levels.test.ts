import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  groupedRows,
  groupingChoices,
  groupPrice,
  levelsOf,
  spreadOf,
} from '../../../gateway/web/book/grouped-levels.ts';
import { btcUsd } from './symbol-rules-sample.ts';

test('levels are put together away from the other side, with running sums', () => {
  const asks = levelsOf(
    [
      ['64010.01', '0.10000'],
      ['64010.09', '0.20000'],
      ['64010.10', '0.30000'],
      ['64010.11', '0.4'],
    ],
    btcUsd,
  );
  assert.deepEqual(groupedRows(asks, 'sell', 10, 10), [
    { price: 6_401_010, quantity: 60_000, total: 60_000 },
    { price: 6_401_020, quantity: 40_000, total: 100_000 },
  ]);
  const bids = levelsOf(
    [
      ['64009.99', '0.10000'],
      ['64009.91', '0.20000'],
      ['64009.90', '0.30000'],
    ],
    btcUsd,
  );
  assert.deepEqual(groupedRows(bids, 'buy', 10, 10), [{ price: 6_400_990, quantity: 60_000, total: 60_000 }]);
});

test('a row that is not shown adds nothing to one that is', () => {
  const bids = [
    { price: 100, quantity: 1 },
    { price: 99, quantity: 2 },
    { price: 98, quantity: 4 },
  ];
  assert.deepEqual(
    groupedRows(bids, 'buy', 1, 2).map(({ total }) => total),
    [1, 3],
  );
});

test('a price on a step is its own group on both sides', () => {
  assert.equal(groupPrice(6_400_000, 'buy', 100), 6_400_000);
  assert.equal(groupPrice(6_400_000, 'sell', 100), 6_400_000);
  assert.equal(groupPrice(6_400_001, 'sell', 100), 6_400_100);
  assert.equal(groupPrice(6_400_099, 'buy', 100), 6_400_000);
});

test('a book is grouped by a tick up to about a hundredth of its price', () => {
  assert.deepEqual(groupingChoices(6_400_000, 1), [1, 10, 50, 100, 500, 1_000, 5_000, 10_000]);
  assert.deepEqual(groupingChoices(123, 1), [1]);
});

test('the spread is told in ticks and basis points of the middle', () => {
  assert.deepEqual(spreadOf(9_995, 10_005, 5), { ticks: 2, bps: 10, middle: 10_000 });
});
