import { Worker } from 'node:worker_threads';
import { type ExitCode, ExitError } from '../../../schemas/exit.ts';
import type { Snapshot } from './snapshot-file.ts';
import type { SnapshotAnswer, SnapshotWorkerData } from './snapshot-worker.ts';

export interface SnapshotWriter {
  /**
   * Writes a snapshot whose commit is durable; resolves with the file's name when the file is. The states' memory goes to the thread that
   * writes and is empty here afterwards. One at a time: a second call while one runs is refused with false, and the maker takes a later one.
   */
  write(snapshot: Snapshot): Promise<string> | false;
  /** Resolves when what was begun is written. */
  close(): Promise<void>;
}

/** Snapshots written by a thread of their own, so that the maker only pays for encoding its states. Failures reject with `ExitError`. */
export function openSnapshotWriter(data: SnapshotWorkerData): SnapshotWriter {
  const worker = new Worker(new URL('./snapshot-worker.ts', import.meta.url), { workerData: data, name: 'snapshots' });
  let pending: { readonly resolve: (name: string) => void; readonly reject: (error: Error) => void } | undefined;
  let running: Promise<unknown> = Promise.resolve();
  const fail = (error: ExitError): void => {
    pending?.reject(error);
    pending = undefined;
  };
  worker.on('message', ({ name, failure }: SnapshotAnswer) => {
    if (failure) fail(new ExitError(failure.code as ExitCode, failure.message));
    else pending?.resolve(name!);
    pending = undefined;
  });
  worker.on('error', (error) =>
    fail(new ExitError(70, `the snapshot thread failed: ${error.message}`, { cause: error })),
  );
  worker.on('exit', () => fail(new ExitError(70, 'the snapshot thread ended')));
  return {
    write(snapshot) {
      if (pending) return false;
      const written = new Promise<string>((resolve, reject) => {
        pending = { resolve, reject };
      });
      running = written.catch(() => {});
      const memory = new Set<ArrayBuffer>();
      for (const { state } of snapshot.stages) {
        // A state in the pool that small buffers share cannot be given away; it is copied.
        if (state.buffer instanceof ArrayBuffer && state.byteLength === state.buffer.byteLength)
          memory.add(state.buffer);
      }
      worker.postMessage(snapshot, [...memory]);
      return written;
    },
    async close() {
      await running;
      await worker.terminate();
    },
  };
}
