import { assert } from '../../../schemas/assert.ts';
import { type ExitCode, ExitError } from '../../../schemas/exit.ts';

/**
 * Memory between the thread that makes records and the one that writes them. Positions count units of 8 bytes and wrap around at 2^32;
 * the bytes of a position are its remainder by the lap, which is a power of two. A frame never straddles the lap's end: a zero where a
 * frame would begin sends the reader to the next lap.
 */
export interface RingMemory {
  readonly bytes: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  /** Why the journal failed: exit code u32, bytes of text u32, UTF-8. */
  readonly failure: SharedArrayBuffer;
}

export const UNIT_BYTES = 8;

/** Words of the control memory. */
export const ringWords = {
  /** Up to here the frames may be written. */
  head: 0,
  /** Up to here, and no further, a commit may close: the end of a command. */
  commandEnd: 1,
  /** Up to here the frames have been written to the file, so that their memory is free. */
  tail: 2,
  /** 0 running, 1 asked to close, 2 closed, 3 failed. */
  state: 3,
  /** 1 while a wake-up is under way to the main thread. */
  wakePending: 4,
  /** 1 while the journal waits for work. */
  journalWaits: 5,
  /** Work for the journal: changes with every publication. */
  journalWake: 6,
  /** State of the spare segment, see segment-keeper.ts. */
  spare: 7,
  /** Work for the segment keeper. */
  keeperWake: 8,
  /** Segments that end before this commit may go: low and high half. */
  retireLow: 9,
  retireHigh: 10,
  /** 1 while the journal waits for the spare segment. */
  spareUrgent: 12,
  /** Nobody changes it: waiting on it is sleeping. */
  sleep: 11,
  count: 16,
} as const;

export const ringStates = { running: 0, closing: 1, closed: 2, failed: 3 } as const;

export function makeRing(lapBytes: number): RingMemory {
  assert(Number.isInteger(Math.log2(lapBytes)), `ring of ${lapBytes} bytes: a power of two is needed`);
  assert(lapBytes >= 1024 && lapBytes <= 2 ** 30, `ring of ${lapBytes} bytes: 1 KiB to 1 GiB are allowed`);
  return {
    bytes: new SharedArrayBuffer(lapBytes),
    control: new SharedArrayBuffer(ringWords.count * 4),
    failure: new SharedArrayBuffer(4096),
  };
}

/** The thread that failed says why, then sets its state and wakes whoever waits for it. Only the first failure counts. */
export function storeFailure(ring: RingMemory, failure: ExitError): void {
  const control = new Int32Array(ring.control);
  if (Atomics.load(control, ringWords.state) !== ringStates.failed) {
    const words = new Uint32Array(ring.failure, 0, 2);
    const text = Buffer.from(failure.message).subarray(0, ring.failure.byteLength - 8);
    new Uint8Array(ring.failure, 8).set(text);
    words[0] = failure.code;
    words[1] = text.length;
  }
  Atomics.store(control, ringWords.state, ringStates.failed);
  // Changed, not only notified: a thread that is about to wait has looked at the state already.
  Atomics.add(control, ringWords.journalWake, 1);
  Atomics.add(control, ringWords.keeperWake, 1);
  for (const word of [ringWords.tail, ringWords.spare, ringWords.journalWake, ringWords.keeperWake]) {
    Atomics.notify(control, word);
  }
}

export function loadFailure(ring: RingMemory): ExitError | undefined {
  if (Atomics.load(new Int32Array(ring.control), ringWords.state) !== ringStates.failed) return undefined;
  const words = new Uint32Array(ring.failure, 0, 2);
  const text = Buffer.from(new Uint8Array(ring.failure, 8, words[1]!)).toString();
  return new ExitError(words[0] as ExitCode, text);
}
