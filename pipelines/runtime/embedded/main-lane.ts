/**
 * A lane in the process that takes commands: for sinks that answer clients from memory. It catches up from the log files
 * first, then is fed from commits as they become durable, without reading anything back.
 */
import { join } from 'node:path';
import { decodeRecord } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import type { Micros } from '../../../schemas/generated/records.ts';
import type { Catalog } from '../catalog.ts';
import { Lane } from '../lane.ts';
import type { LanePlan } from '../lane-plan.ts';
import { openLogReader } from '../log/log-reader.ts';
import type { Disk } from '../outside/disk.ts';
import type { CommittedRecord, Sink, SinkBlock } from '../ports.ts';
import type { HeadRunner } from './head-runner.ts';
import { LaneSnapshots } from './lane-snapshots.ts';
import type { RunningLane } from './running-lane.ts';

export interface MainLaneOptions {
  readonly plan: LanePlan;
  readonly catalog: Catalog;
  readonly sink: Sink;
  readonly disk: Disk;
  readonly dataDir: string;
  readonly runner: HeadRunner;
  readonly fail: (error: unknown) => void;
}

export interface MainLane extends RunningLane {
  /** Save where the lane stands and what its sink remembers. */
  save(): void;
}

/** Catches up with everything that is in the log, then follows. Nothing may be appended before it returns. */
export function startMainLane(options: MainLaneOptions): MainLane {
  const { plan, catalog, sink, disk, dataDir, runner } = options;
  const snapshots = new LaneSnapshots(disk, join(dataDir, 'lanes', plan.sink.id));
  let blocks = 0;
  let timeMicros = 0;
  const lane = new Lane(plan, catalog, plan.sink.definition.blockRecords, (block: SinkBlock) => {
    blocks++;
    // A sink in memory has taken the block when the call returns; the promise only carries a failure.
    sink.write(block).catch(options.fail);
  });
  const found = snapshots.newestAtOrBefore(undefined);
  if (found && (sink.memory === undefined || (found.sink !== undefined && sink.memory.restore(found.sink)))) {
    lane.restore(found.lane);
  }
  catchUp(lane, options);
  runner.hear(plan.logs, (batch: readonly CommittedRecord[]) => {
    for (const { log, partition, offset, record, occurredAt, correlationId } of batch) {
      const envelope = emptyEnvelope();
      envelope.occurredAt = occurredAt as Micros;
      envelope.correlationId = correlationId;
      lane.push(log, partition, offset, record, envelope);
      timeMicros = occurredAt;
    }
    lane.flush();
  });
  return {
    status: () => ({
      sink: plan.sink.id,
      runs: 'main',
      positions: lane.settledPositions(),
      edges: Object.fromEntries([...lane.edges.values()].map((edge) => [edge.name, edge.records])),
      figures: sink.figures?.() ?? {},
      queued: 0,
      waits: 0,
      blocks,
      timeMicros,
      state: 'idle',
    }),
    // Clients wait in this thread: it does not wait for the disk.
    save: () => snapshots.save({ lane: lane.snapshot(), sink: sink.memory?.snapshot() }, { synced: false }),
    stop: () => sink.close(),
  };
}

function catchUp(lane: Lane, { plan, catalog, disk, dataDir }: MainLaneOptions): void {
  const reader = openLogReader(disk, {
    directory: join(dataDir, 'log'),
    from: {
      positions: plan.logs.flatMap((log) =>
        Array.from({ length: catalog.partitions[log]! }, (_, partition) => ({
          log: catalog.logs[log]!,
          partition,
          offset: lane.position(log, partition),
        })),
      ),
    },
    logs: plan.logs.map((log) => catalog.logs[log]!),
    verification: 'trailers',
  });
  if (!reader) return;
  const names = new Map(Object.entries(catalog.logs).map(([name, number]) => [number, name]));
  try {
    while (reader.next()) {
      const envelope = emptyEnvelope();
      const record = decodeRecord(reader.bytes, reader.payloadAt, reader.payloadEnd, envelope);
      lane.push(names.get(reader.log)!, reader.partition, reader.offset, record, envelope);
    }
  } finally {
    reader.close();
  }
  lane.flush();
}
