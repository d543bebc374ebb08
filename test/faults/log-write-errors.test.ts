import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import { recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { ExitError } from '../../schemas/exit.ts';
import { continueRun, LOG, type LogRun, resumeRun } from '../simulation/log-run.ts';
import { recordsOfCommand } from '../simulation/log-workload.ts';
import { type Fault, type PointKind, SimDisk, SimulatedCrash } from '../simulation/sim-disk.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Runs into the n-th fault of a kind on the log's files and on its folder; false when the run has no n-th call. */
function runInto(
  fault: Fault,
  kinds: readonly PointKind[],
  nth: number,
  check: (disk: SimDisk, run: LogRun) => void,
): boolean {
  const disk = new SimDisk(nth);
  let calls = 0;
  let hit = false;
  const run = resumeRun(disk, 41);
  disk.decide = ({ kind, path }) => {
    if (!path.startsWith(LOG) || !kinds.includes(kind) || ++calls !== nth) return undefined;
    hit = true;
    return fault;
  };
  try {
    continueRun(disk, run, 80);
  } catch (error) {
    assert.ok(hit, String(error));
    assert.ok(error instanceof ExitError && error.code === 74, String(error));
    assert.ok(!(error instanceof SimulatedCrash));
  }
  if (hit) check(disk, run);
  return hit;
}

describe('a write, sync or rename of the log that fails', () => {
  for (const [fault, kinds, name] of [
    ['error', ['sync'], 'a failed sync'],
    ['error', ['write'], 'a failed write'],
    ['short', ['write'], 'a short write'],
    ['error', ['rename', 'sync-directory', 'create'], 'a failed change of the folder'],
  ] as const) {
    it(`ends the run with 74 before anything of the commit is acknowledged: ${name}`, () => {
      let nth = 1;
      for (; ; nth++) {
        const more = runInto(fault, kinds, nth, (disk, run) => {
          const acknowledged = run.acknowledged;
          disk.decide = () => undefined;
          // The next process starts on what the system shows; then the power fails.
          const alive = disk.restartImage();
          const seen = resumeRun(alive, 41, run.cursors);
          assert.ok(seen.state.commands >= acknowledged);
          const after = resumeRun(alive.crashImage(0), 41, seen.cursors);
          assert.equal(after.state.commands, seen.state.commands, 'what the next start saw stays');
        });
        if (!more) break;
      }
      assert.ok(
        nth > (kinds.includes('sync' as never) || kinds.includes('write' as never) ? 30 : 3),
        `${nth - 1} tried`,
      );
    });
  }
});

const strace = spawnSync('strace', ['-V']);
const withoutStrace = strace.error ? 'strace is not installed' : false;
const program = fileURLToPath(new URL('./log-writer-process.ts', import.meta.url));

interface Ended {
  readonly status: number | null;
  readonly signal: string | null;
  readonly found: number;
  readonly acknowledged: number;
  readonly err: string;
}

/** Writes a few commands undisturbed, then runs the process with its newest segment under strace. */
function writeUnder(inject: string, commands = 12): { readonly ended: Ended; readonly directory: string } {
  const directory = mkdtempSync(join(tmpdir(), 'sluice-strace-'));
  folders.push(directory);
  const first = ended(spawnSync(process.execPath, [program, directory, '5'], { encoding: 'utf8' }));
  assert.equal(first.status, 0, first.err);
  const newest = readdirSync(directory)
    .filter((name) => name.endsWith('.log'))
    .at(-1)!;
  const run = spawnSync(
    'strace',
    [
      '-f',
      '-qq',
      '-o',
      '/dev/null',
      '-P',
      join(directory, newest),
      '-e',
      `inject=${inject}`,
      process.execPath,
      program,
      directory,
      String(commands),
    ],
    { encoding: 'utf8', timeout: 60_000 },
  );
  return { ended: ended(run), directory };
}

function ended(run: { status: number | null; signal: string | null; stdout: string; stderr: string }): Ended {
  const numbers = (word: string) =>
    [...run.stdout.matchAll(new RegExp(`^${word} (\\d+)$`, 'gm'))].map((match) => Number(match[1]));
  const found = numbers('found')[0] ?? 0;
  return {
    status: run.status,
    signal: run.signal,
    found,
    acknowledged: numbers('durable').at(-1) ?? found,
    err: run.stderr,
  };
}

/** Everything acknowledged is there, byte by byte, and the log can be written on. */
function assertWhole(directory: string, acknowledged: number): void {
  const again = ended(spawnSync(process.execPath, [program, directory, '3'], { encoding: 'utf8' }));
  assert.equal(again.status, 0, again.err);
  assert.ok(again.found >= acknowledged, `${again.found} found, ${acknowledged} acknowledged`);
  recoverLog(nodeDisk(), { directory, generation: 1, marks: [], segmentBytes: 256 * 1024 });
  const reader = openLogReader(nodeDisk(), { directory })!;
  let command = 0;
  while (command < again.found + 3) {
    command++;
    for (const { payload } of recordsOfCommand(77, command)) {
      assert.ok(reader.next(), `command ${command}`);
      assert.ok(Buffer.from(reader.bytes.subarray(reader.payloadAt, reader.payloadEnd)).equals(payload));
    }
  }
  assert.equal(reader.next(), false);
  reader.close();
}

describe('a real process whose disk fails', { skip: withoutStrace }, () => {
  // `when` counts per thread: the first sync of a segment by the main thread is recovery's, those of the journal begin with its opening commit.
  for (const [inject, what] of [
    ['fdatasync:error=EIO:when=1', 'the first sync'],
    ['fdatasync:error=EIO:when=3', 'the third sync'],
    ['fdatasync:error=EDQUOT:when=5', 'a sync over quota'],
    ['pwrite64:error=ENOSPC:when=2', 'the second write, no space'],
    ['pwrite64:error=EIO:when=7', 'a later write'],
  ] as const) {
    it(`ends with 74, and the next start has all that was acknowledged: ${what}`, () => {
      const { ended: run, directory } = writeUnder(inject);
      assert.equal(run.status, 74, `${run.signal ?? ''} ${run.err}`);
      assert.ok(run.acknowledged < run.found + 12);
      assertWhole(directory, run.acknowledged);
    });
  }

  for (const when of [1, 2, 3, 4, 7]) {
    it(`keeps all that was acknowledged when it is killed at sync ${when}`, () => {
      const { ended: run, directory } = writeUnder(`fdatasync:signal=SIGKILL:when=${when}`);
      assert.notEqual(run.status, 0);
      assertWhole(directory, run.acknowledged);
    });
  }

  it('is refused with 65 at the next start when a write was reported done that was not', () => {
    // Five bytes are claimed and never written; the runtime goes on with the rest.
    const { ended: run, directory } = writeUnder('pwrite64:retval=5:when=4');
    assert.equal(run.status, 0, run.err);
    const next = ended(spawnSync(process.execPath, [program, directory, '1'], { encoding: 'utf8' }));
    assert.equal(next.status, 65);
    assert.match(next.err, /segment 000000000001\.log, commit \d+, byte \d+/);
  });

  it('waits for a slow disk without failing, and keeps the order', () => {
    const { ended: run, directory } = writeUnder('fdatasync:delay_enter=150000:when=2..6');
    assert.equal(run.status, 0, run.err);
    assert.equal(run.acknowledged, run.found + 12);
    assertWhole(directory, run.acknowledged);
  });
});
