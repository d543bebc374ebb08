// A store that is away, refuses, loses answers, damages what it keeps, or lies: nothing is lost, and nothing wrong is kept.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { ExitError } from '../../schemas/exit.ts';
import { type ObjectStore, StoreUnavailable } from '../../sinks/avro-archive/object-store.ts';
import { verifyArchive } from '../../sinks/avro-archive/verify-archive.ts';
import { asFrames, MemoryStore, openArchive } from '../sinks/archive-run.ts';
import { HistoryTraffic } from '../sinks/history-traffic.ts';

const blocks = () =>
  new HistoryTraffic({ seed: 4, accountPartitions: 2, marketPartitions: 2, ordersPerTick: 80 }).run(9).map(asFrames);

/** A store in which each call goes wrong the first time, in the way that is asked for. */
class FaultyStore extends MemoryStore {
  readonly #fault: 'refuse' | 'lose the answer' | 'hang';
  readonly #met = new Set<string>();
  calls = 0;

  constructor(fault: 'refuse' | 'lose the answer' | 'hang') {
    super();
    this.#fault = fault;
  }

  override async create(key: string, bytes: Uint8Array): Promise<'created' | 'exists'> {
    return this.#once(`create ${key}`, () => super.create(key, bytes));
  }

  override async read(key: string): Promise<Uint8Array | undefined> {
    return this.#once(`read ${key}`, () => super.read(key));
  }

  async #once<T>(call: string, work: () => Promise<T>): Promise<T> {
    this.calls++;
    if (this.#met.has(call)) return work();
    this.#met.add(call);
    if (this.#fault === 'lose the answer') await work();
    if (this.#fault === 'hang') await wait(30);
    throw new StoreUnavailable(`${call}: ${this.#fault}`);
  }
}

for (const fault of ['refuse', 'lose the answer', 'hang'] as const) {
  test(`each call meets "${fault}" first, and the archive is whole in the end`, { timeout: 120_000 }, async () => {
    const clean = new MemoryStore();
    const reference = openArchive(clean, { segmentSeconds: 4 });
    for (const block of blocks()) await reference.write(block);
    await reference.close();
    const store = new FaultyStore(fault);
    const sink = openArchive(store, { segmentSeconds: 4 });
    await Promise.all(blocks().map((block) => sink.write(block)));
    assert.deepEqual(new Map([...store.objects].sort()), new Map([...clean.objects].sort()));
    assert.ok(sink.said.length >= 2);
    await sink.close();
    assert.deepEqual((await verifyArchive(clean, 1)).faults, []);
  });
}

test('while the store is away the lane waits, and a close does not', { timeout: 20_000 }, async () => {
  let away = false;
  const kept = new MemoryStore();
  const store: ObjectStore = {
    name: 'away',
    async create(key, bytes) {
      if (away) throw new StoreUnavailable('away');
      return kept.create(key, bytes);
    },
    read: (key) => kept.read(key),
    list: (prefix) => kept.list(prefix),
  };
  const sink = openArchive(store, { segmentSeconds: 2 });
  const all = blocks();
  await sink.positions();
  away = true;
  let taken = 0;
  const outcomes = Promise.allSettled(all.map((block) => sink.write(block).then(() => taken++)));
  await wait(300);
  assert.ok(taken < all.length);
  assert.match(String(sink.figures!().state), /^waiting: away/);
  await sink.close();
  assert.ok((await outcomes).some(({ status }) => status === 'rejected'));
  away = false;
  const again = openArchive(store, { segmentSeconds: 2 });
  for (const block of all) await again.write(block);
  assert.deepEqual((await verifyArchive(kept, 1)).faults, []);
  await again.close();
});

test('a store that replaces what exists is refused at the start', async () => {
  const kept = new MemoryStore();
  const store: ObjectStore = {
    name: 'careless',
    async create(key, bytes) {
      kept.objects.set(key, bytes);
      return 'created';
    },
    read: (key) => kept.read(key),
    list: (prefix) => kept.list(prefix),
  };
  const sink = openArchive(store);
  await assert.rejects(
    sink.positions(),
    (error: unknown) => error instanceof ExitError && error.code === 78 && /careless/.test(error.message),
  );
});

test('what is read back differently is not in the manifest', async () => {
  const kept = new MemoryStore();
  const store: ObjectStore = {
    name: 'damaging',
    async create(key, bytes) {
      const stored = Uint8Array.from(bytes);
      if (key.endsWith('.avro')) stored[stored.length - 40]! ^= 1;
      return kept.create(key, stored);
    },
    read: (key) => kept.read(key),
    list: (prefix) => kept.list(prefix),
  };
  const sink = openArchive(store, { segmentSeconds: 2 });
  await assert.rejects(
    (async () => {
      for (const block of blocks()) await sink.write(block);
    })(),
    (error: unknown) => error instanceof ExitError && error.code === 65 && /is damaged/.test(error.message),
  );
  assert.deepEqual(await kept.list('manifest/'), []);
  assert.equal(Math.max(0, ...sink.durable().values()), 0);
  await sink.close();
});
