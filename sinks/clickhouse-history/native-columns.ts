/**
 * Columns of ClickHouse's Native format, filled row by row and read out as one block. Native is columnar, so the engine
 * copies where it would have to parse; https://clickhouse.com/docs/interfaces/formats/Native: number of columns and of rows
 * (LEB128), then for each column its name, its type and its values.
 *
 * Numbers are safe integers; 64-bit columns take them whole, negative ones too. A column keeps its memory between blocks.
 */

import { assert } from '../../schemas/assert.ts';

export interface Column {
  /** As ClickHouse writes it. */
  readonly type: string;
  readonly rows: number;
  readonly byteLength: number;
  /** Copies the values to `at` and returns where they end. */
  copyTo(bytes: Uint8Array, at: number): number;
  /** Forgets the rows. */
  clear(): void;
}

const ROWS_AT_FIRST = 1024;

/** UInt8, Bool and Enum8. */
export class ByteColumn implements Column {
  readonly type: string;
  rows = 0;
  #bytes = new Uint8Array(ROWS_AT_FIRST);

  constructor(type: string) {
    this.type = type;
  }

  get byteLength(): number {
    return this.rows;
  }

  push(value: number): void {
    if (this.rows === this.#bytes.length) this.#bytes = grown(this.#bytes, this.rows * 2);
    this.#bytes[this.rows++] = value;
  }

  copyTo(bytes: Uint8Array, at: number): number {
    bytes.set(this.#bytes.subarray(0, this.rows), at);
    return at + this.rows;
  }

  clear(): void {
    this.rows = 0;
  }
}

/** UInt32 and Int32. */
export class WordColumn implements Column {
  readonly type: string;
  rows = 0;
  #words = new Uint32Array(ROWS_AT_FIRST);

  constructor(type: string) {
    this.type = type;
  }

  get byteLength(): number {
    return this.rows * 4;
  }

  push(value: number): void {
    if (this.rows === this.#words.length) this.#words = grownWords(this.#words, this.rows * 2);
    this.#words[this.rows++] = value;
  }

  copyTo(bytes: Uint8Array, at: number): number {
    bytes.set(new Uint8Array(this.#words.buffer, 0, this.rows * 4), at);
    return at + this.rows * 4;
  }

  clear(): void {
    this.rows = 0;
  }
}

/** Int64 and DateTime64. */
export class LongColumn implements Column {
  readonly type: string;
  rows = 0;
  #words = new Uint32Array(ROWS_AT_FIRST * 2);

  constructor(type: string) {
    this.type = type;
  }

  get byteLength(): number {
    return this.rows * 8;
  }

  push(value: number): void {
    const at = this.rows * 2;
    if (at === this.#words.length) this.#words = grownWords(this.#words, at * 2);
    // Storing takes the value modulo 2^32, so the low half needs no mask and a negative high half becomes its complement.
    this.#words[at] = value;
    this.#words[at + 1] = Math.floor(value / 0x1_0000_0000);
    this.rows++;
  }

  copyTo(bytes: Uint8Array, at: number): number {
    bytes.set(new Uint8Array(this.#words.buffer, 0, this.rows * 8), at);
    return at + this.rows * 8;
  }

  clear(): void {
    this.rows = 0;
  }
}

export class TextColumn implements Column {
  readonly type = 'String';
  rows = 0;
  #bytes = Buffer.allocUnsafe(ROWS_AT_FIRST * 16);
  #end = 0;

  get byteLength(): number {
    return this.#end;
  }

  push(value: string): void {
    const length = value.length;
    // UTF-8 takes at most three bytes for a UTF-16 unit, a length at most five.
    if (this.#end + length * 3 + 5 > this.#bytes.length) this.#grow(length * 3 + 5);
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
        this.rows++;
        return;
      }
    }
    const byteLength = Buffer.byteLength(value);
    const at = putVarint(bytes, start, byteLength);
    this.#end = at + bytes.write(value, at);
    this.rows++;
  }

  copyTo(bytes: Uint8Array, at: number): number {
    bytes.set(this.#bytes.subarray(0, this.#end), at);
    return at + this.#end;
  }

  clear(): void {
    this.rows = 0;
    this.#end = 0;
  }

  #grow(more: number): void {
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#end + more));
    larger.set(this.#bytes.subarray(0, this.#end));
    this.#bytes = larger;
  }
}

/** `Array(T)`: push the values of a row into `values`, then end the row. */
export class ListColumn<C extends Column> implements Column {
  readonly type: string;
  readonly values: C;
  readonly #ends = new LongColumn('UInt64');

  constructor(values: C) {
    this.values = values;
    this.type = `Array(${values.type})`;
  }

  get rows(): number {
    return this.#ends.rows;
  }

  get byteLength(): number {
    return this.#ends.byteLength + this.values.byteLength;
  }

  endRow(): void {
    this.#ends.push(this.values.rows);
  }

  copyTo(bytes: Uint8Array, at: number): number {
    return this.values.copyTo(bytes, this.#ends.copyTo(bytes, at));
  }

  clear(): void {
    this.#ends.clear();
    this.values.clear();
  }
}

/** One Native block of columns of equal length. */
export function nativeBlock(columns: readonly (readonly [name: string, column: Column])[], rows: number): Uint8Array {
  let bound = 20;
  for (const [name, column] of columns) {
    assert(column.rows === rows, `column ${name} has ${column.rows} values for ${rows} rows`);
    bound += Buffer.byteLength(name) + Buffer.byteLength(column.type) + 10 + column.byteLength;
  }
  const bytes = Buffer.allocUnsafe(bound);
  let at = putVarint(bytes, putVarint(bytes, 0, columns.length), rows);
  for (const [name, column] of columns) {
    at = putText(bytes, putText(bytes, at, name), column.type);
    at = column.copyTo(bytes, at);
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
