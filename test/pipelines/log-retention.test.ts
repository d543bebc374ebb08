import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { openInlineLog } from '../../pipelines/runtime/log/inline-log.ts';
import { emptyLogEnd } from '../../pipelines/runtime/log/log-end.ts';
import { openLogReader } from '../../pipelines/runtime/log/log-reader.ts';
import { retirableBefore } from '../../pipelines/runtime/log/log-retention.ts';
import type { LogWriter } from '../../pipelines/runtime/log/log-writer.ts';
import { listSegments } from '../../pipelines/runtime/log/segment-keeper.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';

const SEGMENT_BYTES = 1024 * 1024;
const LOG = 1;

describe('segments of the log that may go', () => {
  const disk = nodeDisk();
  const directory = mkdtempSync(join(tmpdir(), 'sluice-retention-'));
  let writer: LogWriter;

  before(() => {
    writer = openInlineLog(disk, {
      directory,
      end: emptyLogEnd(1),
      segmentBytes: SEGMENT_BYTES,
      onFailure: (error) => assert.ifError(error),
    });
    for (let offset = 0; offset < 12_000; offset++) {
      writer.beginCommand();
      writer.append(4096, LOG, 0, offset, writer.reserve() + 400);
      writer.endCommand();
      if (offset % 10 === 9) writer.publish();
    }
  });

  after(async () => {
    await writer.close();
    rmSync(directory, { recursive: true, force: true });
  });

  const wish = (keepSegments: number, snapshotCommit: number | undefined, offset: number) =>
    retirableBefore(disk, {
      directory,
      segmentBytes: SEGMENT_BYTES,
      keepBytes: keepSegments * SEGMENT_BYTES,
      snapshotCommit,
      readers: [{ log: LOG, partition: 0, offset }],
    });

  it('are none while the log is smaller than what is to be kept', () => {
    assert.equal(wish(100, 1_000_000, 12_000), undefined);
  });

  it('are all but those to keep, when nobody needs them', () => {
    const segments = listSegments(disk, directory);
    assert.ok(segments.length >= 4);
    assert.equal(wish(2, 1_000_000, 12_000), segments.at(-2));
    assert.equal(wish(1, 1_000_000, 12_000), segments.at(-1));
  });

  it('are none that a snapshot still replays, and none at all without a whole snapshot', () => {
    const segments = listSegments(disk, directory);
    assert.equal(wish(1, segments[2]! + 1, 12_000), segments[2]);
    assert.equal(wish(1, segments[1]! - 1, 12_000), undefined);
    assert.equal(wish(1, undefined, 12_000), undefined);
  });

  it('are none that a slow reader has still to read', () => {
    assert.equal(wish(1, 1_000_000, 0), undefined);
    const segments = listSegments(disk, directory);
    const reader = openLogReader(disk, { directory, from: { commit: segments[2]! } })!;
    assert.ok(reader.next());
    const offset = reader.offset;
    reader.close();
    assert.equal(wish(1, 1_000_000, offset), segments[2]);
  });

  it('go when the writer is told, and a reader that wants them back is refused with what is missing', () => {
    const segments = listSegments(disk, directory);
    writer.retireBefore(segments[2]!);
    assert.deepEqual(listSegments(disk, directory), segments.slice(2));
    assert.throws(
      () => openLogReader(disk, { directory, from: { positions: [{ log: LOG, partition: 0, offset: 5 }] } }),
      /offset 5 .*oldest kept/,
    );
  });
});
