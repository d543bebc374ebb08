/**
 * What the views remember over a restart, as bytes: doubles, texts and records one after the other. It is written beside
 * the orders of clients, so it is made for speed: a hundred thousand orders in some ten milliseconds.
 */
import { decodeRecord, encodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';

/** More than any record takes that a view keeps. */
const RECORD_BYTES_MAX = 4096;

export class MemoryWriter {
  #bytes: Buffer;
  #view: DataView;
  #at = 0;
  readonly #envelope = emptyEnvelope();

  /** It grows as needed; a good guess of what is to come saves copies. */
  constructor(expectedBytes = 1 << 16) {
    this.#bytes = Buffer.allocUnsafeSlow(expectedBytes);
    this.#view = new DataView(this.#bytes.buffer);
  }

  number(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  text(value: string): void {
    const length = value.length;
    this.#reserve(4 + length * 3);
    const bytes = this.#bytes;
    const from = this.#at + 4;
    let end = from;
    // Nearly all texts are short and plain: a loop is faster than a call into the runtime.
    while (end - from < length) {
      const code = value.charCodeAt(end - from);
      if (code > 127) break;
      bytes[end++] = code;
    }
    if (end - from < length) end = from + bytes.write(value, from, 'utf8');
    this.#view.setUint32(this.#at, end - from, true);
    this.#at = end;
  }

  record(record: AnyRecord): void {
    this.#reserve(4 + RECORD_BYTES_MAX);
    const end = encodeRecord(this.#envelope, record, this.#bytes, this.#at + 4);
    this.#view.setUint32(this.#at, end - this.#at - 4, true);
    this.#at = end;
  }

  finish(): Uint8Array {
    return new Uint8Array(this.#bytes.buffer, 0, this.#at);
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.#at + bytes, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads what a {@link MemoryWriter} wrote, in the same order. */
export class MemoryReader {
  readonly #bytes: Buffer;
  readonly #view: DataView;
  readonly #envelope = emptyEnvelope();
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  number(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  text(): string {
    const from = this.#at + 4;
    this.#at = from + this.#view.getUint32(this.#at, true);
    return this.#bytes.toString('utf8', from, this.#at);
  }

  record<R extends AnyRecord>(): R {
    const from = this.#at + 4;
    this.#at = from + this.#view.getUint32(this.#at, true);
    return decodeRecord(this.#bytes, from, this.#at, this.#envelope) as R;
  }

  /** As many as were counted before them. */
  list<T>(read: () => T): T[] {
    return Array.from({ length: this.number() }, read);
  }
}
