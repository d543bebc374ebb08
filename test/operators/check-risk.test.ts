import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { AnyRecord, RecordOf, RecordType } from '../../schemas/generated/records.ts';
import { ExchangeLoop, type LoopRecord } from './exchange-loop.ts';
import * as make from './record-makers.ts';
import { riskTable } from './risk-table.ts';

// Fees are 1,000 ppm for a maker and 1,500 ppm for a taker, one unit a tick and lot, unless a table says otherwise.

test('holds limit price x quantity and the worst fee for a buy, rounded up', () => {
  riskTable(
    { quote: 10_000 },
    `
    place buy 10 @ 100  | hold 1002                          | 8998 + 1002   # 1000 + ceil(1.5)
    fill 10 @ 100 taker | paid 1002, fee 2, released 0       | 8998 + 0      | 10 + 0
    `,
  );
});

test('holds the base quantity for a sell, and takes the fee from what it brings', () => {
  riskTable(
    { base: 10 },
    `
    place sell 10 @ 100 | hold 10                            | 0 + 0         | 0 + 10
    fill 4 @ 105 taker  | paid 4, fee 1, released 0          | 419 + 0       | 0 + 6
    fill 6 @ 100 maker  | paid 6, fee 1, released 0          | 1018 + 0      | 0 + 0      # ceil(1.23) - 1
    `,
  );
});

test('releases the difference between limit and trade price, and between worst and real fee, at once', () => {
  riskTable(
    { quote: 10_000 },
    `
    place buy 100 @ 90  | hold 9014                          | 986 + 9014    # 9000 + ceil(13.5)
    fill 50 @ 80 taker  | paid 4006, fee 6, released 501     | 1487 + 4507   | 50 + 0
    fill 49 @ 90 maker  | paid 4415, fee 5, released 2       | 1489 + 90     | 99 + 0     # 6 + 4.41, in all 11 units
    fill 1 @ 90 maker   | paid 90, fee 0, released 0         | 1489 + 0      | 100 + 0    # 10.5: 11 are charged already
    `,
  );
});

test('charges a hundred small fills what one large fill costs', () => {
  const exchange = new ExchangeLoop(make.oneMarket(), { match: false });
  exchange.apply(make.deposit({ amount: 1_000 }));
  const placed = exchange.apply(make.place({ priceTicks: 1, quantityLots: 100 }));
  const { orderId } = only(placed, 'admitted_place');
  let fees = 0;
  for (let index = 0; index < 100; index++) {
    const fill = only(
      exchange.apply(
        make.execution({
          orderId,
          priceTicks: 1,
          openPriceTicks: 1,
          liquidity: 'maker',
          cumulativeLots: index + 1,
          openLots: 99 - index,
        }),
      ),
      'fill',
    );
    fees += fill.fee;
  }
  assert.equal(fees, 1, 'ceil(100 x 0.001), not 100 x 1');
});

test('pays a rebate on the fill and never holds against it', () => {
  riskTable(
    { quote: 10_000, fees: { makerPpm: -10_000, takerPpm: 0 } },
    `
    place buy 10 @ 100  | hold 1000                          | 9000 + 1000
    fill 5 @ 100 maker  | paid 495, fee -5, released 5       | 9005 + 500    | 5 + 0
    fill 5 @ 100 taker  | paid 500, fee 0, released 0        | 9005 + 0      | 10 + 0
    `,
  );
});

test('takes the fee from the asset received where the schedule says so', () => {
  const fees = { feeAsset: 'received' as const };
  riskTable(
    { quote: 10_000, fees, symbol: { baseUnitsPerLot: 100 } },
    `
    place buy 10 @ 100  | hold 1000                          | 9000 + 1000
    fill 4 @ 90 taker   | paid 360, fee 1, released 40       | 9040 + 600    | 399 + 0    # ceil(0.6)
    fill 6 @ 100 maker  | paid 600, fee 1, released 0        | 9040 + 0      | 998 + 0    # ceil(1.2) - 1
    `,
  );
  riskTable(
    { base: 1_000, fees, symbol: { baseUnitsPerLot: 100 } },
    `
    place sell 10 @ 100 | hold 1000                          | 0 + 0         | 0 + 1000
    fill 10 @ 100 taker | paid 1000, fee 2, released 0       | 998 + 0       | 0 + 0
    `,
  );
});

test('holds a market buy at its worst price, and a market sell at its quantity', () => {
  riskTable(
    { quote: 10_000, base: 10, symbol: { bandPpm: 100_000 } },
    `
    market buy 10       | no_reference_price                 | 10000 + 0
    market buy 10 @ 120 | hold 1202                          | 8798 + 1202
    fill 4 @ 100 taker  | paid 401, fee 1, released 80       | 8878 + 721    | 14 + 0
    cancelled ioc_remainder | released 721                   | 9599 + 0      | 14 + 0
    reference 100       | -                                  | 9599 + 0
    market buy 10       | hold 1102                          | 8497 + 1102   # protection price 110
    cancelled no_liquidity | released 1102                   | 9599 + 0
    market sell 3       | hold 3                             | 9599 + 0      | 11 + 3
    fill 3 @ 95 taker   | paid 3, fee 1, released 0          | 9883 + 0      | 11 + 0
    `,
  );
});

test('holds the budget and its fee, and releases what is left when it pays less than a lot', () => {
  riskTable(
    { quote: 10_000 },
    `
    market buy for 1000 @ 120 | hold 1002                    | 8998 + 1002
    fill 3 @ 110 taker open 6 | paid 331, fee 1, released 0  | 8998 + 671    | 3 + 0
    fill 6 @ 110 taker open 0 | paid 661, fee 1, released 10 | 9008 + 0      | 9 + 0      # 990 spent, fee ceil(1.485)
    `,
  );
});

test('holds for a sell by budget the whole lots that the worst price makes of it', () => {
  riskTable(
    { base: 100 },
    `
    market sell for 1000 @ 90 | hold 12                      | 0 + 0         | 88 + 12    # ceil(11.1)
    fill 5 @ 100 taker open 5 | paid 5, fee 1, released 0    | 499 + 0       | 88 + 7
    fill 5 @ 100 taker open 0 | paid 5, fee 1, released 2    | 998 + 0       | 90 + 0
    `,
  );
});

test('refuses what an account cannot pay to the last unit, fee included', () => {
  riskTable(
    { quote: 1_001 },
    `
    place buy 10 @ 100  | insufficient_funds                 | 1001 + 0
    deposit 1 quote     | deposit 1                          | 1002 + 0
    place buy 10 @ 100  | hold 1002                          | 0 + 1002
    place buy 1 @ 1     | insufficient_funds                 | 0 + 1002
    `,
  );
});

test('holds the larger of old and new terms while an amend is in flight', () => {
  riskTable(
    { quote: 10_000 },
    `
    place buy 10 @ 100  | hold 1002                          | 8998 + 1002
    amend 20 @ 110      | hold 1202                          | 7796 + 2204   # 2200 + ceil(3.3)
    amended             | amended, released 0                | 7796 + 2204
    amend 5             | -                                  | 7796 + 2204   # less is not released before match says so
    amended             | amended, released 1653             | 9449 + 551
    amend @ 120         | hold 50                            | 9399 + 601
    amend refused post_only_would_cross | post_only_would_cross, released 50 | 9449 + 551
    cancel              | -                                  | 9449 + 551
    cancelled user      | released 551                       | 10000 + 0
    `,
  );
});

test('covers fills at the old price while an amend to more lots at a lower price is in flight', () => {
  riskTable(
    { quote: 10_000, fees: { makerPpm: 0, takerPpm: 0 } },
    `
    place buy 10 @ 100  | hold 1000                          | 9000 + 1000
    amend 15 @ 90       | hold 450                           | 8550 + 1450   # 10 x 100 + 5 x 90
    fill 9 @ 100 maker  | paid 900, fee 0, released 0        | 8550 + 550    | 9 + 0
    amended             | amended, released 10               | 8560 + 540    | 9 + 0      # 6 x 90
    `,
  );
});

test('covers the highest price and the most lots while several amends are in flight', () => {
  riskTable(
    { quote: 10_000, fees: { makerPpm: 0, takerPpm: 0 } },
    `
    place buy 10 @ 100  | hold 1000                          | 9000 + 1000
    amend 20            | hold 1000                          | 8000 + 2000
    amend 5 @ 110       | hold 200                           | 7800 + 2200   # 20 x 110
    fill 2 @ 100 maker  | paid 200, fee 0, released 20       | 7820 + 1980   | 2 + 0      # 18 x 110
    amended             | amended, released 180              | 8000 + 1800   | 2 + 0      # 18 x 100, or 3 x 110
    amended             | amended, released 1470             | 9470 + 330    | 2 + 0      # 3 x 110
    cancelled user_unasked | released 330                    | 9800 + 0      | 2 + 0
    `,
  );
});

test('holds the most lots of a sell while amends are in flight', () => {
  riskTable(
    { base: 30 },
    `
    place sell 10 @ 100 | hold 10                            | 0 + 0         | 20 + 10
    amend 25 @ 50       | hold 15                            | 0 + 0         | 5 + 25
    amend 31            | insufficient_funds                 | 0 + 0         | 5 + 25
    amend refused market_halted | market_halted, released 15 | 0 + 0         | 20 + 10
    `,
  );
});

test('keeps an ended order until match has answered the amend and the cancel that were in flight', () => {
  riskTable(
    { quote: 10_000, fees: { makerPpm: 0, takerPpm: 0 } },
    `
    place buy 10 @ 100  | hold 1000                          | 9000 + 1000
    amend 20            | hold 1000                          | 8000 + 2000
    cancel              | -                                  | 8000 + 2000
    fill 10 @ 100 maker open 0 | paid 1000, fee 0, released 1000 | 9000 + 0  | 10 + 0
    cancel              | order_not_open                     | 9000 + 0      | 10 + 0
    amend 30            | order_not_open                     | 9000 + 0      | 10 + 0
    amend refused order_not_open | order_not_open            | 9000 + 0      | 10 + 0
    cancel refused      | order_not_open                     | 9000 + 0      | 10 + 0
    cancel              | unknown_order                      | 9000 + 0      | 10 + 0     # it had no client order id
    `,
  );
});

test('ends the rest of an order amended to what is filled', () => {
  riskTable(
    { quote: 10_000, symbol: { minQuantityLots: 3 } },
    `
    place buy 10 @ 100  | hold 1002                          | 8998 + 1002
    fill 2 @ 100 maker  | paid 201, fee 1, released 0        | 8998 + 801    | 2 + 0
    amend 1             | -                                  | 8998 + 801    | 2 + 0      # below the minimum, but an end
    cancelled amended_below_filled | released 801            | 9799 + 0      | 2 + 0
    `,
  );
});

test('gives the hold back to the last unit when match refuses the order', () => {
  riskTable(
    { quote: 10_000 },
    `
    place buy 10 @ 100  | hold 1002                          | 8998 + 1002
    refused market_halted | market_halted, released 1002     | 10000 + 0
    `,
  );
});

test('shrinks the hold of a maker in the step in which self-trade prevention decrements it', () => {
  riskTable(
    { quote: 10_000 },
    `
    place buy 10 @ 100  | hold 1002                          | 8998 + 1002
    prevented 4         | released 401                       | 9399 + 601
    amend 12            | hold 201                           | 9198 + 802    # 12 - 4 prevented: 8 open
    amended             | amended, released 0                | 9198 + 802
    fill 8 @ 100 maker  | paid 801, fee 1, released 1        | 9199 + 0      | 8 + 0
    `,
  );
});

test('moves deposits, withdrawals and adjustments, and refuses what is not there', () => {
  riskTable(
    {},
    `
    deposit 0 quote     | quantity_out_of_range              | 0 + 0
    deposit -1 quote    | quantity_out_of_range              | 0 + 0
    deposit 100 quote   | deposit 100                        | 100 + 0
    withdraw 101 quote  | insufficient_funds                 | 100 + 0
    withdraw 60 quote   | withdrawal -60                     | 40 + 0
    adjust -41 quote    | insufficient_funds                 | 40 + 0
    adjust -40 quote    | adjustment -40                     | 0 + 0
    adjust 0 quote      | quantity_out_of_range              | 0 + 0
    adjust 7 base       | adjustment 7                       | 0 + 0         | 7 + 0
    `,
  );
});

test('lets no more of an asset into a partition than keeps every balance exact', () => {
  const exchange = new ExchangeLoop(make.oneMarket(), { match: false, accountPartitions: 2 });
  const share = Math.floor(Number.MAX_SAFE_INTEGER / 2);
  assert.equal(reason(exchange.apply(make.deposit({ amount: share + 1 }))), 'amount_overflow');
  assert.equal(reason(exchange.apply(make.deposit({ amount: share }))), undefined);
  assert.equal(reason(exchange.apply(make.deposit({ account: 102, amount: 1 }))), 'amount_overflow');
  assert.equal(reason(exchange.apply(make.deposit({ account: 101, amount: share }))), undefined, 'another partition');
  assert.equal(reason(exchange.apply(make.withdraw({ amount: 1 }))), undefined);
  assert.equal(reason(exchange.apply(make.deposit({ account: 102, amount: 1 }))), undefined);
  exchange.checkInvariants();
});

test('knows no asset and no system account that money could be sent to', () => {
  const exchange = new ExchangeLoop(make.oneMarket(), { match: false });
  assert.equal(reason(exchange.apply(make.deposit({ asset: 9 }))), 'unknown_symbol');
  for (const account of [1, 2, 3]) {
    assert.equal(reason(exchange.apply(make.deposit({ account }))), 'account_not_permitted');
    assert.equal(reason(exchange.apply(make.place({ account }))), 'account_not_permitted');
  }
  assert.equal(reason(exchange.apply(make.adjust({ account: 1 }))), 'account_not_permitted');
  exchange.apply(make.deposit({ amount: 50 }));
  assert.equal(reason(exchange.apply(make.adjust({ account: 2, amount: 3 }))), undefined, 'fees can be adjusted');
  exchange.checkInvariants();
});

const refusedPlaces: [title: string, fields: Parameters<typeof make.place>[0], reason: string][] = [
  ['a limit order without a price', { priceTicks: 0 }, 'bad_combination'],
  ['a limit order without a quantity', { quantityLots: 0 }, 'bad_combination'],
  ['a limit order with a budget', { budget: 1 }, 'bad_combination'],
  ['a post-only order that is immediate or cancel', { postOnly: true, timeInForce: 'ioc' }, 'bad_combination'],
  ['a post-only order that is fill or kill', { postOnly: true, timeInForce: 'fok' }, 'bad_combination'],
  ['a market order that would rest', { orderType: 'market' }, 'bad_combination'],
  ['a market order till a date', { orderType: 'market', timeInForce: 'gtd', expiresAt: 2 ** 52 }, 'bad_combination'],
  [
    'a market order with neither quantity nor budget',
    { orderType: 'market', timeInForce: 'ioc', quantityLots: 0 },
    'bad_combination',
  ],
  [
    'a market order with quantity and budget',
    { orderType: 'market', timeInForce: 'ioc', budget: 5 },
    'bad_combination',
  ],
  ['good till a date without a date', { timeInForce: 'gtd' }, 'bad_combination'],
  ['a date without good till a date', { expiresAt: 2 ** 52 }, 'bad_combination'],
  ['a self-trade mode that the symbol does not allow', { selfTradeMode: 'none' }, 'bad_combination'],
  ['a negative price', { priceTicks: -5 }, 'price_out_of_range'],
  ['a negative quantity', { quantityLots: -5 }, 'quantity_out_of_range'],
  [
    'a negative budget',
    { orderType: 'market', timeInForce: 'ioc', quantityLots: 0, budget: -5 },
    'notional_out_of_range',
  ],
  ['less than the least quantity', { quantityLots: 1 }, 'quantity_out_of_range'],
  ['more than the largest quantity', { quantityLots: 1_001 }, 'quantity_out_of_range'],
  [
    'a sell by budget of more lots than allowed',
    { side: 'sell', orderType: 'market', timeInForce: 'ioc', quantityLots: 0, budget: 100_000, priceTicks: 90 },
    'quantity_out_of_range',
  ],
  ['a price below the range', { priceTicks: 1 }, 'price_out_of_range'],
  ['a price above the range', { priceTicks: 1_001 }, 'price_out_of_range'],
  ['a notional below the range', { priceTicks: 2, quantityLots: 2 }, 'notional_out_of_range'],
  ['a notional above the range', { priceTicks: 110, quantityLots: 1_000 }, 'notional_out_of_range'],
  [
    'a budget below the range',
    { orderType: 'market', timeInForce: 'ioc', quantityLots: 0, budget: 4 },
    'notional_out_of_range',
  ],
  ['a price above the band', { priceTicks: 111 }, 'outside_price_band'],
  ['a price below the band', { priceTicks: 89 }, 'outside_price_band'],
  ['a worst price above the band', { orderType: 'market', timeInForce: 'ioc', priceTicks: 111 }, 'outside_price_band'],
  [
    'a sell whose worst price lies below the band',
    { side: 'sell', orderType: 'market', timeInForce: 'ioc', priceTicks: 89 },
    'outside_price_band',
  ],
];

for (const [title, fields, expected] of refusedPlaces) {
  test(`refuses ${title} as ${expected}`, () => {
    const exchange = new ExchangeLoop(
      make.oneMarket({
        minQuantityLots: 2,
        maxQuantityLots: 1_000,
        minPriceTicks: 2,
        maxPriceTicks: 1_000,
        minNotionalAmount: 5,
        maxNotionalAmount: 100_000,
        bandPpm: 100_000,
      }),
      { match: false },
    );
    exchange.apply(make.deposit({ amount: 1_000_000 }));
    exchange.apply(make.deposit({ asset: make.BASE, amount: 1_000_000 }));
    exchange.apply(reference(100));
    const before = exchange.stateHashes().get('ingest/0');
    const records = exchange.apply(make.place({ quantityLots: 10, ...fields }));
    assert.equal(reason(records), expected);
    assert.equal(records.length, 2, 'the command and its reject, nothing else');
    assert.equal(exchange.stateHashes().get('ingest/0'), before);
    exchange.checkInvariants();
  });
}

test('takes prices on both edges of the band, and any price before there is a reference', () => {
  const exchange = new ExchangeLoop(make.oneMarket({ bandPpm: 100_000 }), { match: false });
  exchange.apply(make.deposit({ amount: 1_000_000 }));
  assert.equal(reason(exchange.apply(make.place({ priceTicks: 500 }))), undefined);
  exchange.apply(reference(105));
  assert.equal(reason(exchange.apply(make.place({ priceTicks: 115 }))), undefined, '105 + floor(10.5)');
  assert.equal(reason(exchange.apply(make.place({ priceTicks: 116 }))), 'outside_price_band');
  assert.equal(reason(exchange.apply(make.place({ priceTicks: 95 }))), undefined);
  assert.equal(reason(exchange.apply(make.place({ priceTicks: 94 }))), 'outside_price_band');
});

test('judges an amend by the terms it asks for', () => {
  const exchange = new ExchangeLoop(
    make.oneMarket({
      minQuantityLots: 2,
      maxQuantityLots: 100,
      maxPriceTicks: 200,
      minNotionalAmount: 150,
      maxNotionalAmount: 9_000,
      bandPpm: 500_000,
    }),
    { match: false },
  );
  exchange.apply(make.deposit({ amount: 10_000 }));
  exchange.apply(reference(100));
  const { orderId } = only(exchange.apply(make.place({ priceTicks: 100, quantityLots: 10 })), 'admitted_place');
  const amended = (fields: Parameters<typeof make.amend>[0]) =>
    reason(exchange.apply(make.amend({ orderId, ...fields })));
  assert.equal(amended({}), 'bad_combination');
  assert.equal(amended({ orderId: 0, clientOrderId: 'nobody', priceTicks: 5 }), 'unknown_order');
  assert.equal(amended({ symbol: 2, priceTicks: 101 }), 'unknown_order');
  assert.equal(amended({ account: 101, priceTicks: 101 }), 'unknown_order', 'of another account');
  assert.equal(amended({ quantityLots: 1 }), 'quantity_out_of_range');
  assert.equal(amended({ quantityLots: 101 }), 'quantity_out_of_range');
  assert.equal(amended({ quantityLots: -1 }), 'quantity_out_of_range');
  assert.equal(amended({ priceTicks: 201 }), 'price_out_of_range');
  assert.equal(amended({ priceTicks: -1 }), 'price_out_of_range');
  assert.equal(amended({ priceTicks: 14 }), 'notional_out_of_range');
  assert.equal(amended({ quantityLots: 91 }), 'notional_out_of_range');
  assert.equal(amended({ priceTicks: 151 }), 'outside_price_band');
  assert.equal(amended({ priceTicks: 150, quantityLots: 60 }), undefined, 'exactly 9,000 and its fee are there');
  exchange.apply(make.admin({ account: 100, action: 'set_account_state', accountState: 'suspended' }));
  assert.equal(amended({ priceTicks: 120 }), 'account_not_permitted');
});

test('takes sixteen amends of one order in flight, and no more', () => {
  const exchange = new ExchangeLoop(make.oneMarket(), { match: false, checked: true });
  exchange.apply(make.deposit({ amount: 1_000_000 }));
  const { orderId } = only(exchange.apply(make.place({ quantityLots: 10 })), 'admitted_place');
  for (let i = 1; i <= 16; i++)
    assert.equal(reason(exchange.apply(make.amend({ orderId, priceTicks: 100 + i }))), undefined);
  assert.equal(reason(exchange.apply(make.amend({ orderId, priceTicks: 99 }))), 'order_rate_exceeded');
});

test('refuses a resting order too many on a symbol, but never an immediate one', () => {
  const exchange = new ExchangeLoop(
    [...make.oneMarket(), make.symbolConfig({ symbol: 2 }), make.limitConfig({ openOrders: 2 })],
    { match: false, checked: true },
  );
  exchange.apply(make.deposit({ amount: 10_000 }));
  const first = only(exchange.apply(make.place()), 'admitted_place');
  assert.equal(reason(exchange.apply(make.place())), undefined);
  assert.equal(reason(exchange.apply(make.place())), 'too_many_open_orders');
  assert.equal(reason(exchange.apply(make.place({ timeInForce: 'ioc' }))), undefined);
  assert.equal(reason(exchange.apply(make.place({ symbol: 2 }))), undefined, 'each symbol has its own count');
  exchange.apply(make.limitConfig({ account: 100, openOrders: 3 }));
  assert.equal(reason(exchange.apply(make.place())), undefined, 'an account may have a limit of its own');
  assert.equal(reason(exchange.apply(make.place())), 'too_many_open_orders');
  exchange.apply(make.execution({ orderId: first.orderId }));
  assert.equal(reason(exchange.apply(make.place())), undefined, 'a filled order makes room');
});

test('lets an account send as many orders a second as its bucket holds, by log time', () => {
  const exchange = new ExchangeLoop([...make.oneMarket(), make.limitConfig({ ordersPerSecond: 4 })], { match: false });
  exchange.apply(make.deposit({ amount: 100_000 }));
  const places = (count: number) =>
    Array.from({ length: count }, () => reason(exchange.apply(make.place())) ?? 'ok').join(' ');
  assert.equal(places(5), 'ok ok ok ok order_rate_exceeded');
  exchange.timeMicros += 249_999;
  assert.equal(places(1), 'order_rate_exceeded');
  exchange.timeMicros += 1;
  assert.equal(places(2), 'ok order_rate_exceeded');
  exchange.timeMicros += 60_000_000;
  assert.equal(places(5), 'ok ok ok ok order_rate_exceeded', 'it never holds more than a second');
  const { orderId } = exchange.records.find((each) => each.record.type === 'admitted_place')!
    .record as RecordOf<'admitted_place'>;
  assert.equal(reason(exchange.apply(make.amend({ orderId, priceTicks: 101 }))), 'order_rate_exceeded');
  assert.equal(reason(exchange.apply(make.cancel({ orderId }))), undefined, 'cancels are never counted');
  assert.equal(reason(exchange.apply(make.place({ account: 101 }))), 'insufficient_funds', 'each account has its own');
});

test('takes no token for an order that is refused', () => {
  const exchange = new ExchangeLoop([...make.oneMarket(), make.limitConfig({ ordersPerSecond: 1 })], { match: false });
  for (let i = 0; i < 3; i++) assert.equal(reason(exchange.apply(make.place())), 'insufficient_funds');
  exchange.apply(make.deposit({ amount: 1_000 }));
  assert.equal(reason(exchange.apply(make.place())), undefined);
  assert.equal(reason(exchange.apply(make.place())), 'order_rate_exceeded');
});

test('lets a suspended account cancel but not trade or withdraw, and cancels all of a disabled one', () => {
  const exchange = new ExchangeLoop(make.oneMarket(), { match: false, checked: true });
  exchange.apply(make.deposit({ amount: 1_000 }));
  const { orderId } = only(exchange.apply(make.place()), 'admitted_place');
  const changed = only(exchange.apply(state('suspended')), 'account_changed');
  assert.deepEqual(
    [changed.account, changed.state, changed.reason, changed.requestedBy],
    [100, 'suspended', 'test', 'ann'],
  );
  assert.equal(reason(exchange.apply(make.place())), 'account_not_permitted');
  assert.equal(reason(exchange.apply(make.withdraw())), 'account_not_permitted');
  assert.equal(reason(exchange.apply(make.deposit())), undefined);
  assert.equal(only(exchange.apply(make.cancel({ orderId })), 'admitted_cancel').reason, 'user');
  const all = only(exchange.apply(state('disabled')), 'admitted_cancel_all');
  assert.deepEqual([all.account, all.symbol, all.reason], [100, 1, 'admin']);
  assert.equal(reason(exchange.apply(make.place())), 'account_disabled');
  exchange.apply(state('active'));
  assert.equal(reason(exchange.apply(make.place())), undefined);
});

test("lets the stricter of the state over all accounts and the account's own hold", () => {
  const exchange = new ExchangeLoop(make.oneMarket(), { match: false });
  exchange.apply(make.deposit({ amount: 1_000 }));
  const over = (accountState: 'active' | 'suspended' | 'disabled') =>
    exchange.apply(make.admin({ action: 'set_account_state', accountState }));
  assert.equal(only(over('suspended'), 'account_changed').account, 0);
  assert.equal(reason(exchange.apply(make.place())), 'account_not_permitted');
  exchange.apply(state('disabled'));
  assert.equal(reason(exchange.apply(make.place())), 'account_disabled');
  over('active');
  assert.equal(reason(exchange.apply(make.place())), 'account_disabled');
  exchange.apply(state('active'));
  assert.equal(reason(exchange.apply(make.place())), undefined);
  assert.equal(only(over('disabled'), 'admitted_cancel_all').account, 100, 'all orders of all accounts are cancelled');
});

test('cancels everything of an account where it has open orders, at a kill switch too', () => {
  const exchange = new ExchangeLoop(
    [...make.oneMarket(), make.symbolConfig({ symbol: 2 }), make.symbolConfig({ symbol: 3 })],
    {
      match: false,
    },
  );
  exchange.apply(make.deposit({ amount: 1_000 }));
  exchange.apply(make.place({ symbol: 1 }));
  exchange.apply(make.place({ symbol: 3 }));
  const symbols = (records: LoopRecord[]) => every(records, 'admitted_cancel_all').map((each) => each.symbol);
  assert.deepEqual(symbols(exchange.apply(make.cancelAll())), [1, 3]);
  assert.deepEqual(symbols(exchange.apply(make.cancelAll({ symbol: 3 }))), [3]);
  assert.deepEqual(symbols(exchange.apply(make.cancelAll({ symbol: 2 }))), []);
  assert.equal(reason(exchange.apply(make.cancelAll({ symbol: 9 }))), 'unknown_symbol');
  assert.deepEqual(symbols(exchange.apply(make.admin({ account: 100, symbol: 1, action: 'cancel_all' }))), [1]);
  assert.deepEqual(symbols(exchange.apply(make.admin({ account: 100, action: 'kill_switch' }))), [1, 3]);
  assert.equal(reason(exchange.apply(make.place())), 'account_not_permitted');
});

test('puts the trade group of an account on its orders', () => {
  const exchange = new ExchangeLoop(make.oneMarket(), { match: false });
  exchange.apply(make.deposit({ amount: 1_000 }));
  assert.equal(only(exchange.apply(make.place()), 'admitted_place').tradeGroup, 0);
  assert.equal(
    only(exchange.apply(make.limitConfig({ account: 100, tradeGroup: 7 })), 'account_changed').tradeGroup,
    7,
  );
  assert.deepEqual(every(exchange.apply(make.limitConfig({ account: 100, tradeGroup: 7 })), 'account_changed'), []);
  assert.equal(only(exchange.apply(make.place()), 'admitted_place').tradeGroup, 7);
  exchange.apply(make.admin({ account: 100, action: 'set_account_limits', tradeGroup: 8 }));
  assert.equal(only(exchange.apply(make.place()), 'admitted_place').tradeGroup, 8);
});

test('keeps for an order the fee version under which it was admitted', () => {
  const exchange = new ExchangeLoop(make.oneMarket(), { match: false, checked: true });
  exchange.apply(make.deposit({ amount: 10_000 }));
  const old = only(exchange.apply(make.place({ quantityLots: 10 })), 'admitted_place');
  exchange.apply(make.feeConfig({ version: 2, makerPpm: 20_000, takerPpm: 30_000 }));
  const young = only(exchange.apply(make.place({ quantityLots: 10 })), 'admitted_place');
  assert.deepEqual([old.feeVersion, young.feeVersion], [1, 2]);
  const fill = (orderId: number) =>
    only(exchange.apply(make.execution({ orderId, quantityLots: 10, cumulativeLots: 10 })), 'fill');
  assert.deepEqual([fill(old.orderId).fee, fill(young.orderId).fee], [2, 30]);
});

test('copies ticks and configuration that readers of accounts need, once a partition', () => {
  const exchange = new ExchangeLoop(make.oneMarket(), { match: false, accountPartitions: 3 });
  const copies = (type: RecordType) =>
    exchange.records
      .filter((each) => each.log === 'accounts' && each.record.type === type)
      .map((each) => each.partition);
  exchange.tick();
  for (const type of ['tick', 'symbol_config', 'fee_config'] as const) assert.deepEqual(copies(type), [0, 1, 2], type);
  assert.deepEqual(copies('asset_config'), [0, 1, 2, 0, 1, 2]);
});

test('knows a symbol only when its fee schedule is known', () => {
  const [base, quote, fees, symbol] = make.oneMarket();
  const exchange = new ExchangeLoop([base!, quote!, symbol!], { match: false });
  exchange.apply(make.deposit({ amount: 1_000 }));
  assert.equal(reason(exchange.apply(make.place())), 'unknown_symbol');
  exchange.apply(fees!);
  assert.equal(reason(exchange.apply(make.place())), undefined);
});

test('names the largest amounts exactly', () => {
  const most = Number.MAX_SAFE_INTEGER;
  const exchange = new ExchangeLoop(
    make.oneMarket(
      { quoteUnitsPerTickLot: 9_007_199_254, baseUnitsPerLot: 9_007_199_254 },
      { makerPpm: 1, takerPpm: 1 },
    ),
    { match: false, checked: true },
  );
  exchange.apply(make.deposit({ amount: most }));
  exchange.apply(make.deposit({ account: 101, asset: make.BASE, amount: most }));
  const hold = only(exchange.apply(make.place({ priceTicks: 999, quantityLots: 1_000 })), 'hold');
  const notional = 999n * 1_000n * 9_007_199_254n;
  assert.equal(BigInt(hold.amount), notional + (notional + 999_999n) / 1_000_000n);
  const sell = only(
    exchange.apply(make.place({ account: 101, side: 'sell', priceTicks: 1, quantityLots: 1_000_000 })),
    'hold',
  );
  assert.equal(BigInt(sell.amount), 1_000_000n * 9_007_199_254n);
});

const reference = (priceTicks: number): AnyRecord =>
  ({ type: 'reference_price', symbol: make.SYMBOL, seq: 0, priceTicks }) as never;
const state = (accountState: 'active' | 'suspended' | 'disabled') =>
  make.admin({ account: 100, action: 'set_account_state', accountState });

function every<T extends RecordType>(records: readonly LoopRecord[], type: T): RecordOf<T>[] {
  return records.map((each) => each.record).filter((record): record is RecordOf<T> => record.type === type);
}

function only<T extends RecordType>(records: readonly LoopRecord[], type: T): RecordOf<T> {
  const found = every(records, type);
  assert.equal(found.length, 1, `one ${type} expected: ${JSON.stringify(records.map((each) => each.record))}`);
  return found[0]!;
}

function reason(records: readonly LoopRecord[]): string | undefined {
  return every(records, 'rejected')[0]?.reason;
}
