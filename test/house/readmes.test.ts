// READMEs stay true: links lead somewhere, every room has its page in the same shape, and what they list is what there is.

import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join, posix } from 'node:path';
import { test } from 'node:test';
import { pathToFileURL } from 'node:url';
import manifest from '../../package.json' with { type: 'json' };
import type { Command } from '../../pipelines/commands/command.ts';
import { runbookPages } from '../../schemas/exit.ts';
import { projectFiles, projectRoot } from './source-files.ts';

const rooms = [
  'schemas',
  'operators',
  'sources',
  'sinks',
  'pipelines',
  'pipelines/runtime',
  'gateway',
  'infra',
  'test',
];
const sections = ['## Why', '## Contract', '## The model file', '## How to add', '## Layout'];
const readme = readFileSync(join(projectRoot, 'README.md'), 'utf8');

test('every link of a page leads to a file, and to a heading where it names one', () => {
  const broken: string[] = [];
  for (const page of projectFiles().filter((file) => file.path.endsWith('.md'))) {
    const prose = page.text.replace(/```[\s\S]*?```/g, '');
    for (const [, target] of prose.matchAll(/\]\(([^)\s]+)\)/g)) {
      if (/^[a-z]+:/.test(target!)) continue;
      const [path = '', heading] = target!.split('#');
      const file = path === '' ? page.path : posix.join(dirname(page.path), path);
      if (!existsSync(join(projectRoot, file))) broken.push(`${page.path}: ${target} does not exist`);
      else if (heading !== undefined && !headingsOf(file).includes(heading)) {
        broken.push(`${page.path}: ${file} has no heading #${heading}`);
      }
    }
  }
  assert.deepEqual(broken, []);
});

test('every room has a page with why, contract, model file, how to add one, layout', () => {
  const missing: string[] = [];
  for (const room of rooms) {
    const path = join(projectRoot, room, 'README.md');
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    const found = sections.map((section) => text.indexOf(`\n${section}`));
    const lacking = sections.filter((_, index) => found[index] === -1);
    if (lacking.length > 0) missing.push(`${room}/README.md lacks ${lacking.join(', ')}`);
    if (found.some((at, index) => index > 0 && at < found[index - 1]!))
      missing.push(`${room}/README.md: another order`);
    if (!readme.includes(`](${room}/README.md)`)) missing.push(`README.md does not link ${room}/README.md`);
  }
  assert.deepEqual(missing, []);
});

test('what a layout names in backticks exists, and every entry of a room is named', () => {
  const wrong: string[] = [];
  for (const room of rooms) {
    const text = readFileSync(join(projectRoot, room, 'README.md'), 'utf8');
    const layout = text.slice(text.indexOf('\n## Layout'));
    const named = [...layout.matchAll(/^\| (`[^|]*)\|/gm)].flatMap(([, cell]) =>
      [...cell!.matchAll(/`([^`]+)`/g)].map(([, name]) => name!.replace(/\/$/, '')),
    );
    for (const name of named) {
      if (!existsSync(join(projectRoot, room, name))) wrong.push(`${room}/README.md names ${name}, which is not there`);
    }
    for (const entry of readdirSync(join(projectRoot, room))) {
      const mirrored = room === 'test' && rooms.includes(entry);
      if (!entry.startsWith('.') && entry !== 'README.md' && !mirrored && !named.includes(entry)) {
        wrong.push(`${room}/README.md does not name ${entry}`);
      }
    }
  }
  assert.deepEqual(wrong, []);
});

test('the table of verbs is the command', async () => {
  const folder = join(projectRoot, 'pipelines/commands');
  const wrong: string[] = [];
  for (const file of readdirSync(folder).filter((name) => name.endsWith('.ts') && name !== 'sluice.ts')) {
    const { command } = (await import(pathToFileURL(join(folder, file)).href)) as { command?: Command };
    if (command === undefined) continue;
    const row = `| \`${command.name}\` | ${command.summary} |`;
    if (!readme.includes(row)) wrong.push(`README.md lacks this row:  ${row}`);
  }
  assert.deepEqual(wrong, []);
});

test('every npm script that the pages name exists, and every one there is has its line', () => {
  const pages = projectFiles().filter((file) => file.path.endsWith('.md'));
  const named = pages.flatMap((page) => [...page.text.matchAll(/\bnpm run ([\w:-]+)/g)].map(([, name]) => name!));
  assert.deepEqual(
    named.filter((name) => !(name in manifest.scripts)),
    [],
  );
  const unnamed = Object.keys(manifest.scripts).filter(
    (name) => !new RegExp(`\`npm (?:run )?${name}(?![\\w:])`).test(readme),
  );
  assert.deepEqual(unnamed, [], 'README.md does not say what these are for');
});

test('every exit code that names a runbook page has it', () => {
  for (const page of Object.values(runbookPages)) assert.ok(existsSync(join(projectRoot, page)), page);
});

function headingsOf(path: string): string[] {
  return [...readFileSync(join(projectRoot, path), 'utf8').matchAll(/^#+ (.+)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\w\- ]/g, '')
      .replaceAll(' ', '-'),
  );
}
