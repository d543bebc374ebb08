/**
 * Columns of ClickHouse's Native format, filled row by row and read out as one block. Native is columnar, so the engine
 * copies where it would have to parse; https://clickhouse.com/docs/interfaces/formats/Native: number of columns and of rows
 * (LEB128), then for each column its name, its type and its values.
 *
 * A row is opened in all columns of a table at once (`reserve`), then each column is set where it differs from 0 or empty:
 * most cells of a wide table are, and cost nothing. Numbers are safe integers; 64-bit columns take them whole, negative
 * ones too. A column keeps its memory between blocks.
 */
import { assert } from '../../schemas/assert.ts';

export interface Column {
  /** As ClickHouse writes it. */
  readonly type: string;
  /** Makes room for so many rows. */
  reserve(rows: number): void;
  byteLength(rows: number): number;
  /** Copies the values of the first rows to `at` and returns where they end. */
  copyTo(bytes: Uint8Array, at: number, rows: number): number;
  /** Forgets the first rows. */
  clear(rows: number): void;
}

/** UInt8, Bool and Enum8. */
export class ByteColumn implements Column {
  readonly type: string;
  #bytes = new Uint8Array(0);

  constructor(type: string) {
    this.type = type;
  }

  set(row: number, value: number): void {
    this.#bytes[row] = value;
  }

  reserve(rows: number): void {
    this.#bytes = grown(this.#bytes, rows);
  }

  byteLength(rows: number): number {
    return rows;
  }

  copyTo(bytes: Uint8Array, at: number, rows: number): number {
    bytes.set(this.#bytes.subarray(0, rows), at);
    return at + rows;
  }

  clear(rows: number): void {
    this.#bytes.fill(0, 0, rows);
  }
}

/** UInt32 and Int32. */
export class WordColumn implements Column {
  readonly type: string;
  #words = new Uint32Array(0);

  constructor(type: string) {
    this.type = type;
  }

  set(row: number, value: number): void {
    this.#words[row] = value;
  }

  reserve(rows: number): void {
    this.#words = grownWords(this.#words, rows);
  }

  byteLength(rows: number): number {
    return rows * 4;
  }

  copyTo(bytes: Uint8Array, at: number, rows: number): number {
    bytes.set(new Uint8Array(this.#words.buffer, 0, rows * 4), at);
    return at + rows * 4;
  }

  clear(rows: number): void {
    this.#words.fill(0, 0, rows);
  }
}

/** Int64 and DateTime64. */
export class LongColumn implements Column {
  readonly type: string;
  #words = new Uint32Array(0);

  constructor(type: string) {
    this.type = type;
  }

  set(row: number, value: number): void {
    // Storing takes the value modulo 2^32, so the low half needs no mask and a negative high half becomes its complement.
    this.#words[row * 2] = value;
    this.#words[row * 2 + 1] = Math.floor(value / 0x1_0000_0000);
  }

  /** A value of up to 64 bits: sums that may leave the safe integers. */
  setWide(row: number, value: bigint): void {
    this.#words[row * 2] = Number(value & 0xffff_ffffn);
    this.#words[row * 2 + 1] = Number((value >> 32n) & 0xffff_ffffn);
  }

  reserve(rows: number): void {
    this.#words = grownWords(this.#words, rows * 2);
  }

  byteLength(rows: number): number {
    return rows * 8;
  }

  copyTo(bytes: Uint8Array, at: number, rows: number): number {
    bytes.set(new Uint8Array(this.#words.buffer, 0, rows * 8), at);
    return at + rows * 8;
  }

  clear(rows: number): void {
    this.#words.fill(0, 0, rows * 2);
  }
}

/** Rows must be set in their order; those left out are empty. */
export class TextColumn implements Column {
  readonly type = 'String';
  #bytes = Buffer.allocUnsafe(16_384);
  #end = 0;
  #rows = 0;

  set(row: number, value: string): void {
    this.#pad(row);
    const length = value.length;
    // UTF-8 takes at most three bytes for a UTF-16 unit, a length at most five.
    if (this.#end + length * 3 + 5 > this.#bytes.length) this.#grow(length * 3 + 5);
    this.#rows = row + 1;
    const bytes = this.#bytes;
    const start = this.#end;
    if (length < 128) {
      let at = start + 1;
      let index = 0;
      for (; index < length; index++) {
        const code = value.charCodeAt(index);
        if (code > 127) break;
        bytes[at++] = code;
      }
      if (index === length) {
        bytes[start] = length;
        this.#end = at;
        return;
      }
    }
    const at = putVarint(bytes, start, Buffer.byteLength(value));
    this.#end = at + bytes.write(value, at);
  }

  reserve(): void {}

  byteLength(rows: number): number {
    return this.#end + rows - this.#rows;
  }

  copyTo(bytes: Uint8Array, at: number, rows: number): number {
    this.#pad(rows);
    bytes.set(this.#bytes.subarray(0, this.#end), at);
    return at + this.#end;
  }

  clear(): void {
    this.#end = 0;
    this.#rows = 0;
  }

  #pad(rows: number): void {
    const more = rows - this.#rows;
    assert(more >= 0, 'a text column was set backwards');
    if (more === 0) return;
    if (this.#end + more > this.#bytes.length) this.#grow(more);
    this.#bytes.fill(0, this.#end, this.#end + more);
    this.#end += more;
    this.#rows = rows;
  }

  #grow(more: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + more));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

/** `Array(T)`: open an element for each value of a row, set it in `values`, then end the row. */
export class ListColumn<C extends Column> implements Column {
  readonly type: string;
  readonly values: C;
  readonly #ends = new LongColumn('UInt64');
  #elements = 0;
  #room = 0;

  constructor(values: C) {
    this.values = values;
    this.type = `Array(${values.type})`;
  }

  /** Index of a further element of the open row. */
  element(): number {
    if (this.#elements === this.#room) {
      this.#room = Math.max(1024, this.#room * 2);
      this.values.reserve(this.#room);
    }
    return this.#elements++;
  }

  endRow(row: number): void {
    this.#ends.set(row, this.#elements);
  }

  reserve(rows: number): void {
    this.#ends.reserve(rows);
  }

  byteLength(rows: number): number {
    return this.#ends.byteLength(rows) + this.values.byteLength(this.#elements);
  }

  copyTo(bytes: Uint8Array, at: number, rows: number): number {
    return this.values.copyTo(bytes, this.#ends.copyTo(bytes, at, rows), this.#elements);
  }

  clear(rows: number): void {
    this.values.clear(this.#elements);
    this.#ends.clear(rows);
    this.#elements = 0;
  }
}

/** One Native block of columns with so many rows. */
export function nativeBlock(columns: readonly (readonly [name: string, column: Column])[], rows: number): Uint8Array {
  let bound = 20;
  for (const [name, column] of columns) {
    bound += Buffer.byteLength(name) + Buffer.byteLength(column.type) + 10 + column.byteLength(rows);
  }
  const bytes = Buffer.allocUnsafe(bound);
  let at = putVarint(bytes, putVarint(bytes, 0, columns.length), rows);
  for (const [name, column] of columns) {
    at = putText(bytes, putText(bytes, at, name), column.type);
    at = column.copyTo(bytes, at, rows);
  }
  return bytes.subarray(0, at);
}

function putText(bytes: Buffer, at: number, text: string): number {
  const start = putVarint(bytes, at, Buffer.byteLength(text));
  return start + bytes.write(text, start);
}

function putVarint(bytes: Uint8Array, at: number, value: number): number {
  let index = at;
  let rest = value;
  while (rest > 127) {
    bytes[index++] = (rest & 127) | 128;
    rest = Math.floor(rest / 128);
  }
  bytes[index++] = rest;
  return index;
}

function grown(bytes: Uint8Array<ArrayBuffer>, length: number): Uint8Array<ArrayBuffer> {
  const larger = new Uint8Array(length);
  larger.set(bytes);
  return larger;
}

function grownWords(words: Uint32Array<ArrayBuffer>, length: number): Uint32Array<ArrayBuffer> {
  const larger = new Uint32Array(length);
  larger.set(words);
  return larger;
}
