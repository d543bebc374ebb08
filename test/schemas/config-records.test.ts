import assert from 'node:assert/strict';
import { test } from 'node:test';
import { encodeRecord } from '../../schemas/codec.ts';
import { type Config, configChanges, configurationHash, placeSymbolsOf, readConfig } from '../../schemas/config.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord, RatePpm } from '../../schemas/generated/records.ts';
import { ControlRecord } from '../../schemas/logs.ts';

const base = {
  pipeline: 'spot',
  assets: { USD: { decimals: 7 }, BTC: { decimals: 9 }, ETH: { decimals: 8 } },
  symbols: {
    'BTC-USD': { tick: '0.01', lot: '0.00001', fees: 'standard' },
    'ETH-USD': { tick: '0.01', lot: '0.0001', fees: 'standard' },
  },
  fees: { standard: { version: 1, maker: '10 bps', taker: '15 bps' } },
  partitions: { symbols: { 'ETH-USD': 'own' } },
  backends: { kind: 'embedded', dataDir: './data' },
};

function configOf(parts: object = {}): Config {
  const { config, faults } = readConfig({ ...base, ...parts }, { file: '', text: '' }, {});
  assert.ok(config, JSON.stringify(faults));
  return config;
}

/** The records of the log after a first start with the base configuration. */
const log: readonly AnyRecord[] = configChanges(configOf(), []).records;

test('a new data directory gets everything, what a record names before it, numbered from 1 in order of the file', () => {
  assert.deepEqual(
    log.map((record) => [record.type, 'name' in record ? record.name : 'schedule' in record ? record.schedule : '']),
    [
      ['asset_config', 'USD'],
      ['asset_config', 'BTC'],
      ['asset_config', 'ETH'],
      ['fee_config', 'standard'],
      ['symbol_config', 'BTC-USD'],
      ['symbol_config', 'ETH-USD'],
      ['limit_config', ''],
      ['admission_config', ''],
    ],
  );
  const symbols = log.filter((record) => record.type === 'symbol_config');
  assert.deepEqual(
    symbols.map(({ symbol, baseAsset, quoteAsset }) => [symbol, baseAsset, quoteAsset]),
    [
      [1, 2, 1],
      [2, 3, 1],
    ],
  );
  for (const record of log) {
    assert.ok(ControlRecord.has(record));
    assert.ok(encodeRecord(emptyEnvelope(), record, new Uint8Array(2_000), 0) > 0);
  }
});

test('the same configuration again changes nothing', () => {
  assert.deepEqual(configChanges(configOf(), log), { records: [], notices: [] });
});

test('a safe change is one record with the next version', () => {
  const table: [object, AnyRecord['type'], (record: AnyRecord) => unknown, unknown][] = [
    [
      { limits: { openOrders: 7 } },
      'limit_config',
      (record) => record.type === 'limit_config' && [record.openOrders, record.version],
      [7, 2],
    ],
    [
      { admission: { expiry: '30s' } },
      'admission_config',
      (record) => record.type === 'admission_config' && [record.expiryMicros, record.version],
      [30_000_000, 2],
    ],
    [
      { fees: { standard: { version: 2, maker: '1 bps', taker: '2 bps' } } },
      'fee_config',
      (record) => record.type === 'fee_config' && [record.makerPpm, record.version],
      [100, 2],
    ],
    [
      { fees: { standard: { version: 9, maker: '10 bps', taker: '15 bps' } } },
      'fee_config',
      (record) => record.type === 'fee_config' && record.version,
      9,
    ],
    [
      { assets: { ...base.assets, USD: { decimals: 7, show: 2 } } },
      'asset_config',
      (record) => record.type === 'asset_config' && [record.asset, record.showDecimals],
      [1, 2],
    ],
    [
      { symbols: { ...base.symbols, 'BTC-USD': { ...base.symbols['BTC-USD'], band: '±5%' } } },
      'symbol_config',
      (record) => record.type === 'symbol_config' && [record.symbol, record.bandPpm, record.version],
      [1, 50_000, 2],
    ],
  ];
  for (const [parts, type, of, expected] of table) {
    const { records, notices } = configChanges(configOf(parts), log);
    assert.deepEqual(
      records.map((record) => record.type),
      [type],
    );
    assert.deepEqual(of(records[0]!), expected);
    assert.deepEqual(notices, []);
    assert.deepEqual(configChanges(configOf(parts), [...log, ...records]).records, [], 'and then it stands');
  }
});

test('a new symbol with a new asset and schedule comes after both, with the next numbers', () => {
  const { records, notices } = configChanges(
    configOf({
      assets: { SOL: { decimals: 8 }, ...base.assets },
      fees: { ...base.fees, makers: { version: 1, maker: '0 bps', taker: '1 bps' } },
      symbols: { 'SOL-USD': { tick: '0.01', lot: '0.001', fees: 'makers' }, ...base.symbols },
    }),
    log,
  );
  assert.deepEqual(notices, []);
  assert.deepEqual(
    records.map((record) => record.type),
    ['asset_config', 'fee_config', 'symbol_config'],
  );
  const symbol = records[2];
  assert.deepEqual(
    symbol?.type === 'symbol_config' && [symbol.symbol, symbol.baseAsset, symbol.quoteAsset, symbol.version],
    [3, 4, 1, 1],
  );
});

test('what would change the meaning of the past is refused, with the way out', () => {
  const symbolsWith = (options: object) => ({
    symbols: { ...base.symbols, 'BTC-USD': { ...base.symbols['BTC-USD'], ...options } },
  });
  const table: [object, string, string, RegExp][] = [
    [
      symbolsWith({ tick: '0.1' }),
      'rules-changed',
      'symbols.BTC-USD.tick',
      /its tick is 0\.01 in the log, 0\.1 is asked for.* Set it back, declare a new symbol, or begin with an empty data directory/,
    ],
    [symbolsWith({ lot: '0.0001' }), 'rules-changed', 'symbols.BTC-USD.lot', /its lot is 0\.00001 in the log, 0\.0001/],
    [
      { assets: { ...base.assets, ETH: { decimals: 9 } } },
      'decimals-changed',
      'assets.ETH.decimals',
      /counted with 8 decimals in the log, 9 are asked for/,
    ],
    [
      { fees: { standard: { version: 1, maker: '9 bps', taker: '15 bps' } } },
      'fees-unversioned',
      'fees.standard.version',
      /Raise the version to 2/,
    ],
    [
      { fees: { standard: { version: 1, maker: '10 bps', taker: '15 bps', in: 'received' } } },
      'fees-unversioned',
      'fees.standard.version',
      /in quote; version 1 .* in received/,
    ],
  ];
  for (const [parts, id, path, says] of table) {
    const { notices } = configChanges(configOf(parts), log);
    const found = notices.find((notice) => notice.id === id);
    assert.equal(found?.level, 'error', id);
    assert.equal(found.path.join('.'), path);
    assert.match(found.says, says);
  }
});

test('a fee version never goes back, even to what it once was', () => {
  const second = configChanges(configOf({ fees: { standard: { version: 2, maker: '1 bps', taker: '2 bps' } } }), log);
  const { records, notices } = configChanges(configOf(), [...log, ...second.records]);
  assert.deepEqual(records, []);
  assert.match(notices[0]!.says, /version 2 is in the log .* Raise the version to 3/);
});

test('a fee version that an operator set is in force, and the file that is behind it is told so', () => {
  const own = log.find((record) => record.type === 'fee_config')!;
  const operators: AnyRecord = { ...own, version: 2, makerPpm: 700 as RatePpm, reason: 'a trial', requestedBy: 'ada' };
  const { records, notices } = configChanges(configOf(), [...log, operators]);
  assert.deepEqual(records, []);
  const [notice] = notices;
  assert.deepEqual([notice?.level, notice?.id], ['warn', 'without-effect']);
  assert.match(notice!.says, /an operator set version 2 with maker 7 bps.* Write it into the file/);
});

test('what is no longer in the file stays, and is said; an opening state counts once', () => {
  const { symbols, ...rest } = base;
  const { records, notices } = configChanges(
    configOf({ ...rest, partitions: {}, symbols: { 'BTC-USD': { ...symbols['BTC-USD'], opens: 'halted' } } }),
    log,
  );
  assert.deepEqual(records, []);
  assert.deepEqual(notices.map(({ level, id }) => `${level} ${id}`).sort(), [
    'warn not-in-file',
    'warn without-effect',
  ]);
  assert.match(
    notices.find(({ id }) => id === 'not-in-file')!.says,
    /symbols\.ETH-USD is in the log and no longer in the file/,
  );
});

test("an account's own limits are not those of all", () => {
  const own: AnyRecord = {
    ...log.find((record) => record.type === 'limit_config')!,
    account: 100,
    openOrders: 1,
  } as AnyRecord;
  assert.deepEqual(configChanges(configOf(), [...log, own]).records, []);
});

test('symbols are placed by their numbers; one that the file does not know is shared', () => {
  assert.deepEqual(
    placeSymbolsOf(configOf(), log),
    new Map([
      [1, 0],
      [2, 1],
    ]),
  );
  const gone: AnyRecord = {
    ...log.find((record) => record.type === 'symbol_config')!,
    symbol: 9,
    name: 'OLD-USD',
  } as AnyRecord;
  assert.equal(placeSymbolsOf(configOf(), [...log, gone]).get(9 as never), 0);
});

test('the hash follows what operators see, and nothing else', () => {
  assert.equal(configurationHash(configOf()), configurationHash(configOf({ gateway: { port: 1 } })));
  assert.notEqual(configurationHash(configOf()), configurationHash(configOf({ limits: { openOrders: 1 } })));
});
