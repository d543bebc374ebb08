import { readdirSync, statSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { RecordingError, readRecordingLines } from '../../sources/recordings/recording-file.ts';

export interface LobsterParts {
  /** The message file that is played. */
  readonly messages: string;
  readonly seeds?: string;
  readonly books?: string;
  /** The message file whose rows the books follow, where it is not the one played. */
  readonly bookMessages?: string;
}

/**
 * Tells LOBSTER files apart by name: opening orders have `seed` in it, books `orderbook`, messages neither. Of several
 * message files the longest is played; one with as many rows as the books names the message each book follows. A folder
 * stands for its files. What is missing is looked for beside the message file.
 */
export function lobsterFiles(given: readonly string[]): LobsterParts {
  const files = given.flatMap((path) => (statSync(path).isDirectory() ? filesOf(path) : [path]));
  const messageFiles = files.filter(isMessages);
  const [messages] = [...messageFiles].sort((left, right) => rowsOf(right) - rowsOf(left));
  if (messages === undefined)
    throw new RecordingError(`no message file among ${files.map((path) => basename(path)).join(', ')}`);
  const beside = filesOf(dirname(messages));
  const seeds = [...files, ...beside].find(isSeeds);
  const books = [...files, ...beside].find(isBooks);
  if (books === undefined) return { messages, ...(seeds === undefined ? {} : { seeds }) };
  const rows = rowsOf(books);
  const bookMessages =
    rowsOf(messages) === rows
      ? undefined
      : [...messageFiles, ...beside.filter(isMessages)].find((path) => rowsOf(path) === rows);
  const aligned = bookMessages !== undefined || rowsOf(messages) === rows;
  return {
    messages,
    ...(seeds === undefined ? {} : { seeds }),
    ...(aligned ? { books } : {}),
    ...(bookMessages === undefined ? {} : { bookMessages }),
  };
}

function filesOf(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => /\.csv(\.gz|\.br)?$/.test(name))
    .sort()
    .map((name) => join(folder, name));
}

function isSeeds(path: string): boolean {
  return /seed/i.test(basename(path));
}

function isBooks(path: string): boolean {
  return /orderbook/i.test(basename(path));
}

function isMessages(path: string): boolean {
  return !isSeeds(path) && !isBooks(path);
}

function rowsOf(path: string): number {
  return readRecordingLines(path).length;
}
