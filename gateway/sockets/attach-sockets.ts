/** socket.io on the server that REST runs on: settings, who may connect, and which messages go where. */
import type { Server as HttpServer, IncomingMessage } from 'node:http';
import { Server, type Socket } from 'socket.io';
import type { AccountId, Micros } from '../../schemas/generated/records.ts';
import { AuthenticationFailed, type Principal } from '../identity/principal.ts';
import type { GatewayParts } from '../ports.ts';
import { MessageBudget } from './message-budget.ts';
import type { Reader } from './reader.ts';
import { type HubParts, SocketHub, type SocketLimits } from './socket-hub.ts';
import { Decoder, Encoder } from './strict-parser.ts';
import { type Transport, WebSocketWire } from './websocket-wire.ts';
import { systemTimers } from './wire.ts';

export const SOCKET_PATH = '/v1/socket';

const CONNECTIONS_MAX = 12_000;
/** New connections, so that many that come back at once do not keep the ones that are there waiting. */
const HANDSHAKES_PER_SECOND = 500;
const HANDSHAKES_BURST = 1_000;
/** From the handshake to the packet that says who it is. */
const JOIN_TIMEOUT_MS = 5_000;
/** Headers and fields of the handshake that say who it is. */
const CREDENTIAL_FIELDS = [
  'authorization',
  'sluice-key',
  'sluice-timestamp',
  'sluice-nonce',
  'sluice-signature',
] as const;

export type SocketParts = HubParts & Pick<GatewayParts, 'accountOf'>;

export interface SocketOptions {
  /** Pages of other origins that may connect, beside those of the address that is asked. */
  readonly origins?: readonly string[] | undefined;
  readonly limits?: SocketLimits | undefined;
  readonly connections?: number | undefined;
}

export interface Sockets {
  figures(): { readonly connections: number; readonly subscriptions: number; readonly queuedBytes: number };
  /** Answers what is in flight, announces the end, and ends every socket; the server stays the caller's. */
  close(): Promise<void>;
}

export function attachSockets(server: HttpServer, parts: SocketParts, options: SocketOptions = {}): Sockets {
  const most = options.connections ?? CONNECTIONS_MAX;
  // A socket counts as a connection of the server as long as it is open.
  server.maxConnections = (server.maxConnections ?? 0) + most;
  const hub = new SocketHub(parts, {
    timers: systemTimers,
    ...(options.limits === undefined ? {} : { limits: options.limits }),
  });
  const handshakes = new MessageBudget(HANDSHAKES_PER_SECOND, HANDSHAKES_BURST, performance.now());
  let closing = false;
  const io = new Server(server, {
    path: SOCKET_PATH,
    transports: ['websocket'],
    allowUpgrades: false,
    serveClient: false,
    pingInterval: 10_000,
    pingTimeout: 5_000,
    connectTimeout: JOIN_TIMEOUT_MS,
    maxHttpBufferSize: 16_384,
    perMessageDeflate: false,
    httpCompression: false,
    parser: { Encoder, Decoder },
    allowRequest: (request, decide) => {
      const mayCome =
        !closing &&
        hub.connections < most &&
        isOwnOrigin(request, options.origins) &&
        handshakes.take(performance.now());
      decide(mayCome ? null : 'not now', mayCome);
    },
  });
  io.use((socket, next) => {
    principalOf(socket, parts).then(
      (principal) => {
        socket.data.principal = principal;
        next();
      },
      (error: unknown) => next(refusalOf(error, parts)),
    );
  });
  // Whoever connects and then says nothing, or nothing of use, is not waited for: not even for its goodbye.
  const silent = new WeakMap<object, NodeJS.Timeout>();
  io.engine.on('connection', (conn: EngineSocket) => {
    const transport = transportOf(conn);
    const timer = setTimeout(() => transport.terminate(), JOIN_TIMEOUT_MS);
    timer.unref();
    silent.set(conn, timer);
  });
  io.on('connection', (socket) => {
    clearTimeout(silent.get(socket.conn));
    silent.delete(socket.conn);
    serve(socket, hub);
  });
  return {
    figures: () => hub.figures(),
    async close() {
      closing = true;
      await hub.close();
      // Last words go out before the engine closes what is left.
      await new Promise((resolve) => setTimeout(resolve, 50));
      io.engine.close();
    },
  };
}

function serve(socket: Socket, hub: SocketHub): void {
  const { conn } = socket;
  const { principal } = socket.data as { readonly principal: Principal | undefined };
  const reader: Reader = hub.connect(new WebSocketWire(transportOf(conn)), principal, addressOf(conn.request));
  forgetHandshake(socket);
  socket.onAny((name: string, ...given: unknown[]) => {
    const last = given.at(-1);
    const answer = typeof last === 'function' ? (last as (ack: unknown) => void) : undefined;
    const payload = answer ? (given.length > 1 ? given[0] : undefined) : given[0];
    void hub.take(reader, name, payload).then((ack) => answer?.(ack));
  });
  socket.on('disconnect', () => reader.gone());
}

type EngineSocket = Socket['conn'];

/** What the library keeps of the handshake as long as the socket lives, and nobody reads again: a third of its memory. */
function forgetHandshake(socket: Socket): void {
  const { request } = socket.conn as { request: IncomingMessage | undefined };
  if (request) {
    request.rawHeaders = [];
    request.headers = {};
    request.headersDistinct = {};
    request.url = '';
  }
  (socket.conn as { request: unknown }).request = undefined;
  (socket as { handshake: unknown }).handshake = NO_HANDSHAKE;
  socket.data = NO_DATA;
}

const NO_HANDSHAKE = Object.freeze({ headers: Object.freeze({}), auth: Object.freeze({}), query: Object.freeze({}) });
const NO_DATA = Object.freeze({});

function transportOf(conn: EngineSocket): Transport {
  return (conn.transport as unknown as { readonly socket: Transport }).socket;
}

/** Undefined: no credential was shown, so only public channels. */
async function principalOf(socket: Socket, parts: SocketParts): Promise<Principal | undefined> {
  const headers: { [name: string]: string } = {};
  for (const name of CREDENTIAL_FIELDS) {
    // A browser cannot set headers of a WebSocket: there the same fields come in the first packet.
    const given = socket.handshake.headers[name] ?? (socket.handshake.auth as { [field: string]: unknown })[name];
    if (typeof given === 'string' && given !== '') headers[name] = given;
  }
  if (Object.keys(headers).length === 0) return undefined;
  if (!parts.authenticator) return tokenHolder(headers.authorization, parts);
  return parts.authenticator.authenticate({
    method: 'GET',
    path: SOCKET_PATH,
    headers,
    rawBody: new Uint8Array(),
    address: addressOf(socket.request),
  });
}

function tokenHolder(authorization: string | undefined, { accountOf }: SocketParts): Principal {
  const token = /^Bearer ([A-Za-z0-9_-]{1,128})$/.exec(authorization ?? '')?.[1];
  const account: AccountId | undefined = token === undefined ? undefined : accountOf(token);
  if (account === undefined) throw new AuthenticationFailed('unauthenticated', 'This token is nobody’s.');
  return {
    account,
    userId: `account-${account}`,
    roles: ['trader'],
    scopes: ['read', 'trade'],
    expiresAtMicros: Number.MAX_SAFE_INTEGER as Micros,
  };
}

/** As socket.io tells it: `connect_error` with the body of a refusal in `data`. */
function refusalOf(error: unknown, parts: SocketParts): Error & { data?: unknown } {
  const told = (code: string, message: string, more: object = {}) =>
    Object.assign(new Error(code), { data: { code, message, ...more } });
  if (error instanceof AuthenticationFailed) {
    const { code, message, field, allowed } = error;
    return told(code, message, { field, ...(allowed === undefined ? {} : { allowed }) });
  }
  const id = parts.newId();
  parts.failed(error, id);
  return told('internal', `The gateway failed to answer (${id}).`);
}

/**
 * CORS does not guard WebSockets: a page of another origin could connect with what the browser knows of its visitor. A
 * program that is no browser names no origin.
 */
function isOwnOrigin({ headers }: IncomingMessage, others: readonly string[] = []): boolean {
  const { origin, host } = headers;
  if (origin === undefined) return true;
  if (others.includes(origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

function addressOf({ socket }: IncomingMessage): string {
  return socket.remoteAddress ?? '';
}
