import type { AccountId, LimitConfig, Micros, TradingState } from '../../schemas/generated/records.ts';
import type { MarketPort, ViewPort } from '../ports.ts';
import type { OperatorOrders } from './operator-orders.ts';

/** Who orders, in the records. */
const REQUESTED_BY = 'lag policy';
const EVERYBODY = 0 as AccountId;
const HALTED_BECAUSE = /^settlement is \d+ s behind; was ([a-z_]+)$/;
const THROTTLED_BECAUSE = /^settlement is \d+ s behind; was (\d+) a second$/;
/** States in which orders can still trade or come in: what is closed or halted already stays as it is. */
const RUNNING: ReadonlySet<TradingState> = new Set(['trading', 'limit_only', 'post_only', 'auction']);

export interface LagBounds {
  /** Settlement further behind than this: fewer orders. 0: never. */
  readonly throttleAboveMs: number;
  /** Further than this: no market runs. 0: never. */
  readonly haltAboveMs: number;
  /** Back to normal below this. */
  readonly recoverBelowMs: number;
  /** Orders a second and account while throttled. */
  readonly throttledOrdersPerSecond: number;
}

export type LagState = 'watching' | 'calm' | 'throttled' | 'halted';

/**
 * Keeps trading from running away from settlement: throttles, then halts, and takes both back, each by records of the
 * control log. What it did is written in the reasons of those records, so that a process which starts later takes back
 * what this one did, and never lifts what a person ordered.
 *
 * It watches until settlement has kept up once: the first hours of a data directory are not a lag.
 */
export class LagPolicy {
  readonly #bounds: LagBounds;
  readonly #orders: OperatorOrders;
  readonly #views: Pick<ViewPort, 'markets' | 'limitsOf'>;
  #watching = true;
  #stepping = false;

  constructor(bounds: LagBounds, orders: OperatorOrders, views: Pick<ViewPort, 'markets' | 'limitsOf'>) {
    this.#bounds = bounds;
    this.#orders = orders;
    this.#views = views;
  }

  get state(): LagState {
    if (this.#haltedByUs().length > 0) return 'halted';
    if (this.#throttle() !== undefined) return 'throttled';
    return this.#watching ? 'watching' : 'calm';
  }

  /** Does what this lag asks for; rejects with `Overloaded` where it was not taken, and the next step tries again. */
  async step(lagMs: number): Promise<void> {
    if (this.#stepping) return;
    this.#stepping = true;
    try {
      await this.#step(lagMs);
    } finally {
      this.#stepping = false;
    }
  }

  async #step(lagMs: number): Promise<void> {
    const { throttleAboveMs, haltAboveMs, recoverBelowMs } = this.#bounds;
    // Never above what it recovers from: it would come and go.
    if (lagMs < Math.min(recoverBelowMs, throttleAboveMs || recoverBelowMs, haltAboveMs || recoverBelowMs)) {
      this.#watching = false;
      await this.#recover();
      return;
    }
    // What an earlier process did is kept up without having seen better times.
    if (this.#watching && this.state === 'watching') return;
    if (throttleAboveMs > 0 && lagMs > throttleAboveMs) await this.#throttleAll(lagMs);
    if (haltAboveMs > 0 && lagMs > haltAboveMs) await this.#haltAll(lagMs);
  }

  async #throttleAll(lagMs: number): Promise<void> {
    const limits = this.#views.limitsOf(EVERYBODY);
    if (!limits || this.#throttle() !== undefined) return;
    const { throttledOrdersPerSecond } = this.#bounds;
    const { openOrders, ordersPerSecond } = limits;
    if (ordersPerSecond !== 0 && ordersPerSecond <= throttledOrdersPerSecond) return;
    await this.#orders.setLimits(
      EVERYBODY,
      { openOrders, ordersPerSecond: throttledOrdersPerSecond },
      { requestedBy: REQUESTED_BY, reason: `${behind(lagMs)}; was ${ordersPerSecond} a second` },
    );
  }

  async #haltAll(lagMs: number): Promise<void> {
    for (const { config, state } of [...this.#views.markets.values()]) {
      if (!RUNNING.has(state)) continue;
      await this.#orders.setMarketState({ symbol: config.symbol }, 'halted', 0 as Micros, {
        requestedBy: REQUESTED_BY,
        reason: `${behind(lagMs)}; was ${state}`,
      });
    }
  }

  async #recover(): Promise<void> {
    const because = { requestedBy: REQUESTED_BY, reason: 'settlement keeps up again' };
    for (const { config, stateReason } of this.#haltedByUs()) {
      const before = HALTED_BECAUSE.exec(stateReason)![1] as TradingState;
      // The halt lay over an auction, which shows again when it is lifted.
      const mode = before === 'auction' ? 'trading' : before;
      await this.#orders.setMarketState({ symbol: config.symbol }, mode, 0 as Micros, because);
    }
    const throttle = this.#throttle();
    if (throttle === undefined) return;
    const ordersPerSecond = Number(THROTTLED_BECAUSE.exec(throttle.reason)![1]);
    await this.#orders.setLimits(EVERYBODY, { openOrders: throttle.openOrders, ordersPerSecond }, because);
  }

  #haltedByUs(): MarketPort[] {
    return [...this.#views.markets.values()].filter(
      ({ state, stateReason }) => state === 'halted' && HALTED_BECAUSE.test(stateReason),
    );
  }

  #throttle(): LimitConfig | undefined {
    const limits = this.#views.limitsOf(EVERYBODY);
    return limits?.requestedBy === REQUESTED_BY && THROTTLED_BECAUSE.test(limits.reason) ? limits : undefined;
  }
}

function behind(lagMs: number): string {
  return `settlement is ${Math.floor(lagMs / 1000)} s behind`;
}
