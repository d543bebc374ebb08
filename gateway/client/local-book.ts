import type { LevelPayload } from '../../schemas/socket-payloads.ts';
import { bookChecksum } from './book-checksum.ts';
import { comparePrices, isZero } from './decimals.ts';
import { type DeltaFrame, FeedCore, type SnapshotFrame } from './feed-core.ts';
import type { BookChange, BookFeed } from './types.ts';

type BookSnapshot = Extract<SnapshotFrame, { channel: 'book' }>;
type BookDelta = Extract<DeltaFrame, { channel: 'book' }>;

/** A copy of the server's book to the depth asked for, proven at every frame by its checksum. */
export class LocalBook extends FeedCore<BookChange> implements BookFeed {
  bids: LevelPayload[] = [];
  asks: LevelPayload[] = [];

  protected override restart(frame: SnapshotFrame): BookChange {
    const { data } = frame as BookSnapshot;
    this.bids = [...data.bids];
    this.asks = [...data.asks];
    return { kind: 'snapshot', ...data };
  }

  protected override apply(frame: DeltaFrame): { readonly change: BookChange } | false {
    const { data, checksum } = frame as BookDelta;
    for (const level of data.bids) change(this.bids, level, -1);
    for (const level of data.asks) change(this.asks, level, 1);
    if (checksum !== undefined && bookChecksum(this.asks, this.bids) !== checksum) return false;
    return { change: { kind: 'delta', ...data } };
  }

  protected override count(frame: DeltaFrame): number {
    return (frame as BookDelta).conflated ?? 1;
  }
}

/** `direction`: 1 where the lowest price is the best, -1 where the highest is. */
function change(levels: LevelPayload[], level: LevelPayload, direction: 1 | -1): void {
  let low = 0;
  let high = levels.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if (comparePrices(levels[middle]![0], level[0]) * direction < 0) low = middle + 1;
    else high = middle;
  }
  const there = levels[low]?.[0] === level[0];
  if (isZero(level[1])) {
    if (there) levels.splice(low, 1);
  } else {
    levels.splice(low, there ? 1 : 0, level);
  }
}
