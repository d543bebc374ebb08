/** The name of a data directory's log, by which a client knows whether a sequence it remembers still means anything. */
import { randomBytes } from 'node:crypto';
import { existsSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const ID = /^[0-9a-f]{16}$/;

/** Drawn at the first call for a data directory, and kept there; a new generation of the log is another epoch. */
export function epochOf(dataDir: string, generation: number): string {
  const path = join(dataDir, 'epoch');
  const kept = existsSync(path) ? readFileSync(path, 'utf8').trim() : '';
  if (ID.test(kept)) return `${kept}-${generation}`;
  const id = randomBytes(8).toString('hex');
  writeFileSync(`${path}.aside`, `${id}\n`);
  renameSync(`${path}.aside`, path);
  return `${id}-${generation}`;
}
