import { assert } from '../../schemas/assert.ts';

const INITIAL_BYTES = 4096;
const ONE_BYTE = 0;
const TWO_BYTE = 1;

/**
 * Bytes of a canonical snapshot: little-endian, no padding, in the order of the calls. Whole numbers are written as
 * doubles, which hold every safe integer exactly; texts as a width, a length and their code units.
 */
export class StateWriter {
  #bytes = new Uint8Array(INITIAL_BYTES);
  #view = new DataView(this.#bytes.buffer);
  #at = 0;

  /** A format's number, so that `StateReader.expect` can refuse another. */
  constructor(format: number) {
    this.integer(format);
  }

  /** A 32-bit integer, signed. */
  integer(value: number): void {
    this.#reserve(4);
    this.#view.setInt32(this.#at, value, true);
    this.#at += 4;
  }

  number(value: number): void {
    this.#reserve(8);
    this.#view.setFloat64(this.#at, value, true);
    this.#at += 8;
  }

  text(value: string): void {
    let wide = false;
    for (let i = 0; i < value.length; i++) if (value.charCodeAt(i) > 255) wide = true;
    this.#reserve(5 + value.length * (wide ? 2 : 1));
    this.#view.setUint8(this.#at, wide ? TWO_BYTE : ONE_BYTE);
    this.#view.setInt32(this.#at + 1, value.length, true);
    this.#at += 5;
    for (let i = 0; i < value.length; i++) {
      if (wide) this.#view.setUint16(this.#at + 2 * i, value.charCodeAt(i), true);
      else this.#bytes[this.#at + i] = value.charCodeAt(i);
    }
    this.#at += value.length * (wide ? 2 : 1);
  }

  /** Bytes as they are: of typed arrays, so of a little-endian machine, as all that Node runs this on are. */
  block(bytes: Uint8Array): void {
    this.#reserve(bytes.length);
    this.#bytes.set(bytes, this.#at);
    this.#at += bytes.length;
  }

  /** The bytes written so far, copied. */
  finish(): Uint8Array {
    return this.#bytes.slice(0, this.#at);
  }

  #reserve(bytes: number): void {
    const needed = this.#at + bytes;
    if (needed <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes);
    this.#bytes = grown;
    this.#view = new DataView(grown.buffer);
  }
}

/** Reads what a `StateWriter` of the same format wrote. A snapshot is hash-checked before: a misfit is our own bug. */
export class StateReader {
  #view: DataView;
  #at = 0;

  constructor(bytes: Uint8Array, format: number) {
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    const found = this.integer();
    assert(found === format, `a snapshot of format ${found} cannot be restored here: format ${format} is wanted`);
  }

  integer(): number {
    this.#at += 4;
    return this.#view.getInt32(this.#at - 4, true);
  }

  number(): number {
    this.#at += 8;
    return this.#view.getFloat64(this.#at - 8, true);
  }

  text(): string {
    const wide = this.#view.getUint8(this.#at) === TWO_BYTE;
    const length = this.#view.getInt32(this.#at + 1, true);
    this.#at += 5;
    let value = '';
    for (let i = 0; i < length; i++) {
      value += String.fromCharCode(
        wide ? this.#view.getUint16(this.#at + 2 * i, true) : this.#view.getUint8(this.#at + i),
      );
    }
    this.#at += length * (wide ? 2 : 1);
    return value;
  }

  /** A copy of the next bytes, so that typed arrays can be laid over it. */
  block(length: number): Uint8Array {
    const at = this.#view.byteOffset + this.#at;
    this.#at += length;
    return new Uint8Array(this.#view.buffer.slice(at, at + length));
  }

  /** Nothing may be left over. */
  finish(): void {
    assert(this.#at === this.#view.byteLength, 'a snapshot has bytes that nobody read');
  }
}
