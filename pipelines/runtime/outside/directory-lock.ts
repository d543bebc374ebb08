import { existsSync, mkdirSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { ExitError } from '../../../schemas/exit.ts';

/** Who holds a data directory, as its lock file tells it. */
export interface LockOwner {
  readonly processId: number;
  /** When that process began, in the system's own unit; null where it cannot be told. With the id it names one process for good. */
  readonly startedAt: string | null;
  /** Changes with every boot of the machine; null where it cannot be told. */
  readonly bootId: string | null;
  readonly host: string;
}

export interface DirectoryLock {
  /** The owner that ended without giving the lock back, if there was one. */
  readonly takenOver: LockOwner | undefined;
  release(): void;
}

const LOCK_NAME = 'lock';
const OWNER_NAME = 'lock.json';

/**
 * Makes this process the one that owns a data directory, or throws `ExitError` 78 with the owner's name.
 *
 * What decides is a lock of the operating system, which ends with the process that holds it, however that ends, and outlives a stopped
 * one. Node has no call for such a lock; its SQLite takes one on an empty database. Beside it lies `lock.json` with process id, start time
 * and boot id: it names the owner, and it is a second belt where a file system does not keep locks: an owner that is
 * still alive by it refuses too.
 */
export function lockDirectory(directory: string): DirectoryLock {
  mkdirSync(directory, { recursive: true, mode: 0o700 });
  const ownerPath = join(directory, OWNER_NAME);
  const held = holdLock(join(directory, LOCK_NAME));
  const owner = readOwner(ownerPath);
  if (!held || (owner && isAlive(owner))) {
    held?.close();
    const name = owner ? `process ${owner.processId} on ${owner.host}` : 'another process';
    throw new ExitError(78, `the data directory ${directory} is in use by ${name}; one process owns a data directory`);
  }
  const partial = `${ownerPath}.partial`;
  writeFileSync(partial, `${JSON.stringify(thisProcess())}\n`);
  renameSync(partial, ownerPath);
  let released = false;
  return {
    takenOver: owner,
    release: () => {
      if (released) return;
      released = true;
      unlinkSync(ownerPath);
      held.close();
    },
  };
}

/** The owner named in a data directory, if one is; it need not be alive. */
export function lockOwner(directory: string): LockOwner | undefined {
  return readOwner(join(directory, OWNER_NAME));
}

function holdLock(path: string): DatabaseSync | undefined {
  const database = new DatabaseSync(path, { timeout: 0 });
  try {
    database.exec('PRAGMA journal_mode = OFF');
    database.exec('PRAGMA locking_mode = EXCLUSIVE');
    database.exec('BEGIN EXCLUSIVE');
    return database;
  } catch (error) {
    database.close();
    // SQLITE_BUSY: somebody holds it.
    if ((error as { readonly errcode?: number }).errcode === 5) return undefined;
    throw new ExitError(78, `no lock can be taken on ${path}: ${(error as Error).message}`, { cause: error });
  }
}

function readOwner(path: string): LockOwner | undefined {
  if (!existsSync(path)) return undefined;
  try {
    const owner = JSON.parse(readFileSync(path, 'utf8')) as LockOwner;
    return Number.isInteger(owner.processId) ? owner : undefined;
  } catch {
    // Half written by an owner that was killed: the operating system's lock has decided already.
    return undefined;
  }
}

function thisProcess(): LockOwner {
  return { processId: process.pid, startedAt: startOf(process.pid), bootId: bootId(), host: hostname() };
}

/** Only what can be told for sure counts as alive: this boot, this machine, an id in use, by a process that began when the owner did. */
function isAlive(owner: LockOwner): boolean {
  if (owner.host !== hostname() || owner.bootId !== bootId() || owner.processId === process.pid) return false;
  const startedAt = startOf(owner.processId);
  return startedAt !== null && startedAt === owner.startedAt;
}

/** Field 22 of /proc/<id>/stat, counted behind the name, which may hold anything. Null: no such process, or no such system. */
function startOf(processId: number): string | null {
  try {
    const stat = readFileSync(`/proc/${processId}/stat`, 'utf8');
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? null;
  } catch {
    return null;
  }
}

function bootId(): string | null {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return null;
  }
}
