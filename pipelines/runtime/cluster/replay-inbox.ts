/**
 * Replay of a cluster: the recorded inbox of one stage partition through fresh operators, in one process, and every
 * record it makes compared with the one in its log, byte for byte. State hashes stand in checkpoints, so they are compared
 * as well. The operators are built as for any other run.
 */
import { ExitError } from '../../../schemas/exit.ts';
import { chainName } from '../../../schemas/log-format.ts';
import { decodeTopicHeader, emptyTopicHeader } from '../../../schemas/topic-record.ts';
import type { Catalog } from '../catalog.ts';
import type { Graph } from '../graph.ts';
import type { LogSource } from './broker.ts';
import { RecordFilter } from './record-filter.ts';
import { scanTopics } from './scan-topics.ts';
import { StagePartition } from './stage-partition.ts';

export interface InboxReplay {
  readonly graph: Graph;
  readonly catalog: Catalog;
  readonly bases: { readonly [logPartition: string]: number };
  readonly log: string;
  readonly partition: number;
  readonly source: LogSource;
  readonly topicOf: (log: string) => string;
}

export interface InboxReplayed {
  /** Events of the inbox that were applied. */
  readonly applied: number;
  readonly repeats: number;
  /** Records made, each equal to the one in its log. */
  readonly compared: number;
  /** Records made at the end of the inbox that their logs do not hold yet. */
  readonly lacking: number;
  readonly stateHashes: { readonly [stage: string]: string };
  /** Canonical state of each stage at the end. */
  readonly states: { readonly [stage: string]: Uint8Array };
}

/** Throws `ExitError` 76 at the first difference, 65 at a gap, or where a log has what the inbox does not explain. */
export async function replayInbox(options: InboxReplay): Promise<InboxReplayed> {
  const { graph, catalog, bases, log, partition, source, topicOf } = options;
  const stage = new StagePartition(graph, catalog, log, partition);
  const recorded = new Map<number, Map<number, { readonly header: Uint8Array; readonly value: Uint8Array }>>();
  const header = emptyTopicHeader();
  const everywhere = Object.entries(catalog.partitions).flatMap(([target, count]) =>
    Array.from({ length: count }, (_, index) => ({ topic: topicOf(target), partition: index, from: 0 })),
  );
  await scanTopics(source, everywhere, (_from, record) => {
    if (record.session !== '' || decodeTopicHeader(record.header, '', record.value, header) !== undefined) return;
    const { chainKey, sequence } = header;
    if (!stage.writes.has(chainKey >>> 12) || ((chainKey >>> 6) & 63) !== partition) return;
    let chain = recorded.get(chainKey);
    if (!chain) {
      chain = new Map();
      recorded.set(chainKey, chain);
    }
    if (!chain.has(sequence)) chain.set(sequence, { header: record.header!, value: record.value });
  });
  const base = bases[`${log}/${partition}`] ?? 0;
  const filter = new RecordFilter({ name: `${log}/${partition}`, generation: catalog.generation, base });
  let applied = 0;
  let compared = 0;
  let lacking = 0;
  await scanTopics(source, [{ topic: topicOf(log), partition, from: 0 }], (_from, record) => {
    const offset = filter.take(record);
    if (offset === undefined) return;
    applied++;
    for (const output of stage.apply(record.value, offset)) {
      const chain = recorded.get(output.chainKey);
      const there = chain?.get(output.sequence);
      if (!there) {
        lacking++;
        continue;
      }
      chain!.delete(output.sequence);
      if (!Buffer.from(there.header).equals(output.header) || !Buffer.from(there.value).equals(output.value)) {
        throw new ExitError(
          76,
          `${log}/${partition} offset ${offset}: the replay makes another record ${output.sequence} of ${chainName(output.chainKey)} than the log has`,
        );
      }
      compared++;
    }
  });
  for (const [chainKey, chain] of recorded) {
    const [unexplained] = chain.keys();
    if (unexplained === undefined) continue;
    throw new ExitError(
      76,
      `the log has record ${unexplained} of ${chainName(chainKey)}, and ${log}/${partition} does not cause it (${applied} events applied, ${compared} records equal, ${chain.size} not caused)`,
    );
  }
  return {
    applied,
    repeats: filter.repeats,
    compared,
    lacking,
    stateHashes: Object.fromEntries(stage.inbox.instances.map((part) => [part.stage, part.operator.stateHash()])),
    states: Object.fromEntries(stage.inbox.instances.map((part) => [part.stage, part.operator.snapshot()])),
  };
}
