/**
 * Identity as it runs: the real PostgreSQL behind it, the real head for the records it writes. Several gateways may stand
 * on the same two.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { Identity } from '../../../gateway/identity/identity.ts';
import type { IdentityDatabase } from '../../../gateway/identity/identity-store.ts';
import type { GatewayParts } from '../../../gateway/ports.ts';
import type { ConnectionSettings } from '../../../sinks/postgres-ledger/access.ts';
import { type LedgerServer, startLedgerServer } from '../../sinks/ledger-server.ts';
import { type RunningGateway, runGateway } from '../running-gateway.ts';

/** scrypt's N where a test needs many passwords and not their strength. */
export const CHEAP = 2 ** 10;

export interface IdentityServer {
  readonly ledger: LedgerServer;
  readonly running: RunningGateway;
  readonly parts: Omit<GatewayParts, 'accountOf'>;
  readonly said: string[];
  readonly database: IdentityDatabase;
  /** What seals the secrets of the first gateway's keys. */
  readonly keyFile: string;
  /** Another gateway on the same log and database; `directory` names whose keys it has. */
  gateway(options?: GatewayOptions): Identity;
  /** Every table of identity and operators, as text. */
  dump(): Promise<string>;
  /** As the owner of the database. */
  sql<Row extends object>(text: string, values?: unknown[]): Promise<Row[]>;
  /** The database goes away under all gateways, and comes back. */
  away(): Promise<void>;
  back(): Promise<void>;
  close(): Promise<void>;
}

export interface GatewayOptions {
  readonly directory?: string;
  readonly database?: IdentityDatabase | undefined;
  readonly revokedBefore?: Iterable<string>;
  readonly passwordCost?: number;
}

export async function startIdentityServer(): Promise<IdentityServer> {
  const ledger = await startLedgerServer();
  const running = await runGateway();
  const directories = mkdtempSync(join(tmpdir(), 'sluice-identity-'));
  const said: string[] = [];
  const gateways: Identity[] = [];
  const pools: pg.Pool[] = [];
  let isAway = false;
  const poolOf = (settings: ConnectionSettings): pg.Pool => {
    const pool = new pg.Pool({ ...settings, ssl: false, max: 4, connectionTimeoutMillis: 2_000, query_timeout: 5_000 });
    pool.on('error', () => {});
    pools.push(pool);
    return pool;
  };
  const identityPool = poolOf(ledger.access('identity'));
  const owner = poolOf(ledger.access('owner'));
  // A port that nobody listens on: what a client sees of a server that is gone.
  const nobody = poolOf({ ...ledger.access('identity'), port: 1 });
  const database: IdentityDatabase = {
    query: (text, values) => (isAway ? nobody : identityPool).query(text, values),
  };
  const { accountOf: _, ...rest } = running.parts;
  const parts = { ...rest, database: { as: () => database } };
  return {
    ledger,
    running,
    parts,
    database,
    said,
    keyFile: join(directories, 'one', 'identity', 'sealing-key'),
    gateway(options = {}) {
      const identity = new Identity({
        ...parts,
        database: 'database' in options ? options.database : database,
        accountOf: running.parts.accountOf,
        dataDir: join(directories, options.directory ?? 'one'),
        revokedBefore: options.revokedBefore ?? [],
        passwordCost: options.passwordCost ?? CHEAP,
        say: (line) => said.push(line),
      });
      gateways.push(identity);
      return identity;
    },
    async dump() {
      const tables = ['users', 'sessions', 'spent_refresh_tokens', 'api_keys', 'sealing'];
      const rows = await Promise.all(tables.map((table) => owner.query(`SELECT t::text FROM identity.${table} AS t`)));
      return rows.flatMap((result) => result.rows.map(({ t }) => String(t))).join('\n');
    },
    sql: async <Row extends object>(text: string, values: unknown[] = []) =>
      (await owner.query<Row & pg.QueryResultRow>(text, values)).rows,
    async away() {
      isAway = true;
    },
    async back() {
      isAway = false;
    },
    async close() {
      for (const identity of gateways) identity.close();
      await Promise.all(pools.map((pool) => pool.end()));
      await running.stop();
      await ledger.close();
      rmSync(directories, { recursive: true, force: true });
    },
  };
}
