/** The adapter of Kafka against real brokers of both lines: what the cluster needs of a broker, and nothing of the graph. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import type { BrokerRecord, LogSource, Outgoing, TopicPartition } from '../../pipelines/runtime/cluster/broker.ts';
import { scanTopics } from '../../pipelines/runtime/cluster/scan-topics.ts';
import { planTopics } from '../../pipelines/runtime/cluster/topics.ts';
import { SEND_RECORDS_MAX } from '../../schemas/topic-record.ts';
import { kafkaSink } from '../../sinks/kafka-log.ts';
import { kafkaSource, shareOut } from '../../sources/kafka-log.ts';
import { realServers } from '../real-servers.ts';

const CATALOG = {
  format: 1,
  generation: 1,
  logs: { orders: 1, market: 2 },
  edges: {},
  partitions: { orders: 3, market: 3 },
  symbolPartitions: {},
} as const;

const outgoing = (topic: string, partition: number, texts: readonly string[]): Outgoing => ({
  topic,
  partition,
  records: texts.map((text) => ({
    value: Buffer.from(text),
    header: Buffer.from([1, 2, 3]),
    session: text.startsWith('s') ? 'session-1' : '',
  })),
});

async function readAll(source: LogSource, topic: string, partition: number, from = 0): Promise<BrokerRecord[]> {
  const records: BrokerRecord[] = [];
  await scanTopics(source, [{ topic, partition, from }], (_from, record) => records.push(record));
  return records;
}

const textOf = ({ value }: BrokerRecord) => Buffer.from(value).toString();

for (const version of ['3.9', '4.1']) {
  const { servers, skip } = await started(version);
  describe(`Kafka ${version}`, { skip }, () => {
    const address = () => ({ brokers: servers!.kafka.brokers, clientId: 'test' });
    const source = skip === false ? kafkaSource(address()) : undefined!;
    const sink = skip === false ? kafkaSink(address()) : undefined!;
    const rules = { prefix: 'test', replication: 1, retentionHours: 24, flush: true };
    after(async () => {
      if (skip !== false) return;
      await source.close();
      await sink.close();
      await servers!.stop();
    });

    test('topics are made from the catalog, once, and compared with it', async () => {
      const plans = planTopics(CATALOG, rules);
      assert.deepEqual(await sink.createTopics(plans), ['test.g1.orders', 'test.g1.market']);
      assert.deepEqual(await sink.createTopics(plans), []);
      assert.deepEqual(await sink.compareTopics(plans), []);
      const others = planTopics({ ...CATALOG, partitions: { orders: 2, market: 3, control: 1 } }, rules);
      const changed = others.map((plan) => ({ ...plan, settings: { ...plan.settings, 'retention.ms': '60000' } }));
      assert.deepEqual(await sink.compareTopics(changed), [
        'topic test.g1.control does not exist',
        'topic test.g1.orders has 3 partitions, the catalog says 2',
        'topic test.g1.orders: retention.ms is 86400000, it should be 60000',
        'topic test.g1.market: retention.ms is 86400000, it should be 60000',
      ]);
    });

    test('what is sent is read back in order, with its headers, from any position', async () => {
      const sender = await sink.openSender('test');
      const many = Array.from({ length: SEND_RECORDS_MAX }, (_, index) => `m${index}`);
      const sent = await sender.send([
        outgoing('test.g1.orders', 0, many),
        outgoing('test.g1.market', 2, ['s1', 's2']),
      ]);
      assert.deepEqual(
        [...sent].sort((a, b) => (a.topic < b.topic ? -1 : 1)),
        [
          { topic: 'test.g1.market', partition: 2, firstOffset: 0 },
          { topic: 'test.g1.orders', partition: 0, firstOffset: 0 },
        ],
      );
      await sender.send([outgoing('test.g1.orders', 0, ['end'])]);
      await sender.close();
      const orders = await readAll(source, 'test.g1.orders', 0);
      assert.deepEqual(orders.map(textOf), [...many, 'end']);
      assert.deepEqual(
        orders.map(({ offset }) => offset),
        Array.from({ length: SEND_RECORDS_MAX + 1 }, (_, offset) => offset),
      );
      assert.deepEqual((await readAll(source, 'test.g1.orders', 0, 499)).map(textOf), ['m499', 'end']);
      const [first] = await readAll(source, 'test.g1.market', 2);
      assert.deepEqual([...first!.header!], [1, 2, 3]);
      assert.equal(first!.session, 'session-1');
      assert.equal(orders[0]!.session, '');
      assert.deepEqual(await source.ends('test.g1.orders'), [
        { low: 0, high: 501 },
        { low: 0, high: 0 },
        { low: 0, high: 0 },
      ]);
    });

    test('a reader goes on as records come, and waits for its handler', async () => {
      const sender = await sink.openSender('test');
      const heard: string[] = [];
      let handled = Promise.withResolvers<void>();
      let inside = 0;
      const reading = await source.read({
        partitions: [{ topic: 'test.g1.market', partition: 0, from: 0 }],
        onRecords: async (_from, records) => {
          inside++;
          assert.equal(inside, 1, 'a run came while the one before was taken');
          await new Promise((resolve) => setTimeout(resolve, 20));
          heard.push(...records.map(textOf));
          inside--;
          handled.resolve();
        },
        fail: (error) => assert.fail(error as Error),
      });
      for (let round = 0; round < 5; round++) {
        handled = Promise.withResolvers();
        await sender.send([outgoing('test.g1.market', 0, [`r${round}a`, `r${round}b`])]);
        while (heard.length < (round + 1) * 2) {
          await handled.promise;
          if (heard.length < (round + 1) * 2) handled = Promise.withResolvers();
        }
      }
      await reading.close();
      await sender.close();
      assert.deepEqual(heard, ['r0a', 'r0b', 'r1a', 'r1b', 'r2a', 'r2b', 'r3a', 'r3b', 'r4a', 'r4b']);
    });

    test('an offset beyond the end is refused with the range, never replaced by another', async () => {
      const options = { onRecords() {}, fail() {} };
      await assert.rejects(
        source.read({ ...options, partitions: [{ topic: 'test.g1.orders', partition: 0, from: 600 }] }),
        { name: 'ExitError', code: 65, message: /offsets 501 to 599 are missing/ },
      );
    });

    test('members of a group share the partitions, keep what they have, and a standby takes over', async () => {
      const owned = new Map<string, Set<number>>();
      const moves: string[] = [];
      const member = (name: string, standby: boolean) => {
        owned.set(name, new Set());
        return source.join({
          group: 'test-group',
          topics: ['test.g1.orders', 'test.g1.market'],
          sessionMs: 2_000,
          standby,
          onAssigned: async (partitions) => {
            for (const partition of partitions) owned.get(name)!.add(partition);
            moves.push(`${name}+${[...partitions].sort().join('')}`);
            return partitions.flatMap((partition) => [
              { topic: 'test.g1.orders', partition, from: 0 },
              { topic: 'test.g1.market', partition, from: 0 },
            ]);
          },
          onRevoked: async (partitions) => {
            for (const partition of partitions) owned.get(name)!.delete(partition);
            moves.push(`${name}-${[...partitions].sort().join('')}`);
          },
          onRecords(_from: TopicPartition) {},
          fail: (error) => assert.fail(error as Error),
        });
      };
      const all = () => [...owned].map(([name, partitions]) => `${name}:${[...partitions].sort().join('')}`).join(' ');
      const until = async (wanted: (now: string) => boolean) => {
        const deadline = performance.now() + 20_000;
        while (!wanted(all())) {
          assert.ok(performance.now() < deadline, `${all()} after ${moves.join(' ')}`);
          await new Promise((resolve) => setTimeout(resolve, 20));
        }
      };
      const a = await member('a', false);
      await until((now) => now === 'a:012');
      const standby = await member('s', true);
      const b = await member('b', false);
      await until((now) => /^a:\d\d s: b:\d$/.test(now));
      await a.close();
      await until((now) => /b:012/.test(now));
      await b.close();
      await until((now) => /s:012/.test(now));
      await standby.close();
      assert.equal(all(), 'a: s: b:');
    });
  });
}

describe('partitions of a group', () => {
  const member = (memberId: string, owned: number[], standby = false) => ({ memberId, owned, standby });
  const shares = (count: number, ...members: ReturnType<typeof member>[]) =>
    Object.fromEntries(shareOut(count, members));

  test('stay with who has them as far as shares are fair', () => {
    assert.deepEqual(shares(4, member('a', [])), { a: [0, 1, 2, 3] });
    assert.deepEqual(shares(4, member('a', [0, 1, 2, 3]), member('b', [])), { a: [0, 1], b: [2, 3] });
    assert.deepEqual(shares(4, member('a', [2, 3]), member('b', [0, 1])), { a: [2, 3], b: [0, 1] });
    assert.deepEqual(shares(4, member('b', [0, 1])), { b: [0, 1, 2, 3] });
    assert.deepEqual(shares(1, member('a', []), member('b', [0])), { a: [], b: [0] });
  });

  test('go to a standby only where nobody else is left', () => {
    assert.deepEqual(shares(2, member('a', [0, 1]), member('s', [], true)), { a: [0, 1], s: [] });
    assert.deepEqual(shares(2, member('s', [], true)), { s: [0, 1] });
    assert.deepEqual(shares(2, member('a', []), member('s', [0, 1], true)), { a: [0, 1], s: [] });
  });

  test('are claimed once where two members believe that they have them', () => {
    assert.deepEqual(shares(2, member('a', [0, 1]), member('b', [0, 1])), { a: [0], b: [1] });
  });
});

async function started(version: string) {
  const found = await realServers([`kafka@${version}:1`]);
  return { skip: found.skip, servers: found.skip === false ? found.servers : undefined };
}
