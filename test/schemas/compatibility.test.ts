import assert from 'node:assert/strict';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { checkCompatibility } from '../../schemas/compatibility.ts';
import { canonicalForm, fingerprintHex, fingerprintOf } from '../../schemas/fingerprint.ts';
import type { AvroField, AvroRecord } from '../../schemas/generating/avro-schema.ts';
import {
  addToBaseline,
  type BaselineSchema,
  dropFromBaseline,
  readBaseline,
} from '../../schemas/generating/baseline.ts';
import { declarations, schemasFolder } from './arbitrary-records.ts';

test('every record is the recorded one, or reads in both directions and is recorded, or is a new version', () => {
  const findings = checkCompatibility(declarations, readBaseline(join(schemasFolder, 'baseline')));
  const failing = findings.filter(({ level }) => level !== 'warn').map(({ sentence }) => sentence);
  assert.deepEqual(failing, []);
});

const price: AvroField = { name: 'price', type: 'long' };
const side: AvroField = { name: 'side', type: { type: 'enum', name: 'Side', symbols: ['buy', 'sell'] } };

function schemaOf(version: number, ...fields: AvroField[]): AvroRecord {
  return { type: 'record', name: 'quote', namespace: 'sluice', version, fields };
}

function recorded(...schemas: AvroRecord[]): BaselineSchema[] {
  return schemas.map((schema, revision) => ({
    type: schema.name,
    version: schema.version!,
    revision,
    fingerprint: fingerprintHex(fingerprintOf(canonicalForm(schema))),
    schema,
  }));
}

const declared = (schema: AvroRecord) => [{ type: schema.name, version: schema.version!, schema }];

test('tells for each kind of change whether it may be, and what to do', () => {
  const note: AvroField = { name: 'note', type: ['null', 'string'], default: null };
  const threeSides: AvroField = {
    name: 'side',
    type: { type: 'enum', name: 'Side', symbols: ['buy', 'sell', 'both'] },
  };
  const before = recorded(schemaOf(1, price, side));
  const table: { change: string; now: AvroRecord; levels: string[]; says: RegExp }[] = [
    { change: 'none', now: schemaOf(1, price, side), levels: [], says: /^$/ },
    { change: 'docs only', now: schemaOf(1, { ...price, doc: 'in ticks' }, side), levels: [], says: /^$/ },
    {
      change: 'field with default',
      now: schemaOf(1, price, side, note),
      levels: ['unrecorded'],
      says: /in a way that reads: run: node schemas\/record-baseline\.ts/,
    },
    {
      change: 'field without default',
      now: schemaOf(1, price, side, { name: 'size', type: 'long' }),
      levels: ['error'],
      says: /cannot read what is recorded .*"default", or raise "version" to 2/,
    },
    { change: 'field removed', now: schemaOf(1, price), levels: ['error'], says: /the recorded reader cannot read it/ },
    {
      change: 'long became string',
      now: schemaOf(1, { name: 'price', type: 'string' }, side),
      levels: ['error'],
      says: /raise "version" to 2/,
    },
    {
      change: 'symbol added',
      now: schemaOf(1, price, threeSides),
      levels: ['error'],
      says: /the recorded reader cannot read it/,
    },
    {
      change: 'symbol added, new version',
      now: schemaOf(2, price, threeSides),
      levels: ['unrecorded'],
      says: /quote v2 changed/,
    },
    {
      change: 'no default, new version',
      now: schemaOf(2, price, side, { name: 'size', type: 'long' }),
      levels: ['unrecorded', 'warn'],
      says: /cannot read records of v1 any more/,
    },
    { change: 'version went back', now: schemaOf(0, price, side), levels: ['error'], says: /a version only grows/ },
  ];
  for (const { change, now, levels, says } of table) {
    const findings = checkCompatibility(declared(now), before);
    assert.deepEqual(
      findings.map(({ level }) => level),
      levels,
      change,
    );
    assert.match(findings.map(({ sentence }) => sentence).join('\n'), says, change);
  }
});

test('a record that was recorded must not vanish', () => {
  const [finding] = checkCompatibility([], recorded(schemaOf(1, price)));
  assert.equal(finding?.level, 'error');
  assert.match(finding.sentence, /quote\.avsc is gone/);
});

test('a new record asks to be recorded', () => {
  const [finding] = checkCompatibility(declared(schemaOf(1, price)), []);
  assert.equal(finding?.level, 'unrecorded');
});

test('each readable change of a version is kept as a revision, in order', () => {
  const folder = mkdtempSync(join(tmpdir(), 'sluice-baseline-'));
  try {
    addToBaseline(folder, 'quote', schemaOf(1, price));
    addToBaseline(folder, 'quote', schemaOf(2, price));
    addToBaseline(folder, 'quote', schemaOf(1, price, side));
    assert.deepEqual(readdirSync(join(folder, 'quote')).sort(), ['1.0.avsc', '1.1.avsc', '2.0.avsc']);
    const numbers = readBaseline(folder).map(({ version, revision }) => `${version}.${revision}`);
    assert.deepEqual(numbers, ['1.0', '1.1', '2.0']);
    dropFromBaseline(folder, 'quote', 1);
    assert.deepEqual(
      readBaseline(folder).map(({ schema }) => schema),
      [schemaOf(2, price)],
    );
  } finally {
    rmSync(folder, { recursive: true });
  }
});
