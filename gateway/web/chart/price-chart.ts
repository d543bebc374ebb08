/** Candles and volume. Wraps the chart library: fed from a store, told when the look changes, asks for older ones when their place comes into view. */
import {
  CandlestickSeries,
  ColorType,
  CrosshairMode,
  createChart,
  HistogramSeries,
  type IChartApi,
  type ISeriesApi,
  type ISeriesPrimitive,
  type Time,
  type UTCTimestamp,
} from 'lightweight-charts';
import type { Candle, CandleStore } from '../exchange/candles.ts';
import { MONTHS } from '../format/instants.ts';
import { compact, formatUnits } from '../format/numbers.ts';
import type { SymbolRules } from '../format/symbol-rules.ts';

/** Bars left of the view at which older ones are asked for. */
const ASK_BEFORE_BARS = 30;
const FIRST_BARS = 120;

export interface Hovered {
  readonly candle: Candle;
}

export class PriceChart {
  readonly #chart: IChartApi;
  readonly #candles: ISeriesApi<'Candlestick'>;
  readonly #volume: ISeriesApi<'Histogram'>;
  readonly #store: CandleStore;
  readonly #ends: (() => void)[] = [];
  readonly #scaled = new Set<() => void>();
  #colours = { up: '', down: '', upVolume: '', downVolume: '' };
  #shownKey = '';
  /** Seconds since 1970 that were in view before the interval changed, to be in view again. */
  #keepRange: { readonly from: number; readonly to: number } | undefined;
  #count = 0;

  constructor(host: HTMLElement, store: CandleStore, hovered: (candle: Candle | undefined) => void) {
    this.#store = store;
    this.#chart = createChart(host, {
      autoSize: true,
      layout: { attributionLogo: false },
      crosshair: { mode: CrosshairMode.Normal },
      timeScale: { rightOffset: 6, minBarSpacing: 0.8, tickMarkFormatter: tickMark },
      localization: { timeFormatter: fullTime },
      rightPriceScale: { scaleMargins: { top: 0.06, bottom: 0.24 } },
    });
    this.#candles = this.#chart.addSeries(CandlestickSeries, { borderVisible: false, priceLineVisible: true });
    this.#volume = this.#chart.addSeries(HistogramSeries, {
      priceScaleId: 'volume',
      priceFormat: { type: 'custom', formatter: (value: number) => compact(value), minMove: 0.00000001 },
      lastValueVisible: false,
      priceLineVisible: false,
    });
    this.#volume.priceScale().applyOptions({ scaleMargins: { top: 0.82, bottom: 0 } });
    const watcher: ISeriesPrimitive<Time> = {
      updateAllViews: () => {
        for (const tell of this.#scaled) tell();
      },
    };
    this.#candles.attachPrimitive(watcher);
    this.#chart.timeScale().subscribeVisibleLogicalRangeChange((range) => {
      if (range && range.from < ASK_BEFORE_BARS && this.#count > 0) void store.older();
    });
    this.#chart.subscribeCrosshairMove(({ time }) => {
      const seconds = time as number | undefined;
      hovered(seconds === undefined ? undefined : store.all().find((candle) => candle.time === seconds));
    });
    this.#ends.push(store.subscribe(() => this.#draw()));
    this.look();
    this.#draw();
  }

  end(): void {
    for (const end of this.#ends.splice(0)) end();
    this.#scaled.clear();
    this.#chart.remove();
  }

  /** Prices as this symbol's. */
  showSymbol(rules: SymbolRules): void {
    const { priceDecimals, tickUnits } = rules;
    const minMove = tickUnits / 10 ** priceDecimals;
    this.#candles.applyOptions({
      priceFormat: {
        type: 'custom',
        minMove,
        formatter: (price: number) => formatUnits(Math.round(price * 10 ** priceDecimals), priceDecimals),
      },
    });
  }

  /** Before the store follows another interval: the same stretch of time stays in view. */
  keepRange(): void {
    const range = this.#chart.timeScale().getVisibleRange();
    const last = this.#store.all().at(-1)?.time;
    if (!range || last === undefined) return;
    const to = range.to as number;
    // At the live end it is the end that is kept.
    this.#keepRange = to >= last ? undefined : { from: range.from as number, to };
  }

  /** Colours of the theme that is shown now. */
  look(): void {
    const style = getComputedStyle(document.documentElement);
    const colour = (name: string) => style.getPropertyValue(name).trim();
    this.#colours = {
      up: colour('--up'),
      down: colour('--down'),
      upVolume: `${colour('--up')}59`,
      downVolume: `${colour('--down')}59`,
    };
    this.#chart.applyOptions({
      layout: {
        background: { type: ColorType.Solid, color: colour('--panel') },
        textColor: colour('--muted'),
        fontFamily: style.getPropertyValue('--font'),
        fontSize: 11,
      },
      grid: { vertLines: { color: colour('--line') }, horzLines: { color: colour('--line') } },
      rightPriceScale: { borderColor: colour('--line') },
      timeScale: { borderColor: colour('--line') },
      crosshair: {
        vertLine: { color: colour('--line-strong'), labelBackgroundColor: colour('--pressed') },
        horzLine: { color: colour('--line-strong'), labelBackgroundColor: colour('--pressed') },
      },
    });
    const { up, down } = this.#colours;
    this.#candles.applyOptions({ upColor: up, downColor: down, wickUpColor: up, wickDownColor: down });
    this.#shownKey = '';
    this.#draw();
  }

  priceToY(price: number): number | undefined {
    return this.#candles.priceToCoordinate(price) ?? undefined;
  }

  yToPrice(y: number): number | undefined {
    return this.#candles.coordinateToPrice(y) ?? undefined;
  }

  /** Width of the price scale, pixels. */
  get scaleWidth(): number {
    return this.#chart.priceScale('right').width();
  }

  /** Called whenever a price may have another place. */
  onScale(listener: () => void): () => void {
    this.#scaled.add(listener);
    return () => this.#scaled.delete(listener);
  }

  #draw(): void {
    const key = `${this.#store.symbol} ${this.#store.interval}`;
    const touched = this.#store.takeTouched();
    if (key === this.#shownKey && touched) {
      for (const candle of touched) this.#update(candle);
      return;
    }
    const all = this.#store.all();
    const fresh = key !== this.#shownKey;
    const before = this.#count;
    const logical = this.#chart.timeScale().getVisibleLogicalRange();
    this.#candles.setData(all.map(bar));
    this.#volume.setData(all.map((candle) => this.#volumeBar(candle)));
    this.#count = all.length;
    if (fresh)
      this.#chart.applyOptions({
        timeScale: {
          timeVisible: !/[dw]$/i.test(this.#store.interval),
          secondsVisible: /s$/.test(this.#store.interval),
        },
      });
    if (all.length === 0) return;
    if (fresh && this.#shownKey.split(' ')[0] !== this.#store.symbol) this.#keepRange = undefined;
    this.#shownKey = key;
    this.#place(all, fresh || before === 0, logical, all.length - before);
  }

  #place(
    all: readonly Candle[],
    fresh: boolean,
    logical: { readonly from: number; readonly to: number } | null,
    added: number,
  ): void {
    const scale = this.#chart.timeScale();
    const kept = this.#keepRange;
    if (kept) {
      if (all[0]!.time > kept.from && !this.#store.complete) {
        void this.#store.older();
        return;
      }
      this.#keepRange = undefined;
      scale.setVisibleRange({ from: kept.from as UTCTimestamp, to: kept.to as UTCTimestamp });
    } else if (fresh) {
      scale.setVisibleLogicalRange({ from: all.length - FIRST_BARS, to: all.length + 6 });
    } else if (logical && added > 0) {
      scale.setVisibleLogicalRange({ from: logical.from + added, to: logical.to + added });
    }
  }

  #update(candle: Candle): void {
    try {
      this.#candles.update(bar(candle));
      this.#volume.update(this.#volumeBar(candle));
    } catch {
      // Older than the newest bar: all of them are set anew.
      this.#shownKey = '';
      this.#draw();
    }
  }

  #volumeBar(candle: Candle) {
    const color = candle.close >= candle.open ? this.#colours.upVolume : this.#colours.downVolume;
    return { time: candle.time as UTCTimestamp, value: candle.volume, color };
  }
}

function bar({ time, open, high, low, close }: Candle) {
  return { time: time as UTCTimestamp, open, high, low, close };
}

const two = (value: number): string => String(value).padStart(2, '0');

/** `weight`: 0 year, 1 month, 2 day, 3 minute, 4 second. */
function tickMark(time: Time, weight: number): string {
  const date = new Date((time as number) * 1_000);
  if (weight === 0) return String(date.getUTCFullYear());
  if (weight === 1) return MONTHS[date.getUTCMonth()]!;
  if (weight === 2) return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]}`;
  const minutes = `${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`;
  return weight === 3 ? minutes : `${minutes}:${two(date.getUTCSeconds())}`;
}

function fullTime(time: Time): string {
  const date = new Date((time as number) * 1_000);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()]} ${date.getUTCFullYear()} ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}:${two(date.getUTCSeconds())} UTC`;
}
