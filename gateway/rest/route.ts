/**
 * A route as data: what it takes, what it answers, who may ask and what it costs. One declaration is served, checked,
 * limited, documented and tested.
 */
import type { z } from 'zod';
import type { RejectReason } from '../../schemas/generated/records.ts';
import type { Principal, Role, Scope } from '../identity/principal.ts';
import type { RouteClass } from '../limits/limiter.ts';
import type { GatewayParts } from '../ports.ts';
import type { GatewayCode } from './errors.ts';

export type Method = 'GET' | 'POST' | 'PATCH' | 'DELETE';

/** What a handler is given: everything in it is checked already. */
export interface Asked<P, Q, B> {
  readonly principal: Principal;
  readonly params: P;
  readonly query: Q;
  readonly body: B;
  /** The body as the client wrote it, for answers that show it again. */
  readonly given: unknown;
  /** The `Idempotency-Key` header, checked. */
  readonly idempotencyKey: string | undefined;
  /** W3C trace context of the request, or null. */
  readonly traceparent: string | null;
  readonly requestId: string;
  /** Of the peer, after trusted proxies. */
  readonly address: string;
  /** By names in lower case. */
  readonly headers: { readonly [name: string]: string | readonly string[] | undefined };
}

export interface RouteAnswer {
  readonly status: number;
  readonly body: unknown;
  /** Sent as it is, with this content type; JSON otherwise. */
  readonly contentType?: string;
  readonly headers?: { readonly [name: string]: string };
}

export interface AnswerShape {
  readonly says: string;
  /** Undefined: no JSON. */
  readonly body: z.ZodType | undefined;
  readonly contentType?: string;
}

/**
 * A request that can be sent as it stands, to an exchange as `npm start` makes it. `{name}` in it is what an earlier
 * example of the page kept under that name.
 */
export interface Example {
  readonly says: string;
  readonly params?: { readonly [name: string]: string };
  readonly query?: { readonly [name: string]: string };
  readonly headers?: { readonly [name: string]: string };
  readonly body?: unknown;
  readonly status: number;
}

export interface Route<P = unknown, Q = unknown, B = unknown> {
  /** Its name in the description of the interface: one word, unique. */
  readonly id: string;
  readonly method: Method;
  /** As Fastify writes it: `/v1/orders/:order`. */
  readonly path: string;
  readonly subject: string;
  /** One line. */
  readonly summary: string;
  readonly says?: string;
  /** `public`: nobody is asked who they are. Else the scope that the credential needs. */
  readonly access: 'public' | Scope;
  /** Given: the person behind the credential has one of these. */
  readonly roles?: readonly Role[];
  readonly limit: { readonly class: RouteClass; readonly weight: number | ((body: unknown) => number) };
  readonly params?: z.ZodType<P>;
  readonly query?: z.ZodType<Q>;
  readonly body?: z.ZodType<B>;
  /** The header `Idempotency-Key` stands for this field of the body. */
  readonly idempotency?: string;
  readonly answers: { readonly [status: number]: AnswerShape };
  /** Codes it may be refused with, beside those that every route has. */
  readonly refusals: readonly (GatewayCode | RejectReason)[];
  readonly examples: readonly Example[];
  readonly handle: (asked: Asked<P, Q, B>, parts: GatewayParts) => RouteAnswer | Promise<RouteAnswer>;
}

/** Routes of many shapes in one list: what a handler takes is what its own shapes gave. */
// biome-ignore lint/suspicious/noExplicitAny: a list of routes has no one shape.
export type AnyRoute = Route<any, any, any>;

/** Declares a route; types of the handler's input come from its shapes. */
export function route<P = Nothing, Q = Nothing, B = Nothing>(declared: Route<P, Q, B>): Route<P, Q, B> {
  return declared;
}
export type Nothing = { readonly [name: string]: never };

export function ok(body: unknown): RouteAnswer {
  return { status: 200, body };
}
