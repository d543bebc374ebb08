/**
 * A proxy in front of a PostgreSQL server that understands just enough of its protocol to count what the client sends,
 * and to do something at the n-th message: before it is passed on, or after, while the answer is held back.
 */
import { createConnection, createServer, type Server, type Socket } from 'node:net';
import type { LedgerAccess } from '../../sinks/postgres-ledger/access.ts';

export interface Fault {
  /** Which message after `arm`, from 1: queries, COPY data and COPY ends are counted, log-in is not. */
  readonly atMessage: number;
  readonly when: 'before' | 'after';
  /** Runs while both directions are held. What it leaves of the connection goes on. */
  readonly act: (connection: { cut(): void }) => Promise<void> | void;
}

export interface PostgresProxy {
  readonly access: LedgerAccess;
  /** First letters of the messages counted since `arm`. */
  readonly seen: string[];
  arm(fault: Fault | undefined): void;
  close(): Promise<void>;
}

const COUNTED = new Set(['Q', 'd', 'c', 'P', 'B', 'E', 'S']);

export async function startPostgresProxy(access: LedgerAccess): Promise<PostgresProxy> {
  const seen: string[] = [];
  let fault: Fault | undefined;
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    let upstream: Socket;
    try {
      upstream = createConnection(access('settle').port, '127.0.0.1');
    } catch {
      client.destroy();
      return;
    }
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', cut);
      socket.on('close', () => {
        sockets.delete(socket);
        cut();
      });
    }
    let held = false;
    upstream.on('data', (bytes) => {
      if (!held) client.write(bytes);
      else if (!client.destroyed) answers.push(bytes);
    });
    const answers: Buffer[] = [];
    let rest = Buffer.alloc(0);
    let started = false;
    let work = Promise.resolve();
    const pass = async (message: Buffer): Promise<void> => {
      const letter = started ? String.fromCharCode(message[0]!) : '';
      started = true;
      if (!COUNTED.has(letter)) {
        upstream.write(message);
        return;
      }
      seen.push(letter);
      const due = fault?.atMessage === seen.length ? fault : undefined;
      if (due) fault = undefined;
      if (due?.when === 'before') await due.act({ cut });
      held = due?.when === 'after';
      if (!upstream.destroyed) upstream.write(message);
      if (due?.when === 'after') {
        // The server has worked on it when it answers.
        for (let tries = 0; answers.length === 0 && tries < 500 && !upstream.destroyed; tries++) {
          await new Promise((resolve) => setTimeout(resolve, 2));
        }
        await due.act({ cut });
        held = false;
        for (const bytes of answers.splice(0)) if (!client.destroyed) client.write(bytes);
      }
    };
    client.on('data', (bytes) => {
      rest = Buffer.concat([rest, bytes]);
      for (;;) {
        const head = started || rest.length === 0 ? 1 : 0;
        if (rest.length < head + 4) return;
        const length = head + rest.readInt32BE(head);
        if (rest.length < length) return;
        const message = rest.subarray(0, length);
        rest = rest.subarray(length);
        if (head === 0) started = true;
        const first = head === 0;
        work = work.then(() => (first ? void upstream.write(message) : pass(message)));
      }
    });
  });
  await listen(server);
  const { port } = server.address() as { port: number };
  return {
    access: (role) => ({ ...access(role), port }),
    seen,
    arm(next) {
      seen.length = 0;
      fault = next;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

function listen(server: Server): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
}
