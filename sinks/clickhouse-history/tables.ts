/**
 * The tables of history, as stored: whole numbers only, one row a record, keyed by the record's place in its log, so that
 * a record written twice is one row. Analysts read the views of `views.ts`, which drop repeats and show decimals.
 */
import { enumSymbols } from '../../schemas/generated/records.ts';
import { choice, counter, defineTable, flag, int64, list, numbersOf, text, time, uint8, uint32 } from './table.ts';

const none = '';
const orNone = (words: readonly string[]): string[] => [none, ...words];

export const sideNumbers = numbersOf(enumSymbols.Side);
export const orderTypeNumbers = numbersOf(enumSymbols.OrderType);
export const timeInForceNumbers = numbersOf(enumSymbols.TimeInForce);
export const liquidityNumbers = numbersOf(enumSymbols.Liquidity);
export const commandNumbers = numbersOf(enumSymbols.CommandKind);
export const stageNumbers = numbersOf(enumSymbols.RejectStage);
export const tradingStateNumbers = numbersOf(enumSymbols.TradingState);
export const accountStateNumbers = numbersOf(enumSymbols.AccountState);
export const balanceChangeNumbers = numbersOf(enumSymbols.BalanceChangeKind);
export const entryKindNumbers = numbersOf(enumSymbols.EntryKind);
export const ledgerAccountNumbers = numbersOf(enumSymbols.LedgerAccount);
export const modeNumbers = numbersOf(enumSymbols.SelfTradeMode);

/** Why an order ended or was refused: words of both lists, which share none. */
const reasons = [...enumSymbols.CancelReason, ...enumSymbols.RejectReason];
export const reasonNumbers = numbersOf(reasons);

const orderEventTypes = ['accepted', 'amended', 'cancelled', 'rejected'] as const;
export const orderEventNumbers = numbersOf(orderEventTypes);
const marketStateTypes = ['market_state', 'auction_indicative', 'reference_price'] as const;
export const marketStateRowNumbers = numbersOf(marketStateTypes);
const accountEventTypes = [
  'hold',
  'release',
  'order_amended',
  'balance_change',
  'repeated',
  'account_changed',
] as const;
export const accountEventNumbers = numbersOf(accountEventTypes);

/** Where a row comes from; the same first columns in every table of records. */
const origin = {
  generation: uint32('generation of the log'),
  partition: uint8('partition of the log'),
  offset: counter('offset of the record in its partition'),
  occurred_at: time('log time'),
  symbol: uint32('number of the symbol, 0 where there is none'),
} as const;

/** What law 2 and the envelope say of a record. */
const cause = {
  event_id: counter('edge, partitions and gapless sequence of the producer'),
  causation_id: counter('packed position of the record that caused it'),
  correlation_id: counter('packed position of the command at the head'),
  traceparent: text('W3C trace context of the command'),
} as const;

const placeKey = ['generation', 'partition', 'offset'] as const;

export const orderEvents = defineTable({
  name: 'order_events',
  comment: 'What match said of an order: accepted, amended, cancelled, rejected',
  columns: {
    ...origin,
    seq: counter('sequence of the symbol'),
    ...cause,
    type: choice(orNone(orderEventTypes), 'kind of the event'),
    account: int64('account'),
    order_id: counter('order'),
    side: choice(orNone(enumSymbols.Side), 'side of the order'),
    order_type: choice(orNone(enumSymbols.OrderType), 'accepted: type of the order'),
    time_in_force: choice(orNone(enumSymbols.TimeInForce), 'accepted: time in force'),
    post_only: flag('accepted: may only rest'),
    price_ticks: int64('limit or protection price'),
    quantity_lots: int64('accepted, amended: total quantity; cancelled: what was cancelled'),
    budget: int64('accepted: quote units to spend or earn, 0 where the order has a quantity'),
    open_lots: int64('what rests after the event'),
    executed_lots: int64('cancelled: what had traded'),
    old_price_ticks: int64('amended: price before'),
    old_open_lots: int64('amended: what rested before'),
    kept_priority: flag('amended: the order kept its place in the queue'),
    was_resting: flag('cancelled: the order stood in the book'),
    expires_at: time('accepted: end of a gtd order'),
    reason: choice(orNone(reasons), 'cancelled, rejected: why'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const trades = defineTable({
  name: 'trades',
  comment: 'Two orders met; one row a trade',
  columns: {
    ...origin,
    seq: counter('sequence of the symbol: the trade id'),
    ...cause,
    price_ticks: int64('price of the maker'),
    quantity_lots: int64('quantity'),
    quote_amount: int64('price x quantity in quote units'),
    taker_side: choice(orNone(enumSymbols.Side), 'side of the taker'),
    taker_order_id: counter('order of the taker'),
    maker_order_id: counter('order of the maker'),
    taker_account: int64('account of the taker'),
    maker_account: int64('account of the maker'),
    taker_cumulative_lots: int64('taker: traded so far'),
    taker_open_lots: int64('taker: still open'),
    maker_cumulative_lots: int64('maker: traded so far'),
    maker_open_lots: int64('maker: still open'),
    auction: flag('traded in an uncross'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const preventedMatches = defineTable({
  name: 'prevented_matches',
  comment: 'Orders of one owner that met and did not trade',
  columns: {
    ...origin,
    seq: counter('sequence of the symbol'),
    ...cause,
    taker_order_id: counter('order of the taker'),
    maker_order_id: counter('order of the maker'),
    taker_account: int64('account of the taker'),
    maker_account: int64('account of the maker'),
    price_ticks: int64('price at which they met'),
    quantity_lots: int64('quantity that did not trade'),
    mode: choice(orNone(enumSymbols.SelfTradeMode), 'self-trade mode of the taker'),
    taker_open_lots: int64('taker: still open'),
    maker_open_lots: int64('maker: still open'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const marketStates = defineTable({
  name: 'market_states',
  comment: 'State changes, auction indications and reference prices of a symbol',
  columns: {
    ...origin,
    seq: counter('sequence of the symbol'),
    ...cause,
    type: choice(orNone(marketStateTypes), 'kind of the event'),
    state: choice(orNone(enumSymbols.TradingState), 'market_state: state from now on'),
    previous_state: choice(orNone(enumSymbols.TradingState), 'market_state: state before'),
    until: time('market_state: end of a timed pause'),
    reason: text('market_state: why'),
    requested_by: text('market_state: who asked for it'),
    price_ticks: int64('indicative or reference price'),
    matched_lots: int64('auction_indicative: would trade'),
    surplus_lots: int64('auction_indicative: would be left over'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const symbols = defineTable({
  name: 'symbols',
  comment: 'Rules of symbols, one row a version',
  columns: {
    ...origin,
    seq: counter('sequence of the symbol'),
    ...cause,
    name: text('name of the symbol'),
    base_asset: uint32('asset that is traded'),
    quote_asset: uint32('asset that is paid'),
    price_decimals: uint32('a tick is 10^-price_decimals of quote per base'),
    quantity_decimals: uint32('a lot is 10^-quantity_decimals of base'),
    tick_decimal: text('tick as a decimal'),
    lot_decimal: text('lot as a decimal'),
    quote_units_per_tick_lot: int64('quote units of one tick times one lot'),
    base_units_per_lot: int64('base units of one lot'),
    min_price_ticks: int64('lowest price'),
    max_price_ticks: int64('highest price'),
    min_quantity_lots: int64('smallest quantity'),
    max_quantity_lots: int64('largest quantity'),
    min_notional_amount: int64('smallest notional in quote units'),
    max_notional_amount: int64('largest notional in quote units'),
    band_ppm: uint32('price band in parts per million'),
    fee_schedule: text('fee schedule'),
    version: uint32('version of the rules'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const accountEvents = defineTable({
  name: 'account_events',
  comment:
    'What happened to an account but for fills and rejects: holds, releases, amends, balance changes, repeats, states',
  columns: {
    ...origin,
    seq: counter('sequence of the account'),
    ...cause,
    type: choice(orNone(accountEventTypes), 'kind of the event'),
    account: int64('account'),
    order_id: counter('order, 0 where there is none'),
    client_order_id: text('hold of a place, repeated: id that the client chose'),
    asset: uint32('asset of the amount'),
    amount: int64('hold: held; release, order_amended: came free; balance_change: signed change'),
    command: choice(orNone(enumSymbols.CommandKind), 'hold: command that asked for it'),
    side: choice(orNone(enumSymbols.Side), 'hold: side of the order'),
    order_type: choice(orNone(enumSymbols.OrderType), 'hold: type of the order'),
    time_in_force: choice(orNone(enumSymbols.TimeInForce), 'hold: time in force'),
    post_only: flag('hold: may only rest'),
    price_ticks: int64('hold, order_amended: limit or protection price'),
    quantity_lots: int64('hold, order_amended: total quantity'),
    budget: int64('hold: quote units to spend or earn'),
    expires_at: time('hold: end of a gtd order'),
    fee_version: uint32('hold: version of the fee schedule stamped on the order'),
    executed_lots: int64('release: what has traded'),
    open_lots: int64('release, order_amended: still open'),
    reason: choice(orNone(reasons), 'release: why the order ended'),
    change: choice(orNone(enumSymbols.BalanceChangeKind), 'balance_change: kind'),
    state: choice(orNone(enumSymbols.AccountState), 'account_changed: state from now on'),
    trade_group: uint32('account_changed: trade group'),
    reference: text('balance_change: id of the deposit, withdrawal or adjustment'),
    note: text('balance_change, account_changed: reason, who asked, who approved'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const fills = defineTable({
  name: 'fills',
  comment: 'A side of a trade as it moved an account, with its fee; two rows a trade',
  columns: {
    ...origin,
    seq: counter('sequence of the account'),
    ...cause,
    account: int64('account'),
    order_id: counter('order'),
    trade_id: counter('trade, a sequence of the symbol'),
    side: choice(orNone(enumSymbols.Side), 'side of the order'),
    liquidity: choice(orNone(enumSymbols.Liquidity), 'maker, taker or auction'),
    price_ticks: int64('price'),
    quantity_lots: int64('quantity'),
    base_asset: uint32('asset that was traded'),
    quote_asset: uint32('asset that was paid'),
    base_amount: int64('base units that changed hands'),
    quote_amount: int64('quote units that changed hands'),
    fee_asset: uint32('asset of the fee'),
    fee: int64('fee in units of fee_asset'),
    fee_version: uint32('version of the fee schedule'),
    hold_consumed: int64('what left the hold'),
    released: int64('what of the hold came free'),
    cumulative_lots: int64('traded so far'),
    open_lots: int64('still open'),
    cumulative_quote_amount: int64('quote units traded so far'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const rejects = defineTable({
  name: 'rejects',
  comment: 'Commands that were refused and changed nothing',
  columns: {
    ...origin,
    seq: counter('sequence of the account'),
    ...cause,
    account: int64('account'),
    order_id: counter('order, 0 where there is none'),
    client_order_id: text('id that the client chose'),
    command: choice(orNone(enumSymbols.CommandKind), 'what was asked'),
    reason: choice(orNone(reasons), 'why not'),
    stage: choice(orNone(enumSymbols.RejectStage), 'who refused'),
    asset: uint32('asset of what came free'),
    released: int64('what of the hold came free'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const assets = defineTable({
  name: 'assets',
  comment: 'Assets, one row a version and partition',
  columns: {
    ...origin,
    ...cause,
    asset: uint32('number of the asset'),
    name: text('name'),
    decimals: uint32('a unit is 10^-decimals'),
    show_decimals: uint32('decimals that people read'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const fees = defineTable({
  name: 'fees',
  comment: 'Fee schedules, one row a version and partition',
  columns: {
    ...origin,
    ...cause,
    schedule: text('name of the schedule'),
    version: uint32('version'),
    maker_ppm: int64('parts per million of the notional for makers'),
    taker_ppm: int64('parts per million of the notional for takers'),
    fee_asset: text('quote, or what the account receives'),
  },
  key: placeKey,
  dayOf: 'occurred_at',
});

export const candles = defineTable({
  name: 'candles',
  comment: 'Final candles',
  columns: {
    ...origin,
    event_id: counter('edge, partitions and gapless sequence of the producer'),
    interval: text('length of the candle'),
    opens_at: time('begin of the candle'),
    open_price_ticks: int64('first price'),
    high_price_ticks: int64('highest price'),
    low_price_ticks: int64('lowest price'),
    close_price_ticks: int64('last price'),
    base_lots: int64('quantity traded'),
    quote_amount: int64('quote units traded'),
    taker_buy_lots: int64('quantity bought by takers'),
    taker_buy_quote_amount: int64('quote units spent by buying takers'),
    trade_count: int64('trades'),
    first_trade_id: counter('first trade, 0 where there was none'),
    last_trade_id: counter('last trade, 0 where there was none'),
  },
  key: [...placeKey, 'symbol', 'interval', 'opens_at'],
  dayOf: 'occurred_at',
});

export const entries = defineTable({
  name: 'entries',
  comment: 'Ledger entries; their postings sum to zero per asset',
  columns: {
    ...origin,
    event_id: counter('edge, partitions and gapless sequence of the producer'),
    entry_id: counter('id of the entry'),
    kind: choice(orNone(enumSymbols.EntryKind), 'what it books'),
    account_partition: uint8('partition of the accounts log'),
    first_sequence: counter('offset of the first record it books'),
    last_sequence: counter('offset of the last record it books'),
    trade_id: counter('trade, 0 where there is none'),
    command_id: counter('packed position of the command'),
    moved_at: time('log time of the last record it books'),
    reverses: int64('entry that a reversal takes back, else 0'),
    reference: text('reference of a deposit, withdrawal or adjustment'),
    reason: text('reason of an adjustment'),
    posting_accounts: list(int64(''), 'account of each posting'),
    posting_ledger_accounts: list(choice(orNone(enumSymbols.LedgerAccount), ''), 'ledger account of each posting'),
    posting_assets: list(uint32(''), 'asset of each posting'),
    posting_amounts: list(int64(''), 'signed amount of each posting'),
  },
  key: [...placeKey, 'entry_id'],
  dayOf: 'occurred_at',
});

export const topOfBook = defineTable({
  name: 'top_of_book',
  comment: 'Best prices and depth at each tick',
  columns: {
    ...origin,
    event_id: counter('edge, partitions and gapless sequence of the producer'),
    best_bid_price_ticks: int64('best bid, 0 where there is none'),
    best_bid_lots: int64('quantity at the best bid'),
    best_ask_price_ticks: int64('best ask, 0 where there is none'),
    best_ask_lots: int64('quantity at the best ask'),
    bid_depth_lots: int64('quantity of all bids'),
    ask_depth_lots: int64('quantity of all asks'),
  },
  key: [...placeKey, 'symbol'],
  dayOf: 'occurred_at',
});

/** What is written up to where. A row is inserted after all that it speaks of, and verified against the tables at a start. */
export const positions = defineTable({
  name: 'positions',
  comment: 'Ranges of log partitions that are in the tables, with the number of rows that each gave',
  columns: {
    generation: uint32('generation of the log'),
    log: text('name of the log'),
    partition: uint8('partition'),
    first_offset: counter('first offset of the range'),
    last_offset: counter('last offset of the range'),
    first_occurred_at: time('log time of the first record'),
    last_occurred_at: time('log time of the last record'),
    written_at: time('wall time when the range was in the tables'),
    content: int64('sum over the records of the range; another log gives another one'),
    tables: list(text(''), 'tables that got rows of the range'),
    rows: list(int64(''), 'how many each got'),
  },
  key: ['generation', 'log', 'partition', 'first_offset', 'last_offset'],
  dayOf: 'last_occurred_at',
});

/** Tables that rows of a log go to, directly or through the stages that read it. */
export const tablesOfLog = {
  market: [orderEvents, trades, preventedMatches, marketStates, symbols, candles, topOfBook],
  accounts: [accountEvents, fills, rejects, assets, fees, entries],
} as const;

export const recordTables = [...tablesOfLog.market, ...tablesOfLog.accounts] as const;
