/** Routes of identity: register, log in, stay so, log out; keys; who am I. */
import { formatId, offsetOfPosition } from '../../schemas/ids.ts';
import { RequestRefused } from '../rest/errors.ts';
import { instantOfMicros } from '../rest/instants.ts';
import { type AnyRoute, type Asked, ok, type RouteAnswer, route } from '../rest/route.ts';
import type { LiveKey } from './credential-book.ts';
import { DEVELOPMENT_USER, type Identity } from './identity.ts';
import {
  accountAnswer,
  credentialsBody,
  type KeyBody,
  keyBody,
  keyParams,
  keysAnswer,
  loggedOutAnswer,
  newKeyAnswer,
  refreshBody,
  revokedAnswer,
  tokensAnswer,
} from './identity-shapes.ts';
import { AuthenticationFailed, type Principal } from './principal.ts';
import { refusedAs } from './refused-as.ts';
import type { Tokens } from './sessions.ts';

type Headers = Asked<unknown, unknown, unknown>['headers'];

const COOKIE = 'sluice_refresh';
const COOKIE_VALUE = /(?:^|;\s*)sluice_refresh=([A-Za-z0-9_.-]{1,200})(?:;|$)/;
const DEFAULT_WINDOW_MS = 5_000;
const SUBJECT = 'Identity';
const LOGIN = { class: 'login', weight: 1 } as const;
const READ = { class: 'read', weight: 1 } as const;
const WRITE = { class: 'read', weight: 10 } as const;

export function identityRoutes(identity: Identity): readonly AnyRoute[] {
  return [
    route({
      id: 'register',
      method: 'POST',
      path: '/v1/register',
      subject: SUBJECT,
      summary: 'make an account with paper money: `email`, `password`, `refresh_in`',
      says: 'The account is logged in by the answer. `refresh_in: "cookie"` keeps the refresh token from scripts.',
      access: 'public',
      limit: LOGIN,
      body: credentialsBody,
      answers: { 201: { says: 'a new account, logged in', body: tokensAnswer } },
      refusals: ['unauthenticated', 'conflict', 'rate_limited', 'unavailable', 'overloaded'],
      examples: [
        {
          says: 'A new account',
          body: { email: 'ada@example.com', password: 'a long pass phrase' },
          status: 201,
        },
        {
          says: 'A password that is too short',
          body: { email: 'ada@example.com', password: 'short' },
          status: 400,
        },
      ],
      handle: ({ body, address, headers }) =>
        answered(async () => {
          const tokens = await identity.sessions.register(body.email, body.password, address);
          return tokensPayload(201, tokens, body.refresh_in === 'cookie', headers);
        }),
    }),
    route({
      id: 'login',
      method: 'POST',
      path: '/v1/login',
      subject: SUBJECT,
      summary: 'begin a session: `email`, `password`, `refresh_in`',
      access: 'public',
      limit: LOGIN,
      body: credentialsBody,
      answers: {
        200: { says: 'a session: an access token of 15 minutes, a refresh token of 30 days', body: tokensAnswer },
      },
      refusals: ['unauthenticated', 'rate_limited', 'unavailable'],
      examples: [
        { says: 'A session', body: { email: 'ada@example.com', password: 'a long pass phrase' }, status: 200 },
        { says: 'A wrong password', body: { email: 'ada@example.com', password: 'another pass phrase' }, status: 401 },
      ],
      handle: ({ body, address, headers }) =>
        answered(async () => {
          const tokens = await identity.sessions.login(body.email, body.password, address);
          return tokensPayload(200, tokens, body.refresh_in === 'cookie', headers);
        }),
    }),
    route({
      id: 'refresh',
      method: 'POST',
      path: '/v1/refresh',
      subject: SUBJECT,
      summary: 'the next pair of tokens: `refresh_token`, or the cookie',
      says: 'A refresh token counts once. One that comes again ends the session: somebody has a copy.',
      access: 'public',
      limit: LOGIN,
      body: refreshBody,
      answers: { 200: { says: 'new tokens; the old refresh token is spent', body: tokensAnswer } },
      refusals: ['unauthenticated', 'forbidden', 'rate_limited', 'unavailable'],
      examples: [{ says: 'A token that nobody was given', body: { refresh_token: 'x' }, status: 401 }],
      handle: ({ body, headers }) =>
        answered(async () => {
          const fromCookie = body.refresh_token === undefined;
          const tokens = await identity.sessions.refresh(body.refresh_token ?? cookieOf(headers));
          return tokensPayload(200, tokens, fromCookie, headers);
        }),
    }),
    route({
      id: 'logout',
      method: 'POST',
      path: '/v1/logout',
      subject: SUBJECT,
      summary: 'end the session of a refresh token, everywhere: `refresh_token`, or the cookie',
      access: 'public',
      limit: LOGIN,
      body: refreshBody,
      answers: { 200: { says: 'its tokens count nowhere any more', body: loggedOutAnswer } },
      refusals: ['unauthenticated', 'forbidden', 'rate_limited', 'unavailable', 'overloaded'],
      examples: [{ says: 'A token that nobody was given', body: { refresh_token: 'x' }, status: 401 }],
      handle: ({ body, headers }) =>
        answered(async () => {
          const sessionId = await identity.sessions.sessionOf(body.refresh_token ?? cookieOf(headers));
          await identity.sessions.logout(sessionId, 'its holder');
          return privately({ ...ok({ logged_out: true }), headers: { 'Set-Cookie': cookie('', 0, headers) } });
        }),
    }),
    route({
      id: 'account',
      method: 'GET',
      path: '/v1/account',
      subject: SUBJECT,
      summary: 'who this credential is, and what it may do',
      access: 'read',
      limit: READ,
      answers: { 200: { says: 'the account and the credential', body: accountAnswer } },
      refusals: [],
      examples: [{ says: 'Who am I', status: 200 }],
      handle: ({ principal }) => answered(() => accountPayload(principal, identity)),
    }),
    route({
      id: 'listKeys',
      method: 'GET',
      path: '/v1/keys',
      subject: SUBJECT,
      summary: 'API keys of this person that count',
      access: 'read',
      limit: READ,
      answers: { 200: { says: 'keys, oldest first; never a secret', body: keysAnswer } },
      refusals: [],
      examples: [{ says: 'All keys', status: 200 }],
      handle: ({ principal }) => privately(ok({ keys: identity.keys.list(principal).map(keyPayload) })),
    }),
    route({
      id: 'createKey',
      method: 'POST',
      path: '/v1/keys',
      subject: SUBJECT,
      summary:
        'make an API key: `name`, `kind`, `scopes`; `public_key` of ed25519; `addresses`, `window_ms`, `expires_at`',
      says: 'Of ed25519 only the public key is known here. The secret of hmac-sha256 is in this answer and nowhere else. A key makes no keys: log in for that.',
      access: 'trade',
      limit: WRITE,
      body: keyBody,
      answers: { 201: { says: 'the key', body: newKeyAnswer } },
      refusals: ['forbidden', 'conflict', 'unavailable'],
      examples: [
        {
          says: 'A key that may trade',
          body: { name: 'my bot', kind: 'hmac-sha256', scopes: ['read', 'trade'] },
          status: 201,
        },
        { says: 'Ed25519 without its public key', body: { name: 'b', kind: 'ed25519', scopes: ['read'] }, status: 400 },
      ],
      handle: ({ principal, body }) => answered(() => createKey(principal, body, identity)),
    }),
    route({
      id: 'revokeKey',
      method: 'DELETE',
      path: '/v1/keys/:key',
      subject: SUBJECT,
      summary: 'revoke an API key, everywhere, for good',
      says: 'In force when the answer comes here, within a second at every other gateway, also while the database is away.',
      access: 'trade',
      limit: { class: 'cancel', weight: 1 },
      params: keyParams,
      answers: { 200: { says: 'revoked', body: revokedAnswer } },
      refusals: ['forbidden', 'not_found', 'overloaded'],
      examples: [{ says: 'A key that is not there', params: { key: `key_${'0'.repeat(22)}` }, status: 404 }],
      handle: ({ principal, params }) =>
        answered(async () => {
          personOnly(principal);
          const revoked = await identity.keys.revoke(principal, params.key);
          if (!revoked) {
            throw new RequestRefused({ code: 'not_found', message: 'There is no such key.', field: 'key' });
          }
          const control_offset = formatId(offsetOfPosition(revoked.position));
          return privately(ok({ key_id: params.key, revoked: true, control_offset }));
        }),
    }),
  ];
}

async function createKey(principal: Principal, body: KeyBody, identity: Identity): Promise<RouteAnswer> {
  personOnly(principal);
  const { name, kind, public_key: publicKey, scopes, addresses = [], window_ms, expires_at } = body;
  if ((kind === 'ed25519') !== (publicKey !== undefined)) {
    const allowed = kind === 'ed25519' ? 'the public key, as base64url' : 'no public key: the secret is made here';
    throw new RequestRefused({
      code: 'malformed',
      message: `public_key does not fit: ${allowed}.`,
      field: 'public_key',
      allowed,
    });
  }
  const missing = scopes.find((scope) => !principal.scopes.includes(scope));
  if (missing !== undefined) {
    const allowed = principal.scopes.join(', ');
    const message = `A key may not do more than its owner: ${missing} is not among ${allowed}.`;
    throw new RequestRefused({ code: 'forbidden', message, field: 'scopes', given: missing, allowed });
  }
  const { key, secret } = await identity.keys.create(principal, {
    name,
    kind,
    publicKey,
    scopes,
    addresses,
    windowMs: window_ms === undefined ? DEFAULT_WINDOW_MS : Number(window_ms),
    expiresAtMicros: expires_at ?? null,
  });
  return privately({ status: 201, body: { ...keyPayload(key), ...(secret === undefined ? {} : { secret }) } });
}

/** Keys are managed by people who proved a password, so that a stolen key cannot make itself another. */
function personOnly({ keyId }: Principal): void {
  if (keyId === undefined) return;
  const message = 'An API key manages no keys: log in for that.';
  throw new RequestRefused({ code: 'forbidden', message, field: 'authorization', allowed: 'a session' });
}

async function accountPayload(principal: Principal, identity: Identity): Promise<RouteAnswer> {
  const { account, userId, roles, scopes, keyId, sessionId, expiresAtMicros } = principal;
  const ends = expiresAtMicros < Number.MAX_SAFE_INTEGER ? instantOfMicros(expiresAtMicros) : null;
  const user = userId === DEVELOPMENT_USER ? undefined : await identity.store?.userById(userId).catch(() => undefined);
  return privately(
    ok({
      account: formatId(account),
      user_id: userId,
      email: user?.email ?? null,
      roles: [...roles],
      scopes: [...scopes],
      credential: {
        kind: keyId !== undefined ? 'key' : sessionId !== undefined ? 'session' : 'development-token',
        id: keyId ?? sessionId ?? null,
        expires_at: ends,
      },
    }),
  );
}

function keyPayload(key: LiveKey) {
  return {
    key_id: key.keyId,
    name: key.name,
    kind: key.kind,
    scopes: [...key.scopes],
    addresses: [...key.networks],
    window_ms: String(key.windowMs),
    created_at: instantOfMicros(key.createdAt),
    expires_at: key.expiresAt === null ? null : instantOfMicros(key.expiresAt),
  };
}

function tokensPayload(status: number, tokens: Tokens, inCookie: boolean, headers: Headers): RouteAnswer {
  const { userId, account, roles, accessToken, accessExpiresAtMicros, refreshToken, refreshExpiresAtMicros } = tokens;
  const answer = privately({
    status,
    body: {
      user_id: userId,
      account: formatId(account),
      roles: [...roles],
      token_type: 'Bearer',
      access_token: accessToken,
      access_expires_at: instantOfMicros(accessExpiresAtMicros),
      ...(inCookie ? {} : { refresh_token: refreshToken }),
      refresh_expires_at: instantOfMicros(refreshExpiresAtMicros),
    },
  });
  if (!inCookie) return answer;
  return { ...answer, headers: { ...answer.headers, 'Set-Cookie': cookie(refreshToken, COOKIE_SECONDS, headers) } };
}

const COOKIE_SECONDS = 30 * 86_400;

/** Sent to our own pages alone, to these routes alone, and to no script. */
function cookie(value: string, seconds: number, headers: Headers): string {
  const secure = textOf(headers, 'origin')?.startsWith('https://') ? '; Secure' : '';
  return `${COOKIE}=${value}; Path=/v1; Max-Age=${seconds}; HttpOnly; SameSite=Strict${secure}`;
}

/** The refresh token of the cookie, of a request that our own page made. */
function cookieOf(headers: Headers): string {
  const token = COOKIE_VALUE.exec(textOf(headers, 'cookie') ?? '')?.[1];
  if (token === undefined) {
    throw new AuthenticationFailed('unauthenticated', 'There is no refresh token: log in.', 'refresh_token');
  }
  const [origin, host, site] = [textOf(headers, 'origin'), textOf(headers, 'host'), textOf(headers, 'sec-fetch-site')];
  if ((origin !== undefined && hostOf(origin) !== host) || (site !== undefined && site !== 'same-origin')) {
    const message = 'The cookie counts for pages of this origin alone.';
    throw new RequestRefused({ code: 'forbidden', message, field: 'origin', allowed: host });
  }
  return token;
}

function textOf(headers: Headers, name: string): string | undefined {
  const value = headers[name];
  return typeof value === 'string' ? value : undefined;
}

function hostOf(origin: string): string | undefined {
  return URL.canParse(origin) ? new URL(origin).host : undefined;
}

/** Nobody keeps it: it holds a credential, or says whose one is. */
function privately(answer: RouteAnswer): RouteAnswer {
  return { ...answer, headers: { ...answer.headers, 'Cache-Control': 'no-store' } };
}

async function answered(work: () => Promise<RouteAnswer>): Promise<RouteAnswer> {
  try {
    return await work();
  } catch (error) {
    throw refusedAs(error);
  }
}
