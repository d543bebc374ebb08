/**
 * A process of its own that does nothing but scrypt: 128 MB and a third of a second a password, which in the gateway's
 * process would stall everything that shares its threads. Lines of JSON in, lines of JSON out; it ends with its input.
 */
import { scryptSync } from 'node:crypto';
import { setPriority } from 'node:os';
import { createInterface } from 'node:readline';

export interface HashOrder {
  readonly id: number;
  /** base64url */
  readonly password: string;
  readonly salt: string;
  readonly cost: number;
  readonly blockSize: number;
  readonly parallel: number;
  readonly bytes: number;
}

export interface HashAnswer {
  readonly id: number;
  /** base64url */
  readonly key: string;
}

try {
  setPriority(10);
} catch {
  // Not everywhere allowed, and nothing depends on it.
}

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, password, salt, cost, blockSize, parallel, bytes } = JSON.parse(line) as HashOrder;
  const key = scryptSync(Buffer.from(password, 'base64url'), Buffer.from(salt, 'base64url'), bytes, {
    N: cost,
    r: blockSize,
    p: parallel,
    maxmem: 256 * cost * blockSize * parallel,
  }).toString('base64url');
  process.stdout.write(`${JSON.stringify({ id, key } satisfies HashAnswer)}\n`);
});
