/**
 * The one door to PostgreSQL clients. A client is used by one caller at a time; one that saw an error, or comes back
 * inside a transaction, is thrown away, and the next caller gets a new one (with the address asked anew).
 */
import pg from 'pg';
import type { ConnectionSettings } from './access.ts';

export interface ConnectionLimits {
  readonly connectMs: number;
  /** Of one statement, in the server. */
  readonly statementMs: number;
  readonly lockMs: number;
  readonly idleInTransactionMs: number;
}

export const CONNECTION_LIMITS: ConnectionLimits = {
  connectMs: 2_000,
  statementMs: 10_000,
  lockMs: 2_000,
  idleInTransactionMs: 10_000,
};

/** How much longer than the server a client waits for an answer before it gives the connection up. */
const ANSWER_GRACE_MS = 5_000;

/**
 * A client that is not connected yet, with a deadline on everything. What is not given here the library would take from
 * the environment (PGOPTIONS, PGSSLMODE ...), so all of it is given.
 */
export function newClient(settings: ConnectionSettings, name: string, limits: ConnectionLimits): pg.Client {
  const { ssl, ...place } = settings;
  return new pg.Client({
    ...place,
    ssl: ssl ? { rejectUnauthorized: true, ...ssl } : false,
    options: '-c client_min_messages=warning',
    application_name: name,
    client_encoding: 'UTF8',
    connectionTimeoutMillis: limits.connectMs,
    query_timeout: limits.statementMs + ANSWER_GRACE_MS,
    statement_timeout: limits.statementMs,
    lock_timeout: limits.lockMs,
    idle_in_transaction_session_timeout: limits.idleInTransactionMs,
    keepAlive: true,
  });
}

export class Connections {
  readonly #settings: () => ConnectionSettings;
  readonly #limits: ConnectionLimits;
  readonly #name: string;
  #idle: pg.Client | undefined;
  #closed = false;
  readonly #inUse = new Set<pg.Client>();

  constructor(settings: () => ConnectionSettings, name: string, limits: ConnectionLimits = CONNECTION_LIMITS) {
    this.#settings = settings;
    this.#name = name;
    this.#limits = limits;
  }

  /**
   * Run `work` with a client. It must leave no transaction open; `inTransaction` makes one. Whatever `work` throws comes
   * out, after the client is gone.
   */
  async withClient<T>(work: (client: pg.Client) => Promise<T>): Promise<T> {
    const client = this.#idle ?? (await this.#connect());
    this.#idle = undefined;
    this.#inUse.add(client);
    try {
      const result = await work(client);
      // 'I': the server says that it is idle, outside any transaction.
      const usable = client.getTransactionStatus() === 'I' && !broken.has(client);
      if (usable && !this.#closed && this.#idle === undefined) this.#idle = client;
      else destroy(client);
      return result;
    } catch (error) {
      destroy(client);
      throw error;
    } finally {
      this.#inUse.delete(client);
    }
  }

  /** Cut off whoever is at work, and refuse from now on. */
  close(): void {
    this.#closed = true;
    if (this.#idle) destroy(this.#idle);
    this.#idle = undefined;
    for (const client of this.#inUse) destroy(client);
  }

  async #connect(): Promise<pg.Client> {
    if (this.#closed) throw new Error('the connections are closed');
    const client = newClient(this.#settings(), this.#name, this.#limits);
    // A backend that dies tells of it here, whether or not a query is running; without a listener it would end us.
    client.on('error', () => broken.add(client));
    client.on('end', () => broken.add(client));
    try {
      await client.connect();
    } catch (error) {
      destroy(client);
      throw error;
    }
    return client;
  }
}

/** COMMIT was answered with something else: the transaction is not committed. */
export class NotCommitted extends Error {
  override readonly name = 'NotCommitted';
}

/** `work` between BEGIN and COMMIT; a COMMIT that the server turned into a ROLLBACK throws `NotCommitted`. */
export async function inTransaction<T>(client: pg.Client, work: () => Promise<T>): Promise<T> {
  await client.query('BEGIN');
  const result = await work();
  assertCommitted(await client.query('COMMIT'));
  return result;
}

/** The server answers COMMIT of a failed transaction with success and the tag ROLLBACK. */
export function assertCommitted(answer: { readonly command: string }): void {
  if (answer.command !== 'COMMIT') throw new NotCommitted(`COMMIT was answered with ${answer.command}`);
}

const broken = new WeakSet<pg.Client>();

/** Gone at once: a server that hangs would not answer a farewell. */
function destroy(client: pg.Client): void {
  broken.add(client);
  const { connection } = client as unknown as { connection: { stream: { destroy(): void } } };
  client.end().catch(() => undefined);
  connection.stream.destroy();
}
