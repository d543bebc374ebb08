import type { ClosingPayload, FramePayload } from '../../schemas/socket-payloads.ts';
import type { BookDepth, OrderItem, SubscribeRequest } from '../../schemas/socket-requests.ts';
import { LocalBalances, LocalOrders } from './account-feeds.ts';
import type { Identity } from './credentials.ts';
import { failed, ok, type Result } from './errors.ts';
import type { FeedCore, FeedLink } from './feed-core.ts';
import { LocalBook } from './local-book.ts';
import { LocalCandles, LocalFills, LocalPipeline, LocalStatus, LocalTicker, LocalTrades } from './market-feeds.ts';
import { type ErrorTold, OrderSender, type Outcome, refusal } from './order-sender.ts';
import type { ClientOutside, Link } from './outside.ts';
import type {
  AmendRequest,
  BalancesFeed,
  BookFeed,
  CancelAllOutcome,
  CandlesFeed,
  ConnectionState,
  ExchangeSocket,
  FillsFeed,
  OrderOutcome,
  OrdersFeed,
  PipelineFeed,
  PlaceRequest,
  StatusFeed,
  TickerFeed,
  TradesFeed,
} from './types.ts';

const FIRST_DELAY_MS = 250;
const LONGEST_DELAY_MS = 10_000;
const PROBE_MS = 5_000;
const CLIENT_ID_LENGTH = 22;

type AnyFeed = FeedCore<unknown>;
type Subscribe = Omit<SubscribeRequest, 'epoch' | 'seq'>;
type MakeFeed<F> = new (
  id: string,
  subscribe: Subscribe,
  link: FeedLink,
  outside: ClientOutside,
  gone: (feed: { readonly id: string }) => void,
) => F;

/** One connection to a gateway, made again when it breaks, with the feeds and orders that go over it. */
export class ExchangeConnection implements ExchangeSocket {
  state: ConnectionState = { phase: 'connecting', attempt: 1 };
  readonly #url: string;
  readonly #identity: Identity;
  readonly #outside: ClientOutside;
  readonly #timeoutMs: number;
  readonly #feeds = new Map<string, AnyFeed>();
  readonly #stateListeners = new Set<(state: ConnectionState) => void>();
  readonly #closingListeners = new Set<(closing: ClosingPayload) => void>();
  readonly #orders: OrderSender;
  readonly #stopRenewals: () => void;
  #link: Link | undefined;
  #open = false;
  #attempt = 1;
  #sinceMs = 0;
  #closing: ClosingPayload | undefined;
  #renewed = false;
  #cancelOnDisconnect = false;
  #stopTimer: () => void = () => {};

  constructor(url: string, identity: Identity, outside: ClientOutside, timeoutMs: number) {
    this.#url = url;
    this.#identity = identity;
    this.#outside = outside;
    this.#timeoutMs = timeoutMs;
    this.#orders = new OrderSender(this.#requester);
    this.#stopRenewals = identity.onRenewed((authorization) => {
      if (this.#open) void this.#request('renew', { authorization });
    });
    this.#connect();
  }

  onState(listener: (state: ConnectionState) => void): () => void {
    this.#stateListeners.add(listener);
    return () => this.#stateListeners.delete(listener);
  }

  ready(): Promise<boolean> {
    const settled = (state: ConnectionState) => state.phase === 'open' || state.phase === 'closed';
    if (settled(this.state)) return Promise.resolve(this.state.phase === 'open');
    return new Promise((resolve) => {
      const stop = this.onState((state) => {
        if (!settled(state)) return;
        stop();
        resolve(state.phase === 'open');
      });
    });
  }

  onClosing(listener: (closing: ClosingPayload) => void): () => void {
    this.#closingListeners.add(listener);
    return () => this.#closingListeners.delete(listener);
  }

  book(symbol: string, { depth = 50 }: { readonly depth?: BookDepth } = {}): BookFeed {
    return this.#feed(`book:${symbol}:${depth}`, { channel: 'book', symbol, depth } as Subscribe, LocalBook);
  }

  trades(symbol: string, { keep }: { readonly keep?: number } = {}): TradesFeed {
    return kept(this.#feed(`trades:${symbol}`, { channel: 'trades', symbol } as Subscribe, LocalTrades), keep);
  }

  ticker(symbol: string): TickerFeed {
    return this.#feed(`ticker:${symbol}`, { channel: 'ticker', symbol } as Subscribe, LocalTicker);
  }

  candles(symbol: string, interval: string, { keep }: { readonly keep?: number } = {}): CandlesFeed {
    const subscribe = { channel: 'candles', symbol, interval } as Subscribe;
    return kept(this.#feed(`candles:${symbol}:${interval}`, subscribe, LocalCandles), keep);
  }

  status(symbol: string): StatusFeed {
    return this.#feed(`status:${symbol}`, { channel: 'status', symbol } as Subscribe, LocalStatus);
  }

  pipeline(): PipelineFeed {
    return this.#feed('pipeline', { channel: 'pipeline' }, LocalPipeline);
  }

  orders({ keep }: { readonly keep?: number } = {}): OrdersFeed {
    return kept(this.#feed('orders', { channel: 'orders' }, LocalOrders), keep);
  }

  fills({ keep }: { readonly keep?: number } = {}): FillsFeed {
    return kept(this.#feed('fills', { channel: 'fills' }, LocalFills), keep);
  }

  balances(): BalancesFeed {
    return this.#feed('balances', { channel: 'balances' }, LocalBalances);
  }

  place(order: PlaceRequest): Promise<Result<OrderOutcome>> {
    const client_order_id = order.client_order_id ?? this.#outside.newId(CLIENT_ID_LENGTH);
    return this.#orders.send({ op: 'place', ...order, client_order_id }) as Promise<Result<OrderOutcome>>;
  }

  amend(order: string, to: AmendRequest): Promise<Result<OrderOutcome>> {
    return this.#orders.send({ op: 'amend', order, ...to }) as Promise<Result<OrderOutcome>>;
  }

  cancel(order: string): Promise<Result<OrderOutcome>> {
    return this.#orders.send({ op: 'cancel', order }) as Promise<Result<OrderOutcome>>;
  }

  cancelAll(symbol?: string): Promise<Result<CancelAllOutcome>> {
    const item = symbol === undefined ? { op: 'cancel_all' as const } : { op: 'cancel_all' as const, symbol };
    return this.#orders.send(item) as Promise<Result<CancelAllOutcome>>;
  }

  batch(items: readonly OrderItem[]): Promise<readonly Result<Outcome>[]> {
    return this.#orders.batch(items);
  }

  async cancelOnDisconnect(enabled: boolean): Promise<Result<{ readonly enabled: boolean }>> {
    this.#cancelOnDisconnect = enabled;
    if (!this.#open)
      return failed({ kind: 'offline', message: 'There is no connection; it is asked for at the next one.' });
    const ack = (await this.#request('cancel_on_disconnect', { enabled })) as
      | { readonly ok: true; readonly enabled: boolean }
      | { readonly ok: false; readonly error: ErrorTold }
      | undefined;
    if (ack === undefined) return failed({ kind: 'unknown', message: 'No answer came.' });
    return ack.ok ? ok({ enabled: ack.enabled }) : failed(refusal(ack.error));
  }

  close(): void {
    this.#end({ phase: 'closed', because: 'closed here' });
  }

  /** What a feed and the sender of orders see of the connection: whichever link is there. */
  get #requester() {
    const connection = this;
    return {
      get open(): boolean {
        return connection.#open;
      },
      request: (event: string, payload: unknown) => connection.#request(event, payload),
    };
  }

  #request(event: string, payload: unknown): Promise<unknown> {
    return this.#link ? this.#link.request(event, payload, this.#timeoutMs) : Promise.resolve(undefined);
  }

  #feed<F>(id: string, subscribe: Subscribe, make: MakeFeed<F>): F {
    const known = this.#feeds.get(id);
    if (known) return known as unknown as F;
    const gone = (closed: { readonly id: string }): void => {
      this.#feeds.delete(closed.id);
    };
    const feed = new make(id, subscribe, this.#requester, this.#outside, gone);
    this.#feeds.set(id, feed as unknown as AnyFeed);
    if (this.#open) (feed as unknown as AnyFeed).connected();
    return feed;
  }

  #connect(): void {
    const handshake = { method: 'GET', path: '/v1/socket', query: '', body: '' };
    this.#link = this.#outside.connect(this.#url, () => this.#identity.headers(handshake), {
      connected: () => this.#connected(),
      message: (event, payload) => this.#message(event, payload),
      refused: (error) => this.#refused(error as ErrorTold),
      ended: (because) => this.#disconnected(because),
    });
  }

  #connected(): void {
    this.#open = true;
    this.#attempt = 1;
    this.#renewed = false;
    this.#closing = undefined;
    this.#setState({ phase: 'open', roundTripMs: undefined, clockAheadMs: undefined });
    if (this.#cancelOnDisconnect) void this.#request('cancel_on_disconnect', { enabled: true });
    for (const feed of this.#feeds.values()) feed.connected();
    this.#probe();
  }

  #message(event: string, payload: unknown): void {
    if (event === 'frame') {
      const frame = payload as FramePayload;
      this.#feeds.get(idOf(frame))?.take(frame);
    } else if (event === 'closing') {
      this.#closing = payload as ClosingPayload;
      for (const listener of [...this.#closingListeners]) listener(this.#closing);
    } else if (event === 'dropped') {
      this.#feeds.get((payload as { readonly id: string }).id)?.dropped();
    }
  }

  #refused(error: ErrorTold): void {
    const { code = 'internal', message = '' } = error ?? {};
    if (code !== 'unauthenticated' && code !== 'timestamp_out_of_window' && code !== 'forbidden') {
      this.#disconnected(`${code}: ${message}`);
      return;
    }
    const over = (): void => this.#end({ phase: 'closed', because: message, error: refusal({ code, message }) });
    // One more try, with a new token or the exchange's time.
    const again = this.#renewed ? Promise.resolve(false) : this.#identity.renew(code);
    this.#renewed = true;
    void again.then((worth) => {
      if (this.state.phase === 'closed') return;
      if (worth) this.#connect();
      else over();
    });
  }

  #disconnected(because: string): void {
    const wasOpen = this.#open;
    this.#open = false;
    this.#link = undefined;
    this.#stopTimer();
    if (this.state.phase === 'closed') return;
    for (const feed of this.#feeds.values()) feed.disconnected();
    const closing = this.#closing;
    if (closing !== undefined && closing.reason === 'revoked') {
      const { message } = closing;
      this.#end({ phase: 'closed', because: message, error: refusal({ code: 'unauthenticated', message }) });
      return;
    }
    if (wasOpen) this.#sinceMs = this.#outside.nowMs();
    // Full jitter: many that lost the same gateway do not come back in one moment.
    const longest = Math.min(LONGEST_DELAY_MS, FIRST_DELAY_MS * 2 ** (this.#attempt - 1));
    const retryInMs = (closing?.retry_after_ms ?? 0) + this.#outside.random() * longest;
    this.#closing = undefined;
    this.#setState({ phase: 'waiting', because: closing?.reason ?? because, sinceMs: this.#sinceMs, retryInMs });
    this.#stopTimer = this.#outside.after(retryInMs, () => {
      this.#attempt++;
      this.#setState({ phase: 'connecting', attempt: this.#attempt });
      this.#connect();
    });
  }

  /** Measures the round trip and the distance of the clocks, now and then. */
  #probe(): void {
    if (!this.#open) return;
    const sentMs = this.#outside.nowMs();
    void this.#request('time', {}).then((ack) => {
      const told = ack as { readonly ok: boolean; readonly time?: string } | undefined;
      if (!this.#open) return;
      if (told?.time !== undefined) {
        const nowMs = this.#outside.nowMs();
        const roundTripMs = nowMs - sentMs;
        this.#setState({ phase: 'open', roundTripMs, clockAheadMs: Date.parse(told.time) - (sentMs + nowMs) / 2 });
      }
      this.#stopTimer();
      this.#stopTimer = this.#outside.after(PROBE_MS, () => this.#probe());
    });
  }

  #end(state: ConnectionState): void {
    if (this.state.phase === 'closed') return;
    this.#open = false;
    this.#stopTimer();
    this.#stopRenewals();
    for (const feed of this.#feeds.values()) feed.disconnected();
    this.#setState(state);
    this.#link?.close();
    this.#link = undefined;
  }

  #setState(state: ConnectionState): void {
    this.state = state;
    for (const listener of [...this.#stateListeners]) listener(state);
  }
}

function idOf(frame: FramePayload): string {
  switch (frame.channel) {
    case 'book':
      return `book:${frame.symbol}:${frame.depth}`;
    case 'candles':
      return `candles:${frame.symbol}:${frame.interval}`;
    case 'trades':
    case 'ticker':
    case 'status':
      return `${frame.channel}:${frame.symbol}`;
    default:
      return frame.channel;
  }
}

function kept<F extends { keep: number }>(feed: F, keep: number | undefined): F {
  if (keep !== undefined) feed.keep = keep;
  return feed;
}
