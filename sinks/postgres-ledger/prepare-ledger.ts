import pg from 'pg';
import { type LedgerAccess, roleNames } from './access.ts';
import { Connections, inTransaction } from './connections.ts';
import { migrate } from './migrations.ts';
import { probeLedger } from './probes.ts';

/**
 * Make a database ready for settlement: migrations as the owner, log-in and password of the other roles where
 * the server is ours (`setPasswords`), then the probes as the role that settles. Resolves to the migrations applied.
 * Throws `ExitError` 78 where something must be changed by hand, and the client's error where the server is away.
 */
export async function prepareLedger(access: LedgerAccess, setPasswords: boolean): Promise<string[]> {
  const owner = new Connections(() => access('owner'), 'sluice prepare');
  const settle = new Connections(() => access('settle'), 'sluice probe');
  try {
    const applied = await owner.withClient(async (client) => {
      const names = await migrate(client);
      if (setPasswords) await giveLogins(client, access);
      return names;
    });
    await settle.withClient(probeLedger);
    return applied;
  } finally {
    owner.close();
    settle.close();
  }
}

async function giveLogins(client: pg.Client, access: LedgerAccess): Promise<void> {
  for (const role of ['settle', 'reader', 'identity'] as const) {
    const password = pg.escapeLiteral(access(role).password);
    await client.query(`ALTER ROLE ${roleNames[role]} LOGIN PASSWORD ${password}`);
  }
}

/** Throw the ledger away, as the owner, with the note that it was made: `prepareLedger` makes an empty one. */
export async function dropLedger(client: pg.Client): Promise<void> {
  await inTransaction(client, async () => {
    await client.query('DROP SCHEMA IF EXISTS ledger CASCADE');
    await client.query("DELETE FROM sluice.migrations WHERE name LIKE '%-ledger%'");
  });
}
