/**
 * The operators against a second exchange that was written from the rules alone: same commands, same events, same
 * balances; and a third opinion, the money that trades alone give. A failure names its seed and the shortest steps that
 * show it; `SLUICE_SEED` repeats it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { comparedRuns } from './oracle-runs.ts';

test('the operators say what a naive exchange says, event by event, and hold the same balances', () => {
  comparedRuns({ seed: Number(process.env.SLUICE_SEED ?? 20_260_101), runs: 400, steps: 140 });
});

test('the naive exchange imports nothing of the operators', () => {
  const folder = join(import.meta.dirname, 'naive-exchange');
  const files = readdirSync(folder);
  assert.ok(files.length >= 5, files.join(', '));
  for (const name of files) {
    const imported = readFileSync(join(folder, name), 'utf8').matchAll(/from '([^']+)'/g);
    for (const [, path = ''] of imported)
      assert.match(path, /^(\.\/|\.\.\/\.\.\/\.\.\/schemas\/)/, `${name} imports ${path}`);
  }
});
