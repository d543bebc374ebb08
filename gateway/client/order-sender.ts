import type { AckOf, OrderResultPayload } from '../../schemas/socket-payloads.ts';
import type { OrderItem } from '../../schemas/socket-requests.ts';
import { type ClientError, failed, ok, type Result } from './errors.ts';
import type { CancelAllOutcome, OrderOutcome } from './types.ts';

/** What the gateway takes in one message. */
const ITEMS_MAX = 20;

export type Outcome = OrderOutcome | CancelAllOutcome;

export interface SenderLink {
  readonly open: boolean;
  request(event: string, payload: unknown): Promise<unknown>;
}

interface Waiting {
  readonly item: OrderItem;
  readonly resolve: (result: Result<Outcome>) => void;
}

/** Commands of one turn of the event loop in one message, each with a promise of its own. */
export class OrderSender {
  readonly #link: SenderLink;
  #waiting: Waiting[] = [];

  constructor(link: SenderLink) {
    this.#link = link;
  }

  send(item: OrderItem): Promise<Result<Outcome>> {
    return new Promise((resolve) => {
      this.#waiting.push({ item, resolve });
      if (this.#waiting.length === 1) queueMicrotask(() => this.#flush());
      else if (this.#waiting.length === ITEMS_MAX) this.#flush();
    });
  }

  async batch(items: readonly OrderItem[]): Promise<readonly Result<Outcome>[]> {
    if (!this.#link.open) return items.map(() => failed(OFFLINE));
    const ack = (await this.#link.request('orders', { items })) as AckOf<'orders'> | undefined;
    if (ack === undefined) return items.map(() => failed(UNKNOWN));
    if (!ack.ok) return items.map(() => failed(refusal(ack.error)));
    return items.map((_, index) => resultOf(ack.results[index]));
  }

  #flush(): void {
    const waiting = this.#waiting;
    if (waiting.length === 0) return;
    this.#waiting = [];
    void this.batch(waiting.map(({ item }) => item)).then((results) => {
      for (const [index, { resolve }] of waiting.entries()) resolve(results[index]!);
    });
  }
}

const OFFLINE: ClientError = { kind: 'offline', message: 'There is no connection; nothing was sent.' };
const UNKNOWN: ClientError = {
  kind: 'unknown',
  message: 'No answer came: it may or may not have happened. Ask again with the same client order id.',
};

/** An error body of the API. */
export interface ErrorTold {
  readonly code: string;
  readonly message: string;
  readonly field?: string | undefined;
  readonly given?: unknown;
  readonly allowed?: string | undefined;
  readonly retry_after_ms?: number | undefined;
}

export function refusal({ code, message, field, given, allowed, retry_after_ms }: ErrorTold): ClientError {
  // Taken, and its end was not read in time: the one code that does not mean that nothing happened.
  if (code === 'answer_late' || code === 'internal') return { kind: 'unknown', message };
  return {
    kind: 'refused',
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(given === undefined ? {} : { given }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(retry_after_ms === undefined ? {} : { retryAfterMs: retry_after_ms }),
  };
}

function resultOf(told: OrderResultPayload | undefined): Result<Outcome> {
  if (told === undefined) return failed(UNKNOWN);
  if (!told.ok) return failed(refusal(told.error));
  const sequence = Number(told.sequence);
  if (told.cancelled !== undefined) return ok({ cancelled: told.cancelled, sequence });
  return ok({
    orderId: told.order_id ?? '',
    clientOrderId: told.client_order_id ?? '',
    status: told.status ?? 'ended',
    reason: told.reason,
    executed: told.executed ?? '0',
    executedQuote: told.executed_quote ?? '0',
    open: told.open ?? '0',
    sequence,
    duplicate: told.duplicate,
  });
}
