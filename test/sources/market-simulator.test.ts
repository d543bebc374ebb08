import assert from 'node:assert/strict';
import { test } from 'node:test';
import { MarketSimulator } from '../../sources/market-simulator/market-simulator.ts';
import { SeededRandom } from '../../sources/market-simulator/random.ts';
import { thinHistory } from '../../sources/market-simulator/thin-history.ts';
import * as make from '../operators/record-makers.ts';
import { SimulatedExchange, START_MICROS } from './simulated-exchange.ts';

test('gives the same commands and the same exchange for one seed, and others for another', () => {
  const runs = [7, 7, 8].map((seed) => {
    const exchange = new SimulatedExchange({ seed });
    exchange.play(20);
    return { commands: JSON.stringify(exchange.commands), hashes: exchange.stateHashes() };
  });
  assert.equal(runs[0]?.commands, runs[1]?.commands);
  assert.deepEqual(runs[0]?.hashes, runs[1]?.hashes);
  assert.notEqual(runs[0]?.commands, runs[2]?.commands);
});

test('makes a market with two sides, a narrow spread, depth that thins out, and trades on every symbol', () => {
  const exchange = new SimulatedExchange({ seed: 7 });
  exchange.play(180);
  exchange.checkInvariants();
  for (const { symbol, name } of exchange.symbols) {
    const { bids, asks } = exchange.books.get(symbol)?.best(1_000) ?? { bids: [], asks: [] };
    const [bid, ask] = [bids[0]?.priceTicks ?? 0, asks[0]?.priceTicks ?? 0];
    assert.ok(bid > 0 && ask > bid, `${name} has both sides, not crossed`);
    assert.ok((ask - bid) / bid < 0.002, `${name} has a spread below 20 basis points: ${bid} to ${ask}`);
    assert.ok(bids.length >= 8 && asks.length >= 8, `${name} has at least eight levels a side`);
    assert.ok(exchange.trades.filter((trade) => trade.symbol === symbol).length > 100, `${name} trades`);
  }
  const refused = exchange.count('accounts rejected');
  assert.ok(
    refused < exchange.commands.length * 0.05,
    `few commands are refused: ${refused} of ${exchange.commands.length}`,
  );
  assert.equal(exchange.count('accounts rejected insufficient_funds'), 0);
  assert.equal(exchange.count('accounts rejected bad_combination'), 0);
});

test('sends bursts beside calm seconds, at about the configured rate', () => {
  const exchange = new SimulatedExchange({ seed: 3, ordersPerSecond: 100 });
  exchange.play(300);
  const bySecond = new Map<number, number>();
  for (const { dueMicros } of exchange.commands) {
    const second = Math.floor(dueMicros / 1_000_000);
    bySecond.set(second, (bySecond.get(second) ?? 0) + 1);
  }
  const sorted = [...bySecond.values()].sort((left, right) => left - right);
  const median = sorted[sorted.length >> 1] ?? 0;
  assert.ok(median >= 90 && median <= 130, `a usual second has about a hundred commands: ${median}`);
  assert.ok((sorted.at(-1) ?? 0) > 1.8 * median, `the busiest second has clearly more: ${sorted.at(-1)}`);
});

test('spreads what it decides at a tick over the time until the next one, in order', () => {
  const exchange = new SimulatedExchange({ seed: 7 });
  exchange.play(3);
  const last = exchange.commands.filter(({ record }) => record.type === 'place').slice(-50);
  const due = last.map(({ dueMicros }) => dueMicros);
  assert.deepEqual(
    due,
    [...due].sort((left, right) => left - right),
  );
  assert.ok((due.at(-1) ?? 0) < exchange.timeMicros + 1_000_000);
  assert.ok(new Set(due).size > 40, 'not all at once');
});

test('asks for its first deposits under the same ids again, so that a restart does not double them', () => {
  const ids = [1, 2].map(() => {
    const exchange = new SimulatedExchange({ seed: 7 });
    exchange.simulator.onTick(START_MICROS);
    return exchange.simulator.take().flatMap(({ record }) => (record.type === 'deposit' ? [record.depositId] : []));
  });
  assert.deepEqual(ids[0], ids[1]);
  assert.equal(ids[0]?.length, 40 * 4);
});

test('goes on from the prices of an earlier run after a restart', () => {
  const exchange = new SimulatedExchange({ seed: 7 });
  const [btc] = exchange.symbols;
  assert.ok(btc !== undefined);
  const lastPrices = new Map([[btc.symbol, 9_000_000 as never]]);
  exchange.simulator.adopt({ timeMicros: START_MICROS, lastPrices, orders: [] });
  exchange.play(20);
  const prices = exchange.trades.filter((trade) => trade.symbol === btc.symbol).map((trade) => trade.priceTicks);
  assert.ok(prices.length > 0 && prices.every((price) => Math.abs(price / 9_000_000 - 1) < 0.02));
});

test('falls silent on a symbol that is halted, and comes back when it opens', () => {
  const exchange = new SimulatedExchange({ seed: 7 });
  exchange.play(10);
  const symbol = exchange.symbols[0]?.symbol ?? 0;
  const placedIn = (seconds: number): number => {
    const before = exchange.commands.length;
    exchange.play(seconds);
    return exchange.commands.slice(before).filter(({ record }) => record.symbol === symbol).length;
  };
  exchange.command(make.admin({ action: 'set_market_state', symbol, marketState: 'halted' }), exchange.timeMicros);
  assert.equal(placedIn(5), 0);
  exchange.command(make.admin({ action: 'set_market_state', symbol, marketState: 'trading' }), exchange.timeMicros);
  assert.ok(placedIn(5) > 50);
});

test('plays a thin day ahead of time: every symbol trades in nearly every minute, and time ends where it should', () => {
  const hours = 2;
  const exchange = new SimulatedExchange({ seed: 7, startMicros: START_MICROS - (hours + 1) * 3_600_000_000 });
  const day = thinHistory(exchange.simulator, { endMicros: START_MICROS, hours }, exchange);
  let step = day.next();
  while (step.done !== true) step = day.next();
  assert.equal(step.value.timeMicros, START_MICROS);
  assert.equal(exchange.timeMicros, START_MICROS);
  assert.equal(exchange.simulator.ordersPerSecond, 200, 'the rate of live running is back');
  for (const { symbol, name } of exchange.symbols) {
    const trades = exchange.trades.filter((trade) => trade.symbol === symbol);
    const minutes = new Set(trades.map(({ timeMicros }) => Math.floor(timeMicros / 60_000_000)));
    assert.ok(minutes.size > hours * 60 * 0.9, `${name} trades in ${minutes.size} of ${hours * 60} minutes`);
  }
});

test('refuses settings that make no market, with the setting named', () => {
  const of = (settings: Partial<{ seed: number; accounts: number; ordersPerSecond: number }>) => () =>
    new MarketSimulator({ seed: 1, accounts: 10, ordersPerSecond: 10, ...settings }, [], []);
  assert.throws(of({ seed: -1 }), /simulator\.seed is -1/);
  assert.throws(of({ accounts: 1 }), /simulator\.accounts is 1/);
  assert.throws(of({ ordersPerSecond: Number.NaN }), /simulator\.ordersPerSecond is NaN/);
});

test('draws numbers that are spread evenly and depend on seed and stream', () => {
  const draws = (seed: number, stream: number) => {
    const random = new SeededRandom(seed, stream);
    return Array.from({ length: 4_000 }, () => random.fraction());
  };
  const first = draws(7, 1);
  const mean = first.reduce((sum, value) => sum + value, 0) / first.length;
  assert.ok(Math.abs(mean - 0.5) < 0.02, `the mean is near a half: ${mean}`);
  assert.deepEqual(draws(7, 1), first);
  assert.notDeepEqual(draws(7, 2), first);
  assert.notDeepEqual(draws(8, 1), first);
});
