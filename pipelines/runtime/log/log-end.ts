import { CHAIN_KEYS, HASH_BYTES, LOG_SLOTS, PARTITIONS_MAX } from '../../../schemas/log-format.ts';

/** Last crc of each chain, and the next offset of each (log, partition): what the next record must agree with. */
export interface LogTables {
  readonly chains: readonly { readonly key: number; readonly crc: number }[];
  readonly positions: readonly { readonly log: number; readonly partition: number; readonly next: number }[];
}

/** Where a log ends and all that is needed to go on writing it. Made by recovery, taken by the writer; can be sent to another thread. */
export interface LogEnd {
  readonly generation: number;
  /** Number of the newest segment; 0: there is none yet. */
  readonly segment: number;
  readonly segmentFirstCommit: number;
  /** Bytes of the newest segment up to the end of its last commit. */
  readonly offset: number;
  /** Last commit; 0: none. */
  readonly commit: number;
  readonly hash: Uint8Array;
  readonly tables: LogTables;
}

/** The end of a log that does not exist yet. */
export function emptyLogEnd(generation: number): LogEnd {
  return {
    generation,
    segment: 0,
    segmentFirstCommit: 0,
    offset: 0,
    commit: 0,
    hash: new Uint8Array(HASH_BYTES),
    tables: { chains: [], positions: [] },
  };
}

/**
 * {@link LogTables} while records pass: arrays indexed by chain key and by (log, partition), so that a record costs two loads and two
 * stores.
 */
export class RunningTables {
  /** By chain key; 0 where the chain has not begun. */
  readonly crcs = new Int32Array(CHAIN_KEYS);
  /** By {@link slotOf}. */
  readonly nextOffsets = new Float64Array(LOG_SLOTS);
  readonly #begun = new Uint8Array(CHAIN_KEYS);
  #keys: number[] = [];

  load(tables: LogTables): void {
    this.crcs.fill(0);
    this.nextOffsets.fill(0);
    this.#begun.fill(0);
    this.#keys = [];
    for (const { key, crc } of tables.chains) this.setChain(key, crc);
    for (const { log, partition, next } of tables.positions) this.nextOffsets[slotOf(log, partition)] = next;
  }

  setChain(key: number, crc: number): void {
    this.crcs[key] = crc;
    if (this.#begun[key] === 0) {
      this.#begun[key] = 1;
      this.#keys.push(key);
    }
  }

  /** In canonical order: equal state, equal tables. */
  tables(): LogTables {
    const chains = this.#keys.toSorted((a, b) => a - b).map((key) => ({ key, crc: this.crcs[key]! >>> 0 }));
    const positions: { log: number; partition: number; next: number }[] = [];
    for (let slot = 0; slot < LOG_SLOTS; slot++) {
      const next = this.nextOffsets[slot]!;
      if (next > 0) positions.push({ log: Math.floor(slot / PARTITIONS_MAX), partition: slot % PARTITIONS_MAX, next });
    }
    return { chains, positions };
  }
}

/** Index of (log, partition) in tables of all of them. */
export function slotOf(log: number, partition: number): number {
  return log * PARTITIONS_MAX + partition;
}

/** The next offset of (log, partition) in tables; 0 where nothing was written. */
export function nextOffsetIn(tables: LogTables, log: number, partition: number): number {
  return tables.positions.find((position) => position.log === log && position.partition === partition)?.next ?? 0;
}
