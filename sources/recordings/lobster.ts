import type { AnyRecord } from '../../schemas/generated/records.ts';
import {
  LOBSTER_PRICE_DECIMALS,
  type LobsterMessage,
  type LobsterSeed,
  parseLobsterMessages,
  parseLobsterSeeds,
  seedsOfMessages,
} from './lobster-messages.ts';
import { RecordedDesk } from './recorded-desk.ts';
import { recordedRules } from './recorded-rules.ts';
import type { RecordedStep, Recording, RecordingOptions, RecordingRules } from './recording.ts';

export interface LobsterFiles {
  /** Lines of the message file. */
  readonly messages: readonly string[];
  readonly messagesName: string;
  /** Lines of the file of opening orders, with its header; left out: inferred from the messages. */
  readonly seeds?: readonly string[];
}

/** A visible order by the recording's own account. */
interface VisibleOrder {
  readonly buy: boolean;
  readonly priceTicks: number;
  /** What it has open. */
  lots: number;
  /** Its total in the exchange, since it was last entered there. */
  total: number;
}

/**
 * LOBSTER's message files (NASDAQ order by order) as a source.
 *
 * New orders, partial cancels and deletions are sent as they stand. Executions are the fills of orders that came and
 * went at once: a run of visible executions of one time and side becomes one immediate-or-cancel order of the summed
 * size, limited to the worst price of the run, and the run itself is yielded as the fills to be found. Hidden executions,
 * crosses and halts are passed over.
 *
 * Ids tell the time of entry, and an old order may come into sight behind younger ones: it then takes the place of its
 * id, so the younger ones at its price are entered anew behind it.
 *
 * After a run, what the market log tells of the makers is set beside the recording: an order that should be gone is
 * cancelled, one that should have stayed is entered anew. So each run is judged on the recorded book, and one difference
 * does not make others. (Where the market log is told late, that correction finds less.)
 */
export class LobsterRecording implements Recording {
  readonly kind = 'lobster';
  readonly rules: RecordingRules;
  private readonly desk: RecordedDesk;
  private readonly steps: Generator<RecordedStep, void>;
  private readonly visible = new Map<number, VisibleOrder>();
  /** Ids by side and price, in the order in which they were entered. */
  private readonly queues = new Map<string, number[]>();
  /** Number of the message (from 0) whose effect the last yielded step completes; -1 before the first. */
  private messageIndex = -1;

  constructor(files: LobsterFiles, options: RecordingOptions = {}) {
    const messages = parseLobsterMessages(files.messages, files.messagesName);
    const seeds = files.seeds === undefined ? seedsOfMessages(messages) : parseLobsterSeeds(files.seeds);
    let priceTicksMax = 1;
    let quantityLotsMax = 1;
    for (const { priceTicks, lots } of [...messages, ...seeds]) {
      priceTicksMax = Math.max(priceTicksMax, priceTicks);
      quantityLotsMax = Math.max(quantityLotsMax, lots);
    }
    const symbolName = options.symbolName ?? 'AAPL-USD';
    const grid = { symbolName, priceDecimals: LOBSTER_PRICE_DECIMALS, quantityDecimals: 0 };
    // A run of executions is sent as one order, which may be larger than any single message.
    quantityLotsMax *= 20;
    this.rules = recordedRules({ ...grid, priceTicksMax, quantityLotsMax, restingOrdersMax: 1_000_000 });
    this.desk = new RecordedDesk('l', this.rules, options);
    this.steps = this.play(messages, seeds);
  }

  get skipped(): number {
    return this.desk.skipped;
  }

  /** Number of the message (from 0) that the steps so far have brought about. */
  get reached(): number {
    return this.messageIndex;
  }

  next(): RecordedStep | null {
    const { done, value } = this.steps.next();
    return done === true ? null : value;
  }

  onMarketRecord(record: AnyRecord): void {
    this.desk.onMarketRecord(record);
  }

  private *play(messages: readonly LobsterMessage[], seeds: readonly LobsterSeed[]): Generator<RecordedStep, void> {
    const first = messages[0];
    if (first === undefined) return;
    yield* this.desk.opening(first.timeMicros);
    const inTime = [...seeds].sort((left, right) => left.id - right.id);
    for (const seed of inTime) if (seed.atStart) yield* this.enter(first.timeMicros, seed);
    const late = inTime.filter((seed) => !seed.atStart);
    let entered = 0;
    for (let index = 0; index < messages.length; index++) {
      const message = messages[index] as LobsterMessage;
      const { timeMicros, id } = message;
      switch (message.type) {
        case 'new':
          for (let seed = late[entered]; seed !== undefined && seed.id < id; seed = late[++entered]) {
            yield* this.enter(timeMicros, seed);
          }
          yield* this.enter(timeMicros, message);
          break;
        case 'reduced':
          yield* this.reduce(timeMicros, id, message.lots);
          break;
        case 'deleted':
          this.gone(id);
          yield* this.desk.cancel(timeMicros, id);
          break;
        case 'executed': {
          const run = runFrom(messages, index);
          yield* this.executed(run);
          index = run.lastIndex;
          break;
        }
        case 'unseen':
          break;
      }
      this.messageIndex = index;
    }
  }

  /** Enters an order at the place of its id: younger ones at its price go behind it. */
  private *enter(
    timeMicros: number,
    order: { readonly id: number; readonly buy: boolean; readonly priceTicks: number; readonly lots: number },
  ): Generator<RecordedStep, void> {
    const { id, buy, priceTicks, lots } = order;
    this.visible.set(id, { buy, priceTicks, lots, total: lots });
    const queue = this.queueAt(buy, priceTicks);
    queue.push(id);
    yield* this.desk.limit(timeMicros, id, buy, priceTicks, lots);
    for (const younger of queue.filter((other) => other > id).sort((left, right) => left - right)) {
      yield* this.enterAnew(timeMicros, younger);
    }
  }

  private *enterAnew(timeMicros: number, id: number): Generator<RecordedStep, void> {
    const order = this.visible.get(id);
    if (order === undefined) return;
    if (this.desk.isOpen(id)) yield* this.desk.cancel(timeMicros, id);
    order.total = order.lots;
    const queue = this.queueAt(order.buy, order.priceTicks);
    queue.push(...queue.splice(queue.indexOf(id), 1));
    yield* this.desk.limit(timeMicros, id, order.buy, order.priceTicks, order.lots);
  }

  private *reduce(timeMicros: number, id: number, lots: number): Generator<RecordedStep, void> {
    const order = this.visible.get(id);
    if (order === undefined) return;
    order.lots -= lots;
    order.total -= lots;
    if (order.lots > 0) yield* this.desk.resize(timeMicros, id, order.total);
    else {
      this.gone(id);
      yield* this.desk.cancel(timeMicros, id);
    }
  }

  private *executed(run: ExecutionRun): Generator<RecordedStep, void> {
    const { timeMicros, fills, buy } = run;
    const prices = fills.map((fill) => fill.priceTicks);
    const worst = buy ? Math.max(...prices) : Math.min(...prices);
    const lots = fills.reduce((sum, fill) => sum + fill.lots, 0);
    this.desk.takeFilledIds();
    // An incoming order has no recorded id; below zero never meets one.
    yield* this.desk.limit(timeMicros, -(run.firstIndex + 1), buy, worst, lots, 'ioc');
    yield {
      type: 'fills',
      timeMicros,
      fills: fills.map((fill) => ({
        makerClientOrderId: this.desk.clientOrderId(fill.id),
        priceTicks: fill.priceTicks,
        quantityLots: fill.lots,
        messageIndex: fill.index,
      })),
    };
    for (const fill of fills) {
      const order = this.visible.get(fill.id);
      if (order === undefined) continue;
      order.lots -= fill.lots;
      if (order.lots <= 0) this.gone(fill.id);
    }
    const touched = new Set([...fills.map((fill) => fill.id), ...this.desk.takeFilledIds()]);
    for (const id of [...touched].sort((left, right) => left - right)) yield* this.correct(timeMicros, id);
  }

  /** Brings an order in the exchange to what the recording says of it. */
  private *correct(timeMicros: number, id: number): Generator<RecordedStep, void> {
    const wanted = this.visible.get(id)?.lots ?? 0;
    const { openLots, executedLots } = this.desk.progress(id);
    const order = this.visible.get(id);
    if (openLots === wanted) return;
    if (order === undefined) yield* this.desk.cancel(timeMicros, id);
    else if (openLots > wanted) {
      order.total = executedLots + wanted;
      yield* this.desk.resize(timeMicros, id, order.total);
    } else yield* this.enterAnew(timeMicros, id);
  }

  private gone(id: number): void {
    const order = this.visible.get(id);
    if (order === undefined) return;
    this.visible.delete(id);
    const queue = this.queueAt(order.buy, order.priceTicks);
    queue.splice(queue.indexOf(id), 1);
    if (queue.length === 0) this.queues.delete(queueKey(order.buy, order.priceTicks));
  }

  private queueAt(buy: boolean, priceTicks: number): number[] {
    const key = queueKey(buy, priceTicks);
    const queue = this.queues.get(key) ?? [];
    this.queues.set(key, queue);
    return queue;
  }
}

interface ExecutionRun {
  readonly timeMicros: number;
  readonly firstIndex: number;
  readonly lastIndex: number;
  /** Side of the incoming order. */
  readonly buy: boolean;
  readonly fills: readonly { index: number; id: number; priceTicks: number; lots: number }[];
}

/** The visible executions of one time and side that begin here; messages unseen by the book may stand between them. */
function runFrom(messages: readonly LobsterMessage[], firstIndex: number): ExecutionRun {
  const first = messages[firstIndex] as LobsterMessage;
  const fills = [{ index: firstIndex, id: first.id, priceTicks: first.priceTicks, lots: first.lots }];
  let lastIndex = firstIndex;
  for (let index = firstIndex + 1; index < messages.length; index++) {
    const next = messages[index] as LobsterMessage;
    if (next.timeText !== first.timeText) break;
    if (next.type === 'unseen') continue;
    if (next.type !== 'executed' || next.buy !== first.buy) break;
    fills.push({ index, id: next.id, priceTicks: next.priceTicks, lots: next.lots });
    lastIndex = index;
  }
  return { timeMicros: first.timeMicros, firstIndex, lastIndex, buy: !first.buy, fills };
}

function queueKey(buy: boolean, priceTicks: number): string {
  return `${buy ? 'b' : 'a'}${priceTicks}`;
}
