/**
 * The head's side of the door: what a host has put in goes to the sources that the gates name, in order, as many at once
 * as are there. A source may refuse some; the host is told which.
 */
import { assert } from '../../../schemas/assert.ts';
import { decodeRecord } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import type { AnyRecord } from '../../../schemas/generated/records.ts';
import type { HeadInput, Source } from '../ports.ts';
import { type DoorMemory, doorWords, ENTRY_BYTES_MAX, ENTRY_HEADER_BYTES, REFUSED } from './door-memory.ts';

/** Handed to a source at once, at most. */
const BATCH_MAX = 256;

export interface InnerGate {
  readonly receive: NonNullable<Source['receive']>;
  readonly port: string;
}

class DoorInput implements HeadInput {
  readonly record: AnyRecord;
  readonly stampedMicros: number;
  readonly traceparent: string | null;
  done: (() => void) | undefined = undefined;
  readonly sequence: number;
  readonly #door: DoorInside;

  constructor(
    door: DoorInside,
    sequence: number,
    record: AnyRecord,
    stampedMicros: number,
    traceparent: string | null,
  ) {
    this.#door = door;
    this.sequence = sequence;
    this.record = record;
    this.stampedMicros = stampedMicros;
    this.traceparent = traceparent;
  }

  taken(position: number): void {
    this.#door.answer(this.sequence, position);
  }
}

export class DoorInside {
  readonly #control: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #words: Uint32Array;
  readonly #answers: Float64Array;
  readonly #gates: readonly InnerGate[];
  readonly #refused: () => void;
  readonly #envelope = emptyEnvelope();
  readonly #entry = Buffer.alloc(ENTRY_BYTES_MAX);
  /** By sequence: 1 answered, and not yet told. */
  readonly #known: Uint8Array;
  #sequence = 0;
  #answered = 0;
  #at = 0;

  /** `refused`: tells the host that some were refused; called seldom. */
  constructor(memory: DoorMemory, gates: readonly InnerGate[], refused: () => void) {
    this.#control = new Int32Array(memory.control);
    this.#bytes = new Uint8Array(memory.bytes);
    this.#words = new Uint32Array(memory.bytes);
    this.#answers = new Float64Array(memory.answers);
    this.#known = new Uint8Array(this.#answers.length);
    this.#gates = gates;
    this.#refused = refused;
  }

  /** Hands on all that is there. */
  drain(): void {
    Atomics.store(this.#control, doorWords.wakePending, 0);
    let anyRefused = false;
    for (;;) {
      const head = Atomics.load(this.#control, doorWords.head) >>> 0;
      if (head === this.#at) break;
      let gate = -1;
      let batch: DoorInput[] = [];
      while (this.#at !== head) {
        const at = (this.#at * 8) % this.#bytes.length;
        const length = this.#words[at >> 2]!;
        if (length === 0) {
          this.#at = (this.#at + (this.#bytes.length - at) / 8) >>> 0;
          continue;
        }
        const next = this.#words[(at >> 2) + 1]!;
        if (batch.length === BATCH_MAX || (next !== gate && batch.length > 0)) {
          anyRefused = this.#handOn(gate, batch) || anyRefused;
          batch = [];
        }
        gate = next;
        batch.push(this.#read(at, length));
        this.#at = (this.#at + ((length + 7) >>> 3)) >>> 0;
      }
      Atomics.store(this.#control, doorWords.tail, this.#at | 0);
      if (batch.length > 0) anyRefused = this.#handOn(gate, batch) || anyRefused;
    }
    if (anyRefused) this.#refused();
  }

  /** Called in any order; told in the order of the sequences. */
  answer(sequence: number, position: number): void {
    const mask = this.#answers.length - 1;
    this.#answers[sequence & mask] = position;
    this.#known[sequence & mask] = 1;
    if (sequence !== this.#answered) return;
    let answered = sequence;
    while (this.#known[answered & mask] === 1) {
      this.#known[answered & mask] = 0;
      answered = (answered + 1) >>> 0;
    }
    this.#answered = answered;
    Atomics.store(this.#control, doorWords.answered, answered | 0);
  }

  #read(at: number, length: number): DoorInput {
    const { timeMicros, record, traceparent } = this.#decode(at + ENTRY_HEADER_BYTES, at + length);
    const input = new DoorInput(this, this.#sequence, record, timeMicros, traceparent);
    this.#sequence = (this.#sequence + 1) >>> 0;
    return input;
  }

  /** From memory of our own: text is not decoded where another thread may write. */
  #decode(at: number, end: number) {
    this.#entry.set(this.#bytes.subarray(at, end));
    const envelope = this.#envelope;
    const record = decodeRecord(this.#entry, 0, end - at, envelope);
    return { record, timeMicros: envelope.occurredAt, traceparent: envelope.traceparent };
  }

  /** Whether any was refused. */
  #handOn(gate: number, batch: DoorInput[]): boolean {
    const target = this.#gates[gate];
    assert(target !== undefined, `the door has no gate ${gate}`);
    const refused = new Set(target.receive(target.port, batch) as readonly DoorInput[]);
    for (const { sequence } of refused) this.answer(sequence, REFUSED);
    // Inputs are run later, so the last of those that were taken can still be asked to say when it is durable.
    const last = refused.size === 0 ? batch.at(-1) : batch.findLast((input) => !refused.has(input));
    if (last) {
      const durable = (last.sequence + 1) >>> 0;
      last.done = () => Atomics.store(this.#control, doorWords.durable, durable | 0);
    }
    return refused.size > 0;
  }
}
