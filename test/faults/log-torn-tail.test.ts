import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { LogDamaged } from '../../pipelines/runtime/log/damage.ts';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import { type DurableMark, type RecoveredLog, recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { verifyLog } from '../../pipelines/runtime/log/verify-log.ts';
import type { Disk } from '../../pipelines/runtime/outside/disk.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { seededRandom } from '../../pipelines/runtime/outside/seeded-random.ts';
import { ExitError } from '../../schemas/exit.ts';
import { readU64, TRAILER_BYTES, TRAILER_COMMIT_AT } from '../../schemas/log-format.ts';
import { appendCommand, LOG, resumeRun, SEGMENT_BYTES } from '../simulation/log-run.ts';
import { SimDisk } from '../simulation/sim-disk.ts';

const SEED = 21;
const COMMANDS = 12;
const SEGMENT = '000000000001.log';

interface Sample {
  readonly segment: Uint8Array;
  /** Where the last commit begins and ends, and its number. */
  readonly from: number;
  readonly to: number;
  readonly commit: number;
  readonly marks: readonly DurableMark[];
}

/** A log of one segment with one command a commit; the last command has several records. */
function sample(): Sample {
  const disk = new SimDisk();
  const run = resumeRun(disk, SEED);
  let from = 0;
  for (let command = 0; command < COMMANDS; command++) {
    from = run.writer.durableEnd.read().offset;
    appendCommand(run);
    run.writer.publish();
  }
  const { offset, commit } = run.writer.durableEnd.read();
  return { segment: disk.contents(`${LOG}/${SEGMENT}`), from, to: offset, commit, marks: run.cursors };
}

const whole = sample();
const ZEROS = new Uint8Array(SEGMENT_BYTES);

function recover(disk: Disk, marks: readonly DurableMark[] = [], directory = LOG): RecoveredLog {
  return recoverLog(disk, { directory, generation: 1, marks, segmentBytes: SEGMENT_BYTES });
}

function diskWith(segment: Uint8Array): SimDisk {
  const disk = new SimDisk();
  disk.place(`${LOG}/${SEGMENT}`, segment);
  return disk;
}

function commandsOf(disk: Disk, directory = LOG): number {
  const reader = openLogReader(disk, { directory })!;
  let last = 0;
  while (reader.next()) last = new DataView(reader.bytes.buffer).getUint32(reader.payloadAt, true);
  reader.close();
  return last;
}

/** The last commit from byte `at` on: cut off with the file, never written, or anything. */
const tears: { readonly [name: string]: (at: number) => Uint8Array } = {
  'cut off': (at) => whole.segment.slice(0, at),
  zeros: (at) => whole.segment.slice().fill(0, at, whole.to),
  garbage: (at) => {
    const segment = whole.segment.slice();
    segment.set(seededRandom(at).bytes(whole.to - at), at);
    return segment;
  },
  'garbage far beyond': (at) => {
    const segment = whole.segment.slice();
    const length = Math.min(8000, segment.length - at);
    segment.set(seededRandom(at).bytes(length), at);
    return segment;
  },
  'lost in the middle': (at) => whole.segment.slice().fill(0, at, Math.min(at + 64, whole.to)),
};

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

describe('a torn tail', () => {
  it('has a last commit of several records to tear', () => {
    assert.ok(whole.to - whole.from > 300);
    assert.equal(commandsOf(diskWith(whole.segment)), COMMANDS);
  });

  for (const [name, tear] of Object.entries(tears)) {
    it(`is cut off at each byte of the last commit (${name}), and the log can be written on`, () => {
      for (let at = whole.from; at < whole.to; at++) {
        const torn = tear(at);
        if (Buffer.compare(torn.subarray(0, whole.to), whole.segment.subarray(0, whole.to)) === 0) continue;
        const disk = diskWith(torn);
        const proof = verifyLog(disk, LOG);
        assert.deepEqual(proof.damages, [], `byte ${at}`);
        const recovered = recover(disk);
        assert.equal(recovered.end.commit, whole.commit - 1, `byte ${at}`);
        assert.equal(recovered.end.offset, whole.from);
        const nothingLeft = name === 'cut off' || name === 'zeros' ? at === whole.from : false;
        assert.equal(recovered.torn === undefined, nothingLeft, `byte ${at} of ${whole.from} to ${whole.to}`);
        if (recovered.torn) {
          assert.equal(recovered.torn.commit, whole.commit);
          assert.match(recovered.torn.what, new RegExp(`segment ${SEGMENT}, commit ${whole.commit}`));
        }
        const contents = disk.contents(`${LOG}/${SEGMENT}`);
        assert.equal(contents.length, SEGMENT_BYTES, 'the segment has its size again');
        assert.equal(Buffer.compare(contents.subarray(whole.from), ZEROS.subarray(whole.from)), 0);
        assert.equal(recover(disk).torn, undefined, 'cut once');
        if (at % 32 > 0) continue;
        const run = resumeRun(disk, SEED);
        assert.equal(run.state.commands, COMMANDS - 1);
        appendCommand(run);
        run.writer.publish();
        assert.equal(commandsOf(disk), COMMANDS);
        assert.deepEqual(verifyLog(disk, LOG).damages, []);
      }
    });

    it(`is refused (${name}) when anything knows that the commit was durable, and nothing is changed`, () => {
      const marks: DurableMark[][] = [
        [{ source: 'snapshot head-000000000013', commit: whole.commit }],
        [...whole.marks],
      ];
      for (const known of marks) {
        for (let at = whole.from; at < whole.to; at += 7) {
          const torn = tear(at);
          if (Buffer.compare(torn.subarray(0, whole.to), whole.segment.subarray(0, whole.to)) === 0) continue;
          const disk = diskWith(torn);
          assert.throws(
            () => recover(disk, known),
            (error) => error instanceof ExitError && error.code === 65 && /to have been durable/.test(error.message),
            `byte ${at}`,
          );
          assert.deepEqual(disk.contents(`${LOG}/${SEGMENT}`), torn);
          const [damage] = verifyLog(disk, LOG, known).damages;
          assert.equal(damage?.commit, whole.commit);
        }
      }
    });
  }

  it('is refused when the same place is damaged in a commit that another follows', () => {
    const disk = diskWith(whole.segment);
    const run = resumeRun(disk, SEED);
    appendCommand(run);
    run.writer.publish();
    const longer = disk.contents(`${LOG}/${SEGMENT}`);
    let refused = 0;
    for (let at = whole.from; at < whole.to; at++) {
      const segment = longer.slice();
      segment[at]! ^= 0x10;
      const damaged = diskWith(segment);
      assert.throws(
        () => recover(damaged),
        (error) =>
          error instanceof LogDamaged &&
          error.damage.commit === whole.commit &&
          error.message.includes(SEGMENT) &&
          /Behind it stands/.test(error.message),
        `byte ${at}`,
      );
      refused++;
    }
    assert.equal(refused, whole.to - whole.from);
  });

  it('is refused when the commit behind it is itself torn, down to its last record: rot in front of a tear stays rot', () => {
    const disk = diskWith(whole.segment);
    const run = resumeRun(disk, SEED);
    const behind = run.writer.durableEnd.read().offset;
    appendCommand(run);
    run.writer.publish();
    const end = run.writer.durableEnd.read().offset;
    const longer = disk.contents(`${LOG}/${SEGMENT}`);
    // The commit behind loses its trailer, and the commit before has a flipped bit in its own trailer.
    longer.fill(0, end - TRAILER_BYTES, end);
    assert.ok(recover(diskWith(longer)).torn);
    longer[behind - 30]! ^= 1;
    assert.throws(
      () => recover(diskWith(longer)),
      (error) => error instanceof LogDamaged && /a record of another commit/.test(error.message),
    );
  });

  it('can no more be the last commit once a recovered log was opened: opening acknowledges what was found', () => {
    const disk = diskWith(whole.segment);
    resumeRun(disk, SEED);
    disk.damage(`${LOG}/${SEGMENT}`, whole.to - 100, 1);
    assert.throws(
      () => recover(disk),
      (error) => error instanceof LogDamaged && error.damage.commit === whole.commit,
    );
  });

  it('does not take a whole commit with a false number for a tear', () => {
    const segment = whole.segment.slice();
    const view = new DataView(segment.buffer);
    // The trailer of the commit before is put where that of the last one is.
    const before = whole.from - TRAILER_BYTES;
    assert.equal(readU64(view, before + TRAILER_COMMIT_AT), whole.commit - 1);
    segment.copyWithin(whole.to - TRAILER_BYTES, before, whole.from);
    assert.throws(() => recover(diskWith(segment)), LogDamaged);
  });

  it('is cut off a real file just the same', () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-torn-'));
    folders.push(directory);
    const disk = nodeDisk();
    for (let at = whole.from + 1; at < whole.to; at += 41) {
      for (const tear of Object.values(tears)) {
        writeFileSync(join(directory, SEGMENT), tear(at));
        const { end, torn } = recover(disk, [], directory);
        assert.equal(end.commit, whole.commit - 1);
        assert.equal(torn?.commit, whole.commit);
        assert.equal(commandsOf(disk, directory), COMMANDS - 1);
      }
    }
  });
});

describe('a log that ends too early', () => {
  it('is refused when a mark knows more, though every byte of it is right', () => {
    const segment = whole.segment.slice().fill(0, whole.from);
    for (const marks of [[{ source: 'the ledger', commit: whole.commit }], whole.marks]) {
      assert.throws(
        () => recover(diskWith(segment), marks),
        (error) => error instanceof ExitError && error.code === 65 && /data is missing/.test(error.message),
      );
    }
    assert.equal(recover(diskWith(segment)).torn, undefined);
  });

  it('is refused when it is empty or gone and a mark knows of it', () => {
    assert.throws(() => recover(new SimDisk(), whole.marks), /data is missing/);
    assert.equal(recover(new SimDisk()).end.commit, 0);
  });

  it('is refused when a mark knows another commit by that number', () => {
    const hash = new Uint8Array(32).fill(1);
    assert.throws(
      () => recover(diskWith(whole.segment), [{ source: 'the snapshot', commit: whole.commit - 2, hash }]),
      /two histories/,
    );
  });
});
