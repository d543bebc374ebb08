import type { AccountEvent } from '../../schemas/logs.ts';

/** The system accounts. */
const OUTSIDE = 1;
const FEES = 2;
const CLEARING = 3;

/**
 * Balances that follow from the accounts log alone, as a ledger would book it: the second opinion on risk's state.
 * Nothing here knows how a hold is computed.
 */
export class BalancesByEvents {
  /** By `account/asset`: available, held. */
  readonly balances = new Map<string, { available: bigint; held: bigint }>();
  /** Held for each order, by order id; an order that holds nothing is not in here. */
  readonly heldByOrder = new Map<number, bigint>();
  /** By account: the number of its last event. */
  readonly sequences = new Map<number, number>();

  apply(event: AccountEvent): void {
    if ('account' in event && event.account !== 0) this.#countEvent(event.account, event.seq);
    switch (event.type) {
      case 'balance_change':
        this.#move(event.account, event.asset, event.amount, 0);
        this.#move(OUTSIDE, event.asset, -event.amount, 0);
        return;
      case 'hold':
        this.#move(event.account, event.asset, -event.amount, event.amount);
        this.#holdOf(event.orderId, event.amount);
        return;
      case 'release':
        this.#move(event.account, event.asset, event.amount, -event.amount);
        this.#holdOf(event.orderId, -event.amount);
        return;
      case 'rejected':
      case 'order_amended':
        if (event.released === 0) return;
        this.#move(event.account, event.asset, event.released, -event.released);
        this.#holdOf(event.orderId, -event.released);
        return;
      case 'fill': {
        const { account, baseAsset, quoteAsset, baseAmount, quoteAmount, fee, feeAsset, holdConsumed, released } =
          event;
        const buys = event.side === 'buy';
        this.#move(account, buys ? quoteAsset : baseAsset, released, -holdConsumed - released);
        this.#holdOf(event.orderId, -holdConsumed - released);
        const inHold = buys && feeAsset === quoteAsset ? fee : 0;
        const received = buys ? baseAmount : quoteAmount;
        this.#move(account, buys ? baseAsset : quoteAsset, received - (fee - inHold), 0);
        const paid = buys ? quoteAmount : baseAmount;
        if (holdConsumed !== paid + inHold) throw new Error(`a fill consumed ${holdConsumed}, not ${paid + inHold}`);
        this.#move(FEES, feeAsset, fee, 0);
        this.#move(CLEARING, quoteAsset, buys ? quoteAmount : -quoteAmount, 0);
        this.#move(CLEARING, baseAsset, buys ? -baseAmount : baseAmount, 0);
        return;
      }
    }
  }

  of(account: number, asset: number): { available: bigint; held: bigint } {
    return this.balances.get(`${account}/${asset}`) ?? { available: 0n, held: 0n };
  }

  #move(account: number, asset: number, available: number, held: number): void {
    const key = `${account}/${asset}`;
    const old = this.of(account, asset);
    const balance = { available: old.available + BigInt(available), held: old.held + BigInt(held) };
    if (account >= 100 && (balance.available < 0n || balance.held < 0n)) throw new Error(`${key} fell below zero`);
    this.balances.set(key, balance);
  }

  #holdOf(orderId: number, change: number): void {
    const held = (this.heldByOrder.get(orderId) ?? 0n) + BigInt(change);
    if (held < 0n) throw new Error(`order ${orderId} holds less than nothing`);
    if (held === 0n) this.heldByOrder.delete(orderId);
    else this.heldByOrder.set(orderId, held);
  }

  #countEvent(account: number, sequence: number): void {
    const last = this.sequences.get(account) ?? 0;
    if (sequence !== last + 1) throw new Error(`account ${account}: event ${sequence} follows ${last}`);
    this.sequences.set(account, sequence);
  }
}
