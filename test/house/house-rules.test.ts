// The rules that the linter cannot express, as a table: what, where, why, and what to write instead.

import assert from 'node:assert/strict';
import { basename } from 'node:path';
import { test } from 'node:test';
import { lineAt, projectFiles, type SourceFile, typescriptFiles, withoutCommentsAndStrings } from './source-files.ts';

interface Rule {
  rule: string;
  where: RegExp;
  /** What must not appear: in code alone, or in all of the text with comments and strings. */
  in: 'code' | 'text' | 'path';
  banned: RegExp;
  why: string;
  instead: string;
  /** One line that breaks the rule, and one that does not: the rule is tried on both. */
  breaks: string;
  keeps: string;
}

const code = /\.(?:ts|mjs)$/;
const rooms = /^(?:schemas|operators|sources|sinks|gateway|pipelines)\/.*\.ts$/;

/** Words that may not be written down, not even here. */
const leftover = new RegExp(`\\b(?:${['TO' + 'DO', 'FIX' + 'ME', 'X' + 'XX'].join('|')})\\b`);

const rules: Rule[] = [
  {
    rule: 'a name for every thing',
    where: /./,
    in: 'path',
    banned: /(?:^|\/)(?:utils?|common|helpers?|misc|shared|lib)(?:\/|\.[a-z]+$)/,
    why: 'a drawer for everything is where nobody looks',
    instead: 'name the file after what it does and put it beside the one that needs it',
    breaks: 'operators/utils.ts',
    keeps: 'operators/order-book/price-levels.ts',
  },
  {
    rule: 'nothing is left for later',
    where: /./,
    in: 'text',
    banned: leftover,
    why: 'a note in the source has no owner',
    instead: 'do it now, or say in the docs what is not there',
    breaks: `// ${'TO' + 'DO'}: later`,
    keeps: '// see the docs',
  },
  {
    rule: 'no place of one machine',
    where: /./,
    in: 'text',
    banned: /(?<![\w.:/$}*])\/(?:home|Users|root)\/[\w.-]+/,
    why: 'the project runs from any folder',
    instead: 'a path from the root of the project, a temporary folder, or an example path such as /path/to/data',
    breaks: `const path = '/home/${'someone'}/data';`,
    keeps: `const url = 'https://example.org/users/home/x';`,
  },
  {
    rule: 'no clock outside its port',
    where: /^pipelines\/runtime\/(?!outside\/|.*\bcluster\/).*\.ts$/,
    in: 'code',
    banned: /\bMath\.random\s*\(|\bDate\.now\s*\(|\bnew Date\s*\(\s*\)/,
    why: 'a simulation replaces clock, randomness, disk and network behind their ports',
    instead: 'the ports of pipelines/runtime/outside',
    breaks: 'const now = Date.now();',
    keeps: 'const day = new Date(logTimeMs);',
  },
  {
    rule: 'an acknowledged insert is a written one',
    where: rooms,
    in: 'text',
    banned: /wait_for_async_insert['"]?\s*[:=]\s*['"]?0|async_insert['"]?\s*[:=]\s*['"]?1/,
    why: 'an asynchronous insert is neither durable nor deduplicated, and hides its errors',
    instead: 'async_insert: 0, in batches of our own with a deduplication token',
    breaks: 'clickhouse_settings: { async_insert: 1 }',
    keeps: 'clickhouse_settings: { async_insert: 0 }',
  },
  {
    rule: 'forwarded headers from known proxies only',
    where: /^gateway\/.*\.ts$/,
    in: 'code',
    banned: /\btrustProxy\s*:\s*(?:true|\d)/,
    why: 'anyone could choose the address that limits are counted by',
    instead: 'a list of networks',
    breaks: 'fastify({ trustProxy: true })',
    keeps: 'fastify({ trustProxy: config.proxyNetworks })',
  },
  {
    rule: 'the strict HTTP parser',
    where: rooms,
    in: 'code',
    banned: /\binsecureHTTPParser\b/,
    why: 'requests can be smuggled past it',
    instead: 'the default',
    breaks: 'http.createServer({ insecureHTTPParser: true })',
    keeps: 'http.createServer()',
  },
  {
    rule: 'an index only as the door of a room',
    where: rooms,
    in: 'path',
    banned: /^[^/]+\/.+\/index\.ts$/,
    why: 'a barrel hides where a thing lives and loads what is not needed',
    instead: 'import the file that has it',
    breaks: 'sinks/postgres-ledger/index.ts',
    keeps: 'sinks/index.ts',
  },
  {
    rule: 'tests say what holds',
    where: /^test\/.*\.test\.ts$/,
    in: 'text',
    banned: /^\s*(?:await )?(?:test|it|t\.test)\(\s*['"`][\w-]{0,12}['"`]/m,
    why: 'a title is read when the test fails, by someone who does not know the file',
    instead: 'a sentence of behaviour: rejects a post-only order that would cross',
    breaks: `test('${'c1'}', () => {});`,
    keeps: `test('keeps the remainder of a limit order in the book', () => {});`,
  },
  {
    rule: 'timings decide no test',
    where: /^test\/(?!bench\/).*\.test\.ts$/,
    in: 'code',
    banned: /assert[^;\n]{0,60}(?:elapsed|duration|took)\w*Ms\s*<=?/,
    why: 'a busy machine would fail it',
    instead: 'count what happened; measure in test/bench',
    breaks: `assert.ok(elapsedMs < 5);`,
    keeps: 'assert.equal(written, 5);',
  },
];

for (const row of rules) {
  test(`${row.rule}: ${row.why}`, () => {
    const findings = projectFiles().flatMap((file) => find(row, file));
    assert.equal(findings.length, 0, `instead: ${row.instead}\n  ${findings.join('\n  ')}\n`);
  });
}

test('each rule is broken by its example and kept by its counterexample', () => {
  for (const row of rules) {
    assert.ok(row.banned.test(row.breaks), `${row.rule}: ${row.breaks}`);
    assert.ok(!row.banned.test(row.keeps), `${row.rule}: ${row.keeps}`);
  }
});

test('an operator file exports the factory, or the class of state, that its name says', () => {
  const findings = typescriptFiles()
    .filter((file) => /^operators\/[^/]+\.ts$/.test(file.path) && !/\/(?:contract|index)\.ts$/.test(file.path))
    .filter((file) => !exportsItsName(file, camelCase(basename(file.path, '.ts'))))
    .map((file) => `${file.path}  should export ${camelCase(basename(file.path, '.ts'))}, as a function or a class`);
  assert.deepEqual(findings, []);
});

test('code files are named in kebab-case', () => {
  const findings = projectFiles()
    .filter((file) => code.test(file.path))
    .filter((file) => !/^[a-z0-9]+(?:-[a-z0-9]+)*(?:\.[a-z0-9]+)*$/.test(basename(file.path)))
    .map((file) => file.path);
  assert.deepEqual(findings, []);
});

function find(row: Rule, file: SourceFile): string[] {
  if (!row.where.test(file.path)) return [];
  if (row.in === 'path') return row.banned.test(file.path) ? [file.path] : [];
  if (file.path === 'test/house/house-rules.test.ts') return []; // the examples above
  const text = row.in === 'code' ? withoutCommentsAndStrings(file.text) : file.text;
  const everywhere = new RegExp(
    row.banned.source,
    row.banned.flags.includes('g') ? row.banned.flags : `${row.banned.flags}g`,
  );
  return [...text.matchAll(everywhere)].map(
    (match) => `${file.path}:${lineAt(text, match.index)}  ${match[0].trim().slice(0, 80)}`,
  );
}

function exportsItsName(file: SourceFile, name: string): boolean {
  const className = name.charAt(0).toUpperCase() + name.slice(1);
  return new RegExp(`^export (?:(?:function|const) ${name}|class ${className})\\b`, 'm').test(file.text);
}

function camelCase(kebab: string): string {
  return kebab.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}
