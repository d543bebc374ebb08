/**
 * Whether this gateway is too busy to look things up for people. Whoever only looks is sent away first, so that orders and
 * cancels are not late: those are shed, if ever, by the intake of the exchange, and cancels last of all.
 */
import { monitorEventLoopDelay } from 'node:perf_hooks';

/** A timer that is so much later than asked for: the loop is behind by that. */
const DELAY_MAX_MS = 200;
const LOOK_EVERY_MS = 500;
/** Looks in a row that find it so: a single long turn, such as the first after a start, is no overload. */
const LATE_LOOKS = 2;

export interface LoopPressure {
  readonly busy: boolean;
  stop(): void;
}

export function watchLoop(delayMaxMs = DELAY_MAX_MS): LoopPressure {
  const delays = monitorEventLoopDelay({ resolution: 10 });
  delays.enable();
  let lateLooks = 0;
  const timer = setInterval(() => {
    const late = delays.percentile(50) / 1e6 > delayMaxMs;
    lateLooks = late ? lateLooks + 1 : 0;
    delays.reset();
  }, LOOK_EVERY_MS);
  timer.unref();
  return {
    get busy() {
      return lateLooks >= LATE_LOOKS;
    },
    stop() {
      clearInterval(timer);
      delays.disable();
    },
  };
}
