import type { AccountId, AnyRecord } from '../../schemas/generated/records.ts';
import type { PrivateChannel } from '../../schemas/socket-requests.ts';
import { orderPayload } from '../rest/payloads.ts';
import { type AccountEvent, AccountText, isAccountRecord } from './account-text.ts';
import { EventLog } from './event-log.ts';
import { EventView, type EventViewParts } from './event-view.ts';
import type { ChannelParts } from './market-channels.ts';
import type { MarketText } from './market-text.ts';
import { olderAccountEvents } from './older-events.ts';

/** Events kept of an account that is read, for readers that come back. */
const EVENTS_KEPT = 2048;
const FILLS_SHOWN = 100;
/** How long an account without readers is kept going. */
const WARM_MS = 120_000;

export interface AccountChannelParts extends ChannelParts {
  readonly textOf: (symbol: number) => MarketText;
}

/** The private channels of one account, from the moment that somebody reads one of them. */
export class AccountChannels {
  readonly orders: EventView<AccountEvent>;
  readonly fills: EventView<AccountEvent>;
  readonly balances: EventView<AccountEvent>;
  readonly #log: EventLog<AccountEvent>;
  readonly #account: AccountId;
  readonly #parts: AccountChannelParts;
  readonly #text: AccountText;
  #readAtMs: number;

  constructor(account: AccountId, parts: AccountChannelParts, nowMicros: number) {
    this.#account = account;
    this.#parts = parts;
    this.#text = new AccountText(parts.views, parts.textOf);
    this.#log = new EventLog(parts.views.account(account).seq, nowMicros, EVENTS_KEPT);
    this.#readAtMs = parts.timers.nowMs();
    const view = (
      channel: PrivateChannel,
      render: EventViewParts<AccountEvent>['render'],
      snapshot: () => unknown,
    ): EventView<AccountEvent> => {
      const { epoch, timers, history, views, reached, gaveUp, failed } = parts;
      return new EventView<AccountEvent>({
        name: `"channel":"${channel}"`,
        id: channel,
        epoch,
        log: this.#log,
        timers,
        render,
        snapshot: () => JSON.stringify(snapshot()),
        older: history && (() => olderAccountEvents(history, account, views, reached())),
        gaveUp,
        failed,
      });
    };
    this.orders = view(
      'orders',
      (event) => this.#text.orderEvent(event),
      () => this.#openOrders(),
    );
    this.fills = view(
      'fills',
      (event) => this.#text.fill(event),
      () => this.#lastFills(),
    );
    this.balances = view(
      'balances',
      (event) => this.#text.balanceEvent(event),
      () => this.#balancesNow(),
    );
  }

  hear(record: AnyRecord, timeMicros: number): void {
    if (isAccountRecord(record)) this.#log.add({ seq: record.seq, timeMicros, record });
    else this.#log.hear(record.seq, timeMicros);
  }

  flush(): void {
    this.orders.flush();
    this.fills.flush();
    this.balances.flush();
  }

  heartbeat(idleMs: number): void {
    this.orders.heartbeat(idleMs);
    this.fills.heartbeat(idleMs);
    this.balances.heartbeat(idleMs);
  }

  /** Nobody read it for so long that it may go: who comes back then is led from history. */
  get cold(): boolean {
    const nowMs = this.#parts.timers.nowMs();
    if (this.orders.readers + this.fills.readers + this.balances.readers > 0) this.#readAtMs = nowMs;
    return nowMs - this.#readAtMs > WARM_MS;
  }

  #openOrders() {
    const { views } = this.#parts;
    return views
      .account(this.#account)
      .openOrders()
      .map((order) => orderPayload(order, views));
  }

  #lastFills() {
    const fills = this.#parts.views.account(this.#account).fills?.(FILLS_SHOWN) ?? [];
    return [...fills].reverse().map((fill) => this.#text.rememberedFill(fill));
  }

  #balancesNow() {
    const { views } = this.#parts;
    const { balances } = views.account(this.#account);
    return [...views.assets.values()].map((asset) => {
      const { available, hold } = balances.get(asset.asset) ?? { available: 0, hold: 0 };
      return this.#text.balance(asset, available, hold);
    });
  }
}
