import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmbeddedPostgres } from '../../sinks/postgres-ledger/embedded-postgres.ts';
import { LedgerClosed } from '../../sinks/postgres-ledger/postgres-ledger.ts';
import { type LedgerServer, startLedgerServer } from '../sinks/ledger-server.ts';
import { LedgerTraffic } from '../sinks/ledger-traffic.ts';
import {
  assertSettledOnce,
  CAUGHT_UP_MS,
  connectionFaults,
  MESSAGES,
  serverFaults,
  settleAll,
  strike,
  traffic,
} from './ledger-faults.ts';
import { type PostgresProxy, startPostgresProxy } from './postgres-proxy.ts';

let ledger: LedgerServer;
let proxy: PostgresProxy;

before(async () => {
  ledger = await startLedgerServer();
  proxy = await startPostgresProxy(ledger.access);
});
after(async () => {
  await proxy.close();
  await ledger.close();
});
beforeEach(() => ledger.fresh());

describe('at a statement of a settlement, before it arrives and before its answer does', () => {
  test('the statements are the ones below', async () => {
    const sink = ledger.sink({ access: proxy.access });
    await sink.positions();
    proxy.arm(undefined);
    await settleAll(sink, traffic(1).first.slice(0, 1));
    assert.deepEqual(proxy.seen, MESSAGES);
    await sink.close();
  });

  for (const fault of connectionFaults) {
    test(`${fault.name}: everything is settled, once`, async () => {
      for (const [index, letter] of MESSAGES.entries()) {
        await strike(ledger, proxy, fault, index + 1, 'before');
        // The data of a COPY is not answered before its end.
        if (letter !== 'd') await strike(ledger, proxy, fault, index + 1, 'after');
      }
    });
  }

  for (const fault of serverFaults) {
    test(`${fault.name}, at COMMIT: everything is settled, once`, async () => {
      await strike(ledger, proxy, fault, MESSAGES.length, 'before');
      await strike(ledger, proxy, fault, MESSAGES.length, 'after');
    });
  }
});

describe('a server that is away', () => {
  test('for some seconds under load: blocks wait, the wait is told once, and all is settled once after it', async () => {
    const source = new LedgerTraffic({ seed: 21, accounts: 20, partitions: 2, ordersPerTick: 500 });
    const sink = ledger.sink();
    await sink.positions();
    const written: Promise<void>[] = [];
    const load = (orders: number) => {
      source.runTo(orders);
      for (const block of source.take()) written.push(sink.write(block));
    };
    load(1_000);
    await Promise.all(written);
    await ledger.server.stop();
    const settledBefore = sink.figures().transactions;
    for (let orders = 2_000; orders <= 6_000; orders += 1_000) {
      load(orders);
      await sleep(300);
    }
    source.tick();
    load(6_000);
    assert.equal(sink.figures().transactions, settledBefore, 'nothing is settled while the server is away');
    assert.ok(Number(sink.figures().waiting_blocks) > 5);
    assert.ok(Number(sink.figures().away_ms) > 0);
    const server = await startEmbeddedPostgres({ directory: `${ledger.directory}/postgres` });
    try {
      const late = sleep(CAUGHT_UP_MS, 'late', { ref: false });
      assert.notEqual(await Promise.race([Promise.all(written), late]), 'late');
      await assertSettledOnce(ledger, source);
      assert.equal(sink.said.filter((line) => /does not answer/.test(line)).length, 1);
      assert.equal(sink.said.filter((line) => /answers again/.test(line)).length, 1);
      assert.equal(sink.figures().away_ms, 0);
      await sink.close();
    } finally {
      await server.stop();
      // The next tests want the server that this file watches.
      await restartWatched();
    }
  });

  test('when settlement starts: it waits, and goes on when the server comes', async () => {
    await ledger.server.stop();
    const sink = ledger.sink();
    const positions = sink.positions();
    await sleep(500);
    await restartWatched();
    assert.deepEqual(await positions, new Map());
    const { first, source } = traffic(5);
    await settleAll(sink, first);
    assert.ok((await ledger.sums()).entries > 0);
    assert.equal(sink.figures().waiting_blocks, 0);
    assert.ok(source.records > 0);
    await sink.close();
  });

  test('when settlement is told to end: it ends at once, and what waited is refused, not lost', async () => {
    const { first, second, source } = traffic(8);
    const sink = ledger.sink();
    await sink.positions();
    await settleAll(sink, first);
    await ledger.server.stop();
    const waiting = second.map((block) =>
      sink.write(block).then(
        () => 'settled',
        (error: unknown) => error,
      ),
    );
    await sleep(200);
    await sink.close();
    for (const outcome of await Promise.all(waiting)) assert.ok(outcome instanceof LedgerClosed);
    await restartWatched();
    const next = ledger.sink();
    const positions = await next.positions();
    await settleAll(next, [...first, ...second]);
    assert.ok(positions.size > 0);
    await assertSettledOnce(ledger, source);
    await next.close();
  });
});

/** A server like the one that was stopped, on the same folder, for the tests that follow. */
async function restartWatched(): Promise<void> {
  const server = await startEmbeddedPostgres({ directory: `${ledger.directory}/postgres` });
  ledger = { ...ledger, server, close: () => closeWith(server) };
}

async function closeWith(server: LedgerServer['server']): Promise<void> {
  await server.stop();
  const { rmSync } = await import('node:fs');
  rmSync(ledger.directory, { recursive: true, force: true });
}
