// `sluice sql` and `sluice archive`, as they answer on a terminal.
import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { command as archive } from '../../pipelines/commands/archive.ts';
import { type Command, UsageError } from '../../pipelines/commands/command.ts';
import { command as sql } from '../../pipelines/commands/sql.ts';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import { ExitError } from '../../schemas/exit.ts';
import { avroArchive } from '../../sinks/avro-archive/avro-archive.ts';
import { startTestEngine, temporaryFolder } from '../sinks/history-engine.ts';
import { frameBlocks, recordMarket } from './recorded-market.ts';

const folder = temporaryFolder();
const engine = await startTestEngine(folder);
const skip = engine === undefined ? 'the embedded ClickHouse does not load here' : false;

async function run(command: Command, args: readonly string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const io = {
    out: (line: string) => void out.push(line),
    err: (line: string) => void err.push(line),
    terminal: false,
    signal: new AbortController().signal,
  };
  return { code: await command.run(args, io), out, err };
}

test('sql prints a table, CSV, or JSON with 64-bit integers as strings', { skip }, async () => {
  const statement = "SELECT toInt64(9223372036854775807) AS n, 'é' AS t";
  const table = await run(sql, [statement, '--data', folder]);
  assert.equal(table.code, 0);
  assert.match(table.out.join('\n'), /9223372036854775807 │ é/);
  const csv = await run(sql, [statement, '--csv', '--data', folder]);
  assert.deepEqual(csv.out, ['"n","t"', '9223372036854775807,"é"']);
  const json = await run(sql, [statement, '--json', '--data', folder]);
  assert.deepEqual(JSON.parse(json.out.join('')), [{ n: '9223372036854775807', t: 'é' }]);
});

test('sql tells what the engine refuses and ends with 1', { skip }, async () => {
  const refused = await run(sql, ['SELECT nothing', '--data', folder]);
  assert.equal(refused.code, 1);
  assert.match(refused.err.join('\n'), /Code: 47/);
  const changing = await run(sql, ['CREATE TABLE x (n Int64) ENGINE = Memory', '--data', folder]);
  assert.equal(changing.code, 1);
});

test('sql without a running exchange says so, and wrong words are wrong usage', async () => {
  await assert.rejects(
    run(sql, ['SELECT 1', '--data', temporaryFolder()]),
    (error: unknown) => error instanceof ExitError && error.code === 75,
  );
  await assert.rejects(run(sql, []), UsageError);
  await assert.rejects(run(sql, ['SELECT', '1']), UsageError);
  await assert.rejects(run(sql, ['SELECT 1', '--csv', '--json', '--data', folder]), UsageError);
});

test('archive lists and proves what is archived', async () => {
  const market = recordMarket({ seed: 8, seconds: 7, ordersPerSecond: 20 });
  const dataDir = temporaryFolder();
  writeFileSync(join(dataDir, 'catalog.json'), JSON.stringify(market.catalog));
  const sink = await avroArchive({ segmentSeconds: 3 }).open({
    id: 'archive',
    dataDir,
    config: {},
    clock: systemClock(),
    partitions: market.catalog.partitions,
    generation: 1,
    say: assert.fail,
  });
  for (const block of frameBlocks(market)) await sink.write(block);
  await sink.close();
  const listed = JSON.parse(
    (await run(archive, ['ls', '--json', '--data', dataDir, '--from', join(dataDir, 'archive')])).out.join('\n'),
  );
  const partitions = Object.values(market.catalog.partitions).reduce((sum, count) => sum + count, 0);
  assert.equal(listed.partitions.length, partitions);
  const proven = await run(archive, ['verify', '--data', dataDir, '--from', join(dataDir, 'archive')]);
  assert.equal(proven.code, 0, proven.out.join('\n'));
  assert.equal(proven.out.length, partitions);
  await assert.rejects(
    run(archive, ['ls', '--from', join(dataDir, 'nothing')]),
    (error: unknown) => error instanceof ExitError && error.code === 78,
  );
  await assert.rejects(run(archive, ['burn']), UsageError);
});
