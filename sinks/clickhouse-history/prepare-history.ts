/** Makes the tables and views, brings older ones up to date, and probes that the server keeps the promises history rests on. */
import { ExitError } from '../../schemas/exit.ts';
import { HistoryCallFailed, type HistoryConnection } from './connection.ts';
import type { HistoryOptions } from './history-options.ts';
import { ByteColumn, LongColumn, nativeBlock } from './native-columns.ts';
import { type AnyTable, columnSql, createTableSql, DEDUPLICATION_WINDOW } from './table.ts';
import { positions, recordTables } from './tables.ts';
import { createViewSql, historyViews } from './views.ts';

/** Database of the tables behind the views. */
export function rowsDatabase(database: string): string {
  return `${database}_rows`;
}

/** Throws {@link HistoryCallFailed} when the server does not answer, and `ExitError` 78 when it answers what cannot be. */
export async function prepareHistory(connection: HistoryConnection, options: HistoryOptions): Promise<void> {
  const rows = rowsDatabase(options.database);
  await connection.command(`CREATE DATABASE IF NOT EXISTS ${options.database}`);
  await connection.command(`CREATE DATABASE IF NOT EXISTS ${rows}`);
  for (const table of [...recordTables, positions]) {
    await connection.command(createTableSql(rows, table, options.retentionDays));
  }
  await bringUpToDate(connection, rows);
  for (const view of historyViews) await connection.command(createViewSql(options.database, rows, view));
  await probe(connection, rows);
}

interface FoundColumn {
  readonly table: string;
  readonly name: string;
  readonly type: string;
}

/** New columns are added and longer lists of words adopted; any other difference is refused. */
async function bringUpToDate(connection: HistoryConnection, rows: string): Promise<void> {
  const found = await connection.query<FoundColumn>(
    'SELECT table, name, type FROM system.columns WHERE database = {database:String}',
    { database: rows },
  );
  const typeOf = new Map(found.map(({ table, name, type }) => [`${table}.${name}`, type]));
  for (const table of [...recordTables, positions] as readonly AnyTable[]) {
    for (const [name, kind] of Object.entries(table.columns)) {
      const type = typeOf.get(`${table.name}.${name}`);
      if (type === kind.type) continue;
      if (type === undefined) {
        await connection.command(`ALTER TABLE ${rows}.${table.name} ADD COLUMN IF NOT EXISTS ${columnSql(name, kind)}`);
      } else if (extendsWords(type, kind.type)) {
        await connection.command(`ALTER TABLE ${rows}.${table.name} MODIFY COLUMN ${columnSql(name, kind)}`);
      } else {
        throw new ExitError(
          78,
          `history: table ${rows}.${table.name}: column ${name} is ${type}, the record says ${kind.type}`,
        );
      }
    }
  }
}

function extendsWords(found: string, wanted: string): boolean {
  return (
    found.includes('Enum8(') &&
    wanted.includes('Enum8(') &&
    wanted.startsWith(found.slice(0, found.lastIndexOf("'") + 1))
  );
}

/** Equal token twice stores once, a new token stores again, 2^63 - 1 comes back whole, every table has its window. */
async function probe(connection: HistoryConnection, rows: string): Promise<void> {
  const table = `${rows}.probe`;
  const refused = (what: string) => new ExitError(78, `history: probe failed: ${what}`);
  await connection.command(`DROP TABLE IF EXISTS ${table}`);
  await connection.command(
    `CREATE TABLE ${table} (n Int64, b UInt8) ENGINE = MergeTree ORDER BY n SETTINGS non_replicated_deduplication_window = 100`,
  );
  try {
    const block = probeBlock();
    for (const token of ['one', 'one', 'two']) await connection.insert(table, ['n', 'b'], token, block);
    const [count] = await connection.query<{ rows: string; least: string; most: string }>(
      `SELECT count() AS rows, min(n) AS least, max(toInt64(9223372036854775807)) AS most FROM ${table}`,
    );
    if (count?.rows !== '2') throw refused(`three inserts under two tokens stored ${count?.rows} rows, not 2`);
    if (count.least !== String(-(2 ** 53 - 1))) throw refused(`-(2^53 - 1) was stored as ${count.least}`);
    if (count.most !== '9223372036854775807') throw refused(`2^63 - 1 came back as ${count.most}`);
  } finally {
    await connection.command(`DROP TABLE IF EXISTS ${table}`);
  }
  const narrow = await connection.query<{ name: string }>(
    `SELECT name FROM system.tables WHERE database = {database:String} AND engine = 'ReplacingMergeTree'
     AND position(create_table_query, {window:String}) = 0`,
    { database: rows, window: `non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}` },
  );
  if (narrow.length > 0)
    throw refused(`tables without a window for tokens: ${narrow.map(({ name }) => name).join(', ')}`);
}

function probeBlock(): Uint8Array {
  const n = new LongColumn('Int64');
  const b = new ByteColumn('UInt8');
  n.reserve(1);
  b.reserve(1);
  n.values[0] = -(2 ** 53 - 1);
  b.values[0] = 255;
  const pieces = nativeBlock(
    [
      ['n', n],
      ['b', b],
    ],
    1,
  );
  return Buffer.concat(pieces);
}

export { HistoryCallFailed };
