/**
 * A frozen reference: about the most that one JavaScript thread can do of an exchange's work, and nothing an exchange may
 * leave out is in it. Commands from memory, a batch through RxJS, a book and a ledger of typed arrays, an Avro record of
 * fifteen fields (seven of them strings) by avsc for each event, one write and one fdatasync a batch, then the
 * acknowledgement. No second log, no holds by order, no idempotency, no checksums, no chains, no replay. Not to be tuned:
 * figures of the exchange are given as shares of it.
 */
import { closeSync, fdatasyncSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import avro from 'avsc';
import { map, Subject } from 'rxjs';
import type { Cancel, Place } from '../../../schemas/generated/records.ts';

const BATCH = 1024;
const LOWEST_TICKS = 99_000;
const WINDOW_TICKS = 2048;
const ACCOUNTS_MAX = 4096;

const EVENT = avro.Type.forSchema({
  type: 'record',
  name: 'event',
  fields: [
    ...['event_id', 'symbol', 'side', 'kind', 'client_order_id', 'correlation_id', 'causation_id'].map((name) => ({
      name,
      type: 'string' as const,
    })),
    ...['version', 'seq', 'occurred_at', 'order_id', 'account', 'price_ticks', 'quantity_lots', 'open_lots'].map(
      (name) => ({
        name,
        type: 'long' as const,
      }),
    ),
  ],
});

class Book {
  readonly #first = [new Int32Array(WINDOW_TICKS), new Int32Array(WINDOW_TICKS)];
  readonly #last = [new Int32Array(WINDOW_TICKS), new Int32Array(WINDOW_TICKS)];
  readonly #next: Int32Array;
  readonly open: Float64Array;
  readonly account: Int32Array;
  readonly price: Int32Array;
  #bestBid = 0;
  #bestAsk = WINDOW_TICKS - 1;

  constructor(orders: number) {
    this.#next = new Int32Array(orders);
    this.open = new Float64Array(orders);
    this.account = new Int32Array(orders);
    this.price = new Int32Array(orders);
  }

  /** Trades what crosses, then rests; `met` is told of each trade. */
  place(
    order: number,
    buy: boolean,
    tick: number,
    rests: boolean,
    met: (maker: number, lots: number, tick: number) => void,
  ) {
    const [bids, asks] = [0, 1];
    while (this.open[order]! > 0) {
      const side = buy ? asks : bids;
      const best = buy ? this.#bestAsk : this.#bestBid;
      const maker = this.#first[side]![best]!;
      if (maker === 0) {
        if (buy ? best >= WINDOW_TICKS - 1 : best <= 0) break;
        if (buy) this.#bestAsk++;
        else this.#bestBid--;
        continue;
      }
      if (buy ? best > tick : best < tick) break;
      const lots = Math.min(this.open[maker]!, this.open[order]!);
      this.open[maker]! -= lots;
      this.open[order]! -= lots;
      if (lots > 0) met(maker, lots, best);
      if (this.open[maker] === 0) this.#first[side]![best] = this.#next[maker]!;
    }
    if (this.open[order] === 0 || !rests) return;
    const side = buy ? bids : asks;
    this.#next[order] = 0;
    if (this.#first[side]![tick] === 0) this.#first[side]![tick] = order;
    else this.#next[this.#last[side]![tick]!] = order;
    this.#last[side]![tick] = order;
    if (buy && tick > this.#bestBid) this.#bestBid = tick;
    if (!buy && tick < this.#bestAsk) this.#bestAsk = tick;
  }
}

/** Commands a second that the ceiling acknowledges, over all the commands given. */
export function runCeiling(commands: readonly (Place | Cancel)[]): number {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-ceiling-'));
  const file = openSync(join(folder, 'log'), 'w');
  const bytes = Buffer.alloc(BATCH * 4096);
  let at = 0;
  let seq = 0;
  const books = Array.from({ length: 5 }, () => new Book(commands.length + 2));
  const numbers = new Map<string, number>();
  const balances = new Float64Array(ACCOUNTS_MAX * 2);
  const write = (
    kind: string,
    record: Place | Cancel,
    order: number,
    account: number,
    price: number,
    lots: number,
    open: number,
  ) => {
    seq++;
    const end = EVENT.encode(
      {
        event_id: 'e-0123456789',
        symbol: 'AAA-USD',
        side: 'buy',
        kind,
        client_order_id: record.clientOrderId,
        correlation_id: 'c-0123456789',
        causation_id: 'a-0123456789',
        version: 1,
        seq,
        occurred_at: 1_767_225_600_000_000,
        order_id: order,
        account,
        price_ticks: price,
        quantity_lots: lots,
        open_lots: open,
      },
      bytes,
      at,
    );
    if (end < 0) throw new RangeError('a batch of events does not fit the buffer');
    at = end;
  };
  let acknowledged = 0;
  const batches = new Subject<readonly (Place | Cancel)[]>();
  batches
    .pipe(
      map((batch) => {
        for (const record of batch) {
          const book = books[record.symbol]!;
          if (record.type === 'cancel') {
            const order = numbers.get(record.clientOrderId)!;
            const open = book.open[order]!;
            book.open[order] = 0;
            balances[(record.account % ACCOUNTS_MAX) * 2]! += open * book.price[order]!;
            write('cancelled', record, order, record.account, book.price[order]!, open, 0);
            continue;
          }
          const order = numbers.size + 1;
          numbers.set(record.clientOrderId, order);
          const buy = record.side === 'buy';
          const tick = record.priceTicks - LOWEST_TICKS;
          book.open[order] = record.quantityLots;
          book.account[order] = record.account;
          book.price[order] = tick;
          balances[(record.account % ACCOUNTS_MAX) * 2]! -= record.quantityLots * tick;
          write('accepted', record, order, record.account, record.priceTicks, record.quantityLots, record.quantityLots);
          book.place(order, buy, tick, record.orderType === 'limit', (maker, lots, price) => {
            balances[(book.account[maker]! % ACCOUNTS_MAX) * 2 + 1]! += lots * price;
            balances[(record.account % ACCOUNTS_MAX) * 2 + 1]! -= lots * price;
            write('trade', record, order, book.account[maker]!, price + LOWEST_TICKS, lots, book.open[order]!);
          });
        }
        return batch.length;
      }),
    )
    .subscribe((count) => {
      for (let from = 0; from < at; ) from += writeSync(file, bytes, from, at - from);
      fdatasyncSync(file);
      at = 0;
      acknowledged += count;
    });
  const beganMs = performance.now();
  for (let from = 0; from < commands.length; from += BATCH) batches.next(commands.slice(from, from + BATCH));
  const tookMs = performance.now() - beganMs;
  closeSync(file);
  rmSync(folder, { recursive: true, force: true });
  if (acknowledged !== commands.length) throw new Error('the ceiling acknowledged another number of commands');
  return (acknowledged / tookMs) * 1000;
}
