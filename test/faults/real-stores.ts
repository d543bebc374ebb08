/**
 * An exchange under load whose stores are servers (PostgreSQL with a standby, ClickHouse, a bucket, Redis), each behind a
 * proxy, and each taken away in every way that a wire and a process have. Trading must not notice; afterwards every store
 * holds what the log says, once.
 */
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { main } from '../../pipelines/commands/sluice.ts';
import type { Servers } from '../real-servers.ts';
import { acknowledgedIn, finishAndCheck, type KilledRun, startUnderLoad } from './killed-exchange.ts';
import { proxyTo, type Toxic, type Toxiproxied } from './toxiproxy.ts';

export const storeWishes = ['postgres+standby', 'clickhouse', 's3', 'redis', 'toxiproxy'] as const;

type Store = 'postgres' | 'clickhouse' | 's3' | 'redis';
const stores: readonly Store[] = ['postgres', 'clickhouse', 's3', 'redis'];

interface Fault {
  readonly name: string;
  readonly toxic?: Toxic;
  readonly process?: 'killed' | 'stopped';
}

export const shortFaults: readonly Fault[] = [
  { name: 'a wire that carries nothing', toxic: { type: 'timeout', attributes: { timeout: 0 } } },
  { name: 'killed, and started again', process: 'killed' },
];

export const allFaults: readonly Fault[] = [
  ...shortFaults,
  { name: 'connections that are reset', toxic: { type: 'reset_peer', attributes: { timeout: 0 } } },
  { name: 'one KB a second', toxic: { type: 'bandwidth', attributes: { rate: 1 } } },
  { name: 'answers 30 s late', toxic: { type: 'latency', attributes: { latency: 30_000, jitter: 0 } } },
  { name: 'answers cut after 100 bytes', toxic: { type: 'limit_data', attributes: { bytes: 100 } } },
  { name: 'stopped, and let go on', process: 'stopped' },
];

/** Some 1,500 commands a second: what is written meanwhile has to be read again, and compared. */
const PAUSE_MS = '25';

export interface StoreRun {
  readonly run: Omit<KilledRun, 'kills'>;
  /** A line each: store, fault, commands acknowledged meanwhile. */
  readonly table: readonly string[];
}

export async function takeRealStoresAway(
  servers: Servers,
  faults: readonly Fault[],
  awayMs: number,
  tell: (line: string) => void,
): Promise<StoreRun> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-real-stores-'));
  const dataDir = join(folder, 'data');
  const acksFile = join(folder, 'acks');
  const proxies = await proxiesOf(servers);
  const before = { ...process.env };
  Object.assign(process.env, environmentFor(servers, proxies));
  const table: string[] = [];
  try {
    const exchange = startUnderLoad([dataDir, acksFile, '91', PAUSE_MS]);
    await exchange.running;
    await untilStored(exchange, dataDir);
    for (const store of stores) {
      for (const fault of faults) {
        const acknowledged = acknowledgedIn(acksFile).length;
        await strike(servers, proxies, store, fault, awayMs);
        const during = acknowledgedIn(acksFile).length - acknowledged;
        table.push(`${store.padEnd(10)} ${fault.name.padEnd(28)} ${during} commands acknowledged meanwhile`);
        tell(table.at(-1)!);
        assert.equal(exchange.process.exitCode, null, `the exchange ended: ${exchange.said()}`);
        assert.ok(during > 0, `nothing was acknowledged while ${store} had: ${fault.name}`);
      }
    }
    servers.kill('postgres');
    const acknowledged = acknowledgedIn(acksFile).length;
    await sleep(awayMs / 2);
    await servers.promoteStandby();
    await sleep(awayMs / 2);
    const during = acknowledgedIn(acksFile).length - acknowledged;
    table.push(
      `${'postgres'.padEnd(10)} ${'failover to the standby'.padEnd(28)} ${during} commands acknowledged meanwhile`,
    );
    tell(table.at(-1)!);
    assert.ok(during > 0, 'nothing was acknowledged while the standby took over');
    exchange.process.kill('SIGKILL');
    await exchange.ended;
    const run = await finishAndCheck(dataDir, acksFile);
    const verified = await verb(['archive', 'verify', '--data', dataDir]);
    assert.equal(verified.code, 0, verified.text);
    assert.match(verified.text, /market\/0 +\d+ segments/);
    return { run, table };
  } finally {
    for (const name of Object.keys(process.env)) if (!(name in before)) delete process.env[name];
    rmSync(folder, { recursive: true, force: true });
  }
}

type Proxies = { readonly [S in Store | 'standby']: Toxiproxied };

async function proxiesOf({ toxiproxy, postgres, clickhouse, s3, redis }: Servers): Promise<Proxies> {
  const to = (host: string, port: number | string) => proxyTo(toxiproxy, `${host}:${port}`);
  return {
    postgres: await to(postgres.host, postgres.port),
    standby: await to(postgres.standby!.host, postgres.standby!.port),
    clickhouse: await proxyTo(toxiproxy, new URL(clickhouse.url).host),
    s3: await proxyTo(toxiproxy, new URL(s3.endpoint).host),
    redis: await to(redis.host, redis.port),
  };
}

function environmentFor({ postgres, clickhouse, s3 }: Servers, proxies: Proxies): { readonly [name: string]: string } {
  return {
    SLUICE_LEDGER_HOSTS: `${proxies.postgres.address},${proxies.standby.address}`,
    SLUICE_LEDGER_DATABASE: postgres.database,
    SLUICE_LEDGER_USER: postgres.user,
    SLUICE_LEDGER_PASSWORD: postgres.password,
    SLUICE_HISTORY_URL: `http://${proxies.clickhouse.address}`,
    SLUICE_HISTORY_USER: clickhouse.user,
    SLUICE_HISTORY_PASSWORD: clickhouse.password,
    SLUICE_HISTORY_DATABASE: clickhouse.database,
    SLUICE_ARCHIVE_S3_ENDPOINT: `http://${proxies.s3.address}`,
    SLUICE_ARCHIVE_S3_REGION: s3.region,
    SLUICE_ARCHIVE_S3_BUCKET: s3.bucket,
    SLUICE_ARCHIVE_S3_ACCESS_KEY: s3.accessKeyId,
    SLUICE_ARCHIVE_S3_SECRET_KEY: s3.secretAccessKey,
    SLUICE_CACHE_NODES: proxies.redis.address,
  };
}

async function strike(
  servers: Servers,
  proxies: Proxies,
  store: Store,
  { toxic, process: done }: Fault,
  awayMs: number,
): Promise<void> {
  if (toxic) {
    await proxies[store].add(toxic);
    await sleep(awayMs);
    await proxies[store].heal();
  } else if (done === 'stopped') {
    servers.kill(store, 'SIGSTOP');
    await sleep(awayMs);
    servers.kill(store, 'SIGCONT');
  } else {
    servers.kill(store);
    await sleep(awayMs);
    await servers.start(store);
  }
  // A moment in which it may come back, or not: the next fault does not wait for that.
  await sleep(300);
}

/** The lanes have found their servers: what is taken away was there. */
async function untilStored(exchange: ReturnType<typeof startUnderLoad>, dataDir: string): Promise<void> {
  for (const deadline = performance.now() + 60_000; ; await sleep(300)) {
    const ledger = await verb(['ledger', 'balances', '--data', dataDir, '--json']).catch(() => undefined);
    const history = await verb(['sql', '--data', dataDir, '--csv', 'select count() from trades']).catch(
      () => undefined,
    );
    const settled = ledger?.code === 0 && ledger.text.length > 10;
    if (settled && history?.code === 0 && Number(history.text.trim().split('\n').at(-1)) > 0) return;
    assert.equal(exchange.process.exitCode, null, `the exchange ended: ${exchange.said()}`);
    assert.ok(
      performance.now() < deadline,
      `the stores were not written: ${ledger?.text.slice(0, 300)} ${history?.text} ${exchange.said()}`,
    );
  }
}

async function verb(args: readonly string[]): Promise<{ code: number; text: string }> {
  const lines: string[] = [];
  const take = (line: string) => lines.push(line);
  const code = await main(args, { out: take, err: take, terminal: false, signal: new AbortController().signal });
  return { code, text: lines.join('\n') };
}
