/** Every stage of the spot graph on a real broker, each partition by a runner of its own, all in this process. */
import { randomBytes } from 'node:crypto';
import { type Catalog, EMPTY_CATALOG, extendCatalog, placeSymbols } from '../../pipelines/runtime/catalog.ts';
import type { LogReading } from '../../pipelines/runtime/cluster/broker.ts';
import { HeadWriter } from '../../pipelines/runtime/cluster/head-writer.ts';
import { StageRunner, type StageRunnerOptions } from '../../pipelines/runtime/cluster/stage-runner.ts';
import type { SnapshotObjects } from '../../pipelines/runtime/cluster/stage-snapshots.ts';
import { planTopics, topicOf } from '../../pipelines/runtime/cluster/topics.ts';
import { systemClock } from '../../pipelines/runtime/outside/system-clock.ts';
import spot from '../../pipelines/spot.ts';
import { type Config, configChanges, placeSymbolsOf } from '../../schemas/config.ts';
import { kafkaSink } from '../../sinks/kafka-log.ts';
import { kafkaSource } from '../../sources/kafka-log.ts';
import { projectConfig } from '../pipelines/head-in-memory.ts';

export const INBOXES = ['control', 'commands', 'orders'] as const;

/** Objects in memory: created once, like those of a bucket. */
export function objectsInMemory(): SnapshotObjects & { readonly kept: Map<string, Uint8Array> } {
  const kept = new Map<string, Uint8Array>();
  return {
    name: 'memory',
    kept,
    async create(key, bytes) {
      if (kept.has(key)) return 'exists';
      kept.set(key, Uint8Array.from(bytes));
      return 'created';
    },
    read: async (key) => kept.get(key),
    list: async (prefix) => [...kept.keys()].filter((key) => key.startsWith(prefix)).sort(),
  };
}

export interface ClusterSettings {
  readonly brokers: readonly string[];
  readonly accountPartitions: number;
  readonly flush?: boolean;
  readonly objects?: SnapshotObjects;
  readonly config?: Config;
}

export class ClusterInProcess {
  readonly catalog: Catalog;
  readonly config: Config;
  readonly source: ReturnType<typeof kafkaSource>;
  readonly sink: ReturnType<typeof kafkaSink>;
  readonly objects: SnapshotObjects;
  readonly prefix = `t${randomBytes(4).toString('hex')}`;
  readonly said: string[] = [];
  readonly failures: unknown[] = [];
  readonly #settings: ClusterSettings;
  readonly #running: { readonly runner: StageRunner; readonly reading: LogReading }[] = [];

  constructor(settings: ClusterSettings) {
    this.#settings = settings;
    this.config = settings.config ?? projectConfig();
    const counts = { account: settings.accountPartitions, symbol: this.config.partitions.symbols };
    const { records } = configChanges(this.config, []);
    this.catalog = placeSymbols(extendCatalog(EMPTY_CATALOG, spot, counts), placeSymbolsOf(this.config, records));
    this.source = kafkaSource({ brokers: settings.brokers, clientId: 'test' });
    this.sink = kafkaSink({ brokers: settings.brokers, clientId: 'test' });
    this.objects = settings.objects ?? objectsInMemory();
  }

  topicOf = (log: string): string => topicOf({ prefix: this.prefix }, 1, log);

  async createTopics(): Promise<void> {
    const rules = { prefix: this.prefix, replication: 1, retentionHours: 24, flush: this.#settings.flush ?? false };
    await this.sink.createTopics(planTopics(this.catalog, rules));
  }

  optionsOf(log: string, partition: number): StageRunnerOptions {
    return {
      graph: spot,
      catalog: this.catalog,
      bases: {},
      log,
      partition,
      source: this.source,
      sink: this.sink,
      objects: this.objects,
      topicOf: this.topicOf,
      configurationHash: 'test',
      clock: systemClock(),
      snapshotEveryMs: 3_600_000,
      say: (line) => this.said.push(line),
      fail: (error) => this.failures.push(error),
    };
  }

  async startStage(log: string, partition: number): Promise<StageRunner> {
    const runner = await StageRunner.open(this.optionsOf(log, partition));
    await runner.own();
    const reading = await this.source.read({
      partitions: [runner.from],
      onRecords: (_from, records, end) => runner.take(records, end),
      fail: (error) => this.failures.push(error),
    });
    this.#running.push({ runner, reading });
    return runner;
  }

  async startAll(): Promise<StageRunner[]> {
    const places = INBOXES.flatMap((log) =>
      Array.from({ length: this.catalog.partitions[log]! }, (_, partition) => ({ log, partition })),
    );
    return Promise.all(places.map(({ log, partition }) => this.startStage(log, partition)));
  }

  openWriter(sources: readonly string[]): Promise<HeadWriter> {
    return HeadWriter.open({
      graph: spot,
      catalog: () => this.catalog,
      sources,
      bases: {},
      session: randomBytes(9).toString('base64url'),
      number: 0,
      source: this.source,
      sink: this.sink,
      topicOf: this.topicOf,
      fail: (error) => this.failures.push(error),
    });
  }

  /** Resolves when every inbox is applied to its end and all that the stages said is in its log. */
  async quiet(): Promise<void> {
    const deadline = performance.now() + 20_000;
    for (let still = 0; still < 2; ) {
      if (this.failures.length > 0) throw this.failures[0];
      if (performance.now() > deadline) throw new Error('the stages do not come to rest within 20 s');
      const ends = new Map(
        await Promise.all(INBOXES.map(async (log) => [log, await this.source.ends(this.topicOf(log))] as const)),
      );
      const behind = this.#running.some(
        ({ runner }) =>
          runner.status().outputsWaiting > 0 ||
          runner.from.from < ends.get(runner.options.log as (typeof INBOXES)[number])![runner.options.partition]!.high,
      );
      still = behind ? 0 : still + 1;
      if (behind) await new Promise((resolve) => setTimeout(resolve, 2));
    }
  }

  async stopStages({ save = false } = {}): Promise<void> {
    const running = this.#running.splice(0);
    await Promise.all(running.map(({ reading }) => reading.close()));
    await Promise.all(running.map(({ runner }) => runner.close({ save })));
  }

  async close(): Promise<void> {
    await this.stopStages();
    await this.source.close();
    await this.sink.close();
  }
}
