/**
 * The exchange's own golden vectors: `golden/*.txt`, one behaviour a file, to be read as text. Each is played on the
 * operators and on the naive exchange and must come out to the letter. `SLUICE_GOLDEN=write` writes what the operators
 * say now; look at the difference before you keep it.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { naiveAsGolden, operatorsAsGolden, playGolden } from './golden-vector.ts';

const folder = join(import.meta.dirname, 'golden');
const files = readdirSync(folder).filter((name) => name.endsWith('.txt'));

for (const name of files) {
  const path = join(folder, name);
  const text = readFileSync(path, 'utf8');
  const title = /^# (.+?)\.?$/m.exec(text)?.[1] ?? name;
  test(title, () => {
    if (process.env.SLUICE_GOLDEN === 'write') writeFileSync(path, playGolden(text, operatorsAsGolden()));
    else assert.equal(playGolden(text, operatorsAsGolden()), text);
    assert.equal(playGolden(text, naiveAsGolden()), playGolden(text, operatorsAsGolden()));
  });
}

test('has at least twenty golden vectors, each with a sentence, commands and balances', () => {
  assert.ok(files.length >= 20, `${files.length} vectors`);
  for (const name of files) {
    const text = readFileSync(join(folder, name), 'utf8');
    for (const part of [/^# \S/m, /^given$/m, /^when +\| market/m, /^then/m]) assert.match(text, part, name);
  }
});

test('tells a vector whose expected events are not those of the exchange', () => {
  const [name = ''] = files;
  const text = readFileSync(join(folder, name), 'utf8');
  const doctored = text.replace(/accepted A1/, 'accepted A2');
  assert.notEqual(doctored, text);
  assert.notEqual(playGolden(doctored, operatorsAsGolden()), doctored);
});
