import avro from 'avsc';
import { decodeRecord, encodeRecord } from '../../../schemas/codec.ts';
import { type Envelope, emptyEnvelope } from '../../../schemas/envelope.ts';
import type { AnyRecord, RecordType } from '../../../schemas/generated/records.ts';
import { recordSchemas } from '../../../schemas/generated/schemas.ts';
import { asAvroFields, declarations } from '../../schemas/arbitrary-records.ts';
import { type BenchOptions, comparedRow, measureInterleaved, type Row } from '../bench-row.ts';

export const name = 'record-codec';
export const summary = 'records to Avro bytes and back, beside the general library avsc on the same records';

const UNIT = 'ns/record';

const envelope: Envelope = {
  ...emptyEnvelope(),
  eventId: 3 * 2 ** 48 + 2 ** 42 + 2 ** 37 + 123_456,
  causationId: 2 ** 48 + 2 ** 40 + 999,
  correlationId: 3 * 2 ** 40 + 1_234,
  occurredAt: 1_790_000_000_123_456 as Envelope['occurredAt'],
  eventVersion: 1,
};

/** What an order that rests and then trades leaves in the logs, ids and amounts as large as in a running exchange. */
const records: readonly AnyRecord[] = (['place', 'hold', 'accepted', 'trade', 'order_update'] as const).map(filled);

/** Each figure is the mean over the five records; medians and spread are over the repetitions. */
export async function rows({ quick }: BenchOptions): Promise<Row[]> {
  const count = quick ? 5_000 : 50_000;
  const repetitions = quick ? 5 : 40;
  const bytes = new Uint8Array(1 << 16);
  const spans = records.map((record) => bytes.slice(0, encodeRecord(envelope, record, bytes, 0)));
  const types = records.map(({ type }) => avro.Type.forSchema(recordSchemas[type] as avro.Schema));
  const fields = records.map((record) =>
    asAvroFields(declarations.find(({ type }) => type === record.type)!, { envelope, record }),
  );
  const bodies = fields.map((value, index) => types[index]!.toBuffer(value));
  const buffer = Buffer.alloc(1 << 12);
  const decodedEnvelope = emptyEnvelope();
  const timed = (work: (index: number) => unknown) => (): number => {
    const began = performance.now();
    for (let index = 0; index < count; index += 1) work(index % records.length);
    return ((performance.now() - began) * 1e6) / count;
  };
  const measured = await measureInterleaved(repetitions, {
    encode: timed((index) => encodeRecord(envelope, records[index]!, bytes, 0)),
    encodeByLibrary: timed((index) => types[index]!.encode(fields[index], buffer, 0)),
    decode: timed((index) => decodeRecord(spans[index]!, 0, spans[index]!.length, decodedEnvelope)),
    decodeByLibrary: timed((index) => types[index]!.fromBuffer(bodies[index]!)),
  });
  const size = spans.reduce((sum, span) => sum + span.length, 0) / spans.length;
  const note = `mean of ${records.map(({ type }) => type).join(', ')}; ${size} bytes a record, 10 of them the header`;
  return [
    comparedRow(
      'encode',
      UNIT,
      measured.encode,
      { ...measured.encodeByLibrary, name: 'avsc encode, body only' },
      repetitions,
      note,
    ),
    comparedRow(
      'decode',
      UNIT,
      measured.decode,
      { ...measured.decodeByLibrary, name: 'avsc fromBuffer, body only' },
      repetitions,
      note,
    ),
  ];
}

function filled(type: RecordType): AnyRecord {
  const values: { [property: string]: unknown } = { type, symbol: 2, seq: 1_234_567 };
  for (const { property, shape } of declarations.find((declaration) => declaration.type === type)!.own) {
    if (shape.kind === 'enum') values[property] = shape.symbols[0];
    else if (shape.kind === 'string') values[property] = 'mm-1234-99887766';
    else if (shape.kind === 'boolean') values[property] = false;
    else if (shape.kind === 'nullable') values[property] = null;
    else values[property] = typicalNumber(property);
  }
  return values as unknown as AnyRecord;
}

function typicalNumber(property: string): number {
  if (/orderId$|requestId$/i.test(property)) return 2 * 2 ** 40 + 77_777;
  if (/amount$/i.test(property)) return 318_000_636_000;
  if (/(?:price|Price)Ticks$/.test(property)) return 6_000_012;
  if (/lots$/i.test(property)) return 53_000;
  if (/account$/i.test(property)) return 1_234;
  return property === 'validUntil' ? 1_790_000_060_123_456 : 0;
}
