/** As `oracle.test.ts`, for as many runs as a night has; each night draws other ones, and says which. */
import { test } from 'node:test';
import { comparedRuns } from './oracle-runs.ts';

test('the operators say what a naive exchange says over thousands of runs that nobody has seen before', (t) => {
  const seed = Number(process.env.SLUICE_SEED ?? Date.now() % 2 ** 31);
  t.diagnostic(`SLUICE_SEED=${seed}`);
  const coverage = comparedRuns({ seed, runs: 20_000, steps: 200 });
  t.diagnostic(`${coverage.counts.get('record trade')} trades, ${coverage.counts.get('record rejected')} rejects`);
});
