import { ExitError } from '../../../schemas/exit.ts';
import type { Disk } from '../outside/disk.ts';
import { DurableEnd } from './durable-end.ts';
import { Journal } from './journal.ts';
import { type LogWriter, type LogWriterOptions, logDefaults, RingWriter } from './log-writer.ts';
import { makeRing, ringStates, ringWords } from './ring.ts';
import { prepareSpare, retireSegments } from './segment-keeper.ts';
import { asFailure } from './write-fully.ts';

export interface InlineLogWriter extends LogWriter {
  /** As `close`, done when it returns. */
  closeNow(): void;
}

/**
 * The log with its journal in this same thread: `publish` returns when all is durable and told. For simulations, tests and tools; it
 * blocks the thread for the length of a sync. Deterministic: the same calls make the same calls of the disk.
 */
export function openInlineLog(disk: Disk, options: LogWriterOptions): InlineLogWriter {
  const ring = makeRing(options.ringBytes ?? logDefaults.ringBytes);
  const control = new Int32Array(ring.control);
  const durableEnd = new DurableEnd();
  const segmentBytes = options.segmentBytes ?? logDefaults.segmentBytes;
  let haveSpare = false;
  let failure: ExitError | undefined;

  const refill = (): void => {
    if (!haveSpare) haveSpare = prepareSpare(disk, options.directory, segmentBytes);
  };
  const journal = new Journal(disk, ring, options.end, {
    directory: options.directory,
    segmentBytes,
    fingerprints: options.fingerprints ?? [],
    takeSpare: () => {
      refill();
      if (!haveSpare)
        throw new ExitError(74, `no room for another segment in ${options.directory}: the reserve is used up`);
    },
    spareTaken: () => {
      haveSpare = false;
    },
  });
  let sealed = 0;
  const announce = (): void => durableEnd.store(journal.durable, journal.hash, journal.position);
  const work = (): void => {
    try {
      const head = Atomics.load(control, ringWords.head);
      const end = Atomics.load(control, ringWords.commandEnd);
      if (end !== sealed) {
        journal.write(end);
        Atomics.store(control, ringWords.tail, end);
        journal.sealCommit();
        sealed = end;
        announce();
        refill();
      }
      if (((head - journal.position) | 0) > 0) {
        journal.write(head);
        Atomics.store(control, ringWords.tail, head);
      }
    } catch (error) {
      failure = asFailure('the journal', error);
      Atomics.store(control, ringWords.state, ringStates.failed);
      throw failure;
    }
  };
  const end = (): void => {
    journal.sealCommit();
    journal.close();
    announce();
    durableEnd.close();
    Atomics.store(control, ringWords.state, ringStates.closed);
  };
  journal.start();
  announce();
  refill();

  const writer = new RingWriter(
    ring,
    durableEnd,
    {
      wake: () => {
        work();
        writer.poll();
      },
      awaitTail: () => {},
      failure: () => failure,
      spaceIsShort: () => !haveSpare,
      retireBefore: (commit) => retireSegments(disk, options.directory, commit),
      close: () => {
        end();
        return Promise.resolve();
      },
    },
    options,
  );
  return Object.assign(writer, {
    closeNow: () => {
      writer.publish();
      end();
    },
  });
}
