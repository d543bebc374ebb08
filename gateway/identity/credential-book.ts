import { createPublicKey, type KeyObject } from 'node:crypto';
import { AddressList } from './address-list.ts';
import type { Changes, StoredKey, StoredSession } from './identity-store.ts';
import type { Role, Scope } from './principal.ts';
import type { SealedSecrets } from './sealed-secrets.ts';

/** A key as requests are checked with it. */
export interface LiveKey {
  readonly keyId: string;
  readonly userId: string;
  readonly account: number;
  readonly name: string;
  readonly kind: StoredKey['kind'];
  /** Public key, or secret. */
  readonly key: KeyObject | Buffer;
  readonly scopes: readonly Scope[];
  readonly networks: readonly string[];
  readonly addresses: AddressList;
  readonly windowMs: number;
  readonly createdAt: number;
  readonly expiresAt: number | null;
}

export interface LiveSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly account: number;
  readonly expiresAt: number;
  readonly generation: number;
  readonly tokenSha256: Buffer;
}

/** DER of an Ed25519 public key up to its 32 bytes (RFC 8410). */
const SPKI_ED25519 = Buffer.from('302a300506032b6570032100', 'hex');
const TRADER: readonly Role[] = ['trader'];

/**
 * Every key and session that counts, in memory: a request is judged without asking a database, also while it is away.
 *
 * What is revoked once stays so, whatever comes from the database later: a revocation is in the log, and may not have
 * reached the database yet.
 *
 * State: keys, sessions, roles that are more than a trader's, revoked ids.
 */
export class CredentialBook {
  readonly #secrets: SealedSecrets;
  readonly #keys = new Map<string, LiveKey>();
  readonly #sessions = new Map<string, LiveSession>();
  readonly #roles = new Map<string, readonly Role[]>();
  readonly #revoked = new Set<string>();
  /** Keys whose secret did not open: sealed with another key. */
  readonly #sealed = new Set<string>();

  constructor(secrets: SealedSecrets) {
    this.#secrets = secrets;
  }

  /** Ids of keys and sessions that the database says are revoked, and were not known to be. */
  take({ roles, sessions, keys }: Changes): string[] {
    const revoked: string[] = [];
    for (const { userId, roles: given } of roles) {
      if (given.length === 1 && given[0] === 'trader') this.#roles.delete(userId);
      else this.#roles.set(userId, given);
    }
    for (const session of sessions) {
      if (session.revoked && this.revoke(session.sessionId)) revoked.push(session.sessionId);
      else this.addSession(session);
    }
    for (const key of keys) {
      if (key.revokedAt !== null && this.revoke(key.keyId)) revoked.push(key.keyId);
      else this.addKey(key);
    }
    return revoked;
  }

  addKey(stored: StoredKey): void {
    const { keyId, userId, account, name, kind, scopes, addresses, windowMs, createdAt, expiresAt } = stored;
    if (this.#revoked.has(keyId) || this.#keys.has(keyId)) return;
    const key =
      kind === 'ed25519'
        ? createPublicKey({ key: Buffer.concat([SPKI_ED25519, stored.publicKey!]), format: 'der', type: 'spki' })
        : this.#secrets.open(stored.sealedSecret!, sealOwner(keyId, account));
    if (key === undefined) {
      this.#sealed.add(keyId);
      return;
    }
    this.#keys.set(keyId, {
      keyId,
      userId,
      account,
      name,
      kind,
      key,
      scopes,
      networks: addresses,
      addresses: new AddressList(addresses),
      windowMs,
      createdAt,
      expiresAt,
    });
  }

  addSession({ sessionId, userId, account, expiresAt, generation, tokenSha256 }: Omit<StoredSession, 'revoked'>): void {
    if (this.#revoked.has(sessionId)) return;
    // A change that is read later may be older than what this gateway did itself.
    if ((this.#sessions.get(sessionId)?.generation ?? 0) > generation) return;
    this.#sessions.set(sessionId, { sessionId, userId, account, expiresAt, generation, tokenSha256 });
  }

  /** False: it was revoked before. */
  revoke(id: string): boolean {
    if (this.#revoked.has(id)) return false;
    this.#revoked.add(id);
    this.#keys.delete(id);
    this.#sessions.delete(id);
    return true;
  }

  isRevoked(id: string): boolean {
    return this.#revoked.has(id);
  }

  /** The secret of this key was sealed with another sealing key. */
  isSealed(keyId: string): boolean {
    return this.#sealed.has(keyId);
  }

  get sealedKeys(): number {
    return this.#sealed.size;
  }

  key(keyId: string): LiveKey | undefined {
    return this.#keys.get(keyId);
  }

  keysOf(userId: string): LiveKey[] {
    return [...this.#keys.values()].filter((key) => key.userId === userId);
  }

  session(sessionId: string): LiveSession | undefined {
    return this.#sessions.get(sessionId);
  }

  setRoles(userId: string, roles: readonly Role[]): void {
    this.#roles.set(userId, roles);
  }

  rolesOf(userId: string): readonly Role[] {
    return this.#roles.get(userId) ?? TRADER;
  }

  /** Sessions and keys that are over by themselves: nobody can use them, so nothing need be remembered. */
  forgetExpired(nowMicros: number): void {
    for (const { sessionId, expiresAt } of this.#sessions.values()) {
      if (expiresAt <= nowMicros) this.#sessions.delete(sessionId);
    }
  }
}

/** What a sealed secret is bound to. */
export function sealOwner(keyId: string, account: number): string {
  return `${keyId} of ${account}`;
}
