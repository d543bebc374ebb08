/**
 * The machine of a lane: records of logs go in one by one, blocks come out, cut by the log alone (a tick, or every
 * `blockRecords` offsets), with what each follower stage made of them. Batches travel between the stages through RxJS
 * subjects, one an edge; the loop over a batch is inside the stage.
 */
import { Subject } from 'rxjs';
import type { Operator, Ports } from '../../operators/contract.ts';
import { InvariantBroken } from '../../schemas/assert.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import type { AnyRecord, Micros } from '../../schemas/generated/records.ts';
import { eventIdInChain, packChainKey, packPosition } from '../../schemas/ids.ts';
import type { Catalog } from './catalog.ts';
import { Edge } from './edge.ts';
import type { GraphEdge } from './graph.ts';
import { edgeName } from './graph.ts';
import type { LanePlan, LaneStage } from './lane-plan.ts';
import type { SinkBlock, StageOutput } from './ports.ts';
import type { SpareRecords } from './spare-records.ts';

/** A run of records of one log partition, or of one port for one such run. */
export interface Batch {
  readonly partition: number;
  readonly firstOffset: number;
  readonly records: AnyRecord[];
  readonly envelopes: Envelope[];
  /** Offset in the inbox of each record's cause. */
  readonly offsets: number[];
}

interface FollowerInstance {
  readonly operator: Operator<AnyRecord, Ports>;
  timeMicros: number;
}

export interface LaneStageState {
  readonly stage: string;
  readonly partition: number;
  readonly timeMicros: number;
  readonly state: Uint8Array;
}

export interface LaneState {
  /** Next offset to read, by `log/partition`. */
  readonly positions: { readonly [logPartition: string]: number };
  /** By `stage.port`. */
  readonly sequences: {
    readonly [stagePort: string]: readonly { readonly partition: number; readonly last: number }[];
  };
  readonly stages: readonly LaneStageState[];
}

type Writable<T> = { -readonly [N in keyof T]: T[N] };

const NO_RECORDS: readonly AnyRecord[] = [];
const NO_ENVELOPES: readonly Envelope[] = [];

/** Records of one log partition on their way into a block. */
interface Open {
  readonly log: string;
  readonly partition: number;
  batch: Batch;
  next: number;
}

/** A log partition of a {@link Lane}. */
export interface LanePlace {
  readonly log: string;
  readonly partition: number;
  /** Offset that is wanted next. */
  readonly next: number;
}

export class Lane {
  readonly plan: LanePlan;
  readonly edges = new Map<string, Edge>();
  /** By `stage.port`: the numbering of what follower stages say. */
  readonly ports = new Map<string, Edge>();
  readonly #catalog: Catalog;
  readonly #blockRecords: number;
  readonly #open = new Map<string, Open>();
  readonly #stages = new Map<string, FollowerInstance[]>();
  readonly #logSubjects = new Map<string, Subject<Batch>>();
  readonly #onBlock: (block: SinkBlock) => void;
  readonly #spare: SpareRecords | undefined;
  #outputs: { [stagePort: string]: StageOutput } = {};

  /** `spare`: takes back the records that were pushed, once nobody needs them. */
  constructor(
    plan: LanePlan,
    catalog: Catalog,
    blockRecords: number,
    onBlock: (block: SinkBlock) => void,
    spare?: SpareRecords,
  ) {
    this.#spare = spare;
    this.plan = plan;
    this.#catalog = catalog;
    this.#blockRecords = blockRecords;
    this.#onBlock = onBlock;
    for (const log of plan.logs) this.#logSubjects.set(log, new Subject<Batch>());
    const subjects = new Map<string, Subject<Batch>>();
    for (const stage of plan.stages) this.#wireStage(stage, subjects);
    for (const input of plan.inputs) this.#wireSink(input, subjects);
  }

  /** Next offset this lane wants of a log partition. */
  position(log: string, partition: number): number {
    return this.#open.get(`${log}/${partition}`)?.next ?? 0;
  }

  /** Begin at these offsets; before the first record only. */
  startAt(positions: ReadonlyMap<string, number>): void {
    for (const [key, next] of positions) {
      const partition = partitionOf(key);
      const open = this.place(key.slice(0, key.lastIndexOf('/')), partition) as Open;
      open.batch = emptyBatch(partition, next);
      open.next = next;
    }
  }

  /** Where the records of a log partition are pushed: the same object every time. */
  place(log: string, partition: number): LanePlace {
    const key = `${log}/${partition}`;
    let open = this.#open.get(key);
    if (!open) {
      open = { log, partition, batch: emptyBatch(partition, 0), next: 0 };
      this.#open.set(key, open);
    }
    return open;
  }

  /** The next record of a log partition, in order. Records below the position are dropped; a gap is a broken invariant. */
  push(log: string, partition: number, offset: number, record: AnyRecord, envelope: Envelope): void {
    this.pushTo(this.place(log, partition), offset, record, envelope);
  }

  /** As {@link push}, at a place that was asked for before. */
  pushTo(place: LanePlace, offset: number, record: AnyRecord, envelope: Envelope): void {
    const open = place as Open;
    if (offset < open.next) return;
    if (offset !== open.next) throw this.#gap(open, offset);
    open.next = offset + 1;
    open.batch.records.push(record);
    open.batch.envelopes.push(envelope);
    open.batch.offsets.push(offset);
    if (record.type === 'tick' || offset % this.#blockRecords === this.#blockRecords - 1) this.#close(open);
  }

  /** Close what is open without waiting for its border: for sinks in memory only, which keep no positions of blocks. */
  flush(): void {
    for (const open of this.#open.values()) if (open.batch.records.length > 0) this.#close(open);
  }

  /** Next offset that no closed block holds, by `log/partition`. */
  settledPositions(): { readonly [logPartition: string]: number } {
    return Object.fromEntries([...this.#open].map(([key, open]) => [key, open.batch.firstOffset]));
  }

  /** At a border of every partition: state of all stages, to be restored with these positions. */
  snapshot(): LaneState {
    const positions = this.settledPositions();
    const stages: LaneStageState[] = [];
    for (const [stage, instances] of this.#stages) {
      for (const [partition, instance] of instances.entries()) {
        stages.push({ stage, partition, timeMicros: instance.timeMicros, state: instance.operator.snapshot() });
      }
    }
    const sequences: { [stagePort: string]: { partition: number; last: number }[] } = {};
    for (const [name, port] of this.ports) sequences[name] = port.lastByPartition();
    return { positions, sequences, stages };
  }

  restore(state: LaneState): void {
    this.startAt(new Map(Object.entries(state.positions)));
    for (const { stage, partition, timeMicros, state: bytes } of state.stages) {
      const instance = this.#stages.get(stage)?.[partition];
      if (!instance) continue;
      instance.operator.restore(bytes);
      instance.timeMicros = timeMicros;
    }
    for (const [name, pairs] of Object.entries(state.sequences)) {
      for (const { partition, last } of pairs) this.ports.get(name)?.restoreSequence(partition, partition, last);
    }
  }

  #gap({ log, partition, next }: Open, offset: number): InvariantBroken {
    return new InvariantBroken(
      `lane ${this.plan.sink.id} wants ${log}/${partition} offset ${next} and was given ${offset}`,
    );
  }

  #close(open: Open): void {
    const { log, batch } = open;
    open.batch = emptyBatch(batch.partition, open.next);
    this.#outputs = {};
    this.#logSubjects.get(log)!.next(batch);
    const read = this.plan.inputs.find((input) => input.from.node === log);
    if (read) this.edges.get(edgeName(read))!.records += batch.records.length;
    const lastTimeMicros = batch.envelopes.at(-1)!.occurredAt;
    // What nobody is handed is free at once.
    if (!read) this.#spare?.give(batch.records, batch.envelopes);
    const block: Writable<SinkBlock> = {
      log,
      partition: batch.partition,
      firstOffset: batch.firstOffset,
      lastOffset: open.next - 1,
      lastTimeMicros,
      records: read ? batch.records : NO_RECORDS,
      envelopes: read ? batch.envelopes : NO_ENVELOPES,
      outputs: this.#outputs,
    };
    const freed = () => {
      if (read && block.records !== NO_RECORDS) this.#spare?.give(batch.records, batch.envelopes);
      // A block that is written may be waited for long: nothing of it must live until then.
      block.records = NO_RECORDS;
      block.envelopes = NO_ENVELOPES;
      block.outputs = {};
    };
    if (this.plan.sink.definition.copies) block.free = freed;
    this.#onBlock(block);
  }

  /** The one place where a follower stage's operators are constructed, one a partition of its inbox. */
  #wireStage(stage: LaneStage, subjects: Map<string, Subject<Batch>>): void {
    const count = this.#catalog.partitions[stage.inbox]!;
    const instances: FollowerInstance[] = [];
    for (let partition = 0; partition < count; partition++) {
      const sharedObjects = new Map<string, unknown>();
      instances.push({
        operator: stage.node.definition.create({
          partition,
          partitions: this.#catalog.partitions,
          shared<T>(name: string, make: () => T): T {
            if (!sharedObjects.has(name)) sharedObjects.set(name, make());
            return sharedObjects.get(name) as T;
          },
        }),
        timeMicros: 0,
      });
    }
    this.#stages.set(stage.node.id, instances);
    const edge = new Edge(edgeName(stage.input), -1);
    this.edges.set(edge.name, edge);
    const ports = Object.keys(stage.node.definition.outputs);
    const outputs = new Map<string, Subject<Batch>>();
    for (const port of ports) {
      const subject = new Subject<Batch>();
      const name = `${stage.node.id}.${port}`;
      outputs.set(port, subject);
      subjects.set(name, subject);
      this.ports.set(name, new Edge(name, this.#catalog.edges[name]!));
    }
    const source =
      this.#logSubjects.get(stage.input.from.node) ??
      subjects.get(`${stage.input.from.node}.${stage.input.from.port}`)!;
    const run = stageRunner(stage, instances, this.#catalog, edge, this.ports);
    source.subscribe((batch) => {
      const made = run(batch);
      for (const port of ports) {
        const output = made[port]!;
        if (output.records.length > 0) outputs.get(port)!.next(output);
      }
    });
  }

  #wireSink(input: GraphEdge, subjects: Map<string, Subject<Batch>>): void {
    const stagePort = `${input.from.node}.${input.from.port}`;
    const edge = new Edge(edgeName(input), -1, this.plan.sink.queue.blocks);
    this.edges.set(edge.name, edge);
    subjects.get(stagePort)?.subscribe((batch) => {
      edge.records += batch.records.length;
      this.#outputs[stagePort] = { records: batch.records, envelopes: batch.envelopes };
    });
  }
}

/** The loop of one stage over a batch: apply each record, collect each port's records with their numbers. */
function stageRunner(
  stage: LaneStage,
  instances: readonly FollowerInstance[],
  catalog: Catalog,
  edge: Edge,
  numbering: ReadonlyMap<string, Edge>,
): (batch: Batch) => { readonly [port: string]: Batch } {
  const reads: ReadonlySet<string> = new Set(stage.node.definition.input.types);
  const inboxNumber = catalog.logs[stage.inbox]!;
  const moment = { timeMicros: 0 as Micros, position: 0, offset: 0, partition: 0, correlationId: 0 };
  const made: { [port: string]: Batch } = {};
  const out: { [port: string]: (record: AnyRecord) => void } = {};
  for (const port of Object.keys(stage.node.definition.outputs)) {
    const numbered = numbering.get(`${stage.node.id}.${port}`)!;
    out[port] = (record) => {
      const batch = made[port]!;
      const chainKey = packChainKey(numbered.number, moment.partition, moment.partition);
      batch.records.push(record);
      batch.offsets.push(moment.offset);
      batch.envelopes.push({
        eventId: eventIdInChain(chainKey, numbered.take(moment.partition, moment.partition)),
        causationId: moment.position,
        correlationId: moment.correlationId,
        occurredAt: moment.timeMicros,
        eventVersion: 1,
        traceparent: null,
      });
    };
  }
  return (batch) => {
    const instance = instances[batch.partition]!;
    for (const port of Object.keys(out)) made[port] = emptyBatch(batch.partition, batch.firstOffset);
    moment.partition = batch.partition;
    for (let index = 0; index < batch.records.length; index++) {
      const record = batch.records[index]!;
      edge.records++;
      if (!reads.has(record.type)) continue;
      const envelope = batch.envelopes[index]!;
      moment.offset = batch.offsets[index]!;
      moment.position = packPosition(inboxNumber, batch.partition, moment.offset);
      moment.correlationId = envelope.correlationId;
      moment.timeMicros = Math.max(instance.timeMicros, envelope.occurredAt) as Micros;
      instance.operator.apply(record, moment, out);
      instance.timeMicros = moment.timeMicros;
    }
    return made;
  };
}

function emptyBatch(partition: number, firstOffset: number): Batch {
  return { partition, firstOffset, records: [], envelopes: [], offsets: [] };
}

function partitionOf(key: string): number {
  return Number(key.slice(key.lastIndexOf('/') + 1));
}
