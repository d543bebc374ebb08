/** Which client order ids and transfer ids the naive exchange remembers, and what it answered. */
import type { Place, RejectReason } from '../../../schemas/generated/records.ts';

interface RememberedOrder {
  readonly orderId: number;
  readonly content: string;
  readonly validUntil: number;
  open: boolean;
}

export class NaiveOrderIds {
  private entries: { readonly account: number; readonly id: string; readonly order: RememberedOrder }[] = [];

  /** Entries whose order is open or whose command could still come again. */
  private alive(timeMicros: number): typeof this.entries {
    return this.entries.filter(({ order }) => order.open || order.validUntil >= timeMicros);
  }

  find(account: number, id: string, timeMicros: number): RememberedOrder | undefined {
    return this.alive(timeMicros).find((entry) => entry.account === account && entry.id === id)?.order;
  }

  count(timeMicros: number): number {
    return this.alive(timeMicros).length;
  }

  add(place: Place, orderId: number, validUntil: number, timeMicros: number): void {
    this.entries = this.alive(timeMicros);
    const order = { orderId, content: contentOf(place), validUntil, open: true };
    this.entries.push({ account: place.account, id: place.clientOrderId, order });
  }

  forget(orderId: number): void {
    this.entries = this.entries.filter(({ order }) => order.orderId !== orderId);
  }

  close(orderId: number): void {
    for (const { order } of this.entries) if (order.orderId === orderId) order.open = false;
  }

  /** Whether an order of this account is still remembered, by its id. */
  knows(account: number, orderId: number, timeMicros: number): boolean {
    return this.alive(timeMicros).some((entry) => entry.account === account && entry.order.orderId === orderId);
  }
}

/** Everything a place says but how long it is valid. */
export function contentOf(place: Place): string {
  const { validUntil: _, ...content } = place;
  return JSON.stringify(content);
}

export class NaiveTransferIds {
  private readonly outcomes = new Map<string, { readonly content: string; outcome: RejectReason | null }>();

  find(
    kind: string,
    account: number,
    id: string,
  ): { readonly content: string; outcome: RejectReason | null } | undefined {
    return this.outcomes.get(`${kind}/${account}/${id}`);
  }

  add(kind: string, account: number, id: string, content: string): { outcome: RejectReason | null } {
    const entry = { content, outcome: null };
    this.outcomes.set(`${kind}/${account}/${id}`, entry);
    return entry;
  }
}
