import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { InvariantBroken } from '../../schemas/assert.ts';
import * as ids from '../../schemas/ids.ts';

const part = (bits: number) =>
  fc.oneof(
    fc.integer({ min: 0, max: 2 ** Math.min(bits, 31) - 1 }),
    fc.constantFrom(0, 2 ** bits - 1),
    fc.maxSafeInteger().map((value) => Math.abs(value) % 2 ** bits),
  );

test('a position gives back log, partition and offset, and is the number its bits say', () => {
  fc.assert(
    fc.property(part(5), part(8), part(40), (log, partition, offset) => {
      const position = ids.packPosition(log, partition, offset);
      assert.ok(Number.isSafeInteger(position));
      assert.equal(BigInt(position), (BigInt(log) << 48n) | (BigInt(partition) << 40n) | BigInt(offset));
      assert.deepEqual(
        [ids.logOfPosition(position), ids.partitionOfPosition(position), ids.offsetOfPosition(position)],
        [log, partition, offset],
      );
      const orderId = ids.orderIdOfPosition(position);
      assert.equal(orderId, ids.packOrderId(partition, offset));
      assert.deepEqual([ids.partitionOfOrderId(orderId), ids.offsetOfOrderId(orderId)], [partition, offset]);
    }),
  );
});

test('an event id gives back edge, partitions and sequence, and is the number its bits say', () => {
  fc.assert(
    fc.property(part(5), part(6), part(6), part(36), (edge, source, target, sequence) => {
      const id = ids.packEventId(edge, source, target, sequence);
      assert.ok(Number.isSafeInteger(id));
      const bits = (BigInt(edge) << 48n) | (BigInt(source) << 42n) | (BigInt(target) << 36n) | BigInt(sequence);
      assert.equal(BigInt(id), bits);
      assert.deepEqual(
        [
          ids.edgeOfEventId(id),
          ids.sourcePartitionOfEventId(id),
          ids.targetPartitionOfEventId(id),
          ids.sequenceOfEventId(id),
        ],
        [edge, source, target, sequence],
      );
    }),
  );
});

test('a part that leaves its bits is our bug', () => {
  for (const pack of [
    () => ids.packPosition(32, 0, 0),
    () => ids.packPosition(0, 256, 0),
    () => ids.packPosition(0, 0, 2 ** 40),
    () => ids.packPosition(0, 0, -1),
    () => ids.packPosition(0, 0.5, 0),
    () => ids.packPosition(0, 0, Number.NaN),
    () => ids.packEventId(0, 64, 0, 0),
    () => ids.packEventId(0, 0, 0, 2 ** 36),
    () => ids.packOrderId(256, 0),
  ]) {
    assert.throws(pack, InvariantBroken);
  }
});

test('an id is a plain decimal string at the edges, exact to 2^53 - 1', () => {
  fc.assert(fc.property(fc.maxSafeInteger().map(Math.abs), (id) => assert.equal(ids.parseId(ids.formatId(id)), id)));
  assert.equal(ids.formatId(Number.MAX_SAFE_INTEGER), '9007199254740991');
  for (const text of [
    '',
    '01',
    '-1',
    '+1',
    '1.0',
    '1e3',
    ' 1',
    '1 ',
    '1\n',
    '9007199254740992',
    '9007199254740993',
    '٣',
    '0x1',
    '99999999999999999',
  ]) {
    assert.equal(ids.parseId(text), undefined, JSON.stringify(text));
  }
});

test('a position is shown with the name of its log', () => {
  assert.equal(ids.formatPosition(ids.packPosition(1, 3, 912_004), ['commands', 'market']), 'market/3@912004');
  assert.equal(ids.formatPosition(ids.packPosition(9, 0, 1), []), '9/0@1');
});
