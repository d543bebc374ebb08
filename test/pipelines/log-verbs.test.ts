import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { UsageError } from '../../pipelines/commands/command.ts';
import { command as logVerb } from '../../pipelines/commands/log.ts';
import { command as snapshotVerb } from '../../pipelines/commands/snapshot.ts';
import { writeCatalog } from '../../pipelines/runtime/embedded/catalog-file.ts';
import { openInlineLog } from '../../pipelines/runtime/log/inline-log.ts';
import { emptyLogEnd } from '../../pipelines/runtime/log/log-end.ts';
import { nodeDisk } from '../../pipelines/runtime/outside/node-disk.ts';
import { SnapshotStore } from '../../pipelines/runtime/snapshots/snapshot-store.ts';
import { encodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { packChainKey } from '../../schemas/ids.ts';

const SEGMENT_BYTES = 8 * 1024;
const TICKS = 200;

const folder = mkdtempSync(join(tmpdir(), 'sluice-verbs-'));
after(() => rmSync(folder, { recursive: true, force: true }));

/** A data directory with a log of clock records in log `control`, as many in `market`, and one snapshot. */
before(() => {
  const disk = nodeDisk();
  mkdirSync(join(folder, 'log'));
  writeCatalog(disk, folder, {
    format: 1,
    generation: 1,
    logs: { control: 1, market: 2 },
    edges: {},
    partitions: { control: 1, market: 1 },
    symbolPartitions: {},
  });
  const writer = openInlineLog(disk, {
    directory: join(folder, 'log'),
    end: emptyLogEnd(1),
    segmentBytes: SEGMENT_BYTES,
    ringBytes: 16 * 1024,
    frameBytesMax: 1024,
    onFailure: (error) => {
      throw error;
    },
  });
  const envelope = emptyEnvelope();
  for (let number = 0; number < TICKS; number++) {
    envelope.occurredAt = (1_767_225_600_000_000 + number * 1_000_000) as typeof envelope.occurredAt;
    const tick: AnyRecord = { type: 'tick', symbol: 0 as AnyRecord['symbol'], seq: 0 as AnyRecord['seq'], number };
    writer.beginCommand();
    for (const log of [1, 2]) {
      const end = encodeRecord(envelope, tick, writer.bytes, writer.reserve());
      writer.append(packChainKey(log, 0, 0), log, 0, number, end);
    }
    writer.endCommand();
    writer.publish();
  }
  new SnapshotStore(disk, join(folder, 'snapshots'), 2).write({
    series: 'head',
    from: 40,
    mark: writer.durableEnd.readMark(),
    generation: 1,
    takenAtMicros: 1_767_225_700_000_000,
    about: {},
    stages: [
      {
        stage: 'match',
        partition: 0,
        generation: 1,
        inbox: { log: 'orders', partition: 0, nextOffset: 1234 },
        timeMicros: 0,
        producers: [{ chainKey: 4096, last: 17 }],
        targets: [{ chainKey: 8192, nextSequence: 18, log: 'market', partition: 0, endOffset: 200 }],
        stateHash: 'beef',
        configurationHash: 'cafe',
        state: new Uint8Array(77),
      },
    ],
  });
  writer.closeNow();
});

async function run(
  verb: typeof logVerb,
  ...args: string[]
): Promise<{ readonly code: number; readonly out: string[]; readonly err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const code = await verb.run([...args, '--data', folder], {
    out: (line) => out.push(line),
    err: (line) => err.push(line),
    terminal: false,
    signal: new AbortController().signal,
  });
  return { code, out, err };
}

describe('sluice log ls', () => {
  it('lists segments with their commits and where each log stood when they began', async () => {
    const { code, out } = await run(logVerb, 'ls');
    assert.equal(code, 0);
    assert.match(out[0]!, /^SEGMENT +COMMITS +BYTES +GENERATION +BEGINS AT$/);
    assert.match(out[1]!, /^000000000001\.log +1 to \d+ +8,192 +1 +the beginning$/);
    assert.match(out[2]!, /^0000000000\d\d\.log +\d+ to \d+ +8,192 +1 +control\/0 \d+, market\/0 \d+$/);
    assert.match(out.at(-1)!, /to now/);
  });
});

describe('sluice log cat', () => {
  it('prints each record with its place, time, type and fields', async () => {
    const { code, out } = await run(logVerb, 'cat', '--log', 'market', '--from', '150', '--limit', '3');
    assert.equal(code, 0);
    assert.deepEqual(out, [
      'market/0 150             2026-01-01T00:02:30.000Z tick             symbol=0 seq=0 number=150',
      'market/0 151             2026-01-01T00:02:31.000Z tick             symbol=0 seq=0 number=151',
      'market/0 152             2026-01-01T00:02:32.000Z tick             symbol=0 seq=0 number=152',
    ]);
  });

  it('prints JSON lines, all of it or some types only, to the last durable record', async () => {
    const { out } = await run(logVerb, 'cat', '--format', 'json');
    assert.equal(out.length, TICKS * 2);
    const last = JSON.parse(out.at(-1)!) as { log: string; offset: number; record: { number: number } };
    assert.deepEqual([last.log, last.offset, last.record.number], ['market', TICKS - 1, TICKS - 1]);
    assert.equal((await run(logVerb, 'cat', '--type', 'trade')).out.length, 0);
    assert.equal((await run(logVerb, 'cat', '--commit', '190', '--partition', '0')).out.length, (TICKS + 1 - 189) * 2);
  });

  it('refuses words it does not know, and says which it does', async () => {
    for (const [args, what] of [
      [['cat', '--log', 'orders'], /"orders" given, there are control, market/],
      [['cat', '--from', '3'], /--log is needed/],
      [['cat', '--log', 'market', '--from', '-3'], /argument|whole number/],
      [['cat', '--limit', '1e3'], /a whole number is needed/],
      [['cat', '--format', 'xml'], /text and json are allowed/],
      [['dump'], /ls, cat and verify are allowed/],
      [[], /ls, cat and verify are allowed/],
    ] as const) {
      await assert.rejects(run(logVerb, ...args), (error) => what.test((error as Error).message));
    }
    await assert.rejects(run(logVerb, 'cat', '--log', 'market', '--from', '1', '--commit', '2'), UsageError);
  });
});

describe('sluice log verify', () => {
  it('says what was proven and over which range', async () => {
    const { code, out } = await run(logVerb, 'verify');
    assert.equal(code, 0);
    assert.match(out[0]!, /^ok +segments +\d+, 000000000001\.log to 0000000001\d\d\.log, generation 1$/);
    assert.match(out[1]!, /^ok +commits +1 to 202: numbers dense, SHA-256 chain unbroken$/);
    assert.match(out[2]!, /^ok +records +400, [\d,]+ bytes: CRC-32 of each, 2 producer chains$/);
    assert.match(out[3]!, /^ok +control\/0 +offsets 0 to 199: dense$/);
    assert.match(out[4]!, /^ok +market\/0 +offsets 0 to 199: dense$/);
    const json = JSON.parse((await run(logVerb, 'verify', '--json')).out.join('\n')) as { records: number };
    assert.equal(json.records, 400);
  });

  it('names damage and ends with 1; with the good bytes back all is well again', async () => {
    const name = readdirSync(join(folder, 'log')).filter((file) => file.endsWith('.log'))[1]!;
    const path = join(folder, 'log', name);
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    bad[1000]! ^= 8;
    writeFileSync(path, bad);
    const { code, out, err } = await run(logVerb, 'verify');
    assert.equal(code, 1);
    assert.match(out[0]!, new RegExp(`^FAIL +damage +segment ${name}, commit \\d+, .*byte \\d+: `));
    assert.match(out[1]!, /^part /);
    assert.match(err.join(), /infra\/runbooks\/65/);
    writeFileSync(path, good);
    assert.equal((await run(logVerb, 'verify')).code, 0);
  });
});

describe('sluice snapshot', () => {
  it('lists what is kept and what it pins', async () => {
    const { code, out } = await run(snapshotVerb, 'ls');
    assert.equal(code, 0);
    assert.match(out[1]!, /^head-000000000201\.snapshot +2026-01-01T00:01:40\.000Z +1 +[\d,]+ +commit 41 +whole$/);
  });

  it('shows stages, inboxes, sequences and hashes of one', async () => {
    const { code, out } = await run(snapshotVerb, 'inspect');
    assert.equal(code, 0);
    assert.match(out[0]!, /series head, generation 1, needs the log from commit 41$/);
    assert.match(out[1]!, /^durable with commit 201, hash [0-9a-f]{64}$/);
    assert.match(out[3]!, /^match\/0 +orders\/0 up to 1,233 +77 +beef$/);
    assert.match(out[4]!, /heard +chain 4096 up to 17/);
    assert.match(out[5]!, /says +chain 8192 from 18 on, into market\/0 at 200/);
    const json = JSON.parse((await run(snapshotVerb, 'inspect', '--json')).out.join('\n')) as {
      stages: { stateBytes: number }[];
    };
    assert.equal(json.stages[0]!.stateBytes, 77);
  });

  it('says which one is damaged', async () => {
    const path = join(folder, 'snapshots', 'head-000000000201.snapshot');
    const good = readFileSync(path);
    const bad = Buffer.from(good);
    bad[good.length - 40]! ^= 1;
    writeFileSync(path, bad);
    const { code, out } = await run(snapshotVerb, 'ls');
    assert.equal(code, 1);
    assert.match(out[1]!, /DAMAGED: the hash over the file is wrong/);
    assert.equal((await run(snapshotVerb, 'inspect')).code, 1);
    writeFileSync(path, good);
    await assert.rejects(run(snapshotVerb, 'inspect', 'head-1'), /there are head-000000000201\.snapshot/);
    await assert.rejects(run(snapshotVerb, 'drop'), /ls and inspect are allowed/);
  });
});
