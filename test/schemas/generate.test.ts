import assert from 'node:assert/strict';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { generate } from '../../schemas/generate.ts';
import { readDeclarations } from '../../schemas/generating/avro-schema.ts';
import { schemasFolder } from './arbitrary-records.ts';

test('what lies in schemas/generated is what the records give today', () => {
  const expected = generate(schemasFolder);
  const folder = join(schemasFolder, 'generated');
  assert.deepEqual(readdirSync(folder).sort(), [...expected.keys()].sort());
  for (const [name, text] of expected) {
    const message = `schemas/generated/${name} is out of date, run: node schemas/generate.ts`;
    assert.ok(readFileSync(join(folder, name), 'utf8') === text, message);
  }
});

function declarationsOf(files: { [name: string]: object }) {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-records-'));
  try {
    mkdirSync(folder, { recursive: true });
    const envelope = { type: 'record', name: 'envelope', fields: [{ name: 'symbol', type: 'int' }] };
    for (const [name, schema] of Object.entries({ envelope, ...files })) {
      writeFileSync(join(folder, `${name}.avsc`), JSON.stringify(schema));
    }
    return readDeclarations(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

const record = (name: string, fields: object[]) => ({ type: 'record', name, version: 1, fields });
const sideOf = (...symbols: string[]) => ({ name: 'side', type: { type: 'enum', name: 'Side', symbols } });

test('a record file that would give wrong types is refused with its name and the reason', () => {
  const cases: [{ [name: string]: object }, RegExp][] = [
    [{ trade: record('trades', []) }, /trade\.avsc declares "trades"/],
    [{ trade: { ...record('trade', []), version: undefined } }, /trade\.avsc has no whole "version"/],
    [
      { trade: record('trade', [{ name: 'price', type: 'long', brand: 'Price' }]) },
      /price: unknown brand "Price" \(PriceTicks/,
    ],
    [{ trade: record('trade', [{ name: 'price', type: 'double' }]) }, /price: unknown type "double"/],
    [{ trade: record('trade', [{ name: 'price', type: ['string', 'null'] }]) }, /the only union is \["null", X\]/],
    [
      { a: record('a', [sideOf('buy', 'sell')]), b: record('b', [sideOf('buy')]) },
      /b\.avsc: "Side" differs from another file's/,
    ],
    [
      { a: record('a', [sideOf('buy')]), side: record('side', []) },
      /"side" and a type inside a record would both be Side/,
    ],
  ];
  for (const [files, message] of cases) assert.throws(() => declarationsOf(files), message);
});
