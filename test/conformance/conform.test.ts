import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { conformCommand, kinds } from './conform.ts';

interface Said {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
}

async function say(...args: string[]): Promise<Said> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await conformCommand(args, { out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out, err: err.join('\n') };
}

/** A trade of half the resting bitcoin, then what is left in the book. */
const RECORDING = [
  '1430438404518 order_created {"price": "236.47", "amount": "2.00000000", "datetime": "1", "id": 1, "order_type": 0}',
  '1430438404600 order_book {"bids": [["236.47", "2.00000000"]], "asks": []}',
  '1430438405000 order_created {"price": "236.00", "amount": "1.00000000", "datetime": "1", "id": 2, "order_type": 1}',
  '1430438405001 trade {"price": 236.47, "amount": 1.0, "id": 8}',
  '1430438405002 order_book {"bids": [["236.47", "1.00000000"]], "asks": []}',
].join('\n');

async function withRecording(text: string, work: (file: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-conform-'));
  const file = join(folder, 'small.log');
  writeFileSync(file, text);
  try {
    await work(file);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('runs a recorded file and prints one JSON line', async () => {
  await withRecording(RECORDING, async (file) => {
    const { code, out } = await say('bitstamp', file);
    assert.equal(code, 0);
    assert.equal(out.length, 1);
    const { compared, equal, share, firstDifference, topOfBookShare, holdsZero } = JSON.parse(out[0]!);
    assert.deepEqual([compared, equal, share, firstDifference], [1, 1, 1, null]);
    assert.deepEqual([topOfBookShare, holdsZero], [1, true]);
  });
});

test('prints the records of the operators before the result when a trace is wanted', async () => {
  await withRecording(RECORDING, async (file) => {
    const { out } = await say('bitstamp', file, '--trace');
    const records = out.slice(0, -1).map((line) => JSON.parse(line));
    const trade = records.find(({ log, record }) => log === 'market' && record.type === 'trade');
    assert.equal(trade.record.priceTicks, 23_647);
    assert.ok(records.some(({ log, record }) => log === 'accounts' && record.type === 'fill'));
    assert.equal(JSON.parse(out.at(-1)!).compared, 1);
  });
});

test('says which line of a file is broken and what it allows', async () => {
  await withRecording(`${RECORDING}\n1430438405003 order_eaten {}`, async (file) => {
    const { code, err } = await say('bitstamp', file);
    assert.equal(code, 1);
    assert.match(err, /small\.log:6: event "order_eaten" is unknown; allowed: order_created/);
  });
});

test('says that a file is not there', async () => {
  const { code, err } = await say('bitstamp', '/no/such/file');
  assert.equal(code, 1);
  assert.match(err, /\/no\/such\/file cannot be read/);
});

for (const [what, args, message] of [
  ['no kind', [], /a kind is missing/],
  ['an unknown kind', ['bitmap', 'x'], /kind "bitmap" is unknown; allowed: workload, bitstamp/],
  ['no file', ['lobster'], /lobster needs a file/],
  ['an unknown option', ['lobster', 'x', '--tracing'], /option "--tracing" is unknown; allowed: --trace/],
] as const) {
  test(`refuses ${what} as wrong usage and lists the kinds there are`, async () => {
    const { code, err } = await say(...args);
    assert.equal(code, 2);
    assert.match(err, message);
    for (const kind of Object.keys(kinds)) assert.match(err, new RegExp(`^ {2}${kind} `, 'm'));
  });
}

test('finds a module for every kind it names', async () => {
  for (const [name, { load }] of Object.entries(kinds)) {
    const { conform } = await load();
    assert.equal(typeof conform, 'function', name);
  }
});
