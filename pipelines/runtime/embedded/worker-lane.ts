/** A lane in a thread of its own. */
import { Worker } from 'node:worker_threads';
import type { LaneMessage, LaneOrder } from './follow-lane.ts';
import type { LaneWorkerData } from './lane-worker.ts';
import { type LaneEvents, RunningLane } from './running-lane.ts';

export function startWorkerLane(data: LaneWorkerData, events: LaneEvents): RunningLane {
  const url = new URL('./lane-worker.ts', import.meta.url);
  const worker = new Worker(url, { workerData: data, name: `lane ${data.sink}` });
  const lane = new RunningLane(
    data.sink,
    (order: LaneOrder) => worker.postMessage(order),
    async () => void (await worker.terminate()),
    events,
  );
  worker.on('message', (message: LaneMessage) => lane.hear(message));
  worker.on('error', (error) => lane.fail(70, error instanceof Error ? (error.stack ?? error.message) : String(error)));
  worker.on('exit', (code) => lane.ended(code));
  return lane;
}
