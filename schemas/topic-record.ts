/**
 * How one event lies in a topic: what another program needs to read it without our code.
 *
 * The value is the event alone, in Avro's single-object encoding, so that any Avro reader decodes it. What law 2 asks
 * for stands in the header `sluice`, 36 bytes, little-endian:
 *
 *     0  version u8        1
 *     1  flags u8          bit 0: the last record that its cause sends to this partition
 *     2  reserved u16      0
 *     4  generation u32
 *     8  sequence u64      gapless within a chain
 *     16 cause u64         packed position (log 5 bits, partition 8, offset 40) of the inbox record; 0 at the head
 *     24 chain u32         edge (5 bits), source partition (6), target partition (6)
 *     28 prev u32          crc of the record before in the same chain; 0 for the first
 *     32 crc u32           CRC-32 of bytes 0 to 31, the session if there is one, and the value
 *
 * What enters the graph (a command of a gateway, a clock record) has a second header, `session`: text that names one run
 * of one process. Its chain is the session's; sequences of a session only serve to drop repeats.
 *
 * Repeats are records whose sequence their reader has seen. They hold no place: an event's offset is the number of
 * records before it in its partition that are no repeats, plus the partition's base in the catalog.
 */
import { crc32 } from 'node:zlib';

export const TOPIC_HEADER = 'sluice';
export const SESSION_HEADER = 'session';
export const TOPIC_HEADER_BYTES = 36;
/** Longest session name, bytes. */
export const SESSION_BYTES_MAX = 64;

/** Records for one partition in one send: beyond it the client's cost grows with the square. */
export const SEND_RECORDS_MAX = 500;

/** What was sent may be stored, in part, or not at all. */
export class SendInDoubt extends Error {
  override readonly name = 'SendInDoubt';
}

const VERSION = 1;
const LAST_FLAG = 1;
const CRC_AT = 32;
const TWO_32 = 0x1_0000_0000;

export interface TopicHeader {
  generation: number;
  sequence: number;
  causePosition: number;
  chainKey: number;
  prevCrc: number;
  crc: number;
  lastOfCause: boolean;
}

export function emptyTopicHeader(): TopicHeader {
  return { generation: 0, sequence: 0, causePosition: 0, chainKey: 0, prevCrc: 0, crc: 0, lastOfCause: false };
}

/** The header's bytes. `header.crc` is not read: it is worked out here, written, and set. */
export function encodeTopicHeader(header: TopicHeader, session: string, value: Uint8Array): Buffer {
  const bytes = Buffer.allocUnsafe(TOPIC_HEADER_BYTES);
  bytes[0] = VERSION;
  bytes[1] = header.lastOfCause ? LAST_FLAG : 0;
  bytes[2] = 0;
  bytes[3] = 0;
  bytes.writeUInt32LE(header.generation, 4);
  writeU64(bytes, 8, header.sequence);
  writeU64(bytes, 16, header.causePosition);
  bytes.writeUInt32LE(header.chainKey, 24);
  bytes.writeUInt32LE(header.prevCrc, 28);
  header.crc = checksum(bytes, session, value);
  bytes.writeUInt32LE(header.crc, CRC_AT);
  return bytes;
}

/** Fills `header`. A text instead says what is wrong with the record: nothing of it may be used then. */
export function decodeTopicHeader(
  bytes: Uint8Array | undefined,
  session: string,
  value: Uint8Array,
  header: TopicHeader,
): string | undefined {
  if (bytes === undefined) return `it has no header "${TOPIC_HEADER}": it was not sent by this exchange`;
  if (bytes.length !== TOPIC_HEADER_BYTES)
    return `its header has ${bytes.length} bytes, ${TOPIC_HEADER_BYTES} are expected`;
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (buffer[0] !== VERSION) return `its header is of version ${buffer[0]}; this program reads ${VERSION}`;
  header.crc = buffer.readUInt32LE(CRC_AT);
  const made = checksum(buffer, session, value);
  if (made !== header.crc) return `its checksum is ${header.crc}, its bytes give ${made}`;
  header.generation = buffer.readUInt32LE(4);
  header.sequence = readU64(buffer, 8);
  header.causePosition = readU64(buffer, 16);
  header.chainKey = buffer.readUInt32LE(24);
  header.prevCrc = buffer.readUInt32LE(28);
  header.lastOfCause = (buffer[1]! & LAST_FLAG) !== 0;
  return undefined;
}

function checksum(header: Buffer, session: string, value: Uint8Array): number {
  let crc = crc32(header.subarray(0, CRC_AT));
  if (session !== '') crc = crc32(session, crc);
  return crc32(value, crc);
}

function writeU64(bytes: Buffer, at: number, value: number): void {
  bytes.writeUInt32LE(value % TWO_32, at);
  bytes.writeUInt32LE(Math.floor(value / TWO_32), at + 4);
}

function readU64(bytes: Buffer, at: number): number {
  return bytes.readUInt32LE(at + 4) * TWO_32 + bytes.readUInt32LE(at);
}
