import { createHash } from 'node:crypto';
import { crc32 } from 'node:zlib';
import {
  CHAIN_KEYS,
  chainName,
  FRAME_HEADER_BYTES,
  FRAME_LENGTH_MAX,
  HASH_BYTES,
  LOGS_MAX,
  PARTITIONS_MAX,
  readU64,
  TRAILER_ACKNOWLEDGED_AT,
  TRAILER_BYTES,
  TRAILER_COMMIT_AT,
  TRAILER_CRC_AT,
  TRAILER_FRAME_BYTES_AT,
  TRAILER_HASH_AT,
  TRAILER_MARKER,
  TRAILER_RECORDS_AT,
  TRAILER_RESERVED_AT,
} from '../../../schemas/log-format.ts';
import type { DiskFile } from '../outside/disk.ts';
import { crc32OfRange } from './crc32.ts';
import type { Damage } from './damage.ts';
import { RunningTables } from './log-end.ts';
import type { SegmentHeader } from './segment-header.ts';

/**
 * What is checked of a commit. `all`: each crc, each chain, dense offsets, the trailer's hash. `trailers`: the trailer's own checksum and
 * numbers; the reader checks the crc of each record that it hands out. `all` is for recovery, replay and verification, `trailers` for
 * followers of a log that this same process is writing.
 */
export type Verification = 'all' | 'trailers';

/** `commit`: one more is read. `end`: nothing is written from here on. `damage`: see {@link SegmentScanner.damage}. */
export type ScanStep = 'commit' | 'end' | 'damage';

const READ_AHEAD_BYTES = 4 * 1024 * 1024;

/**
 * Reads one segment commit by commit. A commit is only handed out when its trailer is there and right, so half a commit is never seen.
 * Holds one commit and what was read ahead; its memory grows to the largest commit.
 */
export class SegmentScanner {
  /** Memory in which the current commit lies; replaced when it grows. */
  bytes: Uint8Array;
  words: Int32Array;
  /** Where the frames of the current commit begin and end in {@link bytes}. */
  framesAt = 0;
  framesEnd = 0;
  records = 0;
  /** Highest commit that was known durable when the current one was written. */
  acknowledged = 0;
  /** Number and hash of the current commit. */
  commit = 0;
  hash: Uint8Array = new Uint8Array(HASH_BYTES);
  /** Byte of the file behind the current commit. */
  position = 0;
  damage: Damage | undefined;
  readonly tables = new RunningTables();

  readonly #verification: Verification;
  #view: DataView;
  #file: DiskFile | undefined;
  #segmentFirstCommit = 0;
  /** The file's bytes `[windowStart, windowEnd)` are in memory, from its beginning. */
  #windowStart = 0;
  #windowEnd = 0;
  #limit = 0;

  constructor(verification: Verification, memoryBytes: number) {
    this.#verification = verification;
    this.bytes = new Uint8Array(memoryBytes);
    this.words = new Int32Array(this.bytes.buffer);
    this.#view = new DataView(this.bytes.buffer);
  }

  /** Begins a segment, right behind its header. */
  open(file: DiskFile, header: SegmentHeader): void {
    this.#file = file;
    this.#segmentFirstCommit = header.firstCommit;
    this.position = header.headerBytes;
    this.#windowStart = header.headerBytes;
    this.#windowEnd = header.headerBytes;
    this.commit = header.firstCommit - 1;
    this.hash = header.previousHash;
    this.framesAt = 0;
    this.framesEnd = 0;
    this.records = 0;
    this.damage = undefined;
    this.tables.load(header.tables);
  }

  /** Forget what was read ahead: the file may have grown there. */
  forgetAhead(): void {
    this.#windowEnd = Math.min(this.#windowEnd, Math.max(this.position, this.#windowStart));
  }

  /** The next commit of the segment. `limit`: bytes of the file that may be looked at. */
  next(limit: number): ScanStep {
    this.#limit = limit;
    const start = this.position;
    const expected = this.commit + 1;
    const bits = expected & 0xff;
    let at = start;
    let records = 0;
    for (;;) {
      if (at + 8 > this.#windowEnd && !this.#load(at + 8)) {
        if (at === start && this.#restIsZero(start)) return 'end';
        return this.#damaged(
          at,
          at === start ? 'the file ends in the middle of a word' : `the file ends inside the commit`,
        );
      }
      const word = this.words[(at - this.#windowStart) >> 2]! >>> 0;
      if (word === TRAILER_MARKER) break;
      if (word === 0) {
        if (at === start) return 'end';
        return this.#damaged(at, 'the commit breaks off: zeros where a record or the trailer should be');
      }
      const length = word & 0xff_ff_ff;
      if (length < FRAME_HEADER_BYTES || length > FRAME_LENGTH_MAX) {
        return this.#damaged(at, `a record of ${length} bytes cannot be`);
      }
      if (word >>> 24 !== bits)
        return this.#damaged(at, `a record says it belongs to commit ${word >>> 24} (modulo 256)`);
      at += (length + 7) & ~7;
      if (at > this.#windowEnd && !this.#load(at)) return this.#damaged(at, 'a record runs past the end of the file');
      records++;
    }
    if (!this.#load(at + TRAILER_BYTES)) return this.#damaged(at, 'the trailer runs past the end of the file');
    const what = this.#checkTrailer(at, expected, records, start);
    if (what !== undefined) return this.#damaged(at, what);
    this.framesAt = start - this.#windowStart;
    this.framesEnd = at - this.#windowStart;
    if (this.#verification === 'all' && !this.#checkFrames()) return 'damage';
    this.records = records;
    this.commit = expected;
    const trailer = at - this.#windowStart;
    this.acknowledged = readU64(this.#view, trailer + TRAILER_ACKNOWLEDGED_AT);
    this.hash = this.bytes.slice(trailer + TRAILER_HASH_AT, trailer + TRAILER_BYTES);
    this.position = at + TRAILER_BYTES;
    return 'commit';
  }

  /** What is wrong with the trailer at byte `at` of the file; undefined: nothing. */
  #checkTrailer(at: number, expected: number, records: number, start: number): string | undefined {
    const trailer = at - this.#windowStart;
    const view = this.#view;
    const crc = crc32(this.bytes.subarray(trailer + TRAILER_COMMIT_AT, trailer + TRAILER_BYTES));
    if (crc !== view.getUint32(trailer + TRAILER_CRC_AT, true)) return 'checksum of the trailer is wrong';
    const commit = readU64(view, trailer + TRAILER_COMMIT_AT);
    if (commit !== expected) return `the trailer is that of commit ${commit}`;
    const counted = view.getUint32(trailer + TRAILER_RECORDS_AT, true);
    if (counted !== records) return `the trailer counts ${counted} records, there are ${records}`;
    const frameBytes = readU64(view, trailer + TRAILER_FRAME_BYTES_AT);
    if (frameBytes !== at - start) return `the trailer counts ${frameBytes} bytes of records, there are ${at - start}`;
    if (view.getUint32(trailer + TRAILER_RESERVED_AT, true) !== 0) return 'a reserved field of the trailer is not 0';
    if (readU64(view, trailer + TRAILER_ACKNOWLEDGED_AT) >= expected) return 'the trailer acknowledges what follows it';
    if (this.#verification !== 'all') return undefined;
    const hash = createHash('sha256')
      .update(this.hash)
      .update(this.bytes.subarray(start - this.#windowStart, trailer))
      .update(this.bytes.subarray(trailer + TRAILER_COMMIT_AT, trailer + TRAILER_HASH_AT))
      .digest();
    const stored = this.bytes.subarray(trailer + TRAILER_HASH_AT, trailer + TRAILER_BYTES);
    return hash.equals(stored) ? undefined : 'the hash over the commit is wrong';
  }

  /** Checks crc, chain and offset of every frame of the commit, and moves the tables past it. */
  #checkFrames(): boolean {
    const { bytes, words, tables } = this;
    const { crcs, nextOffsets } = tables;
    const end = this.framesEnd;
    let at = this.framesAt;
    while (at < end) {
      const index = at >> 2;
      const frameEnd = at + (((words[index]! & 0xff_ff_ff) + 7) & ~7);
      const crc = words[index + 1]!;
      const key = words[index + 3]! >>> 0;
      const place = words[index + 4]!;
      const log = place & 0xff;
      const offset = (words[index + 5]! >>> 0) * 0x1_0000 + (place >>> 16);
      if (crc32OfRange(bytes, words, at + 8, frameEnd) !== crc >>> 0)
        return this.#badFrame(at, 'checksum of the record is wrong');
      if (key >= CHAIN_KEYS || log >= LOGS_MAX) return this.#badFrame(at, `no chain ${key}, or no log ${log}, can be`);
      if (crcs[key] !== words[index + 2])
        return this.#badFrame(at, `the chain of ${chainName(key)} is broken: two histories`);
      const slot = log * PARTITIONS_MAX + ((place >>> 8) & 0xff);
      if (nextOffsets[slot] !== offset) return this.#badFrame(at, `offset ${nextOffsets[slot]} should come here`);
      nextOffsets[slot] = offset + 1;
      tables.setChain(key, crc);
      at = frameEnd;
    }
    return true;
  }

  #badFrame(at: number, what: string): false {
    this.#damaged(this.#windowStart + at, what);
    this.damage = { ...this.damage!, asWritten: true };
    return false;
  }

  /** Notes damage at byte `at` of the file, or at the first record of the commit whose checksum is wrong, if that comes earlier. */
  #damaged(at: number, what: string): 'damage' {
    const { bytes, words } = this;
    const base = this.#windowStart;
    let frame = this.position;
    let record: Damage['record'];
    while (frame < at && frame + FRAME_HEADER_BYTES <= this.#windowEnd) {
      const index = (frame - base) >> 2;
      const end = frame + (((words[index]! & 0xff_ff_ff) + 7) & ~7);
      if (end > this.#windowEnd || end <= frame) break;
      if (crc32OfRange(bytes, words, frame - base + 8, end - base) !== words[index + 1]! >>> 0) {
        record = placeOf(words, index);
        what = 'checksum of the record is wrong';
        at = frame;
        break;
      }
      frame = end;
    }
    if (record === undefined && what.includes('record') && at + FRAME_HEADER_BYTES <= this.#windowEnd) {
      record = placeOf(words, (at - base) >> 2);
    }
    this.damage = { segmentFirstCommit: this.#segmentFirstCommit, commit: this.commit + 1, at, record, what };
    return 'damage';
  }

  /** Brings the file up to byte `end` into memory, together with the commit begun. False: it may not be looked at, or is not there. */
  #load(end: number): boolean {
    if (end <= this.#windowEnd) return true;
    if (end > this.#limit) return false;
    const keep = this.position;
    if (keep > this.#windowStart) {
      this.bytes.copyWithin(0, keep - this.#windowStart, Math.max(this.#windowEnd, keep) - this.#windowStart);
      this.#windowStart = keep;
      this.#windowEnd = Math.max(this.#windowEnd, keep);
    }
    if (end - this.#windowStart > this.bytes.length) this.#grow(end - this.#windowStart);
    while (this.#windowEnd < end) {
      const used = this.#windowEnd - this.#windowStart;
      const wanted = Math.min(this.bytes.length - used, this.#limit - this.#windowEnd);
      const count = this.#file!.read(this.bytes, used, wanted, this.#windowEnd);
      if (count === 0) {
        this.#limit = this.#windowEnd;
        return false;
      }
      this.#windowEnd += count;
    }
    return true;
  }

  #grow(needed: number): void {
    let size = this.bytes.length;
    while (size < needed) size *= 2;
    const bytes = new Uint8Array(size);
    bytes.set(this.bytes.subarray(0, this.#windowEnd - this.#windowStart));
    this.bytes = bytes;
    this.words = new Int32Array(bytes.buffer);
    this.#view = new DataView(bytes.buffer);
  }

  /** Fewer than 8 bytes are left. */
  #restIsZero(start: number): boolean {
    for (let at = start; at < this.#windowEnd; at++) if (this.bytes[at - this.#windowStart] !== 0) return false;
    const rest = this.#limit - Math.max(start, this.#windowEnd);
    if (rest <= 0) return true;
    const bytes = new Uint8Array(rest);
    const count = this.#file!.read(bytes, 0, rest, Math.max(start, this.#windowEnd));
    return bytes.subarray(0, count).every((byte) => byte === 0);
  }
}

function placeOf(words: Int32Array, index: number): NonNullable<Damage['record']> {
  const place = words[index + 4]!;
  const offset = (words[index + 5]! >>> 0) * 0x1_0000 + (place >>> 16);
  return { log: place & 0xff, partition: (place >>> 8) & 0xff, offset };
}

/** Memory with which to read a whole file of this size: large reads, but no more than the file has. */
export function readAheadFor(fileBytes: number): number {
  return Math.min(READ_AHEAD_BYTES, Math.max(4096, Math.ceil(fileBytes / 4096) * 4096));
}
