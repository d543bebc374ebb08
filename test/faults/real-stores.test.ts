// E26, E27, E30, E31, E32 at once, with real servers: the stores of a running exchange are taken away one after the other.

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { realServers } from '../real-servers.ts';
import { shortFaults, storeWishes, takeRealStoresAway } from './real-stores.ts';

test('trades on while its servers are cut off, killed and failed over, and each of them holds what the log says in the end', {
  timeout: 300_000,
}, async (t) => {
  const { servers, skip } = await realServers(storeWishes);
  if (skip) return t.skip(skip);
  const { run } = await takeRealStoresAway(servers, shortFaults, 500, (line) => t.diagnostic(line));
  t.diagnostic(`${run.acknowledged} acknowledged of ${run.commands} commands in the log, ${run.trades} trades`);
  assert.ok(run.trades > 0);
});
