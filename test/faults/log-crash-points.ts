/** Crashes at every write, sync, rename and removal of a run over log and snapshots (E01, E02). How much of it is tried, the test files say. */
import assert from 'node:assert/strict';
import { checkAfterCrash, continueRun, type LogRun, resumeRun } from '../simulation/log-run.ts';
import { type Point, SimDisk } from '../simulation/sim-disk.ts';

export interface CrashTally {
  points: number;
  images: number;
  torn: number;
  readonly byKind: Map<Point['kind'], number>;
}

/** Runs `commands` commands and tries `seeds` crashes at each point of them, every one of which must leave what was acknowledged. */
export function crashEverywhere(seed: number, commands: number, seeds: number): CrashTally {
  const disk = new SimDisk(seed);
  const tally: CrashTally = { points: 0, images: 0, torn: 0, byKind: new Map() };
  let run: LogRun | undefined;
  disk.onPoint = (point) => {
    tally.points++;
    tally.byKind.set(point.kind, (tally.byKind.get(point.kind) ?? 0) + 1);
    const before = run ?? nothingYet(seed);
    for (let index = 0; index < seeds; index++) {
      const crashSeed = index === 0 ? 0 : point.number * seeds + index;
      naming(`seed ${seed}, point ${point.number} (${point.kind} of ${point.path}), crash seed ${crashSeed}`, () => {
        const outcome = checkAfterCrash(disk.crashImage(crashSeed), before, { goOn: point.number % 5 === 0 });
        if (outcome.torn) tally.torn++;
      });
      tally.images++;
    }
  };
  run = resumeRun(disk, seed);
  continueRun(disk, run, commands);
  return tally;
}

/** Crashes a run once, then crashes each recovery from it at each of its own points. Returns how many recoveries were cut short. */
export function crashRecoveryEverywhere(seed: number, commands: number, everyNth: number): number {
  const disk = new SimDisk(seed);
  let run: LogRun | undefined;
  let recoveries = 0;
  disk.onPoint = (point) => {
    if (!run || point.number % everyNth !== 0) return;
    const before = run;
    const image = disk.crashImage(point.number);
    const first = image.points;
    image.onPoint = (inner) => {
      naming(`seed ${seed}, point ${point.number}, then point ${inner.number} of the recovery`, () => {
        checkAfterCrash(image.crashImage(inner.number * 31 + 1), before, { goOn: false });
        checkAfterCrash(image.crashImage(0), before, { goOn: false });
        recoveries++;
      });
    };
    const resumed = resumeRun(image, seed, before.cursors);
    assert.ok(image.points > first, 'a recovery writes: what it has seen must not vanish');
    resumed.writer.closeNow();
  };
  run = resumeRun(disk, seed);
  continueRun(disk, run, commands);
  return recoveries;
}

/**
 * The process dies, the machine does not: the next one sees what the system had in memory, tells it to clients, and then the power fails. What it
 * saw must still be there. Also with syncs that failed before: then the system's memory shows what the medium does not have.
 */
export function restartThenPowerLoss(seed: number, commands: number, failedSync: boolean): number {
  let restarts = 0;
  for (let stop = 4; ; stop++) {
    const disk = new SimDisk(seed);
    const run = resumeRun(disk, seed);
    let calls = 0;
    disk.decide = ({ kind, path }) => {
      if (!path.endsWith('.log') || kind !== (failedSync ? 'sync' : 'write')) return undefined;
      return ++calls === stop ? (failedSync ? 'error' : 'crash') : undefined;
    };
    try {
      continueRun(disk, run, commands);
      return restarts;
    } catch {
      // The run has ended with 74, or died.
    }
    const alive = disk.restartImage();
    const resumed = resumeRun(alive, seed, run.cursors);
    const seen = resumed.state.commands;
    assert.ok(seen >= run.acknowledged);
    naming(`seed ${seed}, stopped at call ${stop}`, () => {
      checkAfterCrash(alive.crashImage(0), { ...run, acknowledged: seen, cursors: resumed.cursors }, { goOn: false });
    });
    restarts++;
  }
}

/** Before the first commit nothing is promised. */
function nothingYet(seed: number): LogRun {
  return { ...resumeRun(new SimDisk(1), seed), acknowledged: 0, begun: 0, cursors: [] };
}

function naming(where: string, check: () => void): void {
  try {
    check();
  } catch (error) {
    throw new Error(`${where}: ${(error as Error).message}`, { cause: error });
  }
}
