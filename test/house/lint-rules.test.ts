// Tries each of the project's own lint rules on a line that breaks it: a rule nobody can break is no rule.

import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { after, before, test } from 'node:test';
import { projectRoot } from './source-files.ts';

const operator = 'operators/tried.ts';
const topology = 'pipelines/tried.ts';
const sink = 'sinks/tried.ts';

/** file, line, what the linter has to say; undefined: nothing. */
const cases: [file: string, line: string, says: RegExp | undefined][] = [
  [operator, `export const a = Date.now();`, /Date/],
  [operator, `export const a = performance.now();`, /performance/],
  [operator, `export const a = Math.random();`, /derive ids from the cause/],
  [operator, `export const a = crypto.randomUUID();`, /crypto/],
  [operator, `setTimeout(() => {}, 1);`, /setTimeout/],
  [operator, `setInterval(() => {}, 1);`, /setInterval/],
  [operator, `setImmediate(() => {});`, /setImmediate/],
  [operator, `queueMicrotask(() => {});`, /queueMicrotask/],
  [operator, `export const a = new Promise(() => {});`, /Promise/],
  [operator, `export const a = process.env.HOME;`, /process/],
  [operator, `export const a = fetch('http://localhost');`, /fetch/],
  [operator, `console.log(1);`, /console/],
  [operator, `export const a = new Intl.NumberFormat();`, /Intl/],
  [operator, `export const a = globalThis.name;`, /nothing global/],
  [operator, `export const a = 'a'.localeCompare('b');`, /compare bytes/],
  [operator, `export const a = (1).toLocaleString();`, /format at the edge/],
  [operator, `export const a = (1).toFixed(2);`, /whole numbers/],
  [operator, `export const a = parseFloat('1');`, /whole numbers/],
  [operator, `export const a = Number.parseFloat('1');`, /whole numbers/],
  [operator, `for (const key in { a: 1 }) assert(key);`, /key order/],
  [operator, `throw new Error('no');`, /does not throw/],
  [operator, `export const a = await Promise.resolve();`, /synchronous/],
  [operator, `import { readFileSync } from 'node:fs';\nreadFileSync('a');`, /Node.js/],
  [operator, `import { map } from 'rxjs';\nmap(String);`, /function over batches|rxjs/],
  [operator, `export const a = Buffer.alloc(8);`, undefined],
  [operator, `export const a = new Map<string, number>();`, undefined],
  [operator, `export const a: any = 1;`, /any/],
  [topology, `import { retry } from 'rxjs';\nretry(1);`, /retr/],
  [topology, `import { repeat } from 'rxjs';\nrepeat(1);`, /repeat/],
  [topology, `import { catchError } from 'rxjs';\ncatchError(String);`, /catchError|retries/],
  [topology, `import { shareReplay } from 'rxjs';\nshareReplay(1);`, /shareReplay|shares/],
  [topology, `import { concatMap } from 'rxjs';\nconcatMap(String);`, undefined],
  [sink, `export const a = z.coerce.number();`, /z\.coerce/],
  [sink, `export const a = z.object({ b: z.string() });`, /z\.strictObject/],
  [sink, `export const a = z.strictObject({ b: z.string() });`, undefined],
  [sink, `export const a = await pool.connect();`, /withClient/],
  [sink, `export const a = await this.pool.connect();`, /withClient/],
  [sink, `export const a = await client.connect();`, undefined],
  [sink, `import { readFileSync } from 'fs';\nreadFileSync('a');`, /node:/],
  [sink, `import { a } from './other';\na();`, /extension/],
  ['sinks/BadName.ts', `export const a = 1;`, /kebab-case/],
];

let folder = '';

before(() => {
  folder = mkdtempSync(join(tmpdir(), 'sluice-lint-'));
  cpSync(join(projectRoot, 'biome.json'), join(folder, 'biome.json'));
  cpSync(join(projectRoot, 'infra/lint'), join(folder, 'infra/lint'), { recursive: true });
});

after(() => rmSync(folder, { recursive: true, force: true }));

test('each lint rule of the project catches the line that breaks it, and no more', () => {
  for (const room of ['operators', 'pipelines', 'sinks']) mkdirSync(join(folder, room), { recursive: true });
  const files = cases.map(([file, line], index) => {
    const path = file.replace('tried', `tried-${index}`);
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), `${line}\n`);
    return path;
  });
  writeFileSync(join(folder, 'sinks/other.ts'), 'export const a = () => 1;\n');

  const biome = join(projectRoot, 'node_modules/@biomejs/biome/bin/biome');
  const args = ['lint', '--vcs-enabled=false', '--reporter=github', '--max-diagnostics=none', '.'];
  const { stdout, stderr } = spawnSync(process.execPath, [biome, ...args], { cwd: folder, encoding: 'utf8' });
  const lines = `${stdout}${stderr}`.split('\n').filter((line) => line.startsWith('::'));

  const wrong: string[] = [];
  for (const [index, [, line, says]] of cases.entries()) {
    const said = lines
      .filter((diagnostic) => diagnostic.includes(`${files[index]},`))
      .map((text) => text.replace(/^.*?::(?=[^:])/, ''));
    const fine = says === undefined ? said.length === 0 : said.some((text) => says.test(text));
    if (!fine)
      wrong.push(
        `${files[index]}  ${line}\n    should say ${says ?? 'nothing'}, said: ${said.join(' | ') || 'nothing'}`,
      );
  }
  assert.equal(wrong.length, 0, `\n  ${wrong.join('\n  ')}\n`);
});
