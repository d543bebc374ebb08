/** Kraken's checksum of a book, for machines without `node:zlib`. */
import type { LevelPayload } from '../../schemas/socket-payloads.ts';

const LEVELS = 10;

const table = Uint32Array.from({ length: 256 }, (_, byte) => {
  let value = byte;
  for (let bit = 0; bit < 8; bit++) value = value & 1 ? (value >>> 1) ^ 0xedb8_8320 : value >>> 1;
  return value >>> 0;
});

/** Both sides best first; asks come before bids. Unsigned. */
export function bookChecksum(asks: readonly LevelPayload[], bids: readonly LevelPayload[]): number {
  let crc = 0xffff_ffff;
  const add = (decimal: string): void => {
    let leading = true;
    for (let at = 0; at < decimal.length; at++) {
      const code = decimal.charCodeAt(at);
      if (code === POINT || (leading && code === ZERO)) continue;
      leading = false;
      crc = table[(crc ^ code) & 0xff]! ^ (crc >>> 8);
    }
  };
  for (const side of [asks, bids]) {
    for (let index = 0; index < Math.min(LEVELS, side.length); index++) {
      add(side[index]![0]);
      add(side[index]![1]);
    }
  }
  return (crc ^ 0xffff_ffff) >>> 0;
}

const POINT = 46;
const ZERO = 48;
