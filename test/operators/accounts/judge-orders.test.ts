import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountTable } from '../../../operators/accounts/account-table.ts';
import { OpenOrders } from '../../../operators/accounts/open-orders.ts';
import { PASSES, rejectTable } from '../../../operators/accounts/reject-reasons.ts';
import { RiskState } from '../../../operators/accounts/risk-state.ts';
import { enumSymbols } from '../../../schemas/generated/records.ts';
import * as make from '../record-makers.ts';
import { SeededRandom } from '../seeded-random.ts';

test('answers for a plain order what the checks one by one answer, of 30,000 orders', () => {
  const random = new SeededRandom(11);
  const answers = new Map<number, number>();
  for (let world = 0; world < 60; world++) {
    const state = new RiskState(new AccountTable(), new OpenOrders(), 1);
    for (const asset of [make.BASE, make.QUOTE]) state.balances.addAsset(asset);
    state.fees.add(make.feeConfig({ feeAsset: random.pick(['quote', 'received']) }));
    state.symbols.configure(
      make.symbolConfig({
        quoteUnitsPerTickLot: random.pick([1, 1, 7, 2 ** 38]),
        baseUnitsPerLot: random.pick([1, 1, 1, 2 ** 51]),
        minPriceTicks: random.pick([0, 1, 90]),
        maxPriceTicks: random.pick([0, 105, 1_000]),
        minQuantityLots: random.between(0, 3),
        maxQuantityLots: random.pick([0, 8, 1_000]),
        minNotionalAmount: random.pick([0, 200]),
        maxNotionalAmount: random.pick([0, 700]),
        bandPpm: random.pick([0, 80_000]),
      }),
    );
    if (random.chance(70)) state.symbols.setReferencePrice(make.SYMBOL, random.between(95, 105));
    state.accounts.defaultOrdersPerSecond = random.pick([0, 0, 1]);
    state.accounts.defaultOpenOrdersMax = random.pick([0, 1]);
    const slot = state.accountSlot(100);
    for (const asset of [make.BASE, make.QUOTE]) state.balances.credit(slot, asset, random.pick([0, 500, 1e15, 1e15]));
    state.accounts.setState(slot, random.pick([0, 0, 0, 0, 0, 0, 1, 2]));
    state.counts.makeRoom(slot, make.SYMBOL);
    if (random.chance(30)) state.counts.add(slot, make.SYMBOL, 1);
    if (random.chance(30)) state.accounts.takeRateToken(slot, 2_000_000);
    for (let order = 0; order < 500; order++) {
      const place = make.place({
        symbol: random.chance(98) ? make.SYMBOL : 7,
        side: random.pick(['buy', 'sell']),
        timeInForce: random.pick([...enumSymbols.TimeInForce, 'gtc', 'gtc']),
        orderType: random.chance(90) ? 'limit' : 'market',
        priceTicks: random.pick([0, -1, random.between(85, 115), random.between(85, 115), random.between(85, 115)]),
        quantityLots: random.pick([0, -1, random.between(1, 10), random.between(1, 10), random.between(1, 10)]),
        budget: random.chance(95) ? 0 : random.between(-1, 900),
        postOnly: random.chance(10),
        selfTradeMode: random.chance(80) ? null : random.pick(enumSymbols.SelfTradeMode),
        expiresAt: random.chance(90) ? 0 : random.between(1, 4_000_000),
      });
      const { judge } = state;
      const found = judge.place(place, slot, 2_000_000);
      const { rules, priceTicks, lots, flags, amount } = judge;
      assert.equal(judge.firstFailure(place, slot, 2_000_000), found, JSON.stringify(place));
      answers.set(found, (answers.get(found) ?? 0) + 1);
      if (found !== PASSES) continue;
      assert.deepEqual(
        [rules, priceTicks, lots, flags, amount],
        [judge.rules, judge.priceTicks, judge.lots, judge.flags, judge.amount],
      );
    }
  }
  const never = rejectTable.filter((row, index) => row.stage === 'risk' && !answers.has(index + 1));
  assert.deepEqual(
    never.map((row) => row.reason),
    [],
    'reasons that no order met',
  );
  assert.ok((answers.get(PASSES) ?? 0) > 500, `${answers.get(PASSES)} orders pass`);
});
