// The pages of docs/: the map names every one of them, and decisions have one form.

import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { projectRoot } from './source-files.ts';

const docs = join(projectRoot, 'docs');
const map = readFileSync(join(docs, 'README.md'), 'utf8');
const pages = readdirSync(docs, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md') && path !== 'README.md')
  .map((path) => path.replaceAll('\\', '/'));

test('the map of the docs names every page', () => {
  assert.deepEqual(
    pages.filter((path) => !map.includes(`](${path})`)),
    [],
  );
});

test('the project README leads to the map of the docs', () => {
  assert.match(readFileSync(join(projectRoot, 'README.md'), 'utf8'), /\]\(docs\/README\.md\)/);
});

test('a decision says its status, what was decided, why, and what follows, in at most 30 lines', () => {
  const decisions = pages.filter((path) => path.startsWith('decisions/'));
  assert.ok(decisions.length >= 7);
  for (const path of decisions) {
    const text = readFileSync(join(docs, path), 'utf8');
    const found = ['# ', '**Status.** ', '**Decision.** ', '**Reason.** ', '**Consequence.** '].map((mark) =>
      text.startsWith(mark) ? 0 : text.indexOf(`\n${mark}`),
    );
    assert.ok(
      found.every((at, index) => at >= 0 && (index === 0 || at > found[index - 1]!)),
      path,
    );
    assert.ok(text.split('\n').length <= 30, `${path} is long`);
  }
});
