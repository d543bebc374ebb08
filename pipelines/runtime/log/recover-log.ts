import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { ExitError } from '../../../schemas/exit.ts';
import {
  readU64,
  segmentName,
  TRAILER_BYTES,
  TRAILER_COMMIT_AT,
  TRAILER_CRC_AT,
  TRAILER_HASH_AT,
  TRAILER_MARKER,
} from '../../../schemas/log-format.ts';
import type { Disk } from '../outside/disk.ts';
import { type Damage, describeDamage, LogDamaged } from './damage.ts';
import { emptyLogEnd, type LogEnd, nextOffsetIn } from './log-end.ts';
import { provenSeamDamage, proveSegment } from './prove-segment.ts';
import { readSegmentHeader, type SegmentHeader } from './segment-header.ts';
import { listSegments, zeroRange } from './segment-keeper.ts';
import { readAheadFor, SegmentScanner } from './segment-scanner.ts';
import { lastNonZero, readTail, validBehind } from './tail-rule.ts';
import { changeFully, syncFully, writeFully } from './write-fully.ts';

const PROVE_BYTES_MAX = 512 * 1024 * 1024;

/** Something outside the log's own last commit that knows how far the log was durable. A log that ends before it has lost data. */
export type DurableMark =
  | { readonly source: string; readonly commit: number; readonly hash?: Uint8Array | undefined }
  | { readonly source: string; readonly log: number; readonly partition: number; readonly nextOffset: number };

/** A write that a crash tore: the last commit, above every mark. It was never acknowledged, and was cut off. */
export interface TornWrite {
  readonly segmentFirstCommit: number;
  readonly commit: number;
  /** Byte of the segment from which on it was set to zero. */
  readonly at: number;
  /** Bytes up to the last one that was not zero. */
  readonly bytes: number;
  readonly what: string;
}

export interface RecoveredLog {
  readonly end: LogEnd;
  /** Oldest commit that is kept; 0: the log is new. */
  readonly firstCommit: number;
  readonly segments: number;
  /** From this commit on every byte was read and is right. */
  readonly provenFrom: number;
  readonly torn: TornWrite | undefined;
}

export interface RecoverLogOptions {
  readonly directory: string;
  /** Of a log that is made anew. */
  readonly generation: number;
  readonly marks: readonly DurableMark[];
  /** Closed segments of at most so many bytes, the newest first, are read whole; the others are left to `verifyLog`. Default 512 MiB. */
  readonly proveBytesMax?: number;
  /** Size to which a segment that was cut short is filled up again. */
  readonly segmentBytes: number;
}

/**
 * Finds where the log ends, so that it can be written on. Reads all headers, the seams between segments, the newest segment whole, and
 * as many of the others as the bound allows.
 *
 * Tail rule: damage with anything valid behind it, or at or below the highest commit that anything knows to have been durable, is
 * corruption: throws {@link LogDamaged} (65) and changes nothing. Only damage in the last commit, above all marks, is a torn write: it is set to
 * zeros and told. (Cutting at the first bad checksum would take bit rot for a torn write and lose committed data: "Protocol-Aware Recovery
 * for Consensus-Based Storage", FAST '18.)
 *
 * The last whole commit may be in memory of the system only, also after a sync that failed. It is written once more and synced before anybody
 * is told that it is there.
 */
export function recoverLog(disk: Disk, options: RecoverLogOptions): RecoveredLog {
  const { directory, marks } = options;
  disk.makeDirectory(directory);
  const segments = listSegments(disk, directory);
  if (segments.length === 0) {
    const end = emptyLogEnd(options.generation);
    checkMarks(end, marks, directory);
    return { end, firstCommit: 0, segments: 0, provenFrom: 0, torn: undefined };
  }
  const headers = readHeaders(disk, directory, segments);
  const newest = headers.at(-1)!;
  const provenFrom = proveClosed(disk, directory, headers, options.proveBytesMax ?? PROVE_BYTES_MAX);
  const path = join(directory, segmentName(newest.firstCommit));
  const file = disk.open(path, 'read');
  const scanner = new SegmentScanner('all', readAheadFor(file.size()));
  const hashes = new Map<number, Uint8Array>([[newest.firstCommit - 1, newest.previousHash]]);
  let lastCommitAt = newest.headerBytes;
  let fileBytes: number;
  let damage: Damage | undefined;
  try {
    fileBytes = file.size();
    scanner.open(file, newest);
    for (;;) {
      const before = scanner.position;
      const step = scanner.next(fileBytes);
      if (step === 'damage') damage = scanner.damage;
      if (step !== 'commit') break;
      lastCommitAt = before;
      if (marks.some((mark) => 'commit' in mark && mark.commit === scanner.commit))
        hashes.set(scanner.commit, scanner.hash);
    }
  } finally {
    file.close();
  }
  if (damage?.asWritten) throw new LogDamaged(damage);
  let end: LogEnd = {
    generation: newest.generation,
    segment: newest.segment,
    segmentFirstCommit: newest.firstCommit,
    offset: scanner.position,
    commit: scanner.commit,
    hash: scanner.hash,
    tables: scanner.tables.tables(),
  };
  if (damage) end = rescanned(disk, path, newest, end);
  checkHashes(hashes, marks, directory);

  const tail = readTail(disk, path, scanner.position);
  const used = lastNonZero(tail);
  let torn: TornWrite | undefined;
  if (damage || used >= 0) {
    const found = damage ?? firstNonZero(end, tail);
    const valid = validBehind(tail, end.commit + 1);
    if (valid) throw new LogDamaged(found, `Behind it stands ${valid}: this is no torn write`);
    checkMarks(end, marks, directory, found);
    torn = {
      segmentFirstCommit: newest.firstCommit,
      commit: end.commit + 1,
      at: end.offset,
      bytes: used + 1,
      what: describeDamage(found),
    };
  } else {
    checkMarks(end, marks, directory);
  }
  const filled = Math.max(fileBytes, options.segmentBytes);
  if (torn || fileBytes < options.segmentBytes) {
    const from = torn ? end.offset : fileBytes;
    zeroRange(disk, path, from, torn && fileBytes >= options.segmentBytes ? end.offset + torn.bytes : filled);
  }
  secureLastCommit(disk, directory, path, lastCommitAt, end.offset);
  return { end, firstCommit: segments[0]!, segments: segments.length, provenFrom, torn };
}

/** Reads every header and checks that each segment continues the one before it. */
export function readHeaders(disk: Disk, directory: string, segments: readonly number[]): SegmentHeader[] {
  const headers: SegmentHeader[] = [];
  for (const firstCommit of segments) {
    const path = join(directory, segmentName(firstCommit));
    const damaged = (what: string): LogDamaged =>
      new LogDamaged({ segmentFirstCommit: firstCommit, commit: firstCommit, at: 0, what });
    const file = disk.open(path, 'read');
    const header = readSegmentHeader(file);
    file.close();
    if (typeof header === 'string') throw damaged(header);
    if (header.firstCommit !== firstCommit) {
      throw damaged(`the header is that of segment ${segmentName(header.firstCommit)}`);
    }
    const before = headers.at(-1);
    if (before) {
      if (header.segment !== before.segment + 1) {
        throw damaged(`it is segment ${header.segment}, but the one before it in the folder is ${before.segment}`);
      }
      if (header.generation < before.generation)
        throw damaged(`generation ${header.generation} follows ${before.generation}`);
      const what = lastTrailerDamage(disk, directory, before, header);
      if (what) throw damaged(what);
    }
    headers.push(header);
  }
  return headers;
}

/** Reads closed segments whole, the newest first; returns the first commit from which on all is proven. */
function proveClosed(disk: Disk, directory: string, headers: readonly SegmentHeader[], bytesMax: number): number {
  let left = bytesMax;
  let scanner: SegmentScanner | undefined;
  for (let index = headers.length - 2; index >= 0; index--) {
    const header = headers[index]!;
    const next = headers[index + 1]!;
    left -= next.previousEnd;
    if (left < 0) return next.firstCommit;
    scanner ??= new SegmentScanner('all', readAheadFor(next.previousEnd));
    const { damage } = proveSegment(disk, directory, header, scanner);
    if (damage) throw new LogDamaged(damage);
    const seam = provenSeamDamage(header, scanner, next);
    if (seam) {
      throw new LogDamaged({ segmentFirstCommit: next.firstCommit, commit: next.firstCommit, at: 0, what: seam });
    }
  }
  return headers[0]!.firstCommit;
}

/** Whether the trailer at the end of a closed segment is the one that its successor names. */
function lastTrailerDamage(
  disk: Disk,
  directory: string,
  before: SegmentHeader,
  header: SegmentHeader,
): string | undefined {
  const trailer = new Uint8Array(TRAILER_BYTES);
  const file = disk.open(join(directory, segmentName(before.firstCommit)), 'read');
  const count = file.read(trailer, 0, TRAILER_BYTES, header.previousEnd - TRAILER_BYTES);
  file.close();
  const view = new DataView(trailer.buffer);
  const whole =
    count === TRAILER_BYTES &&
    view.getUint32(0, true) === TRAILER_MARKER &&
    crc32(trailer.subarray(TRAILER_COMMIT_AT)) === view.getUint32(TRAILER_CRC_AT, true);
  if (!whole)
    return `segment ${segmentName(before.firstCommit)} does not end in a trailer at byte ${header.previousEnd}`;
  if (readU64(view, TRAILER_COMMIT_AT) !== header.firstCommit - 1) {
    return `segment ${segmentName(before.firstCommit)} ends with commit ${readU64(view, TRAILER_COMMIT_AT)}`;
  }
  if (Buffer.compare(trailer.subarray(TRAILER_HASH_AT), header.previousHash) !== 0) {
    return 'the hash of the segment before is another: two histories';
  }
  return undefined;
}

export function checkMarks(end: LogEnd, marks: readonly DurableMark[], directory: string, damage?: Damage): void {
  for (const mark of marks) {
    const knows =
      'commit' in mark
        ? mark.commit > end.commit && `commit ${mark.commit}`
        : mark.nextOffset > nextOffsetIn(end.tables, mark.log, mark.partition) &&
          `log ${mark.log}, partition ${mark.partition} up to offset ${mark.nextOffset - 1}`;
    if (!knows) continue;
    const why = `${mark.source} knows ${knows} to have been durable: data is missing`;
    if (damage) throw new LogDamaged(damage, why);
    throw new ExitError(65, `the log in ${directory} ends with commit ${end.commit}. ${why}`);
  }
}

function checkHashes(hashes: ReadonlyMap<number, Uint8Array>, marks: readonly DurableMark[], directory: string): void {
  for (const mark of marks) {
    if (!('commit' in mark) || !mark.hash) continue;
    const hash = hashes.get(mark.commit);
    if (hash && Buffer.compare(hash, mark.hash) !== 0) {
      throw new ExitError(
        65,
        `commit ${mark.commit} of the log in ${directory} is not the one that ${mark.source} knows: two histories`,
      );
    }
  }
}

function firstNonZero(end: LogEnd, tail: Uint8Array): Damage {
  return {
    segmentFirstCommit: end.segmentFirstCommit,
    commit: end.commit + 1,
    at: end.offset + tail.findIndex((byte) => byte !== 0),
    what: 'something stands behind the last commit',
  };
}

/** Writes the last commit once more and syncs it with its folder: what recovery has seen must not vanish after it was acknowledged. */
function secureLastCommit(disk: Disk, directory: string, path: string, from: number, to: number): void {
  changeFully(`securing ${path}`, () => {
    const file = disk.open(path, 'write');
    try {
      const bytes = new Uint8Array(to - from);
      let at = 0;
      while (at < bytes.length) {
        const count = file.read(bytes, at, bytes.length - at, from + at);
        if (count === 0) throw new Error('the file became shorter while it was read');
        at += count;
      }
      writeFully(file, bytes, 0, bytes.length, from);
      syncFully(file);
    } finally {
      file.close();
    }
    disk.syncDirectory(directory);
  });
}

/** The same end, with tables that the damaged commit has not touched. */
function rescanned(disk: Disk, path: string, header: SegmentHeader, end: LogEnd): LogEnd {
  const file = disk.open(path, 'read');
  try {
    const scanner = new SegmentScanner('all', readAheadFor(file.size()));
    scanner.open(file, header);
    while (scanner.commit < end.commit) {
      if (scanner.next(end.offset) !== 'commit') throw new LogDamaged(scanner.damage!, 'It changed while it was read');
    }
    return { ...end, tables: scanner.tables.tables() };
  } finally {
    file.close();
  }
}
