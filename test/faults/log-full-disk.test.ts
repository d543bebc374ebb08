import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { openInlineLog } from '../../pipelines/runtime/log/inline-log.ts';
import type { LogWriter } from '../../pipelines/runtime/log/log-writer.ts';
import { recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { verifyLog } from '../../pipelines/runtime/log/verify-log.ts';
import { openWorkerLog } from '../../pipelines/runtime/log/worker-log.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { ExitError } from '../../schemas/exit.ts';
import { packChainKey } from '../../schemas/ids.ts';
import { SimDisk } from '../simulation/sim-disk.ts';

const LOG = 'data/log';
const SEGMENT_BYTES = 32 * 1024;
const PAYLOAD = new Uint8Array(500).fill(3);

interface FullDiskRun {
  readonly writer: LogWriter;
  readonly space: boolean[];
  acknowledged: number;
  next: number;
}

function start(disk: SimDisk): FullDiskRun {
  const { end } = recoverLog(disk, { directory: LOG, generation: 1, marks: [], segmentBytes: SEGMENT_BYTES });
  const space: boolean[] = [];
  const run: FullDiskRun = {
    space,
    acknowledged: 0,
    next: end.tables.positions[0]?.next ?? 0,
    writer: openInlineLog(disk, {
      directory: LOG,
      end,
      segmentBytes: SEGMENT_BYTES,
      ringBytes: 16 * 1024,
      frameBytesMax: 1024,
      onDurable: (commands) => {
        run.acknowledged = commands;
      },
      onSpace: (enough) => space.push(enough),
      onFailure: (error) => {
        throw error;
      },
    }),
  };
  return run;
}

function append({ writer }: { readonly writer: LogWriter }, offset: number): void {
  writer.beginCommand();
  const at = writer.reserve();
  writer.bytes.set(PAYLOAD, at);
  writer.append(packChainKey(1, 0, 0), 1, 0, offset, at + PAYLOAD.length);
  writer.endCommand();
  writer.publish();
}

function writeUntil(run: FullDiskRun, stop: () => boolean): void {
  while (!stop()) append(run, run.next++);
}

describe('a disk that fills up', () => {
  it('is told as soon as the reserve cannot be renewed, while a whole segment is still free', () => {
    const disk = new SimDisk();
    disk.capacityBytes = SEGMENT_BYTES * 4 + 1000;
    const run = start(disk);
    writeUntil(run, () => run.space.length > 0);
    assert.deepEqual(run.space, [false]);
    const segments = disk.readDirectory(LOG).filter((name) => name.endsWith('.log'));
    assert.equal(segments.length, 4);
    // Cancels, halts and clock records still go through, for as long as the reserve lasts.
    const told = run.acknowledged;
    writeUntil(run, () => (run.acknowledged - told) * PAYLOAD.length > SEGMENT_BYTES / 2);
    assert.deepEqual(verifyLog(disk, LOG).damages, []);
  });

  it('is told to have room again, and goes on', () => {
    const disk = new SimDisk();
    disk.capacityBytes = SEGMENT_BYTES * 3 + 100;
    const run = start(disk);
    writeUntil(run, () => run.space.length > 0);
    writeUntil(run, () => run.next % 10 === 0);
    disk.capacityBytes = SEGMENT_BYTES * 10;
    append(run, run.next++);
    assert.deepEqual(run.space, [false, true]);
    writeUntil(run, () => run.next % 200 === 0);
    assert.deepEqual(run.space, [false, true]);
    assert.deepEqual(verifyLog(disk, LOG).damages, []);
  });

  it('ends the run with 74 when the reserve is used up: no half record, nothing acknowledged is lost', () => {
    for (let extra = 0; extra < SEGMENT_BYTES; extra += 1999) {
      const disk = new SimDisk();
      disk.capacityBytes = SEGMENT_BYTES * 3 + extra;
      const run = start(disk);
      assert.throws(
        () => writeUntil(run, () => false),
        (error) => error instanceof ExitError && error.code === 74 && /reserve is used up/.test(error.message),
      );
      assert.equal(disk.readDirectory(LOG).filter((name) => name.endsWith('.log')).length, 3);
      for (const image of [disk.restartImage(), disk.crashImage(0), disk.crashImage(7)]) {
        const { end } = recoverLog(image, { directory: LOG, generation: 1, marks: [], segmentBytes: SEGMENT_BYTES });
        assert.equal(end.tables.positions[0]?.next, run.acknowledged);
        assert.deepEqual(verifyLog(image, LOG).damages, []);
      }
      const later = disk.restartImage();
      const again = start(later);
      append(again, again.next++);
      assert.equal(again.acknowledged, 1);
    }
  });

  it('does not take what lies there already: records go into memory of the disk that is ours', () => {
    const disk = new SimDisk();
    const run = start(disk);
    disk.capacityBytes = 0;
    writeUntil(run, () => run.acknowledged >= 50);
    assert.equal(run.acknowledged, 50);
  });
});

const mounted: string[] = [];
after(() => {
  for (const folder of mounted) {
    spawnSync('umount', [folder]);
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A file system of 3 MB of our own; undefined where this machine does not let us. */
function smallFileSystem(): string | undefined {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-full-'));
  if (spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=3m', 'tmpfs', folder]).status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    return undefined;
  }
  mounted.push(folder);
  return folder;
}

describe('a real file system that fills up', () => {
  it('closes intake first, then ends with 74, and recovers when it has room', async (t) => {
    const folder = smallFileSystem();
    if (folder === undefined) return t.skip('no right to mount a small file system here');
    const directory = join(folder, 'log');
    mkdirSync(directory);
    const disk = nodeDisk();
    const segmentBytes = 512 * 1024;
    let failure: ExitError | undefined;
    let acknowledged = 0;
    const space: boolean[] = [];
    const open = (end: Parameters<typeof openWorkerLog>[0]['end'], base: number) =>
      openWorkerLog({
        directory,
        end,
        segmentBytes,
        ringBytes: 64 * 1024,
        frameBytesMax: 1024,
        onDurable: (commands) => {
          acknowledged = base + commands;
        },
        onFailure: (error) => {
          failure = error;
        },
        onSpace: (enough) => space.push(enough),
      });
    const recover = () => recoverLog(disk, { directory, generation: 1, marks: [], segmentBytes });
    const writer = await open(recover().end, 0);
    let offset = 0;
    let closedAt: number | undefined;
    while (!failure) {
      append({ writer }, offset++);
      await writer.flush().catch(() => {});
      if (space[0] === false) closedAt ??= acknowledged;
      assert.ok(offset < 20_000);
    }
    assert.equal(failure.code, 74);
    assert.ok(
      closedAt !== undefined && acknowledged - closedAt > 300,
      `${acknowledged - (closedAt ?? 0)} went through`,
    );
    const found = recover();
    assert.equal(found.end.tables.positions[0]?.next, acknowledged);
    assert.deepEqual(verifyLog(disk, directory).damages, []);

    spawnSync('mount', ['-o', 'remount,size=8m', folder]);
    failure = undefined;
    const again = await open(found.end, acknowledged);
    const before = acknowledged;
    for (let index = 0; index < 100; index++) append({ writer: again }, before + index);
    await again.close();
    assert.equal(acknowledged, before + 100);
    assert.equal(recover().end.tables.positions[0]?.next, before + 100);
  });
});
