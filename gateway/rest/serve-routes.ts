/** Puts declared routes on a server: who asks, what it costs, whether it fits, the answer. In this order. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Micros } from '../../schemas/generated/records.ts';
import { AuthenticationFailed, type Principal } from '../identity/principal.ts';
import type { Allowance, Asker, Limiter } from '../limits/limiter.ts';
import type { LoopPressure } from '../limits/loop-pressure.ts';
import type { GatewayParts } from '../ports.ts';
import { callerOf } from './callers.ts';
import { RequestRefused } from './errors.ts';
import { clientIdShape } from './field-shapes.ts';
import { checked, nothing } from './request-shapes.ts';
import type { AnyRoute } from './route.ts';

const TRACEPARENT = /^[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}$/;

export interface ServedParts extends GatewayParts {
  readonly limiter: Limiter;
  /** Too busy for those who only look; undefined: never. */
  readonly pressure?: Pick<LoopPressure, 'busy'>;
}

export function serveRoutes(app: FastifyInstance, parts: ServedParts, routes: readonly AnyRoute[]): void {
  for (const route of routes) {
    app.route({
      method: route.method,
      url: route.path,
      handler: (request, reply) => answer(route, request, reply, parts),
    });
  }
}

async function answer(route: AnyRoute, request: FastifyRequest, reply: FastifyReply, parts: ServedParts) {
  if (parts.pressure?.busy && route.limit.class === 'read') throw tooBusy();
  const principal = route.access === 'public' ? NOBODY : await knownCaller(route, request, parts);
  checkRole(principal, route);
  const { weight } = route.limit;
  takeAllowance(
    parts.limiter.take(
      principal === NOBODY ? { address: request.ip } : principal,
      route.limit.class,
      typeof weight === 'number' ? weight : weight(request.body),
    ),
    route,
    reply,
  );
  const params = checked(route.params ?? nothing, request.params);
  const query = checked(route.query ?? nothing, request.query);
  const idempotencyKey = keyOf(request, route);
  const given = withKey(request.body, idempotencyKey, route);
  const body = checked(route.body ?? nothing, given);
  const {
    status,
    body: payload,
    contentType,
    headers,
  } = await route.handle(
    {
      principal,
      params,
      query,
      body,
      given,
      idempotencyKey,
      traceparent: traceparentOf(request),
      requestId: request.id,
      address: request.ip,
      headers: request.headers,
    },
    parts,
  );
  reply.code(status);
  if (headers !== undefined) reply.headers(headers);
  if (contentType !== undefined) reply.type(contentType);
  return reply.send(payload);
}

/** Stands where a public route has no principal; no handler of one looks at it. */
const NOBODY: Principal = {
  account: 0 as Principal['account'],
  userId: '',
  roles: [],
  scopes: [],
  expiresAtMicros: 0 as Micros,
};

async function knownCaller(route: AnyRoute, request: FastifyRequest, parts: ServedParts): Promise<Principal> {
  try {
    return await callerOf(request, route.access as Exclude<AnyRoute['access'], 'public'>, parts);
  } catch (error) {
    // Guessing is paid by the address that guesses, whatever it guesses at.
    if (error instanceof AuthenticationFailed && error.code === 'unauthenticated') {
      const asker: Asker = { address: request.ip };
      const allowance = parts.limiter.take(asker, 'login', 1);
      if (!allowance.ok) throw limited(allowance);
    }
    throw error;
  }
}

function checkRole(principal: Principal, { roles }: AnyRoute): void {
  if (!roles || principal.roles.some((role) => roles.includes(role))) return;
  const allowed = `the role ${roles.join(' or ')}`;
  throw new RequestRefused({
    code: 'forbidden',
    message: `This takes ${allowed}.`,
    field: 'authorization',
    allowed,
  });
}

function takeAllowance(allowance: Allowance, route: AnyRoute, reply: FastifyReply): void {
  const { limit, remaining, resetMs } = allowance;
  const name = route.limit.class;
  reply.header('RateLimit-Policy', `"${name}";q=${limit}`);
  reply.header('RateLimit', `"${name}";r=${remaining};t=${Math.ceil(resetMs / 1000)}`);
  if (!allowance.ok) throw limited(allowance);
}

function tooBusy(): RequestRefused {
  const message = 'This gateway is too busy to look that up just now; orders and cancels are taken all the same.';
  return new RequestRefused({ code: 'overloaded', message });
}

export function limited({ of, retryAfterMs, limit }: Allowance): RequestRefused {
  return new RequestRefused({
    code: 'rate_limited',
    message: `The ${of} asks more than it may; cancels are taken all the same.`,
    allowed: `${limit} at once, and what Retry-After says`,
    retryAfterMs,
  });
}

function keyOf(request: FastifyRequest, route: AnyRoute): string | undefined {
  const key = request.headers['idempotency-key'];
  if (key === undefined) return undefined;
  if (route.idempotency === undefined) return undefined;
  return checked(clientIdShape, key, 'idempotency-key');
}

/** The header stands for a field of the body: both may be given where they say the same. */
function withKey(body: unknown, key: string | undefined, { idempotency }: AnyRoute): unknown {
  if (key === undefined || idempotency === undefined) return body;
  if (typeof body !== 'object' || body === null || Array.isArray(body)) return body;
  const given = (body as { readonly [field: string]: unknown })[idempotency];
  if (given === undefined) return { ...body, [idempotency]: key };
  if (given === key) return body;
  throw new RequestRefused({
    code: 'malformed',
    message: `The header Idempotency-Key and ${idempotency} are two ids; they are one.`,
    field: 'idempotency-key',
    given: key,
    allowed: `the same as ${idempotency}, or one of both`,
  });
}

function traceparentOf({ headers }: FastifyRequest): string | null {
  const given = headers.traceparent;
  return typeof given === 'string' && TRACEPARENT.test(given) ? given : null;
}
