import { assert } from '../../schemas/assert.ts';
import type { RejectReason, TradingState } from '../../schemas/generated/records.ts';
import type { StateReader, StateWriter } from '../accounts/state-bytes.ts';

const MODES: readonly TradingState[] = ['trading', 'limit_only', 'post_only', 'cancel_only'];

/** What of an order decides whether a state lets it in. */
export interface OrderKind {
  readonly market: boolean;
  /** IOC or FOK. */
  readonly immediate: boolean;
  readonly postOnly: boolean;
  /** It would take on arrival. */
  readonly crosses: boolean;
}

/**
 * The conditions that hold for a symbol, kept apart so that lifting one does not lift another: opening a closed market
 * does not end its halt. The outermost is the state that everybody sees: delisted, closed, halted, auction, then the mode.
 */
export class TradingConditions {
  #delisted = false;
  #closed = false;
  #halted = false;
  #auction = false;
  #mode: TradingState = 'trading';
  /** Micros of log time at which a halt ends by itself; 0: it does not. */
  #haltedUntil = 0;

  get state(): TradingState {
    if (this.#delisted) return 'delisted';
    if (this.#closed) return 'closed';
    if (this.#halted) return 'halted';
    return this.#auction ? 'auction' : this.#mode;
  }

  get collecting(): boolean {
    return this.#auction;
  }

  /** End of a timed pause, 0 where there is none. */
  get until(): number {
    return this.state === 'halted' ? this.#haltedUntil : 0;
  }

  /** A condition comes to hold, or, where a mode is given, the outermost condition is lifted and the mode is set. */
  set(state: TradingState, until: number): void {
    switch (state) {
      case 'delisted':
        this.#delisted = true;
        return;
      case 'closed':
        this.#closed = true;
        return;
      case 'halted':
        this.#halted = true;
        this.#haltedUntil = until;
        return;
      case 'auction':
        this.#auction = true;
        return;
      default:
        this.#lift();
        this.#mode = state;
    }
  }

  endAuction(): void {
    this.#auction = false;
  }

  /** Ends a timed halt that is over. True: it did. */
  endPause(nowMicros: number): boolean {
    if (!this.#halted || this.#haltedUntil === 0 || nowMicros < this.#haltedUntil) return false;
    this.#halted = false;
    this.#haltedUntil = 0;
    return true;
  }

  /** Why a new order is refused now; undefined: it is not. */
  refusesOrder({ market, immediate, postOnly, crosses }: OrderKind): RejectReason | undefined {
    switch (this.state) {
      case 'delisted':
        return 'market_delisted';
      case 'closed':
        return 'market_closed';
      case 'halted':
        return 'market_halted';
      case 'auction':
        return market || immediate || postOnly ? 'auction_only_limit' : undefined;
      case 'cancel_only':
        return 'cancel_only';
      case 'post_only':
        return market || immediate || (crosses && !postOnly) ? 'post_only' : undefined;
      case 'limit_only':
        return market ? 'limit_only' : undefined;
      case 'trading':
        return undefined;
    }
  }

  /** Why an amend is refused now; undefined: it is not. */
  refusesAmend(crosses: boolean): RejectReason | undefined {
    switch (this.state) {
      case 'delisted':
        return 'market_delisted';
      case 'closed':
        return 'market_closed';
      case 'halted':
        return 'market_halted';
      case 'cancel_only':
        return 'cancel_only';
      case 'post_only':
        return crosses ? 'post_only' : undefined;
      default:
        return undefined;
    }
  }

  write(writer: StateWriter): void {
    const flags = [this.#delisted, this.#closed, this.#halted, this.#auction];
    writer.integer(flags.reduce((bits, flag, index) => bits | (flag ? 1 << index : 0), 0));
    writer.integer(MODES.indexOf(this.#mode));
    writer.number(this.#haltedUntil);
  }

  read(reader: StateReader): void {
    const bits = reader.integer();
    this.#delisted = (bits & 1) !== 0;
    this.#closed = (bits & 2) !== 0;
    this.#halted = (bits & 4) !== 0;
    this.#auction = (bits & 8) !== 0;
    const mode = MODES[reader.integer()];
    assert(mode !== undefined, 'a snapshot names a trading mode that does not exist');
    this.#mode = mode;
    this.#haltedUntil = reader.number();
  }

  #lift(): void {
    if (this.#delisted) this.#delisted = false;
    else if (this.#closed) this.#closed = false;
    else {
      this.#halted = false;
      this.#haltedUntil = 0;
    }
  }
}
