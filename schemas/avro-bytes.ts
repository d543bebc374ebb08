/**
 * Avro's primitive types on bytes, for the generated codec. Writing takes and returns a position; the caller has made
 * sure of the room. Reading moves one cursor, which `openCursor` sets: the bytes are bounded by it, and the first fault
 * throws {@link Malformed}. Both sides are canonical: what reads is written back as the same bytes.
 *
 * Longs are zigzag varints of doubles, never BigInt: a number above 31 bits is cut into its lowest 27 bits and the rest,
 * so that every step stays in 32-bit integers.
 */
import { InvariantBroken } from './assert.ts';
import { Malformed } from './malformed.ts';

const TWO_27 = 2 ** 27;
const PER_TWO_27 = 2 ** -27;
const MAX_SAFE = BigInt(Number.MAX_SAFE_INTEGER);

/** Bytes a long takes at most within 2^53 - 1. */
export const LONG_BYTES_MAX = 8;
export const INT_BYTES_MAX = 5;

/** Bytes a string takes at most: its length, then three bytes a UTF-16 unit. */
export function stringBytesMax(text: string): number {
  return INT_BYTES_MAX + text.length * 3;
}

export function writeLong(bytes: Uint8Array, at: number, value: number): number {
  const small = value | 0;
  if (small !== value) return writeBigLong(bytes, at, value);
  const zigzag = ((small << 1) ^ (small >> 31)) >>> 0;
  if (zigzag < 0x80) {
    bytes[at] = zigzag;
    return at + 1;
  }
  bytes[at] = (zigzag & 0x7f) | 0x80;
  if (zigzag < 0x4000) {
    bytes[at + 1] = zigzag >>> 7;
    return at + 2;
  }
  bytes[at + 1] = ((zigzag >>> 7) & 0x7f) | 0x80;
  if (zigzag < 0x20_0000) {
    bytes[at + 2] = zigzag >>> 14;
    return at + 3;
  }
  bytes[at + 2] = ((zigzag >>> 14) & 0x7f) | 0x80;
  if (zigzag < 0x1000_0000) {
    bytes[at + 3] = zigzag >>> 21;
    return at + 4;
  }
  bytes[at + 3] = ((zigzag >>> 21) & 0x7f) | 0x80;
  bytes[at + 4] = zigzag >>> 28;
  return at + 5;
}

function writeBigLong(bytes: Uint8Array, at: number, value: number): number {
  if (!Number.isSafeInteger(value)) throw new InvariantBroken(`${value} is no safe integer and cannot be written`);
  const magnitude = value < 0 ? -value - 1 : value;
  const upper = Math.floor(magnitude * PER_TWO_27) | 0;
  const lower = ((magnitude - upper * TWO_27) << 1) | (value < 0 ? 1 : 0);
  bytes[at] = (lower & 0x7f) | 0x80;
  bytes[at + 1] = ((lower >>> 7) & 0x7f) | 0x80;
  bytes[at + 2] = ((lower >>> 14) & 0x7f) | 0x80;
  bytes[at + 3] = (lower >>> 21) | 0x80;
  if (upper < 0x80) {
    bytes[at + 4] = upper;
    return at + 5;
  }
  bytes[at + 4] = (upper & 0x7f) | 0x80;
  if (upper < 0x4000) {
    bytes[at + 5] = upper >>> 7;
    return at + 6;
  }
  bytes[at + 5] = ((upper >>> 7) & 0x7f) | 0x80;
  if (upper < 0x20_0000) {
    bytes[at + 6] = upper >>> 14;
    return at + 7;
  }
  bytes[at + 6] = ((upper >>> 14) & 0x7f) | 0x80;
  bytes[at + 7] = upper >>> 21;
  return at + 8;
}

/** A long of all 64 bits. Few records have one: what is short goes the short way. */
export function writeWide(bytes: Uint8Array, at: number, value: bigint): number {
  if (value <= MAX_SAFE && value >= -MAX_SAFE) return writeLong(bytes, at, Number(value));
  if (BigInt.asIntN(64, value) !== value) throw new InvariantBroken(`${value} leaves the 64 bits of a long`);
  let zigzag = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  let end = at;
  while (zigzag > 0x7fn) {
    bytes[end++] = Number(zigzag & 0x7fn) | 0x80;
    zigzag >>= 7n;
  }
  bytes[end++] = Number(zigzag);
  return end;
}

export function writeInt(bytes: Uint8Array, at: number, value: number): number {
  if ((value | 0) !== value) throw new InvariantBroken(`${value} is no 32-bit integer and cannot be written as int`);
  return writeLong(bytes, at, value);
}

export function writeBoolean(bytes: Uint8Array, at: number, value: boolean): number {
  bytes[at] = value === true ? 1 : 0;
  return at + 1;
}

export function writeString(bytes: Uint8Array, at: number, text: string): number {
  const length = text.length;
  if (length > 63) return writeLongString(bytes, at, text);
  bytes[at] = length << 1;
  const start = at + 1;
  for (let index = 0; index < length; index += 1) {
    const unit = text.charCodeAt(index);
    if (unit > 0x7f) return writeLongString(bytes, at, text);
    bytes[start + index] = unit;
  }
  return start + length;
}

function writeLongString(bytes: Uint8Array, at: number, text: string): number {
  if (!text.isWellFormed()) throw new InvariantBroken('a string with half a surrogate pair cannot be written');
  const byteLength = Buffer.byteLength(text, 'utf8');
  const start = writeLong(bytes, at, byteLength);
  encoder.encodeInto(text, bytes.subarray(start, start + byteLength));
  return start + byteLength;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

// One constant object, not three variables: optimised code knows where it lies.
const reading: { bytes: Uint8Array; at: number; limit: number } = { bytes: new Uint8Array(0), at: 0, limit: 0 };

/** Reading starts at `at` and never touches `end` or beyond. */
export function openCursor(bytes: Uint8Array, at: number, end: number): void {
  reading.bytes = bytes;
  reading.at = at;
  reading.limit = end;
}

export function cursorPosition(): number {
  return reading.at;
}

export function readLong(): number {
  const { bytes, limit } = reading;
  let at = reading.at;
  if (at >= limit) throw truncated();
  let byte = bytes[at++]!;
  if (byte < 0x80) {
    reading.at = at;
    return (byte >>> 1) ^ -(byte & 1);
  }
  let lower = byte & 0x7f;
  for (let shift = 7; shift < 28; shift += 7) {
    if (at >= limit) throw truncated();
    byte = bytes[at++]!;
    lower |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (byte === 0) throw notShortest();
      reading.at = at;
      return (lower >>> 1) ^ -(lower & 1);
    }
  }
  let upper = 0;
  for (let shift = 0; shift < 28; shift += 7) {
    if (at >= limit) throw truncated();
    byte = bytes[at++]!;
    upper |= (byte & 0x7f) << shift;
    if (byte < 0x80) {
      if (byte === 0) throw notShortest();
      const magnitude = upper * TWO_27 + (lower >>> 1);
      const value = (lower & 1) === 0 ? magnitude : -magnitude - 1;
      if (!Number.isSafeInteger(value)) throw new Malformed('a long beyond 2^53 - 1', reading.at);
      reading.at = at;
      return value;
    }
  }
  throw new Malformed('a long beyond 2^53 - 1', reading.at);
}

/** A long of all 64 bits. */
export function readWide(): bigint {
  let zigzag = 0n;
  for (let at = reading.at, shift = 0n; shift < 70n; shift += 7n) {
    if (at >= reading.limit) throw truncated();
    const byte = reading.bytes[at++]!;
    zigzag |= BigInt(byte & 0x7f) << shift;
    if (byte >= 0x80) continue;
    if (byte === 0 && shift > 0n) throw notShortest();
    if (zigzag >= 1n << 64n) break;
    reading.at = at;
    return (zigzag >> 1n) ^ -(zigzag & 1n);
  }
  throw new Malformed('a long beyond 64 bits', reading.at);
}

export function readInt(): number {
  const start = reading.at;
  const value = readLong();
  if ((value | 0) !== value) throw new Malformed('an int beyond 32 bits', start);
  return value;
}

export function readBoolean(): boolean {
  if (reading.at >= reading.limit) throw truncated();
  const byte = reading.bytes[reading.at]!;
  if (byte > 1) throw new Malformed(`a boolean of ${byte}`, reading.at);
  reading.at += 1;
  return byte === 1;
}

/** Index of an enum's symbol, or of a union's branch. */
export function readIndex(count: number, what: 'enum' | 'union'): number {
  const start = reading.at;
  const index = readLong();
  if (index < 0 || index >= count)
    throw new Malformed(`index ${index} of ${what === 'enum' ? 'an enum' : 'a union'} that has ${count}`, start);
  return index;
}

/** Whether a `["null", X]` holds an X. */
export function readPresence(): boolean {
  return readIndex(2, 'union') === 1;
}

export function readString(): string {
  const start = reading.at;
  const byteLength = readLong();
  const from = reading.at;
  if (byteLength < 0) throw new Malformed(`a string of ${byteLength} bytes`, start);
  if (byteLength > reading.limit - from)
    throw new Malformed(`a string of ${byteLength} bytes, with ${reading.limit - from} left`, start);
  const to = from + byteLength;
  reading.at = to;
  if (byteLength === 0) return '';
  let bits = 0;
  for (let at = from; at < to; at += 1) bits |= reading.bytes[at]!;
  if (bits < 0x80) return latin1Slice.call(reading.bytes, from, to);
  try {
    return decoder.decode(reading.bytes.subarray(from, to));
  } catch {
    throw new Malformed('a string that is not UTF-8', from);
  }
}

/**
 * Number of items of an array. An array is one block and the closing zero, as every encoder of ours writes it; each item
 * takes a byte or more, so a count above what is left is refused before anything is allocated.
 */
export function readCount(): number {
  const start = reading.at;
  const count = readLong();
  if (count < 0) throw new Malformed('an array block with a byte size', start);
  if (count > reading.limit - reading.at)
    throw new Malformed(`an array of ${count} items, with ${reading.limit - reading.at} bytes left`, start);
  return count;
}

/** The zero that closes a non-empty array. */
export function readArrayEnd(): void {
  const start = reading.at;
  if (readLong() !== 0) throw new Malformed('an array in more than one block', start);
}

// A view of the bytes as a Buffer would cost an allocation a string; the method takes any Uint8Array.
const latin1Slice = (Buffer.prototype as unknown as { latin1Slice(this: Uint8Array, from: number, to: number): string })
  .latin1Slice;

function truncated(): Malformed {
  return new Malformed('the bytes end too early', reading.limit);
}

function notShortest(): Malformed {
  return new Malformed('a number not in its shortest form', reading.at);
}
