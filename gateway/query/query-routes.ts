/**
 * The query endpoint: ClickHouse's HTTP at `/query`, read-only and bounded, so that curl, a dashboard or a SQL client work
 * on whatever holds history. It speaks to its clients as ClickHouse does, errors included: a code, a header, one line of text.
 *
 * Who may ask: the roles analyst, ops and admin. By `Authorization: Bearer`, by a signed request, or, for tools that know
 * names and passwords only, by Basic authentication or `X-ClickHouse-Key` with the token as password.
 */
import { Readable } from 'node:stream';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { HistoryAway, HistoryRefused } from '../history.ts';
import { AuthenticationFailed, type Principal } from '../identity/principal.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { GatewayParts, HistoryPort } from '../ports.ts';
import { RequestRefused } from '../rest/errors.ts';

export interface QueryLimits {
  readonly maxSeconds: number;
  readonly maxRows: number;
  /** Statements of one user, and of all, that may run at once. */
  readonly runningOfOne: number;
  readonly running: number;
}

export const QUERY_LIMITS: QueryLimits = { maxSeconds: 30, maxRows: 1_000_000, runningOfOne: 2, running: 4 };

const STATEMENT_BYTES_MAX = 256 * 1024;
const WEIGHT = 20;

/** ClickHouse's numbers. */
const codes = { network: 210, tooMany: 202, authentication: 516, denied: 497, tooLarge: 62, unknown: 1002 } as const;
const statuses: ReadonlyMap<number, number> = new Map([
  [516, 401],
  [497, 403],
  [164, 403],
  [36, 400],
  [62, 400],
  [27, 400],
  [6, 400],
  [456, 400],
  [457, 400],
  [117, 400],
  [60, 404],
  [81, 404],
  [46, 404],
  [47, 404],
  [115, 404],
  [48, 501],
  [159, 408],
  [202, 429],
  [210, 503],
]);

class QueryRefused extends Error {
  readonly code: number;

  constructor(code: number, message: string) {
    super(message);
    this.code = code;
  }
}

export type QueryParts = Pick<GatewayParts, 'history' | 'authenticator' | 'failed'> & {
  readonly limiter?: Limiter | undefined;
};

/** Adds `GET` and `POST /query` and `GET /query/ping`. Without an authenticator nobody may ask. */
export async function queryRoutes(
  app: FastifyInstance,
  parts: QueryParts,
  limits: QueryLimits = QUERY_LIMITS,
): Promise<void> {
  const running = new Map<string, number>();
  let all = 0;

  await app.register(async (scope) => {
    scope.removeAllContentTypeParsers();
    scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: STATEMENT_BYTES_MAX }, (_request, body, done) =>
      done(null, body),
    );
    scope.setErrorHandler((error, request, reply) => refuse(error as Error, request, reply, parts));
    scope.get('/query/ping', (_request, reply) => reply.type('text/plain').send('Ok.\n'));
    scope.route({ method: ['GET', 'POST'], url: '/query', handler: answer });
    // Clients that take the path for a folder.
    scope.route({ method: ['GET', 'POST'], url: '/query/', handler: answer });
  });

  async function answer(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { history } = parts;
    if (!history) throw new QueryRefused(codes.network, 'This run has no history. (NETWORK_ERROR)');
    const principal = await callerOf(request, parts);
    const allowance = parts.limiter?.take(principal, 'read', WEIGHT);
    if (allowance && !allowance.ok) {
      reply.header('Retry-After', String(Math.max(1, Math.ceil(allowance.retryAfterMs / 1000))));
      throw new QueryRefused(
        codes.tooMany,
        `The ${allowance.of} asks more than it may. (TOO_MANY_SIMULTANEOUS_QUERIES)`,
      );
    }
    const release = enter(principal);
    const gone = new AbortController();
    reply.raw.once('close', () => {
      release();
      gone.abort();
    });
    return await passOn(history, request, reply, gone.signal, limits);
  }

  /** Throws where too many run. */
  function enter({ userId }: Principal): () => void {
    const own = running.get(userId) ?? 0;
    if (all >= limits.running || own >= limits.runningOfOne) {
      throw new QueryRefused(
        codes.tooMany,
        `Too many simultaneous queries: ${limits.runningOfOne} of one user and ${limits.running} of all run at once. (TOO_MANY_SIMULTANEOUS_QUERIES)`,
      );
    }
    all++;
    running.set(userId, own + 1);
    let released = false;
    return () => {
      if (released) return;
      released = true;
      all--;
      const left = (running.get(userId) ?? 1) - 1;
      if (left > 0) running.set(userId, left);
      else running.delete(userId);
    };
  }
}

async function passOn(
  history: HistoryPort,
  request: FastifyRequest,
  reply: FastifyReply,
  signal: AbortSignal,
  limits: QueryLimits,
): Promise<FastifyReply> {
  const parameters = new URL(request.raw.url ?? '/', 'http://gateway').searchParams;
  const format = request.headers['x-clickhouse-format'];
  if (typeof format === 'string' && !parameters.has('default_format')) parameters.set('default_format', format);
  const database = request.headers['x-clickhouse-database'];
  if (typeof database === 'string' && !parameters.has('database')) parameters.set('database', database);
  for (const credential of ['user', 'password']) {
    if (!parameters.has(credential)) continue;
    throw new QueryRefused(
      codes.authentication,
      `${credential} may not stand in an address, where it is kept by others: use Basic authentication, or a header. (AUTHENTICATION_FAILED)`,
    );
  }
  const body = (request.body as Buffer | undefined) ?? new Uint8Array(0);
  const answer = await history.pass({ parameters, body, limits, signal });
  reply.code(answer.status).headers({ ...answer.headers, 'cache-control': 'no-store' });
  return reply.send(Readable.from(answer.body, { objectMode: false }));
}

async function callerOf(request: FastifyRequest, { authenticator }: QueryParts): Promise<Principal> {
  const headers = withBearer(request.headers);
  if (!authenticator) throw new QueryRefused(codes.authentication, 'Nobody is known here. (AUTHENTICATION_FAILED)');
  const principal = await authenticator.authenticate({
    method: request.method,
    path: request.raw.url ?? '/',
    headers,
    rawBody: (request.body as Buffer | undefined) ?? new Uint8Array(0),
    address: request.ip,
  });
  if (principal.scopes.includes('read') && principal.roles.some((role) => role !== 'trader')) return principal;
  throw new QueryRefused(
    codes.denied,
    'Not enough privileges: a credential of the role analyst, ops or admin with the scope read is needed. (ACCESS_DENIED)',
  );
}

/** A token that came as a password, as the bearer's. */
function withBearer(headers: FastifyRequest['headers']): FastifyRequest['headers'] {
  const basic = /^Basic (.+)$/i.exec(headers.authorization ?? '')?.[1];
  const pair = basic === undefined ? undefined : Buffer.from(basic, 'base64').toString('utf8');
  const key = headers['x-clickhouse-key'];
  const token = pair === undefined ? key : pair.slice(pair.indexOf(':') + 1);
  if (typeof token !== 'string') return headers;
  return { ...headers, authorization: `Bearer ${token}` };
}

function refuse(error: Error, request: FastifyRequest, reply: FastifyReply, parts: QueryParts): FastifyReply {
  const { code, message } = said(error);
  if (code === codes.unknown) parts.failed(error, request.id);
  if (code === codes.authentication) reply.header('WWW-Authenticate', 'Basic realm="history", Bearer');
  return reply
    .code(statuses.get(code) ?? 500)
    .headers({ 'x-clickhouse-exception-code': String(code), 'cache-control': 'no-store' })
    .type('text/plain; charset=UTF-8')
    .send(`${message.startsWith('Code: ') ? message : `Code: ${code}. DB::Exception: ${message}`}\n`);
}

function said(error: Error): { readonly code: number; readonly message: string } {
  if (error instanceof QueryRefused || error instanceof HistoryRefused)
    return { code: error.code, message: error.message };
  if (error instanceof HistoryAway) return { code: codes.network, message: `${error.message}. (NETWORK_ERROR)` };
  if (error instanceof AuthenticationFailed) {
    return error.code === 'unavailable'
      ? { code: codes.network, message: `${error.message} (NETWORK_ERROR)` }
      : { code: codes.authentication, message: `${error.message} (AUTHENTICATION_FAILED)` };
  }
  if (error instanceof RequestRefused) return { code: 48, message: `${error.message} (NOT_IMPLEMENTED)` };
  if ((error as { readonly statusCode?: number }).statusCode === 413) {
    return {
      code: codes.tooLarge,
      message: `The statement is larger than ${STATEMENT_BYTES_MAX} bytes. (SYNTAX_ERROR)`,
    };
  }
  return { code: codes.unknown, message: 'The gateway failed to answer. (UNKNOWN_EXCEPTION)' };
}
