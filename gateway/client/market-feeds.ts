import type {
  CandlePayload,
  FillPayload,
  StatusPayload,
  TickerPayload,
  TradePayload,
} from '../../schemas/socket-payloads.ts';
import { type DeltaFrame, FeedCore, type SnapshotFrame } from './feed-core.ts';
import type { CandlesFeed, FillsFeed, PipelineFeed, StatusFeed, TickerFeed, TradesFeed } from './types.ts';

/** Events in order, the newest `keep` of them. */
abstract class EventList<E> extends FeedCore<readonly E[]> {
  protected events: E[] = [];
  keep = 1000;

  protected override restart({ data }: SnapshotFrame): readonly E[] {
    this.events = (data as E[]).slice(-this.keep);
    return this.events;
  }

  protected override apply({ data }: DeltaFrame): { readonly change: readonly E[] } {
    const news = data as E[];
    this.events.push(...news);
    // Cut now and then, not at every event.
    if (this.events.length > this.keep * 2) this.events = this.events.slice(-this.keep);
    return { change: news };
  }

  protected override count({ data }: DeltaFrame): number {
    return (data as E[]).length;
  }
}

export class LocalTrades extends EventList<TradePayload> implements TradesFeed {
  get trades(): readonly TradePayload[] {
    return this.events.length > this.keep ? this.events.slice(-this.keep) : this.events;
  }
}

export class LocalFills extends EventList<FillPayload> implements FillsFeed {
  get fills(): readonly FillPayload[] {
    return this.events.length > this.keep ? this.events.slice(-this.keep) : this.events;
  }
}

/** The newest state is all there is. */
abstract class Latest<S> extends FeedCore<S> {
  protected latest: S | undefined;

  protected override restart({ data }: SnapshotFrame): S {
    this.latest = data as S;
    return this.latest;
  }

  protected override apply({ data }: DeltaFrame): { readonly change: S } {
    this.latest = data as S;
    return { change: this.latest };
  }

  protected override count({ conflated }: DeltaFrame): number {
    return conflated ?? 1;
  }
}

export class LocalTicker extends Latest<TickerPayload> implements TickerFeed {
  get ticker(): TickerPayload | undefined {
    return this.latest;
  }
}

export class LocalPipeline extends Latest<unknown> implements PipelineFeed {
  get pipeline(): unknown {
    return this.latest;
  }
}

export class LocalStatus extends FeedCore<StatusPayload> implements StatusFeed {
  status: StatusPayload | undefined;

  protected override restart({ data }: SnapshotFrame): StatusPayload {
    this.status = data as StatusPayload;
    return this.status;
  }

  protected override apply({ data }: DeltaFrame): { readonly change: StatusPayload } {
    const states = data as readonly StatusPayload[];
    this.status = states.at(-1) ?? this.status!;
    return { change: this.status };
  }

  protected override count({ data }: DeltaFrame): number {
    return (data as readonly unknown[]).length;
  }
}

export class LocalCandles extends FeedCore<readonly CandlePayload[]> implements CandlesFeed {
  keep = 1000;
  #candles: CandlePayload[] = [];

  get candles(): readonly CandlePayload[] {
    return this.#candles;
  }

  protected override restart({ data }: SnapshotFrame): readonly CandlePayload[] {
    this.#candles = [...(data as readonly CandlePayload[])];
    return this.#candles;
  }

  protected override apply({ data }: DeltaFrame): { readonly change: readonly CandlePayload[] } {
    const news = data as readonly CandlePayload[];
    for (const candle of news) this.#put(candle);
    if (this.#candles.length > this.keep) this.#candles = this.#candles.slice(-this.keep);
    return { change: news };
  }

  protected override count({ data }: DeltaFrame): number {
    return (data as readonly unknown[]).length;
  }

  #put(candle: CandlePayload): void {
    const candles = this.#candles;
    let at = candles.length;
    while (at > 0 && candles[at - 1]!.opens_at > candle.opens_at) at--;
    const there = candles[at - 1]?.opens_at === candle.opens_at;
    if (there) candles[at - 1] = candle;
    else candles.splice(at, 0, candle);
  }
}
