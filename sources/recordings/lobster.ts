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

/**
 * LOBSTER's message files (NASDAQ order by order) as a source.
 *
 * New orders, partial cancels and deletions are sent as they stand. Executions are the fills of orders that came and
 * went at once: a run of visible executions of one time and side becomes one immediate-or-cancel order of the summed
 * size, limited to the worst price of the run, and the run itself is yielded as the fills to be found. Hidden executions,
 * crosses and halts are passed over.
 */
export class LobsterRecording implements Recording {
  readonly kind = 'lobster';
  readonly rules: RecordingRules;
  private readonly desk: RecordedDesk;
  private readonly steps: Generator<RecordedStep, void>;
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
    this.rules = recordedRules({
      ...grid,
      priceTicksMax,
      quantityLotsMax: quantityLotsMax * 20,
      restingOrdersMax: 1_000_000,
    });
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
    const late: LobsterSeed[] = [];
    for (const seed of seeds) {
      if (!seed.atStart) late.push(seed);
      else yield* this.desk.limit(first.timeMicros, seed.id, seed.buy, seed.priceTicks, seed.lots);
    }
    late.sort((left, right) => left.id - right.id);
    const totals = new Map<number, number>(seeds.map((seed) => [seed.id, seed.lots]));
    let entered = 0;
    for (let index = 0; index < messages.length; index++) {
      const message = messages[index] as LobsterMessage;
      const { timeMicros, id, buy, priceTicks, lots } = message;
      switch (message.type) {
        case 'new':
          for (let seed = late[entered]; seed !== undefined && seed.id < id; seed = late[++entered]) {
            yield* this.desk.limit(timeMicros, seed.id, seed.buy, seed.priceTicks, seed.lots);
          }
          totals.set(id, lots);
          yield* this.desk.limit(timeMicros, id, buy, priceTicks, lots);
          break;
        case 'reduced': {
          const total = (totals.get(id) ?? 0) - lots;
          totals.set(id, total);
          if (total > 0) yield* this.desk.resize(timeMicros, id, total);
          else yield* this.desk.cancel(timeMicros, id);
          break;
        }
        case 'deleted':
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

  private *executed(run: ExecutionRun): Generator<RecordedStep, void> {
    const { timeMicros, fills, buy } = run;
    const prices = fills.map((fill) => fill.priceTicks);
    const worst = buy ? Math.max(...prices) : Math.min(...prices);
    const lots = fills.reduce((sum, fill) => sum + fill.lots, 0);
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
