// E27: the primary is gone, its synchronous standby takes over under load, and the old one comes back.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import type { PostgresAddress } from '../../infra/native/addresses.ts';
import { ExitError } from '../../schemas/exit.ts';
import { ledgerServers, ledgerServersOf } from '../../sinks/postgres-ledger/ledger-servers.ts';
import { realServers } from '../real-servers.ts';
import { assertSettled, Load, openLedger, optionsOf, serversOf, sumsOf } from './ledger-failover.ts';

test('the standby takes over under load: every acknowledged settlement is there, and the rest comes once', {
  timeout: 120_000,
}, async (t) => {
  const { servers, skip } = await realServers(['postgres+standby']);
  if (skip) return t.skip(skip);
  const sink = await openLedger(servers.postgres);
  t.after(() => sink.close());
  await sink.positions();
  const load = new Load(31, (block) => sink.write(block));
  const running = load.run(60, 5);
  await sleep(800);
  servers.kill('postgres');
  const acknowledged = new Map(load.settled);
  assert.ok(acknowledged.size === 2, 'something was settled before');
  await sleep(200);
  const promoted = await servers.promoteStandby();
  const after = await cursorsOf(promoted);
  for (const [partition, next] of acknowledged) {
    assert.ok((after.get(partition) ?? 0) >= next, `partition ${partition} lost what was acknowledged`);
  }
  await sleep(500);
  await load.drain();
  await running;
  const again = sink.said.find((line) => line.startsWith('The ledger answers again'));
  assert.ok(again);
  t.diagnostic(again);
  const follower = serversOf(servers.postgres);
  await follower.search();
  assert.equal(follower.access('settle').port, promoted.port);
  await assertSettled(follower, load.source);

  // The old one comes back as it was: it takes writes, and knows nothing of what happened since.
  await servers.start('postgres');
  const old = { ...promoted, port: servers.postgres.port };
  await follower.search();
  assert.equal(follower.access('settle').port, promoted.port, 'of two primaries the one promoted last is meant');
  const answer = await commitOn(old, 1_500);
  assert.equal(answer, 'no answer', 'nobody confirms what the old primary commits, so it acknowledges nothing');

  // As a standby of the new one it has all of it, and is waited for again.
  await servers.followPrimary('postgres', promoted);
  load.give(200);
  await load.drain();
  await assertSettled(follower, load.source);
  const behind = await cursorsOf(old);
  assert.deepEqual(behind, await cursorsOf(promoted));
});

test('where a standby is required, a primary without one settles nothing until it has one again', {
  timeout: 120_000,
}, async (t) => {
  const { servers, skip } = await realServers(['postgres+standby']);
  if (skip) return t.skip(skip);
  const sink = await openLedger(servers.postgres, 'required');
  t.after(() => sink.close());
  await sink.positions();
  const load = new Load(32, (block) => sink.write(block));
  load.give(300);
  servers.kill('postgres');
  const promoted = await servers.promoteStandby();
  load.give(300);
  await sleep(1_000);
  const lonely = await cursorsOf(promoted);
  await sleep(500);
  assert.deepEqual(await cursorsOf(promoted), lonely, 'nothing is settled on one server alone');
  await assert.rejects(serversOf(servers.postgres, 'required').search(), /waits for no standby/);
  await servers.followPrimary('postgres', promoted);
  await load.drain();
  const follower = serversOf(servers.postgres, 'required');
  await follower.search();
  await assertSettled(follower, load.source);
});

test('a server by one setting: the same sink, the same ledger, and clear words where it cannot be used', async (t) => {
  const { servers, skip } = await realServers(['postgres']);
  if (skip) return t.skip(skip);
  const sink = await openLedger(servers.postgres);
  await sink.positions();
  const load = new Load(33, (block) => sink.write(block));
  load.give(500);
  await load.drain();
  await sink.close();
  const there = serversOf(servers.postgres);
  await assertSettled(there, load.source);
  assert.ok((await sumsOf(there)).entries > 100);
  assert.equal(ledgerServersOf({ backends: {} }), undefined, 'without hosts it is the embedded server');
  const options = optionsOf(servers.postgres, 'wanted');
  assert.throws(
    () => ledgerServersOf({ backends: { ledger: { ...options, password: '' } } }),
    /hosts are given and no password/,
  );
  await assert.rejects(ledgerServers({ ...options, password: 'wrong' }).search(), /password authentication failed/);
  const again = await openLedger({ ...servers.postgres, password: 'wrong' });
  await assert.rejects(again.positions(), (error: unknown) => error instanceof ExitError && error.code === 78);
  await again.close();
});

async function cursorsOf(place: PostgresAddress): Promise<Map<number, number>> {
  const { host, port, database, user, password } = place;
  const client = new pg.Client({ host, port, database, user, password, query_timeout: 10_000 });
  client.on('error', () => undefined);
  await client.connect();
  try {
    const { rows } = await client.query(
      'SELECT account_partition AS partition, next_sequence AS next FROM ledger.cursors',
    );
    return new Map(rows.map(({ partition, next }) => [Number(partition), Number(next)]));
  } finally {
    await client.end();
  }
}

async function commitOn(place: PostgresAddress, waitMs: number): Promise<string> {
  const { host, port, database, user, password } = place;
  const client = new pg.Client({ host, port, database, user, password });
  client.on('error', () => undefined);
  await client.connect();
  const committed = client.query('CREATE TABLE stray (number int)').then(
    () => 'committed',
    (error: Error) => error.message,
  );
  const answer = await Promise.race([committed, sleep(waitMs, 'no answer')]);
  await client.end().catch(() => undefined);
  return answer;
}
