/**
 * What is left behind the last whole commit of a log, and what it proves. See the tail rule in recover-log.ts.
 */
import { crc32 } from 'node:zlib';
import {
  CHAIN_KEYS,
  FRAME_HEADER_BYTES,
  FRAME_LENGTH_MAX,
  LOGS_MAX,
  readU64,
  TRAILER_BYTES,
  TRAILER_COMMIT_AT,
  TRAILER_CRC_AT,
  TRAILER_MARKER,
} from '../../../schemas/log-format.ts';
import type { Disk } from '../outside/disk.ts';
import { crc32OfRange } from './crc32.ts';

/** All bytes of a file from `from` on. */
export function readTail(disk: Disk, path: string, from: number): Uint8Array {
  // Kept whole: a frame may lie anywhere in it. A segment's size is the bound.
  const file = disk.open(path, 'read');
  try {
    const bytes = new Uint8Array(Math.max(0, file.size() - from));
    let at = 0;
    while (at < bytes.length) {
      const count = file.read(bytes, at, bytes.length - at, from + at);
      if (count === 0) break;
      at += count;
    }
    return bytes;
  } finally {
    file.close();
  }
}

/** Index of the last byte that is not zero; -1: none. */
export function lastNonZero(bytes: Uint8Array): number {
  for (let at = bytes.length - 1; at >= 0; at--) if (bytes[at] !== 0) return at;
  return -1;
}

/**
 * What proves that the commit in `tail` was followed by another, or was there before: a trailer or a record of any other commit. Records of
 * `commit` itself prove nothing: a crash keeps any part of what was not synced.
 */
export function validBehind(tail: Uint8Array, commit: number): string | undefined {
  // A copy is aligned, whatever the tail's place in the file.
  const bytes = new Uint8Array((tail.length + 7) & ~7);
  bytes.set(tail);
  const words = new Int32Array(bytes.buffer);
  const view = new DataView(bytes.buffer);
  const bits = commit & 0xff;
  for (let at = 0; at + FRAME_HEADER_BYTES <= bytes.length; at += 8) {
    const word = words[at >> 2]! >>> 0;
    if (word === 0) continue;
    if (word === TRAILER_MARKER) {
      if (at + TRAILER_BYTES > bytes.length) continue;
      if (
        crc32(bytes.subarray(at + TRAILER_COMMIT_AT, at + TRAILER_BYTES)) !== view.getUint32(at + TRAILER_CRC_AT, true)
      )
        continue;
      const found = readU64(view, at + TRAILER_COMMIT_AT);
      if (found !== commit) return `the trailer of commit ${found}`;
      continue;
    }
    const length = word & 0xff_ff_ff;
    const end = at + ((length + 7) & ~7);
    if (length < FRAME_HEADER_BYTES || length > FRAME_LENGTH_MAX || end > bytes.length || word >>> 24 === bits)
      continue;
    if (words[(at >> 2) + 3]! >>> 0 >= CHAIN_KEYS || bytes[at + 16]! >= LOGS_MAX) continue;
    if (crc32OfRange(bytes, words, at + 8, end) !== words[(at >> 2) + 1]! >>> 0) continue;
    return `a record of another commit (${word >>> 24} modulo 256)`;
  }
  return undefined;
}
