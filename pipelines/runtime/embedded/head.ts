/**
 * The head of the graph: each input runs through every stage that writes a log, and the way back, **to completion before
 * the next**, and is stored with every record it caused under one command of the log. Batches exist around this loop
 * (what is taken at once, what is committed at once), never inside, so any cutting gives the same bytes.
 *
 * The head builds each operator of the graph once per partition and nothing else builds them for the embedded run.
 */
import { assert } from '../../../schemas/assert.ts';
import type { Envelope } from '../../../schemas/envelope.ts';
import type { AnyRecord, Micros } from '../../../schemas/generated/records.ts';
import { packPosition } from '../../../schemas/ids.ts';
import type { Catalog } from '../catalog.ts';
import type { Edge } from '../edge.ts';
import type { Graph } from '../graph.ts';
import { edgeName } from '../graph.ts';
import type { CommittedRecord } from '../ports.ts';
import {
  applyToInbox,
  headEdges,
  type Inbox,
  type InboxWiring,
  type MutableMoment,
  makeInbox,
  numberOutput,
  routeByKey,
  type StageInstance,
  type TargetLog,
} from '../stage-inbox.ts';
import type { RecordStore } from './record-store.ts';

export interface LogState extends TargetLog {
  readonly nextOffsets: number[];
  readonly inboxes: (Inbox | undefined)[];
  /** Somebody in this process wants to see its records. */
  heard: boolean;
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
  readonly edges: Map<string, Edge>;
  /** Commands run since the log began. */
  commands = 0;
  /** Newest clock record taken in. */
  readonly lastTick = { number: 0, timeMicros: 0 };

  #store: RecordStore;
  /** Where records for readers in this process go; undefined while nobody wants them. */
  #collect: CommittedRecord[] | undefined;
  #collectAll = false;
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
    this.edges = headEdges(graph, catalog);
    this.#store = store;
    for (let index = 0; index < 256; index++) this.#work.push(emptyWork());
    this.#build();
  }

  /** From now on, records go here (recovery compares, then the live run appends). */
  storeInto(store: RecordStore): void {
    this.#store = store;
  }

  /** Collect what is stored from now on into `records`: of every log, or of those that are heard. Undefined: stop. */
  collectInto(records: CommittedRecord[] | undefined, of: 'all' | 'heard' = 'all'): void {
    this.#collect = records;
    this.#collectAll = of === 'all';
  }

  /**
   * Run one input to completion. `stampedMicros` is its source's time. Returns the packed position it got.
   * Throws what a broken invariant throws; then the process must end.
   */
  run(edge: Edge, log: LogState, record: AnyRecord, stampedMicros: number, traceparent: string | null): number {
    const moment = this.#moment;
    const target = routeByKey(log, this.catalog, record, 0);
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
        partitions: count,
        nextOffsets: new Array<number>(count).fill(0),
        inboxes: new Array<Inbox | undefined>(count).fill(undefined),
        heard: false,
      });
    }
    const wiring = this.#wiring();
    for (const log of this.logs.values()) {
      for (let partition = 0; partition < log.partitions; partition++) {
        const inbox = makeInbox(wiring, log, partition);
        if (!inbox) continue;
        log.inboxes[partition] = inbox;
        this.inboxes.push(inbox);
      }
    }
  }

  #wiring(): InboxWiring<LogState> {
    const head = this;
    return {
      graph: this.graph,
      get catalog() {
        return head.catalog;
      },
      logs: this.logs,
      edges: this.edges,
      moment: this.#moment,
      append: (edge, source, log, target, record) => this.#append(edge, source, log, target, record),
    };
  }

  #append(edge: Edge, source: number, log: LogState, target: number, record: AnyRecord): void {
    const moment = this.#moment;
    const envelope = this.#envelope;
    const offset = log.nextOffsets[target]!;
    log.nextOffsets[target] = offset + 1;
    const chainKey = numberOutput(envelope, edge, source, target, moment, this.#traceparent);
    this.#store.append(chainKey, log.number, target, offset, envelope, record);
    if (this.#collect && (this.#collectAll || log.heard)) {
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
      moment.position = work.position;
      moment.offset = work.offset;
      moment.partition = inbox.partition;
      applyToInbox(inbox, record, work.timeMicros, moment);
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
}

function emptyWork(): Work {
  return { inbox: undefined, record: undefined, position: 0, offset: 0, timeMicros: 0 };
}
