/**
 * The ledger statement of one account, newest first: from PostgreSQL, where the ledger is kept, and from history's copy of
 * it while that is away. Both give an entry the same number, so a cursor of one serves in the other.
 */
import type { AccountId, AssetId } from '../../schemas/generated/records.ts';
import type { Database, GatewayParts, HistoryPort } from '../ports.ts';
import { RequestRefused } from './errors.ts';
import { historyWhole, microsExpression } from './history-values.ts';

export interface StatementEntry {
  readonly entryId: number;
  readonly kind: string;
  readonly movedAtMicros: number;
  readonly symbol: number;
  readonly tradeId: number;
  /** Packed position of the command; 0 for holds, which are netted over many. */
  readonly commandId: number;
  readonly firstSequence: number;
  readonly lastSequence: number;
  readonly reference: string;
  readonly reason: string;
  /** The account's own postings. */
  readonly changes: readonly { readonly asset: AssetId; readonly ledgerAccount: string; readonly amount: bigint }[];
}

export interface StatementPage {
  readonly entries: readonly StatementEntry[];
  /** Entries below this number were not looked at yet; undefined: there are none. */
  readonly next: number | undefined;
}

export interface StatementWanted {
  readonly asset: AssetId | undefined;
  /** Only entries below this number. */
  readonly before: number | undefined;
  readonly limit: number;
}

/** An account that moved little has its entries far apart: so many of its partition are looked through for one page. */
const LOOKED_THROUGH_MAX = 100_000;
const LIMITS = { maxSeconds: 5, maxRows: 501 };

export async function ownLedger(
  account: AccountId,
  wanted: StatementWanted,
  { database, history }: Pick<GatewayParts, 'database' | 'history'>,
): Promise<StatementPage> {
  if (database) {
    try {
      return await fromLedger(account, wanted, database.as('reader'));
    } catch (error) {
      // A server that answered with an error of its own is not away: that is a fault of ours.
      if ('severity' in (error as object) || !history) throw isAway(error) ? away() : error;
    }
  }
  if (history) return fromHistory(account, wanted, history);
  throw away();
}

function isAway(error: unknown): boolean {
  return !('severity' in (error as object));
}

function away(): RequestRefused {
  return new RequestRefused({
    code: 'unavailable',
    message: 'The ledger does not answer just now; balances are served without it.',
  });
}

interface EntryRow {
  readonly entry_id: string;
  readonly kind: string;
  readonly moved_at: string;
  readonly trade_symbol: number | null;
  readonly trade_id: string | null;
  readonly command_id: string | null;
  readonly first_sequence: string;
  readonly last_sequence: string;
  readonly reference: string | null;
  readonly reason: string | null;
  readonly accounts: readonly string[];
  readonly ledger_accounts: readonly string[] | string;
  readonly assets: readonly number[];
  readonly amounts: readonly string[];
}

const KINDS: { readonly [letter: string]: string } = {
  t: 'trade',
  h: 'hold',
  d: 'deposit',
  w: 'withdrawal',
  a: 'adjustment',
  r: 'reversal',
};
const LEDGER_ACCOUNTS: { readonly [letter: string]: string } = { a: 'available', h: 'hold' };

/** Entries of a partition are numbered in its order, so a page is a range of the primary key, read from its end. */
async function fromLedger(
  account: AccountId,
  { asset, before, limit }: StatementWanted,
  ledger: Database,
): Promise<StatementPage> {
  const { rows } = await ledger.query<EntryRow & { readonly looked_at: string; readonly looked: string }>(
    `WITH place AS (SELECT account_partition FROM ledger.balances WHERE account = $1 LIMIT 1),
      range AS (
        SELECT e.* FROM ledger.entries AS e, place AS p
        WHERE e.entry_id >= (p.account_partition::bigint << 41) AND e.entry_id < least($2::bigint, (p.account_partition::bigint + 1) << 41)
        ORDER BY e.entry_id DESC LIMIT ${LOOKED_THROUGH_MAX}
      ),
      found AS (
        SELECT * FROM range AS e
        WHERE $1::bigint = ANY (e.accounts)
          AND ($3::int IS NULL OR EXISTS (
            SELECT FROM unnest(e.accounts, e.assets) AS leg (account, asset) WHERE leg.account = $1 AND leg.asset = $3))
        ORDER BY entry_id DESC LIMIT $4
      )
      SELECT f.entry_id, f.kind::text AS kind, f.moved_at, f.trade_symbol, f.trade_id, f.command_id, f.first_sequence, f.last_sequence,
        f.reference, f.reason, f.accounts::text[] AS accounts, f.ledger_accounts::text[] AS ledger_accounts, f.assets::int[] AS assets,
        f.amounts::text[] AS amounts, l.lowest AS looked_at, l.many AS looked
      FROM (SELECT CASE WHEN (SELECT count(*) FROM found) < $4 THEN (SELECT min(entry_id) FROM range) END AS lowest,
          CASE WHEN (SELECT count(*) FROM found) < $4 THEN (SELECT count(*) FROM range) ELSE 0 END AS many) AS l
      LEFT JOIN found AS f ON true ORDER BY f.entry_id DESC`,
    [account, String(before ?? '9223372036854775807'), asset ?? null, limit + 1],
  );
  const entries = rows.filter((row) => row.entry_id !== null).map((row) => entryOfLedger(row, account, asset));
  if (entries.length > limit) return { entries: entries.slice(0, limit), next: entries[limit - 1]!.entryId };
  const [{ looked, looked_at: lookedAt } = { looked: '0', looked_at: '0' }] = rows;
  return { entries, next: Number(looked) === LOOKED_THROUGH_MAX ? Number(lookedAt) : undefined };
}

function entryOfLedger(row: EntryRow, account: AccountId, asset: AssetId | undefined): StatementEntry {
  const own = String(account);
  const ledgerAccounts = row.ledger_accounts as readonly string[];
  return {
    entryId: Number(row.entry_id),
    kind: KINDS[row.kind] ?? row.kind,
    movedAtMicros: Number(row.moved_at),
    symbol: row.trade_symbol ?? 0,
    tradeId: Number(row.trade_id ?? 0),
    commandId: Number(row.command_id ?? 0),
    firstSequence: Number(row.first_sequence),
    lastSequence: Number(row.last_sequence),
    reference: row.reference ?? '',
    reason: row.reason ?? '',
    changes: row.accounts.flatMap((of, index) =>
      of === own && (asset === undefined || row.assets[index] === asset)
        ? [
            {
              asset: row.assets[index] as AssetId,
              ledgerAccount: LEDGER_ACCOUNTS[ledgerAccounts[index]!] ?? ledgerAccounts[index]!,
              amount: BigInt(row.amounts[index]!),
            },
          ]
        : [],
    ),
  };
}

/** One row a posting, entries whole: the limit counts entries. */
async function fromHistory(
  account: AccountId,
  { asset, before, limit }: StatementWanted,
  history: HistoryPort,
): Promise<StatementPage> {
  const rows = await history.query(
    `SELECT e.entry_id AS id, toString(e.kind) AS entry_kind, ${microsExpression('e.time')} AS at, ifNull(s.symbol_id, 0) AS symbol_number,
        e.trade_id AS trade, e.command_id AS command, e.first_sequence AS first_seq, e.last_sequence AS last_seq,
        e.reference AS entry_reference, e.reason AS entry_reason, p.legs AS legs
      FROM (
        SELECT entry_id, arrayStringConcat(groupArray(concat(toString(asset_id), ' ', toString(ledger_account), ' ', toString(units))), ',') AS legs
        FROM postings
        WHERE account = {account:Int64} AND entry_id < {before:UInt64} AND ({asset:UInt32} = 0 OR asset_id = {asset:UInt32})
        GROUP BY entry_id ORDER BY entry_id DESC LIMIT {count:UInt32}
      ) AS p
      INNER JOIN entries AS e ON e.entry_id = p.entry_id
      LEFT JOIN symbols AS s ON s.symbol = e.symbol
      ORDER BY id DESC`,
    { account, before: before ?? Number.MAX_SAFE_INTEGER, asset: asset ?? 0, count: limit + 1 },
    LIMITS,
  );
  const entries = rows.map(
    (row): StatementEntry => ({
      entryId: historyWhole(row, 'id'),
      kind: row.entry_kind ?? '',
      movedAtMicros: historyWhole(row, 'at'),
      symbol: historyWhole(row, 'symbol_number'),
      tradeId: historyWhole(row, 'trade'),
      commandId: historyWhole(row, 'command'),
      firstSequence: historyWhole(row, 'first_seq'),
      lastSequence: historyWhole(row, 'last_seq'),
      reference: row.entry_reference ?? '',
      reason: row.entry_reason ?? '',
      changes: (row.legs ?? '').split(',').map((leg) => {
        const [of, ledgerAccount, units] = leg.split(' ') as [string, string, string];
        return { asset: Number(of) as AssetId, ledgerAccount, amount: BigInt(units) };
      }),
    }),
  );
  return entries.length > limit
    ? { entries: entries.slice(0, limit), next: entries[limit - 1]!.entryId }
    : { entries, next: undefined };
}
