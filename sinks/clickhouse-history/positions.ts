/**
 * Where history stands, read from its own tables: of each log partition the end of the gapless run of written ranges, as
 * far as the tables hold the rows that the ranges speak of.
 */
import type { HistoryConnection } from './connection.ts';
import { TableBlock } from './table.ts';
import { positions as positionsTable } from './tables.ts';

/** A run of offsets of a log partition whose rows are in the tables. */
export interface WrittenRange {
  readonly log: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly lastOffset: number;
  /** Log time of the first and the last record, microseconds. */
  readonly firstTimeMicros: number;
  readonly lastTimeMicros: number;
  /** Sum over the records; a different log has a different one. */
  readonly content: number;
  /** Rows by table. */
  readonly rows: ReadonlyMap<string, number>;
}

export interface Standing {
  /** Next offset, by `log/partition`. */
  readonly next: Map<string, number>;
  /** The newest ranges of each log partition, oldest first, to compare with what is handed over again. */
  readonly recent: Map<string, WrittenRange[]>;
  /** Ranges that the tables had lost: they are forgotten and will be written again. */
  readonly lost: readonly WrittenRange[];
}

/** Ranges written this long before the newest one are checked against the tables at a start: what came before has been on disk since. */
const CHECKED_BACK_SECONDS = 3600;
const RECENT_RANGES = 512;

interface EndRow {
  readonly log: string;
  readonly partition: number;
  readonly next: string;
}

interface RangeRow {
  readonly log: string;
  readonly partition: number;
  readonly first_offset: string;
  readonly last_offset: string;
  readonly first_micros: string;
  readonly last_micros: string;
  readonly content: string;
  readonly tables: readonly string[];
  readonly rows: readonly string[];
}

/** Reads, checks, and forgets what turns out to be lost. */
export async function readStanding(
  connection: HistoryConnection,
  rowsDatabase: string,
  generation: number,
): Promise<Standing> {
  const next = new Map<string, number>();
  const recent = new Map<string, WrittenRange[]>();
  const lost: WrittenRange[] = [];
  const ends = await connection.query<EndRow>(endsSql(rowsDatabase), { generation });
  for (const { log, partition, next: end } of ends) next.set(`${log}/${partition}`, Number(end));
  const rangeRows = await connection.query<RangeRow>(recentSql(rowsDatabase), { generation });
  for (const range of rangeRows.map(asRange)) {
    const key = `${range.log}/${range.partition}`;
    if (range.lastOffset >= (next.get(key) ?? 0)) continue;
    let known = recent.get(key);
    if (!known) recent.set(key, (known = []));
    known.push(range);
  }
  for (const [key, ranges] of recent) {
    const short = await firstShort(connection, rowsDatabase, generation, ranges);
    if (short === undefined) continue;
    const range = ranges[short]!;
    lost.push(...ranges.splice(short));
    next.set(key, range.firstOffset);
    await connection.command(
      `DELETE FROM ${rowsDatabase}.positions WHERE generation = ${generation} AND log = '${range.log}'` +
        ` AND partition = ${range.partition} AND first_offset >= ${range.firstOffset}`,
    );
  }
  return { next, recent, lost };
}

/** Rows that the tables hold for each range, FINAL: repeats count once. Answers the ranges that hold fewer or more than they say. */
export async function wrongRanges(
  connection: HistoryConnection,
  rowsDatabase: string,
  generation: number,
  ranges: readonly WrittenRange[],
): Promise<
  { readonly range: WrittenRange; readonly table: string; readonly expected: number; readonly found: number }[]
> {
  const wanted = new Map<string, { range: WrittenRange; expected: number }[]>();
  for (const range of ranges) {
    for (const [table, expected] of range.rows) {
      const list = wanted.get(table) ?? [];
      list.push({ range, expected });
      wanted.set(table, list);
    }
  }
  if (wanted.size === 0) return [];
  const selects = [...wanted].map(([table, list]) => {
    const counts = list.map(
      ({ range }) =>
        `countIf(partition = ${range.partition} AND offset BETWEEN ${range.firstOffset} AND ${range.lastOffset})`,
    );
    const places = list.map(
      ({ range }) => `(partition = ${range.partition} AND offset BETWEEN ${range.firstOffset} AND ${range.lastOffset})`,
    );
    return (
      `SELECT '${table}' AS table, [${counts.join(', ')}] AS counts FROM ${rowsDatabase}.${table} FINAL` +
      ` WHERE generation = ${generation} AND (${places.join(' OR ')})`
    );
  });
  const found = await connection.query<{ table: string; counts: string[] }>(selects.join(' UNION ALL '));
  const wrong: { range: WrittenRange; table: string; expected: number; found: number }[] = [];
  for (const [table, list] of wanted) {
    const counts = found.find((row) => row.table === table)?.counts ?? [];
    for (const [index, { range, expected }] of list.entries()) {
      const count = Number(counts[index] ?? 0);
      if (count !== expected) wrong.push({ range, table, expected, found: count });
    }
  }
  return wrong;
}

/** One row of the positions table a range, as a block of its own. */
export function rangeRows(
  ranges: readonly WrittenRange[],
  generation: number,
  writtenAtMicros: number,
): TableBlock<(typeof positionsTable)['columns']> {
  const block = new TableBlock(positionsTable);
  const c = block.columns;
  for (const range of ranges) {
    const row = block.begin();
    c.generation.values[row] = generation;
    c.log.set(row, range.log);
    c.partition.values[row] = range.partition;
    c.first_offset.values[row] = range.firstOffset;
    c.last_offset.values[row] = range.lastOffset;
    c.first_occurred_at.values[row] = range.firstTimeMicros;
    c.last_occurred_at.values[row] = range.lastTimeMicros;
    c.written_at.values[row] = writtenAtMicros;
    c.content.values[row] = range.content;
    for (const [table, rows] of range.rows) {
      c.tables.values.set(c.tables.element(), table);
      const at = c.rows.element();
      c.rows.values.values[at] = rows;
    }
    c.tables.endRow(row);
    c.rows.endRow(row);
  }
  return block;
}

/** Ranges follow each other; where one begins behind the end of all before it, there the gapless run ends. */
function endsSql(rowsDatabase: string): string {
  return `SELECT log, partition, if(countIf(first_offset > reached) > 0, minIf(reached, first_offset > reached), max(last_offset) + 1) AS next
    FROM (
      SELECT log, partition, first_offset, last_offset,
        if(row_number() OVER before = 1, first_offset, max(last_offset) OVER before + 1) AS reached
      FROM ${rowsDatabase}.positions FINAL
      WHERE generation = {generation:UInt32}
      WINDOW before AS (PARTITION BY log, partition ORDER BY first_offset ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING)
    )
    GROUP BY log, partition`;
}

function recentSql(rowsDatabase: string): string {
  return `SELECT log, partition, first_offset, last_offset, toUnixTimestamp64Micro(first_occurred_at) AS first_micros,
      toUnixTimestamp64Micro(last_occurred_at) AS last_micros, content, tables, rows
    FROM (
      SELECT * FROM ${rowsDatabase}.positions FINAL
      WHERE generation = {generation:UInt32} AND written_at >= (
        SELECT max(written_at) - INTERVAL ${CHECKED_BACK_SECONDS} SECOND FROM ${rowsDatabase}.positions WHERE generation = {generation:UInt32}
      )
      ORDER BY first_offset DESC LIMIT ${RECENT_RANGES} BY log, partition
    )
    ORDER BY log, partition, first_offset`;
}

function asRange(row: RangeRow): WrittenRange {
  return {
    log: row.log,
    partition: row.partition,
    firstOffset: Number(row.first_offset),
    lastOffset: Number(row.last_offset),
    firstTimeMicros: Number(row.first_micros),
    lastTimeMicros: Number(row.last_micros),
    content: Number(row.content),
    rows: new Map(row.tables.map((table, index) => [table, Number(row.rows[index])])),
  };
}

/** Index of the first range whose rows are not all there; counted in pieces, so that a query stays small. */
async function firstShort(
  connection: HistoryConnection,
  rowsDatabase: string,
  generation: number,
  ranges: readonly WrittenRange[],
): Promise<number | undefined> {
  const PIECE = 64;
  for (let at = 0; at < ranges.length; at += PIECE) {
    const piece = ranges.slice(at, at + PIECE);
    const wrong = await wrongRanges(connection, rowsDatabase, generation, piece);
    const indexes = wrong.map(({ range }) => piece.indexOf(range));
    if (indexes.length > 0) return at + Math.min(...indexes);
  }
  return undefined;
}
