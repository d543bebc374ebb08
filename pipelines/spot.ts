/** The spot exchange: what is written here is the graph that runs. */
import { admitCommands } from '../operators/admit-commands.ts';
import { buildCandles } from '../operators/build-candles.ts';
import { buildDepth } from '../operators/build-depth.ts';
import { checkRisk } from '../operators/check-risk.ts';
import { fanOutControl } from '../operators/fan-out-control.ts';
import { matchOrders } from '../operators/match-orders.ts';
import { postEntries } from '../operators/post-entries.ts';
import { rollTickers } from '../operators/roll-tickers.ts';
import { AccountCommand, AccountEvent, ControlRecord, MarketEvent, OrderCommand } from '../schemas/logs.ts';
import { avroArchive } from '../sinks/avro-archive/avro-archive.ts';
import { clickhouseHistory } from '../sinks/clickhouse-history/clickhouse-history.ts';
import { gatewayViews } from '../sinks/gateway-views/gateway-views.ts';
import { postgresLedger } from '../sinks/postgres-ledger/postgres-ledger.ts';
import { redisCache } from '../sinks/redis-cache/redis-cache.ts';
import { ticks } from '../sources/clock-ticks.ts';
import { configurationChanges } from '../sources/configuration-changes.ts';
import { gatewayIntake } from '../sources/gateway-intake.ts';
import { recordings } from '../sources/recordings/recordings.ts';
import { simulatedMarket } from '../sources/simulated-market.ts';
import { topology } from './runtime/graph.ts';

export default topology('spot', ({ log, source, stage, sink }) => {
  const commands = log('commands', AccountCommand, { key: 'account' }); // inbox of ingest + risk
  const orders = log('orders', OrderCommand, { key: 'symbol' }); // inbox of match
  const market = log('market', MarketEvent, { key: 'symbol' }); // what happened to a symbol
  const accounts = log('accounts', AccountEvent, { key: 'account' }); // what happened to an account
  const control = log('control', ControlRecord); // admin orders, configuration, clock: one partition

  const intake = source('intake', gatewayIntake());
  const clock = source('clock', ticks('1s'));
  const config = source('config', configurationChanges());
  const simulator = source('simulator', simulatedMarket(), { sees: [market] });
  const recording = source('recording', recordings());

  const steer = stage('steer', fanOutControl(), { in: control });
  const ingest = stage('ingest', admitCommands(), { in: commands });
  const risk = stage('risk', checkRisk(), { in: ingest.admitted }); // fused with ingest: no log between them
  const match = stage('match', matchOrders(), { in: orders });
  const candles = stage('candles', buildCandles(), { in: market });
  const tickers = stage('tickers', rollTickers(), { in: market });
  const depth = stage('depth', buildDepth(), { in: market, drop: { delta: 'books are served from the market log' } });
  const entries = stage('settle', postEntries(), { in: accounts });

  control.takes(intake.control, clock.ticks, config.changes);
  commands.takes(intake.commands, simulator.commands, recording.commands);
  commands.takes(steer.accounts, match.fills); // the way back is a log like any other
  orders.takes(risk.accepted, steer.symbols);
  market.takes(match.events);
  accounts.takes(ingest.rejected, risk.events);

  sink('ledger', postgresLedger(), { in: [entries.posted] });
  sink('history', clickhouseHistory(), {
    in: [market, accounts, candles.closed, depth.top, entries.posted],
    queue: { records: 524_288 }, // two inserts: one is written while the next is filled
  });
  sink('archive', avroArchive(), { in: [commands, orders, market, accounts, control] });
  sink('cache', redisCache(), { in: [market, candles.closed, candles.progress, tickers.ticker] }); // where Redis is named
  sink('gateway', gatewayViews(), {
    in: [market, accounts, control, candles.closed, candles.progress, tickers.ticker],
  });
});
