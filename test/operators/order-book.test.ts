import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BUY, DONE, PRICE_TICKS_MAX, SELL } from '../../operators/order-book/codes.ts';
import { type NewOrder, OrderBook } from '../../operators/order-book/order-book.ts';
import { checkTable } from './order-book-table.ts';

test('trades at the price of the maker, best price first, then the earliest', () => {
  checkTable(`
    sell 1 A 5@101             | rests 5
    sell 2 B 5@100             | rests 5
    sell 3 C 5@100             | rests 5
    buy  4 D 12@103            | rests 0, 5@100 2x4 (0 7), 5@100 3x4 (0 2), 2@101 1x4 (3 0)
    book                       | - / 101:3
  `);
});

test('rests what a limit order could not trade, at its own limit', () => {
  checkTable(`
    sell 1 A 2@100             | rests 2
    buy  2 B 5@101             | rests 3, 2@100 1x2 (0 3)
    book                       | 101:3 / -
    sell 3 C 1@99              | rests 0, 1@101 2x3 (2 0)
    book                       | 101:2 / -
  `);
});

test('keeps a partly filled maker at the head of its queue', () => {
  checkTable(`
    buy  1 A 5@100             | rests 5
    buy  2 B 5@100             | rests 5
    sell 3 C 2@100             | rests 0, 2@100 1x3 (3 0)
    sell 4 C 4@100             | rests 0, 3@100 1x4 (0 1), 1@100 2x4 (4 0)
    book                       | 100:4 / -
  `);
});

test('leaves the order of a queue alone when orders leave its head, middle and end', () => {
  checkTable(`
    sell 1 A 1@100             | rests 1
    sell 2 A 2@100             | rests 2
    sell 3 A 3@100             | rests 3
    sell 4 A 4@100             | rests 4
    sell 5 A 5@100             | rests 5
    cancel 3                   | -3 of 3 user
    cancel 1                   | -1 of 1 user
    cancel 5                   | -5 of 5 user
    book                       | - / 100:2,4
    buy 6 B 6@100              | rests 0, 2@100 2x6 (0 4), 4@100 4x6 (0 0)
    book                       | - / -
  `);
});

test('finds the next best level when the best one is cancelled, near or far', () => {
  checkTable(`
    buy 1 A 1@100              | rests 1
    buy 2 A 1@99               | rests 1
    buy 3 A 1@5                | rests 1
    buy 4 A 1@2000000000       | rests 1
    book                       | 2000000000:1 100:1 99:1 5:1 / -
    cancel 4                   | -1 of 4 user
    cancel 1                   | -1 of 1 user
    cancel 2                   | -1 of 2 user
    sell 5 B 2@1               | rests 1, 1@5 3x5 (0 1)
    book                       | - / 1:1
  `);
});

test('cancels once: an order that is not open is not open', () => {
  checkTable(`
    cancel 1                   | not_open
    buy 1 A 1@100              | rests 1
    cancel 1                   | -1 of 1 user
    cancel 1                   | not_open
    buy 2 A 1@100              | rests 1
    sell 3 B 1@100             | rests 0, 1@100 2x3 (0 0)
    cancel 2                   | not_open
    amend 2 5@100              | not_open
  `);
});

test('cancels what an immediate-or-cancel order could not trade, also if that is all of it', () => {
  checkTable(`
    sell 1 A 2@100             | rests 2
    buy  2 B 5@100 ioc         | rests 0, 2@100 1x2 (0 3), -3 of 2 ioc_remainder
    buy  3 B 5@100 ioc         | rests 0, -5 of 3 ioc_remainder
    book                       | - / -
  `);
});

test('fills a fill-or-kill order whole or leaves no trace of it', () => {
  checkTable(`
    sell 1 A 2@100             | rests 2
    sell 2 B 3@101             | rests 3
    buy  3 C 6@101 fok         | rests 0, -6 of 3 fok_unfillable
    buy  4 C 5@100 fok         | rests 0, -5 of 4 fok_unfillable
    book                       | - / 100:2 101:3
    buy  5 C 5@101 fok         | rests 0, 2@100 1x5 (0 3), 3@101 2x5 (0 0)
    buy  6 C 1@101 fok         | rests 0, -1 of 6 fok_unfillable
  `);
});

test('judges fill-or-kill by the walk that matching would make, own orders and all', () => {
  const setup = `
    sell 1 A 2@100             | rests 2
    sell 2 C 2@100             | rests 2
    sell 3 B 4@101             | rests 4`;
  checkTable(`${setup}
    buy 4 C 2@101 fok stp:newest    | rests 0, 2@100 1x4 (0 0)
    buy 5 C 1@101 fok stp:newest    | rests 0, -1 of 5 fok_unfillable
    buy 6 C 1@101 fok stp:both      | rests 0, -1 of 6 fok_unfillable
    buy 7 C 1@101 fok stp:decrement | rests 0, -1 of 7 fok_unfillable
    buy 8 C 5@101 fok stp:oldest    | rests 0, -5 of 8 fok_unfillable
    book                            | - / 100:2 101:4
    buy 9 C 4@101 fok stp:oldest    | rests 0, 2@100 2!9 (2 4), -2 of 2 stp_oldest, 4@101 3x9 (0 0)
  `);
  checkTable(`${setup}
    buy 4 C 8@101 fok stp:none      | rests 0, 2@100 1x4 (0 6), 2@100 2x4 (0 4), 4@101 3x4 (0 0)
  `);
});

test('takes a market order up to its protection price and never rests it', () => {
  checkTable(`
    sell 1 A 2@100             | rests 2
    sell 2 A 2@105             | rests 2
    buy  3 B 5@104 market      | rests 0, 2@100 1x3 (0 3), -3 of 3 price_protection
    buy  4 B 5@110 market      | rests 0, 2@105 2x4 (0 3), -3 of 4 no_liquidity
    buy  5 B 5@110 market      | rests 0, -5 of 5 no_liquidity
    sell 6 A 2@120             | rests 2
    buy  7 B 5@110 market      | rests 0, -5 of 7 price_protection
    book                       | - / 120:2
  `);
});

test('buys by budget the whole lots that its rest pays at each level', () => {
  checkTable(`
    sell 1 A 2@100                    | rests 2
    sell 2 A 5@150                    | rests 5
    buy  3 B 0@500 market budget:520  | rests 0, 2@100 1x3 (0 3), 2@150 2x3 (3 0)
    buy  4 B 0@500 market budget:149  | rests 0, -0 of 4 ioc_remainder
    buy  5 B 0@500 market budget:900  | rests 0, 3@150 2x5 (0 3), -3 of 5 no_liquidity
    buy  6 B 0@500 market budget:900  | rests 0, -0 of 6 no_liquidity
    sell 7 A 1@100                    | rests 1
    sell 8 A 1@700                    | rests 1
    buy  9 B 0@500 market budget:900  | rests 0, 1@100 7x9 (0 8), -8 of 9 price_protection
  `);
});

test('stops a budget when it pays less than a lot at the level it has come to', () => {
  checkTable(`
    sell 1 A 1@60                     | rests 1
    sell 2 A 1@100                    | rests 1
    buy  3 B 0@500 market budget:150  | rests 0, 1@60 1x3 (0 1), -1 of 3 ioc_remainder
    book                              | - / 100:1
  `);
});

test('counts a budget in quote units of a tick times a lot', () => {
  checkTable(
    `
    sell 1 A 9@100                     | rests 9
    buy  2 B 0@500 market budget:2999  | rests 0, 2@100 1x2 (7 0)
  `,
    { quoteUnitsPerTickLot: 10 },
  );
});

test('sells by budget until the proceeds are earned or what may be sold is gone', () => {
  checkTable(`
    buy  1 A 2@100                    | rests 2
    buy  2 A 9@50                     | rests 9
    sell 3 B 9@40 market budget:310   | rests 0, 2@100 1x3 (0 1), 2@50 2x3 (7 0)
    sell 4 B 3@40 market budget:900   | rests 0, 3@50 2x4 (4 0)
    sell 5 B 9@40 market budget:900   | rests 0, 4@50 2x5 (0 5), -5 of 5 no_liquidity
  `);
});

test('kills a fill-or-kill budget that the book cannot use up', () => {
  checkTable(`
    sell 1 A 2@100                           | rests 2
    sell 2 C 2@110                           | rests 2
    buy  3 B 0@500 market fok budget:99      | rests 0, -0 of 3 fok_unfillable
    buy  4 B 0@500 market fok budget:540     | rests 0, -0 of 4 fok_unfillable
    buy  5 B 0@105 market fok budget:400     | rests 0, -0 of 5 fok_unfillable
    buy  6 C 0@500 market fok budget:310 stp:newest | rests 0, -0 of 6 fok_unfillable
    buy  7 B 0@500 market fok budget:350     | rests 0, 2@100 1x7 (0 1), 1@110 2x7 (1 0)
    buy  8 D 5@50                            | rests 5
    sell 9 E 3@40 market fok budget:200      | rests 0, -3 of 9 fok_unfillable
    sell 10 E 4@40 market fok budget:220     | rests 0, 4@50 8x10 (1 0)
  `);
});

test('refuses a post-only order that would take, priced at the opposite best included', () => {
  checkTable(`
    sell 1 A 2@100                   | rests 2
    buy  2 B 5@100 post              | post_only_would_cross
    buy  3 A 5@101 post stp:oldest   | post_only_would_cross
    buy  4 B 5@99 post               | rests 5
    sell 5 B 5@99 post               | post_only_would_cross
    book                             | 99:5 / 100:2
  `);
});

test('refuses an order that may rest while the book is full, and no other', () => {
  checkTable(
    `
    sell 1 A 2@100             | rests 2
    sell 2 A 2@101             | rests 2
    buy  3 B 1@100             | book_full
    buy  4 B 1@100 post        | post_only_would_cross
    buy  5 B 1@100 ioc         | rests 0, 1@100 1x5 (1 0)
    amend 2 3@102              | moved, rests 3
    cancel 2                   | -3 of 2 user
    buy  6 B 1@99              | rests 1
  `,
    { openOrdersMax: 2 },
  );
});

test('lets orders of one account trade under the mode none', () => {
  checkTable(`
    sell 1 A 2@100             | rests 2
    buy  2 A 2@100 stp:none    | rests 0, 2@100 1x2 (0 0)
  `);
});

test('cancels the newest: the rest of the taker goes, the maker stays, earlier fills stand', () => {
  checkTable(`
    sell 1 B 1@100             | rests 1
    sell 2 A 2@100             | rests 2
    buy  3 A 5@100 stp:newest  | rests 0, 1@100 1x3 (0 4), 2@100 2!3 (2 4), -4 of 3 stp_newest
    book                       | - / 100:2
  `);
});

test('cancels the oldest: the maker goes, the taker trades on and may rest', () => {
  checkTable(`
    sell 1 A 2@100             | rests 2
    sell 2 B 2@100             | rests 2
    sell 3 A 2@101             | rests 2
    buy  4 A 5@101 stp:oldest  | rests 3, 2@100 1!4 (2 5), -2 of 1 stp_oldest, 2@100 2x4 (0 3), 2@101 3!4 (2 3), -2 of 3 stp_oldest
    book                       | 101:3 / -
  `);
});

test('cancels both: both rests go', () => {
  checkTable(`
    sell 1 B 1@100             | rests 1
    sell 2 A 2@100             | rests 2
    sell 3 A 2@100             | rests 2
    buy  4 A 5@100 stp:both    | rests 0, 1@100 1x4 (0 4), 2@100 2!4 (2 4), -2 of 2 stp_both, -4 of 4 stp_both
    book                       | - / 100:2
  `);
});

test('decrements: the smaller rest leaves both orders, without a trade', () => {
  checkTable(`
    sell 1 A 2@100               | rests 2
    sell 2 B 1@100               | rests 1
    buy  3 A 5@100 stp:decrement | rests 2, 2@100 1!3 (0 3), -0 of 1 stp_decrement, 1@100 2x3 (0 2)
    sell 4 A 1@100 stp:decrement | rests 0, 1@100 3!4 (1 0), -0 of 4 stp_decrement
    sell 5 A 1@100 stp:decrement | rests 0, 1@100 3!5 (0 0), -0 of 3 stp_decrement, -0 of 5 stp_decrement
    book                         | - / -
  `);
});

test('keeps the place of a maker that was decremented', () => {
  checkTable(`
    sell 1 A 5@100               | rests 5
    sell 2 B 1@100               | rests 1
    buy  3 A 2@100 stp:decrement | rests 0, 2@100 1!3 (3 0), -0 of 3 stp_decrement
    book                         | - / 100:3,1
    amend 1 4@100                | kept, rests 2
    amend 1 2@100                | -2 of 1 amended_below_filled
  `);
});

test('decrements the budget of a buy, and the quantity of a sell by budget', () => {
  checkTable(`
    sell 1 A 2@100                                | rests 2
    sell 2 B 9@100                                | rests 9
    buy  3 A 0@500 market budget:550 stp:decrement | rests 0, 2@100 1!3 (0 3), -0 of 1 stp_decrement, 3@100 2x3 (6 0)
    cancel 2                                      | -6 of 2 user
    buy  4 A 2@100                                | rests 2
    buy  5 B 9@100                                | rests 9
    sell 6 A 4@50 market budget:900 stp:decrement | rests 0, 2@100 4!6 (0 2), -0 of 4 stp_decrement, 2@100 5x6 (7 0)
    sell 7 B 3@50 market budget:200 stp:decrement | rests 0, 2@100 5!7 (5 0), -0 of 7 stp_decrement
  `);
});

test('prevents trades within a group, by the mode of the taker even over that of the maker', () => {
  checkTable(`
    sell 1 A 2@100 group:7 stp:both   | rests 2
    buy  2 B 2@100 group:8 stp:newest | rests 0, 2@100 1x2 (0 0)
    sell 3 A 2@100 group:7 stp:both   | rests 2
    buy  4 B 2@100 group:7 stp:newest | rests 0, 2@100 3!4 (2 2), -2 of 4 stp_newest
    sell 5 C 2@100 stp:newest         | rests 2
    buy  6 D 4@100 stp:newest         | rests 0, 2@100 3x6 (0 2), 2@100 5x6 (0 0)
  `);
});

test('keeps the place of an order amended to less, or to the same, at its price', () => {
  checkTable(`
    buy 1 A 5@100              | rests 5
    buy 2 B 5@100              | rests 5
    amend 1 3@100              | kept, rests 3
    amend 1 3@100              | kept, rests 3
    book                       | 100:3,5 / -
  `);
});

test('moves an order amended to more, or to a new price, to the back of its queue', () => {
  checkTable(`
    buy 1 A 5@100              | rests 5
    buy 2 B 5@100              | rests 5
    amend 1 6@100              | moved, rests 6
    book                       | 100:5,6 / -
    buy 3 C 2@99               | rests 2
    amend 2 1@99               | moved, rests 1
    book                       | 100:6 99:2,1 / -
  `);
});

test('counts the fills of an order in the new total of an amend', () => {
  checkTable(`
    buy  1 A 5@100             | rests 5
    sell 2 B 2@100             | rests 0, 2@100 1x2 (3 0)
    amend 1 6@100              | moved, rests 4
    amend 1 4@100              | kept, rests 2
    amend 1 2@100              | -2 of 1 amended_below_filled
    book                       | - / -
  `);
});

test('makes a crossing amend the taker, with its own self-trade mode', () => {
  checkTable(`
    sell 1 B 2@101             | rests 2
    sell 2 A 2@101             | rests 2
    buy  3 A 5@100 stp:oldest  | rests 5
    amend 3 6@101              | moved, rests 4, 2@101 1x3 (0 4), 2@101 2!3 (2 4), -2 of 2 stp_oldest
    book                       | 101:4 / -
    sell 4 B 2@102             | rests 2
    amend 3 4@102              | moved, rests 0, 2@102 4x3 (0 0)
    book                       | - / -
  `);
});

test('ends a crossing amend that self-trade prevention stops', () => {
  checkTable(`
    sell 1 A 2@101             | rests 2
    buy  2 A 5@100 stp:newest  | rests 5
    amend 2 5@101              | moved, rests 0, 2@101 1!2 (2 5), -5 of 2 stp_newest
    book                       | - / 101:2
  `);
});

test('refuses a crossing amend of a post-only order and leaves the order as it was', () => {
  checkTable(`
    sell 1 B 2@101             | rests 2
    buy  2 A 5@100 post        | rests 5
    amend 2 6@101              | post_only_would_cross
    book                       | 100:5 / 101:2
    amend 2 6@99               | moved, rests 6
  `);
});

test('cancels the orders of one account in order of entry, whatever their prices', () => {
  checkTable(`
    buy  1 A 1@98              | rests 1
    sell 2 A 1@105             | rests 1
    buy  3 B 1@99              | rests 1
    buy  4 A 1@99              | rests 1
    amend 1 2@98               | moved, rests 2
    cancel_all A               | -1 of 2 cancel_all, -1 of 4 cancel_all, -2 of 1 cancel_all
    cancel_all A               |
    book                       | 99:1 / -
  `);
});

test('ends good-till-date orders at their time, the earliest first, then by entry', () => {
  checkTable(`
    buy  1 A 1@98 gtd:50       | rests 1
    buy  2 A 1@98 gtd:40       | rests 1
    buy  3 A 1@98 gtd:50       | rests 1
    buy  4 A 1@98 gtd:45       | rests 1
    buy  5 A 1@98              | rests 1
    buy  6 A 1@98 gtd:60       | rests 1
    expire 39                  |
    cancel 4                   | -1 of 4 user
    expire 50                  | -1 of 2 expired, -1 of 1 expired, -1 of 3 expired
    sell 7 B 2@98              | rests 0, 1@98 5x7 (0 1), 1@98 6x7 (0 0)
    expire 1000                |
  `);
});

// An amend once changed the entry of an order inside the queue of expiries, which is ordered by it.
test('ends orders of one expiry by entry also after one of them has lost its place', () => {
  checkTable(`
    buy  1 A 1@95 gtd:68       | rests 1
    buy  2 A 1@95 gtd:68       | rests 1
    amend 1 2@95               | moved, rests 2
    expire 68                  | -1 of 2 expired, -2 of 1 expired
  `);
});

test('collects crossing orders in an auction and uncrosses them at one price', () => {
  checkTable(`
    buy  1 A 5@99              | rests 5
    auction                    |
    buy  2 B 4@103             | rests 4
    sell 3 C 6@98              | rests 6
    sell 4 D 3@101             | rests 3
    book                       | 103:4 99:5 / 98:6 101:3
    indicative 0               | 6@98 surplus 3
    indicative 100             | 6@99 surplus 3
    uncross 100                | 4@99 2x3 (0 2), 2@99 1x3 (3 0)
    book                       | 99:3 / 101:3
    sell 5 D 3@99              | rests 0, 3@99 1x5 (0 0)
  `);
});

test('chooses the auction price by volume, then surplus, then reference, then the lower', () => {
  checkTable(`
    auction                    |
    buy  1 A 5@105             | rests 5
    sell 2 B 5@95              | rests 5
    indicative 0               | 5@95 surplus 0
    indicative 100             | 5@100 surplus 0
    indicative 200             | 5@105 surplus 0
    indicative 90              | 5@95 surplus 0
    buy  3 A 2@100             | rests 2
    indicative 0               | 5@101 surplus 0
    indicative 102             | 5@102 surplus 0
    sell 4 B 1@103             | rests 1
    indicative 0               | 5@101 surplus 0
    indicative 104             | 5@102 surplus 0
    sell 5 B 1@100             | rests 1
    indicative 0               | 6@100 surplus 1
    uncross 0                  | 5@100 1x2 (0 0), 1@100 3x5 (1 0)
    book                       | 100:1 / 103:1
  `);
});

test('has nothing to uncross in a book that does not cross', () => {
  checkTable(`
    auction                    |
    buy  1 A 5@99              | rests 5
    sell 2 B 5@100             | rests 5
    indicative 100             | 0@0 surplus 0
    uncross 100                |
    sell 3 B 5@99              | rests 0, 5@99 1x3 (0 0)
  `);
});

test('prevents self-trades in an uncross: the later order stands as the taker', () => {
  const setup = (mode: string): string => `
    auction                      |
    buy  1 A 2@100 stp:newest    | rests 2
    buy  2 B 2@100 stp:newest    | rests 2
    sell 3 A 3@100 stp:${mode}   | rests 3`;
  checkTable(`${setup('newest')}
    uncross 0                    | 2@100 1!3 (2 3), -3 of 3 stp_newest
    book                         | 100:2,2 / -
  `);
  checkTable(`${setup('oldest')}
    uncross 0                    | 2@100 1!3 (2 3), -2 of 1 stp_oldest, 2@100 2x3 (0 1)
    book                         | - / 100:1
  `);
  checkTable(`${setup('both')}
    uncross 0                    | 2@100 1!3 (2 3), -2 of 1 stp_both, -3 of 3 stp_both
    book                         | 100:2 / -
  `);
  checkTable(`${setup('decrement')}
    uncross 0                    | 2@100 1!3 (0 1), -0 of 1 stp_decrement, 1@100 2x3 (1 0)
    book                         | 100:1 / -
  `);
  checkTable(`${setup('none')}
    uncross 0                    | 2@100 1!3 (2 3), -3 of 3 stp_newest
    book                         | 100:2,2 / -
  `);
});

test('uncrosses in a further round what crosses only because prevention took the rest away', () => {
  checkTable(`
    auction                      |
    buy  1 A 4@105 stp:oldest    | rests 4
    buy  2 B 2@101               | rests 2
    sell 3 A 4@100 stp:oldest    | rests 4
    indicative 0                 | 4@102 surplus 0
    uncross 0                    | 4@102 1!3 (4 4), -4 of 1 stp_oldest, 2@100 2x3 (0 2)
    book                         | - / 100:2
  `);
});

test('amends and cancels while an auction collects, and nothing trades', () => {
  checkTable(`
    sell 1 A 2@100             | rests 2
    buy  2 B 2@99 post         | rests 2
    auction                    |
    buy  3 B 2@98              | rests 2
    amend 3 2@105              | moved, rests 2
    amend 2 2@105              | post_only_would_cross
    book                       | 105:2 99:2 / 100:2
    cancel 3                   | -2 of 3 user
    uncross 0                  |
  `);
});

test('takes any price from 1 to the largest, on both sides', () => {
  checkTable(`
    buy  1 A 1@1               | rests 1
    sell 2 A 1@${PRICE_TICKS_MAX}      | rests 1
    buy  3 A 1@1073741824      | rests 1
    sell 4 A 1@1073741825      | rests 1
    book                       | 1073741824:1 1:1 / 1073741825:1 ${PRICE_TICKS_MAX}:1
    sell 5 B 2@1               | rests 0, 1@1073741824 3x5 (0 1), 1@1 1x5 (0 0)
    buy  6 B 2@${PRICE_TICKS_MAX}      | rests 0, 1@1073741825 4x6 (0 1), 1@${PRICE_TICKS_MAX} 2x6 (0 0)
    sell 7 B 1@1               | rests 1
    buy  8 B 1@1               | rests 0, 1@1 7x8 (0 0)
  `);
});

test('tells accounts, sums and depth', () => {
  const book = new OrderBook({ openOrdersMax: 10, quoteUnitsPerTickLot: 1 });
  const orderId = 3 * 2 ** 40 + 17;
  for (let i = 0; i < 3; i++) assert.equal(book.place(limit(orderId + i, 100 - (i >> 1), BUY)), DONE);
  assert.equal(book.accountOf(orderId), 900);
  assert.equal(book.accountOf(17), 0);
  assert.equal(book.lotsAt(BUY, 100), 10);
  assert.equal(book.lotsAt(BUY, 98), 0);
  assert.equal(book.lotsAt(SELL, 100), 0);
  assert.equal(book.bestBidTicks, 100);
  assert.equal(book.bestAskTicks, 0);
  assert.deepEqual(book.depth(BUY, 1), [{ priceTicks: 100, lots: 10, orders: 2 }]);
  assert.deepEqual(book.depth(BUY, 9), [
    { priceTicks: 100, lots: 10, orders: 2 },
    { priceTicks: 99, lots: 5, orders: 1 },
  ]);
  assert.equal(book.wouldCross(SELL, 100), true);
  assert.equal(book.wouldCross(SELL, 101), false);
  assert.equal(book.find(orderId + 2)?.priceTicks, 99);
  assert.equal(book.find(1), undefined);
});

test('gives the same snapshot for the same book, however it came about', () => {
  const one = new OrderBook({ openOrdersMax: 10_000, quoteUnitsPerTickLot: 1 });
  const other = new OrderBook({ openOrdersMax: 10_000, quoteUnitsPerTickLot: 1 });
  for (let i = 0; i < 3_000; i++) one.place(limit(i + 1, 1 + ((i * 7_919) % 5_000), BUY));
  for (let i = 0; i < 3_000; i++) {
    other.place(limit(i + 1, 1 + ((i * 7_919) % 5_000), BUY));
    other.place({ ...limit(1_000_000 + i, 2_000_000_000 - i * 40_000, SELL), timeInForce: 1 });
  }
  for (let i = 0; i < 3_000; i += 2) one.cancel(i + 1, 0);
  for (let i = 2_998; i >= 0; i -= 2) other.cancel(i + 1, 0);
  one.checkInvariants();
  other.checkInvariants();
  const restored = new OrderBook({ openOrdersMax: 10_000, quoteUnitsPerTickLot: 1 });
  restored.restore(one.snapshot());
  restored.checkInvariants();
  assert.deepEqual(restored.snapshot(), one.snapshot());
  assert.deepEqual([...restored.orders(BUY)], [...one.orders(BUY)]);
  assert.deepEqual([...other.orders(BUY)], [...one.orders(BUY)]);
});

test('refuses a snapshot that is cut short or of another version', () => {
  const book = new OrderBook({ openOrdersMax: 10, quoteUnitsPerTickLot: 1 });
  book.place(limit(1, 100, BUY));
  const bytes = book.snapshot();
  assert.throws(() => book.restore(bytes.subarray(0, -1)), { name: 'InvariantBroken' });
  bytes[0] = 99;
  assert.throws(() => book.restore(bytes), { name: 'InvariantBroken' });
});

test('grows with its orders, wherever their prices lie', () => {
  const book = new OrderBook({ openOrdersMax: 20_000, quoteUnitsPerTickLot: 1 });
  for (let i = 0; i < 10_000; i++) {
    assert.equal(book.place(limit(2 ** 41 + i * 1024, 1 + i * 100_000, BUY)), DONE);
    assert.equal(book.place(limit(2 ** 42 + i, PRICE_TICKS_MAX - i * 100, SELL)), DONE);
    book.events.clear();
  }
  book.checkInvariants();
  assert.equal(book.openOrders, 20_000);
  assert.equal(book.bestBidTicks, 1 + 9_999 * 100_000);
  book.cancelEverything(0);
  book.checkInvariants();
  assert.equal(book.openOrders, 0);
});

function limit(orderId: number, priceTicks: number, side: number): NewOrder {
  return {
    orderId,
    account: 900,
    tradeGroup: 0,
    side,
    market: false,
    timeInForce: 0,
    postOnly: false,
    priceTicks,
    quantityLots: 5,
    budget: 0,
    selfTradeMode: 1,
    expiresAt: 0,
  };
}
