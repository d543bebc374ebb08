import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import { recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { verifyLog } from '../../pipelines/runtime/log/verify-log.ts';
import { ExitError } from '../../schemas/exit.ts';
import { continueRun, LOG as RUN_LOG, resumeRun, SEGMENT_BYTES } from '../simulation/log-run.ts';
import { SimDisk } from '../simulation/sim-disk.ts';
import { LOG, makeLog, type RotSample } from './log-bit-rot.ts';

/** Start, reading from the beginning, and verification must all refuse. */
function assertRefused({ disk, segmentBytes }: RotSample, what: RegExp): void {
  const is65 = (error: unknown): boolean => error instanceof ExitError && error.code === 65 && what.test(error.message);
  for (const proveBytesMax of [undefined, 0]) {
    assert.throws(
      () =>
        recoverLog(disk, {
          directory: LOG,
          generation: 3,
          marks: [],
          segmentBytes,
          ...(proveBytesMax === undefined ? {} : { proveBytesMax }),
        }),
      is65,
    );
  }
  assert.throws(
    () => {
      const reader = openLogReader(disk, { directory: LOG });
      while (reader?.next());
    },
    (error) => error instanceof ExitError && error.code === 65,
  );
  assert.ok(verifyLog(disk, LOG).damages.length > 0);
}

const pathOf = (sample: RotSample, index: number): string => `${LOG}/${sample.names[index]!}`;

describe('segments that are not where they belong', () => {
  it('are found when two are swapped', () => {
    for (const [a, b] of [
      [0, 1],
      [1, 2],
      [1, 3],
      [2, 4],
    ] as const) {
      const sample = makeLog(4096, 5);
      const first = sample.disk.contents(pathOf(sample, a));
      sample.disk.place(pathOf(sample, a), sample.disk.contents(pathOf(sample, b)));
      sample.disk.place(pathOf(sample, b), first);
      assertRefused(sample, /the header is that of segment/);
    }
  });

  it('are found when one is copied over another, or under a name of its own', () => {
    for (const [from, to] of [
      [0, 2],
      [3, 1],
      [1, 4],
    ] as const) {
      const sample = makeLog(4096, 5);
      sample.disk.place(pathOf(sample, to), sample.disk.contents(pathOf(sample, from)));
      assertRefused(sample, /the header is that of segment/);
    }
    const sample = makeLog(4096, 5);
    const last = Number(sample.names[4]!.slice(0, 12));
    sample.disk.place(`${LOG}/${String(last + 3).padStart(12, '0')}.log`, sample.disk.contents(pathOf(sample, 4)));
    assertRefused(sample, /the header is that of segment/);
  });

  it('are found when one is missing in the middle', () => {
    for (const index of [1, 2, 3]) {
      const sample = makeLog(4096, 5);
      sample.disk.remove(pathOf(sample, index));
      assertRefused(sample, /it is segment \d+, but the one before it in the folder is \d+|segment \d+ follows/);
    }
  });

  it('are found when the newest is missing and anything knows of its commits', () => {
    const sample = makeLog(4096, 4);
    const { end } = recoverLog(sample.disk, {
      directory: LOG,
      generation: 3,
      marks: [],
      segmentBytes: sample.segmentBytes,
    });
    sample.disk.remove(pathOf(sample, 3));
    const [position] = end.tables.positions;
    for (const mark of [
      { source: 'the snapshot', commit: end.commit },
      { source: 'the ledger', log: position!.log, partition: position!.partition, nextOffset: position!.next },
    ]) {
      assert.throws(
        () =>
          recoverLog(sample.disk, { directory: LOG, generation: 3, marks: [mark], segmentBytes: sample.segmentBytes }),
        (error) => error instanceof ExitError && error.code === 65 && /data is missing/.test(error.message),
      );
      assert.ok(verifyLog(sample.disk, LOG, [mark]).damages.length > 0);
    }
  });

  it('are found when one comes from another log with the same shape', () => {
    const sample = makeLog(4096, 4);
    const other = makeLog(4096 + 8, 4);
    const name = sample.names[1]!;
    const foreign = other.disk.contents(`${LOG}/${other.names[1]!}`).slice(0, 4096);
    if (other.names[1] === name) sample.disk.place(`${LOG}/${name}`, foreign);
    else sample.disk.place(`${LOG}/${name}`, other.disk.contents(`${LOG}/${other.names[2]!}`).slice(0, 4096));
    assertRefused(sample, /two histories|the header is that of segment|does not end in a trailer/);
  });

  it('are found when one was cut short', () => {
    for (const length of [0, 8, 95, 96, 300, 2000]) {
      const sample = makeLog(4096, 4);
      sample.disk.place(pathOf(sample, 1), sample.disk.contents(pathOf(sample, 1)).slice(0, length));
      assertRefused(sample, /shorter|does not end in a trailer/);
    }
  });

  it('are read as they are when they lie beside files that are none', () => {
    const sample = makeLog(4096, 3);
    for (const name of ['spare.segment', 'notes.txt', '1.log', '000000000001.log.copy']) {
      sample.disk.place(`${LOG}/${name}`, new Uint8Array(100).fill(3));
    }
    assert.deepEqual(verifyLog(sample.disk, LOG).damages, []);
    recoverLog(sample.disk, { directory: LOG, generation: 3, marks: [], segmentBytes: sample.segmentBytes });
  });
});

describe('a disk that lies', () => {
  for (const fault of ['lie', 'misplace'] as const) {
    it(`is found out when the machine restarts, if a write that was reported done ${fault === 'lie' ? 'was never kept' : 'landed elsewhere'}`, () => {
      let refused = 0;
      let nothingLost = 0;
      for (let number = 3; number < 90; number++) {
        const disk = new SimDisk(number);
        const run = resumeRun(disk, 31);
        let writes = 0;
        disk.decide = ({ kind, path }) =>
          kind === 'write' && path.endsWith('.log') && ++writes === number ? fault : undefined;
        continueRun(disk, run, 60);
        disk.decide = () => undefined;
        const image = disk.crashImage(0);
        let found: number | undefined;
        try {
          found = resumeRun(image, 31, run.cursors).state.commands;
        } catch (error) {
          assert.ok(error instanceof ExitError && error.code === 65, String(error));
          refused++;
          continue;
        }
        // It may have hit a segment that was retired since, or an empty write.
        assert.ok(found >= run.acknowledged, `write ${number}: ${found} of ${run.acknowledged} commands, in silence`);
        nothingLost++;
      }
      assert.ok(refused > 40, `${refused} refused, ${nothingLost} without loss`);
    });
  }

  it('is found out when it shows flipped bits to those who read', () => {
    const disk = new SimDisk(5);
    const run = resumeRun(disk, 32);
    continueRun(disk, run, 60);
    run.writer.closeNow();
    let refused = 0;
    for (let seed = 1; seed < 60; seed++) {
      const image = disk.crashImage(seed);
      image.readDamage = 0.02;
      try {
        const { end } = recoverLog(image, {
          directory: RUN_LOG,
          generation: 1,
          marks: run.cursors,
          segmentBytes: SEGMENT_BYTES,
        });
        // Nothing was damaged on the way in this run.
        assert.equal(end.commit, run.writer.durableEnd.read().commit);
      } catch (error) {
        assert.ok(error instanceof ExitError && error.code === 65, String(error));
        refused++;
      }
    }
    assert.ok(refused > 30, `${refused} refused`);
  });
});
