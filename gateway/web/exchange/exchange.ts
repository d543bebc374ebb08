/** Carries what the client hears into the stores, and what hands do to the client. There is one of it a tab. */
import type { FillPayload, OrderPayload } from '../../../schemas/socket-payloads.ts';
import { createClient } from '../../client/create-client.ts';
import type { ClientError, Result } from '../../client/errors.ts';
import type { Client, Credentials, Feed, GapNotice, OrderOutcome, PlaceRequest } from '../../client/types.ts';
import { grouped, withoutZeros } from '../format/numbers.ts';
import type { SymbolRules } from '../format/symbol-rules.ts';
import { notices } from '../shell/notices.ts';
import { settings } from '../stores/settings.ts';
import { Store } from '../stores/store.ts';
import { AccountStore } from './account.ts';
import { cancelWords } from './cancel-words.ts';
import { CandleStore } from './candles.ts';
import { ConnectionStore } from './connection.ts';
import { FeeStore } from './fees.ts';
import { BookStore, StatusStore, TapeStore } from './market.ts';
import { MarketsStore } from './markets.ts';
import { SessionStore } from './session.ts';

const BOOK_DEPTH = 500;
const TRADES_KEPT = 200;
const ORDERS_KEPT = 500;
const ENDED_ASKED = 200;
const SPARK_HOURS = 24;
const ASK_AGAIN_MS = 2_000;

class SelectedStore extends Store {
  rules: SymbolRules | undefined;

  set(rules: SymbolRules): void {
    this.rules = rules;
    this.changedNow();
  }
}

export class Exchange {
  readonly connection = new ConnectionStore();
  readonly session = new SessionStore();
  readonly markets = new MarketsStore();
  readonly selected = new SelectedStore();
  readonly book = new BookStore();
  readonly tape = new TapeStore();
  readonly status = new StatusStore();
  readonly candles: CandleStore;
  readonly account = new AccountStore();
  readonly fees = new FeeStore();
  client: Client;
  #ends: (() => void)[] = [];
  #marketEnds: (() => void)[] = [];

  constructor() {
    this.client = createClient({ url: location.origin });
    this.candles = new CandleStore(
      () => this.client,
      (channel, feed) => this.#watch(channel, feed),
      (channel) => this.connection.forget(channel),
    );
  }

  /** Opens everything anew, as this caller; undefined: as nobody. */
  open(credentials: Credentials | undefined): void {
    this.#endMarket();
    for (const end of this.#ends.splice(0)) end();
    this.client.close();
    this.client = createClient({ url: location.origin, ...(credentials ? { credentials } : {}) });
    const socket = this.client.socket();
    this.#ends.push(
      socket.onState((state) => this.connection.setState(state)),
      socket.onClosing(({ message }) => {
        this.connection.closing = message;
        this.connection.changed();
      }),
    );
    this.connection.setState(socket.state);
    if (credentials) this.#followAccount();
    else this.account.follow(undefined);
    void this.#askSymbols();
    void this.fees.ask(this.client, credentials !== undefined);
  }

  select(symbol: string): void {
    const row = this.markets.rows.get(symbol);
    if (!row) return;
    this.#endMarket();
    settings.set({ symbol });
    const { rules } = row;
    const socket = this.client.socket();
    this.tape.begin();
    this.status.set(undefined, '');
    this.selected.set(rules);

    const book = socket.book(symbol, { depth: BOOK_DEPTH });
    this.book.follow(book, rules);
    this.#follow('book', book, () => {
      this.book.changed();
      this.connection.heard(book.seq, book.time);
    });
    const trades = socket.trades(symbol, { keep: TRADES_KEPT });
    this.#follow(
      'trades',
      trades,
      (came) => this.tape.add(came),
      (gap) => this.tape.mark(gap, trades.time),
    );
    const status = socket.status(symbol);
    this.#follow('status', status, (now) => this.status.set(now, status.time));
    this.candles.follow(rules, settings.now.interval);
    this.#marketEnds.push(() => this.candles.end());
  }

  /** `client_order_id`: one an intention, so that a second click, or a second try, cannot buy twice. */
  async place(request: PlaceRequest & { readonly client_order_id: string }): Promise<Result<OrderOutcome>> {
    const key = request.client_order_id;
    const { symbol, price, quantity, side } = request;
    this.account.intend(key, { kind: 'place', order: key, symbol, price, quantity, side });
    const result = await this.client.socket().place(request);
    this.account.settled(key);
    return result;
  }

  async amend(
    order: OrderPayload,
    to: { readonly price?: string; readonly quantity?: string },
  ): Promise<Result<OrderOutcome>> {
    const key = `amend ${order.order_id}`;
    this.account.intend(key, { kind: 'amend', order: order.order_id, symbol: order.symbol, ...to });
    const result = await this.client.socket().amend(order.order_id, to);
    this.account.settled(key);
    if (!result.ok) notices.add('bad', 'Not amended', errorWords(result.error));
    return result;
  }

  async cancel(order: OrderPayload): Promise<void> {
    const key = `cancel ${order.order_id}`;
    this.account.intend(key, { kind: 'cancel', order: order.order_id, symbol: order.symbol });
    const result = await this.client.socket().cancel(order.order_id);
    this.account.settled(key);
    if (!result.ok) notices.add('bad', 'Not cancelled', errorWords(result.error));
  }

  async cancelAll(symbol: string | undefined): Promise<void> {
    const result = await this.client.socket().cancelAll(symbol);
    if (!result.ok) notices.add('bad', 'Not cancelled', errorWords(result.error));
    else notices.add('good', 'Cancelled', `${result.value.cancelled} orders${symbol ? ` of ${symbol}` : ''}`);
  }

  #followAccount(): void {
    const socket = this.client.socket();
    const orders = socket.orders({ keep: ORDERS_KEPT });
    const fills = socket.fills({ keep: ORDERS_KEPT });
    const balances = socket.balances();
    this.account.follow({ orders, fills, balances });
    void this.#askEnded();
    const changed = () => this.account.changed();
    let snapshot = true;
    this.#ends.push(
      this.#watch('orders', orders),
      this.#watch('fills', fills),
      this.#watch('balances', balances),
      orders.on({
        changed: (changes) => {
          changed();
          for (const change of changes) {
            if (change.kind === 'event' && change.event.event === 'cancelled' && change.order) {
              this.#tellCancel(change.order);
            }
          }
        },
      }),
      fills.on({
        changed: (came) => {
          changed();
          if (!snapshot) for (const fill of came) this.#tellFill(fill);
          snapshot = false;
        },
      }),
      balances.on({ changed }),
      () => orders.close(),
      () => fills.close(),
      () => balances.close(),
    );
  }

  async #askEnded(): Promise<void> {
    const client = this.client;
    const answer = await client.rest.request<{ readonly orders: readonly OrderPayload[] }>({
      method: 'GET',
      path: '/v1/orders',
      query: { status: 'ended', limit: ENDED_ASKED },
    });
    if (answer.ok && client === this.client) this.account.setEndedBefore(answer.value.orders);
  }

  /** One notice an order, which grows with its fills. */
  #tellFill(fill: FillPayload): void {
    const [base, quote] = fill.symbol.split('-');
    const rest = Number(fill.open) > 0 ? `, ${withoutZeros(grouped(fill.open))} still open` : ', all of it';
    notices.add(
      'fill',
      `${fill.side === 'buy' ? 'Bought' : 'Sold'} ${withoutZeros(grouped(fill.executed))} ${base}`,
      `at ${grouped(fill.price)} ${quote}${rest}`,
      `fills of ${fill.order_id}`,
    );
  }

  /** Somebody who cancels knows it; an end for another reason is told. */
  #tellCancel(order: OrderPayload): void {
    const reason = order.reason ?? '';
    if (reason === 'user' || reason === 'cancel_all' || reason === '') return;
    notices.add('info', `${order.side === 'buy' ? 'Buy' : 'Sell'} order ended`, cancelWords(reason));
  }

  /** Follows a feed of the selected market, until another one is selected. */
  #follow<Change>(
    channel: string,
    feed: Feed<Change>,
    changed: (change: Change) => void,
    gap?: (gap: GapNotice) => void,
  ): void {
    this.#marketEnds.push(
      this.#watch(channel, feed),
      feed.on({ changed, ...(gap ? { gap } : {}) }),
      () => feed.close(),
      () => this.connection.forget(channel),
    );
  }

  /** What a feed says of itself goes to the connection's store. */
  #watch<Change>(channel: string, feed: Feed<Change>): () => void {
    this.connection.setLive(channel, feed.live);
    const end = feed.on({
      live: (live) => this.connection.setLive(channel, live),
      gap: (gap) => this.connection.gap(channel, gap),
      refused: (error) => {
        this.connection.forget(channel);
        notices.add('bad', `No ${channel}`, errorWords(error));
      },
    });
    return () => {
      end();
      this.connection.forget(channel);
    };
  }

  #endMarket(): void {
    for (const end of this.#marketEnds.splice(0)) end();
  }

  async #askSymbols(): Promise<void> {
    const client = this.client;
    const answer = await client.rest.symbols();
    if (client !== this.client) return;
    if (!answer.ok) {
      this.markets.failed(errorWords(answer.error));
      setTimeout(() => client === this.client && void this.#askSymbols(), ASK_AGAIN_MS);
      return;
    }
    this.markets.setSymbols(answer.value.symbols);
    for (const { symbol } of answer.value.symbols) this.#followTicker(symbol);
    const wanted = settings.now.symbol;
    const first = [...this.markets.rows.keys()][0];
    const selected = this.markets.rows.has(wanted) ? wanted : first;
    if (selected) this.select(selected);
    for (const { symbol } of answer.value.symbols) await this.#askSpark(symbol);
  }

  #followTicker(symbol: string): void {
    const feed = this.client.socket().ticker(symbol);
    this.#ends.push(feed.on({ changed: (ticker) => this.markets.setTicker(symbol, ticker) }), () => feed.close());
    if (feed.ticker) this.markets.setTicker(symbol, feed.ticker);
  }

  async #askSpark(symbol: string): Promise<void> {
    const answer = await this.client.rest.candles(symbol, '1h', SPARK_HOURS);
    if (answer.ok)
      this.markets.setSpark(
        symbol,
        answer.value.candles.map(({ close }) => Number(close)),
      );
  }
}

/** An error in one sentence or two, in the API's words. */
export function errorWords(error: ClientError): string {
  if (error.kind === 'unknown') return `No answer came: it may or may not have happened. ${error.message}`;
  if (error.kind === 'offline') return `Not connected, and nothing was sent. ${error.message}`;
  return error.allowed === undefined || error.message.includes(error.allowed)
    ? error.message
    : `${error.message.replace(/\.$/, '')}. Allowed: ${error.allowed}.`;
}
