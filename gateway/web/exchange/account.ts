/** What belongs to the one who is signed in: orders, fills, balances, and what was asked and is not answered yet. */
import type { FillPayload, OrderPayload } from '../../../schemas/socket-payloads.ts';
import type { BalancesFeed, FillsFeed, LocalBalance, OrdersFeed } from '../../client/types.ts';
import { Store } from '../stores/store.ts';

/** A hand's intention until the exchange has answered. */
export interface Intention {
  readonly kind: 'place' | 'amend' | 'cancel';
  /** Order id, or for a place the client order id. */
  readonly order: string;
  readonly symbol: string;
  readonly price?: string | undefined;
  readonly quantity?: string | undefined;
  readonly side?: 'buy' | 'sell' | undefined;
}

export class AccountStore extends Store {
  #orders: OrdersFeed | undefined;
  #fills: FillsFeed | undefined;
  #balances: BalancesFeed | undefined;
  #endedBefore: readonly OrderPayload[] = [];
  readonly #intended = new Map<string, Intention>();
  accountId = '';

  follow(feeds: { orders: OrdersFeed; fills: FillsFeed; balances: BalancesFeed } | undefined): void {
    this.#orders = feeds?.orders;
    this.#fills = feeds?.fills;
    this.#balances = feeds?.balances;
    this.#intended.clear();
    this.#endedBefore = [];
    this.changedNow();
  }

  get there(): boolean {
    return this.#orders !== undefined && this.#orders.seq > 0;
  }

  get open(): readonly OrderPayload[] {
    return this.#orders?.open ?? [];
  }

  /** Oldest first: those of before this page was opened, then what ended since. */
  get ended(): readonly OrderPayload[] {
    const live = this.#orders?.ended ?? [];
    if (this.#endedBefore.length === 0) return live;
    const known = new Set(live.map(({ order_id }) => order_id));
    return [...this.#endedBefore.filter(({ order_id }) => !known.has(order_id)), ...live];
  }

  /** `orders`: newest first. */
  setEndedBefore(orders: readonly OrderPayload[]): void {
    this.#endedBefore = orders.toReversed();
    this.changed();
  }

  /** Newest last. */
  get fills(): readonly FillPayload[] {
    return this.#fills?.fills ?? [];
  }

  get balances(): ReadonlyMap<string, LocalBalance> {
    return this.#balances?.balances ?? new Map<string, LocalBalance>();
  }

  available(asset: string): string {
    return this.balances.get(asset)?.available ?? '0';
  }

  intend(key: string, intention: Intention): void {
    this.#intended.set(key, intention);
    this.changedNow();
  }

  settled(key: string): void {
    if (this.#intended.delete(key)) this.changedNow();
  }

  intentions(symbol?: string): Intention[] {
    return [...this.#intended.values()].filter((intention) => symbol === undefined || intention.symbol === symbol);
  }

  intentionOf(order: string): Intention | undefined {
    for (const intention of this.#intended.values()) if (intention.order === order) return intention;
    return undefined;
  }
}
