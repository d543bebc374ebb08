/**
 * History for a gateway: ClickHouse's HTTP, read-only and bounded, at the embedded engine's address or at the server of
 * the configuration. The engine holds its analyst to bounds of its own; a server is held by `readonly` on every request.
 */
import { HistoryAway, HistoryRefused } from '../gateway/history.ts';
import type { HistoryLimits, HistoryPort, HistoryReply, HistoryRequest, HistoryRow } from '../gateway/ports.ts';
import { readAddressFile } from '../sinks/clickhouse-history/engine/address-file.ts';
import { readingVerbs, readStatement } from '../sinks/clickhouse-history/engine/statement.ts';
import { historyOptionsOf } from '../sinks/clickhouse-history/history-options.ts';

const MEMORY_BYTES_MAX = 512 * 2 ** 20;
const THREADS_MAX = 2;
/** The store ends a statement first; this is for a store that does not answer at all. */
const ANSWER_GRACE_MS = 3_000;

/** Parameters of the interface itself that a client may give. */
const passed: ReadonlySet<string> = new Set([
  'query',
  'query_id',
  'database',
  'default_format',
  'wait_end_of_query',
  'buffer_size',
  'enable_http_compression',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_write_exception_in_output_format',
  'cancel_http_readonly_queries_on_client_close',
  'client_protocol_version',
  'async_insert',
  'extremes',
  'join_use_nulls',
  'log_queries',
]);
/** Settings that say how an answer is written, never how much it may cost. */
const passedPrefixes = ['param_', 'output_format_', 'format_', 'date_time_'];
/** Settings of cost: the smaller of what is asked and what is allowed. */
const bounded = ['max_execution_time', 'max_result_rows', 'max_memory_usage', 'max_threads'] as const;

interface StoreAddress {
  readonly url: string;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  /** A server of somebody else: it is told to be read-only with every request. */
  readonly foreign: boolean;
}

export interface GatewayHistoryOptions {
  readonly dataDir: string;
  readonly config: unknown;
  /** Next offset that history does not have, by `log/partition`. */
  readonly positions: () => Promise<ReadonlyMap<string, number>>;
}

export function gatewayHistory({ dataDir, config, positions }: GatewayHistoryOptions): HistoryPort {
  const options = historyOptionsOf(config);
  /** Asked before each request, as the embedded engine may come back elsewhere. */
  const addressNow = (): StoreAddress => {
    if (options.url !== undefined) {
      const { url, user, password, database } = options;
      return { url, user, password, database, foreign: true };
    }
    const found = readAddressFile(dataDir);
    if (!found) throw new HistoryAway('the history engine has not started yet');
    const { url, database, analyst } = found;
    return { url, database, user: analyst.name, password: analyst.password, foreign: false };
  };

  async function send(request: Omit<HistoryRequest, 'limits'>, limits: HistoryLimits): Promise<Response> {
    const address = addressNow();
    const text = `${request.parameters.get('query') ?? ''}${Buffer.from(request.body).toString('utf8')}`;
    refuseWhatWrites(text);
    const parameters = passedOn(request.parameters, limits);
    if (!parameters.has('database')) parameters.set('database', address.database);
    if (address.foreign) parameters.set('readonly', '1');
    const deadline = AbortSignal.timeout(limits.maxSeconds * 1000 + ANSWER_GRACE_MS);
    try {
      return await fetch(`${address.url}/?${parameters}`, {
        method: 'POST',
        headers: {
          authorization: `Basic ${Buffer.from(`${address.user}:${address.password}`).toString('base64')}`,
        },
        body: request.body as Uint8Array<ArrayBuffer>,
        signal: AbortSignal.any([request.signal, deadline]),
      });
    } catch (error) {
      if (request.signal.aborted) throw error;
      const why = deadline.aborted ? 'it does not answer in time' : 'it does not answer';
      throw new HistoryAway(`history is away: ${why}`, { cause: error });
    }
  }

  return {
    has: () => positions(),
    async query(sql, parameters, limits) {
      const search = new URLSearchParams({
        default_format: 'JSONEachRow',
        output_format_json_quote_64bit_integers: '1',
        output_format_json_quote_decimals: '1',
        output_format_json_quote_64bit_floats: '1',
        wait_end_of_query: '1',
      });
      for (const [name, value] of Object.entries(parameters)) search.set(`param_${name}`, parameterText(value));
      const response = await send(
        {
          parameters: search,
          body: Buffer.from(sql),
          signal: AbortSignal.timeout(limits.maxSeconds * 1000 + ANSWER_GRACE_MS),
        },
        limits,
      );
      const body = await response.text().catch((error: unknown) => {
        throw new HistoryAway('history is away: its answer was cut off', { cause: error });
      });
      const code = response.headers.get('x-clickhouse-exception-code');
      if (response.ok && code === null) return rowsOf(body);
      throw refusalOf(response.status, Number(code ?? 0), body);
    },
    async pass(request): Promise<HistoryReply> {
      const response = await send(request, request.limits);
      const headers: { [name: string]: string } = {};
      for (const [name, value] of response.headers) {
        if (name === 'content-type' || name.startsWith('x-clickhouse-')) headers[name] = value;
      }
      return { status: response.status, headers, body: bytesOf(response) };
    },
  };
}

async function* bytesOf(response: Response): AsyncGenerator<Uint8Array> {
  if (response.body) yield* response.body;
}

/** Throws {@link HistoryRefused} for anything but one statement that reads, and reads nothing outside of the store. */
function refuseWhatWrites(text: string): void {
  const read = readStatement(text);
  if (read.text.trim() === '') throw new HistoryRefused('Empty query. (SYNTAX_ERROR)', 62);
  if (read.more) throw new HistoryRefused('Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)', 62);
  if (!readingVerbs.has(read.verb)) {
    throw new HistoryRefused(`${read.verb}: Cannot execute query in readonly mode. (READONLY)`, 164);
  }
  const [reach] = read.reaches;
  if (reach !== undefined) throw new HistoryRefused(`${reach} is not allowed here. (NOT_IMPLEMENTED)`, 48);
}

function passedOn(given: URLSearchParams, limits: HistoryLimits): URLSearchParams {
  const parameters = new URLSearchParams();
  const most: { readonly [name in (typeof bounded)[number]]: number } = {
    max_execution_time: limits.maxSeconds,
    max_result_rows: limits.maxRows,
    max_memory_usage: MEMORY_BYTES_MAX,
    max_threads: THREADS_MAX,
  };
  for (const [name, value] of given) {
    if ((bounded as readonly string[]).includes(name) || name === 'result_overflow_mode') continue;
    if (!passed.has(name) && !passedPrefixes.some((prefix) => name.startsWith(prefix))) {
      throw new HistoryRefused(
        `${name} may not be given here; query, database, default_format, param_*, output_format_*, format_* and ${bounded.join(', ')} may. (READONLY)`,
        164,
      );
    }
    parameters.append(name, value);
  }
  for (const name of bounded) {
    // 0 means no limit in ClickHouse, so it is above every bound.
    const asked = Number(given.get(name) ?? 0);
    parameters.set(name, String(asked > 0 && asked < most[name] ? asked : most[name]));
  }
  parameters.set('result_overflow_mode', 'throw');
  return parameters;
}

function parameterText(value: string | number | readonly (string | number)[]): string {
  if (typeof value === 'string') return escaped(value);
  if (typeof value === 'number') return String(value);
  return `[${value.map((each) => (typeof each === 'number' ? each : `'${escaped(each).replaceAll("'", "\\'")}'`)).join(',')}]`;
}

/** Values of parameters are read as tab-separated text is. */
function escaped(text: string): string {
  return text.replaceAll('\\', '\\\\').replaceAll('\t', '\\t').replaceAll('\n', '\\n');
}

function rowsOf(body: string): HistoryRow[] {
  const rows: HistoryRow[] = [];
  for (const line of body.split('\n')) {
    if (line === '') continue;
    const row = JSON.parse(line) as { readonly [column: string]: unknown };
    rows.push(
      Object.fromEntries(
        Object.entries(row).map(([column, value]) => [
          column,
          value === null ? null : typeof value === 'object' ? JSON.stringify(value) : String(value),
        ]),
      ),
    );
  }
  return rows;
}

/** A store that is starting, stopping or out of connections is away; what it says of the statement is a refusal. */
function refusalOf(status: number, code: number, body: string): Error {
  const says = body.trim().slice(0, 500);
  return code === 0 || code === 210 || code === 516
    ? new HistoryAway(`history is away: status ${status}`, { cause: new Error(says) })
    : new HistoryRefused(says, code);
}
