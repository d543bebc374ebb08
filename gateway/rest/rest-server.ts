/** REST over Fastify: strict bodies, one error body, a development token. Built without a port, so tests may inject. */
import fastify, { type FastifyError, type FastifyInstance, type FastifyReply, type FastifyRequest } from 'fastify';
import type { AccountId } from '../../schemas/generated/records.ts';
import type { GatewayParts } from '../ports.ts';
import { accountRoutes } from './account.ts';
import { type ErrorBody, type GatewayCode, type Refusal, RequestRefused, statusOf } from './errors.ts';
import { marketDataRoutes } from './market-data.ts';
import { orderRoutes } from './orders.ts';

const BODY_BYTES_MAX = 16_384;
const DEPTH_MAX = 8;
const CONNECTIONS_MAX = 1000;

export async function buildRestServer(parts: GatewayParts): Promise<FastifyInstance> {
  const app = fastify({
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: 10_000,
    connectionTimeout: 10_000,
    keepAliveTimeout: 5_000,
    maxRequestsPerSocket: 100_000,
    onProtoPoisoning: 'error',
    onConstructorPoisoning: 'error',
    genReqId: () => parts.newId(),
    routerOptions: { maxParamLength: 100 },
    logger: false,
  });
  app.server.maxConnections = CONNECTIONS_MAX;
  app.removeContentTypeParser('text/plain');
  const parseJson = app.getDefaultJsonParser('error', 'error');
  app.removeContentTypeParser('application/json');
  app.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    // A deep body would overflow the stack of whoever walks it; nothing here is deeper than two.
    if (depthOf(body as string) > DEPTH_MAX) {
      const allowed = `at most ${DEPTH_MAX} levels`;
      done(
        new RequestRefused({
          code: 'malformed',
          message: `The body is nested too deep: ${allowed} are allowed.`,
          allowed,
        }),
      );
      return;
    }
    parseJson(request, body as string, done);
  });
  app.setErrorHandler((error: FastifyError, request, reply) => sendRefusal(refusalOf(error), request, reply));
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
  const { code, message, field, given, allowed, sequence } = refusal;
  const body: ErrorBody = {
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(given === undefined ? {} : { given }),
    ...(allowed === undefined ? {} : { allowed }),
    request_id: request.id,
    ...(sequence === undefined ? {} : { sequence }),
  };
  if (code === 'overloaded') reply.header('Retry-After', '1');
  reply.code(statusOf(code)).send(body);
}

function refusalOf(error: FastifyError | RequestRefused): Refusal {
  if (error instanceof RequestRefused) return error.refusal;
  const byStatus: { readonly [status: number]: GatewayCode } = {
    400: 'malformed',
    413: 'too_large',
    414: 'malformed',
    415: 'unsupported_media_type',
  };
  const code = byStatus[error.statusCode ?? 500];
  if (code === 'too_large') {
    return { code, message: `The body is larger than ${BODY_BYTES_MAX} bytes.`, allowed: `${BODY_BYTES_MAX} bytes` };
  }
  if (code === 'unsupported_media_type')
    return { code, message: 'The body must be application/json.', allowed: 'application/json' };
  if (code) return { code, message: 'The body is not valid JSON.' };
  return { code: 'internal', message: 'The exchange failed to answer; the request may or may not have been taken.' };
}

/** Deepest nesting of brackets outside of strings. */
function depthOf(text: string): number {
  let depth = 0;
  let deepest = 0;
  let inString = false;
  for (let index = 0; index < text.length; index++) {
    const char = text[index];
    if (inString) {
      if (char === '\\') index++;
      else if (char === '"') inString = false;
    } else if (char === '"') inString = true;
    else if (char === '{' || char === '[') deepest = Math.max(deepest, ++depth);
    else if (char === '}' || char === ']') depth--;
  }
  return deepest;
}

function shortPath(url: string): string {
  return url.length > 80 ? `${url.slice(0, 80)}…` : url;
}
