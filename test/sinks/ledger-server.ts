/** A real PostgreSQL server for tests, in a temporary folder, with a fresh ledger for each test that asks for one. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import type { LedgerAccess, LedgerRole } from '../../sinks/postgres-ledger/access.ts';
import { Connections } from '../../sinks/postgres-ledger/connections.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from '../../sinks/postgres-ledger/embedded-postgres.ts';
import { type LedgerSums, QUERY_LIMITS, readSums } from '../../sinks/postgres-ledger/ledger-queries.ts';
import { PostgresLedger, serverLedger } from '../../sinks/postgres-ledger/postgres-ledger.ts';
import { dropLedger, prepareLedger } from '../../sinks/postgres-ledger/prepare-ledger.ts';
import { judgeSettlementError } from '../../sinks/postgres-ledger/settlement-errors.ts';

export interface LedgerServer {
  readonly server: EmbeddedPostgres;
  readonly access: LedgerAccess;
  readonly directory: string;
  /** Throw the ledger away and make an empty one. */
  fresh(): Promise<void>;
  /** Ask as a role. */
  as<T>(role: LedgerRole, work: (client: pg.Client) => Promise<T>): Promise<T>;
  /** A sink on this server; `say` lines are kept in `said`. */
  sink(options?: { readonly access?: LedgerAccess }): PostgresLedger & { readonly said: string[] };
  sums(): Promise<LedgerSums>;
  close(): Promise<void>;
}

export const realClock = {
  nowMicros: () => Date.now() * 1000,
  monotonicMs: () => performance.now(),
  after: (delayMs: number, callback: () => void) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};

export async function startLedgerServer(): Promise<LedgerServer> {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-ledger-'));
  const server = await startEmbeddedPostgres({ directory: join(directory, 'postgres') });
  const { access } = server;
  await prepareLedger(access, true);
  const as = async <T>(role: LedgerRole, work: (client: pg.Client) => Promise<T>): Promise<T> => {
    const connections = new Connections(() => access(role), 'sluice test', QUERY_LIMITS);
    try {
      return await connections.withClient(work);
    } finally {
      connections.close();
    }
  };
  return {
    server,
    access,
    directory,
    fresh: () =>
      patiently(async () => {
        await as('owner', dropLedger);
        await prepareLedger(access, true);
      }),
    as,
    sink(options = {}) {
      const said: string[] = [];
      const sink = new PostgresLedger(serverLedger(options.access ?? access), {
        clock: realClock,
        say: (line) => said.push(line),
      });
      return Object.assign(sink, { said });
    },
    sums: () => patiently(() => as('reader', readSums)),
    async close() {
      await server.stop();
      rmSync(directory, { recursive: true, force: true });
    },
  };
}

/** Again and again while the server is recovering from what a test did to it. */
export async function patiently<T>(work: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 30_000;
  for (;;) {
    try {
      return await work();
    } catch (error) {
      if (judgeSettlementError(error) !== 'wait' || performance.now() > deadline) throw error;
      await sleep(50);
    }
  }
}

/** `account/asset/ledger account` to amount over all partitions, zeros left out, in a fixed order. */
export function foldOf(amounts: LedgerSums['postings']): Map<string, bigint> {
  const fold = new Map<string, bigint>();
  for (const { account, asset, ledgerAccount, amount } of amounts) {
    const key = `${account}/${asset}/${ledgerAccount}`;
    fold.set(key, (fold.get(key) ?? 0n) + amount);
  }
  return ordered(fold);
}

/** The same of what traffic expects. Clearing is not in it: over all partitions it is zero. */
export function ordered(balances: ReadonlyMap<string, bigint>): Map<string, bigint> {
  return new Map([...balances].filter(([, amount]) => amount !== 0n).sort(([a], [b]) => (a < b ? -1 : 1)));
}
