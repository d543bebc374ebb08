/** The spot exchange without candles, history and archive: orders, the market's answer, and the ledger. */
import { admitCommands } from '../../../../operators/admit-commands.ts';
import { checkRisk } from '../../../../operators/check-risk.ts';
import { fanOutControl } from '../../../../operators/fan-out-control.ts';
import { matchOrders } from '../../../../operators/match-orders.ts';
import { postEntries } from '../../../../operators/post-entries.ts';
import { topology } from '../../../../pipelines/runtime/graph.ts';
import { AccountCommand, AccountEvent, ControlRecord, MarketEvent, OrderCommand } from '../../../../schemas/logs.ts';
import { postgresLedger } from '../../../../sinks/postgres-ledger/postgres-ledger.ts';
import { ticks } from '../../../../sources/clock-ticks.ts';
import { configurationChanges } from '../../../../sources/configuration-changes.ts';
import { gatewayIntake } from '../../../../sources/gateway-intake.ts';
import { simulatedMarket } from '../../../../sources/simulated-market.ts';

export default topology('ledger', ({ log, source, stage, sink }) => {
  const commands = log('commands', AccountCommand, { key: 'account' });
  const orders = log('orders', OrderCommand, { key: 'symbol' });
  const market = log('market', MarketEvent, { key: 'symbol' });
  const accounts = log('accounts', AccountEvent, { key: 'account' });
  const control = log('control', ControlRecord);

  const intake = source('intake', gatewayIntake());
  const clock = source('clock', ticks('1s'));
  const config = source('config', configurationChanges());
  const simulator = source('simulator', simulatedMarket(), { sees: [market] });

  const steer = stage('steer', fanOutControl(), { in: control });
  const ingest = stage('ingest', admitCommands(), { in: commands });
  const risk = stage('risk', checkRisk(), { in: ingest.admitted });
  const match = stage('match', matchOrders(), { in: orders });
  const entries = stage('settle', postEntries(), { in: accounts });

  control.takes(intake.control, clock.ticks, config.changes);
  commands.takes(intake.commands, simulator.commands, steer.accounts, match.fills);
  orders.takes(risk.accepted, steer.symbols);
  market.takes(match.events);
  accounts.takes(ingest.rejected, risk.events);

  sink('ledger', postgresLedger(), { in: [entries.posted] });
});
