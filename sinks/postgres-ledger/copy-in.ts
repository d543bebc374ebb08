import type pg from 'pg';

/** The part of a client's connection that COPY needs. */
interface CopyConnection {
  query(text: string): void;
  sendCopyFromChunk(bytes: Uint8Array): void;
  endCopyFrom(): void;
  stream: { cork(): void; uncork(): void };
}

/**
 * Run a `COPY ... FROM STDIN` with these bytes. The bytes are handed over before the call returns to its caller's next
 * turn, so their buffer may be used again once the promise settles. Resolves to the number of rows stored.
 *
 * The statement goes through the client's own queue of queries (its `submit` protocol), as a stream would have to.
 */
export function copyIn(client: pg.Client, statement: string, bytes: Uint8Array): Promise<number> {
  return new Promise((resolve, reject) => {
    client.query(new CopyIn(statement, bytes, (error, rows) => (error ? reject(error) : resolve(rows))) as never);
  });
}

class CopyIn {
  /** Read by the client: it wraps it with its own deadline. */
  callback: (error: Error | null, rows: number) => void;
  readonly #statement: string;
  readonly #bytes: Uint8Array;
  #rows = -1;

  constructor(statement: string, bytes: Uint8Array, callback: (error: Error | null, rows: number) => void) {
    this.#statement = statement;
    this.#bytes = bytes;
    this.callback = callback;
  }

  submit(connection: CopyConnection): null {
    connection.query(this.#statement);
    return null;
  }

  handleCopyInResponse(connection: CopyConnection): void {
    connection.stream.cork();
    connection.sendCopyFromChunk(this.#bytes);
    connection.endCopyFrom();
    connection.stream.uncork();
  }

  handleCommandComplete(message: { text: string }): void {
    const tag = /^COPY (\d+)$/.exec(message.text);
    this.#rows = tag ? Number(tag[1]) : -1;
  }

  handleReadyForQuery(): void {
    if (this.#rows < 0) this.callback(new Error('COPY was not answered with a number of rows'), 0);
    else this.callback(null, this.#rows);
  }

  handleError(error: Error): void {
    this.callback(error, 0);
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handlePortalSuspended(): void {}
  handleEmptyQuery(): void {}
}
