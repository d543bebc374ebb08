/** What analysts ask first. */
import { decimal } from './record-views.ts';
import type { HistoryView } from './views.ts';

/** Log time up to which every partition of a log is written: a question about both logs stops there. */
const writtenTo = (log: string): string =>
  `(SELECT min(reached) FROM (SELECT max(last_occurred_at) AS reached FROM ROWS.positions WHERE log = '${log}' GROUP BY generation, partition))`;

const symbolName = 'LEFT ANY JOIN VIEWS.symbols AS s ON s.symbol_id = t.symbol_id';

export const analystViews: readonly HistoryView[] = [
  {
    name: 'orders_latest',
    about: 'Every order that risk admitted or refused, as it stands.',
    question: 'Which orders of an account are open?',
    answer:
      "SELECT order_id, symbol, side, price, open, placed_at FROM orders_latest WHERE account = 100 AND status IN ('open', 'partially_filled')",
    columns: {
      status: 'open, partially_filled, filled, cancelled, rejected',
      reason: 'why it was cancelled or rejected',
      price: 'limit or protection price after the last amend',
      average_price: 'notional of its fills by their quantity',
    },
    sql: `SELECT t.order_id AS order_id, t.client_order_id AS client_order_id, t.account AS account, s.symbol AS symbol, t.side AS side,
        t.order_type AS order_type, t.time_in_force AS time_in_force, t.post_only AS post_only,
        multiIf(t.rejected > 0, 'rejected', t.cancelled > 0, 'cancelled', t.executed_lots > 0 AND t.filled_open_lots = 0, 'filled',
          t.executed_lots > 0, 'partially_filled', 'open') AS status,
        toString(t.end_reason) AS reason, ${decimal('t.price_ticks', 's.tick')} AS price, ${decimal('t.quantity_lots', 's.lot')} AS quantity,
        ${decimal('t.budget', 's.quote_unit')} AS budget, ${decimal('t.executed_lots', 's.lot')} AS executed,
        if(status IN ('open', 'partially_filled'), ${decimal('t.quantity_lots - t.executed_lots', 's.lot')}, toDecimal128(0, 15)) AS open,
        ${decimal('t.executed_quote', 's.quote_unit')} AS notional,
        if(t.executed_lots = 0, NULL, toFloat64(t.executed_quote) / toFloat64(t.executed_lots) / toFloat64(s.quote_units_per_tick_lot) * toFloat64(s.tick)) AS average_price,
        f.asset AS fee_asset, ${decimal('t.fee', 'f.unit')} AS fee, t.fills AS fills, t.placed_at AS placed_at, t.changed_at AS changed_at, t.symbol_id AS symbol_id
      FROM (
        SELECT order_id, account, symbol AS symbol_id,
          anyIf(client_order_id, client_order_id != '') AS client_order_id,
          anyIf(side, kind = 'place') AS side, anyIf(order_type, kind = 'place') AS order_type,
          anyIf(time_in_force, kind = 'place') AS time_in_force, anyIf(post_only, kind = 'place') AS post_only,
          argMaxIf(price_ticks, seq, kind IN ('place', 'amend')) AS price_ticks,
          argMaxIf(quantity_lots, seq, kind IN ('place', 'amend')) AS quantity_lots, anyIf(budget, kind = 'place') AS budget,
          maxIf(executed_lots, kind = 'fill') AS executed_lots, maxIf(executed_quote, kind = 'fill') AS executed_quote,
          minIf(open_lots, kind = 'fill') AS filled_open_lots, sumIf(fee, kind = 'fill') AS fee, anyIf(fee_asset, kind = 'fill') AS fee_asset,
          countIf(kind = 'fill') AS fills, countIf(kind = 'end') AS cancelled, countIf(kind = 'reject') AS rejected,
          argMaxIf(reason, seq, kind IN ('end', 'reject')) AS end_reason, min(occurred_at) AS placed_at, max(occurred_at) AS changed_at
        FROM (
          SELECT order_id, account, symbol, seq, occurred_at,
            multiIf(type = 'hold' AND command = 'place', 'place', type = 'order_amended', 'amend', type = 'release' AND open_lots = 0, 'end', 'other') AS kind,
            client_order_id, side, order_type, time_in_force, post_only, price_ticks, quantity_lots, budget,
            executed_lots, 0 AS executed_quote, open_lots, 0 AS fee, 0 AS fee_asset, reason
          FROM ROWS.account_events FINAL
          WHERE order_id != 0 AND type IN ('hold', 'release', 'order_amended')
          UNION ALL
          SELECT order_id, account, symbol, seq, occurred_at, 'fill', '', side, '', '', false, price_ticks, 0, 0,
            cumulative_lots, cumulative_quote_amount, open_lots, fee, fee_asset, ''
          FROM ROWS.fills FINAL
          UNION ALL
          SELECT order_id, account, symbol, seq, occurred_at, 'reject', client_order_id, '', '', '', false, 0, 0, 0, 0, 0, 0, 0, 0, reason
          FROM ROWS.rejects FINAL WHERE order_id != 0 AND command = 'place'
        )
        GROUP BY order_id, account, symbol_id
      ) AS t
      ${symbolName} LEFT ANY JOIN VIEWS.assets AS f ON f.asset_id = t.fee_asset`,
  },
  {
    name: 'order_timeline',
    about: 'All that happened to an order, from both logs, in order.',
    question: 'What became of an order?',
    answer:
      'SELECT time, event, price, quantity, open, reason FROM order_timeline WHERE order_id = (SELECT max(taker_order_id) FROM trades) ORDER BY time, step, seq',
    columns: {
      event: 'hold, accepted, trade, fill, amended, cancelled, release, rejected, prevented',
      step: 'order of events of one log time: risk admits, match acts, risk books',
      log: 'log that says it',
    },
    sql: `SELECT t.occurred_at AS time, t.order_id AS order_id, t.event AS event, t.step AS step, t.log AS log, t.seq AS seq, t.account AS account,
        s.symbol AS symbol, ${decimal('t.price_ticks', 's.tick')} AS price, ${decimal('t.quantity_lots', 's.lot')} AS quantity,
        ${decimal('t.open_lots', 's.lot')} AS open, t.trade_id AS trade_id, t.reason AS reason, t.correlation_id AS correlation_id
      FROM (
        SELECT order_id, occurred_at, toString(type) AS event, if(type = 'hold', 1, 3) AS step, 'accounts' AS log, seq, account, symbol AS symbol_id,
          price_ticks, quantity_lots, open_lots, 0 AS trade_id, toString(reason) AS reason, correlation_id
        FROM ROWS.account_events FINAL WHERE order_id != 0
        UNION ALL
        SELECT order_id, occurred_at, 'fill', 3, 'accounts', seq, account, symbol, price_ticks, quantity_lots, open_lots, trade_id, '', correlation_id
        FROM ROWS.fills FINAL
        UNION ALL
        SELECT order_id, occurred_at, 'rejected', 3, 'accounts', seq, account, symbol, 0, 0, 0, 0, toString(reason), correlation_id
        FROM ROWS.rejects FINAL WHERE order_id != 0
        UNION ALL
        SELECT order_id, occurred_at, toString(type), 2, 'market', seq, account, symbol, price_ticks, quantity_lots, open_lots, 0, toString(reason), correlation_id
        FROM ROWS.order_events FINAL
        UNION ALL
        SELECT taker_order_id, occurred_at, 'trade', 2, 'market', seq, taker_account, symbol, price_ticks, quantity_lots, taker_open_lots, seq, '', correlation_id
        FROM ROWS.trades FINAL
        UNION ALL
        SELECT maker_order_id, occurred_at, 'trade', 2, 'market', seq, maker_account, symbol, price_ticks, quantity_lots, maker_open_lots, seq, '', correlation_id
        FROM ROWS.trades FINAL
        UNION ALL
        SELECT taker_order_id, occurred_at, 'prevented', 2, 'market', seq, taker_account, symbol, price_ticks, quantity_lots, taker_open_lots, 0, toString(mode), correlation_id
        FROM ROWS.prevented_matches FINAL
        UNION ALL
        SELECT maker_order_id, occurred_at, 'prevented', 2, 'market', seq, maker_account, symbol, price_ticks, quantity_lots, maker_open_lots, 0, toString(mode), correlation_id
        FROM ROWS.prevented_matches FINAL
      ) AS t ${symbolName}`,
  },
  {
    name: 'order_outcomes',
    about: 'What became of the orders of each day, by symbol and kind.',
    question: 'Which share of orders traded?',
    answer:
      'SELECT symbol, order_type, sum(orders) AS placed, sumIf(orders, traded) AS traded_orders, round(100 * traded_orders / placed, 1) AS percent FROM order_outcomes GROUP BY symbol, order_type ORDER BY symbol, order_type',
    columns: {
      traded: 'at least one fill',
      outcome: 'status, with the reason of those that were cancelled or rejected',
    },
    sql: `SELECT toDate(o.placed_at) AS day, o.symbol AS symbol, o.side AS side, o.order_type AS order_type, o.time_in_force AS time_in_force,
        o.status AS status, o.reason AS outcome, o.executed > 0 AS traded, count() AS orders, sum(o.quantity) AS quantity, sum(o.executed) AS executed
      FROM VIEWS.orders_latest AS o
      GROUP BY day, symbol, side, order_type, time_in_force, status, outcome, traded`,
  },
  {
    name: 'rejects_by_reason',
    about: 'Refused commands by day, symbol, command and reason.',
    question: 'Why are commands refused?',
    answer:
      'SELECT reason, stage, sum(commands) AS commands, sum(accounts) AS accounts FROM rejects_by_reason GROUP BY reason, stage ORDER BY commands DESC',
    columns: { accounts: 'how many different accounts', last_at: 'newest one' },
    sql: `SELECT toDate(time) AS day, symbol, command, stage, reason, count() AS commands, uniqExact(account) AS accounts, max(time) AS last_at
      FROM VIEWS.rejects GROUP BY day, symbol, command, stage, reason`,
  },
  {
    name: 'market_daily',
    about: 'One row a symbol and day: prices, volume, trades.',
    question: 'How was the day?',
    answer:
      'SELECT day, symbol, open, high, low, close, volume, notional, vwap, trades FROM market_daily ORDER BY day, symbol',
    columns: { vwap: 'volume-weighted average price', taker_buy_share: 'share of the volume that takers bought' },
    sql: `SELECT t.day AS day, s.symbol AS symbol, ${decimal('t.open_ticks', 's.tick')} AS open, ${decimal('t.high_ticks', 's.tick')} AS high,
        ${decimal('t.low_ticks', 's.tick')} AS low, ${decimal('t.close_ticks', 's.tick')} AS close, ${decimal('t.lots', 's.lot')} AS volume,
        ${decimal('t.quote', 's.quote_unit')} AS notional,
        toFloat64(t.quote) / toFloat64(t.lots) / toFloat64(s.quote_units_per_tick_lot) * toFloat64(s.tick) AS vwap,
        t.trades AS trades, t.buy_lots / t.lots AS taker_buy_share, t.traders AS traders, t.symbol_id AS symbol_id
      FROM (
        SELECT toDate(occurred_at) AS day, symbol AS symbol_id, argMin(price_ticks, seq) AS open_ticks, max(price_ticks) AS high_ticks,
          min(price_ticks) AS low_ticks, argMax(price_ticks, seq) AS close_ticks, sum(toInt128(quantity_lots)) AS lots,
          sum(toInt128(quote_amount)) AS quote, sumIf(toInt128(quantity_lots), taker_side = 'buy') AS buy_lots, count() AS trades,
          uniqExactArray([taker_account, maker_account]) AS traders
        FROM ROWS.trades FINAL GROUP BY day, symbol_id
      ) AS t ${symbolName}`,
  },
  {
    name: 'spread_and_depth',
    about: 'How tight and deep the books were, by hour.',
    question: 'What did it cost to cross the book?',
    answer:
      'SELECT symbol, round(avg(spread_bps_average), 2) AS spread_bps, round(avg(two_sided_share), 4) AS two_sided FROM spread_and_depth GROUP BY symbol ORDER BY symbol',
    columns: {
      two_sided_share: 'share of seconds with both a bid and an ask',
      spread_bps_average: 'ask less bid, in hundredths of a percent of the middle',
      spread_ticks_median: 'median of ask less bid in ticks',
    },
    sql: `SELECT toStartOfHour(time) AS hour, symbol, count() AS seconds, countIf(isNotNull(bid) AND isNotNull(ask)) / count() AS two_sided_share,
        avgIf((ask_ticks - bid_ticks) * 20000 / (ask_ticks + bid_ticks), bid_ticks > 0 AND ask_ticks > 0) AS spread_bps_average,
        quantileExactIf(0.5)(ask_ticks - bid_ticks, bid_ticks > 0 AND ask_ticks > 0) AS spread_ticks_median,
        avg(toFloat64(bid_quantity)) AS bid_quantity_average, avg(toFloat64(ask_quantity)) AS ask_quantity_average,
        avg(toFloat64(bid_depth)) AS bid_depth_average, avg(toFloat64(ask_depth)) AS ask_depth_average
      FROM VIEWS.top_of_book GROUP BY hour, symbol`,
  },
  {
    name: 'account_pnl',
    about:
      'What each account bought, sold, paid and made on each symbol, with what it still holds valued at the last trade.',
    question: 'Who made the most?',
    answer: 'SELECT account, symbol, position, fees, total_pnl FROM account_pnl ORDER BY total_pnl DESC LIMIT 10',
    columns: {
      position: 'bought less sold, in the base asset',
      fees: 'fees paid in the quote asset; fees in another asset are in fees_elsewhere',
      mark_price: 'price of the last trade',
      total_pnl: 'sold less bought less fees, plus the position at mark price, in the quote asset',
    },
    sql: `SELECT t.account AS account, s.symbol AS symbol, ${decimal('t.bought_lots', 's.lot')} AS bought, ${decimal('t.sold_lots', 's.lot')} AS sold,
        ${decimal('t.bought_lots - t.sold_lots', 's.lot')} AS position, ${decimal('t.spent', 's.quote_unit')} AS spent,
        ${decimal('t.earned', 's.quote_unit')} AS earned, ${decimal('t.quote_fees', 's.quote_unit')} AS fees, t.other_fees AS fees_elsewhere,
        ${decimal('m.last_ticks', 's.tick')} AS mark_price,
        ${decimal('t.earned - t.spent - t.quote_fees + (t.bought_lots - t.sold_lots) * m.last_ticks * s.quote_units_per_tick_lot', 's.quote_unit')} AS total_pnl,
        t.fills AS fills, t.symbol_id AS symbol_id
      FROM (
        SELECT account, symbol AS symbol_id, sumIf(toInt128(quantity_lots), side = 'buy') AS bought_lots, sumIf(toInt128(quantity_lots), side = 'sell') AS sold_lots,
          sumIf(toInt128(quote_amount), side = 'buy') AS spent, sumIf(toInt128(quote_amount), side = 'sell') AS earned,
          sumIf(toInt128(fee), fee_asset = quote_asset) AS quote_fees, sumIf(toInt128(fee), fee_asset != quote_asset) AS other_fees, count() AS fills
        FROM ROWS.fills FINAL GROUP BY account, symbol_id
      ) AS t
      ${symbolName}
      LEFT ANY JOIN (SELECT symbol, argMax(price_ticks, seq) AS last_ticks FROM ROWS.trades GROUP BY symbol) AS m ON m.symbol = t.symbol_id`,
  },
  {
    name: 'fees_daily',
    about: 'Fees by day, symbol and liquidity.',
    question: 'What did the exchange earn?',
    answer: 'SELECT day, fee_asset, sum(fees) AS fees FROM fees_daily GROUP BY day, fee_asset ORDER BY day, fee_asset',
    columns: { effective_bps: 'fees in the quote asset, in hundredths of a percent of the notional' },
    sql: `SELECT toDate(f.time) AS day, f.symbol AS symbol, f.liquidity AS liquidity, f.fee_asset AS fee_asset, f.fee_version AS fee_version,
        sum(f.fee) AS fees, sum(f.notional) AS notional, count() AS fills, uniqExact(f.account) AS accounts,
        if(sum(f.notional) = 0, NULL, 10000 * toFloat64(sum(f.fee)) / toFloat64(sum(f.notional))) AS effective_bps
      FROM VIEWS.fills AS f GROUP BY day, symbol, liquidity, fee_asset, fee_version`,
  },
  {
    name: 'latency_by_stage',
    about: 'Log time between the stages of a command, and how far history lies behind.',
    question: 'How long does a command take from stage to stage, and when can it be queried?',
    answer: 'SELECT stage, measured, p50_ms, p99_ms, max_ms FROM latency_by_stage ORDER BY day, stage',
    columns: {
      stage:
        'match: risk admitted to match accepted; way_back: trade to fill; settle: fill to ledger entry; history: last record of a range to its rows being stored; history_refilled: the same where it was more than ten minutes, after an outage or for a day of the past',
      measured: 'how many were measured',
      p50_ms:
        'an embedded exchange runs a command to completion at one log time, so there all stages but settle and history show 0',
    },
    sql: `SELECT day, stage, count() AS measured, quantileExact(0.5)(micros) / 1000 AS p50_ms, quantileExact(0.99)(micros) / 1000 AS p99_ms, max(micros) / 1000 AS max_ms
      FROM (
        SELECT toDate(e.occurred_at) AS day, 'match' AS stage, dateDiff('microsecond', h.occurred_at, e.occurred_at) AS micros
        FROM ROWS.order_events AS e FINAL
        INNER JOIN (SELECT order_id, min(occurred_at) AS occurred_at FROM ROWS.account_events WHERE type = 'hold' AND command = 'place' GROUP BY order_id) AS h ON h.order_id = e.order_id
        WHERE e.type = 'accepted'
        UNION ALL
        SELECT toDate(f.occurred_at), 'way_back', dateDiff('microsecond', t.occurred_at, f.occurred_at)
        FROM ROWS.fills AS f FINAL INNER JOIN ROWS.trades AS t ON t.symbol = f.symbol AND t.seq = f.trade_id
        UNION ALL
        SELECT toDate(moved_at), 'settle', dateDiff('microsecond', moved_at, occurred_at) FROM ROWS.entries FINAL
        UNION ALL
        SELECT toDate(last_occurred_at), if(written_at > last_occurred_at + INTERVAL 10 MINUTE, 'history_refilled', 'history'), dateDiff('microsecond', last_occurred_at, written_at) FROM ROWS.positions FINAL
      )
      GROUP BY day, stage`,
  },
  {
    name: 'integrity',
    about: 'What must hold of history, checked over all of it: one row a check and subject.',
    question: 'Is anything missing or twice?',
    answer: 'SELECT check, subject, found, expected, repeats FROM integrity WHERE NOT ok',
    columns: {
      check:
        'sequence_dense: sequences of a symbol run from 1 without a gap; accounts_dense: the same of the accounts of a partition; ranges_gapless: what is noted as written has no hole; postings_zero: postings sum to 0 per asset; fills_per_trade: two fills a trade, as far as both logs are written',
      repeats: 'rows that are stored more than once and shown once',
    },
    sql: `SELECT check, subject, found, expected, repeats, ok FROM (
        SELECT 'sequence_dense' AS check, toString(symbol) AS subject, toInt128(uniqExact(seq)) AS found, toInt128(max(seq)) AS expected,
          toInt128(count() - uniqExact(seq)) AS repeats, uniqExact(seq) = max(seq) AND min(seq) = 1 AS ok
        FROM (
          SELECT symbol, seq FROM ROWS.order_events UNION ALL SELECT symbol, seq FROM ROWS.trades UNION ALL SELECT symbol, seq FROM ROWS.prevented_matches
          UNION ALL SELECT symbol, seq FROM ROWS.market_states UNION ALL SELECT symbol, seq FROM ROWS.symbols
        ) GROUP BY symbol
        UNION ALL
        SELECT 'accounts_dense', concat('accounts/', toString(partition)), toInt128(sum(distinct_seqs)), toInt128(sum(last_seq)),
          toInt128(sum(rows - distinct_seqs)), countIf(distinct_seqs != last_seq OR first_seq != 1) = 0
        FROM (
          SELECT partition, account, uniqExact(seq) AS distinct_seqs, max(seq) AS last_seq, min(seq) AS first_seq, count() AS rows
          FROM (
            SELECT partition, account, seq FROM ROWS.account_events UNION ALL SELECT partition, account, seq FROM ROWS.fills
            UNION ALL SELECT partition, account, seq FROM ROWS.rejects WHERE account != 0
          ) GROUP BY partition, account
        ) GROUP BY partition
        UNION ALL
        SELECT 'ranges_gapless', concat(log, '/', toString(partition), ' generation ', toString(generation)), toInt128(sum(last_offset - first_offset + 1)),
          toInt128(max(last_offset) + 1), toInt128(0), sum(last_offset - first_offset + 1) = max(last_offset) + 1
        FROM ROWS.positions FINAL GROUP BY generation, log, partition
        UNION ALL
        SELECT 'postings_zero', toString(asset), sum(toInt128(units)), toInt128(0), toInt128(0), sum(toInt128(units)) = 0
        FROM ROWS.entries FINAL ARRAY JOIN posting_assets AS asset, posting_amounts AS units GROUP BY asset
        UNION ALL
        SELECT 'fills_per_trade', 'all symbols', toInt128(sum(fills)), toInt128(2 * sum(trades)), toInt128(0), countIf(fills != 2 OR trades != 1) = 0
        FROM (
          SELECT symbol, id, sum(fill) AS fills, sum(trade) AS trades FROM (
            SELECT symbol, seq AS id, 0 AS fill, 1 AS trade FROM ROWS.trades FINAL WHERE occurred_at < least(${writtenTo('market')}, ${writtenTo('accounts')})
            UNION ALL
            SELECT symbol, trade_id, 1, 0 FROM ROWS.fills FINAL WHERE occurred_at < least(${writtenTo('market')}, ${writtenTo('accounts')})
          ) GROUP BY symbol, id
        )
      )`,
  },
];
