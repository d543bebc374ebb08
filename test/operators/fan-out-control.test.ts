import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fanOutControl } from '../../operators/fan-out-control.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { ControlRecord } from '../../schemas/logs.ts';
import * as make from './record-makers.ts';

/** Where a record goes among 3 commands and 2 orders partitions; `key`: to the partition of its account or symbol. */
function sentTo(record: AnyRecord): string {
  const operator = fanOutControl().create({
    partition: 0,
    partitions: { commands: 3, orders: 2 },
    shared: (_name, makeIt) => makeIt(),
  });
  const sent: string[] = [];
  const moment = { timeMicros: 0, position: 0, offset: 0, partition: 0, correlationId: 0 } as never;
  const port = (name: string) => (emitted: AnyRecord, partition?: number) => {
    assert.equal(emitted, record, 'the record goes out as it came');
    sent.push(`${name} ${partition ?? 'key'}`);
  };
  operator.apply(record as never, moment, { accounts: port('commands'), symbols: port('orders') });
  return sent.join(', ');
}

const everyCommands = 'commands 0, commands 1, commands 2';
const everyOrders = 'orders 0, orders 1';
const tick = { type: 'tick', symbol: 0, seq: 0, number: 1 } as AnyRecord;
const revocation = { type: 'key_revocation', symbol: 0, seq: 0, keyId: 'k', reason: '', requestedBy: '' } as AnyRecord;

const cases: [record: AnyRecord, to: string][] = [
  [tick, `${everyCommands}, ${everyOrders}`],
  [make.symbolConfig(), `${everyCommands}, orders key`],
  [make.assetConfig(), everyCommands],
  [make.feeConfig(), everyCommands],
  [make.limitConfig(), everyCommands],
  [make.limitConfig({ account: 101 }), everyCommands],
  [make.admissionConfig(), everyCommands],
  [revocation, ''],
  [make.admin({ action: 'set_account_state', account: 101 }), 'commands key'],
  [make.admin({ action: 'set_account_state' }), everyCommands],
  [make.admin({ action: 'set_account_limits', account: 101 }), 'commands key'],
  [make.admin({ action: 'cancel_all', account: 101 }), 'commands key'],
  [make.admin({ action: 'cancel_all', account: 101, symbol: 1 }), 'commands key'],
  [make.admin({ action: 'cancel_all', symbol: 1 }), 'orders key'],
  [make.admin({ action: 'cancel_all' }), everyOrders],
  [make.admin({ action: 'kill_switch', account: 101 }), 'commands key'],
  [make.admin({ action: 'kill_switch', symbol: 1 }), 'orders key'],
  [make.admin({ action: 'kill_switch' }), everyOrders],
  [make.admin({ action: 'set_market_state', symbol: 1 }), 'orders key'],
  [make.admin({ action: 'set_market_state' }), everyOrders],
  [make.admin({ action: 'open_auction', symbol: 1 }), 'orders key'],
  [make.admin({ action: 'uncross' }), everyOrders],
];

for (const [record, to] of cases) {
  const { type, action = '', account = 0, symbol } = record as AnyRecord & { action?: string; account?: number };
  test(`sends ${type} ${action} of account ${account}, symbol ${symbol} to ${to || 'nobody'}`, () => {
    assert.equal(sentTo(record), to);
  });
}

test('has a case above for every control record and every action', () => {
  assert.deepEqual(new Set(cases.map(([record]) => record.type)), new Set(ControlRecord.types));
  const actions = new Set(cases.flatMap(([record]) => (record.type === 'admin' ? [record.action] : [])));
  assert.deepEqual([...actions].sort(), [...enumSymbols.AdminAction].sort());
});
