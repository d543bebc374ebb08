/**
 * Objects as files below a folder. Created under another name, synced, then linked to their own: a link never replaces, so
 * of two creators one is told that the object exists. The folder is synced before an object counts as there.
 */
import { randomBytes } from 'node:crypto';
import {
  closeSync,
  fsyncSync,
  linkSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { ExitError } from '../../schemas/exit.ts';
import { type ObjectStore, StoreUnavailable } from './object-store.ts';

/** Files that a crash left half made. */
const ASIDE = '.aside';
const ABANDONED_MS = 3_600_000;
/** The disk has no room now and may have it again; after any other failed write nothing is known of what was written. */
const passing: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EMFILE', 'ENFILE']);

/** Errors of the disk are told by the code of {@link ExitError} 74, a full one by {@link StoreUnavailable}. */
export function openFolderStore(folder: string): ObjectStore {
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  mkdirSync(join(folder, ASIDE), { recursive: true, mode: 0o700 });
  removeAbandoned(join(folder, ASIDE));
  return {
    name: folder,
    create: async (key, bytes) => guarded(folder, () => create(folder, key, bytes)),
    read: async (key) => guarded(folder, () => readIfThere(join(folder, key))),
    list: async (prefix) => guarded(folder, () => list(folder, prefix)),
  };
}

/** Others may be creating objects in the same folder now: only what is far older than a creation takes was left by a crash. */
function removeAbandoned(aside: string): void {
  for (const name of readdirSync(aside)) {
    const modifiedMs = statSync(join(aside, name), { throwIfNoEntry: false })?.mtimeMs;
    if (modifiedMs !== undefined && Date.now() - modifiedMs > ABANDONED_MS) rmSync(join(aside, name), { force: true });
  }
}

function create(folder: string, key: string, bytes: Uint8Array): 'created' | 'exists' {
  const path = join(folder, key);
  const made = makeDirectory(folder, dirname(path));
  const aside = join(folder, ASIDE, randomBytes(12).toString('hex'));
  const file = openSync(aside, 'wx', 0o600);
  try {
    for (let at = 0; at < bytes.length; ) at += writeSync(file, bytes, at);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  try {
    linkSync(aside, path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    return 'exists';
  } finally {
    unlinkSync(aside);
  }
  for (const directory of made) syncDirectory(directory);
  syncDirectory(dirname(path));
  return 'created';
}

/** Makes a folder and those above it; answers the folders that got a new entry, which must be synced too. */
function makeDirectory(folder: string, directory: string): string[] {
  const first = mkdirSync(directory, { recursive: true, mode: 0o700 });
  if (first === undefined) return [];
  const changed: string[] = [];
  for (let at = directory; ; at = dirname(at)) {
    changed.push(dirname(at));
    if (at === first || at === folder) return changed;
  }
}

function syncDirectory(directory: string): void {
  const handle = openSync(directory, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

function readIfThere(path: string): Uint8Array | undefined {
  try {
    return readFileSync(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'EISDIR'].includes((error as NodeJS.ErrnoException).code ?? '')) return undefined;
    throw error;
  }
}

function list(folder: string, prefix: string): string[] {
  const keys: string[] = [];
  // Only the folder that the prefix names is read, not the whole archive.
  const top = join(folder, prefix.slice(0, prefix.lastIndexOf('/') + 1));
  let entries: ReturnType<typeof readEntries>;
  try {
    entries = readEntries(top);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
  for (const entry of entries) {
    if (!entry.isFile()) continue;
    const key = relative(folder, join(entry.parentPath, entry.name)).split(sep).join('/');
    if (key.startsWith(prefix) && !key.startsWith(`${ASIDE}/`)) keys.push(key);
  }
  return keys.sort();
}

function readEntries(top: string) {
  return readdirSync(top, { recursive: true, withFileTypes: true });
}

function guarded<T>(folder: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    const message = `archive folder ${folder}: ${(error as Error).message}`;
    if (passing.has(code)) throw new StoreUnavailable(message, { cause: error });
    throw new ExitError(74, message, { cause: error });
  }
}
