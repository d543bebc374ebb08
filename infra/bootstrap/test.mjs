// `npm test`: formatter and linter, type checker, then the tests.
//
//   npm test                          all checks, all tests but the long ones and the benchmarks
//   npm test -- operators sinks/kafka only the tests whose path contains one of the words, no checks
//   npm run test:long [-- WORD]       only the long tests
//   npm run check                     the checks alone

import { spawnSync } from 'node:child_process';
import { readdirSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { join, relative, sep } from 'node:path';
import { parseArgs } from 'node:util';
import { ensureInstalled } from './install.mjs';
import { nodeForSources, projectRoot, runPinnedNode } from './pinned-node.mjs';

/** A test file that takes longer is stuck: the whole of `npm test` is to stay below 15 minutes on two cores. */
const fileTimeoutMs = { usual: 10 * 60_000, long: 3 * 60 * 60_000 };

const { values: options, positionals: words } = parseArgs({
  allowPositionals: true,
  options: { long: { type: 'boolean', default: false }, check: { type: 'boolean', default: false } },
});

try {
  process.chdir(projectRoot);
  await ensureInstalled({ dev: true });
  process.exitCode = await main();
} catch (error) {
  process.stderr.write(`${error.message}\n`);
  process.exitCode = 1;
}

async function main() {
  const failed = options.check || (!options.long && words.length === 0) ? runChecks() : [];
  if (options.check) return failed.length > 0 ? 1 : 0;

  const files = testFiles().filter((file) => words.length === 0 || words.some((word) => file.includes(word)));
  if (files.length === 0) throw new Error(`no test file matches ${words.join(', ') || 'test/**/*.test.ts'}`);
  const code = await runTests(files);
  if (failed.length > 0) process.stderr.write(`\nfailed before the tests: ${failed.join(', ')}\n`);
  return failed.length > 0 ? 1 : code;
}

/** All checks run even when one fails, and so do the tests after them: one run shows all there is to repair. */
function runChecks() {
  const checks = [
    { name: 'biome check', script: 'node_modules/@biomejs/biome/bin/biome', args: ['check', '--error-on-warnings'] },
    { name: 'tsc --noEmit', script: 'node_modules/typescript/bin/tsc', args: ['--noEmit'] },
    {
      name: 'tsc --noEmit of the page',
      script: 'node_modules/typescript/bin/tsc',
      args: ['--noEmit', '--project', 'gateway/web'],
    },
  ];
  return checks.filter((check) => !passes(check)).map((check) => check.name);
}

function passes({ name, script, args }) {
  const startedMs = Date.now();
  const { status } = spawnSync(nodeForSources(), [script, ...args], { stdio: 'inherit' });
  process.stdout.write(
    `${status === 0 ? 'ok' : 'FAIL'}  ${name}, ${((Date.now() - startedMs) / 1_000).toFixed(1)} s\n`,
  );
  return status === 0;
}

function runTests(files) {
  // Files run side by side: each starts its own servers on ports of its own. More than four at once would only share
  // the disk; fewer than two would leave a core idle while a server starts.
  const concurrency = options.long ? 1 : Math.min(4, Math.max(2, availableParallelism()));
  const timeoutMs = options.long ? fileTimeoutMs.long : fileTimeoutMs.usual;
  const args = ['--test', `--test-concurrency=${concurrency}`, `--test-timeout=${timeoutMs}`, ...files];
  return runPinnedNode(args);
}

function testFiles() {
  const isLong = (file) => file.endsWith('.long.test.ts');
  return readdirSync('test', { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.test.ts'))
    .map((entry) =>
      relative(projectRoot, join(entry.parentPath ?? entry.path, entry.name))
        .split(sep)
        .join('/'),
    )
    .filter((file) => isLong(file) === options.long && !file.startsWith('test/bench/'))
    .sort();
}
