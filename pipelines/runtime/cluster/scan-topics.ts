/** Reads topic partitions from given positions to the end that they have now, then stops. */
import type { BrokerRecord, LogSource, ReadFrom, TopicPartition } from './broker.ts';

/**
 * `onRecord` hears every record up to the ends of this moment, in order within a partition. Positions that are no longer
 * there are passed over. Answers the ends, by `topic/partition`. Throws what the source throws.
 */
export async function scanTopics(
  source: LogSource,
  partitions: readonly ReadFrom[],
  onRecord: (from: TopicPartition, record: BrokerRecord) => void,
): Promise<Map<string, number>> {
  const ends = new Map<string, number>();
  const open = new Map<string, number>();
  const wanted: ReadFrom[] = [];
  const byTopic = new Map<string, Awaited<ReturnType<LogSource['ends']>>>();
  for (const { topic, partition, from } of partitions) {
    if (!byTopic.has(topic)) byTopic.set(topic, await source.ends(topic));
    const { low, high } = byTopic.get(topic)![partition]!;
    ends.set(`${topic}/${partition}`, high);
    const begin = Math.max(from, low);
    if (begin >= high) continue;
    open.set(`${topic}/${partition}`, high);
    wanted.push({ topic, partition, from: begin });
  }
  if (wanted.length === 0) return ends;
  const done = Promise.withResolvers<void>();
  const reading = await source.read({
    partitions: wanted,
    onRecords(from, records) {
      const key = `${from.topic}/${from.partition}`;
      const end = ends.get(key)!;
      for (const record of records) if (record.offset < end) onRecord(from, record);
      if (records.at(-1)!.offset >= end - 1) open.delete(key);
      if (open.size === 0) done.resolve();
    },
    fail: (error) => done.reject(error),
  });
  try {
    await done.promise;
  } finally {
    await reading.close();
  }
  return ends;
}
