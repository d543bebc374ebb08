import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { recoverLog } from '../../pipelines/runtime/log/recover-log.ts';
import { verifyLog } from '../../pipelines/runtime/log/verify-log.ts';
import { seededRandom } from '../../pipelines/runtime/outside/seeded-random.ts';
import { fieldClasses, flipAndFind, LOG, makeLog } from './log-bit-rot.ts';

describe('bit rot in a closed segment', () => {
  it('is found wherever a single bit flips: every bit of a segment', (t) => {
    const sample = makeLog(2048, 3);
    for (let at = 0; at < 2048; at++) {
      for (let bit = 0; bit < 8; bit++) flipAndFind(sample, 1, at, 1 << bit);
    }
    t.diagnostic('16,384 bits flipped, 16,384 found');
  });

  it('is found in every class of field, header and padding included, by one bit and by many', () => {
    const sample = makeLog(16 * 1024, 4);
    const random = seededRandom(44);
    for (const segment of [0, 1, 2]) {
      const classes = fieldClasses(sample.disk.contents(`${LOG}/${sample.names[segment]!}`));
      assert.equal(classes.size, 30, [...classes.keys()].join(', '));
      for (const ranges of classes.values()) {
        for (let round = 0; round < 12; round++) {
          const [from, to] = ranges[random.below(ranges.length)]!;
          flipAndFind(sample, segment, from + random.below(to - from), 1 << random.below(8));
          flipAndFind(sample, segment, from + random.below(to - from), 1 + random.below(255));
        }
      }
    }
  });

  it('is found by the verification alone where the start does not look', () => {
    const sample = makeLog(16 * 1024, 4);
    const path = `${LOG}/${sample.names[0]!}`;
    const [from] = fieldClasses(sample.disk.contents(path)).get('frame payload')![20]!;
    sample.disk.damage(path, from, 1);
    const options = { directory: LOG, generation: 3, marks: [], segmentBytes: sample.segmentBytes, proveBytesMax: 0 };
    assert.equal(recoverLog(sample.disk, options).provenFrom, Number(sample.names[3]!.slice(0, 12)));
    const proof = verifyLog(sample.disk, LOG);
    assert.equal(proof.damages.length, 1);
    assert.equal(proof.damages[0]!.segmentFirstCommit, 1);
    assert.ok(proof.damages[0]!.record, 'it names the record');
  });

  it('is named in every segment that has it, and is gone when the segment is restored', () => {
    const sample = makeLog(16 * 1024, 5);
    const { disk, names } = sample;
    const good = names.map((name) => disk.contents(`${LOG}/${name}`));
    const before = verifyLog(disk, LOG);
    for (const index of [0, 2, 3]) disk.damage(`${LOG}/${names[index]!}`, 3000, 64);
    const { damages } = verifyLog(disk, LOG);
    assert.deepEqual(
      damages.map((damage) => damage.segmentFirstCommit),
      [0, 2, 3].map((index) => Number(names[index]!.slice(0, 12))),
    );
    for (const index of [0, 2, 3]) disk.place(`${LOG}/${names[index]!}`, good[index]!);
    assert.deepEqual(verifyLog(disk, LOG), before);
  });
});

describe('bit rot in the newest segment', () => {
  it('is found in every commit but the last, which only marks can tell from a torn write', () => {
    const sample = makeLog(16 * 1024, 2);
    const { disk, names, segmentBytes } = sample;
    const name = names[1]!;
    const end = recoverLog(disk, { directory: LOG, generation: 3, marks: [], segmentBytes }).end;
    // The commit that closing wrote holds no record and takes one trailer.
    for (let at = 0; at < end.offset - 72; at++) flipAndFind(sample, 1, at, 1 << (at % 8));
    disk.damage(`${LOG}/${name}`, end.offset - 10, 1);
    const marks = [{ source: 'the ledger', commit: end.commit }];
    assert.throws(() => recoverLog(disk, { directory: LOG, generation: 3, marks, segmentBytes }), /the ledger knows/);
    const { torn } = recoverLog(disk, { directory: LOG, generation: 3, marks: [], segmentBytes });
    assert.equal(torn?.commit, end.commit);
  });
});
