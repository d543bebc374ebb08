import assert from 'node:assert/strict';
import { createHmac, createPrivateKey, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { describe, test } from 'node:test';
import { AccessTokens } from '../../../gateway/identity/access-tokens.ts';
import type { TokenKeyPair } from '../../../gateway/identity/key-files.ts';
import type { AccountId } from '../../../schemas/generated/records.ts';
import { ManualClock } from '../manual-clock.ts';

const START = 1_772_323_200_000_000;
const SUBJECT = { userId: 'usr_alice', account: 100_123 as AccountId, sessionId: 'ses_1' };

type Json = { readonly [name: string]: unknown };

describe('an access token', () => {
  test('says who, for how long, and is another one every time', async () => {
    const { tokens } = signer();
    const first = await tokens.issue(SUBJECT);
    const second = await tokens.issue(SUBJECT);
    assert.notEqual(first.token, second.token);
    assert.equal(first.expiresAtMicros, START + 900_000_000, 'fifteen minutes');
    assert.deepEqual(await tokens.verify(first.token), { ...SUBJECT, expiresAtMicros: first.expiresAtMicros });
  });

  test('counts until the second in which it expires', async () => {
    const { tokens, clock } = signer();
    const { token } = await tokens.issue(SUBJECT);
    clock.advance(899);
    assert.ok(await tokens.verify(token));
    clock.advance(1);
    assert.equal(await tokens.verify(token), undefined);
  });

  test('of the key before is believed after the keys changed, and of a key that is gone it is not', async () => {
    const clock = new ManualClock(START);
    const [old, fresh] = [pair(), pair()];
    const { token } = await new AccessTokens([old], clock).issue(SUBJECT);
    assert.ok(await new AccessTokens([fresh, old], clock).verify(token));
    assert.equal(await new AccessTokens([fresh], clock).verify(token), undefined);
  });

  test('that is forged counts for nothing, in whichever way', async () => {
    const { tokens, clock, key } = signer();
    const { token } = await tokens.issue(SUBJECT);
    const [head, body, signature] = token.split('.') as [string, string, string];
    const header = decode(head);
    const claims = decode(body);
    const privateKey = createPrivateKey(key.privateKey);
    const stranger = createPrivateKey(pair().privateKey);
    const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const signedWith = (by: KeyObject, changedHeader: Json, changedClaims: Json): string =>
      signed(by, { ...header, ...changedHeader }, { ...claims, ...changedClaims });
    const own = (changedHeader: Json, changedClaims: Json): string =>
      signedWith(privateKey, changedHeader, changedClaims);
    const without = (object: Json, name: string): Json =>
      Object.fromEntries(Object.entries(object).filter(([other]) => other !== name));
    const unsigned = (changed: Json): string => `${encode({ ...header, ...changed })}.${body}`;
    const hmac = (secret: string | Buffer, alg: string): string => {
      const text = unsigned({ alg });
      return `${text}.${createHmac('sha256', secret).update(text).digest('base64url')}`;
    };
    const seconds = START / 1_000_000;
    assert.ok(await tokens.verify(own({}, {})), 'the forger signs as we do: what follows fails for what it changes');

    const forged: { readonly [how: string]: string } = {
      'alg none, no signature': `${unsigned({ alg: 'none' })}.`,
      'alg None': `${unsigned({ alg: 'None' })}.${signature}`,
      'alg none, old signature': `${unsigned({ alg: 'none' })}.${signature}`,
      'HS256 with the public key as secret': hmac(key.publicKey, 'HS256'),
      'HS256 with the public key without its frame': hmac(key.publicKey.replaceAll(/-----.*-----|\n/g, ''), 'HS256'),
      'HS256 with an empty secret': hmac('', 'HS256'),
      'EdDSA named, HMAC inside': hmac(key.publicKey, 'EdDSA'),
      'RS256 of an own key': signedWith(rsa.privateKey, { alg: 'RS256' }, {}),
      'ES256 of an own key': signedWith(ec.privateKey, { alg: 'ES256' }, {}),
      "a stranger's Ed25519 key": signedWith(stranger, {}, {}),
      "a stranger's key, brought along in the header": signedWith(
        stranger,
        { jwk: createPrivateKey(pair().privateKey).export({ format: 'jwk' }) },
        {},
      ),
      'a key from an address': signedWith(stranger, { jku: 'http://127.0.0.1/keys' }, {}),
      'a kid that is a path': own({ kid: '../../../../dev/null' }, {}),
      'a kid that is SQL': own({ kid: "' OR 1=1 --" }, {}),
      'a kid of the prototype': own({ kid: '__proto__' }, {}),
      'no kid': signed(privateKey, without(header, 'kid'), claims),
      'a critical extension nobody knows': own({ crit: ['b64'], b64: false }, {}),
      'another type of token': own({ typ: 'JWT' }, {}),
      'another audience': own({}, { aud: 'another' }),
      'no audience': signed(privateKey, header, without(claims, 'aud')),
      'another issuer': own({}, { iss: 'another' }),
      expired: own({}, { exp: seconds - 1, iat: seconds - 900 }),
      'no expiry': signed(privateKey, header, without(claims, 'exp')),
      'an expiry that is text': own({}, { exp: 'never' }),
      'older than fifteen minutes, though it says that it lasts': own({}, { iat: seconds - 901, exp: seconds + 900 }),
      'issued in the future': own({}, { iat: seconds + 60, exp: seconds + 960 }),
      'not yet valid': own({}, { nbf: seconds + 60 }),
      'no id of its own': signed(privateKey, header, without(claims, 'jti')),
      'no session': signed(privateKey, header, without(claims, 'sid')),
      'an account that is a number': own({}, { account: 100_123 }),
      'an account beyond all numbers': own({}, { account: '9999999999999999' }),
      'an account of the house': own({}, { account: '1' }),
      'another account, old signature': `${head}.${encode({ ...claims, account: '100124' })}.${signature}`,
      'another session, old signature': `${head}.${encode({ ...claims, sid: 'ses_2' })}.${signature}`,
      'no signature': `${head}.${body}.`,
      'two parts': `${head}.${body}`,
      'four parts': `${token}.${signature}`,
      padded: `${head}.${body}.${signature}==`,
      'a space before': ` ${token}`,
      'a line break after': `${token}\n`,
      'too long': `${head}.${encode({ ...claims, filler: 'x'.repeat(2000) })}.${signature}`,
      nothing: '',
    };
    assert.ok(Object.keys(forged).length >= 25);
    for (const [how, text] of Object.entries(forged)) assert.equal(await tokens.verify(text), undefined, how);
    clock.advance(0);
  });

  test('counts in one spelling: any character changed, none counts', async () => {
    const { tokens } = signer();
    const { token } = await tokens.issue(SUBJECT);
    for (let at = 0; at < token.length; at++) {
      for (const other of ['A', 'Q', '.']) {
        if (token[at] === other) continue;
        const changed = token.slice(0, at) + other + token.slice(at + 1);
        assert.equal(await tokens.verify(changed), undefined, `${at} ${other}`);
      }
    }
    // Bits of the last character that base64url does not use.
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const other of alphabet) {
      if (token.endsWith(other)) continue;
      assert.equal(await tokens.verify(token.slice(0, -1) + other), undefined, `last ${other}`);
    }
  });
});

function signer() {
  const clock = new ManualClock(START);
  const key = pair();
  return { clock, key, tokens: new AccessTokens([key], clock) };
}

function pair(): TokenKeyPair {
  const { privateKey, publicKey } = generateKeyPairSync('ed25519', {
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  });
  return { madeAtMicros: START, privateKey, publicKey };
}

function encode(object: Json): string {
  return Buffer.from(JSON.stringify(object)).toString('base64url');
}

function decode(part: string): Json {
  return JSON.parse(Buffer.from(part, 'base64url').toString('utf8')) as Json;
}

function signed(key: KeyObject, header: Json, claims: Json): string {
  const text = `${encode(header)}.${encode(claims)}`;
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256';
  return `${text}.${sign(algorithm, Buffer.from(text), key).toString('base64url')}`;
}
