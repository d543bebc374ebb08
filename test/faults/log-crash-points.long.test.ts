import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crashEverywhere, crashRecoveryEverywhere, restartThenPowerLoss } from './log-crash-points.ts';

describe('crashes of log and snapshots, all of them', () => {
  it('hold at every point of 3,000 commands, six crashes each', (t) => {
    const tally = crashEverywhere(101, 3000, 6);
    assert.ok(tally.points > 3000);
    t.diagnostic(`${tally.points} points, ${tally.images} crashes, ${tally.torn} torn commits cut off`);
  });

  it('hold over many seeds', (t) => {
    let images = 0;
    for (let seed = 200; seed < 240; seed++) images += crashEverywhere(seed, 150, 4).images;
    t.diagnostic(`${images} crashes`);
  });

  it('hold when the recovery crashes, at each of its points', (t) => {
    let recoveries = 0;
    for (let seed = 300; seed < 306; seed++) recoveries += crashRecoveryEverywhere(seed, 200, 1);
    t.diagnostic(`${recoveries} recoveries cut short`);
  });

  it('hold when the process dies first and the machine after it', () => {
    for (let seed = 400; seed < 405; seed++) {
      assert.ok(restartThenPowerLoss(seed, 150, false) > 60);
      assert.ok(restartThenPowerLoss(seed, 150, true) > 30);
    }
  });
});
