/** Which segments of a log may go: those beyond the size to keep that nobody needs any more. */
import { join } from 'node:path';
import { segmentName } from '../../../schemas/log-format.ts';
import type { Disk } from '../outside/disk.ts';
import { nextOffsetIn } from './log-end.ts';
import type { LogPosition } from './log-reader.ts';
import { readSegmentHeader } from './segment-header.ts';
import { listSegments } from './segment-keeper.ts';

export interface RetentionWish {
  readonly directory: string;
  readonly segmentBytes: number;
  readonly keepBytes: number;
  /** First commit that a snapshot needs for its replay; undefined: no snapshot is whole, and all of the log is needed. */
  readonly snapshotCommit: number | undefined;
  /** Where each reader of the log goes on: what lies behind these it has no use for. */
  readonly readers: readonly LogPosition[];
}

/** The commit below which every segment may go; undefined: none may. The newest segment always stays. */
export function retirableBefore(disk: Disk, wish: RetentionWish): number | undefined {
  const segments = listSegments(disk, wish.directory);
  const kept = Math.max(1, Math.floor(wish.keepBytes / wish.segmentBytes));
  if (segments.length <= kept || wish.snapshotCommit === undefined) return undefined;
  let before: number | undefined;
  for (const next of segments.slice(1, segments.length - kept + 1)) {
    // A segment is read to its end when everybody goes on at or behind the beginning of the one after it.
    if (next > wish.snapshotCommit || !isBehindAll(disk, wish, next)) break;
    before = next;
  }
  return before;
}

function isBehindAll(disk: Disk, { directory, readers }: RetentionWish, firstCommit: number): boolean {
  const file = disk.open(join(directory, segmentName(firstCommit)), 'read');
  const header = readSegmentHeader(file);
  file.close();
  if (typeof header === 'string') return false;
  return readers.every(({ log, partition, offset }) => offset >= nextOffsetIn(header.tables, log, partition));
}
