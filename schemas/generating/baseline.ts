import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalForm, fingerprintHex, fingerprintOf } from '../fingerprint.ts';
import type { AvroRecord } from './avro-schema.ts';

/** A schema that bytes may have been written with. */
export interface BaselineSchema {
  readonly type: string;
  readonly version: number;
  /** 0 for the first schema of a version, then one more for each change that stayed readable both ways. */
  readonly revision: number;
  readonly fingerprint: string;
  readonly schema: AvroRecord;
}

/** Recorded schemas: `<folder>/<record>/<version>.<revision>.avsc`, by record, version and revision. */
export function readBaseline(folder: string): BaselineSchema[] {
  if (!existsSync(folder)) return [];
  const found: BaselineSchema[] = [];
  for (const type of readdirSync(folder).sort()) {
    for (const file of readdirSync(join(folder, type))) {
      const name = /^(\d+)\.(\d+)\.avsc$/.exec(file);
      if (name === null) throw new Error(`schemas/baseline/${type}/${file} is not named <version>.<revision>.avsc`);
      const schema = JSON.parse(readFileSync(join(folder, type, file), 'utf8')) as AvroRecord;
      const fingerprint = fingerprintHex(fingerprintOf(canonicalForm(schema)));
      found.push({ type, version: Number(name[1]), revision: Number(name[2]), fingerprint, schema });
    }
  }
  return found.sort(
    (left, right) =>
      (left.type < right.type ? -1 : left.type > right.type ? 1 : 0) ||
      left.version - right.version ||
      left.revision - right.revision,
  );
}

/** Adds a schema to the baseline; returns the file's name. */
export function addToBaseline(folder: string, type: string, schema: AvroRecord): string {
  const version = schema.version!;
  const revisions = readBaseline(folder).filter((recorded) => recorded.type === type && recorded.version === version);
  const file = join(type, `${version}.${revisions.length}.avsc`);
  mkdirSync(join(folder, type), { recursive: true });
  writeFileSync(join(folder, file), `${JSON.stringify(schema, null, 2)}\n`);
  return file;
}

/** Forgets what is recorded of a record's version: only for one that no data was ever written with. */
export function dropFromBaseline(folder: string, type: string, version: number): void {
  for (const recorded of readBaseline(folder)) {
    if (recorded.type !== type || recorded.version !== version) continue;
    rmSync(join(folder, type, `${version}.${recorded.revision}.avsc`));
  }
}
