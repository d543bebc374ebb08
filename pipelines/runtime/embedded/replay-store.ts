/**
 * The store of a replay: nothing is written; every record that the head makes is compared, byte for byte, with the one
 * the log has. The first difference ends the replay (exit 76) with the record, the field and both values.
 */
import { decodeRecord, encodeRecord } from '../../../schemas/codec.ts';
import { type Envelope, emptyEnvelope } from '../../../schemas/envelope.ts';
import { ExitError } from '../../../schemas/exit.ts';
import type { AnyRecord } from '../../../schemas/generated/records.ts';
import type { RecordStore } from './record-store.ts';

/** The recorded frame that the replay has come to. */
export interface RecordedFrame {
  readonly chainKey: number;
  readonly log: number;
  readonly partition: number;
  readonly offset: number;
  /** Payload: `bytes[start, end)`. */
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Gives recorded frames one after the other; undefined at the end. The frame may be a reused object. */
export type FrameSource = () => RecordedFrame | undefined;

export class ReplayStore implements RecordStore {
  /** Records compared so far. */
  compared = 0;
  readonly #next: FrameSource;
  readonly #nameOf: (log: number) => string;
  #current: RecordedFrame | undefined;
  /** The frame that began the command: its own append compares with it and does not go on. */
  #atHead = false;
  #scratch = new Uint8Array(4096);

  constructor(next: FrameSource, nameOf: (log: number) => string) {
    this.#next = next;
    this.#nameOf = nameOf;
  }

  /** The frame at the head of the next command; undefined at the end of the log. */
  headFrame(): RecordedFrame | undefined {
    this.#current = this.#next();
    this.#atHead = true;
    return this.#current;
  }

  beginCommand(): void {}

  append(
    chainKey: number,
    log: number,
    partition: number,
    offset: number,
    envelope: Envelope,
    record: AnyRecord,
  ): void {
    if (!this.#atHead) this.#current = this.#next();
    this.#atHead = false;
    const frame = this.#current;
    if (!frame) {
      throw new ExitError(
        76,
        `replay makes ${this.#at(log, partition, offset)} (${record.type}); the log ends before it`,
      );
    }
    const end = this.#encode(envelope, record);
    const same =
      frame.chainKey === chainKey &&
      frame.log === log &&
      frame.partition === partition &&
      frame.offset === offset &&
      equalBytes(this.#scratch, end, frame);
    if (!same) throw this.#difference(frame, log, partition, offset, envelope, record);
    this.compared++;
  }

  endCommand(): void {}

  #encode(envelope: Envelope, record: AnyRecord): number {
    for (;;) {
      try {
        return encodeRecord(envelope, record, this.#scratch, 0);
      } catch (error) {
        if ((error as Error).name !== 'DoesNotFit') throw error;
        this.#scratch = new Uint8Array(this.#scratch.length * 4);
      }
    }
  }

  #difference(
    frame: RecordedFrame,
    log: number,
    partition: number,
    offset: number,
    envelope: Envelope,
    record: AnyRecord,
  ): ExitError {
    const logged = this.#at(frame.log, frame.partition, frame.offset);
    const computed = this.#at(log, partition, offset);
    if (logged !== computed)
      return new ExitError(76, `the log has ${logged} where the replay makes ${computed} (${record.type})`);
    const loggedEnvelope = emptyEnvelope();
    const loggedRecord = decodeRecord(frame.bytes, frame.start, frame.end, loggedEnvelope);
    const left: { [field: string]: unknown } = { ...loggedRecord, ...loggedEnvelope };
    const right: { [field: string]: unknown } = { ...record, ...envelope };
    const fields = [...new Set([...Object.keys(left), ...Object.keys(right)])].filter(
      (field) => JSON.stringify(left[field]) !== JSON.stringify(right[field]),
    );
    const [field = '(encoding)'] = fields;
    return new ExitError(
      76,
      `${logged} (${loggedRecord.type}, cause ${loggedEnvelope.causationId}) differs: ${field} ${JSON.stringify(left[field])} in the log, ` +
        `${JSON.stringify(right[field])} computed${fields.length > 1 ? `; and ${fields.length - 1} more fields (${fields.slice(1).join(', ')})` : ''}`,
    );
  }

  #at(log: number, partition: number, offset: number): string {
    return `${this.#nameOf(log)}/${partition} offset ${offset.toLocaleString('en-US')}`;
  }
}

function equalBytes(made: Uint8Array, length: number, frame: RecordedFrame): boolean {
  if (frame.end - frame.start !== length) return false;
  const recorded = frame.bytes;
  const start = frame.start;
  for (let index = 0; index < length; index++) {
    if (made[index] !== recorded[start + index]) return false;
  }
  return true;
}
