import avro from 'avsc';
import type { Envelope } from './envelope.ts';
import type { AnyRecord, Micros, RecordType } from './generated/records.ts';
import { olderSchemas, recordSchemas } from './generated/schemas.ts';
import { type AvroRecord, camelCase, type Shape, shapeOfRecord } from './generating/avro-schema.ts';
import { Malformed } from './malformed.ts';
import { walkBody } from './walk-bytes.ts';

interface Reader {
  readonly type: RecordType;
  readonly today: avro.Type;
  readonly todayShape: Shape;
  readonly written: avro.Type;
  readonly writtenShape: Shape;
  readonly resolver: avro.Resolver;
}

/** Reads records of older versions into today's form, by Avro's schema resolution (new fields take their defaults). */
export class OlderVersions {
  readonly #schemas: { readonly [fingerprint: string]: AvroRecord };
  readonly #readers = new Map<string, Reader>();

  constructor(schemas: { readonly [fingerprint: string]: AvroRecord }) {
    this.#schemas = schemas;
  }

  /** `at` is the record's marker. Throws {@link Malformed} when no recorded schema has the fingerprint. */
  decode(bytes: Uint8Array, at: number, end: number, envelope: Envelope): AnyRecord {
    const fingerprint = Buffer.from(bytes.subarray(at + 2, at + 10)).toString('hex');
    const reader = this.#readerOf(fingerprint);
    if (reader === undefined) throw new Malformed(`unknown schema fingerprint ${fingerprint}`, at + 2);
    // avsc allocates by the counts it reads, so the bytes are judged before it sees them.
    walkBody(reader.writtenShape, bytes, at + 10, end);
    const body = Buffer.from(bytes.subarray(at + 10, end));
    const { value } = reader.today.decode(body, 0, reader.resolver) as { value: { [field: string]: unknown } };
    envelope.eventId = Number(value.event_id);
    envelope.causationId = Number(value.causation_id);
    envelope.correlationId = Number(value.correlation_id);
    envelope.occurredAt = Number(value.occurred_at) as Micros;
    envelope.eventVersion = Number(value.event_version);
    envelope.traceparent = value.traceparent as string | null;
    const shape = reader.todayShape as Shape & { kind: 'record' };
    const record: { [property: string]: unknown } = {
      type: reader.type,
      symbol: Number(value.symbol),
      seq: Number(value.seq),
    };
    for (const field of shape.fields) {
      if (ENVELOPE_FIELDS.has(field.name)) continue;
      record[field.property] = plain(field.shape, value[field.name]);
    }
    return record as unknown as AnyRecord;
  }

  #readerOf(fingerprint: string): Reader | undefined {
    const known = this.#readers.get(fingerprint);
    if (known !== undefined) return known;
    const schema = Object.hasOwn(this.#schemas, fingerprint) ? this.#schemas[fingerprint] : undefined;
    if (schema === undefined) return undefined;
    const type = schema.name as RecordType;
    const today = typeWithExactLongs(recordSchemas[type]);
    const written = typeWithExactLongs(schema);
    const reader: Reader = {
      type,
      today,
      todayShape: shapeOfRecord(recordSchemas[type]),
      written,
      writtenShape: shapeOfRecord(schema),
      resolver: today.createResolver(written),
    };
    this.#readers.set(fingerprint, reader);
    return reader;
  }
}

/** avsc's own longs end, and even lie, below 2^53; as bigint they are exact, and what was promised safe becomes a number. */
const exactLong = avro.types.LongType.__with({
  fromBuffer: (buffer: Buffer) => buffer.readBigInt64LE(),
  toBuffer: (value: bigint) => {
    const buffer = Buffer.alloc(8);
    buffer.writeBigInt64LE(value);
    return buffer;
  },
  fromJSON: BigInt,
  toJSON: Number,
  isValid: (value: unknown) => typeof value === 'bigint',
  compare: (left: bigint, right: bigint) => (left === right ? 0 : left < right ? -1 : 1),
});

/** A type of the general library in which every long is a bigint. */
export function typeWithExactLongs(schema: AvroRecord): avro.Type {
  return avro.Type.forSchema(
    schema as avro.Schema,
    {
      typeHook: (attributes: unknown) => {
        const isNamed = typeof attributes === 'object' && attributes !== null && 'type' in attributes;
        return (isNamed ? attributes.type : attributes) === 'long' ? (exactLong as avro.Type) : undefined;
      },
    } as never,
  );
}

const ENVELOPE_FIELDS = new Set([
  'event_id',
  'causation_id',
  'correlation_id',
  'occurred_at',
  'event_version',
  'symbol',
  'seq',
  'traceparent',
]);

const recorded = new OlderVersions(olderSchemas);

/** Decodes by the schemas recorded in the repository. */
export function decodeOlder(bytes: Uint8Array, at: number, end: number, envelope: Envelope): AnyRecord {
  return recorded.decode(bytes, at, end, envelope);
}

function plain(shape: Shape, value: unknown): unknown {
  switch (shape.kind) {
    case 'array':
      return (value as unknown[]).map((item) => plain(shape.of, item));
    case 'wide':
      return BigInt(value as bigint | number);
    case 'int':
    case 'long':
      return Number(value);
    case 'nullable':
      return value === null ? null : plain(shape.of, value);
    case 'record': {
      const fields = value as { [field: string]: unknown };
      return Object.fromEntries(
        shape.fields.map((field) => [camelCase(field.name), plain(field.shape, fields[field.name])]),
      );
    }
    default:
      return value;
  }
}
