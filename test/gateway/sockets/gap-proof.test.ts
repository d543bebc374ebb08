// No reader misses anything unseen, whatever the network and the gateway do: seeded runs in virtual time. A failure names
// its seed; the same seed plays the same run again.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { assertAllTried, playSeeds } from './simulation/seeds.ts';

test('books, trades, orders, fills and balances of every client equal the server’s after losses, repeats, cuts, stalls and restarts', async () => {
  assertAllTried(await playSeeds(0, 80));
});

test('a seed played twice is the same run', async () => {
  assert.deepEqual(await playSeeds(3, 1), await playSeeds(3, 1));
});
