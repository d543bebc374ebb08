/**
 * The first start of a new data directory: a day of thin simulated market runs through the whole graph, so that no chart
 * is empty. It is a market like any other afterwards: same logs, same ledger, same history.
 */
import type { Sequence, SymbolId } from '../schemas/generated/records.ts';
import type { MarketSimulator } from '../sources/market-simulator/market-simulator.ts';
import { thinHistory } from '../sources/market-simulator/thin-history.ts';
import type { EmbeddedExchange } from './runtime/embedded/exchange.ts';
import type { CommittedRecord } from './runtime/ports.ts';

export const DAY_MICROS = 24 * 3_600_000_000;

export interface FirstDay {
  readonly commands: number;
  readonly tookMs: number;
}

/** Orders per second of log time that make a market to look at, and not more. */
export const THIN_ORDERS_PER_SECOND = 1.5;

/** Plays the 24 hours before `endMicros`. Yields to the event loop between slices; resolves when all of it is durable. */
export async function playFirstDay(
  exchange: EmbeddedExchange,
  simulator: MarketSimulator,
  options: { readonly endMicros: number; readonly ordersPerSecond: number },
  say: (line: string) => void,
): Promise<FirstDay> {
  const { clock } = exchange.options;
  const beganMs = clock.monotonicMs();
  let ticks = exchange.head.lastTick.number;
  const hear = (records: readonly CommittedRecord[]) => {
    for (const { log, record } of records) if (log === 'market') simulator.onMarketRecord(record);
  };
  const day = thinHistory(simulator, options, {
    tick(timeMicros) {
      ticks++;
      const record = { type: 'tick', symbol: 0 as SymbolId, seq: 0 as Sequence, number: ticks } as const;
      hear(exchange.runNow('clock', 'ticks', { record, stampedMicros: timeMicros }));
    },
    command(record, timeMicros) {
      hear(exchange.runNow('simulator', 'commands', { record, stampedMicros: timeMicros }));
    },
  });
  let tellAtMs = beganMs + 1000;
  for (;;) {
    const { value, done } = day.next();
    if (done) {
      await exchange.flush();
      return { commands: value.commands, tookMs: clock.monotonicMs() - beganMs };
    }
    if (clock.monotonicMs() >= tellAtMs) {
      tellAtMs += 1000;
      say(
        `  ${new Date(value.timeMicros / 1000).toISOString().slice(0, 16)}  ${value.commands.toLocaleString('en-US')} orders`,
      );
    }
    await new Promise((resolve) => setImmediate(resolve));
  }
}
