/**
 * Real servers as plain processes: for tests, for `npm run infra`, for trying things out.
 *
 *     const servers = await startServers(['kafka:1', 's3'], {});
 *     servers.kafka.brokers; servers.s3.endpoint;
 *     servers.kill('kafka-1'); await servers.start('kafka-1');
 *     await servers.stop();
 */
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Addresses, ClickhouseAddress, KafkaAddress, PostgresAddress, S3Address } from './addresses.ts';
import { Instance } from './instance.ts';
import { startClickhouse } from './servers/clickhouse.ts';
import { fetchKafka, startKafka } from './servers/kafka.ts';
import { addStandby, promoteStandby, startPostgres } from './servers/postgres.ts';
import { fetchRedis, startRedis, startRedisCluster } from './servers/redis.ts';
import { fetchS3, startS3 } from './servers/s3.ts';
import { fetchToxiproxy, startToxiproxy } from './servers/toxiproxy.ts';
import type { Say } from './tools-cache.ts';
import { readWish, type Wish } from './wishes.ts';

export interface StartOptions {
  /** Folder of the instance; a new temporary one, removed by `stop`, where not given. */
  readonly dir?: string;
  readonly say?: Say;
}

/** Servers that belong to this process: they end with it. */
export interface Servers {
  readonly dir: string;
  /** Reading one that was not asked for throws. */
  readonly kafka: KafkaAddress;
  readonly s3: S3Address;
  readonly redis: { readonly host: string; readonly port: number };
  readonly redisCluster: { readonly nodes: readonly { readonly host: string; readonly port: number }[] };
  readonly postgres: PostgresAddress;
  readonly clickhouse: ClickhouseAddress;
  readonly toxiproxy: { readonly url: string };
  /** Names of the processes: `kafka-1`, `redis-4`, `postgres`, `postgres-standby`, `s3` … */
  readonly names: readonly string[];
  pid(name: string): number;
  logPath(name: string): string;
  /** At once: SIGKILL where no other signal is given; SIGSTOP and SIGCONT pause a process and let it go on. */
  kill(name: string, signal?: NodeJS.Signals): void;
  /** Again on the same port and data. Resolves when it answers. */
  start(name: string): Promise<void>;
  /** Asks one process to end and waits for it; the others go on. */
  stopOne(name: string): Promise<void>;
  /** The standby becomes the primary; resolves to where the ledger is from now on. */
  promoteStandby(): Promise<PostgresAddress>;
  /** The data of `name` are thrown away and it follows this primary, which waits for it from then on. */
  followPrimary(name: string, primary: PostgresAddress): Promise<void>;
  /** Ends them all, and removes the folder where it was a temporary one. */
  stop(): Promise<void>;
}

/**
 * Starts what is wished for ("kafka:3", "s3", "postgres+standby"), one after the other. Resolves when all of them answer.
 * Throws `MissingServer` with one line on how to get it where this machine lacks something; nothing is left running then.
 */
export async function startServers(wishes: readonly string[], options: StartOptions = {}): Promise<Servers> {
  const dir = options.dir ?? mkdtempSync(join(tmpdir(), 'sluice-servers-'));
  const instance = new Instance(dir, { say: options.say ?? (() => {}), bound: true });
  const killAll = (): void => {
    for (const name of instance.names) {
      try {
        instance.signal(name, 'SIGKILL');
      } catch {
        // It does not run.
      }
    }
  };
  process.once('exit', killAll);
  const end = async (): Promise<void> => {
    await instance.killAll();
    process.off('exit', killAll);
    if (options.dir === undefined) instance.remove();
  };
  try {
    await startInto(instance, wishes);
  } catch (error) {
    await end();
    throw error;
  }
  const given = <Name extends keyof Addresses>(name: Name): NonNullable<Addresses[Name]> => {
    const address = instance.addresses[name];
    if (address === undefined) throw new TypeError(`${name} was not asked for: ${wishes.join(', ')}`);
    return address;
  };
  return {
    dir,
    get kafka() {
      return given('kafka');
    },
    get s3() {
      return given('s3');
    },
    get redis() {
      return given('redis');
    },
    get redisCluster() {
      return given('redisCluster');
    },
    get postgres() {
      return given('postgres');
    },
    get clickhouse() {
      return given('clickhouse');
    },
    get toxiproxy() {
      return given('toxiproxy');
    },
    get names() {
      return instance.names;
    },
    pid: (name) => instance.pidOf(name),
    logPath: (name) => instance.logOf(name),
    kill: (name, signal = 'SIGKILL') => instance.signal(name, signal),
    start: (name) => instance.start(name),
    stopOne: (name) => instance.stop(name),
    async promoteStandby() {
      const { standby, ...primary } = given('postgres');
      if (!standby) throw new TypeError('postgres was started without +standby');
      const promoted = { ...primary, ...standby };
      await promoteStandby(promoted);
      return promoted;
    },
    async followPrimary(name, primary) {
      await instance.stop(name);
      await addStandby(instance, primary, name);
    },
    stop: end,
  };
}

/** Starts wishes into an instance; what is there already is started again where it does not run. */
export async function startInto(instance: Instance, wishes: readonly string[]): Promise<void> {
  const read = wishes.map((text) => ({ text, wish: readWish(text) }));
  for (const name of instance.names) await instance.start(name);
  for (const { text, wish } of read) {
    if (instance.has(wish.kind)) continue;
    instance.say(`starts ${text}`);
    instance.fulfilled(wish.kind, await startWish(wish, instance));
  }
}

/** Brings the programs of the wishes into the cache, and starts nothing. */
export async function fetchServers(wishes: readonly string[], say: Say): Promise<void> {
  for (const wish of wishes.map(readWish)) {
    if (wish.kind === 'kafka') await fetchKafka(wish.version, say);
    else if (wish.kind === 's3') await fetchS3(wish.version, say);
    else if (wish.kind === 'redis' || wish.kind === 'redis-cluster') await fetchRedis(say);
    else if (wish.kind === 'toxiproxy') await fetchToxiproxy(say);
  }
}

function startWish(wish: Wish, instance: Instance): Promise<Addresses> {
  switch (wish.kind) {
    case 'kafka':
      return startKafka(wish, instance);
    case 's3':
      return startS3(wish, instance);
    case 'redis':
      return startRedis(instance);
    case 'redis-cluster':
      return startRedisCluster(wish.count, instance);
    case 'postgres':
      return startPostgres(wish, instance);
    case 'clickhouse':
      return startClickhouse(instance);
    case 'toxiproxy':
      return startToxiproxy(instance);
  }
}
