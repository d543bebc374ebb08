/**
 * The ledger of a data directory for a verb: the servers that the configuration names, else the one that runs in the
 * directory, or one started for as long as the verb needs it.
 */
import { existsSync } from 'node:fs';
import { ExitError } from '../schemas/exit.ts';
import { embeddedAccess, type LedgerAccess } from '../sinks/postgres-ledger/access.ts';
import { Connections } from '../sinks/postgres-ledger/connections.ts';
import { startEmbeddedPostgres } from '../sinks/postgres-ledger/embedded-postgres.ts';
import { type LedgerServers, ledgerServersOf } from '../sinks/postgres-ledger/ledger-servers.ts';
import { postgresDirectory } from '../sinks/postgres-ledger/postgres-ledger.ts';
import { loadProject } from './load-project.ts';
import { lockDirectory } from './runtime/outside/directory-lock.ts';

export interface LedgerAccessOptions {
  /** Nobody else may use the data directory meanwhile: for what writes. */
  readonly alone: boolean;
  readonly say: (line: string) => void;
}

/** Run `work` with access to the ledger. Throws `ExitError` 78 where there is no ledger yet, or the directory is in use. */
export async function withLedger<T>(
  dataDir: string,
  { alone, say }: LedgerAccessOptions,
  work: (access: LedgerAccess) => Promise<T>,
): Promise<T> {
  const servers = ledgerServersOf(existsSync('pipeline.config.ts') ? (await loadProject()).config : undefined);
  if (servers) return withServers(dataDir, servers, alone, work);
  const directory = postgresDirectory(dataDir);
  if (!existsSync(directory)) throw new ExitError(78, `${dataDir} holds no ledger yet: start the exchange once`);
  if (!alone && (await answers(directory))) return work(embeddedAccess(directory));
  const lock = lockDirectory(dataDir);
  try {
    const server = await startEmbeddedPostgres({ directory, say });
    try {
      return await work(server.access);
    } finally {
      await server.stop();
    }
  } finally {
    lock.release();
  }
}

async function withServers<T>(
  dataDir: string,
  servers: LedgerServers,
  alone: boolean,
  work: (access: LedgerAccess) => Promise<T>,
): Promise<T> {
  const lock = alone ? lockDirectory(dataDir) : undefined;
  try {
    await servers.search();
    return await work(servers.access);
  } finally {
    lock?.release();
  }
}

async function answers(directory: string): Promise<boolean> {
  const access = embeddedAccess(directory);
  const connections = new Connections(() => access('reader'), 'sluice');
  try {
    await connections.withClient((client) => client.query('SELECT 1'));
    return true;
  } catch {
    return false;
  } finally {
    connections.close();
  }
}
