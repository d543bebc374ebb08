/** The thread of a lane, and of the host beside its sink where it has one. */
import { parentPort, workerData } from 'node:worker_threads';
import type { Graph } from '../graph.ts';
import { nodeDisk } from '../outside/node-disk.ts';
import { systemClock } from '../outside/system-clock.ts';
import type { OpenHost } from '../ports.ts';
import { failedMessage, followLane, type LaneData, type LaneMessage, type LaneOrder } from './follow-lane.ts';

export interface LaneWorkerData extends LaneData {
  /** Module whose default export is the graph. */
  readonly topologyUrl: string;
  /** Module whose default export opens the lane's host. */
  readonly hostUrl: string | undefined;
}

const port = parentPort!;
const tell = (message: LaneMessage) => port.postMessage(message);
// Orders that come while the modules load wait for their listener.
const early: LaneOrder[] = [];
let listener = (order: LaneOrder): void => void early.push(order);
port.on('message', (order: LaneOrder) => listener(order));

try {
  const data = workerData as LaneWorkerData;
  const graph = ((await import(data.topologyUrl)) as { readonly default: Graph }).default;
  const openHost = data.hostUrl ? ((await import(data.hostUrl)) as { readonly default: OpenHost }).default : undefined;
  await followLane(data, {
    graph,
    disk: nodeDisk(),
    clock: systemClock(),
    openHost,
    tell,
    onOrder(hear) {
      listener = hear;
      for (const order of early.splice(0)) hear(order);
    },
  });
} catch (error) {
  tell(failedMessage(error));
}
// Nothing is listened for any more: the thread may end.
port.unref();
