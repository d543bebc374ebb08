/**
 * The checksum of an order book, on snapshots and deltas, so that a reader can prove its copy: Kraken's rule, CRC-32 (the
 * polynomial of zlib) over ASCII text made of the best levels.
 */
import { crc32 } from 'node:zlib';

/** A level as its exchange writes it. */
export interface DecimalLevel {
  readonly price: string;
  readonly quantity: string;
}

/** Levels that Kraken's rule covers on each side, whatever depth is subscribed. */
export const CHECKSUM_LEVELS = 10;

/**
 * Kraken: the ten best asks, lowest first, then the ten best bids, highest first; of each level the price and then the
 * quantity in the symbol's fixed decimals, the point left out and then the zeros in front; all joined without
 * separators. Unsigned. Source: Kraken's documentation of its book channel.
 */
export function krakenChecksum(asks: readonly DecimalLevel[], bids: readonly DecimalLevel[]): number {
  let text = '';
  for (const side of [asks, bids]) {
    for (const { price, quantity } of side.slice(0, CHECKSUM_LEVELS)) text += digitsOf(price) + digitsOf(quantity);
  }
  return crc32(text);
}

/**
 * The same of levels in whole units of the last decimal: their digits are what the decimals have without point and zeros
 * in front. Level i of a side lies at [2i] (price) and [2i + 1] (quantity), best first; both are above 0.
 */
export function krakenChecksumOfUnits(asks: readonly number[], bids: readonly number[]): number {
  let text = '';
  for (const side of [asks, bids]) {
    const end = Math.min(side.length, CHECKSUM_LEVELS * 2);
    for (let index = 0; index < end; index += 1) text += side[index]!;
  }
  return crc32(text);
}

function digitsOf(decimal: string): string {
  return decimal.replace('.', '').replace(/^0+/, '');
}
