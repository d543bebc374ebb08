/**
 * A recorded order flow through the graph, in its own time: clock records of each second of the recording, its commands
 * in the order of the file, as fast as the head takes them.
 */
import type { Sequence, SymbolId } from '../schemas/generated/records.ts';
import type { Recording } from '../sources/recordings/recording.ts';
import type { EmbeddedExchange } from './runtime/embedded/exchange.ts';
import type { CommittedRecord } from './runtime/ports.ts';

export interface PlayedRecording {
  readonly commands: number;
  readonly trades: number;
  readonly tookMs: number;
  readonly firstMicros: number;
  readonly lastMicros: number;
}

const TICK_MICROS = 1_000_000;
const SLICE_STEPS = 2048;

export async function playRecording(
  exchange: EmbeddedExchange,
  recording: Recording,
  signal: AbortSignal,
): Promise<PlayedRecording> {
  const { clock } = exchange.options;
  const beganMs = clock.monotonicMs();
  let ticks = exchange.head.lastTick.number;
  let nextTickMicros = 0;
  let commands = 0;
  let trades = 0;
  let firstMicros = 0;
  let lastMicros = exchange.head.lastTick.timeMicros;
  const hear = (records: readonly CommittedRecord[]) => {
    for (const { log, record } of records) {
      if (log !== 'market') continue;
      recording.onMarketRecord(record);
      if (record.type === 'trade') trades++;
    }
  };
  const tick = (timeMicros: number) => {
    ticks++;
    const record = { type: 'tick', symbol: 0 as SymbolId, seq: 0 as Sequence, number: ticks } as const;
    hear(exchange.runNow('clock', 'ticks', { record, stampedMicros: timeMicros }));
  };
  for (let steps = 1; !signal.aborted; steps++) {
    const step = recording.next();
    if (!step) break;
    if (firstMicros === 0) {
      firstMicros = step.timeMicros;
      nextTickMicros = Math.floor(firstMicros / TICK_MICROS) * TICK_MICROS;
    }
    for (; nextTickMicros <= step.timeMicros; nextTickMicros += TICK_MICROS) tick(nextTickMicros);
    if (step.type === 'command') {
      lastMicros = Math.max(lastMicros, step.timeMicros);
      hear(exchange.runNow('recording', 'commands', { record: step.record, stampedMicros: step.timeMicros }));
      commands++;
    }
    if (steps % SLICE_STEPS === 0) await new Promise((resolve) => setImmediate(resolve));
  }
  if (firstMicros > 0) tick(nextTickMicros);
  await exchange.flush();
  return { commands, trades, tookMs: clock.monotonicMs() - beganMs, firstMicros, lastMicros };
}
