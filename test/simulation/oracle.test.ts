/**
 * The operators against a second exchange that was written from the rules alone: same commands, same events, same
 * balances. A run that is shrunk names its steps; the seed is in the message of a failure, and `SLUICE_SEED` repeats it.
 */
import { test } from 'node:test';
import { comparedRuns } from './oracle-runs.ts';

test('the operators say what a naive exchange says, event by event, and hold the same balances', () => {
  comparedRuns({ seed: Number(process.env.SLUICE_SEED ?? 20_260_101), runs: 150, steps: 120 });
});
