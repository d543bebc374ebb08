/**
 * The gateway, from its parts: REST, and whatever else faces a client, on one address. It is the same beside an embedded
 * exchange, in a process of a cluster, and under test.
 */
import { createServer } from 'node:net';
import { LocalLimiter } from '../gateway/limits/local-limiter.ts';
import { recordedRate } from '../gateway/limits/recorded-rates.ts';
import { shareBuckets } from '../gateway/limits/share-buckets.ts';
import { pipelineRoutes } from '../gateway/pipeline/pipeline-routes.ts';
import type { GatewayParts } from '../gateway/ports.ts';
import { queryRoutes } from '../gateway/query/query-routes.ts';
import { buildRestServer } from '../gateway/rest/rest-server.ts';
import type { AnyRoute } from '../gateway/rest/route.ts';
import { attachSockets, type Sockets } from '../gateway/sockets/attach-sockets.ts';
import { type ServePageOptions, servePage } from '../gateway/web/serve-page.ts';
import { ExitError } from '../schemas/exit.ts';

export interface ListenAddress {
  readonly host: string;
  /** 0: any that is free. */
  readonly port: number;
}

export interface ServedGateway {
  readonly url: string;
  /** Tells clients, lets requests that are under way end, and closes. */
  close(): Promise<void>;
}

export interface GatewayWithSockets extends ServedGateway {
  /** For `sluice status`. */
  figures(): { readonly [nameWithUnit: string]: number };
}

/**
 * `also`: routes of rooms that not every gateway has. `page`: who is told that it was built, and where its operators are listened to.
 * Throws `ExitError` 78 where it cannot listen.
 */
export async function serveGateway(
  parts: GatewayParts,
  address: ListenAddress,
  also: readonly AnyRoute[] = [],
  page: ServePageOptions = { say: () => {} },
): Promise<GatewayWithSockets> {
  const limiter =
    parts.limiter ??
    new LocalLimiter({
      clock: parts.clock,
      accountRates: (account, routeClass) => recordedRate(parts.views, account, routeClass),
    });
  const sharing =
    parts.buckets && limiter instanceof LocalLimiter
      ? shareBuckets(limiter, parts.buckets, { failed: (error) => parts.failed(error, 'sharing of buckets') })
      : undefined;
  const shared: GatewayParts = { ...parts, limiter };
  const app = await buildRestServer(shared, [...pipelineRoutes, ...also]);
  await queryRoutes(app, shared);
  await servePage(app, page);
  const sockets = attachSockets(app.server, shared);
  const close = async () => {
    await sockets.close();
    await app.close();
    await sharing?.stop();
  };
  try {
    const url = await app.listen({ host: address.host, port: address.port });
    return { url, figures: () => socketFigures(sockets), close };
  } catch (error) {
    await close();
    throw listenRefusal(error, address);
  }
}

function socketFigures(sockets: Sockets) {
  const { connections, subscriptions, queuedBytes } = sockets.figures();
  return { sockets: connections, subscriptions, socket_queue_bytes: queuedBytes };
}

/**
 * Whether the gateway will be able to listen, asked before anything else is started: a busy port is told in a second, not
 * after a day of market was played. Throws `ExitError` 78 that names the setting.
 */
export async function probeGatewayAddress({ host, port }: ListenAddress): Promise<void> {
  const probe = createServer();
  try {
    await new Promise<void>((resolve, reject) => {
      probe.once('error', reject);
      probe.listen({ host, port }, resolve);
    });
  } catch (error) {
    throw listenRefusal(error, { host, port });
  }
  await new Promise((resolve) => probe.close(resolve));
}

function listenRefusal(error: unknown, { host, port }: ListenAddress): unknown {
  const setting = {
    EADDRINUSE: `gateway.port: ${port} is in use on ${host}; set another in pipeline.config.ts, or SLUICE_GATEWAY_PORT`,
    EACCES: `gateway.port: ${port} on ${host} may not be used by this user; set one above 1023 in pipeline.config.ts, or SLUICE_GATEWAY_PORT`,
    EADDRNOTAVAIL: `gateway.host: ${host} is no address of this machine; set another in pipeline.config.ts, or SLUICE_GATEWAY_HOST`,
    ENOTFOUND: `gateway.host: ${host} is not known; set an address in pipeline.config.ts, or SLUICE_GATEWAY_HOST`,
  }[(error as { readonly code?: string }).code ?? ''];
  return setting === undefined ? error : new ExitError(78, setting, { cause: error });
}
