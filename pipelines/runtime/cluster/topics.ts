/** Which topic holds which log, and how it is made. */
import type { Catalog } from '../catalog.ts';
import type { TopicPlan } from './broker.ts';

export interface TopicRules {
  /** In front of every topic's name. */
  readonly prefix: string;
  readonly replication: number;
  /** How long records stay; longer than the oldest snapshot that somebody may start from. */
  readonly retentionHours: number;
  /** Whether a lone broker syncs every write. Without it an acknowledged record may be in its memory only. */
  readonly flush: boolean;
}

/** A generation has topics of its own: nothing of the one before is read by accident. */
export function topicOf(rules: Pick<TopicRules, 'prefix'>, generation: number, log: string): string {
  return `${rules.prefix}.g${generation}.${log}`;
}

const MESSAGE_BYTES_MAX = 4 * 1024 * 1024;

/** The topics of every log of the catalog. */
export function planTopics(catalog: Catalog, rules: TopicRules): TopicPlan[] {
  const { replication, retentionHours, flush } = rules;
  const settings: { readonly [name: string]: string } = {
    'cleanup.policy': 'delete',
    'retention.ms': String(retentionHours * 3_600_000),
    'retention.bytes': '-1',
    'min.insync.replicas': String(Math.max(1, replication - 1)),
    'unclean.leader.election.enable': 'false',
    'message.timestamp.type': 'CreateTime',
    'max.message.bytes': String(MESSAGE_BYTES_MAX),
    'compression.type': 'producer',
    ...(replication === 1 && flush ? { 'flush.messages': '1' } : {}),
  };
  return Object.entries(catalog.partitions).map(([log, partitions]) => ({
    topic: topicOf(rules, catalog.generation, log),
    partitions,
    replication,
    settings,
  }));
}
