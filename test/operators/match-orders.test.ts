import assert from 'node:assert/strict';
import { test } from 'node:test';
import { enumSymbols, type RejectReason, type TradingState } from '../../schemas/generated/records.ts';
import { checkMatchTable, MatchRun } from './match-table.ts';
import { symbolConfig } from './record-makers.ts';

test('says nothing to risk of an order that only rests', () => {
  checkMatchTable(`
    buy 1 A 5@100 | accepted 1 rests 5
  `);
});

test('tells a trade to the market, then to the taker, then to the maker, with open terms at their own limits', () => {
  checkMatchTable(`
    sell 1 A 5@100 | accepted 1 rests 5
    buy 2 B 7@101  | accepted 2 rests 2; trade 5@100 1x2 (0 2); B: 2 trades 5@100 taker, open 2@101; A: 1 trades 5@100 maker, open 0
    sell 3 C 1@99  | accepted 3 rests 0; trade 1@101 2x3 (1 0); C: 3 trades 1@101 taker, open 0; B: 2 trades 1@101 maker, open 1@101
  `);
});

test('ends the rest of an order that may not rest, after its trades', () => {
  checkMatchTable(`
    sell 1 A 5@100         | accepted 1 rests 5
    buy 2 B 7@101 ioc      | accepted 2 rests 0; trade 5@100 1x2 (0 2); B: 2 trades 5@100 taker, open 2@101; A: 1 trades 5@100 maker, open 0; cancelled 2 2 ioc_remainder at once; B: 2 cancelled ioc_remainder, open 0
    buy 3 B 7@101 fok      | accepted 3 rests 0; cancelled 3 7 fok_unfillable at once; B: 3 cancelled fok_unfillable, open 0
    buy 4 B 7@101 market   | accepted 4 rests 0; cancelled 4 7 no_liquidity at once; B: 4 cancelled no_liquidity, open 0
    sell 5 A 5@102         | accepted 5 rests 5
    buy 6 B 7@101 market   | accepted 6 rests 0; cancelled 6 7 price_protection at once; B: 6 cancelled price_protection, open 0
    buy 7 B 0@102 market budget:300 | accepted 7 rests 0; trade 2@102 5x7 (3 0); B: 7 trades 2@102 taker, open 0; A: 5 trades 2@102 maker, open 3@102
    buy 8 B 0@102 market budget:90  | accepted 8 rests 0; cancelled 8 0 ioc_remainder at once; B: 8 cancelled ioc_remainder, open 0
  `);
});

test('refuses to the market and to risk what the book refuses', () => {
  checkMatchTable(
    `
    sell 1 A 5@100      | accepted 1 rests 5
    buy 2 B 1@100 post  | rejected place 2 post_only_would_cross; B: 2 rejected post_only_would_cross, open 0
    buy 3 B 1@99        | rejected place 3 book_full; B: 3 rejected book_full, open 0
    cancel 9 B          | rejected cancel 9 order_not_open; B: 9 cancel_rejected order_not_open, open 0
    amend 9 B 1@100     | rejected amend 9 order_not_open; B: 9 amend_rejected order_not_open, open 0
  `,
    new MatchRun({ maxRestingOrders: 1 } as never),
  );
});

test('cancels by order and by account, and tells risk of each end', () => {
  checkMatchTable(`
    sell 1 A 5@100   | accepted 1 rests 5
    buy 2 A 5@90     | accepted 2 rests 5
    buy 3 B 5@91     | accepted 3 rests 5
    buy 4 A 5@92     | accepted 4 rests 5
    cancel 2 A       | cancelled 2 5 user; A: 2 cancelled user, open 0
    cancel_all A     | cancelled 1 5 cancel_all; A: 1 cancelled cancel_all, open 0; cancelled 4 5 cancel_all; A: 4 cancelled cancel_all, open 0; done A 2 cancel_all
    cancel_all A     | done A 0 cancel_all
    cancel_all 0 disconnect | cancelled 3 5 disconnect; B: 3 cancelled disconnect, open 0; done 0 1 disconnect
  `);
});

test('amends: in place, to the back, as a taker, refused, and below what is filled', () => {
  checkMatchTable(`
    sell 1 A 5@110        | accepted 1 rests 5
    buy 2 B 5@100 post    | accepted 2 rests 5
    amend 2 B 4@100       | amended 2 4@100 rests 4 kept; B: 2 amended, open 4@100
    amend 2 B 6@0         | amended 2 6@100 rests 6; B: 2 amended, open 6@100
    amend 2 B 0@101       | amended 2 6@101 rests 6; B: 2 amended, open 6@101
    amend 2 B 6@110       | rejected amend 2 post_only_would_cross; B: 2 amend_rejected post_only_would_cross, open 6@101
    buy 3 C 6@100         | accepted 3 rests 6
    amend 3 C 7@110       | amended 3 7@110 rests 2; C: 3 amended, open 7@110; trade 5@110 1x3 (0 2); C: 3 trades 5@110 taker, open 2@110; A: 1 trades 5@110 maker, open 0
    amend 3 C 5@110       | cancelled 3 2 amended_below_filled; C: 3 cancelled amended_below_filled, open 0
  `);
});

test('tells prevented matches in their place, and risk of every order that they changed or ended', () => {
  checkMatchTable(`
    sell 1 A 2@100               | accepted 1 rests 2
    sell 2 B 1@100               | accepted 2 rests 1
    buy 3 A 5@100 stp:oldest     | accepted 3 rests 4; prevented 2@100 1x3 cancel_oldest; cancelled 1 2 stp_oldest; A: 1 cancelled stp_oldest, open 0; trade 1@100 2x3 (0 4); A: 3 trades 1@100 taker, open 4@100; B: 2 trades 1@100 maker, open 0
    sell 4 A 1@100 stp:newest    | accepted 4 rests 0; prevented 1@100 3x4 cancel_newest; cancelled 4 1 stp_newest at once; A: 4 cancelled stp_newest, open 0
    sell 5 A 1@100 stp:decrement | accepted 5 rests 0; prevented 1@100 3x5 decrement; A: 3 prevented, open 3@100; cancelled 5 0 stp_decrement at once; A: 5 cancelled stp_decrement, open 0
    sell 6 A 9@99 stp:decrement  | accepted 6 rests 6; prevented 3@100 3x6 decrement; A: 6 prevented, open 6@99; cancelled 3 0 stp_decrement; A: 3 cancelled stp_decrement, open 0
    buy 7 A 9@99 stp:both        | accepted 7 rests 0; prevented 6@99 6x7 cancel_both; cancelled 6 6 stp_both; A: 6 cancelled stp_both, open 0; cancelled 7 9 stp_both at once; A: 7 cancelled stp_both, open 0
  `);
});

test('at a tick ends what has expired, then moves the reference price, then copies the tick', () => {
  checkMatchTable(
    `
    sell 1 A 5@100 gtd:2000  | accepted 1 rests 5
    sell 2 A 5@101 gtd:1500  | accepted 2 rests 5
    tick 1499                | tick 1
    tick 1500                | cancelled 2 5 expired; A: 2 expired expired, open 0; tick 2
    buy 3 B 2@100            | accepted 3 rests 0; trade 2@100 1x3 (3 0); B: 3 trades 2@100 taker, open 0; A: 1 trades 2@100 maker, open 3@100
    tick 2000                | cancelled 1 3 expired; A: 1 expired expired, open 0; reference 100; reference 100 to commands 0; reference 100 to commands 1; tick 3
    tick 2001                | tick 4
  `,
    new MatchRun({}, 2),
  );
});

test('moves the reference price a sixteenth of the way to the last trade at each tick, until it arrives', () => {
  const run = new MatchRun();
  run.row('sell 1 A 1@1000');
  run.row('buy 2 B 1@1000');
  assert.deepEqual(run.row('tick 2000'), ['reference 1000', 'reference 1000 to commands 0', 'tick 1']);
  run.row('sell 3 A 1@1100');
  run.row('buy 4 B 1@1100');
  const prices: number[] = [];
  for (let time = 2001; ; time++) {
    const [first] = run.row(`tick ${time}`);
    if (!first?.startsWith('reference')) break;
    prices.push(Number(first.split(' ')[1]));
  }
  assert.deepEqual(prices.slice(0, 3), [1007, 1013, 1019]);
  assert.equal(prices.at(-1), 1100);
});

// Rows and columns of the table of market states; `-` is let in.
const states: Record<
  string,
  Record<'limit' | 'crossing' | 'post' | 'ioc' | 'market' | 'amend' | 'amend_across', string>
> = {
  trading: { limit: '-', crossing: '-', post: '-', ioc: '-', market: '-', amend: '-', amend_across: '-' },
  limit_only: { limit: '-', crossing: '-', post: '-', ioc: '-', market: 'limit_only', amend: '-', amend_across: '-' },
  post_only: {
    limit: '-',
    crossing: 'post_only',
    post: '-',
    ioc: 'post_only',
    market: 'post_only',
    amend: '-',
    amend_across: 'post_only',
  },
  cancel_only: allRefused('cancel_only'),
  auction: {
    limit: '-',
    crossing: '-',
    post: 'auction_only_limit',
    ioc: 'auction_only_limit',
    market: 'auction_only_limit',
    amend: '-',
    amend_across: '-',
  },
  halted: allRefused('market_halted'),
  closed: allRefused('market_closed'),
};

function allRefused(reason: RejectReason): (typeof states)[string] {
  const kinds = ['limit', 'crossing', 'post', 'ioc', 'market', 'amend', 'amend_across'];
  return Object.fromEntries(kinds.map((kind) => [kind, reason])) as (typeof states)[string];
}

for (const [state, expected] of Object.entries(states)) {
  test(`lets in, while the market is ${state}, exactly what the table of states lets in, and every cancel`, () => {
    const commands: Record<keyof typeof expected, string> = {
      limit: 'buy 10 C 1@90',
      crossing: 'buy 10 C 1@110',
      post: 'buy 10 C 1@90 post',
      ioc: 'buy 10 C 1@110 ioc',
      market: 'buy 10 C 1@110 market',
      amend: 'amend 2 B 5@91',
      amend_across: 'amend 2 B 5@110',
    };
    for (const [kind, command] of Object.entries(commands)) {
      const run = new MatchRun();
      run.row('sell 1 A 5@110');
      run.row('buy 2 B 5@90');
      if (state !== 'trading') run.row(`state ${state}`);
      const [first = ''] = run.row(command);
      const reason = first.startsWith('rejected') ? first.split(' ').at(-1) : '-';
      assert.equal(reason, expected[kind as keyof typeof expected], `${kind} while ${state}`);
      assert.match(run.row('cancel 1 A')[0]!, /^(cancelled 1|rejected cancel 1 order_not_open)/);
    }
  });
}

test('pulls the book when a market is delisted, and lets nothing in', () => {
  checkMatchTable(`
    sell 1 A 5@110  | accepted 1 rests 5
    state delisted  | cancelled 1 5 delisted; A: 1 cancelled delisted, open 0; state delisted, was trading
    buy 2 B 1@90    | rejected place 2 market_delisted; B: 2 rejected market_delisted, open 0
    state trading   | state trading, was delisted
    buy 3 B 1@90    | accepted 3 rests 1
  `);
});

test('shows the outermost of the conditions that hold: opening a closed market does not end its halt', () => {
  checkMatchTable(`
    state limit_only  | state limit_only, was trading
    state halted      | state halted, was limit_only
    state closed      | state closed, was halted
    state trading     | state halted, was closed
    state trading     | state trading, was halted
  `);
});

test('ends a timed halt at the first tick at or after its end', () => {
  checkMatchTable(`
    state halted 5000 | state halted until 5000, was trading
    tick 4999         | tick 1
    tick 5003         | state trading, was halted; tick 2
  `);
});

test('collects, uncrosses and trades on: three transitions, with the auction trades between them', () => {
  checkMatchTable(`
    admin open_auction  | state auction, was trading
    buy 1 A 4@103       | accepted 1 rests 4
    sell 2 B 6@98       | accepted 2 rests 6
    tick 2000           | indicative 4@98 +2; tick 1
    tick 2001           | tick 2
    buy 3 C 1@99        | accepted 3 rests 1
    tick 2002           | indicative 5@98 +1; tick 3
    admin uncross       | state auction, was auction; trade 4@98 1x2 (0 2) auction; B: 2 trades 4@98 auction, open 2@98; A: 1 trades 4@98 auction, open 0; trade 1@98 2x3 (1 0) auction; C: 3 trades 1@98 auction, open 0; B: 2 trades 1@98 auction, open 1@98; state trading, was auction
    admin uncross       |
  `);
});

test('halts and empties the book at a kill switch, and empties it alone at an admin cancel', () => {
  checkMatchTable(`
    buy 1 A 4@103       | accepted 1 rests 4
    admin cancel_all    | cancelled 1 4 admin; A: 1 cancelled admin, open 0; done 0 1 admin
    buy 2 A 4@103       | accepted 2 rests 4
    admin kill_switch 0 | state halted, was trading; cancelled 2 4 halt_and_cancel; A: 2 cancelled halt_and_cancel, open 0; done 0 1 halt_and_cancel
    buy 3 A 4@103       | rejected place 3 market_halted; A: 3 rejected market_halted, open 0
    admin cancel_all 2  |
  `);
});

test('opens in the state of its configuration and keeps its orders through a new one', () => {
  const run = new MatchRun({ openingState: 'auction' });
  assert.deepEqual(run.row('buy 1 A 4@103'), ['accepted 1 rests 4']);
  assert.deepEqual(run.row('sell 2 B 4@103'), ['accepted 2 rests 4']);
  assert.deepEqual(run.apply(symbolConfig({ version: 2, maxRestingOrders: 2 })), ['config 2']);
  assert.match(run.row('buy 3 A 1@50')[0]!, /book_full/);
  assert.match(run.row('admin uncross')[1]!, /^trade 4@103 1x2/);
});

test('goes on from a snapshot exactly as the market goes on that it was taken of', () => {
  const run = new MatchRun();
  for (const row of scenario.slice(0, 12)) run.row(row);
  const restored = new MatchRun();
  restored.operator.restore(run.operator.snapshot());
  assert.equal(restored.operator.stateHash(), run.operator.stateHash());
  assert.deepEqual(restored.operator.snapshot(), run.operator.snapshot());
  const again = new MatchRun();
  for (const row of scenario.slice(0, 12)) again.row(row);
  for (const row of scenario.slice(12)) {
    const expected = run.row(row);
    again.operator.restore(again.operator.snapshot());
    assert.deepEqual(again.row(row), expected);
  }
  assert.equal(again.operator.stateHash(), run.operator.stateHash());
  assert.notEqual(restored.operator.stateHash(), run.operator.stateHash());
});

const scenario = [
  'sell 1 A 5@100',
  'sell 2 B 5@101 gtd:9000',
  'buy 3 C 2@100',
  'buy 4 C 3@99 stp:decrement',
  'tick 2000',
  'amend 1 A 9@100',
  'state halted 8000',
  'cancel 4 C',
  'tick 2500',
  'state closed',
  'state trading',
  'tick 3000',
  'tick 8000',
  'buy 5 D 4@100 group:3',
  'admin open_auction',
  'sell 6 E 4@98 group:3 stp:oldest',
  'buy 7 F 4@101',
  'tick 8500',
  'admin uncross',
  'tick 9000',
  'cancel_all 0',
];

test('gives each state of a market and each of its own reject reasons in some test of this file', () => {
  const own: readonly RejectReason[] = enumSymbols.RejectReason.slice(
    enumSymbols.RejectReason.indexOf('market_delisted'),
  );
  const shown = ['market_delisted', 'order_not_open', 'post_only_would_cross', 'book_full'].concat(
    Object.values(states).flatMap((row) => Object.values(row)),
  );
  // An order that risk never saw does not reach match.
  assert.deepEqual(
    own.filter((reason) => !shown.includes(reason) && reason !== 'unknown_order'),
    [],
  );
  const tested: readonly TradingState[] = [...(Object.keys(states) as TradingState[]), 'delisted'];
  assert.deepEqual([...tested].sort(), [...enumSymbols.TradingState].sort());
});
