/**
 * What a socket missed for so long that no gateway remembers it comes from the real history: the same events, to the
 * letter, as they were told live.
 */
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import type { Principal } from '../../../gateway/identity/principal.ts';
import { decodeEvent } from '../../../gateway/sockets/frame.ts';
import type { Reader } from '../../../gateway/sockets/reader.ts';
import { SocketHub } from '../../../gateway/sockets/socket-hub.ts';
import { systemTimers, type Wire } from '../../../gateway/sockets/wire.ts';
import type { AccountId, Micros } from '../../../schemas/generated/records.ts';
import { type RunningGateway, runGateway } from '../running-gateway.ts';
import { eventually } from './socket-gateway.ts';

const TRADER = 100;
const MAKER = 101;

interface Told {
  readonly channel: string;
  readonly type: string;
  readonly epoch: string;
  readonly seq: number;
  readonly prevSeq: number;
  readonly data: readonly unknown[];
}

/** A wire that keeps what is written to it. */
class KeepingWire implements Wire {
  readonly frames: Told[] = [];
  readonly pendingBytes = 0;
  write(frames: readonly Buffer[]): boolean {
    for (const frame of frames) this.frames.push(decodeEvent(frame).payload as Told);
    return true;
  }
  onRoom(): void {}
  end(): void {}
  terminate(): void {}
}

const CHANNELS = [
  { channel: 'trades', symbol: 'BTC-USD' },
  { channel: 'orders' },
  { channel: 'fills' },
  { channel: 'balances' },
] as const;

let gateway: RunningGateway;

before(async () => {
  gateway = await runGateway(undefined, undefined, fileURLToPath(new URL('../stores-project/', import.meta.url)));
});
after(() => gateway.stop());

function open(): { readonly hub: SocketHub; readonly reader: Reader; readonly wire: KeepingWire } {
  const hub = new SocketHub(gateway.parts, { timers: systemTimers });
  const wire = new KeepingWire();
  const principal: Principal = {
    account: TRADER as AccountId,
    userId: 'trader',
    roles: ['trader'],
    scopes: ['read', 'trade'],
    expiresAtMicros: Number.MAX_SAFE_INTEGER as Micros,
  };
  return { hub, reader: hub.connect(wire, principal, 'here'), wire };
}

test('trades, orders, fills and balances that were missed are told again as they were told live', async () => {
  const live = open();
  const starts = new Map<string, Told>();
  for (const request of CHANNELS) {
    assert.deepEqual((await live.hub.take(live.reader, 'subscribe', request)).ok, true);
    starts.set(request.channel, live.wire.frames.findLast(({ channel }) => channel === request.channel)!);
  }
  await gateway.fund(TRADER, 'USD', '1000000');
  await gateway.fund(TRADER, 'BTC', '10');
  await gateway.fund(MAKER, 'BTC', '1000');
  await gateway.fund(MAKER, 'USD', '1000000');
  const order = (side: string, price: string, more: object = {}) => ({
    symbol: 'BTC-USD',
    side,
    type: 'limit',
    price,
    quantity: '0.00100',
    ...more,
  });
  for (let round = 0; round < 250; round++) {
    await gateway.ask(MAKER, 'POST', '/v1/orders', order('sell', '64000.00', { quantity: '0.00150' }));
    await gateway.ask(TRADER, 'POST', '/v1/orders', order('buy', '64000.00', { client_order_id: `in-${round}` }));
    await gateway.ask(TRADER, 'POST', '/v1/orders', order('buy', '64000.01'));
    if (round % 10 === 0) await gateway.advance(1);
    if (round % 40 === 0) {
      await gateway.ask(TRADER, 'PATCH', '/v1/orders/client:never', { price: '1.00' });
      await gateway.ask(TRADER, 'POST', '/v1/orders', order('buy', '63000.00', { client_order_id: `rests-${round}` }));
      await gateway.ask(TRADER, 'PATCH', `/v1/orders/client:rests-${round}`, {
        price: '63001.00',
        quantity: '0.00050',
      });
      await gateway.ask(TRADER, 'DELETE', '/v1/orders');
      await gateway.ask(TRADER, 'POST', '/v1/orders', order('buy', '9.00', { quantity: '9.00000' }));
      await gateway.ask(TRADER, 'POST', '/v1/orders', {
        symbol: 'BTC-USD',
        side: 'buy',
        type: 'market',
        price: '64000.00',
        budget: '100.00',
      });
      await gateway.ask(TRADER, 'POST', '/v1/orders', order('sell', '64000.00', { post_only: true }));
    }
  }
  await gateway.advance(2);
  const { seq } = gateway.parts.views.account(TRADER as AccountId);
  const dataOf = (frames: readonly Told[], name: string, type = 'delta') =>
    frames.filter(({ channel, type: one }) => channel === name && one === type).flatMap(({ data }) => data);
  const newest = gateway.parts.views.market('BTC-USD')!.trades(1)[0]!.tradeId;
  await eventually(
    () =>
      dataOf(live.wire.frames, 'trades').some((trade) => (trade as { trade_id: string }).trade_id === String(newest)) &&
      live.wire.frames.some(({ channel, seq: at }) => channel === 'balances' && at >= seq - 5),
    'everything was told live',
  );
  await live.hub.close();

  const late = open();
  await gateway.advance(2);
  for (const request of CHANNELS) {
    const { epoch, seq: from } = starts.get(request.channel)!;
    assert.equal((await late.hub.take(late.reader, 'subscribe', { ...request, epoch, seq: from })).ok, true);
  }
  for (const { channel } of CHANNELS) {
    const before = dataOf(live.wire.frames, channel);
    const ticks = setInterval(() => void gateway.advance(1), 300);
    try {
      await eventually(
        () => dataOf(late.wire.frames, channel).length >= before.length,
        `${channel} is complete`,
        20_000,
      );
    } finally {
      clearInterval(ticks);
    }
    const again = dataOf(late.wire.frames, channel);
    for (const [index, event] of before.entries()) assert.deepEqual(again[index], event, `${channel}, event ${index}`);
    assert.equal(again.length, before.length);
    assert.ok(before.length > 250 || channel === 'fills');
    // One frame follows on the other, from where the reader stood.
    let at = starts.get(channel)!.seq;
    for (const frame of late.wire.frames.filter((one) => one.channel === channel && one.type === 'delta')) {
      assert.equal(frame.prevSeq, at);
      at = frame.seq;
    }
    assert.equal(dataOf(late.wire.frames, channel, 'snapshot').length, 0);
  }
  await late.hub.close();
});
