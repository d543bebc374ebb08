import type { Candle, SymbolId, Tick, Trade } from '../schemas/generated/records.ts';
import { CandleEvent, recordSet } from '../schemas/logs.ts';
import { StateReader, StateWriter } from './accounts/state-bytes.ts';
import type { Emit, Moment, Operator, OperatorDefinition } from './contract.ts';
import { CandleChart } from './market-data/candle-chart.ts';
import { hashOfBytes } from './market-data/hash-of-bytes.ts';

export type CandlePorts = {
  /** Candles that are final. */
  closed: Candle;
  /** Candles that are open, at each tick after which trades came. */
  progress: Candle;
};

type CandleInput = Trade | Tick;

const FORMAT = 1;

/**
 * Builds candles of 1s, 5s, 1m, 5m, 15m, 1h, 4h, 1d and 1w, per symbol, by engine time.
 *
 * A candle covers [opens_at, opens_at + interval) in UTC; a week opens on Monday. It is final with the first tick or
 * trade at or after its end. Progress is cut by ticks, never by a timer, so what is built live and what is built again
 * from the log are equal to the byte. Longer intervals are exact roll-ups of shorter ones. From the first trade on, an
 * interval without trades is flat at the price before (below a minute: where a tick fell into it).
 *
 * State: one `CandleChart` a symbol. Invariants: those of each chart.
 *
 * @example stage('candles', buildCandles(), { in: market })
 */
export function buildCandles(): OperatorDefinition<CandleInput, CandlePorts> {
  return {
    name: 'buildCandles',
    keepsNoRecord: true,
    input: recordSet('CandleInput', ['trade', 'tick']),
    outputs: { closed: CandleEvent, progress: CandleEvent },
    create: () => new BuildCandles(),
  };
}

class BuildCandles implements Operator<CandleInput, CandlePorts> {
  /** By symbol id, so that all work goes in the order of ids. */
  readonly #charts: (CandleChart | undefined)[] = [];

  apply(record: CandleInput, moment: Moment, out: Emit<CandlePorts>): void {
    if (record.type === 'trade') {
      this.#chart(record.symbol).trade(record, moment.timeMicros, out.closed);
      return;
    }
    for (const chart of this.#charts) {
      if (chart === undefined) continue;
      chart.advance(moment.timeMicros, out.closed);
      chart.progress(out.progress);
    }
  }

  snapshot(): Uint8Array {
    const charts = this.#charts.filter((chart) => chart !== undefined);
    const writer = new StateWriter(FORMAT);
    writer.integer(charts.length);
    for (const chart of charts) chart.write(writer);
    return writer.finish();
  }

  restore(bytes: Uint8Array): void {
    this.#charts.length = 0;
    const reader = new StateReader(bytes, FORMAT);
    for (let count = reader.integer(); count > 0; count -= 1) {
      this.#chart(reader.number() as SymbolId).read(reader);
    }
    reader.finish();
  }

  stateHash(): string {
    return hashOfBytes(this.snapshot());
  }

  checkInvariants(): void {
    for (const chart of this.#charts) chart?.checkInvariants();
  }

  #chart(symbol: SymbolId): CandleChart {
    return (this.#charts[symbol] ??= new CandleChart(symbol));
  }
}
