/** A proxy before a real object store that goes wrong as it is told to, call by call. */
import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export type S3Fault =
  /** Answers by itself, and the store hears nothing. */
  | { readonly kind: 'status'; readonly status: 409 | 500 | 503 }
  /** Takes the call and never answers. */
  | { readonly kind: 'hang' }
  /** Cuts the connection in the middle of what comes in; the store hears half of it. */
  | { readonly kind: 'half upload' }
  /** Lets the store do it, and cuts the connection instead of answering. */
  | { readonly kind: 'lost answer' }
  /** Answers with half of the body, and nothing more. */
  | { readonly kind: 'half answer' }
  /** Answers with one byte of the body changed. */
  | { readonly kind: 'damaged answer' };

export interface S3Proxy {
  readonly url: string;
  /** Asked for every call: GET, PUT, DELETE, and the key (the path after the bucket). */
  fault: (method: string, key: string) => S3Fault | undefined;
  /** Calls that reached the store, `PUT key`. */
  readonly passed: readonly string[];
  /** Called before a call is passed on, so that a test can make the store lie. */
  before: (method: string, key: string) => void;
  close(): Promise<void>;
}

export async function startS3Proxy(store: string): Promise<S3Proxy> {
  const target = new URL(store);
  const passed: string[] = [];
  const proxy = {
    url: '',
    fault: (): S3Fault | undefined => undefined,
    passed,
    before: (): void => {},
    close: async (): Promise<void> => {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  } as { -readonly [K in keyof S3Proxy]: S3Proxy[K] };
  const server = createServer((incoming, outgoing) => {
    collect(incoming).then(
      (body) => answer(incoming, outgoing, body),
      () => outgoing.destroy(),
    );
  });

  const answer = (incoming: IncomingMessage, outgoing: ServerResponse, body: Buffer): void => {
    const method = incoming.method ?? 'GET';
    const { pathname } = new URL(incoming.url ?? '/', target);
    const key = decodeURIComponent(pathname.split('/').slice(2).join('/'));
    const fault = proxy.fault(method, key);
    if (fault?.kind === 'hang') return;
    if (fault?.kind === 'status') {
      const text = `<?xml version="1.0"?><Error><Code>${codes[fault.status]}</Code><Message>told to</Message></Error>`;
      outgoing.writeHead(fault.status, { 'content-type': 'application/xml' }).end(text);
      return;
    }
    proxy.before(method, key);
    const headers = { ...incoming.headers };
    const place = { host: target.hostname, port: target.port, path: incoming.url, method, headers };
    const onward = request(place, (back) => {
      passed.push(`${method} ${key}`);
      collect(back).then(
        (bytes) => {
          // Half of nothing would be a whole answer.
          if (fault?.kind === 'lost answer' || (fault?.kind === 'half answer' && bytes.length < 2)) {
            outgoing.destroy();
            return;
          }
          const status = back.statusCode ?? 500;
          if (fault?.kind === 'half answer') {
            outgoing.writeHead(status, back.headers).write(bytes.subarray(0, bytes.length >> 1));
            return;
          }
          if (fault?.kind === 'damaged answer' && bytes.length > 0) bytes[bytes.length >> 1]! ^= 1;
          outgoing.writeHead(status, back.headers).end(bytes);
        },
        () => outgoing.destroy(),
      );
    });
    onward.on('error', () => outgoing.destroy());
    if (fault?.kind === 'half upload') {
      onward.write(body.subarray(0, body.length >> 1));
      // The store has some of it by now; then its client is gone.
      setTimeout(() => onward.destroy(), 20);
      return;
    }
    onward.end(body);
  };

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  proxy.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  return proxy;
}

const codes = { 409: 'ConditionalRequestConflict', 500: 'InternalError', 503: 'SlowDown' } as const;

async function collect(stream: IncomingMessage): Promise<Buffer> {
  const pieces: Buffer[] = [];
  for await (const piece of stream) pieces.push(piece as Buffer);
  return Buffer.concat(pieces);
}
