/**
 * `replay --verify` on the log of a real run, and on copies of it in which one record says something else. A copy is
 * written by the log's own writer, so every checksum, chain and commit in it is right: only the replay can tell.
 */
import assert from 'node:assert/strict';
import { cpSync, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { readCatalog } from '../../../pipelines/runtime/embedded/catalog-file.ts';
import { openInlineLog } from '../../../pipelines/runtime/log/inline-log.ts';
import { openLogReader } from '../../../pipelines/runtime/log/log-reader.ts';
import { recoverLog } from '../../../pipelines/runtime/log/recover-log.ts';
import { nodeDisk } from '../../../pipelines/runtime/outside/node-disk.ts';
import { decodeRecord, encodeRecord } from '../../../schemas/codec.ts';
import { type Envelope, emptyEnvelope } from '../../../schemas/envelope.ts';
import type { AnyRecord, RecordType } from '../../../schemas/generated/records.ts';
import {
  PLAIN_CONFIG,
  PLAIN_TOPOLOGY,
  removeProjects,
  runExchange,
  sluice,
  started,
  temporaryProject,
} from './temporary-project.ts';

const SEGMENT_BYTES = 1024 * 1024;
const disk = nodeDisk();
let folder: string;

before(async () => {
  // One account trades with itself here, and time goes fast enough for state hashes in the log.
  folder = temporaryProject({
    'pipeline.config.ts': PLAIN_CONFIG.replace(
      "fees: 'standard' }",
      "fees: 'standard', selfTradeAllowed: ['none', 'cancel_newest'] }",
    ),
    'pipelines/plain.ts': PLAIN_TOPOLOGY.replace("ticks('1s')", "ticks('20ms')"),
  });
  const exchange = await started(folder);
  await exchange.ask('/v1/paper-deposits', { asset: 'USD', amount: '100000' });
  await exchange.ask('/v1/paper-deposits', { asset: 'BTC', amount: '10' });
  const order = { symbol: 'BTC-USD', type: 'limit', quantity: '1', self_trade_mode: 'none' };
  for (let index = 0; index < 40; index++) {
    const price = (100 + (index % 7) / 10).toFixed(2);
    await exchange.ask('/v1/orders', { ...order, side: index % 2 === 0 ? 'buy' : 'sell', price });
  }
  while ((await sluice(folder, 'log', 'cat', '--type', 'checkpoint')).out.length === 0) await sleep(50);
  await exchange.stop();
});
after(removeProjects);

const verify = (data: string, ...args: string[]) => sluice(folder, 'replay', '--verify', ...args, '--data', data);

interface LoggedRecord {
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  readonly record: AnyRecord;
  readonly envelope: Envelope;
}

/**
 * A data directory whose log is this one's, with each record as `change` gives it back; undefined leaves it out. No
 * snapshots: all of it is replayed.
 */
async function copied(change: (logged: LoggedRecord) => AnyRecord | undefined): Promise<string> {
  const from = join(folder, 'data');
  const to = join(temporaryProject({}), 'data');
  mkdirSync(to);
  cpSync(join(from, 'catalog.json'), join(to, 'catalog.json'));
  const catalog = readCatalog(disk, from);
  const names = new Map(Object.entries(catalog.logs).map(([name, number]) => [number, name]));
  const directory = join(to, 'log');
  const { end } = recoverLog(disk, {
    directory,
    generation: catalog.generation,
    marks: [],
    segmentBytes: SEGMENT_BYTES,
  });
  const writer = openInlineLog(disk, {
    directory,
    end,
    segmentBytes: SEGMENT_BYTES,
    onFailure: (error) => {
      throw error;
    },
  });
  const reader = openLogReader(disk, { directory: join(from, 'log') })!;
  let inCommand = false;
  const endCommand = () => {
    if (inCommand) writer.endCommand();
    inCommand = false;
  };
  while (reader.next()) {
    const envelope = emptyEnvelope();
    const record = decodeRecord(reader.bytes, reader.payloadAt, reader.payloadEnd, envelope);
    const log = names.get(reader.log)!;
    if (envelope.causationId === 0) {
      endCommand();
      writer.beginCommand();
      inCommand = true;
    }
    const next = change({ log, partition: reader.partition, offset: reader.offset, record, envelope });
    if (next === undefined) continue;
    const at = writer.reserve();
    const bytesEnd = encodeRecord(envelope, next, writer.bytes, at);
    writer.append(reader.chainKey, reader.log, reader.partition, reader.offset, bytesEnd);
  }
  endCommand();
  writer.publish();
  await writer.close();
  reader.close();
  return to;
}

/** The same log, with the `nth` record of a type changed. */
async function withOther<T extends RecordType>(
  type: T,
  nth: number,
  fields: (record: Extract<AnyRecord, { type: T }>) => object,
): Promise<{ readonly data: string; readonly changed: LoggedRecord }> {
  let seen = 0;
  let changed: LoggedRecord | undefined;
  const data = await copied((logged) => {
    if (logged.record.type !== type || seen++ !== nth) return logged.record;
    changed = logged;
    return { ...logged.record, ...fields(logged.record as Extract<AnyRecord, { type: T }>) } as AnyRecord;
  });
  assert.ok(changed, `there are ${seen} records ${type}`);
  return { data, changed };
}

describe('replay --verify', () => {
  it('finds a log equal to what its commands give, and prints hashes that a later replay gives again', async () => {
    const { code, out, err } = await verify(join(folder, 'data'));
    assert.equal(code, 0, err.join('\n'));
    assert.deepEqual(err, ['plan    from the beginning; outputs are computed and compared, nothing is written']);
    assert.match(
      out[0]!,
      /^ok {6}[\d,]+ commands, [\d,]+ records equal to the byte, in [\d.]+ s \([\d,]+ commands\/s\)$/,
    );
    const hashes = out.slice(1);
    assert.deepEqual(
      hashes.map((line) => line.split(/\s+/)[1]),
      ['ingest/0', 'risk/0', 'ingest/1', 'risk/1', 'match/0', 'steer/0'],
    );
    const again = await verify(join(folder, 'data'));
    assert.deepEqual(again.out.slice(1), hashes);
    const fromSnapshot = await verify(join(folder, 'data'), '--from', 'snapshot');
    assert.equal(fromSnapshot.code, 0);
    assert.match(fromSnapshot.err[0]!, /^plan {4}head-\S+; outputs are computed/);
    assert.deepEqual(fromSnapshot.out.slice(1), hashes);
  });

  it('as JSON says how many commands and records, and every hash', async () => {
    const { out } = await verify(join(folder, 'data'), '--json');
    const { commands, records, hashes } = JSON.parse(out.join('\n'));
    assert.ok(commands > 42 && records > commands);
    assert.ok(hashes.length >= 5);
    for (const { stage, partition, stateHash } of hashes) {
      assert.ok(typeof stage === 'string' && Number.isInteger(partition) && stateHash.length >= 8);
    }
  });

  it('finds a copy equal that the writer wrote anew, and so does a start', async () => {
    const data = await copied(({ record }) => record);
    const { code, err } = await verify(data);
    assert.equal(code, 0, err.join('\n'));
    const running = await runExchange(folder, '--data', data);
    assert.ok(!('code' in running));
    assert.equal((await running.stop()).code, 0);
  });

  it('ends with 76 where one field of one record differs, with the record, the field and both values', async () => {
    const { data, changed } = await withOther('trade', 3, ({ priceTicks }) => ({ priceTicks: priceTicks + 1 }));
    const { code, out, err } = await verify(data);
    assert.equal(code, 76);
    assert.deepEqual(out, []);
    const { priceTicks } = changed.record as Extract<AnyRecord, { type: 'trade' }>;
    assert.equal(
      err.at(-2),
      `sluice replay: market/${changed.partition} offset ${changed.offset} (trade, cause ${changed.envelope.causationId}) differs: ` +
        `priceTicks ${priceTicks + 1} in the log, ${priceTicks} computed`,
    );
    assert.equal(err.at(-1), 'see infra/runbooks/76-replay-differs.md');
  });

  it('finds a fee, a hold, a balance, a name and a state hash that are not what the commands give', async () => {
    const other = <T extends RecordType>(
      type: T,
      field: string,
      fields: (record: Extract<AnyRecord, { type: T }>) => object,
      nth = 0,
    ) => ({ type, field, made: () => withOther(type, nth, fields) });
    for (const { type, field, made } of [
      other('fill', 'fee', ({ fee }) => ({ fee: fee + 1 }), 5),
      other('hold', 'amount', ({ amount }) => ({ amount: amount - 1 }), 7),
      other('balance_change', 'amount', ({ amount }) => ({ amount: amount * 2 })),
      other('accepted', 'side', ({ side }) => ({ side: side === 'buy' ? 'sell' : 'buy' }), 2),
      other('checkpoint', 'stateHash', () => ({ stateHash: '0000000000000000' })),
    ]) {
      const { data } = await made();
      const { code, err } = await verify(data);
      assert.equal(code, 76, `${type}: ${err.join('\n')}`);
      assert.match(
        err.at(-2)!,
        new RegExp(`offset [\\d,]+ \\(${type}, cause \\d+\\) differs: ${field} .* in the log, .* computed`),
      );
    }
  });

  it('a start on such a log ends with 76 as well, and appends nothing', async () => {
    const { data } = await withOther('fill', 4, ({ fee }) => ({ fee: fee + 1 }));
    const ran = await runExchange(folder, '--data', data);
    assert.ok('code' in ran);
    assert.equal(ran.code, 76);
    assert.match(ran.err.at(-2)!, /\(fill, cause \d+\) differs: fee/);
    assert.equal((await verify(data)).code, 76);
  });

  it('finds a command that says something else: what it caused is another thing', async () => {
    const { data } = await withOther('place', 6, ({ quantityLots }) => ({ quantityLots: quantityLots - 1 }));
    const { code, err } = await verify(data);
    assert.equal(code, 76);
    assert.match(err.at(-2)!, /\(hold, cause \d+\) differs: .*quantityLots/);
  });

  it('a record cannot be left out: the writer refuses the gap', async () => {
    let fills = 0;
    await assert.rejects(
      copied(({ record }) => (record.type === 'fill' && fills++ === 2 ? undefined : record)),
      /offset/,
      'the writer itself refuses a gap within a log',
    );
  });

  it('refuses other words, and a directory without a log', async () => {
    for (const [args, says] of [
      [[], /--verify is the one kind of replay there is/],
      [['--verify', '--from', 'yesterday'], /--from: "yesterday" given, beginning and snapshot are allowed/],
      [['--verify', '--rate', '20k'], /rate/],
    ] as const) {
      const { code, err } = await sluice(folder, 'replay', ...args);
      assert.equal(code, 2, err.join('\n'));
      assert.match(err[0]!, says);
    }
    const { code, err } = await verify(join(folder, 'nothing'));
    assert.equal(code, 78);
    assert.match(err[0]!, /nothing holds no log yet/);
  });

  it('looks where the configuration keeps its data, unless told otherwise', async () => {
    const text = PLAIN_CONFIG.replace("embedded('./data')", "embedded('./elsewhere')");
    const elsewhere = temporaryProject({ 'pipeline.config.ts': text, 'pipelines/plain.ts': PLAIN_TOPOLOGY });
    assert.match((await sluice(elsewhere, 'replay', '--verify')).err[0]!, /elsewhere holds no log yet/);
    assert.match((await sluice(elsewhere, 'status')).err[0]!, /no exchange answers on .*elsewhere:/);
    const { err } = await sluice(elsewhere, 'replay', '--verify', '--data', './here');
    assert.match(err[0]!, /here holds no log yet/);
  });
});
