// The cache on a server, on a cluster, and on nothing: one body of tests. E31: emptied, killed, stopped.

import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import type { SinkBlock, SinkContext } from '../../pipelines/runtime/ports.ts';
import { cacheOptions } from '../../schemas/config.ts';
import { type GatewayViews, gatewayViews } from '../../sinks/gateway-views/gateway-views.ts';
import { CacheAway, type CacheClient, openCacheClient } from '../../sinks/redis-cache/cache-client.ts';
import { cacheReader } from '../../sinks/redis-cache/cache-reader.ts';
import { CachedSessions } from '../../sinks/redis-cache/cached-sessions.ts';
import { cacheKeys, keyOf, readValue, writeValues } from '../../sinks/redis-cache/cached-values.ts';
import { redisCache } from '../../sinks/redis-cache/redis-cache.ts';
import { SharedTakes } from '../../sinks/redis-cache/shared-takes.ts';
import { realServers } from '../real-servers.ts';
import { HistoryTraffic } from './history-traffic.ts';

const found = await realServers(['redis', 'redis-cluster:6']);

let prefixes = 0;

const kinds = [
  { name: 'one server', nodes: () => `127.0.0.1:${found.servers.redis.port}`, all: ['redis'] },
  {
    name: 'a cluster',
    nodes: () => found.servers.redisCluster.nodes.map(({ host, port }) => `${host}:${port}`).join(','),
    all: ['redis-1', 'redis-2', 'redis-3', 'redis-4', 'redis-5', 'redis-6'],
  },
];

for (const { name, nodes, all } of kinds) {
  describe(`the cache on ${name}`, { skip: found.skip }, () => {
    test('holds every book, ticker and candle that the logs say, and the same after it was emptied', async () => {
      const { cache, sink, context } = await open(nodes());
      const blocks = traffic();
      const views = await viewsOf(blocks, context);
      for (const block of blocks) await sink.write(block);
      await untilEqual(cache, views);
      await empty(cache);
      await untilEqual(cache, views);
      assert.ok(Number(sink.figures!().refills) >= 2);
      await sink.close();
    });

    test('goes on from what it remembers as if it had never stopped', async () => {
      const { cache, sink, context, prefix } = await open(nodes());
      const blocks = traffic();
      const cut = blocks.length >> 1;
      for (const block of blocks.slice(0, cut)) await sink.write(block);
      const remembered = sink.memory!.snapshot();
      await sink.close();
      const again = await open(nodes(), prefix);
      assert.equal(again.sink.memory!.restore(remembered), true);
      for (const block of blocks.slice(cut)) await again.sink.write(block);
      await untilEqual(cache, await viewsOf(blocks, context));
      await again.sink.close();
    });

    test('of two values of a key the newer stays, whoever comes last', async () => {
      const { cache } = await open(nodes());
      const write = (generation: number, number: number) =>
        writeValues(cache, [{ key: 'k', version: { generation, number }, value: `${generation}.${number}` }]);
      assert.equal(await write(1, 5), 1);
      assert.equal(await write(1, 4), 0);
      assert.equal(await write(1, 5), 0);
      assert.equal(await write(1, 2 ** 53 - 1), 1);
      assert.equal(await write(1, 2 ** 53 - 2), 0);
      assert.equal(await write(2, 1), 1);
      assert.equal(await write(1, 9), 0);
      assert.deepEqual(await readValue(cache, 'k'), { version: { generation: 2, number: 1 }, value: '2.1' });
    });

    test('gateways hear what the others took from a bucket, once', async () => {
      const { cache } = await open(nodes());
      const [one, two] = [new SharedTakes(cache), new SharedTakes(cache)];
      assert.deepEqual(await one.exchange(new Map([['account:7:order', 3]])), new Map());
      assert.deepEqual(await two.exchange(new Map([['account:7:order', 2]])), new Map([['account:7:order', 3]]));
      assert.deepEqual(await one.exchange(new Map([['account:7:order', 1]])), new Map([['account:7:order', 2]]));
      assert.deepEqual(await one.exchange(new Map([['account:7:order', 1]])), new Map());
      assert.deepEqual(await one.exchange(new Map()), new Map());
      await empty(cache);
      assert.deepEqual(
        await one.exchange(new Map([['account:7:order', 4]])),
        new Map(),
        'an emptied cache counts anew',
      );
      assert.deepEqual(await two.exchange(new Map([['account:7:order', 1]])), new Map([['account:7:order', 4]]));
    });

    test('a session is found until it ends, and one who read it before cannot bring it back', async () => {
      const { cache } = await open(nodes());
      const sessions = new CachedSessions(cache);
      assert.equal(await sessions.find('ses_1'), undefined);
      await sessions.remember('ses_1', '{"account":100}', 10_000);
      assert.equal(await sessions.find('ses_1'), '{"account":100}');
      assert.equal(await sessions.end('ses_1'), true);
      await sessions.remember('ses_1', '{"account":100}', 10_000);
      assert.equal(await sessions.find('ses_1'), undefined);
      await sessions.remember('ses_2', 'brief', 1);
      await sleep(50);
      assert.equal(await sessions.find('ses_2'), undefined, 'it is not kept longer than the session lasts');
      await assert.rejects(sessions.find('ses/../1'), TypeError);
    });

    test('E31: stopped, killed and back empty: every call ends, the sink takes blocks all the while, and all is written again', {
      timeout: 120_000,
    }, async () => {
      const { cache, sink, context } = await open(nodes());
      const sessions = new CachedSessions(cache);
      const takes = new SharedTakes(cache);
      const blocks = traffic();
      const third = Math.floor(blocks.length / 3);
      for (const block of blocks.slice(0, third)) await sink.write(block);
      await untilEqual(cache, await viewsOf(blocks.slice(0, third), context));

      for (const server of all) found.servers.kill(server, 'SIGSTOP');
      await assertEveryCallEnds(cache, sessions, takes);
      for (const block of blocks.slice(third, 2 * third)) await sink.write(block);
      await untilHolds(() => /^waiting: /.test(String(sink.figures!().state)));
      for (const server of all) found.servers.kill(server, 'SIGCONT');
      await untilEqual(cache, await viewsOf(blocks.slice(0, 2 * third), context));

      for (const server of all) found.servers.kill(server);
      await assertEveryCallEnds(cache, sessions, takes);
      for (const block of blocks.slice(2 * third)) await sink.write(block);
      for (const server of all) await found.servers.start(server);
      await untilEqual(cache, await viewsOf(blocks, context));
      assert.equal(sink.figures!().state, 'caching');
      await sink.close();
    });
  });
}

test('somebody else’s bytes under a key are a miss', { skip: found.skip }, async () => {
  const { cache } = await open(kinds[0]!.nodes());
  const reader = cacheReader(cache);
  for (const value of ['', 'no JSON', '{}', '{"symbol":"BTC-USD","seq":1}', 'null', '[]']) {
    const version = { generation: 1, number: value.length + 1 };
    await writeValues(cache, [{ key: cacheKeys.book('BTC-USD'), version, value }]);
    assert.equal(await reader.book('BTC-USD'), undefined, value);
  }
});

test('without nodes there is no cache: the sink wants nothing', async () => {
  const sink = await redisCache().open(contextWith({}));
  assert.deepEqual([...(await sink.positions()).values()], [Number.MAX_SAFE_INTEGER, Number.MAX_SAFE_INTEGER]);
  assert.deepEqual(sink.figures!(), { state: 'off' });
  await sink.close();
});

function traffic(): SinkBlock[] {
  return new HistoryTraffic({ seed: 3, accountPartitions: 1, marketPartitions: 2, ordersPerTick: 60 })
    .run(9)
    .filter(({ log }) => log === 'market');
}

async function open(nodes: string, prefix = `test-${++prefixes}`) {
  const client = openCacheClient({ ...cacheOptions.parse({ prefix }), nodes });
  after(() => client.close());
  const context = contextWith({ backends: { cache: { nodes, prefix } } });
  const sink = await redisCache().open(context);
  after(() => sink.close());
  await sink.positions();
  await untilHolds(() => client.run((redis) => redis.get('nothing')).then(() => true));
  return { cache: client, sink, context, prefix };
}

function contextWith(config: unknown): SinkContext {
  return {
    id: 'cache',
    dataDir: '/nowhere',
    config,
    clock: systemClock(),
    partitions: { market: 2, accounts: 1 },
    generation: 1,
    say: () => {},
  };
}

/** The same blocks as a gateway folds them. */
async function viewsOf(blocks: readonly SinkBlock[], context: SinkContext): Promise<GatewayViews> {
  const views = (await gatewayViews().open(context)) as GatewayViews;
  for (const block of blocks) await views.write(block);
  return views;
}

async function untilEqual(cache: CacheClient, views: GatewayViews): Promise<void> {
  const reader = cacheReader(cache);
  await untilHolds(async () => {
    assert.ok(views.markets.size >= 2);
    let candles = 0;
    for (const market of views.markets.values()) {
      const { name } = market.config;
      const side = (of: 'buy' | 'sell') =>
        market.book.levels(of, 100).map(({ priceTicks, quantityLots }) => [`${priceTicks}`, `${quantityLots}`]);
      const book = await reader.book(name);
      assert.deepEqual([book?.seq, book?.bids, book?.asks], [`${market.seq}`, side('buy'), side('sell')]);
      const ticker = await reader.ticker(name);
      assert.equal(ticker?.lastPriceTicks, market.ticker && `${market.ticker.lastPriceTicks}`);
      for (const interval of ['1s', '1m']) {
        const wanted = market.candles(interval, 200).map(({ opensAt, baseLots }) => [`${opensAt}`, `${baseLots}`]);
        const cached = (await reader.candles(name, interval))?.candles ?? [];
        assert.deepEqual(
          cached.map(({ opensAtMicros, baseLots }) => [opensAtMicros, baseLots]),
          wanted,
        );
        candles += cached.length;
      }
    }
    return candles > 0;
  });
}

async function empty(cache: CacheClient): Promise<void> {
  await cache.run(async (redis) => {
    if ('nodes' in redis) await Promise.all(redis.nodes('master').map((node) => node.flushall()));
    else await redis.flushall();
  });
  assert.equal(await cache.run((redis) => redis.exists(keyOf(cache, 'never'))), 0);
}

/** Whatever a gateway asks on the way of a request comes back, with nothing, while no server answers. */
async function assertEveryCallEnds(cache: CacheClient, sessions: CachedSessions, takes: SharedTakes): Promise<void> {
  const calls = Array.from({ length: 20 }, async () => {
    await assert.rejects(
      cache.run((redis) => redis.incr('counter')),
      CacheAway,
    );
    assert.equal(await cacheReader(cache).book('BTC-USD'), undefined);
    assert.equal(await sessions.find('ses_9'), undefined);
    assert.equal(await sessions.end('ses_9'), false);
    assert.deepEqual(await takes.exchange(new Map([['a', 1]])), new Map());
    return 'ended';
  });
  const outcome = await Promise.race([Promise.all(calls), sleep(20_000, 'hangs')]);
  assert.notEqual(outcome, 'hangs');
}

async function untilHolds(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (const deadline = performance.now() + 40_000; ; await sleep(50)) {
    try {
      if (await holds()) return;
    } catch (error) {
      if (performance.now() > deadline) throw error;
    }
    assert.ok(performance.now() < deadline, 'it did not come true within 40 s');
  }
}
