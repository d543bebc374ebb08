import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type pg from 'pg';
import { ExitError } from '../../schemas/exit.ts';
import { inTransaction } from './connections.ts';

const FOLDER = fileURLToPath(new URL('../../infra/migrations/', import.meta.url));
/** Any fixed number: two starts at once take turns by it. */
const LOCK = 7_301_001;

interface Migration {
  readonly number: number;
  readonly name: string;
  readonly sql: string;
  readonly sha256: string;
}

/**
 * Bring a database to the state of `infra/migrations/*.sql`, as its owner: each file once, in the order of its number,
 * each in a transaction of its own together with the note that it was applied. Resolves to the names applied now.
 * Throws `ExitError` 78 where a file was changed after it was applied, or the database knows one that is not here.
 */
export async function migrate(client: pg.Client, folder: string = FOLDER): Promise<string[]> {
  const migrations = readMigrations(folder);
  await client.query('SELECT pg_advisory_lock($1)', [LOCK]);
  try {
    await client.query(
      `CREATE SCHEMA IF NOT EXISTS sluice;
       CREATE TABLE IF NOT EXISTS sluice.migrations (
         number     integer PRIMARY KEY,
         name       text NOT NULL,
         sha256     text NOT NULL,
         applied_at timestamptz NOT NULL DEFAULT now()
       )`,
    );
    const { rows } = await client.query<{ number: number; name: string; sha256: string }>(
      'SELECT number, name, sha256 FROM sluice.migrations ORDER BY number',
    );
    for (const applied of rows) checkUnchanged(applied, migrations);
    const missing = migrations.filter(({ number }) => !rows.some((applied) => applied.number === number));
    for (const migration of missing) await apply(client, migration);
    return missing.map(({ name }) => name);
  } finally {
    await client.query('SELECT pg_advisory_unlock($1)', [LOCK]).catch(() => undefined);
  }
}

async function apply(client: pg.Client, { number, name, sql, sha256 }: Migration): Promise<void> {
  await inTransaction(client, async () => {
    await client.query(sql);
    await client.query('INSERT INTO sluice.migrations (number, name, sha256) VALUES ($1, $2, $3)', [
      number,
      name,
      sha256,
    ]);
  });
}

function checkUnchanged(
  applied: { readonly number: number; readonly name: string; readonly sha256: string },
  migrations: readonly Migration[],
): void {
  const file = migrations.find(({ number }) => number === applied.number);
  if (!file) {
    throw new ExitError(78, `the database has migration ${applied.name}, which this version of Sluice does not know`);
  }
  if (file.sha256 !== applied.sha256) {
    throw new ExitError(
      78,
      `migration ${file.name} was changed after it was applied (${applied.name}): write a new one instead`,
    );
  }
}

function readMigrations(folder: string): Migration[] {
  return readdirSync(folder)
    .filter((name) => /^\d{4}-[a-z0-9-]+\.sql$/.test(name))
    .sort()
    .map((name) => {
      const sql = readFileSync(join(folder, name), 'utf8');
      return { number: Number(name.slice(0, 4)), name, sql, sha256: createHash('sha256').update(sql).digest('hex') };
    });
}
