import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import fc from 'fast-check';
import { decodeRecord, encodeRecord, fingerprintOfType, HEADER_BYTES, Malformed } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { RecordType } from '../../schemas/generated/records.ts';
import { arbitraryRecord, declarations } from './arbitrary-records.ts';

/** A file of the corpus: the bytes, or a record type and the body after its header, and how the refusal begins. */
interface MalformedCase {
  readonly why: string;
  readonly bytes?: string;
  readonly record?: RecordType;
  readonly body?: string;
  readonly what: string;
  readonly field: string;
}

const corpus = join(import.meta.dirname, '../faults/corpus/avro');

function bytesOf(given: MalformedCase): Uint8Array {
  if (given.bytes !== undefined) return Buffer.from(given.bytes, 'hex');
  return Buffer.from(`c301${fingerprintOfType(given.record!)}${given.body}`, 'hex');
}

for (const file of readdirSync(corpus).sort()) {
  const given = JSON.parse(readFileSync(join(corpus, file), 'utf8')) as MalformedCase;
  test(`refuses ${file}: ${given.why}`, () => {
    // The fault must be found in the record's own bytes, whatever lies around them.
    const bytes = bytesOf(given);
    const surrounded = new Uint8Array(bytes.length + 100).fill(0x02);
    surrounded.set(bytes, 50);
    for (const [around, at] of [
      [bytes, 0],
      [surrounded, 50],
    ] as const) {
      assert.throws(
        () => decodeRecord(around, at, at + bytes.length, emptyEnvelope()),
        (error) => {
          assert.ok(error instanceof Malformed, String(error));
          assert.ok(error.what.includes(given.what), `${error.what} | wanted: ${given.what}`);
          assert.equal(error.field, given.field);
          assert.ok(error.at >= at && error.at <= at + bytes.length, `at ${error.at}`);
          return true;
        },
      );
    }
  });
}

const anyRecord = fc.constantFrom(...declarations).chain((declaration) => arbitraryRecord(declaration));

test('any change of a byte, cut or extension is read as exactly those bytes or refused', () => {
  const mutation = fc.oneof(
    fc.record({ kind: fc.constant('set' as const), at: fc.nat(), byte: fc.nat(255) }),
    fc.record({ kind: fc.constant('cut' as const), at: fc.nat(), byte: fc.nat(255) }),
    fc.record({ kind: fc.constant('insert' as const), at: fc.nat(), byte: fc.nat(255) }),
    fc.record({ kind: fc.constant('remove' as const), at: fc.nat(), byte: fc.nat(255) }),
  );
  let readable = 0;
  let refused = 0;
  fc.assert(
    fc.property(anyRecord, fc.array(mutation, { minLength: 1, maxLength: 3 }), (given, mutations) => {
      const room = new Uint8Array(100_000);
      let bytes = [...room.subarray(0, encodeRecord(given.envelope, given.record, room, 0))];
      for (const { kind, at, byte } of mutations) {
        const place = at % (bytes.length + 1);
        if (kind === 'set' && place < bytes.length) bytes[place] = byte;
        if (kind === 'cut') bytes = bytes.slice(0, place);
        if (kind === 'insert') bytes.splice(place, 0, byte);
        if (kind === 'remove') bytes.splice(place, 1);
      }
      const mutated = Uint8Array.from(bytes);
      const envelope = emptyEnvelope();
      try {
        const record = decodeRecord(mutated, 0, mutated.length, envelope);
        const again = new Uint8Array(mutated.length);
        assert.equal(encodeRecord(envelope, record, again, 0), mutated.length);
        assert.deepEqual(again, mutated);
        readable += 1;
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error));
        refused += 1;
      }
    }),
    { numRuns: 4_000 },
  );
  assert.ok(readable > 100 && refused > 100, `both must happen: ${readable} read, ${refused} refused`);
});

test('random bytes behind a valid header are read as exactly those bytes or refused', () => {
  fc.assert(
    fc.property(fc.constantFrom(...declarations), fc.uint8Array({ maxLength: 300 }), ({ type }, body) => {
      const bytes = Uint8Array.from([
        0xc3,
        0x01,
        ...Buffer.from(fingerprintOfType(type as RecordType), 'hex'),
        ...body,
      ]);
      const envelope = emptyEnvelope();
      try {
        const record = decodeRecord(bytes, 0, bytes.length, envelope);
        const again = new Uint8Array(bytes.length);
        encodeRecord(envelope, record, again, 0);
        assert.deepEqual(again, bytes);
      } catch (error) {
        assert.ok(error instanceof Malformed, String(error));
        assert.ok(error.at >= HEADER_BYTES);
      }
    }),
    { numRuns: 4_000 },
  );
});

test('a place outside the array is refused', () => {
  const bytes = new Uint8Array(20);
  for (const [at, end] of [
    [0, 21],
    [-1, 15],
    [12, 20],
    [20, 20],
    [15, 5],
  ] as const) {
    assert.throws(() => decodeRecord(bytes, at, end, emptyEnvelope()), Malformed);
  }
});
