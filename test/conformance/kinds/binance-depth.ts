import { RecordingError, readRecordingLines } from '../../../sources/recordings/recording-file.ts';
import { type Comparison, type ConformanceOptions, shareOf } from '../conformance.ts';
import { LevelsAsOrders } from '../levels-as-orders.ts';
import { decimalsNeeded, publishedUnits } from '../published-numbers.ts';

type Level = readonly [price: string, quantity: string];

interface Diff {
  readonly U: number;
  readonly u: number;
  readonly b: readonly Level[];
  readonly a: readonly Level[];
}

interface Snapshot {
  readonly lastUpdateId: number;
  readonly bids: readonly Level[];
  readonly asks: readonly Level[];
}

interface Best {
  readonly u: number;
  readonly b: string;
  readonly B: string;
  readonly a: string;
  readonly A: string;
}

export interface DepthResult extends Comparison {
  /** Diffs that were applied, and those that lay before the snapshot. */
  readonly applied: number;
  readonly dropped: number;
  /** Times that a diff did not follow the one before: the book waits for the next snapshot. */
  readonly gaps: number;
  readonly snapshots: number;
}

/**
 * Recovers Binance's book from its snapshot and diffs by the published procedure: diffs at or before the snapshot are
 * dropped, the first kept one spans it, each one then follows the last without a gap. After every diff the top of the
 * book, as the depth stage tells it, must be what the exchange published for the same update id.
 */
export function conform(files: readonly string[], options: ConformanceOptions = {}): DepthResult {
  const [file, ...more] = files;
  if (file === undefined || more.length > 0)
    throw new RecordingError(`binance-depth takes one file, ${files.length} given`);
  const { steps, bests } = readFile(file);
  const decimals = {
    price: decimalsNeeded(steps.flatMap((step) => levelsOf(step).map(([price]) => price))),
    quantity: decimalsNeeded(steps.flatMap((step) => levelsOf(step).map(([, quantity]) => quantity))),
  };
  const book = new LevelsAsOrders(decimals, options);
  const put = (side: 'buy' | 'sell', levels: readonly Level[]): void => {
    for (const [price, quantity] of levels) {
      book.set(side, publishedUnits(price, decimals.price), publishedUnits(quantity, decimals.quantity));
    }
  };
  const result = { compared: 0, equal: 0, applied: 0, dropped: 0, gaps: 0, snapshots: 0 };
  let firstDifference: unknown = null;
  let lastUpdateId: number | undefined;
  let spansSnapshot = false;
  let waiting: Diff[] = [];
  let nextBest = 0;
  const applyDiff = (diff: Diff): void => {
    if (lastUpdateId === undefined) {
      waiting.push(diff);
      return;
    }
    if (diff.u <= lastUpdateId) {
      result.dropped += 1;
      return;
    }
    const follows = spansSnapshot ? diff.U === lastUpdateId + 1 : diff.U <= lastUpdateId + 1;
    if (!follows) {
      result.gaps += 1;
      lastUpdateId = undefined;
      waiting = [diff];
      return;
    }
    spansSnapshot = true;
    lastUpdateId = diff.u;
    result.applied += 1;
    put('buy', diff.b);
    put('sell', diff.a);
    const { top } = book.tick();
    while (nextBest < bests.length && bests[nextBest]!.u <= diff.u) nextBest += 1;
    const best = bests[nextBest - 1];
    // The exchange tells of the top whenever it changes: before the first and after the last word nothing is known.
    if (best === undefined || nextBest === bests.length) return;
    result.compared += 1;
    const units = [
      publishedUnits(best.b, decimals.price),
      publishedUnits(best.B, decimals.quantity),
      publishedUnits(best.a, decimals.price),
      publishedUnits(best.A, decimals.quantity),
    ].join(' ');
    const found = [top?.bestBidPriceTicks, top?.bestBidLots, top?.bestAskPriceTicks, top?.bestAskLots].join(' ');
    if (units === found) result.equal += 1;
    else firstDifference ??= { updateId: diff.u, expected: units, found };
  };
  for (const step of steps) {
    if ('u' in step) {
      applyDiff(step);
      continue;
    }
    if (lastUpdateId !== undefined && spansSnapshot) continue;
    book.clear();
    put('buy', step.bids);
    put('sell', step.asks);
    result.snapshots += 1;
    lastUpdateId = step.lastUpdateId;
    spansSnapshot = false;
    const buffered = waiting;
    waiting = [];
    for (const diff of buffered) applyDiff(diff);
  }
  book.checkInvariants();
  const { compared, equal } = result;
  return { ...result, compared, equal, share: shareOf(equal, compared), firstDifference };
}

function levelsOf(step: Diff | Snapshot): readonly Level[] {
  return 'u' in step ? [...step.b, ...step.a] : [...step.bids, ...step.asks];
}

function readFile(file: string): { steps: (Diff | Snapshot)[]; bests: Best[] } {
  const steps: (Diff | Snapshot)[] = [];
  const bests: Best[] = [];
  for (const line of readRecordingLines(file)) {
    const start = line.indexOf('{');
    if (start < 0) continue;
    const content = JSON.parse(line.slice(start)) as { stream?: string; data?: unknown };
    const event = (content.data ?? content) as Partial<Diff & Snapshot & Best> & { e?: string };
    if (event.e === 'depthUpdate') steps.push(event as Diff);
    else if (event.lastUpdateId !== undefined) steps.push(event as Snapshot);
    else if (event.B !== undefined && event.A !== undefined && event.e === undefined) bests.push(event as Best);
  }
  if (steps.length === 0) throw new RecordingError(`${file} holds no depth`);
  return { steps, bests: bests.sort((left, right) => left.u - right.u) };
}
