/** Book checksums of other exchanges: their vectors and feeds hold the reading of books to account. */
import { crc32 } from 'node:zlib';

export type TextLevel = readonly [price: string, quantity: string];
/** Order id, price, amount. */
export type TextOrder = readonly [id: number, price: string, amount: string];

const LEVELS = 25;

/** OKX: 25 levels, a bid and an ask in turn while there are both, texts as they come, joined by colons. Signed. */
export function okxChecksum(bids: readonly TextLevel[], asks: readonly TextLevel[]): number {
  return crc32(interleaved(bids, asks, ([price, quantity]) => [price, quantity])) | 0;
}

/** Bitfinex: the same with numbers as JavaScript prints them, amounts of asks negative. Unsigned. */
export function bitfinexChecksum(bids: readonly TextLevel[], asks: readonly TextLevel[]): number {
  const negated = asks.map(([price, amount]): TextLevel => [price, `-${amount}`]);
  return crc32(interleaved(bids, negated, (level) => level.map((text) => String(Number(text)))));
}

/** Bitfinex by order: ids and amounts of the 25 best orders; of one price, the lower id first. Unsigned. */
export function bitfinexOrderChecksum(bids: readonly TextOrder[], asks: readonly TextOrder[]): number {
  const sorted = (orders: readonly TextOrder[], best: 1 | -1): TextOrder[] =>
    [...orders].sort((left, right) => best * (Number(left[1]) - Number(right[1])) || left[0] - right[0]);
  const negated = sorted(asks, 1).map(([id, price, amount]): TextOrder => [id, price, `-${amount}`]);
  return crc32(interleaved(sorted(bids, -1), negated, ([id, , amount]) => [String(id), String(Number(amount))]));
}

function interleaved<T>(bids: readonly T[], asks: readonly T[], textsOf: (item: T) => readonly string[]): string {
  const texts: string[] = [];
  for (let index = 0; index < LEVELS; index += 1) {
    for (const item of [bids[index], asks[index]]) if (item !== undefined) texts.push(...textsOf(item));
  }
  return texts.join(':');
}
