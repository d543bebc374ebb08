// E32: an object store that is away, refuses, hangs, loses answers, keeps half of an upload, holds other bytes, or takes no
// heed of conditions. Nothing is lost, nothing wrong is kept, and what cannot keep its word is refused at the start.

import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, beforeEach, test } from 'node:test';
import { objectStoreOptions } from '../../schemas/config.ts';
import { ExitError } from '../../schemas/exit.ts';
import { createOrCompare, StoreUnavailable } from '../../sinks/avro-archive/object-store.ts';
import { openS3Store } from '../../sinks/avro-archive/s3-store.ts';
import { verifyArchive } from '../../sinks/avro-archive/verify-archive.ts';
import { realServers } from '../real-servers.ts';
import { asFrames, MemoryStore, openArchive } from '../sinks/archive-run.ts';
import { HistoryTraffic } from '../sinks/history-traffic.ts';
import { type S3Fault, type S3Proxy, startS3Proxy } from './s3-proxy.ts';

const { servers, skip } = await realServers(['s3']);
let proxy: S3Proxy;
if (!skip) {
  proxy = await startS3Proxy(servers.s3.endpoint);
  after(() => proxy.close());
}

beforeEach(() => {
  if (skip) return;
  proxy.fault = () => undefined;
  proxy.before = () => {};
});

let prefixes = 0;

function openThroughProxy(callTimeoutMs = 400) {
  const { region, bucket, accessKeyId, secretAccessKey } = servers.s3;
  const keys = { accessKey: accessKeyId, secretKey: secretAccessKey };
  const place = { endpoint: proxy.url, region, bucket, prefix: `run-${++prefixes}/` };
  const store = openS3Store(objectStoreOptions.parse({ ...place, ...keys, callTimeoutMs }));
  after(() => store.close());
  return store;
}

const traffic = () =>
  new HistoryTraffic({ seed: 5, accountPartitions: 2, marketPartitions: 2, ordersPerTick: 60 }).run(8);

async function reference(): Promise<MemoryStore> {
  const memory = new MemoryStore();
  const sink = openArchive(memory, { segmentSeconds: 4 });
  for (const block of traffic()) await sink.write(asFrames(block));
  await sink.close();
  return memory;
}

const faults: S3Fault[] = [
  { kind: 'status', status: 500 },
  { kind: 'status', status: 503 },
  { kind: 'status', status: 409 },
  { kind: 'hang' },
  { kind: 'half upload' },
  { kind: 'lost answer' },
  { kind: 'half answer' },
  { kind: 'damaged answer' },
];

for (const fault of faults) {
  const name = fault.kind === 'status' ? `answer ${fault.status}` : fault.kind;
  test(`each key meets "${name}" first, and the archive is whole in the end`, { skip, timeout: 120_000 }, async () => {
    const met = new Set<string>();
    proxy.fault = (method, key) => {
      const hit = (fault.kind === 'half upload' ? method === 'PUT' : true) && !key.includes('probe/');
      if (!hit || met.has(`${method} ${key}`)) return undefined;
      met.add(`${method} ${key}`);
      return fault;
    };
    const store = openThroughProxy();
    const sink = openArchive(store, { segmentSeconds: 4 });
    await Promise.all(traffic().map((block) => sink.write(asFrames(block))));
    await sink.close();
    assert.ok(met.size > 5 && sink.said.some((line) => line.startsWith('archive waits: ')));
    proxy.fault = () => undefined;
    const memory = await reference();
    const keys = (await store.list('')).filter((key) => !key.startsWith('probe/'));
    assert.deepEqual(keys, [...memory.objects.keys()].filter((key) => !key.startsWith('probe/')).sort());
    for (const key of keys) assert.equal(Buffer.compare((await store.read(key))!, memory.objects.get(key)!), 0, key);
    assert.deepEqual((await verifyArchive(store, 1)).faults, []);
  });
}

test('a put whose answer was lost meets 412, reads the object and finds its own bytes', { skip }, async () => {
  const store = openThroughProxy();
  const bytes = Buffer.from('a snapshot');
  proxy.fault = (method) => (method === 'PUT' ? { kind: 'lost answer' } : undefined);
  await assert.rejects(createOrCompare(store, 'snapshot', bytes), StoreUnavailable);
  proxy.fault = () => undefined;
  assert.equal(await createOrCompare(store, 'snapshot', bytes), 'equal');
});

test('other bytes at the key of a segment stop the archive, and nothing after it is archived', { skip }, async () => {
  const store = openThroughProxy();
  const memory = await reference();
  const segment = [...memory.objects.keys()].find((key) => key.startsWith('market/0/'))!;
  const other = Uint8Array.from(
    memory.objects.get([...memory.objects.keys()].find((key) => key.startsWith('market/1/'))!)!,
  );
  await store.create(segment, other);
  const sink = openArchive(store, { segmentSeconds: 4 });
  await assert.rejects(
    (async () => {
      for (const block of traffic()) await sink.write(asFrames(block));
    })(),
    (error: unknown) => error instanceof ExitError && error.code === 65,
  );
  assert.equal(sink.durable().get('market/0') ?? 0, 0, 'what is not archived may not go from the log');
  assert.deepEqual(await store.list('manifest/market/0/'), []);
  await sink.close();
});

test('a store that ignores conditions is refused at the start', { skip }, async () => {
  const store = openThroughProxy();
  const data = join(servers.dir, 's3/data', servers.s3.bucket);
  proxy.before = (method, key) => {
    if (method === 'PUT') rmSync(join(data, key), { force: true });
  };
  const sink = openArchive(store);
  await assert.rejects(
    sink.positions(),
    // Which of the two probes sees it first depends on how the puts of the race fall.
    (error: unknown) =>
      error instanceof ExitError && error.code === 78 && /If-None-Match|created a second time/.test(error.message),
  );
  await sink.close();
});

test('a wrong secret, a missing bucket and a name that is no store are told at the start, each by its own words', {
  skip,
}, async () => {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = servers.s3;
  const right = { endpoint, region, bucket, accessKey: accessKeyId, secretKey: secretAccessKey, callTimeoutMs: 1_000 };
  for (const [wrong, says] of [
    [{ secretKey: 'wrong' }, /403 SignatureDoesNotMatch/],
    [{ bucket: 'no-such-bucket' }, /404 NoSuchBucket/],
  ] as const) {
    const store = openS3Store(objectStoreOptions.parse({ ...right, ...wrong }));
    await assert.rejects(
      store.prove!(),
      (error: unknown) => error instanceof ExitError && error.code === 78 && says.test(error.message),
    );
    store.close();
  }
  const nobody = openS3Store(objectStoreOptions.parse({ ...right, endpoint: 'http://127.0.0.1:9' }));
  await assert.rejects(nobody.list(''), StoreUnavailable);
  nobody.close();
});

test('the store is killed and comes back: the archive waits, and goes on without a gap', {
  skip,
  timeout: 60_000,
}, async () => {
  const store = openThroughProxy();
  const sink = openArchive(store, { segmentSeconds: 2 });
  await sink.positions();
  const blocks = traffic().map(asFrames);
  for (const block of blocks.slice(0, blocks.length >> 1)) await sink.write(block);
  servers.kill('s3');
  const rest = Promise.all(blocks.slice(blocks.length >> 1).map((block) => sink.write(block)));
  await new Promise((resolve) => setTimeout(resolve, 500));
  assert.match(String(sink.figures!().state), /^waiting: /);
  await servers.start('s3');
  await rest;
  await sink.close();
  assert.deepEqual((await verifyArchive(store, 1)).faults, []);
});
