import {
  closeSync,
  existsSync,
  fdatasyncSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readdirSync,
  readSync,
  renameSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import type { Disk, DiskFile, OpenMode } from './disk.ts';

const flags: { readonly [Mode in OpenMode]: string } = { read: 'r', write: 'r+', create: 'wx+' };

/** The real disk. Thin: each call is one system call. New files are readable by their owner and group only. */
export function nodeDisk(): Disk {
  return {
    open: (path, mode) => new NodeFile(path, openSync(path, flags[mode], 0o640)),
    exists: (path) => existsSync(path),
    readDirectory: (path) => (existsSync(path) ? readdirSync(path).sort() : []),
    makeDirectory: (path) => {
      mkdirSync(path, { recursive: true, mode: 0o750 });
    },
    rename: (from, to) => renameSync(from, to),
    unlink: (path) => unlinkSync(path),
    syncDirectory: (path) => {
      // Windows cannot open a folder; there the file system orders its own entries.
      if (process.platform === 'win32') return;
      const descriptor = openSync(path, 'r');
      try {
        fsyncSync(descriptor);
      } finally {
        closeSync(descriptor);
      }
    },
  };
}

class NodeFile implements DiskFile {
  readonly path: string;
  readonly #descriptor: number;

  constructor(path: string, descriptor: number) {
    this.path = path;
    this.#descriptor = descriptor;
  }

  size(): number {
    return fstatSync(this.#descriptor).size;
  }

  read(bytes: Uint8Array, at: number, length: number, position: number): number {
    return readSync(this.#descriptor, bytes, at, length, position);
  }

  write(bytes: Uint8Array, at: number, length: number, position: number): number {
    return writeSync(this.#descriptor, bytes, at, length, position);
  }

  syncData(): void {
    fdatasyncSync(this.#descriptor);
  }

  truncate(length: number): void {
    ftruncateSync(this.#descriptor, length);
  }

  close(): void {
    closeSync(this.#descriptor);
  }
}
