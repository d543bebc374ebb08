import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import type { SinkBlock } from '../../pipelines/runtime/ports.ts';
import { InvariantBroken } from '../../schemas/assert.ts';
import { ExitError } from '../../schemas/exit.ts';
import type { Entry } from '../../schemas/generated/records.ts';
import { NotCommitted } from '../../sinks/postgres-ledger/connections.ts';
import type { LedgerStore } from '../../sinks/postgres-ledger/ledger-store.ts';
import { decide, LedgerClosed, type LedgerHome, PostgresLedger } from '../../sinks/postgres-ledger/postgres-ledger.ts';
import { reconcile } from '../../sinks/postgres-ledger/reconcile.ts';
import { judgeSettlementError, SequenceGap } from '../../sinks/postgres-ledger/settlement-errors.ts';

const entry = (firstSequence: number, lastSequence = firstSequence, accountPartition = 0): Entry =>
  ({
    type: 'entry',
    entryId: firstSequence * 2,
    firstSequence,
    lastSequence,
    accountPartition,
    postings: [],
  }) as unknown as Entry;

function block(firstOffset: number, lastOffset: number, entries: readonly Entry[] = [], partition = 0): SinkBlock {
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

const offsetsOf = (entries: readonly Entry[]) => entries.map(({ firstSequence }) => firstSequence);

describe('what is still to be written', () => {
  const decided = (blocks: readonly SinkBlock[], cursors: readonly [number, number][]) =>
    decide(
      blocks.map((one) => ({ block: one })),
      new Map(cursors),
    );

  test('of blocks that follow the cursor is all of them, in one move', () => {
    const { settlement, skippedBlocks } = decided([block(5, 9, [entry(6)]), block(10, 14, [entry(10)])], [[0, 5]]);
    assert.deepEqual(offsetsOf(settlement.entries), [6, 10]);
    assert.deepEqual(settlement.advances, [{ partition: 0, from: 5, to: 15 }]);
    assert.equal(skippedBlocks, 0);
  });

  test('of a block behind the cursor is nothing, of one across it what lies behind', () => {
    assert.deepEqual(decided([block(0, 4, [entry(2)])], [[0, 5]]), {
      settlement: { entries: [], advances: [] },
      skippedBlocks: 1,
    });
    const { settlement } = decided([block(0, 9, [entry(2), entry(3, 4), entry(5), entry(9)])], [[0, 5]]);
    assert.deepEqual(offsetsOf(settlement.entries), [5, 9]);
    assert.deepEqual(settlement.advances, [{ partition: 0, from: 5, to: 10 }]);
  });

  test('of several partitions is theirs, each by its own cursor', () => {
    const { settlement } = decided(
      [block(0, 4, [entry(1)]), block(7, 9, [entry(8, 8, 1)], 1)],
      [
        [0, 0],
        [1, 7],
      ],
    );
    assert.deepEqual(settlement.advances, [
      { partition: 0, from: 0, to: 5 },
      { partition: 1, from: 7, to: 10 },
    ]);
  });

  test('after a gap is an error that names it, also within what was handed over together', () => {
    for (const blocks of [[block(6, 9)], [block(5, 6), block(8, 9)]]) {
      assert.throws(
        () => decided(blocks, [[0, 5]]),
        (error: SequenceGap) => error instanceof SequenceGap && error.code === 65,
      );
    }
  });

  test('never splits an entry', () => {
    assert.throws(
      () => decided([block(0, 9, [entry(3, 6)])], [[0, 5]]),
      (error: ExitError) => error.code === 65,
    );
  });

  test('is nothing that lies outside its block or partition', () => {
    assert.throws(() => decided([block(0, 9, [entry(12)])], []), InvariantBroken);
    assert.throws(() => decided([block(0, 9, [entry(2, 2, 1)])], []), InvariantBroken);
  });
});

describe('what an error means', () => {
  const coded = (code: string) => Object.assign(new Error(`said ${code}`), { code });

  test('is a wait where the database is away, or the outcome is not known', () => {
    for (const code of [
      'ECONNREFUSED',
      'ECONNRESET',
      'EPIPE',
      'ERR_STREAM_DESTROYED',
      'ETIMEDOUT',
      '57P01',
      '57P02',
      '57P03',
      '57014',
      '08006',
      '08P01',
      '40001',
      '40P01',
      '53100',
      '53300',
      '55P03',
      '58030',
      '25P03',
      '25006',
      'XX000',
    ]) {
      assert.equal(judgeSettlementError(coded(code)), 'wait', code);
    }
    for (const message of [
      'Connection terminated unexpectedly',
      'Query read timeout',
      'timeout expired',
      'Connection terminated due to connection timeout',
      'Client has encountered a connection error and is not queryable',
    ]) {
      assert.equal(judgeSettlementError(new Error(message)), 'wait', message);
    }
    assert.equal(judgeSettlementError(new NotCommitted('COMMIT was answered with ROLLBACK')), 'wait');
    assert.equal(judgeSettlementError(new ExitError(75, 'PostgreSQL did not start')), 'wait');
  });

  test('is an end with its own code where waiting mends nothing', () => {
    for (const [code, exit] of [
      ['SL001', 70],
      ['SL002', 70],
      ['SL006', 70],
      ['23514', 70],
      ['22003', 70],
      ['22P02', 70],
      ['42601', 70],
      ['SL003', 75],
      ['SL005', 65],
      ['23505', 76],
      ['42501', 78],
      ['SL004', 78],
      ['28P01', 78],
      ['3D000', 78],
    ] as const) {
      const verdict = judgeSettlementError(coded(code));
      assert.ok(verdict instanceof ExitError, code);
      assert.equal(verdict.code, exit, code);
      assert.match(verdict.message, new RegExp(`said ${code}`), 'the server speaks for itself');
    }
  });

  test('is a bug of ours where nobody foresaw it', () => {
    for (const error of [
      new TypeError('x is not a function'),
      coded('ERR_INVALID_ARG_TYPE'),
      'a string',
      undefined,
      new RangeError('offset'),
    ]) {
      const verdict = judgeSettlementError(error);
      assert.ok(verdict instanceof ExitError);
      assert.equal(verdict.code, 70);
    }
    const broken = new InvariantBroken('an entry belongs to the partition of its block');
    assert.equal(judgeSettlementError(broken), broken);
  });
});

/** A ledger in memory that fails as told: before it applies anything, after it has, or not at all. */
class AilingStore implements LedgerStore {
  readonly stored: number[] = [];
  readonly cursors = new Map<number, number>();
  starts = 0;
  attempts = 0;
  readonly #next: () => 'well' | 'lost' | 'answer lost';

  constructor(next: () => 'well' | 'lost' | 'answer lost') {
    this.#next = next;
  }

  async begin() {
    return { start: ++this.starts, cursors: new Map(this.cursors) };
  }

  async settle(
    _start: number,
    partitions: readonly number[],
    decideWhat: Parameters<LedgerStore['settle']>[2],
  ): Promise<void> {
    this.attempts++;
    const fate = this.#next();
    if (fate === 'lost') throw Object.assign(new Error('gone'), { code: 'ECONNRESET' });
    const { entries, advances } = decideWhat(
      new Map(partitions.map((partition) => [partition, this.cursors.get(partition) ?? 0])),
    );
    for (const { firstSequence, accountPartition } of entries)
      this.stored.push(accountPartition * 1_000_000 + firstSequence);
    for (const { partition, from, to } of advances) {
      assert.equal(this.cursors.get(partition) ?? 0, from);
      this.cursors.set(partition, to);
    }
    if (fate === 'answer lost') throw new Error('Connection terminated unexpectedly');
  }

  close(): void {}
}

/** Time that passes when somebody waits for it. */
function quickClock() {
  let nowMs = 0;
  return {
    nowMicros: () => nowMs * 1000,
    monotonicMs: () => nowMs,
    after(delayMs: number, callback: () => void) {
      const handle = setImmediate(() => {
        nowMs += delayMs;
        callback();
      });
      return () => clearImmediate(handle);
    },
  };
}

function sinkOn(store: LedgerStore, ready: () => Promise<LedgerStore> = async () => store) {
  const home: LedgerHome = { ready, restarts: () => 0, close: async () => undefined };
  const said: string[] = [];
  const clock = quickClock();
  return { sink: new PostgresLedger(home, { clock, say: (line) => said.push(line) }), said, clock };
}

describe('the sink', () => {
  test('settles each entry once and in order, whatever is lost on the way', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.constantFrom('well', 'lost', 'answer lost'), { maxLength: 60 }),
        fc.array(fc.integer({ min: 0, max: 2 }), { minLength: 1, maxLength: 40 }),
        async (fates, partitions) => {
          const left = [...fates];
          const store = new AilingStore(() => left.shift() ?? 'well');
          const { sink } = sinkOn(store);
          await sink.positions();
          const next = new Map<number, number>();
          const resolved: number[] = [];
          const written = partitions.map((partition, index) => {
            const first = next.get(partition) ?? 0;
            next.set(partition, first + 3);
            return sink.write(block(first, first + 2, [entry(first + 1, first + 1, partition)], partition)).then(() => {
              resolved.push(index);
            });
          });
          await Promise.all(written);
          assert.deepEqual(
            resolved,
            partitions.map((_, index) => index),
            'blocks resolve in order',
          );
          assert.equal(new Set(store.stored).size, store.stored.length, 'nothing twice');
          assert.equal(store.stored.length, partitions.length, 'nothing missing');
          assert.deepEqual(store.cursors, next);
          await sink.close();
        },
      ),
      { numRuns: 200 },
    );
  });

  test('puts blocks that wait together into one transaction, up to 32,768 records', async () => {
    const store = new AilingStore(() => 'well');
    const { sink } = sinkOn(store);
    await sink.positions();
    await Promise.all(
      Array.from({ length: 40 }, (_, index) => sink.write(block(index * 1_024, index * 1_024 + 1_023))),
    );
    assert.equal(store.attempts, 2);
    assert.equal(sink.figures().transactions, 2);
    await sink.close();
  });

  test('gathers records for a while while it keeps up, and hurries when there are enough, or a backlog', async () => {
    const store = new AilingStore(() => 'well');
    const { sink, clock } = sinkOn(store);
    await sink.positions();
    const fresh = (first: number, last: number): SinkBlock => ({
      ...block(first, last),
      lastTimeMicros: clock.nowMicros(),
    });
    await sink.write(fresh(0, 9));
    assert.equal(clock.monotonicMs(), 80, 'it waited for more');
    await Promise.all([sink.write(fresh(10, 19)), sink.write(fresh(20, 29))]);
    assert.deepEqual([clock.monotonicMs(), store.attempts], [160, 2]);
    await sink.write(fresh(30, 9_000));
    assert.equal(clock.monotonicMs(), 160, 'enough records: no wait');
    await sink.write({ ...block(9_001, 9_010), lastTimeMicros: clock.nowMicros() - 2_000_000 });
    assert.equal(clock.monotonicMs(), 160, 'old records: no wait');
    await sink.close();
  });

  test('waits with growing pauses while the ledger cannot be made ready, and tells it once', async () => {
    let failures = 12;
    const store = new AilingStore(() => 'well');
    const { sink, said, clock } = sinkOn(store, async () => {
      if (failures-- > 0) throw Object.assign(new Error('refused'), { code: 'ECONNREFUSED' });
      return store;
    });
    assert.deepEqual(await sink.positions(), new Map());
    assert.equal(said.length, 2);
    // 50 + 100 + 200 + 400 + 800 + 1,600, then 2,000 each.
    assert.equal(clock.monotonicMs(), 3_150 + 6 * 2_000);
    await sink.close();
  });

  test('fails everything that waits, and all that comes, with the error that cannot be waited for', async () => {
    const store = new AilingStore(() => 'well');
    const { sink } = sinkOn(store);
    await sink.positions();
    const outcomes = await Promise.allSettled([
      sink.write(block(0, 4)),
      sink.write(block(9, 12)),
      sink.write(block(0, 4, [], 1)),
    ]);
    assert.deepEqual(
      outcomes.map(({ status }) => status),
      ['rejected', 'rejected', 'rejected'],
    );
    assert.equal(store.cursors.size, 0, 'one transaction, or none of it');
    await assert.rejects(sink.write(block(0, 4)), SequenceGap);
    await sink.close();
  });

  test('refuses what waits when it is closed in the middle of an outage', async () => {
    const store = new AilingStore(() => 'lost');
    const { sink } = sinkOn(store);
    await sink.positions();
    const waiting = sink.write(block(0, 4));
    const outcome = waiting.catch((error: unknown) => error);
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    await sink.close();
    assert.ok((await outcome) instanceof LedgerClosed);
    assert.ok(store.attempts > 2);
  });
});

describe('reconciliation', () => {
  const amount = (
    account: number,
    ledgerAccount: 'available' | 'hold' | 'outside' | 'clearing',
    units: bigint,
    partition = 0,
    asset = 1,
  ) => ({
    partition,
    account,
    ledgerAccount,
    asset,
    amount: units,
  });
  const good = [amount(1, 'outside', -10n), amount(100, 'available', 7n), amount(100, 'hold', 3n)];
  const sums = (postings: typeof good, balances = postings) => ({
    cursors: new Map([[0, 5]]),
    entries: 1,
    postings,
    balances,
  });
  const risk = (available: bigint, hold: bigint, tail: typeof good = []) => [
    {
      partition: 0,
      accountsOffset: 5,
      balances: [
        { account: 1, asset: 1, available: -10n, hold: 0n },
        { account: 100, asset: 1, available, hold },
      ],
      tail,
    },
  ];

  test('finds nothing where both say the same, a tail included', () => {
    const { compared, ...found } = reconcile(sums(good), risk(7n, 3n));
    assert.equal(compared, 3);
    assert.deepEqual(found, { differences: [], balancesOff: [], unbalanced: [], clearingOpen: [] });
    const tail = [amount(100, 'available', 2n), amount(100, 'hold', -2n)];
    assert.deepEqual(reconcile(sums(good), risk(9n, 1n, tail)).differences, []);
  });

  test('names each difference once, with both sides', () => {
    assert.deepEqual(reconcile(sums(good), risk(8n, 3n)).differences, [
      { partition: 0, account: 100, ledgerAccount: 'available', asset: 1, ledger: 7n, risk: 8n },
    ]);
    const more = [...good, amount(101, 'available', 1n)];
    assert.deepEqual(reconcile(sums(more), risk(7n, 3n)).differences, [
      { partition: 0, account: 101, ledgerAccount: 'available', asset: 1, ledger: 1n, risk: 0n },
    ]);
  });

  test('tells a table of balances that left its postings, an asset that does not sum to zero, clearing left open', () => {
    assert.equal(reconcile(sums(good, good.slice(0, 2)), risk(7n, 3n)).balancesOff.length, 1);
    assert.deepEqual(reconcile(sums([...good, amount(100, 'available', 1n)]), risk(8n, 3n)).unbalanced, [
      { asset: 1, rest: 1n },
    ]);
    const open = [...good, amount(3, 'clearing', 5n), amount(3, 'clearing', -4n, 1)];
    assert.deepEqual(reconcile(sums(open), risk(7n, 3n)).clearingOpen, [{ asset: 1, rest: 1n }]);
  });
});
