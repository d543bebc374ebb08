import assert from 'node:assert/strict';
import { test } from 'node:test';
import avro from 'avsc';
import { Malformed } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import { canonicalForm, fingerprintHex, fingerprintOf } from '../../schemas/fingerprint.ts';
import { recordSchemas } from '../../schemas/generated/schemas.ts';
import type { AvroRecord } from '../../schemas/generating/avro-schema.ts';
import { OlderVersions, typeWithExactLongs } from '../../schemas/older-versions.ts';

const envelopeFields = {
  event_id: 11,
  causation_id: 12,
  correlation_id: 13,
  occurred_at: 1_790_000_000_000_001,
  event_version: 0,
  symbol: 3,
  seq: 7,
  traceparent: null,
};

function written(schema: AvroRecord, own: object): { older: OlderVersions; bytes: Buffer } {
  const fingerprint = fingerprintHex(fingerprintOf(canonicalForm(schema)));
  const body = avro.Type.forSchema(schema as avro.Schema).toBuffer({ ...envelopeFields, ...own });
  return {
    older: new OlderVersions({ [fingerprint]: schema }),
    bytes: Buffer.concat([Buffer.from(`c301${fingerprint}`, 'hex'), body]),
  };
}

test('a record of an older version comes in the form of today: gone fields left out, new ones with their default', () => {
  const today = recordSchemas.place;
  const fields = today.fields.filter(({ name }) => name !== 'self_trade_mode');
  const { older, bytes } = written(
    { ...today, fields: [...fields, { name: 'comment', type: 'string' }] },
    {
      account: 100,
      client_order_id: 'a-1',
      side: 'sell',
      order_type: 'limit',
      time_in_force: 'gtd',
      post_only: true,
      price_ticks: 5,
      quantity_lots: 6,
      budget: 0,
      expires_at: 8,
      valid_until: 9,
      comment: 'gone since',
    },
  );
  const envelope = emptyEnvelope();
  assert.deepEqual(older.decode(bytes, 0, bytes.length, envelope), {
    type: 'place',
    symbol: 3,
    seq: 7,
    account: 100,
    clientOrderId: 'a-1',
    side: 'sell',
    orderType: 'limit',
    timeInForce: 'gtd',
    postOnly: true,
    priceTicks: 5,
    quantityLots: 6,
    budget: 0,
    selfTradeMode: null,
    expiresAt: 8,
    validUntil: 9,
  });
  assert.deepEqual(envelope, {
    eventId: 11,
    causationId: 12,
    correlationId: 13,
    occurredAt: 1_790_000_000_000_001,
    eventVersion: 0,
    traceparent: null,
  });
});

test('an array inside a record of an older version comes with its items in the form of today', () => {
  const today = recordSchemas.entry;
  const fields = today.fields.filter(({ name }) => name !== 'note');
  const schema = { ...today, fields: [{ name: 'dropped', type: 'int' }, ...fields] };
  const own = Object.fromEntries(
    fields.map((field): [string, unknown] => [field.name, field.type === 'string' ? '' : 0]),
  );
  const { older, bytes } = written(schema, {
    ...own,
    ...envelopeFields,
    dropped: 1,
    kind: 'hold',
    postings: [{ account: 100, ledger_account: 'hold', asset: 1, amount: -5 }],
  });
  const record = older.decode(bytes, 0, bytes.length, emptyEnvelope());
  assert.equal(record.type, 'entry');
  assert.deepEqual(record.type === 'entry' && record.postings, [
    { account: 100, ledgerAccount: 'hold', asset: 1, amount: -5 },
  ]);
});

test('an array count beyond the bytes of an older record is refused before the general library sees it', () => {
  const schema: AvroRecord = {
    ...recordSchemas.tick,
    fields: [...recordSchemas.tick.fields, { name: 'gone', type: { type: 'array', items: 'long' } }],
  };
  const { older, bytes } = written(schema, { number: 1, gone: [] });
  const claiming = Buffer.concat([bytes.subarray(0, -1), Buffer.from('80c2d72f', 'hex')]);
  assert.throws(
    () => older.decode(claiming, 0, claiming.length, emptyEnvelope()),
    (error) => error instanceof Malformed && error.field === 'tick.gone' && error.what.includes('50000000 items'),
  );
});

test('a fingerprint that no recorded schema has is refused', () => {
  const { older, bytes } = written(recordSchemas.tick, { number: 1 });
  bytes[2] = bytes[2]! ^ 1;
  assert.throws(() => older.decode(bytes, 0, bytes.length, emptyEnvelope()), /unknown schema fingerprint/);
});

test('a sum above 2^53 in a record of an older version is exact', () => {
  const schema: AvroRecord = {
    ...recordSchemas.candle,
    fields: [...recordSchemas.candle.fields, { name: 'gone', type: 'int' }],
  };
  const fingerprint = fingerprintHex(fingerprintOf(canonicalForm(schema)));
  const zeros = Object.fromEntries(
    schema.fields.map(({ name, type }): [string, unknown] => [name, type === 'int' ? 0 : 0n]),
  );
  const own = {
    ...zeros,
    occurred_at: 0n,
    traceparent: null,
    interval: '1w',
    closed: true,
    quote_amount: 2n ** 62n + 1n,
  };
  const body = typeWithExactLongs(schema).toBuffer(own);
  const bytes = Buffer.concat([Buffer.from(`c301${fingerprint}`, 'hex'), body]);
  const record = new OlderVersions({ [fingerprint]: schema }).decode(bytes, 0, bytes.length, emptyEnvelope());
  assert.deepEqual(record.type === 'candle' && [record.quoteAmount, record.tradeCount], [2n ** 62n + 1n, 0]);
});
