/** Sends at a fixed rate whatever comes back, and keeps how long each answer took from when its command should have been sent. */
import type { HeadInput } from '../../../pipelines/runtime/ports.ts';

export interface OpenLoop {
  /** Milliseconds from intended send to durable acknowledgement, one a command sent after the warm-up. */
  readonly latenciesMs: Float64Array;
  readonly sent: number;
  /** Commands that found no room and were sent late; their wait is in their latency. */
  readonly late: number;
  readonly tookMs: number;
}

export interface OpenLoopTarget {
  offer(inputs: readonly HeadInput[]): boolean;
  flush(): Promise<void>;
}

/** Sent before anything is measured: code is compiled and stores are opened in the first seconds. */
const WARM_SECONDS = 3;
const STEP_MS = 1;
/** At most this many at once: a generator that has fallen behind must not starve what it measures. */
const PIECE_MAX = 512;

/** `next(nowMicros)`: the next record to send. */
export async function runOpenLoop(
  ratePerSecond: number,
  seconds: number,
  next: (nowMicros: number) => HeadInput['record'],
  target: OpenLoopTarget,
): Promise<OpenLoop> {
  const warm = Math.round(ratePerSecond * WARM_SECONDS);
  const total = warm + Math.round(ratePerSecond * seconds);
  const latenciesMs = new Float64Array(total);
  const msPerCommand = 1000 / ratePerSecond;
  const beganMs = performance.now();
  let sent = 0;
  let late = 0;
  while (sent < total) {
    const due = Math.min(total, Math.floor((performance.now() - beganMs) / msPerCommand));
    while (sent < due) {
      const first = sent;
      const end = Math.min(due, first + PIECE_MAX);
      const nowMicros = Math.round((performance.timeOrigin + performance.now()) * 1000);
      const inputs: HeadInput[] = [];
      for (let index = first; index < end; index++) inputs.push({ record: next(nowMicros), stampedMicros: nowMicros });
      const last = inputs.length - 1;
      inputs[last] = {
        ...inputs[last]!,
        done: () => {
          const nowMs = performance.now() - beganMs;
          for (let index = first; index < end; index++) latenciesMs[index] = nowMs - index * msPerCommand;
        },
      };
      while (!target.offer(inputs)) {
        late += inputs.length;
        await new Promise((resolve) => setTimeout(resolve, STEP_MS));
      }
      sent = end;
      if (sent < due) await new Promise((resolve) => setImmediate(resolve));
    }
    await new Promise((resolve) => setTimeout(resolve, STEP_MS));
  }
  await target.flush();
  return { latenciesMs: latenciesMs.subarray(warm), sent, late, tookMs: performance.now() - beganMs };
}

export function quantile(values: Float64Array | readonly number[], share: number): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}
