/** Who asks, and how a gateway finds out: the one contract between identity and everything that serves a request. */
import type { AccountId, Micros } from '../../schemas/generated/records.ts';

export const ROLES = ['trader', 'analyst', 'ops', 'admin'] as const;
export type Role = (typeof ROLES)[number];

/** What a credential may be used for. `admin` counts only together with the role ops or admin. */
export const SCOPES = ['read', 'trade', 'admin'] as const;
export type Scope = (typeof SCOPES)[number];

export interface Principal {
  readonly account: AccountId;
  /** The person behind the credential: the same for every session and key of one user. */
  readonly userId: string;
  readonly roles: readonly Role[];
  readonly scopes: readonly Scope[];
  readonly keyId?: string;
  readonly sessionId?: string;
  /** From then on the credential counts for nothing; live sockets end. */
  readonly expiresAtMicros: Micros;
  /** Of a signed request only. */
  readonly signed?: SignedRequest;
}

/** What a command made from a signed request must carry, so that the exchange itself refuses it when it comes again. */
export interface SignedRequest {
  /** The latest log time at which a command of this request may still be judged: it is the command's `valid_until` at most. */
  readonly validUntilMicros: Micros;
  /** 32 hexadecimal digits, the same whenever the same bytes come again: the client order id of a command that brought none. */
  readonly requestId: string;
}

/** A request as far as its credentials go. */
export interface CredentialRequest {
  /** In capitals. A socket's handshake is signed as `GET`. */
  readonly method: string;
  /** As it came, with its query. A socket's handshake is signed as `/v1/socket` without a query. */
  readonly path: string;
  /** By names in lower case. */
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
  /** Byte for byte as it came; empty where there was none. */
  readonly rawBody: Uint8Array;
  /** Of the peer, after trusted proxies. */
  readonly address: string;
}

/** Which principals have just lost their credential: all that carry the id that is given. */
export interface Revoked {
  readonly keyId?: string;
  readonly sessionId?: string;
  readonly account?: AccountId;
}

export interface Authenticator {
  /**
   * The principal of a request. Throws {@link AuthenticationFailed}. A signed request counts once: the same bytes are
   * refused when they come again, so ask once a request.
   */
  authenticate(request: CredentialRequest): Promise<Principal> | Principal;
  /** Called with what has just been revoked, within a second wherever it was done. Returns a function that ends it. */
  onRevoked(listener: (match: Revoked) => void): () => void;
}

export type AuthenticationCode = 'unauthenticated' | 'timestamp_out_of_window' | 'unavailable';

/** Says no more than whoever asks may know: every wrong credential looks alike. */
export class AuthenticationFailed extends Error {
  override readonly name = 'AuthenticationFailed';
  /** 401 for the first two; 503 for `unavailable`: nothing is known of the credential, as the database is away. */
  readonly code: AuthenticationCode;
  /** The header or field it lies in. */
  readonly field: string;
  readonly allowed: string | undefined;

  constructor(code: AuthenticationCode, message: string, field = 'authorization', allowed?: string) {
    super(message);
    this.code = code;
    this.field = field;
    this.allowed = allowed;
  }
}

/** Whether a principal may do what asks for this scope. */
export function mayUse(principal: Principal, scope: Scope): boolean {
  return principal.scopes.includes(scope);
}
