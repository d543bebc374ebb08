import assert from 'node:assert/strict';
import { test } from 'node:test';
import { estimate } from '../../../gateway/web/ticket/estimate.ts';
import { orderSummary } from '../../../gateway/web/ticket/order-summary.ts';
import { readTicket, type TicketFields } from '../../../gateway/web/ticket/ticket-order.ts';
import { btcUsd } from './symbol-rules-sample.ts';

const fields: TicketFields = {
  side: 'buy',
  kind: 'limit',
  price: '64,010',
  size: '0.015',
  sizeIn: 'base',
  timeInForce: 'gtc',
  postOnly: false,
  expiresAt: '',
};
const now = Date.UTC(2026, 0, 2);
const requestOf = (change: Partial<TicketFields>) => {
  const reading = readTicket({ ...fields, ...change }, btcUsd, now);
  assert.ok(reading.ok, reading.ok ? '' : reading.message);
  return reading.request;
};

test('a ticket becomes the request that its fields say', () => {
  const limit = {
    symbol: 'BTC-USD',
    side: 'buy',
    type: 'limit',
    time_in_force: 'gtc',
    price: '64010.00',
    quantity: '0.01500',
  };
  assert.deepEqual(requestOf({}), limit);
  assert.deepEqual(requestOf({ postOnly: true }), { ...limit, post_only: true });
  assert.deepEqual(requestOf({ postOnly: true, timeInForce: 'ioc' }), { ...limit, time_in_force: 'ioc' });
  assert.deepEqual(requestOf({ sizeIn: 'quote', size: '960.15' }), limit);
  assert.deepEqual(
    requestOf({ sizeIn: 'quote', size: '960.79' }),
    limit,
    'only whole lots, and not more than was said',
  );
  assert.deepEqual(requestOf({ timeInForce: 'gtd', expiresAt: '2026-01-02T00:00:01' }), {
    ...limit,
    time_in_force: 'gtd',
    expires_at: '2026-01-02T00:00:01.000Z',
  });
  const market = { symbol: 'BTC-USD', side: 'buy', type: 'market', time_in_force: 'ioc' };
  assert.deepEqual(requestOf({ kind: 'market' }), { ...market, quantity: '0.01500' });
  assert.deepEqual(requestOf({ kind: 'market', sizeIn: 'quote', size: '1,000' }), { ...market, budget: '1000' });
  assert.deepEqual(requestOf({ kind: 'market', timeInForce: 'fok' }), {
    ...market,
    time_in_force: 'fok',
    quantity: '0.01500',
  });
});

const faults: readonly (readonly [change: Partial<TicketFields>, field: string | undefined, says: RegExp])[] = [
  [{ price: '' }, undefined, /click one in the book/],
  [{ size: '' }, undefined, /size in BTC/],
  [{ price: 'abc' }, 'price', /such as 64,010.5/],
  [{ price: '64010.005' }, 'price', /multiples of 0.01/],
  [{ price: '-1' }, 'price', /such as/],
  [{ price: '99999999' }, 'price', /between 0.01 and 9,000,000.00 USD/],
  [{ size: '0.000001' }, 'size', /multiples of 0.00001/],
  [{ size: '101' }, 'size', /between 0.00001 and 100.00000 BTC/],
  [{ size: '0' }, 'size', /between/],
  [{ size: '0.00001' }, 'size', /between 5 and 5,000,000 USD/],
  [{ kind: 'market', sizeIn: 'quote', size: '1' }, 'size', /between 5 and 5,000,000 USD/],
  [{ sizeIn: 'quote', size: '0' }, 'size', /more than 0 USD/],
  [{ timeInForce: 'gtd' }, 'expires_at', /when the order is to end/],
  [{ timeInForce: 'gtd', expiresAt: '2026-01-01T23:59:59' }, 'expires_at', /in the future/],
];

test('what does not fit is said beside its field, in words', () => {
  for (const [change, field, says] of faults) {
    const reading = readTicket({ ...fields, ...change }, btcUsd, now);
    assert.equal(reading.ok, false, JSON.stringify(change));
    if (reading.ok) continue;
    assert.equal(reading.field, field, JSON.stringify(change));
    assert.match(reading.message, says);
  }
});

const asks = [
  { price: 6_400_500, quantity: 1_000 },
  { price: 6_401_500, quantity: 9_000 },
];
const summaryOf = (change: Partial<TicketFields>, opposite = asks) => {
  const all = { ...fields, ...change };
  const reading = readTicket(all, btcUsd, now);
  assert.ok(reading.ok);
  const rates = { ...btcUsd, makerPpm: 1_000, takerPpm: 1_000 };
  return orderSummary(all, reading.order, estimate(reading.order, opposite, rates), btcUsd, true);
};

test('the summary says in words what will happen', () => {
  assert.equal(
    summaryOf({ price: '64000' }),
    'Buys 0.015 BTC at 64,000.00 or better, costs at most 960.00 USD, fee at most 0.96 USD.',
  );
  assert.match(summaryOf({}), /costs at most 960.15 USD.* 0.01 BTC of it trade at once\.$/);
  assert.match(summaryOf({ postOnly: true }), /post-only refuses it/);
  assert.match(summaryOf({ timeInForce: 'ioc' }), /^Buys 0.01 BTC at 64,010.00 or better at once and cancels the rest/);
  assert.match(summaryOf({ timeInForce: 'fok' }), /all or nothing would be nothing/);
  assert.match(summaryOf({ kind: 'market' }), /^Buys 0.015 BTC at once for about 960.12 USD/);
  assert.match(summaryOf({ kind: 'market' }, []), /Nobody is on the other side/);
  assert.match(
    summaryOf({ kind: 'market', sizeIn: 'quote', size: '1000' }),
    /spends at most 1,000.00 USD|spends at most 1,000.0+ USD/,
  );
});
