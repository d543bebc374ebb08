/**
 * One message to many readers, encoded once: the bytes of a whole WebSocket frame around the socket.io event. The same
 * buffer is written to every reader that has the same view.
 */

export interface Frame {
  /** Header and payload of one unmasked text frame, as a server sends it. Nobody writes into it. */
  readonly bytes: Buffer;
  /** Position of a reader before and after it. */
  readonly prevSeq: number;
  readonly seq: number;
}

/** First byte of a final text frame, without compression. */
const FINAL_TEXT = 0x81;
/** A packet of engine.io (4, message) with one of socket.io (2, event) in it. */
const EVENT = '42';

/** The frame of a socket.io event whose one argument is this JSON text. */
export function encodeEvent(event: string, json: string): Buffer {
  const text = `${EVENT}["${event}",${json}]`;
  const length = Buffer.byteLength(text);
  const headerLength = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  const bytes = Buffer.allocUnsafe(headerLength + length);
  bytes[0] = FINAL_TEXT;
  if (headerLength === 2) {
    bytes[1] = length;
  } else if (headerLength === 4) {
    bytes[1] = 126;
    bytes.writeUInt16BE(length, 2);
  } else {
    bytes[1] = 127;
    bytes.writeBigUInt64BE(BigInt(length), 2);
  }
  bytes.write(text, headerLength);
  return bytes;
}

/** What {@link encodeEvent} was given; for transports that carry no WebSocket frames. */
export function decodeEvent(bytes: Buffer): { readonly event: string; readonly payload: unknown } {
  const headerLength = bytes[1]! < 126 ? 2 : bytes[1] === 126 ? 4 : 10;
  const [event, payload] = JSON.parse(bytes.toString('utf8', headerLength + EVENT.length)) as [string, unknown];
  return { event, payload };
}

export interface FrameHead {
  /** `"channel":"book","symbol":"BTC-USD","depth":10` */
  readonly name: string;
  readonly epoch: string;
  readonly prevSeq: number;
  readonly seq: number;
  /** ISO 8601. */
  readonly time: string;
}

export interface FrameBody {
  readonly type: 'snapshot' | 'delta' | 'heartbeat';
  /** JSON text; absent in a heartbeat. */
  readonly data?: string;
  readonly flagged?: boolean;
  readonly checksum?: number | undefined;
  readonly conflated?: number;
  readonly tradeId?: string | undefined;
}

export function encodeFrame({ name, epoch, prevSeq, seq, time }: FrameHead, body: FrameBody): Frame {
  const { type, data, flagged, checksum, conflated, tradeId } = body;
  let json = `{${name},"epoch":"${epoch}","seq":${seq},"prevSeq":${prevSeq},"type":"${type}","time":"${time}"`;
  if (flagged === true) json += ',"flagged":true';
  if (checksum !== undefined) json += `,"checksum":${checksum}`;
  if (conflated !== undefined && conflated > 1) json += `,"conflated":${conflated}`;
  if (tradeId !== undefined) json += `,"trade_id":"${tradeId}"`;
  if (data !== undefined) json += `,"data":${data}`;
  return { bytes: encodeEvent('frame', `${json}}`), prevSeq, seq };
}
