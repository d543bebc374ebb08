/** Writes `schemas/generated/` from `schemas/records/*.avsc`: `node schemas/generate.ts`. */
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readDeclarations } from './generating/avro-schema.ts';
import { writeCodec } from './generating/write-codec.ts';
import { writeRecords } from './generating/write-records.ts';
import { writeSchemas } from './generating/write-schemas.ts';

/** Text of each generated file by its name. */
export function generate(schemasFolder: string): Map<string, string> {
  const declarations = readDeclarations(join(schemasFolder, 'records'));
  return new Map([
    ['records.ts', writeRecords(declarations)],
    ['codec.ts', writeCodec(declarations)],
    ['schemas.ts', writeSchemas(declarations, join(schemasFolder, 'baseline'))],
  ]);
}

if (import.meta.main) {
  const folder = import.meta.dirname;
  mkdirSync(join(folder, 'generated'), { recursive: true });
  for (const [name, text] of generate(folder)) {
    const file = join(folder, 'generated', name);
    const before = readIfThere(file);
    if (before !== text) writeFileSync(file, text);
    console.log(`${before === text ? 'same   ' : 'written'} schemas/generated/${name}`);
  }
}

function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}
