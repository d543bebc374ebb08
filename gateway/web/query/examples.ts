/** Questions to begin with; each names the view that answers it. */
export interface SavedQuery {
  readonly name: string;
  readonly sql: string;
}

export const EXAMPLES: readonly SavedQuery[] = [
  {
    name: 'The day of each market',
    sql: `select day, symbol, open, high, low, close, trades, round(vwap, 4) as vwap
from market_daily
order by day desc, symbol
limit 50`,
  },
  {
    name: 'Newest trades',
    sql: `select time, symbol, price, quantity, notional, taker_side
from trades
order by time desc
limit 100`,
  },
  {
    name: 'Trades by minute',
    sql: `select toStartOfMinute(time) as minute, symbol, count() as trades,
       min(price) as low, max(price) as high, sum(notional) as notional
from trades
where time > now() - interval 1 hour
group by minute, symbol
order by minute desc, symbol
limit 200`,
  },
  {
    name: 'Spread and depth by hour',
    sql: `select hour, symbol, round(spread_bps_average, 3) as spread_bps, spread_ticks_median,
       round(bid_depth_average, 4) as bid_depth, round(ask_depth_average, 4) as ask_depth
from spread_and_depth
order by hour desc, symbol
limit 96`,
  },
  {
    name: 'How orders end',
    sql: `select symbol, order_type, time_in_force, outcome, sum(orders) as orders
from order_outcomes
group by all
order by orders desc
limit 100`,
  },
  {
    name: 'Why commands are refused',
    sql: `select symbol, command, stage, reason, sum(commands) as commands
from rejects_by_reason
group by all
order by commands desc
limit 100`,
  },
  {
    name: 'How long each stage takes',
    sql: `select * from latency_by_stage order by day desc, stage limit 50`,
  },
  {
    name: 'Nothing missing, nothing twice',
    sql: `select * from integrity order by ok, check, subject limit 200`,
  },
  { name: 'What there is to ask', sql: `show tables` },
];
