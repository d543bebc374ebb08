import { basename } from 'node:path';
import { BitstampRecording } from '../../../sources/recordings/bitstamp.ts';
import type { PublishedLevel } from '../../../sources/recordings/recording.ts';
import { RecordingError, readRecordingLines } from '../../../sources/recordings/recording-file.ts';
import { type Comparison, type ConformanceOptions, shareOf } from '../conformance.ts';
import type { FoldedLevel } from '../folded-book.ts';
import { firstParting, longestCommonSubsequence } from '../longest-common-run.ts';
import { PlayedRecording } from '../played-recording.ts';

/** What a Bitstamp file says, beside the comparison of its published trades. */
export interface BitstampResult extends Comparison {
  /** Published books, and those whose best bid and ask are equal in price and size. */
  readonly topOfBookCompared: number;
  readonly topOfBookEqual: number;
  readonly topOfBookShare: number;
  readonly orders: number;
  readonly accounts: number;
  /** Orders that the rules cannot hold, and commands that were refused. */
  readonly skipped: number;
  readonly rejected: number;
  /** After cancelling the rest: all accounts together have what was deposited, and nothing is held. */
  readonly balancesConserved: boolean;
  readonly holdsZero: boolean;
}

/**
 * Plays Bitstamp's order-by-order stream: new orders and genuine cancels go in; the exchange must find the published
 * trades (in order, price and amount equal) and the top of the published books by itself.
 */
export function conform(files: readonly string[], options: ConformanceOptions = {}): BitstampResult {
  const [file, ...more] = files;
  if (file === undefined || more.length > 0) throw new RecordingError(`bitstamp takes one file, ${files.length} given`);
  const recording = new BitstampRecording(readRecordingLines(file), basename(file));
  let played: PlayedRecording | undefined;
  const published: string[] = [];
  const found: string[] = [];
  let books = 0;
  let booksEqual = 0;
  for (let step = recording.next(); step !== null; step = recording.next()) {
    played ??= new PlayedRecording(recording, step.timeMicros, options.trace);
    if (step.type === 'command') {
      const trades = played.send(step.record, step.timeMicros);
      for (const trade of trades) found.push(`${trade.priceTicks} x ${trade.quantityLots}`);
    } else if (step.type === 'trade') published.push(`${step.priceTicks} x ${step.quantityLots}`);
    else if (step.type === 'book') {
      books++;
      const { bids, asks } = played.book.best(1);
      if (sameLevel(bids[0], step.bids[0]) && sameLevel(asks[0], step.asks[0])) booksEqual++;
    }
  }
  if (played === undefined) throw new RecordingError(`${file} holds no events`);
  const totals = [...played.settle().values()];
  const equal = longestCommonSubsequence(published, found);
  return {
    compared: published.length,
    equal,
    share: shareOf(equal, published.length),
    firstDifference: firstParting(published, found),
    topOfBookCompared: books,
    topOfBookEqual: booksEqual,
    topOfBookShare: shareOf(booksEqual, books),
    orders: played.orders,
    accounts: played.accounts.size,
    skipped: recording.skipped,
    rejected: played.rejected,
    balancesConserved: totals.every(({ deposited, available, held }) => deposited === available + held),
    holdsZero: totals.every(({ held }) => held === 0n),
  };
}

function sameLevel(ours: FoldedLevel | undefined, theirs: PublishedLevel | undefined): boolean {
  return ours?.priceTicks === theirs?.priceTicks && ours?.quantityLots === theirs?.quantityLots;
}
