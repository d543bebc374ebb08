/** One view a table: the same rows without repeats, with names and decimals beside the whole numbers. */
import { DECIMALS_MAX } from '../../schemas/decimal.ts';
import type { HistoryView } from './views.ts';

/** 10^-decimals as an exact decimal: a power of a float would be rounded. */
const unit = (decimals: string): string => {
  const powers = Array.from(
    { length: DECIMALS_MAX + 1 },
    (_, power) => `'${power === 0 ? '1' : `0.${'1'.padStart(power, '0')}`}'`,
  );
  return `toDecimal128([${powers.join(', ')}][toUInt8(${decimals}) + 1], ${DECIMALS_MAX})`;
};

/** Ticks, lots or units as a decimal. */
export const decimal = (whole: string, step: string): string => `toDecimal128(${whole}, 0) * ${step}`;

const price = (ticks: string): string => decimal(ticks, 's.tick');
const quantity = (lots: string): string => decimal(lots, 's.lot');
const quote = (amount: string): string => decimal(amount, 's.quote_unit');

const withSymbol = 'LEFT ANY JOIN VIEWS.symbols AS s ON s.symbol_id = t.symbol';
const withAsset = 'LEFT ANY JOIN VIEWS.assets AS a ON a.asset_id = t.asset';

/** Where a row comes from and what caused it, at the end of every view. */
const trail =
  't.seq AS seq, t.event_id AS event_id, t.causation_id AS causation_id, t.correlation_id AS correlation_id, t.traceparent AS traceparent, t.partition AS partition, t.offset AS offset';

const trailColumns = {
  correlation_id: 'position of the command that began it: the same in all rows that it caused',
  offset: 'place of the record in its partition of the log',
} as const;

export const recordViews: readonly HistoryView[] = [
  {
    name: 'assets',
    about: 'Assets as they are now.',
    question: 'In which unit is an asset counted?',
    answer: 'SELECT asset, decimals, unit FROM assets ORDER BY asset',
    columns: { unit: 'value of one unit', show_decimals: 'decimals that people read' },
    sql: `SELECT n.asset_id AS asset_id, n.r.1 AS asset, n.r.2 AS decimals, n.r.3 AS show_decimals, ${unit('n.r.2')} AS unit
      FROM (
        SELECT t.asset AS asset_id, argMax((t.name, t.decimals, t.show_decimals), (t.generation, t.occurred_at)) AS r
        FROM ROWS.assets AS t GROUP BY asset_id
      ) AS n`,
  },
  {
    name: 'symbols',
    about: 'Symbols with their rules as they are now.',
    question: 'What are tick and lot of each symbol?',
    answer: 'SELECT symbol, base, quote, tick, lot FROM symbols ORDER BY symbol',
    columns: {
      tick: 'smallest step of a price',
      lot: 'smallest step of a quantity',
      quote_unit: 'unit in which notionals are counted',
    },
    sql: `SELECT n.symbol_id AS symbol_id, n.r.1 AS symbol, b.asset AS base, q.asset AS quote,
        toDecimal128(n.r.4, ${DECIMALS_MAX}) AS tick, toDecimal128(n.r.5, ${DECIMALS_MAX}) AS lot, b.unit AS base_unit, q.unit AS quote_unit,
        n.r.6 AS quote_units_per_tick_lot, n.r.7 AS base_units_per_lot, n.r.8 AS band_ppm, n.r.9 AS fee_schedule, n.r.10 AS version
      FROM (
        SELECT t.symbol AS symbol_id, argMax((t.name, t.base_asset, t.quote_asset, t.tick_decimal, t.lot_decimal, t.quote_units_per_tick_lot,
          t.base_units_per_lot, t.band_ppm, t.fee_schedule, t.version), (t.generation, t.occurred_at, t.seq)) AS r
        FROM ROWS.symbols AS t GROUP BY symbol_id
      ) AS n
      LEFT ANY JOIN VIEWS.assets AS b ON b.asset_id = n.r.2
      LEFT ANY JOIN VIEWS.assets AS q ON q.asset_id = n.r.3`,
  },
  {
    name: 'trades',
    about: 'Every trade, once.',
    question: 'What were the ten largest trades?',
    answer: 'SELECT time, symbol, trade_id, price, quantity, notional FROM trades ORDER BY notional DESC LIMIT 10',
    columns: { trade_id: 'sequence of the symbol', notional: 'price x quantity in the quote asset', ...trailColumns },
    sql: `SELECT t.occurred_at AS time, s.symbol AS symbol, t.seq AS trade_id, ${price('t.price_ticks')} AS price,
        ${quantity('t.quantity_lots')} AS quantity, ${quote('t.quote_amount')} AS notional, t.taker_side AS taker_side,
        t.taker_order_id AS taker_order_id, t.maker_order_id AS maker_order_id, t.taker_account AS taker_account, t.maker_account AS maker_account,
        ${quantity('t.taker_open_lots')} AS taker_open, ${quantity('t.maker_open_lots')} AS maker_open, t.auction AS auction,
        t.symbol AS symbol_id, t.price_ticks AS price_ticks, t.quantity_lots AS quantity_lots, t.quote_amount AS quote_amount, ${trail}
      FROM ROWS.trades AS t FINAL ${withSymbol}`,
  },
  {
    name: 'order_events',
    about: 'What match said of orders: accepted, amended, cancelled, rejected.',
    question: 'How many orders ended for which reason?',
    answer:
      "SELECT symbol, reason, count() AS orders FROM order_events WHERE type = 'cancelled' GROUP BY symbol, reason ORDER BY orders DESC",
    columns: { open: 'quantity that rests after the event', ...trailColumns },
    sql: `SELECT t.occurred_at AS time, s.symbol AS symbol, t.type AS type, t.order_id AS order_id, t.account AS account, t.side AS side,
        t.order_type AS order_type, t.time_in_force AS time_in_force, t.post_only AS post_only, ${price('t.price_ticks')} AS price,
        ${quantity('t.quantity_lots')} AS quantity, ${quote('t.budget')} AS budget, ${quantity('t.open_lots')} AS open, ${quantity('t.executed_lots')} AS executed,
        ${price('t.old_price_ticks')} AS old_price, ${quantity('t.old_open_lots')} AS old_open, t.kept_priority AS kept_priority,
        t.was_resting AS was_resting, t.expires_at AS expires_at, t.reason AS reason, t.symbol AS symbol_id, ${trail}
      FROM ROWS.order_events AS t FINAL ${withSymbol}`,
  },
  {
    name: 'prevented_matches',
    about: 'Orders of one owner that met and did not trade.',
    question: 'Which accounts would have traded with themselves?',
    answer:
      'SELECT taker_account, mode, count() AS times FROM prevented_matches GROUP BY taker_account, mode ORDER BY times DESC LIMIT 10',
    columns: { mode: 'self-trade mode of the taker', ...trailColumns },
    sql: `SELECT t.occurred_at AS time, s.symbol AS symbol, t.taker_order_id AS taker_order_id, t.maker_order_id AS maker_order_id,
        t.taker_account AS taker_account, t.maker_account AS maker_account, ${price('t.price_ticks')} AS price,
        ${quantity('t.quantity_lots')} AS quantity, t.mode AS mode, ${quantity('t.taker_open_lots')} AS taker_open,
        ${quantity('t.maker_open_lots')} AS maker_open, t.symbol AS symbol_id, ${trail}
      FROM ROWS.prevented_matches AS t FINAL ${withSymbol}`,
  },
  {
    name: 'market_states',
    about: 'State changes of symbols, auction indications and reference prices.',
    question: 'When was a symbol not trading, and why?',
    answer:
      "SELECT time, symbol, previous_state, state, reason, requested_by FROM market_states WHERE type = 'market_state' ORDER BY time",
    columns: { price: 'indicative or reference price', until: 'end of a timed pause', ...trailColumns },
    sql: `SELECT t.occurred_at AS time, s.symbol AS symbol, t.type AS type, t.state AS state, t.previous_state AS previous_state, t.until AS until,
        t.reason AS reason, t.requested_by AS requested_by, ${price('t.price_ticks')} AS price, ${quantity('t.matched_lots')} AS matched,
        ${quantity('t.surplus_lots')} AS surplus, t.symbol AS symbol_id, ${trail}
      FROM ROWS.market_states AS t FINAL ${withSymbol}`,
  },
  {
    name: 'fills',
    about: 'Each side of each trade as it moved an account, with its fee.',
    question: 'What did the busiest accounts pay in fees?',
    answer:
      'SELECT account, fee_asset, sum(fee) AS fees, count() AS fills FROM fills GROUP BY account, fee_asset ORDER BY fills DESC LIMIT 10',
    columns: {
      liquidity: 'maker, taker or auction',
      executed: 'traded of the order so far',
      hold_consumed: 'what left the hold, in units of the asset that was held; released went back to available',
      ...trailColumns,
    },
    sql: `SELECT t.occurred_at AS time, s.symbol AS symbol, t.account AS account, t.order_id AS order_id, t.trade_id AS trade_id, t.side AS side,
        t.liquidity AS liquidity, ${price('t.price_ticks')} AS price, ${quantity('t.quantity_lots')} AS quantity, ${quote('t.quote_amount')} AS notional,
        f.asset AS fee_asset, ${decimal('t.fee', 'f.unit')} AS fee, t.fee_version AS fee_version, ${quantity('t.cumulative_lots')} AS executed,
        ${quantity('t.open_lots')} AS open, t.symbol AS symbol_id, t.quantity_lots AS quantity_lots, t.base_amount AS base_amount,
        t.quote_amount AS quote_amount, t.fee_asset AS fee_asset_id, t.fee AS fee_amount, t.hold_consumed AS hold_consumed,
        t.released AS released, ${trail}
      FROM ROWS.fills AS t FINAL ${withSymbol} LEFT ANY JOIN VIEWS.assets AS f ON f.asset_id = t.fee_asset`,
  },
  {
    name: 'account_events',
    about:
      'What else happened to accounts: holds, releases, amends, deposits, withdrawals, adjustments, repeated commands, states.',
    question: 'What was deposited and withdrawn?',
    answer:
      "SELECT change, asset, sum(amount) AS total, count() AS times FROM account_events WHERE type = 'balance_change' GROUP BY change, asset",
    columns: {
      amount: 'held, come free, or changed',
      change: 'kind of a balance change',
      note: 'reason and who asked and approved',
      ...trailColumns,
    },
    sql: `SELECT t.occurred_at AS time, t.type AS type, t.account AS account, t.order_id AS order_id, t.client_order_id AS client_order_id,
        s.symbol AS symbol, a.asset AS asset, ${decimal('t.amount', 'a.unit')} AS amount, t.command AS command, t.side AS side,
        t.order_type AS order_type, t.time_in_force AS time_in_force, t.post_only AS post_only, ${price('t.price_ticks')} AS price,
        ${quantity('t.quantity_lots')} AS quantity, ${quote('t.budget')} AS budget, t.expires_at AS expires_at, t.fee_version AS fee_version,
        ${quantity('t.executed_lots')} AS executed, ${quantity('t.open_lots')} AS open, t.reason AS reason, t.change AS change, t.state AS state,
        t.trade_group AS trade_group, t.reference AS reference, t.note AS note, t.symbol AS symbol_id, t.asset AS asset_id, ${trail}
      FROM ROWS.account_events AS t FINAL ${withSymbol} ${withAsset}`,
  },
  {
    name: 'rejects',
    about: 'Commands that were refused and changed nothing.',
    question: 'What was refused last?',
    answer: 'SELECT time, account, command, symbol, reason, stage FROM rejects ORDER BY time DESC LIMIT 20',
    columns: { stage: 'who refused', ...trailColumns },
    sql: `SELECT t.occurred_at AS time, t.account AS account, t.command AS command, s.symbol AS symbol, t.reason AS reason, t.stage AS stage,
        t.order_id AS order_id, t.client_order_id AS client_order_id, a.asset AS asset, ${decimal('t.released', 'a.unit')} AS released,
        t.symbol AS symbol_id, ${trail}
      FROM ROWS.rejects AS t FINAL ${withSymbol} ${withAsset}`,
  },
  {
    name: 'fee_schedules',
    about: 'Fee schedules with all their versions.',
    question: 'Which fee applies since when?',
    answer: 'SELECT schedule, version, since, maker_bps, taker_bps FROM fee_schedules ORDER BY schedule, version',
    columns: { maker_bps: 'hundredths of a percent of the notional' },
    sql: `SELECT t.schedule AS schedule, t.version AS version, min(t.occurred_at) AS since, toDecimal64(any(t.maker_ppm), 2) / 100 AS maker_bps,
        toDecimal64(any(t.taker_ppm), 2) / 100 AS taker_bps, any(t.fee_asset) AS fee_in
      FROM ROWS.fees AS t GROUP BY schedule, version`,
  },
  {
    name: 'candles',
    about: 'Final candles of every interval.',
    question: 'What did the last hour look like, minute by minute?',
    answer:
      "SELECT symbol, opens_at, open, high, low, close, volume FROM candles WHERE interval = '1m' ORDER BY opens_at DESC, symbol LIMIT 240",
    columns: {
      volume: 'quantity traded',
      notional: 'the same in the quote asset',
      trades: '0 in a candle without trades, which is flat',
    },
    sql: `SELECT t.opens_at AS opens_at, s.symbol AS symbol, t.interval AS interval, ${price('t.open_price_ticks')} AS open,
        ${price('t.high_price_ticks')} AS high, ${price('t.low_price_ticks')} AS low, ${price('t.close_price_ticks')} AS close,
        ${quantity('t.base_lots')} AS volume, ${quote('t.quote_amount')} AS notional, ${quantity('t.taker_buy_lots')} AS taker_buy_volume,
        ${quote('t.taker_buy_quote_amount')} AS taker_buy_notional, t.trade_count AS trades, t.first_trade_id AS first_trade_id,
        t.last_trade_id AS last_trade_id, t.symbol AS symbol_id, t.partition AS partition, t.offset AS offset
      FROM ROWS.candles AS t FINAL ${withSymbol}`,
  },
  {
    name: 'top_of_book',
    about: 'Best prices and depth at each tick of the clock.',
    question: 'What is the market now?',
    answer: 'SELECT symbol, argMax((bid, ask), time) AS best FROM top_of_book GROUP BY symbol',
    columns: { bid: 'NULL where nobody bids', ask: 'NULL where nobody asks', bid_depth: 'quantity of all bids' },
    sql: `SELECT t.occurred_at AS time, s.symbol AS symbol, if(t.best_bid_price_ticks = 0, NULL, ${price('t.best_bid_price_ticks')}) AS bid,
        if(t.best_ask_price_ticks = 0, NULL, ${price('t.best_ask_price_ticks')}) AS ask, ${quantity('t.best_bid_lots')} AS bid_quantity,
        ${quantity('t.best_ask_lots')} AS ask_quantity, ${quantity('t.bid_depth_lots')} AS bid_depth, ${quantity('t.ask_depth_lots')} AS ask_depth,
        t.best_bid_price_ticks AS bid_ticks, t.best_ask_price_ticks AS ask_ticks, t.symbol AS symbol_id, t.partition AS partition, t.offset AS offset
      FROM ROWS.top_of_book AS t FINAL ${withSymbol}`,
  },
  {
    name: 'entries',
    about: 'Ledger entries: double entries whose postings sum to zero per asset.',
    question: 'How many entries of which kind were booked?',
    answer: 'SELECT kind, count() AS entries, sum(postings) AS postings FROM entries GROUP BY kind ORDER BY kind',
    columns: {
      first_sequence: 'offset of the first record of the accounts log that it books',
      postings: 'number of its postings',
    },
    sql: `SELECT t.moved_at AS time, t.entry_id AS entry_id, t.kind AS kind, t.account_partition AS account_partition,
        t.first_sequence AS first_sequence, t.last_sequence AS last_sequence, s.symbol AS symbol, t.trade_id AS trade_id, t.command_id AS command_id,
        t.reverses AS reverses, t.reference AS reference, t.reason AS reason, length(t.posting_amounts) AS postings, t.event_id AS event_id,
        t.partition AS partition, t.offset AS offset
      FROM ROWS.entries AS t FINAL ${withSymbol}`,
  },
  {
    name: 'postings',
    about: 'Postings of all ledger entries, one row each.',
    question: 'What does an account own, by the ledger?',
    answer:
      'SELECT account, ledger_account, asset, sum(amount) AS balance FROM postings GROUP BY account, ledger_account, asset ORDER BY account, ledger_account, asset LIMIT 20',
    columns: { ledger_account: 'available, hold, fees, clearing or outside', units: 'the amount in whole units' },
    sql: `SELECT t.moved_at AS time, t.entry_id AS entry_id, t.kind AS kind, t.account AS account, t.ledger_account AS ledger_account,
        a.asset AS asset, ${decimal('t.units', 'a.unit')} AS amount, t.units AS units, t.trade_id AS trade_id, t.asset AS asset_id,
        t.account_partition AS account_partition, t.partition AS partition, t.offset AS offset
      FROM (
        SELECT * EXCEPT (posting_accounts, posting_ledger_accounts, posting_assets, posting_amounts), account, ledger_account, asset, units
        FROM ROWS.entries FINAL
        ARRAY JOIN posting_accounts AS account, posting_ledger_accounts AS ledger_account, posting_assets AS asset, posting_amounts AS units
      ) AS t ${withAsset}`,
  },
];
