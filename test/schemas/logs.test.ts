import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Place, Trade } from '../../schemas/generated/records.ts';
import { recordTypes } from '../../schemas/generated/records.ts';
import * as logs from '../../schemas/logs.ts';

test('a record set knows its records, and every record belongs to some set', () => {
  const sets = Object.values(logs).filter((value) => typeof value !== 'function');
  for (const set of sets) {
    assert.ok(set.types.length > 0 && new Set(set.types).size === set.types.length, set.name);
    for (const type of recordTypes) {
      assert.equal(set.has({ type } as never), (set.types as readonly string[]).includes(type), `${set.name} ${type}`);
    }
  }
  const homeless = recordTypes.filter((type) => !sets.some((set) => (set.types as readonly string[]).includes(type)));
  assert.deepEqual(homeless, []);
});

test('the set of one record does not stand for another one: wrong wiring does not compile', () => {
  const takesOrders = (set: logs.RecordSet<Place>): string => set.name;
  const trades: logs.RecordSet<Trade> = logs.recordSet('Trades', ['trade']);
  assert.equal(takesOrders(logs.recordSet('Places', ['place'])), 'Places');
  // @ts-expect-error a trade is no order
  assert.equal(takesOrders(trades), 'Trades');
  // @ts-expect-error there is no such record
  assert.deepEqual(logs.recordSet('Unknown', ['no_such']).types, ['no_such']);
  // @ts-expect-error candles are none of the market log's records
  const market: logs.RecordSet<logs.MarketEvent> = logs.CandleEvent;
  assert.ok(market);
});

test('a record set cannot be changed', () => {
  assert.throws(() => (logs.MarketEvent.types as string[]).push('place'), TypeError);
});
