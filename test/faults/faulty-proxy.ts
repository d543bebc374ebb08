/**
 * An HTTP server in front of the engine that misbehaves by a list: it answers errors, cuts connections before or after the
 * engine has done its work, says yes with an exception in the body, is slow, or is not there.
 */
import {
  createServer,
  request as httpRequest,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { after } from 'node:test';

export type Fault =
  /** As if nothing stood between. */
  | 'pass'
  /** The engine never hears of it. */
  | 'refuse'
  | 'status 500'
  | 'status 503'
  /** Says yes, with an exception in the body, and does nothing. */
  | 'yes with exception'
  /** The engine does it; the answer never comes. */
  | 'applied then cut'
  /** The engine does it; the answer is cut in its middle. */
  | 'applied then half an answer'
  /** Nothing happens until the client leaves. */
  | 'hang'
  /** Says yes and does nothing. */
  | 'lie';

export interface FaultyProxy {
  readonly url: string;
  /** Chooses the fault of a request by its statement, as far as it is in the address or the body's beginning. */
  decide: (statement: string) => Fault;
  /** Requests by fault. */
  readonly counts: Map<Fault, number>;
}

export async function startFaultyProxy(target: () => string): Promise<FaultyProxy> {
  const counts = new Map<Fault, number>();
  const server = createServer((request, response) => {
    void handle(request, response);
  });
  const proxy: FaultyProxy = { url: '', decide: () => 'pass', counts };

  async function handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const pieces: Buffer[] = [];
    for await (const piece of request) pieces.push(piece as Buffer);
    const body = Buffer.concat(pieces);
    const inUrl = new URL(request.url!, 'http://x').searchParams.get('query');
    const fault = proxy.decide(inUrl ?? body.toString('latin1'));
    counts.set(fault, (counts.get(fault) ?? 0) + 1);
    switch (fault) {
      case 'refuse':
        request.socket.destroy();
        return;
      case 'status 500':
      case 'status 503':
        response.writeHead(Number(fault.slice(-3)), { 'X-ClickHouse-Exception-Code': '241' });
        response.end('Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n');
        return;
      case 'yes with exception':
        response.writeHead(200);
        response.end('Code: 241. DB::Exception: Memory limit exceeded. (MEMORY_LIMIT_EXCEEDED)\n');
        return;
      case 'lie':
        response.writeHead(200);
        response.end();
        return;
      case 'hang':
        request.socket.on('error', () => {});
        return;
      default:
        forward(
          request,
          body,
          (status, headers, answer) => {
            if (fault === 'applied then cut') request.socket.destroy();
            else if (fault === 'applied then half an answer') {
              response.writeHead(status, { ...headers, 'content-length': String(answer.length + 10) });
              response.write(answer);
              setTimeout(() => request.socket.destroy(), 20);
            } else {
              response.writeHead(status, headers);
              response.end(answer);
            }
          },
          () => request.socket.destroy(),
        );
    }
  }

  function forward(
    request: IncomingMessage,
    body: Buffer,
    done: (status: number, headers: { [name: string]: string | string[] | undefined }, answer: Buffer) => void,
    failed: () => void,
  ): void {
    const to = new URL(request.url!, target());
    const onward = httpRequest(
      to,
      { method: request.method!, headers: { ...request.headers, host: to.host }, agent: false },
      (answer) => {
        const pieces: Buffer[] = [];
        answer.on('data', (piece: Buffer) => pieces.push(piece));
        answer.on('end', () => done(answer.statusCode!, answer.headers, Buffer.concat(pieces)));
        answer.on('error', failed);
      },
    );
    onward.on('error', failed);
    onward.end(body);
  }

  await listening(server);
  after(() => {
    server.closeAllConnections();
    server.close();
  });
  return Object.assign(proxy, { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

function listening(server: Server): Promise<void> {
  return new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
}
