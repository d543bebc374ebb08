// The conformance of history, on a server by its address: the same file of tests that runs on the embedded engine. A real
// ClickHouse is named by SLUICE_TEST_CLICKHOUSE_URL, _USER and _PASSWORD; else it is the one that `npm run infra` starts.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from '../house/source-files.ts';
import { realServers } from '../real-servers.ts';

const suite = join(projectRoot, 'test/sinks/clickhouse-history.chdb.test.ts');

test('history keeps its word on a server as it does on the embedded engine', { timeout: 300_000 }, async (t) => {
  const environment: NodeJS.ProcessEnv = { ...process.env };
  if (environment.SLUICE_TEST_CLICKHOUSE_URL === undefined) {
    const { servers, skip } = await realServers(['clickhouse']);
    if (skip) return t.skip(skip);
    const { url, user, password } = servers.clickhouse;
    environment.SLUICE_TEST_CLICKHOUSE_URL = url;
    environment.SLUICE_TEST_CLICKHOUSE_USER = user;
    environment.SLUICE_TEST_CLICKHOUSE_PASSWORD = password;
  }
  // Told apart by it, the inner run would report to ours instead of printing.
  delete environment.NODE_TEST_CONTEXT;
  const args = ['--test', '--test-reporter=tap', suite];
  const { status, stdout } = spawnSync(process.execPath, args, { env: environment, encoding: 'utf8' });
  const [, passed] = /^# pass (\d+)$/m.exec(stdout) ?? [];
  assert.equal(status, 0, stdout.slice(-4_000));
  assert.ok(Number(passed) >= 10, `${passed} tests passed`);
  assert.match(stdout, /^# skipped 0$/m);
});
