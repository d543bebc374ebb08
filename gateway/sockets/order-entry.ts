/** Orders of a socket: a message of up to twenty, judged one by one and answered together, each with a result of its own. */
import type {
  AccountId,
  Amend,
  AnyRecord,
  Cancel,
  OrderId,
  RejectReason,
  Sequence,
  SymbolId,
} from '../../schemas/generated/records.ts';
import type { OrderResultPayload, SocketErrorPayload } from '../../schemas/socket-payloads.ts';
import { orderItem } from '../../schemas/socket-requests.ts';
import { mayUse, type Principal } from '../identity/principal.ts';
import type { Limiter } from '../limits/limiter.ts';
import type { GatewayCommand, GatewayParts, Submitted } from '../ports.ts';
import { type Refusal, RequestRefused } from '../rest/errors.ts';
import type { AskedOrder, Explanation } from '../rest/explain-reject.ts';
import { orderNameShape } from '../rest/field-shapes.ts';
import { amendOf, cancelAllOf, explainOrder, placeOf } from '../rest/order-commands.ts';
import { amendBody, cancelAllQuery, checked, nothing, placeBody } from '../rest/request-shapes.ts';
import { answerOf } from '../rest/submit-command.ts';
import type { MarketText } from './market-text.ts';

/** How long a cancel that was asked for at the end of a socket is tried again while intake is full. */
const CANCEL_PATIENCE_MS = 30_000;
const CANCEL_RETRY_MS = 100;

export interface OrderEntryParts {
  readonly gateway: Pick<GatewayParts, 'commands' | 'views' | 'clock' | 'commandExpiryMicros' | 'newId'>;
  readonly limiter: Limiter | undefined;
  readonly textOf: (symbol: number) => MarketText;
  readonly after: (delayMs: number, callback: () => void) => () => void;
  readonly failed: (error: unknown) => void;
}

/** An item as a command, and how its answer is read. */
interface Asked {
  readonly command: GatewayCommand;
  readonly explain: (reason: RejectReason) => Explanation;
}

export class OrderEntry {
  readonly #parts: OrderEntryParts;
  /** Messages taken and not answered. */
  #inFlight = 0;
  #closed = false;
  #idle: (() => void)[] = [];

  constructor(parts: OrderEntryParts) {
    this.#parts = parts;
  }

  /** Throws {@link RequestRefused} for the whole message only where none of it was looked at. */
  async take(principal: Principal, items: readonly unknown[]): Promise<OrderResultPayload[]> {
    if (this.#closed)
      throw new RequestRefused({ code: 'unavailable', message: 'The gateway stops; nothing was taken.' });
    const results: (OrderResultPayload | undefined)[] = [];
    const asked: Asked[] = [];
    const places: number[] = [];
    const symbols = new Map<string, SymbolId>();
    this.#charge(principal, items);
    for (const [index, item] of items.entries()) {
      try {
        const one = this.#read(item, principal, symbols);
        asked.push(one);
        places.push(index);
      } catch (error) {
        if (!(error instanceof RequestRefused)) throw error;
        results[index] = { ok: false, error: errorOf(error.refusal) };
      }
    }
    const submitted = asked.length === 0 ? [] : await this.#submit(asked.map(({ command }) => command));
    for (const [at, one] of asked.entries()) {
      results[places[at]!] = this.#result(one, submitted === undefined ? null : submitted[at], principal.account);
    }
    return results as OrderResultPayload[];
  }

  /** Cancels every open order of an account because its socket ended; tries again while intake is full. */
  cancelAfterEnd(account: AccountId): void {
    const { gateway, failed } = this.#parts;
    const untilMicros = gateway.clock.nowMicros() + CANCEL_PATIENCE_MS * 1000;
    this.#begin();
    const attempt = (): void => {
      const command = { ...cancelAllOf(undefined, { account }, gateway), reason: 'disconnect' } as const;
      gateway.commands.submit(command, null).then(
        () => this.#done(),
        (error: Error) => {
          if (error.name === 'Overloaded' && gateway.clock.nowMicros() < untilMicros) {
            this.#parts.after(CANCEL_RETRY_MS, attempt);
            return;
          }
          failed(error);
          this.#done();
        },
      );
    };
    attempt();
  }

  /** Takes nothing new; resolves once everything taken is answered, or after `timeoutMs`. */
  close(timeoutMs: number): Promise<void> {
    this.#closed = true;
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => {
      this.#idle.push(resolve);
      this.#parts.after(timeoutMs, resolve);
    });
  }

  /** Cancels are counted and never refused; a message with anything else in it is an order message as a whole. */
  #charge(principal: Principal, items: readonly unknown[]): void {
    const { limiter } = this.#parts;
    if (!limiter) return;
    let orders = 0;
    for (const item of items) {
      const { op } = (item ?? {}) as { readonly op?: unknown };
      if (op !== 'cancel' && op !== 'cancel_all') orders++;
    }
    if (orders < items.length) limiter.take(principal, 'cancel', items.length - orders);
    if (orders === 0) return;
    const { ok, retryAfterMs } = limiter.take(principal, 'order', orders);
    if (ok) return;
    const message = 'Orders come faster than this credential may send them; nothing of this message was taken.';
    throw new RequestRefused({ code: 'rate_limited', message, retryAfterMs });
  }

  #read(item: unknown, principal: Principal, symbols: Map<string, SymbolId>): Asked {
    const { gateway } = this.#parts;
    const op = (item as { readonly op?: unknown } | null)?.op;
    if (typeof op !== 'string' || !OPS.has(op)) checked(orderItem, item);
    if (!mayUse(principal, 'trade')) {
      throw new RequestRefused({
        code: 'forbidden',
        message: 'This credential may not do that: it needs the scope trade.',
        field: 'authorization',
        allowed: 'a credential with the scope trade',
      });
    }
    const { op: _, ...fields } = item as { readonly [field: string]: unknown };
    // Not the principal: a signature of the handshake says nothing of a command that comes later.
    const by = { account: principal.account };
    switch (op) {
      case 'place': {
        const command = placeOf(checked(placeBody, fields), by, gateway);
        symbols.set(command.clientOrderId, command.symbol);
        const asked: AskedOrder = { ...fields, client_order_id: command.clientOrderId };
        return { command, explain: explainOrder(command, asked, by, gateway) };
      }
      case 'amend': {
        const { order: given, ...to } = fields;
        const named = checked(orderNameShape, given, 'order');
        const body = checked(amendBody, to);
        const order = gateway.views.account(principal.account).order(named);
        if (order) {
          const command = amendOf(body, order, by, gateway);
          return { command, explain: explainOrder(command, { side: order.side, ...body }, by, gateway, order) };
        }
        // It may have been placed by an item before: then the exchange knows it by the time this one is judged.
        const clientOrderId = named.clientOrderId ?? '';
        const symbol = symbols.get(clientOrderId);
        if (symbol === undefined) throw unknownOrder(given);
        const command: Amend = { ...amendOf(body, { symbol, orderId: 0 }, by, gateway), clientOrderId };
        return { command, explain: explainOrder(command, body, by, gateway) };
      }
      case 'cancel': {
        const { order: given, ...rest } = fields;
        const named = checked(orderNameShape, given, 'order');
        checked(nothing, rest);
        // The exchange knows its orders by either name: looking one up here would only cost time.
        const command: Cancel = {
          type: 'cancel',
          symbol: 0 as SymbolId,
          seq: 0 as Sequence,
          account: principal.account,
          orderId: (named.orderId ?? 0) as OrderId,
          clientOrderId: named.clientOrderId ?? '',
          validUntil: cancelAllOf(undefined, by, gateway).validUntil,
        };
        const explain = (reason: RejectReason): Explanation =>
          explainOrder(command, {}, by, gateway, gateway.views.account(principal.account).order(named))(reason);
        return { command, explain };
      }
      default: {
        const command = cancelAllOf(checked(cancelAllQuery, fields).symbol, by, gateway);
        return { command, explain: explainOrder(command, {}, by, gateway) };
      }
    }
  }

  /** Undefined: the answer did not come in time. */
  async #submit(commands: readonly GatewayCommand[]): Promise<readonly (Submitted | undefined)[] | undefined> {
    this.#begin();
    try {
      return await this.#parts.gateway.commands.submitBatch(commands, null);
    } catch (error) {
      if ((error as Error).name === 'AnswerLate') return undefined;
      if ((error as Error).name === 'Overloaded') return commands.map(() => undefined);
      throw error;
    } finally {
      this.#done();
    }
  }

  #result(
    { command, explain }: Asked,
    submitted: Submitted | undefined | null,
    account: AccountId,
  ): OrderResultPayload {
    if (submitted === null) {
      const message = 'The command was taken, and its end is not known yet; ask again with the same client order id.';
      return { ok: false, error: { code: 'answer_late', message } };
    }
    const answered = answerOf(submitted, account, explain);
    if ('code' in answered) return { ok: false, error: errorOf(answered) };
    const { own, sequence, duplicate } = answered;
    if (command.type === 'cancel_all') {
      const cancelled = own.filter((record) => record.type === 'release' && record.openLots === 0).length;
      return { ok: true, cancelled, sequence, duplicate };
    }
    const orderId = orderIdOf(command, own);
    const order = this.#parts.gateway.views.account(account).order({ orderId });
    const client = command.type === 'place' ? command.clientOrderId : '';
    if (!order) {
      return { ok: true, order_id: String(orderId), client_order_id: client, status: 'ended', sequence, duplicate };
    }
    const text = this.#parts.textOf(order.symbol);
    const open = order.status === 'open' ? Math.max(order.quantityLots - order.executedLots, 0) : 0;
    return {
      ok: true,
      order_id: String(orderId),
      client_order_id: order.clientOrderId,
      status: order.status as 'open',
      ...(order.reason === '' ? {} : { reason: order.reason }),
      executed: text.quantity(order.executedLots),
      executed_quote: text.quote(order.executedQuote),
      open: text.quantity(open),
      sequence,
      duplicate,
    };
  }

  #begin(): void {
    this.#inFlight++;
  }

  #done(): void {
    this.#inFlight--;
    if (this.#inFlight > 0) return;
    for (const resolve of this.#idle.splice(0)) resolve();
  }
}

const OPS: ReadonlySet<string> = new Set(['place', 'amend', 'cancel', 'cancel_all']);

/** The error of an acknowledgement, in the words of REST. */
export function errorOf({ code, message, field, given, allowed, sequence, retryAfterMs }: Refusal): SocketErrorPayload {
  return {
    code,
    message,
    ...(field === undefined ? {} : { field }),
    ...(given === undefined ? {} : { given }),
    ...(allowed === undefined ? {} : { allowed }),
    ...(sequence === undefined ? {} : { sequence }),
    ...(retryAfterMs === undefined ? {} : { retry_after_ms: retryAfterMs }),
  };
}

function orderIdOf(command: GatewayCommand, own: readonly AnyRecord[]): number {
  if ('orderId' in command && command.orderId > 0) return command.orderId;
  // The first of them is the order's own; later ones may be of orders of this account that it met.
  const told = own.find(
    (record) =>
      record.type === 'hold' ||
      record.type === 'repeated' ||
      record.type === 'release' ||
      record.type === 'order_amended' ||
      record.type === 'fill',
  );
  return told !== undefined && 'orderId' in told ? told.orderId : 0;
}

/** Foreign and missing look alike. */
function unknownOrder(given: unknown): RequestRefused {
  return new RequestRefused({ code: 'unknown_order', message: 'There is no such order.', field: 'order', given });
}
