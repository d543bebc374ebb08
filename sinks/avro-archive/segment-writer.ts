import { createHash } from 'node:crypto';
import { constants, crc32, deflateRawSync, zstdCompressSync } from 'node:zlib';
import {
  type ArchiveShape,
  archiveShape,
  isOlderFingerprint,
  segmentKey,
  syncMarker,
} from '../../schemas/archive-format.ts';
import { writeLong } from '../../schemas/avro-bytes.ts';
import { HEADER_BYTES } from '../../schemas/codec.ts';
import { FrameRun, RUN_HEADER_BYTES } from '../../schemas/frame-run.ts';
import { Malformed } from '../../schemas/malformed.ts';

/** Names of Avro's own list. */
export type ArchiveCodec = 'null' | 'deflate' | 'zstandard';

/** A closed segment, ready to be stored. */
export interface ArchivedSegment {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly records: number;
  /** {@link RecordsHash}, in hexadecimal. */
  readonly recordsSha256: string;
}

/** Records in one block of the container: fixed, so that the same segment is cut the same way; many, since each compresses anew. */
export const CONTAINER_BLOCK_RECORDS = 16_384;

const HASHED_AT_ONCE_BYTES = 64 * 1024;

/** Bytes that a record takes besides its body and one for each type: four numbers. */
const HEAD_BYTES_MAX = 24;

const magic = Uint8Array.of(0x4f, 0x62, 0x6a, 0x01);

/**
 * Makes one segment. Bodies are copied from the log, not encoded again. The file is a function of what was appended, of the
 * segment's name and of the codec; the hash does not depend on the codec.
 */
export class SegmentWriter {
  readonly generation: number;
  readonly log: string;
  readonly partition: number;
  readonly firstOffset: number;
  records = 0;
  readonly #codec: ArchiveCodec;
  readonly #hash = new RecordsHash();
  readonly #blocks: { readonly records: number; readonly bytes: Uint8Array }[] = [];
  readonly #older: string[] = [];
  #shape: ArchiveShape;
  /** Index of the field by four bytes of its fingerprint: those that are a word of the payload. */
  #fields = new Map<number, number>();
  #data = new Uint8Array(0);
  #view = new DataView(this.#data.buffer);
  #end = 0;
  #inBlock = 0;

  constructor(name: { generation: number; log: string; partition: number; firstOffset: number }, codec: ArchiveCodec) {
    this.generation = name.generation;
    this.log = name.log;
    this.partition = name.partition;
    this.firstOffset = name.firstOffset;
    this.#codec = codec;
    this.#shape = archiveShape(name.log);
    this.#indexFields();
  }

  /** Offset that is wanted next. */
  get nextOffset(): number {
    return this.firstOffset + this.records;
  }

  /**
   * The records of a run from byte `at` on, at most so many: each is the record at {@link nextOffset} of its moment. Returns
   * the byte behind the last one. Throws {@link Malformed} on a schema that nobody recorded, and {@link OlderVersionMet};
   * then {@link nextOffset} tells which record it was, and those before it are taken.
   */
  take(run: FrameRun, at: number, most: number): number {
    const { bytes, words } = run;
    const from = at;
    let left = most;
    let next = at;
    try {
      while (left > 0 && next < run.end) {
        const payloadBytes = words[(next >> 2) + 1]!;
        this.#write(bytes, words, next + RUN_HEADER_BYTES, payloadBytes, words[next >> 2]!);
        next = (next + RUN_HEADER_BYTES + payloadBytes + 7) & ~7;
        left--;
      }
    } finally {
      this.#hash.update(bytes, from, next);
    }
    return next;
  }

  /** One record, in single-object encoding. */
  append(payload: Uint8Array, chainKey: number): void {
    const run = new FrameRun();
    run.add(payload, 0, payload.length, chainKey);
    this.take(run, 0, 1);
  }

  /** Words are copied where they lie, so a few bytes around the body are written and then put right. */
  #write(bytes: Uint8Array, words: Int32Array, payloadAt: number, payloadBytes: number, chainKey: number): void {
    const field = this.#fieldOf(bytes, words, payloadAt, payloadBytes);
    const fields = this.#shape.fields.length;
    const bodyBytes = payloadBytes - HEADER_BYTES;
    const room = HEAD_BYTES_MAX + fields + bodyBytes + 16;
    if (this.#end + room > this.#data.length) this.#grow(room);
    const data = this.#data;
    const view = this.#view;
    let at = writeLong(data, this.#end, this.nextOffset);
    at = writeLong(data, at, chainKey);
    at = writeLong(data, at, field);
    at = writeLong(data, at, bodyBytes);
    for (let nulls = 0; nulls < field; nulls += 4) view.setInt32(at + nulls, 0, true);
    at += field;
    data[at++] = 2;
    // The body begins two bytes behind a border of words.
    const before = data[at - 2]!;
    const stop = (payloadAt + payloadBytes + 3) >> 2;
    for (let from = (payloadAt + 8) >> 2, to = at - 2; from < stop; from++, to += 4)
      view.setInt32(to, words[from]!, true);
    data[at - 2] = before;
    data[at - 1] = 2;
    at += bodyBytes;
    const nullsAfter = fields - field - 1;
    for (let nulls = 0; nulls < nullsAfter; nulls += 4) view.setInt32(at + nulls, 0, true);
    this.#end = at + nullsAfter;
    this.records++;
    if (++this.#inBlock === CONTAINER_BLOCK_RECORDS) this.#closeBlock();
  }

  finish(): ArchivedSegment {
    this.#closeBlock();
    const { generation, log, partition, firstOffset } = this;
    const key = segmentKey({ generation, log, partition, firstOffset, lastOffset: this.nextOffset - 1 });
    const fingerprints = JSON.stringify(
      Object.fromEntries(this.#shape.fields.map(({ name, fingerprint }) => [name, fingerprint])),
    );
    const sync = syncMarker(key, this.#shape.text, fingerprints);
    const pieces: Uint8Array[] = [];
    for (const { records, bytes } of this.#blocks) {
      const head = new Uint8Array(16);
      const end = writeLong(head, writeLong(head, 0, records), bytes.length);
      pieces.push(head.subarray(0, end), bytes, sync);
    }
    const header = containerHeader(
      [
        ['avro.codec', this.#codec],
        ['avro.schema', this.#shape.text],
        // Deflate ends with bits that mean nothing: without a sum of the bytes, damage to them would go unseen.
        ['sluice.blocks_crc32', String(pieces.reduce((sum, piece) => crc32(piece, sum), 0))],
        ['sluice.fingerprints', fingerprints],
        ['sluice.generation', String(generation)],
      ],
      sync,
    );
    const bytes = Buffer.concat([header, ...pieces]);
    return { key, bytes, records: this.records, recordsSha256: this.#hash.digest() };
  }

  #fieldOf(bytes: Uint8Array, words: Int32Array, payloadAt: number, payloadBytes: number): number {
    const index = this.#fields.get(words[(payloadAt + 4) >> 2]!);
    if (index !== undefined && payloadBytes >= HEADER_BYTES) return index;
    const fingerprint = Buffer.from(bytes.subarray(payloadAt + 2, payloadAt + HEADER_BYTES)).toString('hex');
    if (!isOlderFingerprint(fingerprint)) throw new Malformed(`unknown schema fingerprint ${fingerprint}`, 2);
    // A further field changes the form of every record, also of those that are written already.
    if (this.records > 0) throw new OlderVersionMet(fingerprint);
    return this.adopt(fingerprint);
  }

  /** Takes records of an older version into the schema; before the first record only. Answers the field's index. */
  adopt(fingerprint: string): number {
    this.#older.push(fingerprint);
    this.#shape = archiveShape(this.log, this.#older);
    this.#indexFields();
    return this.#shape.fields.findIndex((field) => field.fingerprint === fingerprint);
  }

  #indexFields(): void {
    this.#fields = new Map(
      this.#shape.fields.map(({ fingerprint }, index) => [Buffer.from(fingerprint, 'hex').readInt32LE(2), index]),
    );
    if (this.#fields.size !== this.#shape.fields.length)
      throw new Malformed('two schemas share four bytes of their fingerprints', 2);
  }

  #closeBlock(): void {
    if (this.#inBlock === 0) return;
    const data = this.#data.subarray(0, this.#end);
    const bytes = compressed(data, this.#codec);
    this.#blocks.push({ records: this.#inBlock, bytes });
    this.#inBlock = 0;
    this.#end = 0;
  }

  #grow(room: number): void {
    const larger = new Uint8Array(Math.max(64 * 1024, this.#data.length * 2, this.#end + room));
    larger.set(this.#data.subarray(0, this.#end));
    this.#data = larger;
    this.#view = new DataView(larger.buffer);
  }
}

/**
 * SHA-256 over what the log holds, in the layout of a {@link FrameRun}: chain key and length, 4 bytes each, lowest first,
 * the payload, zeros to a multiple of 8; record after record. It does not depend on codec or schema of the file, so the
 * same records have the same hash for ever.
 */
export class RecordsHash {
  readonly #hash = createHash('sha256');
  #added: FrameRun | undefined;

  add(chainKey: number, payload: Uint8Array): void {
    const run = (this.#added ??= new FrameRun(HASHED_AT_ONCE_BYTES));
    run.add(payload, 0, payload.length, chainKey);
    if (run.end >= HASHED_AT_ONCE_BYTES) this.#flush();
  }

  /** Records that lie in this layout already. */
  update(bytes: Uint8Array, from: number, to: number): void {
    this.#flush();
    if (to > from) this.#hash.update(bytes.subarray(from, to));
  }

  /** In hexadecimal; once. */
  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    const run = this.#added;
    if (run === undefined || run.records === 0) return;
    this.#hash.update(run.bytes.subarray(0, run.end));
    run.clear();
  }
}

/** The fastest level of each: what a segment saves on the disk by more of it costs its thread twice the time. */
function compressed(data: Uint8Array, codec: ArchiveCodec): Uint8Array {
  const chunkSize = Math.max(4096, data.length >> 1);
  switch (codec) {
    case 'null':
      return data.slice();
    case 'deflate':
      return deflateRawSync(data, { level: 1, chunkSize });
    case 'zstandard':
      return zstdCompressSync(data, { chunkSize, params: { [constants.ZSTD_c_compressionLevel]: 1 } });
  }
}

/** A record of an older version came after the segment had begun without it. */
export class OlderVersionMet extends Error {
  override readonly name = 'OlderVersionMet';
  readonly fingerprint: string;

  constructor(fingerprint: string) {
    super(`a record of schema ${fingerprint} after the segment had begun without it`);
    this.fingerprint = fingerprint;
  }
}

function containerHeader(meta: readonly (readonly [string, string])[], sync: Uint8Array): Uint8Array {
  const texts = meta.flat().map((text) => Buffer.from(text));
  const bytes = new Uint8Array(64 + texts.reduce((sum, { length }) => sum + length + 8, 0));
  bytes.set(magic, 0);
  let at = writeLong(bytes, magic.length, meta.length);
  for (const text of texts) {
    at = writeLong(bytes, at, text.length);
    bytes.set(text, at);
    at += text.length;
  }
  at = writeLong(bytes, at, 0);
  bytes.set(sync, at);
  return bytes.subarray(0, at + sync.length);
}
