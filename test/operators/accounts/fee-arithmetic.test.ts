import assert from 'node:assert/strict';
import { test } from 'node:test';
import { divCeil, floorShare, wholeMillions, worstFee } from '../../../operators/accounts/fee-arithmetic.ts';
import { SeededRandom } from '../seeded-random.ts';

const MILLION = 1_000_000n;
const most = Number.MAX_SAFE_INTEGER;

/** Amounts where rounding is decided: around whole millions, powers of two, and the largest. */
function* amounts(random: SeededRandom): Generator<number> {
  for (const around of [0, 1e6, 2e6, 7e12, 2 ** 52, most - 1e6, most - 3]) {
    for (let near = -3; near <= 3; near++) if (around + near >= 0 && around + near <= most) yield around + near;
  }
  for (let power = 1; power < 53; power++) yield 2 ** power - 1;
  for (let i = 0; i < 2_000; i++)
    yield Math.floor((random.next() * 2 ** 21 + (random.next() >>> 11)) / 2 ** random.between(0, 40));
  for (let i = 0; i < 2_000; i++)
    yield random.between(0, 2 ** 31) * 1_000_000 + random.between(0, 1) - random.between(0, 1) || 1;
}

const rates = [0, 1, 3, 999, 1_000, 1_500, 123_457, 999_999, 1_000_000];

test('cuts an amount into whole millions exactly', () => {
  for (const amount of amounts(new SeededRandom(1))) {
    if (amount < 0) continue;
    assert.equal(BigInt(wholeMillions(amount)), BigInt(amount) / MILLION, `${amount}`);
  }
});

test('takes the floor of a share exactly, where the product leaves the safe integers too', () => {
  for (const amount of amounts(new SeededRandom(2))) {
    if (amount < 0) continue;
    for (const ppm of rates) {
      assert.equal(BigInt(floorShare(amount, ppm)), (BigInt(amount) * BigInt(ppm)) / MILLION, `${amount} x ${ppm}`);
    }
  }
});

test('knows the worst fee still to come to the unit, whatever fraction was charged before', () => {
  const ceil = (numerator: bigint) => (numerator + MILLION - 1n) / MILLION;
  for (const amount of amounts(new SeededRandom(3))) {
    if (amount < 0) continue;
    for (const ppm of rates) {
      for (const rest of [0, 1, 500_000, 999_999]) {
        const expected = ceil(BigInt(amount) * BigInt(ppm) + BigInt(rest)) - ceil(BigInt(rest));
        assert.equal(BigInt(worstFee(amount, ppm, rest)), expected, `${amount} x ${ppm} after ${rest}`);
      }
    }
  }
});

test('rounds a division up exactly', () => {
  const random = new SeededRandom(4);
  for (const amount of amounts(random)) {
    if (amount < 0) continue;
    for (const unit of [1, 2, 3, 7, 999_983, 2 ** 33 + 1, most]) {
      assert.equal(BigInt(divCeil(amount, unit)), (BigInt(amount) + BigInt(unit) - 1n) / BigInt(unit));
    }
  }
});
