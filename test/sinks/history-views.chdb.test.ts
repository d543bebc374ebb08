// The views over a simulated market: each documented statement runs, and what the views say is what the records add up to.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { decimalOfUnits } from '../../schemas/decimal.ts';
import type { AnyRecord, AssetConfig, Fill, SymbolConfig, Trade } from '../../schemas/generated/records.ts';
import { SymbolScale } from '../../schemas/symbol-scale.ts';
import { historyPage } from '../../sinks/clickhouse-history/history-page.ts';
import { historyViews } from '../../sinks/clickhouse-history/views.ts';
import { recordBlocks, recordMarket } from '../pipelines/recorded-market.ts';
import { ask, rows, startTestEngine, temporaryFolder } from './history-engine.ts';
import { openHistory, writeAll } from './history-run.ts';

const engine = await startTestEngine(temporaryFolder());
const skip = engine === undefined ? 'the embedded ClickHouse does not load here' : false;
const blocks = recordBlocks(recordMarket({ seed: 3, seconds: 90, ordersPerSecond: 40, accounts: 12 }), 'history');
const records = blocks.flatMap((block) => block.records);
const of = <T extends AnyRecord['type']>(type: T) =>
  records.filter((record): record is Extract<AnyRecord, { type: T }> => record.type === type);
if (engine) {
  const sink = openHistory(engine);
  after(() => sink.close());
  await writeAll(sink, blocks);
}

const symbols = new Map(of('symbol_config').map((symbol) => [symbol.symbol, symbol as SymbolConfig]));
const assets = new Map(of('asset_config').map((asset) => [asset.asset, asset as AssetConfig]));
const json = async <Row>(sql: string): Promise<Row[]> =>
  JSON.parse(await rows(engine!, sql, { as: 'analyst', parameters: { default_format: 'JSON' } })).data;
/** A decimal without zeros at its end, as ClickHouse shows it. */
const short = (text: string) => (text.includes('.') ? text.replace(/\.?0+$/, '') : text);

test('docs/history.md is made of the views', () => {
  assert.equal(
    readFileSync(join(import.meta.dirname, '../../docs/history.md'), 'utf8'),
    historyPage(),
    'run: node sinks/clickhouse-history/history-page.ts',
  );
});

test('every view that was asked for is there, and each says which question it answers', () => {
  const wanted = [
    'orders_latest',
    'order_timeline',
    'order_outcomes',
    'rejects_by_reason',
    'market_daily',
    'spread_and_depth',
    'account_pnl',
    'fees_daily',
    'latency_by_stage',
    'integrity',
  ];
  const names = historyViews.map(({ name }) => name);
  for (const name of wanted) assert.ok(names.includes(name), name);
  for (const { name, question, answer } of historyViews) {
    assert.match(question, /\?$/, name);
    assert.match(answer, new RegExp(`\\b${name}\\b`), `the answer of ${name} does not ask it`);
  }
});

for (const view of historyViews) {
  test(`${view.name}: "${view.question}" is answered by its statement, and its columns are described`, {
    skip,
  }, async () => {
    const answer = await ask(engine!, view.answer, { as: 'analyst', parameters: { default_format: 'TabSeparated' } });
    assert.equal(answer.status, 200, answer.text);
    const columns = (
      await rows(engine!, `SELECT name FROM system.columns WHERE database = 'sluice' AND table = '${view.name}'`)
    ).split('\n');
    for (const column of Object.keys(view.columns))
      assert.ok(columns.includes(column), `${view.name} has no column ${column}`);
    // What can be empty in this market: nobody was halted, and no match was prevented.
    if (!['prevented_matches', 'market_states', 'integrity'].includes(view.name))
      assert.notEqual(await rows(engine!, `SELECT count() FROM ${view.name}`), '0');
  });
}

test('integrity finds nothing wrong', { skip }, async () => {
  assert.equal(await rows(engine!, 'SELECT check, subject FROM integrity WHERE NOT ok'), '');
  const checks = await rows(engine!, 'SELECT DISTINCT check FROM integrity ORDER BY check');
  assert.deepEqual(checks.split('\n'), [
    'accounts_dense',
    'fills_per_trade',
    'postings_zero',
    'ranges_gapless',
    'sequence_dense',
  ]);
});

test('trades show the decimals that the gateway would', { skip }, async () => {
  const shown = await json<{ symbol: string; trade_id: string; price: string; quantity: string; notional: string }>(
    'SELECT symbol, trade_id, price, quantity, notional FROM trades ORDER BY symbol, trade_id',
  );
  const wanted = of('trade').map((trade: Trade) => {
    const symbol = symbols.get(trade.symbol)!;
    const scale = new SymbolScale(symbol);
    return {
      symbol: symbol.name,
      trade_id: String(trade.seq),
      price: short(scale.formatPrice(trade.priceTicks)),
      quantity: short(scale.formatQuantity(trade.quantityLots)),
      notional: short(decimalOfUnits(trade.quoteAmount, assets.get(symbol.quoteAsset)!.decimals)),
    };
  });
  wanted.sort((a, b) =>
    a.symbol === b.symbol ? Number(a.trade_id) - Number(b.trade_id) : a.symbol < b.symbol ? -1 : 1,
  );
  assert.ok(wanted.length > 100);
  assert.deepEqual(shown, wanted);
});

test('market_daily is the fold of the trades', { skip }, async () => {
  const shown = await json<{
    symbol: string;
    open: string;
    high: string;
    low: string;
    close: string;
    volume: string;
    trades: string;
  }>('SELECT symbol, open, high, low, close, volume, trades FROM market_daily ORDER BY symbol');
  const wanted = [...symbols.values()].flatMap((symbol) => {
    const own = of('trade').filter((trade) => trade.symbol === symbol.symbol);
    if (own.length === 0) return [];
    const scale = new SymbolScale(symbol);
    const ticks = own.map(({ priceTicks }) => priceTicks);
    const price = (value: number) => short(scale.formatPrice(value as Trade['priceTicks']));
    return {
      symbol: symbol.name,
      open: price(ticks[0]!),
      high: price(Math.max(...ticks)),
      low: price(Math.min(...ticks)),
      close: price(ticks.at(-1)!),
      volume: short(scale.formatQuantity(own.reduce((sum, { quantityLots }) => sum + BigInt(quantityLots), 0n))),
      trades: String(own.length),
    };
  });
  wanted.sort((a, b) => (a.symbol < b.symbol ? -1 : 1));
  assert.deepEqual(shown, wanted);
});

test('orders_latest knows how each order stands', { skip }, async () => {
  const shown = await json<{ order_id: string; status: string; executed_lots: string }>(
    'SELECT order_id, status, toString(toInt64(executed / s.lot)) AS executed_lots FROM orders_latest AS o LEFT JOIN (SELECT symbol, lot FROM symbols) AS s ON s.symbol = o.symbol ORDER BY order_id',
  );
  const orders = new Map<number, { executed: number; filled: boolean; ended: boolean; rejected: boolean }>();
  const order = (id: number) => {
    let found = orders.get(id);
    if (!found) orders.set(id, (found = { executed: 0, filled: false, ended: false, rejected: false }));
    return found;
  };
  for (const { firstOffset, records: own, log } of blocks) {
    assert.ok(firstOffset >= 0);
    if (log !== 'accounts') continue;
    for (const record of own) {
      if (record.type === 'hold' && record.command === 'place') order(record.orderId);
      if (record.type === 'fill')
        Object.assign(order(record.orderId), { executed: record.cumulativeLots, filled: record.openLots === 0 });
      if (record.type === 'release' && record.openLots === 0) order(record.orderId).ended = true;
      if (record.type === 'rejected' && record.command === 'place' && record.orderId !== 0)
        order(record.orderId).rejected = true;
    }
  }
  const wanted = [...orders].map(([id, { executed, filled, ended, rejected }]) => ({
    order_id: String(id),
    status: rejected
      ? 'rejected'
      : ended
        ? 'cancelled'
        : filled
          ? 'filled'
          : executed > 0
            ? 'partially_filled'
            : 'open',
    executed_lots: String(executed),
  }));
  wanted.sort((a, b) => Number(a.order_id) - Number(b.order_id));
  assert.ok(new Set(wanted.map(({ status }) => status)).size >= 4, 'the market is too plain');
  assert.deepEqual(shown, wanted);
});

test('fees and positions of accounts are the sums of their fills', { skip }, async () => {
  const shown = await json<{
    account: string;
    symbol: string;
    position_lots: string;
    fees_units: string;
    fills: string;
  }>(
    `SELECT account, p.symbol AS symbol, toString(toInt64(position / s.lot)) AS position_lots, toString(toInt64(fees / s.quote_unit)) AS fees_units, fills
     FROM account_pnl AS p LEFT JOIN (SELECT symbol, lot, quote_unit FROM symbols) AS s ON s.symbol = p.symbol ORDER BY account, symbol`,
  );
  const sums = new Map<string, { account: string; symbol: string; position: number; fees: number; fills: number }>();
  for (const fill of of('fill') as Fill[]) {
    const symbol = symbols.get(fill.symbol)!.name;
    const key = `${fill.account} ${symbol}`;
    const sum = sums.get(key) ?? { account: String(fill.account), symbol, position: 0, fees: 0, fills: 0 };
    sum.position += fill.side === 'buy' ? fill.quantityLots : -fill.quantityLots;
    sum.fees += fill.feeAsset === fill.quoteAsset ? fill.fee : 0;
    sum.fills++;
    sums.set(key, sum);
  }
  const wanted = [...sums.values()].map(({ account, symbol, position, fees, fills }) => ({
    account,
    symbol,
    position_lots: String(position),
    fees_units: String(fees),
    fills: String(fills),
  }));
  wanted.sort((a, b) => Number(a.account) - Number(b.account) || (a.symbol < b.symbol ? -1 : 1));
  assert.deepEqual(shown, wanted);
});

test('an order is told from its hold to its end', { skip }, async () => {
  const filled = (of('fill') as Fill[]).find(({ openLots, liquidity }) => openLots === 0 && liquidity === 'maker')!;
  const events = await rows(
    engine!,
    `SELECT event FROM order_timeline WHERE order_id = ${filled.orderId} ORDER BY time, step, seq`,
  );
  const told = events.split('\n');
  assert.deepEqual(told.slice(0, 2), ['hold', 'accepted']);
  assert.equal(told.at(-1), 'fill');
  assert.equal(told.filter((event) => event === 'trade').length, told.filter((event) => event === 'fill').length);
});

test('postings of every account add up to what settle booked', { skip }, async () => {
  const shown = await rows(
    engine!,
    'SELECT asset_id, ledger_account, sum(units) FROM postings GROUP BY asset_id, ledger_account ORDER BY asset_id, ledger_account',
  );
  const sums = new Map<string, number>();
  for (const block of blocks) {
    for (const entry of block.outputs['settle.posted']?.records ?? []) {
      if (entry.type !== 'entry') continue;
      for (const { asset, ledgerAccount, amount } of entry.postings) {
        const key = `${asset}\t${ledgerAccount}`;
        sums.set(key, (sums.get(key) ?? 0) + amount);
      }
    }
  }
  const order = ['available', 'hold', 'fees', 'clearing', 'outside'];
  const wanted = [...sums].sort(
    ([a], [b]) =>
      Number(a.split('\t')[0]) - Number(b.split('\t')[0]) ||
      order.indexOf(a.split('\t')[1]!) - order.indexOf(b.split('\t')[1]!),
  );
  assert.equal(shown, wanted.map(([key, sum]) => `${key}\t${sum}`).join('\n'));
});
