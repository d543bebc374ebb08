/**
 * The head of the graph: each input runs through every stage that writes a log, and the way back, **to completion before
 * the next**, and is stored with every record it caused under one command of the log. Batches exist around this loop
 * (what is taken at once, what is committed at once), never inside, so any cutting gives the same bytes.
 *
 * The head builds each operator of the graph once per partition and nothing else builds them for the embedded run.
 */
import type { Emit, Moment, Operator, Ports } from '../../../operators/contract.ts';
import { assert } from '../../../schemas/assert.ts';
import type { Envelope } from '../../../schemas/envelope.ts';
import type { AnyRecord, Micros } from '../../../schemas/generated/records.ts';
import { eventIdInChain, packChainKey, packPosition } from '../../../schemas/ids.ts';
import type { Catalog } from '../catalog.ts';
import { Edge } from '../edge.ts';
import type { Graph, GraphEdge, LogNode, StageNode } from '../graph.ts';
import { edgeName, headStages, nodeOf } from '../graph.ts';
import type { CommittedRecord } from '../ports.ts';
import type { RecordStore } from './record-store.ts';

/** A checkpoint is written by every stage that can, at each tick whose number divides by this. */
export const CHECKPOINT_TICKS = 10;

interface MutableMoment {
  timeMicros: Micros;
  position: number;
  offset: number;
  partition: number;
  correlationId: number;
}

/** One operator of one partition, with the functions it emits by. */
export interface StageInstance {
  readonly stage: string;
  readonly partition: number;
  readonly operator: Operator<AnyRecord, Ports>;
  readonly out: Emit<Ports>;
  /** The types it reads; undefined: every type of its input. */
  readonly reads: ReadonlySet<string> | undefined;
  readonly checkpoint: ((record: AnyRecord) => void) | undefined;
  /** Inbox records applied. */
  applied: number;
}

/** The stages that read one partition of one log, with their common log time. */
export interface Inbox {
  readonly log: string;
  readonly partition: number;
  readonly readers: { readonly edge: Edge; readonly instance: StageInstance }[];
  /** Every stage of this inbox, in the order of the graph, fused ones included. */
  readonly instances: StageInstance[];
  timeMicros: number;
}

export interface LogState {
  readonly node: LogNode;
  readonly number: number;
  readonly nextOffsets: number[];
  readonly inboxes: (Inbox | undefined)[];
}

interface Work {
  inbox: Inbox | undefined;
  record: AnyRecord | undefined;
  position: number;
  offset: number;
  timeMicros: number;
}

class Committed implements CommittedRecord {
  readonly record: AnyRecord;
  readonly log: string;
  readonly partition: number;
  readonly offset: number;
  readonly occurredAt: number;
  readonly correlationId: number;

  constructor(
    record: AnyRecord,
    log: string,
    partition: number,
    offset: number,
    occurredAt: number,
    correlationId: number,
  ) {
    this.record = record;
    this.log = log;
    this.partition = partition;
    this.offset = offset;
    this.occurredAt = occurredAt;
    this.correlationId = correlationId;
  }
}

export interface HeadSnapshot {
  readonly commands: number;
  /** Next offset by partition of each log. */
  readonly logs: { readonly [log: string]: readonly number[] };
  /** Last sequence of each producer and target. */
  readonly sequences: readonly { readonly chainKey: number; readonly last: number }[];
  readonly times: readonly { readonly log: string; readonly partition: number; readonly timeMicros: number }[];
  readonly lastTick: { readonly number: number; readonly timeMicros: number };
  readonly stages: readonly {
    readonly stage: string;
    readonly partition: number;
    readonly inboxOffset: number;
    readonly stateHash: string;
    readonly state: Uint8Array;
  }[];
}

export class Head {
  readonly graph: Graph;
  catalog: Catalog;
  readonly logs = new Map<string, LogState>();
  readonly inboxes: Inbox[] = [];
  /** Every edge that a head stage or a source writes or reads, by name. */
  readonly edges = new Map<string, Edge>();
  /** Commands run since the log began. */
  commands = 0;
  /** Newest clock record taken in. */
  readonly lastTick = { number: 0, timeMicros: 0 };

  #store: RecordStore;
  /** Where records for readers in this process go; undefined while nobody wants them. */
  #collect: CommittedRecord[] | undefined;
  readonly #moment: MutableMoment = {
    timeMicros: 0 as Micros,
    position: 0,
    offset: 0,
    partition: 0,
    correlationId: 0,
  };
  readonly #envelope: Envelope = {
    eventId: 0,
    causationId: 0,
    correlationId: 0,
    occurredAt: 0 as Micros,
    eventVersion: 1,
    traceparent: null,
  };
  #work: Work[] = [];
  #workHead = 0;
  #workTail = 0;
  #traceparent: string | null = null;

  constructor(graph: Graph, catalog: Catalog, store: RecordStore) {
    this.graph = graph;
    this.catalog = catalog;
    this.#store = store;
    for (let index = 0; index < 256; index++) this.#work.push(emptyWork());
    this.#build();
  }

  /** From now on, records go here (recovery compares, then the live run appends). */
  storeInto(store: RecordStore): void {
    this.#store = store;
  }

  /** Collect what is stored from now on into `records`, or stop collecting. */
  collectInto(records: CommittedRecord[] | undefined): void {
    this.#collect = records;
  }

  /**
   * Run one input to completion. `stampedMicros` is its source's time. Returns the packed position it got.
   * Throws what a broken invariant throws; then the process must end.
   */
  run(edge: Edge, log: LogState, record: AnyRecord, stampedMicros: number, traceparent: string | null): number {
    const moment = this.#moment;
    const target = this.#route(log, record, 0);
    const position = packPosition(log.number, target, log.nextOffsets[target]!);
    moment.timeMicros = stampedMicros as Micros;
    moment.position = 0;
    moment.partition = 0;
    moment.correlationId = position;
    this.#traceparent = traceparent;
    if (record.type === 'tick') {
      this.lastTick.number = record.number;
      this.lastTick.timeMicros = stampedMicros;
    }
    this.#store.beginCommand();
    this.#append(edge, 0, log, target, record);
    this.#drain();
    this.#store.endCommand();
    this.commands++;
    return position;
  }

  /** The log and the edge that a source's port feeds. Undefined where the topology does not wire it. */
  inputOf(source: string, port: string): { readonly edge: Edge; readonly log: LogState } | undefined {
    const wired = this.graph.edges.find((edge) => edge.from.node === source && edge.from.port === port);
    const log = wired && this.logs.get(wired.to);
    return log ? { edge: this.edges.get(edgeName(wired))!, log } : undefined;
  }

  /** Everything of the head that is state, at a command's end: with it a head goes on as this one would. */
  snapshot(): HeadSnapshot {
    return {
      commands: this.commands,
      logs: Object.fromEntries([...this.logs].map(([id, log]) => [id, [...log.nextOffsets]])),
      sequences: [...this.edges.values()].flatMap((edge) => (edge.number < 0 ? [] : edge.sequences())),
      times: this.inboxes.map(({ log, partition, timeMicros }) => ({ log, partition, timeMicros })),
      lastTick: { ...this.lastTick },
      stages: this.inboxes.flatMap((inbox) =>
        inbox.instances.map(({ stage, partition, operator }) => ({
          stage,
          partition,
          inboxOffset: this.logs.get(inbox.log)!.nextOffsets[partition]!,
          stateHash: operator.stateHash(),
          state: operator.snapshot(),
        })),
      ),
    };
  }

  /** Before the first command only. Stages that the snapshot does not know begin empty. */
  restore(snapshot: HeadSnapshot): void {
    assert(this.commands === 0, 'a head that has run is not restored');
    this.commands = snapshot.commands;
    Object.assign(this.lastTick, snapshot.lastTick);
    for (const [id, nextOffsets] of Object.entries(snapshot.logs)) {
      const log = this.logs.get(id);
      if (log) for (const [partition, next] of nextOffsets.entries()) log.nextOffsets[partition] = next;
    }
    const byNumber = new Map([...this.edges.values()].map((edge) => [edge.number, edge]));
    for (const { chainKey, last } of snapshot.sequences) {
      byNumber.get(Math.floor(chainKey / 4096))?.restoreSequence(Math.floor(chainKey / 64) % 64, chainKey % 64, last);
    }
    for (const { log, partition, timeMicros } of snapshot.times) {
      const inbox = this.logs.get(log)?.inboxes[partition];
      if (inbox) inbox.timeMicros = timeMicros;
    }
    for (const { stage, partition, state } of snapshot.stages) this.stage(stage, partition)?.operator.restore(state);
    // Only now: operators of one stage share objects, and a hash may look at what its neighbour holds.
    for (const { stage, partition, stateHash } of snapshot.stages) {
      const restored = this.stage(stage, partition)?.operator.stateHash();
      assert(
        restored === undefined || restored === stateHash,
        `${stage}/${partition} restored to state ${restored}, its snapshot says ${stateHash}`,
      );
    }
  }

  stage(id: string, partition: number): StageInstance | undefined {
    for (const inbox of this.inboxes) {
      if (inbox.partition !== partition) continue;
      const found = inbox.instances.find((instance) => instance.stage === id);
      if (found) return found;
    }
    return undefined;
  }

  checkInvariants(): void {
    for (const inbox of this.inboxes) for (const instance of inbox.instances) instance.operator.checkInvariants();
  }

  #build(): void {
    for (const node of this.graph.nodes) {
      if (node.kind !== 'log') continue;
      const count = this.catalog.partitions[node.id]!;
      this.logs.set(node.id, {
        node,
        number: this.catalog.logs[node.id]!,
        nextOffsets: new Array<number>(count).fill(0),
        inboxes: new Array<Inbox | undefined>(count).fill(undefined),
      });
    }
    const head = headStages(this.graph);
    const sources = new Set(this.graph.nodes.filter((node) => node.kind === 'source').map((node) => node.id));
    for (const edge of this.graph.edges) {
      const number = this.catalog.edges[edgeName(edge)];
      const inMemory = head.has(edge.from.node) || head.has(edge.to) || sources.has(edge.to);
      if (number !== undefined || inMemory) this.edges.set(edgeName(edge), new Edge(edgeName(edge), number ?? -1));
    }
    for (const log of this.logs.values()) {
      const readers = this.graph.edges.filter((edge) => edge.from.node === log.node.id && head.has(edge.to));
      if (readers.length === 0) continue;
      for (let partition = 0; partition < log.nextOffsets.length; partition++) {
        const inbox: Inbox = { log: log.node.id, partition, readers: [], instances: [], timeMicros: 0 };
        const sharedObjects = new Map<string, unknown>();
        for (const edge of readers) {
          const instance = this.#makeStage(edge.to, log, inbox, sharedObjects);
          inbox.readers.push({ edge: this.edges.get(edgeName(edge))!, instance });
        }
        log.inboxes[partition] = inbox;
        this.inboxes.push(inbox);
      }
    }
  }

  /** The one place where an operator of the head is constructed; stages fused behind it are made with it. */
  #makeStage(stageId: string, log: LogState, inbox: Inbox, sharedObjects: Map<string, unknown>): StageInstance {
    const node = nodeOf(this.graph, stageId) as StageNode;
    const partition = inbox.partition;
    const operator = node.definition.create({
      partition,
      partitions: this.catalog.partitions,
      shared<T>(name: string, make: () => T): T {
        if (!sharedObjects.has(name)) sharedObjects.set(name, make());
        return sharedObjects.get(name) as T;
      },
    });
    const out: { [port: string]: (record: AnyRecord, partition?: number) => void } = {};
    const types: ReadonlySet<string> = new Set(node.definition.input.types);
    const instance: StageInstance = {
      stage: stageId,
      partition,
      operator,
      out,
      reads: log.node.records.types.every((type) => types.has(type)) ? undefined : types,
      checkpoint: this.#checkpointOf(stageId, partition),
      applied: 0,
    };
    inbox.instances.push(instance);
    for (const port of Object.keys(node.definition.outputs)) {
      const targets = this.graph.edges
        .filter((edge) => edge.from.node === stageId && edge.from.port === port)
        .map((edge) => this.#emitter(edge, partition, log, inbox, sharedObjects))
        .filter((target) => target !== undefined);
      out[port] =
        targets.length === 1
          ? targets[0]!
          : (record, target) => {
              for (const emit of targets) emit(record, target);
            };
    }
    return instance;
  }

  #emitter(
    edge: GraphEdge,
    partition: number,
    inboxLog: LogState,
    inbox: Inbox,
    sharedObjects: Map<string, unknown>,
  ): ((record: AnyRecord, partition?: number) => void) | undefined {
    const counters = this.edges.get(edgeName(edge))!;
    const log = this.logs.get(edge.to);
    if (log && log.node.key === inboxLog.node.key) {
      // The key is the same from end to end: what a partition says stays in the partition of its number.
      return (record, target) => this.#append(counters, partition, log, target ?? partition, record);
    }
    if (log) {
      return (record, target) => {
        this.#append(counters, partition, log, target ?? this.#route(log, record, partition), record);
      };
    }
    if (nodeOf(this.graph, edge.to)?.kind !== 'stage') return undefined;
    const next = this.#makeStage(edge.to, inboxLog, inbox, sharedObjects);
    const moment = this.#moment;
    return (record) => {
      counters.records++;
      applyTo(next, record, moment);
    };
  }

  /** A stage checkpoints into the first log it writes whose records include checkpoints. */
  #checkpointOf(stageId: string, partition: number): ((record: AnyRecord) => void) | undefined {
    const wired = this.graph.edges.find(
      (edge) => edge.from.node === stageId && this.logs.get(edge.to)?.node.records.types.includes('checkpoint'),
    );
    if (!wired) return undefined;
    const log = this.logs.get(wired.to)!;
    const counters = this.edges.get(edgeName(wired))!;
    return (record) => this.#append(counters, partition, log, partition, record);
  }

  #route(log: LogState, record: AnyRecord, own: number): number {
    const key = log.node.key;
    if (key === 'account') {
      const account = (record as { readonly account?: number }).account ?? 0;
      return account === 0 ? own : account % log.nextOffsets.length;
    }
    if (key === 'symbol') {
      if (record.symbol === 0) return own;
      const partition = this.catalog.symbolPartitions[record.symbol];
      assert(partition !== undefined, 'a symbol has no partition in the catalog');
      return partition;
    }
    return 0;
  }

  #append(edge: Edge, source: number, log: LogState, target: number, record: AnyRecord): void {
    const moment = this.#moment;
    const envelope = this.#envelope;
    const chainKey = packChainKey(edge.number, source, target);
    const offset = log.nextOffsets[target]!;
    log.nextOffsets[target] = offset + 1;
    envelope.eventId = eventIdInChain(chainKey, edge.take(source, target));
    envelope.causationId = moment.position;
    envelope.correlationId = moment.correlationId;
    envelope.occurredAt = moment.timeMicros;
    envelope.traceparent = this.#traceparent;
    this.#store.append(chainKey, log.number, target, offset, envelope, record);
    if (this.#collect) {
      this.#collect.push(new Committed(record, log.node.id, target, offset, moment.timeMicros, moment.correlationId));
    }
    const inbox = log.inboxes[target];
    if (inbox) this.#enqueue(inbox, record, packPosition(log.number, target, offset), offset, moment.timeMicros);
  }

  #enqueue(inbox: Inbox, record: AnyRecord, position: number, offset: number, timeMicros: number): void {
    if (this.#workTail === this.#work.length) this.#work.push(emptyWork());
    const work = this.#work[this.#workTail++]!;
    work.inbox = inbox;
    work.record = record;
    work.position = position;
    work.offset = offset;
    work.timeMicros = timeMicros;
  }

  /** First in, first out: what a record caused comes after what stood before it. */
  #drain(): void {
    const moment = this.#moment;
    while (this.#workHead < this.#workTail) {
      const work = this.#work[this.#workHead++]!;
      const inbox = work.inbox!;
      const record = work.record!;
      work.record = undefined;
      moment.timeMicros = Math.max(inbox.timeMicros, work.timeMicros) as Micros;
      moment.position = work.position;
      moment.offset = work.offset;
      moment.partition = inbox.partition;
      const readers = inbox.readers;
      for (let index = 0; index < readers.length; index++) {
        const reader = readers[index]!;
        reader.edge.records++;
        applyTo(reader.instance, record, moment);
      }
      assert(moment.timeMicros >= inbox.timeMicros, 'the log time of an inbox went back');
      inbox.timeMicros = moment.timeMicros;
      if (record.type === 'tick' && record.number % CHECKPOINT_TICKS === 0) this.#checkpoint(inbox);
      if (this.#workHead > 4096 && this.#workHead * 2 > this.#workTail) this.#compact();
    }
    this.#workHead = 0;
    this.#workTail = 0;
    if (this.#work.length > 65_536) this.#work.length = 4096;
  }

  /** Move what waits to the front, so that one command with very many effects does not hold its whole past. */
  #compact(): void {
    const waiting = this.#workTail - this.#workHead;
    for (let index = 0; index < waiting; index++) {
      const from = this.#workHead + index;
      const spare = this.#work[index]!;
      this.#work[index] = this.#work[from]!;
      this.#work[from] = spare;
    }
    this.#workHead = 0;
    this.#workTail = waiting;
  }

  #checkpoint(inbox: Inbox): void {
    for (const instance of inbox.instances) {
      if (!instance.checkpoint) continue;
      instance.operator.checkInvariants();
      instance.checkpoint({
        type: 'checkpoint',
        symbol: 0 as AnyRecord['symbol'],
        seq: 0 as AnyRecord['seq'],
        stage: instance.stage,
        inboxOffset: this.#moment.offset,
        stateHash: instance.operator.stateHash(),
      });
    }
  }
}

function applyTo(instance: StageInstance, record: AnyRecord, moment: Moment): void {
  if (instance.reads !== undefined && !instance.reads.has(record.type)) return;
  instance.applied++;
  instance.operator.apply(record, moment, instance.out);
}

function emptyWork(): Work {
  return { inbox: undefined, record: undefined, position: 0, offset: 0, timeMicros: 0 };
}
