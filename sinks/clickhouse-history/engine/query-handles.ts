/**
 * Runs statements on the embedded engine. Settings stick to a handle, so each statement gets a handle of its own, opened
 * with the settings it asks for and closed behind it: about 1 ms, and nothing can be left over for the next one. Writes
 * pass one at a time, reads a fixed few at a time, and those who wait are counted: what is beyond is refused.
 */
import { Session } from 'chdb';
import { EngineException, exceptionCodes } from './exceptions.ts';
import { quoted } from './statement.ts';

export interface StatementRequest {
  readonly sql: string;
  readonly database: string;
  /** In ClickHouse's names; values as text. */
  readonly settings: ReadonlyMap<string, string>;
  /** Values of `{name:Type}`, in the escaped form of HTTP. */
  readonly parameters: ReadonlyMap<string, string>;
  /** Format where the statement names none. */
  readonly format: string;
  /** Nothing may be changed, settings neither. */
  readonly readonly: boolean;
  /** Passes the gate of writes. */
  readonly writes: boolean;
}

export interface StatementAnswer {
  readonly bytes: Buffer;
  readonly rowsRead: number;
  readonly bytesRead: number;
  readonly elapsedSeconds: number;
}

export interface HandleLimits {
  readonly readsAtOnce: number;
  readonly readsWaiting: number;
  readonly writesWaiting: number;
  /** Of the whole engine, merges and caches included. */
  readonly memoryBytes: number;
}

const MARK_CACHE_BYTES = 256 * 2 ** 20;
const settingName = /^[a-z][a-z0-9_]*$/i;
const databaseName = /^[a-z_][a-z0-9_]*$/i;

export class QueryHandles {
  readonly #path: string;
  readonly #reads: Gate;
  readonly #writes: Gate;
  /** Keeps the data directory open, and stops what others run. */
  readonly #own: Session;
  #lastMark = 0;

  /** Opens the data directory, and in it the database that statements are in where they name none. */
  constructor(path: string, database: string, limits: HandleLimits) {
    this.#path = path;
    const connectionArgs = [`--max_server_memory_usage=${limits.memoryBytes}`, `--mark_cache_size=${MARK_CACHE_BYTES}`];
    this.#own = new Session(path, { connectionArgs });
    this.#own.query(`CREATE DATABASE IF NOT EXISTS ${database}`);
    this.#reads = new Gate('reads', limits.readsAtOnce, limits.readsWaiting);
    this.#writes = new Gate('writes', 1, limits.writesWaiting);
  }

  /** Throws {@link EngineException}. An ended `gone` stops a read; a write runs to its end. */
  async run(request: StatementRequest, gone: AbortSignal): Promise<StatementAnswer> {
    const gate = request.writes ? this.#writes : this.#reads;
    await gate.enter(gone);
    const mark = `http-${process.pid}-${++this.#lastMark}`;
    const stop = () => void this.#stop(mark);
    const session = new Session(this.#path);
    try {
      await this.#prepare(session, request, mark);
      if (!request.writes) gone.addEventListener('abort', stop, { once: true });
      const result = await session.queryAsync(request.sql, { format: request.format });
      const { rowsRead, bytesRead, elapsed } = result;
      return { bytes: Buffer.from(result.bytes()), rowsRead, bytesRead, elapsedSeconds: elapsed };
    } catch (error) {
      throw asException(error);
    } finally {
      gone.removeEventListener('abort', stop);
      session.close();
      gate.leave();
    }
  }

  close(): void {
    this.#own.close();
  }

  async #prepare(session: Session, request: StatementRequest, mark: string): Promise<void> {
    if (!databaseName.test(request.database)) {
      throw new EngineException(exceptionCodes.badArguments, `database ${JSON.stringify(request.database)} is no name`);
    }
    const assignments = [`log_comment = ${quoted(mark)}`];
    for (const [name, value] of request.settings) assignments.push(assignment(name, value));
    for (const [name, value] of request.parameters) assignments.push(assignment(`param_${name}`, value));
    await session.queryAsync(`SET ${assignments.join(', ')}`);
    // A database that does not exist yet is an error of the statement that needs it, not of the one that makes it.
    if (request.database !== 'default') {
      await session.queryAsync(`USE ${request.database}`).catch((error: unknown) => {
        if (asException(error).code !== 81 || !request.writes) throw error;
      });
    }
    if (request.readonly) await session.queryAsync('SET readonly = 1');
  }

  async #stop(mark: string): Promise<void> {
    try {
      await this.#own.queryAsync(`KILL QUERY WHERE Settings['log_comment'] = ${quoted(mark)} ASYNC`);
    } catch {
      // It ended by itself meanwhile; what did not is ended by max_execution_time.
    }
  }
}

function assignment(name: string, value: string): string {
  if (!settingName.test(name))
    throw new EngineException(exceptionCodes.badArguments, `setting ${JSON.stringify(name)} is no name`);
  return `${name} = ${quoted(value)}`;
}

function asException(error: unknown): EngineException {
  if (error instanceof EngineException) return error;
  const message = error instanceof Error ? error.message : String(error);
  const code =
    (error as { clickhouseCode?: number }).clickhouseCode ??
    Number(/Code: (\d+)\./.exec(message)?.[1] ?? exceptionCodes.unknown);
  return new EngineException(code, message.replace(/^Code: \d+\. DB::Exception: /, ''), { cause: error });
}

/** Lets `room` in at once and up to `waiting` wait. */
class Gate {
  readonly #name: string;
  readonly #room: number;
  readonly #waitingMax: number;
  #inside = 0;
  readonly #waiting: { readonly enter: () => void; readonly signal: AbortSignal }[] = [];

  constructor(name: string, room: number, waitingMax: number) {
    this.#name = name;
    this.#room = room;
    this.#waitingMax = waitingMax;
  }

  async enter(signal: AbortSignal): Promise<void> {
    if (this.#inside < this.#room) {
      this.#inside++;
      return;
    }
    if (this.#waiting.length >= this.#waitingMax) {
      throw new EngineException(
        exceptionCodes.tooManyQueries,
        `Too many ${this.#name} at once: ${this.#room} run and ${this.#waitingMax} wait. (TOO_MANY_SIMULTANEOUS_QUERIES)`,
      );
    }
    await new Promise<void>((resolve, reject) => {
      const waiter = { enter: resolve, signal };
      this.#waiting.push(waiter);
      const gone = () => {
        const index = this.#waiting.indexOf(waiter);
        if (index < 0) return;
        this.#waiting.splice(index, 1);
        reject(
          new EngineException(exceptionCodes.networkError, 'The client left while its query waited. (NETWORK_ERROR)'),
        );
      };
      signal.addEventListener('abort', gone, { once: true });
    });
  }

  leave(): void {
    const next = this.#waiting.shift();
    if (next) next.enter();
    else this.#inside--;
  }
}
