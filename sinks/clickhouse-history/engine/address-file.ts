/**
 * Where the embedded engine answers, for whoever may read the data directory: `clickhouse/address.json`, mode 0600. It
 * outlives the engine, so that passwords stay and a second start can tell whether the first one's engine still runs.
 */
import { closeSync, fsyncSync, mkdirSync, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { z } from 'zod';

export interface EngineAddress {
  readonly url: string;
  readonly database: string;
  /** May do everything. */
  readonly owner: { readonly name: string; readonly password: string };
  /** May read. */
  readonly analyst: { readonly name: string; readonly password: string };
  readonly processId: number;
}

const user = z.strictObject({ name: z.string().min(1), password: z.string().min(16) });

const shape = z.strictObject({
  url: z.string().regex(/^http:\/\/127\.0\.0\.1:\d{1,5}$/),
  database: z.string().min(1),
  owner: user,
  analyst: user,
  processId: z.int().positive(),
});

export function addressFilePath(dataDir: string): string {
  return join(dataDir, 'clickhouse', 'address.json');
}

/** Undefined where there is none. Throws where there is one that cannot be read. */
export function readAddressFile(dataDir: string): EngineAddress | undefined {
  const path = addressFilePath(dataDir);
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return undefined;
    throw error;
  }
  try {
    return shape.parse(JSON.parse(text));
  } catch (error) {
    throw new Error(`${path} is no address file of the history engine: remove it, it is written anew at every start`, {
      cause: error,
    });
  }
}

export function writeAddressFile(dataDir: string, address: EngineAddress): void {
  const path = addressFilePath(dataDir);
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const aside = `${path}.${process.pid}`;
  const file = openSync(aside, 'w', 0o600);
  try {
    const bytes = Buffer.from(`${JSON.stringify(address, null, 2)}\n`);
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(aside, path);
}
