/** A head brought to the end of a log: from a snapshot, or from the beginning, through every recorded command. */
import type { Catalog } from '../catalog.ts';
import type { Graph } from '../graph.ts';
import { openLogReader } from '../log/log-reader.ts';
import type { Disk } from '../outside/disk.ts';
import type { Snapshot } from '../snapshots/snapshot-file.ts';
import { Head } from './head.ts';
import { headSnapshotOf } from './head-snapshots.ts';
import type { RecordStore } from './record-store.ts';
import { type ReplayResult, replay } from './replay.ts';
import type { RecordedFrame } from './replay-store.ts';

export interface ReplayedHead {
  readonly head: Head;
  readonly replayed: ReplayResult;
  /** Commands that the snapshot had behind it; 0: from the beginning. */
  readonly snapshotCommands: number;
}

/**
 * Replays the log in `directory`, checking checksums, chains, and every record and state hash it holds. Throws
 * `commandsMax`: stop there, counted from the beginning of the log. Throws `ExitError` 65 where the log is damaged or no longer reaches back far enough, 76 at the first difference.
 */
export function replayHead(
  graph: Graph,
  catalog: Catalog,
  disk: Disk,
  directory: string,
  snapshot: Snapshot | undefined,
  commandsMax?: number,
): ReplayedHead {
  const head = new Head(graph, catalog, NO_STORE);
  if (snapshot) head.restore(headSnapshotOf(snapshot));
  const snapshotCommands = head.commands;
  const reader = openLogReader(disk, {
    directory,
    from: {
      positions: [...head.logs.values()].flatMap(({ number, nextOffsets }) =>
        nextOffsets.map((offset, partition) => ({ log: number, partition, offset })),
      ),
    },
  });
  if (!reader) return { head, replayed: { commands: 0, records: 0 }, snapshotCommands };
  const frame = { chainKey: 0, log: 0, partition: 0, offset: 0, bytes: reader.bytes, start: 0, end: 0 };
  const next = (): RecordedFrame | undefined => {
    if (!reader.next()) return undefined;
    frame.chainKey = reader.chainKey;
    frame.log = reader.log;
    frame.partition = reader.partition;
    frame.offset = reader.offset;
    frame.bytes = reader.bytes;
    frame.start = reader.payloadAt;
    frame.end = reader.payloadEnd;
    return frame;
  };
  try {
    return { head, replayed: replay(head, next, commandsMax), snapshotCommands };
  } finally {
    reader.close();
  }
}

const NO_STORE: RecordStore = {
  beginCommand() {},
  append() {
    throw new Error('a head that is being recovered stores nothing');
  },
  endCommand() {},
};
