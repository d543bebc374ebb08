import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { seededRandom } from '../../pipelines/runtime/outside/seeded-random.ts';
import { decodeSnapshot, encodeSnapshot, type Snapshot } from '../../pipelines/runtime/snapshots/snapshot-file.ts';
import { SnapshotStore, snapshotName } from '../../pipelines/runtime/snapshots/snapshot-store.ts';
import { ExitError } from '../../schemas/exit.ts';
import {
  continueRun,
  LOG,
  type LogRun,
  modelState,
  resumeRun,
  SEGMENT_BYTES,
  SNAPSHOTS,
} from '../simulation/log-run.ts';
import { SimDisk } from '../simulation/sim-disk.ts';

const SEED = 51;

/** A run long enough that old snapshots and segments are gone, with two snapshots kept. */
function finished(commands = 150): { readonly disk: SimDisk; readonly run: LogRun; readonly names: readonly string[] } {
  const disk = new SimDisk();
  const run = resumeRun(disk, SEED);
  continueRun(disk, run, commands);
  run.writer.closeNow();
  const names = new SnapshotStore(disk, SNAPSHOTS, 2).list('state').map(({ name }) => name);
  assert.equal(names.length, 2);
  return { disk, run, names };
}

const pathOf = (name: string): string => `${SNAPSHOTS}/${name}`;

function sample(states: number): Snapshot {
  const random = seededRandom(states);
  return {
    series: 'head',
    from: 41,
    mark: { commit: 42, hash: random.bytes(32) },
    generation: 2,
    takenAtMicros: 1_700_000_000_000_000,
    about: { commands: 9, list: [1, 'two'] },
    stages: Array.from({ length: states }, (_, index) => ({
      stage: `stage-${index}`,
      partition: index,
      generation: 2,
      inbox: { log: 'commands', partition: index, nextOffset: index * 100 },
      timeMicros: index,
      producers: [{ chainKey: 7, last: 8 }],
      targets: [{ chainKey: 9, nextSequence: 10, log: 'orders', partition: 0, endOffset: 11 }],
      stateHash: 'abc',
      configurationHash: 'def',
      state: random.bytes(index * 37),
    })),
  };
}

describe('a snapshot file', () => {
  it('comes back equal, with any number of states, also empty ones', () => {
    for (const states of [0, 1, 5]) {
      const snapshot = sample(states);
      assert.deepEqual(decodeSnapshot(encodeSnapshot(snapshot)), snapshot);
    }
  });

  it('is refused with a reason at every flipped bit and every cut', () => {
    const bytes = encodeSnapshot(sample(3));
    for (let at = 0; at < bytes.length; at++) {
      const flipped = bytes.slice();
      flipped[at]! ^= 1 << (at % 8);
      assert.equal(typeof decodeSnapshot(flipped), 'string', `byte ${at}`);
      assert.equal(typeof decodeSnapshot(bytes.slice(0, at)), 'string', `cut at ${at}`);
    }
  });

  it('is kept in the number asked for, the newest of each series', () => {
    const store = new SnapshotStore(new SimDisk(), SNAPSHOTS, 3);
    for (let commit = 1; commit <= 7; commit++) {
      for (const series of ['head', 'ledger-lane']) {
        store.write({ ...sample(1), series, from: commit - 1, mark: { commit, hash: new Uint8Array(32) } });
      }
    }
    assert.deepEqual(
      store.list().map(({ name }) => name),
      [7, 6, 5]
        .map((commit) => snapshotName('head', commit))
        .concat([7, 6, 5].map((commit) => snapshotName('ledger-lane', commit))),
    );
    assert.equal(store.firstCommitNeeded(), 5);
    assert.deepEqual(
      store.marks().map((mark) => 'commit' in mark && mark.commit),
      [7, 6, 5, 7, 6, 5],
    );
  });

  it('pins the whole log while one of them does not say what it needs', () => {
    const disk = new SimDisk();
    const store = new SnapshotStore(disk, SNAPSHOTS, 3);
    assert.equal(store.firstCommitNeeded(), undefined);
    store.write(sample(1));
    disk.damage(pathOf(store.list()[0]!.name), 14, 0xff);
    assert.equal(store.firstCommitNeeded(), undefined);
  });
});

describe('damaged snapshots', () => {
  it('are passed over for an older one: a longer replay gives the same state', () => {
    const { disk, run, names } = finished();
    const expected = modelState(SEED, run.state.commands).encode();
    const size = disk.contents(pathOf(names[0]!)).length;
    for (const damage of [
      (image: SimDisk) => image.damage(pathOf(names[0]!), 40, 1),
      (image: SimDisk) => image.damage(pathOf(names[0]!), size - 1, 128),
      (image: SimDisk) => image.place(pathOf(names[0]!), disk.contents(pathOf(names[0]!)).slice(0, size / 2)),
      (image: SimDisk) => image.place(pathOf(names[0]!), new Uint8Array(0)),
      (image: SimDisk) => image.remove(pathOf(names[0]!)),
    ]) {
      const image = disk.crashImage(0);
      damage(image);
      const found = new SnapshotStore(image, SNAPSHOTS, 2).newest('state');
      assert.equal(found.name, names[1]);
      assert.ok(found.refused.every(({ name, why }) => name === names[0] && why.length > 0));
      const again = resumeRun(image, SEED, run.cursors);
      assert.deepEqual(again.state.encode(), expected);
    }
  });

  it('are passed over for the beginning of the log when all are damaged, while the log still has it', () => {
    const disk = new SimDisk();
    const run = resumeRun(disk, SEED);
    const namesNow = () => new SnapshotStore(disk, SNAPSHOTS, 2).list('state').map(({ name }) => name);
    // Short enough that nothing was retired yet.
    while (namesNow().length === 0) continueRun(disk, run, 5);
    const names = namesNow();
    const { firstCommit } = recoverLog(disk.restartImage(), {
      directory: LOG,
      generation: 1,
      marks: [],
      segmentBytes: SEGMENT_BYTES,
    });
    assert.equal(firstCommit, 1);
    const image = disk.crashImage(0);
    for (const name of names) image.damage(pathOf(name), 30, 2);
    const again = resumeRun(image, SEED, run.cursors);
    assert.deepEqual(again.state.encode(), modelState(SEED, run.state.commands).encode());
  });

  it('end in a refusal when all are damaged and the log is gone behind them, with what is there and what is wanted', () => {
    const { disk, run, names } = finished();
    const image = disk.crashImage(0);
    for (const name of names) image.damage(pathOf(name), 30, 2);
    assert.throws(
      () => resumeRun(image, SEED, run.cursors),
      (error) =>
        error instanceof ExitError &&
        error.code === 65 &&
        /commit 1 is no longer in the log .*, which begins at commit \d+/.test(error.message),
    );
  });

  it('still say how far the log must reach when they are whole', () => {
    const { disk, names } = finished();
    const image = disk.crashImage(0);
    const segments = image.readDirectory(LOG).filter((name) => name.endsWith('.log'));
    // The newest segment is lost: every byte left is right, and yet data is missing.
    image.remove(`${LOG}/${segments.at(-1)!}`);
    assert.throws(
      () => resumeRun(image, SEED),
      (error) => error instanceof ExitError && error.code === 65 && error.message.includes(names[0]!),
    );
  });

  it('do not hide that another history was written behind them', () => {
    const { disk } = finished();
    const other = new SimDisk();
    const run = resumeRun(other, SEED + 1);
    continueRun(other, run, 150);
    const image = disk.crashImage(0);
    for (const name of image.readDirectory(LOG)) image.remove(`${LOG}/${name}`);
    for (const name of other.readDirectory(LOG)) image.place(`${LOG}/${name}`, other.contents(`${LOG}/${name}`));
    assert.throws(
      () => resumeRun(image, SEED),
      (error) => error instanceof ExitError && error.code === 65,
    );
  });
});
