/** Who asks: the principal of a request, and what it may do. */
import type { FastifyRequest } from 'fastify';
import type { Micros } from '../../schemas/generated/records.ts';
import { AuthenticationFailed, mayUse, type Principal, type Scope } from '../identity/principal.ts';
import type { GatewayParts } from '../ports.ts';
import { RequestRefused } from './errors.ts';
import { rawBodyOf } from './plain-server.ts';

/** Throws `AuthenticationFailed` where nobody is known, and `forbidden` where the credential has not this scope. */
export async function callerOf(request: FastifyRequest, scope: Scope, parts: GatewayParts): Promise<Principal> {
  const principal = parts.authenticator
    ? await parts.authenticator.authenticate({
        method: request.method,
        path: request.url,
        headers: request.headers,
        rawBody: rawBodyOf(request),
        address: request.ip,
      })
    : tokenHolder(request.headers.authorization, parts);
  if (mayUse(principal, scope)) return principal;
  throw new RequestRefused({
    code: 'forbidden',
    message: `This credential may not do that: it needs the scope ${scope}.`,
    field: 'authorization',
    allowed: `a credential with the scope ${scope}`,
  });
}

/** The account of a token where there is no identity beside it: it may do what a trader does. */
function tokenHolder(authorization: string | undefined, { accountOf }: GatewayParts): Principal {
  const token = /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(authorization ?? '')?.[1];
  const account = token === undefined ? undefined : accountOf(token);
  if (account === undefined) {
    throw new AuthenticationFailed(
      'unauthenticated',
      'A valid token is needed: Authorization: Bearer and the token that the start printed.',
    );
  }
  return {
    account,
    userId: `account-${account}`,
    roles: ['trader'],
    scopes: ['read', 'trade'],
    expiresAtMicros: Number.MAX_SAFE_INTEGER as Micros,
  };
}
