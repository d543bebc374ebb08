/**
 * Topics of Kafka as logs to write. With `sources/kafka-log.ts` the only file that knows kafkajs.
 *
 * The client loses acknowledged records when a second send runs beside one whose answer is lost, or when a producer is
 * used on after a failed send. So a sender has one send outstanding, and ends with the first that fails. Its broker's
 * sequences wrap wrongly, so it is replaced long before.
 */
import kafkajs, { type Admin, type Kafka, type Producer } from 'kafkajs';
import type { LogSender, LogSink, Outgoing, Sent, TopicPlan } from '../pipelines/runtime/cluster/broker.ts';
import { assert } from '../schemas/assert.ts';
import { SEND_RECORDS_MAX, SESSION_HEADER, SendInDoubt, TOPIC_HEADER } from '../schemas/topic-record.ts';
import { type KafkaAddress, kafkaClient, within } from '../sources/kafka-log.ts';

const PATIENCE_MS = 30_000;
const LEADERS_MS = 15_000;
/** Records after which a producer is replaced; the client goes wrong at 2^31. */
const PRODUCER_RECORDS_MAX = 2 ** 30;

export function kafkaSink(address: KafkaAddress): LogSink {
  const kafka = kafkaClient(address);
  const patienceMs = address.patienceMs ?? PATIENCE_MS;
  let admin: Promise<Admin> | undefined;
  const connected = () => {
    admin ??= (async () => {
      const made = kafka.admin();
      await within(made.connect(), patienceMs, 'connecting to the broker');
      return made;
    })();
    return admin;
  };
  return {
    openSender: () => openSender(kafka, patienceMs),
    createTopics: async (plans) => createTopics(await connected(), plans, patienceMs),
    compareTopics: async (plans) => compareTopics(await connected(), plans, patienceMs),
    async close() {
      const made = await admin?.catch(() => undefined);
      await made?.disconnect();
    },
  };
}

async function openSender(kafka: Kafka, patienceMs: number): Promise<LogSender> {
  let producer = await connectProducer(kafka, patienceMs);
  let sent = 0;
  let outstanding = false;
  let spent: unknown;
  return {
    async send(outgoing) {
      assert(!outstanding, 'a sender has one send outstanding');
      if (spent !== undefined) throw new SendInDoubt('this sender failed before', { cause: spent });
      const records = outgoing.reduce((sum, { records: { length } }) => sum + length, 0);
      outstanding = true;
      try {
        if (sent + records > PRODUCER_RECORDS_MAX) {
          await producer.disconnect();
          producer = await connectProducer(kafka, patienceMs);
          sent = 0;
        }
        const answers = await within(
          producer.sendBatch({ acks: -1, timeout: 5_000, topicMessages: outgoing.map(messagesOf) }),
          patienceMs,
          'sending',
        );
        sent += records;
        return answers.map(
          ({ topicName, partition, baseOffset }): Sent => ({
            topic: topicName,
            partition,
            firstOffset: Number(baseOffset),
          }),
        );
      } catch (error) {
        spent = error;
        void producer.disconnect().catch(() => {});
        throw new SendInDoubt(`a send failed: ${error instanceof Error ? error.message : error}`, { cause: error });
      } finally {
        outstanding = false;
      }
    },
    async close() {
      spent ??= 'closed';
      await producer.disconnect();
    },
  };
}

async function connectProducer(kafka: Kafka, patienceMs: number): Promise<Producer> {
  const producer = kafka.producer({
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: () => (choice) => choice.message.partition!,
    retry: { initialRetryTime: 50, maxRetryTime: 500, retries: 8 },
  });
  try {
    await within(producer.connect(), patienceMs, 'connecting to the broker');
  } catch (error) {
    void producer.disconnect().catch(() => {});
    throw error;
  }
  return producer;
}

/** Stamped by the client with the time of sending, for retention alone: when an event happened stands in its value. */
function messagesOf({ topic, partition, records }: Outgoing) {
  assert(records.length <= SEND_RECORDS_MAX, 'more records for one partition than one send takes');
  return {
    topic,
    messages: records.map(({ value, header, session }) => ({
      partition,
      key: null,
      value: value as Buffer,
      headers:
        session === ''
          ? { [TOPIC_HEADER]: header as Buffer }
          : { [TOPIC_HEADER]: header as Buffer, [SESSION_HEADER]: session },
    })),
  };
}

async function createTopics(admin: Admin, plans: readonly TopicPlan[], patienceMs: number): Promise<readonly string[]> {
  const there = new Set(await within(admin.listTopics(), patienceMs, 'listing topics'));
  const missing = plans.filter(({ topic }) => !there.has(topic));
  if (missing.length === 0) return [];
  try {
    await within(
      admin.createTopics({
        waitForLeaders: false,
        validateOnly: false,
        timeout: 5_000,
        topics: missing.map(({ topic, partitions, replication, settings }) => ({
          topic,
          numPartitions: partitions,
          replicationFactor: replication,
          configEntries: Object.entries(settings).map(([name, value]) => ({ name, value })),
        })),
      }),
      patienceMs,
      'making topics',
    );
  } catch (error) {
    // Another process made them in the same moment: what counts is that they are there.
    const now = new Set(await within(admin.listTopics(), patienceMs, 'listing topics'));
    if (!plans.every(({ topic }) => now.has(topic))) throw error;
  }
  await untilLed(admin, plans);
  return missing.map(({ topic }) => topic);
}

/** Each partition has a leader; waiting for it within the call that makes topics fails on several brokers. */
async function untilLed(admin: Admin, plans: readonly TopicPlan[]): Promise<void> {
  const deadline = performance.now() + LEADERS_MS;
  for (;;) {
    const found = await admin.fetchTopicMetadata({ topics: plans.map(({ topic }) => topic) }).catch(() => undefined);
    const led = found?.topics.every(
      ({ name, partitions }) =>
        partitions.length === plans.find(({ topic }) => topic === name)!.partitions &&
        partitions.every(({ leader }) => leader >= 0),
    );
    if (led || performance.now() > deadline) return;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

async function compareTopics(
  admin: Admin,
  plans: readonly TopicPlan[],
  patienceMs: number,
): Promise<readonly string[]> {
  const differences: string[] = [];
  const there = new Set(await within(admin.listTopics(), patienceMs, 'listing topics'));
  for (const plan of plans) if (!there.has(plan.topic)) differences.push(`topic ${plan.topic} does not exist`);
  const known = plans.filter(({ topic }) => there.has(topic));
  if (known.length === 0) return differences;
  const { topics } = await within(
    admin.fetchTopicMetadata({ topics: known.map(({ topic }) => topic) }),
    patienceMs,
    'asking for topics',
  );
  const { resources } = await within(
    admin.describeConfigs({
      includeSynonyms: false,
      resources: known.map(({ topic, settings }) => ({
        type: kafkajs.ConfigResourceTypes.TOPIC,
        name: topic,
        configNames: Object.keys(settings),
      })),
    }),
    patienceMs,
    'asking for settings of topics',
  );
  for (const { topic, partitions, replication, settings } of known) {
    const found = topics.find(({ name }) => name === topic)!;
    if (found.partitions.length !== partitions) {
      differences.push(`topic ${topic} has ${found.partitions.length} partitions, the catalog says ${partitions}`);
    }
    const copies = Math.min(...found.partitions.map(({ replicas }) => replicas.length));
    if (copies !== replication) {
      differences.push(`topic ${topic} has ${copies} replicas, the configuration says ${replication}`);
    }
    const entries = resources.find(({ resourceName }) => resourceName === topic)?.configEntries ?? [];
    for (const [name, wanted] of Object.entries(settings)) {
      const value = entries.find(({ configName }) => configName === name)?.configValue;
      if (value !== wanted)
        differences.push(`topic ${topic}: ${name} is ${value ?? 'not set'}, it should be ${wanted}`);
    }
  }
  return differences;
}
