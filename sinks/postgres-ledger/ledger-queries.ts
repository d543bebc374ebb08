/** What is asked of the ledger. Amounts come as bigint: a sum over many accounts may leave the safe integers. */
import type pg from 'pg';
import type { EntryKind, LedgerAccount } from '../../schemas/generated/records.ts';
import type { ConnectionLimits } from './connections.ts';

/** For questions that read the whole ledger. */
export const QUERY_LIMITS: ConnectionLimits = {
  connectMs: 2_000,
  statementMs: 600_000,
  lockMs: 2_000,
  idleInTransactionMs: 600_000,
};

/** One account's amount of one asset in one ledger account, within one partition. */
export interface LedgerAmount {
  readonly partition: number;
  readonly account: number;
  readonly ledgerAccount: LedgerAccount;
  readonly asset: number;
  readonly amount: bigint;
}

/** The ledger at one moment: where each partition ends, and what it sums to there. */
export interface LedgerSums {
  /** Next offset not settled, by partition. */
  readonly cursors: ReadonlyMap<number, number>;
  readonly entries: number;
  /** Sums of the postings. */
  readonly postings: readonly LedgerAmount[];
  /** What the table of balances says; equal to the sums, or the database is damaged. */
  readonly balances: readonly LedgerAmount[];
}

export interface StatementLine {
  readonly entryId: number;
  readonly kind: EntryKind;
  /** Log time of the last record booked, microseconds since 1970. */
  readonly movedAt: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  /** Packed position of the command behind it; undefined: netted holds have many. */
  readonly commandId: number | undefined;
  readonly tradeId: number | undefined;
  readonly tradeSymbol: number | undefined;
  readonly reverses: number | undefined;
  readonly reference: string;
  readonly reason: string;
  /** The postings of the account that was asked for. */
  readonly postings: readonly {
    readonly ledgerAccount: LedgerAccount;
    readonly asset: number;
    readonly amount: bigint;
  }[];
}

interface AmountRow {
  readonly partition: number;
  readonly account: string;
  readonly ledger_account: LedgerAccount;
  readonly asset: number;
  readonly amount: string;
}

/** Cursors, sums of all postings and balances, of one moment. Reads every entry: about 2 microseconds a posting. */
export async function readSums(client: pg.Client): Promise<LedgerSums> {
  await client.query('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY');
  try {
    const cursors = await client.query<{ partition: number; next: string }>(
      'SELECT account_partition AS partition, next_sequence AS next FROM ledger.cursors ORDER BY 1',
    );
    const entries = await client.query<{ entries: string }>('SELECT count(*) AS entries FROM ledger.entries');
    const postings = await client.query<AmountRow>(
      `SELECT account_partition AS partition, account, ledger_account, asset, sum(amount) AS amount
         FROM ledger.postings GROUP BY 1, 2, 3, 4`,
    );
    const balances = await client.query<AmountRow>(
      `SELECT account_partition AS partition, account, ledger_account, asset, amount FROM ledger.account_balances`,
    );
    return {
      cursors: new Map(cursors.rows.map(({ partition, next }) => [partition, Number(next)])),
      entries: Number(entries.rows[0]!.entries),
      postings: postings.rows.map(amountOf),
      balances: balances.rows.map(amountOf),
    };
  } finally {
    await client.query('ROLLBACK');
  }
}

/** Balances by account and asset; of one account where given. House accounts are summed over the partitions. */
export async function readBalances(client: pg.Client, account?: number): Promise<Omit<LedgerAmount, 'partition'>[]> {
  const { rows } = await client.query<AmountRow>(
    `SELECT 0 AS partition, account, ledger_account, asset, sum(amount) AS amount FROM ledger.account_balances
      WHERE $1::bigint IS NULL OR account = $1 GROUP BY 2, 3, 4 ORDER BY account, asset, ledger_account`,
    [account ?? null],
  );
  return rows.map((row) => {
    const { partition: _, ...rest } = amountOf(row);
    return rest;
  });
}

/**
 * The newest entries that moved an account's money, newest first, at most `limit`, older than entry `before` where
 * given. Walks back by number within the account's partition, so an account that is rarely active costs a long walk.
 */
export async function readStatement(
  client: pg.Client,
  account: number,
  partition: number,
  { limit, before }: { readonly limit: number; readonly before?: number | undefined },
): Promise<StatementLine[]> {
  const { rows } = await client.query<{
    entry_id: string;
    kind: string;
    moved_at: string;
    first_sequence: string;
    last_sequence: string;
    command_id: string | null;
    trade_id: string | null;
    trade_symbol: number | null;
    reverses: string | null;
    reference: string | null;
    reason: string | null;
    ledger_accounts: LedgerAccount[];
    assets: number[];
    amounts: string[];
  }>(
    `WITH found AS MATERIALIZED (
       SELECT entry_id FROM ledger.entries
        WHERE entry_id >= $3::bigint << 41 AND entry_id < coalesce($4, ($3::bigint + 1) << 41) AND accounts @> ARRAY[$1::bigint]
        ORDER BY entry_id DESC LIMIT $2
     )
     SELECT entry_id, kind, moved_at, first_sequence, last_sequence, command_id, trade_id, trade_symbol, reverses, reference, reason,
            array_agg(ledger_account ORDER BY posting_number) AS ledger_accounts,
            array_agg(asset::int ORDER BY posting_number) AS assets,
            array_agg(amount::text ORDER BY posting_number) AS amounts
       FROM found JOIN ledger.postings USING (entry_id)
      WHERE account = $1
      GROUP BY entry_id, kind, moved_at, first_sequence, last_sequence, command_id, trade_id, trade_symbol, reverses, reference, reason
      ORDER BY entry_id DESC`,
    [account, limit, partition, before ?? null],
  );
  return rows.map((row) => ({
    entryId: Number(row.entry_id),
    kind: row.kind as EntryKind,
    movedAt: Number(row.moved_at),
    firstSequence: Number(row.first_sequence),
    lastSequence: Number(row.last_sequence),
    commandId: numberOf(row.command_id),
    tradeId: numberOf(row.trade_id),
    tradeSymbol: row.trade_symbol ?? undefined,
    reverses: numberOf(row.reverses),
    reference: row.reference ?? '',
    reason: row.reason ?? '',
    postings: row.amounts.map((amount, index) => ({
      ledgerAccount: row.ledger_accounts[index]!,
      asset: row.assets[index]!,
      amount: BigInt(amount),
    })),
  }));
}

/**
 * Make the table of balances again from the postings, as the owner, in one transaction. Resolves to the number of rows
 * that were different before.
 */
export async function rebuildBalances(client: pg.Client): Promise<number> {
  const { rows } = await client.query<{ changed: string }>(
    `WITH fold AS (
       SELECT account, asset::smallint AS asset, account_partition,
              coalesce(sum(amount) FILTER (WHERE ledger_account <> 'hold'), 0)::bigint AS available,
              coalesce(sum(amount) FILTER (WHERE ledger_account = 'hold'), 0)::bigint AS hold
         FROM ledger.postings GROUP BY 1, 2, 3
     ), gone AS (
       DELETE FROM ledger.balances AS b
        WHERE NOT EXISTS (SELECT FROM fold AS f
                           WHERE (f.account, f.asset, f.account_partition) = (b.account, b.asset, b.account_partition))
       RETURNING 1
     ), written AS (
       INSERT INTO ledger.balances AS b (account, asset, account_partition, available, hold)
       SELECT account, asset, account_partition, available, hold FROM fold
       ON CONFLICT (account, asset, account_partition) DO UPDATE SET available = excluded.available, hold = excluded.hold
        WHERE (b.available, b.hold) <> (excluded.available, excluded.hold)
       RETURNING 1
     )
     SELECT (SELECT count(*) FROM gone) + (SELECT count(*) FROM written) AS changed`,
  );
  return Number(rows[0]!.changed);
}

function amountOf(row: AmountRow): LedgerAmount {
  return {
    partition: row.partition,
    account: Number(row.account),
    ledgerAccount: row.ledger_account,
    asset: row.asset,
    amount: BigInt(row.amount),
  };
}

function numberOf(text: string | null): number | undefined {
  return text === null ? undefined : Number(text);
}
