// All the seeds of gap-proof.test.ts.
import { test } from 'node:test';
import { assertAllTried, playSeeds } from './simulation/seeds.ts';

test('ten thousand runs of losses, repeats, reorders, cuts, stalls and restarts leave every client with what the server has', async () => {
  for (let first = 0; first < 10_000; first += 1_000) assertAllTried(await playSeeds(first, 1_000));
});
