import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyRecord, RecordOf, RecordType } from '../../schemas/generated/records.ts';
import { ExchangeLoop, type LoopRecord } from './exchange-loop.ts';
import * as make from './record-makers.ts';

const SECOND = 1_000_000;

/** One funded account; match is played by the test. */
function exchangeWith(config: readonly AnyRecord[] = []): ExchangeLoop {
  const exchange = new ExchangeLoop([...make.oneMarket(), ...config], { match: false, checked: true });
  exchange.apply(make.deposit({ amount: 1_000_000 }));
  return exchange;
}

/** What ingest or risk answered, in short. */
function answer(records: readonly LoopRecord[]): string {
  for (const { record } of records) {
    if (record.type === 'rejected') return record.reason;
    if (record.type === 'repeated') return `repeated ${record.orderId}`;
    if (record.type === 'admitted_place') return `order ${record.orderId}`;
    if (record.type === 'admitted_cancel' || record.type === 'admitted_amend') return `to ${record.orderId}`;
    if (record.type === 'balance_change') return `moved ${record.amount}`;
  }
  return 'nothing';
}

function orderIn(records: readonly LoopRecord[]): number {
  return recordIn(records, 'admitted_place').orderId;
}

function recordIn<T extends RecordType>(records: readonly LoopRecord[], type: T): RecordOf<T> {
  const found = records.find((each) => each.record.type === type);
  assert.ok(found, `a ${type}`);
  return found.record as RecordOf<T>;
}

test('answers a command that comes twice as before, and does nothing twice', () => {
  const exchange = exchangeWith();
  const place = make.place({ clientOrderId: 'one' });
  const orderId = orderIn(exchange.apply(place));
  const before = exchange.stateHashes();
  const again = exchange.apply(place);
  assert.equal(answer(again), `repeated ${orderId}`);
  assert.equal(again.length, 2);
  assert.equal(exchange.stateHashes().get('ingest/0'), before.get('ingest/0'));
});

test('takes a new validity for the same content, and any other change for a reuse', () => {
  const exchange = exchangeWith();
  const fields = { clientOrderId: 'one', priceTicks: 100, quantityLots: 2 };
  const orderId = orderIn(exchange.apply(make.place(fields)));
  const later = { ...fields, validUntil: exchange.timeMicros + 5 * SECOND };
  assert.equal(answer(exchange.apply(make.place(later))), `repeated ${orderId}`);
  const changes: Parameters<typeof make.place>[0][] = [
    { priceTicks: 101 },
    { quantityLots: 3 },
    { side: 'sell' },
    { timeInForce: 'ioc' },
    { postOnly: true },
    { symbol: 2 },
    { budget: 1 },
    { selfTradeMode: 'cancel_newest' },
    { orderType: 'market' },
    { expiresAt: 1 },
  ];
  for (const change of changes) {
    assert.equal(answer(exchange.apply(make.place({ ...fields, ...change }))), 'client_order_id_reused');
  }
});

test('keeps the ids of accounts apart', () => {
  const exchange = exchangeWith();
  exchange.apply(make.deposit({ account: 101, amount: 1_000 }));
  exchange.apply(make.place({ clientOrderId: 'one' }));
  assert.match(answer(exchange.apply(make.place({ account: 101, clientOrderId: 'one' }))), /^order /);
});

test('frees the id of a refused order, whether risk or match refused it', () => {
  const exchange = exchangeWith();
  const place = { clientOrderId: 'one' };
  assert.equal(answer(exchange.apply(make.place({ ...place, quantityLots: 1_000_000 }))), 'insufficient_funds');
  const orderId = orderIn(exchange.apply(make.place(place)));
  exchange.apply(make.orderUpdate({ orderId, outcome: 'rejected', command: 'place', rejectReason: 'market_halted' }));
  assert.match(answer(exchange.apply(make.place({ ...place, priceTicks: 99 }))), /^order /);
});

test('remembers the id of an ended order until its validity has passed, and not a moment longer', () => {
  const exchange = exchangeWith();
  const validUntil = exchange.timeMicros + 10 * SECOND;
  const place = make.place({ clientOrderId: 'one', validUntil });
  const orderId = orderIn(exchange.apply(place));
  exchange.apply(make.execution({ orderId }));
  assert.equal(answer(exchange.apply(make.cancel({ clientOrderId: 'one' }))), 'order_not_open');
  exchange.timeMicros = validUntil;
  assert.equal(answer(exchange.apply(place)), `repeated ${orderId}`);
  assert.equal(answer(exchange.apply(make.cancel({ orderId }))), 'order_not_open');
  exchange.timeMicros = validUntil + 1;
  assert.equal(answer(exchange.apply(place)), 'command_expired');
  assert.equal(answer(exchange.apply(make.cancel({ orderId }))), 'unknown_order');
  assert.match(answer(exchange.apply(make.place({ clientOrderId: 'one', priceTicks: 98 }))), /^order /);
});

test('remembers the id of an open order for as long as it is open, a day too', () => {
  const exchange = exchangeWith();
  const place = make.place({ clientOrderId: 'one' });
  const orderId = orderIn(exchange.apply(place));
  for (let hour = 0; hour < 24; hour++) exchange.tick(3_600 * SECOND);
  assert.equal(answer(exchange.apply(place)), `repeated ${orderId}`);
  assert.equal(answer(exchange.apply(make.cancel({ clientOrderId: 'one' }))), `to ${orderId}`);
  const { requestId } = recordIn(exchange.records.slice(-1), 'admitted_cancel');
  exchange.apply(make.orderUpdate({ orderId, requestId, outcome: 'cancelled', cancelReason: 'user' }));
  assert.match(answer(exchange.apply(place)), /^order /, 'its validity passed long ago, so the id is free at once');
});

test('refuses a command whose validity has passed or lies too far ahead', () => {
  const exchange = exchangeWith([make.admissionConfig({ expiryMicros: 20 * SECOND })]);
  const now = exchange.timeMicros;
  const orderId = orderIn(exchange.apply(make.place({ validUntil: now })));
  for (const validUntil of [now - 1, now + 20 * SECOND + 1, 1]) {
    assert.equal(answer(exchange.apply(make.place({ validUntil }))), 'command_expired');
    assert.equal(answer(exchange.apply(make.amend({ orderId, priceTicks: 5, validUntil }))), 'command_expired');
    assert.equal(answer(exchange.apply(make.cancel({ orderId, validUntil }))), 'command_expired');
    assert.equal(answer(exchange.apply(make.cancelAll({ validUntil }))), 'command_expired');
  }
  assert.match(answer(exchange.apply(make.place({ validUntil: now + 20 * SECOND }))), /^order /);
});

test('refuses a new id when its memory is full, and forgets none early', () => {
  const exchange = exchangeWith([make.admissionConfig({ remembered: 3 })]);
  const validUntil = exchange.timeMicros + SECOND;
  const ids = ['one', 'two', 'three'].map((clientOrderId) =>
    orderIn(exchange.apply(make.place({ clientOrderId, validUntil }))),
  );
  assert.equal(answer(exchange.apply(make.place({ clientOrderId: 'four' }))), 'memory_full');
  assert.equal(answer(exchange.apply(make.place({ clientOrderId: 'two', validUntil }))), `repeated ${ids[1]}`);
  assert.match(answer(exchange.apply(make.place())), /^order /, 'an order without an id needs no memory');
  exchange.apply(make.execution({ orderId: ids[0]! }));
  assert.equal(answer(exchange.apply(make.place({ clientOrderId: 'four' }))), 'memory_full');
  exchange.timeMicros = validUntil + 1;
  assert.match(answer(exchange.apply(make.place({ clientOrderId: 'four' }))), /^order /);
  assert.equal(
    answer(exchange.apply(make.place({ clientOrderId: 'five' }))),
    'memory_full',
    'two are open, one is new',
  );
});

test('moves money once for an id, for ever, and lets what failed stay failed', () => {
  const exchange = exchangeWith();
  const deposit = make.deposit({ amount: 7, depositId: 'd' });
  const withdrawal = make.withdraw({ amount: 2_000_000, withdrawalId: 'd' });
  assert.equal(answer(exchange.apply(deposit)), 'moved 7');
  assert.equal(answer(exchange.apply(withdrawal)), 'insufficient_funds', 'an id of its own space');
  exchange.apply(make.deposit({ amount: 5_000_000 }));
  exchange.tick(365 * 86_400 * SECOND);
  assert.equal(answer(exchange.apply(deposit)), 'repeated 0');
  const again = exchange.apply(withdrawal);
  assert.equal(answer(again), 'insufficient_funds', 'although the money is there now');
  assert.equal(recordIn(again, 'rejected').clientOrderId, 'd');
  assert.equal(answer(exchange.apply({ ...deposit, amount: 8 } as AnyRecord)), 'client_order_id_reused');
  assert.equal(answer(exchange.apply({ ...deposit, asset: make.BASE } as AnyRecord)), 'client_order_id_reused');
  const adjustment = make.adjust({ amount: 3, adjustmentId: 'd' });
  assert.equal(answer(exchange.apply(adjustment)), 'moved 3');
  assert.equal(answer(exchange.apply({ ...adjustment, reason: 'another' })), 'client_order_id_reused');
  assert.equal(answer(exchange.apply({ ...deposit, account: 101 } as AnyRecord)), 'moved 7', 'of another account');
});

test('goes on with what it remembered from a snapshot', () => {
  const exchange = exchangeWith();
  const place = make.place({ clientOrderId: 'one' });
  const orderId = orderIn(exchange.apply(place));
  exchange.apply(make.deposit({ amount: 7, depositId: 'd' }));
  const restored = new ExchangeLoop([], { match: false });
  restored.restoreFrom(exchange);
  assert.equal(answer(restored.apply(place)), `repeated ${orderId}`);
  assert.equal(answer(restored.apply(make.deposit({ amount: 7, depositId: 'd' }))), 'repeated 0');
  assert.equal(answer(restored.apply(make.cancel({ clientOrderId: 'one' }))), `to ${orderId}`);
});

test('lets log time follow the stamps, never back, and never far beyond the last tick', () => {
  const exchange = new ExchangeLoop([...make.oneMarket(), make.admissionConfig({ clockAheadMicros: 3 * SECOND })], {
    match: false,
  });
  const start = exchange.timeMicros;
  const timeOf = (stamp: number) => exchange.apply(make.deposit(), stamp).at(-1)!.timeMicros - start;
  assert.equal(timeOf(start + 9 * SECOND), 9 * SECOND, 'before the first tick there is nothing to be ahead of');
  assert.equal(timeOf(start), 9 * SECOND);
  exchange.timeMicros = start + 10 * SECOND;
  exchange.tick(0);
  assert.equal(timeOf(start + 12 * SECOND), 12 * SECOND);
  assert.equal(timeOf(start + 100 * SECOND), 13 * SECOND);
  assert.equal(timeOf(start + 11 * SECOND), 13 * SECOND);
  exchange.timeMicros = start + 11 * SECOND;
  assert.equal(exchange.tick(0).at(-1)!.timeMicros - start, 13 * SECOND, 'a tick runs back no more than others');
  assert.equal(timeOf(start + 100 * SECOND), 16 * SECOND, 'it counts from there');
});

test('numbers what it says of an account together with what risk says', () => {
  const exchange = exchangeWith();
  exchange.apply(make.place({ clientOrderId: 'one' }));
  exchange.apply(make.place({ clientOrderId: 'one' }));
  exchange.apply(make.place({ validUntil: 1 }));
  exchange.apply(make.place({ quantityLots: 1_000_000 }));
  const told = exchange.records.filter((each) => each.log === 'accounts' && 'account' in each.record);
  assert.deepEqual(
    told.map(({ record }) => `${record.seq} ${record.type}`),
    ['1 balance_change', '2 hold', '3 repeated', '4 rejected', '5 rejected'],
  );
});
