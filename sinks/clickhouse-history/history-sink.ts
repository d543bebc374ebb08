/**
 * Writes history, at its own pace and however often the server goes away. Blocks that wait together become one insert a
 * table under a token of the ranges they hold; the rows are counted in the tables; then the ranges are noted in `positions`;
 * then the blocks count as written. Memory holds what waits and nothing else: what is not written is read from the log again.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Sink, SinkBlock, SinkContext, StageOutput } from '../../pipelines/runtime/ports.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import { ExitError } from '../../schemas/exit.ts';
import type { Candle, Entry, TopOfBook } from '../../schemas/generated/records.ts';
import type { AccountEvent, MarketEvent } from '../../schemas/logs.ts';
import { AccountRows } from './account-rows.ts';
import { archiveTablesSql } from './archive-tables.ts';
import { HistoryCallFailed, type HistoryConnection } from './connection.ts';
import type { Engine } from './engine/start-engine.ts';
import type { HandedFile, HandedFiles } from './handed-files.ts';
import type { HistoryOptions } from './history-options.ts';
import { MarketRows } from './market-rows.ts';
import { rangeRows, readStanding, type WrittenRange, wrongRanges } from './positions.ts';
import { prepareHistory, rowsDatabase } from './prepare-history.ts';
import { offsetOfCause } from './row-origin.ts';
import type { AnyBlock } from './table.ts';

export interface HistorySinkParts {
  readonly context: SinkContext;
  readonly options: HistoryOptions;
  readonly connection: HistoryConnection;
  readonly engine?: Engine;
  /** Folder where the embedded engine finds the data of inserts; undefined: it is sent. */
  readonly handed?: HandedFiles;
  /** Folder of the archive, where the server can read it. */
  readonly archive?: string;
}

/** A range that grows while blocks wait. */
interface OpenRange {
  readonly log: string;
  readonly partition: number;
  readonly firstOffset: number;
  readonly firstTimeMicros: number;
  lastOffset: number;
  lastTimeMicros: number;
  content: number;
  readonly rows: Map<string, number>;
}

interface Waiter {
  readonly resolve: () => void;
  readonly reject: (error: unknown) => void;
}

interface TableInsert {
  readonly table: string;
  readonly columns: readonly string[];
  /** Native blocks, or the file that holds them. */
  readonly content: Uint8Array | HandedFile;
}

/** What is written together. */
interface Group {
  readonly ranges: readonly WrittenRange[];
  readonly inserts: readonly TableInsert[];
  readonly waiters: readonly Waiter[];
  readonly rows: number;
}

/** Content handed over again, compared range by range. */
interface Comparison {
  readonly range: WrittenRange;
  next: number;
  content: number;
}

/** Without a new block for so long, nothing more is to come. */
const QUIET_MS = 50;
const RETRY_MS = 100;
const RETRY_MS_MAX = 5_000;
const TWO_32 = 2 ** 32;
const TWO_52 = 2 ** 52;

export class HistorySink implements Sink {
  readonly #parts: HistorySinkParts;
  readonly #rowsDatabase: string;
  /** By partition: rows of one partition come in the order of the key, so that the server has nothing to sort. */
  readonly #market: MarketRows[] = [];
  readonly #accounts: AccountRows[] = [];
  /** Of all partitions, by partition, in the order in which they are inserted. */
  readonly #blocks: AnyBlock[][] = [];
  /** Intervals of candles that are kept; undefined: all. */
  readonly #intervals: ReadonlySet<string> | undefined;
  readonly #closing = new AbortController();
  /** Next offset to hand over, by `log/partition`: behind what is written and what waits. */
  readonly #next = new Map<string, number>();
  #recent = new Map<string, WrittenRange[]>();
  readonly #comparisons = new Map<string, Comparison>();
  #open = new Map<string, OpenRange>();
  #waiters: Waiter[] = [];
  #openedAtMs = 0;
  #lastBlockAtMs = 0;
  #ready: Promise<void> | undefined;
  #writing: Promise<void> | undefined;
  #wake: (() => void) | undefined;
  #failure: unknown;
  /** Behind every token once rows were found missing: the tables may remember the tokens of rows that they lost. */
  #tokenSuffix = '';
  #lastComplaint = '';
  readonly #figures = {
    insertedRows: 0,
    insertedBytes: 0,
    inserts: 0,
    groups: 0,
    failedCalls: 0,
    comparedRanges: 0,
    lostRanges: 0,
  };

  constructor(parts: HistorySinkParts) {
    this.#parts = parts;
    this.#rowsDatabase = rowsDatabase(parts.options.database);
    const { candles } = parts.context.config as { readonly candles?: readonly string[] };
    this.#intervals = candles && new Set(candles);
  }

  async positions(): Promise<Map<string, number>> {
    await (this.#ready ??= this.#prepare());
    return new Map(this.#next);
  }

  async write(block: SinkBlock): Promise<void> {
    await (this.#ready ??= this.#prepare());
    if (this.#failure) throw this.#failure;
    const key = `${block.log}/${block.partition}`;
    const next = this.#next.get(key) ?? 0;
    if (block.firstOffset > next) {
      throw new ExitError(
        65,
        `history: ${key} goes on at offset ${next} and was given ${block.firstOffset}: ${block.firstOffset - next} records are missing`,
      );
    }
    if (block.firstOffset < next) this.#compare(key, block, Math.min(next - 1, block.lastOffset));
    if (block.lastOffset < next) return;
    this.#take(key, block, next);
    block.free?.();
    this.#next.set(key, block.lastOffset + 1);
    const written = new Promise<void>((resolve, reject) => this.#waiters.push({ resolve, reject }));
    this.#writing ??= this.#writeGroups();
    this.#wake?.();
    await written;
  }

  figures(): { readonly [nameWithUnit: string]: number | string } {
    const { engine } = this.#parts;
    return {
      ...this.#figures,
      waitingRows: this.#rowsWaiting(),
      state: this.#lastComplaint === '' ? 'writing' : `waiting: ${this.#lastComplaint}`,
      ...(engine
        ? { engineRestarts: engine.restarts, engine: engine.address.url }
        : { engine: this.#parts.options.url ?? '' }),
    };
  }

  async close(): Promise<void> {
    this.#closing.abort();
    this.#wake?.();
    await this.#writing?.catch(() => {});
    await this.#parts.connection.close();
    await this.#parts.engine?.close();
  }

  /** Until the server answers; then it is asked what it has. */
  async #prepare(): Promise<void> {
    const { connection, options, context, archive } = this.#parts;
    const standing = await this.#insist(async () => {
      await prepareHistory(connection, options);
      if (archive !== undefined) {
        for (const sql of archiveTablesSql(options.database, archive, context.generation))
          await connection.command(sql);
      }
      return readStanding(connection, this.#rowsDatabase, context.generation);
    });
    for (const [key, next] of standing.next) this.#next.set(key, next);
    this.#recent = standing.recent;
    if (standing.lost.length === 0) return;
    this.#figures.lostRanges = standing.lost.length;
    this.#tokenSuffix = `~${context.clock.nowMicros()}`;
    const [first] = standing.lost;
    context.say(
      `history had lost rows of ${standing.lost.length} ranges, the first from ${first!.log}/${first!.partition} offset ${first!.firstOffset}; they are written again`,
    );
  }

  /** Rows of the block from `from` on, and its place in the open range of its partition. */
  #take(key: string, block: SinkBlock, from: number): void {
    this.#lastBlockAtMs = this.#parts.context.clock.monotonicMs();
    if (this.#waiters.length === 0) this.#openedAtMs = this.#lastBlockAtMs;
    const rowsOf = block.log === 'market' ? this.#marketOf(block.partition) : this.#accountsOf(block.partition);
    const before = rowsOf.blocks.map(({ rows }) => rows);
    const skip = Math.max(0, from - block.firstOffset);
    const firstTimeMicros = block.envelopes[skip]?.occurredAt ?? block.lastTimeMicros;
    let range = this.#open.get(key);
    if (!range) {
      const { log, partition } = block;
      const firstOffset = block.firstOffset + skip;
      const lastOffset = block.lastOffset;
      range = {
        log,
        partition,
        firstOffset,
        lastOffset,
        firstTimeMicros,
        lastTimeMicros: 0,
        content: 0,
        rows: new Map(),
      };
      this.#open.set(key, range);
    }
    const { records, envelopes, partition, firstOffset } = block;
    for (let index = skip; index < records.length; index++) {
      rowsOf.event(partition, firstOffset + index, records[index] as MarketEvent & AccountEvent, envelopes[index]!);
    }
    this.#outputs(block, from);
    range.content = contentOf(block.envelopes, skip, block.envelopes.length, range.content);
    range.lastOffset = block.lastOffset;
    range.lastTimeMicros = Math.max(range.lastTimeMicros, block.lastTimeMicros, firstTimeMicros);
    for (const [index, { table, rows }] of rowsOf.blocks.entries()) {
      if (rows > before[index]!) range.rows.set(table.name, (range.rows.get(table.name) ?? 0) + rows - before[index]!);
    }
  }

  #outputs(block: SinkBlock, from: number): void {
    for (const { records, envelopes } of Object.values(block.outputs) as StageOutput[]) {
      for (let index = 0; index < records.length; index++) {
        const record = records[index]!;
        const envelope = envelopes[index]!;
        if (offsetOfCause(envelope) < from) continue;
        const { partition } = block;
        if (record.type === 'candle') {
          const candle = record as Candle;
          if (this.#intervals?.has(candle.interval) ?? true)
            this.#marketOf(partition).candle(partition, candle, envelope);
        } else if (record.type === 'top_of_book')
          this.#marketOf(partition).top(partition, record as TopOfBook, envelope);
        else if (record.type === 'entry') this.#accountsOf(partition).entry(partition, record as Entry, envelope);
      }
    }
  }

  /** What was written before must be what is handed over again, or there are two histories. */
  #compare(key: string, block: SinkBlock, to: number): void {
    let at = block.firstOffset;
    while (at <= to) {
      let comparison = this.#comparisons.get(key);
      if (!comparison || comparison.next !== at) {
        const range = this.#recent.get(key)?.find(({ firstOffset }) => firstOffset >= at);
        if (!range || range.firstOffset > to) return;
        at = range.firstOffset;
        comparison = { range, next: at, content: 0 };
        this.#comparisons.set(key, comparison);
      }
      const { range } = comparison;
      const end = Math.min(to, range.lastOffset);
      comparison.content = contentOf(
        block.envelopes,
        at - block.firstOffset,
        end - block.firstOffset + 1,
        comparison.content,
      );
      comparison.next = at = end + 1;
      if (end < range.lastOffset) return;
      this.#comparisons.delete(key);
      this.#figures.comparedRanges++;
      if (comparison.content !== range.content) {
        throw new ExitError(
          76,
          `history: ${key} offsets ${range.firstOffset} to ${range.lastOffset} hold other records than were written: this history belongs to another log`,
        );
      }
    }
  }

  /** One group after the other, as long as blocks wait. */
  async #writeGroups(): Promise<void> {
    try {
      while (this.#waiters.length > 0) {
        await this.#company();
        const group = this.#cut();
        try {
          await this.#store(group);
          for (const { resolve } of group.waiters) resolve();
        } catch (error) {
          this.#failure ??= error;
          for (const { reject } of group.waiters) reject(error);
        }
      }
    } finally {
      this.#writing = undefined;
    }
  }

  /**
   * Waits for more blocks until there are rows enough, or it took long enough, or none came for a moment: then the lane has
   * none, or its queue is full and it waits for this sink.
   */
  async #company(): Promise<void> {
    const { lingerMs, insertRows } = this.#parts.options;
    const { clock } = this.#parts.context;
    while (!this.#closing.signal.aborted && this.#rowsWaiting() < insertRows) {
      const nowMs = clock.monotonicMs();
      const leftMs = Math.min(this.#openedAtMs + lingerMs, this.#lastBlockAtMs + QUIET_MS) - nowMs;
      if (leftMs <= 0) return;
      await new Promise<void>((resolve) => {
        const cancel = clock.after(leftMs, resolve);
        this.#wake = () => {
          if (!this.#closing.signal.aborted && this.#rowsWaiting() < insertRows) return;
          cancel();
          resolve();
        };
      });
      this.#wake = undefined;
    }
  }

  #cut(): Group {
    const ranges = [...this.#open.values()];
    const inserts: TableInsert[] = [];
    for (const blocks of this.#tables()) {
      const { table } = blocks[0]!;
      const pieces = blocks.flatMap((block) => block.pieces());
      const content = this.#parts.handed?.put(table.name, pieces) ?? Buffer.concat(pieces);
      inserts.push({ table: table.name, columns: Object.keys(table.columns), content });
    }
    const group = { ranges, inserts, waiters: this.#waiters, rows: this.#rowsWaiting() };
    for (const block of this.#blocks.flat()) block.clear();
    this.#open = new Map();
    this.#waiters = [];
    return group;
  }

  async #store(group: Group): Promise<void> {
    const { connection, context } = this.#parts;
    const { generation } = context;
    let inserts = group.inserts;
    for (;;) {
      for (const { table, columns, content } of inserts) {
        const token = tokenOf(table, generation, group.ranges) + this.#tokenSuffix;
        await this.#insist(() => connection.insert(`${this.#rowsDatabase}.${table}`, columns, token, content));
        this.#figures.inserts++;
        this.#figures.insertedBytes += content.length;
      }
      const wrong = await this.#insist(() => wrongRanges(connection, this.#rowsDatabase, generation, group.ranges));
      if (wrong.length === 0) break;
      const [{ table, range, expected, found }] = wrong as [(typeof wrong)[0]];
      const what = `${table} holds ${found} rows of ${range.log}/${range.partition} offsets ${range.firstOffset} to ${range.lastOffset}, not ${expected}`;
      if (found > expected) throw new ExitError(65, `history: ${what}: they are not of this log`);
      // The server answered that it has them: it knew the token, and not the rows.
      if (this.#tokenSuffix !== '' && inserts !== group.inserts) context.say(`history: ${what}, again`);
      this.#tokenSuffix = `~${context.clock.nowMicros()}`;
      inserts = group.inserts.filter((insert) => wrong.some((one) => one.table === insert.table));
    }
    this.#parts.handed?.drop(group.inserts.map(({ content }) => content));
    const notes = rangeRows(group.ranges, generation, context.clock.nowMicros());
    const token = tokenOf('positions', generation, group.ranges) + this.#tokenSuffix;
    const columns = Object.keys(notes.table.columns);
    const bytes = Buffer.concat(notes.pieces());
    await this.#insist(() => connection.insert(`${this.#rowsDatabase}.positions`, columns, token, bytes));
    this.#figures.insertedRows += group.rows;
    this.#figures.groups++;
  }

  /** Calls until it works. Says once that it does not, and once that it does again. */
  async #insist<T>(call: () => Promise<T>): Promise<T> {
    for (let waitMs = RETRY_MS; ; waitMs = Math.min(RETRY_MS_MAX, waitMs * 2)) {
      try {
        const result = await call();
        if (this.#lastComplaint !== '') this.#parts.context.say('history writes again');
        this.#lastComplaint = '';
        return result;
      } catch (error) {
        if (!(error instanceof HistoryCallFailed)) throw error;
        this.#figures.failedCalls++;
        if (this.#closing.signal.aborted)
          throw new ExitError(75, `history closed before it was written: ${error.message}`);
        if (this.#lastComplaint === '') this.#parts.context.say(`history waits: ${error.message}`);
        this.#lastComplaint = error.message;
        await wait(waitMs, undefined, { signal: this.#closing.signal }).catch(() => {});
      }
    }
  }

  #rowsWaiting(): number {
    let rows = 0;
    for (const block of this.#blocks.flat()) rows += block.rows;
    return rows;
  }

  #marketOf(partition: number): MarketRows {
    let rows = this.#market[partition];
    if (!rows) {
      rows = this.#market[partition] = new MarketRows(this.#parts.context.generation);
      (this.#blocks[partition] ??= []).push(...rows.blocks);
    }
    return rows;
  }

  #accountsOf(partition: number): AccountRows {
    let rows = this.#accounts[partition];
    if (!rows) {
      rows = this.#accounts[partition] = new AccountRows(this.#parts.context.generation);
      (this.#blocks[partition] ??= []).push(...rows.blocks);
    }
    return rows;
  }

  /** Blocks that have rows, by table, those of lower partitions first. */
  #tables(): Iterable<AnyBlock[]> {
    const tables = new Map<string, AnyBlock[]>();
    for (const blocks of this.#blocks) {
      for (const block of blocks ?? []) {
        if (block.rows === 0) continue;
        const known = tables.get(block.table.name);
        if (known) known.push(block);
        else tables.set(block.table.name, [block]);
      }
    }
    return tables.values();
  }
}

/** Two logs that differ give different sums; the same records the same one, however they are cut. */
function contentOf(envelopes: readonly Envelope[], from: number, to: number, start: number): number {
  let content = start;
  for (let index = from; index < to; index++) {
    const { occurredAt, eventId } = envelopes[index]!;
    content = (content + (occurredAt % TWO_32) * 31 + (eventId % TWO_32) * 7 + 1) % TWO_52;
  }
  return content;
}

function tokenOf(table: string, generation: number, ranges: readonly WrittenRange[]): string {
  const parts = ranges.map(
    ({ log, partition, firstOffset, lastOffset }) => `${log}.${partition}/${firstOffset}-${lastOffset}`,
  );
  return `${table}/${generation}/${parts.join(',')}`;
}
