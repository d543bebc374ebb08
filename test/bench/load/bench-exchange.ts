/** An embedded exchange for benchmarks: the real graph on a temporary data directory, four symbols, high limits, rich accounts. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Project } from '../../../pipelines/load-project.ts';
import {
  type EmbeddedExchange,
  type ExchangeOptions,
  openExchange,
} from '../../../pipelines/runtime/embedded/exchange.ts';
import type { Graph } from '../../../pipelines/runtime/graph.ts';
import { nodeDisk } from '../../../pipelines/runtime/outside/node-disk.ts';
import { systemClock } from '../../../pipelines/runtime/outside/system-clock.ts';
import spot from '../../../pipelines/spot.ts';
import { configChanges, configurationHash, placeSymbolsOf, readConfig } from '../../../schemas/config.ts';
import type { AccountId, Amount, AssetId, Deposit, Sequence, SymbolId } from '../../../schemas/generated/records.ts';
import { MIX_ACCOUNTS } from './order-mix.ts';

export const FIRST_MIX_ACCOUNT = 1000;
const FUNDS = 400_000_000_000;

export function benchProject(
  options: { readonly snapshotEvery?: string; readonly accountPartitions?: number } = {},
): Project {
  const symbol = {
    tick: '0.01',
    lot: '0.0001',
    notional: ['0.000001', '5000000'],
    fees: 'standard',
    selfTradeAllowed: ['none', 'cancel_newest'],
  };
  const given = {
    pipeline: 'spot',
    assets: {
      USD: { decimals: 6, show: 2, paper: '0' },
      AAA: { decimals: 6, show: 4, paper: '0' },
      BBB: { decimals: 6, show: 4, paper: '0' },
      CCC: { decimals: 6, show: 4, paper: '0' },
      DDD: { decimals: 6, show: 4, paper: '0' },
    },
    symbols: { 'AAA-USD': symbol, 'BBB-USD': symbol, 'CCC-USD': symbol, 'DDD-USD': symbol },
    fees: { standard: { version: 1, maker: '10 bps', taker: '15 bps', in: 'quote' } },
    admission: { expiry: '60s', remembered: 8_000_000 },
    limits: { openOrders: 1_000_000, orders: '1000000/s', cancels: 'never shed' },
    candles: ['1s', '5s', '1m', '5m', '15m', '1h', '4h', '1d', '1w'],
    partitions: { accounts: options.accountPartitions ?? 4, symbols: { '*': 'shared' } },
    snapshots: { every: options.snapshotEvery ?? '10s', keep: 2 },
    backends: { kind: 'embedded', dataDir: './data' },
  };
  const { config, options: effective, faults } = readConfig(given as never, { file: 'bench.config.ts', text: '' }, {});
  if (!config) throw new Error(faults.map(({ says }) => says).join('\n'));
  return {
    configFile: 'bench.config.ts',
    config,
    options: effective,
    configurationHash: configurationHash(config),
    counts: { account: config.partitions.accounts, symbol: config.partitions.symbols },
    graph: spot,
    topologyUrl: new URL('../../../pipelines/spot.ts', import.meta.url).href,
  };
}

export interface BenchExchange {
  readonly exchange: EmbeddedExchange;
  readonly dataDir: string;
  /** Stops and removes everything; `keep`: the data stays for whoever replays it. */
  close(keep?: boolean): Promise<void>;
}

/** Opened, configured and funded; nothing runs yet but the journal. `sinks`: lanes to start, by id. */
export async function openBenchExchange(options: {
  readonly sinks?: readonly string[];
  readonly syncIntervalMs?: number;
  readonly snapshotEvery?: string;
  readonly accountPartitions?: number;
  readonly graph?: Graph;
  readonly hosts?: ExchangeOptions['hosts'];
}): Promise<BenchExchange> {
  const dataDir = mkdtempSync(join(tmpdir(), 'sluice-bench-'));
  const project = benchProject(options);
  const sinks = new Set(options.sinks ?? []);
  const withoutSinks = new Set(
    spot.nodes.filter(({ kind, id }) => kind === 'sink' && !sinks.has(id)).map(({ id }) => id),
  );
  const exchange = await openExchange({
    graph: options.graph ?? project.graph,
    topologyUrl: project.topologyUrl,
    dataDir,
    config: project.config,
    configurationHash: project.configurationHash,
    counts: project.counts,
    disk: nodeDisk(),
    clock: systemClock(),
    snapshots: project.config.snapshots,
    syncIntervalMs: options.syncIntervalMs,
    withoutSinks,
    ...(options.hosts ? { hosts: options.hosts } : {}),
    calming: new Set(),
    say: (line) => process.stderr.write(`${line}\n`),
    fail: (error) => {
      process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
      process.exit(70);
    },
  });
  const { records } = configChanges(project.config, []);
  exchange.placeSymbols(placeSymbolsOf(project.config, records));
  await exchange.openSources(records);
  const nowMicros = exchange.options.clock.nowMicros();
  for (const record of records) exchange.runNow('config', 'changes', { record, stampedMicros: nowMicros });
  for (let account = 0; account < MIX_ACCOUNTS; account++) {
    for (let asset = 1; asset <= 5; asset++) {
      exchange.runNow('intake', 'commands', {
        record: depositOf(FIRST_MIX_ACCOUNT + account, asset),
        stampedMicros: nowMicros,
      });
    }
  }
  await exchange.flush();
  return {
    exchange,
    dataDir,
    async close(keep = false) {
      await exchange.stop();
      if (!keep) rmSync(dataDir, { recursive: true, force: true });
    },
  };
}

function depositOf(account: number, asset: number): Deposit {
  return {
    type: 'deposit',
    symbol: 0 as SymbolId,
    seq: 0 as Sequence,
    account: account as AccountId,
    asset: asset as AssetId,
    amount: FUNDS as Amount,
    depositId: `d${asset}`,
  };
}
