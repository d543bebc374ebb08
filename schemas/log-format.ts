/**
 * The layout of the embedded log's files: what another program needs to read a segment without our code.
 *
 * A log is a folder of segments. A segment is a header, then commits, then zeros to the end of the preallocated file. A commit is one
 * or more record frames, closed by a trailer; what stands behind the last trailer is no part of the log. All whole numbers are
 * little-endian; frames, trailers and headers begin and end on multiples of 8 bytes.
 *
 *     segment   file name: number of its first commit, 12 digits, `.log`
 *               header  | commit | commit | ... | zeros
 *     commit    frame | frame | ... | trailer      (a commit without frames is legal: it acknowledges the one before)
 *
 *     frame     0  length u24        24 + payload bytes; padding to 8 not counted
 *               3  commit u8         number of the frame's commit modulo 256: tells a torn commit from a damaged earlier one
 *               4  crc u32           CRC-32 of all that follows in the frame, padding included
 *               8  prev u32          crc of the record before in the same chain; 0 for the first
 *               12 chain u32         edge (5 bits), source partition (6), target partition (6)
 *               16 log u8            number of the logical log
 *               17 partition u8
 *               18 offset u48        position in (log, partition), dense
 *               24 payload           Avro single-object encoding, then zeros to the next multiple of 8
 *
 *     trailer   0  marker u32        no legal frame begins like it
 *               4  crc u32           CRC-32 of bytes 8 to 71
 *               8  commit u64        numbers are dense over the whole log, from 1
 *               16 records u32       frames of the commit
 *               20 reserved u32      0
 *               24 bytes u64         of the commit's frames
 *               32 acknowledged u64  highest commit known durable when this one was written
 *               40 hash              SHA-256 over the hash of the commit before, the frames, and bytes 8 to 39 of this trailer
 *
 *     header    0  magic 8 bytes
 *               8  crc u32           CRC-32 of bytes 12 to the header's end
 *               12 version u32
 *               16 header bytes u32  multiple of 8
 *               20 generation u32
 *               24 segment u64       number of the segment, dense, from 1
 *               32 first commit u64
 *               40 previous end u64  where the commits of the segment before end, in bytes of that file; 0 for the first
 *               48 previous hash     of the last commit before this segment; zeros at the beginning
 *               80 counts 3 x u32    schema fingerprints, chains, positions
 *               92 reserved u32      0
 *               96 fingerprints      8 bytes each, as they stand in a payload
 *                  chains            chain u32, crc u32 each: the last crc of every chain before this segment
 *                  positions         log u8, partition u8, next offset u48 each
 */

export const SEGMENT_MAGIC = 'SLUICLOG';
export const LOG_FORMAT_VERSION = 1;

export const FRAME_HEADER_BYTES = 24;
/** A frame's length has 24 bits; this bound keeps it apart from the trailer's marker. */
export const FRAME_LENGTH_MAX = 4 * 1024 * 1024;
export const FRAME_LENGTH_AT = 0;
export const FRAME_CRC_AT = 4;
export const FRAME_PREV_AT = 8;
export const FRAME_CHAIN_AT = 12;
export const FRAME_LOG_AT = 16;
export const FRAME_PAYLOAD_AT = 24;

/** Read as a frame it would be 5,524,562 bytes long, which no frame is. */
export const TRAILER_MARKER = 0xf5_54_4c_52;
export const TRAILER_BYTES = 72;
export const TRAILER_CRC_AT = 4;
export const TRAILER_COMMIT_AT = 8;
export const TRAILER_RECORDS_AT = 16;
export const TRAILER_RESERVED_AT = 20;
export const TRAILER_FRAME_BYTES_AT = 24;
export const TRAILER_ACKNOWLEDGED_AT = 32;
export const TRAILER_HASH_AT = 40;
export const HASH_BYTES = 32;

export const HEADER_FIXED_BYTES = 96;
export const HEADER_CRC_AT = 8;
export const HEADER_VERSION_AT = 12;
export const HEADER_BYTES_AT = 16;
export const HEADER_GENERATION_AT = 20;
export const HEADER_SEGMENT_AT = 24;
export const HEADER_FIRST_COMMIT_AT = 32;
export const HEADER_PREVIOUS_END_AT = 40;
export const HEADER_PREVIOUS_HASH_AT = 48;
export const HEADER_COUNTS_AT = 80;

/** Edges have 5 bits, partitions of a chain 6 bits each. */
export const CHAIN_KEYS = 1 << 17;
/** Logs have 5 bits, partitions 8. */
export const LOGS_MAX = 32;
export const PARTITIONS_MAX = 256;
export const LOG_SLOTS = LOGS_MAX * PARTITIONS_MAX;
export const OFFSET_MAX = 2 ** 48 - 1;

export function chainName(key: number): string {
  return `edge ${key >>> 12}, ${(key >>> 6) & 63} to ${key & 63}`;
}

/** Bytes that a payload of this size takes in the log. */
export function frameBytes(payloadBytes: number): number {
  return (FRAME_HEADER_BYTES + payloadBytes + 7) & ~7;
}

export function segmentName(firstCommit: number): string {
  return `${String(firstCommit).padStart(12, '0')}.log`;
}

/** The first commit of a segment by its file's name; undefined for other files. */
export function firstCommitOf(name: string): number | undefined {
  return /^\d{12}\.log$/.test(name) ? Number(name.slice(0, 12)) : undefined;
}

/** u64 below 2^53 as a number; more than that is read as Infinity, so that it fails every comparison. */
export function readU64(view: DataView, at: number): number {
  const high = view.getUint32(at + 4, true);
  return high > 0x1f_ff_ff ? Number.POSITIVE_INFINITY : high * 0x1_0000_0000 + view.getUint32(at, true);
}

export function writeU64(view: DataView, at: number, value: number): void {
  view.setUint32(at, value % 0x1_0000_0000, true);
  view.setUint32(at + 4, Math.floor(value / 0x1_0000_0000), true);
}
