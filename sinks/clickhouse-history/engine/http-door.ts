/**
 * ClickHouse's HTTP interface in front of the embedded engine, as far as its clients, curl and the usual tools need it:
 * `GET /ping`; `GET` and `POST /` with the statement in the parameter `query`, in the body, or both; `param_*`, settings,
 * `database`, `default_format`; Basic, header or parameter authentication; gzip both ways; exceptions as status, header
 * `X-ClickHouse-Exception-Code` and text. What it leaves out (sessions, roles, native compression) it refuses by name.
 *
 * Two users: the owner may do everything, the analyst may read: no change of data or settings, no files, bounded in time,
 * memory and size of the answer.
 */
import { createHash, timingSafeEqual } from 'node:crypto';
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createServer, type Server } from 'node:http';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { createGunzip, createInflate, gzipSync } from 'node:zlib';
import { EngineException, exceptionCodes, statusOfException } from './exceptions.ts';
import type { QueryHandles, StatementAnswer } from './query-handles.ts';
import { quoted, readingVerbs, readStatement, type Statement } from './statement.ts';

export interface DoorUser {
  readonly name: string;
  readonly password: string;
  /** Reads only, within `limits`. */
  readonly readonly: boolean;
}

export interface HttpDoorOptions {
  readonly handles: QueryHandles;
  readonly users: readonly DoorUser[];
  readonly database: string;
  /** Folder for the data of inserts on its way in; emptied at start. */
  readonly spoolDirectory: string;
  /** Folder in which the owner leaves data of inserts, to name it by `handed_file`: then it need not pass through a socket. */
  readonly handedDirectory?: string;
  /** Of the engine, for headers. */
  readonly version: string;
  readonly limits: DoorLimits;
}

export interface DoorLimits {
  /** Where a request names none. */
  readonly maxExecutionSeconds: number;
  /** The analyst's upper bound. */
  readonly maxExecutionSecondsCap: number;
  readonly maxMemoryBytes: number;
  readonly maxThreads: number;
  readonly maxResultBytes: number;
  /** Longest statement. */
  readonly statementBytesMax: number;
}

/** Parameters of the interface itself; every other one is a setting. */
const ownParameters: ReadonlySet<string> = new Set([
  'query',
  'database',
  'default_format',
  'user',
  'password',
  'query_id',
  'quota_key',
  'wait_end_of_query',
  'buffer_size',
  'stacktrace',
  'enable_http_compression',
  'http_zlib_compression_level',
  'send_progress_in_http_headers',
  'http_headers_progress_interval_ms',
  'http_wait_end_of_query',
  'http_response_buffer_size',
  'http_write_exception_in_output_format',
  'cancel_http_readonly_queries_on_client_close',
  'client_protocol_version',
  'decompress',
  'handed_file',
]);

const refusedParameters: ReadonlyMap<string, string> = new Map([
  ['session_id', 'Sessions are not kept: put what a statement needs into the statement.'],
  ['role', 'There are no roles.'],
  ['compress', 'Answers are compressed by the header Accept-Encoding, not in the native format.'],
]);

/** Neither user may set these: they are how the door keeps its word. */
const heldSettings: ReadonlySet<string> = new Set(['readonly', 'allow_ddl', 'log_comment']);

interface Asked {
  readonly user: DoorUser;
  readonly parameters: URLSearchParams;
  readonly queryId: string;
  readonly acceptsGzip: boolean;
}

export function createHttpDoor(options: HttpDoorOptions): Server {
  rmSync(options.spoolDirectory, { recursive: true, force: true });
  mkdirSync(options.spoolDirectory, { recursive: true, mode: 0o700 });
  let lastRequest = 0;

  const server = createServer(
    { keepAliveTimeout: 10_000, requestTimeout: 300_000, headersTimeout: 20_000 },
    (request, response) => {
      const number = ++lastRequest;
      answer(request, response, number).catch((error: unknown) => {
        // The last net: nothing may leave a request unanswered.
        if (!response.headersSent) refuse(response, asEngineException(error), options.version);
        else response.destroy();
      });
    },
  );
  server.maxConnections = 256;
  return server;

  async function answer(request: IncomingMessage, response: ServerResponse, number: number): Promise<void> {
    const gone = new AbortController();
    response.on('close', () => {
      if (!response.writableFinished) gone.abort();
    });
    try {
      const url = new URL(request.url ?? '/', 'http://engine');
      if (url.pathname === '/ping' || url.pathname === '/replicas_status') {
        response.end('Ok.\n');
        return;
      }
      if (url.pathname === '/' && request.method === 'GET' && !url.search && !request.headers.authorization) {
        response.end('Ok.\n');
        return;
      }
      if (url.pathname !== '/' || !['GET', 'POST', 'HEAD'].includes(request.method ?? '')) {
        response
          .writeHead(404)
          .end(`There is no ${request.method} ${url.pathname}; there are GET /ping, GET / and POST /.\n`);
        return;
      }
      const parameters = url.searchParams;
      const spool = join(options.spoolDirectory, `insert-${number}`);
      try {
        await statement(request, response, parameters, spool, gone.signal);
      } finally {
        rmSync(spool, { force: true });
      }
    } catch (error) {
      request.resume();
      if (!gone.signal.aborted) refuse(response, asEngineException(error), options.version);
    }
  }

  async function statement(
    request: IncomingMessage,
    response: ServerResponse,
    parameters: URLSearchParams,
    spool: string,
    gone: AbortSignal,
  ): Promise<void> {
    const user = authenticate(request, parameters, options.users);
    for (const [name, sentence] of refusedParameters) {
      if (parameters.get(name))
        throw new EngineException(exceptionCodes.notImplemented, `${name}: ${sentence} (NOT_IMPLEMENTED)`);
    }
    const asked: Asked = {
      user,
      parameters,
      queryId: parameters.get('query_id') ?? '',
      acceptsGzip:
        /\bgzip\b/.test(String(request.headers['accept-encoding'] ?? '')) &&
        parameters.get('enable_http_compression') === '1',
    };
    const body = request.method === 'POST' ? decompressed(request) : undefined;
    const { text, data } = await readAll(request, body, asked, spool);
    const read = readStatement(text);
    check(read, user);
    const writes = !readingVerbs.has(read.verb) && !user.readonly;
    const result = await options.handles.run(
      {
        sql: data && read.insertsData ? withSource(read, data) : read.text,
        database: parameters.get('database') || options.database,
        settings: settingsOf(asked, writes, options.limits),
        parameters: parametersOf(parameters),
        format: parameters.get('default_format') ?? String(request.headers['x-clickhouse-format'] ?? 'TabSeparated'),
        readonly: user.readonly || request.method !== 'POST',
        writes,
      },
      gone,
    );
    send(response, asked, result, writes, options.version);
  }

  /** Statement of the parameter and the body; what an insert brings goes to a file and is never text. */
  async function readAll(
    request: IncomingMessage,
    body: Readable | undefined,
    asked: Asked,
    spool: string,
  ): Promise<{ readonly text: string; readonly data?: string }> {
    const inUrl = asked.parameters.get('query') ?? '';
    if (!body) return { text: inUrl };
    if (String(request.headers['content-type'] ?? '').startsWith('multipart/form-data')) {
      const bytes = await collect(body, options.limits.statementBytesMax);
      const form = await new Response(bytes, {
        headers: { 'content-type': request.headers['content-type']! },
      }).formData();
      for (const [name, value] of form)
        if (typeof value === 'string' && name !== 'query') asked.parameters.set(name, value);
      return { text: inUrl + String(form.get('query') ?? '') };
    }
    if (inUrl && readStatement(inUrl).insertsData) {
      await spoolTo(spool, body);
      return { text: inUrl, data: spool };
    }
    const handed = handedFile(asked, options.handedDirectory);
    const bytes = await collect(body, options.limits.statementBytesMax);
    if (handed !== undefined) return { text: inUrl + bytes.toString('utf8'), data: handed };
    // One character a byte, so that an index into the text is one into the bytes.
    const latin = inUrl + bytes.toString('latin1');
    const read = readStatement(latin);
    if (!read.insertsData) return { text: inUrl + bytes.toString('utf8') };
    const head = Buffer.from(latin.slice(0, read.dataAt), 'latin1');
    const rest = Buffer.from(latin.slice(read.dataAt), 'latin1');
    await spoolTo(spool, [rest.subarray(leadingBlank(rest))]);
    return { text: head.toString('utf8'), data: spool };
  }
}

/** `INSERT ... FROM INFILE 'file' ... FORMAT name`: the engine's own door for bytes cuts binary formats, a file does not. */
function withSource(read: Statement, file: string): string {
  const at = read.insertsData!.sourceAt;
  return `${read.text.slice(0, at)}FROM INFILE ${quoted(file)} ${read.text.slice(at)}`;
}

function handedFile({ user, parameters }: Asked, directory: string | undefined): string | undefined {
  const name = parameters.get('handed_file');
  if (!name) return undefined;
  if (directory === undefined || user.readonly || !/^[a-z0-9_-]+\.native$/.test(name)) {
    throw new EngineException(exceptionCodes.notImplemented, 'handed_file is not allowed here. (NOT_IMPLEMENTED)');
  }
  return join(directory, name);
}

function check(read: Statement, user: DoorUser): void {
  if (read.verb === '' && read.text.trim() === '')
    throw new EngineException(exceptionCodes.syntaxError, 'Empty query. (SYNTAX_ERROR)');
  if (read.more) {
    throw new EngineException(
      exceptionCodes.syntaxError,
      'Syntax error (Multi-statements are not allowed). (SYNTAX_ERROR)',
    );
  }
  const [reach] = read.reaches.filter((word) => word !== 'file()' || user.readonly);
  if (reach)
    throw new EngineException(exceptionCodes.notImplemented, `${reach} is not allowed here. (NOT_IMPLEMENTED)`);
  if (user.readonly && !readingVerbs.has(read.verb)) {
    throw new EngineException(
      exceptionCodes.readonly,
      `${user.name}: Cannot execute query in readonly mode. (READONLY)`,
    );
  }
}

function settingsOf(asked: Asked, writes: boolean, limits: DoorLimits): Map<string, string> {
  const settings = new Map<string, string>([
    ['max_execution_time', String(limits.maxExecutionSeconds)],
    ['max_memory_usage', String(limits.maxMemoryBytes)],
    ['max_threads', String(limits.maxThreads)],
    ['max_result_bytes', String(limits.maxResultBytes)],
    ['result_overflow_mode', 'throw'],
    ['output_format_json_quote_64bit_integers', '1'],
    ['output_format_json_quote_decimals', '1'],
    ['async_insert', '0'],
  ]);
  // A write ends by itself; cutting it off would leave half of what it must do.
  if (writes) settings.delete('max_execution_time');
  for (const [name, value] of asked.parameters) {
    if (ownParameters.has(name) || name.startsWith('param_') || heldSettings.has(name)) continue;
    settings.set(name, value);
  }
  if (asked.user.readonly) {
    bound(settings, 'max_execution_time', limits.maxExecutionSecondsCap);
    bound(settings, 'max_memory_usage', limits.maxMemoryBytes);
    bound(settings, 'max_threads', limits.maxThreads);
    bound(settings, 'max_result_bytes', limits.maxResultBytes);
  }
  return settings;
}

/** 0 means no limit in ClickHouse, so it is above every bound. */
function bound(settings: Map<string, string>, name: string, most: number): void {
  const given = Number(settings.get(name));
  settings.set(name, String(given > 0 && given < most ? given : most));
}

function parametersOf(parameters: URLSearchParams): Map<string, string> {
  const values = new Map<string, string>();
  for (const [name, value] of parameters) if (name.startsWith('param_')) values.set(name.slice('param_'.length), value);
  return values;
}

function authenticate(request: IncomingMessage, parameters: URLSearchParams, users: readonly DoorUser[]): DoorUser {
  const { name, password } = credentials(request, parameters);
  const user = users.find((known) => known.name === name);
  // Compared even for an unknown name, so that time does not tell which names there are.
  const right = timingSafeEqual(digest(password), digest(user?.password ?? ''));
  if (!user || !right) {
    throw new EngineException(
      exceptionCodes.authenticationFailed,
      `${name || 'default'}: Authentication failed: password is incorrect, or there is no user with such name. (AUTHENTICATION_FAILED)`,
    );
  }
  return user;
}

function credentials(request: IncomingMessage, parameters: URLSearchParams): { name: string; password: string } {
  const basic = /^Basic (.+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (basic) {
    const pair = Buffer.from(basic, 'base64').toString('utf8');
    const colon = pair.indexOf(':');
    return { name: colon < 0 ? pair : pair.slice(0, colon), password: colon < 0 ? '' : pair.slice(colon + 1) };
  }
  const header = request.headers['x-clickhouse-user'];
  if (header) return { name: String(header), password: String(request.headers['x-clickhouse-key'] ?? '') };
  return { name: parameters.get('user') ?? '', password: parameters.get('password') ?? '' };
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}

function decompressed(request: IncomingMessage): Readable {
  const encoding = request.headers['content-encoding'];
  if (encoding === undefined || encoding === 'identity') return request;
  if (encoding === 'gzip' || encoding === 'deflate') {
    const unpack = encoding === 'gzip' ? createGunzip() : createInflate();
    request.on('error', (error) => unpack.destroy(error));
    return request.pipe(unpack);
  }
  throw new EngineException(
    exceptionCodes.notImplemented,
    `Content-Encoding ${encoding}: gzip and deflate are known. (NOT_IMPLEMENTED)`,
  );
}

async function collect(body: Readable, bytesMax: number): Promise<Buffer> {
  const pieces: Buffer[] = [];
  let byteLength = 0;
  for await (const piece of body as AsyncIterable<Buffer>) {
    byteLength += piece.length;
    if (byteLength > bytesMax) {
      throw new EngineException(
        exceptionCodes.badArguments,
        `A statement of more than ${bytesMax} bytes. (BAD_ARGUMENTS)`,
      );
    }
    pieces.push(piece);
  }
  return Buffer.concat(pieces);
}

async function spoolTo(path: string, body: AsyncIterable<Buffer> | Iterable<Buffer>): Promise<void> {
  const file = openSync(path, 'w', 0o600);
  try {
    for await (const piece of body) {
      for (let at = 0; at < piece.length; ) at += writeSync(file, piece, at);
    }
  } finally {
    closeSync(file);
  }
}

/** Between `FORMAT name` and its data stands one line break, and blanks before it. */
function leadingBlank(bytes: Buffer): number {
  let at = 0;
  while (at < bytes.length && (bytes[at] === 0x20 || bytes[at] === 0x09 || bytes[at] === 0x0d)) at++;
  return bytes[at] === 0x0a ? at + 1 : at;
}

function send(response: ServerResponse, asked: Asked, result: StatementAnswer, wrote: boolean, version: string): void {
  const summary = {
    read_rows: String(wrote ? 0 : result.rowsRead),
    read_bytes: String(wrote ? 0 : result.bytesRead),
    written_rows: String(wrote ? result.rowsRead : 0),
    written_bytes: String(wrote ? result.bytesRead : 0),
    total_rows_to_read: '0',
    result_rows: '0',
    result_bytes: String(result.bytes.length),
    elapsed_ns: String(Math.round(result.elapsedSeconds * 1e9)),
  };
  response.setHeader('X-ClickHouse-Server-Display-Name', `sluice-${version}`);
  response.setHeader('X-ClickHouse-Timezone', 'UTC');
  response.setHeader('X-ClickHouse-Summary', JSON.stringify(summary));
  if (asked.queryId) response.setHeader('X-ClickHouse-Query-Id', asked.queryId.replace(/[^\w.-]/g, '_'));
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  const body = asked.acceptsGzip && result.bytes.length > 0 ? gzipSync(result.bytes, { level: 1 }) : result.bytes;
  if (body !== result.bytes) response.setHeader('Content-Encoding', 'gzip');
  response.setHeader('Content-Length', body.length);
  response.end(body);
}

function refuse(response: ServerResponse, error: EngineException, version: string): void {
  const text = `Code: ${error.code}. DB::Exception: ${error.message}${/\(version /.test(error.message) ? '' : ` (version ${version})`}\n`;
  response.statusCode = statusOfException(error.code);
  response.setHeader('X-ClickHouse-Exception-Code', String(error.code));
  response.setHeader('X-ClickHouse-Server-Display-Name', `sluice-${version}`);
  response.setHeader('Content-Type', 'text/plain; charset=UTF-8');
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

function asEngineException(error: unknown): EngineException {
  if (error instanceof EngineException) return error;
  const message = error instanceof Error ? error.message : String(error);
  return new EngineException(exceptionCodes.unknown, `${message}. (UNKNOWN_EXCEPTION)`, { cause: error });
}
