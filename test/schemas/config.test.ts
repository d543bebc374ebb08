import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import {
  type Config,
  type ConfigFault,
  configFaultIds,
  declaredOptions,
  defineConfig,
  embedded,
  env,
  helpText,
  loadConfig,
  readConfig,
} from '../../schemas/config.ts';

const root = join(import.meta.dirname, '../..');

/** A configuration without faults, as a file would give it; parts are replaced by the cases. */
const sound = {
  pipeline: 'spot',
  assets: { USD: { decimals: 7 }, BTC: { decimals: 9 } },
  symbols: { 'BTC-USD': { tick: '0.01', lot: '0.00001', fees: 'standard' } },
  fees: { standard: { version: 1, maker: '10 bps', taker: '15 bps' } },
  backends: { kind: 'embedded', dataDir: './data' },
};

type Parts = { readonly [key: string]: unknown };

function faultsOf(parts: Parts, environment: { [name: string]: string } = {}): readonly ConfigFault[] {
  return readConfig({ ...sound, ...parts }, { file: 'pipeline.config.ts', text: '' }, environment).faults;
}

function configOf(parts: Parts, environment: { [name: string]: string } = {}): Config {
  const { config, faults } = readConfig({ ...sound, ...parts }, { file: '', text: '' }, environment);
  assert.deepEqual(faults, []);
  assert.ok(config);
  return config;
}

const symbolOf = (options: object): Parts => ({ symbols: { 'BTC-USD': { ...sound.symbols['BTC-USD'], ...options } } });

test('the configuration of the repository has no fault, not even a warning', async () => {
  const { config, faults } = await loadConfig(join(root, 'pipeline.config.ts'), {});
  assert.deepEqual(faults, []);
  assert.deepEqual(
    config?.symbols.map(({ name }) => name),
    ['BTC-USD', 'ETH-USD', 'SOL-USD', 'ETH-BTC'],
  );
});

test('what is not given has the default of its declaration', () => {
  const config = configOf({});
  assert.deepEqual(config.admission, { expiryMicros: 60_000_000, remembered: 8_000_000, clockAheadMicros: 2_000_000 });
  assert.deepEqual(config.limits, { openOrders: 200, ordersPerSecond: 50 });
  assert.equal(config.simulator, undefined);
  assert.deepEqual(config.snapshots, { everyMs: 10_000, keep: 3 });
  assert.equal(config.assets[0]?.showDecimals, 7);
  assert.equal(config.symbols[0]?.bandPpm, 0);
});

test('values are read in the forms in which people write them', () => {
  const config = configOf({
    ...symbolOf({ band: '±2.5%', notional: ['5', '5000000'], price: ['1', '1000000.00'], quantity: ['0.0001', '90'] }),
    fees: { standard: { version: 3, maker: '-0.5 bps', taker: '12.25 bps', in: 'received' } },
    limits: { openOrders: 0, orders: 'unlimited' },
    admission: { expiry: '30s', clockAhead: '500ms' },
    snapshots: { every: '2m' },
    log: { segment: '8 MB' },
  });
  const [symbol] = config.symbols;
  assert.deepEqual(
    [symbol?.bandPpm, symbol?.minNotionalAmount, symbol?.maxNotionalAmount],
    [25_000, 50_000_000, 50_000_000_000_000],
  );
  assert.deepEqual([symbol?.minPriceTicks, symbol?.maxPriceTicks], [100, 100_000_000]);
  assert.deepEqual([symbol?.minQuantityLots, symbol?.maxQuantityLots], [10, 9_000_000]);
  assert.deepEqual(config.fees, [
    { schedule: 'standard', version: 3, makerPpm: -50, takerPpm: 1_225, feeAsset: 'received' },
  ]);
  assert.deepEqual(config.limits, { openOrders: 0, ordersPerSecond: 0 });
  assert.deepEqual([config.admission.expiryMicros, config.admission.clockAheadMicros], [30_000_000, 500_000]);
  assert.deepEqual([config.snapshots.everyMs, config.log.segmentBytes], [120_000, 8_388_608]);
});

test('a value of another form is refused with what was given and what is allowed', () => {
  const table: [Parts, RegExp][] = [
    [
      { fees: { standard: { version: 1, maker: '10', taker: '15 bps' } } },
      /fees\.standard\.maker: "10" given, allowed: basis points/,
    ],
    [{ fees: { standard: { version: 1, maker: '10 bps', taker: '-1 bps' } } }, /fees\.standard\.taker: "-1 bps" given/],
    [{ fees: { standard: { version: 1, maker: '0.001 bps', taker: '1 bps' } } }, /maker: "0\.001 bps" given/],
    [
      { fees: { standard: { version: 0, maker: '1 bps', taker: '1 bps' } } },
      /version: 0 given, allowed: a whole number from 1/,
    ],
    [symbolOf({ band: '10%' }), /symbols\.BTC-USD\.band: "10%" given, allowed: a percentage such as '±10%'/],
    [symbolOf({ band: '±0%' }), /band: "±0%" given/],
    [symbolOf({ tick: 0.01 }), /tick: 0\.01 given, allowed: a decimal string/],
    [symbolOf({ tick: '1e-2' }), /tick: "1e-2" given/],
    [symbolOf({ tick: '0.00' }), /BTC-USD: a tick of 0\.00, above 0 is allowed/],
    [symbolOf({ notional: ['5'] }), /notional: \["5"\] given, allowed: two decimal strings/],
    [symbolOf({ selfTrade: 'cancel' }), /selfTrade: "cancel" given, allowed: none, cancel_newest/],
    [{ admission: { expiry: '61s' } }, /admission\.expiry: "61s" given, allowed: a span from '1s' to '60s'/],
    [{ admission: { expiry: 60 } }, /admission\.expiry: 60 given/],
    [{ limits: { orders: '50' } }, /limits\.orders: "50" given, allowed: a rate such as '50\/s'/],
    [{ limits: { openOrders: 1.5 } }, /limits\.openOrders: 1\.5 given/],
    [{ limits: { openOrders: Number.NaN } }, /limits\.openOrders: NaN given/],
    [{ limits: { openOrders: '7' } }, /limits\.openOrders: "7" given/],
    [{ limits: { cancels: 'shed' } }, /limits\.cancels: "shed" given, allowed: 'never shed'/],
    [{ candles: ['1s', '2s'] }, /candles: \["1s","2s"\] given, allowed: a list of 1s, 5s/],
    [{ gateway: { port: 65_536 } }, /gateway\.port: 65536 given, allowed: a whole number from 0 to 65535/],
    [{ backends: { kind: 'cluster' } }, /backends/],
    [{ backends: undefined }, /backends.*not given/],
    [{ pipeline: '../x' }, /pipeline: "\.\.\/x" given/],
    [{ assets: [] }, /assets/],
    [
      { assets: { USD: { decimals: 16 }, BTC: { decimals: 9 } } },
      /assets\.USD\.decimals: 16 given, allowed: a whole number from 0 to 15/,
    ],
    [{ assets: { USD: {}, BTC: { decimals: 9 } } }, /assets\.USD\.decimals is not given/],
  ];
  for (const [parts, message] of table) {
    const faults = faultsOf(parts);
    assert.match(faults.map(({ says }) => says).join('\n'), message);
    assert.ok(faults.every(({ level }) => level === 'error'));
  }
});

test('each kind of fault is found by its example, with its sentence', () => {
  const usdOf = (decimals: number, paper?: string): Parts => ({
    assets: { ...sound.assets, USD: paper === undefined ? { decimals } : { decimals, paper } },
  });
  const table: { parts: Parts; id: string; says: RegExp; level?: string }[] = [
    {
      parts: { snapshots: { evry: '1s' } },
      id: 'unknown-option',
      says: /"snapshots\.evry" is no option\. Did you mean "every"\? \(every, keep\)/,
    },
    { parts: { simulater: {} }, id: 'unknown-option', says: /Did you mean "simulator"\?/ },
    {
      parts: symbolOf({ ticks: '1' }),
      id: 'unknown-option',
      says: /"symbols\.BTC-USD\.ticks" is no option\. Did you mean "tick"\?/,
    },
    { parts: { fees: {} }, id: 'unknown-fees', says: /BTC-USD: no fee schedule "standard" is declared\./ },
    {
      parts: symbolOf({ fees: 'standart' }),
      id: 'unknown-fees',
      says: /"standart" is declared\. Did you mean "standard"\? \(standard\)/,
    },
    {
      parts: { symbols: { 'BTC-USX': sound.symbols['BTC-USD'] } },
      id: 'unknown-asset',
      says: /BTC-USX: no asset "USX" is declared\. Did you mean "USD"\? \(USD, BTC\)/,
    },
    {
      parts: { symbols: { BTCUSD: sound.symbols['BTC-USD'] } },
      id: 'bad-name',
      says: /symbol "BTCUSD": a name such as BTC-USD/,
    },
    { parts: { symbols: { 'BTC-BTC': sound.symbols['BTC-USD'] } }, id: 'bad-name', says: /of two different assets/ },
    { parts: { assets: { ...sound.assets, usd: { decimals: 1 } } }, id: 'bad-name', says: /asset "usd"/ },
    {
      parts: { partitions: { symbols: { 'BTC-USB': 'own' } } },
      id: 'unknown-symbol',
      says: /no symbol "BTC-USB" is declared\. Did you mean "BTC-USD"\?/,
    },
    {
      parts: { backends: embedded('./data', { history: { password: 'open' } }) },
      id: 'secret-in-config',
      level: 'warn',
      says: /^backends\.history\.password stands in the file: write env\('NAME'\), or set SLUICE_HISTORY_PASSWORD$/,
    },
    {
      parts: { backends: embedded(env('SLUICE_NOT_SET')) },
      id: 'missing-env',
      says: /backends\.dataDir: the variable SLUICE_NOT_SET is not set/,
    },
    {
      parts: usdOf(6),
      id: 'inexact-tick',
      says: /^BTC-USD: tick 0\.01 x lot 0\.00001 = 0\.0000001 USD, below USD's unit 0\.000001: give USD 7 decimals, or the tick 0\.1, or the lot 0\.0001$/,
    },
    {
      parts: { assets: { USD: { decimals: 7 }, BTC: { decimals: 3 } } },
      id: 'inexact-tick',
      says: /lot 0\.00001 BTC is no whole number of units, below BTC's unit 0\.001: give BTC 5 decimals, or the lot 0\.001/,
    },
    {
      parts: symbolOf({ price: ['0.01', '1000000'], quantity: ['1', '1000'] }),
      id: 'unsafe-amount',
      says: /1000\.00000 BTC at 1000000\.00 USD is 1000000000, above 900719925\.4740991 USD .* at most 900\.71992 BTC are allowed/,
    },
    {
      parts: symbolOf({ notional: ['5', '1000000000'] }),
      id: 'unsafe-amount',
      says: /notional 1000000000 USD is above 900719925\.4740991/,
    },
    {
      parts: usdOf(7, '300000000'),
      id: 'unsafe-amount',
      says: /at most 225179981\.3685247 USD can exist in one of 4 account partitions/,
    },
    { parts: usdOf(8, '100000'), id: 'small-supply', level: 'warn', says: /pays 225 paper accounts/ },
    {
      parts: symbolOf({ notional: ['5', '500000000'] }),
      id: 'small-supply',
      level: 'warn',
      says: /nobody can pay an order of 500000000 USD/,
    },
    { parts: symbolOf({ price: ['2', '1'] }), id: 'empty-range', says: /the lowest price 2 is above the highest 1/ },
    { parts: symbolOf({ notional: ['2', '1'] }), id: 'empty-range', says: /the least notional 2 is above the most 1/ },
    {
      parts: symbolOf({ price: ['0.005', '1'] }),
      id: 'off-step',
      says: /price 0\.005 is no multiple of the tick 0\.01/,
    },
    {
      parts: symbolOf({ tick: '0.05', price: ['0.05', '1.01'] }),
      id: 'off-step',
      says: /price 1\.01 is no multiple of the tick 0\.05/,
    },
    {
      parts: symbolOf({ notional: ['0.00000001', '1'] }),
      id: 'off-step',
      says: /notional 0\.00000001 is finer than USD's unit/,
    },
    {
      parts: symbolOf({ selfTrade: 'none' }),
      id: 'self-trade-mode',
      says: /the default "none" is not among those allowed/,
    },
    {
      parts: { assets: { ...sound.assets, USD: { decimals: 7, show: 8 } } },
      id: 'bad-value',
      says: /assets\.USD\.show: 8 given, at most its 7/,
    },
    {
      parts: { pipeline: undefined },
      id: 'missing-option',
      says: /pipeline is not given, allowed: the name of a file/,
    },
  ];
  for (const { parts, id, says, level = 'error' } of table) {
    const found = faultsOf(parts).filter((fault) => fault.id === id);
    assert.equal(found.length, 1, `${id}: ${JSON.stringify(faultsOf(parts))}`);
    assert.match(found[0]!.says, says);
    assert.equal(found[0]!.level, level, id);
  }
  const tried = new Set(table.map(({ id }) => id));
  const elsewhere = [
    'duplicate-id',
    'decimals-changed',
    'rules-changed',
    'fees-unversioned',
    'not-in-file',
    'without-effect',
  ];
  assert.deepEqual([...Object.keys(configFaultIds)].filter((id) => !tried.has(id)).sort(), elsewhere.sort());
});

test('all faults are found at once: a broken option hides nothing elsewhere', () => {
  const ids = faultsOf({
    assets: { USD: { decimals: 6 }, BTC: { decimals: 9 }, eth: { decimals: 8 } },
    symbols: {
      'BTC-USD': { tick: '0.01', lot: '0.00001', fees: 'gone', band: 'wide' },
      'BTC-EUR': { tick: '0.01', lot: '0.00001', fees: 'standard' },
      'USD-BTC': { tick: '0.00001', lot: '0.1', fees: 'standard', notional: ['9', '1'] },
    },
    gateway: { port: -1, prot: 1 },
    limits: { orders: '5' },
  }).map(({ id }) => id);
  assert.deepEqual(ids.sort(), [
    'bad-name',
    'bad-value',
    'bad-value',
    'bad-value',
    'empty-range',
    'unknown-asset',
    'unknown-fees',
    'unknown-option',
  ]);
});

test('the largest order is exact also where the file gives no largest price or quantity', () => {
  for (const [usd, btc] of [
    [7, 9],
    [9, 9],
    [12, 12],
    [15, 15],
    [7, 5],
    [8, 5],
  ] as const) {
    const options = { USD: { decimals: usd }, BTC: { decimals: btc } };
    for (const more of [{}, { price: ['0.01', '500000'] }, { quantity: ['0.00001', '70'] }]) {
      const parts = { assets: options, ...symbolOf(more) };
      const { config } = readConfig({ ...sound, ...parts }, { file: '', text: '' }, {});
      const [symbol] = config?.symbols ?? [];
      if (symbol === undefined) continue;
      const largest =
        BigInt(symbol.maxPriceTicks) * BigInt(symbol.maxQuantityLots) * BigInt(symbol.quoteUnitsPerTickLot);
      assert.ok(largest <= BigInt(Number.MAX_SAFE_INTEGER) && largest > 0n, `${usd} ${JSON.stringify(more)}`);
      assert.ok(BigInt(symbol.maxQuantityLots) * BigInt(symbol.baseUnitsPerLot) <= BigInt(Number.MAX_SAFE_INTEGER));
      assert.ok(BigInt(symbol.maxNotionalAmount) <= largest);
    }
  }
  const [symbol] = configOf({}).symbols;
  assert.ok(symbol!.maxPriceTicks >= 50_000_000 && symbol!.maxQuantityLots >= 50_000_000, 'room for real markets');
});

test('a fault stands where its option stands in the file', () => {
  const text = [
    "import { defineConfig } from './schemas/config.ts'; // { not here: 1 }",
    'export default defineConfig({',
    "  pipeline: 'spot', // 'assets': { USD: 1 }",
    '  assets: {',
    '    USD: { decimals: 6 },',
    "    BTC: { decimals: 9, show: 8, paper: 'a { string' },",
    '  },',
    '  symbols: {',
    "    /* 'BTC-USD': {} */ 'BTC-USD': { tick: '0.01', lot: '0.00001',",
    "      fees: 'gone' },",
    '  },',
    '  fees: { standard: { version: 1, maker: `10 bps`, taker: ("15 bps") } },',
    '  limits: { openOrders: [1, 2, { a: 3 }].length, orders: 7 },',
    '  limits: { orders: 7 },',
    '});',
  ].join('\n');
  const given = {
    ...sound,
    assets: { USD: { decimals: 6 }, BTC: { decimals: 9, show: 8, paper: 'a { string' } },
    limits: { orders: 7 },
    symbols: { 'BTC-USD': { tick: '0.01', lot: '0.00001', fees: 'gone' } },
  };
  const { faults } = readConfig(given, { file: 'pipeline.config.ts', text }, {});
  const places = faults.map(({ id, at }) => `${at.line},${at.column} ${id}`).sort();
  assert.deepEqual(places, ['10,7 unknown-fees', '14,13 bad-value', '14,3 duplicate-id', '6,34 bad-value']);
  const noPlace = readConfig(given, { file: 'x.ts', text: 'export default 5' }, {}).faults;
  assert.ok(noPlace.every(({ at }) => at.file === 'x.ts' && at.line === 1 && at.column === 1));
});

test('what exports no configuration is said so', () => {
  for (const given of [undefined, null, 5, 'x', []]) {
    const { config, faults } = readConfig(given, { file: 'x.ts', text: '' }, {});
    assert.equal(config, undefined);
    assert.match(faults[0]!.says, /must export default defineConfig/);
  }
});

test('a variable of the environment wins over the file, and is named in faults and in the effective options', () => {
  const environment = { SLUICE_GATEWAY_PORT: '0', SLUICE_DATA_DIR: '/data/one', SLUICE_SIMULATOR_SEED: '9' };
  const config = configOf({ gateway: { port: 81 } }, environment);
  assert.deepEqual([config.gateway.port, config.backends.dataDir, config.simulator], [0, '/data/one', undefined]);
  assert.equal(configOf({ simulator: {} }, environment).simulator?.seed, 9);
  const [fault] = faultsOf({}, { SLUICE_GATEWAY_PORT: 'eighty' });
  assert.match(fault!.says, /gateway\.port: "eighty" given, .* \(from the environment: SLUICE_GATEWAY_PORT\)/);
  const { options } = readConfig({ ...sound, gateway: { port: 81 } }, { file: '', text: '' }, environment);
  const from = (path: string) => options.find((option) => option.path === path);
  assert.deepEqual(from('gateway.port'), {
    path: 'gateway.port',
    value: 0,
    unit: undefined,
    from: 'SLUICE_GATEWAY_PORT',
  });
  assert.equal(from('gateway.host')?.from, 'default');
  assert.equal(from('fees.standard.maker')?.value, '10 bps');
  assert.equal(from('fees.standard.maker')?.from, 'file');
  assert.deepEqual(from('snapshots.every'), {
    path: 'snapshots.every',
    value: 10_000_000,
    unit: 'µs',
    from: 'default',
  });
});

test('env() takes the variable, else its default', () => {
  const parts = { backends: embedded(env('SOME_DIR', './here')) };
  assert.equal(configOf(parts).backends.dataDir, './here');
  assert.equal(configOf(parts, { SOME_DIR: './there' }).backends.dataDir, './there');
});

test('stores have options of their own; a secret is never shown', () => {
  const history = { url: 'http://127.0.0.1:8123', password: env('HISTORY_PASSWORD'), retentionDays: 30 };
  const backends = embedded('./data', { history, archive: { segmentRecords: 8_192 } });
  const given = { ...sound, backends };
  const { config, faults, options } = readConfig(given, { file: '', text: '' }, { HISTORY_PASSWORD: 'open sesame' });
  assert.deepEqual(faults, []);
  assert.equal(config?.backends.history.password, 'open sesame');
  assert.deepEqual([config.backends.history.lingerMs, config.backends.archive.segmentRecords], [500, 8_192]);
  assert.ok(!JSON.stringify(options).includes('sesame'));
  const [fault] = faultsOf({ backends: { ...backends, archive: { segmentRecords: 5_000 } } }, { HISTORY_PASSWORD: '' });
  assert.match(fault!.says, /backends\.archive\.segmentRecords: 5000 given, allowed: a multiple of 1,024/);
  const urlOf = (url: string) => faultsOf({}, { SLUICE_HISTORY_URL: url }).map(({ says }) => says);
  assert.deepEqual(urlOf('https://history.example.org:8443'), []);
  assert.match(urlOf('ftp://example.org')[0]!, /history\.url: "ftp:.*\(from the environment: SLUICE_HISTORY_URL\)/);
});

test('the effective configuration cannot be changed, and is plain data', () => {
  const config = configOf({});
  assert.throws(() => Object.assign(config.symbols[0]!, { bandPpm: 1 }), TypeError);
  assert.throws(() => (config.fees as unknown[]).push(1), TypeError);
  assert.deepEqual(structuredClone(config), config);
});

test('symbols with a partition of their own have one each, the others share partition 0', () => {
  const symbol = sound.symbols['BTC-USD'];
  const symbols = { 'BTC-USD': symbol, 'USD-BTC': { tick: '0.00001', lot: '0.1', fees: 'standard' } };
  const placesOf = (wanted: object) => {
    const { symbols: count, symbolPlaces } = configOf({ symbols, partitions: { symbols: wanted } }).partitions;
    return { count, symbolPlaces };
  };
  assert.deepEqual(placesOf({ 'BTC-USD': 'own', '*': 'shared' }), {
    count: 2,
    symbolPlaces: { 'BTC-USD': 1, 'USD-BTC': 0 },
  });
  assert.deepEqual(placesOf({ '*': 'own' }), { count: 3, symbolPlaces: { 'BTC-USD': 1, 'USD-BTC': 2 } });
  assert.deepEqual(placesOf({}), { count: 1, symbolPlaces: { 'BTC-USD': 0, 'USD-BTC': 0 } });
});

test('the help text is the one that was last agreed on', () => {
  const file = join(import.meta.dirname, 'golden/config-help.txt');
  if (process.env.UPDATE_GOLDEN === '1') writeFileSync(file, helpText());
  assert.equal(helpText(), readFileSync(file, 'utf8'), 'run with UPDATE_GOLDEN=1 if the change is meant');
});

test('every option has help, says what is allowed, and has a variable of its own if any', () => {
  const options = declaredOptions();
  assert.ok(options.length > 30);
  for (const { path, meta } of options) assert.ok(meta.help.endsWith('.') && meta.allowed.length > 3, path);
  const variables = options.flatMap(({ meta }) => meta.env ?? []);
  assert.equal(new Set(variables).size, variables.length);
  assert.equal(new Set(options.map(({ path }) => path)).size, options.length);
});

test('a name that is not declared does not compile', () => {
  const parts = {
    pipeline: 'spot',
    assets: { USD: { decimals: 7 }, BTC: { decimals: 9 } },
    fees: { standard: { version: 1, maker: '10 bps', taker: '15 bps' } },
    backends: embedded('./data'),
  } as const;
  const rules = { tick: '0.01', lot: '0.00001' } as const;
  const defined = [
    defineConfig({
      ...parts,
      symbols: { 'BTC-USD': { ...rules, fees: 'standard' } },
      partitions: { symbols: { 'BTC-USD': 'own' } },
    }),
    // @ts-expect-error no asset EUR
    defineConfig({ ...parts, symbols: { 'BTC-EUR': { ...rules, fees: 'standard' } } }),
    // @ts-expect-error no fee schedule "makers"
    defineConfig({ ...parts, symbols: { 'BTC-USD': { ...rules, fees: 'makers' } } }),
    defineConfig({
      ...parts,
      symbols: { 'BTC-USD': { ...rules, fees: 'standard' } },
      // @ts-expect-error no symbol ETH-USD
      partitions: { symbols: { 'ETH-USD': 'own' } },
    }),
    // @ts-expect-error a band without its sign
    defineConfig({ ...parts, symbols: { 'BTC-USD': { ...rules, fees: 'standard', band: '10%' } } }),
    // @ts-expect-error a span without its unit
    defineConfig({ ...parts, symbols: {}, snapshots: { every: '10' } }),
    // @ts-expect-error no such option
    defineConfig({ ...parts, symbols: {}, snapshot: {} }),
  ];
  assert.equal(defined.length, 7);
});
