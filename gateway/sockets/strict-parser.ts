/**
 * The socket.io protocol (revision 5), as text only and in one namespace: what a client of any kind speaks, without
 * attachments. A packet of another form ends the connection; socket.io calls that an error of the transport.
 */
import { EventEmitter } from 'node:events';

/** Numbers of the protocol. */
const CONNECT = 0;
const DISCONNECT = 1;
const EVENT = 2;
const ACK = 3;
const CONNECT_ERROR = 4;

interface Packet {
  readonly type: number;
  readonly nsp: string;
  readonly id?: number;
  readonly data?: unknown;
}

/** Names that socket.io keeps for itself. */
const reserved: ReadonlySet<unknown> = new Set([
  'connect',
  'connect_error',
  'disconnect',
  'disconnecting',
  'newListener',
  'removeListener',
]);

const PACKET = /^([0-4])(?:\/([^,]{0,100}),?)?(\d{0,9})/;

export class Encoder {
  encode({ type, nsp, id, data }: Packet): string[] {
    const namespace = nsp === '/' ? '' : `${nsp},`;
    return [`${type}${namespace}${id ?? ''}${data === undefined ? '' : JSON.stringify(data)}`];
  }
}

export class Decoder extends EventEmitter {
  add(text: unknown): void {
    if (typeof text !== 'string') throw new Error('attachments are not taken');
    this.emit('decoded', decode(text));
  }

  destroy(): void {
    this.removeAllListeners();
  }
}

function decode(text: string): Packet {
  const parts = PACKET.exec(text);
  if (!parts) throw new Error('no packet of socket.io');
  const [head, digit, namespace, digits] = parts as unknown as [string, string, string | undefined, string];
  const type = Number(digit);
  const rest = text.slice(head.length);
  const data: unknown = rest === '' ? undefined : JSON.parse(rest);
  if (!fits(type, data)) throw new Error('the packet has no payload of its type');
  return {
    type,
    nsp: namespace === undefined ? '/' : `/${namespace}`,
    ...(digits === '' ? {} : { id: Number(digits) }),
    ...(data === undefined ? {} : { data }),
  };
}

function fits(type: number, data: unknown): boolean {
  switch (type) {
    case CONNECT:
      return data === undefined || (typeof data === 'object' && data !== null && !Array.isArray(data));
    case DISCONNECT:
      return data === undefined;
    case EVENT:
      return Array.isArray(data) && typeof data[0] === 'string' && !reserved.has(data[0]);
    case ACK:
      return Array.isArray(data);
    case CONNECT_ERROR:
      return true;
    default:
      return false;
  }
}
