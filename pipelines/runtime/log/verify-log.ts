import { join } from 'node:path';
import { ExitError } from '../../../schemas/exit.ts';
import { segmentName } from '../../../schemas/log-format.ts';
import type { Disk } from '../outside/disk.ts';
import type { Damage } from './damage.ts';
import type { LogTables } from './log-end.ts';
import { provenSeamDamage, proveSegment } from './prove-segment.ts';
import type { DurableMark } from './recover-log.ts';
import { checkMarks } from './recover-log.ts';
import { readSegmentHeader, type SegmentHeader } from './segment-header.ts';
import { listSegments } from './segment-keeper.ts';
import { readAheadFor, SegmentScanner } from './segment-scanner.ts';
import { validBehind } from './tail-rule.ts';

export interface LogProof {
  readonly segments: number;
  readonly firstSegment: string | undefined;
  readonly lastSegment: string | undefined;
  readonly generation: number;
  /** Commits read and right, records and bytes of records in them. */
  readonly firstCommit: number;
  readonly lastCommit: number;
  readonly records: number;
  readonly frameBytes: number;
  /** Chains that were followed over the whole range. */
  readonly chains: number;
  /** What each (log, partition) holds: `[first, next)`. */
  readonly positions: readonly {
    readonly log: number;
    readonly partition: number;
    readonly first: number;
    readonly next: number;
  }[];
  /** Behind the last commit: one that is being written now, or that a crash tore; it was never acknowledged. */
  readonly unfinished: Damage | undefined;
  /** Everything that is not as it was written. Empty: the log is proven over its whole range. */
  readonly damages: readonly Damage[];
}

/**
 * Reads every byte of a log and checks all that can be checked without understanding payloads: headers, seams between segments, every
 * record's checksum, chain and offset, every commit's hash and number, zeros behind the last commit of each segment, and that the log reaches as far as
 * the marks know. Of a damaged segment it names the first place, then goes on with the next segment. Changes nothing.
 *
 * @param told called after each segment with its file name and the commit reached
 */
export function verifyLog(
  disk: Disk,
  directory: string,
  marks: readonly DurableMark[] = [],
  told: (segment: string, commit: number) => void = () => {},
): LogProof {
  const segments = listSegments(disk, directory);
  const scanner = new SegmentScanner('all', readAheadFor(sizeOf(disk, directory, segments[0])));
  const damages: Damage[] = [];
  let before: SegmentHeader | undefined;
  let whole = true;
  let first: SegmentHeader | undefined;
  let unfinished: Damage | undefined;
  let records = 0;
  let frameBytes = 0;
  for (const [index, firstCommit] of segments.entries()) {
    const path = join(directory, segmentName(firstCommit));
    const damaged = (what: string): void => {
      damages.push({ segmentFirstCommit: firstCommit, commit: firstCommit, at: 0, what });
    };
    try {
      const file = disk.open(path, 'read');
      const header = readSegmentHeader(file);
      file.close();
      if (typeof header === 'string') {
        damaged(header);
        before = undefined;
        continue;
      }
      if (header.firstCommit !== firstCommit) {
        damaged(`the header is that of segment ${segmentName(header.firstCommit)}`);
        before = undefined;
        continue;
      }
      if (before) {
        const seam = whole ? provenSeamDamage(before, scanner, header) : missingSegment(before, header);
        if (seam) damaged(seam);
      }
      first ??= header;
      before = header;
      const proof = proveSegment(disk, directory, header, scanner);
      records += proof.records;
      frameBytes += proof.frameBytes;
      const { damage, tail } = proof;
      whole = damage === undefined;
      if (!damage) continue;
      const newest = index === segments.length - 1;
      if (newest && !damage.asWritten && validBehind(tail, scanner.commit + 1) === undefined) unfinished = damage;
      else damages.push(damage);
    } finally {
      told(segmentName(firstCommit), scanner.commit);
    }
  }
  const tables = scanner.tables.tables();
  const lost = damages.length > 0 || !before ? undefined : lostByMarks(scanner, before, tables, marks, directory);
  if (lost) {
    damages.push(lost);
    unfinished = undefined;
  }
  return {
    segments: segments.length,
    firstSegment: segments.length > 0 ? segmentName(segments[0]!) : undefined,
    lastSegment: segments.length > 0 ? segmentName(segments.at(-1)!) : undefined,
    generation: before?.generation ?? 0,
    firstCommit: segments[0] ?? 0,
    lastCommit: scanner.commit,
    records,
    frameBytes,
    chains: tables.chains.length,
    positions: tables.positions.map(({ log, partition, next }) => ({
      log,
      partition,
      first: first?.tables.positions.find((other) => other.log === log && other.partition === partition)?.next ?? 0,
      next,
    })),
    unfinished,
    damages,
  };
}

function sizeOf(disk: Disk, directory: string, segment: number | undefined): number {
  if (segment === undefined) return 0;
  const file = disk.open(join(directory, segmentName(segment)), 'read');
  const size = file.size();
  file.close();
  return size;
}

/** Behind a damaged segment only the numbers can tell whether one is missing. */
function missingSegment(before: SegmentHeader, header: SegmentHeader): string | undefined {
  return header.segment === before.segment + 1
    ? undefined
    : `segment ${header.segment} follows segment ${before.segment}`;
}

function lostByMarks(
  scanner: SegmentScanner,
  header: SegmentHeader,
  tables: LogTables,
  marks: readonly DurableMark[],
  directory: string,
): Damage | undefined {
  const end = {
    generation: header.generation,
    segment: header.segment,
    segmentFirstCommit: header.firstCommit,
    offset: scanner.position,
    commit: scanner.commit,
    hash: scanner.hash,
    tables,
  };
  try {
    checkMarks(end, marks, directory);
    return undefined;
  } catch (error) {
    if (!(error instanceof ExitError)) throw error;
    return {
      segmentFirstCommit: header.firstCommit,
      commit: scanner.commit + 1,
      at: scanner.position,
      what: error.message,
    };
  }
}
