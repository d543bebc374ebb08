/** Whether a server answers in its own language. A probe is data, so that it can be kept beside the process it belongs to. */
import { connect } from 'node:net';

export type Probe =
  | { readonly speaks: 'kafka' | 'redis' | 'postgres'; readonly port: number }
  | { readonly speaks: 'http'; readonly port: number; readonly path: string };

const ANSWER_MS = 1_000;

export function answers(probe: Probe): Promise<boolean> {
  switch (probe.speaks) {
    case 'kafka':
      return exchange(
        probe.port,
        apiVersionsRequest(),
        (answer) => answer.length >= 10 && answer.readInt32BE(4) === CORRELATION_ID,
      );
    case 'redis':
      // A replica that is not synced yet and a node without its cluster also answer: the process is well.
      return exchange(probe.port, Buffer.from('PING\r\n'), (answer) => /^\+PONG/.test(answer.toString('latin1')));
    case 'postgres':
      // A server that takes connections asks for a password (R); one that starts, or recovers alone, says that it does (E).
      return exchange(probe.port, postgresStart(), (answer) => answer[0] === 'R'.charCodeAt(0));
    case 'http':
      return fetch(`http://127.0.0.1:${probe.port}${probe.path}`, { signal: AbortSignal.timeout(ANSWER_MS) }).then(
        async (response) => {
          await response.arrayBuffer();
          return response.status < 500;
        },
        () => false,
      );
  }
}

/** StartupMessage, protocol 3.0. */
function postgresStart(): Buffer {
  const names = Buffer.from('user\0sluice\0database\0postgres\0\0');
  const head = Buffer.alloc(8);
  head.writeInt32BE(8 + names.length, 0);
  head.writeInt32BE(196_608, 4);
  return Buffer.concat([head, names]);
}

/** How many brokers a broker names. */
export async function brokersKnownTo(port: number): Promise<number> {
  let brokers = 0;
  // Metadata, version 4, of no topic: the answer has its size, correlation id and throttle time before the brokers.
  const nothing = Buffer.from([0, 0, 0, 0, 0]);
  await exchange(port, kafkaRequest(3, 4, nothing), (answer) => {
    if (answer.length < 16) return false;
    brokers = answer.readInt32BE(12);
    return true;
  });
  return brokers;
}

function apiVersionsRequest(): Buffer {
  return kafkaRequest(18, 0, Buffer.alloc(0));
}

const CORRELATION_ID = 7;

/** Size, key of the call, its version, correlation id, name of the client, body. */
function kafkaRequest(key: number, version: number, body: Buffer): Buffer {
  const client = Buffer.from('probe');
  const request = Buffer.alloc(14 + client.length + body.length);
  request.writeInt32BE(request.length - 4, 0);
  request.writeInt16BE(key, 4);
  request.writeInt16BE(version, 6);
  request.writeInt32BE(CORRELATION_ID, 8);
  request.writeInt16BE(client.length, 12);
  client.copy(request, 14);
  body.copy(request, 14 + client.length);
  return request;
}

function exchange(port: number, request: Buffer, isRight: (answer: Buffer) => boolean): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    let answer = Buffer.alloc(0);
    const end = (result: boolean): void => {
      socket.destroy();
      resolve(result);
    };
    socket.setTimeout(ANSWER_MS, () => end(false));
    socket.once('error', () => end(false));
    socket.once('close', () => end(false));
    socket.once('connect', () => socket.write(request));
    socket.on('data', (piece) => {
      answer = Buffer.concat([answer, piece]);
      if (isRight(answer)) end(true);
    });
  });
}
