import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import type { LightMyRequestResponse } from 'fastify';
import { type AdminServer, buildAdminServer } from '../../../gateway/admin/admin-server.ts';
import { LagPolicy } from '../../../gateway/admin/lag-policy.ts';
import { OperatorOrders } from '../../../gateway/admin/operator-orders.ts';
import type { Identity } from '../../../gateway/identity/identity.ts';
import type { Role } from '../../../gateway/identity/principal.ts';
import type { Tokens } from '../../../gateway/identity/sessions.ts';
import type { AccountId } from '../../../schemas/generated/records.ts';
import { type IdentityServer, startIdentityServer } from '../identity/identity-server.ts';
import { tokenOf } from '../running-gateway.ts';

const PASSWORD = 'correct horse battery';

let server: IdentityServer;
let identity: Identity;
let admin: AdminServer;
let people = 0;
/** Two people who look after the exchange, and one who trades. */
let [ada, bob, eve]: Tokens[] = [];

before(async () => {
  server = await startIdentityServer();
  identity = server.gateway();
  await identity.refresh();
  admin = buildAdminServer(
    { ...server.running.parts, ...server.parts },
    { identity, settlement: 'ledger', pagePort: () => 7717, say: (line) => server.said.push(line) },
  );
  ada = await person(['trader', 'ops', 'admin']);
  bob = await person(['trader', 'ops']);
  eve = await person(['trader', 'analyst']);
  await identity.refresh();
});
after(async () => {
  await admin.close();
  await server.close();
});

/** Every route with a body that fits it: who may ask is judged before that. */
const ROUTES: readonly (readonly [method: string, url: string, body?: object, adminOnly?: true])[] = [
  ['GET', '/admin/v1/markets'],
  ['GET', '/admin/v1/actions'],
  ['GET', '/admin/v1/adjustments'],
  ['GET', '/admin/v1/users'],
  ['POST', '/admin/v1/market-states', { symbol: 'BTC-USD', state: 'trading', reason: 'a test' }],
  ['POST', '/admin/v1/auctions', { symbol: 'ETH-USD', do: 'open', reason: 'a test' }],
  ['POST', '/admin/v1/cancel-all', { everything: true, reason: 'a test' }],
  ['POST', '/admin/v1/kill-switch', { account: '4242', reason: 'a test' }],
  ['POST', '/admin/v1/fees', { schedule: 'standard', maker_bps: '10', taker_bps: '15', reason: 'a test' }, true],
  ['POST', '/admin/v1/account-states', { account: '4242', state: 'active', reason: 'a test' }],
  ['POST', '/admin/v1/limits', { account: '4242', open_orders: '1', orders_per_second: '1', reason: 'a test' }],
  ['POST', '/admin/v1/adjustments', { account: '4242', asset: 'USD', amount: '1', reason: 'a test' }],
  ['POST', `/admin/v1/adjustments/adj_${'0'.repeat(22)}/approve`],
  ['POST', `/admin/v1/adjustments/adj_${'0'.repeat(22)}/decline`],
  ['POST', `/admin/v1/users/usr_${'0'.repeat(22)}/roles`, { roles: ['trader'], reason: 'a test' }, true],
];

describe('the listener of operators', () => {
  test('is tried here with every route it has, and answers nothing else', async () => {
    const printed = admin.app.printRoutes({ commonPrefix: false, includeHooks: false });
    const count = [...printed.matchAll(/\b(GET|POST|PATCH|PUT|DELETE)\b/g)].length;
    assert.equal(count, ROUTES.length, printed);
    for (const url of [
      '/',
      '/v1/time',
      '/v1/orders',
      '/admin',
      '/admin/v1',
      '/admin/v1/markets/',
      '/ADMIN/v1/markets',
    ]) {
      assert.equal((await ask('GET', url, ada)).statusCode, 404, url);
    }
  });

  test('lets nobody in who has not the role and the scope, and changes nothing for them', async () => {
    const key = async (owner: Tokens, scopes: readonly ('read' | 'trade' | 'admin')[]) => {
      const principal = await identity.authenticate(request(owner.accessToken));
      const wanted = { name: 'k', kind: 'hmac-sha256', scopes, addresses: [], windowMs: 60_000, expiresAtMicros: null };
      const { key: made } = await identity.keys.create(principal, wanted as never);
      return made.keyId;
    };
    assert.ok(await key(bob!, ['read', 'trade']));
    const before = server.running.hashes();
    for (const [method, url, body] of ROUTES) {
      const asked: [string, { authorization?: string }, number][] = [
        ['nobody', {}, 401],
        ['a forged token', { authorization: 'Bearer x.y.z' }, 401],
        ['a trader', { authorization: `Bearer ${eve!.accessToken}` }, 403],
        ['nobody with a cookie', { authorization: '' }, 401],
      ];
      for (const [who, headers, status] of asked) {
        const answer = await send(method, url, headers, body);
        assert.equal(answer.statusCode, status, `${who} ${method} ${url}: ${answer.body}`);
      }
    }
    assert.deepEqual(server.running.hashes(), before);
  });

  test('lets operators do what theirs is, and leaves fees and roles to admins', async () => {
    for (const [method, url, body, adminOnly] of ROUTES) {
      const ops = await ask(method, url, bob, body);
      assert.equal(ops.statusCode === 403, adminOnly === true, `ops ${method} ${url}: ${ops.body}`);
      if (adminOnly) assert.notEqual((await ask(method, url, ada, body)).statusCode, 403);
      assert.ok(ops.statusCode < 500, ops.body);
    }
    await ask('POST', '/admin/v1/auctions', ada, { symbol: 'ETH-USD', do: 'uncross', reason: 'tidy up' });
  });

  test('wants a reason for every order, and no field that it does not know', async () => {
    for (const [method, url, body] of ROUTES) {
      if (!body) continue;
      const { reason: _, ...without } = body as { reason: string };
      assert.deepEqual(refusal(await ask(method, url, ada, without)), [400, 'reason'], url);
      for (const reason of ['', 'x'.repeat(201), 'two\nlines', 7]) {
        assert.deepEqual(refusal(await ask(method, url, ada, { ...body, reason })), [400, 'reason'], url);
      }
      for (const field of ['requested_by', 'approved_by', 'is_admin', 'user_id']) {
        assert.deepEqual(refusal(await ask(method, url, ada, { ...body, [field]: 'bob' })), [400, field], url);
      }
    }
  });

  test('answers the page of the same host from a browser, and no other', async () => {
    const preflight = (origin: string, host = '127.0.0.1:7718') =>
      admin.app.inject({ method: 'OPTIONS', url: '/admin/v1/markets', headers: { origin, host } });
    const allowed = await preflight('http://127.0.0.1:7717');
    assert.equal(allowed.headers['access-control-allow-origin'], 'http://127.0.0.1:7717');
    assert.equal(allowed.headers['access-control-allow-credentials'], undefined);
    for (const origin of [
      'http://evil.example:7717',
      'http://127.0.0.1:7719',
      'http://127.0.0.1',
      'null',
      'http://127.0.0.1:7717.evil.example',
      'http://127.0.0.1.evil.example:7717',
    ]) {
      assert.equal((await preflight(origin)).headers['access-control-allow-origin'], undefined, origin);
    }
  });
});

describe('an operator', () => {
  test('halts, resumes and says why; each is listed with who, when, why and the sequence', async () => {
    const halted = await done('/admin/v1/market-states', {
      symbol: 'BTC-USD',
      state: 'halted',
      reason: 'a strange price',
    });
    const [effect] = halted.effects;
    const market = server.parts.views.market('BTC-USD')!;
    assert.deepEqual(
      [effect.what, effect.symbol, effect.now, effect.sequence],
      ['market_state', 'BTC-USD', 'halted', String(market.seq)],
    );
    assert.equal(market.stateReason, 'a strange price');
    assert.equal((await place(eve!)).json().code, 'market_halted');
    await done('/admin/v1/market-states', { symbol: 'BTC-USD', state: 'trading', reason: 'it was right' });
    assert.equal(market.state, 'trading');
    const { actions, whole } = (await ask('GET', '/admin/v1/actions?limit=2', ada)).json();
    assert.equal(whole, true);
    assert.deepEqual(
      actions.map((action: { [field: string]: unknown }) => [
        action.action,
        action.symbol,
        action.reason,
        action.requested_by,
      ]),
      [
        ['set_market_state', 'BTC-USD', 'it was right', ada!.userId],
        ['set_market_state', 'BTC-USD', 'a strange price', ada!.userId],
      ],
    );
    assert.deepEqual(actions[1].effects, halted.effects);
    assert.equal(actions[1].offset, halted.control_offset);
    assert.match(actions[1].taken_at, /^2026-03-01T/);
  });

  test('opens an auction and uncrosses it, cancels by account and by symbol, and pulls the kill switch', async () => {
    const auction = await done('/admin/v1/auctions', { symbol: 'ETH-USD', do: 'open', reason: 'opening' });
    assert.equal(auction.effects[0].now, 'auction');
    const uncrossed = await done('/admin/v1/auctions', { symbol: 'ETH-USD', do: 'uncross', reason: 'opening' });
    assert.equal(uncrossed.effects.at(-1).now, 'trading');
    await place(eve!);
    await place(bob!);
    const own = await done('/admin/v1/cancel-all', {
      account: String(eve!.account),
      symbol: 'BTC-USD',
      reason: 'her wish',
    });
    assert.deepEqual([own.effects.length, own.effects[0].count], [1, '1']);
    const rest = await done('/admin/v1/cancel-all', { symbol: 'BTC-USD', reason: 'a new tick' });
    assert.equal(rest.effects[0].count, '1');
    await place(eve!);
    const killed = await done('/admin/v1/kill-switch', { everything: true, reason: 'stop' });
    const states = killed.effects.filter(({ what }: { what: string }) => what === 'market_state');
    assert.equal(states.length, 3);
    assert.ok([...server.parts.views.markets.values()].every(({ state }) => state === 'halted'));
    assert.equal(server.parts.views.account(eve!.account).openOrders().length, 0);
    await done('/admin/v1/market-states', { symbol: '*', state: 'trading', reason: 'go on' });
  });

  test('says what is meant by everything, never by leaving something out', async () => {
    for (const url of ['/admin/v1/cancel-all', '/admin/v1/kill-switch']) {
      for (const body of [{}, { everything: false }, { everything: true, symbol: 'BTC-USD' }]) {
        assert.equal((await ask('POST', url, ada, { ...body, reason: 'a test' })).statusCode, 400, url);
      }
    }
    const until = { symbol: 'BTC-USD', state: 'closed', until: '2026-03-02T00:00:00Z', reason: 'a test' };
    assert.deepEqual(refusal(await ask('POST', '/admin/v1/market-states', ada, until)), [400, 'until']);
    const unknown = await ask('POST', '/admin/v1/market-states', ada, {
      symbol: 'DOGE-USD',
      state: 'halted',
      reason: 'x',
    });
    assert.equal(unknown.statusCode, 404);
  });

  test('suspends an account, bounds it, and sets a new version of a fee schedule', async () => {
    const account = String(eve!.account);
    const suspended = await done('/admin/v1/account-states', { account, state: 'suspended', reason: 'a question' });
    assert.deepEqual([suspended.effects[0].account, suspended.effects[0].now], [account, 'suspended']);
    assert.equal((await place(eve!)).json().code, 'account_not_permitted');
    await done('/admin/v1/account-states', { account, state: 'active', reason: 'answered' });
    await done('/admin/v1/limits', { account, open_orders: '1', orders_per_second: '0', reason: 'small' });
    assert.equal((await place(eve!)).statusCode, 201);
    assert.equal((await place(eve!)).json().code, 'too_many_open_orders');
    const before = server.parts.views.fees.get('standard')!.version;
    const fees = await done('/admin/v1/fees', {
      schedule: 'standard',
      maker_bps: '7.5',
      taker_bps: '12',
      reason: 'spring',
    });
    assert.equal(fees.version, String(before + 1));
    const now = server.parts.views.fees.get('standard')!;
    assert.deepEqual([now.makerPpm, now.takerPpm, now.requestedBy, now.reason], [750, 1200, ada!.userId, 'spring']);
    await done('/admin/v1/limits', { account, open_orders: '0', orders_per_second: '0', reason: 'as all' });
    const cancelled = await done('/admin/v1/cancel-all', { account, reason: 'tidy up' });
    assert.equal(cancelled.effects.length, 1);
  });

  test('orders while the database is away, too, and the list has it when it is back', async () => {
    await server.away();
    const halted = await done('/admin/v1/market-states', { symbol: 'BTC-USD', state: 'post_only', reason: 'dark' });
    const alone = (await ask('GET', '/admin/v1/actions?limit=1', ada)).json();
    assert.deepEqual([alone.whole, alone.actions[0].offset], [false, halted.control_offset]);
    assert.equal((await ask('GET', '/admin/v1/adjustments', ada)).statusCode, 503);
    await server.back();
    await done('/admin/v1/market-states', { symbol: 'BTC-USD', state: 'trading', reason: 'light' });
    await server.running.advance(2);
    await admin.round();
    const rows = await server.sql<{ reason: string; effects: string }>(
      `SELECT reason, effects FROM admin.actions WHERE reason IN ('dark', 'light') ORDER BY position`,
    );
    assert.deepEqual(
      rows.map(({ reason, effects }) => [reason, JSON.parse(effects)[0].now]),
      [
        ['dark', 'post_only'],
        ['light', 'trading'],
      ],
    );
    await assert.rejects(
      server.ledger.as('identity', (client) => client.query(`UPDATE admin.actions SET requested_by = 'nobody'`)),
      /permission denied/,
    );
  });

  test('is given the role by an admin, and nobody changes his own', async () => {
    const carl = await person(['trader']);
    assert.equal((await ask('GET', '/admin/v1/markets', carl)).statusCode, 403);
    const give = (by: Tokens, to: Tokens, roles: Role[]) =>
      ask('POST', `/admin/v1/users/${to.userId}/roles`, by, { roles, reason: 'a new colleague' });
    assert.equal((await give(bob!, carl, ['trader', 'ops'])).statusCode, 403);
    assert.equal((await give(ada!, ada!, ['trader'])).statusCode, 403);
    const given = await give(ada!, carl, ['trader', 'ops']);
    assert.deepEqual(given.json().roles, ['trader', 'ops']);
    assert.equal((await ask('GET', '/admin/v1/markets', carl)).statusCode, 200);
    await give(ada!, carl, ['trader']);
    assert.equal((await ask('GET', '/admin/v1/markets', carl)).statusCode, 403);
  });
});

describe('a balance changed by hand', () => {
  const propose = async (by: Tokens, amount: string) => {
    const body = { account: String(eve!.account), asset: 'USD', amount, reason: 'a lost deposit' };
    const answer = await ask('POST', '/admin/v1/adjustments', by, body);
    assert.equal(answer.statusCode, 201, answer.body);
    return answer.json().adjustment_id as string;
  };
  const decide = (by: Tokens, id: string, how: 'approve' | 'decline') =>
    ask('POST', `/admin/v1/adjustments/${id}/${how}`, by);
  const usd = () => [...server.parts.views.assets.values()].find(({ name }) => name === 'USD')!;
  const balance = () => server.parts.views.account(eve!.account).balances.get(usd().asset)!.available;

  test('takes two people: who proposed it cannot approve it, and it happens once', async () => {
    const before = balance();
    const id = await propose(ada!, '12.5');
    assert.equal(balance(), before);
    assert.equal((await decide(ada!, id, 'approve')).statusCode, 403);
    assert.equal(balance(), before);
    const [one, two] = await Promise.all([decide(bob!, id, 'approve'), decide(bob!, id, 'approve')]);
    assert.deepEqual([one.statusCode, two.statusCode].sort(), [200, 409]);
    const approved = [one, two].find(({ statusCode }) => statusCode === 200)!.json();
    assert.equal(balance(), before + 125_000_000);
    assert.deepEqual(
      [approved.outcome, approved.proposed_by, approved.decided_by, approved.sequence],
      ['done', ada!.userId, bob!.userId, String(server.parts.views.account(eve!.account).seq)],
    );
    const [action] = (await ask('GET', '/admin/v1/actions?limit=1', ada)).json().actions;
    assert.deepEqual(
      [action.action, action.requested_by, action.approved_by, action.account, action.effects[0].sequence],
      ['adjust_balance', ada!.userId, bob!.userId, String(eve!.account), approved.sequence],
    );
    assert.equal((await decide(ada!, id, 'decline')).statusCode, 409);
  });

  test('is held to two people by the database itself, and decided once', async () => {
    const id = await propose(ada!, '1');
    const decideBySql = (decision: string, by: string) =>
      server.ledger.as('identity', (client) =>
        client.query(
          'UPDATE admin.adjustments SET decision = $2, decided_by = $3, decided_at = 1 WHERE adjustment_id = $1',
          [id, decision, by],
        ),
      );
    await assert.rejects(decideBySql('approved', ada!.userId), /two_people/);
    await decideBySql('declined', bob!.userId);
    await assert.rejects(decideBySql('approved', bob!.userId), /is decided/);
    const raise = () =>
      server.ledger.as('identity', (client) => client.query('UPDATE admin.adjustments SET amount = amount * 10'));
    await assert.rejects(raise(), /permission denied/);
  });

  test('that was approved before a crash is carried out after it, once', async () => {
    const before = balance();
    const id = await propose(ada!, '-3');
    await server.ledger.as('identity', (client) =>
      client.query(
        `UPDATE admin.adjustments SET decision = 'approved', decided_by = $2, decided_at = $3 WHERE adjustment_id = $1`,
        [id, bob!.userId, server.parts.clock.nowMicros()],
      ),
    );
    await server.running.advance(11);
    await admin.round();
    await admin.round();
    assert.equal(balance(), before - 30_000_000);
    const [row] = await server.sql<{ outcome: string }>(
      'SELECT outcome FROM admin.adjustments WHERE adjustment_id = $1',
      [id],
    );
    assert.equal(row?.outcome, 'done');
  });

  test('says why the exchange refused it', async () => {
    const id = await propose(ada!, '-100000000');
    assert.equal((await decide(bob!, id, 'approve')).json().outcome, 'insufficient_funds');
    const declined = await decide(ada!, await propose(ada!, '5'), 'decline');
    assert.deepEqual([declined.json().decision, declined.json().outcome], ['declined', null]);
    for (const amount of ['0', '-0', '0.00000001', '1e3', '99999999999999999']) {
      const body = { account: String(eve!.account), asset: 'USD', amount, reason: 'a test' };
      assert.deepEqual(refusal(await ask('POST', '/admin/v1/adjustments', ada, body)), [400, 'amount'], amount);
    }
  });
});

describe('the lag policy', () => {
  const bounds = { throttleAboveMs: 5_000, haltAboveMs: 20_000, recoverBelowMs: 1_000, throttledOrdersPerSecond: 3 };
  const make = () => {
    const { control, views } = server.parts;
    return new LagPolicy(bounds, new OperatorOrders(control, views), views);
  };
  const limits = () => server.parts.views.limitsOf(0 as AccountId)!;
  const state = (symbol: string) => server.parts.views.market(symbol)!.state;

  test('throttles, halts, and takes back what it did, each by a record', async () => {
    const policy = make();
    const before = limits().ordersPerSecond;
    await done('/admin/v1/market-states', { symbol: 'BTC-USD', state: 'post_only', reason: 'by hand' });
    await done('/admin/v1/market-states', { symbol: 'ETH-BTC', state: 'halted', reason: 'by hand' });
    await policy.step(60_000);
    assert.deepEqual([policy.state, state('BTC-USD')], ['watching', 'post_only'], 'it never kept up yet');
    await policy.step(500);
    await policy.step(4_000);
    assert.equal(policy.state, 'calm');
    await policy.step(6_000);
    assert.deepEqual([policy.state, limits().ordersPerSecond, limits().requestedBy], ['throttled', 3, 'lag policy']);
    await policy.step(21_000);
    assert.deepEqual([policy.state, state('BTC-USD'), state('ETH-USD')], ['halted', 'halted', 'halted']);
    assert.equal(server.parts.views.market('BTC-USD')!.stateReason, 'settlement is 21 s behind; was post_only');
    await policy.step(3_000);
    assert.equal(policy.state, 'halted', 'not before it keeps up again');
    await policy.step(900);
    assert.deepEqual([policy.state, limits().ordersPerSecond], ['calm', before]);
    assert.deepEqual([state('BTC-USD'), state('ETH-USD'), state('ETH-BTC')], ['post_only', 'trading', 'halted']);
    const { actions } = (await ask('GET', '/admin/v1/actions?limit=7', ada)).json();
    const own = actions.filter((action: { requested_by: string }) => action.requested_by === 'lag policy');
    assert.deepEqual(
      own.map((action: { action: string }) => action.action),
      ['set_limits', 'set_market_state', 'set_market_state', 'set_market_state', 'set_market_state', 'set_limits'],
    );
  });

  test('takes back what an earlier process did, and leaves what a person ordered meanwhile', async () => {
    const first = make();
    await first.step(0);
    await first.step(30_000);
    assert.equal(state('BTC-USD'), 'halted');
    await done('/admin/v1/market-states', { symbol: 'ETH-USD', state: 'halted', reason: 'by hand' });
    const next = make();
    assert.equal(next.state, 'halted');
    await next.step(10);
    assert.deepEqual([next.state, state('BTC-USD'), state('ETH-USD')], ['calm', 'post_only', 'halted']);
    assert.equal(limits().ordersPerSecond, 0);
  });
});

interface Done {
  readonly control_offset: string;
  readonly version?: string;
  // biome-ignore lint/suspicious/noExplicitAny: a test reads the effect that it expects.
  readonly effects: any[];
}

async function done(url: string, body: object): Promise<Done> {
  const answer = await ask('POST', url, ada, body);
  assert.equal(answer.statusCode, 200, answer.body);
  return answer.json();
}

async function person(roles: readonly Role[]): Promise<Tokens> {
  people++;
  const tokens = await identity.sessions.register(`ops-${people}@example.com`, PASSWORD, `10.7.0.${people}`);
  await server.sql('UPDATE identity.users SET roles = $2 WHERE user_id = $1', [tokens.userId, roles]);
  await identity.refresh();
  return tokens;
}

function place(by: Tokens): Promise<LightMyRequestResponse> {
  return server.running.app.inject({
    method: 'POST',
    url: '/v1/orders',
    headers: { authorization: `Bearer ${tokenOf(by.account)}`, 'content-type': 'application/json' },
    payload: JSON.stringify({ symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '50.00', quantity: '1' }),
  });
}

function ask(method: string, url: string, by: Tokens | undefined, body?: object): Promise<LightMyRequestResponse> {
  return send(method, url, by ? { authorization: `Bearer ${by.accessToken}` } : {}, body);
}

function send(
  method: string,
  url: string,
  headers: { readonly [name: string]: string },
  body?: object,
): Promise<LightMyRequestResponse> {
  return admin.app.inject({
    method: method as 'GET',
    url,
    headers: { ...headers, ...(body ? { 'content-type': 'application/json' } : {}) },
    ...(body ? { payload: JSON.stringify(body) } : {}),
  });
}

function request(token: string) {
  return {
    method: 'GET',
    path: '/admin/v1/markets',
    rawBody: new Uint8Array(0),
    address: '127.0.0.1',
    headers: { authorization: `Bearer ${token}` },
  };
}

function refusal(answer: LightMyRequestResponse): [number, string] {
  return [answer.statusCode, answer.json().field];
}
