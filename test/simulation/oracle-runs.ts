import assert from 'node:assert/strict';
import fc from 'fast-check';
import { OracleCoverage } from './oracle-coverage.ts';
import { step } from './oracle-steps.ts';
import { OracleWorld } from './oracle-world.ts';

export interface OracleRuns {
  readonly seed: number;
  readonly runs: number;
  /** Steps of the longest run. */
  readonly steps: number;
}

/**
 * Plays seeded runs on both exchanges. Fails on the first difference, and when a kind of command, a reject reason or a
 * cancel reason that the exchange implements was never seen in all of them.
 */
export function comparedRuns({ seed, runs, steps }: OracleRuns): OracleCoverage {
  const coverage = new OracleCoverage();
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: steps, size: 'max' }), (list) => {
      const world = new OracleWorld((record) => coverage.saw(record));
      for (const [index, each] of list.entries()) {
        world.play(each);
        if (index % 20 === 19) world.compareBalances();
      }
      world.drain();
    }),
    { seed, numRuns: runs, endOnFailure: false },
  );
  assert.deepEqual(coverage.missing(), [], 'every command, reason, mode and state is seen at least once over the runs');
  return coverage;
}
