import assert from 'node:assert/strict';
import { test } from 'node:test';
import * as layout from '../../../operators/accounts/order-layout.ts';

/** Fields that are doubles; all others but the flags are integers. */
const doubles = [
  'ORDER_ID',
  'PRICE_TICKS',
  'TOTAL_LOTS',
  'OPEN_LOTS',
  'BUDGET_REST',
  'EXECUTED_LOTS',
  'EXECUTED_QUOTE',
  'FEE_WHOLE',
  'FEE_REST',
  'HELD',
  'EXPIRES_AT',
  'VALID_UNTIL',
];

test('lays no field of an order over another, and none beyond its 128 bytes', () => {
  const owners = new Map<number, string>();
  for (const [name, place] of Object.entries(layout)) {
    if (name.startsWith('TERMS_')) continue;
    for (const integer of doubles.includes(name) ? [place * 2, place * 2 + 1] : [place]) {
      assert.ok(integer < 32, `${name} lies beyond the slot`);
      assert.equal(owners.get(integer), undefined, `${name} lies over another field`);
      owners.set(integer, name);
    }
  }
});

test('gives each flag of the terms a bit of its own, below the symbol', () => {
  const { TERMS_SYMBOL_SHIFT, ...fields } = layout;
  const flags = Object.entries(fields).filter(([name]) => name.startsWith('TERMS_'));
  assert.equal(
    flags.reduce((sum, [, flag]) => sum + flag, 0),
    flags.reduce((bits, [, flag]) => bits | flag, 0),
  );
  for (const [name, flag] of flags) assert.ok(flag < 1 << TERMS_SYMBOL_SHIFT, name);
});
