/** Identity of a gateway: one object that knows every credential, and what is asked of it. */
import { join } from 'node:path';
import type { AccountId, Micros } from '../../schemas/generated/records.ts';
import type { CommandPort, ControlPort, GatewayClock, RecordFeed, ViewPort } from '../ports.ts';
import { AccessTokens } from './access-tokens.ts';
import { CredentialBook, type LiveKey } from './credential-book.ts';
import { type IdentityDatabase, IdentityStore } from './identity-store.ts';
import { openKeyFiles } from './key-files.ts';
import { KeyRing } from './key-ring.ts';
import { LoginAttempts } from './login-attempts.ts';
import { PasswordHasher } from './password-hasher.ts';
import {
  AuthenticationFailed,
  type Authenticator,
  type CredentialRequest,
  type Principal,
  type Revoked,
  ROLES,
  type Role,
  SCOPES,
  type Scope,
} from './principal.ts';
import { Revocations } from './revocations.ts';
import { SealedSecrets } from './sealed-secrets.ts';
import { SeenRequests } from './seen-requests.ts';
import { Sessions } from './sessions.ts';
import { isSigned, SignedRequests } from './signed-requests.ts';
import { UnavailableError } from './unavailable.ts';

/** How often the database is asked what changed: a key made by another gateway is known after this. */
const ASK_MS = 500;
/** Transactions end within this, so what they changed is seen, however late they end. */
const OVERLAP_MICROS = 15_000_000;
/** A request may be signed by a clock that is ahead by this, so what the process before this one took may be. */
const AHEAD_MS = 1_000;
const LOOKUPS_MAX = 8;
const NEVER = Number.MAX_SAFE_INTEGER as Micros;
const BEARER = /^Bearer ([A-Za-z0-9_.-]{1,1024})$/;

export interface IdentityParts {
  /** As the role `sluice_identity`. Undefined: this run has no database; the development token alone counts. */
  readonly database?: IdentityDatabase | undefined;
  /** Of the data directory: where the keys lie that are not in the database. Made where it is not there. */
  readonly dataDir: string;
  readonly clock: GatewayClock;
  readonly views: Pick<ViewPort, 'assets' | 'account'>;
  readonly commands: CommandPort;
  readonly control: ControlPort;
  readonly feed: RecordFeed;
  /** Keys and sessions that the control log says are revoked, up to where `feed` begins. */
  readonly revokedBefore?: Iterable<string>;
  /** Whose token it is, of the token that the start prints; it is one person's, with every role. */
  readonly accountOf?: (token: string) => AccountId | undefined;
  readonly say: (line: string) => void;
  /** N of scrypt; for tests. */
  readonly passwordCost?: number;
}

/** The person behind the development token. */
export const DEVELOPMENT_USER = 'development';

export class Identity implements Authenticator {
  readonly sessions: Sessions;
  readonly keys: KeyRing;
  readonly book: CredentialBook;
  readonly store: IdentityStore | undefined;
  readonly #parts: IdentityParts;
  readonly #tokens: AccessTokens;
  readonly #signed: SignedRequests;
  readonly #revocations: Revocations;
  readonly #hasher: PasswordHasher;
  readonly #secrets: SealedSecrets;
  readonly #stopHearing: () => void;
  #timer: NodeJS.Timeout | undefined;
  /** Of the database's clock; 0: nothing was read yet. */
  #readUntil = 0;
  #reading: Promise<void> | undefined;
  #mayUnseal = false;
  #away = false;
  #lookups = 0;

  constructor(parts: IdentityParts) {
    const { dataDir, clock, database, passwordCost, control, feed } = parts;
    this.#parts = parts;
    const files = openKeyFiles(join(dataDir, 'identity'), clock.nowMicros());
    this.#secrets = new SealedSecrets(files.sealingKey);
    this.#tokens = new AccessTokens(files.tokenKeys, clock);
    this.#hasher = new PasswordHasher(passwordCost);
    this.book = new CredentialBook(this.#secrets);
    this.store = database && new IdentityStore(database);
    this.#revocations = new Revocations(this.book, control, this.store);
    this.#signed = new SignedRequests({
      keyOf: (keyId) => this.#keyOf(keyId),
      seen: new SeenRequests(),
      clock,
      notBeforeMs: files.fresh ? 0 : Math.ceil(clock.nowMicros() / 1000) + AHEAD_MS,
    });
    this.sessions = new Sessions({
      ...parts,
      store: this.store,
      book: this.book,
      tokens: this.#tokens,
      hasher: this.#hasher,
      attempts: new LoginAttempts(clock),
      revocations: this.#revocations,
    });
    this.keys = new KeyRing({
      store: this.store,
      book: this.book,
      secrets: this.#secrets,
      revocations: this.#revocations,
      clock,
      mayUnseal: () => this.#mayUnseal,
    });
    this.#revocations.recall(parts.revokedBefore ?? [], clock.nowMicros());
    this.#stopHearing = feed.hear((batch) => this.#revocations.hear(batch));
  }

  /** Every key was read from the database at least once. */
  get loaded(): boolean {
    return this.#readUntil > 0;
  }

  authenticate(request: CredentialRequest): Promise<Principal> | Principal {
    const { authorization } = request.headers;
    if (!isSigned(request)) return this.#bearer(authorization);
    if (authorization === undefined) return this.#signedBy(request);
    throw new AuthenticationFailed(
      'unauthenticated',
      'Give a token or a signature, not both.',
      'authorization',
      'one credential',
    );
  }

  onRevoked(listener: (match: Revoked) => void): () => void {
    return this.#revocations.listen(listener);
  }

  /** Reads what changed in the database, and tells it what it missed. Nothing happens while it is away. */
  refresh(): Promise<void> {
    this.#reading ??= this.#read().finally(() => {
      this.#reading = undefined;
    });
    return this.#reading;
  }

  /** Begins to follow the database. */
  start(): void {
    const again = (): void => {
      this.#timer = setTimeout(() => {
        void this.refresh().finally(() => {
          if (this.#timer) again();
        });
      }, ASK_MS);
      this.#timer.unref();
    };
    again();
    void this.refresh();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#stopHearing();
    this.#hasher.close();
  }

  async #read(): Promise<void> {
    const { clock, say } = this.#parts;
    if (!this.store) return;
    try {
      if (this.#readUntil === 0) await this.#checkSealingKey(this.store);
      const since = Math.max(0, this.#readUntil - OVERLAP_MICROS);
      const changes = await this.store.changesSince(since, clock.nowMicros());
      this.#revocations.announce(this.book.take(changes));
      this.#readUntil = changes.now;
      this.book.forgetExpired(clock.nowMicros());
      await this.#revocations.tellDatabase();
      if (this.#away) say('identity: the database is back: people can log in again');
      this.#away = false;
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      // At a start it is not there yet, which is no news.
      if (this.#away || !this.loaded) return;
      say('identity: the database is away: sessions and keys go on, new log-ins wait');
      this.#away = true;
    }
  }

  async #checkSealingKey(store: IdentityStore): Promise<void> {
    const fingerprint = this.#secrets.fingerprint;
    this.#mayUnseal = (await store.sealingKey(fingerprint)).equals(fingerprint);
    if (this.#mayUnseal) return;
    const path = join(this.#parts.dataDir, 'identity', 'sealing-key');
    this.#parts.say(
      `identity: ${path} is not the key that sealed the API secrets in the database: HMAC keys are refused until it is restored`,
    );
  }

  async #bearer(authorization: string | readonly string[] | undefined): Promise<Principal> {
    const token = typeof authorization === 'string' ? BEARER.exec(authorization)?.[1] : undefined;
    if (token !== undefined) {
      const account = this.#parts.accountOf?.(token);
      if (account !== undefined) return developmentPrincipal(account);
      const verified = await this.#tokens.verify(token);
      if (verified && !this.book.isRevoked(verified.sessionId)) {
        const roles = this.book.rolesOf(verified.userId);
        return {
          account: verified.account,
          userId: verified.userId,
          roles,
          scopes: usable(SCOPES, roles),
          sessionId: verified.sessionId,
          expiresAtMicros: verified.expiresAtMicros as Micros,
        };
      }
    }
    throw new AuthenticationFailed(
      'unauthenticated',
      'A valid token is needed: Authorization: Bearer and an access token, or a signature with an API key.',
    );
  }

  async #signedBy(request: CredentialRequest): Promise<Principal> {
    const { key, signed } = await this.#signed.verify(request);
    const roles = key.userId === DEVELOPMENT_USER ? ROLES : this.book.rolesOf(key.userId);
    return {
      account: key.account as AccountId,
      userId: key.userId,
      roles,
      scopes: usable(key.scopes, roles),
      keyId: key.keyId,
      expiresAtMicros: (key.expiresAt ?? NEVER) as Micros,
      signed,
    };
  }

  /** A key that another gateway has just made is not in memory yet: the database is asked for it. */
  async #keyOf(keyId: string): Promise<LiveKey | undefined> {
    const known = this.book.key(keyId);
    if (known || !this.store || this.book.isRevoked(keyId) || this.book.isSealed(keyId)) return known;
    if (this.#lookups >= LOOKUPS_MAX) return undefined;
    this.#lookups++;
    try {
      const stored = await this.store.key(keyId);
      if (!stored) return undefined;
      if (stored.revokedAt === null) this.book.addKey(stored);
      else this.book.revoke(keyId);
      return this.book.key(keyId);
    } catch (error) {
      if (!(error instanceof UnavailableError)) throw error;
      throw new AuthenticationFailed('unavailable', 'The database that knows this key is away.', 'sluice-key');
    } finally {
      this.#lookups--;
    }
  }
}

/** Scopes that these roles may use. */
function usable(scopes: readonly Scope[], roles: readonly Role[]): readonly Scope[] {
  if (roles.includes('ops') || roles.includes('admin')) return scopes;
  return scopes.filter((scope) => scope !== 'admin');
}

function developmentPrincipal(account: AccountId): Principal {
  return { account, userId: DEVELOPMENT_USER, roles: ROLES, scopes: SCOPES, expiresAtMicros: NEVER };
}
