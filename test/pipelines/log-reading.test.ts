import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import { Worker } from 'node:worker_threads';
import { LogDamaged } from '../../pipelines/runtime/log/damage.ts';
import { type InlineLogWriter, openInlineLog } from '../../pipelines/runtime/log/inline-log.ts';
import { emptyLogEnd } from '../../pipelines/runtime/log/log-end.ts';
import { type LogReader, openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import type { LogWriter } from '../../pipelines/runtime/log/log-writer.ts';
import { PolledEnd } from '../../pipelines/runtime/log/polled-end.ts';
import { recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { openWorkerLog } from '../../pipelines/runtime/log/worker-log.ts';
import { ExitError } from '../../schemas/exit.ts';
import { packChainKey } from '../../schemas/ids.ts';
import { SimDisk } from '../simulation/sim-disk.ts';

const LOG = 'data/log';
const SEGMENT_BYTES = 16 * 1024;

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

/** Command `n` writes one record to log 1 and two to log 2; its number is in every payload. */
function write(writer: LogWriter, from: number, commands: number): void {
  for (let number = from; number < from + commands; number++) {
    writer.beginCommand();
    put(writer, 1, 0, number, number);
    put(writer, 2, 1, number * 2, number);
    put(writer, 2, 1, number * 2 + 1, number);
    writer.endCommand();
    writer.publish();
  }
}

function put(writer: LogWriter, log: number, partition: number, offset: number, number: number): void {
  const at = writer.reserve();
  new DataView(writer.bytes.buffer).setUint32(at, number, true);
  writer.bytes.fill(number & 0xff, at + 4, at + 100);
  writer.append(packChainKey(log, 0, partition), log, partition, offset, at + 100);
}

function openSmallLog(disk: SimDisk): InlineLogWriter {
  const { end } = recoverLog(disk, { directory: LOG, generation: 1, marks: [], segmentBytes: SEGMENT_BYTES });
  return openInlineLog(disk, {
    directory: LOG,
    end,
    segmentBytes: SEGMENT_BYTES,
    ringBytes: 16 * 1024,
    frameBytesMax: 1024,
    onFailure: (error) => {
      throw error;
    },
  });
}

const numberOf = (reader: LogReader): number => new DataView(reader.bytes.buffer).getUint32(reader.payloadAt, true);

function rest(reader: LogReader): string[] {
  const found: string[] = [];
  while (reader.next()) found.push(`${reader.log}/${reader.partition} ${reader.offset}`);
  return found;
}

describe('a reader of the log', () => {
  const disk = new SimDisk();
  const writer = openSmallLog(disk);
  write(writer, 0, 200);

  it('has segments to cross', () => {
    assert.ok(disk.readDirectory(LOG).length > 5);
  });

  it('begins at any offset of a log, and hands out every record from there once', () => {
    for (const offset of [0, 1, 57, 58, 199, 399, 400]) {
      const reader = openLogReader(disk, {
        directory: LOG,
        from: { positions: [{ log: 2, partition: 1, offset }] },
        logs: [2],
      })!;
      const found = rest(reader);
      assert.equal(found.length, 400 - offset);
      if (offset < 400) assert.equal(found[0], `2/1 ${offset}`);
    }
  });

  it('begins where the furthest behind of several logs stands, and skips what the others have', () => {
    const reader = openLogReader(disk, {
      directory: LOG,
      from: {
        positions: [
          { log: 1, partition: 0, offset: 150 },
          { log: 2, partition: 1, offset: 100 },
        ],
      },
    })!;
    const found = rest(reader);
    assert.equal(found.filter((place) => place.startsWith('1/')).length, 50);
    assert.equal(found.filter((place) => place.startsWith('2/')).length, 300);
  });

  it('begins at any commit', () => {
    for (const commit of [1, 2, 90, 201]) {
      const reader = openLogReader(disk, { directory: LOG, from: { commit } })!;
      assert.ok(reader.next());
      assert.equal(reader.commit, Math.max(2, commit));
      assert.equal(numberOf(reader), Math.max(0, commit - 2));
      assert.equal(rest(reader).length, (200 - Math.max(0, commit - 2)) * 3 - 1);
    }
    assert.throws(
      () => openLogReader(disk, { directory: LOG, from: { commit: 900 } }),
      (error) => error instanceof ExitError && error.code === 65 && /ends at commit 201/.test(error.message),
    );
  });

  it('reads the same with and without proof of what it reads', () => {
    const all = rest(openLogReader(disk, { directory: LOG, verification: 'all' })!);
    const trailers = rest(openLogReader(disk, { directory: LOG, verification: 'trailers' })!);
    assert.deepEqual(trailers, all);
    assert.equal(all.length, 600);
  });

  it('reads with a memory smaller than a commit', () => {
    assert.equal(rest(openLogReader(disk, { directory: LOG, memoryBytes: 64 })!).length, 600);
  });

  it('answers that there is no log where there is none', () => {
    assert.equal(openLogReader(new SimDisk(), { directory: LOG }), undefined);
  });

  it('never hands out what is not durable, and goes on when it is', () => {
    let commit = 50;
    const whole = openLogReader(disk, { directory: LOG })!;
    const ends = new Map<number, { segment: number; first: number; offset: number }>();
    for (let number = 1; whole.nextCommit(); number++) {
      ends.set(number, { segment: whole.segment, first: whole.header.firstCommit, offset: whole.commitEnd });
    }
    const durable = () => {
      const { segment, first, offset } = ends.get(commit)!;
      return { commit, segment, segmentFirstCommit: first, offset };
    };
    const reader = openLogReader(disk, { directory: LOG, durable })!;
    assert.equal(rest(reader).length, 49 * 3);
    assert.equal(reader.next(), false);
    commit = 51;
    assert.equal(rest(reader).length, 3);
    commit = 200;
    assert.equal(rest(reader).length, 149 * 3);
  });

  it('finds a record that rotted, with either kind of verification', () => {
    for (const verification of ['all', 'trailers'] as const) {
      const rotten = disk.crashImage(0);
      const name = rotten.readDirectory(LOG)[1]!;
      rotten.damage(`${LOG}/${name}`, 700, 4);
      const reader = openLogReader(rotten, { directory: LOG, verification })!;
      assert.throws(
        () => rest(reader),
        (error) => error instanceof LogDamaged && error.message.includes(name) && /commit \d+/.test(error.message),
      );
    }
  });
});

describe('a follower in another thread', () => {
  it('sees every record once it is durable, across segments, until the log is closed', async () => {
    const directory = mkdtempSync(join(tmpdir(), 'sluice-log-'));
    folders.push(directory);
    const writer = await openWorkerLog({
      directory,
      end: emptyLogEnd(1),
      segmentBytes: 64 * 1024,
      ringBytes: 64 * 1024,
      frameBytesMax: 1024,
      onFailure: (error) => {
        throw error;
      },
    });
    const follower = new Worker(new URL('./log-follower.ts', import.meta.url), {
      workerData: { directory, durableEnd: writer.durableEnd.memory },
    });
    const answer = new Promise<{ records: number; last: number }>((resolve, reject) => {
      follower.once('message', resolve);
      follower.once('error', reject);
    });
    for (let number = 0; number < 2000; number += 20) {
      write(writer, number, 20);
      await new Promise((done) => setImmediate(done));
    }
    await writer.close();
    assert.deepEqual(await answer, { records: 6000, last: 1999 });
    await follower.terminate();
  });
});

describe('a follower in another process', () => {
  it('knows from the files alone how far the log is durable: up to the commit that the last trailer acknowledges', () => {
    const disk = new SimDisk();
    const writer = openSmallLog(disk);
    const polled = new PolledEnd(disk, LOG);
    const reader = openLogReader(disk, { directory: LOG, durable: () => polled.read() })!;
    let seen = 0;
    for (let number = 0; number < 300; number++) {
      write(writer, number, 1);
      while (reader.next()) seen++;
      const { commit } = writer.durableEnd.read();
      assert.equal(polled.read().commit, commit - 1);
      assert.equal(seen, number * 3);
    }
    writer.closeNow();
    while (reader.next()) seen++;
    assert.equal(seen, 900);
  });

  it('never sees a commit that was written and not synced', () => {
    const disk = new SimDisk();
    const writer = openSmallLog(disk);
    write(writer, 0, 3);
    const polled = new PolledEnd(disk, LOG);
    let checked = 0;
    disk.onPoint = ({ kind }) => {
      if (kind !== 'sync') return;
      const durable = writer.durableEnd.read().commit;
      assert.ok(polled.read().commit <= durable);
      checked++;
    };
    write(writer, 3, 50);
    assert.ok(checked >= 50);
  });
});
