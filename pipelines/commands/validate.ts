import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { ExitError } from '../../schemas/exit.ts';
import { kafkaSink } from '../../sinks/kafka-log.ts';
import { kafkaSource } from '../../sources/kafka-log.ts';
import { loadProject } from '../load-project.ts';
import { readClusterCatalog } from '../runtime/cluster/cluster-catalog.ts';
import { scanTopics } from '../runtime/cluster/scan-topics.ts';
import { boardTopic, planBoard } from '../runtime/cluster/status-board.ts';
import { planTopics } from '../runtime/cluster/topics.ts';
import { openClusterObjects } from '../start-cluster.ts';
import type { Command } from './command.ts';

export const command: Command = {
  name: 'validate',
  usage: 'validate',
  summary: 'compares the topics of the cluster with catalog and configuration, and tries the broker',
  async run(args, io) {
    parseArgs({ args: [...args], options: {} });
    const project = await loadProject();
    const { backends } = project.config;
    if (backends.kind !== 'cluster') {
      io.out('the configuration is good; it says embedded, so there are no topics to compare');
      return 0;
    }
    const { brokers, prefix, replication, retentionHours, flush } = backends.kafka;
    const cluster = await readClusterCatalog(await openClusterObjects(project, resolve(backends.dataDir)));
    if (!cluster) throw new ExitError(78, 'no catalog yet: no process of this cluster was started');
    const address = { brokers: brokers.split(','), clientId: `${prefix}-validate`, patienceMs: 10_000 };
    const source = kafkaSource(address);
    const sink = kafkaSink(address);
    try {
      const plans = planTopics(cluster.catalog, { prefix, replication, retentionHours, flush });
      const differences = await sink.compareTopics([...plans, planBoard(prefix, replication)]);
      for (const difference of differences) io.out(difference);
      if (differences.length > 0) return 78;
      // One record there and back, in the topic that nobody's correctness hangs on.
      const topic = boardTopic(prefix);
      const sender = await sink.openSender('validate');
      const value = Buffer.from(JSON.stringify({ process: 'validate', atMs: 0 }));
      const [sent] = await sender.send([
        { topic, partition: 0, records: [{ value, header: new Uint8Array(0), session: '' }] },
      ]);
      await sender.close();
      let back = false;
      await scanTopics(source, [{ topic, partition: 0, from: sent!.firstOffset }], (_from, record) => {
        back ||= value.equals(record.value);
      });
      if (!back) throw new ExitError(75, 'a record that was sent does not come back from the broker');
      io.out(
        `${plans.length} topics of generation ${cluster.catalog.generation} are as they should be; the broker answers`,
      );
      return 0;
    } finally {
      await source.close();
      await sink.close();
    }
  },
};
