/**
 * One partition of a stage at work in a cluster: records of its inbox in, numbered records for other logs out. It knows
 * no broker and no clock: what it says is a function of its inbox, so two of them say the same thing.
 */
import { assert } from '../../../schemas/assert.ts';
import { decodeRecord, encodeRecord } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import type { AnyRecord, Micros } from '../../../schemas/generated/records.ts';
import { chainKeyOfEventId, packPosition, sequenceOfEventId } from '../../../schemas/ids.ts';
import { DoesNotFit } from '../../../schemas/malformed.ts';
import { emptyTopicHeader, encodeTopicHeader } from '../../../schemas/topic-record.ts';
import type { Catalog } from '../catalog.ts';
import type { Edge } from '../edge.ts';
import { edgeName, type Graph } from '../graph.ts';
import {
  applyToInbox,
  headEdges,
  type Inbox,
  type MutableMoment,
  makeInbox,
  numberOutput,
  type TargetLog,
} from '../stage-inbox.ts';
import type { OutgoingRecord } from './broker.ts';

/** A record on its way to a partition of a log. */
export interface StageOutput extends OutgoingRecord {
  readonly log: string;
  readonly partition: number;
  readonly chainKey: number;
  readonly sequence: number;
  readonly crc: number;
}

export interface StagePartState {
  readonly stage: string;
  readonly stateHash: string;
  readonly state: Uint8Array;
}

export interface ChainEnd {
  readonly chainKey: number;
  readonly last: number;
  /** Checksum of that record. */
  readonly crc: number;
}

export interface StagePartitionState {
  readonly timeMicros: number;
  /** Of each producer and target partition. */
  readonly ends: readonly ChainEnd[];
  readonly stages: readonly StagePartState[];
}

interface Made {
  readonly log: TargetLog;
  readonly target: number;
  readonly chainKey: number;
  readonly sequence: number;
  readonly value: Uint8Array;
}

export class StagePartition {
  readonly log: string;
  readonly partition: number;
  readonly inbox: Inbox;
  readonly edges: ReadonlyMap<string, Edge>;
  /** Numbers of the edges by which its stages write logs. */
  readonly writes: ReadonlySet<number>;
  /** A newer one may take its place: symbols keep the partition that they have. */
  catalog: Catalog;
  readonly #generation: number;
  readonly #logNumber: number;
  readonly #moment: MutableMoment = { timeMicros: 0 as Micros, position: 0, offset: 0, partition: 0, correlationId: 0 };
  readonly #envelope = emptyEnvelope();
  readonly #read = emptyEnvelope();
  readonly #header = emptyTopicHeader();
  /** Checksum of the last record of each chain. */
  readonly #crcs = new Map<number, number>();
  #made: Made[] = [];
  #scratch = Buffer.allocUnsafeSlow(4096);

  constructor(graph: Graph, catalog: Catalog, log: string, partition: number) {
    this.log = log;
    this.partition = partition;
    this.catalog = catalog;
    this.#generation = catalog.generation;
    this.#logNumber = catalog.logs[log]!;
    this.edges = headEdges(graph, catalog);
    const logs = new Map<string, TargetLog>();
    for (const node of graph.nodes) {
      if (node.kind !== 'log') continue;
      logs.set(node.id, { node, number: catalog.logs[node.id]!, partitions: catalog.partitions[node.id]! });
    }
    const own = logs.get(log);
    assert(own !== undefined, `topology "${graph.id}" has no log "${log}"`);
    const whole = this;
    const inbox = makeInbox(
      {
        graph,
        get catalog() {
          return whole.catalog;
        },
        logs,
        edges: this.edges,
        moment: this.#moment,
        append: (edge, source, target, partitionOfTarget, record) =>
          this.#append(edge, source, target, partitionOfTarget, record),
      },
      own,
      partition,
    );
    assert(inbox !== undefined, `no stage that writes a log reads "${log}"`);
    this.inbox = inbox;
    const ids = new Set(inbox.instances.map(({ stage }) => stage));
    this.writes = new Set(
      graph.edges
        .filter(({ from }) => ids.has(from.node))
        .map((edge) => this.edges.get(edgeName(edge))?.number ?? -1)
        .filter((number) => number >= 0),
    );
  }

  /** Apply the next event of the inbox. What it caused comes out in the order in which it was said. */
  apply(value: Uint8Array, offset: number): StageOutput[] {
    const read = this.#read;
    const record = decodeRecord(value, 0, value.length, read);
    const moment = this.#moment;
    moment.position = packPosition(this.#logNumber, this.partition, offset);
    moment.offset = offset;
    moment.partition = this.partition;
    // What entered the graph here begins the chain; it could not know its own position when it was sent.
    moment.correlationId = read.correlationId === 0 ? moment.position : read.correlationId;
    applyToInbox(this.inbox, record, read.occurredAt, moment);
    return this.#finish();
  }

  /** Between two records only. */
  state(): StagePartitionState {
    const ends: ChainEnd[] = [];
    for (const edge of this.edges.values()) {
      if (edge.number < 0) continue;
      for (const { chainKey, last } of edge.sequences()) ends.push({ chainKey, last, crc: this.#crcs.get(chainKey)! });
    }
    return {
      timeMicros: this.inbox.timeMicros,
      ends: ends.sort((a, b) => a.chainKey - b.chainKey),
      stages: this.inbox.instances.map(({ stage, operator }) => ({
        stage,
        stateHash: operator.stateHash(),
        state: operator.snapshot(),
      })),
    };
  }

  /** Before the first record only. */
  restore({ timeMicros, ends, stages }: StagePartitionState): void {
    this.inbox.timeMicros = timeMicros;
    const byNumber = new Map([...this.edges.values()].map((edge) => [edge.number, edge]));
    for (const { chainKey, last, crc } of ends) {
      byNumber.get(chainKey >>> 12)?.restoreSequence((chainKey >>> 6) & 63, chainKey & 63, last);
      this.#crcs.set(chainKey, crc);
    }
    const instanceOf = (id: string) => this.inbox.instances.find(({ stage }) => stage === id);
    for (const { stage, state } of stages) instanceOf(stage)?.operator.restore(state);
    // Only now: operators of one stage share objects, and a hash may look at what its neighbour holds.
    for (const { stage, stateHash } of stages) {
      const restored = instanceOf(stage)?.operator.stateHash();
      assert(
        restored === undefined || restored === stateHash,
        `${stage}/${this.partition} restored to state ${restored}, its snapshot says ${stateHash}`,
      );
    }
  }

  #append(edge: Edge, source: number, log: TargetLog, target: number, record: AnyRecord): void {
    const moment = this.#moment;
    const chainKey = numberOutput(this.#envelope, edge, source, target, moment, this.#read.traceparent);
    assert(chainKeyOfEventId(this.#envelope.eventId) === chainKey, 'an event id is not of its chain');
    this.#made.push({
      log,
      target,
      chainKey,
      sequence: sequenceOfEventId(this.#envelope.eventId),
      value: this.#encode(record),
    });
  }

  /** Headers can only be written at the end: the last record to a partition says that it is. */
  #finish(): StageOutput[] {
    const made = this.#made;
    if (made.length === 0) return [];
    this.#made = [];
    const outputs = new Array<StageOutput>(made.length);
    const header = this.#header;
    const later = new Set<number>();
    const lasts = new Array<boolean>(made.length);
    for (let index = made.length - 1; index >= 0; index--) {
      const { log, target } = made[index]!;
      const key = log.number * 64 + target;
      lasts[index] = !later.has(key);
      later.add(key);
    }
    for (let index = 0; index < made.length; index++) {
      const { log, target, chainKey, sequence, value } = made[index]!;
      header.generation = this.#generation;
      header.sequence = sequence;
      header.causePosition = this.#moment.position;
      header.chainKey = chainKey;
      header.prevCrc = this.#crcs.get(chainKey) ?? 0;
      header.lastOfCause = lasts[index]!;
      const bytes = encodeTopicHeader(header, '', value);
      this.#crcs.set(chainKey, header.crc);
      outputs[index] = {
        log: log.node.id,
        partition: target,
        chainKey,
        sequence,
        crc: header.crc,
        value,
        header: bytes,
        session: '',
      };
    }
    return outputs;
  }

  #encode(record: AnyRecord): Uint8Array {
    for (;;) {
      try {
        const end = encodeRecord(this.#envelope, record, this.#scratch, 0);
        return Buffer.from(this.#scratch.subarray(0, end));
      } catch (error) {
        if (!(error instanceof DoesNotFit)) throw error;
        this.#scratch = Buffer.allocUnsafeSlow(this.#scratch.length * 4);
      }
    }
  }
}
