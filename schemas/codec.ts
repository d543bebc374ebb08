/**
 * Records to bytes and back, in Avro's single-object encoding: `C3 01`, the CRC-64-AVRO fingerprint of the writer's
 * schema (8 bytes, lowest first), then the body. The code that does the work is generated, one straight line a record.
 *
 * Decoding judges: bytes of a log are checked by their frame, but a record may also come from a topic or a file, so every
 * fault (cut short, trailing bytes, unknown schema, numbers beyond 2^53 - 1, text that is not UTF-8) is refused with
 * {@link Malformed}, in time bounded by the length of the bytes.
 */
import { InvariantBroken } from './assert.ts';
import { cursorPosition, openCursor } from './avro-bytes.ts';
import type { Envelope } from './envelope.ts';
import { type RecordCodec, recordCodecs } from './generated/codec.ts';
import type { AnyRecord, RecordType } from './generated/records.ts';
import { recordSchemas } from './generated/schemas.ts';
import { shapeOfRecord } from './generating/avro-schema.ts';
import { DoesNotFit, Malformed } from './malformed.ts';
import { decodeOlder } from './older-versions.ts';
import { pathOfFault } from './walk-bytes.ts';

export { DoesNotFit, Malformed };

/** Marker and fingerprint in front of every body. */
export const HEADER_BYTES = 10;

const codecByType: ReadonlyMap<string, RecordCodec> = new Map(recordCodecs.map((codec) => [codec.type, codec]));

// The first two bytes of a fingerprint find its codec without hashing; 0 means none. Fingerprints that share them are
// told apart by the others, and the second of such a pair is found by its text.
const slots = new Uint8Array(1 << 16);
const fingerprintLow = new Uint32Array(recordCodecs.length + 1);
const fingerprintHigh = new Uint32Array(recordCodecs.length + 1);
const codecByFingerprint: ReadonlyMap<string, RecordCodec> = new Map(
  recordCodecs.map((codec) => [codec.fingerprint, codec]),
);
for (const [index, codec] of recordCodecs.entries()) {
  const bytes = Buffer.from(codec.fingerprint, 'hex');
  const slot = bytes.readUInt16LE(0);
  if (slots[slot] === 0) slots[slot] = index + 1;
  fingerprintLow[index + 1] = bytes.readUInt32LE(0);
  fingerprintHigh[index + 1] = bytes.readUInt32LE(4);
}

let scratch = new Uint8Array(4096);

/**
 * Writes a record at `at` and returns where it ends. Throws {@link DoesNotFit}, with nothing changed, when `bytes` is too
 * short; {@link InvariantBroken} when a value cannot be written (no safe integer, no symbol of its enum).
 */
export function encodeRecord(envelope: Envelope, record: AnyRecord, bytes: Uint8Array, at: number): number {
  const codec = codecByType.get(record.type);
  if (codec === undefined) throw new InvariantBroken(`"${record.type}" is no record type`);
  const bound = codec.bound(record) + (envelope.traceparent === null ? 0 : envelope.traceparent.length * 3);
  if (at + bound <= bytes.length) return codec.encode(envelope, record, bytes, at);
  if (scratch.length < bound) scratch = new Uint8Array(bound * 2);
  const byteLength = codec.encode(envelope, record, scratch, 0);
  if (at + byteLength > bytes.length) throw new DoesNotFit(byteLength, Math.max(0, bytes.length - at));
  bytes.set(scratch.subarray(0, byteLength), at);
  return at + byteLength;
}

/**
 * As {@link encodeRecord}, where the caller has made sure of the room: `bytes` has at least as much behind `at` as the
 * largest record takes. For whoever writes millions a second.
 */
export function encodeWithRoom(envelope: Envelope, record: AnyRecord, bytes: Uint8Array, at: number): number {
  const codec = codecByType.get(record.type);
  if (codec === undefined) throw new InvariantBroken(`"${record.type}" is no record type`);
  return codec.encode(envelope, record, bytes, at);
}

/**
 * Reads the record that fills `bytes` from `at` to `end`, and its envelope into the one given. A record of an older
 * version comes in today's form. Throws {@link Malformed}.
 */
export function decodeRecord(bytes: Uint8Array, at: number, end: number, envelope: Envelope): AnyRecord {
  const codec = codecAt(bytes, at, end);
  if (codec === undefined) return decodeOlder(bytes, at, end, envelope);
  openCursor(bytes, at + HEADER_BYTES, end);
  let record: AnyRecord;
  try {
    record = codec.decode(envelope);
  } catch (fault) {
    throw named(fault, codec.type, bytes, at, end);
  }
  const read = cursorPosition();
  if (read !== end) throw new Malformed(`${end - read} bytes after the record`, read, codec.type);
  return record;
}

/**
 * As {@link decodeRecord}, into a record of the same type that `spare` gives; undefined: into a new one. For whoever reads
 * millions a second and keeps none of them.
 */
export function decodeInto(
  bytes: Uint8Array,
  at: number,
  end: number,
  envelope: Envelope,
  spare: (type: RecordType) => AnyRecord | undefined,
): AnyRecord {
  const codec = codecAt(bytes, at, end);
  const record = codec && spare(codec.type);
  if (record === undefined) return decodeRecord(bytes, at, end, envelope);
  openCursor(bytes, at + HEADER_BYTES, end);
  try {
    codec!.refill(envelope, record);
  } catch (fault) {
    throw named(fault, codec!.type, bytes, at, end);
  }
  const read = cursorPosition();
  if (read !== end) throw new Malformed(`${end - read} bytes after the record`, read, codec!.type);
  return record;
}

/** Type of the record at `at`, of today's version or an older one, without decoding it. Throws {@link Malformed}. */
export function recordTypeAt(bytes: Uint8Array, at: number, end: number): RecordType | undefined {
  return codecAt(bytes, at, end)?.type;
}

/** Fingerprint of a record's schema as it stands in the bytes, in hexadecimal. */
export function fingerprintOfType(type: RecordType): string {
  return codecByType.get(type)!.fingerprint;
}

function codecAt(bytes: Uint8Array, at: number, end: number): RecordCodec | undefined {
  if (at < 0 || end > bytes.length || end - at < HEADER_BYTES) {
    throw new Malformed(`${Math.max(0, end - at)} bytes, too few for a record's header`, at);
  }
  if (bytes[at] !== 0xc3 || bytes[at + 1] !== 0x01) {
    throw new Malformed('no single-object marker C3 01', at);
  }
  const low = bytes[at + 2]! | (bytes[at + 3]! << 8) | (bytes[at + 4]! << 16) | (bytes[at + 5]! << 24);
  const high = bytes[at + 6]! | (bytes[at + 7]! << 8) | (bytes[at + 8]! << 16) | (bytes[at + 9]! << 24);
  const slot = slots[low & 0xffff]!;
  if (slot !== 0 && (fingerprintLow[slot]! | 0) === low && (fingerprintHigh[slot]! | 0) === high) {
    return recordCodecs[slot - 1];
  }
  return codecByFingerprint.get(Buffer.from(bytes.subarray(at + 2, at + HEADER_BYTES)).toString('hex'));
}

function named(fault: unknown, type: RecordType, bytes: Uint8Array, at: number, end: number): unknown {
  if (!(fault instanceof Malformed)) return fault;
  const path = pathOfFault(shapeOfRecord(recordSchemas[type]), bytes, at + HEADER_BYTES, end);
  return new Malformed(fault.what, fault.at, path);
}
