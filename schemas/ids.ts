/**
 * Ids are numbers derived from the cause, never drawn. Each packs its parts into the 53 bits that a double holds
 * exactly; parts come out by division and remainder by powers of two, which are exact too. Strings exist at the edges
 * only, as plain decimals.
 *
 * | id | parts, highest first |
 * | --- | --- |
 * | position | log (5 bits), partition (8), offset (40) |
 * | event id | edge (5), source partition (6), target partition (6), sequence (36) |
 * | order id | partition (8), offset (40) of the `place` in the commands log |
 */
import { assert } from './assert.ts';
import type { OrderId } from './brands.ts';

const TWO_36 = 2 ** 36;
const TWO_40 = 2 ** 40;
const TWO_42 = 2 ** 42;
const TWO_48 = 2 ** 48;

export const idLimits = {
  logs: 2 ** 5,
  partitions: 2 ** 8,
  offsets: TWO_40,
  edges: 2 ** 5,
  edgePartitions: 2 ** 6,
  eventSequences: TWO_36,
} as const;

const fits = (value: number, limit: number): boolean => value >= 0 && value < limit && Math.floor(value) === value;

/** Position of a record: number of its log, partition, offset. Throws when a part leaves its bits. */
export function packPosition(log: number, partition: number, offset: number): number {
  assert(fits(log, idLimits.logs), 'log number leaves its 5 bits');
  assert(fits(partition, idLimits.partitions), 'partition leaves its 8 bits');
  assert(fits(offset, idLimits.offsets), 'offset leaves its 40 bits');
  return log * TWO_48 + partition * TWO_40 + offset;
}

export function logOfPosition(position: number): number {
  return Math.floor(position / TWO_48);
}

export function partitionOfPosition(position: number): number {
  return Math.floor(position / TWO_40) % idLimits.partitions;
}

export function offsetOfPosition(position: number): number {
  return position % TWO_40;
}

/** Number of an output record by law 2: unique per edge, source and target partition. */
export function packEventId(edge: number, sourcePartition: number, targetPartition: number, sequence: number): number {
  assert(fits(edge, idLimits.edges), 'edge number leaves its 5 bits');
  assert(fits(sourcePartition, idLimits.edgePartitions), 'source partition leaves its 6 bits');
  assert(fits(targetPartition, idLimits.edgePartitions), 'target partition leaves its 6 bits');
  assert(fits(sequence, idLimits.eventSequences), 'event sequence leaves its 36 bits');
  return edge * TWO_48 + sourcePartition * TWO_42 + targetPartition * TWO_36 + sequence;
}

export function edgeOfEventId(eventId: number): number {
  return Math.floor(eventId / TWO_48);
}

export function sourcePartitionOfEventId(eventId: number): number {
  return Math.floor(eventId / TWO_42) % idLimits.edgePartitions;
}

export function targetPartitionOfEventId(eventId: number): number {
  return Math.floor(eventId / TWO_36) % idLimits.edgePartitions;
}

export function sequenceOfEventId(eventId: number): number {
  return eventId % TWO_36;
}

/** The order that the `place` at this partition and offset of the commands log asks for. */
export function packOrderId(partition: number, offset: number): OrderId {
  assert(fits(partition, idLimits.partitions), 'partition leaves its 8 bits');
  assert(fits(offset, idLimits.offsets), 'offset leaves its 40 bits');
  return (partition * TWO_40 + offset) as OrderId;
}

/** Order id of the `place` at a packed position: the position without its log bits. */
export function orderIdOfPosition(position: number): OrderId {
  return (position % TWO_48) as OrderId;
}

export function partitionOfOrderId(orderId: OrderId): number {
  return Math.floor(orderId / TWO_40);
}

export function offsetOfOrderId(orderId: OrderId): number {
  return orderId % TWO_40;
}

/** Decimal string of an id, for the edges. */
export function formatId(id: number): string {
  assert(Number.isSafeInteger(id) && id >= 0, 'an id is a safe integer from 0');
  return id.toString();
}

/** Number of a decimal string, or undefined when it is none, has leading zeros, or leaves the 53 bits. */
export function parseId(text: string): number | undefined {
  if (!/^(0|[1-9]\d{0,15})$/.test(text)) return undefined;
  const id = Number(text);
  return Number.isSafeInteger(id) ? id : undefined;
}

/** A readable position, `log/partition@offset`; `logNames` by log number. */
export function formatPosition(position: number, logNames: readonly string[]): string {
  const log = logOfPosition(position);
  return `${logNames[log] ?? log}/${partitionOfPosition(position)}@${offsetOfPosition(position)}`;
}

/** The chain of one producer towards one target partition: edge (5 bits), source partition (6), target partition (6). */
export function packChainKey(edge: number, sourcePartition: number, targetPartition: number): number {
  return edge * 4096 + sourcePartition * 64 + targetPartition;
}

/** Event id of the record with this sequence in a chain; the same number as {@link packEventId} gives. */
export function eventIdInChain(chainKey: number, sequence: number): number {
  assert(sequence > 0 && sequence < TWO_36, 'event sequence leaves its 36 bits');
  return chainKey * TWO_36 + sequence;
}

export function chainKeyOfEventId(eventId: number): number {
  return Math.floor(eventId / TWO_36);
}
