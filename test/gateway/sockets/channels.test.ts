// Channels and orders over real sockets, with the published client on one side and the real exchange on the other.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { isDeepStrictEqual } from 'node:util';
import type { AccountId } from '../../../schemas/generated/records.ts';
import { framePayload } from '../../../schemas/socket-payloads.ts';
import { eventually, runSocketGateway, type SocketGateway } from './socket-gateway.ts';

const MAKER = 100;
const TAKER = 101;
const BTC = 'BTC-USD';
const limit = (side: 'buy' | 'sell', price: string, quantity: string, more: object = {}) =>
  ({ symbol: BTC, side, type: 'limit', price, quantity, ...more }) as const;

let gateway: SocketGateway;

before(async () => {
  gateway = await runSocketGateway();
  for (const account of [MAKER, TAKER]) {
    await gateway.fund(account, 'USD', '1000000');
    await gateway.fund(account, 'BTC', '100');
  }
});
after(() => gateway.stop());

const value = <T>(result: { readonly ok: boolean; readonly value?: T; readonly error?: unknown }): T => {
  assert.ok(result.ok, JSON.stringify(result.error));
  return result.value!;
};

test('a book begins with a snapshot and stays the server’s, level by level, with its checksum', async () => {
  const socket = await gateway.socket(0);
  const trader = await gateway.socket(MAKER);
  const book = socket.book(BTC, { depth: 10 });
  assert.ok(await book.ready());
  for (let index = 0; index < 15; index++) {
    value(await trader.place(limit('sell', `${64_100 + index}.00`, '0.10000')));
    value(await trader.place(limit('buy', `${64_000 - index}.00`, '0.20000')));
  }
  const { body } = await gateway.ask(0, 'GET', `/v1/book/${BTC}?depth=10`);
  await eventually(() => isDeepStrictEqual([book.bids, book.asks], [body.bids, body.asks]), 'the books are equal');
  assert.equal(value(await trader.cancelAll()).cancelled, 30);
  await eventually(() => book.bids.length === 0, 'the book is empty');
  assert.deepEqual(book.asks, []);
});

test('trades, orders, fills and balances tell the same as REST', async () => {
  const maker = await gateway.socket(MAKER);
  const taker = await gateway.socket(TAKER);
  const trades = maker.trades(BTC);
  const feeds = [maker, taker].map((socket) => ({
    orders: socket.orders(),
    fills: socket.fills(),
    balances: socket.balances(),
  }));
  await Promise.all([trades, ...feeds.flatMap((feed) => Object.values(feed))].map((feed) => feed.ready()));

  const resting = value(await maker.place(limit('sell', '64000.00', '0.30000', { client_order_id: 'rests-1' })));
  assert.deepEqual([resting.status, resting.open, resting.clientOrderId], ['open', '0.30000', 'rests-1']);
  const first = value(await taker.place(limit('buy', '64000.00', '0.10000')));
  assert.deepEqual([first.status, first.executed, first.executedQuote], ['filled', '0.10000', '6400']);
  const amended = value(await maker.amend('client:rests-1', { quantity: '0.25000' }));
  assert.deepEqual([amended.open, amended.executed], ['0.15000', '0.10000']);
  const second = value(
    await taker.place({ symbol: BTC, side: 'buy', type: 'market', price: '64000.00', quantity: '0.05000' }),
  );
  assert.equal(second.status, 'filled');
  const refused = await taker.place(limit('buy', '64000.005', '0.10000'));
  assert.ok(!refused.ok && refused.error.kind === 'refused' && refused.error.code === 'price_not_on_tick');
  const unfunded = await taker.place(limit('buy', '60000.00', '20.00000'));
  assert.ok(!unfunded.ok && unfunded.error.kind === 'refused');
  assert.equal(unfunded.error.code, 'insufficient_funds');

  for (const [index, account] of [MAKER, TAKER].entries()) {
    const { orders, fills, balances } = feeds[index]!;
    const { seq } = gateway.parts.views.account(account as AccountId);
    await eventually(
      () => orders.seq >= seq - 1 && fills.fills.length === 2,
      `account ${account} has heard everything`,
    );
    const { body: open } = await gateway.ask(account, 'GET', '/v1/orders');
    assert.deepEqual(orders.open.map(comparable), open.orders.map(comparable));
    const { body: funds } = await gateway.ask(account, 'GET', '/v1/balances');
    assert.deepEqual([...balances.balances.values()], funds.balances);
    assert.deepEqual(
      fills.fills.map(({ quantity, liquidity }) => [quantity, liquidity]),
      ['0.10000', '0.05000'].map((quantity) => [quantity, index === 0 ? 'maker' : 'taker']),
    );
  }
  await eventually(() => trades.trades.length === 2, 'two trades came');
  const { body } = await gateway.ask(0, 'GET', `/v1/trades/${BTC}`);
  assert.deepEqual([...trades.trades].reverse(), body.trades);
  assert.equal(value(await maker.cancel('client:rests-1')).status, 'cancelled');
});

test('a message of many items is judged in order, and one that is broken harms no other', async () => {
  const socket = await gateway.socket(MAKER);
  const results = await socket.batch([
    { op: 'place', ...limit('buy', '60000.00', '0.10000'), client_order_id: 'many-1' },
    { op: 'amend', order: 'client:many-1', quantity: '0.20000' },
    { op: 'place', ...limit('buy', '60000.00', '0.1'), time_in_force: 'never' as 'gtc' },
    { op: 'cancel', order: 'client:many-1' },
    { op: 'cancel', order: 'client:many-1' },
    { op: 'cancel', order: 'client:nobody' },
    { op: 'cancel_all', symbol: 'XRP-USD' },
  ]);
  assert.deepEqual(
    results.map((result) =>
      result.ok ? 'ok' : result.error.kind === 'refused' ? result.error.code : result.error.kind,
    ),
    ['ok', 'ok', 'malformed', 'ok', 'order_not_open', 'unknown_order', 'unknown_symbol'],
  );
  const again = await socket.place({ ...limit('buy', '60000.00', '0.10000'), client_order_id: 'many-1' });
  assert.ok(again.ok && again.value.duplicate && again.value.status === 'cancelled');
  const other = await socket.place({ ...limit('buy', '60000.01', '0.10000'), client_order_id: 'many-1' });
  assert.ok(!other.ok && other.error.kind === 'refused' && other.error.code === 'client_order_id_reused');
});

test('ticker, candles and status follow the market; a halt is told with its reason', async () => {
  const socket = await gateway.socket(MAKER);
  const ticker = socket.ticker(BTC);
  const candles = socket.candles(BTC, '1m');
  const status = socket.status(BTC);
  await Promise.all([ticker.ready(), candles.ready(), status.ready()]);
  value(await socket.place(limit('sell', '64005.00', '0.01000')));
  value(await (await gateway.socket(TAKER)).place(limit('buy', '64005.00', '0.01000')));
  await gateway.advance(61);
  await eventually(() => ticker.ticker?.last === '64005.00', 'the ticker has the last price');
  await eventually(() => candles.candles.some(({ closed, high }) => closed && high === '64005.00'), 'a candle closed');
  await gateway.steer({
    symbol: gateway.parts.views.market(BTC)!.config.symbol,
    marketState: 'halted',
    reason: 'drill',
  });
  await eventually(() => status.status?.state === 'halted', 'the halt is told');
  assert.equal(status.status?.reason, 'drill');
  await gateway.steer({
    symbol: gateway.parts.views.market(BTC)!.config.symbol,
    marketState: 'trading',
    reason: 'over',
  });
  await eventually(() => status.status?.state === 'trading', 'the end of the halt is told');
});

test('every frame has the shape that is written down, and nothing beside it', async () => {
  const socket = await gateway.socket(MAKER);
  const frames: unknown[] = [];
  const { io } = await import('socket.io-client');
  const raw = io(gateway.url, {
    path: '/v1/socket',
    transports: ['websocket'],
    forceNew: true,
    auth: { authorization: 'Bearer account-100' },
  });
  raw.on('frame', (frame) => frames.push(frame));
  for (const subscription of [
    { channel: 'trades', symbol: BTC },
    { channel: 'book', symbol: BTC, depth: 500 },
    { channel: 'ticker', symbol: BTC },
    { channel: 'candles', symbol: BTC, interval: '1m' },
    { channel: 'status', symbol: BTC },
    { channel: 'orders' },
    { channel: 'fills' },
    { channel: 'balances' },
  ]) {
    const ack = await raw.emitWithAck('subscribe', subscription);
    assert.equal(ack.ok, true, JSON.stringify(ack));
  }
  value(await socket.place(limit('buy', '63990.00', '0.10000', { client_order_id: 'shape-1' })));
  value(await socket.amend('client:shape-1', { price: '63991.00' }));
  value(await (await gateway.socket(TAKER)).place(limit('sell', '63991.00', '0.05000')));
  value(await socket.cancel('client:shape-1'));
  await gateway.advance(2);
  await eventually(() => frames.length >= 14, 'frames of all kinds came');
  raw.disconnect();
  for (const frame of frames) {
    const { success, error } = framePayload.safeParse(frame);
    assert.ok(success, `${JSON.stringify(frame)}: ${error}`);
  }
  assert.deepEqual([...new Set(frames.map((frame) => (frame as { type: string }).type))].sort(), ['delta', 'snapshot']);
});

/** The parts of an order that a feed and REST both know. */
function comparable(order: { readonly [field: string]: unknown }) {
  const { order_id, client_order_id, price, quantity, executed, executed_quote, average_price, fee, status } = order;
  return {
    order_id,
    client_order_id,
    price,
    quantity,
    executed: Number(executed),
    executed_quote,
    average_price,
    fee,
    status,
  };
}
