/**
 * Every field of every route, with every spelling of a number and of a name that has fooled somebody: taken exactly as it
 * is written where its shape says so, else refused with a stable code. Never a 500, and nothing of it reaches a log. The
 * list of routes and fields is the table that the gateway serves.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import { pipelineRoutes } from '../../gateway/pipeline/pipeline-routes.ts';
import { servedRoutes } from '../../gateway/rest/rest-server.ts';
import type { AnyRoute } from '../../gateway/rest/route.ts';
import { type RunningGateway, runGateway, tokenOf } from './running-gateway.ts';

const ACCOUNT = 101;
const routes = servedRoutes(pipelineRoutes);

let gateway: RunningGateway;
before(async () => {
  gateway = await runGateway();
  await gateway.fund(ACCOUNT, 'USD', '100000');
  const order = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '100.00', quantity: '1' };
  const { status } = await gateway.ask(ACCOUNT, 'POST', '/v1/orders', { ...order, client_order_id: 'rests' });
  assert.equal(status, 201);
});
after(async () => {
  await gateway.stop();
});

/** JSON as it stands in a body. */
const jsonValues = [
  '-1',
  '0',
  '-0',
  '1',
  '1.5',
  '1e-9',
  '1e309',
  '9007199254740993',
  '9223372036854775808',
  '1'.repeat(40),
];
jsonValues.push('null', 'true', 'false', '[5]', '["5"]', '[]', '{}', '{"toString":"5"}', '{"__proto__":null}');
const notJson = ['NaN', 'Infinity', '0x10', '1_000', '.5', '01', 'undefined', "'5'", '"\\ud800"', '"a\nb"'];
/** Texts, in a body and in an address. */
const numbers = [
  'NaN',
  'Infinity',
  '-1',
  '-0',
  '+1',
  '1e-9',
  '1e309',
  '0x10',
  '1_000',
  '1,5',
  ' 1',
  '1 ',
  '1\n',
  '١',
  '１',
];
numbers.push('.5', '1.', '01', '', '1'.repeat(40), `0.${'1'.repeat(30)}`, '9223372036854775808', '9007199254740993');
const names = [
  '__proto__',
  'constructor',
  'toString',
  '../../etc/passwd',
  '..',
  'a\r\nSet-Cookie: x=1',
  "'; DROP TABLE a; --",
];
names.push(
  '"',
  '<script>',
  '\u202Eabc',
  'ＢＴＣ－ＵＳＤ',
  'BTC-USD\u0000',
  'btc-usd',
  'client:',
  'client:../x',
  'A'.repeat(10_000),
  '%00',
);
const texts = [...numbers, ...names];

/** What a field is otherwise, so that only the one under test is wrong. */
const USUAL: { readonly [field: string]: unknown } = {
  symbol: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '99.00',
  quantity: '1',
  asset: 'USD',
  amount: '1',
  interval: '1m',
  order: 'client:rests',
  stage: 'risk',
  edge: 'risk -> accounts',
  orders: [{ symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '99.00', quantity: '1' }],
};

/** Fields that take any text of a wide form as a name: `-1` is one, and stays one. */
const NAMES_OF_CLIENTS: ReadonlySet<string> = new Set(['client_order_id', 'deposit_id', 'withdrawal_id']);

interface Field {
  readonly route: AnyRoute;
  readonly where: 'params' | 'query' | 'body';
  readonly name: string;
}

const fields: readonly Field[] = routes.flatMap((route) =>
  (['params', 'query', 'body'] as const).flatMap((where) =>
    fieldsOf(route[where]).map((name) => ({ route, where, name })),
  ),
);

function fieldsOf(shape: z.ZodType | undefined): string[] {
  return shape instanceof z.ZodObject ? Object.keys(shape.shape) : [];
}

/** A request of the route whose field is this text: raw JSON in a body, encoded in an address. */
async function send({ route, where, name }: Field, value: string) {
  const fill = (field: string) =>
    encodeURIComponent(where === 'params' && field === name ? value : String(USUAL[field]));
  const needed = (shape: z.ZodType | undefined) => fieldsOf(shape).filter((field) => field !== name && field in USUAL);
  const query = needed(route.query).map((field) => `${field}=${encodeURIComponent(String(USUAL[field]))}`);
  if (where === 'query') query.push(`${name}=${encodeURIComponent(value)}`);
  const body = needed(route.body).map((field) => `"${field}":${JSON.stringify(USUAL[field])}`);
  if (where === 'body') body.push(`"${name}":${value}`);
  const response = await gateway.app.inject({
    method: route.method,
    url:
      route.path.replace(/:(\w+)/g, (_, field: string) => fill(field)) +
      (query.length > 0 ? `?${query.join('&')}` : ''),
    headers: {
      authorization: `Bearer ${tokenOf(ACCOUNT)}`,
      ...(route.body ? { 'content-type': 'application/json' } : {}),
    },
    ...(route.body ? { payload: `{${body.join(',')}}` } : {}),
  });
  const told = `${route.method} ${route.path} ${where}.${name} = ${value.slice(0, 60)}: ${response.statusCode} ${response.body.slice(0, 200)}`;
  return { status: response.statusCode, response, told };
}

async function changesNothing(run: () => Promise<void>): Promise<void> {
  const hashes = gateway.hashes();
  const { commands } = gateway.exchange.head;
  await run();
  assert.equal(gateway.exchange.head.commands, commands, 'a refused request reached a log');
  assert.deepEqual(gateway.hashes(), hashes);
  assert.deepEqual(gateway.failures, []);
}

async function assertRefused(field: Field, value: string): Promise<void> {
  const { status, response, told } = await send(field, value);
  const answer = response.json();
  // A test of an order is answered with the refusal that the order would get.
  const tested = field.route.id === 'testOrder' && status === 200 && answer.would_be === 'refused';
  assert.ok(tested || (status >= 400 && status < 500), told);
  const body = tested ? answer.error : answer;
  assert.match(body.code, /^[a-z_]+$/, told);
  assert.ok(body.request_id.length > 0, told);
  assert.doesNotMatch(response.body, /at .+\.ts:\d|node_modules|syntax error|DB::Exception/, told);
}

describe('a field of a route', () => {
  it('there are of every kind of route', () => {
    const covered = new Set(fields.map(({ route }) => route.id));
    const without = routes.filter(({ id }) => !covered.has(id)).map(({ id }) => id);
    assert.deepEqual(
      without.filter((id) => !NO_FIELDS.has(id)),
      [],
    );
  });

  for (const field of fields.filter(({ where }) => where === 'body')) {
    const { route, name } = field;
    it(`${route.id}: ${name} in another type of JSON, or in none`, () =>
      changesNothing(async () => {
        const shape = (route.body as z.ZodObject).shape[name] as z.ZodType;
        for (const value of jsonValues) {
          // true and false are what a flag is; whatever an item of a batch is, its result says so.
          if (shape.safeParse(JSON.parse(value)).success && value !== '{"__proto__":null}') continue;
          await assertRefused(field, value);
        }
        for (const value of notJson) await assertRefused(field, value);
      }));
  }

  for (const field of fields) {
    const { route, where, name } = field;
    if (NAMES_OF_CLIENTS.has(name)) continue;
    it(`${route.id}: ${name} of ${where} in a text of another form`, () =>
      changesNothing(async () => {
        for (const value of texts) {
          if (where === 'body') await assertRefused(field, JSON.stringify(value));
          // An empty part of an address is another address.
          else if (value !== '' || where === 'query') await assertRefused(field, value);
        }
      }));
  }

  for (const field of fields.filter(({ name }) => NAMES_OF_CLIENTS.has(name))) {
    it(`${field.route.id}: ${field.name} is refused, or kept as it was written`, async () => {
      for (const value of texts) {
        if (!/^[A-Za-z0-9_.:-]{1,36}$/.test(value)) {
          await changesNothing(() => assertRefused(field, JSON.stringify(value)));
          continue;
        }
        const { status, response, told } = await send(field, JSON.stringify(value));
        assert.ok(status < 300 || status === 409, told);
        if (status < 300 && field.route.id !== 'testOrder') assert.ok(response.body.includes(`"${value}"`), told);
      }
    });
  }

  it('that nobody declared is refused by its name, in body and address, on every route', () =>
    changesNothing(async () => {
      for (const route of routes) {
        for (const name of ['is_admin', 'user_id', 'account', 'fee_bps', 'status_', '__proto__x', 'constructor']) {
          await assertNames({ route, where: 'query', name }, '1', name);
          if (route.body) await assertNames({ route, where: 'body', name }, '"1"', name);
        }
      }
    }));
});

async function assertNames(field: Field, value: string, name: string): Promise<void> {
  const { status, response, told } = await send(field, value);
  assert.equal(status, 400, told);
  assert.ok(['malformed'].includes(response.json().code), told);
  if (name !== 'constructor') assert.equal(response.json().field, name, told);
}

/** Ask for nothing. */
const NO_FIELDS: ReadonlySet<string> = new Set([
  'time',
  'symbols',
  'tickers',
  'balances',
  'fees',
  'pipelineGraph',
  'pipeline',
  'openapi',
  'reference',
]);
