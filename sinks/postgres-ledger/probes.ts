import type pg from 'pg';
import { ExitError } from '../../schemas/exit.ts';
import type { Entry } from '../../schemas/generated/records.ts';
import { copyIn } from './copy-in.ts';
import { COPY_ENTRIES, EntryRows } from './entry-rows.ts';

const VERSION_MIN = 150_000;
/** A place in the ledger that no exchange has: the last partition and its last offset but one. */
const PROBE_PARTITION = 255;
const PROBE_OFFSET = 2 ** 40 - 2;
const PROBE_ACCOUNT = 2 ** 53 - 1;

/** SQLSTATE by which the database refuses what must not be. */
export const refusals = {
  unbalanced: 'SL001',
  behindCursor: 'SL002',
  laterStart: 'SL003',
  otherLog: 'SL004',
  cursorMoved: 'SL005',
  malformed: 'SL006',
  denied: '42501',
  checkViolated: '23514',
  keyTaken: '23505',
  overflow: '22003',
} as const;

/**
 * Prove, as the role that settles, that this server keeps what it commits and that the ledger guards itself: each
 * forbidden thing is tried, in a transaction that is rolled back. Throws `ExitError` 78 that names the first probe
 * that failed.
 */
export async function probeLedger(client: pg.Client): Promise<void> {
  await probeServer(client);
  const { rows } = await client.query<{ role: string; superuser: boolean; owns: boolean }>(
    `SELECT current_user AS role, r.rolsuper AS superuser, pg_has_role(current_user, c.relowner, 'MEMBER') AS owns
       FROM pg_roles r, pg_class c WHERE r.rolname = current_user AND c.oid = 'ledger.entries'::regclass`,
  );
  const who = rows[0]!;
  check(!who.superuser, `role ${who.role} is a superuser: the ledger's guards do not bind it`);
  check(!who.owns, `role ${who.role} owns ledger.entries: it could change entries`);
  for (const statement of [
    'UPDATE ledger.entries SET reason = NULL WHERE false',
    'DELETE FROM ledger.entries WHERE false',
    'TRUNCATE ledger.entries',
    'UPDATE ledger.balances SET available = 0 WHERE false',
    'DELETE FROM ledger.balances WHERE false',
    'UPDATE ledger.cursors SET next_sequence = 0 WHERE false',
  ]) {
    await refused(client, refusals.denied, statement, () => client.query(statement));
  }
  await refused(client, refusals.unbalanced, 'an entry that does not sum to zero', () => tryEntry(client, [1, -2]));
  await refused(client, refusals.behindCursor, 'an entry without a cursor', () => tryEntry(client, [1, -1]));
  await refused(client, refusals.checkViolated, "a user's negative balance", async () => {
    await client.query(`SELECT * FROM ledger.take_cursors('accounts', '{${PROBE_PARTITION}}', 0)`);
    await tryEntry(client, [-1, 1]);
  });
}

/** The four settings that keep what is committed, the encoding and the version. */
export async function probeServer(client: pg.Client): Promise<void> {
  const { rows } = await client.query<{ name: string; setting: string }>(
    `SELECT name, setting FROM pg_settings WHERE name IN
      ('fsync', 'full_page_writes', 'synchronous_commit', 'data_checksums', 'server_encoding', 'server_version_num')`,
  );
  const settings = new Map(rows.map(({ name, setting }) => [name, setting]));
  for (const name of ['fsync', 'full_page_writes', 'data_checksums']) {
    check(settings.get(name) === 'on', `${name} is ${settings.get(name)}, "on" is wanted`);
  }
  const commit = settings.get('synchronous_commit');
  check(
    commit === 'on' || commit === 'remote_apply',
    `synchronous_commit is ${commit}, "on" or "remote_apply" is wanted`,
  );
  check(
    settings.get('server_encoding') === 'UTF8',
    `the encoding is ${settings.get('server_encoding')}, UTF8 is wanted`,
  );
  check(Number(settings.get('server_version_num')) >= VERSION_MIN, 'PostgreSQL 15 or later is wanted');
}

async function refused(
  client: pg.Client,
  sqlState: string,
  what: string,
  attempt: () => Promise<unknown>,
): Promise<void> {
  await client.query('BEGIN');
  let answer: string | undefined;
  try {
    await attempt();
  } catch (error) {
    answer = (error as { code?: string }).code ?? (error as Error).message;
  }
  await client.query('ROLLBACK');
  check(answer === sqlState, `${what}: ${sqlState} is wanted, the answer was ${answer ?? 'success'}`);
}

function tryEntry(client: pg.Client, [available, outside]: readonly [number, number]): Promise<number> {
  const entry = {
    type: 'entry',
    entryId: (PROBE_PARTITION * 2 ** 40 + PROBE_OFFSET) * 2,
    kind: 'deposit',
    accountPartition: PROBE_PARTITION,
    firstSequence: PROBE_OFFSET,
    lastSequence: PROBE_OFFSET,
    postings: [
      { account: PROBE_ACCOUNT, ledgerAccount: 'available', asset: 1, amount: available },
      { account: 1, ledgerAccount: 'outside', asset: 1, amount: outside },
    ],
    tradeId: 0,
    commandId: 0,
    tradeSymbol: 0,
    movedAt: 0,
    reverses: 0,
    reference: 'probe',
    reason: 'probe',
  };
  const rows = new EntryRows();
  rows.begin();
  rows.add(entry as unknown as Entry);
  return copyIn(client, COPY_ENTRIES, rows.end());
}

function check(holds: boolean, sentence: string): void {
  if (!holds) throw new ExitError(78, `probe of the ledger failed: ${sentence}`);
}
