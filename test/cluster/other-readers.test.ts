/** Topics are read by others: every kind of event in every topic, decoded by Python's fastavro with our schemas alone. */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { scanTopics } from '../../pipelines/runtime/cluster/scan-topics.ts';
import { decodeRecord, fingerprintOfType } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { RecordType } from '../../schemas/generated/records.ts';
import { recordSchemas } from '../../schemas/generated/schemas.ts';
import { installFastavro, PYTHON } from '../fastavro.ts';
import { simulatedSteps } from '../pipelines/head-in-memory.ts';
import { realServers } from '../real-servers.ts';
import { ClusterInProcess } from './cluster-in-process.ts';

const fastavro = installFastavro();
const found = await realServers(['kafka@4.1:1']);
const skip = found.skip === false ? fastavro === undefined : found.skip;

const SCRIPT = `
import fastavro, io, json, sys
schemas = {key: fastavro.parse_schema(schema) for key, schema in json.load(open(sys.argv[1])).items()}
for line in open(sys.argv[2]):
    log, value = line.split()
    value = bytes.fromhex(value)
    assert value[:2] == b'\\xc3\\x01'
    body = io.BytesIO(value[10:])
    schema = schemas[value[2:10].hex()]
    record = fastavro.schemaless_reader(body, schema)
    assert body.read() == b''
    print(log, schema['name'].split('.')[-1], record['event_id'], record['seq'])
`;

test('fastavro decodes every kind of event of every topic', { skip }, async () => {
  const cluster = new ClusterInProcess({ brokers: found.servers.kafka.brokers, accountPartitions: 1 });
  after(() => cluster.close());
  await cluster.createTopics();
  await cluster.startAll();
  const writer = await cluster.openWriter(['config', 'clock', 'simulator']);
  const steps = simulatedSteps(1, 3).slice(0, 1_500);
  for (const [index, { source, port, record, stampedMicros }] of steps.entries()) {
    writer.enter(source, port, record, stampedMicros, null);
    const next = steps[index + 1];
    if (source !== 'config' || next?.source === 'config') continue;
    await writer.flushed();
    await cluster.quiet();
  }
  await writer.flushed();
  await cluster.quiet();
  await writer.close();
  const lines = new Map<string, string>();
  const wanted: string[] = [];
  for (const log of Object.keys(cluster.catalog.partitions)) {
    const topic = cluster.topicOf(log);
    const partitions = (await cluster.source.ends(topic)).map((_ends, partition) => ({ topic, partition, from: 0 }));
    await scanTopics(cluster.source, partitions, (_from, { value }) => {
      const envelope = emptyEnvelope();
      const record = decodeRecord(value, 0, value.length, envelope);
      const key = `${log} ${record.type}`;
      if (lines.has(key)) return;
      lines.set(key, `${log} ${Buffer.from(value).toString('hex')}`);
      wanted.push(`${key} ${envelope.eventId} ${record.seq}`);
    });
  }
  assert.ok(
    wanted.some((line) => line.startsWith('market trade')),
    'nothing was traded',
  );
  const folder = mkdtempSync(join(tmpdir(), 'sluice-topics-'));
  after(() => rmSync(folder, { recursive: true, force: true }));
  const schemas = Object.entries(recordSchemas).map(([type, schema]) => [
    fingerprintOfType(type as RecordType),
    schema,
  ]);
  writeFileSync(join(folder, 'schemas.json'), JSON.stringify(Object.fromEntries(schemas)));
  writeFileSync(join(folder, 'records.txt'), `${[...lines.values()].join('\n')}\n`);
  const run = spawnSync(PYTHON, ['-c', SCRIPT, join(folder, 'schemas.json'), join(folder, 'records.txt')], {
    env: { ...process.env, PYTHONPATH: fastavro },
    encoding: 'utf8',
  });
  assert.equal(run.status, 0, run.stderr);
  assert.deepEqual(run.stdout.trim().split('\n').sort(), wanted.sort());
});
