/**
 * Records of one log partition in a row, as the log has them, in one piece of memory:
 *
 *     0  chain key u32
 *     4  payload bytes u32
 *     8  payload               single-object encoding, then zeros to the next multiple of 8
 *
 * Lowest byte first. Nothing is allocated for a record, and a hash over many of them is one call.
 */

/** In front of each payload. */
export const RUN_HEADER_BYTES = 8;

const LEAST_BYTES = 4096;

export class FrameRun {
  records = 0;
  /** Valid up to {@link end}; replaced when it grows. Begins where its buffer begins. */
  bytes: Uint8Array<ArrayBuffer>;
  /** The same memory. */
  words: Int32Array<ArrayBuffer>;
  end = 0;

  constructor(room = LEAST_BYTES) {
    this.bytes = new Uint8Array(Math.max(LEAST_BYTES, (room + 7) & ~7));
    this.words = new Int32Array(this.bytes.buffer);
  }

  /** Copies the payload `bytes[at, end)`. */
  add(bytes: Uint8Array, at: number, end: number, chainKey: number): void {
    const start = this.#begin(end - at, chainKey);
    const own = this.bytes;
    for (let from = at, to = start; from < end; from++, to++) own[to] = bytes[from]!;
    this.#close(start, end - at);
  }

  /** As {@link add}, where `words` is a view of the payload's memory from its start, and `at` a multiple of 4: word by word. */
  addWords(words: Int32Array, at: number, end: number, chainKey: number): void {
    const start = this.#begin(end - at, chainKey);
    const own = this.words;
    const stop = (end + 3) >> 2;
    for (let from = at >> 2, to = start >> 2; from < stop; from++, to++) own[to] = words[from]!;
    this.#close(start, end - at);
  }

  clear(): void {
    this.records = 0;
    this.end = 0;
  }

  #begin(payloadBytes: number, chainKey: number): number {
    const at = this.end;
    // A word more than the payload may be written before it is cut off.
    const room = RUN_HEADER_BYTES + payloadBytes + 16;
    if (at + room > this.bytes.length) this.#grow(room);
    this.words[at >> 2] = chainKey;
    this.words[(at >> 2) + 1] = payloadBytes;
    return at + RUN_HEADER_BYTES;
  }

  /** Zeros behind the payload, whatever stood there. */
  #close(start: number, payloadBytes: number): void {
    const end = start + payloadBytes;
    const next = (end + 7) & ~7;
    for (let at = end; at < next; at++) this.bytes[at] = 0;
    this.end = next;
    this.records++;
  }

  #grow(room: number): void {
    const larger = new Uint8Array((Math.max(this.bytes.length * 2, this.end + room) + 7) & ~7);
    larger.set(this.bytes.subarray(0, this.end));
    this.bytes = larger;
    this.words = new Int32Array(larger.buffer);
  }
}

/** The payloads of a run with their chain keys, one by one: for tools and tests. */
export function* recordsOfRun(run: FrameRun): Generator<{ readonly payload: Uint8Array; readonly chainKey: number }> {
  for (let at = 0; at < run.end; ) {
    const start = at + RUN_HEADER_BYTES;
    const end = start + run.words[(at >> 2) + 1]!;
    yield { payload: run.bytes.slice(start, end), chainKey: run.words[at >> 2]! };
    at = (end + 7) & ~7;
  }
}
