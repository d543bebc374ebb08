import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { after, before, describe, test } from 'node:test';
import type { FastifyInstance, LightMyRequestResponse } from 'fastify';
import type { Identity } from '../../../gateway/identity/identity.ts';
import { identityRoutes } from '../../../gateway/identity/identity-routes.ts';
import { buildRestServer } from '../../../gateway/rest/rest-server.ts';
import { type IdentityServer, startIdentityServer } from './identity-server.ts';
import { signedRequest } from './signing.ts';

const PASSWORD = 'correct horse battery';

let server: IdentityServer;
let identity: Identity;
let app: FastifyInstance;
let people = 0;

before(async () => {
  server = await startIdentityServer();
  identity = server.gateway();
  await identity.refresh();
  app = await buildRestServer(
    { ...server.running.parts, ...server.parts, authenticator: identity },
    identityRoutes(identity),
  );
});
after(async () => {
  await app.close();
  await server.close();
});

describe('identity over REST', () => {
  test('registers, trades at once, logs in again, and logs out', async () => {
    const { access_token, account, refresh_token } = await register();
    const placed = await ask('POST', '/v1/orders', {
      token: access_token,
      body: { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '100.00', quantity: '1' },
    });
    assert.equal(placed.statusCode, 201, placed.body);
    assert.equal((await ask('GET', '/v1/account', { token: access_token })).json().account, account);
    const again = await ask('POST', '/v1/login', { body: { email: emailOf(people), password: PASSWORD } });
    assert.equal(again.statusCode, 200);
    const out = await ask('POST', '/v1/logout', { body: { refresh_token } });
    assert.deepEqual([out.statusCode, out.json()], [200, { logged_out: true }]);
    assert.equal((await ask('GET', '/v1/account', { token: access_token })).statusCode, 401);
    assert.equal((await ask('GET', '/v1/account', { token: again.json().access_token })).statusCode, 200);
  });

  test('keeps the refresh token of a page in a cookie that no script reads and no other site sends', async () => {
    const answer = await ask('POST', '/v1/register', {
      body: { email: nextEmail(), password: PASSWORD, refresh_in: 'cookie' },
    });
    assert.equal(answer.statusCode, 201);
    assert.equal(answer.json().refresh_token, undefined);
    const cookie = String(answer.headers['set-cookie']);
    assert.match(cookie, /^sluice_refresh=ses_[^;]+; Path=\/v1; Max-Age=2592000; HttpOnly; SameSite=Strict$/);
    assert.equal(answer.headers['cache-control'], 'no-store');
    const sent = cookie.split(';')[0]!;
    const from = (headers: { [name: string]: string }) =>
      ask('POST', '/v1/refresh', { body: {}, headers: { host: '127.0.0.1:7717', cookie: sent, ...headers } });
    const foreign: readonly { readonly [name: string]: string }[] = [
      { origin: 'http://evil.example' },
      { origin: 'null' },
      { origin: 'http://127.0.0.1:7718' },
      { origin: 'http://127.0.0.1:7717.evil.example' },
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
    ];
    for (const headers of foreign) {
      assert.equal((await from({ ...headers })).statusCode, 403, JSON.stringify(headers));
    }
    const refreshed = await from({ origin: 'http://127.0.0.1:7717', 'sec-fetch-site': 'same-origin' });
    assert.equal(refreshed.statusCode, 200, refreshed.body);
    assert.notEqual(String(refreshed.headers['set-cookie']).split(';')[0], sent);
    assert.equal((await from({})).statusCode, 401, 'the cookie that was spent');
    const none = await ask('POST', '/v1/refresh', { body: {} });
    assert.equal(none.statusCode, 401);
    const plain = await app.inject({
      method: 'POST',
      url: '/v1/refresh',
      headers: { 'content-type': 'text/plain', cookie: sent },
      payload: '{}',
    });
    assert.equal(plain.statusCode, 415, 'what a form of another site can send');
  });

  test('takes nothing that it did not ask for', async () => {
    const { access_token: token } = await register();
    const bodies: [string, object][] = [
      ['/v1/register', { email: nextEmail(), password: PASSWORD }],
      ['/v1/login', { email: emailOf(1), password: PASSWORD }],
      ['/v1/refresh', { refresh_token: 'x' }],
      ['/v1/logout', { refresh_token: 'x' }],
      ['/v1/keys', { name: 'k', kind: 'hmac-sha256', scopes: ['read'] }],
    ];
    const extra = ['is_admin', 'user_id', 'fee_bps', 'status', 'roles', 'account', '__proto__x'];
    for (const [url, body] of bodies) {
      for (const field of extra) {
        const answer = await ask('POST', url, { token, body: { ...body, [field]: 'admin' } });
        assert.deepEqual([answer.statusCode, answer.json().field], [400, field], `${url} ${field}`);
      }
    }
    const wrong: [object, string][] = [
      [{ email: 'nobody', password: PASSWORD }, 'email'],
      [{ email: `${'a'.repeat(65)}@example.com`, password: PASSWORD }, 'email'],
      [{ email: `a@${'b.'.repeat(400)}c`, password: PASSWORD }, 'email'],
      [{ email: 'a@example.com\n', password: PASSWORD }, 'email'],
      [{ email: ['a@example.com'], password: PASSWORD }, 'email'],
      [{ email: nextEmail(), password: 'nine char' }, 'password'],
      [{ email: nextEmail(), password: 'x'.repeat(129) }, 'password'],
      [{ email: nextEmail(), password: `${'x'.repeat(12)}\ud800` }, 'password'],
      [{ email: nextEmail(), password: 1234567890 }, 'password'],
      [{ email: nextEmail(), password: PASSWORD, refresh_in: 'header' }, 'refresh_in'],
    ];
    for (const [body, field] of wrong) {
      const answer = await ask('POST', '/v1/register', { body });
      assert.deepEqual([answer.statusCode, answer.json().field], [400, field], JSON.stringify(body));
    }
  });

  test('says in one form what is wrong, and what is only away', async () => {
    await register();
    const taken = await ask('POST', '/v1/register', { body: { email: emailOf(people), password: PASSWORD } });
    assert.deepEqual([taken.statusCode, taken.json().code, taken.json().field], [409, 'conflict', 'email']);
    await server.away();
    try {
      const login = await ask('POST', '/v1/login', { body: { email: emailOf(people), password: PASSWORD } });
      assert.deepEqual([login.statusCode, login.json().code], [503, 'unavailable']);
      assert.ok(login.headers['retry-after']);
      assert.ok(!/sql|econn|127\.0\.0\.1|pg_/i.test(login.body));
    } finally {
      await server.back();
    }
    for (let guess = 0; guess < 10; guess++) {
      const wrong = await ask('POST', '/v1/login', { body: { email: emailOf(people), password: 'a wrong password' } });
      assert.equal(wrong.statusCode, 401);
    }
    const bounded = await ask('POST', '/v1/login', { body: { email: emailOf(people), password: PASSWORD } });
    assert.deepEqual([bounded.statusCode, bounded.json().code], [429, 'rate_limited']);
    assert.ok(Number(bounded.headers['retry-after']) > 0);
  });
});

describe('API keys over REST', () => {
  test('are made by a person, shown once, used by their scopes, and revoked', async () => {
    const { access_token: token } = await register();
    const made = await ask('POST', '/v1/keys', {
      token,
      body: { name: 'my bot', kind: 'hmac-sha256', scopes: ['read'], addresses: ['127.0.0.0/8'], window_ms: '2000' },
    });
    assert.equal(made.statusCode, 201, made.body);
    const { key_id, secret } = made.json();
    const bot = { keyId: key_id, secret: Buffer.from(secret, 'base64url') };
    const listed = await ask('GET', '/v1/keys', { token });
    assert.deepEqual(
      listed.json().keys.map((key: { key_id: string }) => key.key_id),
      [key_id],
    );
    assert.ok(!listed.body.includes(secret));
    assert.equal((await signed(bot, 'GET', '/v1/balances')).statusCode, 200);
    const order = { symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '100.00', quantity: '1' };
    assert.equal((await signed(bot, 'POST', '/v1/orders', order)).json().code, 'forbidden');
    const child = { name: 'child', kind: 'hmac-sha256', scopes: ['read'] };
    assert.equal((await signed(bot, 'POST', '/v1/keys', child)).statusCode, 403, 'a key makes no keys');
    const revoked = await ask('DELETE', `/v1/keys/${key_id}`, { token });
    assert.deepEqual([revoked.statusCode, revoked.json().revoked], [200, true]);
    assert.match(revoked.json().control_offset, /^\d+$/);
    assert.equal((await signed(bot, 'GET', '/v1/balances')).statusCode, 401);
    assert.deepEqual((await ask('GET', '/v1/keys', { token })).json(), { keys: [] });
  });

  test('place an order once: the same bytes again are refused, and again by the exchange itself', async () => {
    const { access_token: token } = await register();
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const made = await ask('POST', '/v1/keys', {
      token,
      body: {
        name: 'trader',
        kind: 'ed25519',
        scopes: ['read', 'trade'],
        public_key: (publicKey.export({ format: 'jwk' }) as { x: string }).x,
      },
    });
    assert.equal(made.statusCode, 201, made.body);
    assert.equal(made.json().secret, undefined);
    const bot = { keyId: made.json().key_id, secret: privateKey };
    const order = JSON.stringify({ symbol: 'BTC-USD', side: 'buy', type: 'limit', price: '90.00', quantity: '1' });
    const request = signedRequest(bot, { path: '/v1/orders', body: order, timestampMs: nowMs() });
    const send = (to: FastifyInstance) =>
      to.inject({
        method: 'POST',
        url: '/v1/orders',
        headers: { ...(request.headers as { [name: string]: string }), 'content-type': 'application/json' },
        payload: order,
      });
    const first = await send(app);
    assert.equal(first.statusCode, 201, first.body);
    assert.equal((await send(app)).statusCode, 401);
    // Another gateway has not seen it: the order is the same one, by the id that the signature gives it.
    const other = server.gateway({ directory: 'another' });
    await other.refresh();
    const second = await buildRestServer(
      { ...server.running.parts, ...server.parts, authenticator: other },
      identityRoutes(other),
    );
    const repeated = await send(second);
    await second.close();
    assert.equal(repeated.statusCode, 200, repeated.body);
    assert.deepEqual([repeated.json().duplicate, repeated.json().order_id], [true, first.json().order_id]);
    const open = await signed(bot, 'GET', '/v1/orders');
    assert.equal(open.json().orders.length, 1);
  });

  test('cannot be had with more than their owner has, nor with what would open them to all', async () => {
    const { access_token: token } = await register();
    const wanted = { name: 'k', kind: 'ed25519', scopes: ['read'] };
    const refused: [object, number, string][] = [
      [{ ...wanted, kind: 'hmac-sha256', scopes: ['read', 'admin'] }, 403, 'scopes'],
      [{ ...wanted, kind: 'hmac-sha256', scopes: [] }, 400, 'scopes'],
      [{ ...wanted, kind: 'hmac-sha256', scopes: ['read', 'read'] }, 400, 'scopes'],
      [{ ...wanted, kind: 'hmac-sha256', public_key: 'A'.repeat(43) }, 400, 'public_key'],
      [wanted, 400, 'public_key'],
      // Points of small order: one signature fits every message.
      [{ ...wanted, public_key: Buffer.alloc(32).toString('base64url') }, 400, 'public_key'],
      [{ ...wanted, public_key: Buffer.from(`01${'00'.repeat(31)}`, 'hex').toString('base64url') }, 400, 'public_key'],
      [{ ...wanted, kind: 'hmac-sha256', addresses: ['10.0.0.0/33'] }, 400, 'addresses.0'],
      [{ ...wanted, kind: 'hmac-sha256', addresses: ['localhost'] }, 400, 'addresses.0'],
      [{ ...wanted, kind: 'hmac-sha256', window_ms: '60001' }, 400, 'window_ms'],
      [{ ...wanted, kind: 'hmac-sha256', window_ms: '0' }, 400, 'window_ms'],
      [{ ...wanted, kind: 'hmac-sha256', expires_at: 'soon' }, 400, 'expires_at'],
      [{ ...wanted, kind: 'rsa' }, 400, 'kind'],
      [{ ...wanted, kind: 'hmac-sha256', name: '<script>' }, 400, 'name'],
    ];
    for (const [body, status, field] of refused) {
      const answer = await ask('POST', '/v1/keys', { token, body });
      assert.deepEqual([answer.statusCode, answer.json().field], [status, field], JSON.stringify(body));
    }
    assert.deepEqual((await ask('GET', '/v1/keys', { token })).json(), { keys: [] });
  });

  test('of another look like none', async () => {
    const [ada, bob] = [await register(), await register()];
    const made = await ask('POST', '/v1/keys', {
      token: ada.access_token,
      body: { name: 'k', kind: 'hmac-sha256', scopes: ['read'] },
    });
    const answers = await Promise.all(
      [made.json().key_id, `key_${'z'.repeat(22)}`].map((key) =>
        ask('DELETE', `/v1/keys/${key}`, { token: bob.access_token }),
      ),
    );
    const plain = answers.map((answer) => ({ ...answer.json(), request_id: '', status: answer.statusCode }));
    assert.deepEqual(plain[0], plain[1]);
    assert.equal(plain[0]?.status, 404);
    assert.equal((await ask('GET', '/v1/keys', { token: ada.access_token })).json().keys.length, 1);
  });
});

function emailOf(person: number): string {
  return `person-${person}@example.com`;
}

function nextEmail(): string {
  people++;
  return emailOf(people);
}

async function register(): Promise<{ access_token: string; account: string; refresh_token: string }> {
  const answer = await ask('POST', '/v1/register', { body: { email: nextEmail(), password: PASSWORD } });
  assert.equal(answer.statusCode, 201, answer.body);
  return answer.json();
}

interface Sent {
  readonly token?: string;
  readonly body?: object;
  readonly headers?: { readonly [name: string]: string };
}

function ask(method: string, url: string, { token, body, headers = {} }: Sent): Promise<LightMyRequestResponse> {
  return app.inject({
    method: method as 'GET',
    url,
    remoteAddress: `10.8.${people >> 8}.${people & 255}`,
    headers: {
      ...headers,
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload: JSON.stringify(body) }),
  });
}

function signed(bot: Parameters<typeof signedRequest>[0], method: string, url: string, body?: object) {
  const payload = body === undefined ? '' : JSON.stringify(body);
  const { headers } = signedRequest(bot, { method, path: url, body: payload, timestampMs: nowMs() });
  return app.inject({
    method: method as 'GET',
    url,
    headers: {
      ...(headers as { [name: string]: string }),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { payload }),
  });
}

function nowMs(): number {
  return server.parts.clock.nowMicros() / 1000;
}
