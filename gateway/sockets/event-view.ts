import { instantOfMicros } from '../rest/instants.ts';
import type { EventLog, Sequenced } from './event-log.ts';
import { encodeFrame, type Frame, type FrameBody } from './frame.ts';
import type { Subscription, View } from './reader.ts';
import type { SocketTimers } from './wire.ts';

/** Events of one frame; more of them are cut into several. */
const EVENTS_PER_FRAME = 256;
/** How long a reader that resumes may wait for history, or for this gateway to reach where the reader is. */
const PATIENCE_MS = 30_000;
const RETRY_MS = 200;

/** Events older than memory, from `after` (without it) on, at most to `until`; `upTo` is how far the answer is whole. */
export interface OlderEvents<E> {
  readonly events: readonly E[];
  readonly upTo: number;
}

export interface EventViewParts<E extends Sequenced> {
  /** Of the frames, as JSON without braces; also the id of the subscription. */
  readonly name: string;
  readonly id: string;
  readonly epoch: string;
  readonly log: EventLog<E>;
  readonly timers: SocketTimers;
  /** JSON of an event; undefined: the event is none of this channel. */
  readonly render: (event: E) => string | undefined;
  /** JSON of a snapshot at the newest record heard. */
  readonly snapshot: () => string;
  /**
   * Undefined: nothing older is kept anywhere. Otherwise what is known now can be asked for: the answer rejects while the
   * store is away, says how far it is whole, and is asked again where that is not enough.
   */
  readonly older?: (() => (after: number, until: number) => Promise<OlderEvents<E>>) | undefined;
  readonly tradeId?: () => string | undefined;
  /** The reader waited in vain: it is told, and comes back. */
  readonly gaveUp: (subscription: Subscription) => void;
  readonly failed: (error: unknown) => void;
}

/**
 * A channel of events, none of which is ever merged or left out. Readers that are up to date share one frame. One that
 * resumes is led from where it stands, from memory or from what is older, until it is at the same place as the others.
 * Invariant: a live subscription stands at `#sent`.
 */
export class EventView<E extends Sequenced> implements View {
  readonly id: string;
  readonly #parts: EventViewParts<E>;
  readonly #readers = new Set<Subscription>();
  /** Where the live readers stand. */
  #sent: number;
  /** Looked through up to here: above `#sent` there was nothing of this channel. */
  #seen: number;
  #sentAtMs: number;
  #snapshot: Frame | undefined;

  constructor(parts: EventViewParts<E>) {
    this.id = parts.id;
    this.#parts = parts;
    this.#sent = parts.log.heard;
    this.#seen = parts.log.heard;
    this.#sentAtMs = parts.timers.nowMs();
  }

  get readers(): number {
    return this.#readers.size;
  }

  join(subscription: Subscription, resume: { readonly epoch: string; readonly seq: number } | undefined): void {
    this.flush();
    this.#readers.add(subscription);
    const { log, epoch } = this.#parts;
    if (resume === undefined || resume.epoch !== epoch || (resume.seq < log.from && !this.#parts.older)) {
      this.#giveSnapshot(subscription, resume !== undefined);
      return;
    }
    subscription.seq = resume.seq;
    if (resume.seq === this.#sent) {
      subscription.reader.push(subscription, this.#frame(this.#sent, this.#sent, { type: 'heartbeat' }));
      return;
    }
    subscription.state = 'catching';
    this.#lead(subscription).catch((error) => {
      this.#parts.failed(error);
      this.#giveUp(subscription);
    });
  }

  leave(subscription: Subscription): void {
    this.#readers.delete(subscription);
  }

  /** Sends what was heard since the last time. */
  flush(): void {
    const { log, render } = this.#parts;
    if (log.heard === this.#seen) return;
    const events = log.after(Math.max(this.#seen, log.from));
    this.#seen = log.heard;
    const batch: string[] = [];
    for (const event of events) {
      const json = render(event);
      if (json === undefined) continue;
      batch.push(json);
      if (batch.length === EVENTS_PER_FRAME) this.#send(batch.splice(0), event.seq);
    }
    if (batch.length > 0) this.#send(batch, log.heard);
    // Without an event the readers stand where they stood: the next frame tells of everything since.
  }

  /** Tells readers to which nothing was sent for a while where they should be. */
  heartbeat(idleMs: number): void {
    const nowMs = this.#parts.timers.nowMs();
    if (this.#readers.size === 0 || nowMs - this.#sentAtMs < idleMs) return;
    this.#sentAtMs = nowMs;
    const frame = this.#frame(this.#sent, this.#sent, { type: 'heartbeat', tradeId: this.#parts.tradeId?.() });
    for (const subscription of this.#readers) {
      if (subscription.state === 'live') subscription.reader.push(subscription, frame);
    }
  }

  #send(events: readonly string[], seq: number): void {
    this.#snapshot = undefined;
    const prevSeq = this.#sent;
    this.#sent = seq;
    if (this.#readers.size === 0) return;
    this.#sentAtMs = this.#parts.timers.nowMs();
    let frame: Frame | undefined;
    for (const subscription of this.#readers) {
      if (subscription.state !== 'live') continue;
      frame ??= this.#frame(prevSeq, seq, { type: 'delta', data: `[${events.join(',')}]` });
      subscription.reader.push(subscription, frame);
    }
  }

  #giveSnapshot(subscription: Subscription, flagged: boolean): void {
    const body: FrameBody = { type: 'snapshot', data: '' };
    if (flagged) {
      const data = this.#parts.snapshot();
      subscription.reader.push(subscription, this.#frame(this.#sent, this.#sent, { ...body, data, flagged }));
    } else {
      this.#snapshot ??= this.#frame(this.#sent, this.#sent, { ...body, data: this.#parts.snapshot() });
      subscription.reader.push(subscription, this.#snapshot);
    }
    subscription.state = 'live';
  }

  #frame(prevSeq: number, seq: number, body: FrameBody, timeMicros = this.#parts.log.timeMicros): Frame {
    const { name, epoch } = this.#parts;
    return encodeFrame({ name, epoch, prevSeq, seq, time: instantOfMicros(timeMicros) }, body);
  }

  /** Gives one reader what it misses, as fast as it reads, until it stands where the others are. */
  async #lead(subscription: Subscription): Promise<void> {
    const { log, older, timers } = this.#parts;
    const { reader } = subscription;
    let waitedMs = 0;
    let pager: ReturnType<NonNullable<typeof older>> | undefined;
    while (this.#readers.has(subscription)) {
      await reader.room();
      if (!this.#readers.has(subscription)) return;
      this.flush();
      // Another gateway cut the same sequence elsewhere: an empty frame brings everybody to one place.
      if (subscription.seq > this.#sent && this.#sent < this.#seen) this.#send([], this.#seen);
      if (subscription.seq === this.#sent) {
        subscription.state = 'live';
        return;
      }
      if (subscription.seq > log.heard) {
        // Another gateway was further: this one gets there, unless its log is another one.
        waitedMs += RETRY_MS;
        if (waitedMs > PATIENCE_MS) {
          this.#giveSnapshot(subscription, true);
          return;
        }
        await this.#wait(timers);
        continue;
      }
      if (subscription.seq >= log.from) {
        this.#give(subscription, log.after(subscription.seq), this.#sent);
        continue;
      }
      if (older === undefined) {
        this.#giveSnapshot(subscription, true);
        return;
      }
      pager ??= older();
      const page = await pager(subscription.seq, log.from).catch(() => undefined);
      if (!this.#readers.has(subscription)) return;
      if (page !== undefined && page.upTo > subscription.seq) {
        waitedMs = 0;
        pager = undefined;
        await this.#giveAll(subscription, page);
        continue;
      }
      waitedMs += RETRY_MS;
      if (waitedMs > PATIENCE_MS) {
        this.#giveUp(subscription);
        return;
      }
      await this.#wait(timers);
    }
  }

  /** One frame of the first of `events`; the last of them leads to `upTo`. */
  #give(subscription: Subscription, events: readonly E[], upTo: number): void {
    const data: string[] = [];
    let seq = upTo;
    let timeMicros = this.#parts.log.timeMicros;
    for (const event of events) {
      if (event.seq > upTo) break;
      const json = this.#parts.render(event);
      if (json === undefined) continue;
      data.push(json);
      if (data.length < EVENTS_PER_FRAME) continue;
      seq = event.seq;
      timeMicros = event.timeMicros;
      break;
    }
    const body: FrameBody = { type: 'delta', data: `[${data.join(',')}]` };
    subscription.reader.push(subscription, this.#frame(subscription.seq, seq, body, timeMicros));
    subscription.reader.flush();
  }

  async #giveAll(subscription: Subscription, { events, upTo }: OlderEvents<E>): Promise<void> {
    let left = events;
    while (subscription.seq < upTo && this.#readers.has(subscription)) {
      this.#give(subscription, left, upTo);
      left = left.filter(({ seq }) => seq > subscription.seq);
      await subscription.reader.room();
    }
  }

  #giveUp(subscription: Subscription): void {
    if (!this.#readers.delete(subscription)) return;
    this.#parts.gaveUp(subscription);
  }

  #wait(timers: SocketTimers): Promise<void> {
    return new Promise((resolve) => timers.after(RETRY_MS, resolve));
  }
}
