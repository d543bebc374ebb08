/** Clients that send slowly, not at all, or by the hundred: closed in time, and whoever is healthy is served. */
import assert from 'node:assert/strict';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { after, before, describe, it } from 'node:test';
import type { FastifyInstance } from 'fastify';
import { plainServer } from '../../gateway/rest/plain-server.ts';

const HEAD = 'POST /echo HTTP/1.1\r\nHost: localhost\r\n';
let app: FastifyInstance;
let port: number;

before(async () => {
  app = plainServer(
    { newId: () => 'id', failed: (error) => assert.fail(String(error)) },
    { requestMs: 1500, headersMs: 1000, idleMs: 500, lookMs: 50, connections: 300 },
  );
  app.post('/echo', async ({ body }) => ({ body }));
  app.get('/address', async ({ ip }) => ({ ip }));
  await app.listen({ host: '127.0.0.1', port: 0 });
  port = (app.server.address() as AddressInfo).port;
});
after(async () => {
  await app.close();
});

/** All that comes back until the other side closes; `drip`: sent a byte at a time, for ever. */
function speak(text: string, drip = ''): { readonly socket: Socket; readonly said: Promise<string> } {
  const socket = connect(port, '127.0.0.1');
  let answer = '';
  let at = 0;
  const timer = drip === '' ? undefined : setInterval(() => socket.write(drip[at++ % drip.length]!), 20);
  const said = new Promise<string>((resolve) => {
    socket.on('data', (bytes) => {
      answer += bytes;
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      clearInterval(timer);
      resolve(answer);
    });
  });
  socket.write(text);
  return { socket, said };
}

async function healthy(): Promise<void> {
  const response = await fetch(`http://127.0.0.1:${port}/echo`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{"a":"b"}',
  });
  assert.deepEqual(await response.json(), { body: { a: 'b' } });
}

describe('a client that is slow', () => {
  it('with its headers is told so and closed', async () => {
    const slow = speak(HEAD, 'X-A: 1\r\n');
    await healthy();
    const answer = await slow.said;
    assert.match(answer, /^HTTP\/1\.1 408 /);
    assert.match(answer, /"code":"timed_out"/);
  });

  it('with its body is told so and closed', async () => {
    const slow = speak(`${HEAD}Content-Type: application/json\r\nContent-Length: 5000\r\n\r\n{"a":"`, 'x');
    await healthy();
    assert.match(await slow.said, /^HTTP\/1\.1 408 /);
  });

  it('with everything, saying nothing, is closed', async () => {
    assert.doesNotMatch(await speak(HEAD).said, / 200 /);
    const kept = speak(`${HEAD}Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}`);
    assert.match(await kept.said, /^HTTP\/1\.1 200 [\s\S]+\{"body":\{\}\}$/);
  });

  it('by the hundred takes only the places that there are, and gives them back', async () => {
    const many = Array.from({ length: 400 }, () => speak(HEAD));
    const answers = await Promise.all(many.map(({ said }) => said));
    assert.ok(answers.filter((answer) => answer === '').length >= 100, 'those beyond the bound are closed unheard');
    await healthy();
  });
});

describe('an answer', () => {
  it('is kept by nobody in between and taken for nothing else', async () => {
    const response = await app.inject({ method: 'GET', url: '/nothing' });
    assert.deepEqual(
      [response.headers['cache-control'], response.headers['x-content-type-options']],
      ['no-store', 'nosniff'],
    );
  });
});

describe('an address that is forwarded', () => {
  const forwarded = { 'x-forwarded-for': '203.0.113.9' };
  it('counts for nothing from anybody', async () => {
    const response = await app.inject({ method: 'GET', url: '/address', headers: forwarded });
    assert.equal(response.json().ip, '127.0.0.1');
  });
  it('counts from a proxy that was named, and from no other', async () => {
    const behind = plainServer({ newId: () => 'id', failed: () => {} }, { trustedProxies: ['10.0.0.0/8'] });
    behind.get('/address', async ({ ip }) => ({ ip }));
    const ask = async (remoteAddress: string) =>
      (await behind.inject({ method: 'GET', url: '/address', headers: forwarded, remoteAddress })).json().ip;
    assert.deepEqual([await ask('10.1.2.3'), await ask('192.0.2.1')], ['203.0.113.9', '192.0.2.1']);
    await behind.close();
  });
});
