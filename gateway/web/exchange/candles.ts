/** Candles of one symbol and interval: the live end from the feed, older ones by pages as somebody looks further back. */
import type { CandlePayload } from '../../../schemas/socket-payloads.ts';
import type { CandlesFeed, Client, Feed } from '../../client/types.ts';
import type { SymbolRules } from '../format/symbol-rules.ts';
import { Store } from '../stores/store.ts';

export interface Candle {
  /** Seconds since 1970. */
  readonly time: number;
  readonly open: number;
  readonly high: number;
  readonly low: number;
  readonly close: number;
  readonly volume: number;
}

interface CandlesAnswer {
  readonly candles: readonly CandlePayload[];
  readonly next_cursor?: string | null;
}

const LIVE_KEPT = 1_000;
const PAGE = 500;
const KEPT_MAX = 20_000;

export class CandleStore extends Store {
  interval = '';
  symbol = '';
  /** By opening time. */
  #byTime = new Map<number, Candle>();
  #sorted: Candle[] | undefined;
  #feed: CandlesFeed | undefined;
  #ends: (() => void)[] = [];
  loading = false;
  /** Nothing older is known. */
  complete = false;
  /** Where the next older page begins. */
  #cursor: string | undefined;
  /** Those that changed since they were last taken; undefined: all of them. */
  #touched: Candle[] | undefined;
  readonly #client: () => Client;
  readonly #watch: (channel: string, feed: Feed<readonly CandlePayload[]>) => () => void;
  readonly #forget: (channel: string) => void;

  constructor(
    client: () => Client,
    watch: (channel: string, feed: Feed<readonly CandlePayload[]>) => () => void,
    forget: (channel: string) => void,
  ) {
    super();
    this.#client = client;
    this.#watch = watch;
    this.#forget = forget;
  }

  follow(rules: SymbolRules, interval: string): void {
    this.end();
    this.symbol = rules.symbol;
    this.interval = interval;
    this.#byTime = new Map();
    this.#sorted = undefined;
    this.#touched = undefined;
    this.complete = false;
    this.#cursor = undefined;
    const feed = this.#client().socket().candles(rules.symbol, interval, { keep: LIVE_KEPT });
    this.#feed = feed;
    const take = (candles: readonly CandlePayload[]) => {
      for (const candle of candles) this.#put(candleOf(candle));
      this.changed();
    };
    this.#ends.push(this.#watch('candles', feed), feed.on({ changed: take }), () => feed.close());
    if (feed.candles.length > 0) take(feed.candles);
    this.changedNow();
    void this.older();
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#forget('candles');
    this.#feed = undefined;
    this.loading = false;
  }

  /** All, oldest first. */
  all(): readonly Candle[] {
    this.#touched = [];
    this.#sorted ??= [...this.#byTime.values()].sort((left, right) => left.time - right.time);
    return this.#sorted;
  }

  /** What changed since the last look, oldest first; undefined: look at all of them. */
  takeTouched(): readonly Candle[] | undefined {
    const touched = this.#touched;
    this.#touched = [];
    return touched;
  }

  /** Asks for the page before the oldest. */
  async older(): Promise<void> {
    if (this.loading || this.complete || this.#byTime.size > KEPT_MAX) return;
    const feed = this.#feed;
    if (!feed) return;
    this.loading = true;
    const answer = await this.#client().rest.request<CandlesAnswer>({
      method: 'GET',
      path: `/v1/candles/${encodeURIComponent(this.symbol)}`,
      query: {
        interval: this.interval,
        limit: PAGE,
        cursor: this.#cursor,
      },
    });
    if (feed !== this.#feed) return;
    this.loading = false;
    if (!answer.ok) {
      this.complete = true;
      return;
    }
    for (const candle of answer.value.candles) {
      const read = candleOf(candle);
      if (!this.#byTime.has(read.time)) this.#byTime.set(read.time, read);
    }
    this.#cursor = answer.value.next_cursor ?? undefined;
    if (this.#cursor === undefined) this.complete = true;
    this.#sorted = undefined;
    this.#touched = undefined;
    this.changed();
  }

  #put(candle: Candle): void {
    const known = this.#byTime.has(candle.time);
    this.#byTime.set(candle.time, candle);
    const last = this.#sorted?.at(-1);
    if (this.#sorted && last) {
      if (candle.time === last.time) this.#sorted[this.#sorted.length - 1] = candle;
      else if (!known && candle.time > last.time) this.#sorted.push(candle);
      else this.#sorted = undefined;
    } else this.#sorted = undefined;
    if (this.#touched && this.#sorted) this.#touched.push(candle);
    else this.#touched = undefined;
  }
}

function candleOf(payload: CandlePayload): Candle {
  return {
    time: Math.floor(Date.parse(payload.opens_at) / 1_000),
    open: Number(payload.open),
    high: Number(payload.high),
    low: Number(payload.low),
    close: Number(payload.close),
    volume: Number(payload.volume),
  };
}
