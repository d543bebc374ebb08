/**
 * Two users, every route, every id: nobody learns or changes anything of another. What is another's looks like what is
 * not there. Routes and fields come from the table that is served.
 */
import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { z } from 'zod';
import type { Authenticator, Scope } from '../../gateway/identity/principal.ts';
import { AuthenticationFailed } from '../../gateway/identity/principal.ts';
import { pipelineRoutes } from '../../gateway/pipeline/pipeline-routes.ts';
import { buildRestServer, servedRoutes } from '../../gateway/rest/rest-server.ts';
import type { AnyRoute } from '../../gateway/rest/route.ts';
import type { AccountId, Micros } from '../../schemas/generated/records.ts';
import { type RunningGateway, runGateway, tokenOf } from './running-gateway.ts';

const OWNER = 101;
const STRANGER = 102;
const routes = servedRoutes(pipelineRoutes);
const privateRoutes = routes.filter(({ access }) => access !== 'public');

let gateway: RunningGateway;
/** Ids and cursors of the owner, by what they are. */
let own: { readonly [name: string]: readonly string[] };

before(async () => {
  gateway = await runGateway();
  for (const account of [OWNER, STRANGER]) {
    await gateway.fund(account, 'USD', '10000');
    await gateway.fund(account, 'BTC', '10');
  }
  const order = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '100.00', quantity: '0.3' };
  const place = async (account: number, fields: object) => {
    const { status, body } = await gateway.ask(account, 'POST', '/v1/orders', { ...order, ...fields });
    assert.equal(status, 201, JSON.stringify(body));
    return body;
  };
  const open = await place(OWNER, { client_order_id: 'owners-open' });
  const filled = await place(OWNER, { client_order_id: 'owners-filled', price: '101.00' });
  await place(STRANGER, { side: 'sell', price: '101.00' });
  const ended = await place(OWNER, { client_order_id: 'owners-ended' });
  await gateway.ask(OWNER, 'DELETE', `/v1/orders/${ended.order_id}`);
  await gateway.ask(OWNER, 'POST', '/v1/paper-deposits', { asset: 'USD', amount: '7.25', deposit_id: 'owners-gift' });
  await gateway.ask(OWNER, 'POST', '/v1/withdrawals', { asset: 'USD', amount: '1', withdrawal_id: 'owners-cash' });
  await place(OWNER, { client_order_id: 'owners-second' });
  const cursor = async (path: string) => (await gateway.ask(OWNER, 'GET', path)).body.next_cursor;
  own = {
    order: [open, filled, ended].flatMap((each) => [each.order_id, `client:${each.client_order_id}`]),
    cursor: [await cursor('/v1/orders?limit=1'), await cursor('/v1/orders?status=all&limit=1')],
    client_order_id: ['owners-open', 'owners-filled', 'owners-ended'],
    deposit_id: ['owners-gift'],
    withdrawal_id: ['owners-cash'],
  };
  assert.ok(own.cursor!.every((text) => typeof text === 'string'));
});
after(async () => {
  await gateway.stop();
});

/** What nobody else may read in any answer. */
const SECRETS = /owners-|7\.25/;

/** All that the owner sees of himself. */
async function sightOf(account: number) {
  const look = async (path: string) => (await gateway.ask(account, 'GET', path)).body;
  return {
    balances: await look('/v1/balances'),
    open: await look('/v1/orders'),
    all: await look('/v1/orders?status=all'),
    fills: await look('/v1/fills'),
  };
}

const fieldsOf = (shape: z.ZodType | undefined) => (shape instanceof z.ZodObject ? Object.keys(shape.shape) : []);
const USUAL: { readonly [field: string]: string } = {
  symbol: 'BTC-USD',
  side: 'buy',
  type: 'limit',
  price: '50.00',
  quantity: '100000',
  asset: 'USD',
  amount: '1000000000',
  interval: '1m',
  order: '1',
  stage: 'risk',
  edge: 'risk -> accounts',
};

/** The route asked by the stranger with one field set to an id. */
async function asStranger(route: AnyRoute, where: 'params' | 'query' | 'body', name: string, value: string) {
  const text = (field: string) => (field === name ? value : (USUAL[field] ?? 'x'));
  const query = fieldsOf(route.query)
    .filter((field) => (where === 'query' && field === name) || field === 'interval' || field === 'edge')
    .map((field) => `${field}=${encodeURIComponent(text(field))}`);
  const body = Object.fromEntries(
    fieldsOf(route.body)
      .filter((field) => (where === 'body' && field === name) || field in USUAL)
      .map((field) => [field, text(field)]),
  );
  const response = await gateway.app.inject({
    method: route.method,
    url:
      route.path.replace(/:(\w+)/g, (_, field: string) => encodeURIComponent(text(field))) +
      (query.length > 0 ? `?${query.join('&')}` : ''),
    headers: {
      authorization: `Bearer ${tokenOf(STRANGER)}`,
      ...(route.body ? { 'content-type': 'application/json' } : {}),
    },
    ...(route.body ? { payload: JSON.stringify(body) } : {}),
  });
  return { status: response.statusCode, body: response.json() };
}

/** Without what differs in any two answers: the id of the request, and what the request itself wrote. */
function bare(body: unknown, value: string): unknown {
  return JSON.parse(
    JSON.stringify(body)
      .replaceAll(value, 'IT')
      .replace(/"request_id":"[^"]+"/, '"request_id":""'),
  );
}

/** An id of the same form that nobody has. */
function nobodys(value: string): string {
  if (value.startsWith('client:')) return 'client:nobodys-id';
  return /^\d+$/.test(value) ? String(Number(value) + 1_000_000) : 'nobodys-id';
}

const targets = privateRoutes.flatMap((route) =>
  (['params', 'query', 'body'] as const).flatMap((where) =>
    fieldsOf(route[where])
      .filter((name) => ['order', 'cursor', 'client_order_id', 'deposit_id', 'withdrawal_id'].includes(name))
      .map((name) => ({ route, where, name })),
  ),
);

describe('ids of one user in the hands of another', () => {
  it('are tried on every route that takes one', () => {
    assert.ok(targets.length >= 13, String(targets.length));
    const taking = new Set(targets.map(({ route }) => route.id));
    for (const id of ['order', 'cancelOrder', 'amendOrder', 'replaceOrder', 'fills', 'orders'])
      assert.ok(taking.has(id));
  });

  for (const { route, where, name } of targets) {
    it(`${route.id}: ${name} of ${where} shows nothing, changes nothing, and says no more than of one that is not there`, async () => {
      const before = await sightOf(OWNER);
      for (const value of own[name]!) {
        const { status, body } = await asStranger(route, where, name, value);
        const told = `${route.method} ${route.path} ${name}=${value}: ${status} ${JSON.stringify(body).slice(0, 300)}`;
        assert.ok(!SECRETS.test(JSON.stringify(bare(body, value.replace(/^client:/, '')))), told);
        if (name === 'cursor') continue;
        const nobody = nobodys(value);
        const other = await asStranger(route, where, name, nobody);
        assert.equal(status, other.status, told);
        const known = (text: unknown) =>
          JSON.stringify(text)
            .replace(/"sequence":"\d+"/, '')
            .replace(/"order_id":"\d+"/, '');
        assert.equal(known(bare(body, value)), known(bare(other.body, nobody)), told);
      }
      assert.deepEqual(await sightOf(OWNER), before);
    });
  }

  it('lists show the own and nothing else', async () => {
    for (const route of privateRoutes.filter(({ method, params }) => method === 'GET' && !params)) {
      const response = await gateway.app.inject({
        method: 'GET',
        url: route.path,
        headers: { authorization: `Bearer ${tokenOf(STRANGER)}` },
      });
      assert.ok(!SECRETS.test(response.body), `${route.path}: ${response.body.slice(0, 300)}`);
    }
  });
});

describe('a credential', () => {
  const scopesOf: { readonly [token: string]: readonly Scope[] } = {
    reader: ['read'],
    trader: ['trade'],
    nothing: [],
  };
  const authenticator: Authenticator = {
    authenticate({ headers }) {
      const token = /^Bearer (\w+)$/.exec(String(headers.authorization))?.[1] ?? '';
      const scopes = scopesOf[token];
      if (!scopes) throw new AuthenticationFailed('unauthenticated', 'That is nobody.');
      return {
        account: STRANGER as AccountId,
        userId: 'u',
        keyId: token,
        roles: ['trader'],
        scopes,
        expiresAtMicros: 9e15 as Micros,
      };
    },
    onRevoked: () => () => {},
  };

  it('may do what its scopes say, on every route, and nothing without one', async () => {
    const app = await buildRestServer({ ...gateway.parts, authenticator }, pipelineRoutes);
    const { commands } = gateway.exchange.head;
    for (const { method, path, access } of privateRoutes) {
      for (const [token, scopes] of [...Object.entries(scopesOf), ['nobody', undefined] as const]) {
        if (scopes?.includes(access as Scope)) continue;
        const response = await app.inject({
          method,
          url: path.replace(/:\w+/g, '1'),
          headers: { authorization: `Bearer ${token}` },
        });
        const { code } = response.json();
        assert.deepEqual(
          [response.statusCode, code],
          scopes ? [403, 'forbidden'] : [401, 'unauthenticated'],
          `${method} ${path} with ${token}`,
        );
      }
    }
    assert.equal(gateway.exchange.head.commands, commands);
    await app.close();
  });

  it('is asked once a request', async () => {
    let asked = 0;
    const counting: Authenticator = {
      ...authenticator,
      authenticate: (request) => {
        asked++;
        return authenticator.authenticate(request);
      },
    };
    const app = await buildRestServer({ ...gateway.parts, authenticator: counting });
    const headers = { authorization: 'Bearer reader' };
    assert.equal((await app.inject({ method: 'GET', url: '/v1/balances', headers })).statusCode, 200);
    assert.equal(asked, 1);
    await app.inject({ method: 'GET', url: '/v1/time', headers });
    assert.equal(asked, 1, 'a public route asks nobody who he is');
    await app.close();
  });
});
