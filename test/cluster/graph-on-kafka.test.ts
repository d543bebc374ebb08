/** The graph of the spot exchange on a real broker that stands alone: what the stages say, and what remains after faults. */
import assert from 'node:assert/strict';
import { after, describe, test } from 'node:test';
import { EMPTY_CATALOG, extendCatalog, placeSymbols } from '../../pipelines/runtime/catalog.ts';
import type { HeadWriter } from '../../pipelines/runtime/cluster/head-writer.ts';
import { type FollowedRecord, LogFollower } from '../../pipelines/runtime/cluster/log-follower.ts';
import { replayInbox } from '../../pipelines/runtime/cluster/replay-inbox.ts';
import { Head } from '../../pipelines/runtime/embedded/head.ts';
import spot from '../../pipelines/spot.ts';
import { decodeRecord } from '../../schemas/codec.ts';
import { type Config, configChanges, placeSymbolsOf } from '../../schemas/config.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { HashingStore, type HeadStep, projectConfig, runStep, simulatedSteps } from '../pipelines/head-in-memory.ts';
import { realServers } from '../real-servers.ts';
import { ClusterInProcess, INBOXES } from './cluster-in-process.ts';

const { servers, skip } = await broker();

async function broker() {
  const found = await realServers(['kafka@4.1:1']);
  return { skip: found.skip, servers: found.skip === false ? found.servers : undefined };
}

/** One account partition, ample funds, no bands, no limits: then the order of commands alone decides what happens. */
function plainConfig(): Config {
  const config = projectConfig();
  return {
    ...config,
    partitions: { ...config.partitions, accounts: 1 },
    limits: { openOrders: 0, ordersPerSecond: 10_000_000 },
    symbols: config.symbols.map((symbol) => ({ ...symbol, bandPpm: 0 as typeof symbol.bandPpm })),
  };
}

interface Seen {
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  readonly record: AnyRecord;
  readonly occurredAt: number;
}

/** Remembers every event of some logs. */
class Watcher {
  readonly seen: Seen[] = [];
  readonly failures: unknown[] = [];
  readonly follower: LogFollower;
  #heard = Promise.withResolvers<void>();

  constructor(cluster: ClusterInProcess, logs: readonly string[]) {
    this.follower = new LogFollower({
      catalog: cluster.catalog,
      logs,
      bases: {},
      from: new Map(),
      source: cluster.source,
      topicOf: cluster.topicOf,
      onRecords: (records) => this.#hear(records),
      fail: (error) => {
        this.failures.push(error);
        this.#heard.resolve();
      },
    });
  }

  of(log: string): Seen[] {
    return this.seen.filter((record) => record.log === log);
  }

  /** Resolves when the condition holds; throws what the reader failed with. */
  async until(holds: () => boolean): Promise<void> {
    const deadline = performance.now() + 20_000;
    while (!holds()) {
      if (this.failures.length > 0) throw this.failures[0];
      assert.ok(performance.now() < deadline, `not within 20 s; seen ${this.seen.length}`);
      await Promise.race([this.#heard.promise, new Promise((resolve) => setTimeout(resolve, 200))]);
    }
  }

  #hear(records: readonly FollowedRecord[]): void {
    for (const { log, partition, offset, value } of records) {
      const envelope = emptyEnvelope();
      const record = decodeRecord(value, 0, value.length, envelope);
      this.seen.push({ log, partition, offset, record, occurredAt: envelope.occurredAt });
    }
    this.#heard.resolve();
    this.#heard = Promise.withResolvers<void>();
  }
}

function stepsOf(minutes: number): { readonly config: HeadStep[]; readonly ticks: HeadStep[][] } {
  const steps = simulatedSteps(1, 3);
  const config = steps.filter(({ source }) => source === 'config');
  const ticks: HeadStep[][] = [];
  for (const step of steps) {
    if (step.source === 'clock') ticks.push([step]);
    else if (step.source === 'simulator') ticks.at(-1)?.push(step);
  }
  return { config, ticks: ticks.slice(0, minutes) };
}

function enter(writer: HeadWriter, { source, port, record, stampedMicros }: HeadStep): void {
  writer.enter(source, port, record, stampedMicros, null);
}

/**
 * Trades, with orders named by their place among all orders: an order's id is its offset in the commands log, and what
 * stands between two orders there is the broker's to decide.
 */
function tradesOf(seen: readonly Seen[]): unknown[] {
  const places = seen.filter(({ log, record }) => log === 'commands' && record.type === 'place');
  const indexOf = new Map(places.map(({ offset }, index) => [offset, index]));
  return seen.flatMap(({ record, occurredAt }) => {
    if (record.type !== 'trade') return [];
    const { takerOrderId, makerOrderId } = record;
    return [
      { ...record, takerOrderId: indexOf.get(takerOrderId), makerOrderId: indexOf.get(makerOrderId), occurredAt },
    ];
  });
}

describe('the spot graph on one broker', { skip }, () => {
  const clusters: ClusterInProcess[] = [];
  const newCluster = async (accountPartitions: number, config?: Config) => {
    const cluster = new ClusterInProcess({
      brokers: servers!.kafka.brokers,
      accountPartitions,
      ...(config ? { config } : {}),
    });
    clusters.push(cluster);
    await cluster.createTopics();
    return cluster;
  };
  const watchers: Watcher[] = [];
  const watch = (cluster: ClusterInProcess, logs: readonly string[]) => {
    const watcher = new Watcher(cluster, logs);
    watchers.push(watcher);
    return watcher;
  };
  after(async () => {
    for (const { follower } of watchers) await follower.close();
    for (const cluster of clusters) await cluster.close();
  });

  test('one intake into one account partition gives the trades of the embedded run, field by field', async () => {
    const config = plainConfig();
    const rules = configChanges(config, []).records;
    const { ticks } = stepsOf(12);
    const cluster = await newCluster(1, config);
    const writer = await cluster.openWriter(['config', 'clock', 'simulator']);
    await cluster.startAll();
    const watcher = watch(cluster, ['commands', 'market']);
    await watcher.follower.start();
    const head = new Head(
      spot,
      placeSymbols(
        extendCatalog(EMPTY_CATALOG, spot, { account: 1, symbol: config.partitions.symbols }),
        placeSymbolsOf(config, rules),
      ),
      new HashingStore(),
    );
    const embedded: Seen[] = [];
    const run = (step: HeadStep) => embedded.push(...runStep(head, step));
    const stampedMicros = ticks[0]![0]!.stampedMicros - 1_000_000;
    const settled = async () => {
      await writer.flushed();
      await cluster.quiet();
    };
    for (const record of rules) {
      const step: HeadStep = { source: 'config', port: 'changes', record, stampedMicros };
      run(step);
      enter(writer, step);
    }
    await settled();
    for (const [tick, ...commands] of ticks) {
      // A clock record takes another way than the commands beside it: who is first is the broker's to decide.
      run(tick!);
      enter(writer, tick!);
      await settled();
      for (const step of commands) {
        // An amend or a cancel beside fills that are on their way: who is first is the broker's to decide as well.
        if (step.record.type !== 'place') await settled();
        run(step);
        enter(writer, step);
        if (step.record.type !== 'place') await settled();
      }
      await settled();
    }
    await watcher.until(() => tradesOf(watcher.seen).length >= tradesOf(embedded).length);
    const bySymbol = (seen: readonly Seen[]) =>
      Object.groupBy(tradesOf(seen), (trade) => String((trade as { readonly symbol: number }).symbol));
    const expected = bySymbol(embedded);
    const made = bySymbol(watcher.seen);
    assert.deepEqual(Object.keys(made), Object.keys(expected));
    for (const symbol of Object.keys(expected)) {
      for (const [index, trade] of expected[symbol]!.entries()) {
        assert.deepEqual(made[symbol]![index], trade, `trade ${index} of symbol ${symbol}`);
      }
      assert.equal(made[symbol]!.length, expected[symbol]!.length);
    }
    assert.ok(
      embedded.some(({ record }) => record.type === 'trade'),
      'nothing was traded',
    );
    assert.deepEqual(cluster.failures, []);
    await writer.close();
  });

  test('every inbox replayed makes what its logs have, byte for byte, whoever crashed in between', async () => {
    const cluster = await newCluster(2);
    const writer = await cluster.openWriter(['config', 'clock', 'simulator']);
    const { config, ticks } = stepsOf(160);
    await cluster.startAll();
    for (const step of config) enter(writer, step);
    const watcher = watch(cluster, ['market', 'accounts', 'orders']);
    await watcher.follower.start();
    const settled = () => watcher.of('accounts').filter(({ record }) => record.type === 'tick').length;
    for (const [index, tick] of ticks.entries()) {
      for (const step of tick) enter(writer, step);
      if (index === 40) {
        // All leave with a snapshot, as for a new version.
        await cluster.stopStages({ save: true });
        await cluster.startAll();
      }
      if (index === 80) {
        // All are lost at once: nothing is saved, what they had not sent is gone.
        await cluster.stopStages();
        await cluster.startAll();
      }
      if (index === 120) {
        // Two live owners of every partition: they say the same thing.
        await cluster.startAll();
      }
      if (index % 20 === 0) await writer.flushed();
    }
    await writer.flushed();
    await watcher.until(() => settled() >= ticks.length * 2);
    assert.deepEqual(cluster.failures, []);
    assert.deepEqual(watcher.failures, []);
    await cluster.stopStages();
    assert.ok(watcher.follower.repeats > 0, 'twins said nothing twice');
    let compared = 0;
    for (const log of INBOXES) {
      for (let partition = 0; partition < cluster.catalog.partitions[log]!; partition++) {
        const { graph, catalog, bases, source, topicOf } = cluster.optionsOf(log, partition);
        const replayed = await replayInbox({ graph, catalog, bases, log, partition, source, topicOf });
        compared += replayed.compared;
      }
    }
    assert.ok(compared > 3_000, `${compared} records were compared`);
    await writer.close();
  });
});
