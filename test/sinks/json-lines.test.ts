import assert from 'node:assert/strict';
import { appendFileSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, it } from 'node:test';
import type { Sink, SinkBlock } from '../../pipelines/runtime/ports.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { jsonLines } from '../../sinks/json-lines.ts';

const folders: string[] = [];
after(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

function temporaryFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-lines-'));
  folders.push(folder);
  return folder;
}

const open = (dataDir: string): Promise<Sink> => jsonLines().open({ dataDir, id: 'seen' } as never);
const linesIn = (dataDir: string) =>
  readFileSync(join(dataDir, 'lines/seen.jsonl'), 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line));

/** Ticks of one partition, numbered by their offsets. */
function block(firstOffset: number, count: number, partition = 0): SinkBlock {
  const offsets = Array.from({ length: count }, (_, index) => firstOffset + index);
  return {
    log: 'market',
    partition,
    firstOffset,
    lastOffset: firstOffset + count - 1,
    lastTimeMicros: 0,
    records: offsets.map((number) => ({ type: 'tick', symbol: 0, seq: 0, number }) as unknown as AnyRecord),
    envelopes: offsets.map((eventId) => ({ ...emptyEnvelope(), eventId })),
    outputs: {},
  };
}

describe('records as lines of JSON', () => {
  it('are each in the file once, with where they come from, in order', async () => {
    const folder = temporaryFolder();
    const sink = await open(folder);
    await Promise.all([sink.write(block(0, 3)), sink.write(block(3, 2)), sink.write(block(0, 1, 1))]);
    await sink.close();
    assert.deepEqual(
      linesIn(folder).map(({ from, type, number }) => [from, type, number]),
      [0, 1, 2, 3, 4, 0].map((number) => ['market', 'tick', number]),
    );
    assert.deepEqual(
      await (await open(folder)).positions(),
      new Map([
        ['market/0', 5],
        ['market/1', 1],
      ]),
    );
  });

  it('have what a stage made of a block, and wide numbers exactly', async () => {
    const folder = temporaryFolder();
    const sink = await open(folder);
    const candle = { type: 'candle', symbol: 1, seq: 0, quoteAmount: 2n ** 60n } as unknown as AnyRecord;
    const outputs = { 'candles.closed': { records: [candle], envelopes: [emptyEnvelope()] } };
    await sink.write({ ...block(0, 1), records: [], envelopes: [], outputs });
    await sink.close();
    assert.deepEqual(
      linesIn(folder).map(({ from, quoteAmount }) => [from, quoteAmount]),
      [['candles.closed', '1152921504606846976']],
    );
  });

  it('that were not made durable are cut off and written again; those that were are skipped', async () => {
    const folder = temporaryFolder();
    const first = await open(folder);
    await first.write(block(0, 2));
    // As after a crash: a line and a half lie behind what the position counts.
    appendFileSync(join(folder, 'lines/seen.jsonl'), '{"from":"market","number":2}\n{"from":"mar');
    const second = await open(folder);
    assert.deepEqual(await second.positions(), new Map([['market/0', 2]]));
    await second.write(block(0, 2));
    await second.write(block(2, 2));
    await second.close();
    assert.deepEqual(
      linesIn(folder).map(({ number }) => number),
      [0, 1, 2, 3],
    );
  });

  it('refuse a gap', async () => {
    const sink = await open(temporaryFolder());
    await sink.write(block(0, 2));
    await assert.rejects(sink.write(block(3, 1)), {
      name: 'ExitError',
      code: 65,
      message: /market\/0 from offset 2 and was given 3/,
    });
    await sink.close();
  });
});
