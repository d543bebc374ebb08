import assert from 'node:assert/strict';
import { test } from 'node:test';
import avro from 'avsc';
import fc from 'fast-check';
import { InvariantBroken } from '../../schemas/assert.ts';
import { DoesNotFit, decodeRecord, encodeRecord, fingerprintOfType, HEADER_BYTES } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord, RecordType } from '../../schemas/generated/records.ts';
import { typeWithExactLongs } from '../../schemas/older-versions.ts';
import { arbitraryRecord, asAvroFields, declarations, type RecordWithEnvelope } from './arbitrary-records.ts';

function encoded({ envelope, record }: RecordWithEnvelope): Uint8Array {
  const bytes = new Uint8Array(100_000);
  return bytes.slice(0, encodeRecord(envelope, record, bytes, 0));
}

const valid = 123_456_789;

for (const declaration of declarations) {
  const { type } = declaration;
  const general = avro.Type.forSchema(declaration.schema as avro.Schema);
  const exact = typeWithExactLongs(declaration.schema);

  // avsc's plain longs are exact to 2^52 only: it refuses 2^53 - 1, and writes -(2^53 - 2) with the wrong sign, because it
  // doubles the number as a double. As bigint it reads and writes all of them.
  test(`${type} is written as the same bytes as by a general Avro library, and read back the same`, () => {
    fc.assert(
      fc.property(arbitraryRecord(declaration, 2 ** 52), (given) => {
        const bytes = encoded(given);
        const body = general.toBuffer(asAvroFields(declaration, given));
        assert.deepEqual(Buffer.from(bytes.subarray(HEADER_BYTES)), body);
        assert.equal(
          Buffer.from(bytes.subarray(0, HEADER_BYTES)).toString('hex'),
          `c301${fingerprintOfType(type as RecordType)}`,
        );
        const envelope = emptyEnvelope();
        assert.deepEqual(decodeRecord(bytes, 0, bytes.length, envelope), given.record);
        assert.deepEqual(envelope, given.envelope);
      }),
      { numRuns: 60 },
    );
  });

  test(`${type} is exact up to 2^53 - 1`, () => {
    fc.assert(
      fc.property(arbitraryRecord(declaration), (given) => {
        const bytes = encoded(given);
        const envelope = emptyEnvelope();
        assert.deepEqual(decodeRecord(bytes, 0, bytes.length, envelope), given.record);
        assert.deepEqual(envelope, given.envelope);
        const byOther = exact.fromBuffer(Buffer.from(bytes.subarray(HEADER_BYTES))) as { event_id: bigint };
        assert.equal(byOther.event_id, BigInt(given.envelope.eventId));
        assert.deepEqual(exact.toBuffer(byOther), Buffer.from(bytes.subarray(HEADER_BYTES)));
      }),
      { numRuns: 25 },
    );
  });
}

test('an array too short for a record is left as it was, and the error says how many bytes are needed', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...declarations).chain((declaration) => arbitraryRecord(declaration)),
      (given) => {
        const whole = encoded(given);
        const tooShort = new Uint8Array(whole.length + 6).fill(0xee);
        assert.throws(
          () => encodeRecord(given.envelope, given.record, tooShort, 7),
          (error) => error instanceof DoesNotFit && error.bytesNeeded === whole.length,
        );
        assert.ok(tooShort.every((byte) => byte === 0xee));
        const exactRoom = new Uint8Array(whole.length + 7);
        assert.equal(encodeRecord(given.envelope, given.record, exactRoom, 7), exactRoom.length);
        assert.deepEqual(exactRoom.subarray(7), whole);
      },
    ),
    { numRuns: 150 },
  );
});

test('a value that its field cannot hold is our bug and is not written', () => {
  const tick = (number: number): AnyRecord => ({ type: 'tick', symbol: 0, seq: 0, number }) as unknown as AnyRecord;
  const cancelAll = (reason: string): AnyRecord =>
    ({ type: 'cancel_all', symbol: 0, seq: 0, account: 1, reason, validUntil: 1 }) as unknown as AnyRecord;
  const bytes = new Uint8Array(1_000);
  for (const value of [2 ** 53, -(2 ** 53), 0.5, 2 ** 40 + 0.5, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => encodeRecord(emptyEnvelope(), tick(value), bytes, 0), InvariantBroken, String(value));
  }
  assert.throws(
    () => encodeRecord({ ...emptyEnvelope(), eventVersion: 2 ** 31 }, tick(valid), bytes, 0),
    InvariantBroken,
  );
  assert.throws(() => encodeRecord(emptyEnvelope(), cancelAll('no_such_reason'), bytes, 0), InvariantBroken);
  assert.throws(
    () => encodeRecord({ ...emptyEnvelope(), traceparent: 'half \ud800' }, tick(1), bytes, 0),
    InvariantBroken,
  );
  assert.throws(() => encodeRecord(emptyEnvelope(), { type: 'no_such' } as never, bytes, 0), InvariantBroken);
});
