/** Orders in batches, replaced, tested without being placed; ids by header; pages of orders and fills. */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { Authenticator } from '../../gateway/identity/principal.ts';
import type { CommandPort, GatewayCommand } from '../../gateway/ports.ts';
import { buildRestServer } from '../../gateway/rest/rest-server.ts';
import type { AccountId, Micros } from '../../schemas/generated/records.ts';
import { type RunningGateway, runGateway, tokenOf } from './running-gateway.ts';

const TRADER = 101;
const MAKER = 102;
const LISTED = 103;

let gateway: RunningGateway;
before(async () => {
  gateway = await runGateway();
  for (const account of [TRADER, MAKER, LISTED]) {
    await gateway.fund(account, 'USD', '50000');
    await gateway.fund(account, 'BTC', '10');
    await gateway.fund(account, 'ETH', '10');
  }
  await gateway.ask(MAKER, 'POST', '/v1/orders', { ...bid, side: 'sell', price: '100.00' });
  await gateway.ask(TRADER, 'POST', '/v1/orders', { ...bid, price: '100.00', quantity: '0.1' });
  await gateway.advance(2);
});
after(async () => {
  await gateway.stop();
});

const bid = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '95.00', quantity: '1' };
const post = (account: number, url: string, body: unknown) => gateway.ask(account, 'POST', url, body);

describe('a batch', () => {
  it('has a result for each order, in order, whatever became of the others', async () => {
    const { status, body } = await post(TRADER, '/v1/orders/batch', {
      orders: [
        { ...bid, client_order_id: 'batch-1' },
        { ...bid, price: '1.001' },
        { ...bid, quantity: 1 },
        'no order',
        { ...bid, quantity: '900' },
        { ...bid, client_order_id: 'batch-1' },
        { ...bid, symbol: 'NO-PE' },
        { ...bid, is_admin: true },
      ],
    });
    assert.equal(status, 200);
    const told = body.results.map((result: { status: number; error: { code: string; field?: string } | null }) => [
      result.status,
      result.error?.code ?? null,
      result.error?.field ?? null,
    ]);
    assert.deepEqual(told, [
      [201, null, null],
      [422, 'price_not_on_tick', 'price'],
      [400, 'malformed', 'quantity'],
      [400, 'malformed', 'order'],
      [422, 'insufficient_funds', 'quantity'],
      [200, null, null],
      [404, 'unknown_symbol', 'symbol'],
      [400, 'malformed', 'is_admin'],
    ]);
    assert.equal(body.results[5].order.order_id, body.results[0].order.order_id);
    assert.equal(body.results[5].order.duplicate, true);
    await gateway.ask(TRADER, 'DELETE', '/v1/orders/client:batch-1');
  });

  it('is one order after the other: a later one meets an earlier one', async () => {
    const { body } = await post(TRADER, '/v1/orders/batch', {
      orders: [
        { ...bid, symbol: 'ETH-USD', side: 'sell', price: '50.00', quantity: '1' },
        { ...bid, symbol: 'ETH-USD', price: '50.00', quantity: '1' },
      ],
    });
    const [sell, buy] = body.results.map((result: { order: { status: string; reason: string } }) => result.order);
    assert.deepEqual([sell.status, buy.status, buy.reason], ['open', 'cancelled', 'stp_newest']);
    await gateway.ask(TRADER, 'DELETE', '/v1/orders');
  });

  it('takes 20 orders and no more', async () => {
    const orders = Array.from({ length: 21 }, () => bid);
    const { status, body } = await post(TRADER, '/v1/orders/batch', { orders });
    assert.deepEqual([status, body.field, body.allowed], [400, 'orders', '1 to 20 orders']);
    assert.deepEqual((await gateway.ask(TRADER, 'GET', '/v1/orders')).body.orders, []);
  });
});

describe('a replacement', () => {
  const replace = (order: string, fields: object) =>
    post(TRADER, `/v1/orders/${order}/replacement`, { ...bid, ...fields });

  it('cancels and places, once, however often it is sent', async () => {
    const { body: old } = await post(TRADER, '/v1/orders', bid);
    const first = await replace(old.order_id, { price: '96.00', client_order_id: 'replaced-1' });
    assert.deepEqual(
      [first.status, first.body.cancelled.status, first.body.placed.status, first.body.placed.price],
      [201, 'cancelled', 'open', '96.00'],
    );
    const again = await replace(old.order_id, { price: '96.00', client_order_id: 'replaced-1' });
    assert.equal(again.status, 200);
    assert.equal(again.body.placed.order_id, first.body.placed.order_id);
    assert.equal(again.body.placed.duplicate, true);
    const open = (await gateway.ask(TRADER, 'GET', '/v1/orders')).body.orders;
    assert.deepEqual(
      open.map(({ client_order_id }: { client_order_id: string }) => client_order_id),
      ['replaced-1'],
    );
  });

  it('at the same moment too', async () => {
    const { body: old } = await post(TRADER, '/v1/orders', bid);
    const answers = await Promise.all(
      Array.from({ length: 5 }, () => replace(old.order_id, { price: '96.50', client_order_id: 'replaced-2' })),
    );
    const placed = answers.map(({ body }) => body.placed?.order_id);
    assert.equal(new Set(placed).size, 1, JSON.stringify(answers.map(({ body }) => body).slice(0, 2)));
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 200, 200, 201]);
  });

  it('places nothing where the old order had been filled, and says so', async () => {
    const { body: old } = await post(TRADER, '/v1/orders', { ...bid, price: '100.00', quantity: '0.2' });
    assert.equal(old.status, 'filled');
    const { status, body } = await replace(old.order_id, { client_order_id: 'never' });
    assert.deepEqual(
      [status, body.code, body.allowed],
      [409, 'order_not_open', 'an order that is open; this one is filled'],
    );
    assert.equal((await gateway.ask(TRADER, 'GET', '/v1/orders/client:never')).status, 404);
  });

  it('cancels nothing where the new order could never be one', async () => {
    const { body: old } = await post(TRADER, '/v1/orders', bid);
    assert.equal((await replace(old.order_id, { price: '1.001' })).status, 422);
    assert.equal((await gateway.ask(TRADER, 'GET', `/v1/orders/${old.order_id}`)).body.status, 'open');
  });

  it('says that the old one is gone where the exchange refuses the new one', async () => {
    const { body: old } = await post(TRADER, '/v1/orders', bid);
    const { status, body } = await replace(old.order_id, { quantity: '999' });
    assert.deepEqual(
      [status, body.cancelled.status, body.placed, body.error.code],
      [200, 'cancelled', null, 'insufficient_funds'],
    );
  });
});

describe('an order that is sent to two gateways at once', () => {
  it('is placed once, and both say the same', async () => {
    const other = await buildRestServer(gateway.parts);
    const request = {
      method: 'POST',
      url: '/v1/orders',
      headers: { authorization: `Bearer ${tokenOf(TRADER)}`, 'content-type': 'application/json' },
      payload: JSON.stringify({ ...bid, client_order_id: 'two-gateways' }),
    } as const;
    const answers = await Promise.all([gateway.app, other, gateway.app, other].map((app) => app.inject(request)));
    assert.deepEqual(answers.map(({ statusCode }) => statusCode).sort(), [200, 200, 200, 201]);
    const told = answers.map((answer) => {
      const { sequence: _, duplicate: __, ...order } = answer.json();
      return order;
    });
    for (const order of told) assert.deepEqual(order, told[0]);
    await other.close();
  });
});

describe('a signed request', () => {
  it('that brings no id is the same command whenever its bytes come, and is judged no later than it may be', async () => {
    const { clock } = gateway;
    const signed = { requestId: 'f'.repeat(32), validUntilMicros: (clock.nowMicros() + 5_000_000) as Micros };
    const authenticator: Authenticator = {
      authenticate: () => ({
        account: TRADER as AccountId,
        userId: 'u',
        roles: ['trader'],
        scopes: ['read', 'trade'],
        expiresAtMicros: 9e15 as Micros,
        signed,
      }),
      onRevoked: () => () => {},
    };
    const commands: GatewayCommand[] = [];
    const noting: CommandPort = {
      submit: (command, traceparent) => {
        commands.push(command);
        return gateway.parts.commands.submit(command, traceparent);
      },
      submitBatch: (batch, traceparent) => {
        commands.push(...batch);
        return gateway.parts.commands.submitBatch(batch, traceparent);
      },
    };
    const app = await buildRestServer({ ...gateway.parts, authenticator, commands: noting });
    const send = async (url: string, payload: object) => {
      const headers = { 'content-type': 'application/json' };
      const response = await app.inject({ method: 'POST', url, headers, payload: JSON.stringify(payload) });
      return { status: response.statusCode, body: response.json() };
    };
    const first = await send('/v1/orders', bid);
    assert.deepEqual([first.status, first.body.client_order_id], [201, signed.requestId]);
    const again = await send('/v1/orders', bid);
    assert.deepEqual([again.status, again.body.order_id, again.body.duplicate], [200, first.body.order_id, true]);
    const batch = await send('/v1/orders/batch', { orders: [bid, bid] });
    assert.deepEqual(
      batch.body.results.map(({ order }: { order: { client_order_id: string } }) => order.client_order_id),
      [`${signed.requestId}-0`, `${signed.requestId}-1`],
    );
    const deposit = await send('/v1/paper-deposits', { asset: 'USD', amount: '1' });
    assert.equal(deposit.body.deposit_id, signed.requestId);
    for (const command of commands) {
      if ('validUntil' in command) assert.equal(command.validUntil, signed.validUntilMicros);
    }
    await app.close();
    await gateway.ask(TRADER, 'DELETE', '/v1/orders');
  });
});

describe('an id in the header Idempotency-Key', () => {
  const send = (url: string, key: string, body: object) =>
    gateway.app.inject({
      method: 'POST',
      url,
      headers: {
        authorization: `Bearer ${tokenOf(TRADER)}`,
        'content-type': 'application/json',
        'idempotency-key': key,
      },
      payload: JSON.stringify(body),
    });

  it('is the client order id', async () => {
    const first = await send('/v1/orders', 'by-header', bid);
    assert.deepEqual([first.statusCode, first.json().client_order_id], [201, 'by-header']);
    const again = await send('/v1/orders', 'by-header', { ...bid, client_order_id: 'by-header' });
    assert.deepEqual([again.statusCode, again.json().order_id], [200, first.json().order_id]);
    const other = await send('/v1/orders', 'by-header', { ...bid, price: '94.00' });
    assert.deepEqual([other.statusCode, other.json().code], [409, 'client_order_id_reused']);
  });

  it('is the id of a deposit and of a withdrawal', async () => {
    const gift = await send('/v1/paper-deposits', 'gift', { asset: 'USD', amount: '1' });
    assert.equal(gift.json().deposit_id, 'gift');
    assert.equal((await send('/v1/paper-deposits', 'gift', { asset: 'USD', amount: '1' })).statusCode, 200);
    const cash = await send('/v1/withdrawals', 'cash', { asset: 'USD', amount: '1' });
    assert.deepEqual([cash.statusCode, cash.json().withdrawal_id], [201, 'cash']);
    assert.equal((await send('/v1/withdrawals', 'cash', { asset: 'USD', amount: '1' })).statusCode, 200);
    assert.equal((await send('/v1/withdrawals', 'cash', { asset: 'USD', amount: '2' })).statusCode, 409);
  });

  it('is refused where the body says another one, or where it is none', async () => {
    const two = await send('/v1/orders', 'one', { ...bid, client_order_id: 'two' });
    assert.deepEqual([two.statusCode, two.json().field], [400, 'idempotency-key']);
    const none = await send('/v1/orders', 'a b', bid);
    assert.deepEqual([none.statusCode, none.json().field], [400, 'idempotency-key']);
  });
});

describe('a withdrawal', () => {
  it('takes of what is available, and never of what is held', async () => {
    const balance = async () => (await gateway.ask(MAKER, 'GET', '/v1/balances')).body.balances[1];
    const { available, hold } = await balance();
    assert.ok(Number(hold) > 0);
    const more = (Number(available) + 0.1).toFixed(1);
    const { status, body } = await post(MAKER, '/v1/withdrawals', { asset: 'BTC', amount: more });
    assert.deepEqual([status, body.code, body.field, body.given], [422, 'insufficient_funds', 'amount', more]);
    assert.equal(body.allowed, `up to ${available} BTC`);
    const all = await post(MAKER, '/v1/withdrawals', { asset: 'BTC', amount: available });
    assert.equal(all.status, 201);
    assert.deepEqual(await balance(), { asset: 'BTC', available: '0', hold, total: hold });
  });

  it('of everything, fifty times at once, happens once', async () => {
    const { available } = (await gateway.ask(MAKER, 'GET', '/v1/balances')).body.balances[2];
    const answers = await Promise.all(
      Array.from({ length: 50 }, () => post(MAKER, '/v1/withdrawals', { asset: 'ETH', amount: available })),
    );
    assert.equal(answers.filter(({ status }) => status === 201).length, 1);
    assert.equal(answers.filter(({ body }) => body.code === 'insufficient_funds').length, 49);
  });
});

describe('pages', () => {
  before(async () => {
    for (let index = 0; index < 12; index++) {
      const { status } = await post(LISTED, '/v1/orders', { ...bid, price: `${90 + index}.00`, quantity: '0.1' });
      assert.equal(status, 201);
    }
    // The best of them trade: each is a fill of its own.
    await post(TRADER, '/v1/orders', { ...bid, side: 'sell', price: '99.00', quantity: '0.3' });
    await gateway.ask(LISTED, 'DELETE', `/v1/orders/${(await ids('open', 1))[0]}`);
  });

  async function pages(path: string, list: string, key: string, limit: number): Promise<string[]> {
    const found: string[] = [];
    let cursor: string | null = null;
    do {
      const more: string = cursor === null ? '' : `&cursor=${cursor}`;
      const { status, body } = await gateway.ask(LISTED, 'GET', `${path}limit=${limit}${more}`);
      assert.equal(status, 200, JSON.stringify(body));
      assert.ok(body[list].length <= limit);
      found.push(...body[list].map((item: { [key: string]: string }) => String(item[key])));
      cursor = body.next_cursor;
    } while (cursor !== null);
    return found;
  }
  const ids = (status: string, limit: number) => pages(`/v1/orders?status=${status}&`, 'orders', 'order_id', limit);

  for (const status of ['open', 'ended', 'all']) {
    it(`of ${status} orders hold each of them once, in order, whatever their size`, async () => {
      const whole = await ids(status, 500);
      assert.ok(whole.length >= 3, status);
      assert.equal(new Set(whole).size, whole.length);
      const order = [...whole].sort((left, right) => (status === 'open' ? 1 : -1) * (Number(left) - Number(right)));
      assert.deepEqual(whole, order);
      for (const limit of [1, 2, 5]) assert.deepEqual(await ids(status, limit), whole);
    });
  }

  it('of open and of ended orders are all of them', async () => {
    const parts = [...(await ids('open', 500)), ...(await ids('ended', 500))];
    assert.deepEqual(parts.sort(), (await ids('all', 500)).sort());
  });

  it('of fills hold each of them once, newest first, and what is told of an order adds up', async () => {
    const whole = await pages('/v1/fills?', 'fills', 'seq', 1000);
    assert.ok(whole.length >= 3);
    assert.deepEqual(await pages('/v1/fills?', 'fills', 'seq', 1), whole);
    const { fills } = (await gateway.ask(LISTED, 'GET', '/v1/fills')).body;
    const { body: order } = await gateway.ask(LISTED, 'GET', `/v1/orders/${fills[0].order_id}`);
    assert.deepEqual(order.fills.at(-1), fills[0]);
    assert.deepEqual([order.executed, order.average_price], [fills[0].executed, fills[0].average_price]);
    const none = await gateway.ask(LISTED, 'GET', '/v1/fills?symbol=ETH-USD');
    assert.deepEqual(none.body, { fills: [], next_cursor: null });
  });

  it('of trades and candles go on where the last one ended', async () => {
    for (const [path, list, key] of [
      ['/v1/trades/BTC-USD?', 'trades', 'trade_id'],
      ['/v1/candles/BTC-USD?interval=1s&', 'candles', 'opens_at'],
    ] as const) {
      const whole = new Set(await pages(path, list, key, 1000));
      assert.ok(whole.size >= 2, path);
      assert.deepEqual(new Set(await pages(path, list, key, 1)), whole, path);
    }
  });

  it('begin with a cursor of the same list only', async () => {
    const { next_cursor: cursor } = (await gateway.ask(LISTED, 'GET', '/v1/orders?status=all&limit=1')).body;
    for (const path of [
      '/v1/orders?status=ended&',
      '/v1/orders?status=all&symbol=BTC-USD&',
      '/v1/fills?',
      '/v1/trades/BTC-USD?',
    ]) {
      const { status, body } = await gateway.ask(LISTED, 'GET', `${path}cursor=${cursor}`);
      assert.deepEqual([status, body.field, body.given], [400, 'cursor', cursor], path);
    }
  });
});

describe('fees', () => {
  it('are told as they apply, by symbol', async () => {
    const { body } = await gateway.ask(TRADER, 'GET', '/v1/fees');
    assert.deepEqual(body.fees.slice(0, 2), [
      { symbol: 'BTC-USD', schedule: 'standard', version: 1, maker_bps: '10.00', taker_bps: '15.00', fee_in: 'quote' },
      {
        symbol: 'ETH-USD',
        schedule: 'received',
        version: 1,
        maker_bps: '-5.00',
        taker_bps: '20.00',
        fee_in: 'received',
      },
    ]);
  });
});
