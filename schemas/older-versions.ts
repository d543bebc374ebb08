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
    envelope.eventId = value.event_id as number;
    envelope.causationId = value.causation_id as number;
    envelope.correlationId = value.correlation_id as number;
    envelope.occurredAt = value.occurred_at as Micros;
    envelope.eventVersion = value.event_version as number;
    envelope.traceparent = value.traceparent as string | null;
    const shape = reader.todayShape as Shape & { kind: 'record' };
    const record: { [property: string]: unknown } = { type: reader.type, symbol: value.symbol, seq: value.seq };
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
    const today = avro.Type.forSchema(recordSchemas[type] as avro.Schema);
    const written = avro.Type.forSchema(schema as avro.Schema);
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
