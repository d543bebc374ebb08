/** A history sink on a running engine, and what a test asks of it. */

import type { z } from 'zod';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import type { Sink, SinkBlock, SinkContext } from '../../pipelines/runtime/ports.ts';
import { historyOptions } from '../../schemas/config.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { HistoryConnection } from '../../sinks/clickhouse-history/connection.ts';
import type { Engine } from '../../sinks/clickhouse-history/engine/start-engine.ts';
import { HistorySink } from '../../sinks/clickhouse-history/history-sink.ts';

export interface HistoryRun extends Sink {
  /** What it told the operator. */
  readonly said: readonly string[];
}

export function historyContext(said: string[] = [], dataDir = '/nowhere'): SinkContext {
  return {
    id: 'history',
    dataDir,
    config: {},
    clock: systemClock(),
    partitions: { market: 2, accounts: 2 },
    generation: 1,
    say: (line) => said.push(line),
  };
}

/** Writes to the engine as to any server: by its address. `url` stands between where a test wants faults. */
export function openHistory(
  engine: Engine,
  given: z.input<typeof historyOptions> = {},
  config: unknown = {},
): HistoryRun {
  const said: string[] = [];
  const options = historyOptions.parse({ lingerMs: 5, callTimeoutMs: 5_000, ...given });
  const connection = new HistoryConnection({
    address: () => ({
      url: given.url ?? engine.address.url,
      user: engine.address.owner.name,
      password: engine.address.owner.password,
    }),
    callTimeoutMs: options.callTimeoutMs,
  });
  const sink = new HistorySink({ context: { ...historyContext(said), config }, options, connection });
  return Object.assign(sink, { said });
}

/** As a lane does: without waiting for each. */
export async function writeAll(sink: Sink, blocks: readonly SinkBlock[]): Promise<void> {
  await Promise.all(blocks.map((block) => sink.write(block)));
}

/** Rows that the records of these blocks are worth, by table. */
export function rowsWanted(blocks: readonly SinkBlock[]): { [table: string]: number } {
  const counts: { [table: string]: number } = {};
  const count = (table: string | undefined) => {
    if (table !== undefined) counts[table] = (counts[table] ?? 0) + 1;
  };
  for (const block of blocks) {
    for (const record of block.records) count(tableOf(block.log, record));
    for (const { records } of Object.values(block.outputs))
      for (const record of records) count(tableOf(block.log, record));
  }
  return counts;
}

function tableOf(log: string, record: AnyRecord): string | undefined {
  switch (record.type) {
    case 'trade':
      return 'trades';
    case 'rejected':
      return log === 'market' ? 'order_events' : 'rejects';
    case 'accepted':
    case 'cancelled':
    case 'amended':
      return 'order_events';
    case 'prevented_match':
      return 'prevented_matches';
    case 'market_state':
    case 'auction_indicative':
    case 'reference_price':
      return 'market_states';
    case 'symbol_config':
      return log === 'market' ? 'symbols' : undefined;
    case 'asset_config':
      return 'assets';
    case 'fee_config':
      return 'fees';
    case 'fill':
      return 'fills';
    case 'candle':
      return 'candles';
    case 'top_of_book':
      return 'top_of_book';
    case 'entry':
      return 'entries';
    case 'tick':
    case 'checkpoint':
      return undefined;
    default:
      return 'account_events';
  }
}
