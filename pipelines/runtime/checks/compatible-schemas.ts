/** The check `schema-incompatible`: a changed record stays readable in both directions, or is a new version. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { checkCompatibility } from '../../../schemas/compatibility.ts';
import { readDeclarations } from '../../../schemas/generating/avro-schema.ts';
import { readBaseline } from '../../../schemas/generating/baseline.ts';
import type { Fault } from './fault.ts';

export const schemaIncompatible = {
  id: 'schema-incompatible',
  level: 'error',
  summary: 'a changed record does not read in both directions against the recorded baseline, and is no new version',
} as const;

/** Holds the records of `schemas/records/` below `folder` to the recorded baseline. */
export function findIncompatibleSchemas(folder: string): Fault[] {
  const records = join(folder, 'schemas', 'records');
  if (!existsSync(records)) return [];
  return checkCompatibility(readDeclarations(records), readBaseline(join(folder, 'schemas', 'baseline'))).map(
    ({ record, level, sentence }) => ({
      at: { file: join(records, `${record}.avsc`), line: 1, column: 1 },
      level: level === 'warn' ? 'warn' : schemaIncompatible.level,
      id: schemaIncompatible.id,
      says: sentence,
    }),
  );
}
