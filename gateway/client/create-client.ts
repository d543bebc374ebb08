import { identityOf } from './credentials.ts';
import { ExchangeConnection } from './exchange-connection.ts';
import { type ClientOutside, realOutside } from './outside.ts';
import { restClient } from './rest-client.ts';
import type { Client, ClientOptions } from './types.ts';

export type * from './errors.ts';
export type { ClientOutside } from './outside.ts';
export type * from './rest-api.ts';
export type * from './types.ts';

const TIMEOUT_MS = 10_000;

/** A client of one gateway, for Node and browsers. Opens nothing by itself. `outside`: what a test plays. */
export function createClient(options: ClientOptions, outside: ClientOutside = realOutside): Client {
  const { timeoutMs = TIMEOUT_MS } = options;
  const url = options.url.replace(/\/+$/, '');
  const identity = identityOf({ ...options, url }, outside);
  const rest = restClient(url, identity, outside, timeoutMs);
  let socket: ExchangeConnection | undefined;
  return {
    rest,
    socket: () => {
      socket ??= new ExchangeConnection(url, identity, outside, timeoutMs);
      return socket;
    },
    close() {
      socket?.close();
      identity.close();
    },
  };
}
