/**
 * The ledger in PostgreSQL: entries of `settle` in, each block exactly once.
 *
 * Blocks are written at least once and counted once: the cursor of their partition moves in the same transaction, so a
 * block whose outcome is not known is simply tried again, and what the cursor has passed is skipped. Blocks that wait
 * while a transaction runs are written together by the next one, so load makes transactions larger, not more.
 *
 * While PostgreSQL is away this sink waits, with growing pauses, and nothing else does (law 5). What cannot be waited
 * for ends with its exit code: a gap (65), an entry that the database refuses (70), a number with two contents (76),
 * a later settler (75), rights or settings (78).
 */
import { join } from 'node:path';
import type { Sink, SinkBlock, SinkContext, SinkDefinition } from '../../pipelines/runtime/ports.ts';
import { assert } from '../../schemas/assert.ts';
import { ExitError } from '../../schemas/exit.ts';
import type { AnyRecord, Entry } from '../../schemas/generated/records.ts';
import { LedgerEntry, type RecordSet } from '../../schemas/logs.ts';
import type { LedgerAccess } from './access.ts';
import { type EmbeddedPostgres, startEmbeddedPostgres } from './embedded-postgres.ts';
import { type LedgerServers, ledgerServersOf } from './ledger-servers.ts';
import { type LedgerStore, PostgresLedgerStore, type Settlement } from './ledger-store.ts';
import { prepareLedger } from './prepare-ledger.ts';
import { judgeSettlementError, SequenceGap } from './settlement-errors.ts';

export interface PostgresLedgerOptions {
  /** A server of one's own; without it the embedded one is started in the data directory, and stopped at the end. */
  readonly access?: LedgerAccess;
  /** See `TRANSACTION_WAIT_MS`; for measurements. */
  readonly waitMs?: number;
}

/** A block of settlement: the smaller, the sooner it is settled; waiting blocks share a transaction anyway. */
const BLOCK_RECORDS = 1_024;
/** Records of the accounts log in one transaction, at most. */
const TRANSACTION_RECORDS_MAX = 32_768;
/**
 * While settlement keeps up, a transaction waits until it has so many records, or until its oldest has waited so long.
 * The more records share one, the fewer balances are touched (a thousand busy accounts are soon all in it) and the
 * fewer syncs ask for the disk that the log needs too.
 */
const TRANSACTION_RECORDS_WANTED = 8_192;
const TRANSACTION_WAIT_MS = 80;
/** Records older than this are a backlog, which is worked off without waiting. */
const BACKLOG_MICROS = 1_000_000;
/** Blocks that may wait. The lane keeps fewer in flight; more is a bug of ours. */
const WAITING_BLOCKS_MAX = 1_024;
const PAUSE_MS = { first: 50, most: 2_000 };
/** Log whose offsets the entries name. */
const ACCOUNTS_LOG = 'accounts';

/**
 * Sink of `settle.posted`. Where the configuration names servers it settles there; else in the embedded one, which belongs
 * to it: started with it, stopped by `close`.
 */
export function postgresLedger(options: PostgresLedgerOptions = {}): SinkDefinition {
  return {
    name: 'postgresLedger',
    input: LedgerEntry as unknown as RecordSet<AnyRecord>,
    copies: true,
    blockRecords: BLOCK_RECORDS,
    open: async (context) => {
      const servers = ledgerServersOf(context.config);
      const home = options.access
        ? serverLedger(options.access)
        : servers
          ? serversLedger(servers)
          : embeddedLedger(context);
      return new PostgresLedger(home, context, options.waitMs);
    },
  };
}

/** Folder of the embedded server in a data directory. */
export function postgresDirectory(dataDir: string): string {
  return join(dataDir, 'postgres');
}

/** Where the ledger lives: made ready by `ready`, which throws what cannot be waited for and may be called again. */
export interface LedgerHome {
  ready(): Promise<LedgerStore>;
  restarts(): number;
  /** Called after a failure and before the next attempt: the ledger may be on another server by now. Throws like an attempt. */
  search?(): Promise<void>;
  close(): Promise<void>;
}

interface Waiting {
  readonly block: SinkBlock;
  readonly records: number;
  readonly sinceMs: number;
  readonly resolve: () => void;
  readonly reject: (error: Error) => void;
}

export class PostgresLedger implements Sink {
  readonly #home: LedgerHome;
  readonly #context: Pick<SinkContext, 'clock' | 'say'>;
  readonly #waitMs: number;
  #store: LedgerStore | undefined;
  #start = 0;
  readonly #waiting: Waiting[] = [];
  #waitingRecords = 0;
  /** The next transaction waits for more records. */
  #gathers = false;
  #writing: Promise<void> | undefined;
  #failed: Error | undefined;
  #closed = false;
  #wake: (() => void) | undefined;
  #awaySinceMs: number | undefined;
  #transactions = 0;
  #entries = 0;
  #skippedBlocks = 0;
  #lastTransactionMs = 0;

  constructor(home: LedgerHome, context: Pick<SinkContext, 'clock' | 'say'>, waitMs = TRANSACTION_WAIT_MS) {
    this.#home = home;
    this.#context = context;
    this.#waitMs = waitMs;
  }

  async positions(): Promise<Map<string, number>> {
    const { start, cursors } = await this.#untilItAnswers(async () => {
      this.#store ??= await this.#home.ready();
      return this.#store.begin();
    });
    this.#start = start;
    return new Map([...cursors].map(([partition, next]) => [`${ACCOUNTS_LOG}/${partition}`, next]));
  }

  /** May be called again before it resolves; blocks of a partition in order. Resolves, in order, when durable. */
  write(block: SinkBlock): Promise<void> {
    if (this.#failed) return Promise.reject(this.#failed);
    assert(!this.#closed, 'a block was written to a ledger that is closed');
    assert(this.#start > 0, 'positions() comes before the first block');
    assert(this.#waiting.length < WAITING_BLOCKS_MAX, `more than ${WAITING_BLOCKS_MAX} blocks wait for the ledger`);
    const records = block.lastOffset - block.firstOffset + 1;
    const sinceMs = this.#context.clock.monotonicMs();
    const written = new Promise<void>((resolve, reject) => {
      this.#waiting.push({ block, records, sinceMs, resolve, reject });
    });
    this.#waitingRecords += records;
    if (this.#gathers && this.#waitingRecords >= TRANSACTION_RECORDS_WANTED) this.#wake?.();
    this.#writing ??= this.#writeAll();
    return written;
  }

  figures(): { readonly [nameWithUnit: string]: number | string } {
    const awayMs = this.#awaySinceMs === undefined ? 0 : this.#context.clock.monotonicMs() - this.#awaySinceMs;
    return {
      transactions: this.#transactions,
      entries: this.#entries,
      skipped_blocks: this.#skippedBlocks,
      waiting_blocks: this.#waiting.length,
      last_transaction_ms: Math.round(this.#lastTransactionMs * 10) / 10,
      away_ms: Math.round(awayMs),
      server_restarts: this.#home.restarts(),
      start: this.#start,
    };
  }

  /** What waits is not written: the log has it, and the next start goes on from the cursor. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#wake?.();
    this.#store?.close();
    await this.#writing;
    await this.#home.close();
  }

  async #writeAll(): Promise<void> {
    const { clock } = this.#context;
    try {
      while (this.#waiting.length > 0) {
        await this.#gather();
        if (this.#closed) throw new LedgerClosed();
        const beganMs = clock.monotonicMs();
        const batch = this.#nextBatch();
        await this.#untilItAnswers(() => this.#settle(batch));
        this.#lastTransactionMs = clock.monotonicMs() - beganMs;
        this.#waiting.splice(0, batch.length);
        for (const { records, resolve } of batch) {
          this.#waitingRecords -= records;
          resolve();
        }
      }
    } catch (error) {
      this.#failed = error as Error;
      for (const { reject } of this.#waiting.splice(0)) reject(this.#failed);
    } finally {
      this.#writing = undefined;
    }
  }

  /** Let blocks come in, as long as nothing is gained by hurrying. */
  async #gather(): Promise<void> {
    // Blocks that are handed over in one go belong into one transaction, whatever their age.
    await Promise.resolve();
    const { clock } = this.#context;
    const oldest = this.#waiting[0]!;
    const ageMicros = clock.nowMicros() - oldest.block.lastTimeMicros;
    const leftMs = this.#waitMs - (clock.monotonicMs() - oldest.sinceMs);
    if (leftMs <= 0 || ageMicros > BACKLOG_MICROS || this.#waitingRecords >= TRANSACTION_RECORDS_WANTED) return;
    this.#gathers = true;
    await this.#pause(leftMs);
    this.#gathers = false;
  }

  #nextBatch(): Waiting[] {
    let sum = 0;
    let count = 0;
    for (const { records } of this.#waiting) {
      sum += records;
      if (count > 0 && sum > TRANSACTION_RECORDS_MAX) break;
      count++;
    }
    return this.#waiting.slice(0, count);
  }

  async #settle(batch: readonly Waiting[]): Promise<void> {
    const partitions = [...new Set(batch.map(({ block }) => block.partition))].sort((a, b) => a - b);
    let settlement: Settlement = { entries: [], advances: [] };
    let skipped = 0;
    await this.#store!.settle(this.#start, partitions, (cursors) => {
      const decided = decide(batch, cursors);
      settlement = decided.settlement;
      skipped = decided.skippedBlocks;
      return settlement;
    });
    this.#transactions++;
    this.#entries += settlement.entries.length;
    this.#skippedBlocks += skipped;
  }

  /** Try until it works, or fails for good. */
  async #untilItAnswers<T>(attempt: () => Promise<T>): Promise<T> {
    let failed = false;
    for (let pauseMs = PAUSE_MS.first; ; pauseMs = Math.min(pauseMs * 2, PAUSE_MS.most)) {
      if (this.#closed) throw new LedgerClosed();
      try {
        if (failed) await this.#home.search?.();
        const result = await attempt();
        this.#isBack();
        return result;
      } catch (error) {
        if (this.#closed) throw new LedgerClosed();
        const verdict = judgeSettlementError(error);
        if (verdict !== 'wait') throw verdict;
        failed = true;
        this.#isAway(error);
      }
      await this.#pause(pauseMs);
    }
  }

  #isAway(error: unknown): void {
    if (this.#awaySinceMs !== undefined) return;
    this.#awaySinceMs = this.#context.clock.monotonicMs();
    const reason = error instanceof Error ? error.message : String(error);
    this.#context.say(`The ledger does not answer (${reason}). Trading goes on, settlement waits and tries again.`);
  }

  #isBack(): void {
    if (this.#awaySinceMs === undefined) return;
    const seconds = (this.#context.clock.monotonicMs() - this.#awaySinceMs) / 1000;
    this.#awaySinceMs = undefined;
    this.#context.say(`The ledger answers again after ${seconds.toFixed(1)} s; settlement catches up.`);
  }

  #pause(delayMs: number): Promise<void> {
    return new Promise((resolve) => {
      const cancel = this.#context.clock.after(delayMs, resolve);
      this.#wake = () => {
        cancel();
        resolve();
      };
    });
  }
}

/** The sink was closed while blocks waited: nothing is lost, the log has them. */
export class LedgerClosed extends Error {
  override readonly name = 'LedgerClosed';

  constructor() {
    super('the ledger was closed while blocks waited');
  }
}

/**
 * What of these blocks is still to be written. A block that the cursor has passed is skipped, one that it has passed in
 * part gives its other part, one that begins behind it is a gap (65). An entry lies on one side of a cursor: one that
 * lies on both was cut differently when it was written before, so there are two histories (65).
 */
export function decide(
  batch: readonly { readonly block: SinkBlock }[],
  cursors: ReadonlyMap<number, number>,
): { readonly settlement: Settlement; readonly skippedBlocks: number } {
  const next = new Map(cursors);
  const entries: Entry[] = [];
  let skippedBlocks = 0;
  for (const { block } of batch) {
    const cursor = next.get(block.partition) ?? 0;
    if (block.lastOffset < cursor) {
      skippedBlocks++;
      continue;
    }
    if (block.firstOffset > cursor) throw new SequenceGap(block.partition, cursor, block.firstOffset);
    for (const entry of entriesOf(block)) {
      if (entry.lastSequence < cursor) continue;
      if (entry.firstSequence < cursor) {
        throw new ExitError(
          65,
          `entry ${entry.entryId} books offsets ${entry.firstSequence} to ${entry.lastSequence} of partition ${block.partition}, ` +
            `but the ledger ends at ${cursor - 1}, inside it: it was settled from another history`,
        );
      }
      entries.push(entry);
    }
    next.set(block.partition, block.lastOffset + 1);
  }
  const advances = [...next]
    .map(([partition, to]) => ({ partition, from: cursors.get(partition) ?? 0, to }))
    .filter(({ from, to }) => to > from);
  return { settlement: { entries, advances }, skippedBlocks };
}

function* entriesOf(block: SinkBlock): Generator<Entry> {
  for (const output of Object.values(block.outputs)) {
    for (const record of output.records) {
      if (record.type !== 'entry') continue;
      assert(record.accountPartition === block.partition, 'an entry belongs to the partition of its block');
      assert(
        record.firstSequence >= block.firstOffset && record.lastSequence <= block.lastOffset,
        'an entry books offsets of its block',
      );
      yield record;
    }
  }
}

function embeddedLedger(context: SinkContext): LedgerHome {
  let server: EmbeddedPostgres | undefined;
  let starting: Promise<EmbeddedPostgres> | undefined;
  return {
    async ready() {
      if (!server) {
        starting = startEmbeddedPostgres({ directory: postgresDirectory(context.dataDir), say: context.say });
        server = await starting;
      }
      await prepareLedger(server.access, true);
      return new PostgresLedgerStore(server.access, ACCOUNTS_LOG);
    },
    restarts: () => server?.restarts() ?? 0,
    async close() {
      await starting?.then(
        (started) => started.stop(),
        () => undefined,
      );
    },
  };
}

/** A ledger on servers of which one is the primary, now this one and after a failover another. */
export function serversLedger(servers: LedgerServers): LedgerHome {
  return {
    async ready() {
      await servers.search();
      await prepareLedger(servers.access, true);
      return new PostgresLedgerStore(servers.access, ACCOUNTS_LOG);
    },
    search: () => servers.search(),
    restarts: () => 0,
    close: async () => undefined,
  };
}

/** A ledger on a server that is already there, and stays when this sink is closed. */
export function serverLedger(access: LedgerAccess): LedgerHome {
  return {
    async ready() {
      await prepareLedger(access, false);
      return new PostgresLedgerStore(access, ACCOUNTS_LOG);
    },
    restarts: () => 0,
    close: async () => undefined,
  };
}
