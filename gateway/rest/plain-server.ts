/** Fastify with our bounds, our parser of bodies and our one error body, and no route yet. Nothing here knows what is served. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import { AuthenticationFailed } from '../identity/principal.ts';
import type { GatewayParts } from '../ports.ts';
import { type ErrorBody, type GatewayCode, type Refusal, RequestRefused, statusOf } from './errors.ts';
import { parseBody } from './json-body.ts';

const BODY_BYTES_MAX = 16_384;
const PATH_SHOWN_MAX = 80;
const NO_BYTES = new Uint8Array(0);

const rawBodies = new WeakMap<FastifyRequest, Uint8Array>();

/** The body byte for byte as it came; empty where there was none. A signature covers these. */
export function rawBodyOf(request: FastifyRequest): Uint8Array {
  return rawBodies.get(request) ?? NO_BYTES;
}

/** How long a client may take, and how many there may be at a time. */
export interface ServerBounds {
  /** From the first byte of a request to its last. */
  readonly requestMs: number;
  readonly headersMs: number;
  readonly idleMs: number;
  /** How often that is looked at. */
  readonly lookMs: number;
  readonly connections: number;
  /** Addresses or networks whose word for a client's address counts. */
  readonly trustedProxies?: readonly string[];
}
const BOUNDS: ServerBounds = { requestMs: 10_000, headersMs: 5_000, idleMs: 5_000, lookMs: 1_000, connections: 1000 };

export function plainServer(
  parts: Pick<GatewayParts, 'newId' | 'failed'>,
  given: Partial<ServerBounds> = {},
): FastifyInstance {
  const bounds = { ...BOUNDS, ...given };
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: bounds.requestMs,
    connectionTimeout: bounds.requestMs,
    keepAliveTimeout: bounds.idleMs,
    http: { headersTimeout: bounds.headersMs, connectionsCheckingInterval: bounds.lookMs },
    trustProxy: bounds.trustedProxies === undefined ? false : [...bounds.trustedProxies],
    maxRequestsPerSocket: 100_000,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    genReqId: () => parts.newId(),
    routerOptions: { maxParamLength: 100 },
    logger: false,
    // Before a route is found, and before there is a request at all: the same body there.
    frameworkErrors: (error, request, reply) => sendRefusal(refusalOf(error), request, reply as FastifyReply),
    clientErrorHandler: (error, socket) => refuseBytes(error, socket, parts.newId()),
  });
  app.server.maxConnections = bounds.connections;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (request, body, done) => {
    rawBodies.set(request, body as Buffer);
    try {
      done(null, parseBody(body as Buffer));
    } catch (error) {
      done(error as Error);
    }
  });
  app.addHook('onRequest', async (request) => {
    const encoding = request.headers['content-encoding'];
    if (encoding === undefined || encoding === 'identity') return;
    const message = 'The body must not be compressed.';
    throw new RequestRefused({
      code: 'unsupported_media_type',
      message,
      field: 'content-encoding',
      allowed: 'identity',
    });
  });
  app.addHook('onSend', async (_request, reply) => {
    reply.header('X-Content-Type-Options', 'nosniff');
    // Nothing between us and the client keeps an answer, unless whoever made it says so.
    if (!reply.hasHeader('cache-control')) reply.header('Cache-Control', 'no-store');
  });
  app.setErrorHandler((error: FastifyError, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal.code === 'internal') parts.failed(error, request.id);
    sendRefusal(refusal, request, reply);
  });
  app.setNotFoundHandler((request, reply) =>
    sendRefusal(
      { code: 'not_found', message: `There is no ${request.method} ${shortPath(request.url)}.` },
      request,
      reply,
    ),
  );
  return app;
}

function sendRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): void {
  const { code, retryAfterMs } = refusal;
  if (code === 'overloaded' || code === 'unavailable' || code === 'rate_limited') {
    reply.header('Retry-After', String(Math.max(1, Math.ceil((retryAfterMs ?? 1000) / 1000))));
  }
  if (code === 'unauthenticated' || code === 'timestamp_out_of_window') reply.header('WWW-Authenticate', 'Bearer');
  reply.code(statusOf(code)).send(bodyOf(refusal, request.id));
}

export function bodyOf({ code, message, field, given, allowed, sequence }: Refusal, requestId: string): ErrorBody {
  return {
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(given === undefined ? {} : { given }),
    ...(allowed === undefined ? {} : { allowed }),
    request_id: requestId,
    ...(sequence === undefined ? {} : { sequence }),
  };
}

/** Bytes that are no HTTP request, too many headers, or headers too slow: an answer where one can still be written. */
function refuseBytes(error: Error & { readonly code?: string }, socket: Socket, requestId: string): void {
  if (!socket.writable || error.code === 'ECONNRESET') {
    socket.destroy();
    return;
  }
  const code: GatewayCode =
    error.code === 'HPE_HEADER_OVERFLOW'
      ? 'headers_too_large'
      : error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? 'timed_out'
        : 'malformed';
  const messages = {
    headers_too_large: 'Address and headers are larger than 16 KB.',
    timed_out: 'The request came too slowly.',
    malformed: 'That is no HTTP request.',
  };
  const body = JSON.stringify(bodyOf({ code, message: messages[code] }, requestId));
  const status = statusOf(code);
  socket.end(
    `HTTP/1.1 ${status} ${STATUS_CODES[status]}\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
  );
}

/** What a client is told of an error; `internal` is a fault of ours, and tells nothing of it. */
export function refusalOf(error: Error & { readonly statusCode?: number; readonly code?: string }): Refusal {
  if (error instanceof RequestRefused) return error.refusal;
  if (error instanceof AuthenticationFailed) {
    const { code, message, field, allowed } = error;
    return { code, message, field, allowed };
  }
  switch (error.name) {
    case 'Overloaded':
      return { code: 'overloaded', message: 'The exchange takes no more commands just now; try again shortly.' };
    case 'AnswerLate':
      return { code: 'answer_late', message: ANSWER_LATE };
    case 'HistoryAway':
      return { code: 'unavailable', message: 'History does not answer just now; what is recent is served without it.' };
    case 'DatabaseAway':
      return { code: 'unavailable', message: 'The database does not answer just now; trading goes on without it.' };
  }
  switch (error.statusCode) {
    case 400:
      return error.code === 'FST_ERR_BAD_URL'
        ? { code: 'malformed', message: 'The address is not well formed.' }
        : { code: 'malformed', message: 'The request is not well formed.' };
    case 413:
      return {
        code: 'too_large',
        message: `The body is larger than ${BODY_BYTES_MAX} bytes.`,
        allowed: `${BODY_BYTES_MAX} bytes`,
      };
    case 414:
      return { code: 'address_too_long', message: 'The address is too long.' };
    case 415:
      return {
        code: 'unsupported_media_type',
        message: 'The body must be application/json.',
        allowed: 'application/json',
      };
    default:
      return {
        code: 'internal',
        message: 'The exchange failed to answer; the request may or may not have been taken.',
      };
  }
}

const ANSWER_LATE =
  'The command was taken and its end was not read in time; ask again with the same client order id for what became of it.';

function shortPath(url: string): string {
  return url.length > PATH_SHOWN_MAX ? `${url.slice(0, PATH_SHOWN_MAX)}…` : url;
}
