import type { ClosingReason } from '../../schemas/socket-payloads.ts';
import type { Principal } from '../identity/principal.ts';
import type { Frame } from './frame.ts';
import type { Wire } from './wire.ts';

/** What may wait for a reader; more of it ends the reader. */
export interface QueueBounds {
  readonly packets: number;
  readonly bytes: number;
}

/** A channel as one reader gets it. */
export interface Subscription {
  readonly id: string;
  readonly reader: Reader;
  readonly view: View;
  /** Where the reader stands by what was given to its wire or queue; -1 before the first frame. */
  seq: number;
  /** `live`: gets every frame of the view. `behind`: the wire was full, and what it missed is merged when there is room. `catching`: is being led to the present one by one. */
  state: 'live' | 'behind' | 'catching';
}

/** A channel with one content for all its readers. */
export interface View {
  readonly id: string;
  leave(subscription: Subscription): void;
  /** One frame that leads a reader which fell behind to the present; undefined: nothing is missing. */
  bridge?(subscription: Subscription): Frame | undefined;
}

export interface ReaderWatcher {
  /** Something waits to be flushed. */
  filled(reader: Reader): void;
  ended(reader: Reader, reason: ClosingReason | 'gone'): void;
}

const messages: { readonly [R in ClosingReason]: string } = {
  shutdown: 'The gateway stops; connect again in a moment.',
  too_slow: 'Messages that may not be left out came faster than they were read; connect again and resume.',
  expired: 'The credential expired.',
  revoked: 'The credential was revoked.',
  flooding: 'Messages came faster than this gateway takes them.',
  overloaded: 'The gateway has no room; connect again in a moment.',
};

/**
 * One connection. A frame goes out at once while the wire has room. While it has none, frames of channels that may be
 * merged are left out, and made good by one merged frame; the others wait in a bounded queue, whose overflow ends the
 * reader, and nobody else. Invariant: what waits never exceeds the bounds of the queue, beside what the wire itself holds.
 */
export class Reader {
  readonly wire: Wire;
  readonly address: string;
  /** Undefined: nobody is logged in, and public channels are all there is. */
  principal: Principal | undefined;
  cancelOnDisconnect = false;
  readonly subscriptions = new Map<string, Subscription>();
  ended = false;
  #full = false;
  /** Frames of this beat, written together. */
  #batch: Buffer[] = [];
  #queue: Buffer[] = [];
  #queuedBytes = 0;
  #waiting: (() => void)[] = [];
  readonly #watcher: ReaderWatcher;
  readonly #bounds: QueueBounds;

  constructor(
    wire: Wire,
    principal: Principal | undefined,
    address: string,
    watcher: ReaderWatcher,
    bounds: QueueBounds,
  ) {
    this.wire = wire;
    this.principal = principal;
    this.address = address;
    this.#watcher = watcher;
    this.#bounds = bounds;
    wire.onRoom(() => this.#room());
  }

  /** Whether frames go out as they come. */
  get flowing(): boolean {
    return !this.#full && this.#queue.length === 0;
  }

  get queuedBytes(): number {
    return this.#queuedBytes;
  }

  /** Gives a frame that may be left out where there is no room; then the subscription is behind. */
  offer(subscription: Subscription, frame: Frame): void {
    if (this.ended) return;
    if (this.#full || this.#queue.length > 0) {
      subscription.state = 'behind';
      return;
    }
    subscription.seq = frame.seq;
    this.#add(frame.bytes);
  }

  /** Gives a frame that must arrive. */
  push(subscription: Subscription | undefined, frame: Pick<Frame, 'bytes' | 'seq'>): void {
    if (this.ended) return;
    if (subscription) subscription.seq = frame.seq;
    if (!this.#full && this.#queue.length === 0) {
      this.#add(frame.bytes);
      return;
    }
    this.#queue.push(frame.bytes);
    this.#queuedBytes += frame.bytes.length;
    const { packets, bytes } = this.#bounds;
    if (this.#queue.length > packets || this.#queuedBytes > bytes) this.end('too_slow');
  }

  /** Writes what this beat gave. */
  flush(): void {
    const batch = this.#batch;
    if (batch.length === 0 || this.ended) return;
    this.#batch = [];
    if (!this.wire.write(batch)) this.#full = true;
  }

  /** Resolves once nothing waits any more, or the reader ended. */
  room(): Promise<void> {
    this.flush();
    if (this.ended || this.flowing) return Promise.resolve();
    return new Promise((resolve) => this.#waiting.push(resolve));
  }

  /** Says why, where it can still be said, and ends. */
  end(reason: ClosingReason, retryAfterMs?: number): void {
    if (this.ended) return;
    this.#let(reason);
    this.wire.end({
      reason,
      message: messages[reason],
      ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
    });
  }

  /** The peer is gone. */
  gone(): void {
    if (this.ended) return;
    this.#let('gone');
    this.wire.terminate();
  }

  #add(bytes: Buffer): void {
    if (this.#batch.length === 0) this.#watcher.filled(this);
    this.#batch.push(bytes);
  }

  #let(reason: ClosingReason | 'gone'): void {
    this.ended = true;
    this.#batch = [];
    this.#queue = [];
    this.#queuedBytes = 0;
    for (const subscription of this.subscriptions.values()) subscription.view.leave(subscription);
    this.subscriptions.clear();
    this.#wake();
    this.#watcher.ended(this, reason);
  }

  #wake(): void {
    const waiting = this.#waiting;
    this.#waiting = [];
    for (const resolve of waiting) resolve();
  }

  #room(): void {
    if (this.ended) return;
    this.#full = false;
    let written = 0;
    while (!this.#full && written < this.#queue.length) {
      const frame = this.#queue[written++]!;
      this.#queuedBytes -= frame.length;
      this.#full = !this.wire.write([frame]);
    }
    if (written > 0) this.#queue.splice(0, written);
    if (this.#queue.length > 0) return;
    for (const subscription of this.subscriptions.values()) {
      if (this.#full) return;
      if (subscription.state !== 'behind') continue;
      subscription.state = 'live';
      const frame = subscription.view.bridge!(subscription);
      if (!frame) continue;
      subscription.seq = frame.seq;
      this.#full = !this.wire.write([frame.bytes]);
    }
    if (!this.#full) this.#wake();
  }
}
