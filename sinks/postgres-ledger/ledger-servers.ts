/**
 * PostgreSQL servers that are already there: a primary, and standbys that may become one. Who is primary is asked of the
 * servers themselves, never remembered beyond a failure: the one that takes writes and has gone through most promotions.
 */
import { createHmac } from 'node:crypto';
import { type LedgerOptions, ledgerOptions } from '../../schemas/config.ts';
import { ExitError } from '../../schemas/exit.ts';
import { type ConnectionSettings, type LedgerAccess, type LedgerRole, roleNames } from './access.ts';
import { CONNECTION_LIMITS, Connections } from './connections.ts';

export interface LedgerServers {
  readonly name: string;
  /** To the primary that was found last. */
  readonly access: LedgerAccess;
  /**
   * Finds the primary, and waits until it has what it committed confirmed as its settings demand: what is read from it
   * afterwards is not lost by a failover. Throws what `judgeSettlementError` waits for where none answers, and
   * `ExitError` 78 where it refuses us.
   */
  search(): Promise<void>;
  /** Searches again when the primary does not answer, at intervals. Answers how to end it. */
  keepWatch(everyMs: number): () => void;
}

interface Host {
  readonly host: string;
  readonly port: number;
}

interface Found {
  readonly at: Host;
  /** Undefined: a standby. */
  readonly timeline: string | undefined;
  readonly standbyNames: string;
}

/** A search is to be over before the next one is due; a server that is paused must not hold it up. */
const SEARCH_LIMITS = { ...CONNECTION_LIMITS, connectMs: 1_000, statementMs: 2_000 };

/** Undefined where the configuration names no host. Throws `ExitError` 78 where it names one and no password. */
export function ledgerServersOf(config: unknown): LedgerServers | undefined {
  const backends = (config as { readonly backends?: { readonly ledger?: unknown } } | null | undefined)?.backends;
  const options = ledgerOptions.parse(backends?.ledger ?? {});
  return options.hosts === undefined ? undefined : ledgerServers({ ...options, hosts: options.hosts });
}

export function ledgerServers(options: LedgerOptions & { readonly hosts: string }): LedgerServers {
  if (options.password === '') throw new ExitError(78, 'backends.ledger.password: hosts are given and no password');
  const hosts = options.hosts.split(',').map(hostOf);
  const name = `postgres ${options.hosts}`;
  let primary = hosts[0]!;
  let searching: Promise<void> | undefined;

  const settingsAt = (at: Host, role: LedgerRole): ConnectionSettings => ({
    ...at,
    database: options.database,
    user: role === 'owner' ? options.user : roleNames[role],
    password: role === 'owner' ? options.password : passwordOf(options.password, role),
    ...(options.tls === 'verify' ? { ssl: { servername: at.host } } : {}),
  });

  const search = async (): Promise<void> => {
    const answers = await Promise.allSettled(hosts.map((at) => ask(at, settingsAt(at, 'owner'))));
    const found = answers.flatMap((answer) => (answer.status === 'fulfilled' ? [answer.value] : []));
    const primaries = found.filter(({ timeline }) => timeline !== undefined);
    primaries.sort((a, b) => (a.timeline! < b.timeline! ? 1 : -1));
    const newest = primaries[0];
    if (newest === undefined) throw noPrimary(name, found, answers);
    if (options.synchronousStandby === 'required' && newest.standbyNames === '') {
      throw waited(`${name}: ${text(newest.at)} waits for no standby (synchronous_standby_names is empty)`);
    }
    await confirm(settingsAt(newest.at, 'owner'));
    primary = newest.at;
  };

  return {
    name,
    access: (role) => settingsAt(primary, role),
    search() {
      searching ??= search().finally(() => {
        searching = undefined;
      });
      return searching;
    },
    keepWatch(everyMs) {
      const timer = setInterval(() => {
        ask(primary, settingsAt(primary, 'owner'))
          .then(({ timeline }) => (timeline === undefined ? this.search() : undefined))
          .catch(() => this.search().catch(() => undefined));
      }, everyMs);
      timer.unref();
      return () => clearInterval(timer);
    },
  };
}

async function ask(at: Host, settings: ConnectionSettings): Promise<Found> {
  return once(settings, async (connections) => {
    const { rows } = await connections.withClient((client) =>
      client.query<{ timeline: string | null; names: string }>(
        // The first eight digits of a log file's name are its timeline, one more with every promotion.
        `SELECT CASE WHEN pg_is_in_recovery() THEN NULL ELSE left(pg_walfile_name(pg_current_wal_lsn()), 8) END AS timeline,
                current_setting('synchronous_standby_names') AS names`,
      ),
    );
    return { at, timeline: rows[0]!.timeline ?? undefined, standbyNames: rows[0]!.names };
  });
}

/**
 * Writes to the log of the database and waits for its commit: where a standby must confirm commits, it has then confirmed
 * everything before, also what a crash left committed here alone.
 */
async function confirm(settings: ConnectionSettings): Promise<void> {
  await once(settings, (connections) =>
    connections.withClient((client) => client.query(`SELECT pg_logical_emit_message(true, 'sluice', 'confirmed')`)),
  );
}

async function once<T>(settings: ConnectionSettings, work: (connections: Connections) => Promise<T>): Promise<T> {
  const connections = new Connections(() => settings, 'sluice search', SEARCH_LIMITS);
  try {
    return await work(connections);
  } finally {
    connections.close();
  }
}

function noPrimary(name: string, found: readonly Found[], answers: readonly PromiseSettledResult<Found>[]): Error {
  const failures = answers.flatMap((answer) => (answer.status === 'rejected' ? [answer.reason as Error] : []));
  const refused = failures.find((error) => /^(?:28|3D)/.test((error as { readonly code?: string }).code ?? ''));
  if (refused) return refused;
  const said = [...found.map(({ at }) => `${text(at)} is a standby`), ...failures.map(({ message }) => message)];
  return waited(`${name}: no primary: ${said.join('; ')}`);
}

/** An error that settlement waits for. */
function waited(message: string): Error {
  return Object.assign(new Error(message), { code: 'ECONNREFUSED' });
}

/** Roles that no person logs in as need no password that a person keeps. */
function passwordOf(ownerPassword: string, role: LedgerRole): string {
  return createHmac('sha256', ownerPassword).update(`sluice ledger role ${role}`).digest('base64url');
}

function hostOf(place: string): Host {
  const at = place.lastIndexOf(':');
  return { host: place.slice(0, at).replace(/^\[|\]$/g, ''), port: Number(place.slice(at + 1)) };
}

function text({ host, port }: Host): string {
  return `${host}:${port}`;
}
