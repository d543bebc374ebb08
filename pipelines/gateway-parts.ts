/** What a gateway beside its own lane is built from, whatever stands in front of it. */
import type { GatewayParts, SampledRecord } from '../gateway/ports.ts';
import type { GatewayViews } from '../sinks/gateway-views/gateway-views.ts';
import { openCacheClient } from '../sinks/redis-cache/cache-client.ts';
import { cacheOptionsOf } from '../sinks/redis-cache/redis-cache.ts';
import { SharedTakes } from '../sinks/redis-cache/shared-takes.ts';
import { epochOf } from './exchange-epoch.ts';
import { exchangeTelemetry } from './exchange-telemetry.ts';
import { ledgerDatabase } from './gateway-database.ts';
import { gatewayHistory } from './gateway-history.ts';
import type { Project } from './load-project.ts';
import { ReadBackCommands } from './read-back-commands.ts';
import type { ExchangeStatus } from './runtime/embedded/exchange-status.ts';
import { nodeOf } from './runtime/graph.ts';
import type { HostContext, LaneHost } from './runtime/ports.ts';

export interface HostedParts {
  readonly parts: Omit<GatewayParts, 'accountOf' | 'newId' | 'failed'>;
  /** The lane tells it what it reads. */
  readonly commands: ReadBackCommands & Pick<LaneHost, 'reading' | 'delivered' | 'waiting'>;
  close(): Promise<void>;
}

export function gatewayPartsOf(context: HostContext): HostedParts {
  const { dataDir, graph, clock, ask } = context;
  const config = context.config as Project['config'];
  const commands = new ReadBackCommands(context);
  const status = () => ask('status') as Promise<ExchangeStatus>;
  const has = (sink: string) => nodeOf(graph, sink)?.kind === 'sink';
  const database = has('ledger') ? ledgerDatabase(config, dataDir) : undefined;
  const history = has('history')
    ? gatewayHistory({ dataDir, config, positions: () => positionsOf('history', status) })
    : undefined;
  const { nodes, ...cacheOptions } = cacheOptionsOf(config);
  const cache = nodes === undefined ? undefined : openCacheClient({ ...cacheOptions, nodes });
  const telemetry = exchangeTelemetry({
    status,
    // What passes here is at hand; of other logs the head is asked.
    newest: async (log) =>
      commands.newest(log) ?? ((await ask('newest', { log }).catch(() => [])) as readonly SampledRecord[]),
    stateHashes: (stage) =>
      ask('state-hashes', { stage }) as Promise<readonly { readonly partition: number; readonly hash: string }[]>,
    answerDelayMs: () => commands.delayMs(0.99),
    graph,
    clock,
  });
  return {
    parts: {
      commands,
      control: commands,
      feed: commands,
      views: context.sink as GatewayViews,
      history,
      database,
      buckets: cache && new SharedTakes(cache),
      trustedProxies: config.gateway.trustedProxies?.split(','),
      telemetry,
      clock,
      epoch: epochOf(dataDir, context.generation),
      commandExpiryMicros: config.admission.expiryMicros,
      candleIntervals: config.candles,
    },
    commands,
    async close() {
      cache?.close();
      await database?.close();
    },
  };
}

/** Next offset that a sink does not have, by `log/partition`, as its lane said last. */
async function positionsOf(sink: string, status: () => Promise<ExchangeStatus>): Promise<ReadonlyMap<string, number>> {
  const lane = (await status()).lanes.find((each) => each.sink === sink);
  return new Map(Object.entries(lane?.positions ?? {}));
}
