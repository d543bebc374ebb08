/**
 * Memory between a host, which has records to put into the graph, and the thread that runs the head: records go in as
 * bytes, positions come back as numbers, in batches, without a message for each. One host writes, the head reads.
 *
 * Sequence numbers count what the host put in, from 0, and wrap at 2^32; a sequence's place in the table of answers is its
 * remainder by `outstandingMax`, a power of two.
 */
import { assert } from '../../../schemas/assert.ts';

export interface DoorMemory {
  /** Entries of 8 bytes' alignment: length u32 (0: go on at the beginning), gate u32, record in single-object encoding. */
  readonly bytes: SharedArrayBuffer;
  readonly control: SharedArrayBuffer;
  /** By sequence: the packed position that a record got, or -1 where it was not taken. */
  readonly answers: SharedArrayBuffer;
}

export const doorWords = {
  /** Units of 8 bytes written by the host, and read by the head. */
  head: 0,
  tail: 1,
  /** 1 while a wake-up is under way to the head. */
  wakePending: 2,
  /** Every sequence below it has its answer. */
  answered: 3,
  /** Everything that sequences below it caused is durable. */
  durable: 4,
  count: 8,
} as const;

export const ENTRY_HEADER_BYTES = 8;
/** Room that is made sure of for one entry. */
export const ENTRY_BYTES_MAX = 8192;
export const REFUSED = -1;

export function makeDoor(ringBytes = 1 << 22, outstandingMax = 1 << 15): DoorMemory {
  assert(Number.isInteger(Math.log2(ringBytes)), `a door of ${ringBytes} bytes: a power of two is needed`);
  assert(Number.isInteger(Math.log2(outstandingMax)), `a door for ${outstandingMax}: a power of two is needed`);
  return {
    bytes: new SharedArrayBuffer(ringBytes),
    control: new SharedArrayBuffer(doorWords.count * 4),
    answers: new SharedArrayBuffer(outstandingMax * 8),
  };
}
