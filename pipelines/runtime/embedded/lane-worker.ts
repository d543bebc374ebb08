/**
 * The thread of a lane: follows the log files, runs the follower stages, hands blocks to the sink, and keeps the lane's
 * own snapshot at blocks that are durable in the sink. Nothing in here can slow the head.
 */
import { join } from 'node:path';
import { parentPort, workerData } from 'node:worker_threads';
import { ExitError } from '../../../schemas/exit.ts';
import type { Catalog } from '../catalog.ts';
import type { Graph } from '../graph.ts';
import { planLane } from '../lane-plan.ts';
import { DurableEnd } from '../log/durable-end.ts';
import { type LogReader, openLogReader } from '../log/log-reader.ts';
import { nodeDisk } from '../outside/node-disk.ts';
import { systemClock } from '../outside/system-clock.ts';
import type { SinkBlock } from '../ports.ts';
import { BlockWriter } from './block-writer.ts';
import { type LaneInput, laneInput } from './lane-input.ts';
import { LaneSnapshots } from './lane-snapshots.ts';

export interface LaneWorkerData {
  readonly topologyUrl: string;
  readonly sink: string;
  readonly dataDir: string;
  readonly config: unknown;
  readonly catalog: Catalog;
  readonly durableEnd: SharedArrayBuffer;
  readonly snapshotEveryMs: number;
  /** Next offset of each partition of each log when the lane was started. */
  readonly logEnds: { readonly [log: string]: readonly number[] };
}

/** What a lane tells the main thread, twice a second and at its end. */
export type LaneMessage =
  | {
      readonly kind: 'status';
      readonly positions: { readonly [logPartition: string]: number };
      readonly edges: { readonly [name: string]: number };
      readonly figures: { readonly [name: string]: number | string };
      /** Blocks handed over and not yet durable, and how often that queue was full. */
      readonly queued: number;
      readonly waits: number;
      readonly blocks: number;
      /** Log time of the last block that is durable in the sink, microseconds. */
      readonly timeMicros: number;
      readonly state: 'reading' | 'writing' | 'idle';
    }
  | { readonly kind: 'say'; readonly line: string }
  | { readonly kind: 'failed'; readonly code: number; readonly message: string }
  | { readonly kind: 'stopped' };

const STATUS_EVERY_MS = 500;
/** Records decoded between two looks at the event loop. */
const SLICE_RECORDS = 4096;

/** How long a stop waits for what was handed to the sink. The log has it: the next start goes on from there. */
const STOP_PATIENCE_MS = 2_000;
/** The stop did not wait any longer; what the sink then says of its unfinished work is no failure. */
let gaveUp = false;

async function follow(data: LaneWorkerData): Promise<void> {
  const port = parentPort!;
  const clock = systemClock();
  const disk = nodeDisk();
  const tell = (message: LaneMessage) => port.postMessage(message);
  const graph = ((await import(data.topologyUrl)) as { readonly default: Graph }).default;
  const plan = planLane(graph, data.sink);
  const durableEnd = new DurableEnd(data.durableEnd);
  const directory = join(data.dataDir, 'log');
  let stopping = false;
  let closing: Promise<void> | undefined;
  let cancelGivingUp = () => {};
  const closeSink = () => (closing ??= sink.close());
  port.on('message', () => {
    stopping = true;
    cancelGivingUp = clock.after(STOP_PATIENCE_MS, () => {
      gaveUp = true;
      void closeSink();
    });
  });
  const sink = await plan.sink.definition.open({
    id: data.sink,
    dataDir: data.dataDir,
    config: data.config,
    clock,
    partitions: data.catalog.partitions,
    generation: data.catalog.generation,
    say: (line) => tell({ kind: 'say', line }),
  });
  const ready: SinkBlock[] = [];
  const input = laneInput(plan, data.catalog, (block) => ready.push(block));
  const snapshots = new LaneSnapshots(disk, join(data.dataDir, 'lanes', data.sink));
  const wanted = await sink.positions().catch(async (error: unknown) => {
    await closeSink();
    throw error;
  });
  refuseAhead(data, wanted);
  // A lane of frames has no state but its positions, so it begins where the sink wants it.
  const found = plan.sink.definition.reads === 'frames' ? undefined : snapshots.newestAtOrBefore(wanted);
  if (plan.sink.definition.reads === 'frames') {
    input.restore({ positions: Object.fromEntries(wanted), sequences: {}, stages: [] });
  }
  if (found) input.restore(found.lane);
  const writer = new BlockWriter(sink, plan.sink.queue, clock);
  let state: 'reading' | 'writing' | 'idle' = 'idle';
  const status = () =>
    tell({
      kind: 'status',
      positions: Object.fromEntries(sink.durable?.() ?? writer.positions),
      edges: input.edges(),
      queued: writer.queued,
      waits: writer.waits,
      figures: { lag_p50_ms: writer.lagMs(0.5), lag_p99_ms: writer.lagMs(0.99), ...sink.figures?.() },
      blocks: writer.blocks,
      timeMicros: writer.timeMicros,
      state,
    });
  const timer = setInterval(status, STATUS_EVERY_MS);
  let snapshotAtMs = clock.monotonicMs() + data.snapshotEveryMs;
  let reader: LogReader | undefined;
  const numbers = new Map(Object.entries(data.catalog.logs).map(([name, number]) => [number, name]));
  try {
    while (!stopping) {
      reader ??= openLogReader(disk, {
        directory,
        from: { positions: wantedPositions(input, data.catalog, plan.logs) },
        logs: plan.logs.map((log) => data.catalog.logs[log]!),
        verification: 'trailers',
        durable: () => durableEnd.read(),
      });
      const version = durableEnd.version;
      let count = 0;
      state = 'reading';
      while (reader && count < SLICE_RECORDS && reader.next()) {
        count++;
        input.take(numbers.get(reader.log)!, reader);
      }
      state = 'writing';
      for (const block of ready.splice(0)) await writer.write(block);
      if (clock.monotonicMs() >= snapshotAtMs) {
        await writer.settle();
        snapshots.save({ lane: input.snapshot() });
        snapshotAtMs = clock.monotonicMs() + data.snapshotEveryMs;
      }
      // Timers and messages get their turn, also where the sink answers without ever leaving this thread.
      await new Promise((resolve) => setImmediate(resolve));
      if (count < SLICE_RECORDS) {
        state = 'idle';
        if (durableEnd.closed) break;
        await durableEnd.waitAsync(version, 100);
      }
    }
    await writer.settle();
    snapshots.save({ lane: input.snapshot() });
  } finally {
    clearInterval(timer);
    reader?.close();
    status();
    cancelGivingUp();
    await closeSink();
  }
  tell({ kind: 'stopped' });
}

/** A store that is ahead of the log belongs to another one, or the log lost its end: never start from anywhere else. */
function refuseAhead({ sink, logEnds }: LaneWorkerData, wanted: ReadonlyMap<string, number>): void {
  for (const [key, next] of wanted) {
    const slash = key.lastIndexOf('/');
    const end = logEnds[key.slice(0, slash)]?.[Number(key.slice(slash + 1))] ?? 0;
    if (next <= end) continue;
    throw new ExitError(
      65,
      `${key} ends at offset ${end - 1}, but sink "${sink}" has it up to ${next - 1}: offsets ${end} to ${next - 1} are missing from the log`,
    );
  }
}

function wantedPositions(input: LaneInput, catalog: Catalog, logs: readonly string[]) {
  return logs.flatMap((log) =>
    Array.from({ length: catalog.partitions[log]! }, (_, partition) => ({
      log: catalog.logs[log]!,
      partition,
      offset: input.position(log, partition),
    })),
  );
}

try {
  await follow(workerData as LaneWorkerData);
} catch (error) {
  const code = error instanceof ExitError ? error.code : 70;
  const message =
    error instanceof ExitError
      ? error.message
      : error instanceof Error
        ? (error.stack ?? error.message)
        : String(error);
  const said: LaneMessage = gaveUp ? { kind: 'stopped' } : { kind: 'failed', code, message };
  parentPort!.postMessage(said);
}
// Nothing is listened for any more: the thread may end.
parentPort!.unref();
