import assert from 'node:assert/strict';
import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import type { Identity } from '../../../gateway/identity/identity.ts';
import { EmailTaken } from '../../../gateway/identity/identity-store.ts';
import { TooManyAttempts } from '../../../gateway/identity/login-attempts.ts';
import { HashingBusy } from '../../../gateway/identity/password-hasher.ts';
import { AuthenticationFailed, type CredentialRequest, type Revoked } from '../../../gateway/identity/principal.ts';
import type { Tokens } from '../../../gateway/identity/sessions.ts';
import { UnavailableError } from '../../../gateway/identity/unavailable.ts';
import type { AssetId } from '../../../schemas/generated/records.ts';
import { type IdentityServer, startIdentityServer } from './identity-server.ts';
import { type BotKey, signedRequest } from './signing.ts';

const PASSWORD = 'correct horse battery';

let server: IdentityServer;
let one: Identity;
let people = 0;

before(async () => {
  server = await startIdentityServer();
  one = server.gateway();
  await one.refresh();
});
after(() => server.close());

describe('a person', () => {
  test('registers, has paper money once, and is known by the access token', async () => {
    const tokens = await register();
    const balances = () => server.parts.views.account(tokens.account).balances;
    const [usd] = [...server.parts.views.assets.values()].filter(({ name }) => name === 'USD');
    assert.ok(usd);
    assert.ok(tokens.account >= 100_000);
    assert.equal(balances().get(usd.asset)?.available, usd.paperAmount);
    const principal = await one.authenticate(bearer(tokens.accessToken));
    assert.deepEqual(principal, {
      account: tokens.account,
      userId: tokens.userId,
      roles: ['trader'],
      scopes: ['read', 'trade'],
      sessionId: tokens.sessionId,
      expiresAtMicros: tokens.accessExpiresAtMicros,
    });
    // As after a crash between the deposit and the note of it: it is tried again, and given once.
    await server.sql('UPDATE identity.users SET funded_at = NULL WHERE user_id = $1', [tokens.userId]);
    await one.sessions.login(emailOf(people), PASSWORD, '10.0.0.1');
    assert.equal(balances().get(usd.asset)?.available, usd.paperAmount);
    const [user] = await server.sql<{ funded: boolean }>(
      'SELECT funded_at IS NOT NULL AS funded FROM identity.users WHERE user_id = $1',
      [tokens.userId],
    );
    assert.equal(user?.funded, true);
  });

  test('gets money through the log alone: no role of ours may write a balance', async () => {
    const [row] = await server.sql<{ may: boolean }>(
      `SELECT has_table_privilege('sluice_identity', 'ledger.balances', 'SELECT,INSERT,UPDATE,DELETE') AS may`,
    );
    assert.equal(row?.may, false);
  });

  test('has an e-mail address alone, in any case of its letters', async () => {
    await register();
    await assert.rejects(one.sessions.register(emailOf(people), PASSWORD, '10.0.1.1'), EmailTaken);
  });

  test('never gets a number that somebody had, also where the database was restored', async () => {
    const first = await register();
    await server.sql(`SELECT setval('identity.accounts', $1)`, [first.account - 1]);
    const second = await register();
    assert.ok(second.account > first.account);
    assert.equal(server.parts.views.account(second.account).balances.get(1 as AssetId)?.hold, 0);
  });

  test('is not found by asking: unknown and known names fail alike', async () => {
    await register();
    const failure = (email: string) =>
      one.sessions.login(email, 'a wrong password', '10.0.2.1').catch((error: unknown) => error);
    const [known, unknown] = [await failure(emailOf(people)), await failure('nobody@example.com')];
    assert.ok(known instanceof AuthenticationFailed && unknown instanceof AuthenticationFailed);
    assert.deepEqual({ ...known, message: known.message }, { ...unknown, message: unknown.message });
  });

  test('who is guessed at is left alone after ten wrong passwords from one address', async () => {
    await register();
    const login = (password: string, address: string) => one.sessions.login(emailOf(people), password, address);
    for (let guess = 0; guess < 10; guess++) {
      await assert.rejects(login(`wrong password ${guess}`, '10.0.3.1'), AuthenticationFailed);
    }
    await assert.rejects(login(PASSWORD, '10.0.3.1'), TooManyAttempts);
    await login(PASSWORD, '10.0.3.2');
  });

  test('waits where more passwords come than can be checked, and the attempt is not counted', async () => {
    // Of unknown people: each is checked at this gateway's own price, which is what takes the time here.
    const busy = server.gateway({ passwordCost: 2 ** 15 });
    const login = () => busy.sessions.login('nobody@example.com', PASSWORD, '10.0.4.1');
    const burst = await Promise.allSettled(Array.from({ length: 9 }, login));
    const reasons = burst.map((result) => result.status === 'rejected' && result.reason.name);
    const refused = reasons.filter((name) => name === HashingBusy.name).length;
    assert.ok(refused > 0);
    assert.equal(reasons.filter((name) => name === AuthenticationFailed.name).length, 9 - refused);
    // Ten may fail, and those that were not checked have not.
    for (let attempt = 9 - refused; attempt < 10; attempt++) await assert.rejects(login(), AuthenticationFailed);
    await assert.rejects(login(), TooManyAttempts);
  });
});

describe('a session', () => {
  test('goes on by refresh tokens, each used once', async () => {
    const first = await register();
    const second = await one.sessions.refresh(first.refreshToken);
    const third = await one.sessions.refresh(second.refreshToken);
    assert.equal(third.sessionId, first.sessionId);
    assert.equal(new Set([first, second, third].map(({ refreshToken }) => refreshToken)).size, 3);
    await one.authenticate(bearer(third.accessToken));
  });

  test('ends, with all its tokens, when a spent refresh token comes again', async () => {
    const first = await register();
    const second = await one.sessions.refresh(first.refreshToken);
    const revoked = listen(one);
    await assert.rejects(one.sessions.refresh(first.refreshToken), AuthenticationFailed);
    assert.deepEqual(revoked, [{ sessionId: first.sessionId }]);
    await assert.rejects(one.sessions.refresh(second.refreshToken), AuthenticationFailed);
    for (const { accessToken } of [first, second]) await unknown(one, bearer(accessToken));
  });

  test('of two refreshes at once goes to one of them, and ends', async () => {
    const { refreshToken, sessionId } = await register();
    const both = await Promise.allSettled([one.sessions.refresh(refreshToken), one.sessions.refresh(refreshToken)]);
    assert.equal(both.filter(({ status }) => status === 'fulfilled').length, 1);
    assert.ok(one.book.isRevoked(sessionId));
  });

  test('does not end for a token that was never given out', async () => {
    const { refreshToken, sessionId, accessToken } = await register();
    const guessed = `${sessionId}.1.${'x'.repeat(43)}`;
    const ahead = refreshToken.replace('.1.', '.2.');
    for (const token of [guessed, ahead, `${refreshToken}x`, refreshToken.slice(0, -1), '', 'x', `${sessionId}.0.x`]) {
      await assert.rejects(one.sessions.refresh(token), AuthenticationFailed, token);
    }
    await one.authenticate(bearer(accessToken));
    await one.sessions.refresh(refreshToken);
  });

  test('that is logged out counts nowhere, at once', async () => {
    const two = server.gateway();
    await two.refresh();
    const { accessToken, refreshToken, sessionId } = await register();
    await two.authenticate(bearer(accessToken));
    await one.sessions.logout(sessionId, 'test');
    for (const gateway of [one, two]) {
      await unknown(gateway, bearer(accessToken));
      await assert.rejects(gateway.sessions.refresh(refreshToken), AuthenticationFailed);
    }
    await one.refresh();
    const later = server.gateway();
    await later.refresh();
    await unknown(later, bearer(accessToken));
  });
});

describe('an API key', () => {
  for (const kind of ['ed25519', 'hmac-sha256'] as const) {
    test(`of ${kind} is believed by every gateway, also one that started before it was made or after`, async () => {
      const two = server.gateway();
      await two.refresh();
      const tokens = await register();
      const bot = await makeKey(tokens, kind);
      await server.running.advance(2);
      const three = server.gateway();
      await three.refresh();
      for (const gateway of [one, two]) {
        const principal = await gateway.authenticate(sign(bot));
        assert.deepEqual(
          [principal.account, principal.userId, principal.keyId, principal.scopes],
          [tokens.account, tokens.userId, bot.keyId, ['read', 'trade']],
        );
      }
      // The process after this one takes only what was signed since its start.
      await unknown(three, sign(bot));
      await server.running.advance(2);
      await three.authenticate(sign(bot));
    });
  }

  test('is revoked everywhere within a second, also while the database is away, and stays so', async () => {
    const two = server.gateway();
    await two.refresh();
    const tokens = await register();
    const bot = await makeKey(tokens, 'hmac-sha256');
    await server.running.advance(2);
    await two.authenticate(sign(bot));
    await server.away();
    const heard = listen(two);
    const owner = await one.authenticate(bearer(tokens.accessToken));
    const began = performance.now();
    assert.ok(await one.keys.revoke(owner, bot.keyId));
    await until(() => heard.length > 0);
    assert.ok(performance.now() - began < 1_000);
    assert.deepEqual(heard, [{ keyId: bot.keyId }]);
    for (const gateway of [one, two]) await unknown(gateway, sign(bot));
    await server.back();
    // A gateway that starts before the database was told knows it from the log.
    const three = server.gateway({ revokedBefore: [bot.keyId] });
    await three.refresh();
    await server.running.advance(2);
    await unknown(three, sign(bot));
    await one.refresh();
    const four = server.gateway();
    await four.refresh();
    await server.running.advance(2);
    await unknown(four, sign(bot));
  });

  test('is its owner’s alone: another’s looks like one that is not there', async () => {
    const [ada, bob] = [await register(), await register()];
    const bot = await makeKey(ada, 'ed25519');
    const stranger = await one.authenticate(bearer(bob.accessToken));
    assert.equal(await one.keys.revoke(stranger, bot.keyId), undefined);
    assert.equal(await one.keys.revoke(stranger, `key_${'x'.repeat(22)}`), undefined);
    assert.deepEqual(one.keys.list(stranger), []);
    await one.authenticate(sign(bot));
  });

  test('has the scope admin only while its owner has the role', async () => {
    const tokens = await register();
    const owner = await one.authenticate(bearer(tokens.accessToken));
    const { key, secret } = await one.keys.create(owner, {
      name: 'ops',
      kind: 'hmac-sha256',
      scopes: ['read', 'admin'],
      addresses: [],
      windowMs: 5_000,
      expiresAtMicros: null,
    });
    const bot = { keyId: key.keyId, secret: Buffer.from(secret!, 'base64url') };
    assert.deepEqual((await one.authenticate(sign(bot))).scopes, ['read']);
    await server.sql(`UPDATE identity.users SET roles = '{trader,ops}' WHERE user_id = $1`, [tokens.userId]);
    await one.refresh();
    assert.deepEqual((await one.authenticate(sign(bot))).scopes, ['read', 'admin']);
    assert.deepEqual((await one.authenticate(bearer(tokens.accessToken))).roles, ['trader', 'ops']);
    await server.sql(`UPDATE identity.users SET roles = '{trader}' WHERE user_id = $1`, [tokens.userId]);
    await one.refresh();
    assert.deepEqual((await one.authenticate(sign(bot))).scopes, ['read']);
  });

  test('is refused with its secret sealed by another key, and none is sealed beside it', async () => {
    const tokens = await register();
    const bot = await makeKey(tokens, 'hmac-sha256');
    const open = await makeKey(tokens, 'ed25519');
    const other = server.gateway({ directory: 'another' });
    await other.refresh();
    await unknown(other, sign(bot));
    await other.authenticate(sign(open));
    assert.ok(server.said.some((line) => /sealing-key is not the key that sealed/.test(line)));
    const owner = await one.authenticate(bearer(tokens.accessToken));
    await assert.rejects(other.keys.create(owner, HMAC_WANTED), UnavailableError);
  });
});

describe('while the database is away', () => {
  test('who is logged in and every key go on, and a log-in waits', async () => {
    const tokens = await register();
    const bot = await makeKey(tokens, 'ed25519');
    await server.away();
    await one.refresh();
    await assert.rejects(one.sessions.login(emailOf(people), PASSWORD, '10.1.0.1'), UnavailableError);
    await assert.rejects(one.sessions.register('late@example.com', PASSWORD, '10.1.0.1'), UnavailableError);
    await one.authenticate(sign(bot));
    await one.authenticate(bearer(tokens.accessToken));
    // Past the life of the access token: the session is refreshed from memory, with the same refresh token.
    await server.running.advance(901);
    await unknown(one, bearer(tokens.accessToken));
    const later = await one.sessions.refresh(tokens.refreshToken);
    assert.equal(later.refreshToken, tokens.refreshToken);
    await one.authenticate(bearer(later.accessToken));
    await assert.rejects(one.sessions.refresh(`${tokens.sessionId}.1.${'x'.repeat(43)}`), AuthenticationFailed);
    const nobody = await Promise.resolve(one.authenticate(sign({ ...bot, keyId: `key_${'y'.repeat(22)}` }))).catch(
      (error: unknown) => error,
    );
    assert.ok(nobody instanceof AuthenticationFailed && nobody.code === 'unavailable');
    await server.back();
    await one.refresh();
    const rotated = await one.sessions.refresh(later.refreshToken);
    assert.notEqual(rotated.refreshToken, tokens.refreshToken);
    assert.ok(server.said.some((line) => /the database is back/.test(line)));
  });

  test('that is really killed, a gateway goes on, and finds it again', async () => {
    const tokens = await register();
    const bot = await makeKey(tokens, 'hmac-sha256');
    await server.sql('SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = $1', ['sluice_identity']);
    await one.authenticate(sign(bot));
    await until(async () => {
      try {
        await one.sessions.login(emailOf(people), PASSWORD, '10.1.0.2');
        return true;
      } catch (error) {
        assert.ok(error instanceof UnavailableError);
        return false;
      }
    });
  });
});

describe('what lies on disk', () => {
  test('opens nothing: a dump of the database holds no secret, no token and no password', async () => {
    const tokens = await register();
    const bot = await makeKey(tokens, 'hmac-sha256');
    const refreshed = await one.sessions.refresh(tokens.refreshToken);
    const dump = await server.dump();
    assert.ok(dump.includes(bot.keyId) && dump.includes(tokens.sessionId));
    const secrets: [string, Buffer][] = [
      ['password', Buffer.from(PASSWORD)],
      ['secret', bot.secret as Buffer],
      ...[tokens, refreshed].flatMap((pair): [string, Buffer][] => [
        ['refresh token', Buffer.from(pair.refreshToken.split('.')[2]!)],
        ['refresh bytes', Buffer.from(pair.refreshToken.split('.')[2]!, 'base64url')],
        ['access token', Buffer.from(pair.accessToken)],
      ]),
    ];
    for (const [what, bytes] of secrets) {
      for (const form of [
        bytes.toString('latin1'),
        bytes.toString('hex'),
        bytes.toString('base64url'),
        bytes.toString('base64'),
      ]) {
        assert.ok(!dump.includes(form), what);
      }
    }
  });

  test('of the keys beside the database is the owner’s alone', () => {
    const directory = join(dirname(dirname(server.keyFile)), 'identity');
    assert.equal(statSync(directory).mode & 0o777, 0o700);
    const files = readdirSync(directory).sort();
    assert.deepEqual(files, ['sealing-key', 'token-keys.json']);
    for (const file of files) assert.equal(statSync(join(directory, file)).mode & 0o777, 0o600, file);
    const key = readFileSync(server.keyFile, 'utf8').trim();
    assert.equal(Buffer.from(key, 'base64url').length, 32);
  });

  test('may be read and written by the role of identity alone, and nothing deleted', async () => {
    const rows = await server.sql<{ table: string; role: string; may: string }>(
      `SELECT c.relname AS "table", r.rolname AS role, string_agg(p, ',' ORDER BY p) AS may
         FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace AND n.nspname = 'identity' AND c.relkind = 'r',
              pg_roles r, unnest('{SELECT,INSERT,UPDATE,DELETE,TRUNCATE}'::text[]) AS p
         WHERE r.rolname IN ('sluice_identity', 'sluice_reader', 'sluice_settle') AND has_table_privilege(r.oid, c.oid, p)
         GROUP BY 1, 2 ORDER BY 1, 2`,
    );
    assert.deepEqual(
      rows,
      ['api_keys', 'sealing', 'sessions', 'spent_refresh_tokens', 'users'].map((table) => ({
        table,
        role: 'sluice_identity',
        may: 'INSERT,SELECT',
      })),
      'UPDATE is granted by column',
    );
    await assert.rejects(
      server.ledger.as('identity', (client) => client.query('UPDATE identity.users SET account = account + 1')),
      /permission denied/,
    );
    await assert.rejects(
      server.ledger.as('identity', (client) => client.query('DELETE FROM identity.api_keys')),
      /permission denied/,
    );
  });
});

const HMAC_WANTED = {
  name: 'bot',
  kind: 'hmac-sha256',
  scopes: ['read', 'trade'],
  addresses: [],
  windowMs: 5_000,
  expiresAtMicros: null,
} as const;

function emailOf(person: number): string {
  return `person-${person}@example.com`;
}

function register(): Promise<Tokens> {
  people++;
  // Of an address of its own: how many may register from one is another test's.
  return one.sessions.register(emailOf(people), PASSWORD, `10.9.${people >> 8}.${people & 255}`);
}

async function makeKey(tokens: Tokens, kind: 'ed25519' | 'hmac-sha256'): Promise<BotKey> {
  const owner = await one.authenticate(bearer(tokens.accessToken));
  if (kind === 'hmac-sha256') {
    const { key, secret } = await one.keys.create(owner, HMAC_WANTED);
    return { keyId: key.keyId, secret: Buffer.from(secret!, 'base64url') };
  }
  const { privateKey, publicKey } = generateKeyPairSync('ed25519');
  const { key, secret } = await one.keys.create(owner, { ...HMAC_WANTED, kind, publicKey: rawPublic(publicKey) });
  assert.equal(secret, undefined);
  return { keyId: key.keyId, secret: privateKey };
}

function rawPublic(key: KeyObject): Buffer {
  return Buffer.from((key.export({ format: 'jwk' }) as { x: string }).x, 'base64url');
}

function sign(bot: BotKey): CredentialRequest {
  return signedRequest(bot, {
    method: 'GET',
    path: '/v1/balances',
    timestampMs: server.parts.clock.nowMicros() / 1000,
  });
}

function bearer(token: string): CredentialRequest {
  return {
    method: 'GET',
    path: '/v1/balances',
    rawBody: new Uint8Array(0),
    address: '127.0.0.1',
    headers: { authorization: `Bearer ${token}` },
  };
}

async function unknown(gateway: Identity, request: CredentialRequest): Promise<void> {
  await assert.rejects(async () => gateway.authenticate(request), AuthenticationFailed);
}

function listen(gateway: Identity): Revoked[] {
  const heard: Revoked[] = [];
  gateway.onRevoked((match) => heard.push(match));
  return heard;
}

async function until(done: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = performance.now() + 10_000;
  while (!(await done())) {
    assert.ok(performance.now() < deadline, 'waited for ten seconds');
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
