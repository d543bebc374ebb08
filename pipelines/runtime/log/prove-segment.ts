import { join } from 'node:path';
import { segmentName } from '../../../schemas/log-format.ts';
import type { Disk } from '../outside/disk.ts';
import type { Damage } from './damage.ts';
import { seamDamage } from './log-reader.ts';
import type { SegmentHeader } from './segment-header.ts';
import type { SegmentScanner } from './segment-scanner.ts';
import { lastNonZero, readTail } from './tail-rule.ts';

export interface SegmentProof {
  readonly records: number;
  readonly frameBytes: number;
  /** The first place that is not as it was written; undefined: every byte is. */
  readonly damage: Damage | undefined;
  /** Bytes behind the last whole commit. */
  readonly tail: Uint8Array;
}

/**
 * Reads a whole segment: each commit with `scanner`, which must verify `all`, then the bytes behind the last one, which must be zeros. Leaves
 * the scanner at the end of the last whole commit.
 */
export function proveSegment(
  disk: Disk,
  directory: string,
  header: SegmentHeader,
  scanner: SegmentScanner,
): SegmentProof {
  const path = join(directory, segmentName(header.firstCommit));
  const file = disk.open(path, 'read');
  let records = 0;
  let frameBytes = 0;
  try {
    scanner.open(file, header);
    const fileBytes = file.size();
    let step = scanner.next(fileBytes);
    for (; step === 'commit'; step = scanner.next(fileBytes)) {
      records += scanner.records;
      frameBytes += scanner.framesEnd - scanner.framesAt;
    }
    const tail = readTail(disk, path, scanner.position);
    if (step === 'damage') return { records, frameBytes, damage: scanner.damage, tail };
    if (lastNonZero(tail) < 0) return { records, frameBytes, damage: undefined, tail };
    return { records, frameBytes, damage: somethingBehind(scanner, header.firstCommit, tail), tail };
  } finally {
    file.close();
  }
}

/** What does not fit between a segment whose end `scanner` stands at and the next, tables included; undefined: nothing. */
export function provenSeamDamage(
  before: SegmentHeader,
  scanner: SegmentScanner,
  header: SegmentHeader,
): string | undefined {
  const seam = seamDamage(before, scanner, header);
  if (seam) return seam;
  const same = JSON.stringify(scanner.tables.tables()) === JSON.stringify(header.tables);
  return same ? undefined : 'the tables of the header are not those of the segment before';
}

/** Damage where the commits end: the first byte that is not zero. */
export function somethingBehind(scanner: SegmentScanner, firstCommit: number, tail: Uint8Array): Damage {
  return {
    segmentFirstCommit: firstCommit,
    commit: scanner.commit + 1,
    at: scanner.position + tail.findIndex((byte) => byte !== 0),
    what: 'something stands behind the last commit, where zeros should be',
  };
}
