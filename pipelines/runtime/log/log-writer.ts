import { assert } from '../../../schemas/assert.ts';
import { ExitError } from '../../../schemas/exit.ts';
import { FRAME_HEADER_BYTES, FRAME_LENGTH_MAX } from '../../../schemas/log-format.ts';
import type { DurableEnd, DurablePosition } from './durable-end.ts';
import { checkFrameFields } from './journal.ts';
import type { LogEnd } from './log-end.ts';
import { type RingMemory, ringStates, ringWords, UNIT_BYTES } from './ring.ts';

export interface LogWriterOptions {
  /** Folder of the segments. */
  readonly directory: string;
  /** Where recovery found the log to end. */
  readonly end: LogEnd;
  /** Schemas of the payloads, 8 bytes each. */
  readonly fingerprints?: readonly Uint8Array[];
  readonly segmentBytes?: number;
  /** Memory between this thread and the journal, a power of two. */
  readonly ringBytes?: number;
  /** Largest frame, header included. */
  readonly frameBytesMax?: number;
  /** At least this long from the begin of one sync to the next; 0: as fast as the disk allows. Under load it trades latency for work saved. */
  readonly syncIntervalMs?: number;
  /** A full ring or a close that does not move for so long ends the process. */
  readonly stallDeadlineMs?: number;
  /** After each durable commit: everything up to `commands` commands since opening is durable and may be seen. */
  readonly onDurable?: (commands: number, position: DurablePosition) => void;
  /** The journal is dead: end the process with the error's code. Nothing of the open commit was or will be seen. */
  readonly onFailure: (error: ExitError) => void;
  /** False: the disk has no room for another segment, take only what makes room or calms the market. True: it has again. */
  readonly onSpace?: (enough: boolean) => void;
}

export const logDefaults = {
  segmentBytes: 64 * 1024 * 1024,
  ringBytes: 32 * 1024 * 1024,
  frameBytesMax: 1024 * 1024,
  syncIntervalMs: 0,
  stallDeadlineMs: 60_000,
} as const;

/**
 * The maker's side of the log. One command is `beginCommand`, any number of records, `endCommand`; `publish` hands all ended commands to
 * the journal, which makes them durable together.
 *
 * A record is encoded in place:
 *
 *     const at = writer.reserve();                                          // room for the largest frame
 *     const end = encodeRecord(envelope, record, writer.bytes, at);
 *     writer.append(chainKey, log, partition, offset, end);
 *
 * A command larger than the ring is written in pieces, its trailer only at its end. A full ring blocks this thread until the journal
 * has moved; that is the bound of this queue, and its policy is to block intake.
 */
export interface LogWriter {
  /** Memory to encode into. */
  readonly bytes: Uint8Array;
  readonly durableEnd: DurableEnd;
  /** Commands durable since opening, as last told to `onDurable`. */
  readonly durableCommands: number;
  /** Commands ended since opening. */
  readonly commands: number;
  /** Bytes in the ring that are not yet durable. */
  readonly pendingBytes: number;
  beginCommand(): void;
  /** Where the next record's payload begins. Room for the largest frame is sure. */
  reserve(): number;
  /** Completes the record whose payload ends at `end`. */
  append(chainKey: number, log: number, partition: number, offset: number, end: number): void;
  endCommand(): void;
  publish(): void;
  /** Tells `onDurable` what became durable meanwhile, without waiting for the event loop. */
  poll(): void;
  /** Resolves when every ended command is durable and told. */
  flush(): Promise<void>;
  /** Removes the segments of which every commit is below `commit`. Only the caller knows what still needs them. */
  retireBefore(commit: number): void;
  /** Flushes, writes a last commit that acknowledges all before it, and ends the journal. */
  close(): Promise<void>;
}

/** What runs the journal, in this thread or another. */
export interface JournalDriver {
  /** There is work in the ring. The inline driver does it before it returns. */
  wake(): void;
  /** Blocks until the tail is no longer `tail`, at most `timeoutMs`. */
  awaitTail(tail: number, timeoutMs: number): void;
  /** Why the journal failed, if it did. */
  failure(): ExitError | undefined;
  /** No room for another segment. */
  spaceIsShort(): boolean;
  retireBefore(commit: number): void;
  close(): Promise<void>;
}

export class RingWriter implements LogWriter {
  readonly bytes: Uint8Array;
  readonly durableEnd: DurableEnd;
  durableCommands = 0;
  commands = 0;

  readonly #words: Int32Array;
  readonly #control: Int32Array;
  readonly #driver: JournalDriver;
  readonly #options: LogWriterOptions;
  readonly #lapUnits: number;
  readonly #frameBytesMax: number;
  readonly #stallDeadlineMs: number;
  /** Where the next frame begins, in units. */
  #position = 0;
  /** Tail as last read: the true one is at or behind it, so there is at least as much room. */
  #tail = 0;
  #commandEnd = 0;
  #publishedCommands = 0;
  #inCommand = false;
  /** Of each publication that is not yet durable: where it ends, and how many commands there were then. */
  #waiting: { readonly end: number; readonly commands: number }[] = [];
  #waitingHead = 0;
  #flushes: { readonly commands: number; readonly resolve: () => void; readonly reject: (error: Error) => void }[] = [];
  #spaceIsShort = false;
  #failed: ExitError | undefined;

  constructor(ring: RingMemory, durableEnd: DurableEnd, driver: JournalDriver, options: LogWriterOptions) {
    this.bytes = new Uint8Array(ring.bytes);
    this.durableEnd = durableEnd;
    this.#words = new Int32Array(ring.bytes);
    this.#control = new Int32Array(ring.control);
    this.#driver = driver;
    this.#options = options;
    this.#lapUnits = ring.bytes.byteLength / UNIT_BYTES;
    this.#frameBytesMax = options.frameBytesMax ?? logDefaults.frameBytesMax;
    this.#stallDeadlineMs = options.stallDeadlineMs ?? logDefaults.stallDeadlineMs;
    assert(
      this.#frameBytesMax <= FRAME_LENGTH_MAX,
      `frames of ${this.#frameBytesMax} bytes: ${FRAME_LENGTH_MAX} are allowed`,
    );
    assert(
      this.#frameBytesMax % UNIT_BYTES === 0 && this.#frameBytesMax * 4 <= ring.bytes.byteLength,
      `ring of ${ring.bytes.byteLength} bytes: a multiple of 8 and at least four times the largest frame (${this.#frameBytesMax}) is needed`,
    );
  }

  get pendingBytes(): number {
    return ((this.#position - this.durableEnd.ringPosition) | 0) * UNIT_BYTES;
  }

  beginCommand(): void {
    assert(!this.#inCommand, 'a command begins inside a command');
    this.#inCommand = true;
  }

  reserve(): number {
    const lapMask = this.#lapUnits - 1;
    let at = (this.#position & lapMask) * UNIT_BYTES;
    if (at + this.#frameBytesMax + UNIT_BYTES > this.bytes.length) {
      // The rest of the lap is too short for the largest frame: mark it and go to the next.
      this.#makeRoom(this.#lapUnits - (this.#position & lapMask));
      this.#words[at >> 2] = 0;
      this.#position = (this.#position + this.#lapUnits - (this.#position & lapMask)) | 0;
      at = 0;
    }
    const units = this.#frameBytesMax / UNIT_BYTES;
    if (((this.#position - this.#tail) | 0) + units > this.#lapUnits) this.#makeRoom(units);
    return at + FRAME_HEADER_BYTES;
  }

  append(chainKey: number, log: number, partition: number, offset: number, end: number): void {
    assert(this.#inCommand, 'a record stands outside a command');
    checkFrameFields(chainKey, log, partition, offset);
    const at = (this.#position & (this.#lapUnits - 1)) * UNIT_BYTES;
    const length = end - at;
    if (length < FRAME_HEADER_BYTES || length > this.#frameBytesMax) throw wrongLength(length, this.#frameBytesMax);
    const words = this.#words;
    const index = at >> 2;
    const units = (length + 7) >> 3;
    const padded = at + units * UNIT_BYTES;
    for (let byte = end; byte < padded; byte++) this.bytes[byte] = 0;
    words[index] = length;
    words[index + 3] = chainKey;
    words[index + 4] = log | (partition << 8) | ((offset % 0x1_0000) << 16);
    words[index + 5] = offset / 0x1_0000;
    this.#position = (this.#position + units) | 0;
  }

  endCommand(): void {
    assert(this.#inCommand, 'a command ends that did not begin');
    this.#inCommand = false;
    this.#commandEnd = this.#position;
    this.commands++;
  }

  publish(): void {
    if (this.#publishedCommands === this.commands) return;
    this.#publishedCommands = this.commands;
    this.#waiting.push({ end: this.#commandEnd, commands: this.commands });
    Atomics.store(this.#control, ringWords.commandEnd, this.#commandEnd);
    Atomics.store(this.#control, ringWords.head, this.#commandEnd);
    this.#driver.wake();
  }

  poll(): void {
    const failure = this.#failed ? undefined : this.#driver.failure();
    if (failure) {
      this.#failed = failure;
      for (const flush of this.#flushes.splice(0)) flush.reject(failure);
      this.#options.onFailure(failure);
    }
    const short = this.#driver.spaceIsShort();
    if (short !== this.#spaceIsShort) {
      this.#spaceIsShort = short;
      this.#options.onSpace?.(!short);
    }
    const durable = this.durableEnd.ringPosition;
    let commands = this.durableCommands;
    while (this.#waitingHead < this.#waiting.length) {
      const waiting = this.#waiting[this.#waitingHead]!;
      if (((durable - waiting.end) | 0) < 0) break;
      commands = waiting.commands;
      this.#waitingHead++;
    }
    if (commands === this.durableCommands) return;
    this.durableCommands = commands;
    if (this.#waitingHead === this.#waiting.length || this.#waitingHead > 1024) {
      this.#waiting = this.#waiting.slice(this.#waitingHead);
      this.#waitingHead = 0;
    }
    this.#options.onDurable?.(commands, this.durableEnd.read());
    while (this.#flushes.length > 0 && this.#flushes[0]!.commands <= commands) this.#flushes.shift()!.resolve();
  }

  flush(): Promise<void> {
    assert(!this.#inCommand, 'a flush inside a command');
    this.publish();
    this.poll();
    // Asked after the poll, which may have learned of the failure just now.
    if (this.#failed) return Promise.reject(this.#failed);
    if (this.durableCommands === this.commands) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#flushes.push({ commands: this.commands, resolve, reject });
    });
  }

  retireBefore(commit: number): void {
    this.#driver.retireBefore(commit);
  }

  async close(): Promise<void> {
    await this.flush();
    await this.#driver.close();
  }

  /** Blocks until `units` more fit. The journal is given all there is, also a piece of the open command, or nothing would ever move. */
  #makeRoom(units: number): void {
    const control = this.#control;
    this.#tail = Atomics.load(control, ringWords.tail);
    if (((this.#position - this.#tail) | 0) + units <= this.#lapUnits) return;
    if (Atomics.load(control, ringWords.head) !== this.#position) {
      Atomics.store(control, ringWords.head, this.#position);
      this.#driver.wake();
    }
    let waitedMs = 0;
    for (;;) {
      const tail = Atomics.load(control, ringWords.tail);
      if (((this.#position - tail) | 0) + units <= this.#lapUnits) {
        this.#tail = tail;
        return;
      }
      const failure = this.#driver.failure();
      if (failure) throw failure;
      if (Atomics.load(control, ringWords.state) !== ringStates.running)
        throw new ExitError(74, 'the journal has ended');
      if (tail !== this.#tail) waitedMs = 0;
      this.#tail = tail;
      if (waitedMs >= this.#stallDeadlineMs) {
        throw new ExitError(74, `the journal has written nothing for ${waitedMs} ms while its ring is full`);
      }
      this.#driver.awaitTail(tail, 100);
      waitedMs += 100;
    }
  }
}

function wrongLength(length: number, allowed: number): ExitError {
  return new ExitError(
    70,
    `a record takes ${length} bytes in the log; ${FRAME_HEADER_BYTES} to ${allowed} are allowed`,
  );
}
