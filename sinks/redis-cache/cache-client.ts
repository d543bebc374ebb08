/**
 * Redis as a cache: every call has a short deadline, nothing waits in a queue for a connection, nothing is sent twice. A call
 * that fails says so at once; who asked goes on without the cache.
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis';
import type { CacheOptions } from '../../schemas/config.ts';

/** Redis is away, or did not answer in time. Whether a write took effect is not known. */
export class CacheAway extends Error {
  override readonly name = 'CacheAway';
}

const CONNECT_MS = 500;
/** Of one command. A request path that waits for the cache waits no longer than this. */
export const COMMAND_MS = 200;
const SOCKET_MS = 2_000;
const RECONNECT_MS = { least: 50, most: 1_000 };
/** Calls that may be on their way at once; one more is refused, as Redis is slower than we ask. */
const CALLS_MAX = 1_024;

export interface CacheClient {
  readonly name: string;
  readonly prefix: string;
  /** Runs commands. Rejects with {@link CacheAway} within the deadline, whatever Redis does. */
  run<T>(work: (redis: Redis | Cluster) => Promise<T>): Promise<T>;
  /** Failed calls, and connections that were lost. */
  figures(): { readonly calls: number; readonly failedCalls: number; readonly connections: number };
  close(): void;
}

interface Place {
  readonly host: string;
  readonly port: number;
}

/** One node is a server, several are the nodes of a cluster. Connects when it is first used. */
export function openCacheClient(options: CacheOptions & { readonly nodes: string }): CacheClient {
  const nodes = options.nodes.split(',').map(placeOf);
  const figures = { calls: 0, failedCalls: 0, connections: 0 };
  let closed = false;
  let inFlight = 0;
  let redis = connect();
  let first: Promise<void> | undefined;

  function connect(): Redis | Cluster {
    const made = nodes.length > 1 ? newCluster(nodes, options) : newServer(nodes[0]!, options);
    made.on('error', () => undefined); // told by the call that fails
    for (const event of ['ready', '+node']) {
      made.on(event, () => {
        figures.connections++;
      });
    }
    return made;
  }

  /** `end` is where the library gives up for good; a new client begins anew. The first call waits for the connection. */
  async function current(): Promise<Redis | Cluster> {
    if (redis.status === 'end' && !closed) {
      redis.disconnect();
      redis = connect();
    }
    if (redis.status === 'wait') first = redis.connect();
    await first;
    first = undefined;
    return redis;
  }

  return {
    name: `redis ${options.nodes}`,
    prefix: options.prefix,
    async run(work) {
      if (closed) throw new CacheAway('the cache is closed');
      if (inFlight >= CALLS_MAX) throw new CacheAway(`${CALLS_MAX} calls are on their way already`);
      figures.calls++;
      inFlight++;
      let timer: NodeJS.Timeout | undefined;
      try {
        const late = new Promise<never>((_, reject) => {
          timer = setTimeout(() => reject(new Error(`no answer in ${COMMAND_MS} ms`)), COMMAND_MS);
        });
        return await Promise.race([current().then(work), late]);
      } catch (error) {
        figures.failedCalls++;
        throw new CacheAway(`redis ${options.nodes}: ${(error as Error).message}`, { cause: error });
      } finally {
        clearTimeout(timer);
        inFlight--;
      }
    },
    figures: () => ({ ...figures }),
    close() {
      closed = true;
      redis.disconnect();
    },
  };
}

function settings({ user, password }: CacheOptions): RedisOptions {
  return {
    ...(user === undefined ? {} : { username: user }),
    ...(password === undefined ? {} : { password }),
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: true,
    autoResendUnfulfilledCommands: false,
    maxRetriesPerRequest: 1,
    connectTimeout: CONNECT_MS,
    commandTimeout: COMMAND_MS,
    socketTimeout: SOCKET_MS,
    keepAlive: 30_000,
    retryStrategy: pauseBefore,
  };
}

function newServer(place: Place, options: CacheOptions): Redis {
  return new Redis({ ...place, ...settings(options) });
}

function newCluster(nodes: readonly Place[], options: CacheOptions): Cluster {
  const { lazyConnect: _, retryStrategy: __, ...each } = settings(options);
  return new Cluster([...nodes], {
    lazyConnect: true,
    enableOfflineQueue: false,
    enableReadyCheck: true,
    maxRedirections: 4,
    retryDelayOnFailover: 50,
    retryDelayOnClusterDown: 50,
    slotsRefreshTimeout: CONNECT_MS,
    slotsRefreshInterval: 2_000,
    clusterRetryStrategy: pauseBefore,
    redisOptions: each,
  });
}

function pauseBefore(attempt: number): number {
  return Math.min(RECONNECT_MS.most, RECONNECT_MS.least * attempt);
}

function placeOf(text: string): Place {
  const at = text.lastIndexOf(':');
  return { host: text.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(text.slice(at + 1)) };
}
