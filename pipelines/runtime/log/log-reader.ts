import { join } from 'node:path';
import { ExitError } from '../../../schemas/exit.ts';
import { FRAME_HEADER_BYTES, LOG_SLOTS, LOGS_MAX, PARTITIONS_MAX, segmentName } from '../../../schemas/log-format.ts';
import type { Disk, DiskFile } from '../outside/disk.ts';
import { crc32OfRange } from './crc32.ts';
import { LogDamaged } from './damage.ts';
import type { DurablePosition } from './durable-end.ts';
import { type LogTables, nextOffsetIn, slotOf } from './log-end.ts';
import { readSegmentHeader, type SegmentHeader } from './segment-header.ts';
import { listSegments } from './segment-keeper.ts';
import { SegmentScanner, type Verification } from './segment-scanner.ts';

export interface LogPosition {
  readonly log: number;
  readonly partition: number;
  readonly offset: number;
}

export interface LogReaderOptions {
  readonly directory: string;
  /**
   * Where to begin: the oldest record that is kept, a commit, or the wanted next offset of some (log, partition) pairs. Records below
   * those offsets are skipped; of pairs that are not named, all records of the commits read are handed out.
   */
  readonly from?: { readonly commit: number } | { readonly positions: readonly LogPosition[] } | undefined;
  /** Hand out records of these logs only; undefined: of all. */
  readonly logs?: readonly number[] | undefined;
  /** Default `all`. */
  readonly verification?: Verification;
  /**
   * Up to where the log is durable, asked whenever the reader gets there; nothing behind it is ever handed out. Undefined: nobody writes
   * this log, and it ends where its last whole commit ends.
   */
  readonly durable?: (() => DurablePosition) | undefined;
  /** Memory for reading ahead; grows to the largest commit. */
  readonly memoryBytes?: number;
}

/**
 * Reads records in the order in which they were stored. A cursor: the fields describe the record that `next` moved to, and hold until the
 * next call; nothing is allocated for a record.
 *
 *     const reader = openLogReader(disk, { directory, from: { positions: [{ log: 3, partition: 0, offset: 1200 }] } });
 *     while (reader.next()) decodeRecord(reader.bytes, reader.payloadAt, reader.payloadEnd, envelope);
 *
 * Throws {@link LogDamaged} (65) where the log is not as it was written, and `ExitError` 65 where the wanted beginning is no longer kept.
 * A reader of a live log calls `next` again after the durable end has moved.
 */
export class LogReader {
  /** Memory that holds the record's payload, from {@link payloadAt} to {@link payloadEnd}. */
  bytes: Uint8Array;
  log = 0;
  partition = 0;
  offset = 0;
  chainKey = 0;
  /** crc of the record before in the chain; 0: the first. */
  prev = 0;
  crc = 0;
  payloadAt = 0;
  payloadEnd = 0;

  readonly #disk: Disk;
  readonly #options: LogReaderOptions;
  readonly #scanner: SegmentScanner;
  readonly #checkHere: boolean;
  /** By log number: 1 wanted. */
  readonly #wantedLogs = new Uint8Array(256);
  /** By (log, partition): offset of the next record to hand out. */
  readonly #nextOffsets = new Float64Array(LOG_SLOTS);
  #file: DiskFile | undefined;
  #fileBytes = 0;
  #header: SegmentHeader;
  #at = 0;
  #end = 0;
  #words: Int32Array;
  #durable: DurablePosition | undefined;

  constructor(disk: Disk, options: LogReaderOptions, first: SegmentHeader) {
    this.#disk = disk;
    this.#options = options;
    this.#checkHere = options.verification === 'trailers';
    this.#scanner = new SegmentScanner(options.verification ?? 'all', options.memoryBytes ?? 1024 * 1024);
    this.bytes = this.#scanner.bytes;
    this.#words = this.#scanner.words;
    this.#wantedLogs.fill(options.logs ? 0 : 1, 0, LOGS_MAX);
    for (const log of options.logs ?? []) this.#wantedLogs[log] = 1;
    for (const { log, partition, next } of first.tables.positions) this.#nextOffsets[slotOf(log, partition)] = next;
    for (const wanted of positionsOf(options)) this.#nextOffsets[slotOf(wanted.log, wanted.partition)] = wanted.offset;
    this.#header = first;
    this.#openSegment(first);
  }

  /** Number of the commit that holds the current record. */
  get commit(): number {
    return this.#scanner.commit;
  }

  /** Hash of that commit. */
  get commitHash(): Uint8Array {
    return this.#scanner.hash;
  }

  /** Byte of the segment's file behind that commit. */
  get commitEnd(): number {
    return this.#scanner.position;
  }

  get segment(): number {
    return this.#header.segment;
  }

  /** Of the segment that is being read. */
  get header(): SegmentHeader {
    return this.#header;
  }

  /** Last crc of each chain behind the current commit, with `all` verification. */
  get tables(): LogTables {
    return this.#scanner.tables.tables();
  }

  /** Moves to the next record. False: the durable end is reached. */
  next(): boolean {
    for (;;) {
      if (this.#at >= this.#end && !this.nextCommit()) return false;
      const words = this.#words;
      const end = this.#end;
      let at = this.#at;
      while (at < end) {
        const index = at >> 2;
        const length = words[index]! & 0xff_ff_ff;
        const place = words[index + 4]!;
        const frameAt = at;
        at += (length + 7) & ~7;
        const log = place & 0xff;
        if (this.#wantedLogs[log] === 0) continue;
        const partition = (place >>> 8) & 0xff;
        const offset = (words[index + 5]! >>> 0) * 0x1_0000 + (place >>> 16);
        const slot = log * PARTITIONS_MAX + partition;
        if (offset < this.#nextOffsets[slot]!) continue;
        this.#at = at;
        if (offset !== this.#nextOffsets[slot]) throw this.#gap(log, partition, offset);
        this.#nextOffsets[slot] = offset + 1;
        this.log = log;
        this.partition = partition;
        this.offset = offset;
        this.crc = words[index + 1]! >>> 0;
        this.prev = words[index + 2]! >>> 0;
        this.chainKey = words[index + 3]!;
        this.payloadAt = frameAt + FRAME_HEADER_BYTES;
        this.payloadEnd = frameAt + length;
        if (this.#checkHere && crc32OfRange(this.bytes, words, frameAt + 8, at) !== this.crc) throw this.#rotten();
        return true;
      }
      this.#at = at;
    }
  }

  /**
   * Moves to the next commit, skipping what is left of the current one: `next` then hands out its records. False: the durable end is
   * reached. To read commit by commit, call it whenever {@link recordsLeft} is false.
   */
  nextCommit(): boolean {
    const scanner = this.#scanner;
    this.#passRest();
    for (;;) {
      const limit = this.#limit();
      if (limit === undefined) return false;
      const step = scanner.next(limit);
      if (step === 'commit') {
        this.bytes = scanner.bytes;
        this.#words = scanner.words;
        this.#at = scanner.framesAt;
        this.#end = scanner.framesEnd;
        return true;
      }
      if (step === 'damage') throw new LogDamaged(scanner.damage!);
      if (!this.#nextSegment()) return false;
    }
  }

  /** Whether records of the current commit are left, wanted or not. */
  get recordsLeft(): boolean {
    return this.#at < this.#end;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  /** Moves to the end of `commit` without handing out anything. Used to begin behind it. */
  skipTo(commit: number): void {
    while (this.#scanner.commit < commit) {
      if (!this.nextCommit()) {
        throw new ExitError(
          65,
          `the log in ${this.#options.directory} ends at commit ${this.#scanner.commit}; commit ${commit} is wanted`,
        );
      }
    }
    this.#passRest();
  }

  /** What is left of the commit is skipped: the records behind it continue it all the same. */
  #passRest(): void {
    const words = this.#words;
    for (let at = this.#at; at < this.#end; ) {
      const index = at >> 2;
      const place = words[index + 4]!;
      const slot = (place & 0xff) * PARTITIONS_MAX + ((place >>> 8) & 0xff);
      const offset = (words[index + 5]! >>> 0) * 0x1_0000 + (place >>> 16);
      if (offset >= this.#nextOffsets[slot]!) this.#nextOffsets[slot] = offset + 1;
      at += ((words[index]! & 0xff_ff_ff) + 7) & ~7;
    }
    this.#at = this.#end;
  }

  /** How much of the current file may be looked at; undefined: nothing more is durable. */
  #limit(): number | undefined {
    const { durable } = this.#options;
    if (!durable) return this.#fileBytes;
    const segment = this.#header.segment;
    if (!this.#durable || (segment === this.#durable.segment && this.#scanner.position >= this.#durable.offset)) {
      this.#durable = durable();
    }
    if (segment < this.#durable.segment) {
      // The segment is closed: its file no longer changes.
      if (this.#fileBytes === 0) this.#fileBytes = this.#file!.size();
      return this.#fileBytes;
    }
    if (segment > this.#durable.segment || this.#scanner.position >= this.#durable.offset) return undefined;
    return this.#durable.offset;
  }

  /** The segment behind this one, if there is one. */
  #nextSegment(): boolean {
    const { durable, directory } = this.#options;
    const scanner = this.#scanner;
    const firstCommit = scanner.commit + 1;
    const name = segmentName(firstCommit);
    if (durable && this.#header.segment >= this.#durable!.segment) {
      throw this.#damagedHere('zeros in front of the durable end');
    }
    // A segment is begun before its first commit: then there is none behind it yet.
    if (firstCommit === this.#header.firstCommit && !durable) return false;
    if (!this.#disk.exists(join(directory, name))) {
      if (!durable && listSegments(this.#disk, directory).every((other) => other < firstCommit)) return false;
      throw this.#damagedHere(`the commits end here, and segment ${name} is missing`);
    }
    const file = this.#disk.open(join(directory, name), 'read');
    const header = readSegmentHeader(file);
    file.close();
    if (typeof header === 'string') {
      throw new LogDamaged({ segmentFirstCommit: firstCommit, commit: firstCommit, at: 0, what: header });
    }
    const what = seamDamage(this.#header, scanner, header);
    if (what) throw new LogDamaged({ segmentFirstCommit: firstCommit, commit: firstCommit, at: 0, what });
    this.#openSegment(header);
    return true;
  }

  #openSegment(header: SegmentHeader): void {
    this.close();
    this.#header = header;
    this.#file = this.#disk.open(join(this.#options.directory, segmentName(header.firstCommit)), 'read');
    this.#fileBytes = this.#options.durable ? 0 : this.#file.size();
    this.#scanner.open(this.#file, header);
    this.#at = 0;
    this.#end = 0;
  }

  #damagedHere(what: string): LogDamaged {
    const { commit, position } = this.#scanner;
    return new LogDamaged({ segmentFirstCommit: this.#header.firstCommit, commit: commit + 1, at: position, what });
  }

  #gap(log: number, partition: number, offset: number): LogDamaged {
    const expected = this.#nextOffsets[slotOf(log, partition)];
    return new LogDamaged({
      segmentFirstCommit: this.#header.firstCommit,
      commit: this.#scanner.commit,
      at: this.#scanner.position,
      record: { log, partition, offset },
      what: `offset ${expected} should come here`,
    });
  }

  #rotten(): LogDamaged {
    return new LogDamaged({
      segmentFirstCommit: this.#header.firstCommit,
      commit: this.#scanner.commit,
      at: this.#scanner.position,
      record: { log: this.log, partition: this.partition, offset: this.offset },
      what: 'checksum of the record is wrong',
    });
  }
}

/** Opens a reader at its beginning; see {@link LogReaderOptions.from}. Undefined: the log has no segment yet. */
export function openLogReader(disk: Disk, options: LogReaderOptions): LogReader | undefined {
  const { directory, from } = options;
  const segments = listSegments(disk, directory);
  if (segments.length === 0) return undefined;
  const first = chooseSegment(disk, directory, segments, from);
  const reader = new LogReader(disk, options, first);
  if (from && 'commit' in from) reader.skipTo(from.commit - 1);
  return reader;
}

/** What does not fit between two segments; undefined: nothing. `scanner` stands at the end of the first. */
export function seamDamage(before: SegmentHeader, scanner: SegmentScanner, header: SegmentHeader): string | undefined {
  if (header.segment !== before.segment + 1) return `segment ${header.segment} follows segment ${before.segment}`;
  if (header.firstCommit !== scanner.commit + 1) return `the header says commit ${header.firstCommit} comes first`;
  if (header.generation < before.generation) return `generation ${header.generation} follows ${before.generation}`;
  if (header.previousEnd !== scanner.position) {
    return `the segment before ends at byte ${scanner.position}, the header says ${header.previousEnd}`;
  }
  if (Buffer.compare(header.previousHash, scanner.hash) !== 0)
    return 'the hash of the segment before is another: two histories';
  return undefined;
}

function positionsOf(options: LogReaderOptions): readonly LogPosition[] {
  return options.from && 'positions' in options.from ? options.from.positions : [];
}

/** The newest segment that begins at or before all that is wanted. */
function chooseSegment(
  disk: Disk,
  directory: string,
  segments: readonly number[],
  from: LogReaderOptions['from'],
): SegmentHeader {
  let low = 0;
  let high = segments.length - 1;
  const headers = new Map<number, SegmentHeader>();
  const headerOf = (index: number): SegmentHeader => {
    const known = headers.get(index);
    if (known) return known;
    const firstCommit = segments[index]!;
    const file = disk.open(join(directory, segmentName(firstCommit)), 'read');
    const header = readSegmentHeader(file);
    file.close();
    if (typeof header === 'string')
      throw new LogDamaged({ segmentFirstCommit: firstCommit, commit: firstCommit, at: 0, what: header });
    headers.set(index, header);
    return header;
  };
  const missing = (header: SegmentHeader): string | undefined => {
    if (!from) return undefined;
    if ('commit' in from) return header.firstCommit > from.commit ? `commit ${from.commit}` : undefined;
    for (const { log, partition, offset } of from.positions) {
      const next = nextOffsetIn(header.tables, log, partition);
      if (next > offset) return `log ${log}, partition ${partition}, offset ${offset} (the oldest kept is ${next})`;
    }
    return undefined;
  };
  const gone = missing(headerOf(0));
  if (gone !== undefined) {
    throw new ExitError(65, `${gone} is no longer in the log ${directory}, which begins at commit ${segments[0]}`);
  }
  if (!from) return headerOf(0);
  while (low < high) {
    const middle = Math.ceil((low + high) / 2);
    if (missing(headerOf(middle)) === undefined) low = middle;
    else high = middle - 1;
  }
  return headerOf(low);
}
