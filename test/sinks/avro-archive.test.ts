// Archived segments: what goes in comes out byte for byte, borders come from the log, damage is found, and two archivers agree.
import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import avro from 'avsc';
import fc from 'fast-check';
import { archiveShape, manifestKey, parseKey, segmentKey } from '../../schemas/archive-format.ts';
import { encodeRecord } from '../../schemas/codec.ts';
import { ExitError } from '../../schemas/exit.ts';
import { canonicalForm, fingerprintHex, fingerprintOf } from '../../schemas/fingerprint.ts';
import { recordsOfRun } from '../../schemas/frame-run.ts';
import { olderSchemas, recordSchemas } from '../../schemas/generated/schemas.ts';
import type { AvroRecord } from '../../schemas/generating/avro-schema.ts';
import { AccountCommand, AccountEvent, ControlRecord, MarketEvent, OrderCommand } from '../../schemas/logs.ts';
import { Malformed } from '../../schemas/malformed.ts';
import { openFolderStore } from '../../sinks/avro-archive/folder-store.ts';
import { readManifest } from '../../sinks/avro-archive/manifest.ts';
import { readSegment } from '../../sinks/avro-archive/segment-reader.ts';
import { SegmentWriter } from '../../sinks/avro-archive/segment-writer.ts';
import { verifyArchive } from '../../sinks/avro-archive/verify-archive.ts';
import { arbitraryRecord, declarations } from '../schemas/arbitrary-records.ts';
import { asFrames, MemoryStore, openArchive } from './archive-run.ts';
import { HistoryTraffic } from './history-traffic.ts';

const traffic = (options: Partial<ConstructorParameters<typeof HistoryTraffic>[0]> = {}) =>
  new HistoryTraffic({ seed: 21, accountPartitions: 2, marketPartitions: 2, ordersPerTick: 150, ...options });

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-archive-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

const isExit = (code: number, says: RegExp) => (error: unknown) => {
  assert.ok(error instanceof ExitError, String(error));
  assert.equal(error.code, code, error.message);
  assert.match(error.message, says);
  return true;
};

test('every record of every log comes out byte for byte, with its place and its chain', () => {
  const logs = {
    commands: AccountCommand,
    orders: OrderCommand,
    market: MarketEvent,
    accounts: AccountEvent,
    control: ControlRecord,
  };
  for (const [log, set] of Object.entries(logs)) {
    const own = declarations.filter(({ type }) => (set.types as readonly string[]).includes(type));
    const arbitrary = fc.tuple(
      fc.oneof(...own.map((declaration) => arbitraryRecord(declaration))),
      fc.nat((1 << 17) - 1),
    );
    fc.assert(
      fc.property(
        fc.array(arbitrary, { minLength: 1, maxLength: 40 }),
        fc.constantFrom('null', 'deflate', 'zstandard'),
        fc.nat(2 ** 31),
        (made, codec, firstOffset) => {
          const writer = new SegmentWriter(
            { generation: 1, log, partition: 3, firstOffset },
            codec as 'null' | 'deflate' | 'zstandard',
          );
          const scratch = new Uint8Array(1 << 16);
          const payloads = made.map(([{ envelope, record }]) =>
            scratch.slice(0, encodeRecord(envelope, record, scratch, 0)),
          );
          for (const [index, payload] of payloads.entries()) writer.append(payload, made[index]![1]);
          const segment = writer.finish();
          const content = readSegment(segment.key, segment.bytes);
          assert.equal(content.recordsSha256, segment.recordsSha256);
          assert.deepEqual(
            content.records.map(({ offset, chainKey, payload }) => [
              offset,
              chainKey,
              Buffer.from(payload).toString('hex'),
            ]),
            payloads.map((payload, index) => [
              firstOffset + index,
              made[index]![1],
              Buffer.from(payload).toString('hex'),
            ]),
          );
        },
      ),
      { numRuns: 40 },
    );
  }
});

test('a general Avro library reads the same records, in the column that type names', async () => {
  const [block] = traffic()
    .run(1)
    .filter(({ log }) => log === 'market');
  const { frames } = asFrames(block!);
  const writer = new SegmentWriter({ generation: 1, log: 'market', partition: 0, firstOffset: 0 }, 'deflate');
  writer.take(frames!, 0, frames!.records);
  const path = join(temporaryFolder(), 'segment.avro');
  writeFileSync(path, writer.finish().bytes);
  const decoder = avro.createFileDecoder(path);
  const read: { offset: number; type: string; [name: string]: unknown }[] = [];
  for await (const record of decoder) read.push(record as (typeof read)[0]);
  assert.equal(read.length, block!.records.length);
  for (const [index, record] of block!.records.entries()) {
    const row = read[index]!;
    assert.deepEqual([row.offset, row.type], [index, record.type]);
    const others = MarketEvent.types.filter((type) => type !== record.type);
    assert.ok(others.every((type) => row[type] === null));
    const own = row[record.type] as { [field: string]: unknown };
    assert.equal(own.symbol, record.symbol);
    assert.equal(own.occurred_at, block!.envelopes[index]!.occurredAt);
    if (record.type === 'trade') assert.equal(own.price_ticks, record.priceTicks);
  }
});

test('two archivers that get the log in other pieces make the same objects', async () => {
  const one = new MemoryStore();
  const two = new MemoryStore();
  const first = openArchive(one, { segmentSeconds: 3 });
  const second = openArchive(two, { segmentSeconds: 3 });
  for (const block of traffic().run(10)) await first.write(asFrames(block));
  for (const block of traffic({ blockRecords: 1024 }).run(10)) await second.write(asFrames(block));
  assert.ok(one.objects.size > 12);
  assert.deepEqual([...one.objects].sort(), [...two.objects].sort());
  await first.close();
  await second.close();
});

test('another codec makes other files of the same records and the same manifest', async () => {
  const stores = [new MemoryStore(), new MemoryStore()] as const;
  for (const [index, codec] of (['null', 'deflate'] as const).entries()) {
    const sink = openArchive(stores[index]!, { segmentSeconds: 2, codec });
    for (const block of traffic({ ordersPerTick: 1500 }).run(6)) await sink.write(asFrames(block));
    await sink.close();
  }
  const manifests = stores.map(({ objects }) => [...objects].filter(([key]) => key.startsWith('manifest/')).sort());
  assert.deepEqual(manifests[0], manifests[1]);
  const sizes = stores.map(({ objects }) =>
    [...objects].filter(([key]) => key.endsWith('.avro')).reduce((sum, [, { length }]) => sum + length, 0),
  );
  assert.ok(sizes[1]! * 2 < sizes[0]!, `${sizes}`);
});

test('a segment closes by count at a fixed offset, or by a tick after its time, never by a timer', async () => {
  const store = new MemoryStore();
  const sink = openArchive(store, { segmentSeconds: 1, segmentRecords: 4096 });
  const market = new HistoryTraffic({ seed: 2, accountPartitions: 1, marketPartitions: 1, ordersPerTick: 2000 });
  for (const block of market.run(6)) await sink.write(asFrames(block));
  const names = (await store.list('accounts/0/'))
    .map((key) => parseKey(key)!)
    .sort((a, b) => a.firstOffset - b.firstOffset);
  const ticks = market.blocks
    .filter(({ log }) => log === 'accounts')
    .flatMap(({ records, firstOffset }) =>
      records.flatMap((record, index) => (record.type === 'tick' ? [firstOffset + index] : [])),
    );
  assert.ok(names.some(({ lastOffset }) => lastOffset % 4096 === 4095));
  assert.ok(names.some(({ lastOffset }) => lastOffset % 4096 !== 4095));
  for (const { lastOffset } of names)
    assert.ok(lastOffset % 4096 === 4095 || ticks.includes(lastOffset), `${lastOffset}`);
  await sink.close();
});

test('it goes on where the manifest ends, and skips what is archived', async () => {
  const store = new MemoryStore();
  const market = traffic();
  const blocks = market.run(9).map(asFrames);
  const first = openArchive(store, { segmentSeconds: 2 });
  for (const block of blocks.slice(0, 20)) await first.write(block);
  const stood = new Map(first.durable());
  await first.close();
  const second = openArchive(store, { segmentSeconds: 2 });
  assert.deepEqual(new Map([...(await second.positions())].sort()), new Map([...stood].sort()));
  const objects = new Map(store.objects);
  for (const block of blocks) await second.write(block);
  for (const [key, bytes] of objects) assert.equal(store.objects.get(key), bytes);
  await second.close();
  const { faults, partitions } = await verifyArchive(store, 1);
  assert.deepEqual(faults, []);
  assert.equal(partitions.length, 4);
});

test('an interruption between segment and manifest is finished later', async () => {
  const store = new MemoryStore();
  const blocks = traffic().run(5).map(asFrames);
  const first = openArchive(store, { segmentSeconds: 2 });
  for (const block of blocks) await first.write(block);
  await first.close();
  const whole = new Map(store.objects);
  const entry = [...store.objects.keys()].filter((key) => key.startsWith('manifest/market/0/')).at(-1)!;
  store.objects.delete(entry);
  const second = openArchive(store, { segmentSeconds: 2 });
  await second.positions();
  for (const block of blocks) await second.write(block);
  assert.deepEqual(new Map(store.objects), whole);
  assert.equal(second.figures!().equalSegments, 1);
  await second.close();
});

test('a gap is refused', async () => {
  const sink = openArchive(new MemoryStore());
  const blocks = traffic()
    .run(3)
    .filter(({ log, partition }) => log === 'market' && partition === 1)
    .map(asFrames);
  await sink.write(blocks[0]!);
  await assert.rejects(sink.write(blocks[2]!), isExit(65, /records are missing/));
  await sink.close();
});

test('another log under the same key is two histories, and stops', async () => {
  const store = new MemoryStore();
  const sink = openArchive(store, { segmentSeconds: 2 });
  for (const block of traffic().run(5)) await sink.write(asFrames(block));
  await sink.close();
  for (const key of [...store.objects.keys()]) if (key.startsWith('manifest/')) store.objects.delete(key);
  const other = traffic({ startMicros: 1_800_000_000_000_000 }).run(5).map(asFrames);
  const second = openArchive(store, { segmentSeconds: 2 });
  await assert.rejects(
    (async () => {
      for (const block of other) await second.write(block);
    })(),
    isExit(65, /two histories/),
  );
  await second.close();
});

test('every flipped bit of a segment is found', () => {
  const [block] = traffic({ ordersPerTick: 6 })
    .run(1)
    .filter(({ log }) => log === 'accounts');
  const { frames } = asFrames(block!);
  for (const codec of ['null', 'deflate', 'zstandard'] as const) {
    const writer = new SegmentWriter({ generation: 1, log: 'accounts', partition: 0, firstOffset: 0 }, codec);
    writer.take(frames!, 0, frames!.records);
    const { key, bytes, recordsSha256 } = writer.finish();
    for (let at = 0; at < bytes.length; at++) {
      const bit = 1 << (at % 8);
      bytes[at]! ^= bit;
      let found = false;
      try {
        found = readSegment(key, bytes).recordsSha256 !== recordsSha256;
      } catch (error) {
        assert.ok(error instanceof Malformed, `byte ${at}: ${error}`);
        found = true;
      }
      assert.ok(found, `${codec}: a flip in byte ${at} of ${bytes.length} went unseen`);
      bytes[at]! ^= bit;
    }
    for (const length of [0, 3, 100, bytes.length - 1])
      assert.throws(() => readSegment(key, bytes.subarray(0, length)), Malformed);
  }
});

test('the manifest finds an entry that is missing, changed, or of another place', async () => {
  const made = new MemoryStore();
  const sink = openArchive(made, { segmentSeconds: 1 });
  for (const block of traffic().run(14)) await sink.write(asFrames(block));
  await sink.close();
  const keys = (await made.list('manifest/market/0/'))
    .map((key) => parseKey(key)!)
    .sort((a, b) => a.firstOffset - b.firstOffset)
    .map(manifestKey);
  assert.ok(keys.length >= 4);
  const tampered: [what: string, change: (objects: Map<string, Uint8Array>) => void, says: RegExp][] = [
    ['missing', (objects) => objects.delete(keys[1]!), /segments are missing/],
    ['changed', (objects) => edit(objects, keys[1]!, /"records": \d+/, '"records": 1'), /not what its hash says/],
    ['moved', (objects) => objects.set(keys[1]!, objects.get(keys[2]!)!), /holds the entry of/],
    ['no entry', (objects) => objects.set(keys[1]!, Buffer.from('{}')), /no entry of a manifest/],
  ];
  for (const [what, change, says] of tampered) {
    const store = new MemoryStore();
    for (const [key, bytes] of made.objects) store.objects.set(key, bytes);
    change(store.objects);
    await assert.rejects(
      readManifest(store, 1),
      (error: unknown) => error instanceof Malformed && says.test(error.what),
      what,
    );
    assert.equal((await verifyArchive(store, 1)).faults.length, 1, what);
  }
});

test('a segment that is missing or damaged is named by the verifier', async () => {
  const store = new MemoryStore();
  const sink = openArchive(store, { segmentSeconds: 1 });
  for (const block of traffic().run(6)) await sink.write(asFrames(block));
  await sink.close();
  const [one, two] = (await store.list('accounts/1/')) as [string, string];
  store.objects.delete(one);
  store.objects.get(two)![400]! ^= 1;
  const { faults } = await verifyArchive(store, 1);
  assert.deepEqual(
    faults
      .map(({ where }) => where)
      .filter((where) => where === one || where === two)
      .sort(),
    [one, two].sort(),
  );
});

test('a record of an older version stands beside those of today', () => {
  const today = recordSchemas.tick;
  const older: AvroRecord = { ...today, version: 0, fields: today.fields.filter(({ name }) => name !== 'number') };
  const fingerprint = fingerprintHex(fingerprintOf(canonicalForm(older)));
  const known = olderSchemas as { [fingerprint: string]: AvroRecord };
  known[fingerprint] = older;
  after(() => delete known[fingerprint]);
  const scratch = new Uint8Array(4096);
  const [block] = traffic({ ordersPerTick: 5 })
    .run(1)
    .filter(({ log }) => log === 'market');
  const payloads = [...recordsOfRun(asFrames(block!).frames!)].map(({ payload }) => payload);
  const tick = payloads.at(-1)!;
  // The same body without its last field, under the older fingerprint.
  const old = Uint8Array.from([0xc3, 1, ...Buffer.from(fingerprint, 'hex'), ...tick.subarray(10, tick.length - 1)]);
  assert.ok(scratch.length > old.length);
  const writer = new SegmentWriter({ generation: 1, log: 'market', partition: 0, firstOffset: 0 }, 'null');
  writer.adopt(fingerprint);
  for (const payload of [...payloads, old, ...payloads]) writer.append(payload, 7);
  const { key, bytes } = writer.finish();
  const content = readSegment(key, bytes);
  assert.deepEqual(Buffer.from(content.records[payloads.length]!.payload), Buffer.from(old));
  assert.ok(archiveShape('market', [fingerprint]).fields.some(({ name }) => name === 'tick_v0'));
});

test('names of objects are taken apart and put together again, and nothing else is one', () => {
  const name = { generation: 1, log: 'market', partition: 0, firstOffset: 5, lastOffset: 77 };
  assert.equal(segmentKey(name), 'market/0/5-77.avro');
  assert.deepEqual(parseKey(segmentKey(name)), name);
  assert.equal(manifestKey({ ...name, generation: 3 }), 'generation-3/manifest/market/0/5-77.json');
  assert.deepEqual(parseKey('generation-3/manifest/market/0/5-77.json'), { ...name, generation: 3 });
  for (const other of [
    'market/0/5-77.txt',
    '../market/0/5-77.avro',
    'market/0/-77.avro',
    'market/a/5-77.avro',
    'market/0/5-77.avro/x',
    'catalog/1-ab.json',
  ]) {
    assert.equal(parseKey(other), undefined, other);
  }
});

test('a folder creates an object once, also when two try at the same moment', async () => {
  const folder = temporaryFolder();
  const store = openFolderStore(folder);
  const bytes = Buffer.from('first');
  const made = await Promise.all(Array.from({ length: 20 }, () => openFolderStoreAgain(folder, bytes)));
  assert.equal(made.filter((outcome) => outcome === 'created').length, 1);
  assert.equal(await store.create('a/b/object', Buffer.from('second')), 'exists');
  assert.deepEqual(await store.read('a/b/object'), bytes);
  assert.equal(await store.read('a/b/other'), undefined);
  assert.deepEqual(await store.list('a/'), ['a/b/object']);
  assert.deepEqual(readdirSync(join(folder, '.aside')), []);
});

test('what a crash left half made is no object and is cleared away', async () => {
  const folder = temporaryFolder();
  const store = openFolderStore(folder);
  await store.create('x/1', Buffer.from('whole'));
  writeFileSync(join(folder, '.aside', 'half'), 'ha');
  utimesSync(join(folder, '.aside', 'half'), new Date(0), new Date(0));
  writeFileSync(join(folder, '.aside', 'of-another-process'), 'ha');
  const again = openFolderStore(folder);
  assert.deepEqual(readdirSync(join(folder, '.aside')), ['of-another-process']);
  assert.deepEqual(await again.list(''), ['x/1']);
  assert.equal(readFileSync(join(folder, 'x/1'), 'utf8'), 'whole');
});

async function openFolderStoreAgain(folder: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
  await new Promise((resolve) => setImmediate(resolve));
  return openFolderStoreShared(folder).create('a/b/object', bytes);
}

const shared = new Map<string, ReturnType<typeof openFolderStore>>();

function openFolderStoreShared(folder: string): ReturnType<typeof openFolderStore> {
  const store = shared.get(folder) ?? openFolderStore(folder);
  shared.set(folder, store);
  return store;
}

function edit(objects: Map<string, Uint8Array>, key: string, what: RegExp, by: string): void {
  objects.set(key, Buffer.from(Buffer.from(objects.get(key)!).toString('utf8').replace(what, by)));
}
