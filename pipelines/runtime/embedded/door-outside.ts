/** The host's side of the door: puts records in, and reads which position each got. */
import { encodeRecord } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import type { AnyRecord, Micros } from '../../../schemas/generated/records.ts';
import { type DoorMemory, doorWords, ENTRY_BYTES_MAX, ENTRY_HEADER_BYTES } from './door-memory.ts';

export interface Gate {
  readonly source: string;
  readonly port: string;
}

export class DoorOutside {
  readonly #control: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #answers: Float64Array;
  readonly #gates: readonly Gate[];
  readonly #wake: () => void;
  readonly #envelope = emptyEnvelope();
  #sequence = 0;
  /** Of all that was put in, what the host has taken the answer of. */
  #settled = 0;
  /** Units, modulo 2^32. */
  #at = 0;

  /** `wake`: tells the head's thread to look; called seldom. */
  constructor(memory: DoorMemory, gates: readonly Gate[], wake: () => void) {
    this.#control = new Int32Array(memory.control);
    this.#bytes = new Uint8Array(memory.bytes);
    this.#words = new Uint32Array(memory.bytes);
    this.#answers = new Float64Array(memory.answers);
    this.#gates = gates;
    this.#wake = wake;
  }

  gate(source: string, port: string): number {
    const gate = this.#gates.findIndex((each) => each.source === source && each.port === port);
    if (gate < 0) throw new RangeError(`the door leads to no port "${port}" of source "${source}"`);
    return gate;
  }

  /** Put in and not yet settled by {@link settle}. */
  get outstanding(): number {
    return (this.#sequence - this.#settled) >>> 0;
  }

  get outstandingMax(): number {
    return this.#answers.length;
  }

  /** Put a record in. Its sequence, or undefined where the door is full: nothing happens then. Call {@link knock} after the last. */
  put(gate: number, record: AnyRecord, stampedMicros: number, traceparent: string | null): number | undefined {
    if (this.outstanding >= this.#answers.length) return undefined;
    const lap = this.#bytes.length;
    let at = this.#at;
    const into = (at * 8) % lap;
    if (lap - into < ENTRY_BYTES_MAX) {
      const skipped = (lap - into) / 8;
      if (!this.#hasRoom(at, lap - into + ENTRY_BYTES_MAX)) return undefined;
      this.#words[into >> 2] = 0;
      at = (at + skipped) >>> 0;
    } else if (!this.#hasRoom(at, ENTRY_BYTES_MAX)) {
      return undefined;
    }
    const from = (at * 8) % lap;
    this.#envelope.occurredAt = stampedMicros as Micros;
    this.#envelope.traceparent = traceparent;
    const end = encodeRecord(
      this.#envelope,
      record,
      this.#bytes.subarray(0, from + ENTRY_BYTES_MAX),
      from + ENTRY_HEADER_BYTES,
    );
    this.#words[from >> 2] = end - from;
    this.#words[(from >> 2) + 1] = gate;
    this.#at = (at + ((end - from + 7) >>> 3)) >>> 0;
    Atomics.store(this.#control, doorWords.head, this.#at | 0);
    const sequence = this.#sequence;
    this.#sequence = (sequence + 1) >>> 0;
    return sequence;
  }

  knock(): void {
    if (Atomics.exchange(this.#control, doorWords.wakePending, 1) === 0) this.#wake();
  }

  /** Every sequence below it has its answer. */
  get answered(): number {
    return Atomics.load(this.#control, doorWords.answered) >>> 0;
  }

  /** Everything that sequences below it caused is durable. */
  get durable(): number {
    return Atomics.load(this.#control, doorWords.durable) >>> 0;
  }

  /** Position of an answered sequence, or `REFUSED`. Once each, in order: its place is free for another then. */
  settle(sequence: number): number {
    this.#settled = (sequence + 1) >>> 0;
    return this.#answers[sequence % this.#answers.length]!;
  }

  #hasRoom(at: number, bytes: number): boolean {
    const used = (at - (Atomics.load(this.#control, doorWords.tail) >>> 0)) >>> 0;
    return used * 8 + bytes <= this.#bytes.length;
  }
}
