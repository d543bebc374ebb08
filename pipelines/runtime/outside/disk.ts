/**
 * The disk as the log and the snapshots see it: the calls of POSIX that matter for durability, no more. Everything is synchronous,
 * because whoever writes the log owns a thread that may block, and because a pool of threads is shared with work that may fill it.
 *
 * What a call that returned promises: nothing is durable before `syncData` of the file; a file that was created or renamed may be gone
 * after a crash until `syncDirectory` of its folder. Every call may throw; after a failed write or sync nothing about the file is known,
 * so nobody tries again: the process ends (exit 74) and the next start looks at what is there.
 */

export interface DiskFile {
  readonly path: string;
  /** Bytes. */
  size(): number;
  /** Reads up to `length` bytes at `position` into `bytes` from `at`; returns how many there were, 0 at the end. */
  read(bytes: Uint8Array, at: number, length: number, position: number): number;
  /** Writes `length` bytes of `bytes` from `at` to `position`. Returns how many were taken: fewer than asked when the disk is full. */
  write(bytes: Uint8Array, at: number, length: number, position: number): number;
  /** fdatasync: returns when all that was written, and the size, is durable. */
  syncData(): void;
  truncate(length: number): void;
  close(): void;
}

/** `read`: must exist. `write`: must exist, read and written. `create`: must not exist, read and written. */
export type OpenMode = 'read' | 'write' | 'create';

export interface Disk {
  open(path: string, mode: OpenMode): DiskFile;
  exists(path: string): boolean;
  /** Names in a folder, sorted; an empty list where it does not exist. */
  readDirectory(path: string): string[];
  /** Creates a folder and what is missing above it; an existing one is no error. */
  makeDirectory(path: string): void;
  rename(from: string, to: string): void;
  unlink(path: string): void;
  syncDirectory(path: string): void;
}

/** The system's code of a failure (`ENOSPC`, `EIO`), or an empty string. */
export function failureCode(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}

/** Reads all of a file. */
export function readWhole(disk: Disk, path: string): Uint8Array {
  const file = disk.open(path, 'read');
  try {
    const bytes = new Uint8Array(file.size());
    let at = 0;
    while (at < bytes.length) {
      const count = file.read(bytes, at, bytes.length - at, at);
      if (count === 0) break;
      at += count;
    }
    return bytes.subarray(0, at);
  } finally {
    file.close();
  }
}
