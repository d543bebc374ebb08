import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { crashEverywhere, crashRecoveryEverywhere, restartThenPowerLoss } from './log-crash-points.ts';

describe('a crash of the machine at any point of log and snapshots', () => {
  it('leaves everything acknowledged, commands whole, snapshots and log in agreement', () => {
    const tally = crashEverywhere(1, 240, 3);
    assert.ok(tally.points > 300 && tally.images === tally.points * 3);
    assert.ok(tally.torn > 20, `${tally.torn} crashes left a torn commit that was cut off`);
    for (const kind of ['create', 'write', 'sync', 'rename', 'unlink', 'sync-directory'] as const) {
      assert.ok(tally.byKind.has(kind), `no crash at ${kind}`);
    }
  });

  it('may hit the recovery as well, at any of its points', () => {
    assert.ok(crashRecoveryEverywhere(2, 60, 5) > 50);
  });
});

describe('a process that dies while the machine lives on', () => {
  it('leaves nothing that its successor sees and a power loss then takes', () => {
    assert.ok(restartThenPowerLoss(3, 30, false) > 20);
  });

  it('leaves nothing of the kind either when it died of a failed sync', () => {
    assert.ok(restartThenPowerLoss(4, 30, true) > 10);
  });
});
