/** The published surface of the client. */
import type {
  BalanceEventPayload,
  CandlePayload,
  ClosingPayload,
  FillPayload,
  LevelPayload,
  OrderEventPayload,
  OrderPayload,
  StatusPayload,
  TickerPayload,
  TradePayload,
} from '../../schemas/socket-payloads.ts';
import type { AmendItem, BookDepth, OrderItem, PlaceItem } from '../../schemas/socket-requests.ts';
import type { ClientError, Result } from './errors.ts';
import type { RestApi } from './rest-api.ts';

export interface ClientOptions {
  /** Of the gateway, such as `http://127.0.0.1:7717`. */
  readonly url: string;
  /** Left out: public routes and channels only. */
  readonly credentials?: Credentials;
  /** Longest wait for an answer, milliseconds; 10,000 unless given. */
  readonly timeoutMs?: number;
}

export type Credentials =
  /** An access token, as a login gave it, and how to get the next one; or a token that does not end. */
  | { readonly kind: 'token'; readonly token: string }
  | SessionCredentials
  /** An API key of the Ed25519 kind: `privateKey` is PKCS #8, base64url or PEM. */
  | { readonly kind: 'ed25519'; readonly keyId: string; readonly privateKey: string }
  /** An API key of the HMAC kind: `secret` as it was shown once, base64url. */
  | { readonly kind: 'hmac'; readonly keyId: string; readonly secret: string };

/** A login. The client refreshes the access token before it ends. */
export interface SessionCredentials {
  readonly kind: 'session';
  readonly accessToken: string;
  /** Left out in a browser, where the refresh token is a cookie that no script reads. */
  readonly refreshToken?: string;
  /** Told of every new pair, so that it can be kept. */
  readonly onRefresh?: (tokens: { readonly accessToken: string; readonly refreshToken?: string }) => void;
  /** The session is over: log in again. */
  readonly onEnded?: () => void;
}

export interface Client {
  readonly rest: RestApi;
  /** The one socket of this client, made and opened at the first call. */
  socket(): ExchangeSocket;
  /** Ends the socket; feeds stay as they are, and are not live. */
  close(): void;
}

export type ConnectionState =
  | { readonly phase: 'connecting'; readonly attempt: number }
  /** Round trip to the gateway and how far its clock is ahead of ours, milliseconds. */
  | { readonly phase: 'open'; readonly roundTripMs: number | undefined; readonly clockAheadMs: number | undefined }
  /** Tries again in `retryInMs`. */
  | { readonly phase: 'waiting'; readonly because: string; readonly sinceMs: number; readonly retryInMs: number }
  /** For good: closed by us, or refused with a code that will not change by itself. */
  | { readonly phase: 'closed'; readonly because: string; readonly error?: ClientError };

/**
 * A feed that cannot have a gap without saying so. Its state is what the frames add up to; `changed` is called once a
 * frame, after the state took it.
 */
export interface Feed<Change> {
  readonly id: string;
  /** Up to date as far as is known: connected, subscribed, and nothing missing. */
  readonly live: boolean;
  readonly epoch: string;
  /** Position in the sequence of the symbol or account; 0 before the first frame. */
  readonly seq: number;
  /** Engine time of the newest frame, ISO 8601; empty before the first. */
  readonly time: string;
  /** Why there is nothing, when the gateway refused it. */
  readonly refused: ClientError | undefined;
  /** Returns a function that ends it. */
  on(listener: FeedListener<Change>): () => void;
  /** True at the first moment that it is live; false where the gateway refuses it. */
  ready(): Promise<boolean>;
  close(): void;
}

export interface FeedListener<Change> {
  readonly changed?: (change: Change) => void;
  /** `true`: live again; `false`: what is shown may be old. */
  readonly live?: (live: boolean) => void;
  readonly gap?: (gap: GapNotice) => void;
  readonly refused?: (error: ClientError) => void;
}

/** Something went missing, and what was done about it. */
export interface GapNotice {
  readonly because: 'missed' | 'checksum' | 'epoch';
  /** `resumed`: everything came after all. `restarted`: from a new snapshot, and what lay between is not known. */
  readonly outcome: 'resumed' | 'restarted';
  readonly fromSeq: number;
  readonly toSeq: number;
  /** Messages that came late, by a resume. */
  readonly messages: number;
}

export interface BookFeed extends Feed<BookChange> {
  /** Best first. */
  readonly bids: readonly LevelPayload[];
  readonly asks: readonly LevelPayload[];
}
export interface BookChange {
  readonly kind: 'snapshot' | 'delta';
  readonly bids: readonly LevelPayload[];
  readonly asks: readonly LevelPayload[];
}

/** Newest last; at most `keep` of them. */
export interface TradesFeed extends Feed<readonly TradePayload[]> {
  readonly trades: readonly TradePayload[];
}
export interface TickerFeed extends Feed<TickerPayload> {
  readonly ticker: TickerPayload | undefined;
}
/** Oldest first; the open one is last. */
export interface CandlesFeed extends Feed<readonly CandlePayload[]> {
  readonly candles: readonly CandlePayload[];
}
export interface StatusFeed extends Feed<StatusPayload> {
  readonly status: StatusPayload | undefined;
}
export interface PipelineFeed extends Feed<unknown> {
  readonly pipeline: unknown;
}
export type OrderChange =
  | { readonly kind: 'snapshot'; readonly orders: readonly OrderPayload[] }
  /** `order` is the order after the event; undefined where a command was refused that no known order is behind. */
  | { readonly kind: 'event'; readonly event: OrderEventPayload; readonly order: OrderPayload | undefined };
/** A snapshot is one change; a frame of events is as many as it has. */
export interface OrdersFeed extends Feed<readonly OrderChange[]> {
  /** Open ones, in order of placement. */
  readonly open: readonly OrderPayload[];
  /** Ended ones, newest last; at most `keep` of them. */
  readonly ended: readonly OrderPayload[];
  order(orderId: string): OrderPayload | undefined;
}
/** Newest last; at most `keep` of them. */
export interface FillsFeed extends Feed<readonly FillPayload[]> {
  readonly fills: readonly FillPayload[];
}
export interface LocalBalance {
  readonly asset: string;
  readonly available: string;
  readonly hold: string;
  readonly total: string;
}
export interface BalancesFeed extends Feed<readonly BalanceEventPayload[]> {
  readonly balances: ReadonlyMap<string, LocalBalance>;
}

/** What became of a command. Durable: told after it and all it caused were written. */
export interface OrderOutcome {
  readonly orderId: string;
  readonly clientOrderId: string;
  readonly status: OrderPayload['status'] | 'ended';
  readonly reason: string | undefined;
  readonly executed: string;
  readonly executedQuote: string;
  readonly open: string;
  /** Where the answer stands in the account's sequence. */
  readonly sequence: number;
  readonly duplicate: boolean;
}
export interface CancelAllOutcome {
  readonly cancelled: number;
  readonly sequence: number;
}
export type PlaceRequest = Omit<PlaceItem, 'op'>;
export type AmendRequest = Omit<AmendItem, 'op' | 'order'>;

export interface ExchangeSocket {
  readonly state: ConnectionState;
  onState(listener: (state: ConnectionState) => void): () => void;
  /** True at the first moment that the connection is open; false where it is closed for good. */
  ready(): Promise<boolean>;
  /** The gateway announced that it closes, and why. */
  onClosing(listener: (closing: ClosingPayload) => void): () => void;

  /** A second call for the same channel gives the same feed. */
  book(symbol: string, options?: { readonly depth?: BookDepth }): BookFeed;
  trades(symbol: string, options?: { readonly keep?: number }): TradesFeed;
  ticker(symbol: string): TickerFeed;
  candles(symbol: string, interval: string, options?: { readonly keep?: number }): CandlesFeed;
  status(symbol: string): StatusFeed;
  pipeline(): PipelineFeed;
  orders(options?: { readonly keep?: number }): OrdersFeed;
  fills(options?: { readonly keep?: number }): FillsFeed;
  balances(): BalancesFeed;

  /**
   * Without a `client_order_id` the client makes one, so that asking again is safe. Calls of one turn of the event loop
   * travel in one message (20 at most) and are judged in order.
   */
  place(order: PlaceRequest): Promise<Result<OrderOutcome>>;
  /** `order`: an order id, or `client:` and a client order id. */
  amend(order: string, to: AmendRequest): Promise<Result<OrderOutcome>>;
  cancel(order: string): Promise<Result<OrderOutcome>>;
  cancelAll(symbol?: string): Promise<Result<CancelAllOutcome>>;
  /** Many in one message, at most 20; a result for each, in order. */
  batch(items: readonly OrderItem[]): Promise<readonly Result<OrderOutcome | CancelAllOutcome>[]>;
  /** Every open order of the account is cancelled when this socket ends; asked for again after every reconnect. */
  cancelOnDisconnect(enabled: boolean): Promise<Result<{ readonly enabled: boolean }>>;
  close(): void;
}
