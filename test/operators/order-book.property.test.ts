import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { ACCEPTED, AMENDED, CANCELLED, PREVENTED, TRADE } from '../../operators/order-book/book-events.ts';
import {
  BUY,
  cancelReasons,
  FOK,
  GTC,
  GTD,
  IOC,
  NOT_OPEN,
  outcomes,
  SELL,
  STP_DECREMENT,
} from '../../operators/order-book/codes.ts';
import { type NewOrder, OrderBook } from '../../operators/order-book/order-book.ts';

const options = { openOrdersMax: 12, quoteUnitsPerTickLot: 3 };
const idsMax = 120;

type Step =
  | { kind: 'place'; order: NewOrder }
  | { kind: 'cancel'; nth: number }
  | { kind: 'amend'; nth: number; priceTicks: number; totalLots: number }
  | { kind: 'cancelAccount'; account: number }
  | { kind: 'expire'; nowMicros: number }
  | { kind: 'startAuction' }
  | { kind: 'uncross'; referenceTicks: number };

/** What the events alone tell of an order. */
interface Told {
  account: number;
  side: number;
  orderedLots: number;
  executedLots: number;
  preventedLots: number;
  open: boolean;
}

// Mostly around one price, seldom anywhere: prices that never meet test nothing, prices that always do test little else.
const price = fc.oneof(
  { weight: 20, arbitrary: fc.integer({ min: 95, max: 105 }) },
  { weight: 1, arbitrary: fc.integer({ min: 1, max: 0x7fffffff }) },
);
const account = fc.integer({ min: 1, max: 5 });

const order: fc.Arbitrary<NewOrder> = fc
  .record({
    account,
    tradeGroup: fc.integer({ min: 0, max: 2 }),
    side: fc.constantFrom(BUY, SELL),
    type: fc.constantFrom(
      'gtc',
      'gtc',
      'gtc',
      'gtd',
      'ioc',
      'fok',
      'post',
      'market',
      'market fok',
      'budget',
      'budget fok',
    ),
    priceTicks: price,
    quantityLots: fc.integer({ min: 1, max: 9 }),
    budget: fc.integer({ min: 1, max: 6_000 }),
    selfTradeMode: fc.integer({ min: 0, max: 4 }),
    expiresAt: fc.integer({ min: 1, max: 100 }),
  })
  .map(({ type, budget, expiresAt, quantityLots, ...terms }) => ({
    ...terms,
    orderId: 0,
    market: /market|budget/.test(type),
    postOnly: type === 'post',
    timeInForce: type.endsWith('fok') ? FOK : type === 'gtd' ? GTD : type === 'gtc' || type === 'post' ? GTC : IOC,
    budget: type.startsWith('budget') ? budget : 0,
    quantityLots: type.startsWith('budget') && terms.side === BUY ? 0 : quantityLots,
    expiresAt: type === 'gtd' ? expiresAt : 0,
  }));

const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 12, arbitrary: fc.record({ kind: fc.constant('place' as const), order }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('cancel' as const), nth: fc.nat(1_000) }) },
  {
    weight: 4,
    arbitrary: fc.record({
      kind: fc.constant('amend' as const),
      nth: fc.nat(1_000),
      priceTicks: price,
      totalLots: fc.integer({ min: 1, max: 12 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('cancelAccount' as const), account }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('expire' as const), nowMicros: fc.integer({ min: 1, max: 60 }) }),
  },
  { weight: 1, arbitrary: fc.constant({ kind: 'startAuction' as const }) },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('uncross' as const), referenceTicks: fc.integer({ min: 0, max: 110 }) }),
  },
);

const steps = fc.array(step, { minLength: 1, maxLength: idsMax, size: 'max' });

test('keeps its invariants, and its events tell the whole book, whatever it is told to do', () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(steps, (run) => {
      const book = new OrderBook(options);
      const told = new Map<number, Told>();
      for (const [i, one] of run.entries()) {
        const before = book.snapshot();
        const outcome = apply(book, one, i + 1);
        seen.add(outcomes[outcome]!);
        book.checkInvariants();
        if (outcome !== 0) {
          assert.equal(book.events.count, 0, 'what is refused says nothing');
          assert.deepEqual(book.snapshot(), before, 'what is refused changes nothing');
        }
        listen(book, told, one, seen);
        checkTold(book, told);
      }
    }),
    { numRuns: 2_000 },
  );
  const never = [...outcomes, 'trade', 'auction trade', 'prevented', 'kept', 'moved', ...bookReasons()].filter(
    (word) => !seen.has(word),
  );
  assert.deepEqual(never, [], 'every outcome was produced at least once');
});

test('goes on from a snapshot exactly as the book goes on that it was taken of', () => {
  fc.assert(
    fc.property(steps, fc.nat(idsMax), (run, cut) => {
      const book = new OrderBook(options);
      for (const [i, one] of run.slice(0, cut).entries()) apply(book, one, i + 1);
      const restored = new OrderBook(options);
      restored.restore(book.snapshot());
      restored.checkInvariants();
      for (const [i, one] of run.slice(cut).entries()) {
        assert.equal(apply(restored, one, cut + i + 1), apply(book, one, cut + i + 1));
        assert.deepEqual(rows(restored), rows(book));
      }
      assert.deepEqual(restored.snapshot(), book.snapshot());
    }),
    { numRuns: 200 },
  );
});

test('gives an order filled whole exactly what fill-or-kill finds to be there', () => {
  fc.assert(
    fc.property(steps, order, (run, last) => {
      const book = new OrderBook(options);
      for (const [i, one] of run.entries()) apply(book, one, i + 1);
      if (book.collecting) book.uncross(0);
      const terms = { ...last, orderId: idsMax + 1, postOnly: false, expiresAt: 0, selfTradeMode: last.selfTradeMode };
      const before = book.snapshot();

      book.events.clear();
      book.place({ ...terms, timeInForce: FOK });
      const filled = tradedLots(book);
      const killed = book.events.kind(book.events.count - 1) === CANCELLED && filled === 0;

      const other = new OrderBook(options);
      other.restore(before);
      other.place({ ...terms, timeInForce: IOC });
      const ended = other.events.count - 1;
      const complete = other.events.kind(ended) === TRADE && other.events.takerOpenLots(ended) === 0;
      const pulled = [...Array(other.events.count).keys()].some((i) => other.events.kind(i) === PREVENTED);
      if (terms.selfTradeMode === STP_DECREMENT && pulled) assert.ok(killed);
      else if (terms.budget === 0)
        assert.equal(!killed, complete, 'fill-or-kill succeeds where immediate-or-cancel completes');
      if (killed) assert.deepEqual(withoutEntries(book), withoutEntries(other, before), 'killed without a trace');
      else assert.equal(filled, tradedLots(other));
    }),
    { numRuns: 300 },
  );
});

function apply(book: OrderBook, one: Step, orderId: number): number {
  book.events.clear();
  switch (one.kind) {
    case 'place':
      if (book.collecting && (one.order.timeInForce === IOC || one.order.timeInForce === FOK || one.order.postOnly))
        return 0;
      return book.place({ ...one.order, orderId });
    case 'cancel':
      return book.cancel(nthOpen(book, one.nth), 0);
    case 'amend':
      return book.amend(nthOpen(book, one.nth), one.priceTicks, one.totalLots);
    case 'cancelAccount':
      book.cancelAccount(one.account);
      return 0;
    case 'expire':
      book.expire(one.nowMicros);
      return 0;
    case 'startAuction':
      book.startAuction();
      return 0;
    case 'uncross':
      if (book.collecting) book.uncross(one.referenceTicks);
      return 0;
  }
}

function nthOpen(book: OrderBook, nth: number): number {
  const ids = [...book.orders(BUY), ...book.orders(SELL)].map((open) => open.orderId);
  return ids[nth % (ids.length + 1)] ?? 999_999;
}

function listen(book: OrderBook, told: Map<number, Told>, one: Step, seen: Set<string>): void {
  const { events } = book;
  for (let i = 0; i < events.count; i++) {
    switch (events.kind(i)) {
      case ACCEPTED:
        assert.ok(one.kind === 'place');
        told.set(events.orderId(i), {
          account: one.order.account,
          side: events.side(i),
          orderedLots: one.order.quantityLots,
          executedLots: 0,
          preventedLots: 0,
          open: true,
        });
        break;
      case AMENDED:
        seen.add(events.keptPriority(i) ? 'kept' : 'moved');
        told.get(events.orderId(i))!.orderedLots = events.orderLots(i);
        break;
      case CANCELLED:
        seen.add(cancelReasons[events.reason(i)]!);
        assert.equal(told.get(events.orderId(i))!.executedLots, events.executedLots(i));
        told.get(events.orderId(i))!.open = false;
        break;
      default:
        seen.add(events.kind(i) === PREVENTED ? 'prevented' : events.inAuction(i) ? 'auction trade' : 'trade');
        met(book, i, told);
    }
  }
}

function met({ events }: OrderBook, i: number, told: Map<number, Told>): void {
  const maker = told.get(events.makerOrderId(i))!;
  const taker = told.get(events.takerOrderId(i))!;
  assert.equal(maker.account, events.makerAccount(i));
  assert.equal(taker.account, events.takerAccount(i));
  assert.equal(taker.side, events.side(i));
  assert.equal(maker.side, events.side(i) ^ 1);
  const lots = events.quantityLots(i);
  assert.ok(lots > 0);
  if (events.kind(i) === TRADE) {
    maker.executedLots += lots;
    taker.executedLots += lots;
    if (events.makerOpenLots(i) === 0) maker.open = false;
    if (events.takerOpenLots(i) === 0) taker.open = false;
  } else if (events.mode(i) === STP_DECREMENT) {
    maker.preventedLots += lots;
    taker.preventedLots += lots;
  }
  assert.equal(maker.executedLots, events.makerCumulativeLots(i));
  assert.equal(taker.executedLots, events.takerCumulativeLots(i));
  assert.equal(maker.orderedLots - maker.executedLots - maker.preventedLots, events.makerOpenLots(i));
}

function checkTold(book: OrderBook, told: Map<number, Told>): void {
  const open = [...book.orders(BUY), ...book.orders(SELL)];
  assert.equal([...told.values()].filter((one) => one.open).length, open.length, 'every order is open or has ended');
  for (const one of open) {
    const { account, side, orderedLots, executedLots, preventedLots } = one;
    assert.deepEqual(told.get(one.orderId), { account, side, orderedLots, executedLots, preventedLots, open: true });
  }
}

function rows({ events }: OrderBook): number[][] {
  return Array.from({ length: events.count }, (_, i) => [
    events.kind(i),
    events.side(i),
    events.orderId(i),
    ...(events.kind(i) === ACCEPTED
      ? [events.restingLots(i)]
      : [events.reason(i), events.account(i), events.orderPriceTicks(i), events.orderLots(i), events.executedLots(i)]),
  ]);
}

function tradedLots({ events }: OrderBook): number {
  let lots = 0;
  for (let i = 0; i < events.count; i++) if (events.kind(i) === TRADE) lots += events.quantityLots(i);
  return lots;
}

// A killed order has counted as an entry, and nothing else.
function withoutEntries(book: OrderBook, snapshot?: Uint8Array): unknown {
  if (snapshot !== undefined) book.restore(snapshot);
  return [[...book.orders(BUY)], [...book.orders(SELL)]];
}

// Those that the book itself gives; the others are given to `cancel` by its caller.
function bookReasons(): string[] {
  return [
    'user',
    'cancel_all',
    'ioc_remainder',
    'fok_unfillable',
    'no_liquidity',
    'price_protection',
    'stp_newest',
  ].concat(['stp_oldest', 'stp_both', 'stp_decrement', 'expired', 'amended_below_filled']);
}

test('answers that an id never seen is not open', () => {
  const book = new OrderBook(options);
  assert.equal(book.cancel(2 ** 52, 0), NOT_OPEN);
  assert.equal(book.amend(2 ** 52, 1, 1), NOT_OPEN);
});
