import type { Socket as NetSocket } from 'node:net';
import type { ClosingPayload } from '../../schemas/socket-payloads.ts';
import { encodeEvent } from './frame.ts';
import type { Wire } from './wire.ts';

/** How long a reader may take to read why it is closed. */
const LAST_WORD_MS = 1_000;

/** What is used of a WebSocket of `ws`, with the stream below it, which is not of its published surface. */
export interface Transport {
  readonly _socket: NetSocket;
  close(code: number, reason: string): void;
  terminate(): void;
}

/**
 * A WebSocket written to below its library: a frame that was encoded once goes to the stream as it is. Allowed since no
 * extension is negotiated, so that the library never holds half a frame back.
 */
export class WebSocketWire implements Wire {
  readonly #transport: Transport;
  readonly #stream: NetSocket;
  #ended = false;

  constructor(transport: Transport) {
    this.#transport = transport;
    this.#stream = transport._socket;
  }

  get pendingBytes(): number {
    return this.#stream.writableLength;
  }

  write(frames: readonly Buffer[]): boolean {
    const stream = this.#stream;
    if (this.#ended || stream.destroyed) return true;
    if (frames.length === 1) return stream.write(frames[0]!);
    stream.cork();
    for (const frame of frames) stream.write(frame);
    stream.uncork();
    return !stream.writableNeedDrain;
  }

  onRoom(listener: () => void): void {
    this.#stream.on('drain', listener);
  }

  end(closing: ClosingPayload): void {
    if (this.#ended) return;
    if (!this.#stream.destroyed) this.#stream.write(encodeEvent('closing', JSON.stringify(closing)));
    this.#ended = true;
    this.#transport.close(1001, closing.reason);
    setTimeout(() => this.#transport.terminate(), LAST_WORD_MS).unref();
  }

  terminate(): void {
    this.#ended = true;
    this.#transport.terminate();
  }
}
