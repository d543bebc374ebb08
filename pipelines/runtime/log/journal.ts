import { createHash, type Hash } from 'node:crypto';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { assert } from '../../../schemas/assert.ts';
import { ExitError } from '../../../schemas/exit.ts';
import {
  CHAIN_KEYS,
  FRAME_HEADER_BYTES,
  FRAME_LENGTH_MAX,
  LOGS_MAX,
  OFFSET_MAX,
  PARTITIONS_MAX,
  segmentName,
  TRAILER_ACKNOWLEDGED_AT,
  TRAILER_BYTES,
  TRAILER_COMMIT_AT,
  TRAILER_CRC_AT,
  TRAILER_FRAME_BYTES_AT,
  TRAILER_HASH_AT,
  TRAILER_MARKER,
  TRAILER_RECORDS_AT,
  writeU64,
} from '../../../schemas/log-format.ts';
import type { Disk, DiskFile } from '../outside/disk.ts';
import { crc32OfRange } from './crc32.ts';
import type { DurablePosition } from './durable-end.ts';
import { type LogEnd, RunningTables } from './log-end.ts';
import { type RingMemory, UNIT_BYTES } from './ring.ts';
import { encodeSegmentHeader } from './segment-header.ts';
import { SPARE_NAME } from './segment-keeper.ts';
import { changeFully, syncFully, writeFully } from './write-fully.ts';

export interface JournalOptions {
  readonly directory: string;
  readonly segmentBytes: number;
  /** Schemas of the payloads, 8 bytes each, for the segments' headers. */
  readonly fingerprints: readonly Uint8Array[];
  /** Makes the spare segment be there, or throws `ExitError` 74. Called before a new segment is begun. */
  readonly takeSpare: () => void;
  /** Called after the spare was taken into use. */
  readonly spareTaken: () => void;
}

/**
 * Writes frames from the ring to the log's files: fills in what only the order of writing can tell (commit number, predecessor's crc, own
 * crc), appends, closes the commit with a trailer, syncs. Knows no thread: the journal worker and the inline log run this same code.
 *
 * Invariants: what is written is only ever appended; a segment is entered in its folder, durably, before its first commit is written; a
 * commit lies in one segment. Any failure throws `ExitError` 74 and leaves the journal unusable: the process must end.
 */
export class Journal {
  readonly #disk: Disk;
  readonly #options: JournalOptions;
  readonly #bytes: Uint8Array;
  readonly #words: Int32Array;
  readonly #lapUnits: number;
  readonly #tables = new RunningTables();
  readonly #trailer = new Uint8Array(TRAILER_BYTES);
  readonly #trailerView = new DataView(this.#trailer.buffer);

  readonly #generation: number;
  #file: DiskFile | undefined;
  #segment: number;
  #segmentFirstCommit: number;
  #offset: number;
  #commit: number;
  #hash: Uint8Array;
  /** Ring position up to which frames are written. */
  #position = 0;
  /** The commit that is being written; undefined between commits. */
  #open: { readonly hash: Hash; records: number; bytes: number } | undefined;

  constructor(disk: Disk, ring: RingMemory, end: LogEnd, options: JournalOptions) {
    this.#disk = disk;
    this.#options = options;
    this.#bytes = new Uint8Array(ring.bytes);
    this.#words = new Int32Array(ring.bytes);
    this.#lapUnits = ring.bytes.byteLength / UNIT_BYTES;
    this.#generation = end.generation;
    this.#segment = end.segment;
    this.#segmentFirstCommit = end.segmentFirstCommit;
    this.#offset = end.offset;
    this.#commit = end.commit;
    this.#hash = end.hash;
    this.#tables.load(end.tables);
  }

  get position(): number {
    return this.#position;
  }

  get hash(): Uint8Array {
    return this.#hash;
  }

  get durable(): DurablePosition {
    return {
      commit: this.#commit,
      segment: this.#segment,
      segmentFirstCommit: this.#segmentFirstCommit,
      offset: this.#offset,
    };
  }

  /**
   * Opens the newest segment, or begins the first. Then writes a commit without records: its trailer says that all before is durable, so
   * that later damage there cannot pass for a torn write.
   */
  start(): void {
    if (this.#segment > 0) {
      const path = join(this.#options.directory, segmentName(this.#segmentFirstCommit));
      changeFully(`opening ${path}`, () => {
        this.#file = this.#disk.open(path, 'write');
      });
    }
    this.sealCommit();
  }

  /** Writes the frames of the ring up to `head` into the open commit, without closing it. Then their memory is free. */
  write(head: number): void {
    let position = this.#position;
    while (position !== head) {
      const from = (position & (this.#lapUnits - 1)) * UNIT_BYTES;
      const units = (head - position) | 0;
      assert(units > 0, 'the ring runs backwards');
      const limit = Math.min(from + units * UNIT_BYTES, this.#bytes.length);
      if (this.#open === undefined) this.#beginCommit(units * UNIT_BYTES);
      const to = this.#fill(from, limit);
      this.#append(from, to);
      position = (position + (to - from) / UNIT_BYTES) | 0;
      // What is left of the lap is skipped: no frame straddles its end.
      if (to < limit) position = (position + (this.#bytes.length - to) / UNIT_BYTES) | 0;
    }
    this.#position = position;
  }

  /** Closes the open commit with its trailer and syncs: then everything written so far is durable. */
  sealCommit(): void {
    this.#open ?? this.#beginCommit(0);
    const open = this.#open!;
    const trailer = this.#trailer;
    const view = this.#trailerView;
    const commit = this.#commit + 1;
    view.setUint32(0, TRAILER_MARKER, true);
    writeU64(view, TRAILER_COMMIT_AT, commit);
    view.setUint32(TRAILER_RECORDS_AT, open.records, true);
    writeU64(view, TRAILER_FRAME_BYTES_AT, open.bytes);
    writeU64(view, TRAILER_ACKNOWLEDGED_AT, this.#commit);
    open.hash.update(trailer.subarray(TRAILER_COMMIT_AT, TRAILER_HASH_AT));
    const hash = new Uint8Array(open.hash.digest());
    trailer.set(hash, TRAILER_HASH_AT);
    view.setUint32(TRAILER_CRC_AT, crc32(trailer.subarray(TRAILER_COMMIT_AT)), true);
    const file = this.#file!;
    writeFully(file, trailer, 0, TRAILER_BYTES, this.#offset);
    syncFully(file);
    this.#offset += TRAILER_BYTES;
    this.#commit = commit;
    this.#hash = hash;
    this.#open = undefined;
  }

  close(): void {
    this.#file?.close();
    this.#file = undefined;
  }

  #beginCommit(bytesAtHand: number): void {
    const needed = bytesAtHand + TRAILER_BYTES;
    const full = this.#offset + needed > this.#options.segmentBytes && this.#commit >= this.#segmentFirstCommit;
    if (this.#file === undefined || full) this.#beginSegment();
    this.#open = { hash: createHash('sha256').update(this.#hash), records: 0, bytes: 0 };
  }

  #beginSegment(): void {
    const { directory, fingerprints } = this.#options;
    this.#options.takeSpare();
    const header = encodeSegmentHeader({
      generation: this.#generation,
      segment: this.#segment + 1,
      firstCommit: this.#commit + 1,
      previousEnd: this.#offset,
      previousHash: this.#hash,
      fingerprints,
      tables: this.#tables.tables(),
    });
    const spare = join(directory, SPARE_NAME);
    const path = join(directory, segmentName(this.#commit + 1));
    changeFully(`beginning ${path}`, () => {
      const file = this.#disk.open(spare, 'write');
      writeFully(file, header, 0, header.length, 0);
      syncFully(file);
      file.close();
      this.#disk.rename(spare, path);
      this.#disk.syncDirectory(directory);
      this.#file?.close();
      this.#file = this.#disk.open(path, 'write');
    });
    this.#segment++;
    this.#segmentFirstCommit = this.#commit + 1;
    this.#offset = header.length;
    this.#options.spareTaken();
  }

  /** Completes the frames in `[from, limit)` of the ring's memory; returns where they end. */
  #fill(from: number, limit: number): number {
    const words = this.#words;
    const bytes = this.#bytes;
    const tables = this.#tables;
    const crcs = tables.crcs;
    const nextOffsets = tables.nextOffsets;
    const commitBits = ((this.#commit + 1) & 0xff) << 24;
    let records = 0;
    let at = from;
    while (at < limit) {
      const index = at >> 2;
      const length = words[index]!;
      if (length === 0) break;
      assert(length >= FRAME_HEADER_BYTES && length <= FRAME_LENGTH_MAX, 'a frame of the ring has no legal length');
      const end = at + ((length + 7) & ~7);
      const key = words[index + 3]!;
      const place = words[index + 4]!;
      const slot = (place & 0xff) * PARTITIONS_MAX + ((place >>> 8) & 0xff);
      const offset = (words[index + 5]! >>> 0) * 0x1_0000 + (place >>> 16);
      if (nextOffsets[slot] !== offset) throw notDense(slot, nextOffsets[slot]!, offset);
      nextOffsets[slot] = offset + 1;
      words[index] = length | commitBits;
      words[index + 2] = crcs[key]!;
      const crc = crc32OfRange(bytes, words, at + 8, end);
      words[index + 1] = crc;
      tables.setChain(key, crc);
      records++;
      at = end;
    }
    assert(at <= limit, 'a frame of the ring runs past what was published');
    const open = this.#open!;
    open.records += records;
    open.bytes += at - from;
    return at;
  }

  #append(from: number, to: number): void {
    if (from === to) return;
    this.#open!.hash.update(this.#bytes.subarray(from, to));
    writeFully(this.#file!, this.#bytes, from, to - from, this.#offset);
    this.#offset += to - from;
  }
}

/** A frame's fields as the maker of records must give them. Throws where one leaves its bits. */
export function checkFrameFields(chainKey: number, log: number, partition: number, offset: number): void {
  assert(chainKey >= 0 && chainKey < CHAIN_KEYS, 'the chain of a frame leaves its bits');
  assert(log >= 0 && log < LOGS_MAX, 'the log of a frame leaves its bits');
  assert(partition >= 0 && partition < PARTITIONS_MAX, 'the partition of a frame leaves its bits');
  assert(offset >= 0 && offset <= OFFSET_MAX, 'the offset of a frame leaves its bits');
}

function notDense(slot: number, expected: number, given: number): ExitError {
  const log = Math.floor(slot / PARTITIONS_MAX);
  return new ExitError(70, `log ${log}, partition ${slot % PARTITIONS_MAX}: offset ${given} follows ${expected - 1}`);
}
