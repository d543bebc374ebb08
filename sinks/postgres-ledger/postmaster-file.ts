import { readdirSync, readFileSync, readlinkSync, realpathSync } from 'node:fs';
import { join } from 'node:path';

/** What a PostgreSQL server writes about itself into its data folder. */
export interface PostmasterFile {
  readonly pid: number;
  /** 0: not known yet. */
  readonly port: number;
  /** The server accepts connections. */
  readonly ready: boolean;
}

/**
 * Read `postmaster.pid` of a data folder. Undefined: there is none, or it is only half written.
 * Lines by PostgreSQL's miscadmin.h: pid, folder, start time, port, socket folder, address, shared memory, status.
 */
export function readPostmasterFile(folder: string): PostmasterFile | undefined {
  let lines: string[];
  try {
    lines = readFileSync(join(folder, 'postmaster.pid'), 'utf8').split('\n');
  } catch {
    return undefined;
  }
  const pid = Number(lines[0]);
  if (!Number.isInteger(pid) || pid <= 1) return undefined;
  const port = Number(lines[3]);
  return { pid, port: Number.isInteger(port) ? port : 0, ready: lines[7]?.trim() === 'ready' };
}

/**
 * Whether the process is alive and is a server on this folder. A process id may have been given to a stranger since:
 * one that we may not signal is no server of ours, and where the system tells a process's folder (/proc), that decides,
 * as every server process stays in its data folder.
 */
export function isServerOf(pid: number, folder: string): boolean {
  if (!isAlive(pid) || !maySignal(pid)) return false;
  const at = folderOf(pid);
  return at === undefined || at === realpathSync(folder);
}

/** Server processes that still work in this folder, postmaster or not. Empty where the system does not tell. */
export function serverProcessesIn(folder: string): number[] {
  let names: string[];
  try {
    names = readdirSync('/proc');
  } catch {
    return [];
  }
  const real = realpathSync(folder);
  return names.map(Number).filter((pid) => Number.isInteger(pid) && pid > 1 && folderOf(pid) === real);
}

/** The process exists and has not ended: one that waits for its parent to notice has. */
export function isAlive(pid: number): boolean {
  if (!existsPid(pid)) return false;
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    return !stat.slice(stat.lastIndexOf(')') + 2).startsWith('Z');
  } catch {
    return true;
  }
}

/** The number is taken, be it by a process that has ended and was not buried. */
export function existsPid(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

function maySignal(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

function folderOf(pid: number): string | undefined {
  try {
    return readlinkSync(`/proc/${pid}/cwd`);
  } catch {
    return undefined;
  }
}
