/** PostgreSQL for a gateway: a few connections a role, with deadlines, to wherever the server answers now. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import pg from 'pg';
import type { Database, DatabasePort, DatabaseRole } from '../gateway/ports.ts';
import { type ConnectionSettings, embeddedAccess, type LedgerAccess } from '../sinks/postgres-ledger/access.ts';
import { ledgerServersOf } from '../sinks/postgres-ledger/ledger-servers.ts';
import { postgresDirectory } from '../sinks/postgres-ledger/postgres-ledger.ts';

const CONNECTIONS_MAX = 4;
const CONNECT_MS = 2_000;
const STATEMENT_MS = 4_000;
/** The server ends a statement first; this is for a server that does not answer at all. */
const ANSWER_MS = 5_000;
const IDLE_MS = 10_000;
const WATCH_MS = 1_000;

export interface GatewayDatabase extends DatabasePort {
  close(): Promise<void>;
}

/** The embedded server of a data directory, whether or not it runs by now. */
export function embeddedDatabase(dataDir: string): GatewayDatabase {
  const directory = postgresDirectory(dataDir);
  let access: LedgerAccess | undefined;
  return gatewayDatabase((role) => {
    // The ledger makes the passwords when it makes the server; who asks before that must not make others.
    if (!existsSync(join(directory, 'passwords.json'))) {
      throw Object.assign(new Error(`there is no PostgreSQL in ${directory} yet`), { code: 'ECONNREFUSED' });
    }
    access ??= embeddedAccess(directory);
    return access(role);
  });
}

/** The servers that the configuration names, followed from primary to primary, else the embedded one. */
export function ledgerDatabase(config: unknown, dataDir: string): GatewayDatabase {
  const servers = ledgerServersOf(config);
  if (!servers) return embeddedDatabase(dataDir);
  servers.search().catch(() => {}); // who asks before it was found is told that the database is away
  const endWatch = servers.keepWatch(WATCH_MS);
  const database = gatewayDatabase(servers.access);
  return {
    as: (role) => database.as(role),
    async close() {
      endWatch();
      await database.close();
    },
  };
}

export function gatewayDatabase(settingsOf: (role: DatabaseRole) => ConnectionSettings): GatewayDatabase {
  const pools = new Map<DatabaseRole, MovingPool>();
  return {
    as(role) {
      let pool = pools.get(role);
      if (!pool) {
        pool = new MovingPool(() => settingsOf(role));
        pools.set(role, pool);
      }
      return pool;
    },
    async close() {
      await Promise.all([...pools.values()].map((pool) => pool.close()));
    },
  };
}

/** A pool that follows its server to another address. */
class MovingPool implements Database {
  readonly #settings: () => ConnectionSettings;
  #pool: { readonly at: string; readonly pool: pg.Pool } | undefined;
  #closed = false;

  constructor(settings: () => ConnectionSettings) {
    this.#settings = settings;
  }

  async query<Row extends object>(text: string, values: unknown[]) {
    const { rows, rowCount } = await this.#current().query<Row>(text, values);
    return { rows, rowCount };
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#pool?.pool.end().catch(() => {});
  }

  #current(): pg.Pool {
    if (this.#closed) throw new Error('the gateway is closing');
    const settings = this.#settings();
    const at = `${settings.host}:${settings.port}`;
    if (this.#pool?.at === at) return this.#pool.pool;
    void this.#pool?.pool.end().catch(() => {});
    const { ssl, ...place } = settings;
    const pool = new pg.Pool({
      ...place,
      ssl: ssl ? { rejectUnauthorized: true, ...ssl } : false,
      application_name: 'sluice-gateway',
      max: CONNECTIONS_MAX,
      idleTimeoutMillis: IDLE_MS,
      connectionTimeoutMillis: CONNECT_MS,
      statement_timeout: STATEMENT_MS,
      query_timeout: ANSWER_MS,
      allowExitOnIdle: true,
    });
    // A backend that dies while nobody uses its connection tells of it here; the pool takes another one.
    pool.on('error', () => {});
    this.#pool = { at, pool };
    return pool;
  }
}
