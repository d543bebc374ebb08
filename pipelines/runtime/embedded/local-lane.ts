/** A lane in the thread of the head: for a run whose clock stands still, or whose host is asked without a network. */
import type { Graph } from '../graph.ts';
import type { Clock } from '../outside/clock.ts';
import type { Disk } from '../outside/disk.ts';
import type { OpenHost } from '../ports.ts';
import { failedMessage, followLane, type LaneData, type LaneOrder } from './follow-lane.ts';
import { type LaneEvents, RunningLane } from './running-lane.ts';

export interface LocalPlace {
  readonly graph: Graph;
  readonly disk: Disk;
  readonly clock: Clock;
  readonly openHost: OpenHost;
}

export function startLocalLane(data: LaneData, place: LocalPlace, events: LaneEvents): RunningLane {
  let listener: (order: LaneOrder) => void = () => {};
  const lane = new RunningLane(
    data.sink,
    (order) => listener(order),
    async () => {},
    events,
  );
  // A knock is heard in a turn of its own, as between threads.
  followLane(data, {
    ...place,
    tell: (message) => setImmediate(() => lane.hear(message)),
    onOrder: (hear) => {
      listener = hear;
    },
  }).catch((error: unknown) => lane.hear(failedMessage(error)));
  return lane;
}
