/** What a reader's transport must do, whichever it is: a WebSocket, or memory in a simulation. */
import type { ClosingPayload } from '../../schemas/socket-payloads.ts';

export interface Wire {
  /** Takes whole frames, in order. False: it is full now, and `onRoom` will be called. */
  write(frames: readonly Buffer[]): boolean;
  /** Bytes taken that the peer's machine has not. */
  readonly pendingBytes: number;
  onRoom(listener: () => void): void;
  /** Says why, and ends within a second, whether the peer reads that or not. Nothing is written after it. */
  end(closing: ClosingPayload): void;
  /** Ends at once and lets go of all that waits. */
  terminate(): void;
}

/** Time, and being called later; a simulation brings its own. */
export interface SocketTimers {
  nowMs(): number;
  /** The answer takes it back. */
  after(delayMs: number, callback: () => void): () => void;
}

export const systemTimers: SocketTimers = {
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    timer.unref();
    return () => clearTimeout(timer);
  },
};
