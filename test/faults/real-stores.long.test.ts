import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realServers } from '../real-servers.ts';
import { allFaults, storeWishes, takeRealStoresAway } from './real-stores.ts';

test('trades on through every fault of every store, 20 s each, and each of them holds what the log says in the end', {
  timeout: 3_600_000,
}, async (t) => {
  const { servers, skip } = await realServers(storeWishes);
  if (skip) return t.skip(skip);
  const { run, table } = await takeRealStoresAway(servers, allFaults, 20_000, (line) => t.diagnostic(line));
  t.diagnostic(`${run.acknowledged} acknowledged of ${run.commands} commands in the log, ${run.trades} trades`);
  assert.equal(table.length, 4 * allFaults.length + 1);
});
