import type { AccountId, AnyRecord, Micros, SymbolId } from '../../schemas/generated/records.ts';
import type { ClosingReason, SocketErrorPayload } from '../../schemas/socket-payloads.ts';
import {
  PRIVATE_CHANNELS,
  type SocketRequestName,
  type SubscribeRequest,
  socketRequests,
} from '../../schemas/socket-requests.ts';
import { AuthenticationFailed, mayUse, type Principal, type Revoked } from '../identity/principal.ts';
import type { GatewayParts, GatewayRecord, PipelineView } from '../ports.ts';
import { RequestRefused } from '../rest/errors.ts';
import { marketNamed } from '../rest/find-market.ts';
import { instantOfMicros } from '../rest/instants.ts';
import { checked } from '../rest/request-shapes.ts';
import { AccountChannels } from './account-channels.ts';
import { encodeEvent } from './frame.ts';
import { type ChannelParts, MarketChannels } from './market-channels.ts';
import { MergedView } from './merged-view.ts';
import { MessageBudget } from './message-budget.ts';
import { errorOf, OrderEntry } from './order-entry.ts';
import { type QueueBounds, Reader, type ReaderWatcher, type Subscription, type View } from './reader.ts';
import type { SocketTimers, Wire } from './wire.ts';

/** Between two looks at what is to be sent: the shortest period of a public channel. */
export const BEAT_MS = 50;
/** Private events of so long travel together. */
const PRIVATE_MS = 5;
const HEARTBEAT_MS = 5_000;
const PIPELINE_PERIOD_MS = 1_000;

export interface SocketLimits {
  /** Of one connection. */
  readonly subscriptions: number;
  readonly messagesPerSecond: number;
  readonly messagesBurst: number;
  /** What may wait for one reader; more of it ends the reader. */
  readonly queue: QueueBounds;
}

export const DEFAULT_LIMITS: SocketLimits = {
  subscriptions: 100,
  messagesPerSecond: 500,
  messagesBurst: 1000,
  queue: { packets: 256, bytes: 256 * 1024 },
};

export type HubParts = Pick<
  GatewayParts,
  | 'commands'
  | 'views'
  | 'feed'
  | 'history'
  | 'clock'
  | 'commandExpiryMicros'
  | 'candleIntervals'
  | 'newId'
  | 'failed'
  | 'authenticator'
  | 'limiter'
> & {
  readonly telemetry?: Pick<GatewayParts['telemetry'], 'pipeline'> | undefined;
  /** Names the log that sequences count in: another one means that nothing can be resumed. `[A-Za-z0-9._-]`, at most 64. */
  readonly epoch?: string | undefined;
};

export interface HubOptions {
  readonly timers: SocketTimers;
  readonly limits?: SocketLimits;
}

interface Connection {
  readonly reader: Reader;
  readonly budget: MessageBudget;
}

interface Joinable extends View {
  join(subscription: Subscription, resume: { readonly epoch: string; readonly seq: number } | undefined): void;
}

type Answer = { readonly ok: boolean; readonly [field: string]: unknown };

/**
 * All sockets of a gateway, whatever carries them: who reads what, what they may ask, and when they end. Follows the
 * durable records; what a reader gets is decided by the channels.
 */
export class SocketHub implements ReaderWatcher {
  readonly #parts: HubParts;
  readonly #timers: SocketTimers;
  readonly #limits: SocketLimits;
  readonly #epoch: string;
  readonly #connections = new Map<Reader, Connection>();
  readonly #markets = new Map<SymbolId, MarketChannels>();
  readonly #accounts = new Map<AccountId, AccountChannels>();
  readonly #dirtyAccounts = new Set<AccountChannels>();
  /** Next to be flushed. */
  #filled: Reader[] = [];
  readonly #reached = { market: new Map<string, number>(), accounts: new Map<string, number>() };
  readonly #orders: OrderEntry;
  readonly #stopHearing: () => void;
  readonly #stopRevocations: () => void;
  #pipeline:
    | { readonly view: MergedView<string, string>; latest: PipelineView | undefined; askedAtMs: number }
    | undefined;
  #stopBeat: () => void;
  #flushSoon: (() => void) | undefined;
  #beats = 0;
  #closing = false;

  constructor(parts: HubParts, { timers, limits = DEFAULT_LIMITS }: HubOptions) {
    this.#parts = parts;
    this.#timers = timers;
    this.#limits = limits;
    this.#epoch = parts.epoch ?? '1';
    this.#orders = new OrderEntry({
      gateway: parts,
      limiter: parts.limiter,
      textOf: (symbol) => this.#market(symbol as SymbolId).text,
      after: (delayMs, callback) => timers.after(delayMs, callback),
      failed: (error) => parts.failed(error, 'sockets'),
    });
    for (const symbol of parts.views.markets.keys()) this.#market(symbol);
    this.#stopHearing = parts.feed.hear((batch) => this.#hear(batch));
    this.#stopRevocations = parts.authenticator?.onRevoked((match) => this.#revoked(match)) ?? (() => {});
    this.#stopBeat = timers.after(BEAT_MS, () => this.#beat());
  }

  get connections(): number {
    return this.#connections.size;
  }

  figures() {
    let subscriptions = 0;
    let queuedBytes = 0;
    for (const { subscriptions: own, queuedBytes: waiting } of this.#connections.keys()) {
      subscriptions += own.size;
      queuedBytes += waiting;
    }
    return { connections: this.#connections.size, subscriptions, queuedBytes };
  }

  connect(wire: Wire, principal: Principal | undefined, address: string): Reader {
    const { messagesPerSecond, messagesBurst } = this.#limits;
    const reader = new Reader(wire, principal, address, this, this.#limits.queue);
    const budget = new MessageBudget(messagesPerSecond, messagesBurst, this.#timers.nowMs());
    this.#connections.set(reader, { reader, budget });
    if (this.#closing) reader.end('shutdown', 1000);
    return reader;
  }

  /** Answers a message. Never rejects: a fault of ours is told by its id and nothing else. */
  async take(reader: Reader, name: string, payload: unknown): Promise<Answer> {
    const connection = this.#connections.get(reader);
    if (!connection) return refused({ code: 'unavailable', message: 'The socket ended.' });
    if (!connection.budget.take(this.#timers.nowMs())) {
      if (connection.budget.flooded) reader.end('flooding');
      const message = `Messages come faster than ${this.#limits.messagesPerSecond} a second; this one was not looked at.`;
      return refused({ code: 'rate_limited', message, retry_after_ms: connection.budget.retryAfterMs });
    }
    try {
      if (!Object.hasOwn(socketRequests, name)) {
        const allowed = Object.keys(socketRequests).join(', ');
        return refused({ code: 'malformed', message: 'There is no such message.', field: 'event', allowed });
      }
      return await this.#answer(reader, name as SocketRequestName, payload);
    } catch (error) {
      if (error instanceof RequestRefused) return refused(errorOf(error.refusal));
      if (error instanceof AuthenticationFailed) {
        return refused({ code: error.code, message: error.message, field: error.field });
      }
      const id = this.#parts.newId();
      this.#parts.failed(error, id);
      return refused({
        code: 'internal',
        message: `The gateway failed to answer; the message may or may not have been taken (${id}).`,
      });
    } finally {
      this.#flushReaders();
    }
  }

  /** Answers what is in flight, says why, and ends every socket. */
  async close(): Promise<void> {
    if (this.#closing) return;
    this.#closing = true;
    this.#stopRevocations();
    for (const { reader } of this.#connections.values()) if (reader.cancelOnDisconnect) this.#cancelAll(reader);
    await this.#orders.close(5_000);
    // What was answered last is on its way.
    await new Promise<void>((resolve) => this.#timers.after(20, resolve));
    this.#stopBeat();
    this.#flushSoon?.();
    this.#stopHearing();
    // Spread, so that they do not all come back at once.
    let index = 0;
    for (const reader of [...this.#connections.keys()]) reader.end('shutdown', 200 + (index++ % 50) * 50);
  }

  filled(reader: Reader): void {
    this.#filled.push(reader);
  }

  ended(reader: Reader, _reason: ClosingReason | 'gone'): void {
    this.#connections.delete(reader);
    if (reader.cancelOnDisconnect) this.#cancelAll(reader);
  }

  #cancelAll(reader: Reader): void {
    reader.cancelOnDisconnect = false;
    if (reader.principal) this.#orders.cancelAfterEnd(reader.principal.account);
  }

  async #answer(reader: Reader, name: SocketRequestName, payload: unknown): Promise<Answer> {
    switch (name) {
      case 'subscribe':
        return this.#subscribe(reader, checked(socketRequests.subscribe, payload));
      case 'unsubscribe': {
        const { id } = checked(socketRequests.unsubscribe, payload);
        this.#unsubscribe(reader, id);
        return { ok: true };
      }
      case 'orders': {
        const { items } = checked(socketRequests.orders, payload);
        return { ok: true, results: await this.#orders.take(this.#owner(reader), items) };
      }
      case 'cancel_on_disconnect': {
        const { enabled } = checked(socketRequests.cancel_on_disconnect, payload);
        const principal = this.#owner(reader);
        if (!mayUse(principal, 'trade')) throw forbidden('the scope trade');
        reader.cancelOnDisconnect = enabled;
        return { ok: true, enabled };
      }
      case 'renew':
        return this.#renew(reader, checked(socketRequests.renew, payload).authorization);
      case 'time': {
        checked(socketRequests.time, payload);
        return { ok: true, time: instantOfMicros(this.#parts.clock.nowMicros()) };
      }
    }
  }

  #subscribe(reader: Reader, request: SubscribeRequest): Answer {
    const view = this.#viewOf(reader, request);
    this.#unsubscribe(reader, view.id);
    if (reader.subscriptions.size >= this.#limits.subscriptions) {
      throw new RequestRefused({
        code: 'rate_limited',
        message: `A connection has at most ${this.#limits.subscriptions} subscriptions.`,
        field: 'channel',
        allowed: `${this.#limits.subscriptions} subscriptions`,
      });
    }
    if ((request.epoch === undefined) !== (request.seq === undefined)) {
      const field = request.epoch === undefined ? 'epoch' : 'seq';
      throw new RequestRefused({
        code: 'malformed',
        message: 'epoch and seq go together.',
        field,
        allowed: 'both or none',
      });
    }
    const resume =
      request.epoch === undefined || request.seq === undefined ? undefined : { epoch: request.epoch, seq: request.seq };
    const subscription: Subscription = { id: view.id, reader, view, seq: -1, state: 'live' };
    reader.subscriptions.set(view.id, subscription);
    view.join(subscription, resume);
    return { ok: true, id: view.id };
  }

  #unsubscribe(reader: Reader, id: string): void {
    const known = reader.subscriptions.get(id);
    if (!known) return;
    reader.subscriptions.delete(id);
    known.view.leave(known);
  }

  /** Which view a reader may join is decided here: private ones by who it is, never by what it names. */
  #viewOf(reader: Reader, request: SubscribeRequest): Joinable {
    const { channel } = request;
    if (channel === 'pipeline') return this.#pipelineView(reader);
    if (PRIVATE_CHANNELS.includes(channel as 'orders')) {
      const principal = this.#owner(reader);
      if (!mayUse(principal, 'read')) throw forbidden('the scope read');
      return this.#account(principal.account)[channel as 'orders'];
    }
    const { symbol } = request as { readonly symbol: string };
    const market = this.#market(marketNamed(symbol, this.#parts).config.symbol);
    switch (request.channel) {
      case 'book':
        return market.book(request.depth ?? 50);
      case 'ticker':
        return market.ticker();
      case 'candles': {
        const { interval } = request;
        if (this.#parts.candleIntervals.includes(interval)) return market.candles(interval);
        const allowed = this.#parts.candleIntervals.join(', ');
        const message = `interval ${interval} is not kept: ${allowed} are.`;
        throw new RequestRefused({ code: 'malformed', message, field: 'interval', given: interval, allowed });
      }
      case 'status':
        return market.status;
      default:
        return market.trades;
    }
  }

  #owner({ principal }: Reader): Principal {
    if (principal) return principal;
    throw new RequestRefused({
      code: 'unauthenticated',
      message: 'This needs a credential: connect with one.',
      field: 'authorization',
    });
  }

  async #renew(reader: Reader, authorization: string): Promise<Answer> {
    const before = this.#owner(reader);
    const { authenticator } = this.#parts;
    if (!authenticator) throw new RequestRefused({ code: 'unavailable', message: 'Tokens do not end here.' });
    const principal = await authenticator.authenticate({
      method: 'GET',
      path: '/v1/socket',
      headers: { authorization },
      rawBody: new Uint8Array(),
      address: reader.address,
    });
    if (principal.account !== before.account || principal.userId !== before.userId) {
      throw forbidden('a token of the user that this socket belongs to');
    }
    reader.principal = principal;
    return { ok: true, expires_at: instantOfMicros(Math.min(principal.expiresAtMicros, LAST_MICROS)) };
  }

  #revoked(match: Revoked): void {
    for (const reader of [...this.#connections.keys()]) {
      const { principal } = reader;
      if (!principal) continue;
      const hit =
        (match.keyId !== undefined && match.keyId === principal.keyId) ||
        (match.sessionId !== undefined && match.sessionId === principal.sessionId) ||
        (match.account !== undefined &&
          match.keyId === undefined &&
          match.sessionId === undefined &&
          match.account === principal.account);
      if (hit) reader.end('revoked');
    }
  }

  #hear(batch: readonly GatewayRecord[]): void {
    for (const { log, partition, offset, occurredAt, record } of batch) {
      switch (log) {
        case 'market':
          this.#reached.market.set(`market/${partition}`, offset);
          if (record.symbol !== 0) this.#marketRecord(record, occurredAt);
          break;
        case 'accounts':
          this.#reached.accounts.set(`accounts/${partition}`, offset);
          this.#accountRecord(record, occurredAt);
          break;
        default:
          if (record.type === 'candle') this.#market(record.symbol).candle(record);
          if (record.type === 'candle' || record.type === 'ticker') this.#market(record.symbol).clock(occurredAt);
      }
    }
    if (this.#dirtyAccounts.size > 0) this.#flushSoon ??= this.#timers.after(PRIVATE_MS, () => this.#flushPrivate());
  }

  #marketRecord(record: AnyRecord, timeMicros: number): void {
    const market = this.#market(record.symbol);
    switch (record.type) {
      case 'trade':
        market.trade(record, timeMicros);
        break;
      case 'market_state':
        market.marketState(record, timeMicros);
        break;
      case 'auction_indicative':
        market.indicative(record, timeMicros);
        break;
    }
    market.hear(record.seq, timeMicros);
  }

  #accountRecord(record: AnyRecord, timeMicros: number): void {
    const { account } = record as { readonly account?: AccountId };
    if (account === undefined) return;
    const channels = this.#accounts.get(account);
    if (!channels) return;
    channels.hear(record, timeMicros);
    this.#dirtyAccounts.add(channels);
  }

  #flushPrivate(): void {
    this.#flushSoon = undefined;
    for (const channels of this.#dirtyAccounts) channels.flush();
    this.#dirtyAccounts.clear();
    this.#flushReaders();
  }

  #flushReaders(): void {
    const filled = this.#filled;
    if (filled.length === 0) return;
    this.#filled = [];
    for (const reader of filled) reader.flush();
  }

  #beat(): void {
    this.#beats++;
    for (const market of this.#markets.values()) market.beat();
    this.#askPipeline();
    if (this.#beats % Math.round(1000 / BEAT_MS) === 0) this.#everySecond();
    this.#sweep();
    this.#flushReaders();
    this.#stopBeat = this.#timers.after(BEAT_MS, () => this.#beat());
  }

  #everySecond(): void {
    for (const market of this.#markets.values()) market.heartbeat(HEARTBEAT_MS);
    this.#pipeline?.view.heartbeat(HEARTBEAT_MS);
    for (const [account, channels] of this.#accounts) {
      channels.heartbeat(HEARTBEAT_MS);
      if (channels.cold) this.#accounts.delete(account);
    }
  }

  /** Ends those whose time is over, and those whose transport holds too much of acknowledgements that nobody reads. */
  #sweep(): void {
    const nowMicros = this.#parts.clock.nowMicros();
    for (const reader of [...this.#connections.keys()]) {
      if (reader.principal && reader.principal.expiresAtMicros <= nowMicros) reader.end('expired');
      else if (reader.wire.pendingBytes > this.#limits.queue.bytes) reader.end('too_slow');
    }
  }

  #market(symbol: SymbolId): MarketChannels {
    let market = this.#markets.get(symbol);
    if (!market) {
      market = new MarketChannels(symbol, this.#channelParts(this.#reached.market), this.#parts.clock.nowMicros());
      this.#markets.set(symbol, market);
    }
    return market;
  }

  #account(account: AccountId): AccountChannels {
    let channels = this.#accounts.get(account);
    if (!channels) {
      const parts = {
        ...this.#channelParts(this.#reached.accounts),
        textOf: (symbol: number) => this.#market(symbol as SymbolId).text,
      };
      channels = new AccountChannels(account, parts, this.#parts.clock.nowMicros());
      this.#accounts.set(account, channels);
    }
    return channels;
  }

  #channelParts(reached: ReadonlyMap<string, number>): ChannelParts {
    const { views, history, failed } = this.#parts;
    return {
      epoch: this.#epoch,
      views,
      history,
      timers: this.#timers,
      reached: () => new Map(reached),
      gaveUp: ({ reader, id }) => {
        reader.subscriptions.delete(id);
        const error: SocketErrorPayload = {
          code: 'unavailable',
          message: 'What was missed lies in history, which is away; subscribe again in a moment.',
          retry_after_ms: 1000,
        };
        reader.push(undefined, { bytes: encodeEvent('dropped', JSON.stringify({ id, error })), seq: 0 });
        reader.flush();
      },
      failed: (error) => failed(error, 'sockets'),
    };
  }

  #pipelineView({ principal }: Reader): Joinable {
    const { telemetry } = this.#parts;
    const may = principal?.roles.some((role) => role !== 'trader') === true && mayUse(principal, 'read');
    if (!may) throw forbidden('the role analyst, ops or admin');
    if (!telemetry) throw new RequestRefused({ code: 'unavailable', message: 'This gateway has no telemetry.' });
    if (!this.#pipeline) {
      const same = (json: string) => json;
      const view = new MergedView<string, string>({
        name: '"channel":"pipeline"',
        id: 'pipeline',
        epoch: this.#epoch,
        timers: this.#timers,
        periodMs: PIPELINE_PERIOD_MS,
        source: {
          read: (since) => {
            const latest = this.#pipeline?.latest;
            if (!latest || latest.atMicros === since) return undefined;
            return { seq: latest.atMicros, timeMicros: latest.atMicros, state: JSON.stringify(latest) };
          },
          difference: (_from, to) => to,
          merge: (deltas) => deltas.at(-1)!,
          snapshotData: same,
          deltaData: same,
        },
      });
      this.#pipeline = { view, latest: undefined, askedAtMs: Number.NEGATIVE_INFINITY };
      this.#askPipeline();
    }
    return this.#pipeline.view;
  }

  #askPipeline(): void {
    const pipeline = this.#pipeline;
    if (!pipeline) return;
    const nowMs = this.#timers.nowMs();
    if (nowMs - pipeline.askedAtMs >= PIPELINE_PERIOD_MS && !pipeline.view.cold) {
      pipeline.askedAtMs = nowMs;
      this.#parts.telemetry!.pipeline().then(
        (latest) => {
          pipeline.latest = latest;
        },
        () => {
          // It says nothing for a while; the heartbeat still goes.
        },
      );
    }
    pipeline.view.beat();
  }
}

/** The last instant that is written with four digits for the year. */
const LAST_MICROS = 253_402_300_799_000_000 as Micros;

function refused(error: SocketErrorPayload): Answer {
  return { ok: false, error };
}

function forbidden(needed: string): RequestRefused {
  return new RequestRefused({
    code: 'forbidden',
    message: `This credential may not do that: it needs ${needed}.`,
    field: 'authorization',
    allowed: needed,
  });
}
