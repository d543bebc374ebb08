/**
 * History: what happened, for plain SQL. Follows the market and accounts logs, candles, top of book and ledger entries.
 *
 * Without a `url` in the configuration it starts the embedded engine; where that cannot be had, it says so once and lets
 * everything pass. With a `url` it writes to that server, and nothing else differs.
 */

import type { Sink, SinkContext, SinkDefinition } from '../../pipelines/runtime/ports.ts';
import { ExitError } from '../../schemas/exit.ts';
import { recordSet } from '../../schemas/logs.ts';
import { archiveDirectory, archiveOptionsOf } from '../avro-archive/archive-options.ts';
import { HistoryConnection, type ServerAddress } from './connection.ts';
import { type Engine, EngineMissing, startEngine } from './engine/start-engine.ts';
import { openHandedFiles } from './handed-files.ts';
import { type HistoryOptions, historyOptionsOf } from './history-options.ts';
import { HistorySink } from './history-sink.ts';

export const HistoryRecord = recordSet('HistoryRecord', [
  'accepted',
  'trade',
  'cancelled',
  'amended',
  'rejected',
  'prevented_match',
  'market_state',
  'auction_indicative',
  'reference_price',
  'symbol_config',
  'tick',
  'checkpoint',
  'hold',
  'fill',
  'release',
  'order_amended',
  'balance_change',
  'repeated',
  'account_changed',
  'asset_config',
  'fee_config',
  'candle',
  'top_of_book',
  'entry',
]);

/** Options given here win over those of the configuration. */
export function clickhouseHistory(given: Partial<HistoryOptions> = {}): SinkDefinition {
  return {
    name: 'clickhouseHistory',
    input: HistoryRecord,
    copies: true,
    blockRecords: 2_048,
    open: (context) => openHistory(context, { ...historyOptionsOf(context.config), ...given }),
  };
}

async function openHistory(context: SinkContext, options: HistoryOptions): Promise<Sink> {
  if (options.url !== undefined) {
    const address: ServerAddress = { url: options.url, user: options.user, password: options.password };
    const connection = new HistoryConnection({ address: () => address, callTimeoutMs: options.callTimeoutMs });
    return new HistorySink({ context, options, connection });
  }
  let engine: Engine;
  try {
    engine = await startEngine({ dataDir: context.dataDir, database: options.database, say: context.say });
  } catch (error) {
    if (!(error instanceof EngineMissing))
      throw new ExitError(75, `history: ${(error as Error).message}`, { cause: error });
    context.say(`history is off: the embedded ClickHouse does not load here (${error.message})`);
    return noHistory(context);
  }
  const address = (): ServerAddress => {
    const { url, owner } = engine.address;
    return { url, user: owner.name, password: owner.password };
  };
  const connection = new HistoryConnection({ address, callTimeoutMs: options.callTimeoutMs });
  const archive = archiveDirectory(context.dataDir, archiveOptionsOf(context.config));
  const handed = openHandedFiles(context.dataDir);
  return new HistorySink({ context, options, connection, engine, archive, handed });
}

/** Wants nothing, keeps nothing. */
function noHistory(context: SinkContext): Sink {
  const everything = new Map<string, number>();
  for (const log of ['market', 'accounts']) {
    for (let partition = 0; partition < (context.partitions[log] ?? 0); partition++) {
      everything.set(`${log}/${partition}`, Number.MAX_SAFE_INTEGER);
    }
  }
  return {
    positions: async () => everything,
    write: async () => {},
    figures: () => ({ state: 'off' }),
    close: async () => {},
  };
}
