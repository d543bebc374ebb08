import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import type { Place } from '../../schemas/generated/records.ts';
import { BitstampRecording } from '../../sources/recordings/bitstamp.ts';
import { LobsterRecording } from '../../sources/recordings/lobster.ts';
import type { RecordedStep, Recording } from '../../sources/recordings/recording.ts';
import { RecordingError, readRecording, readRecordingLines } from '../../sources/recordings/recording-file.ts';
import { WorkloadRecording } from '../../sources/recordings/workload.ts';
import { PlayedRecording } from '../conformance/played-recording.ts';

function created(id: number, side: 'bid' | 'ask', price: string, amount: string): string {
  return bitstampOrder('created', id, side, price, amount);
}

let clockMs = 1_430_438_400_000;
function bitstampOrder(event: string, id: number, side: 'bid' | 'ask', price: string, amount: string): string {
  const order_type = side === 'bid' ? 0 : 1;
  return `${clockMs++} order_${event} ${JSON.stringify({ price, amount, datetime: '1', id, order_type })}`;
}

function book(bids: readonly [string, string][], asks: readonly [string, string][]): string {
  return `${clockMs++} order_book ${JSON.stringify({ bids, asks })}`;
}

/** Every step of a recording, without anybody who trades. */
function stepsOf(recording: Recording): RecordedStep[] {
  const steps: RecordedStep[] = [];
  for (let step = recording.next(); step !== null; step = recording.next()) steps.push(step);
  return steps;
}

function placesOf(steps: readonly RecordedStep[]): Place[] {
  return steps.flatMap((step) => (step.type === 'command' && step.record.type === 'place' ? [step.record] : []));
}

/** Side, type, quantity and price of each order, by its recorded id. */
function ordersOf(steps: readonly RecordedStep[]): string[] {
  return placesOf(steps).map(
    (place) => `${place.clientOrderId} ${place.side} ${place.orderType} ${place.quantityLots} @ ${place.priceTicks}`,
  );
}

test('reads a recording that is plain, gzipped or compressed with Brotli', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-recordings-'));
  try {
    const text = 'one\ntwo\r\nthree\n';
    for (const [name, bytes] of [
      ['a.log', Buffer.from(text)],
      ['a.log.gz', gzipSync(text)],
      ['named-without-an-ending', gzipSync(text)],
      ['a.log.br', brotliCompressSync(text)],
    ] as const) {
      const path = join(folder, name);
      writeFileSync(path, bytes);
      assert.deepEqual(readRecordingLines(path), ['one', 'two', 'three'], name);
    }
    writeFileSync(join(folder, 'torn.gz'), gzipSync(text).subarray(0, 20));
    assert.throws(() => readRecording(join(folder, 'torn.gz')), RecordingError);
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('seeds a book with orders whose creation was not recorded, sized by what a book shows beyond known ones', () => {
  const recording = new BitstampRecording(
    [
      created(100, 'ask', '11.00', '1.0'),
      book(
        [
          ['10.00', '5.0'],
          ['9.00', '7.0'],
        ],
        [['11.00', '1.0']],
      ),
      bitstampOrder('deleted', 7, 'bid', '10.00', '2.0'), // a cancel: it had 2
      bitstampOrder('deleted', 8, 'bid', '10.00', '0.0'), // filled whole: it had the other 3
    ],
    'small.log',
  );
  assert.deepEqual(ordersOf(stepsOf(recording)), [
    'b-1 buy limit 700000000 @ 900', // a level of which no order is known
    'b7 buy limit 200000000 @ 1000',
    'b8 buy limit 300000000 @ 1000',
    'b100 sell limit 100000000 @ 1100',
  ]);
});

test('sizes a filled opening order outside the first book by the first later book that shows its level', () => {
  const recording = new BitstampRecording(
    [
      created(100, 'ask', '11.00', '1.0'),
      book([['10.00', '5.0']], [['11.00', '1.0']]),
      book([['9.00', '4.0']], [['11.00', '1.0']]),
      bitstampOrder('deleted', 8, 'bid', '9.00', '0.0'),
    ],
    'small.log',
  );
  assert.ok(ordersOf(stepsOf(recording)).includes('b8 buy limit 400000000 @ 900'));
});

test('enters an order whose creation was missed before the first order with a larger id', () => {
  const recording = new BitstampRecording(
    [
      created(100, 'bid', '10.00', '1.0'),
      created(300, 'bid', '10.10', '1.0'),
      bitstampOrder('changed', 200, 'bid', '9.50', '2.0'),
    ],
    'small.log',
  );
  assert.deepEqual(
    ordersOf(stepsOf(recording)).map((order) => order.split(' ')[0]),
    ['b100', 'b200', 'b300'],
  );
});

test('takes an order whose price changes over its life for a market order, bounded a tenth away', () => {
  const recording = new BitstampRecording(
    [
      created(1, 'ask', '10.00', '3.0'),
      bitstampOrder('changed', 1, 'ask', '9.90', '2.0'),
      bitstampOrder('deleted', 1, 'ask', '9.80', '0.0'),
    ],
    'small.log',
  );
  assert.deepEqual(ordersOf(stepsOf(recording)), ['b1 sell market 300000000 @ 900']);
});

test('sends cancels for deletions that left an amount, and nothing for fills', () => {
  const recording = new BitstampRecording(
    [
      created(1, 'bid', '10.00', '3.0'),
      created(2, 'bid', '10.00', '3.0'),
      bitstampOrder('changed', 1, 'bid', '10.00', '2.0'),
      bitstampOrder('deleted', 1, 'bid', '10.00', '0.0'),
      bitstampOrder('deleted', 2, 'bid', '10.00', '3.0'),
    ],
    'small.log',
  );
  const sent = stepsOf(recording).flatMap((step) =>
    step.type === 'command' && step.record.type !== 'deposit' ? [step.record] : [],
  );
  assert.deepEqual(
    sent.map((record) => `${record.type} ${'clientOrderId' in record ? record.clientOrderId : ''}`),
    ['place b1', 'place b2', 'cancel b2'],
  );
});

test('gives each order an account that can pay for it, in turn, and switches self-trade prevention off', () => {
  const lines = Array.from({ length: 2_500 }, (_, index) => created(index + 1, 'bid', '230.00', '2.5'));
  const recording = new BitstampRecording(lines, 'many.log');
  const played = new PlayedRecording(recording, clockMs * 1_000);
  for (const step of stepsOf(recording)) if (step.type === 'command') played.send(step.record, step.timeMicros);
  // 2^53 units of 10^-10 dollars are 900,719 dollars: room for 1,564 of these orders, whatever they are.
  assert.ok(
    played.orders >= 1_550 && played.orders + recording.skipped === 2_500,
    `${played.orders} orders were paid for`,
  );
  assert.equal(played.rejected, 0, 'every order that was sent was paid for');
  assert.equal(played.accounts.size, 1_000);
  assert.ok([...played.settle().values()].every(({ held }) => held === 0n));
});

test('uses money that came free again, as the market log tells of it', () => {
  const lines: string[] = [];
  for (let id = 1; id <= 5_000; id++) {
    lines.push(created(id, 'bid', '230.00', '2.5'), bitstampOrder('deleted', id, 'bid', '230.00', '2.5'));
  }
  const recording = new BitstampRecording(lines, 'many.log');
  const played = new PlayedRecording(recording, clockMs * 1_000);
  for (let step = recording.next(); step !== null; step = recording.next()) {
    if (step.type === 'command') played.send(step.record, step.timeMicros);
  }
  assert.deepEqual([recording.skipped, played.rejected, played.orders], [0, 0, 5_000]);
});

const LOBSTER_START = 34_200;
function lobster(...rows: string[]): LobsterRecording {
  const messages = rows.map((row, index) => `${LOBSTER_START}.${String(index).padStart(9, '0')},${row}`);
  return new LobsterRecording({ messages, messagesName: 'messages' });
}

test('sends a run of executions of one time and side as one order of the summed size', () => {
  const at = `${LOBSTER_START}.5`;
  const recording = new LobsterRecording({
    messagesName: 'messages',
    messages: [
      `${LOBSTER_START}.1,1,1,100,5850000,-1`,
      `${LOBSTER_START}.2,1,2,50,5850100,-1`,
      `${at},4,1,100,5850000,-1`,
      `${at},5,0,30,5850050,-1`, // hidden: no part of the visible book
      `${at},4,2,20,5850100,-1`,
    ],
  });
  const steps = stepsOf(recording);
  assert.equal(ordersOf(steps).at(-1), 'l-3 buy limit 120 @ 5850100');
  assert.deepEqual(
    steps.flatMap((step) => (step.type === 'fills' ? step.fills : [])),
    [
      { makerClientOrderId: 'l1', priceTicks: 5_850_000, quantityLots: 100, messageIndex: 2 },
      { makerClientOrderId: 'l2', priceTicks: 5_850_100, quantityLots: 20, messageIndex: 4 },
    ],
  );
});

test('reduces an order by an amend of its total, and cancels it when nothing is left', () => {
  const steps = stepsOf(lobster('1,1,100,5850000,1', '2,1,30,5850000,1', '2,1,70,5850000,1'));
  const sent = steps.flatMap((step) =>
    step.type === 'command' && step.record.type !== 'deposit' ? [step.record] : [],
  );
  assert.deepEqual(
    sent.map((record) => (record.type === 'amend' ? `amend to ${record.quantityLots}` : record.type)),
    ['place', 'amend to 70', 'cancel'],
  );
});

test('puts an old order that comes into sight late in front of younger ones at its price', () => {
  const steps = stepsOf(lobster('1,500,100,5850000,1', '1,9,40,5850000,1'));
  assert.deepEqual(
    steps.flatMap((step) =>
      step.type === 'command' && step.record.type !== 'deposit'
        ? [`${step.record.type} ${'clientOrderId' in step.record ? step.record.clientOrderId : ''}`]
        : [],
    ),
    ['place l500', 'place l9', 'cancel l500', 'place l500.2'],
  );
});

test('sets the book right after a run that filled other makers, so that one difference does not make others', () => {
  // The exchange fills the older 1; the recording says that 2 was filled, and goes on with 1 in the book.
  const recording = lobster('1,1,100,5850000,-1', '1,2,100,5850000,-1', '4,2,100,5850000,-1', '4,1,100,5850000,-1');
  let played: PlayedRecording | undefined;
  const found: string[] = [];
  for (let step = recording.next(); step !== null; step = recording.next()) {
    played ??= new PlayedRecording(recording, step.timeMicros);
    if (step.type !== 'command') continue;
    for (const trade of played.send(step.record, step.timeMicros))
      found.push(played.clientOrderIdOf(trade.makerOrderId));
  }
  assert.deepEqual(found, ['l1', 'l1.2']);
});

test('refuses a LOBSTER row of an unknown type, with file and line', () => {
  assert.throws(
    () => lobster('1,1,100,5850000,1', '9,1,100,5850000,1'),
    /messages:2: type "9" is unknown; allowed: 1 to 7/,
  );
  assert.throws(() => lobster('1,1,many,5850000,1'), /messages:1 size: "many" is not a number/);
});

/** Messages of the generated workloads: type, side, ioc, quantity, order id, price. */
function workload(...messages: readonly (readonly [number, number, number, number, number, number])[]): Uint8Array {
  const bytes = new DataView(new ArrayBuffer(16 + messages.length * 40));
  bytes.setUint32(12, messages.length, true);
  for (const [index, [type, side, ioc, quantity, id, price]] of messages.entries()) {
    const at = 16 + index * 40;
    bytes.setUint8(at, type);
    bytes.setUint8(at + 1, side);
    bytes.setUint8(at + 2, ioc);
    bytes.setUint32(at + 4, quantity, true);
    bytes.setBigUint64(at + 8, BigInt(index), true);
    bytes.setBigUint64(at + 16, BigInt(id), true);
    bytes.setBigInt64(at + 24, BigInt(price), true);
  }
  return new Uint8Array(bytes.buffer);
}

test('sends a modify of a workload as a cancel and a new order, and as a cancel alone when the order is gone', () => {
  const recording = new WorkloadRecording(
    workload(
      [0, 0, 0, 5, 1, 100],
      [2, 0, 0, 7, 1, 101],
      [0, 1, 1, 7, 2, 101],
      [2, 0, 0, 9, 1, 102],
      [1, 0, 0, 0, 1, 0],
    ),
    'small.bin',
  );
  let played: PlayedRecording | undefined;
  const sent: string[] = [];
  for (let step = recording.next(); step !== null; step = recording.next()) {
    played ??= new PlayedRecording(recording, step.timeMicros);
    if (step.type !== 'command') continue;
    played.send(step.record, step.timeMicros);
    if (step.record.type !== 'deposit') sent.push(`${step.record.type} ${step.record.clientOrderId}`);
  }
  assert.deepEqual(sent, ['place w1', 'cancel w1', 'place w1.2', 'place w2', 'cancel w1.2', 'cancel w1.2']);
});

test('refuses a workload that is shorter than it says', () => {
  const bytes = workload([0, 0, 0, 5, 1, 100]);
  assert.throws(
    () => new WorkloadRecording(bytes.subarray(0, 40), 'torn.bin'),
    /torn\.bin: 1 messages announced, but only 40 bytes/,
  );
  assert.throws(() => new WorkloadRecording(bytes.subarray(0, 8), 'torn.bin'), /shorter than its header/);
});
