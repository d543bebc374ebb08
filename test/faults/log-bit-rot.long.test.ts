import { describe, it } from 'node:test';
import { flipAndFind, makeLog } from './log-bit-rot.ts';

describe('bit rot in closed segments, all of it', () => {
  it('is found at every bit of three segments', (t) => {
    const sample = makeLog(16 * 1024, 4);
    let flips = 0;
    for (const segment of [0, 1, 2]) {
      for (let at = 0; at < sample.segmentBytes; at++) {
        for (let bit = 0; bit < 8; bit++, flips++) flipAndFind(sample, segment, at, 1 << bit);
      }
    }
    t.diagnostic(`${flips} bits flipped, ${flips} found`);
  });
});
