import assert from 'node:assert/strict';
import { before, describe, it } from 'node:test';
import fc from 'fast-check';
import type { Head } from '../../pipelines/runtime/embedded/head.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { AccountEvent, MarketEvent } from '../../schemas/logs.ts';
import type { GatewayViews } from '../../sinks/gateway-views/gateway-views.ts';
import { MemoryWriter } from '../../sinks/gateway-views/memory-bytes.ts';
import { HashingStore, type HeadStep, newHead, runStep, simulatedSteps } from '../pipelines/head-in-memory.ts';
import { step } from '../simulation/oracle-steps.ts';
import { OracleWorld } from '../simulation/oracle-world.ts';
import { assertAccountsEqual, assertMarketsEqual, type FoldedRecord, fold, openViews } from './views-compared.ts';

function runAndFold(head: Head, steps: readonly HeadStep[], views: GatewayViews): void {
  for (const each of steps) {
    const records = runStep(head, each).map(({ log, partition, record, occurredAt }) => ({
      log,
      partition,
      record,
      timeMicros: occurredAt,
    }));
    fold(views, records);
  }
}

function snapshotsOf(head: Head, stage: string): Uint8Array[] {
  return head.inboxes
    .flatMap(({ instances }) => instances)
    .filter((instance) => instance.stage === stage)
    .map(({ operator }) => operator.snapshot());
}

describe('the views of an hour of simulated market', () => {
  let steps: HeadStep[];
  before(() => {
    steps = simulatedSteps(1);
  });

  it('are what risk and match hold, account by account and level by level, all along', async () => {
    const head = newHead(new HashingStore());
    const views = await openViews();
    const pieces = 8;
    let levels = 0;
    for (let piece = 0; piece < pieces; piece++) {
      const [from, to] = [piece, piece + 1].map((index) => Math.floor((steps.length * index) / pieces));
      runAndFold(head, steps.slice(from, to), views);
      assertAccountsEqual(views, snapshotsOf(head, 'risk'));
      levels += assertMarketsEqual(views, snapshotsOf(head, 'match'));
    }
    assert.ok(levels > 500, `${levels} levels were compared`);
    assert.ok(views.accounts().length >= 40);
    for (const market of views.markets.values()) assert.ok(market.trades(1).length === 1, market.config.name);
  });

  it('go on from what they remember as if they had never stopped', async () => {
    const head = newHead(new HashingStore());
    const straight = await openViews();
    const cut = Math.floor(steps.length * 0.6);
    runAndFold(head, steps.slice(0, cut), straight);
    const remembering = await openViews();
    assert.equal(remembering.memory!.restore(straight.memory!.snapshot()), true);
    const rest = steps.slice(cut).flatMap((each) =>
      runStep(head, each).map(({ log, partition, record, occurredAt }) => ({
        log,
        partition,
        record,
        timeMicros: occurredAt,
      })),
    );
    fold(straight, rest);
    fold(remembering, rest);
    assertAccountsEqual(remembering, snapshotsOf(head, 'risk'));
    assertMarketsEqual(remembering, snapshotsOf(head, 'match'));
    assert.deepEqual(told(remembering), told(straight));
  });
});

describe('the views of everything that may happen to an order', () => {
  it('are what risk and match hold: amends, auctions, prevented matches, rejects by match', async () => {
    const lists = fc.sample(fc.array(step, { minLength: 100, maxLength: 120, size: 'max' }), {
      seed: Number(process.env.SLUICE_SEED ?? 20_260_102),
      numRuns: 16,
    });
    const seen = new Set<string>();
    for (const list of lists) {
      // An auction that collects enough to trade in is rare among random steps.
      list.splice(20, 0, { kind: 'auction', symbol: 1, open: true });
      list.splice(70, 0, { kind: 'auction', symbol: 1, open: false });
      const views = await openViews();
      let world: OracleWorld | undefined;
      const commands = new Set<number>();
      world = new OracleWorld((record) => {
        for (const folded of foldedAt(record, world, commands)) {
          seen.add(folded.record.type === 'rejected' ? `rejected by ${folded.record.stage}` : folded.record.type);
          if (folded.record.type === 'trade' && folded.record.auction) seen.add('trade in an auction');
          if (folded.record.type === 'fill' && folded.record.feeAsset === folded.record.baseAsset)
            seen.add('fee in base');
          fold(views, [folded]);
        }
      });
      for (const [index, each] of list.entries()) {
        world.play(each);
        if (index % 4 !== 3) continue;
        const partitions = [0, 1];
        assertAccountsEqual(
          views,
          partitions.map((partition) => world!.loop.operatorOf('risk', partition).snapshot()),
        );
        assertMarketsEqual(
          views,
          partitions.map((partition) => world!.loop.operatorOf('match', partition).snapshot()),
        );
      }
    }
    const wanted = ['amended', 'order_amended', 'prevented_match', 'trade in an auction', 'fee in base', 'cancelled'];
    for (const type of [...wanted, 'rejected by match', 'rejected by risk', 'rejected by ingest', 'repeated']) {
      assert.ok(seen.has(type), `${type} was never seen`);
    }
  });
});

describe('memory of the views', () => {
  it('that has another form is refused whole, so that the lane folds again', async () => {
    const views = await openViews();
    const other = new MemoryWriter();
    other.number(1);
    assert.equal(views.memory!.restore(other.finish()), false);
    assert.equal(views.markets.size, 0);
  });
});

/** The records of a command, told when the world tells of the command itself; of its making, by their types. */
function foldedAt(record: AnyRecord, world: OracleWorld | undefined, commands: Set<number>): FoldedRecord[] {
  if (!world) {
    const logs = [...(MarketEvent.has(record) ? ['market'] : []), ...(AccountEvent.has(record) ? ['accounts'] : [])];
    // A configuration is sent and then told by both logs; the sent one is folded early, which changes nothing.
    return logs.map((log) => ({ log, partition: 0, record, timeMicros: 1 }));
  }
  const command = world.loop.records[0];
  // A tick is told again as what both logs copied: it is the command only the first time.
  if (command?.record !== record || commands.has(command.position)) return [];
  commands.add(command.position);
  return world.loop.records.map(({ log, partition, record: caused, timeMicros }) => ({
    log,
    partition,
    record: caused,
    timeMicros,
  }));
}

function told(views: GatewayViews) {
  return {
    accounts: views.accounts().map((account) => {
      const { seq, balances } = views.account(account);
      return { account, seq, balances: [...balances], open: views.account(account).openOrders() };
    }),
    markets: [...views.markets.values()].map((market) => ({
      name: market.config.name,
      seq: market.seq,
      trades: market.trades(100),
      bids: market.book.levels('buy', 20),
    })),
  };
}
