import type { MarketSimulator, SimulatedRecord } from './market-simulator.ts';

export interface ThinHistoryOptions {
  /** Log time of the last tick of the history, microseconds since 1970. */
  readonly endMicros: number;
  /** Default 24. */
  readonly hours?: number;
  /** Time between two ticks; longer is faster and coarser. Default 10. */
  readonly stepSeconds?: number;
  /** Commands per second of log time over all symbols. Default 1.2. */
  readonly ordersPerSecond?: number;
}

/** What the history is played into; both run to completion, market records included, before they return. */
export interface HistoryTarget {
  tick(timeMicros: number): void;
  command(record: SimulatedRecord, timeMicros: number): void;
}

export interface HistoryProgress {
  readonly timeMicros: number;
  readonly commands: number;
  readonly done: boolean;
}

/** Steps between two pauses in which the caller may show progress or let other work run. */
const STEPS_PER_PAUSE = 60;

/**
 * Plays a day of a thin simulated market, ahead of time, so that no chart is empty when a new exchange opens.
 *
 * The caller feeds the market records that result to the simulator, as in live running. A generator, so that it can be
 * driven in slices: each pause yields how far it has come.
 */
export function* thinHistory(
  simulator: MarketSimulator,
  options: ThinHistoryOptions,
  target: HistoryTarget,
): Generator<HistoryProgress, HistoryProgress> {
  const stepMicros = (options.stepSeconds ?? 10) * 1_000_000;
  const steps = Math.floor(((options.hours ?? 24) * 3_600_000_000) / stepMicros);
  const live = simulator.ordersPerSecond;
  simulator.ordersPerSecond = options.ordersPerSecond ?? 1.2;
  let commands = 0;
  let timeMicros = options.endMicros - steps * stepMicros;
  try {
    for (let step = 0; step <= steps; step++) {
      timeMicros = options.endMicros - (steps - step) * stepMicros;
      target.tick(timeMicros);
      if (step === steps) break;
      simulator.onTick(timeMicros);
      for (const { record, dueMicros } of simulator.take()) {
        target.command(record, dueMicros);
        commands++;
      }
      if (step % STEPS_PER_PAUSE === STEPS_PER_PAUSE - 1) yield { timeMicros, commands, done: false };
    }
  } finally {
    simulator.ordersPerSecond = live;
  }
  return { timeMicros, commands, done: true };
}
