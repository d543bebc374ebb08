/** Writes snapshots in a thread of its own, one after the other. Started by snapshot-writer.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { asFailure } from '../log/write-fully.ts';
import { nodeDisk } from '../outside/node-disk.ts';
import type { Snapshot } from './snapshot-file.ts';
import { SnapshotStore } from './snapshot-store.ts';

export interface SnapshotWorkerData {
  readonly directory: string;
  readonly keep: number;
}

export interface SnapshotAnswer {
  readonly name?: string;
  readonly failure?: { readonly code: number; readonly message: string };
}

const data = workerData as SnapshotWorkerData;
const store = new SnapshotStore(nodeDisk(), data.directory, data.keep);

parentPort!.on('message', (snapshot: Snapshot) => {
  let answer: SnapshotAnswer;
  try {
    answer = { name: store.write(snapshot) };
  } catch (error) {
    const { code, message } = asFailure('the writer of snapshots', error);
    answer = { failure: { code, message } };
  }
  parentPort!.postMessage(answer);
});
