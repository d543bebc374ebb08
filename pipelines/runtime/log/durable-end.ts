import { HASH_BYTES } from '../../../schemas/log-format.ts';

/** Where the durable part of a log ends. */
export interface DurablePosition {
  /** Last durable commit; 0: none. */
  readonly commit: number;
  readonly segment: number;
  readonly segmentFirstCommit: number;
  /** Bytes of that segment up to the end of the commit. */
  readonly offset: number;
}

const VERSION = 0;
const COMMIT = 1;
const SEGMENT = 3;
const FIRST_COMMIT = 4;
const OFFSET = 6;
const RING = 8;
const CLOSED = 9;
const HASH = 16;
const WORDS = HASH + HASH_BYTES / 4;

/**
 * The durable end of a log in shared memory: the journal writes it, readers in any thread of the process read it and wait for it to move.
 * The version is odd while it is being written; a reader that saw it move reads again.
 */
export class DurableEnd {
  readonly memory: SharedArrayBuffer;
  readonly #words: Int32Array;
  readonly #hash: Uint8Array;

  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(WORDS * 4)) {
    this.memory = memory;
    this.#words = new Int32Array(memory);
    this.#hash = new Uint8Array(memory, HASH * 4, HASH_BYTES);
  }

  /** Only the journal writes. */
  store(position: DurablePosition, hash: Uint8Array, ringPosition: number): void {
    const words = this.#words;
    Atomics.add(words, VERSION, 1);
    storeNumber(words, COMMIT, position.commit);
    Atomics.store(words, SEGMENT, position.segment);
    storeNumber(words, FIRST_COMMIT, position.segmentFirstCommit);
    storeNumber(words, OFFSET, position.offset);
    Atomics.store(words, RING, ringPosition);
    this.#hash.set(hash);
    Atomics.add(words, VERSION, 1);
    Atomics.notify(words, VERSION);
  }

  /** No more will come. */
  close(): void {
    Atomics.store(this.#words, CLOSED, 1);
    Atomics.add(this.#words, VERSION, 2);
    Atomics.notify(this.#words, VERSION);
  }

  get closed(): boolean {
    return Atomics.load(this.#words, CLOSED) === 1;
  }

  read(): DurablePosition {
    const words = this.#words;
    for (;;) {
      const version = Atomics.load(words, VERSION);
      const position = {
        commit: loadNumber(words, COMMIT),
        segment: Atomics.load(words, SEGMENT),
        segmentFirstCommit: loadNumber(words, FIRST_COMMIT),
        offset: loadNumber(words, OFFSET),
      };
      if ((version & 1) === 0 && Atomics.load(words, VERSION) === version) return position;
    }
  }

  /** The hash of the last durable commit, with its number: a mark that recovery can hold the log to. */
  readMark(): { readonly commit: number; readonly hash: Uint8Array } {
    const words = this.#words;
    for (;;) {
      const version = Atomics.load(words, VERSION);
      const mark = { commit: loadNumber(words, COMMIT), hash: this.#hash.slice() };
      if ((version & 1) === 0 && Atomics.load(words, VERSION) === version) return mark;
    }
  }

  /** Position in the writer's ring up to which everything is durable. */
  get ringPosition(): number {
    return Atomics.load(this.#words, RING);
  }

  /** For {@link wait}: changes with every commit. */
  get version(): number {
    return Atomics.load(this.#words, VERSION);
  }

  /** Blocks this thread until the version is no longer `version`, at most `timeoutMs`. Not for the main thread of a server. */
  wait(version: number, timeoutMs: number): void {
    Atomics.wait(this.#words, VERSION, version, timeoutMs);
  }

  /** As {@link wait}, without blocking. */
  async waitAsync(version: number, timeoutMs: number): Promise<void> {
    const waiting = Atomics.waitAsync(this.#words, VERSION, version, timeoutMs);
    if (waiting.async) await waiting.value;
  }
}

function storeNumber(words: Int32Array, at: number, value: number): void {
  Atomics.store(words, at, value | 0);
  Atomics.store(words, at + 1, Math.floor(value / 0x1_0000_0000));
}

function loadNumber(words: Int32Array, at: number): number {
  return (Atomics.load(words, at + 1) >>> 0) * 0x1_0000_0000 + (Atomics.load(words, at) >>> 0);
}
