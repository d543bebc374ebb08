import { Worker } from 'node:worker_threads';
import { ExitError } from '../../../schemas/exit.ts';
import { DurableEnd } from './durable-end.ts';
import type { JournalWorkerData } from './journal-worker.ts';
import type { KeeperWorkerData } from './keeper-worker.ts';
import { type LogWriter, type LogWriterOptions, logDefaults, RingWriter } from './log-writer.ts';
import { loadFailure, makeRing, ringStates, ringWords, storeFailure } from './ring.ts';
import { spareStates } from './segment-keeper.ts';

/**
 * The log with its journal in a thread of its own, on the real disk. `onDurable` is called from the event loop, or from `poll`.
 * A second thread keeps the next segment ready. Resolves when the first commit is durable, that is when the disk has proven to take writes.
 */
export async function openWorkerLog(options: LogWriterOptions): Promise<LogWriter> {
  const ring = makeRing(options.ringBytes ?? logDefaults.ringBytes);
  const control = new Int32Array(ring.control);
  const durableEnd = new DurableEnd();
  const { directory, end } = options;
  const segmentBytes = options.segmentBytes ?? logDefaults.segmentBytes;
  const stallDeadlineMs = options.stallDeadlineMs ?? logDefaults.stallDeadlineMs;
  Atomics.store(control, ringWords.spare, spareStates.wanted);

  const keeperData: KeeperWorkerData = { ring, directory, segmentBytes };
  const keeper = new Worker(new URL('./keeper-worker.ts', import.meta.url), {
    workerData: keeperData,
    name: 'log keeper',
  });
  const journalData: JournalWorkerData = {
    ring,
    durableEnd: durableEnd.memory,
    end,
    directory,
    fingerprints: options.fingerprints ?? [],
    segmentBytes,
    syncIntervalMs: options.syncIntervalMs ?? logDefaults.syncIntervalMs,
    stallDeadlineMs,
  };
  const journal = new Worker(new URL('./journal-worker.ts', import.meta.url), {
    workerData: journalData,
    name: 'journal',
  });

  const wakeJournal = (): void => {
    Atomics.add(control, ringWords.journalWake, 1);
    if (Atomics.load(control, ringWords.journalWaits) === 1) Atomics.notify(control, ringWords.journalWake);
  };
  const wakeKeeper = (): void => {
    Atomics.add(control, ringWords.keeperWake, 1);
    Atomics.notify(control, ringWords.keeperWake);
  };
  const exits = [keeper, journal].map(
    (worker) =>
      new Promise<void>((resolve) => {
        worker.once('exit', () => resolve());
      }),
  );
  const writer = new RingWriter(
    ring,
    durableEnd,
    {
      wake: wakeJournal,
      awaitTail: (tail, timeoutMs) => {
        Atomics.wait(control, ringWords.tail, tail, timeoutMs);
      },
      failure: () => loadFailure(ring),
      spaceIsShort: () => Atomics.load(control, ringWords.spare) === spareStates.noSpace,
      retireBefore: (commit) => {
        Atomics.store(control, ringWords.retireHigh, Math.floor(commit / 0x1_0000_0000));
        Atomics.store(control, ringWords.retireLow, commit | 0);
        wakeKeeper();
      },
      close: async () => {
        Atomics.compareExchange(control, ringWords.state, ringStates.running, ringStates.closing);
        wakeJournal();
        await Promise.all(exits);
        const failure = loadFailure(ring);
        if (failure) throw failure;
      },
    },
    options,
  );
  for (const worker of [keeper, journal]) {
    worker.on('message', () => {
      Atomics.store(control, ringWords.wakePending, 0);
      writer.poll();
    });
    worker.on('error', (error) => {
      storeFailure(ring, new ExitError(70, `a thread of the log failed: ${error.message}`, { cause: error }));
      writer.poll();
    });
    worker.once('exit', () => {
      const state = Atomics.load(control, ringWords.state);
      if (state === ringStates.running) storeFailure(ring, new ExitError(70, 'a thread of the log ended by itself'));
      writer.poll();
    });
  }

  for (let waitedMs = 0; durableEnd.read().commit === 0; waitedMs += 100) {
    const failure = loadFailure(ring);
    if (failure) throw failure;
    if (waitedMs >= stallDeadlineMs)
      throw new ExitError(74, `the log in ${directory} does not open within ${waitedMs} ms`);
    await durableEnd.waitAsync(durableEnd.version, 100);
  }
  return writer;
}
