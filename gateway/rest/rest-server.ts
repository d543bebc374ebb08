/** REST over Fastify: strict bodies, one error body, a development token. Built without a port, so tests may inject. */
import { STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { AccountId } from '../../schemas/generated/records.ts';
import type { GatewayParts } from '../ports.ts';
import { accountRoutes } from './account.ts';
import { type ErrorBody, type GatewayCode, type Refusal, RequestRefused, statusOf } from './errors.ts';
import { parseBody } from './json-body.ts';
import { marketDataRoutes } from './market-data.ts';
import { orderRoutes } from './orders.ts';

const BODY_BYTES_MAX = 16_384;
const CONNECTIONS_MAX = 1000;
const PATH_SHOWN_MAX = 80;

export async function buildRestServer(parts: GatewayParts): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: 10_000,
    connectionTimeout: 10_000,
    keepAliveTimeout: 5_000,
    maxRequestsPerSocket: 100_000,
    genReqId: () => parts.newId(),
    routerOptions: { maxParamLength: 100 },
    logger: false,
    // Before a route is found, and before there is a request at all: the same body there.
    frameworkErrors: (error, request, reply) => sendRefusal(refusalOf(error), request, reply as FastifyReply),
    clientErrorHandler: (error, socket) => refuseBytes(error, socket, parts.newId()),
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.removeAllContentTypeParsers();
  app.addContentTypeParser('application/json', { parseAs: 'buffer' }, (_request, body, done) => {
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
  const accountOf = (request: FastifyRequest): AccountId => {
    const match = /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(request.headers.authorization ?? '');
    const account = match ? parts.accountOf(match[1]!) : undefined;
    if (account !== undefined) return account;
    throw new RequestRefused({
      code: 'unauthenticated',
      message: 'A valid token is needed: Authorization: Bearer and the token that the start printed.',
      field: 'authorization',
    });
  };
  await marketDataRoutes(app, parts);
  await orderRoutes(app, parts, accountOf);
  await accountRoutes(app, parts, accountOf);
  return app;
}

function sendRefusal(refusal: Refusal, request: FastifyRequest, reply: FastifyReply): void {
  if (refusal.code === 'overloaded') reply.header('Retry-After', '1');
  if (refusal.code === 'unauthenticated') reply.header('WWW-Authenticate', 'Bearer');
  reply.code(statusOf(refusal.code)).send(bodyOf(refusal, request.id));
}

function bodyOf({ code, message, field, given, allowed, sequence }: Refusal, requestId: string): ErrorBody {
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

function refusalOf(error: FastifyError | RequestRefused): Refusal {
  if (error instanceof RequestRefused) return error.refusal;
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

function shortPath(url: string): string {
  return url.length > PATH_SHOWN_MAX ? `${url.slice(0, PATH_SHOWN_MAX)}…` : url;
}
