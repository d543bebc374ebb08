/**
 * Replay: recorded commands through the head again, from wherever the head stands. Recovery and `replay --verify` are
 * this same loop; live running differs only in the store.
 */
import { assert } from '../../../schemas/assert.ts';
import { decodeRecord } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import { ExitError } from '../../../schemas/exit.ts';
import { chainKeyOfEventId } from '../../../schemas/ids.ts';
import type { Edge } from '../edge.ts';
import { edgeName } from '../graph.ts';
import type { Head, LogState } from './head.ts';
import type { FrameSource, RecordedFrame } from './replay-store.ts';
import { ReplayStore } from './replay-store.ts';

export interface ReplayResult {
  readonly commands: number;
  readonly records: number;
}

/**
 * Run recorded commands until the source ends. Frames that the head has already behind it (it stands at a snapshot
 * within a commit) are skipped. Stops where the head has run `commandsMax` since the log began. Throws `ExitError` 76 at the first difference, 65 at a gap.
 */
export function replay(head: Head, next: FrameSource, commandsMax = Number.POSITIVE_INFINITY): ReplayResult {
  const logsByNumber = new Map<number, LogState>();
  for (const log of head.logs.values()) logsByNumber.set(log.number, log);
  const inputs = inputsByEdge(head);
  const nameOf = (log: number) => logsByNumber.get(log)?.node.id ?? `log ${log}`;
  const store = new ReplayStore(next, nameOf);
  head.storeInto(store);
  const envelope = emptyEnvelope();
  let commands = 0;
  while (head.commands < commandsMax) {
    const frame = store.headFrame();
    if (!frame) break;
    const log = logsByNumber.get(frame.log);
    if (!log)
      throw new ExitError(65, `the log holds records of ${nameOf(frame.log)}, which this topology does not have`);
    if (frame.offset < log.nextOffsets[frame.partition]!) continue;
    if (frame.offset > log.nextOffsets[frame.partition]!) throw gap(nameOf(frame.log), frame, log);
    const record = decodeRecord(frame.bytes, frame.start, frame.end, envelope);
    const edgeNumber = Math.floor(chainKeyOfEventId(envelope.eventId) / 4096);
    const edge = inputs.get(edgeNumber);
    if (!edge) {
      throw new ExitError(
        76,
        `${nameOf(frame.log)}/${frame.partition} offset ${frame.offset} (${record.type}) begins a command, but edge ${edgeNumber} is no source's`,
      );
    }
    head.run(edge, log, record, envelope.occurredAt, envelope.traceparent);
    commands++;
  }
  return { commands, records: store.compared };
}

function inputsByEdge(head: Head): Map<number, Edge> {
  const sources = new Set(head.graph.nodes.filter((node) => node.kind === 'source').map((node) => node.id));
  const inputs = new Map<number, Edge>();
  for (const wired of head.graph.edges) {
    const edge = head.edges.get(edgeName(wired));
    if (sources.has(wired.from.node) && edge && edge.number >= 0) inputs.set(edge.number, edge);
  }
  assert(inputs.size > 0, 'a head without sources has no commands to replay');
  return inputs;
}

function gap(name: string, frame: RecordedFrame, log: LogState): ExitError {
  const wanted = log.nextOffsets[frame.partition]!;
  return new ExitError(
    65,
    `${name}/${frame.partition}: offset ${frame.offset} follows ${wanted - 1}, records are missing`,
  );
}
