import assert from 'node:assert/strict';
import { test } from 'node:test';
import { buildDepth } from '../../operators/build-depth.ts';
import { rollTickers } from '../../operators/roll-tickers.ts';
import { krakenChecksum } from '../../schemas/book-checksum.ts';
import type {
  AnyRecord,
  BookDelta,
  PriceTicks,
  QuantityLots,
  SymbolConfig,
  TopOfBook,
} from '../../schemas/generated/records.ts';
import { SymbolScale } from '../../schemas/symbol-scale.ts';
import { FoldedBook } from '../conformance/folded-book.ts';
import { FollowerRun, type PortRecord } from './follower-run.ts';
import { MarketDay } from './market-day.ts';
import { marketRecord } from './market-records.ts';
import { symbolConfig } from './record-makers.ts';

class Depth {
  readonly run = new FollowerRun(buildDepth());
  #timeMicros = 0;

  apply(...records: AnyRecord[]): void {
    for (const record of records)
      assert.deepEqual(this.run.apply(record, this.#timeMicros), [], 'nothing between ticks');
  }

  tick(): { delta: BookDelta | undefined; top: TopOfBook | undefined } {
    this.#timeMicros += 1_000_000;
    const told = this.run.tick(this.#timeMicros);
    this.run.operator.checkInvariants();
    return { delta: recordOf(told, 'delta'), top: recordOf(told, 'top') };
  }
}

function recordOf<R>(told: readonly PortRecord[], port: string): R | undefined {
  return told.find((each) => each.port === port)?.record as R | undefined;
}

const bid = (seq: number, orderId: number, priceTicks: number, restingLots: number): AnyRecord =>
  marketRecord('accepted', { seq, orderId, side: 'buy', priceTicks, restingLots });
const ask = (seq: number, orderId: number, priceTicks: number, restingLots: number): AnyRecord =>
  marketRecord('accepted', { seq, orderId, side: 'sell', priceTicks, restingLots });

const levels = (delta: BookDelta | undefined): string =>
  delta === undefined
    ? 'none'
    : `bids ${delta.bidPriceTicks.map((price, index) => `${price}:${delta.bidLots[index]}`).join(' ')} asks ${delta.askPriceTicks
        .map((price, index) => `${price}:${delta.askLots[index]}`)
        .join(' ')}`;

test('a delta carries the levels that changed, best first, and follows the one before without a hole', () => {
  const depth = new Depth();
  depth.apply(bid(1, 1, 99, 5), bid(2, 2, 98, 4), bid(3, 3, 99, 2), ask(4, 4, 101, 7));
  const first = depth.tick();
  assert.equal(levels(first.delta), 'bids 99:7 98:4 asks 101:7');
  assert.deepEqual([first.delta?.prevSeq, first.delta?.seq], [0, 4]);
  depth.apply(marketRecord('cancelled', { seq: 5, orderId: 2 }), ask(6, 5, 100, 1));
  const second = depth.tick();
  assert.equal(levels(second.delta), 'bids 98:0 asks 100:1');
  assert.deepEqual([second.delta?.prevSeq, second.delta?.seq], [4, 6]);
});

test('a level that changed and changed back is not told; then there is no delta, and the next one bridges it', () => {
  const depth = new Depth();
  depth.apply(bid(1, 1, 99, 5));
  depth.tick();
  depth.apply(bid(2, 2, 97, 5), marketRecord('cancelled', { seq: 3, orderId: 2 }));
  assert.equal(depth.tick().delta, undefined);
  depth.apply(bid(4, 3, 97, 5));
  const { delta } = depth.tick();
  assert.deepEqual([delta?.prevSeq, delta?.seq, levels(delta)], [1, 4, 'bids 97:5 asks ']);
});

test('top of book is told at each tick while an order rests, and not of an empty book', () => {
  const depth = new Depth();
  assert.equal(depth.tick().top, undefined);
  depth.apply(bid(1, 1, 99, 5), bid(2, 2, 98, 4));
  const { top } = depth.tick();
  assert.deepEqual(
    [
      top?.bestBidPriceTicks,
      top?.bestBidLots,
      top?.bidDepthLots,
      top?.bestAskPriceTicks,
      top?.bestAskLots,
      top?.askDepthLots,
    ],
    [99, 5, 9, 0, 0, 0],
  );
  assert.deepEqual(depth.tick().top, top, 'the same again: a row a second');
});

test('what happens to an order moves its level', () => {
  const table: { title: string; records: AnyRecord[]; gives: string }[] = [
    {
      title: 'a trade takes from the maker',
      records: [marketRecord('trade', { seq: 3, makerOrderId: 2, makerOpenLots: 3, priceTicks: 101 })],
      gives: 'bids  asks 101:3',
    },
    {
      title: 'a trade that ends the maker removes it',
      records: [marketRecord('trade', { seq: 3, makerOrderId: 2, makerOpenLots: 0, priceTicks: 101 })],
      gives: 'bids  asks 101:0',
    },
    {
      title: 'an amend moves it',
      records: [
        marketRecord('amended', {
          seq: 3,
          orderId: 2,
          side: 'sell',
          oldPriceTicks: 101,
          oldOpenLots: 7,
          priceTicks: 102,
          openLots: 6,
        }),
      ],
      gives: 'bids  asks 101:0 102:6',
    },
    {
      title: 'an amend that trades to its end leaves nothing',
      records: [marketRecord('amended', { seq: 3, orderId: 2, side: 'sell', priceTicks: 99, openLots: 0 })],
      gives: 'bids  asks 101:0',
    },
    {
      title: 'a decrement shrinks the maker',
      records: [
        marketRecord('prevented_match', {
          seq: 3,
          makerOrderId: 2,
          makerOpenLots: 1,
          takerOrderId: 9,
          takerOpenLots: 4,
        }),
      ],
      gives: 'bids  asks 101:1',
    },
    {
      title: 'a taker that rests entered with its rest',
      records: [
        bid(3, 3, 101, 2),
        marketRecord('trade', { seq: 4, makerOrderId: 2, makerOpenLots: 0, takerOrderId: 3, takerOpenLots: 9 }),
      ],
      gives: 'bids 101:2 asks 101:0',
    },
    {
      title: 'an order that does not rest changes nothing',
      records: [bid(3, 3, 90, 0), marketRecord('cancelled', { seq: 4, orderId: 3, wasResting: false })],
      gives: 'none',
    },
    {
      title: 'a reject changes nothing',
      records: [marketRecord('market_state', { seq: 3, state: 'halted' })],
      gives: 'none',
    },
    {
      title: 'in an auction both sides rest',
      records: [
        marketRecord('market_state', { seq: 3, state: 'auction' }),
        bid(4, 3, 105, 9),
        marketRecord('trade', {
          seq: 5,
          makerOrderId: 2,
          makerOpenLots: 0,
          takerOrderId: 3,
          takerOpenLots: 2,
          priceTicks: 103,
          auction: true,
        }),
        marketRecord('market_state', { seq: 6, state: 'trading' }),
      ],
      gives: 'bids 105:2 asks 101:0',
    },
  ];
  for (const { title, records, gives } of table) {
    const depth = new Depth();
    depth.apply(bid(1, 1, 99, 5), ask(2, 2, 101, 7));
    depth.tick();
    depth.apply(...records);
    assert.equal(levels(depth.tick().delta), gives, title);
  }
});

test('the checksum is made of the fixed decimals of the symbol, ten levels a side', () => {
  const depth = new Depth();
  const config = symbolConfig({
    seq: 1,
    priceDecimals: 5,
    quantityDecimals: 8,
    tickDecimal: '0.00005',
    lotDecimal: '0.00000050',
  });
  depth.apply(config);
  const scale = new SymbolScale(config);
  const asks = Array.from({ length: 12 }, (_, index) => ({ price: 1_001 + index, lots: 10 + index }));
  const bids = Array.from({ length: 3 }, (_, index) => ({ price: 1_000 - index, lots: 5 + index }));
  depth.apply(
    ...asks.map(({ price, lots }, index) => ask(2 + index, 100 + index, price, lots)),
    ...bids.map(({ price, lots }, index) => bid(20 + index, 200 + index, price, lots)),
  );
  const text = ({ price, lots }: { price: number; lots: number }) => ({
    price: scale.formatPrice(price as PriceTicks),
    quantity: scale.formatQuantity(lots as QuantityLots),
  });
  assert.equal(text(bids[0]!).price, '0.05000');
  assert.equal(depth.tick().delta?.checksum, krakenChecksum(asks.map(text), bids.map(text)));
});

test('over a simulated market, deltas alone keep a reader on the book that the log tells, with every checksum', () => {
  const day = new MarketDay(11);
  const folded = new Map<number, FoldedBook>();
  const readers = new Map<number, { seq: number; bids: Map<number, number>; asks: Map<number, number> }>();
  const scales = new Map<number, SymbolScale>();
  const depth = new FollowerRun(buildDepth());
  const tickers = new FollowerRun(rollTickers());
  let deltas = 0;
  day.play(150, (record, timeMicros) => {
    if (record.symbol !== 0) {
      if (!folded.has(record.symbol)) folded.set(record.symbol, new FoldedBook());
      folded.get(record.symbol)!.apply(record);
      if (record.type === 'symbol_config') scales.set(record.symbol, new SymbolScale(record as SymbolConfig));
    }
    const told = depth.apply(record, timeMicros);
    const tickersTold = tickers.apply(record, timeMicros);
    for (const { port, record: out } of told) {
      const book = folded.get(out.symbol)!;
      const {
        bids: [bestBid],
        asks: [bestAsk],
      } = book.best(1);
      if (port === 'top') {
        const top = out as TopOfBook;
        assert.deepEqual(
          [top.bestBidPriceTicks, top.bestBidLots],
          [bestBid?.priceTicks ?? 0, bestBid?.quantityLots ?? 0],
        );
        assert.deepEqual(
          [top.bestAskPriceTicks, top.bestAskLots],
          [bestAsk?.priceTicks ?? 0, bestAsk?.quantityLots ?? 0],
        );
        continue;
      }
      const delta = out as BookDelta;
      const reader = readers.get(delta.symbol) ?? { seq: 0, bids: new Map(), asks: new Map() };
      readers.set(delta.symbol, reader);
      assert.equal(delta.prevSeq, reader.seq);
      reader.seq = delta.seq;
      for (const [side, prices, lots] of [
        [reader.bids, delta.bidPriceTicks, delta.bidLots],
        [reader.asks, delta.askPriceTicks, delta.askLots],
      ] as const) {
        for (const [index, price] of prices.entries()) {
          if (lots[index] === 0) assert.ok(side.delete(price), 'only a level that was there can go');
          else side.set(price, lots[index]!);
        }
      }
      const best = book.best(1_000);
      const scale = scales.get(delta.symbol)!;
      for (const [side, expected] of [
        [reader.bids, best.bids],
        [reader.asks, best.asks],
      ] as const) {
        const mine = [...side].sort(([left], [right]) => (side === reader.bids ? right - left : left - right));
        assert.deepEqual(
          mine,
          expected.map(({ priceTicks, quantityLots }) => [priceTicks, quantityLots]),
        );
      }
      const text = ({ priceTicks, quantityLots }: { priceTicks: number; quantityLots: number }) => ({
        price: scale.formatPrice(priceTicks as PriceTicks),
        quantity: scale.formatQuantity(quantityLots as QuantityLots),
      });
      assert.equal(delta.checksum, krakenChecksum(best.asks.map(text), best.bids.map(text)));
      deltas += 1;
    }
    for (const { record: ticker } of tickersTold) {
      const {
        bids: [bestBid],
        asks: [bestAsk],
      } = folded.get(ticker.symbol)!.best(1);
      assert.ok(ticker.type === 'ticker');
      assert.deepEqual(
        [ticker.bestBidPriceTicks, ticker.bestAskLots],
        [bestBid?.priceTicks ?? 0, bestAsk?.quantityLots ?? 0],
      );
    }
  });
  depth.operator.checkInvariants();
  tickers.operator.checkInvariants();
  assert.ok(deltas > 200, `${deltas} deltas`);
});

test('what is told after a restore is equal, wherever the log is cut', () => {
  const inputs: [AnyRecord, number][] = [];
  new MarketDay(5).play(40, (record, timeMicros) => inputs.push([record, timeMicros]));
  for (const definition of [buildDepth, rollTickers]) {
    const make = () => new FollowerRun<AnyRecord, never>(definition() as never);
    const whole = make();
    const restored: FollowerRun<AnyRecord, never>[] = [];
    for (const [index, [record, timeMicros]] of inputs.entries()) {
      const told = whole.apply(record, timeMicros);
      for (const run of restored) assert.deepEqual(run.apply(record, timeMicros), told);
      if (index % 701 !== 350) continue;
      const again = make();
      again.operator.restore(whole.operator.snapshot());
      assert.deepEqual(again.operator.snapshot(), whole.operator.snapshot());
      assert.equal(again.operator.stateHash(), whole.operator.stateHash());
      restored.push(again);
    }
    assert.ok(restored.length > 2, `${inputs.length} records give ${restored.length} cuts`);
    for (const run of restored) assert.equal(run.operator.stateHash(), whole.operator.stateHash());
  }
});
