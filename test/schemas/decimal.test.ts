import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import * as decimal from '../../schemas/decimal.ts';
import type { PriceTicks, QuantityLots } from '../../schemas/generated/records.ts';
import { percentOfPpm, SymbolScale } from '../../schemas/symbol-scale.ts';

const units = fc.oneof(
  fc.maxSafeInteger().map(Math.abs),
  fc.nat(100_000),
  fc.constantFrom(0, 1, Number.MAX_SAFE_INTEGER),
);
const decimals = fc.integer({ min: 0, max: decimal.DECIMALS_MAX });

test('units become a decimal string and the same units again', () => {
  fc.assert(
    fc.property(units, decimals, (value, places) => {
      const text = decimal.decimalOfUnits(value, places);
      assert.equal(decimal.unitsOfDecimal(text, places), value);
      assert.equal(decimal.unitsOfDecimal(decimal.shortDecimalOfUnits(value, places), places), value);
      assert.equal(decimal.decimalOfUnits(BigInt(value), places), text);
      assert.equal(
        decimal.signedUnitsOfDecimal(decimal.decimalOfUnits(-value, places), places),
        value === 0 ? 0 : -value,
      );
      assert.equal(decimal.decimalsWritten(text), places);
    }),
    { numRuns: 1_000 },
  );
});

test('any text of digits is exact, out of range, or has too many decimals', () => {
  const digits = (max: number) => fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max });
  fc.assert(
    fc.property(digits(18), fc.option(digits(18)), decimals, (before, after, places) => {
      const text = after === null ? before : `${before}.${after}`;
      const got = decimal.unitsOfDecimal(text, places);
      if (/^0\d/.test(before)) return assert.equal(got, 'not_a_decimal');
      if ((after ?? '').length > places) return assert.equal(got, 'too_many_decimals');
      const exact = BigInt(before + (after ?? '').padEnd(places, '0'));
      return assert.equal(got, exact > BigInt(Number.MAX_SAFE_INTEGER) ? 'out_of_range' : Number(exact));
    }),
    { numRuns: 2_000 },
  );
});

test('what is no plain decimal is refused', () => {
  const none = [
    '',
    ' ',
    '.',
    '1.',
    '.5',
    '01',
    '00',
    '+1',
    '-1',
    '1e5',
    '1E5',
    '1_000',
    '1,5',
    ' 1',
    '1 ',
    '1\n',
    '0x10',
    'NaN',
    'Infinity',
    '١',
    '１',
    '1.5.5',
    '1234567890123456789',
    'null',
  ];
  for (const text of none) assert.equal(decimal.unitsOfDecimal(text, 8), 'not_a_decimal', JSON.stringify(text));
  for (const text of ['--1', '-', '-0', '-0.00', '- 1', '-01']) {
    assert.equal(decimal.signedUnitsOfDecimal(text, 8), 'not_a_decimal', JSON.stringify(text));
  }
  assert.equal(decimal.unitsOfDecimal('9007199254740993', 0), 'out_of_range');
  assert.equal(decimal.unitsOfDecimal('0.123', 2), 'too_many_decimals');
  assert.equal(decimal.unitsOfDecimal('0.120', 2), 'too_many_decimals');
});

test('a price is a whole number of ticks, of whatever step, or is refused', () => {
  const scale = new SymbolScale({ priceDecimals: 2, quantityDecimals: 5, tickDecimal: '0.05', lotDecimal: '0.00001' });
  assert.equal(scale.parsePrice('60000.15'), 1_200_003);
  assert.equal(scale.parsePrice('60000.16'), 'off_step');
  assert.equal(scale.parsePrice('60000.155'), 'too_many_decimals');
  assert.equal(scale.parsePrice('1e5'), 'not_a_decimal');
  assert.equal(scale.formatPrice(1_200_003 as PriceTicks), '60000.15');
  assert.equal(scale.parseQuantity('0.00053'), 53);
  assert.equal(scale.formatQuantity(53 as QuantityLots), '0.00053');
  assert.equal(scale.formatQuantity(2n ** 60n), '11529215046068.46976');
});

test('a rate in ppm reads as percent', () => {
  assert.equal(percentOfPpm(1_500), '0.1500');
  assert.equal(percentOfPpm(-100), '-0.0100');
});
