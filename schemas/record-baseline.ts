/**
 * Records today's schemas as what bytes may have been written with: `node schemas/record-baseline.ts`. Refuses a change
 * that needs a new version. `--replace RECORD…` (or `--replace all`) forgets what is recorded of the current version
 * first: only for a version that no data was ever written with.
 */
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { checkCompatibility } from './compatibility.ts';
import { readDeclarations } from './generating/avro-schema.ts';
import { addToBaseline, dropFromBaseline, readBaseline } from './generating/baseline.ts';

const records = join(import.meta.dirname, 'records');
const baseline = join(import.meta.dirname, 'baseline');
const { values, positionals } = parseArgs({ allowPositionals: true, options: { replace: { type: 'boolean' } } });
const declarations = readDeclarations(records);

if (values.replace) {
  for (const { type, version } of declarations) {
    if (positionals.includes(type) || positionals.includes('all')) dropFromBaseline(baseline, type, version);
  }
}

const findings = checkCompatibility(declarations, readBaseline(baseline));
for (const { level, sentence } of findings) {
  if (level !== 'unrecorded') console.error(`${level}  ${sentence}`);
}
if (findings.some(({ level }) => level === 'error')) {
  process.exitCode = 1;
} else {
  const unrecorded = new Set(findings.filter(({ level }) => level === 'unrecorded').map(({ record }) => record));
  for (const { type, schema } of declarations) {
    if (unrecorded.has(type)) console.log(`recorded schemas/baseline/${addToBaseline(baseline, type, schema)}`);
  }
  if (unrecorded.size === 0) console.log('every record is recorded already');
}
