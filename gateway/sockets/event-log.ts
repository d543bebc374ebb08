/** An event of a symbol's or an account's sequence, as memory and history both give it. */
export interface Sequenced {
  readonly seq: number;
  readonly timeMicros: number;
}

/**
 * The newest events of one sequence. Invariant: every event of the sequence that belongs here and has a `seq` above
 * `from` and up to `heard` is in it.
 */
export class EventLog<E extends Sequenced> {
  /** Events up to here may be missing. */
  from: number;
  /** Nothing newer is known. */
  heard: number;
  timeMicros: number;
  readonly #most: number;
  #events: E[] = [];

  constructor(at: number, timeMicros: number, most: number) {
    this.from = at;
    this.heard = at;
    this.timeMicros = timeMicros;
    this.#most = most;
  }

  add(event: E): void {
    this.#events.push(event);
    this.hear(event.seq, event.timeMicros);
    if (this.#events.length < this.#most * 2) return;
    const cut = this.#events.length - this.#most;
    this.from = this.#events[cut - 1]!.seq;
    this.#events = this.#events.slice(cut);
  }

  /** A record of the sequence that is no event here. */
  hear(seq: number, timeMicros: number): void {
    if (seq > this.heard) this.heard = seq;
    if (timeMicros > this.timeMicros) this.timeMicros = timeMicros;
  }

  /** Those with a `seq` above `seq`, oldest first; `seq` is not below `from`. */
  after(seq: number): readonly E[] {
    const events = this.#events;
    let low = 0;
    let high = events.length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (events[middle]!.seq > seq) high = middle;
      else low = middle + 1;
    }
    return low === 0 ? events : events.slice(low);
  }

  /** The oldest that is here. */
  get oldest(): E | undefined {
    return this.#events[0];
  }
}
