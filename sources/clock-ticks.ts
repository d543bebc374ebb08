/**
 * Clock records: time reaches operators only as these. One tick every interval of wall time, numbered from the last tick
 * of the log; a tick that comes late says the time it comes, and none is made up for those that were missed.
 *
 * A wall clock that stands behind the log (it was set back, or the log ran ahead in a simulation) gives ticks at the
 * time of the last one plus one microsecond, so log time never goes back.
 */
import type { SourceDefinition } from '../pipelines/runtime/ports.ts';
import type { Sequence, SymbolId, Tick } from '../schemas/generated/records.ts';
import { recordSet } from '../schemas/logs.ts';

/** `interval`: `'1s'`, `'250ms'`. */
export function ticks(interval: string): SourceDefinition<{ ticks: Tick }> {
  const intervalMs = intervalMsOf(interval);
  return {
    name: 'clock-ticks',
    outputs: { ticks: recordSet('Tick', ['tick'] as const) },
    async open({ feed, clock, lastTick }) {
      let number = 0;
      let lastMicros = 0;
      let stopped = true;
      let cancel = () => {};
      const tickAt = (timeMicros: number) => {
        const stampedMicros = Math.max(timeMicros, lastMicros + 1);
        const record: Tick = { type: 'tick', symbol: 0 as SymbolId, seq: 0 as Sequence, number: number + 1 };
        if (!feed.offer('ticks', [{ record, stampedMicros }])) return;
        number++;
        lastMicros = stampedMicros;
      };
      const wait = () => {
        if (stopped) return;
        const untilNextMs = intervalMs - (Math.floor(clock.nowMicros() / 1000) % intervalMs);
        cancel = clock.after(untilNextMs, () => {
          tickAt(clock.nowMicros());
          wait();
        });
      };
      return {
        start() {
          stopped = false;
          number = lastTick.number;
          lastMicros = lastTick.timeMicros;
          wait();
        },
        async stop() {
          stopped = true;
          cancel();
        },
      };
    },
  };
}

function intervalMsOf(interval: string): number {
  const match = /^([1-9]\d{0,5})(ms|s)$/.exec(interval);
  if (!match) throw new RangeError(`ticks: "${interval}" given, a whole number with ms or s is allowed, e.g. "1s"`);
  return Number(match[1]) * (match[2] === 's' ? 1000 : 1);
}
