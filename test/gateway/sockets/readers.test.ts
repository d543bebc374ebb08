// Readers that are slow, many, hostile or no longer welcome lose only themselves. Real sockets, without the client where it
// would be too polite.
import assert from 'node:assert/strict';
import { connect, type Socket as NetSocket } from 'node:net';
import { after, before, test } from 'node:test';
import { setTimeout as wait } from 'node:timers/promises';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { io, type Socket } from 'socket.io-client';
import type { Authenticator, Principal, Revoked } from '../../../gateway/identity/principal.ts';
import { AuthenticationFailed } from '../../../gateway/identity/principal.ts';
import { DEFAULT_LIMITS } from '../../../gateway/sockets/socket-hub.ts';
import type { AccountId, Micros } from '../../../schemas/generated/records.ts';
import { eventually, runSocketGateway, type SocketGateway } from './socket-gateway.ts';

const BTC = 'BTC-USD';
const ALICE = 100;
const BOB = 101;

/** Tokens `alice`, `bob`, `analyst`, `brief` (ends soon), `reader` (may not trade). */
class TestAuthenticator implements Authenticator {
  readonly #listeners = new Set<(match: Revoked) => void>();
  now: () => number = () => 0;

  authenticate({ headers }: Parameters<Authenticator['authenticate']>[0]): Principal {
    const token = /^Bearer (\w+)$/.exec(String(headers.authorization))?.[1];
    const is = (account: number, more: Partial<Principal> = {}): Principal => ({
      account: account as AccountId,
      userId: `user-${account}`,
      roles: ['trader'],
      scopes: ['read', 'trade'],
      keyId: `key-${token}`,
      expiresAtMicros: Number.MAX_SAFE_INTEGER as Micros,
      ...more,
    });
    switch (token) {
      case 'alice':
      case 'other':
        return is(ALICE);
      case 'bob':
        return is(BOB);
      case 'analyst':
        return is(BOB, { roles: ['trader', 'analyst'] });
      case 'brief':
        return is(ALICE, { expiresAtMicros: (this.now() + 2_000_000) as Micros });
      case 'reader':
        return is(ALICE, { scopes: ['read'] });
      default:
        throw new AuthenticationFailed('unauthenticated', 'This credential is nobody’s.');
    }
  }

  onRevoked(listener: (match: Revoked) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  revoke(match: Revoked): void {
    for (const listener of this.#listeners) listener(match);
  }
}

const authenticator = new TestAuthenticator();
const sockets = new Set<Socket>();
let gateway: SocketGateway;

before(async () => {
  gateway = await runSocketGateway({
    authenticator,
    limits: { ...DEFAULT_LIMITS, subscriptions: 10, messagesPerSecond: 200, messagesBurst: 200 },
  });
  authenticator.now = () => gateway.clock.nowMicros();
  for (const account of [ALICE, BOB]) {
    await gateway.fund(account, 'USD', '1000000');
    await gateway.fund(account, 'BTC', '100');
  }
});
after(async () => {
  for (const socket of sockets) socket.disconnect();
  await gateway.stop();
});

interface Raw {
  readonly socket: Socket;
  readonly frames: { readonly channel: string; readonly [field: string]: unknown }[];
  readonly closings: { readonly reason: string }[];
  ask(event: string, payload?: unknown): Promise<{ readonly ok: boolean; readonly error?: { readonly code: string } }>;
}

async function raw(token?: string, headers: { [name: string]: string } = {}): Promise<Raw> {
  const socket = io(gateway.url, {
    path: '/v1/socket',
    transports: ['websocket'],
    forceNew: true,
    reconnection: false,
    extraHeaders: headers,
    ...(token === undefined ? {} : { auth: { authorization: `Bearer ${token}` } }),
  });
  sockets.add(socket);
  const frames: Raw['frames'] = [];
  const closings: { readonly reason: string }[] = [];
  socket.on('frame', (frame) => frames.push(frame));
  socket.on('closing', (closing) => closings.push(closing));
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('connect_error', reject);
  });
  return {
    socket,
    frames,
    closings,
    ask: (event, payload = {}) => socket.timeout(5_000).emitWithAck(event, payload),
  };
}

const place = (price: string, more: object = {}) => ({
  op: 'place',
  symbol: BTC,
  side: 'buy',
  type: 'limit',
  price,
  quantity: '0.01000',
  ...more,
});

test('private channels are those of the credential, and nobody can name another’s', async () => {
  const alice = await raw('alice');
  const nobody = await raw();
  for (const channel of ['orders', 'fills', 'balances']) {
    assert.equal((await alice.ask('subscribe', { channel })).ok, true);
    assert.equal((await nobody.ask('subscribe', { channel })).error?.code, 'unauthenticated');
    for (const more of [{ account: '101' }, { account: 101 }, { room: 'user:101' }, { symbol: BTC }]) {
      assert.equal((await alice.ask('subscribe', { channel, ...more })).error?.code, 'malformed');
    }
  }
  const bob = await raw('bob');
  const { results } = (await bob.ask('orders', {
    items: [place('50000.00', { client_order_id: 'of-bob' })],
  })) as unknown as {
    results: { ok: boolean; order_id: string }[];
  };
  assert.equal(results[0]!.ok, true);
  for (const order of [results[0]!.order_id, '1', '999999999']) {
    const answer = (await alice.ask('orders', {
      items: [
        { op: 'cancel', order },
        { op: 'amend', order, price: '50001.00' },
      ],
    })) as unknown as { results: { error: { code: string } }[] };
    assert.deepEqual(
      answer.results.map(({ error }) => error.code),
      ['unknown_order', 'unknown_order'],
    );
  }
  await wait(100);
  assert.equal(
    alice.frames.filter(({ type }) => type === 'delta').some(({ data }) => JSON.stringify(data).includes('of-bob')),
    false,
  );
  assert.equal((await nobody.ask('orders', { items: [place('50000.00')] })).error?.code, 'unauthenticated');
  const reader = await raw('reader');
  const refused = (await reader.ask('orders', { items: [place('50000.00')] })) as unknown as {
    results: { error: { code: string } }[];
  };
  assert.equal(refused.results[0]!.error.code, 'forbidden');
  assert.equal((await reader.ask('cancel_on_disconnect', { enabled: true })).error?.code, 'forbidden');
  assert.equal((await alice.ask('subscribe', { channel: 'pipeline' })).error?.code, 'forbidden');
  assert.equal((await (await raw('analyst')).ask('subscribe', { channel: 'pipeline' })).ok, true);
});

test('a credential that nobody has, and a page of another origin, do not come in', async () => {
  await assert.rejects(
    raw('mallory'),
    (error: Error & { data?: { code: string } }) => error.data?.code === 'unauthenticated',
  );
  await assert.rejects(raw('alice', { origin: 'https://evil.example' }));
  await assert.rejects(raw('alice', { origin: 'null' }));
  const own = await raw('alice', { origin: gateway.url });
  assert.equal(own.socket.connected, true);
});

test('a revoked key ends its sockets at once, and no others', async () => {
  const [alice, other, bob] = [await raw('alice'), await raw('other'), await raw('bob')];
  authenticator.revoke({ keyId: 'key-alice' });
  await eventually(() => !alice.socket.connected, 'the socket of the revoked key is gone', 1_000);
  assert.equal(alice.closings[0]?.reason, 'revoked');
  await wait(50);
  assert.deepEqual([other.socket.connected, bob.socket.connected], [true, true]);
  authenticator.revoke({ account: ALICE as AccountId });
  await eventually(() => !other.socket.connected, 'every socket of the account is gone', 1_000);
  assert.equal(bob.socket.connected, true);
});

test('an expired token ends its socket within a second, unless it is renewed before, by the same user', async () => {
  const [brief, renewed] = [await raw('brief'), await raw('brief')];
  assert.equal((await renewed.ask('renew', { authorization: 'Bearer bob' })).error?.code, 'forbidden');
  assert.equal((await renewed.ask('renew', { authorization: 'Bearer mallory' })).error?.code, 'unauthenticated');
  assert.equal((await renewed.ask('renew', { authorization: 'Bearer alice' })).ok, true);
  await gateway.advance(3);
  await eventually(() => !brief.socket.connected, 'the socket of the expired token is gone', 1_000);
  assert.equal(brief.closings[0]?.reason, 'expired');
  assert.equal(renewed.socket.connected, true);
});

test('orders are cancelled when a socket that asked for it ends, however it ends', async () => {
  const [leaving, staying] = [await raw('alice'), await raw('bob')];
  await leaving.ask('cancel_on_disconnect', { enabled: true });
  await leaving.ask('orders', { items: [place('50010.00'), place('50011.00')] });
  await staying.ask('orders', { items: [place('50012.00')] });
  const open = (account: number) => gateway.parts.views.account(account as AccountId).openOrders();
  assert.equal(open(ALICE).length, 2);
  // As a machine that is switched off would be noticed, and not by a goodbye.
  (leaving.socket.io.engine.transport as unknown as { ws: { terminate(): void } }).ws.terminate();
  await eventually(() => open(ALICE).length === 0, 'its orders are cancelled');
  const ended = gateway.parts.views.account(ALICE as AccountId).endedOrders!().at(-1)!;
  assert.deepEqual([ended.status, ended.reason], ['cancelled', 'disconnect']);
  assert.ok(open(BOB).length > 0);
});

test('subscriptions and messages have limits; whoever floods is ended', async () => {
  const client = await raw();
  const channels = ['book', 'trades', 'ticker', 'status'].map((channel) => ({ channel, symbol: BTC }));
  const depths = [10, 500].map((depth) => ({ channel: 'book', symbol: BTC, depth }));
  const others = ['trades', 'ticker', 'status', 'book'].map((channel) => ({ channel, symbol: 'ETH-USD' }));
  for (const subscription of [...channels, ...depths, ...others]) {
    assert.equal((await client.ask('subscribe', subscription)).ok, true);
  }
  // The same once more takes the place of the first.
  assert.equal((await client.ask('subscribe', { channel: 'trades', symbol: BTC })).ok, true);
  assert.equal((await client.ask('subscribe', { channel: 'trades', symbol: 'ETH-BTC' })).error?.code, 'rate_limited');
  const answers = await Promise.all(Array.from({ length: 250 }, () => client.ask('time')));
  assert.ok(answers.some(({ error }) => error?.code === 'rate_limited'));
  for (let message = 0; message < 1000; message++) client.socket.emit('time', {});
  await eventually(() => !client.socket.connected, 'the flood is ended');
  assert.equal(client.closings[0]?.reason, 'flooding');
});

test('what is malformed is refused by name and changes nothing', async () => {
  const client = await raw('alice');
  const before = gateway.hashes();
  const numbers = [
    '-1',
    '0',
    '-0',
    '1e-9',
    'NaN',
    'Infinity',
    '9007199254740993',
    '0x10',
    '1_000',
    ' 1',
    '1\n',
    '١',
    '１',
    '9'.repeat(40),
    null,
    true,
    [5],
    {},
    5,
    Number('1e309'),
  ];
  for (const wrong of numbers) {
    for (const field of ['price', 'quantity', 'budget']) {
      const item = { ...place('50000.00', { client_order_id: 'never' }), [field]: wrong };
      const answer = (await client.ask('orders', { items: [item] })) as unknown as {
        results: { ok: boolean; error: { code: string } }[];
      };
      const [result] = answer.results;
      assert.equal(result!.ok, false, `${field}: ${JSON.stringify(wrong)}`);
      assert.match(result!.error.code, /^(malformed|price_|quantity_|notional_|bad_combination|amount_overflow)/);
    }
    for (const message of [
      ['subscribe', { channel: 'book', symbol: BTC, depth: wrong }],
      [
        'subscribe',
        { channel: 'trades', symbol: BTC, epoch: 'e', seq: typeof wrong === 'number' && wrong === 5 ? -5 : wrong },
      ],
      ['orders', { items: Array.isArray(wrong) ? [] : wrong }],
    ] as [string, unknown][]) {
      assert.equal((await client.ask(...message)).error?.code, 'malformed', JSON.stringify(message));
    }
    await wait(20);
  }
  for (const name of ['__proto__', 'constructor', '../x', 'a\r\nb', '"', '\u202e', '\ud800', 'x'.repeat(5_000)]) {
    for (const message of [
      ['subscribe', { channel: 'trades', symbol: name }],
      ['subscribe', { channel: name }],
      ['unsubscribe', { id: `${name}!` }],
      ['subscribe', JSON.parse(`{"channel":"trades","symbol":"${BTC}","__proto__":{"x":1}}`)],
      ['nothing', {}],
      [name === 'x'.repeat(5_000) ? 'y' : name, {}],
    ] as [string, unknown][]) {
      assert.match(
        String((await client.ask(...message)).error?.code),
        /malformed|unknown_symbol/,
        JSON.stringify(message),
      );
    }
    // Names of JavaScript are ids like any other.
    const broken = place('50000.00', { client_order_id: /^\w{1,36}$/.test(name) ? `${name}!` : name });
    const answer = (await client.ask('orders', { items: [broken, { op: 'cancel', order: name }] })) as unknown as {
      results: { error: { code: string } }[];
    };
    assert.deepEqual(
      answer.results.map(({ error }) => error.code),
      ['malformed', 'malformed'],
    );
    await wait(20);
  }
  assert.equal((await client.ask('orders', { items: Array(21).fill(place('50000.00')) })).error?.code, 'malformed');
  assert.equal(({} as { x?: unknown }).x, undefined);
  assert.deepEqual(gateway.hashes(), before);
});

/** What the flood itself left behind does not count. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

test('ten readers that stop reading at full rate are merged or ended, and the memory of what waited is free', async () => {
  const healthy = await gateway.socket(0);
  const book = healthy.book(BTC, { depth: 500 });
  const trades = healthy.trades(BTC);
  await Promise.all([book.ready(), trades.ready()]);
  const dead = await Promise.all(Array.from({ length: 10 }, () => raw('alice')));
  for (const reader of dead) {
    for (const subscription of [
      { channel: 'trades', symbol: BTC },
      { channel: 'book', symbol: BTC, depth: 500 },
      { channel: 'orders' },
      { channel: 'balances' },
    ]) {
      await reader.ask('subscribe', subscription);
    }
  }
  await wait(100);
  for (const { socket } of dead) streamOf(socket).pause();
  collectGarbage();
  const before = process.memoryUsage();
  const maker = await gateway.socket(ALICE);
  let peak = 0;
  const untilMs = performance.now() + 6_000;
  let round = 0;
  while (performance.now() < untilMs) {
    const items = Array.from({ length: 10 }, (_, index) =>
      place(`${50_020 + ((round * 7 + index) % 400)}.00`, { client_order_id: `flood-${round}-${index}` }),
    );
    await maker.batch([...(items as never[]), { op: 'cancel_all' }]);
    round++;
    peak = Math.max(peak, gateway.sockets.figures().queuedBytes);
  }
  assert.ok(peak <= 10 * 256 * 1024, `${peak} bytes waited`);
  assert.ok(book.live && trades.live, 'the healthy reader is well');
  const levels = () => gateway.parts.views.market(BTC)!.book.levels('buy', 500).length;
  await eventually(() => book.bids.length === levels(), 'the healthy reader is at the present');
  collectGarbage();
  const { external, arrayBuffers, heapUsed } = process.memoryUsage();
  const grown = external + arrayBuffers + heapUsed - before.external - before.arrayBuffers - before.heapUsed;
  assert.ok(grown < 150 * 1024 * 1024, `memory grew by ${grown} bytes`);
  // Whoever reads again is at the present at once, or was told why it was ended.
  for (const { socket } of dead) streamOf(socket).resume();
  await eventually(
    () => dead.every(({ socket, frames, closings }) => !socket.connected || closings.length > 0 || frames.length > 4),
    'each of them reads on, or is ended',
  );
  for (const { socket } of dead) socket.disconnect();
});

test('ten thousand events for one who does not read end that one alone, within two seconds', async () => {
  const there = () => gateway.sockets.figures().connections;
  for (let last = -1; last !== there(); await wait(300)) last = there();
  const slow = await raw('bob');
  await slow.ask('subscribe', { channel: 'orders' });
  await slow.ask('subscribe', { channel: 'balances' });
  streamOf(slow.socket).pause();
  const bob = await raw('bob');
  const connected = there();
  const untilMs = performance.now() + 15_000;
  for (let round = 0; there() === connected && performance.now() < untilMs; round++) {
    const items = Array.from({ length: 19 }, (_, index) =>
      place(`${51_000 + index}.00`, { client_order_id: `s-${round}-${index}` }),
    );
    await bob.ask('orders', { items: [...items, { op: 'cancel_all' }] });
  }
  assert.equal(there(), connected - 1);
  assert.equal(gateway.sockets.figures().queuedBytes, 0);
  assert.equal(bob.socket.connected, true);
});

test('broken frames, fragments, half handshakes and attachments end their connection, and nobody else’s', async () => {
  const healthy = await gateway.socket(0);
  const ping = async () => {
    const ticker = healthy.ticker('ETH-USD');
    assert.ok(await ticker.ready());
    ticker.close();
  };
  await ping();
  const masked = (opcode: number, payload: Buffer) => {
    const header =
      payload.length < 126
        ? Buffer.from([opcode, 0x80 | payload.length])
        : Buffer.from([opcode, 0x80 | 126, payload.length >> 8, payload.length & 255]);
    return Buffer.concat([header, Buffer.alloc(4), payload]);
  };
  const hostile: { readonly [what: string]: readonly Buffer[] } = {
    'an opcode that there is not': [masked(0x83, Buffer.from('x'))],
    'an unmasked frame': [Buffer.from([0x81, 2, 0x34, 0x30])],
    'a frame with reserved bits': [masked(0xf1, Buffer.from('40'))],
    'more than 16 KB': [Buffer.concat([Buffer.from([0x81, 0xfe, 0xff, 0xff]), Buffer.alloc(65_539)])],
    'bytes that are no UTF-8': [masked(0x81, Buffer.from([0xff, 0xfe]))],
    'a binary attachment': [
      masked(0x81, Buffer.from('40')),
      masked(0x81, Buffer.from('451-["x",{"_placeholder":true,"num":0}]')),
    ],
    'another namespace': [masked(0x81, Buffer.from('40/admin,'))],
    'an event before the connection': [masked(0x81, Buffer.from('42["time",{}]'))],
    'no JSON': [masked(0x81, Buffer.from('40')), masked(0x81, Buffer.from('42['))],
    'a packet of engine.io that is the server’s': [masked(0x81, Buffer.from('0{}'))],
    'a lone continuation': [masked(0x80, Buffer.from('x'))],
    'half a frame, and no more': [Buffer.from([0x81, 0xfe])],
  };
  await Promise.all(
    Object.entries(hostile).map(async ([what, bytes]) => {
      const stream = await upgraded();
      for (const chunk of bytes) stream.write(chunk);
      const closed = await Promise.race([
        new Promise<boolean>((resolve) => stream.once('close', () => resolve(true))),
        wait(9_000, false),
      ]);
      stream.destroy();
      assert.ok(closed, `${what} does not end the connection`);
    }),
  );
  const fragments = await upgraded();
  let told = '';
  fragments.on('data', (bytes) => {
    told += bytes.toString('latin1');
  });
  fragments.write(masked(0x01, Buffer.from('4')));
  fragments.write(masked(0x80, Buffer.from('0')));
  await eventually(() => told.includes('40{"sid"'), 'a packet in fragments of one byte is a packet', 3_000);
  fragments.destroy();
  await ping();
});

test('a stop is announced, orders in flight are answered, and the gateway is out in time', async () => {
  const own = await runSocketGateway();
  await own.fund(ALICE, 'USD', '1000000');
  const socket = await own.socket(ALICE);
  const told: string[] = [];
  socket.onClosing(({ reason }) => told.push(reason));
  const orders = socket.orders();
  await orders.ready();
  const inFlight = Array.from({ length: 40 }, (_, index) =>
    socket.place({ symbol: BTC, side: 'buy', type: 'limit', price: `${60_000 + index}.00`, quantity: '0.00100' }),
  );
  // Sent, and on their way.
  await wait(2);
  const startedMs = performance.now();
  const stopped = own.sockets.close();
  const results = await Promise.all(inFlight);
  await stopped;
  assert.ok(performance.now() - startedMs < 10_000);
  const placed = results.filter((result) => result.ok).length;
  assert.equal(own.parts.views.account(ALICE as AccountId).openOrders().length, placed);
  for (const result of results) {
    assert.ok(result.ok || result.error.kind === 'refused' || result.error.kind === 'offline', JSON.stringify(result));
  }
  await eventually(() => told.includes('shutdown'), 'the end is announced');
  await own.stop();
});

/** The stream below a client’s WebSocket. */
function streamOf(socket: Socket): NetSocket {
  return (socket.io.engine.transport as unknown as { ws: { _socket: NetSocket } }).ws._socket;
}

/** A WebSocket after its handshake, and nothing sent yet. */
async function upgraded(): Promise<NetSocket> {
  const { hostname, port } = new URL(gateway.url);
  const stream = connect(Number(port), hostname);
  stream.on('error', () => {});
  stream.write(
    `GET /v1/socket/?EIO=4&transport=websocket HTTP/1.1\r\nHost: ${hostname}:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
  );
  await new Promise((resolve) => stream.once('data', resolve));
  stream.resume();
  return stream;
}
