/**
 * Many readers in one process, as light as can be: plain streams that speak just enough of WebSocket and socket.io, so that
 * what is measured is the server. Told by messages: `open`, `begin`, `report`, `close`.
 */
import { connect, type Socket } from 'node:net';

export interface OpenCrowd {
  readonly do: 'open';
  readonly port: number;
  readonly path: string;
  readonly sockets: number;
  /** Sent by each after its handshake, one frame each: the first at once, the others when it was answered. */
  readonly says: readonly string[];
  /** The reader is there once so many frames came. */
  readonly readyFrames: number;
}
export type CrowdOrder = OpenCrowd | { readonly do: 'begin' } | { readonly do: 'report' } | { readonly do: 'close' };

export interface CrowdReport {
  readonly frames: number;
  readonly bytes: number;
  readonly tookMs: number;
  readonly closed: number;
  /** From the `time` of a message to here, milliseconds, of a sample. */
  readonly latenciesMs: readonly number[];
}

/** At once: a server lets so many come. */
const OPENING = 50;
/** One of so many frames is looked at for its time. */
const SAMPLED = 37;
const ADDRESSES = 8;
/** What the server says of itself, and that we are connected. */
const GREETING_FRAMES = 2;

let frames = 0;
let bytes = 0;
let closed = 0;
let beganMs = 0;
let latenciesMs: number[] = [];
const streams: Socket[] = [];

process.on('message', (order: CrowdOrder) => {
  switch (order.do) {
    case 'open':
      void open(order).then(() => process.send!('ready'));
      return;
    case 'begin':
      frames = 0;
      bytes = 0;
      latenciesMs = [];
      beganMs = performance.now();
      return;
    case 'report':
      process.send!({ frames, bytes, closed, latenciesMs, tookMs: performance.now() - beganMs } satisfies CrowdReport);
      return;
    case 'close':
      for (const stream of streams) stream.destroy();
      process.disconnect();
  }
});

async function open(order: OpenCrowd): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < order.sockets) {
      const number = next++;
      // A gateway lets so many come a second; the others come again.
      while (!(await reader(order, number))) await new Promise((resolve) => setTimeout(resolve, 250));
    }
  };
  await Promise.all(Array.from({ length: OPENING }, worker));
}

/** False: turned away. */
function reader({ port, path, says, readyFrames }: OpenCrowd, number: number): Promise<boolean> {
  return new Promise((resolve, reject) => {
    // One address has some 28,000 ports to connect from.
    const stream = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (number % ADDRESSES)}` });
    let upgraded = false;
    let greeted = false;
    let rest: Buffer = Buffer.alloc(0);
    let own = 0;
    stream.on('error', reject);
    stream.on('close', () => {
      if (!upgraded) return;
      closed++;
      reject(new Error('the server closed a socket'));
    });
    stream.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${port}\r\nConnection: Upgrade\r\nUpgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n`,
    );
    stream.on('data', (chunk: Buffer) => {
      bytes += chunk.length;
      rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
      if (!upgraded) {
        const end = rest.indexOf('\r\n\r\n');
        if (end < 0) return;
        if (!rest.subarray(0, 12).includes('101')) {
          stream.destroy();
          resolve(false);
          return;
        }
        upgraded = true;
        streams.push(stream);
        rest = rest.subarray(end + 4);
        if (says[0] !== undefined) stream.write(masked(says[0]));
        if (readyFrames === 0) resolve(true);
      }
      let at = 0;
      for (;;) {
        const frame = frameAt(rest, at);
        if (frame === undefined) break;
        own++;
        frames++;
        if (frame.end - frame.begin === 1 && rest[frame.begin] === PING) stream.write(PONG);
        if (frames % SAMPLED === 0) sample(rest, frame.begin, frame.end);
        at = frame.end;
      }
      rest = at === 0 ? rest : rest.subarray(at);
      if (!greeted && own >= GREETING_FRAMES) {
        greeted = true;
        for (const text of says.slice(1)) stream.write(masked(text));
      }
      if (own >= readyFrames) resolve(true);
    });
  });
}

function frameAt(buffer: Buffer, at: number): { readonly begin: number; readonly end: number } | undefined {
  if (buffer.length < at + 2) return undefined;
  const short = buffer[at + 1]!;
  const begin = at + (short < 126 ? 2 : short === 126 ? 4 : 10);
  if (buffer.length < begin) return undefined;
  const length = short < 126 ? short : short === 126 ? buffer.readUInt16BE(at + 2) : buffer.readUInt32BE(at + 6);
  return buffer.length < begin + length ? undefined : { begin, end: begin + length };
}

const TIME = '"time":"';

function sample(buffer: Buffer, begin: number, end: number): void {
  const at = buffer.subarray(begin, end).indexOf(TIME);
  if (at < 0) return;
  const from = begin + at + TIME.length;
  const atMs = Date.parse(buffer.toString('latin1', from, buffer.indexOf('"', from)));
  latenciesMs.push(performance.timeOrigin + performance.now() - atMs);
}

function masked(text: string): Buffer {
  const payload = Buffer.from(text);
  const header =
    payload.length < 126
      ? Buffer.from([0x81, 0x80 | payload.length])
      : Buffer.from([0x81, 0x80 | 126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([header, Buffer.alloc(4), payload]);
}

/** Packets of engine.io. */
const PING = '2'.charCodeAt(0);
const PONG = masked('3');
