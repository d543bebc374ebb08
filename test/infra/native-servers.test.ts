import assert from 'node:assert/strict';
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import { createClient } from '@clickhouse/client';
import { Cluster } from 'ioredis';
import pg from 'pg';
import type { PostgresAddress } from '../../infra/native/addresses.ts';
import { brokersKnownTo } from '../../infra/native/probe.ts';
import { readWish } from '../../infra/native/wishes.ts';
import { projectRoot } from '../house/source-files.ts';
import { realServers } from '../real-servers.ts';

const program = join(projectRoot, 'infra/native/infra.ts');
const folder = mkdtempSync(join(tmpdir(), 'sluice-infra-'));
after(() => rmSync(folder, { recursive: true, force: true }));

test('a wish says name, version, count and standby, and one that cannot be had is told what there is', () => {
  assert.deepEqual(readWish('kafka@3.9:3'), { kind: 'kafka', version: '3.9', count: 3, standby: false });
  assert.deepEqual(readWish('postgres+standby'), { kind: 'postgres', version: '18', count: 1, standby: true });
  assert.deepEqual(readWish('s3@minio'), { kind: 's3', version: 'minio', count: 1, standby: false });
  for (const wrong of ['kafka:2', 'kafka@2.8', 'redis+standby', 's3@rclone']) {
    assert.throws(() => readWish(wrong), /is not to be had; there is \w+/, wrong);
  }
  for (const wrong of ['zookeeper', '', 'Kafka', 'kafka:']) assert.throws(() => readWish(wrong), /is no server/, wrong);
});

const redisThere = await realServers(['redis']);

test('the command starts, pauses, kills, starts again and stops a server on one port, and down leaves nothing', {
  skip: redisThere.skip,
}, async () => {
  const dir = join(folder, 'commanded');
  infra(dir, 'up', 'redis');
  const port = Number(/SLUICE_CACHE_NODES='127\.0\.0\.1:(\d+)'/.exec(infra(dir, 'env'))?.[1]);
  assert.match(infra(dir, 'status'), /^redis +answers +\d+ +redis \d+/);
  infra(dir, 'kill', '-STOP', 'redis');
  assert.match(infra(dir, 'status'), /^redis +paused/);
  infra(dir, 'kill', '-CONT', 'redis');
  assert.match(infra(dir, 'status'), /^redis +answers/);
  infra(dir, 'kill', '-9', 'redis');
  await untilHolds(() => /^redis +stopped/.test(infra(dir, 'status')));
  infra(dir, 'start', 'redis');
  assert.match(infra(dir, 'status'), new RegExp(`^redis +answers +\\d+ +redis ${port} `));
  assert.match(infra(dir, 'logs', 'redis'), /Ready to accept connections/);
  infra(dir, 'stop');
  assert.match(infra(dir, 'status'), /^redis +stopped/);
  infra(dir, 'up');
  assert.match(infra(dir, 'status'), /^redis +answers/);
  infra(dir, 'down');
  assert.equal(existsSync(dir), false);
});

test('the command refuses what it does not know, and says what there is', () => {
  const dir = join(folder, 'refused');
  assert.match(refused(dir, 64, 'up', 'mysql'), /"mysql" is no server; there are kafka\[@4\.1\|@3\.9\]\[:1\|:3\], s3/);
  assert.match(refused(dir, 64, 'start', 'redis'), /no server "redis" in .*nothing was started/);
  assert.match(refused(dir, 64, 'kill', '-FOO', 'redis'), /there is no signal "FOO"/);
  assert.match(refused(dir, 64, 'dance'), /there is no verb "dance"/);
});

test('instances live side by side, each with ports of its own', { skip: redisThere.skip }, async () => {
  const other = await realServers(['redis']);
  assert.notEqual(other.servers.redis.port, redisThere.servers.redis.port);
  assert.notEqual(other.servers.dir, redisThere.servers.dir);
});

test('servers of a program end with it, even when it is killed', {
  skip: redisThere.skip || (process.platform === 'linux' ? false : 'only Linux tells a child of the end of its parent'),
}, async () => {
  const script = join(folder, 'owner.ts');
  const start = pathToFileURL(join(projectRoot, 'infra/native/start-servers.ts')).href;
  const lines = [
    `import { startServers } from '${start}';`,
    `const servers = await startServers(['redis'], { dir: '${join(folder, 'owned')}' });`,
    `console.log(servers.pid('redis'));`,
    'setInterval(() => {}, 1000);',
  ];
  writeFileSync(script, lines.join('\n'));
  const owner = spawn(process.execPath, [script], { stdio: ['ignore', 'pipe', 'inherit'] });
  const pid = await new Promise<number>((resolve) => owner.stdout.once('data', (text) => resolve(Number(text))));
  assert.ok(runs(pid));
  owner.kill('SIGKILL');
  await untilHolds(() => !runs(pid));
});

test('three brokers find one another, and go on with two', async (t) => {
  const { servers, skip } = await realServers(['kafka@3.9:3']);
  if (skip) return t.skip(skip);
  const { brokers, version } = servers.kafka;
  assert.equal(version, '3.9.2');
  const [first, second] = brokers.map((broker) => Number(broker.split(':')[1]));
  assert.deepEqual([await brokersKnownTo(first!), await brokersKnownTo(second!)], [3, 3]);
  servers.kill('kafka-3');
  await untilHolds(async () => (await brokersKnownTo(first!).catch(() => 0)) === 2);
  await servers.start('kafka-3');
  await untilHolds(async () => (await brokersKnownTo(first!).catch(() => 0)) === 3);
});

test('a Redis cluster serves every slot, and goes on when a master is killed', async (t) => {
  const { servers, skip } = await realServers(['redis-cluster:6']);
  if (skip) return t.skip(skip);
  const cluster = new Cluster([...servers.redisCluster.nodes], {
    redisOptions: { connectTimeout: 500, commandTimeout: 500 },
    clusterRetryStrategy: () => 100,
  });
  cluster.on('error', () => undefined);
  t.after(() => cluster.disconnect());
  for (let key = 0; key < 50; key++) await cluster.set(`key-${key}`, `${key}`);
  servers.kill('redis-1');
  await untilHolds(async () => {
    for (let key = 0; key < 50; key++) await cluster.set(`key-${key}`, `after-${key}`);
    return (await cluster.get('key-7')) === 'after-7';
  });
});

test('what a primary with a standby has committed is there after it was killed, and the old one follows the new', async (t) => {
  const { servers, skip } = await realServers(['postgres+standby']);
  if (skip) return t.skip(skip);
  const before = servers.postgres;
  await sql(before, 'CREATE TABLE kept (number int)');
  await sql(before, 'INSERT INTO kept SELECT generate_series(1, 100)');
  servers.kill('postgres');
  const promoted = await servers.promoteStandby();
  assert.deepEqual(await sql(promoted, 'SELECT count(*)::int AS rows FROM kept'), [{ rows: 100 }]);
  await servers.followPrimary('postgres', promoted);
  await sql(promoted, 'INSERT INTO kept VALUES (101)');
  const old = { ...promoted, port: before.port };
  await untilHolds(async () => {
    const [row] = await sql(old, 'SELECT count(*)::int AS rows, pg_is_in_recovery() AS standby FROM kept');
    return row?.rows === 101 && row.standby === true;
  });
});

test('ClickHouse, toxiproxy and S3 answer as their clients expect, and ClickHouse keeps rows over a kill', async (t) => {
  const { servers, skip } = await realServers(['clickhouse', 'toxiproxy', 's3']);
  if (skip) return t.skip(skip);
  const { url, user, password } = servers.clickhouse;
  const ask = async (query: string): Promise<string> => {
    const client = createClient({ url, username: user, password });
    const result = await client.query({ query, format: 'TabSeparated' }).finally(() => client.close());
    return (await result.text()).trim();
  };
  const client = createClient({ url, username: user, password });
  await client.command({ query: 'CREATE TABLE default.kept (number UInt64) ENGINE = MergeTree ORDER BY number' });
  await client.command({ query: 'INSERT INTO default.kept SELECT number FROM numbers(1000)' });
  await client.close();
  servers.kill('clickhouse');
  await servers.start('clickhouse');
  assert.equal(await ask('SELECT sum(number) FROM default.kept'), '499500');
  assert.match(await (await fetch(`${servers.toxiproxy.url}/version`)).text(), /"version"/);
  assert.equal((await fetch(servers.s3.endpoint)).status, 403, 'a stranger sees nothing');
});

function infra(dir: string, ...args: string[]): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [program, ...args, '--dir', dir], {
    encoding: 'utf8',
  });
  assert.equal(status, 0, `infra ${args.join(' ')}: ${stderr}`);
  return stdout;
}

function refused(dir: string, code: number, ...args: string[]): string {
  const { status, stderr } = spawnSync(process.execPath, [program, ...args, '--dir', dir], { encoding: 'utf8' });
  assert.equal(status, code, stderr);
  return stderr;
}

async function sql(address: PostgresAddress, text: string): Promise<{ readonly [column: string]: unknown }[]> {
  const { host, port, user, password, database } = address;
  const client = new pg.Client({ host, port, user, password, database, query_timeout: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return (await client.query(text)).rows;
  } finally {
    await client.end();
  }
}

function runs(pid: number): boolean {
  try {
    return !readFileSync(`/proc/${pid}/stat`, 'utf8').includes(') Z ');
  } catch {
    return false;
  }
}

async function untilHolds(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 30_000; ; await sleep(50)) {
    const held = await Promise.resolve(holds()).catch((error: unknown) => {
      if (performance.now() > deadline) throw error;
      return false;
    });
    if (held) return;
    assert.ok(performance.now() < deadline, 'it did not come true within 30 s');
  }
}
