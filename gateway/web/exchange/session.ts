/** Who is signed in. The refresh token is a cookie that no script reads; the access token lives in memory alone. */
import type { Credentials } from '../../client/types.ts';
import { Store } from '../stores/store.ts';

export type SessionState =
  | { readonly phase: 'asking' }
  | { readonly phase: 'nobody' }
  | { readonly phase: 'signed-in'; readonly name: string; readonly roles: readonly string[] };

const KEPT_TOKEN = 'sluice.token';
const HAD_SESSION = 'sluice.session';

export class SessionStore extends Store {
  state: SessionState = { phase: 'asking' };
  credentials: Credentials | undefined;
  /** The newest access token, for the listener of operators. */
  token: string | undefined;

  signedIn(credentials: Credentials, name: string, roles: readonly string[]): void {
    this.credentials = credentials;
    if (credentials.kind === 'token') this.token = credentials.token;
    if (credentials.kind === 'session') this.token = credentials.accessToken;
    this.state = { phase: 'signed-in', name, roles };
    this.changedNow();
  }

  nobody(): void {
    this.credentials = undefined;
    this.token = undefined;
    this.state = { phase: 'nobody' };
    forgetToken();
    this.changedNow();
  }

  get roles(): readonly string[] {
    return this.state.phase === 'signed-in' ? this.state.roles : [];
  }
}

/** A token that somebody pasted lasts as long as the tab. */
export function keepToken(token: string): void {
  try {
    sessionStorage.setItem(KEPT_TOKEN, token);
  } catch {
    // Then it is asked for again after a reload.
  }
}

export function keptToken(): string | undefined {
  try {
    return sessionStorage.getItem(KEPT_TOKEN) ?? undefined;
  } catch {
    return undefined;
  }
}

/** That there is a cookie to ask with; the cookie itself is seen by no script. */
export function keepSession(): void {
  try {
    localStorage.setItem(HAD_SESSION, 'yes');
  } catch {
    // Then one signs in again after a reload.
  }
}

export function hadSession(): boolean {
  try {
    return localStorage.getItem(HAD_SESSION) !== null;
  } catch {
    return false;
  }
}

function forgetToken(): void {
  try {
    sessionStorage.removeItem(KEPT_TOKEN);
    localStorage.removeItem(HAD_SESSION);
  } catch {
    // There was none, then.
  }
}
