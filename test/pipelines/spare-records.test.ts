// Records that are filled again must be as good as new ones.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Lane } from '../../pipelines/runtime/lane.ts';
import { planLane } from '../../pipelines/runtime/lane-plan.ts';
import type { SinkBlock } from '../../pipelines/runtime/ports.ts';
import { SpareRecords } from '../../pipelines/runtime/spare-records.ts';
import spot from '../../pipelines/spot.ts';
import { decodeInto, decodeRecord, encodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { RecordType } from '../../schemas/generated/records.ts';
import { arbitraryRecord, declarations } from '../schemas/arbitrary-records.ts';
import { type RecordedMarket, recordMarket } from './recorded-market.ts';

test('a record of any type, filled again, is the one that is read anew', () => {
  const scratch = new Uint8Array(1 << 16);
  for (const declaration of declarations) {
    const made = arbitraryRecord(declaration);
    fc.assert(
      fc.property(made, made, (before, after) => {
        const spare = new SpareRecords();
        const envelope = emptyEnvelope();
        const first = encodeRecord(before.envelope, before.record, scratch, 0);
        const used = decodeRecord(scratch, 0, first, envelope);
        spare.give([used], [envelope]);
        const end = encodeRecord(after.envelope, after.record, scratch, 0);
        const filled = spare.envelope();
        const again = decodeInto(scratch, 0, end, filled, spare.record);
        const fresh = emptyEnvelope();
        assert.deepEqual(again, decodeRecord(scratch, 0, end, fresh));
        assert.deepEqual(filled, fresh);
        assert.equal(again, used);
        assert.equal(spare.record(declaration.type as RecordType), undefined);
      }),
      { numRuns: 20 },
    );
  }
});

/** What a lane hands over, each block as text the moment it comes, and freed right after. */
function handedOver(market: RecordedMarket, sink: string, fillsAgain: boolean): string[] {
  const texts: string[] = [];
  const plan = planLane(spot, sink);
  const spare = fillsAgain ? new SpareRecords() : undefined;
  const hear = (block: SinkBlock) => {
    const { free, ...content } = block;
    texts.push(JSON.stringify(content, (_, value) => (typeof value === 'bigint' ? `${value}n` : value)));
    free?.();
    assert.deepEqual(free && [block.records, block.envelopes, block.outputs], free && [[], [], {}]);
  };
  const lane = new Lane(plan, market.catalog, 1024, hear, spare);
  for (const { log, partition, offset, payload } of market.frames) {
    if (!plan.logs.includes(log)) continue;
    const envelope = spare?.envelope() ?? emptyEnvelope();
    const record = spare
      ? decodeInto(payload, 0, payload.length, envelope, spare.record)
      : decodeRecord(payload, 0, payload.length, envelope);
    lane.push(log, partition, offset, record, envelope);
  }
  return texts;
}

test('lanes that fill their records again hand over the same blocks', () => {
  const market = recordMarket({ seed: 11, seconds: 20, ordersPerSecond: 60 });
  for (const sink of ['history', 'ledger']) {
    const anew = handedOver(market, sink, false);
    assert.ok(anew.length > 40);
    assert.deepEqual(handedOver(market, sink, true), anew);
  }
});
