import assert from 'node:assert/strict';
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { SinkBlock } from '../../pipelines/runtime/ports.ts';
import type { ExitError } from '../../schemas/exit.ts';
import type { Entry } from '../../schemas/generated/records.ts';
import { copyIn } from '../../sinks/postgres-ledger/copy-in.ts';
import { COPY_ENTRIES, EntryRows } from '../../sinks/postgres-ledger/entry-rows.ts';
import { readBalances, readStatement, rebuildBalances } from '../../sinks/postgres-ledger/ledger-queries.ts';
import { migrate } from '../../sinks/postgres-ledger/migrations.ts';
import { dropLedger } from '../../sinks/postgres-ledger/prepare-ledger.ts';
import { probeLedger, refusals } from '../../sinks/postgres-ledger/probes.ts';
import { SequenceGap } from '../../sinks/postgres-ledger/settlement-errors.ts';
import { foldOf, type LedgerServer, ordered, startLedgerServer } from './ledger-server.ts';
import { LedgerTraffic } from './ledger-traffic.ts';

let ledger: LedgerServer;

before(async () => {
  ledger = await startLedgerServer();
});
after(() => ledger.close());
beforeEach(() => ledger.fresh());

const MAX = Number.MAX_SAFE_INTEGER;

type Leg = readonly [account: number, ledgerAccount: string, asset: number, amount: number];

function entry(first: number, legs: readonly Leg[], fields: Partial<{ [Name in keyof Entry]: unknown }> = {}): Entry {
  return {
    type: 'entry',
    symbol: 0,
    seq: 0,
    entryId: first * 2,
    kind: 'trade',
    accountPartition: 0,
    firstSequence: first,
    lastSequence: first,
    tradeId: 1,
    commandId: 1,
    tradeSymbol: 1,
    movedAt: 1_700_000_000_000_000,
    reverses: 0,
    reference: '',
    reason: '',
    postings: legs.map(([account, ledgerAccount, asset, amount]) => ({ account, ledgerAccount, asset, amount })),
    ...fields,
  } as unknown as Entry;
}

const deposit = (first: number, account: number, amount: number, asset = 1) =>
  entry(first, [
    [1, 'outside', asset, -amount],
    [account, 'available', asset, amount],
  ]);

function block(firstOffset: number, lastOffset: number, entries: readonly Entry[], partition = 0): SinkBlock {
  return {
    log: 'accounts',
    partition,
    firstOffset,
    lastOffset,
    lastTimeMicros: 0,
    records: [],
    envelopes: [],
    outputs: { 'settle.posted': { records: [...entries], envelopes: [] } },
  };
}

/** Entries as the role that settles, in a transaction of their own; the SQLSTATE of a refusal. */
function insert(entries: readonly Entry[]): Promise<string> {
  return ledger
    .as('settle', async (client) => {
      await client.query('BEGIN');
      await client.query(`SELECT * FROM ledger.take_cursors('accounts', '{0}', 1)`);
      const rows = new EntryRows();
      rows.begin();
      for (const one of entries) rows.add(one);
      await copyIn(client, COPY_ENTRIES, rows.end());
      await client.query('COMMIT');
      return 'stored';
    })
    .catch((error: { code?: string; message: string }) => error.code ?? error.message);
}

const sqlState = (statement: string, role: 'settle' | 'reader' = 'settle') =>
  ledger
    .as(role, (client) => client.query(statement))
    .then(
      () => 'done',
      (error: { code?: string; message: string }) => error.code ?? error.message,
    );

/** A row of text for INSERT, for what no entry of ours could hold. */
const sqlEntry = (fields: string) =>
  `BEGIN; SELECT * FROM ledger.take_cursors('accounts', '{0}', 1);
   INSERT INTO ledger.entries (entry_id, first_sequence, last_sequence, moved_at, account_partition, kind, accounts, ledger_accounts, assets, amounts)
   VALUES (${fields}); COMMIT`;

describe('the database refuses, whoever asks as the role that settles', () => {
  test('an entry that does not sum to zero per asset', async () => {
    assert.equal(
      await insert([
        entry(0, [
          [1, 'outside', 1, -5],
          [100, 'available', 1, 6],
        ]),
      ]),
      refusals.unbalanced,
    );
    assert.equal(
      await insert([
        entry(0, [
          [1, 'outside', 1, -5],
          [100, 'available', 2, 5],
        ]),
      ]),
      refusals.unbalanced,
    );
    assert.equal(
      await insert([
        deposit(0, 100, 5),
        entry(1, [
          [1, 'outside', 1, -5],
          [100, 'available', 1, 4],
        ]),
        deposit(2, 100, 5),
      ]),
      refusals.unbalanced,
      'one bad entry in a block refuses the block',
    );
    assert.deepEqual((await ledger.sums()).postings, []);
  });

  test('two entries that are off but make up for each other', async () => {
    const off = [
      entry(0, [
        [1, 'outside', 1, -5],
        [100, 'available', 1, 6],
      ]),
      entry(1, [
        [1, 'outside', 1, -6],
        [100, 'available', 1, 5],
      ]),
    ];
    assert.equal(await insert(off), refusals.unbalanced);
  });

  test("a user's negative balance, available or held, though the entry balances", async () => {
    assert.equal(await insert([deposit(0, 100, 5)]), 'stored');
    assert.equal(
      await insert([
        entry(1, [
          [1, 'outside', 1, 6],
          [100, 'available', 1, -6],
        ]),
      ]),
      refusals.checkViolated,
    );
    assert.equal(
      await insert([
        entry(1, [
          [100, 'available', 1, 1],
          [100, 'hold', 1, -1],
        ]),
      ]),
      refusals.checkViolated,
    );
    assert.equal(
      await insert([
        entry(1, [
          [1, 'outside', 1, 5],
          [100, 'available', 1, -5],
        ]),
      ]),
      'stored',
    );
  });

  test('lets the accounts of the house be negative', async () => {
    const house = entry(0, [
      [1, 'outside', 1, -9],
      [2, 'fees', 1, 4],
      [3, 'clearing', 1, 5],
    ]);
    assert.equal(await insert([house]), 'stored');
    assert.equal(
      await insert([
        entry(1, [
          [3, 'clearing', 1, -8],
          [1, 'outside', 1, 8],
        ]),
      ]),
      'stored',
    );
  });

  test('UPDATE, DELETE and TRUNCATE of entries, and any write to balances and cursors', async () => {
    assert.equal(await insert([deposit(0, 100, 5)]), 'stored');
    for (const statement of [
      `UPDATE ledger.entries SET amounts = '{-6,6}'`,
      'DELETE FROM ledger.entries',
      'TRUNCATE ledger.entries',
      'UPDATE ledger.balances SET available = 1000',
      'INSERT INTO ledger.balances VALUES (100, 2, 0, 1000, 0)',
      'DELETE FROM ledger.balances',
      'UPDATE ledger.cursors SET next_sequence = 0',
      'DELETE FROM ledger.cursors',
      'DROP TABLE ledger.entries',
      'DROP TRIGGER post_entries ON ledger.entries',
      'ALTER TABLE ledger.entries DISABLE TRIGGER ALL',
      'SET session_replication_role = replica',
      'ALTER ROLE sluice_settle SUPERUSER',
      `CREATE OR REPLACE FUNCTION ledger.refuse_posting(bigint, smallint) RETURNS bigint LANGUAGE sql AS 'SELECT 0::bigint'`,
      `CREATE TABLE ledger.mine (a int)`,
    ]) {
      assert.equal(await sqlState(statement), refusals.denied, statement);
      assert.equal(await sqlState(statement, 'reader'), refusals.denied, `${statement}, as the reader`);
    }
    assert.equal(await sqlState('INSERT INTO ledger.entries SELECT * FROM ledger.entries', 'reader'), refusals.denied);
  });

  test('the same number twice, with the same content or another', async () => {
    // Before the cursor moves: behind it nothing may be written at all.
    assert.equal(await insert([deposit(0, 100, 5)]), 'stored');
    assert.equal(await insert([deposit(0, 100, 5)]), refusals.keyTaken);
    assert.equal(await insert([deposit(0, 100, 6)]), refusals.keyTaken);
  });

  test('entries behind the cursor, and so legs added to old ones', async () => {
    assert.equal(await insert([deposit(4, 100, 5)]), 'stored');
    const advanced = `BEGIN; SELECT * FROM ledger.take_cursors('accounts', '{0}', 1); SELECT ledger.advance_cursor(0::int2, 0, 10); COMMIT`;
    assert.equal(await sqlState(advanced), 'done');
    assert.equal(await insert([deposit(5, 100, 5)]), refusals.behindCursor, 'a free number, but an old place');
    assert.equal(await insert([deposit(10, 100, 5)]), 'stored');
    assert.equal(
      await sqlState(`SELECT ledger.advance_cursor(0::int2, 10, 4)`),
      refusals.cursorMoved,
      'cursors do not go back',
    );
  });

  test('an entry of a partition that nobody took', async () => {
    const other = { ...deposit(0, 100, 5), accountPartition: 3, entryId: 3 * 2 ** 40 * 2 };
    assert.equal(await insert([other]), refusals.behindCursor);
  });

  test('amounts that overflow, and NaN, which a bigint cannot be', async () => {
    const huge = '9223372036854775807';
    const first = sqlEntry(`0, 0, 0, 0, 0, 'd', '{1,100}', '{o,a}', '{1,1}', '{-${huge},${huge}}'`);
    const second = sqlEntry(`2, 1, 1, 0, 0, 'd', '{1,100}', '{o,a}', '{1,1}', '{-1,1}'`);
    assert.equal(await sqlState(first), 'done');
    assert.equal(await sqlState(second), refusals.overflow);
    assert.equal(
      await sqlState(sqlEntry(`2, 1, 1, 0, 0, 'd', '{1,100}', '{o,a}', '{1,1}', '{-9223372036854775808,${huge},1}'`)),
      '23514',
    );
    for (const text of ['NaN', 'Infinity', '1.5', '1e3', '9223372036854775808']) {
      const state = await sqlState(sqlEntry(`2, 1, 1, 0, 0, 'd', '{1,100}', '{o,a}', '{1,1}', '{-${text},${text}}'`));
      assert.match(state, /^22/, text);
    }
  });

  test('postings that are no postings', async () => {
    for (const [what, fields, state] of [
      [
        'a missing amount',
        `0, 0, 0, 0, 0, 'd', '{1,100,100}', '{o,a,a}', '{1,1,1}', '{-1,1,NULL}'`,
        refusals.malformed,
      ],
      ['a missing ledger account', `0, 0, 0, 0, 0, 'd', '{1,100}', '{o,NULL}', '{1,1}', '{-1,1}'`, refusals.malformed],
      ['a missing account', `0, 0, 0, 0, 0, 'd', '{1,NULL}', '{o,a}', '{1,1}', '{-1,1}'`, refusals.malformed],
      [
        'a ledger account there is not',
        `0, 0, 0, 0, 0, 'd', '{1,100}', '{o,x}', '{1,1}', '{-1,1}'`,
        refusals.malformed,
      ],
      [
        "the house's ledger account of a user",
        `0, 0, 0, 0, 0, 'd', '{1,100}', '{o,f}', '{1,1}', '{-1,1}'`,
        refusals.malformed,
      ],
      [
        'an account between house and users',
        `0, 0, 0, 0, 0, 'd', '{1,50}', '{o,a}', '{1,1}', '{-1,1}'`,
        refusals.malformed,
      ],
      ['an amount of zero', `0, 0, 0, 0, 0, 'd', '{1,100}', '{o,a}', '{1,1}', '{0,0}'`, refusals.malformed],
      [
        'columns of unequal length',
        `0, 0, 0, 0, 0, 'd', '{1,100}', '{o,a}', '{1,1,1}', '{-1,1}'`,
        refusals.checkViolated,
      ],
      ['no postings', `0, 0, 0, 0, 0, 'd', '{}', '{}', '{}', '{}'`, refusals.checkViolated],
      [
        'postings in two dimensions',
        `0, 0, 0, 0, 0, 'd', '{{1,100}}', '{{o,a}}', '{{1,1}}', '{{-1,1}}'`,
        refusals.checkViolated,
      ],
      ['a kind there is not', `0, 0, 0, 0, 0, 'x', '{1,100}', '{o,a}', '{1,1}', '{-1,1}'`, refusals.checkViolated],
      [
        'a number that names another place',
        `4, 0, 0, 0, 0, 'd', '{1,100}', '{o,a}', '{1,1}', '{-1,1}'`,
        refusals.checkViolated,
      ],
    ] as const) {
      assert.equal(await sqlState(sqlEntry(fields)), state, what);
    }
    assert.deepEqual((await ledger.sums()).balances, []);
  });

  test('as its probes say at every start', async () => {
    await ledger.as('settle', probeLedger);
    await assert.rejects(
      ledger.as('owner', probeLedger),
      (error: ExitError) => error.code === 78 && /superuser/.test(error.message),
    );
    await ledger.as('owner', (client) => client.query('GRANT UPDATE ON ledger.entries TO sluice_settle'));
    await assert.rejects(
      ledger.as('settle', probeLedger),
      (error: ExitError) => error.code === 78 && /UPDATE ledger.entries/.test(error.message),
    );
    await ledger.fresh();
    await ledger.as('owner', (client) => client.query('ALTER TABLE ledger.entries DISABLE TRIGGER post_entries'));
    await assert.rejects(
      ledger.as('settle', probeLedger),
      (error: ExitError) => error.code === 78 && /sum to zero/.test(error.message),
    );
  });
});

describe('blocks', () => {
  test('are settled with cursor, balances and every field of their entries', async () => {
    const sink = ledger.sink();
    assert.deepEqual(await sink.positions(), new Map());
    const money = entry(
      0,
      [
        [1, 'outside', 1, -MAX],
        [100, 'available', 1, MAX],
      ],
      {
        kind: 'deposit',
        tradeId: 0,
        tradeSymbol: 0,
        commandId: 2 ** 48 + 5,
        reference: 'd-ü-😀',
        reason: "it's\0here",
      },
    );
    const reversal = entry(
      1,
      [
        [100, 'available', 1, -7],
        [1, 'outside', 1, 7],
      ],
      { kind: 'reversal', reverses: 12, tradeId: 0 },
    );
    await sink.write(block(0, 9, [money, reversal]));
    assert.deepEqual((await ledger.sums()).cursors, new Map([[0, 10]]));
    const [newest, oldest] = await ledger.as('reader', (client) => readStatement(client, 100, 0, { limit: 10 }));
    assert.deepEqual(oldest, {
      entryId: 0,
      kind: 'deposit',
      movedAt: 1_700_000_000_000_000,
      firstSequence: 0,
      lastSequence: 0,
      commandId: 2 ** 48 + 5,
      tradeId: undefined,
      tradeSymbol: undefined,
      reverses: undefined,
      reference: 'd-ü-😀',
      reason: "it's\ufffdhere",
      postings: [{ ledgerAccount: 'available', asset: 1, amount: BigInt(MAX) }],
    });
    assert.deepEqual([newest!.kind, newest!.reverses], ['reversal', 12]);
    assert.deepEqual(await ledger.as('reader', (client) => readBalances(client, 100)), [
      { account: 100, asset: 1, ledgerAccount: 'available', amount: BigInt(MAX - 7) },
      { account: 100, asset: 1, ledgerAccount: 'hold', amount: 0n },
    ]);
    await sink.close();
  });

  test('that the cursor has passed are skipped, whole or in part', async () => {
    const sink = ledger.sink();
    await sink.positions();
    await sink.write(block(0, 9, [deposit(0, 100, 5)]));
    await sink.write(block(0, 9, [deposit(0, 100, 5)]));
    await sink.write(block(0, 19, [deposit(0, 100, 5), deposit(12, 101, 6)]));
    await Promise.all([
      sink.write(block(0, 9, [deposit(0, 100, 5)])),
      sink.write(block(20, 29, [deposit(20, 100, 1)])),
    ]);
    assert.deepEqual(
      foldOf((await ledger.sums()).postings),
      ordered(
        new Map([
          ['1/1/outside', -12n],
          ['100/1/available', 6n],
          ['101/1/available', 6n],
        ]),
      ),
    );
    assert.equal(sink.figures().skipped_blocks, 2);
    await sink.close();
    const again = ledger.sink();
    assert.deepEqual(await again.positions(), new Map([['accounts/0', 30]]));
    await again.close();
  });

  test('without entries move the cursor', async () => {
    const sink = ledger.sink();
    await sink.positions();
    await sink.write(block(0, 5, [], 2));
    assert.deepEqual((await ledger.sums()).cursors, new Map([[2, 6]]));
    await sink.close();
  });

  test('of a partition that leave a gap stop with 65 and name what is missing; nothing of them is written', async () => {
    const sink = ledger.sink();
    await sink.positions();
    await sink.write(block(0, 9, [deposit(0, 100, 5)]));
    const gap = sink.write(block(15, 19, [deposit(15, 100, 5)]));
    await assert.rejects(gap, (error: SequenceGap) => {
      assert.ok(error instanceof SequenceGap);
      assert.equal(error.code, 65);
      assert.match(error.message, /offsets 10 to 14 are missing/);
      return true;
    });
    await assert.rejects(sink.write(block(10, 14, [])), 'a sink that stopped stays stopped');
    assert.deepEqual((await ledger.sums()).cursors, new Map([[0, 10]]));
    await sink.close();
  });

  test('cut from another history stop with 65', async () => {
    const sink = ledger.sink();
    await sink.positions();
    await sink.write(block(0, 9, [deposit(0, 100, 5)]));
    const across = entry(
      8,
      [
        [1, 'outside', 1, -5],
        [100, 'available', 1, 5],
      ],
      { lastSequence: 12 },
    );
    await assert.rejects(
      sink.write(block(0, 19, [across])),
      (error: ExitError) => error.code === 65 && /another history/.test(error.message),
    );
    await sink.close();
  });

  test('that break a guard end with 70, a taken number with 76', async () => {
    const bad = entry(0, [
      [1, 'outside', 1, -5],
      [100, 'available', 1, 6],
    ]);
    const first = ledger.sink();
    await first.positions();
    await assert.rejects(first.write(block(0, 9, [bad])), (error: ExitError) => error.code === 70);
    await first.close();
    assert.equal(await insert([deposit(3, 100, 5)]), 'stored');
    const second = ledger.sink();
    await second.positions();
    await assert.rejects(second.write(block(0, 9, [deposit(3, 100, 6)])), (error: ExitError) => error.code === 76);
    await second.close();
  });

  test('of a settler that a later start has replaced end with 75', async () => {
    const old = ledger.sink();
    await old.positions();
    await old.write(block(0, 9, [deposit(0, 100, 5)]));
    const young = ledger.sink();
    await young.positions();
    await young.write(block(10, 19, [deposit(10, 100, 5)]));
    await assert.rejects(old.write(block(10, 19, [deposit(10, 100, 5)])), (error: ExitError) => error.code === 75);
    await young.write(block(20, 29, []));
    assert.deepEqual((await ledger.sums()).cursors, new Map([[0, 30]]));
    await Promise.all([old.close(), young.close()]);
  });

  test('of two live settlers without a fence are settled once', async () => {
    const traffic = new LedgerTraffic({ seed: 3, accounts: 20, partitions: 2, ordersPerTick: 1_000 });
    traffic.runTo(6_000);
    traffic.tick();
    const blocks = traffic.take();
    // The same start number: neither is told to leave.
    const twins = [ledger.sink(), ledger.sink()];
    for (const twin of twins) await twin.positions();
    await ledger.as('owner', (client) =>
      client.query(
        'CREATE OR REPLACE FUNCTION ledger.take_cursors(of_log text, partitions smallint[], start bigint) RETURNS TABLE (account_partition smallint, next_sequence bigint) LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN INSERT INTO ledger.cursors SELECT of_log, p, 0, 0 FROM unnest(partitions) p ON CONFLICT DO NOTHING; RETURN QUERY SELECT c.account_partition, c.next_sequence FROM ledger.cursors c WHERE c.account_partition = ANY (partitions) ORDER BY 1 FOR UPDATE; END $$',
      ),
    );
    await Promise.all(twins.map((twin) => Promise.all(blocks.map((one) => twin.write(one)))));
    const { postings, balances } = await ledger.sums();
    assert.deepEqual(foldOf(postings), ordered(traffic.balances));
    assert.deepEqual(foldOf(balances), ordered(traffic.balances));
    await Promise.all(twins.map((twin) => twin.close()));
  });

  test('of traffic over several partitions come to the balances of the records, and rebuild equals them', async () => {
    const traffic = new LedgerTraffic({ seed: 5, accounts: 50, partitions: 3, ordersPerTick: 2_000 });
    const sink = ledger.sink();
    await sink.positions();
    for (let orders = 1_500; orders <= 12_000; orders += 1_500) {
      traffic.runTo(orders);
      await Promise.all(traffic.take().map((one) => sink.write(one)));
    }
    traffic.tick();
    await Promise.all(traffic.take().map((one) => sink.write(one)));
    const { postings, balances } = await ledger.sums();
    assert.deepEqual(foldOf(postings), ordered(traffic.balances));
    assert.deepEqual(foldOf(balances), ordered(traffic.balances));
    assert.equal(await ledger.as('owner', rebuildBalances), 0, 'nothing was different');
    await ledger.as('owner', (client) =>
      client.query('UPDATE ledger.balances SET available = available + 1 WHERE account < 110'),
    );
    await ledger.as('owner', (client) => client.query('DELETE FROM ledger.balances WHERE account = 120'));
    assert.ok((await ledger.as('owner', rebuildBalances)) > 4);
    assert.deepEqual(foldOf((await ledger.sums()).balances), ordered(traffic.balances));
    await sink.close();
  });
});

describe('migrations', () => {
  const own = fileURLToPath(new URL('../../infra/migrations/', import.meta.url));
  let folder: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-migrations-'));
    cpSync(own, folder, { recursive: true });
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const run = () => ledger.as('owner', (client) => migrate(client, folder));
  const refuses = (pattern: RegExp) =>
    assert.rejects(run(), (error: ExitError) => error.code === 78 && pattern.test(error.message));

  test('are applied once, in order, each whole or not at all', async () => {
    assert.deepEqual(await run(), []);
    writeFileSync(join(folder, '9001-first.sql'), 'CREATE TABLE sluice.tried (a int)');
    writeFileSync(join(folder, '9002-second.sql'), 'INSERT INTO sluice.tried VALUES (1); SELECT 1 / 0');
    await assert.rejects(run(), /division by zero/);
    const { rows } = await ledger.as('owner', (client) => client.query('SELECT * FROM sluice.tried'));
    assert.deepEqual(rows, [], 'what the broken one wrote is gone, the one before it stands');
    writeFileSync(join(folder, '9002-second.sql'), 'INSERT INTO sluice.tried VALUES (1)');
    assert.deepEqual(await run(), ['9002-second.sql']);
    assert.deepEqual(await run(), []);
    const tidy = `DROP TABLE sluice.tried; DELETE FROM sluice.migrations WHERE number >= 9000`;
    await ledger.as('owner', (client) => client.query(tidy));
  });

  test('that were changed after they were applied, or are not known here, are refused', async () => {
    const [file] = readdirSync(folder).filter((name) => name.endsWith('.sql')) as [string];
    const text = readFileSync(join(folder, file), 'utf8');
    writeFileSync(join(folder, file), `${text}\n-- changed`);
    await refuses(/was changed after it was applied/);
    rmSync(join(folder, file));
    await refuses(/which this version of Sluice does not know/);
  });

  test('of two starts at once run one after the other', async () => {
    await ledger.as('owner', dropLedger);
    const applied = await Promise.all([run(), run(), run()]);
    assert.deepEqual(applied.flat(), ['0001-ledger.sql']);
  });
});
