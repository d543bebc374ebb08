/**
 * Requests that have broken servers, one file each in corpus/rest, sent as bytes over a socket. Each is answered with a
 * code of the list, never 500, or the connection is closed; no command reaches a log, no state changes, memory is not
 * kept, and who comes next is served.
 */
import assert from 'node:assert/strict';
import { readdirSync, readFileSync } from 'node:fs';
import { type AddressInfo, connect } from 'node:net';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { gatewayCodes } from '../../gateway/rest/errors.ts';
import { type RunningGateway, runGateway, tokenOf } from '../gateway/running-gateway.ts';

type Part = string | { readonly repeat: string; readonly times: number };

/** A file of the corpus. */
interface RequestCase {
  readonly says: string;
  readonly method?: string;
  readonly path?: readonly Part[];
  readonly headers?: readonly (readonly [string, Part])[];
  /** So many headers more, each of another name. */
  readonly manyHeaders?: number;
  readonly noHost?: boolean;
  readonly body?: readonly Part[];
  /** The body in hexadecimal, where it is no text. */
  readonly bytes?: string;
  /** All of the request in hexadecimal. */
  readonly raw?: string;
  /** Allowed answers. */
  readonly status: readonly number[];
  /** Of the error body; null where the answer has none of ours. */
  readonly code: string | null;
  readonly field?: string;
}

const ACCOUNT = 101;
const MEMORY_BYTES_MAX = 20 * 1024 * 1024;
const corpus = join(import.meta.dirname, 'corpus/rest');
const cases = readdirSync(corpus)
  .sort()
  .map((file) => ({ file, given: JSON.parse(readFileSync(join(corpus, file), 'utf8')) as RequestCase }));

let gateway: RunningGateway;
let port: number;

before(async () => {
  gateway = await runGateway();
  await gateway.app.listen({ host: '127.0.0.1', port: 0 });
  port = (gateway.app.server.address() as AddressInfo).port;
  await gateway.fund(ACCOUNT, 'USD', '100000');
});
after(async () => {
  await gateway.stop();
});

function textOf(parts: readonly Part[]): string {
  return parts.map((part) => (typeof part === 'string' ? part : part.repeat.repeat(part.times))).join('');
}

function bytesOf(given: RequestCase): Buffer {
  if (given.raw !== undefined) return Buffer.from(given.raw, 'hex');
  const body = given.bytes === undefined ? Buffer.from(textOf(given.body ?? [])) : Buffer.from(given.bytes, 'hex');
  const headers = [
    ...(given.noHost ? [] : ['Host: localhost']),
    `Authorization: Bearer ${tokenOf(ACCOUNT)}`,
    'Connection: close',
    ...(given.headers ?? []).map(([name, value]) => `${name}: ${textOf([value])}`),
    ...(given.body !== undefined || given.bytes !== undefined ? [`Content-Length: ${body.length}`] : []),
    ...Array.from({ length: given.manyHeaders ?? 0 }, (_, index) => `X-${index}: 1`),
  ];
  const head = `${given.method} ${textOf(given.path ?? [])} HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`;
  return Buffer.concat([Buffer.from(head), body]);
}

/** All that comes back until the server closes. */
function exchangeBytes(request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1');
    let answer = '';
    socket.setTimeout(20_000, () => socket.destroy(new Error('no answer in 20 s')));
    socket.setEncoding('utf8');
    socket.on('data', (chunk) => {
      answer += chunk;
    });
    // A server that refuses while bytes still come resets the connection: what it said counts.
    socket.on('error', (error: Error & { code?: string }) =>
      error.code === 'ECONNRESET' || error.code === 'EPIPE' ? resolve(answer) : reject(error),
    );
    socket.on('close', () => resolve(answer));
    // Not ended: a server may drop a request whose client went away.
    socket.write(request);
  });
}

function parsed(answer: string): { readonly status: number; readonly body: string } {
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  return { status: Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1] ?? 0), body: rest.join('\r\n\r\n') };
}

for (const { file, given } of cases) {
  test(`refuses ${file}: ${given.says}`, async () => {
    const hashes = gateway.hashes();
    const { commands } = gateway.exchange.head;
    const { status, body } = parsed(await exchangeBytes(bytesOf(given)));
    // 0: the connection was closed before an answer could be read, which is allowed where bytes were still coming.
    if (status !== 0 || bytesOf(given).length < 16_384) {
      assert.ok(given.status.includes(status), `${status} ${body.slice(0, 300)}`);
      if (given.code !== null) {
        const told = JSON.parse(body);
        assert.equal(told.code, given.code, body);
        assert.equal(told.field, given.field ?? told.field, body);
        assert.ok(Object.hasOwn(gatewayCodes, told.code) && told.message.length > 5 && told.request_id, body);
      }
    }
    assert.equal(gateway.exchange.head.commands, commands, 'it reached a log');
    assert.deepEqual(gateway.hashes(), hashes);
    assert.deepEqual(gateway.failures, []);
  });
}

test('twenty of each large one leave no memory behind, and who comes next is served', async () => {
  const large = cases.filter(({ given }) => bytesOf(given).length > 8_000).map(({ given }) => bytesOf(given));
  assert.ok(large.length >= 8);
  for (const request of large) await exchangeBytes(request);
  const before = heapBytes();
  for (let round = 0; round < 20; round++) {
    await Promise.all(large.map((request) => exchangeBytes(request)));
  }
  const grownBytes = heapBytes() - before;
  assert.ok(grownBytes < MEMORY_BYTES_MAX, `${grownBytes} bytes more are held`);
  const answer = await exchangeBytes(
    bytesOf({ says: '', method: 'GET', path: ['/v1/balances'], status: [200], code: null }),
  );
  assert.equal(parsed(answer).status, 200);
});

function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  collect();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}
