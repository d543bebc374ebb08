/** Who the client is: headers for a request or a handshake, by token or by signature. */
import { signatureHeaders, signingString } from '../identity/signing-string.ts';
import type { ClientOutside } from './outside.ts';
import type { ClientOptions, SessionCredentials } from './types.ts';

/** A request as far as it is signed. */
export interface Signable {
  readonly method: string;
  readonly path: string;
  /** Without the question mark. */
  readonly query: string;
  readonly body: string;
}

export interface Identity {
  headers(request: Signable): Promise<{ readonly [name: string]: string }>;
  /** What the server said of our credential did not please it: true where it is worth one more try. */
  renew(code: string): Promise<boolean>;
  /** Called with a new `authorization`, for sockets that are open. Returns a function that ends it. */
  onRenewed(listener: (authorization: string) => void): () => void;
  close(): void;
}

const NONCE_LENGTH = 22;
/** Before its end an access token is renewed. */
const EARLY_MS = 60_000;

export function identityOf({ url, credentials }: ClientOptions, outside: ClientOutside): Identity {
  switch (credentials?.kind) {
    case undefined:
      return new Nobody();
    case 'token':
      return new Bearer(credentials.token);
    case 'session':
      return new Session(url, credentials, outside);
    case 'ed25519': {
      const key = importEd25519(credentials.privateKey);
      return new Signer(
        credentials.keyId,
        async (text) => crypto.subtle.sign('Ed25519', await key, text),
        url,
        outside,
      );
    }
    case 'hmac': {
      const key = crypto.subtle.importKey(
        'raw',
        bytesOfBase64(credentials.secret),
        { name: 'HMAC', hash: 'SHA-256' },
        false,
        ['sign'],
      );
      // Told where it is used.
      key.catch(() => {});
      return new Signer(credentials.keyId, async (text) => crypto.subtle.sign('HMAC', await key, text), url, outside);
    }
  }
}

class Nobody implements Identity {
  async headers(_request: Signable): Promise<{ readonly [name: string]: string }> {
    return {};
  }
  async renew(_code: string): Promise<boolean> {
    return false;
  }
  onRenewed(_listener: (authorization: string) => void): () => void {
    return () => {};
  }
  close(): void {}
}

class Bearer extends Nobody {
  readonly #token: string;

  constructor(token: string) {
    super();
    this.#token = token;
  }

  override async headers(_request: Signable): Promise<{ readonly [name: string]: string }> {
    return { authorization: `Bearer ${this.#token}` };
  }
}

class Signer extends Nobody {
  readonly #keyId: string;
  readonly #sign: (text: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>;
  readonly #url: string;
  readonly #outside: ClientOutside;
  /** The exchange's clock less ours. */
  #aheadMs = 0;

  constructor(
    keyId: string,
    sign: (text: Uint8Array<ArrayBuffer>) => Promise<ArrayBuffer>,
    url: string,
    outside: ClientOutside,
  ) {
    super();
    this.#keyId = keyId;
    this.#sign = sign;
    this.#url = url;
    this.#outside = outside;
  }

  override async headers({ method, path, query, body }: Signable): Promise<{ readonly [name: string]: string }> {
    const timestamp = String(Math.round(this.#outside.nowMs() + this.#aheadMs));
    const nonce = this.#outside.newId(NONCE_LENGTH);
    const digest = hexOf(await crypto.subtle.digest('SHA-256', utf8(body)));
    const signature = await this.#sign(utf8(signingString(method, path, query, digest, timestamp, nonce)));
    return {
      [signatureHeaders.key]: this.#keyId,
      [signatureHeaders.timestamp]: timestamp,
      [signatureHeaders.nonce]: nonce,
      [signatureHeaders.signature]: base64Of(signature),
    };
  }

  /** A clock that is off is measured once more; the signature is then of the exchange's time. */
  override async renew(code: string): Promise<boolean> {
    if (code !== 'timestamp_out_of_window') return false;
    const sentMs = this.#outside.nowMs();
    const response = await this.#outside.fetch(`${this.#url}/v1/time`, {}).catch(() => undefined);
    if (!response?.ok) return false;
    const { time } = (await response.json()) as { readonly time: string };
    const midwayMs = (sentMs + this.#outside.nowMs()) / 2;
    this.#aheadMs = Date.parse(time) - midwayMs;
    return true;
  }
}

class Session implements Identity {
  readonly #url: string;
  readonly #session: SessionCredentials;
  readonly #outside: ClientOutside;
  readonly #listeners = new Set<(authorization: string) => void>();
  #access: string;
  #refresh: string | undefined;
  #renewing: Promise<boolean> | undefined;
  #stopTimer: () => void = () => {};
  #over = false;

  constructor(url: string, session: SessionCredentials, outside: ClientOutside) {
    this.#url = url;
    this.#session = session;
    this.#outside = outside;
    this.#access = session.accessToken;
    this.#refresh = session.refreshToken;
    this.#plan();
  }

  async headers(): Promise<{ readonly [name: string]: string }> {
    if (!this.#over && this.#leftMs() < EARLY_MS / 4) await this.renew('unauthenticated');
    return { authorization: `Bearer ${this.#access}` };
  }

  renew(code: string): Promise<boolean> {
    if (code !== 'unauthenticated' || this.#over) return Promise.resolve(false);
    // A refresh token counts once: whoever asks meanwhile waits for the same one.
    this.#renewing ??= this.#renewNow().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  onRenewed(listener: (authorization: string) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  close(): void {
    this.#stopTimer();
  }

  async #renewNow(): Promise<boolean> {
    const body = this.#refresh === undefined ? {} : { refresh_token: this.#refresh };
    const response = await this.#outside
      .fetch(`${this.#url}/v1/refresh`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
        credentials: 'same-origin',
      })
      .catch(() => undefined);
    if (response?.ok) {
      const tokens = (await response.json()) as { readonly access_token: string; readonly refresh_token?: string };
      this.#access = tokens.access_token;
      this.#refresh = tokens.refresh_token ?? this.#refresh;
      this.#session.onRefresh?.({
        accessToken: this.#access,
        ...(tokens.refresh_token === undefined ? {} : { refreshToken: tokens.refresh_token }),
      });
      for (const listener of this.#listeners) listener(`Bearer ${this.#access}`);
      this.#plan();
      return true;
    }
    if (response !== undefined && response.status < 500 && response.status !== 429) {
      this.#over = true;
      this.#session.onEnded?.();
      return false;
    }
    // The gateway is away, or its database: the token counts until its end, and is renewed when there is somebody.
    this.#stopTimer();
    this.#stopTimer = this.#outside.after(5_000, () => void this.renew('unauthenticated'));
    return false;
  }

  #plan(): void {
    this.#stopTimer();
    const inMs = Math.min(Math.max(this.#leftMs() - EARLY_MS, 1_000), 2 ** 31 - 1);
    this.#stopTimer = this.#outside.after(inMs, () => void this.renew('unauthenticated'));
  }

  /** From the token's own end; a token that says nothing is renewed after ten minutes. */
  #leftMs(): number {
    const payload = this.#access.split('.')[1];
    try {
      const { exp } = JSON.parse(new TextDecoder().decode(bytesOfBase64(payload ?? ''))) as { readonly exp: number };
      return exp * 1000 - this.#outside.nowMs();
    } catch {
      return 600_000;
    }
  }
}

function importEd25519(privateKey: string): ReturnType<typeof crypto.subtle.importKey> {
  const der = privateKey.replace(/-----[A-Z ]+-----|\s/g, '');
  const key = crypto.subtle.importKey('pkcs8', bytesOfBase64(der), 'Ed25519', false, ['sign']);
  key.catch(() => {});
  return key;
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}

function hexOf(bytes: ArrayBuffer): string {
  return Array.from(new Uint8Array(bytes), (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function base64Of(bytes: ArrayBuffer): string {
  const text = btoa(String.fromCharCode(...new Uint8Array(bytes)));
  return text.replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** Of either alphabet, with or without padding. */
function bytesOfBase64(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replaceAll('-', '+').replaceAll('_', '/').replaceAll('=', ''));
  return Uint8Array.from(plain, (letter) => letter.charCodeAt(0));
}
