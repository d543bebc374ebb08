import assert from 'node:assert/strict';
import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { AddressList } from '../../../gateway/identity/address-list.ts';
import type { LiveKey } from '../../../gateway/identity/credential-book.ts';
import { AuthenticationFailed, type CredentialRequest } from '../../../gateway/identity/principal.ts';
import { SeenRequests } from '../../../gateway/identity/seen-requests.ts';
import { SignedRequests } from '../../../gateway/identity/signed-requests.ts';
import { signatureHeaders } from '../../../gateway/identity/signing-string.ts';
import { ManualClock } from '../manual-clock.ts';
import { type BotKey, signedRequest } from './signing.ts';

const START_MICROS = 1_772_323_200_000_000;
const NOW = START_MICROS / 1000;

describe('a signed request', () => {
  for (const kind of ['hmac-sha256', 'ed25519'] as const) {
    test(`of ${kind} counts for its key, and says until when a command of it may be judged`, async () => {
      const { bot, live, requests } = setUp(kind);
      const request = signedRequest(bot, { path: '/v1/orders?symbol=BTC-USD', body: '{}', timestampMs: NOW - 100 });
      const { key, signed } = await requests.verify(request);
      assert.equal(key, live);
      assert.equal(signed.validUntilMicros, (NOW - 100 + 5_000) * 1000);
      assert.match(signed.requestId, /^[0-9a-f]{32}$/);
    });

    test(`of ${kind} with any byte changed counts for nothing`, async () => {
      const { bot, requests } = setUp(kind);
      const path = '/v1/orders?symbol=BTC-USD&limit=10';
      const body = '{"symbol":"BTC-USD","side":"buy","price":"10"}';
      const make = () => signedRequest(bot, { path, body, timestampMs: NOW });
      await requests.verify(make());
      for (let at = 0; at < path.length; at++) {
        const request = make();
        await refused(requests, { ...request, path: changed(path, at) }, `path ${at}`);
      }
      for (let at = 0; at < body.length; at++) {
        const request = make();
        const rawBody = Buffer.from(request.rawBody);
        rawBody[at]! ^= 1;
        await refused(requests, { ...request, rawBody }, `body ${at}`);
      }
      for (const method of ['PUT', 'GET', 'post', 'POS', 'POSTS'])
        await refused(requests, { ...make(), method }, method);
      for (const name of Object.values(signatureHeaders)) {
        const length = (make().headers[name] as string).length;
        for (let at = 0; at < length; at++) {
          const request = make();
          const headers = { ...request.headers, [name]: changed(request.headers[name] as string, at) };
          await refused(requests, { ...request, headers }, `${name} ${at}`);
        }
        const { [name]: _, ...headers } = make().headers;
        await refused(requests, { ...make(), headers }, `no ${name}`);
        await refused(requests, { ...make(), headers: { ...headers, [name]: ['a', 'b'] } }, `two of ${name}`);
      }
    });
  }

  test('keeps its bytes where they are: none moves between method, path, query, body, time and nonce', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.stringMatching(/^[a-z0-9=&/?%\n-]{0,12}$/),
        fc.stringMatching(/^[a-z0-9=&/?%\n-]{0,12}$/),
        fc.stringMatching(/^[a-z0-9=&/?%\n-]{0,12}$/),
        fc.nat(40),
        async (path, query, body, cut) => {
          const { bot, requests } = setUp('hmac-sha256');
          const request = signedRequest(bot, { path: `/${path}?${query}`, body, timestampMs: NOW });
          const whole = `${request.path}${body}`;
          const moved = { path: whole.slice(0, cut % (whole.length + 1)), body: whole.slice(cut % (whole.length + 1)) };
          if (moved.path === request.path) return;
          await refused(requests, { ...request, path: moved.path, rawBody: Buffer.from(moved.body) }, whole);
        },
      ),
      { numRuns: 300 },
    );
  });

  test('counts once: the same bytes are refused, in the window and after it', async () => {
    const { bot, requests, clock } = setUp('ed25519');
    const request = signedRequest(bot, { timestampMs: NOW });
    await requests.verify(request);
    await refused(requests, request, 'at once');
    clock.advance(4.9);
    await refused(requests, request, 'late in the window');
    for (let second = 0; second < 70; second++) {
      clock.advance(1);
      await refused(requests, request, `${second} s later`);
    }
  });

  test('is not remembered when it was refused: nobody can use up the nonces of another', async () => {
    const { bot, requests } = setUp('hmac-sha256');
    const request = signedRequest(bot, { timestampMs: NOW });
    await refused(requests, { ...request, rawBody: Buffer.from('x') }, 'changed');
    await requests.verify(request);
  });

  test('counts from window before to one second ahead of our clock, both borders named', async () => {
    const { bot, requests } = setUp('hmac-sha256', { windowMs: 2_000 });
    const at = (timestampMs: number) => requests.verify(signedRequest(bot, { timestampMs }));
    await at(NOW - 2_000);
    await at(NOW + 999);
    await outside(at(NOW - 2_001));
    await outside(at(NOW + 1_000));
    await outside(at(NOW - 3_600_000));
    await outside(at(NOW + 3_600_000));
  });

  test('is not made young again by a clock that is set back', async () => {
    const clock = new SettableClock(START_MICROS);
    const { bot, requests } = setUp('hmac-sha256', {}, clock);
    const request = signedRequest(bot, { timestampMs: NOW });
    await requests.verify(request);
    clock.micros += 120_000_000;
    await outside(requests.verify(signedRequest(bot, { timestampMs: NOW })));
    await requests.verify(signedRequest(bot, { timestampMs: NOW + 120_000 }));
    clock.micros = START_MICROS;
    await assert.rejects(Promise.resolve(requests.verify(request)), AuthenticationFailed);
  });

  test('that the process before this one may have taken is refused by the next', async () => {
    const { bot, live, requests } = setUp('ed25519');
    const request = signedRequest(bot, { timestampMs: NOW + 900 });
    await requests.verify(request);
    const clock = new ManualClock(START_MICROS);
    const next = new SignedRequests({
      keyOf: () => live,
      seen: new SeenRequests(),
      clock,
      notBeforeMs: NOW + 1_000,
    });
    for (let halves = 0; halves < 14; halves++) {
      await refused(next, request, `${halves / 2} s after the start`);
      clock.advance(0.5);
    }
    await next.verify(signedRequest(bot, { timestampMs: NOW + 7_000 }));
  });

  test('comes from the addresses of its key, until the key expires', async () => {
    const { bot, requests, clock } = setUp('hmac-sha256', {
      addresses: new AddressList(['10.1.0.0/16', '2001:db8::/32']),
      expiresAt: START_MICROS + 10_000_000,
    });
    const from = (address: string, timestampMs = NOW) => signedRequest(bot, { timestampMs, address });
    for (const address of ['10.1.2.3', '::ffff:10.1.255.255', '2001:db8::1']) await requests.verify(from(address));
    for (const address of ['10.2.0.1', '127.0.0.1', '::1', '2001:db9::1', '', 'localhost', '10.1.2.3, 1.1.1.1']) {
      await refused(requests, from(address), address);
    }
    clock.advance(10);
    await refused(requests, from('10.1.2.3', NOW + 10_000), 'expired');
  });

  test('of an unknown key is refused in the words of a wrong signature', async () => {
    const { bot, requests } = setUp('hmac-sha256');
    const words = async (key: BotKey) =>
      (await requests.verify(signedRequest(key, { timestampMs: NOW })).catch((error: Error) => error)) as Error;
    const unknown = await words({ ...bot, keyId: `key_${'x'.repeat(22)}` });
    const wrong = await words({ ...bot, secret: randomBytes(32) });
    assert.ok(unknown instanceof AuthenticationFailed && wrong instanceof AuthenticationFailed);
    assert.deepEqual({ ...unknown, message: unknown.message }, { ...wrong, message: wrong.message });
  });
});

describe('the memory of signed requests', () => {
  test('keeps each until its window is over and not longer, and refuses what it has no room for', () => {
    const seen = new SeenRequests(3, 5);
    assert.equal(seen.add('a', '1', 5_000, 0), 'new');
    assert.equal(seen.add('a', '1', 5_000, 5_000), 'again');
    assert.equal(seen.add('a', '2', 5_000, 0), 'new');
    assert.equal(seen.add('a', '3', 9_000, 0), 'new');
    assert.equal(seen.add('a', '4', 9_000, 0), 'full', 'of one key');
    assert.equal(seen.add('b', '1', 9_000, 0), 'new');
    assert.equal(seen.add('c', '1', 9_000, 0), 'new');
    assert.equal(seen.add('d', '1', 9_000, 0), 'full', 'of all');
    assert.equal(seen.add('d', '1', 12_000, 7_000), 'new', 'two windows are over');
    assert.equal(seen.add('a', '3', 9_000, 7_000), 'again');
    assert.equal(seen.size, 4);
    seen.add('e', '1', 99_000, 90_000);
    assert.equal(seen.size, 1);
  });

  test('answers as a plain list of everything would', () => {
    const step = fc.record({ key: fc.nat(2), request: fc.nat(4), ahead: fc.nat(3_000), wait: fc.nat(1_500) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const seen = new SeenRequests();
        const list: { key: string; request: string; untilMs: number }[] = [];
        let now = 1_000_000;
        for (const { key, request, ahead, wait } of steps) {
          now += wait;
          // A request is its bytes, and its time is among them.
          const untilMs = now + ahead;
          const entry = { key: `${key}`, request: `${request} ${untilMs}`, untilMs };
          const known = list.some((other) => other.key === entry.key && other.request === entry.request);
          assert.equal(seen.add(entry.key, entry.request, entry.untilMs, now), known ? 'again' : 'new');
          list.push(entry);
        }
      }),
    );
  });
});

class SettableClock {
  micros: number;

  constructor(micros: number) {
    this.micros = micros;
  }

  nowMicros(): number {
    return this.micros;
  }
}

function setUp<Clock extends { nowMicros(): number } = ManualClock>(
  kind: LiveKey['kind'],
  changes: Partial<LiveKey> = {},
  clock: Clock = new ManualClock(START_MICROS) as unknown as Clock,
) {
  const keyId = `key_${randomBytes(16).toString('base64url')}`;
  const secret = kind === 'ed25519' ? generateKeyPairSync('ed25519').privateKey : randomBytes(32);
  const live: LiveKey = {
    keyId,
    userId: 'usr_bot',
    account: 100_001,
    name: 'bot',
    kind,
    key: Buffer.isBuffer(secret) ? secret : createPublicKey(secret),
    scopes: ['read', 'trade'],
    networks: [],
    addresses: new AddressList([]),
    windowMs: 5_000,
    createdAt: 0,
    expiresAt: null,
    ...changes,
  };
  const requests = new SignedRequests({
    keyOf: (asked) => (asked === keyId ? live : undefined),
    seen: new SeenRequests(),
    clock,
    notBeforeMs: 0,
  });
  return { bot: { keyId, secret } satisfies BotKey, live, requests, clock };
}

async function refused(requests: SignedRequests, request: CredentialRequest, what: string): Promise<void> {
  await assert.rejects(requests.verify(request), AuthenticationFailed, what);
}

async function outside(answer: Promise<unknown>): Promise<void> {
  await assert.rejects(
    answer,
    (error) => error instanceof AuthenticationFailed && error.code === 'timestamp_out_of_window',
  );
}

function changed(text: string, at: number): string {
  const other = text[at] === 'a' ? 'b' : 'a';
  return text.slice(0, at) + other + text.slice(at + 1);
}
