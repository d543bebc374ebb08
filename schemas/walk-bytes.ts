import { unreachable } from './assert.ts';
import {
  cursorPosition,
  openCursor,
  readArrayEnd,
  readBoolean,
  readCount,
  readIndex,
  readInt,
  readLong,
  readPresence,
  readString,
  readWide,
} from './avro-bytes.ts';
import type { Shape } from './generating/avro-schema.ts';
import { Malformed } from './malformed.ts';

/**
 * Reads a body by its schema alone, throwing what it reads away: slower than generated code, but it knows where it is.
 * Throws {@link Malformed} with the field's path at the first fault, trailing bytes included.
 */
export function walkBody(shape: Shape, bytes: Uint8Array, at: number, end: number): void {
  openCursor(bytes, at, end);
  walk(shape, '');
  if (cursorPosition() !== end)
    throw new Malformed(`${end - cursorPosition()} bytes after the record`, cursorPosition());
}

/** Path of the field in which a body that begins at `at` goes wrong; the record's name when it does not. */
export function pathOfFault(
  shape: Shape & { readonly kind: 'record' },
  bytes: Uint8Array,
  at: number,
  end: number,
): string {
  try {
    walkBody(shape, bytes, at, end);
  } catch (fault) {
    if (fault instanceof Malformed && fault.field !== '') return fault.field;
  }
  return shape.name;
}

function walk(shape: Shape, path: string): void {
  switch (shape.kind) {
    case 'record':
      for (const field of shape.fields)
        walk(field.shape, path === '' ? `${shape.name}.${field.name}` : `${path}.${field.name}`);
      return;
    case 'nullable':
      if (reading(readPresence, path)) walk(shape.of, path);
      return;
    case 'array': {
      const count = reading(readCount, path);
      for (let index = 0; index < count; index += 1) walk(shape.of, `${path}[${index}]`);
      if (count > 0) reading(readArrayEnd, path);
      return;
    }
    case 'enum':
      reading(() => readIndex(shape.symbols.length, 'enum'), path);
      return;
    case 'boolean':
      reading(readBoolean, path);
      return;
    case 'int':
      reading(readInt, path);
      return;
    case 'wide':
      reading(readWide, path);
      return;
    case 'long':
      reading(readLong, path);
      return;
    case 'string':
      reading(readString, path);
      return;
    default:
      unreachable(shape);
  }
}

function reading<T>(read: () => T, path: string): T {
  try {
    return read();
  } catch (fault) {
    throw fault instanceof Malformed ? new Malformed(fault.what, fault.at, path) : fault;
  }
}
