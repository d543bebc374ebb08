/**
 * Numbers and names in every spelling that has fooled somebody, on every field: a refusal with a stable code that names
 * the field, or the exact value. Nothing of a refusal reaches a log, so neither a command nor a state hash changes.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type Answer, type RunningGateway, runGateway } from './running-gateway.ts';

const ACCOUNT = 101;

let gateway: RunningGateway;
let orderId: string;

before(async () => {
  gateway = await runGateway();
  await gateway.fund(ACCOUNT, 'USD', '100000');
  await gateway.fund(ACCOUNT, 'BTC', '10');
  const { body } = await gateway.ask(ACCOUNT, 'POST', '/v1/orders', JSON.parse(placeWith({})));
  orderId = body.order_id;
});
after(async () => {
  await gateway.stop();
});

/** The body of a place as text: values are written into it as they stand. */
function placeWith(fields: { readonly [field: string]: string }): string {
  const usual = { symbol: '"BTC-USD"', side: '"buy"', type: '"limit"', price: '"100.00"', quantity: '"1"' };
  const all: { readonly [field: string]: string } = { ...usual, ...fields };
  return `{${Object.entries(all)
    .map(([field, value]) => `"${field}":${value}`)
    .join(',')}}`;
}

interface Target {
  readonly field: string;
  ask(value: string): Promise<Answer>;
}

const patch = (field: string): Target => ({
  field,
  ask: (value) => gateway.ask(ACCOUNT, 'PATCH', `/v1/orders/${orderId}`, `{"${field}":${value}}`),
});
const place = (field: string, also: { readonly [field: string]: string } = {}): Target => ({
  field,
  ask: (value) => gateway.ask(ACCOUNT, 'POST', '/v1/orders', placeWith({ ...also, [field]: value })),
});
const deposit = (field: string): Target => ({
  field,
  ask: (value) =>
    gateway.ask(
      ACCOUNT,
      'POST',
      '/v1/paper-deposits',
      field === 'amount' ? `{"asset":"USD","amount":${value}}` : `{"asset":"USD","amount":"1","${field}":${value}}`,
    ),
});

const numericFields: { readonly [title: string]: Target } = {
  'the price of an order': place('price'),
  'the quantity of an order': place('quantity'),
  'the expiry of an order': place('expires_at', { time_in_force: '"gtd"' }),
  'the price of an amend': patch('price'),
  'the quantity of an amend': patch('quantity'),
  'the amount of a deposit': deposit('amount'),
  'the budget of an order': {
    field: 'budget',
    ask: (value) =>
      gateway.ask(
        ACCOUNT,
        'POST',
        '/v1/orders',
        `{"symbol":"BTC-USD","side":"buy","type":"market","price":"100","budget":${value}}`,
      ),
  },
};

/** JSON that is well formed and no decimal string. */
const notStrings = ['-1', '0', '-0', '1', '1.5', '1e-9', '1e309', '-1e309', '9007199254740993', '9223372036854775808'];
notStrings.push('0.1', '1'.repeat(40), 'null', 'true', 'false', '[5]', '["5"]', '{}', '{"toString":"5"}');
/** What is no JSON. */
const notJson = ['NaN', 'Infinity', '-Infinity', '0x10', '1_000', '+1', '.5', '1.', '01', 'undefined', "'5'", ''];
/** Strings that are no decimal. */
const notDecimals = ['NaN', 'Infinity', '-1', '-0', '+1', '1e-9', '1e309', '1E5', '0x10', '0b1', '0o7', '1_000', '1,5'];
notDecimals.push(' 1', '1 ', '1\n', '\t1', '1\u0000', '١', '１', '1٫5', '.5', '1.', '1..5', '1.5.5', '01', '00', '');
notDecimals.push('1'.repeat(19), '1'.repeat(40), `0.${'1'.repeat(19)}`, '½', '1n', '$1', '1%', '1/2', 'one', '∞', '-');
/** Decimals that no field takes: zero, too large to be exact, finer than any unit. */
const outOfRange = ['0', '0.00', '9007199254740993', '999999999999999999', '90071992547409.93', '0.000000000000000001'];

async function assertRefused(answer: Answer, field: string | undefined, given: string): Promise<void> {
  const { status, body } = answer;
  const told = `${given} gave ${status} ${JSON.stringify(body)}`;
  assert.ok(status >= 400 && status < 500, told);
  assert.match(body.code, /^[a-z_]+$/, told);
  assert.ok(body.message.length > 5 && body.request_id.length > 0, told);
  if (field === undefined) return;
  assert.equal(body.field, field, told);
  assert.ok(typeof body.allowed === 'string' && body.allowed.length > 0, told);
}

/** Runs what must change nothing, and holds it to that. */
async function changesNothing(run: () => Promise<void>): Promise<void> {
  const hashes = gateway.hashes();
  const { commands } = gateway.exchange.head;
  await run();
  assert.equal(gateway.exchange.head.commands, commands, 'a refused request reached a log');
  assert.deepEqual(gateway.hashes(), hashes);
  assert.deepEqual(gateway.failures, []);
}

describe('numbers', () => {
  for (const [title, { field, ask }] of Object.entries(numericFields)) {
    it(`${title}: what is no string is refused, and shown as it was written`, () =>
      changesNothing(async () => {
        for (const value of notStrings) {
          const answer = await ask(value);
          await assertRefused(answer, field, value);
          assert.equal(answer.body.code, 'malformed', value);
          if (/^-?\d/.test(value)) assert.equal(answer.body.given, `${value} (a number)`);
        }
      }));

    it(`${title}: what is no JSON is refused`, () =>
      changesNothing(async () => {
        for (const value of notJson) {
          const answer = await ask(value);
          await assertRefused(answer, undefined, value);
          assert.equal(answer.body.code, 'malformed', value);
        }
      }));

    it(`${title}: a string of another form is refused by the name of the field`, () =>
      changesNothing(async () => {
        for (const value of notDecimals) {
          const answer = await ask(JSON.stringify(value));
          await assertRefused(answer, field, value);
          assert.equal(answer.body.code, 'malformed', value);
          if (value.length <= 80) assert.equal(answer.body.given, value);
        }
      }));

    it(`${title}: a number that cannot be exact, or is nothing, is refused`, () =>
      changesNothing(async () => {
        for (const value of outOfRange) await assertRefused(await ask(JSON.stringify(value)), field, value);
      }));
  }

  it('an order that is off tick or off lot is refused with the steps that are allowed', () =>
    changesNothing(async () => {
      for (const [field, value, code, allowed] of [
        ['price', '100.001', 'price_not_on_tick', /^a multiple of 0\.01 from 0\.01 to /],
        ['quantity', '0.000001', 'quantity_not_on_lot', /^a multiple of 0\.00001 from 0\.00001 to /],
      ] as const) {
        const { status, body } = await place(field).ask(JSON.stringify(value));
        assert.deepEqual([status, body.code, body.field, body.given], [422, code, field, value]);
        assert.match(body.allowed, allowed);
      }
      const fine = placeWith({ symbol: '"ETH-USD"', price: '"2000.01"' });
      const { body } = await gateway.ask(ACCOUNT, 'POST', '/v1/orders', fine);
      assert.deepEqual([body.code, body.given], ['price_not_on_tick', '2000.01']);
    }));

  it('counts in queries and ids in paths are whole numbers, or refused', () =>
    changesNothing(async () => {
      const spellings = ['0', '-1', '-0', '1e3', '1.0', '0x10', '%201', '1%0a', '%D9%A1', '%EF%BC%91', 'NaN', 'true'];
      for (const value of [...spellings, '', '9007199254740993', '1'.repeat(40), '501&depth=5']) {
        await assertRefused(await gateway.ask(0, 'GET', `/v1/book/BTC-USD?depth=${value}`), 'depth', value);
      }
      for (const value of spellings) {
        await assertRefused(await gateway.ask(0, 'GET', `/v1/trades/BTC-USD?limit=${value}`), 'limit', value);
        await assertRefused(
          await gateway.ask(0, 'GET', `/v1/candles/BTC-USD?interval=1m&limit=${value}`),
          'limit',
          value,
        );
        const order = await gateway.ask(ACCOUNT, 'GET', `/v1/orders/${value}`);
        await assertRefused(order, 'order', value);
        assert.equal(order.body.code, 'malformed');
      }
      // One more than a double can tell from its neighbour: it is nobody's, not the neighbour's.
      const { status, body } = await gateway.ask(ACCOUNT, 'GET', '/v1/orders/9007199254740993');
      assert.deepEqual([status, body.code, body.given], [404, 'unknown_order', '9007199254740993']);
    }));

  it('an instant is exact or refused', () =>
    changesNothing(async () => {
      const { ask } = numericFields['the expiry of an order']!;
      for (const value of [
        '2026-02-30T00:00:00Z',
        '2026-13-01T00:00:00Z',
        '2026-03-01',
        '2026-03-01T00:00:00',
        '2026-03-01T24:00:00Z',
        '2026-03-01T23:59:60Z',
        '2026-03-01T00:00:00.1234567Z',
        '2026-03-01T00:00:00+2:00',
        '2026-03-01 00:00:00Z',
        '2026-03-01t00:00:00z',
        '1969-12-31T23:59:59Z',
        '1970-01-01T00:00:00Z',
        '9999-12-31T23:59:59Z',
        '+010000-01-01T00:00:00Z',
        '1772323200',
        'tomorrow',
      ]) {
        const answer = await ask(JSON.stringify(value));
        await assertRefused(answer, 'expires_at', value);
        assert.equal(answer.body.code, 'malformed', value);
      }
    }));

  it('the largest and the smallest amounts are taken to the last unit', async () => {
    await gateway.fund(104, 'USD', '123456789.0123456');
    await gateway.fund(104, 'USD', '0.0000001');
    await gateway.fund(104, 'BTC', '4000000.123456789');
    const { body } = await gateway.ask(104, 'GET', '/v1/balances');
    const available = body.balances.map((row: { available: string }) => row.available);
    assert.deepEqual(available, ['123456789.0123457', '4000000.123456789', '0']);
    const { status, body: order } = await gateway.ask(104, 'POST', '/v1/orders', {
      symbol: 'ETH-USD',
      side: 'buy',
      type: 'limit',
      price: '0.05',
      quantity: '999.9999',
      time_in_force: 'gtd',
      expires_at: '2199-12-31T23:59:59.999999+00:00',
    });
    assert.equal(status, 201, JSON.stringify(order));
    assert.deepEqual(
      [order.price, order.quantity, order.expires_at],
      ['0.05', '999.9999', '2199-12-31T23:59:59.999999Z'],
    );
    await gateway.ask(104, 'DELETE', '/v1/orders');
  });
});

const identifiers: { readonly [title: string]: Target } = {
  'a client order id': place('client_order_id'),
  'a deposit id': deposit('deposit_id'),
  'the symbol of an order': place('symbol'),
  'the side of an order': place('side'),
  'the type of an order': place('type'),
  'the time in force of an order': place('time_in_force'),
  'the self-trade mode of an order': place('self_trade_mode'),
  'the asset of a deposit': {
    field: 'asset',
    ask: (value) => gateway.ask(ACCOUNT, 'POST', '/v1/paper-deposits', `{"asset":${value},"amount":"1"}`),
  },
};
const hostile = [
  '../',
  '../../etc/passwd',
  'a\r\nX-Forged: 1',
  'a\nb',
  '"',
  "'; drop table orders --",
  '\u202Etxt.exe',
];
hostile.push(
  'ＢＴＣ',
  'а',
  '\u0000',
  '\ud800',
  '\udc00x',
  'x'.repeat(10_000),
  '',
  ' ',
  '{{7*7}}',
  '%2e%2e%2f',
  'a b',
  '<b>',
);
/** Names that are something in the language, and nothing here. */
const inherited = ['__proto__', 'constructor', 'prototype', 'hasOwnProperty', 'toString', 'valueOf', '..', '.'];

describe('names', () => {
  for (const [title, { field, ask }] of Object.entries(identifiers)) {
    it(`${title}: what is no plain name is refused, and shown short`, () =>
      changesNothing(async () => {
        for (const value of hostile) {
          const answer = await ask(JSON.stringify(value));
          await assertRefused(answer, field, value);
          assert.ok(answer.body.given.length <= 81);
          assert.ok(!/[\r\n]/.test(String(answer.headers['content-type'])), 'no header was forged');
        }
      }));
  }

  for (const [title, target] of Object.entries(identifiers)) {
    if (target.field.endsWith('_id')) continue;
    it(`${title}: a name of the language is refused like any other`, () =>
      changesNothing(async () => {
        for (const value of inherited)
          await assertRefused(await target.ask(JSON.stringify(value)), target.field, value);
      }));
  }

  it('a client order id may be a name of the language, and is then found by it alone', async () => {
    for (const id of inherited) {
      const order = await gateway.ask(ACCOUNT, 'POST', '/v1/orders', placeWith({ client_order_id: `"${id}"` }));
      assert.equal(order.status, 201, id);
      const found = await gateway.ask(ACCOUNT, 'GET', `/v1/orders/client:${id}`);
      assert.deepEqual([found.body.order_id, found.body.client_order_id], [order.body.order_id, id]);
      assert.equal((await gateway.ask(105, 'GET', `/v1/orders/client:${id}`)).status, 404);
      const gift = `{"asset":"USD","amount":"1","deposit_id":"${id}"}`;
      assert.equal((await gateway.ask(ACCOUNT, 'POST', '/v1/paper-deposits', gift)).body.duplicate, false);
      assert.equal((await gateway.ask(ACCOUNT, 'POST', '/v1/paper-deposits', gift)).body.duplicate, true);
    }
  });

  it('in a path and in a query they are refused, or nothing is there', () =>
    changesNothing(async () => {
      for (const value of [...hostile, ...inherited].filter((name) => name.isWellFormed())) {
        const name = encodeURIComponent(value);
        for (const url of [
          `/v1/book/${name}`,
          `/v1/ticker/${name}`,
          `/v1/orders/${name}`,
          `/v1/orders/client:${name}`,
          `/v1/orders?symbol=${name}`,
          `/v1/candles/BTC-USD?interval=${name}`,
          `/v1/book/BTC-USD?depth=${name}`,
          `/v1/book/BTC-USD?${name}=1`,
        ]) {
          const { status, body } = await gateway.ask(ACCOUNT, 'GET', url);
          // An empty name is another address: the list of orders, or nothing there.
          if (value === '' && (url === '/v1/orders/' || url.includes('?='))) continue;
          if (inherited.includes(value) && url.startsWith('/v1/orders/client:')) continue;
          assert.ok(status >= 400 && status < 500, `${url.slice(0, 100)} gave ${status}`);
          assert.match(body.code, /^(malformed|not_found|address_too_long|unknown_symbol|unknown_order)$/);
        }
      }
    }));

  it('an unknown field is refused by its name, also where there is no field at all', () =>
    changesNothing(async () => {
      for (const name of ['leverage', '__proto__', 'constructor', 'Price', 'clientOrderId', 'x'.repeat(10_000)]) {
        const { status, body } = await gateway.ask(ACCOUNT, 'POST', '/v1/orders', placeWith({ [name]: '"1"' }));
        assert.deepEqual([status, body.code], [400, 'malformed']);
        assert.ok(name.startsWith(body.field.replace(/…$/, '')));
        assert.match(body.allowed, /^symbol, side, type/);
      }
      for (const [method, url] of [
        ['GET', '/v1/time?at=1'],
        ['GET', '/v1/symbols?symbol=BTC-USD'],
        ['GET', '/v1/balances?account=102'],
        ['POST', '/v1/orders?account=102'],
        ['PATCH', `/v1/orders/${orderId}?price=1`],
        ['DELETE', `/v1/orders/${orderId}?force=1`],
        ['DELETE', '/v1/orders?account=102'],
        ['POST', '/v1/paper-deposits?asset=USD'],
      ] as const) {
        const { status, body } = await gateway.ask(ACCOUNT, method, url, method === 'GET' ? undefined : '{}');
        assert.deepEqual([status, body.code], [400, 'malformed'], `${method} ${url}`);
        assert.ok(['at', 'symbol', 'account', 'price', 'force', 'asset'].includes(body.field));
      }
    }));

  it('a body where none belongs is refused', () =>
    changesNothing(async () => {
      for (const url of [`/v1/orders/${orderId}`, '/v1/orders']) {
        const { status, body } = await gateway.ask(ACCOUNT, 'DELETE', url, { symbol: 'BTC-USD' });
        assert.deepEqual([status, body.code, body.field], [400, 'malformed', 'symbol']);
      }
    }));
});

describe('tokens', () => {
  it('of another form, of nobody, or doubled are refused alike', () =>
    changesNothing(async () => {
      const headers = ['', 'Bearer', 'Bearer ', 'bearer account-101', 'Basic YTpi', 'Bearer account-101 x'];
      for (const authorization of [...headers, 'Bearer nobody', `Bearer ${'x'.repeat(129)}`, 'Bearer account-101,']) {
        const response = await gateway.app.inject({ method: 'GET', url: '/v1/balances', headers: { authorization } });
        assert.equal(response.statusCode, 401, authorization);
        assert.equal(response.json().code, 'unauthenticated');
      }
    }));
});
