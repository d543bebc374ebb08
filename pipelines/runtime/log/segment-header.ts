import { crc32 } from 'node:zlib';
import {
  CHAIN_KEYS,
  HASH_BYTES,
  HEADER_BYTES_AT,
  HEADER_COUNTS_AT,
  HEADER_CRC_AT,
  HEADER_FIRST_COMMIT_AT,
  HEADER_FIXED_BYTES,
  HEADER_GENERATION_AT,
  HEADER_PREVIOUS_END_AT,
  HEADER_PREVIOUS_HASH_AT,
  HEADER_SEGMENT_AT,
  HEADER_VERSION_AT,
  LOG_FORMAT_VERSION,
  LOGS_MAX,
  readU64,
  SEGMENT_MAGIC,
  writeU64,
} from '../../../schemas/log-format.ts';
import type { DiskFile } from '../outside/disk.ts';
import type { LogTables } from './log-end.ts';

export interface SegmentHeader {
  readonly generation: number;
  /** From 1, dense. */
  readonly segment: number;
  readonly firstCommit: number;
  /** Where the commits of the segment before end, bytes; 0 for the first segment. */
  readonly previousEnd: number;
  /** Hash of the last commit before this segment. */
  readonly previousHash: Uint8Array;
  /** Of the schemas of the payloads, 8 bytes each. */
  readonly fingerprints: readonly Uint8Array[];
  readonly tables: LogTables;
  readonly headerBytes: number;
}

const FINGERPRINT_BYTES = 8;
const TABLE_ROW_BYTES = 8;
/** Room for every chain and position there can be. */
const HEADER_BYTES_MAX = 4 * 1024 * 1024;

export function encodeSegmentHeader(header: Omit<SegmentHeader, 'headerBytes'>): Uint8Array {
  const { fingerprints, tables } = header;
  const rows = tables.chains.length + tables.positions.length;
  const bytes = new Uint8Array(HEADER_FIXED_BYTES + fingerprints.length * FINGERPRINT_BYTES + rows * TABLE_ROW_BYTES);
  const view = new DataView(bytes.buffer);
  bytes.set(Buffer.from(SEGMENT_MAGIC, 'latin1'), 0);
  view.setUint32(HEADER_VERSION_AT, LOG_FORMAT_VERSION, true);
  view.setUint32(HEADER_BYTES_AT, bytes.length, true);
  view.setUint32(HEADER_GENERATION_AT, header.generation, true);
  writeU64(view, HEADER_SEGMENT_AT, header.segment);
  writeU64(view, HEADER_FIRST_COMMIT_AT, header.firstCommit);
  writeU64(view, HEADER_PREVIOUS_END_AT, header.previousEnd);
  bytes.set(header.previousHash, HEADER_PREVIOUS_HASH_AT);
  view.setUint32(HEADER_COUNTS_AT, fingerprints.length, true);
  view.setUint32(HEADER_COUNTS_AT + 4, tables.chains.length, true);
  view.setUint32(HEADER_COUNTS_AT + 8, tables.positions.length, true);
  let at = HEADER_FIXED_BYTES;
  for (const fingerprint of fingerprints) {
    bytes.set(fingerprint, at);
    at += FINGERPRINT_BYTES;
  }
  for (const { key, crc } of tables.chains) {
    view.setUint32(at, key, true);
    view.setUint32(at + 4, crc, true);
    at += TABLE_ROW_BYTES;
  }
  for (const { log, partition, next } of tables.positions) {
    bytes[at] = log;
    bytes[at + 1] = partition;
    view.setUint16(at + 2, next % 0x1_0000, true);
    view.setUint32(at + 4, Math.floor(next / 0x1_0000), true);
    at += TABLE_ROW_BYTES;
  }
  view.setUint32(HEADER_CRC_AT, crc32(bytes.subarray(HEADER_VERSION_AT)), true);
  return bytes;
}

/** Reads the header of a segment file. A string instead of a header says what is wrong with it. */
export function readSegmentHeader(file: DiskFile): SegmentHeader | string {
  const fixed = readExactly(file, HEADER_FIXED_BYTES);
  if (!fixed) return 'the file is shorter than a segment header';
  if (Buffer.from(fixed.subarray(0, SEGMENT_MAGIC.length)).toString('latin1') !== SEGMENT_MAGIC) {
    return 'the file does not begin like a segment';
  }
  const headerBytes = new DataView(fixed.buffer).getUint32(HEADER_BYTES_AT, true);
  if (headerBytes < HEADER_FIXED_BYTES || headerBytes > HEADER_BYTES_MAX || headerBytes % 8 !== 0) {
    return `the segment header says it has ${headerBytes} bytes`;
  }
  const bytes = readExactly(file, headerBytes);
  if (!bytes) return 'the file is shorter than its segment header';
  return decodeSegmentHeader(bytes);
}

function decodeSegmentHeader(bytes: Uint8Array): SegmentHeader | string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (crc32(bytes.subarray(HEADER_VERSION_AT)) !== view.getUint32(HEADER_CRC_AT, true)) {
    return 'checksum of the segment header is wrong';
  }
  const version = view.getUint32(HEADER_VERSION_AT, true);
  if (version !== LOG_FORMAT_VERSION) return `log format ${version}; this program reads ${LOG_FORMAT_VERSION}`;
  const fingerprintCount = view.getUint32(HEADER_COUNTS_AT, true);
  const chainCount = view.getUint32(HEADER_COUNTS_AT + 4, true);
  const positionCount = view.getUint32(HEADER_COUNTS_AT + 8, true);
  const rows = fingerprintCount + chainCount + positionCount;
  if (view.getUint32(HEADER_COUNTS_AT + 12, true) !== 0) return 'a reserved field of the segment header is not 0';
  if (HEADER_FIXED_BYTES + rows * TABLE_ROW_BYTES !== bytes.length) return 'tables of the segment header do not fit it';
  let at = HEADER_FIXED_BYTES;
  const fingerprints: Uint8Array[] = [];
  for (let index = 0; index < fingerprintCount; index++, at += FINGERPRINT_BYTES) {
    fingerprints.push(bytes.slice(at, at + FINGERPRINT_BYTES));
  }
  const chains: { key: number; crc: number }[] = [];
  for (let index = 0; index < chainCount; index++, at += TABLE_ROW_BYTES) {
    const key = view.getUint32(at, true);
    if (key >= CHAIN_KEYS) return `the segment header names chain ${key}`;
    chains.push({ key, crc: view.getUint32(at + 4, true) });
  }
  const positions: { log: number; partition: number; next: number }[] = [];
  for (let index = 0; index < positionCount; index++, at += TABLE_ROW_BYTES) {
    const log = bytes[at]!;
    if (log >= LOGS_MAX) return `the segment header names log ${log}`;
    const next = view.getUint32(at + 4, true) * 0x1_0000 + view.getUint16(at + 2, true);
    positions.push({ log, partition: bytes[at + 1]!, next });
  }
  return {
    generation: view.getUint32(HEADER_GENERATION_AT, true),
    segment: readU64(view, HEADER_SEGMENT_AT),
    firstCommit: readU64(view, HEADER_FIRST_COMMIT_AT),
    previousEnd: readU64(view, HEADER_PREVIOUS_END_AT),
    previousHash: bytes.slice(HEADER_PREVIOUS_HASH_AT, HEADER_PREVIOUS_HASH_AT + HASH_BYTES),
    fingerprints,
    tables: { chains, positions },
    headerBytes: bytes.length,
  };
}

function readExactly(file: DiskFile, length: number): Uint8Array | undefined {
  const bytes = new Uint8Array(length);
  let at = 0;
  while (at < length) {
    const count = file.read(bytes, at, length - at, at);
    if (count === 0) return undefined;
    at += count;
  }
  return bytes;
}
