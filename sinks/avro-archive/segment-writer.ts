import { createHash } from 'node:crypto';
import { crc32, deflateRawSync } from 'node:zlib';
import {
  type ArchiveShape,
  archiveShape,
  isOlderFingerprint,
  segmentKey,
  syncMarker,
} from '../../schemas/archive-format.ts';
import { writeLong } from '../../schemas/avro-bytes.ts';
import { HEADER_BYTES } from '../../schemas/codec.ts';
import { Malformed } from '../../schemas/malformed.ts';

export type ArchiveCodec = 'null' | 'deflate';

/** A closed segment, ready to be stored. */
export interface ArchivedSegment {
  readonly key: string;
  readonly bytes: Uint8Array;
  readonly records: number;
  /** {@link RecordsHash}, in hexadecimal. */
  readonly recordsSha256: string;
}

/** Records in one block of the container: fixed, so that the same segment is cut the same way. */
export const CONTAINER_BLOCK_RECORDS = 4096;

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
  /** Index of the field by the first four bytes of its fingerprint. */
  #fields = new Map<number, number>();
  #data = new Uint8Array(64 * 1024);
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

  /** The record at {@link nextOffset}, in single-object encoding. Throws {@link Malformed} on a schema that nobody recorded. */
  append(payload: Uint8Array, chainKey: number): void {
    const field = this.#fieldOf(payload);
    const fields = this.#shape.fields.length;
    const bodyBytes = payload.length - HEADER_BYTES;
    const room = HEAD_BYTES_MAX + fields + bodyBytes;
    if (this.#end + room > this.#data.length) this.#grow(room);
    const data = this.#data;
    let at = writeLong(data, this.#end, this.nextOffset);
    at = writeLong(data, at, chainKey);
    at = writeLong(data, at, field);
    at = writeLong(data, at, bodyBytes);
    // Loops, because a record is short: a call to fill or copy costs more than what it does here.
    for (let nulls = 0; nulls < field; nulls++) data[at++] = 0;
    data[at++] = 2;
    for (let from = HEADER_BYTES; from < payload.length; from++) data[at++] = payload[from]!;
    for (let nulls = field + 1; nulls < fields; nulls++) data[at++] = 0;
    this.#end = at;
    this.#hash.add(chainKey, payload);
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

  #fieldOf(payload: Uint8Array): number {
    const low = payload[2]! | (payload[3]! << 8) | (payload[4]! << 16) | (payload[5]! << 24);
    const index = this.#fields.get(low);
    if (index !== undefined && payload.length >= HEADER_BYTES) return index;
    const fingerprint = Buffer.from(payload.subarray(2, HEADER_BYTES)).toString('hex');
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
      this.#shape.fields.map(({ fingerprint }, index) => [Buffer.from(fingerprint, 'hex').readInt32LE(0), index]),
    );
    if (this.#fields.size !== this.#shape.fields.length)
      throw new Malformed('two schemas share the first half of their fingerprints', 2);
  }

  #closeBlock(): void {
    if (this.#inBlock === 0) return;
    const data = this.#data.subarray(0, this.#end);
    const bytes = this.#codec === 'deflate' ? deflateRawSync(data, { level: 1 }) : data.slice();
    this.#blocks.push({ records: this.#inBlock, bytes });
    this.#inBlock = 0;
    this.#end = 0;
  }

  #grow(room: number): void {
    const larger = new Uint8Array(Math.max(this.#data.length * 2, this.#end + room));
    larger.set(this.#data.subarray(0, this.#end));
    this.#data = larger;
  }
}

/**
 * SHA-256 over what the log holds: chain key and length, 4 bytes each, lowest first, then the payload, record after record.
 * It does not depend on codec or schema of the file, so the same records have the same hash for ever.
 */
export class RecordsHash {
  readonly #hash = createHash('sha256');
  #bytes = Buffer.allocUnsafe(256 * 1024);
  #end = 0;

  add(chainKey: number, payload: Uint8Array): void {
    const room = 8 + payload.length;
    if (this.#end + room > this.#bytes.length) {
      this.#flush();
      if (room > this.#bytes.length) this.#bytes = Buffer.allocUnsafe(room);
    }
    const bytes = this.#bytes;
    let at = bytes.writeUInt32LE(payload.length, bytes.writeUInt32LE(chainKey, this.#end));
    for (let from = 0; from < payload.length; from++) bytes[at++] = payload[from]!;
    this.#end = at;
  }

  /** In hexadecimal; once. */
  digest(): string {
    this.#flush();
    return this.#hash.digest('hex');
  }

  #flush(): void {
    this.#hash.update(this.#bytes.subarray(0, this.#end));
    this.#end = 0;
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
