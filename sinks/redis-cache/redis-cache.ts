/**
 * The hot cache: book snapshots, tickers and the last candles of every symbol in Redis, for whoever asks often and does not
 * want to bother an exchange. It follows the durable logs in a lane of its own, keeps what it folds in memory, and copies it
 * to Redis: the newest value of a key, never a queue. Redis may be emptied, killed or exchanged at any time: what is missing
 * is written again, and nothing else notices.
 */
import type { Sink, SinkBlock, SinkContext, SinkDefinition } from '../../pipelines/runtime/ports.ts';
import { type CacheOptions, cacheOptions } from '../../schemas/config.ts';
import type { AnyRecord, Candle, SymbolId, Ticker } from '../../schemas/generated/records.ts';
import { type RecordSet, recordSet } from '../../schemas/logs.ts';
import { MarketView } from '../gateway-views/market-view.ts';
import { MemoryReader, MemoryWriter } from '../gateway-views/memory-bytes.ts';
import { CacheAway, type CacheClient, openCacheClient } from './cache-client.ts';
import {
  type CachedBook,
  type CachedCandles,
  type CachedTicker,
  cacheKeys,
  keyOf,
  type Version,
  writeValues,
} from './cached-values.ts';

export const CacheRecord = recordSet('CacheRecord', [
  'accepted',
  'trade',
  'cancelled',
  'amended',
  'prevented_match',
  'market_state',
  'reference_price',
  'symbol_config',
  'candle',
  'ticker',
] as const);

const LEVELS_MAX = 100;
const CANDLES_MAX = 200;
/** Values go out together at most so often; what changes in between goes once. */
const FLUSH_MS = 100;
const FLUSH_VALUES_MAX = 256;
const RETRY_MS_MAX = 2_000;
/** How often the mark of a filled cache is looked for when nothing changes. */
const LOOK_MS = 1_000;
const REFILL_MS = 60_000;
const MEMORY_FORMAT = 1;

/** Options given here win over those of the configuration. */
export function redisCache(given: Partial<CacheOptions> = {}): SinkDefinition {
  return {
    name: 'redisCache',
    input: CacheRecord as unknown as RecordSet<AnyRecord>,
    delivers: 'at once',
    blockRecords: 1_024,
    wanted: (config) => (given.nodes ?? cacheOptionsOf(config).nodes) !== undefined,
    open: async (context: SinkContext) => {
      const { nodes, ...options } = { ...cacheOptionsOf(context.config), ...given };
      return nodes === undefined ? noCache(context) : new RedisCache(context, openCacheClient({ ...options, nodes }));
    },
  };
}

export function cacheOptionsOf(config: unknown): CacheOptions {
  const backends = (config as { readonly backends?: { readonly cache?: unknown } } | null | undefined)?.backends;
  return cacheOptions.parse(backends?.cache ?? {});
}

type Dirty = 'book' | 'ticker' | `candles ${string}`;

interface CachedMarket {
  readonly view: MarketView;
  /** Offset of the newest block that is folded in, and its time: how values of this symbol are told apart. */
  offset: number;
  timeMicros: number;
  readonly intervals: Set<string>;
  readonly dirty: Set<Dirty>;
}

class RedisCache implements Sink {
  readonly #context: SinkContext;
  readonly #cache: CacheClient;
  readonly #markets = new Map<SymbolId, CachedMarket>();
  /** What says that the cache was filled from this log: the same for every instance that writes it. */
  readonly #mark: string;
  readonly #figures = { writtenValues: 0, staleValues: 0, refills: 0 };
  #cancelFlush: (() => void) | undefined;
  #flushing: Promise<void> | undefined;
  #failures = 0;
  #complaint = '';
  #lookAtMs = 0;
  #refillAtMs = 0;
  #connections = 0;
  #closed = false;

  readonly memory = {
    snapshot: (): Uint8Array => this.#write(),
    restore: (bytes: Uint8Array): boolean => this.#read(new MemoryReader(bytes)),
  };

  constructor(context: SinkContext, cache: CacheClient) {
    this.#context = context;
    this.#cache = cache;
    this.#mark = `generation ${context.generation}`;
  }

  async positions(): Promise<Map<string, number>> {
    this.#schedule(FLUSH_MS);
    return new Map();
  }

  async write(block: SinkBlock): Promise<void> {
    for (let index = 0; index < block.records.length; index++) {
      this.#apply(block, block.records[index]!, block.envelopes[index]!.occurredAt);
    }
    for (const { records } of Object.values(block.outputs)) {
      for (const record of records) {
        if (record.type === 'candle') this.#candle(block, record);
        if (record.type === 'ticker') this.#ticker(block, record);
      }
    }
  }

  figures(): { readonly [nameWithUnit: string]: number | string } {
    let waitingValues = 0;
    for (const { dirty } of this.#markets.values()) waitingValues += dirty.size;
    const { failedCalls } = this.#cache.figures();
    const state = this.#complaint === '' ? 'caching' : `waiting: ${this.#complaint}`;
    return { ...this.#figures, waitingValues, failedCalls, store: this.#cache.name, state };
  }

  async close(): Promise<void> {
    this.#closed = true;
    this.#cancelFlush?.();
    await this.#flushing;
    this.#cache.close();
  }

  #apply(block: SinkBlock, record: AnyRecord, timeMicros: number): void {
    if (record.symbol === 0 || block.log !== 'market') return;
    let market = this.#markets.get(record.symbol);
    if (!market) {
      if (record.type !== 'symbol_config') return;
      market = marketOf(new MarketView(record));
      this.#markets.set(record.symbol, market);
    }
    market.view.apply(record, timeMicros);
    this.#touch(market, block, 'book');
  }

  #ticker(block: SinkBlock, record: Ticker): void {
    const market = this.#markets.get(record.symbol);
    if (!market) return;
    market.view.ticker = record;
    this.#touch(market, block, 'ticker');
  }

  #candle(block: SinkBlock, record: Candle): void {
    const market = this.#markets.get(record.symbol);
    if (!market) return;
    market.view.candle(record);
    market.intervals.add(record.interval);
    this.#touch(market, block, `candles ${record.interval}`);
  }

  #touch(market: CachedMarket, block: SinkBlock, dirty: Dirty): void {
    market.offset = block.lastOffset;
    market.timeMicros = block.lastTimeMicros;
    market.dirty.add(dirty);
  }

  #schedule(delayMs: number): void {
    if (this.#closed) return;
    this.#cancelFlush = this.#context.clock.after(delayMs, () => {
      this.#flushing = this.#flush().then((nextMs) => this.#schedule(nextMs));
    });
  }

  /** Copies what changed. Answers after how long to look again. */
  async #flush(): Promise<number> {
    try {
      await this.#lookForMark();
      for (;;) {
        const batch = this.#takeBatch();
        if (batch.length === 0) break;
        try {
          const newer = await writeValues(this.#cache, batch);
          this.#figures.writtenValues += newer;
          this.#figures.staleValues += batch.length - newer;
        } catch (error) {
          // What was not told to be written is written again; the comparison in Redis makes that harmless.
          for (const { market, dirty } of batch) market.dirty.add(dirty);
          throw error;
        }
      }
      if (this.#complaint !== '') this.#context.say('the cache is written again');
      this.#complaint = '';
      this.#failures = 0;
      return FLUSH_MS;
    } catch (error) {
      if (!(error instanceof CacheAway)) throw error;
      if (this.#complaint === '') this.#context.say(`the cache is away (${error.message}); nothing waits for it`);
      this.#complaint = error.message;
      return Math.min(RETRY_MS_MAX, FLUSH_MS * 2 ** ++this.#failures);
    }
  }

  /** A cache without our mark was emptied, or is another one: everything is written again; so it is now and then anyway. */
  async #lookForMark(): Promise<void> {
    const nowMs = this.#context.clock.monotonicMs();
    if (nowMs < this.#lookAtMs && this.#failures === 0) return;
    const key = keyOf(this.#cache, cacheKeys.filled);
    const found = await this.#cache.run((redis) => redis.set(key, this.#mark, 'GET'));
    this.#lookAtMs = nowMs + LOOK_MS;
    const { connections } = this.#cache.figures();
    // Of a cluster one node may come back empty while the mark lies on another.
    if (found === this.#mark && connections === this.#connections && nowMs < this.#refillAtMs) return;
    this.#connections = connections;
    this.#refillAtMs = nowMs + REFILL_MS;
    this.#figures.refills++;
    for (const market of this.#markets.values()) markAll(market);
  }

  #takeBatch() {
    const batch: { market: CachedMarket; dirty: Dirty; key: string; version: Version; value: string }[] = [];
    for (const market of this.#markets.values()) {
      for (const dirty of market.dirty) {
        if (batch.length === FLUSH_VALUES_MAX) return batch;
        market.dirty.delete(dirty);
        const valued = encode(market, dirty);
        if (!valued) continue;
        const version = { generation: this.#context.generation, number: market.offset };
        batch.push({ market, dirty, version, ...valued });
      }
    }
    return batch;
  }

  #write(): Uint8Array {
    const writer = new MemoryWriter();
    writer.number(MEMORY_FORMAT);
    writer.number(this.#markets.size);
    for (const { view, offset, timeMicros, intervals } of this.#markets.values()) {
      view.write(writer);
      writer.number(offset);
      writer.number(timeMicros);
      writer.text([...intervals].join(' '));
    }
    return writer.finish();
  }

  #read(reader: MemoryReader): boolean {
    if (reader.number() !== MEMORY_FORMAT) return false;
    for (let left = reader.number(); left > 0; left--) {
      const market = marketOf(MarketView.read(reader));
      market.offset = reader.number();
      market.timeMicros = reader.number();
      for (const interval of reader.text().split(' ').filter(Boolean)) market.intervals.add(interval);
      markAll(market);
      this.#markets.set(market.view.config.symbol, market);
    }
    return true;
  }
}

function marketOf(view: MarketView): CachedMarket {
  return { view, offset: 0, timeMicros: 0, intervals: new Set(), dirty: new Set() };
}

function markAll({ dirty, intervals }: CachedMarket): void {
  dirty.add('book');
  dirty.add('ticker');
  for (const interval of intervals) dirty.add(`candles ${interval}`);
}

function encode({ view, timeMicros }: CachedMarket, dirty: Dirty): { key: string; value: string } | undefined {
  const symbol = view.config.name;
  if (dirty === 'book') {
    const side = (name: 'buy' | 'sell'): [string, string][] =>
      view.book.levels(name, LEVELS_MAX).map(({ priceTicks, quantityLots }) => [`${priceTicks}`, `${quantityLots}`]);
    const book: CachedBook = {
      symbol,
      seq: `${view.seq}`,
      timeMicros: `${timeMicros}`,
      bids: side('buy'),
      asks: side('sell'),
    };
    return { key: cacheKeys.book(symbol), value: JSON.stringify(book) };
  }
  if (dirty === 'ticker') {
    if (!view.ticker) return undefined;
    return { key: cacheKeys.ticker(symbol), value: JSON.stringify(tickerOf(symbol, view.seq, view.ticker)) };
  }
  const interval = dirty.slice('candles '.length);
  const candles: CachedCandles = { symbol, interval, candles: view.candles(interval, CANDLES_MAX).map(candleOf) };
  return { key: cacheKeys.candles(symbol, interval), value: JSON.stringify(candles) };
}

function tickerOf(symbol: string, seq: number, ticker: Ticker): CachedTicker {
  return {
    symbol,
    seq: `${seq}`,
    lastPriceTicks: `${ticker.lastPriceTicks}`,
    bestBidPriceTicks: `${ticker.bestBidPriceTicks}`,
    bestBidLots: `${ticker.bestBidLots}`,
    bestAskPriceTicks: `${ticker.bestAskPriceTicks}`,
    bestAskLots: `${ticker.bestAskLots}`,
    openPriceTicks: `${ticker.openPriceTicks}`,
    highPriceTicks: `${ticker.highPriceTicks}`,
    lowPriceTicks: `${ticker.lowPriceTicks}`,
    baseLots: `${ticker.baseLots}`,
    quoteAmount: `${ticker.quoteAmount}`,
    tradeCount: `${ticker.tradeCount}`,
    opensAtMicros: `${ticker.opensAt}`,
  };
}

function candleOf(candle: Candle): CachedCandles['candles'][number] {
  return {
    opensAtMicros: `${candle.opensAt}`,
    openPriceTicks: `${candle.openPriceTicks}`,
    highPriceTicks: `${candle.highPriceTicks}`,
    lowPriceTicks: `${candle.lowPriceTicks}`,
    closePriceTicks: `${candle.closePriceTicks}`,
    baseLots: `${candle.baseLots}`,
    quoteAmount: `${candle.quoteAmount}`,
    tradeCount: `${candle.tradeCount}`,
    closed: candle.closed,
  };
}

/** Without nodes there is no cache: it wants nothing and keeps nothing. */
function noCache(context: SinkContext): Sink {
  const partitions = context.partitions.market ?? 0;
  const everything = Array.from({ length: partitions }, (_, partition): [string, number] => [
    `market/${partition}`,
    Number.MAX_SAFE_INTEGER,
  ]);
  return {
    positions: async () => new Map(everything),
    write: async () => {},
    figures: () => ({ state: 'off' }),
    close: async () => {},
  };
}
