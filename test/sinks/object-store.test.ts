// One body of tests for every store that an archive may lie in: a folder, and a bucket behind S3's protocol.

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { objectStoreOptions } from '../../schemas/config.ts';
import { ExitError } from '../../schemas/exit.ts';
import { openFolderStore } from '../../sinks/avro-archive/folder-store.ts';
import { createOrCompare, type ObjectStore } from '../../sinks/avro-archive/object-store.ts';
import { openS3Store } from '../../sinks/avro-archive/s3-store.ts';
import { verifyArchive } from '../../sinks/avro-archive/verify-archive.ts';
import { realServers } from '../real-servers.ts';
import { asFrames, MemoryStore, openArchive } from './archive-run.ts';
import { HistoryTraffic } from './history-traffic.ts';

/** `s3@minio` tries the store that syncs what it keeps; its first build takes two minutes. */
const wish = process.env.SLUICE_TEST_S3 ?? 's3';
const s3 = await realServers([wish]);
const folder = mkdtempSync(join(tmpdir(), 'sluice-objects-'));
after(() => rmSync(folder, { recursive: true, force: true }));

const fresh = (): string => `${randomBytes(8).toString('hex')}/`;

function openBucket(prefix: string) {
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = s3.servers.s3;
  const keys = { accessKey: accessKeyId, secretKey: secretAccessKey };
  const store = openS3Store(objectStoreOptions.parse({ endpoint, region, bucket, prefix, ...keys }));
  after(() => store.close());
  return store;
}

const kinds: { name: string; skip: string | false; open: () => ObjectStore }[] = [
  { name: 'a folder', skip: false, open: () => openFolderStore(join(folder, fresh())) },
  { name: `a bucket (${wish})`, skip: s3.skip, open: () => openBucket(fresh()) },
];

for (const { name, skip, open } of kinds) {
  describe(name, { skip }, () => {
    test('keeps its word about keys when it is asked to prove it', async () => {
      const store = open();
      await store.prove?.();
      assert.deepEqual(await store.list(''), []);
    });

    test('gives back the bytes that were put, none and many', async () => {
      const store = open();
      const every = Uint8Array.from({ length: 256 }, (_, byte) => byte);
      const contents = new Map([
        ['market/0/nothing.avro', new Uint8Array(0)],
        ['market/0/every-byte.avro', every],
        ['market/0/five-megabytes.avro', new Uint8Array(randomBytes(5 * 2 ** 20))],
      ]);
      for (const [key, bytes] of contents) assert.equal(await store.create(key, bytes), 'created');
      for (const [key, bytes] of contents) assert.deepEqual(new Uint8Array((await store.read(key))!), bytes);
    });

    test('an object that is created again stays as it was', async () => {
      const store = open();
      assert.equal(await store.create('a/b', Buffer.from('first')), 'created');
      assert.equal(await store.create('a/b', Buffer.from('second')), 'exists');
      assert.equal(Buffer.from((await store.read('a/b'))!).toString(), 'first');
      assert.equal(await store.create('a/b', Buffer.from('first')), 'exists');
    });

    test('of twenty that create one object at once exactly one is told that it did', async () => {
      const store = open();
      for (let round = 0; round < 5; round++) {
        const key = `raced/${round}`;
        const contents = Array.from({ length: 20 }, (_, racer) => Buffer.from(`racer ${racer}`));
        const outcomes = await Promise.all(contents.map((bytes) => store.create(key, bytes)));
        const winners = contents.filter((_, racer) => outcomes[racer] === 'created');
        assert.equal(winners.length, 1);
        assert.equal(Buffer.from((await store.read(key))!).toString(), winners[0]!.toString());
      }
    });

    test('what is not there is undefined, also where a folder of that name is', async () => {
      const store = open();
      await store.create('market/0/segment.avro', Buffer.from('x'));
      for (const key of ['market/0/other.avro', 'market/0', 'nothing', 'market/0/segment.avro/below']) {
        assert.equal(await store.read(key), undefined, key);
      }
    });

    test('lists the keys below a prefix in order, however many', async () => {
      const store = open();
      const keys = Array.from({ length: 1_101 }, (_, index) => `market/0/${String(index).padStart(6, '0')}`);
      const others = ['market/1/000000', 'manifest/market/0/000000', 'market/00'];
      for (let at = 0; at < keys.length; at += 50) {
        await Promise.all(keys.slice(at, at + 50).map((key) => store.create(key, Buffer.from(key))));
      }
      for (const key of others) await store.create(key, Buffer.from(key));
      assert.deepEqual(await store.list('market/0/'), keys);
      assert.deepEqual(await store.list('market/0/0011'), ['market/0/001100']);
      assert.deepEqual(await store.list(''), [...keys, ...others].sort());
      assert.deepEqual(await store.list('orders/'), []);
    });

    test('a put whose answer was lost meets its own object; other bytes under the key are another history', async () => {
      const store = open();
      assert.equal(await createOrCompare(store, 'snapshot', Buffer.from('state')), 'created');
      assert.equal(await createOrCompare(store, 'snapshot', Buffer.from('state')), 'equal');
      await assert.rejects(
        createOrCompare(store, 'snapshot', Buffer.from('other state')),
        (error: unknown) => error instanceof ExitError && error.code === 65 && /two histories/.test(error.message),
      );
    });

    test('an archive in it holds what one in memory does, and can be proven', { timeout: 60_000 }, async () => {
      const traffic = () =>
        new HistoryTraffic({ seed: 11, accountPartitions: 2, marketPartitions: 2, ordersPerTick: 40 });
      const memory = new MemoryStore();
      const store = open();
      for (const target of [memory, store]) {
        const sink = openArchive(target, { segmentSeconds: 3 });
        await sink.positions();
        for (const block of traffic().run(8)) await sink.write(asFrames(block));
        await sink.close();
      }
      const keys = await store.list('');
      assert.deepEqual(keys, [...memory.objects.keys()].sort());
      for (const key of keys) {
        assert.equal(Buffer.compare((await store.read(key))!, memory.objects.get(key)!), 0, key);
      }
      const { faults, partitions } = await verifyArchive(store, 1);
      assert.deepEqual(faults, []);
      assert.ok(partitions.length >= 4);
    });
  });
}
