/** How far what is shown can be trusted: the connection, its delay, and every gap that was met. */
import type { ConnectionState, GapNotice } from '../../client/types.ts';
import { lasting } from '../format/instants.ts';
import { Store } from '../stores/store.ts';

export interface SeenGap extends GapNotice {
  readonly channel: string;
  readonly atMs: number;
}

export type Standing =
  | { readonly kind: 'connecting'; readonly words: string }
  | { readonly kind: 'live'; readonly words: string }
  | { readonly kind: 'behind'; readonly words: string }
  | { readonly kind: 'resuming'; readonly words: string }
  | { readonly kind: 'offline'; readonly words: string };

const GAPS_KEPT = 50;
/** Messages this old when they come are called late. */
const BEHIND_MS = 3_000;

export class ConnectionStore extends Store {
  state: ConnectionState = { phase: 'connecting', attempt: 1 };
  /** Of the selected symbol's book; 0 before its first frame. */
  seq = 0;
  /** Feeds that are subscribed and not up to date. */
  readonly #stale = new Set<string>();
  readonly gaps: SeenGap[] = [];
  offlineSinceMs: number | undefined;
  #everOpen = false;
  closing: string | undefined;
  /** Age of the newest message when it came, by the gateway's clock. */
  delayMs = 0;

  setState(state: ConnectionState): void {
    this.state = state;
    if (state.phase === 'open') {
      this.#everOpen = true;
      this.offlineSinceMs = undefined;
      this.closing = undefined;
    } else {
      this.offlineSinceMs ??= Date.now();
    }
    this.changed();
  }

  setLive(channel: string, live: boolean): void {
    if (live ? this.#stale.delete(channel) : !this.#stale.has(channel) && this.#stale.add(channel)) this.changed();
  }

  forget(channel: string): void {
    if (this.#stale.delete(channel)) this.changed();
  }

  /** A frame of the book came. */
  heard(seq: number, time: string): void {
    this.seq = seq;
    const ahead = this.state.phase === 'open' ? (this.state.clockAheadMs ?? 0) : 0;
    this.delayMs = time === '' ? 0 : Math.max(0, Date.now() + ahead - Date.parse(time));
    this.changed();
  }

  gap(channel: string, notice: GapNotice): void {
    this.gaps.push({ ...notice, channel, atMs: Date.now() });
    if (this.gaps.length > GAPS_KEPT) this.gaps.shift();
    this.changed();
  }

  /** Nothing is missing and nothing is old. */
  get live(): boolean {
    return this.standing.kind === 'live';
  }

  get standing(): Standing {
    if (this.state.phase === 'closed') return { kind: 'offline', words: `closed: ${this.state.because}` };
    if (this.state.phase !== 'open') {
      if (!this.#everOpen) return { kind: 'connecting', words: 'connecting' };
      const since = lasting(Date.now() - (this.offlineSinceMs ?? Date.now()));
      return { kind: 'offline', words: `offline for ${since}` };
    }
    if (this.#stale.size > 0) return { kind: 'resuming', words: `resuming ${this.#stale.size} feeds` };
    if (this.delayMs > BEHIND_MS) return { kind: 'behind', words: `${lasting(this.delayMs)} behind` };
    return { kind: 'live', words: 'live' };
  }
}
