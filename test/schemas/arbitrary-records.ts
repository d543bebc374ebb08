/** Random records of every type, made from the declared schemas: any field value that its type allows. */
import { join } from 'node:path';
import fc from 'fast-check';
import type { Envelope } from '../../schemas/envelope.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import {
  type FieldShape,
  type RecordDeclaration,
  readDeclarations,
  type Shape,
} from '../../schemas/generating/avro-schema.ts';

export const schemasFolder = join(import.meta.dirname, '../../schemas');

export const declarations: readonly RecordDeclaration[] = readDeclarations(join(schemasFolder, 'records'));

export interface RecordWithEnvelope {
  readonly envelope: Envelope;
  readonly record: AnyRecord;
}

/** Longs lean to the ends of their range; `longMax` bounds them. */
export function arbitraryRecord(declaration: RecordDeclaration, longMax = Number.MAX_SAFE_INTEGER) {
  const fieldsOf = (fields: RecordDeclaration['own']) => recordOf(fields, longMax);
  return fc
    .tuple(fieldsOf(declaration.envelope), fieldsOf(declaration.own))
    .map(([{ symbol, seq, ...envelope }, own]): RecordWithEnvelope => {
      const record = { type: declaration.type, symbol, seq, ...own };
      return { envelope: envelope as unknown as Envelope, record: record as unknown as AnyRecord };
    });
}

/** The record as Avro names its fields: what a general Avro library reads and writes. */
export function asAvroFields(declaration: RecordDeclaration, { envelope, record }: RecordWithEnvelope): object {
  const from: { [property: string]: unknown } = { ...envelope, ...record };
  const fields = [...declaration.envelope, ...declaration.own];
  return Object.fromEntries(fields.map((field) => [field.name, avroValue(field.shape, from[field.property])]));
}

function arbitrary(shape: Shape, longMax: number): fc.Arbitrary<unknown> {
  switch (shape.kind) {
    case 'boolean':
      return fc.boolean();
    case 'int':
      return fc.oneof(fc.integer(), fc.integer({ min: -70, max: 70 }));
    case 'long':
      return fc.oneof(
        fc.maxSafeInteger().filter((value) => Math.abs(value) <= longMax),
        fc.integer({ min: -130, max: 130 }),
        fc.constantFrom(longMax, -longMax, 2 ** 31, 2 ** 31 - 1, -(2 ** 31), -(2 ** 31) - 1, 2 ** 27, 2 ** 34, 2 ** 48),
      );
    case 'wide': {
      const max = longMax === Number.MAX_SAFE_INTEGER ? 2n ** 63n - 1n : BigInt(longMax);
      return fc.oneof(
        fc.bigInt({ min: -max, max }),
        fc.bigInt({ min: -130n, max: 130n }),
        fc.constantFrom(max, -max, -max - (max === 2n ** 63n - 1n ? 1n : 0n)),
      );
    }
    case 'string':
      return fc.oneof(
        fc.string({ maxLength: 40 }),
        fc.string({ unit: 'binary' }),
        fc.string({ minLength: 60, maxLength: 300 }),
      );
    case 'enum':
      return fc.constantFrom(...shape.symbols);
    case 'nullable':
      return fc.option(arbitrary(shape.of, longMax));
    case 'array':
      return fc.array(arbitrary(shape.of, longMax), { maxLength: 12 });
    case 'record':
      return recordOf(shape.fields, longMax);
  }
}

function recordOf(fields: readonly FieldShape[], longMax: number): fc.Arbitrary<{ [property: string]: unknown }> {
  const values = Object.fromEntries(fields.map(({ property, shape }) => [property, arbitrary(shape, longMax)]));
  return fc.record(values, { noNullPrototype: true });
}

function avroValue(shape: Shape, value: unknown): unknown {
  if (shape.kind === 'wide') return Number(value);
  if (shape.kind === 'array') return (value as unknown[]).map((item) => avroValue(shape.of, item));
  if (shape.kind !== 'record') return value;
  const from = value as { [property: string]: unknown };
  return Object.fromEntries(shape.fields.map((field) => [field.name, avroValue(field.shape, from[field.property])]));
}
