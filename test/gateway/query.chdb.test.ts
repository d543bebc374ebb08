import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { type ClickHouseClient, ClickHouseLogLevel, createClient } from '@clickhouse/client';
import type { FastifyInstance } from 'fastify';
import { AuthenticationFailed, type Authenticator, type Role } from '../../gateway/identity/principal.ts';
import type { HistoryPort } from '../../gateway/ports.ts';
import { QUERY_LIMITS, queryRoutes } from '../../gateway/query/query-routes.ts';
import { plainServer } from '../../gateway/rest/plain-server.ts';
import { gatewayHistory } from '../../pipelines/gateway-history.ts';
import type { AccountId, Micros } from '../../schemas/generated/records.ts';
import { ask, startTestEngine, temporaryFolder } from '../sinks/history-engine.ts';

/** Whose token it is: the name of a role. */
const authenticator: Authenticator = {
  authenticate({ headers }) {
    const token = /^Bearer (.+)$/.exec(String(headers.authorization ?? ''))?.[1];
    const roles: { readonly [token: string]: Role } = { trader: 'trader', analyst: 'analyst', second: 'analyst' };
    const role = token === undefined ? undefined : roles[token];
    if (!role) throw new AuthenticationFailed('unauthenticated', 'A valid token is needed.');
    return {
      account: 100 as AccountId,
      userId: `user-${token}`,
      roles: [role],
      scopes: ['read'],
      expiresAtMicros: Number.MAX_SAFE_INTEGER as Micros,
    };
  },
  onRevoked: () => () => {},
};

let app: FastifyInstance;
let url: string;
let history: HistoryPort;
const folder = temporaryFolder();
const engine = await startTestEngine(folder);
const failures: unknown[] = [];

before(async () => {
  history = gatewayHistory({ dataDir: folder, config: {}, positions: async () => new Map([['market/0', 7]]) });
  if (engine) {
    await ask(
      engine,
      'CREATE TABLE sluice.sample (n UInt64, name String, amount Decimal(38, 6)) ENGINE = MergeTree ORDER BY n',
    );
    await ask(
      engine,
      "INSERT INTO sluice.sample SELECT 18446744073709551600 + number, 'it''s ' || toString(number), number + 0.5 FROM numbers(3)",
    );
  }
  app = plainServer({ newId: () => 'id', failed: (error) => failures.push(error) });
  await queryRoutes(
    app,
    { authenticator, history, failed: (error) => failures.push(error) },
    { ...QUERY_LIMITS, maxSeconds: 2, maxRows: 1000 },
  );
  url = await app.listen({ host: '127.0.0.1', port: 0 });
});
after(async () => {
  await app.close();
  assert.deepEqual(failures, []);
});

async function get(path: string, headers: { readonly [name: string]: string } = { authorization: 'Bearer analyst' }) {
  const response = await fetch(`${url}${path}`, { headers });
  return {
    status: response.status,
    code: response.headers.get('x-clickhouse-exception-code'),
    text: await response.text(),
  };
}

async function post(sql: string, path = '/query', token = 'analyst') {
  const response = await fetch(`${url}${path}`, {
    method: 'POST',
    headers: { authorization: `Bearer ${token}` },
    body: sql,
  });
  return {
    status: response.status,
    code: response.headers.get('x-clickhouse-exception-code'),
    text: await response.text(),
  };
}

describe('the query endpoint', () => {
  it('answers a statement of the address and one of the body, in the format that is asked for', async (test) => {
    if (!engine) return test.skip('no engine');
    const rows = '18446744073709551600\n18446744073709551601\n18446744073709551602\n';
    assert.deepEqual(await get('/query?query=SELECT+n+FROM+sample+ORDER+BY+n'), {
      status: 200,
      code: null,
      text: rows,
    });
    assert.equal((await post('SELECT n FROM sample ORDER BY n')).text, rows);
    assert.equal(
      (await post('SELECT n, name, amount FROM sample ORDER BY n LIMIT 1', '/query?default_format=JSONEachRow')).text,
      '{"n":"18446744073709551600","name":"it\'s 0","amount":"0.5"}\n',
    );
    assert.equal((await get('/query?query=SELECT+{low:UInt64}%2B1+FORMAT+CSV&param_low=41')).text, '42\n');
  });

  it('serves the usual client of ClickHouse, streaming included', async (test) => {
    if (!engine) return test.skip('no engine');
    const client: ClickHouseClient = createClient({
      url,
      pathname: '/query',
      username: 'whoever',
      password: 'analyst',
      compression: { request: false, response: false },
      log: { level: ClickHouseLogLevel.OFF },
    });
    try {
      assert.deepEqual((await client.ping()).success, true);
      const result = await client.query({
        query: 'SELECT n, name FROM sample WHERE name = {name:String}',
        query_params: { name: "it's 1" },
        format: 'JSONEachRow',
      });
      assert.deepEqual(await result.json(), [{ n: '18446744073709551601', name: "it's 1" }]);
      const stream = await client.query({ query: 'SELECT number FROM numbers(900)', format: 'CSV' });
      let lines = 0;
      for await (const rows of stream.stream()) lines += rows.length;
      assert.equal(lines, 900);
      await assert.rejects(client.query({ query: 'SELECT nothing FROM sample' }), { code: '47' });
      await assert.rejects(client.command({ query: 'DROP TABLE sample' }), { code: '164' });
    } finally {
      await client.close();
    }
  });

  it('takes a token as bearer, as password and as key, and nobody without the role', async (test) => {
    if (!engine) return test.skip('no engine');
    const select = '/query?query=SELECT+1';
    const basic = (pair: string) => ({ authorization: `Basic ${Buffer.from(pair).toString('base64')}` });
    assert.equal((await get(select, basic('any:analyst'))).text, '1\n');
    assert.equal((await get(select, { 'x-clickhouse-user': 'any', 'x-clickhouse-key': 'analyst' })).text, '1\n');
    for (const headers of [{}, basic('analyst:wrong'), { authorization: 'Bearer wrong' }] as {
      [name: string]: string;
    }[]) {
      const { status, code } = await get(select, headers);
      assert.deepEqual([status, code], [401, '516']);
    }
    const { status, code, text } = await get(select, { authorization: 'Bearer trader' });
    assert.deepEqual([status, code], [403, '497']);
    assert.match(text, /^Code: 497\. DB::Exception: Not enough privileges: .* analyst/);
    assert.equal((await get(`${select}&user=any&password=analyst`)).code, '516', 'a secret in an address is refused');
  });

  it('reads and does nothing else, whatever the statement says', async (test) => {
    if (!engine) return test.skip('no engine');
    const refused: readonly (readonly [string, string])[] = [
      ["INSERT INTO sample VALUES (1, 'x', 1)", '164'],
      ['TRUNCATE TABLE sample', '164'],
      ['CREATE TABLE other (n Int8) ENGINE = Memory', '164'],
      ['/* SELECT */ DROP TABLE sample', '164'],
      ['SELECT 1; DROP TABLE sample', '62'],
      ['SET max_result_rows = 0', '164'],
      ['SYSTEM SHUTDOWN', '164'],
      ["SELECT * FROM file('/etc/passwd', 'LineAsString')", '48'],
      ["SELECT 1 INTO OUTFILE '/tmp/out'", '48'],
      ['', '62'],
    ];
    for (const [sql, code] of refused) assert.deepEqual([sql, (await post(sql)).code], [sql, code]);
    assert.notEqual(
      (await post("SELECT * FROM url('http://127.0.0.1:1/', 'LineAsString', 'line String')")).status,
      200,
    );
    assert.equal((await post('SELECT count() FROM sample')).text, '3\n');
  });

  it('is bounded in rows, time and settings, and says which bound it was', async (test) => {
    if (!engine) return test.skip('no engine');
    assert.equal((await post('SELECT number FROM numbers(5000)')).code, '396');
    assert.equal((await post('SELECT number FROM numbers(5000)', '/query?max_result_rows=0')).code, '396');
    assert.equal((await post('SELECT number FROM numbers(50)', '/query?max_result_rows=10')).code, '396');
    assert.equal((await post('SELECT sum(cityHash64(number)) FROM numbers(1000000000000)')).code, '159');
    assert.equal((await post('SELECT number FROM numbers(5000) SETTINGS max_result_rows = 0')).code, '164');
    for (const parameter of ['readonly=0', 'session_id=1', 'max_bytes_to_read=1', 'allow_ddl=1', 'role=owner']) {
      const { code, text } = await post('SELECT 1', `/query?${parameter}`);
      assert.deepEqual([parameter, code], [parameter, '164']);
      assert.match(text, new RegExp(`${parameter.split('=')[0]} may not be given here; query, database`));
    }
    assert.equal((await post(`SELECT ${'1,'.repeat(200_000)}1`)).code, '62');
  });

  it('runs two statements of one user at once and tells a third to wait', async (test) => {
    if (!engine) return test.skip('no engine');
    const slow = () => post('SELECT sleep(1.5)');
    const [answers, other] = await Promise.all([
      Promise.all([slow(), slow(), slow()]),
      post('SELECT 1', '/query', 'second'),
    ]);
    assert.deepEqual(answers.map(({ status }) => status).sort(), [200, 200, 429]);
    assert.equal(answers.find(({ status }) => status === 429)?.code, '202');
    assert.equal(other.status, 200, 'another user is not kept waiting');
    assert.equal((await post('SELECT 1')).status, 200);
  });

  it('says that history is away while the engine is, in its own words', async (test) => {
    if (!engine) return test.skip('no engine');
    await engine.close();
    const { status, code, text } = await post('SELECT 1');
    assert.deepEqual([status, code], [503, '210']);
    assert.match(text, /^Code: 210\. DB::Exception: history is away: it does not answer\. \(NETWORK_ERROR\)/);
    await assert.rejects(history.query('SELECT 1', {}, { maxSeconds: 1, maxRows: 1 }), { name: 'HistoryAway' });
  });
});

describe('history as a port', () => {
  it('gives rows as text, with parameters of every kind', async (test) => {
    const own = temporaryFolder();
    const other = await startTestEngine(own);
    if (!other) return test.skip('no engine');
    const port = gatewayHistory({ dataDir: own, config: {}, positions: async () => new Map([['market/0', 7]]) });
    const limits = { maxSeconds: 5, maxRows: 10 };
    assert.deepEqual(
      await port.query(
        "SELECT {text:String} AS text, {number:UInt64} AS number, {list:Array(String)} AS list, NULL AS nothing, toDecimal64('1.50', 2) AS amount",
        { text: "it's \\ a\ttab\n", number: 9007199254740991, list: ['a', "b'c"] },
        limits,
      ),
      [{ text: "it's \\ a\ttab\n", number: '9007199254740991', list: '["a","b\'c"]', nothing: null, amount: '1.5' }],
    );
    assert.deepEqual([...(await port.has())], [['market/0', 7]]);
    await assert.rejects(port.query('SELECT nothing', {}, limits), { name: 'HistoryRefused', code: 47 });
    await assert.rejects(port.query('SELECT number FROM numbers(11)', {}, limits), {
      name: 'HistoryRefused',
      code: 396,
    });
  });

  it('is away before the engine has ever started', async () => {
    const port = gatewayHistory({ dataDir: temporaryFolder(), config: {}, positions: async () => new Map() });
    await assert.rejects(port.query('SELECT 1', {}, { maxSeconds: 1, maxRows: 1 }), {
      name: 'HistoryAway',
      message: 'the history engine has not started yet',
    });
  });
});
