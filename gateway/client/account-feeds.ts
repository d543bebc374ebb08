import type {
  BalanceEventPayload,
  BalancePayload,
  OrderEventPayload,
  OrderPayload,
} from '../../schemas/socket-payloads.ts';
import { addDecimals } from './decimals.ts';
import { type DeltaFrame, FeedCore, type SnapshotFrame } from './feed-core.ts';
import type { BalancesFeed, LocalBalance, OrderChange, OrdersFeed } from './types.ts';

/** Orders of the account: those that are open, and those that ended while somebody looked. */
export class LocalOrders extends FeedCore<readonly OrderChange[]> implements OrdersFeed {
  keep = 200;
  readonly #open = new Map<string, OrderPayload>();
  #ended: OrderPayload[] = [];

  get open(): readonly OrderPayload[] {
    return [...this.#open.values()];
  }

  get ended(): readonly OrderPayload[] {
    return this.#ended;
  }

  order(orderId: string): OrderPayload | undefined {
    return this.#open.get(orderId) ?? this.#ended.findLast(({ order_id }) => order_id === orderId);
  }

  protected override restart({ data }: SnapshotFrame): readonly OrderChange[] {
    this.#open.clear();
    const orders = data as readonly OrderPayload[];
    for (const order of orders) this.#open.set(order.order_id, order);
    return [{ kind: 'snapshot', orders }];
  }

  protected override apply({ data }: DeltaFrame): { readonly change: readonly OrderChange[] } {
    const events = data as readonly OrderEventPayload[];
    return { change: events.map((event) => ({ kind: 'event', event, order: this.#take(event) })) };
  }

  protected override count({ data }: DeltaFrame): number {
    return (data as readonly unknown[]).length;
  }

  #take(event: OrderEventPayload): OrderPayload | undefined {
    if (event.event === 'placed') return this.#place(event);
    const before = this.#open.get(event.order_id);
    if (!before) return undefined;
    const order = { ...before, updated_at: event.time };
    switch (event.event) {
      case 'amended':
        order.price = event.price;
        order.quantity = event.quantity;
        break;
      case 'filled':
        order.executed = event.executed;
        order.executed_quote = event.executed_quote;
        order.average_price = event.average_price;
        order.fee = addDecimals(before.fee, event.fee);
        order.fee_asset = event.fee_asset;
        if (/^0*\.?0*$/.test(event.open)) return this.#end({ ...order, status: 'filled' });
        break;
      case 'reduced':
        order.executed = event.executed;
        break;
      case 'cancelled':
        return this.#end({ ...order, executed: event.executed, status: 'cancelled', reason: event.reason });
      case 'rejected':
        if (event.command !== 'place') return before;
        return this.#end({ ...order, status: 'rejected', reason: event.reason });
    }
    this.#open.set(order.order_id, order);
    return order;
  }

  #place({ event: _, seq: __, time, ...terms }: Extract<OrderEventPayload, { event: 'placed' }>): OrderPayload {
    const order: OrderPayload = {
      ...terms,
      executed: '0',
      executed_quote: '0',
      average_price: null,
      fee: '0',
      fee_asset: null,
      status: 'open',
      reason: null,
      placed_at: time,
      updated_at: time,
    };
    this.#open.set(order.order_id, order);
    return order;
  }

  #end(order: OrderPayload): OrderPayload {
    this.#open.delete(order.order_id);
    this.#ended.push(order);
    if (this.#ended.length > this.keep) this.#ended = this.#ended.slice(-this.keep);
    return order;
  }
}

/** Balances of the account, by name of the asset. */
export class LocalBalances extends FeedCore<readonly BalanceEventPayload[]> implements BalancesFeed {
  readonly #balances = new Map<string, LocalBalance>();

  get balances(): ReadonlyMap<string, LocalBalance> {
    return this.#balances;
  }

  protected override restart({ data }: SnapshotFrame): readonly BalanceEventPayload[] {
    this.#balances.clear();
    for (const { asset, available, hold } of data as readonly BalancePayload[]) {
      this.#balances.set(asset, { asset, available, hold, total: addDecimals(available, hold) });
    }
    return [];
  }

  protected override apply({ data }: DeltaFrame): { readonly change: readonly BalanceEventPayload[] } {
    const events = data as readonly BalanceEventPayload[];
    for (const { changes } of events) {
      for (const change of changes) {
        const before = this.#balances.get(change.asset) ?? { available: '0', hold: '0' };
        const available = addDecimals(before.available, change.available);
        const hold = addDecimals(before.hold, change.hold);
        this.#balances.set(change.asset, { asset: change.asset, available, hold, total: addDecimals(available, hold) });
      }
    }
    return { change: events };
  }

  protected override count({ data }: DeltaFrame): number {
    return (data as readonly unknown[]).length;
  }
}
