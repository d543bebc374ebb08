import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { conform as binanceDepth } from './kinds/binance-depth.ts';
import { conform as binanceKlines } from './kinds/binance-klines.ts';
import { conform as checksum } from './kinds/checksum.ts';
import { conform as krakenCandles } from './kinds/kraken-candles.ts';

const data = process.env.SLUICE_DATA ?? '../shared/data';

function recorded(title: string, files: readonly string[], run: (paths: string[]) => void): void {
  const paths = files.map((file) => join(data, file));
  const missing = paths.find((path) => !existsSync(path));
  const skip = missing === undefined ? false : `SKIPPED: there is no ${missing}; SLUICE_DATA names the folder`;
  test(title, { skip }, () => run(paths));
}

recorded(
  "gives Kraken's minute candles, the empty ones too, exact in every field",
  ['kraken-xbtusdt-20251110/trades.json', 'kraken-xbtusdt-20251110/ohlc_1m.json'],
  (paths) => {
    const result = krakenCandles(paths);
    assert.equal(result.firstDifference, null);
    assert.deepEqual([result.compared, result.equal, result.empty, result.share], [335, 335, 118, 1]);
  },
);

recorded(
  "gives Binance's kline that the recorded trades cover, exact in every field",
  ['binance-spot-20240808/btcusdt_20240808.gz', 'binance-spot-20240808/btcusdt_5m.csv'],
  (paths) => {
    const result = binanceKlines(paths);
    assert.equal(result.firstDifference, null);
    assert.deepEqual([result.compared, result.equal, result.notCovered], [1, 1, 6]);
  },
);

recorded(
  "recovers Binance's book from snapshot and diffs without a gap, its top equal after each diff",
  ['binance-spot-20240808/btcusdt_20240808.gz'],
  (paths) => {
    const result = binanceDepth(paths);
    assert.equal(result.firstDifference, null);
    assert.deepEqual([result.compared, result.equal, result.gaps, result.snapshots], [3_449, 3_449, 0, 1]);
  },
);

recorded(
  'gives the published book checksums of Kraken, OKX and Bitfinex',
  ['checksum-vectors/checksum_vectors.json'],
  (paths) => {
    const result = checksum(paths);
    assert.equal(result.firstDifference, null);
    assert.deepEqual(result.byRule, { KRAKEN: 4, OKX: 2, BITFINEX: 5, BITFINEX_L3: 3 });
  },
);

recorded(
  "follows Kraken's and OKX's raw feeds with every checksum equal",
  ['ws-captures/KRAKEN.ws.50.0', 'ws-captures/OKX.ws.1.0'],
  (paths) => {
    const result = checksum(paths);
    assert.equal(result.firstDifference, null);
    assert.deepEqual(result.byRule, { KRAKEN: 4_269, OKX: 290 });
    assert.equal(result.equal, 4_559);
  },
);

function withFile<T>(name: string, text: string, run: (path: string) => T): T {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-conformance-'));
  try {
    writeFileSync(join(folder, name), text);
    return run(join(folder, name));
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const diff = (U: number, u: number, b: [string, string][], a: [string, string][] = []): string =>
  `${u} ${JSON.stringify({ stream: 'x@depth', data: { e: 'depthUpdate', E: u, U, u, b, a } })}`;
const best = (u: number, b: string, B: string): string =>
  `${u} ${JSON.stringify({ stream: 'x@bookTicker', data: { u, s: 'X', b, B, a: '9.0', A: '1' } })}`;
const snapshot = (lastUpdateId: number, bids: [string, string][]): string =>
  `0 ${JSON.stringify({ lastUpdateId, bids, asks: [['9.0', '1.00']] })}`;

test('a lost diff is a gap: nothing more is compared until the next snapshot', () => {
  const lines = [
    diff(1, 4, [['1.0', '1']]),
    diff(5, 8, [['1.5', '2']]),
    snapshot(6, [
      ['1.0', '1'],
      ['1.4', '3'],
    ]),
    best(8, '1.5', '2'),
    diff(9, 9, [['1.6', '1']]),
    best(9, '1.6', '1'),
    diff(11, 11, [['1.7', '1']]),
    diff(12, 12, [['1.8', '1']]),
    snapshot(11, [['1.7', '1.5']]),
    best(12, '1.8', '1'),
    best(13, '1.8', '2'),
  ];
  const result = withFile('depth.log', lines.join('\n'), (path) => binanceDepth([path]));
  assert.deepEqual(
    [result.gaps, result.snapshots, result.dropped, result.applied, result.compared, result.equal],
    [1, 2, 2, 3, 3, 3],
  );
});

test('a wrong book is found: the first difference names update, expected and found', () => {
  const lines = [snapshot(1, [['1.0', '1']]), diff(2, 2, [['1.5', '2']]), best(2, '1.5', '3'), best(5, '1.5', '4')];
  const result = withFile('depth.log', lines.join('\n'), (path) => binanceDepth([path]));
  assert.deepEqual([result.compared, result.equal, result.share], [1, 0, 0]);
  assert.deepEqual(result.firstDifference, { updateId: 2, expected: '15 3 90 1', found: '15 2 90 1' });
});

test('a wrong candle is found, and a trade beyond 2^53 units counts once', () => {
  const file = JSON.stringify({
    trades: [
      ['0.30000', '10.0', 120.5, 'b', 'm', '', 1],
      ['0.30001', '9000000.12345678', 180.5, 's', 'm', '', 2],
      ['0.30001', '1', 181.5, 's', 'm', '', 3],
      ['0.3', '1', 241, 's', 'm', '', 4],
    ],
    ohlc_1m: [
      [120, '0.3', '0.3', '0.3', '0.3', '0.3', '10', 1],
      [180, '0.30001', '0.30001', '0.30001', '0.30001', '0.30001', '9000001.12345678', 2],
      [240, '0.3', '0.3', '0.3', '0.3', '0.3', '1', 2],
      [300, '0.3', '0.3', '0.3', '0.3', '0.0', '0', 0],
    ],
  });
  const result = withFile('kraken.json', file, (path) => krakenCandles([path]));
  assert.deepEqual([result.compared, result.equal], [2, 1]);
  assert.match(JSON.stringify(result.firstDifference), /"expected":"240 .* 2","found":"240 .* 1"/);
});

test('a missing trade is refused: no kline after it could be exact', () => {
  const trade = (t: number): string => `${t} ${JSON.stringify({ e: 'trade', E: t, t, T: t, p: '1', q: '1', m: true })}`;
  withFile('trades.log', [trade(1), trade(3)].join('\n'), (path) => {
    withFile('klines.csv', '0,1,1,1,1,1,299999,1,1,1,1,0', (csv) => {
      assert.throws(() => binanceKlines([path, csv]), /trade 2 is missing/);
    });
  });
});

test('files of another kind are refused with what is wanted', () => {
  assert.throws(() => krakenCandles([]), /one with "trades", one with "ohlc_1m"/);
  assert.throws(() => binanceKlines(['x.gz']), /a log with trades, and a \.csv of klines/);
  assert.throws(() => checksum([]), /none given/);
  withFile('feed.txt', 'hello', (path) => assert.throws(() => checksum([path]), /a feed of Kraken or OKX/));
});
