import { createPublicKey, randomBytes } from 'node:crypto';
import type { GatewayClock } from '../ports.ts';
import { type CredentialBook, type LiveKey, sealOwner } from './credential-book.ts';
import type { IdentityStore, KeyKind } from './identity-store.ts';
import type { Principal, Scope } from './principal.ts';
import type { Revocations } from './revocations.ts';
import type { SealedSecrets } from './sealed-secrets.ts';
import { UnavailableError } from './unavailable.ts';

const SECRET_BYTES = 32;
const KEYS_PER_USER_MAX = 50;

export interface KeyWanted {
  readonly name: string;
  readonly kind: KeyKind;
  /** 32 bytes; of ed25519. */
  readonly publicKey?: Buffer | undefined;
  readonly scopes: readonly Scope[];
  readonly addresses: readonly string[];
  readonly windowMs: number;
  readonly expiresAtMicros: number | null;
}

/** More keys than one person may have. */
export class TooManyKeys extends Error {
  override readonly name = 'TooManyKeys';
  readonly most = KEYS_PER_USER_MAX;
}

export interface KeyRingParts {
  readonly store: IdentityStore | undefined;
  readonly book: CredentialBook;
  readonly secrets: SealedSecrets;
  readonly revocations: Revocations;
  readonly clock: GatewayClock;
  /** Whether the database's secrets were sealed with our key: else a new one must not be put beside them. */
  readonly mayUnseal: () => boolean;
}

/** The API keys of people: made, listed, revoked. A secret is shown once, by the answer that makes it. */
export class KeyRing {
  readonly #parts: KeyRingParts;

  constructor(parts: KeyRingParts) {
    this.#parts = parts;
  }

  list({ userId }: Principal): LiveKey[] {
    return this.#parts.book.keysOf(userId).sort((a, b) => a.createdAt - b.createdAt || (a.keyId < b.keyId ? -1 : 1));
  }

  /** Throws {@link TooManyKeys} and `UnavailableError`. */
  async create(owner: Principal, wanted: KeyWanted): Promise<{ readonly key: LiveKey; readonly secret?: string }> {
    const { store, book, secrets, clock, mayUnseal } = this.#parts;
    if (!store) throw new UnavailableError('this exchange runs without a database');
    if (book.keysOf(owner.userId).length >= KEYS_PER_USER_MAX) throw new TooManyKeys('too many keys');
    const keyId = `key_${randomBytes(16).toString('base64url')}`;
    const secret = wanted.kind === 'hmac-sha256' ? randomBytes(SECRET_BYTES) : undefined;
    if (secret && !mayUnseal()) {
      throw new UnavailableError('the sealing key of this gateway is not the one of the database');
    }
    const stored = {
      keyId,
      userId: owner.userId,
      account: owner.account,
      name: wanted.name,
      kind: wanted.kind,
      publicKey: wanted.publicKey ?? null,
      sealedSecret: secret ? secrets.seal(secret, sealOwner(keyId, owner.account)) : null,
      scopes: wanted.scopes,
      addresses: wanted.addresses,
      windowMs: wanted.windowMs,
      createdAt: clock.nowMicros(),
      expiresAt: wanted.expiresAtMicros,
    };
    await store.addKey(stored);
    book.addKey({ ...stored, revokedAt: null });
    const key = book.key(keyId)!;
    return secret ? { key, secret: secret.toString('base64url') } : { key };
  }

  /**
   * Revokes a key of this person; undefined where he has none of that id. Takes effect everywhere within a second, also
   * while the database is away.
   */
  async revoke(owner: Principal, keyId: string): Promise<{ readonly position: number } | undefined> {
    const { book, revocations } = this.#parts;
    const key = book.key(keyId);
    if (!key || key.userId !== owner.userId) return undefined;
    return revocations.revoke(keyId, 'revoked by its owner', owner.userId);
  }
}

/** Whether 32 bytes are a point that OpenSSL takes as an Ed25519 public key, and not one of small order. */
export function isEd25519PublicKey(bytes: Buffer): boolean {
  if (bytes.length !== 32 || SMALL_ORDER.has(withoutSign(bytes))) return false;
  try {
    createPublicKey({
      key: { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') },
      format: 'jwk',
    });
    return true;
  } catch {
    return false;
  }
}

/** Encodings of the points of order 1, 2, 4 and 8, without the sign bit: anybody could sign for them. */
const SMALL_ORDER: ReadonlySet<string> = new Set([
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
]);

function withoutSign(bytes: Buffer): string {
  const copy = Buffer.from(bytes);
  copy[31]! &= 0x7f;
  return copy.toString('hex');
}
