import { canonicalForm, fingerprintHex, fingerprintOf } from '../fingerprint.ts';
import type { RecordDeclaration } from './avro-schema.ts';
import { readBaseline } from './baseline.ts';
import { HEADER } from './write-records.ts';

/**
 * Text of `generated/schemas.ts`: the full schema of each record, for container files and for readers in other
 * languages, and the schemas of older versions that are still read, by fingerprint.
 */
export function writeSchemas(declarations: readonly RecordDeclaration[], baselineFolder: string): string {
  const current = new Set(declarations.map(({ schema }) => fingerprintHex(fingerprintOf(canonicalForm(schema)))));
  const older = readBaseline(baselineFolder).filter(({ fingerprint }) => !current.has(fingerprint));
  return [
    HEADER,
    "import type { AvroRecord } from '../generating/avro-schema.ts';",
    "import type { RecordType } from './records.ts';",
    '',
    '/** Full schema of each record, envelope included. */',
    'export const recordSchemas: { readonly [T in RecordType]: AvroRecord } = {',
    ...declarations.map(({ type, schema }) => `  ${type}: ${JSON.stringify(schema)},`),
    '};',
    '',
    '/** Recorded schemas of older versions by the fingerprint that their bytes begin with. */',
    'export const olderSchemas: { readonly [fingerprint: string]: AvroRecord } = {',
    ...older.map(({ fingerprint, schema }) => `  '${fingerprint}': ${JSON.stringify(schema)},`),
    '};',
    '',
  ].join('\n');
}
