/** Access tokens: EdDSA, fifteen minutes, checked anew at every request. */
import { createHash, createPrivateKey, createPublicKey, type KeyObject, randomBytes } from 'node:crypto';
import { jwtVerify, SignJWT } from 'jose';
import type { AccountId } from '../../schemas/generated/records.ts';
import type { GatewayClock } from '../ports.ts';
import type { TokenKeyPair } from './key-files.ts';

const LIFE_SECONDS = 15 * 60;
const ISSUER = 'sluice';
const AUDIENCE = 'sluice-gateway';
/** An access token, and no other kind of JWT (RFC 9068). */
const TYPE = 'at+jwt';
const CHARACTERS_MAX = 1024;
const ACCOUNT = /^[1-9]\d{2,15}$/;

export interface TokenSubject {
  readonly userId: string;
  readonly account: AccountId;
  readonly sessionId: string;
}

export interface VerifiedToken extends TokenSubject {
  readonly expiresAtMicros: number;
}

export class AccessTokens {
  readonly #clock: GatewayClock;
  readonly #signing: { readonly kid: string; readonly key: KeyObject };
  readonly #believed: ReadonlyMap<string, KeyObject>;

  /** `keys`: newest first. */
  constructor(keys: readonly TokenKeyPair[], clock: GatewayClock) {
    this.#clock = clock;
    const [newest] = keys;
    if (!newest) throw new TypeError('no key to sign with');
    this.#signing = { kid: keyIdOf(newest), key: createPrivateKey(newest.privateKey) };
    this.#believed = new Map(keys.map((pair) => [keyIdOf(pair), createPublicKey(pair.publicKey)]));
  }

  async issue({ userId, account, sessionId }: TokenSubject): Promise<{ token: string; expiresAtMicros: number }> {
    const issuedAt = Math.floor(this.#clock.nowMicros() / 1_000_000);
    const token = await new SignJWT({ account: String(account), sid: sessionId })
      .setProtectedHeader({ alg: 'EdDSA', typ: TYPE, kid: this.#signing.kid })
      .setIssuer(ISSUER)
      .setAudience(AUDIENCE)
      .setSubject(userId)
      .setJti(randomBytes(16).toString('base64url'))
      .setIssuedAt(issuedAt)
      .setExpirationTime(issuedAt + LIFE_SECONDS)
      .sign(this.#signing.key);
    return { token, expiresAtMicros: (issuedAt + LIFE_SECONDS) * 1_000_000 };
  }

  /** What the token says, or undefined where it is not one of ours that counts now. */
  async verify(token: string): Promise<VerifiedToken | undefined> {
    if (token.length > CHARACTERS_MAX || !isCanonical(token)) return undefined;
    try {
      const { payload } = await jwtVerify(
        token,
        ({ kid }) => {
          const key = this.#believed.get(kid ?? '');
          if (!key) throw new TypeError('unknown key');
          return key;
        },
        {
          algorithms: ['EdDSA'],
          issuer: ISSUER,
          audience: AUDIENCE,
          typ: TYPE,
          requiredClaims: ['sub', 'jti', 'iat', 'exp', 'account', 'sid'],
          maxTokenAge: LIFE_SECONDS,
          clockTolerance: 0,
          currentDate: new Date(this.#clock.nowMicros() / 1000),
        },
      );
      const { sub, account, sid, exp } = payload;
      if (typeof sub !== 'string' || typeof sid !== 'string' || typeof exp !== 'number') return undefined;
      if (typeof account !== 'string' || !ACCOUNT.test(account) || !Number.isSafeInteger(Number(account))) {
        return undefined;
      }
      return {
        userId: sub,
        sessionId: sid,
        account: Number(account) as AccountId,
        expiresAtMicros: exp * 1_000_000,
      };
    } catch {
      // Whatever is wrong with it, whoever presents it learns only that it does not count.
      return undefined;
    }
  }
}

/** One token has one spelling: bits that base64url would ignore are not ignored. */
function isCanonical(token: string): boolean {
  const parts = token.split('.');
  return parts.length === 3 && parts.every((part) => Buffer.from(part, 'base64url').toString('base64url') === part);
}

function keyIdOf({ publicKey }: TokenKeyPair): string {
  return createHash('sha256').update(publicKey).digest('base64url').slice(0, 16);
}
