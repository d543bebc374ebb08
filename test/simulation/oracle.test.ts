/**
 * The operators against a second exchange that was written from the rules alone: same commands, same events, same
 * balances; and a third opinion, the money that trades alone give. A failure names its seed and the shortest steps that
 * show it; `SLUICE_SEED` repeats it.
 */
import { test } from 'node:test';
import { comparedRuns } from './oracle-runs.ts';

test('the operators say what a naive exchange says, event by event, and hold the same balances', () => {
  comparedRuns({ seed: Number(process.env.SLUICE_SEED ?? 20_260_101), runs: 300, steps: 120 });
});
