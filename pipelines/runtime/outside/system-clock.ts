import type { Clock } from './clock.ts';

/** The machine's clock. */
export function systemClock(): Clock {
  return {
    nowMicros: () => Math.round((performance.timeOrigin + performance.now() - drift()) * 1000),
    monotonicMs: () => performance.now(),
    after: (delayMs, callback) => {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
  };
}

/** `performance` does not follow a wall clock that was set after the process began: take what it is off by when that is over a millisecond. */
function drift(): number {
  const difference = performance.timeOrigin + performance.now() - Date.now();
  return difference > 1 || difference < -1 ? difference : 0;
}
