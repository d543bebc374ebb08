/** The thread that keeps one segment in reserve and removes old ones, so that the journal waits for neither. Started by worker-log.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { nodeDisk } from '../outside/node-disk.ts';
import { type RingMemory, ringStates, ringWords, storeFailure } from './ring.ts';
import { prepareSpare, retireSegments, spareStates } from './segment-keeper.ts';
import { asFailure } from './write-fully.ts';

export interface KeeperWorkerData {
  readonly ring: RingMemory;
  readonly directory: string;
  readonly segmentBytes: number;
}

const RETRY_MS = 1000;
/** Between the steps of preparing a segment: the journal's commits come first. */
const PAUSE_MS = 2;
const data = workerData as KeeperWorkerData;
const control = new Int32Array(data.ring.control);
const disk = nodeDisk();

try {
  work();
} catch (error) {
  storeFailure(data.ring, asFailure('the keeper of segments', error));
  wakeMain();
}

function work(): void {
  let retired = 0;
  for (;;) {
    const wake = Atomics.load(control, ringWords.keeperWake);
    const state = Atomics.load(control, ringWords.state);
    if (state === ringStates.failed || state === ringStates.closed) return;
    const before = retireBefore();
    if (before > retired) {
      retireSegments(disk, data.directory, before);
      retired = before;
    }
    const spare = Atomics.load(control, ringWords.spare);
    if (spare === spareStates.wanted || spare === spareStates.noSpace) {
      const ready = prepareSpare(disk, data.directory, data.segmentBytes, pause);
      const now = ready ? spareStates.ready : spareStates.noSpace;
      Atomics.store(control, ringWords.spare, now);
      Atomics.notify(control, ringWords.spare);
      if (now !== spareStates.ready || spare === spareStates.noSpace) wakeMain();
      if (ready) continue;
    }
    const short = Atomics.load(control, ringWords.spare) === spareStates.noSpace;
    Atomics.wait(control, ringWords.keeperWake, wake, short ? RETRY_MS : Number.POSITIVE_INFINITY);
  }
}

function pause(): void {
  if (Atomics.load(control, ringWords.spareUrgent) === 0) Atomics.wait(control, ringWords.sleep, 0, PAUSE_MS);
}

function retireBefore(): number {
  const high = Atomics.load(control, ringWords.retireHigh) >>> 0;
  return high * 0x1_0000_0000 + (Atomics.load(control, ringWords.retireLow) >>> 0);
}

function wakeMain(): void {
  if (Atomics.exchange(control, ringWords.wakePending, 1) === 0) parentPort!.postMessage(null);
}
