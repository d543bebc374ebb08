import type { FramePayload } from '../../schemas/socket-payloads.ts';
import type { SubscribeRequest } from '../../schemas/socket-requests.ts';
import type { ClientError } from './errors.ts';
import type { ClientOutside } from './outside.ts';
import type { Feed, FeedListener, GapNotice } from './types.ts';

/** An answer to a subscription takes no longer; then it is asked again. */
const ANSWER_MS = 15_000;
/** Heartbeats come every 5 s: after such a silence the channel is asked again. */
const SILENCE_MS = 16_000;
const RETRY_MS = 1_000;

export interface FeedLink {
  readonly open: boolean;
  /** The acknowledgement, or undefined. */
  request(event: string, payload: unknown): Promise<unknown>;
}

export type SnapshotFrame = Extract<FramePayload, { type: 'snapshot' }>;
export type DeltaFrame = Extract<FramePayload, { type: 'delta' }>;

type Subscribe = Omit<SubscribeRequest, 'epoch' | 'seq'>;

/**
 * The rule by which no message is lost unseen: a frame counts if it follows on where the feed stands; one that the feed
 * has is dropped; anything else is a gap, and the feed asks for what came after its place. What comes in the meantime
 * does not follow on and is dropped by the same rule. Invariant: the state is that of the server at (`epoch`, `seq`).
 */
export abstract class FeedCore<Change> implements Feed<Change> {
  readonly id: string;
  live = false;
  epoch = '';
  seq = 0;
  time = '';
  refused: ClientError | undefined;
  readonly #subscribe: Subscribe;
  readonly #link: FeedLink;
  readonly #outside: ClientOutside;
  readonly #gone: (feed: { readonly id: string }) => void;
  readonly #listeners = new Set<FeedListener<Change>>();
  /** No frame was taken yet, or what was is not to be continued. */
  #fresh = true;
  /** Which try to subscribe this is, so that the answer to an older one says nothing. */
  #attempt = 0;
  #waiting = false;
  #gap: { readonly because: GapNotice['because']; readonly fromSeq: number } | undefined;
  #cancelTimer: () => void = () => {};
  #closed = false;
  #heardAtMs = 0;

  constructor(
    id: string,
    subscribe: Subscribe,
    link: FeedLink,
    outside: ClientOutside,
    gone: (feed: { readonly id: string }) => void,
  ) {
    this.id = id;
    this.#subscribe = subscribe;
    this.#link = link;
    this.#outside = outside;
    this.#gone = gone;
  }

  /** Puts the state of the server in place of the feed's own. */
  protected abstract restart(frame: SnapshotFrame): Change;
  /** False: the frame does not lead where it says it leads; then the state is not to be trusted. */
  protected abstract apply(frame: DeltaFrame): { readonly change: Change } | false;
  /** Events told by a frame, for a notice of how many came late. */
  protected abstract count(frame: DeltaFrame): number;

  on(listener: FeedListener<Change>): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  ready(): Promise<boolean> {
    if (this.live || this.refused !== undefined) return Promise.resolve(this.live);
    return new Promise((resolve) => {
      const stop = this.on({
        live: (live) => live && settle(true),
        refused: () => settle(false),
      });
      const settle = (live: boolean): void => {
        stop();
        resolve(live);
      };
    });
  }

  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimer();
    this.#setLive(false);
    this.#gone(this);
    if (this.#link.open) void this.#link.request('unsubscribe', { id: this.id });
  }

  /** The connection is there: asks for what came since. */
  connected(): void {
    this.#ask();
  }

  disconnected(): void {
    this.#attempt++;
    this.#waiting = false;
    this.#cancelTimer();
    this.#setLive(false);
  }

  /** The gateway ended the subscription by itself; it is asked again. */
  dropped(): void {
    this.#setLive(false);
    this.#attempt++;
    this.#askIn(RETRY_MS);
  }

  take(frame: FramePayload): void {
    if (this.#closed) return;
    this.#heardAtMs = this.#outside.nowMs();
    if (frame.type === 'snapshot') {
      this.#takeSnapshot(frame);
    } else if (this.#fresh) {
      // Of an older subscription: the snapshot is on its way.
    } else if (frame.epoch !== this.epoch) {
      if (!this.#waiting) this.#missed('epoch');
    } else if (frame.type === 'heartbeat') {
      if (frame.seq === this.seq) this.#caughtUp(0);
      else if (frame.seq > this.seq && !this.#waiting) this.#missed('missed');
    } else if (frame.seq > this.seq) {
      if (frame.prevSeq === this.seq) this.#takeDelta(frame);
      else if (!this.#waiting) this.#missed('missed');
    }
  }

  #takeSnapshot(frame: SnapshotFrame): void {
    if (!this.#fresh) {
      // Whoever stands somewhere gets a snapshot only where what lay between is lost: another one is a repeat.
      if (!frame.flagged) return;
      if (!this.#waiting && frame.epoch === this.epoch && frame.seq <= this.seq) return;
    }
    const restarted = this.epoch !== '';
    const fromSeq = this.#gap?.fromSeq ?? this.seq;
    const because = this.#gap?.because ?? (frame.epoch === this.epoch ? 'missed' : 'epoch');
    const change = this.restart(frame);
    this.#fresh = false;
    this.#moveTo(frame);
    if (restarted) this.#notice({ because, outcome: 'restarted', fromSeq, toSeq: frame.seq, messages: 0 });
    this.#gap = undefined;
    this.#emit(change);
    this.#caughtUp(0);
  }

  #takeDelta(frame: DeltaFrame): void {
    const applied = this.apply(frame);
    if (!applied) {
      this.#fresh = true;
      this.#missed('checksum');
      return;
    }
    this.#moveTo(frame);
    this.#emit(applied.change);
    this.#caughtUp(this.count(frame));
  }

  #moveTo({ epoch, seq, time }: SnapshotFrame | DeltaFrame): void {
    this.epoch = epoch;
    this.seq = seq;
    this.time = time;
  }

  #caughtUp(messages: number): void {
    const gap = this.#gap;
    this.#gap = undefined;
    if (gap) this.#notice({ ...gap, outcome: 'resumed', toSeq: this.seq, messages });
    this.#waiting = false;
    this.#watch();
    this.#setLive(true);
  }

  #missed(because: GapNotice['because']): void {
    this.#gap = { because, fromSeq: this.seq };
    this.#setLive(false);
    this.#ask();
  }

  #ask(): void {
    if (this.#closed || !this.#link.open) return;
    this.#waiting = true;
    const attempt = ++this.#attempt;
    this.#cancelTimer();
    this.#cancelTimer = this.#outside.after(ANSWER_MS, () => this.#ask());
    const from = this.#fresh ? {} : { epoch: this.epoch, seq: this.seq };
    void this.#link.request('subscribe', { ...this.#subscribe, ...from }).then((ack) => {
      if (attempt !== this.#attempt || this.#closed) return;
      const told = ack as
        | { readonly ok: true }
        | {
            readonly ok: false;
            readonly error: { readonly code: string; readonly message: string; readonly retry_after_ms?: number };
          }
        | undefined;
      if (told === undefined) {
        if (this.#waiting) this.#askIn(RETRY_MS);
        return;
      }
      if (told.ok) return;
      const { code, message, retry_after_ms } = told.error;
      const soon = code === 'unavailable' || code === 'rate_limited' || code === 'internal' || code === 'overloaded';
      if (soon) {
        this.#askIn(retry_after_ms ?? RETRY_MS);
        return;
      }
      this.#cancelTimer();
      this.#waiting = false;
      this.refused = { kind: 'refused', code, message };
      for (const { refused } of this.#listeners) refused?.(this.refused);
    });
  }

  #askIn(delayMs: number): void {
    this.#cancelTimer();
    const jitter = 1 + this.#outside.random();
    this.#cancelTimer = this.#outside.after(delayMs * jitter, () => this.#ask());
  }

  /** A channel that is silent has lost its heartbeats as well. */
  #watch(): void {
    this.#cancelTimer();
    this.#cancelTimer = this.#outside.after(SILENCE_MS, () => {
      if (this.#outside.nowMs() - this.#heardAtMs < SILENCE_MS - 1) this.#watch();
      else this.#missed('missed');
    });
  }

  #setLive(live: boolean): void {
    if (live) this.refused = undefined;
    if (this.live === live) return;
    this.live = live;
    for (const listener of [...this.#listeners]) listener.live?.(live);
  }

  #emit(change: Change): void {
    for (const listener of [...this.#listeners]) listener.changed?.(change);
  }

  #notice(gap: GapNotice): void {
    for (const listener of [...this.#listeners]) listener.gap?.(gap);
  }
}
