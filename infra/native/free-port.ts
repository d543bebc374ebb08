import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';

/**
 * Below what systems give to outgoing connections (Linux from 32,768, others from 49,152): a server that is killed finds its
 * port free when it comes back.
 */
const RANGE = { from: 20_000, below: 32_000 };
const TRIES = 200;

/** A port of the loopback address that nobody listens on now, and none of `taken`. */
export async function freePort(taken: ReadonlySet<number>): Promise<number> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const port = randomInt(RANGE.from, RANGE.below);
    if (!taken.has(port) && (await isFree(port))) return port;
  }
  throw new Error(`no free port between ${RANGE.from} and ${RANGE.below} in ${TRIES} tries`);
}

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}
