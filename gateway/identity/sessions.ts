import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { AccountId } from '../../schemas/generated/records.ts';
import type { CommandPort, GatewayClock, ViewPort } from '../ports.ts';
import type { AccessTokens } from './access-tokens.ts';
import type { CredentialBook, LiveSession } from './credential-book.ts';
import type { IdentityStore, StoredUser } from './identity-store.ts';
import type { LoginAttempts } from './login-attempts.ts';
import { givePaperMoney } from './paper-money.ts';
import type { PasswordHasher } from './password-hasher.ts';
import { AuthenticationFailed, type Role } from './principal.ts';
import type { Revocations } from './revocations.ts';
import { UnavailableError } from './unavailable.ts';

const SESSION_MICROS = 30 * 86_400_000_000;
const REFRESH_TOKEN = /^(ses_[A-Za-z0-9_-]{22})\.([1-9]\d{0,8})\.([A-Za-z0-9_-]{43})$/;
/** An account number that somebody had before a database was restored is passed over; so many in a row are not. */
const NUMBERS_TRIED_MAX = 10_000;

export interface SessionsParts {
  /** Undefined: this run has no database, and nobody can log in. */
  readonly store: IdentityStore | undefined;
  readonly book: CredentialBook;
  readonly tokens: AccessTokens;
  readonly hasher: PasswordHasher;
  readonly attempts: LoginAttempts;
  readonly revocations: Revocations;
  readonly commands: CommandPort;
  readonly views: Pick<ViewPort, 'assets' | 'account'>;
  readonly clock: GatewayClock;
  readonly say: (line: string) => void;
}

/** What somebody who logged in holds from then on. */
export interface Tokens {
  readonly userId: string;
  readonly account: AccountId;
  readonly roles: readonly Role[];
  readonly sessionId: string;
  readonly accessToken: string;
  readonly accessExpiresAtMicros: number;
  readonly refreshToken: string;
  readonly refreshExpiresAtMicros: number;
}

/**
 * Registering, logging in, and staying so. A refresh token counts once: used, it is spent for the next one; a spent one
 * that comes again ends the session, as nobody can tell which of the two holders is the thief.
 */
export class Sessions {
  readonly #parts: SessionsParts;

  constructor(parts: SessionsParts) {
    this.#parts = parts;
  }

  /** Throws `EmailTaken`, `HashingBusy`, `TooManyAttempts`, `UnavailableError`. */
  async register(email: string, password: string, address: string): Promise<Tokens> {
    const { hasher, attempts, clock } = this.#parts;
    const store = this.#store();
    // Not taken back: accounts are cheap for whoever makes them by the thousand, and not for us.
    attempts.begin('', address);
    const passwordHash = await hasher.hash(password);
    const user = {
      userId: `usr_${newId()}`,
      email,
      passwordHash,
      account: await this.#freeAccount(store),
      createdAt: clock.nowMicros(),
    };
    await store.addUser(user);
    return this.#begin(store, { ...user, roles: ['trader'], funded: false });
  }

  /** Throws `AuthenticationFailed` alike for a wrong password and an unknown name, and what `register` throws. */
  async login(email: string, password: string, address: string): Promise<Tokens> {
    const { hasher, attempts } = this.#parts;
    const store = this.#store();
    const takeBack = attempts.begin(email, address);
    let user: StoredUser | undefined;
    let right: boolean;
    try {
      user = await store.userByEmail(email);
      right = await hasher.verify(password, user?.passwordHash);
    } catch (error) {
      // Nothing was learned about the password.
      takeBack();
      throw error;
    }
    if (!user || !right) {
      throw new AuthenticationFailed('unauthenticated', 'E-mail address or password is wrong.', 'password');
    }
    takeBack();
    return this.#begin(store, user);
  }

  /**
   * The next pair of tokens. While the database is away the refresh token stays the same, so that who is logged in
   * stays so. Throws `AuthenticationFailed`, `UnavailableError`.
   */
  async refresh(refreshToken: string): Promise<Tokens> {
    const { book, clock } = this.#parts;
    const { sessionId, generation, sha256 } = parseRefreshToken(refreshToken);
    if (book.isRevoked(sessionId)) throw wrongRefreshToken();
    const next = randomBytes(32).toString('base64url');
    const nextToken = `${sessionId}.${generation + 1}.${next}`;
    try {
      const store = this.#store();
      const rotated = await store.rotate(sessionId, generation, sha256, digest(nextToken), clock.nowMicros());
      if (rotated) {
        book.addSession(rotated);
        return await this.#tokens(rotated, nextToken);
      }
      if (await store.wasSpent(sessionId, generation, sha256)) {
        await this.#parts.revocations.revoke(sessionId, 'a spent refresh token came again', 'identity');
      }
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      return this.#refreshFromMemory(book.session(sessionId), generation, sha256, refreshToken, error);
    }
    throw wrongRefreshToken();
  }

  /** Ends a session by its id. */
  async logout(sessionId: string, requestedBy: string): Promise<void> {
    const { book, revocations } = this.#parts;
    if (book.isRevoked(sessionId)) return;
    await revocations.revoke(sessionId, 'logged out', requestedBy);
  }

  /** The session of a refresh token that counts now, or was spent: whoever holds it may end the session. */
  async sessionOf(refreshToken: string): Promise<string> {
    const { sessionId, generation, sha256 } = parseRefreshToken(refreshToken);
    const live = this.#parts.book.session(sessionId);
    if (live && live.generation === generation && timingSafeEqual(live.tokenSha256, sha256)) return sessionId;
    if (await this.#store().wasSpent(sessionId, generation, sha256)) return sessionId;
    throw wrongRefreshToken();
  }

  async #refreshFromMemory(
    live: LiveSession | undefined,
    generation: number,
    sha256: Buffer,
    refreshToken: string,
    away: UnavailableError,
  ): Promise<Tokens> {
    // Of a session that is not known here nothing can be said until the database is back.
    if (!live || live.generation < generation) throw away;
    if (live.expiresAt <= this.#parts.clock.nowMicros()) throw wrongRefreshToken();
    if (live.generation !== generation || !timingSafeEqual(live.tokenSha256, sha256)) throw wrongRefreshToken();
    return this.#tokens(live, refreshToken);
  }

  async #begin(store: IdentityStore, user: StoredUser): Promise<Tokens> {
    const { book, clock } = this.#parts;
    if (!user.funded) await this.#fund(store, user);
    const now = clock.nowMicros();
    const sessionId = `ses_${newId()}`;
    const refreshToken = `${sessionId}.1.${randomBytes(32).toString('base64url')}`;
    const session = {
      sessionId,
      userId: user.userId,
      account: user.account,
      createdAt: now,
      expiresAt: now + SESSION_MICROS,
      generation: 1,
      tokenSha256: digest(refreshToken),
    };
    await store.addSession(session);
    book.addSession(session);
    return this.#tokens(session, refreshToken);
  }

  /** The money is in the log before the note that it is: a crash between them tries again, and nothing is given twice. */
  async #fund(store: IdentityStore, { userId, account }: StoredUser): Promise<void> {
    const { clock, say } = this.#parts;
    try {
      await givePaperMoney(account as AccountId, this.#parts);
      await store.noteFunded(userId, clock.nowMicros());
    } catch (error) {
      // The next log-in tries again.
      say(`identity: account ${account} has not got its paper money yet: ${(error as Error).message}`);
    }
  }

  async #tokens(session: LiveSession, refreshToken: string): Promise<Tokens> {
    const { tokens, book } = this.#parts;
    const { userId, sessionId } = session;
    const account = session.account as AccountId;
    const { token, expiresAtMicros } = await tokens.issue({ userId, account, sessionId });
    return {
      userId,
      account,
      roles: book.rolesOf(userId),
      sessionId,
      accessToken: token,
      accessExpiresAtMicros: expiresAtMicros,
      refreshToken,
      refreshExpiresAtMicros: session.expiresAt,
    };
  }

  /** A number that nobody had: also where the database was restored and its sequence went back, the log knows better. */
  async #freeAccount(store: IdentityStore): Promise<number> {
    for (let tried = 0; tried < NUMBERS_TRIED_MAX; tried++) {
      const account = await store.nextAccount();
      if (this.#parts.views.account(account as AccountId).seq === 0) return account;
    }
    throw new UnavailableError('the numbers of accounts are behind the log');
  }

  #store(): IdentityStore {
    if (!this.#parts.store) throw new UnavailableError('this exchange runs without a database');
    return this.#parts.store;
  }
}

function parseRefreshToken(text: string): { sessionId: string; generation: number; sha256: Buffer } {
  const parts = REFRESH_TOKEN.exec(text);
  if (!parts) throw wrongRefreshToken();
  return { sessionId: parts[1]!, generation: Number(parts[2]), sha256: digest(text) };
}

function digest(token: string): Buffer {
  return createHash('sha256').update(token).digest();
}

/** 22 characters that nobody can guess. */
function newId(): string {
  return randomBytes(16).toString('base64url');
}

function wrongRefreshToken(): AuthenticationFailed {
  return new AuthenticationFailed(
    'unauthenticated',
    'The refresh token does not count: log in again.',
    'refresh_token',
  );
}
