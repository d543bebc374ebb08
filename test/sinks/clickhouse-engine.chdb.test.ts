// The embedded engine behind HTTP, as clients of a ClickHouse server see it.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { readFileSync, statSync } from 'node:fs';
import { createServer } from 'node:net';
import { Readable } from 'node:stream';
import { test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { gunzipSync, gzipSync } from 'node:zlib';
import { ClickHouseLogLevel, createClient } from '@clickhouse/client';
import { addressFilePath, readAddressFile } from '../../sinks/clickhouse-history/engine/address-file.ts';
import { EngineMissing, startEngine } from '../../sinks/clickhouse-history/engine/start-engine.ts';
import { ask, rows, startTestEngine, temporaryFolder } from './history-engine.ts';

const folder = temporaryFolder();
const engine = await startTestEngine(folder, { limits: { maxExecutionSecondsCap: 2 } });
const skip = engine === undefined ? 'the embedded ClickHouse does not load here' : false;
const running = engine!;

test('answers ping without a password and nothing else', { skip }, async () => {
  const ping = await fetch(`${running.address.url}/ping`);
  assert.deepEqual([ping.status, await ping.text()], [200, 'Ok.\n']);
  for (const headers of [
    {},
    { 'X-ClickHouse-User': 'sluice', 'X-ClickHouse-Key': 'wrong' },
    { 'X-ClickHouse-User': 'nobody' },
  ]) {
    const refused = await fetch(`${running.address.url}/?query=SELECT%201`, { headers });
    assert.deepEqual([refused.status, refused.headers.get('x-clickhouse-exception-code')], [403, '516']);
    await refused.arrayBuffer();
  }
});

test('knows its users by Basic, headers and parameters', { skip }, async () => {
  const { name, password } = running.address.analyst;
  const basic = `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
  const one = await fetch(`${running.address.url}/?query=SELECT%201`, { headers: { Authorization: basic } });
  const two = await fetch(`${running.address.url}/?query=SELECT%201&user=${name}&password=${password}`);
  assert.deepEqual([await one.text(), await two.text()], ['1\n', '1\n']);
});

test('keeps the address and the passwords in a file that only the owner reads', { skip }, () => {
  assert.equal(statSync(addressFilePath(folder)).mode & 0o777, 0o600);
  assert.deepEqual(readAddressFile(folder), running.address);
  assert.match(running.address.url, /^http:\/\/127\.0\.0\.1:\d+$/);
});

test('takes the statement from the body, the parameter, or both', { skip }, async () => {
  assert.equal(await rows(running, 'SELECT 1 AS a FORMAT JSONEachRow'), '{"a":1}');
  assert.equal(await rows(running, '', { parameters: { query: 'SELECT 2' }, method: 'GET' }), '2');
  assert.equal(await rows(running, ' 1 + 2', { parameters: { query: 'SELECT' } }), '3');
  assert.equal(await rows(running, "SELECT 'é;'"), 'é;');
});

test('settings and parameters belong to one statement and stick to none', { skip }, async () => {
  const settings = { max_block_size: '77', param_text: "it's\\ta tab", param_whole: '9223372036854775807' };
  const sql = "SELECT getSetting('max_block_size'), {text:String}, {whole:Int64}";
  assert.equal(await rows(running, sql, { parameters: settings }), "77\tit\\'s\\ta tab\t9223372036854775807");
  const after = await rows(running, "SELECT getSetting('max_block_size'), getSetting('log_comment') = ''");
  assert.notEqual(after.split('\t')[0], '77');
  const unknown = await ask(running, 'SELECT {text:String}');
  assert.equal(unknown.status, 400);
  const noSetting = await ask(running, 'SELECT 1', { parameters: { no_such_setting: '1' } });
  assert.deepEqual([noSetting.status, noSetting.code], [404, '115']);
});

test('64-bit integers and decimals come as strings in JSON', { skip }, async () => {
  const answer = await rows(
    running,
    'SELECT toInt64(9223372036854775807) AS n, toDecimal128(1.5, 18) AS d FORMAT JSONEachRow',
  );
  assert.equal(answer, '{"n":"9223372036854775807","d":"1.5"}');
});

test('compresses with gzip both ways', { skip }, async () => {
  const plain = await ask(running, undefined, {
    body: gzipSync("SELECT 'zipped'"),
    headers: { 'Content-Encoding': 'gzip' },
  });
  assert.equal(plain.text, 'zipped\n');
  const { url, owner } = running.address;
  const zipped = await fetch(`${url}/?query=SELECT%20number%20FROM%20numbers(1000)&enable_http_compression=1`, {
    headers: { 'X-ClickHouse-User': owner.name, 'X-ClickHouse-Key': owner.password, 'Accept-Encoding': 'gzip' },
  });
  assert.equal(zipped.headers.get('content-encoding'), 'gzip');
  assert.equal((await zipped.text()).split('\n').length, 1001);
  assert.throws(() => gunzipSync(Buffer.from('no gzip')));
});

test('an exception is a status, a code and a text', { skip }, async () => {
  const cases: [sql: string, status: number, code: string, says: RegExp][] = [
    ['SELEC 1', 400, '62', /Syntax error/],
    ['SELECT * FROM no_such_table', 404, '60', /no_such_table/],
    ['SELECT throwIf(1)', 500, '395', /throwIf/],
    ['SELECT 1; SELECT 2', 400, '62', /Multi-statements/],
    ['', 400, '62', /Empty query/],
  ];
  for (const [sql, status, code, says] of cases) {
    const answer = await ask(running, sql);
    assert.deepEqual([answer.status, answer.code], [status, code], sql);
    assert.match(answer.text, /^Code: \d+\. DB::Exception: /);
    assert.match(answer.text, says);
  }
});

test('binary inserts keep every row, also where their bytes look like line breaks', { skip }, async () => {
  await rows(running, 'CREATE DATABASE IF NOT EXISTS sluice');
  await rows(running, 'CREATE TABLE binary_rows (n Int64, b UInt8) ENGINE = MergeTree ORDER BY n');
  const count = 100_000;
  const bytes = Buffer.alloc(count * 9);
  // Every value holds 0a 0a: the engine's own door for bytes stops at them.
  for (let row = 0; row < count; row++)
    bytes.writeUInt8(10, bytes.writeBigInt64LE(BigInt(row) * 65_536n + 0x0a0an, row * 9));
  const inserted = await ask(running, undefined, {
    parameters: { query: 'INSERT INTO binary_rows (n, b) FORMAT RowBinary' },
    body: bytes,
  });
  assert.deepEqual([inserted.status, inserted.text], [200, '']);
  assert.equal(
    await rows(running, 'SELECT count(), min(b), max(b), sum(n) FROM binary_rows'),
    `${count}\t10\t10\t${(BigInt(count) * BigInt(count - 1) * 65_536n) / 2n + BigInt(count) * 0x0a0an}`,
  );
  const inBody = Buffer.concat([
    Buffer.from('INSERT INTO binary_rows (n, b) FORMAT RowBinary\n'),
    bytes.subarray(0, 18),
  ]);
  assert.equal((await ask(running, undefined, { body: inBody })).status, 200);
  assert.equal(await rows(running, 'SELECT count() FROM binary_rows'), String(count + 2));
});

test('an insert that does not parse stores nothing', { skip }, async () => {
  await rows(running, 'CREATE TABLE whole_or_not (n Int64) ENGINE = MergeTree ORDER BY n');
  const answer = await ask(running, 'INSERT INTO whole_or_not FORMAT JSONEachRow\n{"n":1}\n{"n":"no number"}\n{"n":3}');
  assert.notEqual(answer.status, 200);
  assert.equal(await rows(running, 'SELECT count() FROM whole_or_not'), '0');
});

test('a token drops the block it comes with again, and nothing of it sticks to the next insert', { skip }, async () => {
  await rows(
    running,
    'CREATE TABLE tokens (n Int64) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100',
  );
  const insert = (n: number, parameters: { [name: string]: string } = {}) =>
    ask(running, undefined, {
      parameters: { query: 'INSERT INTO tokens FORMAT JSONEachRow', ...parameters },
      body: `{"n":${n}}`,
    });
  await insert(1, { insert_deduplication_token: 'a', insert_deduplicate: '1' });
  await insert(1, { insert_deduplication_token: 'a', insert_deduplicate: '1' });
  assert.equal(await rows(running, 'SELECT groupArray(n) FROM tokens'), '[1]');
  await insert(2);
  await insert(3, { insert_deduplication_token: 'b', insert_deduplicate: '1' });
  assert.equal(await rows(running, 'SELECT arraySort(groupArray(n)) FROM tokens'), '[1,2,3]');
});

test('the client library works as with a server', { skip }, async () => {
  const { url, owner } = running.address;
  const client = createClient({
    url,
    username: owner.name,
    password: owner.password,
    database: 'sluice',
    compression: { request: true, response: true },
    log: { level: ClickHouseLogLevel.OFF },
  });
  try {
    assert.equal((await client.ping()).success, true);
    assert.equal((await client.ping({ select: true })).success, true);
    await client.command({ query: 'CREATE TABLE client_rows (n Int64, t String) ENGINE = MergeTree ORDER BY n' });
    await client.insert({
      table: 'client_rows',
      values: [{ n: '9223372036854775807', t: 'one' }],
      format: 'JSONEachRow',
    });
    await client.insert({
      table: 'client_rows',
      values: Readable.from([
        [2, 'two'],
        [3, 'three'],
      ]),
      format: 'JSONCompactEachRow',
    });
    const result = await client.query({
      query: 'SELECT n, t FROM client_rows WHERE n > {least:Int64} ORDER BY n',
      query_params: { least: 2 },
      format: 'JSONEachRow',
      clickhouse_settings: { output_format_json_quote_64bit_integers: 1 },
    });
    assert.deepEqual(await result.json(), [
      { n: '3', t: 'three' },
      { n: '9223372036854775807', t: 'one' },
    ]);
    await assert.rejects(client.query({ query: 'SELECT * FROM nothing_there' }), { code: '60' });
    await assert.rejects(
      client.query({
        query: 'SELECT count() FROM numbers(1e12) WHERE number % 7 = 3',
        clickhouse_settings: { max_execution_time: 1 },
      }),
      { code: '159' },
    );
  } finally {
    await client.close();
  }
});

test('the analyst reads and changes nothing, reaches no file, and stays within limits', { skip }, async () => {
  assert.equal(await rows(running, 'SELECT count() FROM client_rows', { as: 'analyst' }), '3');
  const refused: [sql: string, code: string][] = [
    ["INSERT INTO client_rows VALUES (1, 'x')", '164'],
    ['DROP TABLE client_rows', '164'],
    ['KILL QUERY WHERE 1', '164'],
    ['SET max_threads = 1', '164'],
    ["SELECT file('/etc/hostname')", '48'],
    ["SELECT * FROM file('/etc/hostname', 'LineAsString')", '48'],
    ["SELECT * FROM url('http://127.0.0.1:1/', 'CSV', 'a String')", '164'],
    ["SELECT 1 INTO OUTFILE '/tmp/never'", '48'],
    ['SELECT 1 SETTINGS max_execution_time = 1000', '164'],
  ];
  for (const [sql, code] of refused) assert.equal((await ask(running, sql, { as: 'analyst' })).code, code, sql);
  const limits = await rows(running, "SELECT getSetting('max_execution_time'), getSetting('readonly')", {
    as: 'analyst',
    parameters: { max_execution_time: '0', readonly: '0' },
  });
  assert.equal(limits, '2\t1');
  const long = await ask(running, 'SELECT count() FROM numbers(1e13) WHERE number % 7 = 3', { as: 'analyst' });
  assert.equal(long.code, '159');
});

test('a query whose client left is stopped, and inserts pass a long query by', { skip }, async () => {
  const leave = new AbortController();
  const long = ask(running, 'SELECT count() FROM numbers(1e13) WHERE number % 11 = 3', {
    parameters: { max_execution_time: '60' },
    signal: leave.signal,
  });
  const running1e13 =
    "SELECT count() FROM system.processes WHERE query LIKE '%% 11 = 3%' AND query NOT LIKE '%processes%'";
  while ((await rows(running, running1e13)) !== '1') await wait(20);
  await rows(running, 'CREATE TABLE beside (n Int64) ENGINE = MergeTree ORDER BY n');
  assert.equal((await ask(running, 'INSERT INTO beside VALUES (1)')).status, 200);
  leave.abort();
  await assert.rejects(long);
  const until = Date.now() + 20_000;
  while ((await rows(running, running1e13)) !== '0') {
    assert.ok(Date.now() < until, 'the query runs on without its client');
    await wait(50);
  }
});

test('killed, it is started again at its address with all that was stored', { skip }, async () => {
  const { restarts } = running;
  await rows(running, 'CREATE TABLE survives (n Int64) ENGINE = MergeTree ORDER BY n');
  await rows(running, 'INSERT INTO survives SELECT number FROM numbers(1000)');
  process.kill(running.processId!, 'SIGKILL');
  const until = Date.now() + 30_000;
  for (;;) {
    const answer = await ask(running, 'SELECT count() FROM survives').catch(() => undefined);
    if (running.restarts === restarts + 1 && answer?.status === 200) {
      assert.equal(answer.text, '1000\n');
      break;
    }
    assert.ok(Date.now() < until, 'the engine does not come back');
    await wait(50);
  }
});

test('ends with the process that started it, and the next start waits for that', {
  skip,
  timeout: 60_000,
}, async () => {
  const other = temporaryFolder();
  const starter = new URL('../../sinks/clickhouse-history/engine/start-engine.ts', import.meta.url).href;
  const script = `
    const { startEngine } = await import(${JSON.stringify(starter)});
    const engine = await startEngine({ dataDir: ${JSON.stringify(other)}, database: 'sluice', say() {} });
    console.log(engine.processId);
    setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const left = Number(await firstLine(child.stdout));
  child.kill('SIGKILL');
  const next = await startEngine({ dataDir: other, database: 'sluice', say() {} });
  try {
    assert.notEqual(next.processId, left);
    assert.equal(stillRuns(left), false);
  } finally {
    await next.close();
  }
});

test('where the port of the last run is taken it finds another', { skip, timeout: 60_000 }, async () => {
  const other = temporaryFolder();
  const first = await startEngine({ dataDir: other, database: 'sluice', say() {} });
  const { url } = first.address;
  await first.close();
  const squatter = createServer().listen(Number(new URL(url).port), '127.0.0.1');
  try {
    const second = await startEngine({ dataDir: other, database: 'sluice', say() {} });
    assert.notEqual(second.address.url, url);
    assert.deepEqual(second.address.owner, first.address.owner);
    await second.close();
  } finally {
    squatter.close();
  }
});

test('an engine that cannot be had is told apart from one that does not start', async () => {
  await assert.rejects(
    startEngine({ dataDir: temporaryFolder(), database: 'sluice', say() {}, engine: 'no-such-engine' }),
    (error: unknown) => error instanceof EngineMissing && /no-such-engine/.test(error.message),
  );
});

async function firstLine(stream: Readable): Promise<string> {
  let text = '';
  for await (const piece of stream) {
    text += String(piece);
    if (text.includes('\n')) break;
  }
  return text.slice(0, text.indexOf('\n'));
}

/** A process that ended and that nobody asked for its code is none that runs. */
function stillRuns(processId: number): boolean {
  try {
    return !/^\d+ \(.*\) Z/.test(readFileSync(`/proc/${processId}/stat`, 'utf8'));
  } catch {
    return false;
  }
}
