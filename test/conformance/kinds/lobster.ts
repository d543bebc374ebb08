import { basename } from 'node:path';
import type { AnyRecord } from '../../../schemas/generated/records.ts';
import { LobsterRecording } from '../../../sources/recordings/lobster.ts';
import type { RecordedFill } from '../../../sources/recordings/recording.ts';
import { RecordingError, readRecordingLines } from '../../../sources/recordings/recording-file.ts';
import { type Comparison, type ConformanceOptions, shareOf } from '../conformance.ts';
import { FoldedBook } from '../folded-book.ts';
import { lobsterFiles } from '../lobster-files.ts';
import { PlayedRecording } from '../played-recording.ts';

/** What a LOBSTER file says, beside the comparison of its visible executions. */
export interface LobsterResult extends Comparison {
  /** Published books, and those equal in price and size on every level they show. */
  readonly booksCompared: number;
  readonly booksEqual: number;
  readonly firstBookDifference: unknown;
  readonly orders: number;
  readonly accounts: number;
  /** Orders that the rules cannot hold, and commands that were refused. */
  readonly skipped: number;
  readonly rejected: number;
}

/**
 * Plays LOBSTER messages: orders, partial cancels and deletions as they stand, each run of executions as one incoming
 * order, which must fill the same makers with the same sizes at the same prices. Published books are compared level by
 * level with the book folded from the market records, within a run of executions after each single trade.
 *
 * Files: see `lobster-files.ts`.
 */
export function conform(files: readonly string[], options: ConformanceOptions = {}): LobsterResult {
  const parts = lobsterFiles(files);
  const messages = readRecordingLines(parts.messages);
  const recording = new LobsterRecording({
    messages,
    messagesName: basename(parts.messages),
    ...(parts.seeds === undefined ? {} : { seeds: readRecordingLines(parts.seeds) }),
  });
  const first = recording.next();
  if (first === null) throw new RecordingError(`${parts.messages} holds no messages`);
  const played = new PlayedRecording(recording, first.timeMicros, options.trace);
  const books = new BookComparison(
    parts.books === undefined ? [] : readRecordingLines(parts.books),
    parts.bookMessages === undefined ? messages : readRecordingLines(parts.bookMessages),
    messages,
  );
  let compared = 0;
  let equal = 0;
  let firstDifference: unknown = null;
  /** Market records of the last command, not yet folded. */
  let pending: readonly AnyRecord[] = [];
  for (let step: typeof first | null = first; step !== null; step = recording.next()) {
    if (step.type === 'fills') {
      const trades = pending.filter((record) => record.type === 'trade');
      for (const [index, fill] of step.fills.entries()) {
        const found = fillText(trades[index], played);
        compared++;
        if (found === textOf(fill)) equal++;
        else firstDifference ??= { message: fill.messageIndex + 1, expected: textOf(fill), found };
      }
      books.foldRun(pending, step.fills);
      pending = [];
      continue;
    }
    books.fold(pending);
    books.compareUpTo(recording.reached);
    if (step.type !== 'command') continue;
    played.send(step.record, step.timeMicros);
    pending = played.latest;
  }
  books.fold(pending);
  books.compareUpTo(messages.length - 1);
  return {
    compared,
    equal,
    share: shareOf(equal, compared),
    firstDifference,
    booksCompared: books.compared,
    booksEqual: books.equal,
    firstBookDifference: books.firstDifference,
    orders: played.orders,
    accounts: played.accounts.size,
    skipped: recording.skipped,
    rejected: played.rejected,
  };
}

/** Published books against the one folded from market records. */
class BookComparison {
  compared = 0;
  equal = 0;
  firstDifference: unknown = null;
  private readonly book = new FoldedBook();
  private readonly rows: readonly string[];
  /** By row, the message of the flow after which it was published. */
  private readonly messageIndex: readonly number[];

  constructor(rows: readonly string[], rowMessages: readonly string[], messages: readonly string[]) {
    this.rows = rows;
    let index = -1;
    this.messageIndex = rows.map((_, row) => {
      index = rowMessages === messages ? row : messages.indexOf(rowMessages[row] ?? '', index + 1);
      if (index === -1) throw new RecordingError(`book ${row + 1} belongs to a message that is not in the flow`);
      return index;
    });
  }

  fold(records: readonly AnyRecord[]): void {
    for (const record of records) this.book.apply(record);
  }

  /** Folds the records of an incoming order; its n-th trade is the n-th message of the run. */
  foldRun(records: readonly AnyRecord[], fills: readonly RecordedFill[]): void {
    let trades = 0;
    for (const record of records) {
      const fill = record.type === 'trade' ? fills[trades++] : undefined;
      if (fill !== undefined) this.compareUpTo(fill.messageIndex - 1);
      this.book.apply(record);
      if (fill !== undefined) this.compareUpTo(fill.messageIndex);
    }
  }

  /** Compares the books published up to a message of the flow with the book as it stands. */
  compareUpTo(messageIndex: number): void {
    for (;;) {
      const row = this.rows[this.compared];
      if (row === undefined || (this.messageIndex[this.compared] ?? 0) > messageIndex) return;
      this.compared++;
      const found = this.rowOfBook(row.split(',').length / 4);
      if (found === row) this.equal++;
      else this.firstDifference ??= { row: this.compared, expected: row, found };
    }
  }

  /** Ask price, ask size, bid price, bid size, level by level; a level that is not there as LOBSTER writes it. */
  private rowOfBook(levels: number): string {
    const { bids, asks } = this.book.best(levels);
    const cells: string[] = [];
    for (let level = 0; level < levels; level++) {
      const ask = asks[level];
      const bid = bids[level];
      cells.push(ask === undefined ? '9999999999,0' : `${ask.priceTicks},${ask.quantityLots}`);
      cells.push(bid === undefined ? '-9999999999,0' : `${bid.priceTicks},${bid.quantityLots}`);
    }
    return cells.join(',');
  }
}

function textOf(fill: RecordedFill): string {
  return `${fill.quantityLots} @ ${fill.priceTicks} of ${fill.makerClientOrderId}`;
}

function fillText(trade: AnyRecord | undefined, played: PlayedRecording): string | null {
  if (trade?.type !== 'trade') return null;
  return `${trade.quantityLots} @ ${trade.priceTicks} of ${played.clientOrderIdOf(trade.makerOrderId)}`;
}
