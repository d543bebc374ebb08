import assert from 'node:assert/strict';
import { test } from 'node:test';
import {
  compact,
  firstDifference,
  grouped,
  percent,
  shortened,
  typedDecimal,
  withoutZeros,
} from '../../../gateway/web/format/numbers.ts';
import { averageEntry } from '../../../gateway/web/orders/average-entry.ts';
import { btcUsd } from './symbol-rules-sample.ts';

test('digits are grouped by thousands, long and tiny ones alike', () => {
  const cases = {
    '0': '0',
    '999': '999',
    '1000': '1,000',
    '1234567.80': '1,234,567.80',
    '0.00000123': '0.00000123',
    '-1234.5': '−1,234.5',
  };
  for (const [given, shown] of Object.entries(cases)) assert.equal(grouped(given), shown);
});

test('cutting decimals never hides an amount nor makes it larger, unless "at most" is meant', () => {
  assert.equal(shortened('1.239', 2), '1.23');
  assert.equal(shortened('1.231', 2, 'away'), '1.24');
  assert.equal(shortened('1.230', 2, 'away'), '1.23');
  assert.equal(shortened('9.999', 2, 'away'), '10.00');
  assert.equal(shortened('0.0000456', 2), '0.00004');
  assert.equal(shortened('-1.239', 2), '-1.23');
  assert.equal(shortened('12', 2), '12');
});

test('what is typed is read with commas, and nothing else is guessed', () => {
  const cases: Record<string, string | undefined> = {
    '64,010.5': '64010.5',
    '1 000': '1000',
    '.5': '0.5',
    '5.': '5',
    '007': '7',
    '1,5': undefined,
    '1e3': undefined,
    '-1': undefined,
    '': undefined,
    '.': undefined,
    '１２': undefined,
  };
  for (const [given, read] of Object.entries(cases)) assert.equal(typedDecimal(given), read, given);
});

test('volumes are short, changes have their sign', () => {
  assert.equal(compact(1_234_567), '1.23M');
  assert.equal(compact(12_345), '12.35k');
  assert.equal(compact(1_234.5), '1,235');
  assert.equal(percent(0.0124), '+1.24%');
  assert.equal(percent(-0.0124), '−1.24%');
  assert.equal(percent(-0.000001), '0.00%');
  assert.equal(percent(Number.NaN), '–');
  assert.equal(withoutZeros('1.500'), '1.5');
  assert.equal(withoutZeros('100'), '100');
});

test('two prices part where their digits do, or wholly when their lengths differ', () => {
  assert.equal(firstDifference('64,012.50', '64,013.50'), 5);
  assert.equal(firstDifference('9,999.00', '10,000.00'), 0);
});

test('average entry weighs each fill by its size', () => {
  const fill = (side: 'buy' | 'sell', price: string, quantity: string) => ({ side, price, quantity });
  const fills = [fill('buy', '100.00', '1.00000'), fill('buy', '200.00', '3.00000'), fill('sell', '300.00', '0.5')];
  assert.deepEqual(averageEntry(fills, btcUsd), { bought: '175.00', sold: '300.00' });
  assert.deepEqual(averageEntry([], btcUsd), { bought: undefined, sold: undefined });
});
