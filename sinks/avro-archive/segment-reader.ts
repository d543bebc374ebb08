import { crc32, inflateRawSync, zstdDecompressSync } from 'node:zlib';
import { z } from 'zod';
import { ARCHIVE_HEAD_FIELDS, parseKey, type SegmentName, syncMarker } from '../../schemas/archive-format.ts';
import { cursorPosition, openCursor, readLong, readString } from '../../schemas/avro-bytes.ts';
import { HEADER_BYTES } from '../../schemas/codec.ts';
import { CHAIN_KEYS } from '../../schemas/log-format.ts';
import { Malformed } from '../../schemas/malformed.ts';
import { RecordsHash } from './segment-writer.ts';

/** A record as it stood in the log. */
export interface ArchivedRecord {
  readonly offset: number;
  readonly chainKey: number;
  /** Single-object encoding. */
  readonly payload: Uint8Array;
}

export interface SegmentContent {
  readonly name: SegmentName;
  readonly records: readonly ArchivedRecord[];
  /** {@link RecordsHash}, in hexadecimal. */
  readonly recordsSha256: string;
}

const headerNames = z.array(z.looseObject({ name: z.string() })).min(ARCHIVE_HEAD_FIELDS + 1);
const headerFingerprints = z.record(z.string(), z.string().regex(/^[0-9a-f]{16}$/));

/** Largest uncompressed block that is believed. */
const BLOCK_BYTES_MAX = 256 * 2 ** 20;

/**
 * Reads a segment and judges all of it: the key, the header, every sync marker, that offsets are dense and are those of
 * the key, that every field but one is null. Throws {@link Malformed} with what is wrong.
 */
export function readSegment(key: string, bytes: Uint8Array): SegmentContent {
  const name = parseKey(key);
  if (!name) throw new Malformed(`"${key}" is no key of a segment`, 0);
  const { meta, sync, end } = readHeader(bytes);
  const schema = meta.get('avro.schema') ?? '';
  const fingerprints = meta.get('sluice.fingerprints') ?? '';
  const marker = syncMarker(key, schema, fingerprints);
  if (Buffer.compare(marker, sync) !== 0) {
    throw new Malformed('the sync marker is not that of key, schema and fingerprints', end - 16);
  }
  if (meta.get('sluice.generation') !== String(name.generation)) throw new Malformed('it is of another generation', 0);
  if (meta.get('sluice.blocks_crc32') !== String(crc32(bytes.subarray(end)))) {
    throw new Malformed('the sum of its blocks is not that of the header', end);
  }
  const codec = meta.get('avro.codec');
  if (codec !== 'null' && codec !== 'deflate' && codec !== 'zstandard') throw new Malformed(`codec "${codec}"`, 0);
  const heads = fingerprintsOf(schema, fingerprints).map((fingerprint) => Buffer.from(`c301${fingerprint}`, 'hex'));
  const hash = new RecordsHash();
  const records: ArchivedRecord[] = [];
  for (let at = end; at < bytes.length; ) {
    openCursor(bytes, at, bytes.length);
    const count = readLong();
    const length = readLong();
    const start = cursorPosition();
    if (count <= 0 || length < 0 || start + length + 16 > bytes.length) {
      throw new Malformed('a block beyond the end of the file', at);
    }
    const stored = bytes.subarray(start, start + length);
    const data = codec === 'null' ? stored : inflated(stored, codec, at);
    readBlock(data, count, name.firstOffset + records.length, heads, records);
    at = start + length;
    if (Buffer.compare(bytes.subarray(at, at + 16), sync) !== 0)
      throw new Malformed('no sync marker after a block', at);
    at += 16;
  }
  const wanted = name.lastOffset - name.firstOffset + 1;
  if (records.length !== wanted) throw new Malformed(`${records.length} records, the key says ${wanted}`, bytes.length);
  for (const { chainKey, payload } of records) hash.add(chainKey, payload);
  return { name, records, recordsSha256: hash.digest() };
}

function readBlock(
  data: Uint8Array,
  count: number,
  firstOffset: number,
  heads: readonly Buffer[],
  records: ArchivedRecord[],
): void {
  let at = 0;
  for (let index = 0; index < count; index++) {
    openCursor(data, at, data.length);
    const offset = readLong();
    const chainKey = readLong();
    const field = readLong();
    const bodyBytes = readLong();
    const start = cursorPosition() + field + 1;
    const head = heads[field];
    const end = start + bodyBytes + heads.length - field - 1;
    if (!head || bodyBytes < 0 || end > data.length) throw new Malformed('a record beyond the end of its block', at);
    if (chainKey < 0 || chainKey >= CHAIN_KEYS) throw new Malformed(`chain key ${chainKey}`, at);
    if (offset !== firstOffset + index) throw new Malformed(`offset ${offset}, not ${firstOffset + index}`, at);
    for (let nulls = cursorPosition(); nulls < end; nulls++) {
      if (nulls === start - 1) {
        if (data[nulls] !== 2) throw new Malformed('the record that type names is null', nulls);
        nulls = start + bodyBytes - 1;
      } else if (data[nulls] !== 0) throw new Malformed('a second record that is not null', nulls);
    }
    const payload = new Uint8Array(HEADER_BYTES + bodyBytes);
    payload.set(head, 0);
    payload.set(data.subarray(start, start + bodyBytes), HEADER_BYTES);
    records.push({ offset, chainKey, payload });
    at = end;
  }
  if (at !== data.length) throw new Malformed(`${data.length - at} bytes behind the last record of a block`, at);
}

function readHeader(bytes: Uint8Array): { meta: Map<string, string>; sync: Uint8Array; end: number } {
  if (bytes.length < 4 || bytes[0] !== 0x4f || bytes[1] !== 0x62 || bytes[2] !== 0x6a || bytes[3] !== 1) {
    throw new Malformed('no Avro object container', 0);
  }
  const meta = new Map<string, string>();
  openCursor(bytes, 4, bytes.length);
  for (let count = readLong(); count !== 0; count = readLong()) {
    if (count < 0 || count > 16) throw new Malformed(`${count} entries of the header`, cursorPosition());
    for (let index = 0; index < count; index++) meta.set(readString(), readString());
  }
  const at = cursorPosition();
  if (at + 16 > bytes.length) throw new Malformed('the header is cut short', at);
  return { meta, sync: bytes.subarray(at, at + 16), end: at + 16 };
}

/** Fingerprints of the record fields, in the order of the schema. The file says them itself: it may be older than this program. */
function fingerprintsOf(schema: string, fingerprints: string): string[] {
  let fields: unknown;
  let named: unknown;
  try {
    fields = (JSON.parse(schema) as { readonly fields?: unknown }).fields;
    named = JSON.parse(fingerprints);
  } catch (error) {
    throw new Malformed(`the header: ${(error as Error).message}`, 0);
  }
  const names = headerNames.safeParse(fields);
  const values = headerFingerprints.safeParse(named);
  if (!names.success || !values.success)
    throw new Malformed('the header does not say its fields and their fingerprints', 0);
  return names.data.slice(ARCHIVE_HEAD_FIELDS).map(({ name }) => {
    const fingerprint = values.data[name];
    if (fingerprint === undefined) throw new Malformed(`the header says no fingerprint of ${name}`, 0);
    return fingerprint;
  });
}

function inflated(stored: Uint8Array, codec: 'deflate' | 'zstandard', at: number): Uint8Array {
  const bound = { maxOutputLength: BLOCK_BYTES_MAX };
  try {
    return codec === 'deflate' ? inflateRawSync(stored, bound) : zstdDecompressSync(stored, bound);
  } catch (error) {
    throw new Malformed(`a block that does not inflate: ${(error as Error).message}`, at);
  }
}
