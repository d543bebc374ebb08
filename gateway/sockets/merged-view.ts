import { instantOfMicros } from '../rest/instants.ts';
import { encodeFrame, type Frame, type FrameBody } from './frame.ts';
import type { Subscription, View } from './reader.ts';
import type { SocketTimers } from './wire.ts';

/** Deltas kept, for readers that fell behind or come back. */
const KEPT_MAX = 256;
const KEPT_MS = 30_000;
/** How long a view without readers is kept going, so that whoever comes back finds its deltas. */
const WARM_MS = 60_000;
/** How long a reader that was further than this gateway is kept waiting. */
const PATIENCE_MS = 5_000;

/** What a channel shows at one moment. */
export interface Shown<S> {
  readonly seq: number;
  readonly timeMicros: number;
  readonly state: S;
}

/** Where a merged channel gets its content from. */
export interface MergedSource<S, D> {
  /** Undefined: nothing is newer than `seq`; asked again at the next beat. The `seq` of the answer grows with every change. */
  read(seq: number): Shown<S> | undefined;
  /** What leads from one state to the next; undefined: they look the same. */
  difference(from: S, to: S): D | undefined;
  /** One delta with the effect of all of them, in order. */
  merge(deltas: readonly D[]): D;
  /** JSON. */
  snapshotData(state: S): string;
  deltaData(delta: D): string;
  checksum?(state: S): number;
  /** Whether something waits that is not to wait for the end of a period. */
  urgent?(): boolean;
}

export interface MergedViewParts<S, D> {
  readonly name: string;
  readonly id: string;
  readonly epoch: string;
  readonly source: MergedSource<S, D>;
  readonly timers: SocketTimers;
  /** Between two looks at the source. */
  readonly periodMs: number;
}

interface Kept<D> {
  readonly frame: Frame;
  readonly delta: D;
  readonly atMs: number;
}

/**
 * A channel of which only the newest state counts: at most one delta a period. A reader that fell behind, or comes back,
 * gets one delta merged of those it missed; where they are no longer known, a flagged snapshot. Invariant: a live
 * subscription stands at the `seq` of what is shown.
 */
export class MergedView<S, D> implements View {
  readonly id: string;
  readonly #parts: MergedViewParts<S, D>;
  readonly #readers = new Set<Subscription>();
  #shown: Shown<S> | undefined;
  /** Up to where the source was read: nothing else was to be shown since `#shown`. */
  #readSeq = -1;
  #kept: Kept<D>[] = [];
  /** By where they begin; they all lead to what is shown. */
  readonly #bridges = new Map<number, Frame>();
  #snapshot: Frame | undefined;
  #flagged: Frame | undefined;
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  #sentAtMs: number;
  #leftAtMs: number;
  /** Readers that know of a later state than this gateway, or came before there was any: since when, and whether they lose something. */
  readonly #ahead = new Map<Subscription, { readonly sinceMs: number; readonly flagged: boolean }>();

  constructor(parts: MergedViewParts<S, D>) {
    this.id = parts.id;
    this.#parts = parts;
    this.#sentAtMs = parts.timers.nowMs();
    this.#leftAtMs = this.#sentAtMs;
  }

  get readers(): number {
    return this.#readers.size;
  }

  /** Nobody read it for so long that it may go. */
  get cold(): boolean {
    return this.#readers.size === 0 && this.#parts.timers.nowMs() - this.#leftAtMs > WARM_MS;
  }

  join(subscription: Subscription, resume: { readonly epoch: string; readonly seq: number } | undefined): void {
    if (this.#shown === undefined) this.#look();
    this.#readers.add(subscription);
    const shown = this.#shown;
    if (resume !== undefined && resume.epoch === this.#parts.epoch) subscription.seq = resume.seq;
    if (shown === undefined || (subscription.seq > shown.seq && resume !== undefined)) {
      subscription.state = 'catching';
      this.#ahead.set(subscription, { sinceMs: this.#parts.timers.nowMs(), flagged: resume !== undefined });
      return;
    }
    if (subscription.seq === shown.seq) {
      subscription.reader.push(subscription, this.#frame(shown.seq, { type: 'heartbeat' }));
      return;
    }
    subscription.reader.push(subscription, this.#lead(subscription.seq, resume !== undefined));
  }

  leave(subscription: Subscription): void {
    this.#readers.delete(subscription);
    this.#ahead.delete(subscription);
    if (this.#readers.size === 0) this.#leftAtMs = this.#parts.timers.nowMs();
  }

  bridge(subscription: Subscription): Frame | undefined {
    if (this.#shown === undefined || subscription.seq === this.#shown.seq) return undefined;
    return this.#lead(subscription.seq, true);
  }

  /** Looks at the source where a period is over. */
  beat(): void {
    const nowMs = this.#parts.timers.nowMs();
    if (this.#parts.source.urgent?.() !== true && nowMs - this.#lookedAtMs < this.#parts.periodMs - 1) return;
    this.#lookedAtMs = nowMs;
    const from = this.#shown;
    const delta = this.#look();
    const shown = this.#shown;
    if (shown === undefined) return;
    if (delta !== undefined) {
      const prevSeq = from!.seq;
      const body: FrameBody = { type: 'delta', data: this.#parts.source.deltaData(delta) };
      const frame = this.#frame(prevSeq, body);
      this.#kept.push({ frame, delta, atMs: nowMs });
      while (this.#kept.length > KEPT_MAX || nowMs - this.#kept[0]!.atMs > KEPT_MS) this.#kept.shift();
      this.#sentAtMs = nowMs;
      for (const subscription of this.#readers) {
        if (subscription.state === 'live') subscription.reader.offer(subscription, frame);
      }
    }
    this.#admitAhead(nowMs);
  }

  heartbeat(idleMs: number): void {
    const nowMs = this.#parts.timers.nowMs();
    if (this.#readers.size === 0 || this.#shown === undefined || nowMs - this.#sentAtMs < idleMs) return;
    this.#sentAtMs = nowMs;
    const frame = this.#frame(this.#shown.seq, { type: 'heartbeat' });
    for (const subscription of this.#readers) {
      if (subscription.state === 'live') subscription.reader.offer(subscription, frame);
    }
  }

  /** Takes the newest state; answers with what changed, where there was a state before. */
  #look(): D | undefined {
    const { source } = this.#parts;
    const next = source.read(this.#readSeq);
    if (next === undefined) return undefined;
    this.#readSeq = next.seq;
    const before = this.#shown;
    const delta = before === undefined ? undefined : source.difference(before.state, next.state);
    if (before !== undefined && delta === undefined) return undefined;
    this.#shown = next;
    this.#snapshot = undefined;
    this.#flagged = undefined;
    this.#bridges.clear();
    return delta;
  }

  #admitAhead(nowMs: number): void {
    const shown = this.#shown!;
    for (const [subscription, { sinceMs, flagged }] of this.#ahead) {
      if (subscription.seq > shown.seq && nowMs - sinceMs < PATIENCE_MS) continue;
      this.#ahead.delete(subscription);
      subscription.state = 'live';
      if (subscription.seq === shown.seq) {
        subscription.reader.push(subscription, this.#frame(shown.seq, { type: 'heartbeat' }));
        continue;
      }
      subscription.reader.push(subscription, this.#lead(subscription.seq, flagged));
    }
  }

  /** One frame from `seq` to what is shown. */
  #lead(seq: number, flagged: boolean): Frame {
    const { source } = this.#parts;
    const shown = this.#shown!;
    if (seq >= 0) {
      const known = this.#bridges.get(seq);
      if (known) return known;
      const first = this.#kept.findLastIndex(({ frame }) => frame.prevSeq === seq);
      if (first >= 0) {
        const missed = this.#kept.slice(first);
        const frame =
          missed.length === 1
            ? missed[0]!.frame
            : this.#frame(seq, {
                type: 'delta',
                data: source.deltaData(source.merge(missed.map(({ delta }) => delta))),
                conflated: missed.length,
              });
        this.#bridges.set(seq, frame);
        return frame;
      }
    }
    if (flagged) {
      this.#flagged ??= this.#frame(shown.seq, { type: 'snapshot', flagged, data: source.snapshotData(shown.state) });
      return this.#flagged;
    }
    this.#snapshot ??= this.#frame(shown.seq, { type: 'snapshot', data: source.snapshotData(shown.state) });
    return this.#snapshot;
  }

  #frame(prevSeq: number, body: FrameBody): Frame {
    const { name, epoch, source } = this.#parts;
    const { seq, timeMicros, state } = this.#shown!;
    const checksum = body.type === 'heartbeat' ? undefined : source.checksum?.(state);
    const head = { name, epoch, prevSeq, seq, time: instantOfMicros(timeMicros) };
    return encodeFrame(head, checksum === undefined ? body : { ...body, checksum });
  }
}
