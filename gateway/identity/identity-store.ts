/** What identity asks PostgreSQL: one statement a question, so that no transaction can stay open. */

import type { Role, Scope } from './principal.ts';
import { UnavailableError } from './unavailable.ts';

/** A pool of PostgreSQL connections with deadlines of its own, as the role of identity. `pg.Pool` is one. */
export interface IdentityDatabase {
  query<Row extends object>(text: string, values: unknown[]): Promise<{ rows: Row[]; rowCount: number | null }>;
}

export interface StoredUser {
  readonly userId: string;
  readonly account: number;
  readonly roles: readonly Role[];
  readonly email: string;
  readonly passwordHash: string;
  readonly funded: boolean;
}

export interface StoredSession {
  readonly sessionId: string;
  readonly userId: string;
  readonly account: number;
  readonly createdAt: number;
  readonly expiresAt: number;
  readonly generation: number;
  readonly tokenSha256: Buffer;
  readonly revoked: boolean;
}

export type KeyKind = 'ed25519' | 'hmac-sha256';

export interface StoredKey {
  readonly keyId: string;
  readonly userId: string;
  readonly account: number;
  readonly name: string;
  readonly kind: KeyKind;
  readonly publicKey: Buffer | null;
  readonly sealedSecret: Buffer | null;
  readonly scopes: readonly Scope[];
  readonly addresses: readonly string[];
  readonly windowMs: number;
  readonly createdAt: number;
  readonly expiresAt: number | null;
  readonly revokedAt: number | null;
}

export interface StoredRoles {
  readonly userId: string;
  readonly roles: readonly Role[];
}

/** Everything that changed since an instant of the database's clock, which `now` reads. */
export interface Changes {
  readonly now: number;
  readonly roles: readonly StoredRoles[];
  readonly sessions: readonly StoredSession[];
  readonly keys: readonly StoredKey[];
}

/** Longest that an answer of the database is waited for. */
const ANSWER_MS = 5_000;

/** A session that was revoked is remembered for longer than its last access token lives. */
const REMEMBERED_MICROS = 3_600_000_000;

const USER = `user_id AS "userId", account, roles, email, password_hash AS "passwordHash", funded_at IS NOT NULL AS funded`;
const SESSION = `session_id AS "sessionId", user_id AS "userId", account, created_at AS "createdAt", expires_at AS "expiresAt",
  generation, token_sha256 AS "tokenSha256", revoked_at IS NOT NULL AS revoked`;
const KEY = `key_id AS "keyId", user_id AS "userId", account, name, kind, public_key AS "publicKey", sealed_secret AS "sealedSecret",
  scopes, addresses::text[] AS addresses, window_ms AS "windowMs", created_at AS "createdAt", expires_at AS "expiresAt",
  revoked_at AS "revokedAt"`;

/** Of a registration: somebody has this e-mail address. */
export class EmailTaken extends Error {
  override readonly name = 'EmailTaken';
}

/** Any call rejects with {@link UnavailableError} while the database is away; it may have taken effect all the same. */
export class IdentityStore {
  readonly #database: IdentityDatabase;

  constructor(database: IdentityDatabase) {
    this.#database = database;
  }

  async changesSince(since: number, nowMicros: number): Promise<Changes> {
    const [{ now }] = (await this.#ask<{ now: string }>(
      'SELECT (extract(epoch FROM clock_timestamp()) * 1000000)::bigint AS now',
      [],
    )) as [{ now: string }];
    const all = since === 0;
    const roles = await this.#ask<StoredRoles>(
      `SELECT user_id AS "userId", roles FROM identity.users WHERE changed_at >= $1 ${all ? "AND roles <> '{trader}'" : ''}`,
      [since],
    );
    const sessions = await this.#ask<Texts<StoredSession>>(
      `SELECT ${SESSION} FROM identity.sessions WHERE changed_at >= $1 AND expires_at > $2 AND coalesce(revoked_at, $2) > $2 - ${REMEMBERED_MICROS}`,
      [since, nowMicros],
    );
    const keys = await this.#ask<Texts<StoredKey>>(`SELECT ${KEY} FROM identity.api_keys WHERE changed_at >= $1`, [
      since,
    ]);
    return { now: Number(now), roles, sessions: sessions.map(sessionOf), keys: keys.map(keyOf) };
  }

  /** The fingerprint of the key that seals secrets in this database: the one given, where there was none. */
  async sealingKey(fingerprint: Buffer): Promise<Buffer> {
    await this.#ask('INSERT INTO identity.sealing (key_sha256) VALUES ($1) ON CONFLICT DO NOTHING', [fingerprint]);
    const rows = await this.#ask<{ key: Buffer }>('SELECT key_sha256 AS key FROM identity.sealing', []);
    return rows[0]!.key;
  }

  async nextAccount(): Promise<number> {
    const rows = await this.#ask<{ account: string }>(`SELECT nextval('identity.accounts') AS account`, []);
    return Number(rows[0]!.account);
  }

  /** Throws {@link EmailTaken}. */
  async addUser(user: {
    readonly userId: string;
    readonly email: string;
    readonly passwordHash: string;
    readonly account: number;
    readonly createdAt: number;
  }): Promise<void> {
    const added = await this.#ask(
      `INSERT INTO identity.users (user_id, email, password_hash, account, created_at) VALUES ($1, $2, $3, $4, $5)
       ON CONFLICT ON CONSTRAINT users_email_key DO NOTHING RETURNING user_id`,
      [user.userId, user.email, user.passwordHash, user.account, user.createdAt],
    );
    if (added.length === 0) throw new EmailTaken('somebody has this e-mail address');
  }

  async userByEmail(email: string): Promise<StoredUser | undefined> {
    const rows = await this.#ask<Texts<StoredUser>>(`SELECT ${USER} FROM identity.users WHERE email = $1`, [email]);
    return rows[0] && userOf(rows[0]);
  }

  async userById(userId: string): Promise<StoredUser | undefined> {
    const rows = await this.#ask<Texts<StoredUser>>(`SELECT ${USER} FROM identity.users WHERE user_id = $1`, [userId]);
    return rows[0] && userOf(rows[0]);
  }

  /** People by the beginning of their address, at most 100. */
  async users(emailPrefix: string): Promise<StoredUser[]> {
    const rows = await this.#ask<Texts<StoredUser>>(
      `SELECT ${USER} FROM identity.users WHERE starts_with(email, $1) ORDER BY email LIMIT 100`,
      [emailPrefix],
    );
    return rows.map(userOf);
  }

  async noteFunded(userId: string, atMicros: number): Promise<void> {
    await this.#ask('UPDATE identity.users SET funded_at = $2 WHERE user_id = $1 AND funded_at IS NULL', [
      userId,
      atMicros,
    ]);
  }

  /** False: there is no such user. */
  async setRoles(userId: string, roles: readonly Role[]): Promise<boolean> {
    const rows = await this.#ask('UPDATE identity.users SET roles = $2 WHERE user_id = $1 RETURNING user_id', [
      userId,
      roles,
    ]);
    return rows.length === 1;
  }

  async addSession(session: Omit<StoredSession, 'revoked'>): Promise<void> {
    const { sessionId, userId, account, createdAt, expiresAt, generation, tokenSha256 } = session;
    await this.#ask(
      `INSERT INTO identity.sessions (session_id, user_id, account, created_at, expires_at, generation, token_sha256)
       VALUES ($1, $2, $3, $4, $5, $6, $7)`,
      [sessionId, userId, account, createdAt, expiresAt, generation, tokenSha256],
    );
  }

  /** The refresh token of a generation is spent for the next one. Undefined: it is not the one that counts now. */
  async rotate(
    sessionId: string,
    generation: number,
    spent: Buffer,
    next: Buffer,
    nowMicros: number,
  ): Promise<StoredSession | undefined> {
    const rows = await this.#ask<Texts<StoredSession>>(
      `WITH rotated AS (
         UPDATE identity.sessions SET generation = generation + 1, token_sha256 = $4
           WHERE session_id = $1 AND generation = $2 AND token_sha256 = $3 AND revoked_at IS NULL AND expires_at > $5
           RETURNING *
       ), spent AS (
         INSERT INTO identity.spent_refresh_tokens SELECT session_id, $2, $3, $5 FROM rotated
       )
       SELECT ${SESSION} FROM rotated`,
      [sessionId, generation, spent, next, nowMicros],
    );
    return rows[0] && sessionOf(rows[0]);
  }

  /** Whether a refresh token was one of this session, and was used. */
  async wasSpent(sessionId: string, generation: number, token: Buffer): Promise<boolean> {
    const rows = await this.#ask(
      'SELECT 1 AS spent FROM identity.spent_refresh_tokens WHERE session_id = $1 AND generation = $2 AND token_sha256 = $3',
      [sessionId, generation, token],
    );
    return rows.length === 1;
  }

  async addKey(key: Omit<StoredKey, 'revokedAt'>): Promise<void> {
    await this.#ask(
      `INSERT INTO identity.api_keys (key_id, user_id, account, name, kind, public_key, sealed_secret, scopes, addresses, window_ms, created_at, expires_at)
       VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9::text[]::inet[], $10, $11, $12)`,
      [
        key.keyId,
        key.userId,
        key.account,
        key.name,
        key.kind,
        key.publicKey,
        key.sealedSecret,
        key.scopes,
        key.addresses,
        key.windowMs,
        key.createdAt,
        key.expiresAt,
      ],
    );
  }

  async key(keyId: string): Promise<StoredKey | undefined> {
    const rows = await this.#ask<Texts<StoredKey>>(`SELECT ${KEY} FROM identity.api_keys WHERE key_id = $1`, [keyId]);
    return rows[0] && keyOf(rows[0]);
  }

  /** Of a key or a session, by its id. */
  async noteRevoked(id: string, reason: string, atMicros: number): Promise<void> {
    const [table, column] = id.startsWith('key_') ? ['api_keys', 'key_id'] : ['sessions', 'session_id'];
    await this.#ask(
      `UPDATE identity.${table} SET revoked_at = $2, revoked_because = $3 WHERE ${column} = $1 AND revoked_at IS NULL`,
      [id, atMicros, reason],
    );
  }

  async #ask<Row extends object>(text: string, values: unknown[]): Promise<Row[]> {
    return ask<Row>(this.#database, text, values);
  }
}

/** Asks within a deadline. Errors that are no answer of the database come as {@link UnavailableError}. */
export async function ask<Row extends object>(
  database: IdentityDatabase,
  text: string,
  values: unknown[],
): Promise<Row[]> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new UnavailableError('the database does not answer')), ANSWER_MS);
    timer.unref();
  });
  try {
    const { rows } = await Promise.race([database.query<Row>(text, values), late]);
    return rows;
  } catch (error) {
    if (isAnswer(error)) throw error;
    throw error instanceof UnavailableError ? error : new UnavailableError('the database is away', { cause: error });
  } finally {
    clearTimeout(timer);
  }
}

/**
 * The database understood, and said no: a rule of the tables (23), data that do not fit (22), or one of our own (SL).
 * Everything else passes: no connection, shutting down, out of resources, tables that are not made yet.
 */
function isAnswer(error: unknown): boolean {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === 'string' && /^(22|23|SL)[0-9A-Z]{3}$/.test(code);
}

/** Rows as the driver gives them: 64-bit integers are texts. */
type Texts<Row> = { readonly [Column in keyof Row]: Row[Column] extends number ? number | string : Row[Column] };

function userOf(row: Texts<StoredUser>): StoredUser {
  return { ...row, account: Number(row.account) };
}

function sessionOf(row: Texts<StoredSession>): StoredSession {
  return {
    ...row,
    account: Number(row.account),
    createdAt: Number(row.createdAt),
    expiresAt: Number(row.expiresAt),
    generation: Number(row.generation),
  };
}

function keyOf(row: Texts<StoredKey>): StoredKey {
  return {
    ...row,
    account: Number(row.account),
    windowMs: Number(row.windowMs),
    createdAt: Number(row.createdAt),
    expiresAt: row.expiresAt === null ? null : Number(row.expiresAt),
    revokedAt: row.revokedAt === null ? null : Number(row.revokedAt),
  };
}
