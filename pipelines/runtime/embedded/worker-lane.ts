/** The main thread's side of a lane that runs in a worker. */
import { Worker } from 'node:worker_threads';
import { type ExitCode, ExitError } from '../../../schemas/exit.ts';
import type { LaneMessage, LaneWorkerData } from './lane-worker.ts';
import type { LaneStatus, RunningLane } from './running-lane.ts';

const STOP_DEADLINE_MS = 10_000;

export interface WorkerLaneEvents {
  readonly say: (line: string) => void;
  readonly fail: (error: ExitError) => void;
}

export function startWorkerLane(data: LaneWorkerData, events: WorkerLaneEvents): RunningLane {
  const worker = new Worker(new URL('./lane-worker.ts', import.meta.url), { workerData: data });
  let status: LaneStatus = {
    sink: data.sink,
    runs: 'worker',
    positions: {},
    edges: {},
    figures: {},
    queued: 0,
    waits: 0,
    blocks: 0,
    timeMicros: 0,
    state: 'starting',
  };
  let over = false;
  const fail = (code: ExitCode, message: string) => {
    if (over) return;
    over = true;
    status = { ...status, state: 'failed' };
    events.fail(new ExitError(code, `sink "${data.sink}": ${message}`));
  };
  worker.on('message', (message: LaneMessage) => {
    switch (message.kind) {
      case 'status': {
        const { kind: _, ...rest } = message;
        status = { ...status, ...rest };
        break;
      }
      case 'say':
        events.say(message.line);
        break;
      case 'failed':
        fail(message.code as ExitCode, message.message);
        break;
      case 'stopped':
        over = true;
        break;
    }
  });
  worker.on('error', (error) => fail(70, error instanceof Error ? (error.stack ?? error.message) : String(error)));
  const exited = new Promise<void>((resolve) => {
    worker.on('exit', (code) => {
      if (code !== 0) fail(70, `its thread ended with ${code}`);
      resolve();
    });
  });
  return {
    status: () => status,
    async stop() {
      worker.postMessage('stop');
      let timer: NodeJS.Timeout | undefined;
      const deadline = new Promise<void>((resolve) => {
        timer = setTimeout(resolve, STOP_DEADLINE_MS);
      });
      await Promise.race([exited, deadline]);
      clearTimeout(timer);
      over = true;
      await worker.terminate();
    },
  };
}
