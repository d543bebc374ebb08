/**
 * PostgreSQL with the programs of the package that the embedded ledger uses; with a synchronous standby where wanted: a copy
 * made by the primary's own backup calls, which streams through a slot, and without whose word nothing is committed.
 */
import { appendFileSync, chownSync, cpSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { clusterFolder, passwordsOf, roleNames } from '../../../sinks/postgres-ledger/access.ts';
import { initialiseCluster } from '../../../sinks/postgres-ledger/initialise-cluster.ts';
import {
  runnableBinaries,
  type ServerBinaries,
  serverBinaries,
} from '../../../sinks/postgres-ledger/server-binaries.ts';
import { serverEnvironment } from '../../../sinks/postgres-ledger/server-environment.ts';
import { serverSettings } from '../../../sinks/postgres-ledger/server-settings.ts';
import { type ServerUser, serverUser } from '../../../sinks/postgres-ledger/server-user.ts';
import type { Addresses, PostgresAddress } from '../addresses.ts';
import type { Instance } from '../instance.ts';
import type { Wish } from '../wishes.ts';

const DATABASE = 'sluice';
const STANDBY = 'standby';
const READY_MS = 30_000;

export async function startPostgres(wish: Wish, instance: Instance): Promise<Addresses> {
  const name = 'postgres';
  const folder = instance.folderOf(name);
  const data = clusterFolder(folder);
  const user = serverUser(data);
  const binaries = runnableBinaries(await serverBinaries(), user, instance.say);
  const { owner } = passwordsOf(folder);
  await initialiseCluster(folder, binaries, user, passwordsOf(folder));
  appendFileSync(join(data, 'pg_hba.conf'), 'host replication all 127.0.0.1/32 scram-sha-256\n');
  const port = await instance.port();
  await launch(instance, { name, folder, data, port, binaries, user });
  const primary: PostgresAddress = {
    host: '127.0.0.1',
    port,
    database: DATABASE,
    user: roleNames.owner,
    password: owner,
  };
  await untilReady(primary);
  await asOwner(primary, 'postgres', (client) => client.query(`CREATE DATABASE ${DATABASE}`));
  if (!wish.standby) return { postgres: primary };
  const standby = await addStandby(instance, primary, 'postgres-standby');
  return { postgres: { ...primary, standby } };
}

/**
 * Makes a standby of a primary that runs here, and has the primary wait for it. Resolves when both say that they are in step.
 * Also for an old primary that comes back after a failover: `name` may be a stopped server, whose data are thrown away.
 */
export async function addStandby(
  instance: Instance,
  primary: PostgresAddress,
  name: string,
): Promise<{ readonly host: string; readonly port: number }> {
  const folder = instance.folderOf(name);
  const data = clusterFolder(folder);
  const user = serverUser(data);
  const binaries = runnableBinaries(await serverBinaries(), user, instance.say);
  rmSync(data, { recursive: true, force: true });
  await copyData(primary, data, user);
  const known = instance.portOf(name, 'postgres');
  const port = known ?? (await instance.port());
  if (known === undefined) await launch(instance, { name, folder, data, port, binaries, user });
  else await instance.start(name);
  await untilReady({ ...primary, port });
  await asOwner(primary, DATABASE, async (client) => {
    await client.query(`ALTER SYSTEM SET synchronous_standby_names = 'FIRST 1 (${STANDBY})'`);
    await client.query('SELECT pg_reload_conf()');
    await until(async () => {
      const { rows } = await client.query<{ sync_state: string }>(
        `SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming'`,
      );
      return rows.some(({ sync_state }) => sync_state === 'sync');
    }, 'the standby does not stream');
  });
  return { host: primary.host, port };
}

interface Place {
  readonly name: string;
  readonly folder: string;
  readonly data: string;
  readonly port: number;
  readonly binaries: ServerBinaries;
  readonly user: ServerUser;
}

function launch(instance: Instance, { name, folder, data, port, binaries, user }: Place): Promise<void> {
  const settings = { ...serverSettings(port), shared_buffers: '64MB', cluster_name: name, hot_standby: 'on' };
  const flags = Object.entries(settings).flatMap(([setting, value]) => ['-c', `${setting}=${value}`]);
  const direct = user.prefix.length === 0 && user.uid !== undefined;
  return instance.launch({
    name,
    command: binaries.postgres,
    args: ['-D', data, ...flags],
    prefix: user.prefix,
    ...(direct ? { uid: user.uid!, gid: user.gid! } : {}),
    environment: Object.fromEntries(Object.entries(serverEnvironment()).map(([key, value]) => [key, value ?? ''])),
    cleanEnvironment: true,
    cwd: folder,
    log: instance.logOf(name),
    ports: { postgres: port },
    probe: { speaks: 'postgres', port },
    readyMs: READY_MS,
    stopSignal: 'SIGINT',
  });
}

/** A backup by SQL: the files as they are between start and stop, and the label that makes them one state. */
async function copyData(primary: PostgresAddress, target: string, user: ServerUser): Promise<void> {
  await asOwner(primary, DATABASE, async (client) => {
    const { rows } = await client.query<{ data: string }>(`SELECT current_setting('data_directory') AS data`);
    const { rows: slots } = await client.query('SELECT FROM pg_replication_slots WHERE slot_name = $1', [STANDBY]);
    // From now on the primary keeps what the copy will ask for.
    if (slots.length === 0) await client.query('SELECT pg_create_physical_replication_slot($1, true)', [STANDBY]);
    await client.query('SELECT pg_backup_start($1, true)', ['standby']);
    const left: ReadonlySet<string> = new Set(['postmaster.pid', 'postmaster.opts', 'standby.signal']);
    const emptied: ReadonlySet<string> = new Set(['pg_wal', 'pg_replslot', 'pg_stat_tmp', 'pg_subtrans', 'pg_notify']);
    const source = rows[0]!.data;
    cpSync(source, target, {
      recursive: true,
      filter: (path) => {
        const [top, ...below] = path.slice(source.length + 1).split('/');
        return !left.has(top!) && !(emptied.has(top!) && below.length > 0);
      },
    });
    const { rows: ends } = await client.query<{ labelfile: string }>('SELECT labelfile FROM pg_backup_stop(false)');
    writeFileSync(join(target, 'backup_label'), ends[0]!.labelfile);
    writeFileSync(join(target, 'standby.signal'), '');
    const { host, port, user: name, password } = primary;
    const info = `host=${host} port=${port} user=${name} password=${password} application_name=${STANDBY}`;
    const own = `primary_conninfo = '${info}'\nprimary_slot_name = '${STANDBY}'\nsynchronous_standby_names = ''\n`;
    writeFileSync(join(target, 'postgresql.auto.conf'), own);
  });
  if (user.uid === undefined || user.gid === undefined) return;
  chownSync(target, user.uid, user.gid);
  for (const path of readdirSync(target, { recursive: true, encoding: 'utf8' })) {
    chownSync(join(target, path), user.uid, user.gid);
  }
}

/** Makes the standby of a primary that is gone the primary. */
export async function promoteStandby(standby: PostgresAddress): Promise<void> {
  await asOwner(standby, 'postgres', (client) => client.query('SELECT pg_promote(true, 30)'));
}

function untilReady(address: PostgresAddress): Promise<void> {
  return until(
    () =>
      asOwner(address, 'postgres', (client) => client.query('SELECT')).then(
        () => true,
        () => false,
      ),
    `PostgreSQL on port ${address.port} does not take a password`,
  );
}

async function asOwner<T>(
  address: PostgresAddress,
  database: string,
  work: (client: pg.Client) => Promise<T>,
): Promise<T> {
  const { host, port, user, password } = address;
  const limits = { connectionTimeoutMillis: 2_000, query_timeout: READY_MS };
  const client = new pg.Client({ host, port, user, password, database, ...limits });
  client.on('error', () => undefined);
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end().catch(() => undefined);
  }
}

async function until(holds: () => Promise<boolean>, otherwise: string): Promise<void> {
  for (const deadline = performance.now() + READY_MS; performance.now() < deadline; await sleep(25)) {
    if (await holds()) return;
  }
  throw new Error(`${otherwise} after ${READY_MS / 1_000} s`);
}
