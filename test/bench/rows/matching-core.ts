import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { type LimitOrderOptions, OrderBook as ReferenceBook, Side } from 'nodejs-order-book';
import { TRADE } from '../../../operators/order-book/book-events.ts';
import { CANCEL_USER, DONE, GTC, IOC, SELL } from '../../../operators/order-book/codes.ts';
import { OrderBook } from '../../../operators/order-book/order-book.ts';
import { CANCEL, MODIFY, NEW, readWorkload, type Workload, workloadOrder } from '../../conformance/kinds/workload.ts';
import { type BenchOptions, comparedRow, measureInterleaved, type Row } from '../bench-row.ts';

export const name = 'matching-core';
export const summary = 'the order book on the public order flows normal and static, beside nodejs-order-book';

const OPEN_ORDERS_MAX = 1_000_000;
/** Runs of the book in one figure: a single one is over in less time than the processor's clock of a thread can tell. */
const RUNS_A_FIGURE = 5;
const UNIT = 'M messages/s';

// The reference does not export its words.
const timeInForce = { gtc: 'GTC', ioc: 'IOC' } as unknown as {
  readonly [word in 'gtc' | 'ioc']: NonNullable<LimitOrderOptions['timeInForce']>;
};

/** A workload as both engines read it: rows of [type, side, ioc, quantity, price], and ids as numbers and as strings. */
export interface Flow {
  readonly count: number;
  readonly rows: Int32Array;
  readonly orderIds: Float64Array;
  readonly orderNames: readonly string[];
}

/** What a run has done, to see that two engines did the same. */
export interface Outcome {
  trades: number;
  lots: number;
}

/**
 * One thread, from decoded messages to events in memory. The book is configured as the exchange runs it: bounded,
 * self-trade prevention on (each order is an account of its own, so it finds nothing), post-only judged, every event
 * with its fields written and read. The reference has no self-trade mode set, and its id strings are made beforehand.
 */
export async function rows({ dataFolder, quick, say }: BenchOptions): Promise<Row[]> {
  const normalFile = join(dataFolder, 'matching-workloads', 'normal.bin.br');
  const staticFile = join(dataFolder, 'matching-workloads', 'static.bin.br');
  if (!existsSync(normalFile) || !existsSync(staticFile)) {
    say(`SKIPPED: ${join(dataFolder, 'matching-workloads')} is missing; SLUICE_DATA names the folder`);
    return [];
  }
  const repetitions = quick ? 2 : 7;
  const warmUps = quick ? 1 : 2;
  const normal = flowOf(readWorkload(normalFile));
  const still = flowOf(readWorkload(staticFile));

  const book = new Stopwatch();
  const reference = new Stopwatch();
  const first = book.figure(normal, runBook, 1);
  for (let i = 0; i < warmUps; i++) {
    assert.deepEqual(runBook(normal), runReference(normal), 'both engines trade the same');
    runBook(still);
  }
  book.restart();
  const measured = await measureInterleaved(repetitions, {
    normal: () => book.figure(normal, runBook, RUNS_A_FIGURE),
    reference: () => reference.figure(normal, runReference, 1),
    still: () => new Stopwatch().figure(still, runBook, RUNS_A_FIGURE),
  });

  const how = `${normal.count.toLocaleString('en-US')} messages a run, ${repetitions} interleaved warm figures, medians`;
  const byThread = (book.messagesByThread / reference.messagesByThread).toFixed(1);
  return [
    comparedRow(
      'matching core, normal',
      UNIT,
      measured.normal,
      { name: 'nodejs-order-book 10.1.1', ...measured.reference },
      repetitions,
      `${how}; by the processor time of the thread, which neighbours do not lengthen, the ratio is ${byThread}; ` +
        `the first run of the process did ${first.toFixed(1)}; trades and lots equal to the reference's`,
    ),
    comparedRow(
      'matching core, static',
      UNIT,
      measured.still,
      { name: 'the same book on normal', ...measured.normal },
      repetitions,
      `${how}; nodejs-order-book takes minutes for a run of static, as its removal walks the level`,
    ),
  ];
}

/** Millions of messages a second in one run, by the clock. */
export function figure(flow: Flow, run: (flow: Flow) => Outcome): number {
  return new Stopwatch().figure(flow, run, 1);
}

/** Millions of messages a second, by the clock and by the processor time of this thread. */
class Stopwatch {
  #messages = 0;
  #threadMicros = 0;

  get messagesByThread(): number {
    return this.#messages / this.#threadMicros;
  }

  restart(): void {
    this.#messages = 0;
    this.#threadMicros = 0;
  }

  /** By the clock. */
  figure(flow: Flow, run: (flow: Flow) => Outcome, runs: number): number {
    const used = process.threadCpuUsage();
    const started = process.hrtime.bigint();
    for (let i = 0; i < runs; i++) run(flow);
    const micros = Number(process.hrtime.bigint() - started) / 1e3;
    const { user, system } = process.threadCpuUsage(used);
    this.#messages += runs * flow.count;
    this.#threadMicros += user + system;
    return (runs * flow.count) / micros;
  }
}

export function flowOf(workload: Workload): Flow {
  const rows = new Int32Array(workload.count * 5);
  for (let i = 0; i < workload.count; i++) {
    const isIoc = workload.types[i] === NEW && workload.iocs[i] === 1;
    rows.set(
      [workload.types[i]!, workload.sides[i]!, isIoc ? IOC : GTC, workload.quantities[i]!, workload.prices[i]!],
      i * 5,
    );
  }
  const { count, orderIds } = workload;
  return { count, rows, orderIds, orderNames: Array.from(orderIds, String) };
}

function runBook({ count, rows, orderIds }: Flow): Outcome {
  const book = new OrderBook({ openOrdersMax: OPEN_ORDERS_MAX, quoteUnitsPerTickLot: 1 });
  const { events } = book;
  const order = workloadOrder();
  const outcome = { trades: 0, lots: 0 };
  for (let i = 0; i < count; i++) {
    const at = i * 5;
    const type = rows[at]!;
    const orderId = orderIds[i]!;
    events.clear();
    if (type !== NEW && book.cancel(orderId, CANCEL_USER) !== DONE) continue;
    if (type === CANCEL) continue;
    order.orderId = orderId;
    order.account = orderId;
    order.side = rows[at + 1]!;
    order.timeInForce = rows[at + 2]!;
    order.quantityLots = rows[at + 3]!;
    order.priceTicks = rows[at + 4]!;
    book.place(order);
    for (let event = 1; event < events.count; event++) {
      if (events.kind(event) !== TRADE) continue;
      outcome.trades++;
      outcome.lots += events.quantityLots(event);
    }
  }
  return outcome;
}

export function runReference({ count, rows, orderNames }: Flow): Outcome {
  const book = new ReferenceBook();
  const outcome = { trades: 0, lots: 0 };
  for (let i = 0; i < count; i++) {
    const at = i * 5;
    const type = rows[at]!;
    const id = orderNames[i]!;
    if (type !== NEW && book.cancel(id) === undefined && type === MODIFY) continue;
    if (type === CANCEL) continue;
    const size = rows[at + 3]!;
    const { done, partial, partialQuantityProcessed, err } = book.limit({
      id,
      side: rows[at + 1] === SELL ? Side.SELL : Side.BUY,
      size,
      price: rows[at + 4]!,
      timeInForce: rows[at + 2] === IOC ? timeInForce.ioc : timeInForce.gtc,
    });
    if (err !== null) throw err;
    if (done.length === 0 && partial === null) continue;
    for (const maker of done) {
      if (maker.id === id) continue;
      outcome.trades++;
      outcome.lots += maker.size;
    }
    if (partial !== null && partial.id !== id) {
      outcome.trades++;
      outcome.lots += partialQuantityProcessed;
    }
  }
  return outcome;
}
