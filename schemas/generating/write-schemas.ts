import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalForm, fingerprintHex, fingerprintOf } from '../fingerprint.ts';
import type { AvroRecord, RecordDeclaration } from './avro-schema.ts';
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

export interface BaselineSchema {
  readonly type: string;
  readonly version: number;
  readonly fingerprint: string;
  readonly schema: AvroRecord;
}

/** Recorded schemas: `<folder>/<record>/<version>.avsc`, sorted by record and version. */
export function readBaseline(folder: string): BaselineSchema[] {
  if (!existsSync(folder)) return [];
  const found: BaselineSchema[] = [];
  for (const type of readdirSync(folder).sort()) {
    const versions = readdirSync(join(folder, type)).map((file) => Number.parseInt(file, 10));
    for (const version of versions.sort((left, right) => left - right)) {
      const schema = JSON.parse(readFileSync(join(folder, type, `${version}.avsc`), 'utf8')) as AvroRecord;
      found.push({ type, version, fingerprint: fingerprintHex(fingerprintOf(canonicalForm(schema))), schema });
    }
  }
  return found;
}
