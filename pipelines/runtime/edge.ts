/**
 * One wire of the running graph. It numbers what passes into a log (law 2: a gapless sequence per producer and target
 * partition) and counts what passes at all; `status` reads these counters and nothing else.
 */
import { assert } from '../../schemas/assert.ts';
import { idLimits, packChainKey } from '../../schemas/ids.ts';

const PARTITIONS_MAX = idLimits.edgePartitions;

export class Edge {
  readonly name: string;
  /** The edge's number in the catalog; -1 for an edge in memory, which has no sequence. */
  readonly number: number;
  /** Records passed since the process began. */
  records = 0;
  /** Times that the next queue was full, so that this edge waited. */
  blocked = 0;
  /** Blocks waiting in the next queue now, and at most. */
  queued = 0;
  readonly capacity: number;
  /** By source partition x PARTITIONS_MAX + target partition: the next sequence. */
  readonly #next = new Float64Array(PARTITIONS_MAX * PARTITIONS_MAX);

  constructor(name: string, number: number, capacity = 0) {
    this.name = name;
    this.number = number;
    this.capacity = capacity;
  }

  /** Take the next sequence of this producer towards `target`. Starts at 1, without gaps. */
  take(source: number, target: number): number {
    this.records++;
    const index = source * PARTITIONS_MAX + target;
    const sequence = this.#next[index]! + 1;
    this.#next[index] = sequence;
    return sequence;
  }

  /** Chain key and last sequence of each (source, target) pair that was used. */
  sequences(): { readonly chainKey: number; readonly last: number }[] {
    const used = [];
    for (let index = 0; index < this.#next.length; index++) {
      const last = this.#next[index]!;
      if (last === 0) continue;
      const source = Math.floor(index / PARTITIONS_MAX);
      used.push({ chainKey: packChainKey(this.number, source, index % PARTITIONS_MAX), last });
    }
    return used;
  }

  /** Last sequence of each partition that feeds the partition of the same number. */
  lastByPartition(): { readonly partition: number; readonly last: number }[] {
    const used = [];
    for (let partition = 0; partition < PARTITIONS_MAX; partition++) {
      const last = this.#next[partition * PARTITIONS_MAX + partition]!;
      if (last > 0) used.push({ partition, last });
    }
    return used;
  }

  restoreSequence(source: number, target: number, last: number): void {
    assert(Number.isSafeInteger(last) && last >= 0, `sequence ${last} of ${this.name} is not a whole number`);
    this.#next[source * PARTITIONS_MAX + target] = last;
  }
}
