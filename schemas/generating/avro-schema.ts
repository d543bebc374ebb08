/** The part of Avro that our records use, as read from .avsc files, and the same resolved into shapes. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { brandNames } from '../brands.ts';

export interface AvroField {
  readonly name: string;
  readonly type: AvroSchema;
  readonly brand?: string;
  /** A long of all 64 bits: a sum over trades or accounts, which no configuration bounds. A bigint in TypeScript. */
  readonly wide?: boolean;
  readonly doc?: string;
  readonly default?: unknown;
}

export interface AvroRecord {
  readonly type: 'record';
  readonly name: string;
  readonly namespace?: string;
  readonly version?: number;
  readonly doc?: string;
  readonly fields: readonly AvroField[];
}

export interface AvroEnum {
  readonly type: 'enum';
  readonly name: string;
  readonly namespace?: string;
  readonly symbols: readonly string[];
  readonly default?: string;
}

export interface AvroArray {
  readonly type: 'array';
  readonly namespace?: string;
  readonly items: AvroSchema;
}

export interface AvroPrimitive {
  readonly type: 'null' | 'boolean' | 'int' | 'long' | 'string';
  readonly namespace?: string;
  readonly logicalType?: string;
}

export type AvroSchema = string | readonly AvroSchema[] | AvroRecord | AvroEnum | AvroArray | AvroPrimitive;

/** A type with every name resolved: what code is made from, and what bytes are walked by. */
export type Shape =
  | { readonly kind: 'boolean' | 'int' | 'long' | 'string'; readonly brand: string | undefined }
  | { readonly kind: 'wide' }
  | { readonly kind: 'enum'; readonly name: string; readonly symbols: readonly string[] }
  | { readonly kind: 'nullable'; readonly of: Shape }
  | { readonly kind: 'array'; readonly of: Shape }
  | { readonly kind: 'record'; readonly name: string; readonly fields: readonly FieldShape[] };

export interface FieldShape {
  readonly name: string;
  readonly property: string;
  readonly doc: string | undefined;
  readonly shape: Shape;
}

/** A record as declared: the full schema (envelope first) and the shapes of both parts. */
export interface RecordDeclaration {
  readonly type: string;
  readonly interfaceName: string;
  readonly version: number;
  readonly doc: string;
  readonly schema: AvroRecord;
  readonly envelope: readonly FieldShape[];
  readonly own: readonly FieldShape[];
}

/** Reads every record of a folder, sorted by name, with the fields of `envelope.avsc` in front of its own. */
export function readDeclarations(folder: string): RecordDeclaration[] {
  const read = (file: string): AvroRecord => JSON.parse(readFileSync(join(folder, file), 'utf8')) as AvroRecord;
  const envelope = read('envelope.avsc');
  const enums = new Map<string, string>();
  const declarations = readdirSync(folder)
    .filter((file) => file.endsWith('.avsc') && file !== 'envelope.avsc')
    .sort()
    .map((file) => {
      const record = read(file);
      if (`${record.name}.avsc` !== file)
        throw new Error(`${file} declares "${record.name}": file and name must agree`);
      if (!Number.isInteger(record.version)) throw new Error(`${file} has no whole "version"`);
      const names = new Map<string, Shape>();
      const shapes = (fields: readonly AvroField[]): FieldShape[] =>
        fields.map((field) => shapeOfField(field, names, `${file}: ${field.name}`));
      const declaration = {
        type: record.name,
        interfaceName: pascalCase(record.name),
        version: record.version!,
        doc: record.doc ?? '',
        schema: { ...record, fields: [...envelope.fields, ...record.fields] },
        envelope: shapes(envelope.fields),
        own: shapes(record.fields),
      };
      for (const shape of names.values()) checkSameEverywhere(shape, enums, file);
      return declaration;
    });
  for (const { type, interfaceName } of declarations) {
    if (enums.has(interfaceName))
      throw new Error(`record "${type}" and a type inside a record would both be ${interfaceName}`);
  }
  return declarations;
}

/** Shape of a whole schema, as recorded: for schemas of older versions, where no file is left. */
export function shapeOfRecord(schema: AvroRecord): Shape & { readonly kind: 'record' } {
  const names = new Map<string, Shape>();
  return {
    kind: 'record',
    name: schema.name,
    fields: schema.fields.map((field) => shapeOfField(field, names, field.name)),
  };
}

/** Properties in TypeScript are camelCase, fields in Avro snake_case. */
export function camelCase(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

export function pascalCase(name: string): string {
  const camel = camelCase(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

function shapeOfField(field: AvroField, names: Map<string, Shape>, where: string): FieldShape {
  return {
    name: field.name,
    property: camelCase(field.name),
    doc: field.doc,
    shape: field.wide && field.type === 'long' ? { kind: 'wide' } : shapeOf(field.type, field.brand, names, where),
  };
}

function shapeOf(schema: AvroSchema, brand: string | undefined, names: Map<string, Shape>, where: string): Shape {
  if (brand !== undefined && !(brandNames as readonly string[]).includes(brand)) {
    throw new Error(`${where}: unknown brand "${brand}" (${brandNames.join(', ')})`);
  }
  if (typeof schema === 'string') return named(schema, brand, names, where);
  if (isUnion(schema)) {
    const [first, second] = schema;
    if (schema.length !== 2 || first !== 'null' || second === undefined) {
      throw new Error(`${where}: the only union is ["null", X]`);
    }
    return { kind: 'nullable', of: shapeOf(second, brand, names, where) };
  }
  switch (schema.type) {
    case 'enum': {
      const shape: Shape = { kind: 'enum', name: schema.name, symbols: schema.symbols };
      names.set(schema.name, shape);
      return shape;
    }
    case 'array':
      return { kind: 'array', of: shapeOf(schema.items, brand, names, where) };
    case 'record': {
      const fields = schema.fields.map((field) => shapeOfField(field, names, `${where}.${field.name}`));
      const shape: Shape = { kind: 'record', name: schema.name, fields };
      names.set(schema.name, shape);
      return shape;
    }
    default:
      return named(schema.type, brand, names, where);
  }
}

export function isUnion(schema: AvroSchema): schema is readonly AvroSchema[] {
  return Array.isArray(schema);
}

function named(name: string, brand: string | undefined, names: Map<string, Shape>, where: string): Shape {
  if (name === 'boolean' || name === 'int' || name === 'long' || name === 'string') return { kind: name, brand };
  const shape = names.get(name);
  if (shape === undefined)
    throw new Error(`${where}: unknown type "${name}" (boolean, int, long, string, or declared before)`);
  return shape;
}

/** One name means one thing in all files: TypeScript gets one type a name. */
function checkSameEverywhere(shape: Shape, seen: Map<string, string>, file: string): void {
  if (shape.kind !== 'enum' && shape.kind !== 'record') return;
  const text = JSON.stringify(shape);
  const before = seen.get(shape.name);
  if (before !== undefined && before !== text) throw new Error(`${file}: "${shape.name}" differs from another file's`);
  seen.set(shape.name, text);
}
