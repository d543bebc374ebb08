import { ExitError } from '../../../schemas/exit.ts';
import { type DiskFile, failureCode } from '../outside/disk.ts';

/**
 * Writes all of `bytes[at, at + length)` or ends in an `ExitError` 74. A short count is a failure too: it is how a full disk shows itself
 * first, and after it nobody can say what the file holds.
 */
export function writeFully(file: DiskFile, bytes: Uint8Array, at: number, length: number, position: number): void {
  if (length === 0) return;
  let count: number;
  try {
    count = file.write(bytes, at, length, position);
  } catch (error) {
    throw writeFailed(`writing ${length} bytes at ${position} of ${file.path}`, error);
  }
  if (count !== length) {
    throw new ExitError(
      74,
      `short write: ${count} of ${length} bytes at ${position} of ${file.path}; is the disk full?`,
    );
  }
}

/** fdatasync, or an `ExitError` 74. It must not be tried again: a second call reports success though pages are gone. */
export function syncFully(file: DiskFile): void {
  try {
    file.syncData();
  } catch (error) {
    throw writeFailed(`syncing ${file.path}`, error);
  }
}

/** Runs a change of the folder, or ends in an `ExitError` 74. */
export function changeFully(what: string, change: () => void): void {
  try {
    change();
  } catch (error) {
    if (error instanceof ExitError) throw error;
    throw writeFailed(what, error);
  }
}

function writeFailed(what: string, error: unknown): ExitError {
  const code = failureCode(error);
  const reason = error instanceof Error ? error.message : String(error);
  return new ExitError(74, `${what} failed${code ? ` (${code})` : ''}: ${reason}`, { cause: error });
}

/** What a thread that writes has thrown, as an error with an exit code: an unknown one is a bug of ours (70). */
export function asFailure(who: string, error: unknown): ExitError {
  if (error instanceof ExitError) return error;
  const reason = error instanceof Error ? error.message : String(error);
  return new ExitError(70, `${who} failed: ${reason}`, { cause: error });
}
