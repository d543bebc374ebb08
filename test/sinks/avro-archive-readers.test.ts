// Other programs read the archive: Python's fastavro, and ClickHouse where the files lie.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import { decodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import { avroArchive } from '../../sinks/avro-archive/avro-archive.ts';
import { openFolderStore } from '../../sinks/avro-archive/folder-store.ts';
import { archiveTablesSql } from '../../sinks/clickhouse-history/archive-tables.ts';
import { installFastavro, PYTHON } from '../fastavro.ts';
import { frameBlocks, recordMarket } from '../pipelines/recorded-market.ts';
import { rows, startTestEngine, temporaryFolder } from './history-engine.ts';

const engine = await startTestEngine(temporaryFolder());
const skip = engine === undefined ? 'the embedded ClickHouse does not load here' : false;
const market = recordMarket({ seed: 9, seconds: 12, ordersPerSecond: 40 });
const dataDir = mkdtempSync(join(tmpdir(), 'sluice-readers-'));
after(() => rmSync(dataDir, { recursive: true, force: true }));
const archive = join(dataDir, 'archive');
const sink = await avroArchive({ segmentSeconds: 4 }).open({
  id: 'archive',
  dataDir,
  config: {},
  clock: systemClock(),
  partitions: market.catalog.partitions,
  generation: 1,
  say: assert.fail,
});
for (const block of frameBlocks(market)) await sink.write(block);
const archivedTo = new Map(sink.durable!());
await sink.close();

/** Archived records by log and type, with the sum of their offsets. */
const wanted = new Map<string, { records: number; offsets: number }>();
for (const { log, partition, offset, payload } of market.frames) {
  if (offset >= (archivedTo.get(`${log}/${partition}`) ?? 0)) continue;
  const key = `${log} ${decodeRecord(payload, 0, payload.length, emptyEnvelope()).type}`;
  const sums = wanted.get(key) ?? { records: 0, offsets: 0 };
  wanted.set(key, { records: sums.records + 1, offsets: sums.offsets + offset });
}
const wantedLines = [...wanted].map(([key, { records, offsets }]) => `${key} ${records} ${offsets}`).sort();

const fastavro = installFastavro();

test('fastavro reads every archived record', { skip: fastavro === undefined }, () => {
  const script = `
import collections, fastavro, glob, os, sys
sums = collections.defaultdict(lambda: [0, 0])
for path in glob.glob(os.path.join(sys.argv[1], '*', '*', '*.avro')):
    log = os.path.relpath(path, sys.argv[1]).split(os.sep)[0]
    with open(path, 'rb') as file:
        for record in fastavro.reader(file):
            own = record[record['type']]
            assert own is not None and own['occurred_at'].year == 2026
            assert all(record[name] is None for name in record if name not in ('offset', 'chain_key', 'type', 'body_bytes', record['type']))
            sums[log + ' ' + record['type']][0] += 1
            sums[log + ' ' + record['type']][1] += record['offset']
for key, (records, offsets) in sums.items():
    print(key, records, offsets)
`;
  const run = spawnSync(PYTHON, ['-c', script, archive], {
    env: { ...process.env, PYTHONPATH: fastavro },
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(run.stdout.trim().split('\n').sort(), wantedLines);
});

test('ClickHouse reads the files where they lie, all of a log at once', { skip }, async () => {
  const lines: string[] = [];
  for (const log of Object.keys(market.catalog.logs)) {
    const sums = await rows(
      engine!,
      `SELECT type, count(), sum(offset) FROM file('${archive}/${log}/*/*.avro', Avro) GROUP BY type`,
    );
    lines.push(...sums.split('\n').map((line) => `${log} ${line.replaceAll('\t', ' ')}`));
  }
  assert.deepEqual(lines.sort(), wantedLines);
});

test('the analyst asks the archive through tables, by the fields of a record', { skip }, async () => {
  for (const sql of archiveTablesSql('sluice', archive, 1)) await rows(engine!, sql);
  const trades = market.frames
    .filter(({ log, partition, offset }) => log === 'market' && offset < (archivedTo.get(`market/${partition}`) ?? 0))
    .map(({ payload }) => decodeRecord(payload, 0, payload.length, emptyEnvelope()))
    .filter((record) => record.type === 'trade');
  const lots = trades.reduce((sum, { quantityLots }) => sum + quantityLots, 0);
  assert.ok(trades.length > 10);
  const asked = await rows(
    engine!,
    "SELECT count(), sum(trade.quantity_lots), countIf(trade.taker_side = 'buy'), min(trade.occurred_at) > '2026-01-01' FROM archive_market WHERE type = 'trade'",
    { as: 'analyst' },
  );
  const buys = trades.filter(({ takerSide }) => takerSide === 'buy').length;
  assert.equal(asked, `${trades.length}\t${lots}\t${buys}\t1`);
});

test('a log of which nothing is archived yet is an empty table', { skip }, async () => {
  const empty = mkdtempSync(join(tmpdir(), 'sluice-empty-'));
  after(() => rmSync(empty, { recursive: true, force: true }));
  openFolderStore(empty);
  for (const sql of archiveTablesSql('sluice', empty, 1)) await rows(engine!, sql);
  assert.equal(await rows(engine!, 'SELECT count() FROM archive_orders', { as: 'analyst' }), '0');
});

test('ClickHouse reads files of every codec that the archive may be told to use', { skip }, async () => {
  for (const codec of ['null', 'zstandard'] as const) {
    const other = mkdtempSync(join(tmpdir(), 'sluice-codec-'));
    after(() => rmSync(other, { recursive: true, force: true }));
    const sinkOfCodec = await avroArchive({ segmentSeconds: 4, codec, directory: other }).open({
      id: 'archive',
      dataDir,
      config: {},
      clock: systemClock(),
      partitions: market.catalog.partitions,
      generation: 1,
      say: assert.fail,
    });
    for (const block of frameBlocks(market)) await sinkOfCodec.write(block);
    await sinkOfCodec.close();
    const count = (folder: string) =>
      rows(engine!, `SELECT count(), sum(offset) FROM file('${folder}/market/*/*.avro', Avro)`);
    assert.equal(await count(other), await count(archive), codec);
  }
});
