/**
 * The one place that talks to ClickHouse, embedded or not: through its own client, with the full set of settings on every
 * call, a deadline on every call, and a new client after every call that failed.
 */
import { Readable } from 'node:stream';
import { text } from 'node:stream/consumers';
import { type ClickHouseClient, ClickHouseLogLevel, type ClickHouseSettings, createClient } from '@clickhouse/client';

/** Parameter of the embedded engine's door: the file in its folder that an insert's data lies in. */
export const HANDED_FILE = 'handed_file';

export interface ServerAddress {
  readonly url: string;
  readonly user: string;
  readonly password: string;
}

export interface ConnectionOptions {
  /** Asked before each new client, as an embedded engine may come back elsewhere. */
  readonly address: () => ServerAddress;
  readonly callTimeoutMs: number;
}

/** What the server said, or that it did not. */
export class HistoryCallFailed extends Error {
  override readonly name = 'HistoryCallFailed';
  /** ClickHouse's number of the exception; 0: none came, the call may have been carried out. */
  readonly exceptionCode: number;

  constructor(message: string, exceptionCode: number, options?: ErrorOptions) {
    super(message, options);
    this.exceptionCode = exceptionCode;
  }
}

const MIB = 2 ** 20;

/** Explicit even where they equal a default: defaults differ between engines and move between versions. */
const always: ClickHouseSettings = {
  async_insert: 0,
  wait_end_of_query: 1,
  http_write_exception_in_output_format: 0,
  output_format_json_quote_64bit_integers: 1,
  output_format_json_quote_decimals: 1,
};

const reading: ClickHouseSettings = { ...always, max_memory_usage: String(2048 * MIB), max_threads: 2 };

/** One insert is one block: nothing may cut it, and its token must cover all of it. */
const inserting: ClickHouseSettings = {
  ...always,
  // Offsets are unique in a block: there is nothing to replace.
  optimize_on_insert: 0,
  insert_deduplicate: 1,
  deduplicate_blocks_in_dependent_materialized_views: 1,
  max_insert_threads: '1',
  max_threads: 1,
  max_partitions_per_insert_block: '1000',
  max_insert_block_size: '1000000000',
  max_block_size: '1000000000',
  min_insert_block_size_rows: '1000000000',
  min_insert_block_size_bytes: String(1024 * 1024 * MIB),
  input_format_parallel_parsing: 0,
};

export class HistoryConnection {
  readonly #options: ConnectionOptions;
  #client: ClickHouseClient | undefined;

  constructor(options: ConnectionOptions) {
    this.#options = options;
  }

  /** Rows of a query, 64-bit integers and decimals as strings. */
  async query<Row>(sql: string, parameters: { readonly [name: string]: unknown } = {}): Promise<Row[]> {
    return this.#call(async (client, signal) => {
      const settings = { ...reading, max_execution_time: Math.ceil(this.#options.callTimeoutMs / 1000) };
      const result = await client.query({
        query: sql,
        format: 'JSONEachRow',
        query_params: parameters,
        clickhouse_settings: settings,
        abort_signal: signal,
      });
      return result.json<Row>();
    });
  }

  /** A statement without an answer. */
  async command(sql: string): Promise<void> {
    await this.#call(async (client, signal) => {
      const result = await client.exec({ query: sql, clickhouse_settings: always, abort_signal: signal });
      refuseWords(await text(result.stream));
    });
  }

  /**
   * The only way rows get in: one block under its token. A block whose token the table knows is dropped there, so the
   * same bytes under the same token may be sent until an answer comes. `rows`: Native blocks, or the name of the file that
   * holds them where the embedded engine looks for it.
   */
  async insert(
    table: string,
    columns: readonly string[],
    token: string,
    rows: Uint8Array | { readonly file: string },
  ): Promise<void> {
    await this.#call(async (client, signal) => {
      const query = `INSERT INTO ${table} (${columns.join(', ')}) FORMAT Native`;
      const settings = { ...inserting, insert_deduplication_token: token };
      const result =
        rows instanceof Uint8Array
          ? await client.exec({
              query,
              values: Readable.from([rows], { objectMode: false }),
              clickhouse_settings: settings,
              abort_signal: signal,
            })
          : await client.exec({
              query,
              clickhouse_settings: { ...settings, [HANDED_FILE]: rows.file } as ClickHouseSettings,
              abort_signal: signal,
            });
      refuseWords(await text(result.stream));
    });
  }

  async close(): Promise<void> {
    const client = this.#client;
    this.#client = undefined;
    await client?.close();
  }

  async #call<T>(work: (client: ClickHouseClient, signal: AbortSignal) => Promise<T>): Promise<T> {
    this.#client ??= this.#open();
    const client = this.#client;
    const deadline = AbortSignal.timeout(this.#options.callTimeoutMs);
    try {
      return await work(client, deadline);
    } catch (error) {
      // A client in doubt is thrown away: what its socket still holds belongs to a call that nobody waits for.
      if (this.#client === client) this.#client = undefined;
      await client.close().catch(() => {});
      throw asCallFailed(error, deadline.aborted);
    }
  }

  #open(): ClickHouseClient {
    const { url, user, password } = this.#options.address();
    return createClient({
      url,
      username: user,
      password,
      request_timeout: this.#options.callTimeoutMs,
      max_open_connections: 4,
      compression: { request: false, response: false },
      keep_alive: { enabled: true, idle_socket_ttl: 2_500, eagerly_destroy_stale_sockets: true },
      log: { level: ClickHouseLogLevel.OFF },
    });
  }
}

/** An exception may stand in the body of a 200. */
function refuseWords(body: string): void {
  if (body.trim() === '') return;
  const code = Number(/Code: (\d+)/.exec(body)?.[1] ?? 0);
  throw new HistoryCallFailed(body.trim().slice(0, 500), code);
}

function asCallFailed(error: unknown, late: boolean): HistoryCallFailed {
  if (error instanceof HistoryCallFailed) return error;
  const message = error instanceof Error ? error.message || error.name : String(error);
  const code = Number((error as { readonly code?: unknown }).code);
  const known = Number.isInteger(code) ? code : 0;
  return new HistoryCallFailed(late ? 'no answer in time' : message.slice(0, 500), known, { cause: error });
}
