/**
 * One seeded run: a gateway that follows a script of the market, clients that read it over a network that loses, repeats
 * and reorders frames, cuts connections at any moment, stalls readers, and a gateway that is stopped or dies and comes
 * back behind the others. After that the faults end, and every client must hold what the server holds. While it goes on, no
 * book is ever crossed, and no list has a hole that was not announced.
 */
import assert from 'node:assert/strict';
import { createClient } from '../../../../gateway/client/create-client.ts';
import type { ClientOutside, Link, LinkListener } from '../../../../gateway/client/outside.ts';
import type { ExchangeSocket, GapNotice } from '../../../../gateway/client/types.ts';
import type { Principal } from '../../../../gateway/identity/principal.ts';
import type { GatewayRecord } from '../../../../gateway/ports.ts';
import { balancesPayload, orderPayload } from '../../../../gateway/rest/payloads.ts';
import { decodeEvent } from '../../../../gateway/sockets/frame.ts';
import type { QueueBounds, Reader } from '../../../../gateway/sockets/reader.ts';
import { DEFAULT_LIMITS, SocketHub } from '../../../../gateway/sockets/socket-hub.ts';
import type { Wire } from '../../../../gateway/sockets/wire.ts';
import type { Envelope } from '../../../../schemas/envelope.ts';
import type { AccountId, Micros } from '../../../../schemas/generated/records.ts';
import type { ClosingPayload } from '../../../../schemas/socket-payloads.ts';
import { type GatewayViews, gatewayViews } from '../../../../sinks/gateway-views/gateway-views.ts';
import { SeededRandom } from '../../../../sources/market-simulator/random.ts';
import { type MarketScript, SYMBOL_NAME, TRADERS } from './market-script.ts';
import { ScriptedHistory } from './scripted-history.ts';
import { VirtualTime } from './virtual-time.ts';

const HEAL_MS = 35_000;
const HELD_BYTES_MAX = 4096;

/** What befell a run, to see that nothing of it is missing from all of them together. */
export interface RunCounts {
  frames: number;
  dropped: number;
  repeated: number;
  reordered: number;
  cuts: number;
  stalls: number;
  restarts: number;
  conflated: number;
  flagged: number;
  tooSlow: number;
  resumed: number;
  restarted: number;
}

export const noCounts = (): RunCounts => ({
  frames: 0,
  dropped: 0,
  repeated: 0,
  reordered: 0,
  cuts: 0,
  stalls: 0,
  restarts: 0,
  conflated: 0,
  flagged: 0,
  tooSlow: 0,
  resumed: 0,
  restarted: 0,
});

/** Throws where a client and the server part, or a client was not told of a gap. */
export async function gapProofRun(script: MarketScript, seed: number, counts: RunCounts): Promise<void> {
  const run = new Run(script, new SeededRandom(seed, 11), counts);
  await run.play();
}

class Run {
  readonly time = new VirtualTime();
  readonly random: SeededRandom;
  readonly counts: RunCounts;
  readonly #script: MarketScript;
  readonly #history = new ScriptedHistory();
  /** How likely each fault is in this run. */
  readonly #loss: number;
  readonly #repeat: number;
  readonly #reorder: number;
  /** Small in some runs, so that stalls are long enough to end a reader. */
  readonly #queue: QueueBounds;
  #faults = true;
  /** Steps that are durable. */
  #durable = 0;
  #stored = 0;
  #gateway: Gateway | undefined;
  #memory: { readonly bytes: Uint8Array; readonly at: number } | undefined;
  readonly #connections = new Set<Connection>();
  readonly #readers: CheckedClient[] = [];

  constructor(script: MarketScript, random: SeededRandom, counts: RunCounts) {
    this.#script = script;
    this.random = random;
    this.counts = counts;
    this.#loss = random.chance(0.5) ? random.fraction() * 0.2 : 0;
    this.#repeat = random.chance(0.5) ? random.fraction() * 0.2 : 0;
    this.#reorder = random.chance(0.5) ? random.fraction() * 0.2 : 0;
    this.#queue = random.chance(0.3) ? { packets: 12, bytes: 16_384 } : DEFAULT_LIMITS.queue;
  }

  async play(): Promise<void> {
    this.#gateway = await this.#start();
    for (const account of TRADERS.slice(0, 2)) this.#readers.push(new CheckedClient(account, this, this.#script));
    let atMs = 100;
    for (let step = 0; step < this.#script.steps.length; step++) {
      atMs += 5 + this.random.below(40);
      await this.time.run(atMs);
      this.#durable++;
      this.#gateway?.follow(this.#durable);
      await this.#trouble();
      if (this.random.chance(0.3)) this.#store();
    }
    // A gateway that is about to come back does.
    await this.time.run((atMs += 500));
    this.#faults = false;
    this.#history.away = false;
    for (const _ of this.#script.after) {
      await this.time.run((atMs += 1000));
      this.#durable++;
      this.#gateway!.follow(this.#durable);
      this.#store();
    }
    await this.time.run(atMs + HEAL_MS);
    for (const reader of this.#readers) reader.compare(this.#gateway!.views);
    for (const reader of this.#readers) reader.client.close();
    void this.#gateway!.hub.close();
    await this.time.run(atMs + HEAL_MS + 10_000);
  }

  /** The network, as a client sees it. */
  connect(account: number, listener: LinkListener): Link {
    const connection = new Connection(account, listener, this, () => this.#connections.delete(connection));
    this.#connections.add(connection);
    this.time.after(1 + this.random.below(30), () => connection.open(this.#gateway?.hub));
    return connection;
  }

  lost(): boolean {
    return this.#faults && this.random.chance(this.#loss);
  }

  repeated(): boolean {
    return this.#faults && this.random.chance(this.#repeat);
  }

  reordered(): boolean {
    return this.#faults && this.random.chance(this.#reorder);
  }

  async #trouble(): Promise<void> {
    const { random, counts } = this;
    if (random.chance(0.03)) {
      for (const connection of this.#connections) {
        if (!random.chance(0.5)) continue;
        counts.cuts++;
        connection.cut('cut');
      }
    }
    if (random.chance(0.03)) {
      for (const connection of this.#connections) {
        if (!random.chance(0.5)) continue;
        counts.stalls++;
        connection.stall(random.chance(0.2) ? 8_000 : random.below(1_500));
      }
    }
    if (random.chance(0.02)) this.#history.away = !this.#history.away;
    if (this.#gateway && random.chance(0.1)) this.#memory = { bytes: this.#gateway.remember(), at: this.#gateway.at };
    if (this.#gateway && random.chance(0.01)) {
      counts.restarts++;
      const gateway = this.#gateway;
      this.#gateway = undefined;
      if (random.chance(0.5)) {
        for (const connection of this.#connections) connection.cut('the gateway died');
      }
      void gateway.hub.close();
      const back = await this.#start();
      this.time.after(random.below(500), () => {
        for (const connection of this.#connections) connection.cut('the gateway is another one');
        this.#gateway = back;
        // It may serve before it has read all that is durable.
        if (random.chance(0.5)) back.follow(this.#durable);
      });
    }
  }

  #store(): void {
    if (this.#history.away) return;
    if (this.#stored === 0) for (const records of this.#script.opening) this.#history.store(records);
    while (this.#stored < this.#durable) this.#history.store(stepOf(this.#script, this.#stored++));
  }

  async #start(): Promise<Gateway> {
    const views = (await gatewayViews().open({} as never)) as GatewayViews;
    const memory = this.#memory;
    if (memory) views.memory!.restore(memory.bytes);
    const gateway = new Gateway(
      views,
      this.#script,
      memory?.at ?? -1,
      this.time,
      this.#history,
      this.#queue,
      (error) => {
        throw error;
      },
    );
    return gateway;
  }
}

function stepOf({ steps, after }: MarketScript, step: number): readonly GatewayRecord[] {
  return (steps[step] ?? after[step - steps.length])!;
}

/** A gateway that is told of the script as far as it is durable. */
class Gateway {
  readonly views: GatewayViews;
  readonly hub: SocketHub;
  /** Steps told. */
  at = 0;
  readonly #script: MarketScript;
  #listener: ((batch: readonly GatewayRecord[]) => void) | undefined;
  #nowMicros = 1_767_225_600_000_000;

  constructor(
    views: GatewayViews,
    script: MarketScript,
    at: number,
    time: VirtualTime,
    history: ScriptedHistory,
    queue: QueueBounds,
    failed: (error: unknown) => void,
  ) {
    this.views = views;
    this.#script = script;
    if (at < 0) for (const records of script.opening) this.#tell(records);
    this.at = Math.max(at, 0);
    this.hub = new SocketHub(
      {
        views,
        history,
        feed: {
          hear: (listener) => {
            this.#listener = listener;
            return () => {
              this.#listener = undefined;
            };
          },
        },
        clock: { nowMicros: () => this.#nowMicros },
        commands: {
          submit: async () => assert.fail('nobody trades here'),
          submitBatch: async () => assert.fail('nobody trades here'),
        },
        commandExpiryMicros: 1_000_000,
        candleIntervals: [],
        newId: () => 'id',
        failed,
        epoch: 'script',
      },
      { timers: time, limits: { ...DEFAULT_LIMITS, queue } },
    );
  }

  follow(durable: number): void {
    const news: GatewayRecord[] = [];
    while (this.at < durable) {
      const records = stepOf(this.#script, this.at++);
      this.#tell(records);
      news.push(...records);
    }
    this.#listener?.(news);
  }

  remember(): Uint8Array {
    return this.views.memory!.snapshot();
  }

  #tell(records: readonly GatewayRecord[]): void {
    for (const { log, partition, offset, occurredAt, record } of records) {
      this.#nowMicros = Math.max(this.#nowMicros, occurredAt);
      const envelope: Envelope = {
        eventId: 0,
        causationId: 0,
        correlationId: 0,
        occurredAt: occurredAt as Micros,
        eventVersion: 1,
        traceparent: null,
      };
      void this.views.write({
        log,
        partition,
        firstOffset: offset,
        lastOffset: offset,
        lastTimeMicros: occurredAt,
        records: [record],
        envelopes: [envelope],
        outputs: {},
      });
    }
  }
}

/** Both ends of one connection and the network between them. */
class Connection implements Link, Wire {
  readonly #listener: LinkListener;
  readonly #run: Run;
  readonly #gone: () => void;
  readonly #principal: Principal;
  #hub: SocketHub | undefined;
  #reader: Reader | undefined;
  #over = false;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #stalledUntilMs = 0;
  /** Frames in order arrive in order. */
  #nextAtMs = 0;
  #onRoom: () => void = () => {};

  constructor(account: number, listener: LinkListener, run: Run, gone: () => void) {
    this.#listener = listener;
    this.#run = run;
    this.#gone = gone;
    this.#principal = {
      account: account as AccountId,
      userId: `user-${account}`,
      roles: ['trader'],
      scopes: ['read', 'trade'],
      expiresAtMicros: Number.MAX_SAFE_INTEGER as Micros,
    };
  }

  open(hub: SocketHub | undefined): void {
    if (this.#over) return;
    if (!hub) {
      this.cut('nobody listens');
      return;
    }
    this.#hub = hub;
    this.#reader = hub.connect(this, this.#principal, 'simulated');
    if (!this.#over) this.#listener.connected();
  }

  // The client's side.

  async request(event: string, payload: unknown, timeoutMs: number): Promise<unknown> {
    const { time, random } = this.#run;
    const timedOut = new Promise<undefined>((resolve) => time.after(timeoutMs, () => resolve(undefined)));
    const answered = new Promise<unknown>((resolve) => {
      time.after(1 + random.below(20), () => {
        if (this.#over || !this.#hub || !this.#reader) return;
        void this.#hub.take(this.#reader, event, JSON.parse(JSON.stringify(payload))).then((ack) => {
          time.after(1 + random.below(20), () => resolve(this.#over ? undefined : ack));
        });
      });
    });
    return Promise.race([answered, timedOut]);
  }

  close(): void {
    if (this.#over) return;
    this.#over = true;
    this.#gone();
    this.#reader?.gone();
  }

  // The gateway's side.

  get pendingBytes(): number {
    return this.#heldBytes;
  }

  onRoom(listener: () => void): void {
    this.#onRoom = listener;
  }

  write(frames: readonly Buffer[]): boolean {
    if (this.#over) return true;
    for (const frame of frames) {
      if (this.#run.time.nowMs() < this.#stalledUntilMs) {
        this.#held.push(frame);
        this.#heldBytes += frame.length;
      } else {
        this.#carry(frame);
      }
    }
    return this.#heldBytes < HELD_BYTES_MAX;
  }

  end(closing: ClosingPayload): void {
    if (closing.reason === 'too_slow') this.#run.counts.tooSlow++;
    const stalled = this.#run.time.nowMs() < this.#stalledUntilMs;
    if (!stalled) this.#deliver(() => this.#listener.message('closing', closing));
    this.#run.time.after(stalled ? 1000 : 100, () => this.cut('the gateway closed'));
  }

  terminate(): void {}

  // The network.

  cut(because: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#gone();
    this.#reader?.gone();
    this.#listener.ended(because);
  }

  stall(forMs: number): void {
    const { time } = this.#run;
    this.#stalledUntilMs = time.nowMs() + forMs;
    time.after(forMs, () => {
      if (this.#over || time.nowMs() < this.#stalledUntilMs) return;
      const held = this.#held;
      this.#held = [];
      this.#heldBytes = 0;
      for (const frame of held) this.#carry(frame);
      this.#onRoom();
    });
  }

  #carry(frame: Buffer): void {
    const { counts } = this.#run;
    const { event, payload } = decodeEvent(frame);
    counts.frames++;
    const { type, flagged, conflated } = payload as { readonly type?: string; flagged?: true; conflated?: number };
    if (type === 'snapshot' && flagged) counts.flagged++;
    if (conflated !== undefined) counts.conflated++;
    if (this.#run.lost()) {
      counts.dropped++;
      return;
    }
    const arrive = () => this.#listener.message(event, structuredClone(payload));
    if (this.#run.reordered()) {
      counts.reordered++;
      this.#run.time.after(this.#run.random.below(400), () => !this.#over && arrive());
    } else {
      this.#deliver(arrive);
    }
    if (this.#run.repeated()) {
      counts.repeated++;
      this.#run.time.after(this.#run.random.below(2_000), () => !this.#over && arrive());
    }
  }

  #deliver(arrive: () => void): void {
    const { time, random } = this.#run;
    this.#nextAtMs = Math.max(this.#nextAtMs, time.nowMs() + 1 + random.below(20));
    time.after(this.#nextAtMs - time.nowMs(), () => !this.#over && arrive());
  }
}

/** A client whose feeds are watched at every change. */
class CheckedClient {
  readonly client: ReturnType<typeof createClient>;
  readonly #account: number;
  readonly #feeds: ReturnType<typeof feedsOf>;

  constructor(account: number, run: Run, script: MarketScript) {
    this.#account = account;
    const outside: ClientOutside = {
      nowMs: () => run.time.nowMs(),
      after: (delayMs, callback) => run.time.after(delayMs, callback),
      random: () => run.random.fraction(),
      newId: () => 'id',
      fetch: () => Promise.reject(new Error('there is no REST here')),
      connect: (_url, _auth, listener) => run.connect(account, listener),
    };
    this.client = createClient({ url: 'http://gateway' }, outside);
    this.#feeds = feedsOf(this.client.socket());
    this.#watch(script, run.counts);
  }

  /** Everything that this client holds is what the server holds. */
  compare(views: GatewayViews): void {
    const { books, trades, orders, fills, balances } = this.#feeds;
    const account = this.#account as AccountId;
    const market = views.market(SYMBOL_NAME)!;
    const view = views.account(account);
    for (const feed of [...books, trades, orders, fills, balances]) assert.ok(feed.live, `${feed.id} is live`);
    for (const [index, depth] of ([10, 50] as const).entries()) {
      const levels = (side: 'buy' | 'sell') =>
        market.book
          .levels(side, depth)
          .map(({ priceTicks, quantityLots }) => [String(priceTicks), String(quantityLots)]);
      assert.deepEqual(
        { bids: books[index]!.bids, asks: books[index]!.asks },
        { bids: levels('buy'), asks: levels('sell') },
      );
    }
    const tape = market.trades(1000).map(({ tradeId }) => String(tradeId));
    const heard = trades.trades.map(({ trade_id }) => trade_id);
    assert.deepEqual(heard, heard.length === 0 ? [] : tape.reverse().slice(-heard.length));
    const open = view.openOrders().map((order) => comparable(orderPayload(order, views)));
    assert.deepEqual(orders.open.map(comparable), open);
    assert.deepEqual([...balances.balances.values()], balancesPayload(account, views).balances);
    const told = fills.fills.map(({ seq }) => seq);
    const filled = view.fills(1000).map(({ seq }) => seq as number);
    assert.deepEqual(told, told.length === 0 ? [] : filled.reverse().slice(-told.length));
  }

  #watch(script: MarketScript, counts: RunCounts): void {
    const { books, trades, orders, fills, balances } = this.#feeds;
    for (const book of books) {
      book.on({
        changed() {
          const [bid, ask] = [book.bids[0], book.asks[0]];
          assert.ok(!bid || !ask || Number(bid[0]) < Number(ask[0]), `${book.id} is crossed: ${bid} ${ask}`);
        },
        gap: (gap) => count(gap, counts),
      });
    }
    // What may not be merged or left out never begins anew, since memory and history together have all of it.
    for (const feed of [trades, orders, fills, balances]) {
      feed.on({
        gap(gap) {
          count(gap, counts);
          assert.equal(gap.outcome, 'resumed', `${feed.id} lost something: ${JSON.stringify(gap)}`);
        },
      });
    }
    const tape = sequences(script, (record) => (record.type === 'trade' ? record.seq : 0));
    follow(trades, tape, ({ trade_id }) => Number(trade_id));
    const filled = sequences(script, (record) =>
      record.type === 'fill' && record.account === this.#account ? record.seq : 0,
    );
    follow(fills, filled, ({ seq }) => seq);
  }
}

function feedsOf(socket: ExchangeSocket) {
  return {
    books: [socket.book(SYMBOL_NAME, { depth: 10 }), socket.book(SYMBOL_NAME, { depth: 50 })],
    trades: socket.trades(SYMBOL_NAME),
    orders: socket.orders(),
    fills: socket.fills(),
    balances: socket.balances(),
  };
}

function sequences(script: MarketScript, of: (record: GatewayRecord['record']) => number): number[] {
  return script.steps
    .flatMap((records) =>
      records.filter(({ log, record }) => log === logOf(record.type)).map(({ record }) => of(record)),
    )
    .filter((seq) => seq > 0);
}

function logOf(type: string): string {
  return type === 'trade' ? 'market' : 'accounts';
}

/** Each event follows on the one before, in the sequence that the server has. */
function follow<E>(
  feed: { on(listener: { changed(news: readonly E[]): void }): unknown; readonly id: string },
  all: readonly number[],
  seqOf: (event: E) => number,
): void {
  let last: number | undefined;
  feed.on({
    changed(news) {
      for (const event of news) {
        const seq = seqOf(event);
        if (last !== undefined) assert.equal(seq, all[all.indexOf(last) + 1], `${feed.id} has a hole after ${last}`);
        last = seq;
      }
    },
  });
}

function count({ outcome }: GapNotice, counts: RunCounts): void {
  counts[outcome]++;
}

/** What a feed folds and what the view says, beside how zeros are written and when it was changed last. */
function comparable({ updated_at: _, executed, ...order }: { readonly [field: string]: unknown }) {
  return { ...order, executed: Number(executed) };
}
