import assert from 'node:assert/strict';
import { describe, test } from 'node:test';
import fc from 'fast-check';
import { ENTRY_BLOCK_RECORDS, MOVEMENTS_PER_ENTRY, postEntries } from '../../operators/post-entries.ts';
import { InvariantBroken } from '../../schemas/assert.ts';
import type { AnyRecord, Entry, Fill, Micros } from '../../schemas/generated/records.ts';
import type { AccountEvent } from '../../schemas/logs.ts';
import { LedgerTraffic } from '../sinks/ledger-traffic.ts';

const USD = 1;
const BTC = 2;
const BUYER = 100;
const SELLER = 101;

/** Applies records from an offset on and returns the entries. */
function run(records: readonly object[], from = 0, poster = create(), partition = 0): Entry[] {
  const entries: Entry[] = [];
  for (const [index, record] of records.entries()) apply(poster, record, from + index, entries, partition);
  return entries;
}

function create(partition = 0) {
  return postEntries().create({ partition, partitions: { accounts: 1 }, shared: (_name, make) => make() });
}

function apply(poster: ReturnType<typeof create>, record: object, offset: number, entries: Entry[], partition = 0) {
  const moment = {
    timeMicros: (1_000 + offset) as Micros,
    position: 0,
    offset,
    partition,
    correlationId: (record as { command?: number }).command ?? 7,
  };
  poster.apply(record as AccountEvent, moment, { posted: (entry) => entries.push(entry) });
  poster.checkInvariants();
}

const tick = { type: 'tick', symbol: 0, seq: 0, number: 1 };
const hold = (account: number, asset: number, amount: number) => ({ type: 'hold', account, asset, amount });
const release = (account: number, asset: number, amount: number) => ({ type: 'release', account, asset, amount });

function fill(fields: Partial<{ [Name in keyof Fill]: unknown }>): object {
  return {
    type: 'fill',
    symbol: 1,
    account: BUYER,
    tradeId: 1,
    side: 'buy',
    baseAsset: BTC,
    quoteAsset: USD,
    baseAmount: 5,
    quoteAmount: 1000,
    feeAsset: USD,
    fee: 2,
    holdConsumed: 1002,
    released: 0,
    ...fields,
  };
}

/** `account ledger-account asset amount`, one a line, in order. */
function lines(entry: Entry | undefined): string[] {
  assert.ok(entry, 'an entry was posted');
  return entry.postings.map(
    ({ account, ledgerAccount, asset, amount }) =>
      `${account} ${ledgerAccount} ${asset === USD ? 'USD' : 'BTC'} ${amount}`,
  );
}

describe('fills', () => {
  test('a buyer pays amount and fee out of the hold and meets the seller in clearing', () => {
    const [entry] = run([fill({}), tick]);
    assert.deepEqual(lines(entry), [
      '100 hold USD -1002',
      '3 clearing USD 1000',
      '2 fees USD 2',
      '3 clearing BTC -5',
      '100 available BTC 5',
    ]);
    assert.equal(entry!.kind, 'trade');
    assert.equal(entry!.tradeId, 1);
    assert.equal(entry!.tradeSymbol, 1);
    assert.equal(entry!.commandId, 7);
  });

  test('a seller gives what was held and pays the fee out of what comes in', () => {
    const [entry] = run([fill({ account: SELLER, side: 'sell', holdConsumed: 5 }), tick]);
    assert.deepEqual(lines(entry), [
      '101 hold BTC -5',
      '3 clearing BTC 5',
      '2 fees USD 2',
      '3 clearing USD -1000',
      '101 available USD 998',
    ]);
  });

  test('a fee in what is received comes out of what is received', () => {
    const [entry] = run([fill({ feeAsset: BTC, fee: 1, holdConsumed: 1000 }), tick]);
    assert.deepEqual(lines(entry), [
      '100 hold USD -1000',
      '3 clearing USD 1000',
      '2 fees BTC 1',
      '3 clearing BTC -5',
      '100 available BTC 4',
    ]);
  });

  test('a rebate is paid by the fee account', () => {
    const [entry] = run([fill({ fee: -3, holdConsumed: 1000 }), tick]);
    assert.deepEqual(lines(entry), [
      '100 hold USD -1000',
      '3 clearing USD 1000',
      '2 fees USD -3',
      '3 clearing BTC -5',
      '100 available BTC 5',
      '100 available USD 3',
    ]);
  });

  test('the two sides of a trade that stand next to each other are one entry, without clearing', () => {
    const entries = run([fill({}), fill({ account: SELLER, side: 'sell', holdConsumed: 5 }), tick], 10);
    assert.equal(entries.length, 1);
    assert.deepEqual(lines(entries[0]), [
      '100 hold USD -1002',
      '2 fees USD 4',
      '100 available BTC 5',
      '101 hold BTC -5',
      '101 available USD 998',
    ]);
    assert.deepEqual([entries[0]!.firstSequence, entries[0]!.lastSequence], [10, 11]);
  });

  for (const [what, between] of [
    ['another record', [hold(SELLER, BTC, 1)]],
    ['another trade', [fill({ tradeId: 2 })]],
    ['another symbol', [fill({ symbol: 2 })]],
  ] as const) {
    test(`sides parted by ${what} are two entries that meet in clearing`, () => {
      const entries = run([fill({}), ...between, fill({ account: SELLER, side: 'sell', holdConsumed: 5 }), tick]);
      const trades = entries.filter(
        ({ kind, tradeId, tradeSymbol }) => kind === 'trade' && tradeId === 1 && tradeSymbol === 1,
      );
      assert.equal(trades.length, 2);
      const clearing = trades
        .flatMap(({ postings }) => postings)
        .filter(({ ledgerAccount }) => ledgerAccount === 'clearing');
      for (const asset of [USD, BTC]) {
        const sum = clearing
          .filter((posting) => posting.asset === asset)
          .reduce((total, { amount }) => total + amount, 0);
        assert.equal(sum, 0);
      }
    });
  }

  test('sides parted by the border of a block are two entries', () => {
    const records = [fill({}), fill({ account: SELLER, side: 'sell', holdConsumed: 5 })];
    const entries = run(records, ENTRY_BLOCK_RECORDS - 1);
    assert.deepEqual(
      entries.map(({ firstSequence, lastSequence }) => [firstSequence, lastSequence]),
      [[ENTRY_BLOCK_RECORDS - 1, ENTRY_BLOCK_RECORDS - 1]],
      'the second side waits for the end of its own block',
    );
  });

  test('an account that trades with itself keeps its money but for the fee', () => {
    const [entry] = run([fill({}), fill({ side: 'sell', holdConsumed: 5 }), tick]);
    assert.deepEqual(lines(entry), [
      '100 hold USD -1002',
      '2 fees USD 4',
      '100 available BTC 5',
      '100 hold BTC -5',
      '100 available USD 998',
    ]);
  });

  test('a fill whose amounts contradict each other breaks an invariant', () => {
    assert.throws(() => run([fill({ holdConsumed: 1001 })]), InvariantBroken);
  });
});

describe('hold movements', () => {
  test('are netted per account and asset and name the offsets they book', () => {
    const entries = run([hold(100, USD, 50), hold(101, BTC, 7), release(100, USD, 20), tick], 100);
    assert.equal(entries.length, 1);
    assert.deepEqual(lines(entries[0]), [
      '100 available USD -30',
      '100 hold USD 30',
      '101 available BTC -7',
      '101 hold BTC 7',
    ]);
    assert.deepEqual([entries[0]!.firstSequence, entries[0]!.lastSequence], [100, 102]);
    assert.equal(entries[0]!.kind, 'hold');
    assert.equal(entries[0]!.commandId, 0);
    assert.equal(entries[0]!.movedAt, 1_102);
  });

  test('count what a fill, a reject and an amend set free', () => {
    const entries = run([
      fill({ released: 10 }),
      { type: 'rejected', account: BUYER, asset: USD, released: 5 },
      { type: 'order_amended', account: BUYER, asset: USD, released: 3 },
      tick,
    ]);
    assert.deepEqual(lines(entries[1]), ['100 available USD 18', '100 hold USD -18']);
  });

  test('that cancel out leave no entry', () => {
    assert.deepEqual(run([hold(100, USD, 50), release(100, USD, 50), tick]), []);
  });

  test('of many accounts become entries of a bounded size', () => {
    const accounts = MOVEMENTS_PER_ENTRY * 2 + 1;
    const entries = run([...Array.from({ length: accounts }, (_, index) => hold(100 + index, USD, 1)), tick]);
    assert.deepEqual(
      entries.map(({ postings }) => postings.length / 2),
      [MOVEMENTS_PER_ENTRY, MOVEMENTS_PER_ENTRY, 1],
    );
    assert.equal(new Set(entries.map(({ entryId }) => entryId)).size, 3);
  });

  test('end with the block: at a tick, and at every 1,024th offset', () => {
    assert.equal(run([hold(100, USD, 1)], ENTRY_BLOCK_RECORDS - 2).length, 0);
    assert.equal(run([hold(100, USD, 1)], ENTRY_BLOCK_RECORDS - 1).length, 1);
    assert.equal(run([{ type: 'repeated', account: 100 }], ENTRY_BLOCK_RECORDS - 1).length, 0);
    assert.equal(run([hold(100, USD, 1), { type: 'repeated', account: 100 }], ENTRY_BLOCK_RECORDS - 2).length, 1);
  });
});

describe('balance changes', () => {
  const change = (fields: object) => ({
    type: 'balance_change',
    account: 100,
    asset: USD,
    amount: 500,
    kind: 'deposit',
    reference: 'd-1',
    reason: '',
    requestedBy: '',
    approvedBy: '',
    ...fields,
  });

  test('come from outside and name their command and reference', () => {
    const [entry] = run([change({ command: 99 })], 4);
    assert.deepEqual(lines(entry), ['1 outside USD -500', '100 available USD 500']);
    assert.deepEqual([entry!.kind, entry!.commandId, entry!.reference], ['deposit', 99, 'd-1']);
  });

  test('name who asked for and who approved an adjustment', () => {
    const adjustment = { kind: 'adjustment', amount: -5, reason: 'wrong credit', requestedBy: 'ann', approvedBy: 'bo' };
    const [entry] = run([change(adjustment)]);
    assert.equal(entry!.kind, 'adjustment');
    assert.equal(entry!.reason, 'wrong credit (ann, approved by bo)');
  });

  test('are a reversal where the reference of an adjustment says so', () => {
    const [entry] = run([change({ kind: 'adjustment', amount: -500, reference: 'reversal:84:100' })]);
    assert.deepEqual([entry!.kind, entry!.reverses], ['reversal', 84]);
    const [other] = run([change({ kind: 'adjustment', amount: -500, reference: 'reversal:x' })]);
    assert.deepEqual([other!.kind, other!.reverses], ['adjustment', 0]);
  });

  test("of the house's accounts move their one ledger account", () => {
    assert.deepEqual(lines(run([change({ kind: 'adjustment', account: 2 })])[0]), [
      '1 outside USD -500',
      '2 fees USD 500',
    ]);
    assert.deepEqual(run([change({ kind: 'adjustment', account: 1 })]), []);
  });
});

test('ids name partition and offset, and tell netted holds from an entry of the same record', () => {
  const entries = run([fill({ released: 1 }), tick], 9, create(3), 3);
  assert.deepEqual(
    entries.map(({ entryId }) => entryId),
    [(3 * 2 ** 40 + 9) * 2, (3 * 2 ** 40 + 9) * 2 + 1],
  );
  assert.ok(entries.every(({ accountPartition }) => accountPartition === 3));
});

test('a snapshot in the middle of a block goes on to the same entries, and equal states give equal bytes', () => {
  const records: object[] = [];
  for (const block of traffic(11, 400)) records.push(...block);
  for (let cut = 0; cut < records.length; cut += 37) {
    const whole = create();
    const first = create();
    const expected = run(records, 0, whole);
    const entries = run(records.slice(0, cut), 0, first);
    const second = create();
    second.restore(first.snapshot());
    assert.deepEqual(second.snapshot(), first.snapshot());
    assert.equal(second.stateHash(), first.stateHash());
    entries.push(...run(records.slice(cut), cut, second));
    assert.deepEqual(entries, expected);
    assert.deepEqual(second.snapshot(), whole.snapshot());
  }
});

test('whatever the traffic, every entry sums to zero, ids are unique and the fold of all is the fold of the records', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 2 ** 31 }), fc.integer({ min: 1, max: 3 }), (seed, partitions) => {
      const source = new LedgerTraffic({ seed, accounts: 7, partitions, ordersPerTick: 300 });
      source.runTo(2_500);
      source.tick();
      const balances = new Map<string, bigint>();
      const ids = new Set<number>();
      for (const block of source.take()) {
        for (const entry of block.outputs['settle.posted']!.records as Entry[]) {
          assert.ok(!ids.has(entry.entryId));
          ids.add(entry.entryId);
          const sums = new Map<number, number>();
          for (const { account, asset, ledgerAccount, amount } of entry.postings) {
            sums.set(asset, (sums.get(asset) ?? 0) + amount);
            const key = `${account}/${asset}/${ledgerAccount}`;
            balances.set(key, (balances.get(key) ?? 0n) + BigInt(amount));
          }
          for (const sum of sums.values()) assert.equal(sum, 0);
          assert.ok(entry.firstSequence >= block.firstOffset && entry.lastSequence <= block.lastOffset);
        }
      }
      assert.deepEqual(withoutZeros(balances), withoutZeros(source.balances));
    }),
    { numRuns: 25 },
  );
});

function traffic(seed: number, orders: number): AnyRecord[][] {
  const source = new LedgerTraffic({ seed, accounts: 5, partitions: 1, ordersPerTick: 150, keepRecords: true });
  source.runTo(orders);
  source.tick();
  return source.take().map(({ records }) => [...records]);
}

function withoutZeros(balances: ReadonlyMap<string, bigint>): Map<string, bigint> {
  return new Map(
    [...balances]
      .filter(([key, amount]) => amount !== 0n && !key.startsWith('3/'))
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  );
}
