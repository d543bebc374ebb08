/** The journal's thread: blocks on shared memory while idle, on the disk while not, and owns nothing else. Started by worker-log.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { ExitError } from '../../../schemas/exit.ts';
import { nodeDisk } from '../outside/node-disk.ts';
import { DurableEnd } from './durable-end.ts';
import { Journal } from './journal.ts';
import type { LogEnd } from './log-end.ts';
import { loadFailure, type RingMemory, ringStates, ringWords, storeFailure } from './ring.ts';
import { spareStates } from './segment-keeper.ts';
import { asFailure } from './write-fully.ts';

export interface JournalWorkerData {
  readonly ring: RingMemory;
  readonly durableEnd: SharedArrayBuffer;
  readonly end: LogEnd;
  readonly directory: string;
  readonly fingerprints: readonly Uint8Array[];
  readonly segmentBytes: number;
  readonly syncIntervalMs: number;
  readonly stallDeadlineMs: number;
}

const data = workerData as JournalWorkerData;
const control = new Int32Array(data.ring.control);
const durableEnd = new DurableEnd(data.durableEnd);
const journal = new Journal(nodeDisk(), data.ring, data.end, {
  directory: data.directory,
  segmentBytes: data.segmentBytes,
  fingerprints: data.fingerprints,
  takeSpare,
  spareTaken: wantSpare,
});

try {
  journal.start();
  announce();
  work();
} catch (error) {
  storeFailure(data.ring, asFailure('the journal', error));
  wakeMain();
}

function work(): void {
  let sealed = 0;
  let syncBeganMs = 0;
  for (;;) {
    const wake = Atomics.load(control, ringWords.journalWake);
    const state = Atomics.load(control, ringWords.state);
    if (state === ringStates.failed) return;
    // The head first: then no command can end between the two loads unseen, in front of a head that lies in the next command.
    const head = Atomics.load(control, ringWords.head);
    if (Atomics.load(control, ringWords.commandEnd) !== sealed) {
      sleepUntil(syncBeganMs + data.syncIntervalMs);
      const end = Atomics.load(control, ringWords.commandEnd);
      write(end);
      syncBeganMs = performance.now();
      journal.sealCommit();
      sealed = end;
      announce();
      wakeMain();
    } else if (((head - journal.position) | 0) > 0) {
      write(head);
    } else if (state === ringStates.closing) {
      journal.sealCommit();
      journal.close();
      announce();
      durableEnd.close();
      Atomics.store(control, ringWords.state, ringStates.closed);
      wakeKeeper();
      wakeMain();
      return;
    } else {
      Atomics.store(control, ringWords.journalWaits, 1);
      Atomics.wait(control, ringWords.journalWake, wake);
      Atomics.store(control, ringWords.journalWaits, 0);
    }
  }
}

function write(to: number): void {
  journal.write(to);
  Atomics.store(control, ringWords.tail, to);
  Atomics.notify(control, ringWords.tail);
}

function announce(): void {
  durableEnd.store(journal.durable, journal.hash, journal.position);
}

/** One message is enough for any number of commits: the main thread reads how far it got from shared memory. */
function wakeMain(): void {
  if (Atomics.exchange(control, ringWords.wakePending, 1) === 0) parentPort!.postMessage(null);
}

function wakeKeeper(): void {
  Atomics.add(control, ringWords.keeperWake, 1);
  Atomics.notify(control, ringWords.keeperWake);
}

function sleepUntil(timeMs: number): void {
  const leftMs = timeMs - performance.now();
  if (leftMs > 0) Atomics.wait(control, ringWords.sleep, 0, leftMs);
}

function wantSpare(): void {
  Atomics.store(control, ringWords.spare, spareStates.wanted);
  wakeKeeper();
}

function takeSpare(): void {
  Atomics.store(control, ringWords.spareUrgent, 1);
  awaitSpare();
  Atomics.store(control, ringWords.spareUrgent, 0);
}

function awaitSpare(): void {
  let waitedMs = 0;
  for (;;) {
    const state = Atomics.load(control, ringWords.spare);
    if (state === spareStates.ready) return;
    const failure = loadFailure(data.ring);
    if (failure) throw failure;
    if (state === spareStates.noSpace) {
      throw new ExitError(74, `no room for another segment in ${data.directory}: the reserve is used up`);
    }
    if (state === spareStates.none) wantSpare();
    if (waitedMs >= data.stallDeadlineMs)
      throw new ExitError(74, `no new segment for ${waitedMs} ms in ${data.directory}`);
    Atomics.wait(control, ringWords.spare, state, 1000);
    waitedMs += 1000;
  }
}
