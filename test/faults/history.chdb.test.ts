// History while its server misbehaves, is killed, or has lost what it said it had: the rows are all there in the end, once.
import assert from 'node:assert/strict';
import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { startEngine } from '../../sinks/clickhouse-history/engine/start-engine.ts';
import { recordTables } from '../../sinks/clickhouse-history/tables.ts';
import { ask, rows, startTestEngine, temporaryFolder } from '../sinks/history-engine.ts';
import { openHistory, rowsWanted, writeAll } from '../sinks/history-run.ts';
import { HistoryTraffic } from '../sinks/history-traffic.ts';
import { type Fault, startFaultyProxy } from './faulty-proxy.ts';

const folder = temporaryFolder();
const engine = await startTestEngine(folder);
const skip = engine === undefined ? 'the embedded ClickHouse does not load here' : false;
const running = engine!;
const proxy = await startFaultyProxy(() => running.address.url);

beforeEach(async () => {
  if (skip) return;
  proxy.decide = () => 'pass';
  proxy.counts.clear();
  await rows(running, 'DROP DATABASE IF EXISTS sluice_rows');
  await rows(running, 'DROP DATABASE IF EXISTS sluice');
  await rows(running, 'CREATE DATABASE sluice', { parameters: { database: 'default' } });
});

const traffic = (seed = 3) =>
  new HistoryTraffic({ seed, accountPartitions: 2, marketPartitions: 2, ordersPerTick: 120 });

async function assertComplete(blocks: Parameters<typeof rowsWanted>[0], server = running): Promise<void> {
  const selects = recordTables.map(({ name }) => `SELECT '${name}' AS t, count() AS n FROM sluice_rows.${name} FINAL`);
  const text = await rows(server, `${selects.join(' UNION ALL ')} FORMAT TabSeparated`);
  const pairs = text.split('\n').map((line) => line.split('\t') as [string, string]);
  const found = Object.fromEntries(
    pairs.filter(([, count]) => count !== '0').map(([table, count]) => [table, Number(count)]),
  );
  assert.deepEqual(found, rowsWanted(blocks));
  assert.equal(await rows(server, 'SELECT check, subject, found, expected FROM integrity WHERE NOT ok'), '');
}

const statementIs = (start: string) => (statement: string) => statement.startsWith(start);
const isInsert = statementIs('INSERT INTO sluice_rows.');

const faults: readonly Fault[] = [
  'refuse',
  'status 500',
  'status 503',
  'yes with exception',
  'applied then cut',
  'applied then half an answer',
  'lie',
];
for (const fault of faults) {
  test(`each insert meets "${fault}" first, and every row is stored once`, { skip }, async () => {
    const blocks = traffic().run(3);
    const met = new Set<string>();
    proxy.decide = (statement) => {
      if (!isInsert(statement) || met.has(statement)) return 'pass';
      met.add(statement);
      return fault;
    };
    const sink = openHistory(running, { url: proxy.url });
    await writeAll(sink, blocks);
    assert.ok(met.size >= 6, `${met.size} inserts met the fault`);
    await assertComplete(blocks);
    await sink.close();
  });
}

test('an answer that does not come within the deadline is asked for again', { skip }, async () => {
  const blocks = traffic().run(2);
  let hung = 0;
  proxy.decide = (statement) => (isInsert(statement) && hung++ < 2 ? 'hang' : 'pass');
  const sink = openHistory(running, { url: proxy.url, callTimeoutMs: 400 });
  await writeAll(sink, blocks);
  await assertComplete(blocks);
  assert.deepEqual(sink.said, ['history waits: no answer in time', 'history writes again']);
  await sink.close();
});

test('a server that is away at the start is waited for, with one line about it and one when it is back', {
  skip,
}, async () => {
  const blocks = traffic().run(2);
  proxy.decide = () => 'refuse';
  const sink = openHistory(running, { url: proxy.url });
  const written = writeAll(sink, blocks);
  while ((proxy.counts.get('refuse') ?? 0) < 4) await wait(20);
  assert.match(String(sink.figures!().state), /^waiting: /);
  proxy.decide = () => 'pass';
  await written;
  await assertComplete(blocks);
  assert.equal(sink.said.length, 2);
  await sink.close();
});

test('what waits is bounded by what was handed over, and a close while the server is away ends at once', {
  skip,
  timeout: 20_000,
}, async () => {
  const market = traffic();
  const sink = openHistory(running, { url: proxy.url });
  await writeAll(sink, market.run(1));
  proxy.decide = () => 'refuse';
  const later = market.run(3);
  const outcomes = Promise.allSettled(later.map((block) => sink.write(block)));
  await wait(100);
  await sink.close();
  assert.ok((await outcomes).every(({ status }) => status === 'rejected'));
  proxy.decide = () => 'pass';
  const again = openHistory(running, { url: proxy.url });
  await writeAll(again, market.blocks);
  await assertComplete(market.blocks);
  await again.close();
});

test('the engine is killed again and again while history is written', { skip, timeout: 120_000 }, async () => {
  const market = traffic();
  const sink = openHistory(running, { callTimeoutMs: 2_000 });
  await sink.positions();
  const KILLS = 4;
  let kills = 0;
  const killer = (async () => {
    for (; kills < KILLS; kills++) {
      await wait(100);
      // Only one that answers: a start that is killed is another test's.
      while ((await ask(running, 'SELECT 1').catch(() => undefined))?.status !== 200) await wait(20);
      process.kill(running.processId!, 'SIGKILL');
      const { restarts } = running;
      while (running.restarts === restarts) await wait(5);
    }
  })();
  for (let tick = 0; tick < 10 || kills < KILLS; tick++) await writeAll(sink, market.runTick());
  await killer;
  await assertComplete(market.blocks);
  await sink.close();
});

test('rows that were lost though their ranges were noted are found at the next start and written again', {
  skip,
  timeout: 60_000,
}, async () => {
  const own = temporaryFolder();
  const blocks = traffic().run(6);
  const first = await startEngine({ dataDir: own, database: 'sluice', say() {} });
  const sink = openHistory(first);
  await sink.positions();
  // Parts that were merged would be found in the merged one; a loss takes what was written last.
  await rows(first, 'SYSTEM STOP MERGES sluice_rows.trades');
  for (const block of blocks) await sink.write(block);
  await sink.close();
  // A whole part of a table is gone, as after a loss of power; the tokens of its rows are still known.
  const path = await rows(
    first,
    "SELECT path FROM system.parts WHERE database = 'sluice_rows' AND table = 'trades' AND active ORDER BY min_block_number LIMIT 1",
  );
  await first.close();
  rmSync(path, { recursive: true });
  const second = await startEngine({ dataDir: own, database: 'sluice', say() {} });
  try {
    const lost = openHistory(second);
    const positions = await lost.positions();
    const standing = [...positions].filter(
      ([key, next]) => next <= blocks.filter(({ log, partition }) => `${log}/${partition}` === key).at(-1)!.lastOffset,
    );
    assert.ok(standing.length >= 1, 'no partition goes back');
    assert.match(lost.said.join('\n'), /history had lost rows/);
    await writeAll(lost, blocks);
    await assertComplete(blocks, second);
    await lost.close();
    const again = openHistory(second);
    await again.positions();
    assert.deepEqual(again.said, []);
    await again.close();
  } finally {
    await second.close();
  }
});

test('a row more than the log has is refused', { skip }, async () => {
  const market = traffic();
  const sink = openHistory(running);
  await writeAll(sink, market.run(1));
  const block = market.runTick().find(({ log }) => log === 'market')!;
  await rows(
    running,
    `INSERT INTO sluice_rows.trades (generation, partition, offset, occurred_at, symbol, seq) VALUES (1, ${block.partition}, ${block.lastOffset}, '2026-01-01 00:00:05', 1, 999999)`,
  );
  await assert.rejects(sink.write(block), /not of this log/);
  await sink.close();
});

test('a token with a block, then a block without one: both are stored', { skip }, async () => {
  await rows(
    running,
    'CREATE TABLE sluice.sticky (n Int64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 1000',
  );
  const insert = (n: number, token?: string) =>
    ask(running, undefined, {
      parameters: {
        query: 'INSERT INTO sticky FORMAT JSONEachRow',
        ...(token ? { insert_deduplication_token: token } : {}),
      },
      body: `{"n":${n}}`,
    });
  await insert(1, 'token');
  await insert(2);
  await insert(3);
  assert.equal(await rows(running, 'SELECT count() FROM sticky'), '3');
});

test('a query that runs for minutes neither stops inserts nor outlives its limit', { skip }, async () => {
  const blocks = traffic().run(2);
  const long = ask(running, 'SELECT count() FROM numbers(1e13) WHERE number % 13 = 3', {
    as: 'analyst',
    parameters: { max_execution_time: '3' },
  });
  const sink = openHistory(running);
  await writeAll(sink, blocks);
  await assertComplete(blocks);
  assert.equal((await long).code, '159');
  await sink.close();
});

test('the spool of inserts is empty when nothing is written', { skip }, () => {
  assert.deepEqual(readdirSync(join(folder, 'clickhouse', 'spool')), []);
});
