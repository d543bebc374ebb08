// History on the real engine: every record one row, each once, resumed from what the tables hold.
import assert from 'node:assert/strict';
import { beforeEach, test } from 'node:test';
import type { SinkBlock } from '../../pipelines/runtime/ports.ts';
import { ExitError } from '../../schemas/exit.ts';
import { clickhouseHistory } from '../../sinks/clickhouse-history/clickhouse-history.ts';
import { LongColumn, nativeBlock, TextColumn } from '../../sinks/clickhouse-history/native-columns.ts';
import { recordTables } from '../../sinks/clickhouse-history/tables.ts';
import { ask, rows, startTestEngine, temporaryFolder } from './history-engine.ts';
import { historyContext, openHistory, rowsWanted, writeAll } from './history-run.ts';
import { HistoryTraffic } from './history-traffic.ts';

const engine = await startTestEngine(temporaryFolder());
const skip = engine === undefined ? 'the embedded ClickHouse does not load here' : false;
const running = engine!;

const traffic = (options: Partial<ConstructorParameters<typeof HistoryTraffic>[0]> = {}) =>
  new HistoryTraffic({ seed: 11, accountPartitions: 2, marketPartitions: 2, ordersPerTick: 300, ...options });

beforeEach(async () => {
  if (skip) return;
  await rows(running, 'DROP DATABASE IF EXISTS sluice_rows');
  await rows(running, 'DROP DATABASE IF EXISTS sluice');
  await rows(running, 'CREATE DATABASE sluice', { parameters: { database: 'default' } });
});

/** Rows as they are seen (FINAL), by table, of the tables that have any. */
async function rowsFound(): Promise<{ [table: string]: number }> {
  const selects = recordTables.map(({ name }) => `SELECT '${name}' AS t, count() AS n FROM sluice_rows.${name} FINAL`);
  const text = await rows(running, `${selects.join(' UNION ALL ')} FORMAT TabSeparated`);
  const pairs = text.split('\n').map((line) => line.split('\t') as [string, string]);
  return Object.fromEntries(pairs.filter(([, count]) => count !== '0').map(([table, count]) => [table, Number(count)]));
}

async function integrityFaults(): Promise<string> {
  return rows(running, 'SELECT check, subject, found, expected FROM integrity WHERE NOT ok');
}

test('every record is one row of its table, and history stands behind the last one', { skip }, async () => {
  const market = traffic();
  const blocks = market.run(5);
  const sink = openHistory(running);
  assert.deepEqual(await sink.positions(), new Map());
  await writeAll(sink, blocks);
  assert.deepEqual(await rowsFound(), rowsWanted(blocks));
  assert.equal(await integrityFaults(), '');
  const ends = new Map(blocks.map((block) => [`${block.log}/${block.partition}`, block.lastOffset + 1]));
  await sink.close();
  const again = openHistory(running);
  assert.deepEqual(new Map([...(await again.positions())].sort()), new Map([...ends].sort()));
  await again.close();
});

test('rows hold what the records say, to the unit', { skip }, async () => {
  const blocks = traffic({ ordersPerTick: 60 }).run(3);
  const sink = openHistory(running);
  await writeAll(sink, blocks);
  const told = blocks
    .filter(({ log }) => log === 'market')
    .flatMap(({ partition, firstOffset, records, envelopes }) =>
      records.map((record, index) => ({ record, envelope: envelopes[index]!, offset: firstOffset + index, partition })),
    )
    .filter(({ record }) => record.type === 'trade');
  const stored = await rows(
    running,
    `SELECT partition, offset, toUnixTimestamp64Micro(occurred_at), symbol, seq, event_id, causation_id, correlation_id, price_ticks, quantity_lots,
       quote_amount, taker_side, taker_order_id, maker_order_id, taker_account, maker_account, taker_open_lots, maker_cumulative_lots, auction
     FROM sluice_rows.trades FINAL ORDER BY partition, offset`,
  );
  const wanted = told
    .sort((a, b) => a.partition - b.partition || a.offset - b.offset)
    .map(({ record, envelope, offset, partition }) => {
      assert.equal(record.type, 'trade');
      const { symbol, seq, priceTicks, quantityLots, quoteAmount, takerSide, takerOrderId, makerOrderId } = record;
      const { takerAccount, makerAccount, takerOpenLots, makerCumulativeLots, auction } = record;
      const { occurredAt, eventId, causationId, correlationId } = envelope;
      const front = [
        partition,
        offset,
        occurredAt,
        symbol,
        seq,
        eventId,
        causationId,
        correlationId,
        priceTicks,
        quantityLots,
      ];
      return [
        ...front,
        quoteAmount,
        takerSide,
        takerOrderId,
        makerOrderId,
        takerAccount,
        makerAccount,
        takerOpenLots,
        makerCumulativeLots,
        auction,
      ].join('\t');
    });
  assert.ok(wanted.length > 20);
  assert.equal(stored, wanted.join('\n'));
  await sink.close();
});

test('numbers and texts at their limits come back whole', { skip }, async () => {
  await rows(running, 'CREATE TABLE sluice.limits (n Int64, w Int64, t String) ENGINE = MergeTree ORDER BY n');
  const numbers = [0, 1, -1, 2 ** 31, -(2 ** 31), 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1, -(2 ** 53 - 1)];
  const wide = [0n, -1n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 1n, 2n, 3n, 4n];
  const texts = ['', 'a', 'é', '日本', '\n\n', '\0', 'x'.repeat(127), 'x'.repeat(128), '🙂'.repeat(5000)];
  const n = new LongColumn('Int64');
  const w = new LongColumn('Int64');
  const t = new TextColumn();
  n.reserve(numbers.length);
  w.reserve(numbers.length);
  for (const [row, value] of numbers.entries()) {
    n.values[row] = value;
    w.setWide(row, wide[row]!);
    // A text that is left out is empty.
    if (texts[row] !== '') t.set(row, texts[row]!);
  }
  const body = Buffer.concat(
    nativeBlock(
      [
        ['n', n],
        ['w', w],
        ['t', t],
      ],
      numbers.length,
    ),
  );
  const answer = await ask(running, undefined, {
    parameters: { query: 'INSERT INTO limits (n, w, t) FORMAT Native' },
    body,
  });
  assert.equal(answer.text, '');
  const back = await rows(running, `SELECT n, w, hex(t) FROM limits ORDER BY indexOf([${numbers.join(', ')}], n)`);
  const wanted = numbers.map(
    (value, row) => `${value}\t${wide[row]}\t${Buffer.from(texts[row]!).toString('hex').toUpperCase()}`,
  );
  assert.equal(back, wanted.join('\n'));
});

test('what is handed over again is skipped, whatever its borders, and no repeat can be seen', { skip }, async () => {
  const blocks = traffic().run(4);
  const first = openHistory(running);
  await writeAll(first, blocks.slice(0, 9));
  await first.close();
  // The same records, cut elsewhere: every block of a partition joined with the next one.
  const joined = joinPairs(blocks);
  const second = openHistory(running);
  await writeAll(second, joined);
  assert.deepEqual(await rowsFound(), rowsWanted(blocks));
  assert.equal(await integrityFaults(), '');
  assert.equal(await rows(running, 'SELECT sum(repeats) FROM integrity'), '0');
  await second.close();
});

for (const [intervals, kept] of [
  [['1m', '1h'], 'none'],
  [['1s', '1m'], 'all'],
] as const) {
  test(`only candles of the configured intervals are kept: of those of a second, with ${intervals}, ${kept}`, {
    skip,
  }, async () => {
    const blocks = traffic().run(5);
    const made = rowsWanted(blocks).candles!;
    assert.ok(made > 0);
    const sink = openHistory(running, {}, { candles: intervals });
    await writeAll(sink, blocks);
    const found = await rows(running, 'SELECT count() FROM sluice_rows.candles FINAL');
    assert.equal(found, String(kept === 'all' ? made : 0));
    await sink.close();
  });
}

test('a gap is refused and nothing of it is stored', { skip }, async () => {
  const blocks = traffic()
    .run(3)
    .filter(({ log, partition }) => log === 'market' && partition === 0);
  const sink = openHistory(running);
  await sink.write(blocks[0]!);
  const before = await rowsFound();
  await assert.rejects(sink.write(blocks[2]!), (error: unknown) => error instanceof ExitError && error.code === 65);
  assert.deepEqual(await rowsFound(), before);
  await sink.close();
});

test('a history of another log is refused', { skip }, async () => {
  const sink = openHistory(running);
  await writeAll(sink, traffic({ seed: 1 }).run(2));
  await sink.close();
  const other = openHistory(running);
  await assert.rejects(
    writeAll(other, traffic({ seed: 1, startMicros: 1_800_000_000_000_000 }).run(2)),
    (error: unknown) => {
      return error instanceof ExitError && error.code === 76;
    },
  );
  await other.close();
});

test('a block of ticks alone moves the position', { skip }, async () => {
  const market = traffic({ ordersPerTick: 0 });
  const sink = openHistory(running);
  await writeAll(sink, market.run(3));
  assert.equal(
    await rows(running, "SELECT max(last_offset) FROM sluice_rows.positions FINAL WHERE log = 'accounts'"),
    '5',
  );
  await sink.close();
});

test('blocks that wait together become one insert a table', { skip }, async () => {
  const blocks = traffic({ ordersPerTick: 50 }).run(8);
  const sink = openHistory(running, { lingerMs: 300 });
  await writeAll(sink, blocks);
  const parts = await rows(
    running,
    "SELECT max(c) FROM (SELECT count() AS c FROM system.parts WHERE database = 'sluice_rows' AND table != 'probe' GROUP BY table)",
  );
  assert.equal(parts, '1');
  assert.equal(sink.figures!().groups, 1);
  await sink.close();
});

test('tables of an earlier version get the columns and words they lack', { skip }, async () => {
  const blocks = traffic().run(2);
  const sink = openHistory(running);
  await writeAll(sink, blocks);
  await sink.close();
  await rows(running, 'ALTER TABLE sluice_rows.trades DROP COLUMN traceparent');
  await rows(running, "ALTER TABLE sluice_rows.prevented_matches MODIFY COLUMN mode Enum8('' = 0, 'none' = 1)");
  const again = openHistory(running);
  await writeAll(again, blocks);
  assert.equal(
    await rows(
      running,
      "SELECT count() FROM system.columns WHERE database = 'sluice_rows' AND table = 'trades' AND name = 'traceparent'",
    ),
    '1',
  );
  assert.match(
    await rows(running, "SELECT type FROM system.columns WHERE table = 'prevented_matches' AND name = 'mode'"),
    /decrement/,
  );
  await again.close();
});

test('a table that says something else is refused by name', { skip }, async () => {
  const sink = openHistory(running);
  await sink.positions();
  await sink.close();
  await rows(running, 'ALTER TABLE sluice_rows.candles MODIFY COLUMN base_lots Float64');
  const refused = openHistory(running);
  await assert.rejects(refused.positions(), (error: unknown) => {
    assert.ok(error instanceof ExitError);
    assert.equal(error.code, 78);
    assert.match(error.message, /candles: column base_lots is Float64, the record says Int64/);
    return true;
  });
  await refused.close();
});

test('every table remembers enough tokens, and the probe leaves nothing behind', { skip }, async () => {
  const sink = openHistory(running);
  await sink.positions();
  const windows = await rows(
    running,
    "SELECT countIf(position(create_table_query, 'non_replicated_deduplication_window = 10000') = 0), count() FROM system.tables WHERE database = 'sluice_rows'",
  );
  assert.equal(windows, `0\t${recordTables.length + 1}`);
  await sink.close();
});

test('with the engine of its own it starts, stores and stops by itself, and the archive is there as tables', {
  skip,
  timeout: 60_000,
}, async () => {
  const said: string[] = [];
  const dataDir = temporaryFolder();
  const blocks = traffic({ ordersPerTick: 20 }).run(2);
  const sink = await clickhouseHistory({ lingerMs: 5 }).open(historyContext(said, dataDir));
  await sink.positions();
  await writeAll(sink, blocks);
  assert.equal(sink.figures!().state, 'writing');
  await sink.close();
  const second = await clickhouseHistory({ lingerMs: 5 }).open(historyContext(said, dataDir));
  assert.equal(
    (await second.positions()).get('market/0'),
    blocks.filter(({ log, partition }) => log === 'market' && partition === 0).at(-1)!.lastOffset + 1,
  );
  await second.close();
  assert.deepEqual(said, []);
});

/** Neighbouring blocks of a partition as one. */
function joinPairs(blocks: readonly SinkBlock[]): SinkBlock[] {
  const joined: SinkBlock[] = [];
  for (const key of new Set(blocks.map(({ log, partition }) => `${log}/${partition}`))) {
    const own = blocks.filter(({ log, partition }) => `${log}/${partition}` === key);
    for (let index = 0; index < own.length; index += 2) {
      const [one, two] = [own[index]!, own[index + 1]];
      joined.push(
        two === undefined
          ? one
          : {
              ...one,
              lastOffset: two.lastOffset,
              lastTimeMicros: two.lastTimeMicros,
              records: [...one.records, ...two.records],
              envelopes: [...one.envelopes, ...two.envelopes],
              outputs: Object.fromEntries(
                Object.keys(one.outputs).map((port) => [
                  port,
                  {
                    records: [...one.outputs[port]!.records, ...two.outputs[port]!.records],
                    envelopes: [...one.outputs[port]!.envelopes, ...two.outputs[port]!.envelopes],
                  },
                ]),
              ),
            },
      );
    }
  }
  return joined;
}
