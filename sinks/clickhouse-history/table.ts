/**
 * What a table is: columns that know both their ClickHouse type and how to be filled, a key, and the settings that make a
 * repeated block harmless. The declaration is the only source of the table's SQL and of its inserts.
 */
import {
  ByteColumn,
  type Column,
  ListColumn,
  LongColumn,
  nativeBlock,
  TextColumn,
  WordColumn,
} from './native-columns.ts';

export interface ColumnKind<C extends Column = Column> {
  readonly type: string;
  readonly codec?: string;
  readonly comment: string;
  make(): C;
}

type Columns = { readonly [name: string]: ColumnKind };

export interface AnyTable {
  readonly name: string;
  readonly comment: string;
  readonly columns: Columns;
  /** Sorting key; rows that agree in it are one row. */
  readonly key: readonly string[];
  /** Partition of days by this column, so that old days can be dropped whole. */
  readonly dayOf: string;
}

export interface TableDefinition<K extends Columns> extends AnyTable {
  readonly columns: K;
  readonly key: readonly (keyof K & string)[];
  readonly dayOf: keyof K & string;
}

/** Rows of one insert, whatever their table. */
export interface AnyBlock {
  readonly table: AnyTable;
  readonly rows: number;
  /** The rows as one Native block: views of the block's own memory, good until it is changed. */
  pieces(): Uint8Array[];
  clear(): void;
}

/**
 * Smaller parts are one file, larger ones a file a column: an insert makes a part in each table, and three dozen small files
 * for each would cost more than what is in them.
 */
const WIDE_PART_BYTES = 256 * 2 ** 20;
/** Parts of about one size that are merged at once: more, and a row is written less often; a query reads more parts. */
const MERGE_BASE = 8;

/** Blocks whose tokens a table remembers: a retried insert is dropped as long as its token is among them. */
export const DEDUPLICATION_WINDOW = 10_000;

export function defineTable<const K extends Columns>(definition: TableDefinition<K>): TableDefinition<K> {
  return definition;
}

export const uint8 = (comment: string): ColumnKind<ByteColumn> => ({
  type: 'UInt8',
  comment,
  make: () => new ByteColumn('UInt8'),
});

export const flag = (comment: string): ColumnKind<ByteColumn> => ({
  type: 'Bool',
  comment,
  make: () => new ByteColumn('Bool'),
});

export const uint32 = (comment: string): ColumnKind<WordColumn> => ({
  type: 'UInt32',
  comment,
  make: () => new WordColumn('UInt32'),
});

export const int64 = (comment: string): ColumnKind<LongColumn> => ({
  type: 'Int64',
  comment,
  make: () => new LongColumn('Int64'),
});

/** A number that grows from row to row. */
export const counter = (comment: string): ColumnKind<LongColumn> => ({ ...int64(comment), codec: 'Delta(8), LZ4' });

/** Microseconds since 1970, UTC. */
export const time = (comment: string): ColumnKind<LongColumn> => ({
  type: "DateTime64(6, 'UTC')",
  codec: 'Delta(8), LZ4',
  comment,
  make: () => new LongColumn("DateTime64(6, 'UTC')"),
});

export const text = (comment: string): ColumnKind<TextColumn> => ({
  type: 'String',
  comment,
  make: () => new TextColumn(),
});

/** One of these words; the first is 0 and means that there is none. */
export const choice = (words: readonly string[], comment: string): ColumnKind<ByteColumn> => {
  const type = `Enum8(${words.map((word, index) => `'${word}' = ${index}`).join(', ')})`;
  return { type, comment, make: () => new ByteColumn(type) };
};

export function list<C extends Column>(of: ColumnKind<C>, comment: string): ColumnKind<ListColumn<C>> {
  return { type: `Array(${of.type})`, comment, make: () => new ListColumn(of.make()) };
}

/** Number of a word in a {@link choice} whose words after the first are these. */
export function numbersOf(words: readonly string[]): { readonly [word: string]: number } {
  return Object.fromEntries(words.map((word, index) => [word, index + 1]));
}

/** The rows of one table on their way into an insert. */
export class TableBlock<K extends Columns> implements AnyBlock {
  readonly table: TableDefinition<K>;
  readonly columns: { readonly [N in keyof K]: ReturnType<K[N]['make']> };
  rows = 0;
  readonly #pairs: readonly (readonly [string, Column])[];
  #room = 0;

  constructor(table: TableDefinition<K>) {
    this.table = table;
    this.#pairs = Object.entries(table.columns).map(([name, kind]) => [name, kind.make()] as const);
    this.columns = Object.fromEntries(this.#pairs) as { [N in keyof K]: ReturnType<K[N]['make']> };
  }

  /** Index of a new row, all of whose cells are 0 or empty until they are set. */
  begin(): number {
    if (this.rows === this.#room) {
      this.#room = Math.max(1024, this.#room * 2);
      for (const [, column] of this.#pairs) column.reserve(this.#room);
    }
    return this.rows++;
  }

  pieces(): Uint8Array[] {
    return nativeBlock(this.#pairs, this.rows);
  }

  clear(): void {
    for (const [, column] of this.#pairs) column.clear(this.rows);
    this.rows = 0;
  }
}

/** `CREATE TABLE` of a table in a database. `retentionDays` 0 keeps all. */
export function createTableSql(database: string, table: AnyTable, retentionDays: number): string {
  const columns = Object.entries(table.columns).map(([name, kind]) => `  ${columnSql(name, kind)}`);
  const ttl = retentionDays > 0 ? [`TTL toDateTime(${table.dayOf}) + INTERVAL ${retentionDays} DAY`] : [];
  return [
    `CREATE TABLE IF NOT EXISTS ${database}.${table.name} (`,
    columns.join(',\n'),
    ') ENGINE = ReplacingMergeTree',
    `PARTITION BY toYYYYMMDD(${table.dayOf})`,
    `ORDER BY (${table.key.join(', ')})`,
    ...ttl,
    `SETTINGS min_bytes_for_wide_part = ${WIDE_PART_BYTES}, merge_selector_base = ${MERGE_BASE}, non_replicated_deduplication_window = ${DEDUPLICATION_WINDOW}${ttl.length > 0 ? ', ttl_only_drop_parts = 1' : ''}`,
    `COMMENT '${table.comment.replaceAll("'", "\\'")}'`,
  ].join('\n');
}

export function columnSql(name: string, kind: ColumnKind): string {
  return `${name} ${kind.type} COMMENT '${kind.comment.replaceAll("'", "\\'")}'${kind.codec ? ` CODEC(${kind.codec})` : ''}`;
}
