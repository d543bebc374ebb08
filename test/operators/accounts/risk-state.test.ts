import assert from 'node:assert/strict';
import { test } from 'node:test';
import { AccountTable } from '../../../operators/accounts/account-table.ts';
import { OpenOrders } from '../../../operators/accounts/open-orders.ts';
import * as layout from '../../../operators/accounts/order-layout.ts';
import { RiskState } from '../../../operators/accounts/risk-state.ts';
import { InvariantBroken } from '../../../schemas/assert.ts';
import * as make from '../record-makers.ts';

/** Two funded accounts, each with an open order: slots 4 and 5, orders 11 and 12 in slots 1 and 2. */
function stateWithOrders(): RiskState {
  const state = new RiskState(new AccountTable(), new OpenOrders(), 1);
  for (const asset of [make.BASE, make.QUOTE]) state.balances.addAsset(asset);
  state.fees.add(make.feeConfig());
  state.symbols.configure(make.symbolConfig());
  for (const [index, side] of (['buy', 'sell'] as const).entries()) {
    const slot = state.accountSlot(100 + index);
    state.counts.makeRoom(slot, make.SYMBOL);
    const asset = side === 'buy' ? make.QUOTE : make.BASE;
    state.balances.credit(slot, asset, 10_000);
    state.balances.credit(1, asset, -10_000);
    const place = make.place({ account: 100 + index, side, quantityLots: 10, clientOrderId: `order-${index}` });
    assert.equal(state.judge.place(place, slot, 1), 0);
    state.holds.open(11 + index, slot, place, state.judge);
  }
  return state;
}

const damages: [what: string, damage: (state: RiskState) => void, says: RegExp][] = [
  ['money from nowhere', (state) => state.balances.credit(4, make.QUOTE, 1), /asset 2 sums to zero/],
  [
    'a balance below zero',
    (state) => {
      state.balances.credit(4, make.BASE, -1);
      state.balances.credit(5, make.BASE, 1);
    },
    /asset 1 of account 100 .* not -1 and 0 held/,
  ],
  [
    'a fraction of a unit',
    (state) => {
      state.balances.credit(4, make.QUOTE, 0.5);
      state.balances.credit(1, make.QUOTE, -0.5);
    },
    /safe amounts/,
  ],
  ['a hold that no order needs', (state) => state.balances.hold(4, make.QUOTE, 5), /account 100 holds of asset 2/],
  [
    'a hold that does not fit the terms',
    (state) => {
      state.orders.doubles[(1 << 4) + layout.HELD]! += 1;
      state.balances.hold(4, make.QUOTE, 1);
    },
    /order 11 holds what its terms need/,
  ],
  [
    'more filled than ordered',
    (state) => {
      state.orders.doubles[(2 << 4) + layout.EXECUTED_LOTS] = 1;
    },
    /order 12 fills and spends no more/,
  ],
  [
    'an open order without lots',
    (state) => {
      state.orders.doubles[(2 << 4) + layout.OPEN_LOTS] = 0;
    },
    /order 12 has open lots until it ends/,
  ],
  ['a wrong count of open orders', (state) => state.counts.add(4, make.SYMBOL, 1), /account 100 has its open orders/],
  [
    'an order under another id',
    (state) => {
      state.orders.doubles[(1 << 4) + layout.ORDER_ID] = 99;
    },
    /order 99 is found in its slot/,
  ],
];

/** Counts follow from the orders; the hash is one of whole numbers. */
const unhashed = ['a wrong count of open orders', 'a fraction of a unit'];

test('finds nothing wrong with a sound state', () => {
  stateWithOrders().checkInvariants();
});

for (const [what, damage, says] of damages) {
  test(`finds ${what}`, () => {
    const state = stateWithOrders();
    const before = state.stateHash();
    damage(state);
    assert.throws(
      () => state.checkInvariants(),
      (error) => error instanceof InvariantBroken && says.test(error.message),
    );
    if (!unhashed.includes(what)) assert.notEqual(state.stateHash(), before, 'and the hash differs');
  });
}

test('gives equal bytes for equal states, whatever lies in their memory', () => {
  const state = stateWithOrders();
  const worn = stateWithOrders();
  // Another history: slots were used and freed in another order, so that the same orders lie elsewhere.
  const { judge, holds, orders } = worn;
  for (const id of [21, 22, 23]) {
    const place = make.place({ quantityLots: 1 });
    assert.equal(judge.place(place, 4, 1), 0);
    holds.open(id, 4, place, judge);
  }
  for (const id of [12, 22, 21, 23]) {
    holds.release(orders.find(id));
    holds.end(orders.find(id));
  }
  const place = make.place({ side: 'sell', quantityLots: 10, clientOrderId: 'order-1' });
  assert.equal(judge.place(place, 5, 1), 0);
  holds.open(12, 5, place, judge);
  assert.notEqual(orders.find(12), state.orders.find(12), 'the order lies elsewhere');
  assert.deepEqual(worn.snapshot(), state.snapshot());
  assert.equal(worn.stateHash(), state.stateHash());
  worn.checkInvariants();
});

test('refuses a snapshot of another format, and one with bytes left over', () => {
  const bytes = stateWithOrders().snapshot();
  const fresh = () => new RiskState(new AccountTable(), new OpenOrders(), 1);
  const restored = fresh();
  restored.restore(bytes);
  assert.deepEqual(restored.snapshot(), bytes);
  const another = bytes.slice();
  another[0]! ^= 1;
  assert.throws(() => fresh().restore(another), /format/);
  assert.throws(() => fresh().restore(Uint8Array.of(...bytes, 0)), /bytes that nobody read/);
});
