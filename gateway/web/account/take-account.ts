/** Signing up, in and out. One click makes a paper account with credentials that nobody has to think of. */
import type { Result } from '../../client/errors.ts';
import type { SessionCredentials } from '../../client/types.ts';
import { errorWords } from '../exchange/exchange.ts';
import { hadSession, keepSession, keepToken, keptToken } from '../exchange/session.ts';
import { exchange } from '../exchange/the-exchange.ts';
import { notices } from '../shell/notices.ts';
import { accountDialog } from './account-dialog.ts';

interface Tokens {
  readonly access_token: string;
  readonly account: string;
  readonly roles: readonly string[];
}

interface Account {
  readonly account: string;
  readonly email: string | null;
  readonly roles: readonly string[];
}

/** The session that the cookie of this browser still has, or a token that was pasted into this tab. */
export async function resumeSession(): Promise<void> {
  const token = keptToken();
  if (token) return signInWithToken(token);
  // A refresh token counts once: two tabs that start together ask one after the other.
  const answer = hadSession() ? await alone(() => ask('/v1/refresh', {})) : undefined;
  if (answer?.ok) begin(answer.value);
  else {
    exchange.session.nobody();
    exchange.open(undefined);
  }
}

/** Undefined: signed in. Otherwise what went wrong. */
export async function signUp(email: string, password: string): Promise<string | undefined> {
  return enter('/v1/register', email, password);
}

export async function logIn(email: string, password: string): Promise<string | undefined> {
  return enter('/v1/login', email, password);
}

export async function takePaperAccount(): Promise<void> {
  const email = `paper-${randomText(10)}@paper.example`;
  const password = randomText(24);
  const fault = await signUp(email, password);
  if (fault) notices.add('bad', 'No account was made', fault);
  else accountDialog.showMade(email, password);
}

export function signInWithToken(token: string): void {
  keepToken(token);
  exchange.session.signedIn({ kind: 'token', token }, 'token', []);
  exchange.open(exchange.session.credentials);
  void learnRoles();
}

export async function signOut(): Promise<void> {
  await exchange.client.rest.request({ method: 'POST', path: '/v1/logout', body: {} });
  exchange.session.nobody();
  exchange.open(undefined);
}

async function enter(path: string, email: string, password: string): Promise<string | undefined> {
  const answer = await ask(path, { email, password, refresh_in: 'cookie' });
  if (!answer.ok) return errorWords(answer.error);
  begin(answer.value, email);
  return undefined;
}

function ask(path: string, body: unknown): Promise<Result<Tokens>> {
  return exchange.client.rest.request<Tokens>({ method: 'POST', path, body });
}

function begin(tokens: Tokens, email?: string): void {
  const credentials: SessionCredentials = {
    kind: 'session',
    accessToken: tokens.access_token,
    onRefresh: ({ accessToken }) => {
      exchange.session.token = accessToken;
    },
    onEnded: () => {
      notices.add('bad', 'Signed out', 'The session is over; sign in again.');
      exchange.session.nobody();
      exchange.open(undefined);
    },
  };
  keepSession();
  exchange.session.signedIn(credentials, email ?? `account ${tokens.account}`, tokens.roles);
  exchange.open(credentials);
}

/** What a pasted token may do is not written on it. */
async function learnRoles(): Promise<void> {
  const { credentials } = exchange.session;
  const answer = await exchange.client.rest.request<Account>({ method: 'GET', path: '/v1/account' });
  if (!answer.ok || !credentials || credentials !== exchange.session.credentials) return;
  const { email, account, roles } = answer.value;
  exchange.session.signedIn(credentials, email ?? `account ${account}`, roles);
}

function alone<T>(act: () => Promise<T>): Promise<T> {
  return 'locks' in navigator ? navigator.locks.request('sluice.refresh', act) : act();
}

function randomText(length: number): string {
  const letters = 'abcdefghijkmnpqrstuvwxyz23456789';
  return [...crypto.getRandomValues(new Uint8Array(length))].map((byte) => letters[byte % letters.length]).join('');
}
