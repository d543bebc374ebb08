import assert from 'node:assert/strict';
import { test } from 'node:test';
import avro from 'avsc';
import { canonicalForm, fingerprintHex, fingerprintOf } from '../../schemas/fingerprint.ts';
import { declarations } from './arbitrary-records.ts';

test('gives the fingerprints that other Avro implementations publish for primitive types', () => {
  const published = {
    null: '63dd24e7cc258f8a',
    boolean: '9f42fc78a4d4f764',
    int: '7275d51a3f395c8f',
    long: 'd054e14493f41db7',
    string: '8f014872634503c7',
  };
  for (const [name, fingerprint] of Object.entries(published)) {
    assert.equal(fingerprintOf(canonicalForm(name)).toString(16), fingerprint, name);
  }
});

test('writes the lowest byte of a fingerprint first', () => {
  assert.equal(fingerprintHex(0x0102030405060708n), '0807060504030201');
  assert.equal(fingerprintHex(1n), '0100000000000000');
});

test('brings every record into the canonical form that a general Avro library gives', () => {
  for (const { type, schema } of declarations) {
    const general = JSON.parse(JSON.stringify(avro.Type.forSchema(schema as avro.Schema).schema())) as object;
    assert.deepEqual(JSON.parse(canonicalForm(schema)), general, type);
    assert.ok(!/\s(?=[{["])/.test(canonicalForm(schema)), 'no white space between tokens');
  }
});

test('no two records share a fingerprint', () => {
  const fingerprints = declarations.map(({ schema }) => fingerprintHex(fingerprintOf(canonicalForm(schema))));
  assert.equal(new Set(fingerprints).size, declarations.length);
});
