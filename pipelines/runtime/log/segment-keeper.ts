import { join } from 'node:path';
import { firstCommitOf, segmentName } from '../../../schemas/log-format.ts';
import { type Disk, failureCode } from '../outside/disk.ts';
import { changeFully, syncFully, writeFully } from './write-fully.ts';

/** A segment that is all zeros and durable, so that taking it into use costs one small write and a rename. */
export const SPARE_NAME = 'spare.segment';

/** How the spare segment stands, in the ring's control memory. */
export const spareStates = { none: 0, wanted: 1, ready: 2, noSpace: 3, failed: 4 } as const;

const ZEROS = new Uint8Array(1024 * 1024);
/** Small steps, each synced, leave the disk to the journal in between. */
const STEP_BYTES = 1024 * 1024;
const OUT_OF_SPACE: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EFBIG']);

/**
 * Writes the spare segment: it is the reserve of a full disk, for a log that has it can go on for one segment. False: the disk has no
 * room, and what was begun is removed. `pause` is called between the steps. Other failures throw `ExitError` 74.
 */
export function prepareSpare(
  disk: Disk,
  directory: string,
  segmentBytes: number,
  pause: () => void = () => {},
): boolean {
  const path = join(directory, SPARE_NAME);
  removeSpare(disk, directory);
  try {
    writeZeros(disk, path, segmentBytes, pause);
    return true;
  } catch (error) {
    if (!OUT_OF_SPACE.has(failureCode(error))) {
      changeFully(`preparing ${path}`, () => {
        throw error;
      });
    }
    removeSpare(disk, directory);
    return false;
  }
}

function writeZeros(disk: Disk, path: string, segmentBytes: number, pause: () => void): void {
  const file = disk.open(path, 'create');
  try {
    for (let at = 0; at < segmentBytes; at += STEP_BYTES) {
      const length = Math.min(STEP_BYTES, segmentBytes - at);
      const count = file.write(ZEROS, 0, length, at);
      if (count < length) throw Object.assign(new Error('short write'), { code: 'ENOSPC' });
      file.syncData();
      pause();
    }
  } finally {
    file.close();
  }
}

export function removeSpare(disk: Disk, directory: string): void {
  const path = join(directory, SPARE_NAME);
  if (disk.exists(path)) changeFully(`removing ${path}`, () => disk.unlink(path));
}

/** Overwrites `[from, to)` of a file with zeros and syncs it. */
export function zeroRange(disk: Disk, path: string, from: number, to: number): void {
  const file = disk.open(path, 'write');
  try {
    for (let at = from; at < to; at += ZEROS.length) writeFully(file, ZEROS, 0, Math.min(ZEROS.length, to - at), at);
    syncFully(file);
  } finally {
    file.close();
  }
}

/** First commits of the segments in a folder, ascending. */
export function listSegments(disk: Disk, directory: string): number[] {
  const commits: number[] = [];
  for (const name of disk.readDirectory(directory)) {
    const commit = firstCommitOf(name);
    if (commit !== undefined) commits.push(commit);
  }
  return commits.sort((a, b) => a - b);
}

/**
 * Removes the segments of which every commit is below `beforeCommit`, oldest first, the folder synced after each: a crash never leaves a
 * hole. The newest stays always. Returns how many went.
 */
export function retireSegments(disk: Disk, directory: string, beforeCommit: number): number {
  const segments = listSegments(disk, directory);
  let removed = 0;
  while (removed + 1 < segments.length && segments[removed + 1]! <= beforeCommit) {
    const path = join(directory, segmentName(segments[removed]!));
    changeFully(`removing ${path}`, () => {
      disk.unlink(path);
      disk.syncDirectory(directory);
    });
    removed++;
  }
  return removed;
}
