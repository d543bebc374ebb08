import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { type Answer, type RunningGateway, runGateway } from './running-gateway.ts';

const MAKER = 101;
const TAKER = 102;
const OTHER = 103;

let gateway: RunningGateway;

before(async () => {
  gateway = await runGateway();
  for (const account of [MAKER, TAKER]) {
    await gateway.fund(account, 'USD', '1000000');
    await gateway.fund(account, 'BTC', '50');
    await gateway.fund(account, 'ETH', '500');
  }
});
afterEach(async () => {
  for (const account of [MAKER, TAKER]) await gateway.ask(account, 'DELETE', '/v1/orders');
});
after(async () => {
  await gateway.stop();
});

const place = (account: number, order: object) =>
  gateway.ask(account, 'POST', '/v1/orders', {
    symbol: 'BTC-USD',
    side: 'buy',
    type: 'limit',
    price: '100.00',
    quantity: '1',
    ...order,
  });

async function placed(account: number, order: object): Promise<Answer['body']> {
  const { status, body } = await place(account, order);
  assert.equal(status, 201, JSON.stringify(body));
  return body;
}

/** Only the named fields of an answer. */
function picked(body: Answer['body'], fields: readonly string[]) {
  return Object.fromEntries(fields.map((field) => [field, body[field]]));
}

async function refused(answer: Promise<Answer> | Answer, status: number, code: string): Promise<Answer['body']> {
  const { status: got, body } = await answer;
  assert.deepEqual([got, body.code], [status, code], JSON.stringify(body));
  assert.ok(body.message.length > 5 && typeof body.request_id === 'string');
  return body;
}

async function balances(account: number): Promise<{ [asset: string]: [string, string] }> {
  const { body } = await gateway.ask(account, 'GET', '/v1/balances');
  return Object.fromEntries(
    body.balances.map((row: { asset: string; available: string; hold: string }) => [
      row.asset,
      [row.available, row.hold],
    ]),
  );
}

describe('placing orders over REST', () => {
  it('answers a resting order with its terms, shows it in the book, and holds what it may cost', async () => {
    const before = await balances(MAKER);
    const order = await placed(MAKER, { client_order_id: 'resting-1' });
    const { order_id, sequence, placed_at, updated_at, ...terms } = order;
    assert.match(order_id, /^[1-9]\d*$/);
    assert.match(sequence, /^[1-9]\d*$/);
    assert.equal(placed_at, updated_at);
    assert.deepEqual(terms, {
      client_order_id: 'resting-1',
      symbol: 'BTC-USD',
      side: 'buy',
      type: 'limit',
      time_in_force: 'gtc',
      post_only: false,
      price: '100.00',
      quantity: '1.00000',
      budget: null,
      executed: '0.00000',
      executed_quote: '0',
      average_price: null,
      fee: '0',
      fee_asset: null,
      status: 'open',
      reason: null,
      expires_at: null,
      duplicate: false,
    });
    const book = await gateway.ask(0, 'GET', '/v1/book/BTC-USD');
    assert.deepEqual(book.body.bids, [['100.00', '1.00000']]);
    const { USD } = await balances(MAKER);
    assert.deepEqual(USD, [String(Number(before.USD![0]) - 100.15), '100.15']);
  });

  it('trades at the price that rested, and says what was executed, at which average, for which fee', async () => {
    await placed(MAKER, { side: 'sell', price: '101.00', quantity: '0.4' });
    await placed(MAKER, { side: 'sell', price: '101.50', quantity: '0.6' });
    const taker = await placed(TAKER, { price: '102.00', quantity: '1' });
    assert.deepEqual(picked(taker, ['status', 'executed', 'executed_quote', 'average_price', 'fee', 'fee_asset']), {
      status: 'filled',
      executed: '1.00000',
      executed_quote: '101.3',
      average_price: '101.3',
      fee: '0.15195',
      fee_asset: 'USD',
    });
    const { body } = await gateway.ask(0, 'GET', '/v1/trades/BTC-USD?limit=2');
    assert.deepEqual(
      body.trades.map(({ price, quantity, taker_side }: { [field: string]: string }) => [price, quantity, taker_side]),
      [
        ['101.50', '0.60000', 'buy'],
        ['101.00', '0.40000', 'buy'],
      ],
    );
  });

  it('charges in what is received where the schedule says so, and names that asset; a rebate is negative', async () => {
    const maker = await placed(MAKER, { symbol: 'ETH-USD', side: 'sell', price: '2000.05', quantity: '2' });
    const taker = await placed(TAKER, { symbol: 'ETH-USD', price: '2000.05', quantity: '2' });
    assert.deepEqual(picked(taker, ['status', 'fee', 'fee_asset', 'average_price']), {
      status: 'filled',
      fee: '0.004',
      fee_asset: 'ETH',
      average_price: '2000.05',
    });
    const { body } = await gateway.ask(MAKER, 'GET', `/v1/orders/${maker.order_id}`);
    assert.deepEqual(picked(body, ['fee', 'fee_asset']), { fee: '-2.00005', fee_asset: 'USD' });
  });

  it('spends a budget and no more, and returns the rest of it', async () => {
    await placed(MAKER, { side: 'sell', price: '101.00', quantity: '1' });
    await placed(MAKER, { side: 'sell', price: '103.00', quantity: '5' });
    const before = await balances(TAKER);
    const order = await placed(TAKER, {
      type: 'market',
      price: '110',
      quantity: undefined,
      budget: '200',
    });
    assert.deepEqual(picked(order, ['budget', 'quantity', 'executed', 'executed_quote', 'status', 'reason']), {
      budget: '200',
      quantity: null,
      executed: '1.96116',
      executed_quote: '199.99948',
      status: 'filled',
      reason: null,
    });
    const { USD } = await balances(TAKER);
    assert.equal(USD![1], '0');
    assert.equal((Number(before.USD![0]) - Number(USD![0])).toFixed(5), (199.99948 + 0.3).toFixed(5));
  });

  it('fills a fill-or-kill order whole or not at all', async () => {
    await placed(MAKER, { side: 'sell', price: '101.00', quantity: '1' });
    const killed = await placed(TAKER, { price: '101.00', quantity: '1.5', time_in_force: 'fok' });
    assert.deepEqual(picked(killed, ['status', 'reason', 'executed']), {
      status: 'cancelled',
      reason: 'fok_unfillable',
      executed: '0.00000',
    });
    const filled = await placed(TAKER, { price: '101.00', quantity: '1', time_in_force: 'fok' });
    assert.equal(filled.status, 'filled');
  });

  it('refuses a post-only order that would trade, and lets it rest otherwise', async () => {
    await placed(MAKER, { side: 'sell', price: '101.00', quantity: '1' });
    const body = await refused(place(TAKER, { price: '101.00', post_only: true }), 422, 'post_only_would_cross');
    assert.deepEqual([body.field, body.given], ['price', '101.00']);
    assert.match(body.sequence, /^\d+$/);
    const rests = await placed(TAKER, { price: '100.99', post_only: true });
    assert.deepEqual([rests.status, rests.post_only], ['open', true]);
    assert.deepEqual((await balances(TAKER)).USD![1], '101.141485');
  });

  it('ends an order at its expiry with the first tick after it', async () => {
    const at = new Date(gateway.clock.nowMicros() / 1000 + 1_500).toISOString();
    const order = await placed(MAKER, { time_in_force: 'gtd', expires_at: at.replace('Z', '123Z') });
    assert.equal(order.expires_at, at.replace('Z', '123Z'));
    await gateway.advance(1);
    assert.equal((await gateway.ask(MAKER, 'GET', `/v1/orders/${order.order_id}`)).body.status, 'open');
    await gateway.advance(1);
    const { body } = await gateway.ask(MAKER, 'GET', `/v1/orders/${order.order_id}`);
    assert.deepEqual(picked(body, ['status', 'reason']), { status: 'cancelled', reason: 'expired' });
  });

  it('prevents a trade of an account with itself, as asked', async () => {
    const maker = await placed(MAKER, { side: 'sell', price: '101.00', quantity: '1' });
    const taker = await placed(MAKER, { price: '101.00', quantity: '0.4', self_trade_mode: 'decrement' });
    assert.deepEqual(picked(taker, ['status', 'executed', 'reason']), {
      status: 'cancelled',
      executed: '0.00000',
      reason: 'stp_decrement',
    });
    assert.equal((await gateway.ask(MAKER, 'GET', `/v1/orders/${maker.order_id}`)).body.status, 'open');
    const { body } = await gateway.ask(0, 'GET', '/v1/book/BTC-USD');
    assert.deepEqual(body.asks, [['101.00', '0.60000']]);
    assert.equal((await balances(MAKER)).BTC![1], '0.6');
  });

  it('says why the market does not take an order', async () => {
    await refused(place(MAKER, { symbol: 'ETH-BTC', price: '0.05', quantity: '1' }), 422, 'market_halted');
    assert.equal((await balances(MAKER)).BTC![1], '0');
  });
});

describe('an order that is sent twice', () => {
  it('gets the same answer, marked as a duplicate, and nothing happens twice', async () => {
    const first = await placed(MAKER, { client_order_id: 'twice' });
    const before = gateway.hashes();
    const again = await place(MAKER, { client_order_id: 'twice' });
    assert.equal(again.status, 200);
    const { sequence, duplicate, ...told } = again.body;
    assert.equal(duplicate, true);
    assert.deepEqual({ ...told, sequence: first.sequence, duplicate: false }, first);
    assert.ok(Number(sequence) > Number(first.sequence));
    assert.equal((await gateway.ask(MAKER, 'GET', '/v1/orders')).body.orders.length, 1);
    assert.equal(gateway.hashes()['match/1'], before['match/1']);
  });

  it('at the same moment too', async () => {
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => place(MAKER, { client_order_id: 'at-once', price: '99.00' })),
    );
    const ids = new Set(answers.map(({ body }) => body.order_id));
    assert.equal(ids.size, 1);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 200, 200, 200, 201]);
  });

  it('with other content is refused by the name of the field', async () => {
    await placed(MAKER, { client_order_id: 'changed' });
    const answer = place(MAKER, { client_order_id: 'changed', price: '100.01' });
    const body = await refused(answer, 409, 'client_order_id_reused');
    assert.deepEqual([body.field, body.given], ['client_order_id', 'changed']);
  });

  it('may use the id of a refused one', async () => {
    await refused(place(MAKER, { client_order_id: 'again', price: '0.01' }), 422, 'notional_out_of_range');
    await placed(MAKER, { client_order_id: 'again' });
  });

  it('that ended in the meantime is told as it ended', async () => {
    const first = await placed(MAKER, { client_order_id: 'ended' });
    await gateway.ask(MAKER, 'DELETE', `/v1/orders/${first.order_id}`);
    const { status, body } = await place(MAKER, { client_order_id: 'ended' });
    assert.deepEqual([status, body.order_id, body.status, body.reason], [200, first.order_id, 'cancelled', 'user']);
  });

  it('and has ended so long ago that only its id is known, is told that', async () => {
    const first = await placed(MAKER, { client_order_id: 'long-ago', price: '101.00', time_in_force: 'ioc' });
    for (let index = 0; index < 51; index++) await placed(MAKER, { time_in_force: 'ioc' });
    const { status, body } = await place(MAKER, { client_order_id: 'long-ago', price: '101.00', time_in_force: 'ioc' });
    assert.equal(status, 200);
    assert.deepEqual(picked(body, ['order_id', 'client_order_id', 'symbol', 'status', 'duplicate']), {
      order_id: first.order_id,
      client_order_id: 'long-ago',
      symbol: 'BTC-USD',
      status: 'ended',
      duplicate: true,
    });
  });
});

describe('amending and cancelling over REST', () => {
  it('changes price and total, and holds what the new terms need', async () => {
    const order = await placed(MAKER, {});
    const { status, body } = await gateway.ask(MAKER, 'PATCH', `/v1/orders/${order.order_id}`, {
      price: '95.00',
      quantity: '2',
    });
    assert.equal(status, 200, JSON.stringify(body));
    assert.deepEqual(picked(body, ['order_id', 'price', 'quantity', 'status']), {
      order_id: order.order_id,
      price: '95.00',
      quantity: '2.00000',
      status: 'open',
    });
    assert.equal((await balances(MAKER)).USD![1], '190.285');
    const book = await gateway.ask(0, 'GET', '/v1/book/BTC-USD');
    assert.deepEqual(book.body.bids, [['95.00', '2.00000']]);
  });

  it('an amend that crosses trades at once', async () => {
    await placed(TAKER, { side: 'sell', price: '101.00', quantity: '0.5' });
    const order = await placed(MAKER, {});
    const { body } = await gateway.ask(MAKER, 'PATCH', `/v1/orders/${order.order_id}`, { price: '101.00' });
    assert.deepEqual(picked(body, ['executed', 'status', 'price']), {
      executed: '0.50000',
      status: 'open',
      price: '101.00',
    });
  });

  it('an amend that asks for nothing, or for zero, is refused', async () => {
    const { order_id } = await placed(MAKER, {});
    const patch = (body: object) => gateway.ask(MAKER, 'PATCH', `/v1/orders/${order_id}`, body);
    assert.equal((await refused(patch({}), 400, 'malformed')).allowed, 'price, quantity');
    assert.equal((await refused(patch({ price: '0' }), 422, 'price_out_of_range')).field, 'price');
    assert.equal((await refused(patch({ quantity: '0.0' }), 422, 'quantity_out_of_range')).field, 'quantity');
  });

  it('cancels by id and by client order id; twice is a conflict, unknown is unknown', async () => {
    const byId = await placed(MAKER, {});
    const cancelled = await gateway.ask(MAKER, 'DELETE', `/v1/orders/${byId.order_id}`);
    assert.deepEqual([cancelled.status, cancelled.body.status, cancelled.body.reason], [200, 'cancelled', 'user']);
    await refused(gateway.ask(MAKER, 'DELETE', `/v1/orders/${byId.order_id}`), 409, 'order_not_open');
    await placed(MAKER, { client_order_id: 'by.client:id' });
    const byClientId = await gateway.ask(MAKER, 'DELETE', '/v1/orders/client:by.client:id');
    assert.equal(byClientId.body.status, 'cancelled');
    const unknown = await refused(gateway.ask(MAKER, 'DELETE', '/v1/orders/123456789'), 404, 'unknown_order');
    assert.deepEqual([unknown.field, unknown.given], ['order', '123456789']);
  });

  it('an order of another account looks like none', async () => {
    const { order_id } = await placed(MAKER, { client_order_id: 'mine' });
    for (const name of [order_id, 'client:mine']) {
      const foreign = await refused(gateway.ask(TAKER, 'GET', `/v1/orders/${name}`), 404, 'unknown_order');
      const missing = await refused(gateway.ask(OTHER, 'GET', `/v1/orders/${name}`), 404, 'unknown_order');
      const { request_id: _, ...told } = foreign;
      const { request_id: __, ...toldOther } = missing;
      assert.deepEqual(told, toldOther);
      await refused(gateway.ask(TAKER, 'PATCH', `/v1/orders/${name}`, { price: '1.00' }), 404, 'unknown_order');
      await refused(gateway.ask(TAKER, 'DELETE', `/v1/orders/${name}`), 404, 'unknown_order');
    }
  });

  it('cancels all of a symbol or all of everything, and counts them', async () => {
    await placed(MAKER, {});
    await placed(MAKER, { price: '99.00' });
    await placed(MAKER, { symbol: 'ETH-USD', price: '1000.00' });
    const some = await gateway.ask(MAKER, 'DELETE', '/v1/orders?symbol=BTC-USD');
    assert.deepEqual([some.status, some.body.cancelled], [200, 2]);
    const listed = await gateway.ask(MAKER, 'GET', '/v1/orders?symbol=ETH-USD');
    assert.deepEqual(listed.body.orders.length, 1);
    assert.equal((await gateway.ask(MAKER, 'DELETE', '/v1/orders')).body.cancelled, 1);
    assert.equal((await gateway.ask(MAKER, 'DELETE', '/v1/orders')).body.cancelled, 0);
    assert.deepEqual((await gateway.ask(MAKER, 'GET', '/v1/orders')).body.orders, []);
    for (const [, hold] of Object.values(await balances(MAKER))) assert.equal(hold, '0');
  });
});

describe('what is public', () => {
  it('tells symbols with their rules and state', async () => {
    const { body } = await gateway.ask(0, 'GET', '/v1/symbols');
    assert.deepEqual(
      body.symbols.map(({ symbol, tick, lot, state }: { [field: string]: string }) => [symbol, tick, lot, state]),
      [
        ['BTC-USD', '0.01', '0.00001', 'trading'],
        ['ETH-USD', '0.05', '0.0001', 'trading'],
        ['ETH-BTC', '0.00001', '0.0001', 'halted'],
      ],
    );
    assert.deepEqual(picked(body.symbols[0], ['base', 'quote', 'notional', 'band_percent', 'fees']), {
      base: 'BTC',
      quote: 'USD',
      notional: { min: '5', max: '5000000' },
      band_percent: '10.0000',
      fees: 'standard',
    });
  });

  it('follows the state of a market', async () => {
    await gateway.steer({ symbol: 3 as never, marketState: 'trading' });
    await gateway.steer({ symbol: 3 as never, action: 'open_auction' });
    const sell = await placed(MAKER, { symbol: 'ETH-BTC', side: 'sell', price: '0.05', quantity: '2' });
    await placed(TAKER, { symbol: 'ETH-BTC', price: '0.051', quantity: '3' });
    const open = (await gateway.ask(0, 'GET', '/v1/symbols')).body.symbols[2];
    assert.deepEqual([open.state, open.state_reason], ['auction', 'a test']);
    const crossed = (await gateway.ask(0, 'GET', '/v1/book/ETH-BTC')).body;
    assert.deepEqual([crossed.bids, crossed.asks], [[['0.05100', '3.0000']], [['0.05000', '2.0000']]]);
    await gateway.steer({ symbol: 3 as never, action: 'uncross' });
    assert.equal((await gateway.ask(MAKER, 'GET', `/v1/orders/${sell.order_id}`)).body.status, 'filled');
    const uncrossed = (await gateway.ask(0, 'GET', '/v1/book/ETH-BTC')).body;
    assert.deepEqual([uncrossed.bids.length, uncrossed.asks.length], [1, 0]);
  });

  it('tells ticker and candles of what traded', async () => {
    await placed(MAKER, { side: 'sell', price: '105.00', quantity: '1' });
    await placed(TAKER, { price: '105.00', quantity: '1' });
    await gateway.advance(61);
    const ticker = (await gateway.ask(0, 'GET', '/v1/ticker/BTC-USD')).body;
    assert.equal(ticker.last, '105.00');
    assert.ok(Number(ticker.volume_24h) > 0 && ticker.trades_24h > 0);
    const { body } = await gateway.ask(0, 'GET', '/v1/candles/BTC-USD?interval=1m&limit=3');
    const traded = body.candles.filter(({ trades }: { trades: number }) => trades > 0).at(-1);
    assert.deepEqual([traded.close, traded.closed], ['105.00', true]);
    const none = await refused(gateway.ask(0, 'GET', '/v1/candles/BTC-USD?interval=2m'), 400, 'malformed');
    assert.deepEqual([none.field, none.given], ['interval', '2m']);
    assert.match(none.allowed, /1s, 5s, 1m/);
  });

  it('needs no token, and what is private does', async () => {
    assert.equal((await gateway.ask(0, 'GET', '/v1/time')).body.time.slice(0, 10), '2026-03-01');
    for (const [method, url] of [
      ['GET', '/v1/balances'],
      ['GET', '/v1/orders'],
      ['GET', '/v1/orders/1'],
      ['POST', '/v1/orders'],
      ['PATCH', '/v1/orders/1'],
      ['DELETE', '/v1/orders/1'],
      ['DELETE', '/v1/orders'],
      ['POST', '/v1/paper-deposits'],
    ] as const) {
      const body = await refused(gateway.ask(0, method, url), 401, 'unauthenticated');
      assert.equal(body.field, 'authorization', `${method} ${url}`);
    }
  });
});

describe('paper money', () => {
  it('is deposited once for one id, whatever is asked then', async () => {
    const deposit = (amount: string) =>
      gateway.ask(OTHER, 'POST', '/v1/paper-deposits', { asset: 'USD', amount, deposit_id: 'gift' });
    assert.equal((await deposit('12.5')).status, 201);
    const again = await deposit('12.5');
    assert.deepEqual([again.status, again.body.duplicate], [200, true]);
    assert.deepEqual(await balances(OTHER), { USD: ['12.5', '0'], BTC: ['0', '0'], ETH: ['0', '0'] });
    const other = await refused(deposit('13'), 409, 'client_order_id_reused');
    assert.deepEqual([other.field, other.given], ['deposit_id', 'gift']);
  });

  it('is bounded by what may exist', async () => {
    const deposit = (amount: string) => gateway.ask(OTHER, 'POST', '/v1/paper-deposits', { asset: 'USD', amount });
    const tooMuch = await refused(deposit('900000000'), 422, 'amount_overflow');
    assert.deepEqual([tooMuch.field, tooMuch.given], ['amount', '900000000']);
    await refused(deposit('900719925.4740993'), 422, 'amount_overflow');
    await refused(deposit('0'), 422, 'quantity_out_of_range');
    await refused(deposit('0.00000001'), 422, 'quantity_not_on_lot');
  });
});

describe('after a restart', () => {
  it('shows the same balances, orders and books, and a repeated order gets its first answer', async () => {
    const first = await runGateway();
    await first.fund(MAKER, 'USD', '10000');
    await first.fund(TAKER, 'BTC', '3');
    const order = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '100.00', quantity: '2' };
    const bid = await first.ask(MAKER, 'POST', '/v1/orders', { ...order, client_order_id: 'kept' });
    const ask = { ...order, side: 'sell', quantity: '0.5', client_order_id: 'done' };
    const done = await first.ask(TAKER, 'POST', '/v1/orders', ask);
    assert.equal(done.body.status, 'filled');
    const look = async (gatewayNow: RunningGateway) => ({
      balances: [
        (await gatewayNow.ask(MAKER, 'GET', '/v1/balances')).body,
        (await gatewayNow.ask(TAKER, 'GET', '/v1/balances')).body,
      ],
      orders: (await gatewayNow.ask(MAKER, 'GET', '/v1/orders')).body,
      book: (await gatewayNow.ask(0, 'GET', '/v1/book/BTC-USD')).body,
      trades: (await gatewayNow.ask(0, 'GET', '/v1/trades/BTC-USD')).body,
      hashes: gatewayNow.hashes(),
    });
    const before = await look(first);
    await first.stop({ keepData: true });
    const second = await runGateway(first);
    assert.deepEqual(await look(second), before);
    const again = await second.ask(MAKER, 'POST', '/v1/orders', { ...order, client_order_id: 'kept' });
    assert.equal(again.status, 200);
    const { fills, ...known } = (await second.ask(MAKER, 'GET', `/v1/orders/${bid.body.order_id}`)).body;
    assert.deepEqual({ ...again.body, sequence: 0 }, { ...known, sequence: 0, duplicate: true });
    assert.deepEqual(picked(fills[0], ['order_id', 'quantity', 'executed', 'open', 'liquidity']), {
      order_id: bid.body.order_id,
      quantity: '0.50000',
      executed: '0.50000',
      open: '1.50000',
      liquidity: 'maker',
    });
    const { body } = await second.ask(TAKER, 'POST', '/v1/orders', ask);
    assert.deepEqual({ ...body, sequence: 0, duplicate: 0 }, { ...done.body, sequence: 0, duplicate: 0 });
    assert.equal(body.duplicate, true);
    await second.stop();
  });
});
