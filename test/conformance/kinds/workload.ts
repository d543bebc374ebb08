import { createHash, type Hash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { brotliDecompressSync } from 'node:zlib';
import { CANCELLED, TRADE } from '../../../operators/order-book/book-events.ts';
import { CANCEL_USER, DONE, GTC, IOC, STP_CANCEL_NEWEST } from '../../../operators/order-book/codes.ts';
import { type NewOrder, OrderBook } from '../../../operators/order-book/order-book.ts';
import type { ConformanceOptions, ConformanceResult } from '../conformance.ts';

export interface WorkloadResult extends ConformanceResult {
  readonly messages: number;
  readonly reports: number;
  /** SHA-256 of the whole report stream. */
  readonly hash: string;
}

/** The messages of a workload file, one column each. */
export interface Workload {
  readonly count: number;
  /** NEW, CANCEL or MODIFY. */
  readonly types: Uint8Array;
  readonly sides: Uint8Array;
  readonly iocs: Uint8Array;
  readonly quantities: Uint32Array;
  readonly orderIds: Float64Array;
  readonly prices: Int32Array;
}

export const NEW = 0;
export const CANCEL = 1;
export const MODIFY = 2;

const HEAD_BYTES = 16;
const MESSAGE_BYTES = 40;
const OPEN_ORDERS_MAX = 1_000_000;
const HASHED_CHARACTERS = 1 << 16;

/** `npm run conform -- workload FILE`. A trace is the report lines. */
export function conform(files: readonly string[], options: ConformanceOptions): WorkloadResult {
  const [file] = files;
  if (file === undefined || files.length !== 1) throw new Error(`workload runs one file, not ${files.length}`);
  return runWorkload(file, options);
}

/**
 * Runs a recorded order flow (`.bin`, or `.bin.br` for Brotli) through the exchange's order book and hashes its
 * reports. Format and report lines: flash1-dev/matching-engine-benchmark.
 *
 * Its orders know no accounts: each is an account of its own, so that self-trade prevention is on and finds nothing.
 * Its modify is a cancel and a new order under the same id, so priority is lost.
 */
export function runWorkload(file: string, options: ConformanceOptions = {}): WorkloadResult {
  const workload = readWorkload(file);
  const book = new OrderBook({ openOrdersMax: OPEN_ORDERS_MAX, quoteUnitsPerTickLot: 1 });
  const order = workloadOrder();
  const reports = new ReportHash(options.trace);
  for (let i = 0; i < workload.count; i++) {
    const type = workload.types[i]!;
    const orderId = workload.orderIds[i]!;
    if (type !== NEW) {
      const side = book.find(orderId)?.side;
      book.events.clear();
      if (book.cancel(orderId, CANCEL_USER) !== DONE) {
        reports.add(`${type === CANCEL ? 4 : 5},${i},${orderId}`);
        continue;
      }
      if (type === CANCEL) {
        reports.add(`2,${i},${side},${orderId},${book.events.orderPriceTicks(0)}`);
        continue;
      }
    }
    setOrder(order, workload, i);
    book.events.clear();
    book.place(order);
    reportEntry(book, order, i, type, reports);
  }
  book.checkInvariants();
  return { messages: workload.count, reports: reports.count, hash: reports.digest() };
}

/** The order that `setOrder` fills. */
export function workloadOrder(): NewOrder {
  return {
    orderId: 0,
    account: 0,
    tradeGroup: 0,
    side: 0,
    market: false,
    timeInForce: GTC,
    postOnly: false,
    priceTicks: 0,
    quantityLots: 0,
    budget: 0,
    selfTradeMode: STP_CANCEL_NEWEST,
    expiresAt: 0,
  };
}

export function setOrder(order: NewOrder, workload: Workload, index: number): void {
  const orderId = workload.orderIds[index]!;
  order.orderId = orderId;
  order.account = orderId;
  order.side = workload.sides[index]!;
  order.timeInForce = workload.types[index] === NEW && workload.iocs[index] === 1 ? IOC : GTC;
  order.priceTicks = workload.prices[index]!;
  order.quantityLots = workload.quantities[index]!;
}

export function readWorkload(file: string): Workload {
  const stored = readFileSync(file);
  const bytes = file.endsWith('.br') ? brotliDecompressSync(stored) : stored;
  const count = bytes.length < HEAD_BYTES ? 0 : bytes.readUInt32LE(12);
  if (count === 0 || bytes.length < HEAD_BYTES + count * MESSAGE_BYTES) {
    throw new Error(`${file} is no workload: ${bytes.length} bytes do not hold a head and ${count} messages`);
  }
  const workload: Workload = {
    count,
    types: new Uint8Array(count),
    sides: new Uint8Array(count),
    iocs: new Uint8Array(count),
    quantities: new Uint32Array(count),
    orderIds: new Float64Array(count),
    prices: new Int32Array(count),
  };
  for (let i = 0; i < count; i++) {
    const at = HEAD_BYTES + i * MESSAGE_BYTES;
    workload.types[i] = bytes[at]!;
    workload.sides[i] = bytes[at + 1]!;
    workload.iocs[i] = bytes[at + 2]!;
    workload.quantities[i] = bytes.readUInt32LE(at + 4);
    workload.orderIds[i] = Number(bytes.readBigUInt64LE(at + 16));
    workload.prices[i] = Number(bytes.readBigInt64LE(at + 24));
  }
  return workload;
}

// Lines of one message sort by kind: accepted (0), trades (1), the rest's cancel (2), modified (3).
function reportEntry(book: OrderBook, order: NewOrder, sequence: number, type: number, reports: ReportHash): void {
  const { events } = book;
  const terms = `${sequence},${order.side},${order.orderId},${order.priceTicks},${order.quantityLots}`;
  if (type === NEW) reports.add(`0,${terms}`);
  for (let i = 0; i < events.count; i++) {
    const kind = events.kind(i);
    if (kind === TRADE) {
      const fill = `${events.priceTicks(i)},${events.quantityLots(i)}`;
      reports.add(`1,${sequence},${fill},${events.makerOrderId(i)},${events.takerOrderId(i)}`);
    } else if (kind === CANCELLED) reports.add(`2,${sequence},${order.side},${order.orderId},${order.priceTicks}`);
  }
  if (type === MODIFY) reports.add(`3,${terms}`);
}

/** Hashes lines joined by newlines, without one at the end. */
class ReportHash {
  count = 0;
  #hash: Hash = createHash('sha256');
  #pending = '';
  readonly #trace: ((line: string) => void) | undefined;

  constructor(trace?: (line: string) => void) {
    this.#trace = trace;
  }

  add(line: string): void {
    this.#trace?.(line);
    this.#pending += this.count++ === 0 ? line : `\n${line}`;
    if (this.#pending.length < HASHED_CHARACTERS) return;
    this.#hash.update(this.#pending);
    this.#pending = '';
  }

  digest(): string {
    return this.#hash.update(this.#pending).digest('hex');
  }
}
