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

const PER_TWO_32 = 2 ** -32;

export interface Column {
  /** As ClickHouse writes it. */
  readonly type: string;
  /** Makes room for so many rows. */
  reserve(rows: number): void;
  /** Puts the values of the first rows behind the others: views of the column's own memory, good until it is changed. */
  pieces(rows: number, into: Uint8Array[]): void;
  /** Forgets the first rows. */
  clear(rows: number): void;
}

/** UInt8, Bool and Enum8. */
export class ByteColumn implements Column {
  readonly type: string;
  /** By row. Set in place: a call for each cell would box its number. */
  values = new Uint8Array(0);

  constructor(type: string) {
    this.type = type;
  }

  reserve(rows: number): void {
    const larger = new Uint8Array(rows);
    larger.set(this.values);
    this.values = larger;
  }

  pieces(rows: number, into: Uint8Array[]): void {
    into.push(this.values.subarray(0, rows));
  }

  clear(rows: number): void {
    this.values.fill(0, 0, rows);
  }
}

/** UInt32 and Int32. */
export class WordColumn implements Column {
  readonly type: string;
  /** By row. */
  values = new Uint32Array(0);

  constructor(type: string) {
    this.type = type;
  }

  reserve(rows: number): void {
    const larger = new Uint32Array(rows);
    larger.set(this.values);
    this.values = larger;
  }

  pieces(rows: number, into: Uint8Array[]): void {
    into.push(new Uint8Array(this.values.buffer, 0, rows * 4));
  }

  clear(rows: number): void {
    this.values.fill(0, 0, rows);
  }
}

/** Int64 and DateTime64: safe integers by row, made whole in one loop over the column when it is read out. */
export class LongColumn implements Column {
  readonly type: string;
  /** By row. */
  values = new Float64Array(0);
  /** Values beyond the safe integers, by row. */
  #wide: Map<number, bigint> | undefined;
  #words = new Uint32Array(0);

  constructor(type: string) {
    this.type = type;
  }

  /** A value of up to 64 bits: sums that may leave the safe integers. */
  setWide(row: number, value: bigint): void {
    const number = Number(value);
    if (Number.isSafeInteger(number)) this.values[row] = number;
    else (this.#wide ??= new Map()).set(row, value);
  }

  reserve(rows: number): void {
    const larger = new Float64Array(rows);
    larger.set(this.values);
    this.values = larger;
  }

  pieces(rows: number, into: Uint8Array[]): void {
    if (this.#words.length < rows * 2) this.#words = new Uint32Array(this.values.length * 2);
    const words = this.#words;
    const values = this.values;
    for (let row = 0, at = 0; row < rows; row++, at += 2) {
      const value = values[row]!;
      // Storing takes the value modulo 2^32, so the low half needs no mask and a negative high half becomes its complement.
      words[at] = value;
      words[at + 1] = Math.floor(value * PER_TWO_32);
    }
    for (const [row, value] of this.#wide ?? []) {
      words[row * 2] = Number(value & 0xffff_ffffn);
      words[row * 2 + 1] = Number((value >> 32n) & 0xffff_ffffn);
    }
    into.push(new Uint8Array(words.buffer, 0, rows * 8));
  }

  clear(rows: number): void {
    this.values.fill(0, 0, rows);
    this.#wide = undefined;
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

  pieces(rows: number, into: Uint8Array[]): void {
    this.#pad(rows);
    into.push(this.#bytes.subarray(0, this.#end));
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
    this.#ends.values[row] = this.#elements;
  }

  reserve(rows: number): void {
    this.#ends.reserve(rows);
  }

  pieces(rows: number, into: Uint8Array[]): void {
    this.#ends.pieces(rows, into);
    this.values.pieces(this.#elements, into);
  }

  clear(rows: number): void {
    this.values.clear(this.#elements);
    this.#ends.clear(rows);
    this.#elements = 0;
  }
}

/** One Native block of columns with so many rows, as pieces that lie one behind the other. */
export function nativeBlock(columns: readonly (readonly [name: string, column: Column])[], rows: number): Uint8Array[] {
  const head = Buffer.allocUnsafe(20);
  const pieces: Uint8Array[] = [head.subarray(0, putVarint(head, putVarint(head, 0, columns.length), rows))];
  for (const [name, column] of columns) {
    const words = Buffer.allocUnsafe(Buffer.byteLength(name) + Buffer.byteLength(column.type) + 10);
    pieces.push(words.subarray(0, putText(words, putText(words, 0, name), column.type)));
    column.pieces(rows, pieces);
  }
  return pieces;
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
