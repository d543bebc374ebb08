import assert from 'node:assert/strict';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { readRecordingLines } from '../../sources/recordings/recording-file.ts';
import { conform as bitstamp } from './kinds/bitstamp.ts';
import { conform as cointossx } from './kinds/cointossx.ts';
import { conform as lobster } from './kinds/lobster.ts';

const data = process.env.SLUICE_DATA ?? '../shared/data';
const day = join(data, 'bitstamp-l3-20150501/hours-0-2.log.gz');
const nasdaq = join(data, 'lobster-aapl');
const vectors = join(data, 'vectors-cointossx');

function recorded(title: string, needed: string, run: () => void): void {
  const skip = existsSync(needed) ? false : `SKIPPED: there is no ${needed}; SLUICE_DATA names the folder`;
  test(title, { skip }, run);
}

/** A folder of its own for a doctored copy, gone when the work is done. */
function inFolder(work: (folder: string) => void): void {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-recorded-'));
  try {
    work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

recorded("finds Bitstamp's own trades and books from its order flow, and conserves all money", day, () => {
  const result = bitstamp([day]);
  assert.equal(result.compared, 406);
  assert.ok(result.share >= 0.93, `share of trades: ${result.share}`);
  assert.equal(result.topOfBookCompared, 3_251);
  assert.ok(result.topOfBookShare >= 0.96, `share of books equal at the top: ${result.topOfBookShare}`);
  assert.equal(result.balancesConserved, true);
  assert.equal(result.holdsZero, true);
  assert.equal(result.skipped, 0);
  assert.ok(result.accounts >= 990, `orders went to ${result.accounts} accounts`);
});

recorded('counts a published trade as missed when its amount is not the one found', day, () => {
  inFolder((folder) => {
    const lines = readRecordingLines(day);
    const at = lines.findLastIndex((line) => line.includes(' trade '));
    const doctored = lines.with(at, lines[at]!.replace(/"amount": [\d.]+/, '"amount": 123.45678901'));
    const file = join(folder, 'doctored.log');
    writeFileSync(file, doctored.join('\n'));
    assert.equal(bitstamp([file]).equal, bitstamp([day]).equal - 1);
  });
});

recorded("fills NASDAQ's makers in NASDAQ's order, and keeps its ten-level books", nasdaq, () => {
  const result = lobster([join(nasdaq, 'message_50_first_45000.csv.gz')]);
  assert.equal(result.compared, 2_260);
  assert.ok(result.share >= 0.995, `share of executions: ${result.share}`);
  assert.deepEqual([result.booksCompared, result.booksEqual, result.firstBookDifference], [999, 999, null]);
  assert.equal(result.skipped, 0);
  assert.ok(result.accounts >= 990, `orders went to ${result.accounts} accounts`);
});

recorded('names the row of a published book that differs in one lot', nasdaq, () => {
  inFolder((folder) => {
    cpSync(nasdaq, folder, { recursive: true });
    const rows = readRecordingLines(join(nasdaq, 'orderbook_10_head.csv.gz'));
    const cells = rows[499]!.split(',');
    const doctored = cells.with(1, String(Number(cells[1]) + 1)).join(',');
    rmSync(join(folder, 'orderbook_10_head.csv.gz'), { force: true });
    writeFileSync(join(folder, 'orderbook_10_head.csv'), rows.with(499, doctored).join('\n'));
    const result = lobster([join(folder, 'message_50_first_45000.csv.gz')]);
    assert.equal(result.booksEqual, 998);
    assert.equal((result.firstBookDifference as { row: number }).row, 500);
  });
});

recorded('gives the books and trades of the CoinTossX limit, market and cancel cases', vectors, () => {
  const result = cointossx([vectors]);
  assert.equal(result.firstDifference, null);
  assert.deepEqual([result.compared, result.equal], [20, 20]);
  const reasons = new Set(result.exceptions.map(({ reason }) => reason.replace(/^Test\d+_\w+\.csv/, 'FILE')));
  assert.deepEqual([...reasons].sort(), [
    'FILE is not in the folder',
    'hidden orders with a minimum execution size are not offered',
    'stop orders are not offered',
    'stop-limit orders are not offered',
  ]);
});

recorded('names the CoinTossX case whose trade is another', vectors, () => {
  inFolder((folder) => {
    cpSync(join(vectors, 'uncross/limitOrder'), folder, { recursive: true });
    const trades = join(folder, 'Test5_Trades.csv');
    writeFileSync(trades, readFileSync(trades, 'utf8').replace('2,8000,500', '2,8001,500'));
    const result = cointossx([join(folder, 'LimitOrderMaster.csv')]);
    assert.deepEqual([result.compared, result.equal], [12, 11]);
    assert.match((result.firstDifference as { case: string }).case, / 5$/);
  });
});
