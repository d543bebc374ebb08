/** What a lane makes of the records it reads: blocks of decoded records with what its stages said, or blocks of frames. */
import { assert } from '../../../schemas/assert.ts';
import { decodeInto, decodeRecord, recordTypeAt } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import { PARTITIONS_MAX } from '../../../schemas/log-format.ts';
import type { Catalog } from '../catalog.ts';
import { FrameLane, type FramePlace } from '../frame-lane.ts';
import { Lane, type LanePlace, type LaneState } from '../lane.ts';
import type { LanePlan } from '../lane-plan.ts';
import type { LogReader } from '../log/log-reader.ts';
import type { SinkBlock } from '../ports.ts';
import { SpareRecords } from '../spare-records.ts';

export interface LaneInput {
  position(log: string, partition: number): number;
  /** The record that the reader stands on. */
  take(log: string, reader: LogReader): void;
  /** Makes a block of what is there, without waiting for its border: for sinks whose store is memory. */
  flush(): void;
  snapshot(): LaneState;
  restore(state: LaneState): void;
  /** Records passed by edge name. */
  edges(): { readonly [name: string]: number };
}

export function laneInput(plan: LanePlan, catalog: Catalog, onBlock: (block: SinkBlock) => void): LaneInput {
  return plan.sink.definition.reads === 'frames' ? framesInput(plan, onBlock) : recordsInput(plan, catalog, onBlock);
}

function recordsInput(plan: LanePlan, catalog: Catalog, onBlock: (block: SinkBlock) => void): LaneInput {
  const { blockRecords } = plan.sink.definition;
  const spare = fillsAgain(plan) ? new SpareRecords() : undefined;
  const lane = new Lane(plan, catalog, blockRecords, onBlock, spare);
  const places: LanePlace[] = [];
  return {
    position: (log, partition) => lane.position(log, partition),
    take(log, reader) {
      const { bytes, payloadAt, payloadEnd } = reader;
      const envelope = spare?.envelope() ?? emptyEnvelope();
      const record = spare
        ? decodeInto(bytes, payloadAt, payloadEnd, envelope, spare.record)
        : decodeRecord(bytes, payloadAt, payloadEnd, envelope);
      const slot = reader.log * PARTITIONS_MAX + reader.partition;
      const place = (places[slot] ??= lane.place(log, reader.partition));
      lane.pushTo(place, reader.offset, record, envelope);
    },
    flush: () => lane.flush(),
    snapshot: () => lane.snapshot(),
    restore: (state) => lane.restore(state),
    edges: () => Object.fromEntries([...lane.edges.values()].map((edge) => [edge.name, edge.records])),
  };
}

/** Whether nobody of the lane keeps a record, so that each may be filled again. */
function fillsAgain({ sink, stages }: LanePlan): boolean {
  return sink.definition.copies === true && stages.every(({ node }) => node.definition.keepsNoRecord === true);
}

function framesInput(plan: LanePlan, onBlock: (block: SinkBlock) => void): LaneInput {
  const lane = new FrameLane(plan, plan.sink.definition.blockRecords, onBlock);
  const envelope = emptyEnvelope();
  /** By log number * {@link PARTITIONS_MAX} + partition, so that a record costs no name. */
  const places: FramePlace[] = [];
  let memory = new Uint8Array(0);
  let words = new Int32Array(0);
  return {
    position: (log, partition) => lane.position(log, partition),
    take(log, reader) {
      const { bytes, payloadAt, payloadEnd, partition } = reader;
      if (bytes !== memory) {
        memory = bytes as Uint8Array<ArrayBuffer>;
        words = new Int32Array(memory.buffer);
      }
      const tick = recordTypeAt(bytes, payloadAt, payloadEnd) === 'tick';
      if (tick) decodeRecord(bytes, payloadAt, payloadEnd, envelope);
      const slot = reader.log * PARTITIONS_MAX + partition;
      const place = (places[slot] ??= lane.place(log, partition));
      const tickMicros = tick ? envelope.occurredAt : undefined;
      lane.push(place, reader.offset, bytes, words, payloadAt, payloadEnd, reader.chainKey, tickMicros);
    },
    flush: () => assert(false, 'frames are delivered in blocks'),
    snapshot: () => ({ positions: lane.settledPositions(), sequences: {}, stages: [] }),
    restore: (state) => lane.startAt(new Map(Object.entries(state.positions))),
    edges: () => Object.fromEntries([...lane.edges.values()].map((edge) => [edge.name, edge.records])),
  };
}
