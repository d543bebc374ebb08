import { randomBytes, randomInt } from 'node:crypto';
import type { Random } from './random.ts';

/** The machine's randomness. */
export function systemRandom(): Random {
  return {
    bytes: (count) => new Uint8Array(randomBytes(count)),
    below: (limit) => randomInt(limit),
  };
}
