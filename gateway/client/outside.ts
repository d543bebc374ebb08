/** Everything the client takes from outside, so that a test can play it: time, chance, the network. */
import { io } from 'socket.io-client';

export interface ClientOutside {
  /** Milliseconds since 1970. */
  nowMs(): number;
  /** The answer takes it back. */
  after(delayMs: number, callback: () => void): () => void;
  /** From 0 to below 1. */
  random(): number;
  /** So many characters of letters and digits that nobody else draws. */
  newId(length: number): string;
  fetch(url: string, request: RequestInit): Promise<Response>;
  /** Begins to connect. `auth` is asked for what the first packet says. */
  connect(url: string, auth: () => Promise<AuthFields>, listener: LinkListener): Link;
}

export type AuthFields = { readonly [field: string]: string };

export interface Link {
  /** The acknowledgement, or undefined where none came in time or the link ended. */
  request(event: string, payload: unknown, timeoutMs: number): Promise<unknown>;
  close(): void;
}

/** After `refused` or `ended` nothing more is called. */
export interface LinkListener {
  connected(): void;
  message(event: string, payload: unknown): void;
  /** The gateway did not let us in: the body of its refusal, where it said one. */
  refused(error: unknown): void;
  ended(because: string): void;
}

const LETTERS = 'abcdefghijklmnopqrstuvwxyz0123456789';
const CONNECT_TIMEOUT_MS = 10_000;

export const realOutside: ClientOutside = {
  nowMs: () => Date.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
  random: () => Math.random(),
  newId: (length) =>
    Array.from(crypto.getRandomValues(new Uint8Array(length)), (byte) => LETTERS[byte % LETTERS.length]).join(''),
  fetch: (url, request) => fetch(url, request),
  connect(url, auth, listener) {
    const socket = io(url, {
      path: '/v1/socket',
      transports: ['websocket'],
      reconnection: false,
      forceNew: true,
      timeout: CONNECT_TIMEOUT_MS,
      // Who we are goes with the first packet: a browser cannot set headers here, and an address ends up in logs.
      auth: (give) => {
        auth().then(give, () => give({}));
      },
    });
    let over = false;
    const end = (tell: () => void): void => {
      if (over) return;
      over = true;
      tell();
      socket.removeAllListeners();
      socket.disconnect();
    };
    socket.on('connect', () => listener.connected());
    socket.on('connect_error', (error: Error & { readonly data?: unknown }) =>
      end(() => (error.data === undefined ? listener.ended(error.message) : listener.refused(error.data))),
    );
    socket.on('disconnect', (reason) => end(() => listener.ended(reason)));
    socket.onAny((event: string, payload: unknown) => listener.message(event, payload));
    return {
      request: (event, payload, timeoutMs) =>
        new Promise((resolve) => {
          if (!socket.connected) return resolve(undefined);
          socket.timeout(timeoutMs).emit(event, payload, (error: Error | null, ack: unknown) => {
            resolve(error ? undefined : ack);
          });
        }),
      close: () => end(() => {}),
    };
  },
};
