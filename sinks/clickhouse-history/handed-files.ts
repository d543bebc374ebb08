/**
 * Data of inserts on its way into the embedded engine, which lives on this machine: a file in a folder that both know, in
 * place of a socket that both would copy it through. Written once, read once, gone: mostly it never reaches the disk.
 * Nothing rests on it but the insert: after a crash the folder is emptied, and the rows come from the log again.
 */
import { closeSync, mkdirSync, openSync, rmSync, writevSync } from 'node:fs';
import { join } from 'node:path';

export interface HandedFile {
  /** Name in the folder. */
  readonly file: string;
  /** Bytes of it. */
  readonly length: number;
}

export interface HandedFiles {
  /** Undefined: it cannot be written now, and has to be sent. */
  put(name: string, pieces: readonly Uint8Array[]): HandedFile | undefined;
  drop(contents: readonly (Uint8Array | HandedFile)[]): void;
}

/** One call takes no more than this many pieces. */
const PIECES_AT_ONCE = 512;

/** Empties the folder; the engine of this data directory looks there. */
export function openHandedFiles(dataDir: string): HandedFiles {
  const folder = join(dataDir, 'clickhouse', 'handed');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true, mode: 0o700 });
  let last = 0;
  return {
    put(name, pieces) {
      const file = `${name}-${++last}.native`;
      try {
        return { file, length: write(join(folder, file), pieces) };
      } catch {
        // A full disk above all; whoever sends it finds out what else is wrong.
        rmSync(join(folder, file), { force: true });
        return undefined;
      }
    },
    drop(contents) {
      for (const content of contents) {
        if (!(content instanceof Uint8Array)) rmSync(join(folder, content.file), { force: true });
      }
    },
  };
}

function write(path: string, pieces: readonly Uint8Array[]): number {
  const handle = openSync(path, 'wx', 0o600);
  let length = 0;
  try {
    for (let first = 0; first < pieces.length; first += PIECES_AT_ONCE) {
      const some = pieces.slice(first, first + PIECES_AT_ONCE).filter((piece) => piece.length > 0);
      const wanted = some.reduce((sum, piece) => sum + piece.length, 0);
      let written = writevSync(handle, some);
      for (const piece of some) {
        // A short write: what is left goes piece by piece.
        if (written >= piece.length) written -= piece.length;
        else {
          for (let at = written; at < piece.length; ) at += writevSync(handle, [piece.subarray(at)]);
          written = 0;
        }
      }
      length += wanted;
    }
  } finally {
    closeSync(handle);
  }
  return length;
}
