import type pg from 'pg';
import { assert } from '../../schemas/assert.ts';
import type { Entry } from '../../schemas/generated/records.ts';
import type { LedgerAccess } from './access.ts';
import { assertCommitted, Connections } from './connections.ts';
import { copyIn } from './copy-in.ts';
import { COPY_ENTRIES, EntryRows } from './entry-rows.ts';

/** What one transaction writes. */
export interface Settlement {
  readonly entries: readonly Entry[];
  /** Cursors that move: partition, from where, to where. */
  readonly advances: readonly { readonly partition: number; readonly from: number; readonly to: number }[];
}

/**
 * The ledger as settlement sees it: cursors and one kind of transaction. Any call may throw although it took effect;
 * whoever calls reads the cursors again and decides.
 */
export interface LedgerStore {
  /** A new start number, larger than all before it, and where each partition stands. */
  begin(): Promise<{ readonly start: number; readonly cursors: Map<number, number> }>;
  /**
   * In one transaction: lock the cursors of `partitions`, ask `decide` what to write, write it, move the cursors. What
   * `decide` throws comes out, and nothing is written.
   */
  settle(
    start: number,
    partitions: readonly number[],
    decide: (cursors: ReadonlyMap<number, number>) => Settlement,
  ): Promise<void>;
  close(): void;
}

/** The ledger in PostgreSQL, for the log named `log`. Three round trips a settlement. */
export class PostgresLedgerStore implements LedgerStore {
  readonly #log: string;
  readonly #connections: Connections;
  readonly #rows = new EntryRows();

  constructor(access: LedgerAccess, log: string) {
    this.#log = log;
    this.#connections = new Connections(() => access('settle'), 'sluice settle');
  }

  begin(): Promise<{ readonly start: number; readonly cursors: Map<number, number> }> {
    return this.#connections.withClient(async (client) => {
      const next = await client.query<{ start: string }>(`SELECT nextval('ledger.starts') AS start`);
      const { rows } = await client.query<{ partition: number; next: string }>(
        'SELECT account_partition AS partition, next_sequence AS next FROM ledger.cursors WHERE log = $1',
        [this.#log],
      );
      return { start: Number(next.rows[0]!.start), cursors: cursorsOf(rows) };
    });
  }

  settle(
    start: number,
    partitions: readonly number[],
    decide: (cursors: ReadonlyMap<number, number>) => Settlement,
  ): Promise<void> {
    return this.#connections.withClient(async (client) => {
      const cursors = await this.#lockCursors(client, start, partitions);
      const { entries, advances } = decide(cursors);
      if (entries.length > 0) {
        this.#rows.begin();
        for (const entry of entries) this.#rows.add(entry);
        const stored = await copyIn(client, COPY_ENTRIES, this.#rows.end());
        assert(stored === entries.length, `of ${entries.length} entries the database stored ${stored}`);
      }
      const moves = advances.map(
        ({ partition, from, to }) => `ledger.advance_cursor(${partition}::int2, ${from}, ${to})`,
      );
      const text = moves.length === 0 ? 'COMMIT' : `SELECT ${moves.join(', ')}; COMMIT`;
      const answers = await client.query(text);
      assertCommitted(Array.isArray(answers) ? answers[answers.length - 1] : answers);
    });
  }

  close(): void {
    this.#connections.close();
  }

  async #lockCursors(client: pg.Client, start: number, partitions: readonly number[]): Promise<Map<number, number>> {
    // One round trip; a simple query takes no parameters, and these are numbers and a quoted name.
    const log = this.#log.replaceAll("'", "''");
    const answers = (await client.query(
      `BEGIN; SELECT account_partition AS partition, next_sequence AS next FROM ledger.take_cursors('${log}', '{${partitions.join(',')}}', ${start})`,
    )) as unknown as pg.QueryResult<{ partition: number; next: string }>[];
    return cursorsOf(answers[1]!.rows);
  }
}

function cursorsOf(rows: readonly { readonly partition: number; readonly next: string }[]): Map<number, number> {
  return new Map(rows.map(({ partition, next }) => [partition, Number(next)]));
}
