/**
 * A partition of a stage at its inbox: the operators that read one partition of one log, fused ones included, the
 * functions they emit by, and how one record is applied. Both ways to run a graph build it here and nowhere else, so an
 * operator cannot tell which it runs in.
 */
import type { Emit, Moment, Operator, Ports } from '../../operators/contract.ts';
import { assert } from '../../schemas/assert.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import type { AnyRecord, Micros } from '../../schemas/generated/records.ts';
import { eventIdInChain, packChainKey } from '../../schemas/ids.ts';
import type { Catalog } from './catalog.ts';
import { Edge } from './edge.ts';
import type { Graph, GraphEdge, LogNode, StageNode } from './graph.ts';
import { edgeName, headStages, nodeOf } from './graph.ts';

/** A checkpoint is written by every stage that can, at each tick whose number divides by this. */
export const CHECKPOINT_TICKS = 10;

export interface MutableMoment {
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

/** A log as a writer sees it. */
export interface TargetLog {
  readonly node: LogNode;
  readonly number: number;
  readonly partitions: number;
}

/** What the inboxes of a run share. */
export interface InboxWiring<L extends TargetLog> {
  readonly graph: Graph;
  /** Read anew for each record: symbols may be placed while it runs. */
  readonly catalog: Catalog;
  readonly logs: ReadonlyMap<string, L>;
  readonly edges: ReadonlyMap<string, Edge>;
  /** About the record being applied; the runtime fills it before, operators may move its time. */
  readonly moment: MutableMoment;
  /** A record leaves its stage for a partition of a log. */
  append(edge: Edge, source: number, log: L, target: number, record: AnyRecord): void;
}

/** An edge object for every edge that a source or a stage of the head writes or reads, by name. */
export function headEdges(graph: Graph, catalog: Catalog): Map<string, Edge> {
  const edges = new Map<string, Edge>();
  const head = headStages(graph);
  const sources = new Set(graph.nodes.filter((node) => node.kind === 'source').map((node) => node.id));
  for (const edge of graph.edges) {
    const number = catalog.edges[edgeName(edge)];
    const inMemory = head.has(edge.from.node) || head.has(edge.to) || sources.has(edge.to);
    if (number !== undefined || inMemory) edges.set(edgeName(edge), new Edge(edgeName(edge), number ?? -1));
  }
  return edges;
}

/** The operators of one partition of a log, freshly made. Undefined: no stage that writes a log reads it. */
export function makeInbox<L extends TargetLog>(wiring: InboxWiring<L>, log: L, partition: number): Inbox | undefined {
  const head = headStages(wiring.graph);
  const readers = wiring.graph.edges.filter((edge) => edge.from.node === log.node.id && head.has(edge.to));
  if (readers.length === 0) return undefined;
  const inbox: Inbox = { log: log.node.id, partition, readers: [], instances: [], timeMicros: 0 };
  const sharedObjects = new Map<string, unknown>();
  for (const edge of readers) {
    const instance = makeStage(wiring, edge.to, log, inbox, sharedObjects);
    inbox.readers.push({ edge: wiring.edges.get(edgeName(edge))!, instance });
  }
  return inbox;
}

/**
 * Apply one record to every stage of an inbox. `moment` is about it, but for the time: log time never goes back, so it is
 * the later of the inbox's and `timeMicros`.
 */
export function applyToInbox(inbox: Inbox, record: AnyRecord, timeMicros: number, moment: MutableMoment): void {
  moment.timeMicros = Math.max(inbox.timeMicros, timeMicros) as Micros;
  const readers = inbox.readers;
  for (let index = 0; index < readers.length; index++) {
    const reader = readers[index]!;
    reader.edge.records++;
    applyTo(reader.instance, record, moment);
  }
  assert(moment.timeMicros >= inbox.timeMicros, 'the log time of an inbox went back');
  inbox.timeMicros = moment.timeMicros;
  if (record.type === 'tick' && record.number % CHECKPOINT_TICKS === 0) checkpoint(inbox, moment);
}

/** Number and stamp what is emitted now (law 2). Returns the chain key. */
export function numberOutput(
  envelope: Envelope,
  edge: Edge,
  source: number,
  target: number,
  moment: Moment,
  traceparent: string | null,
): number {
  const chainKey = packChainKey(edge.number, source, target);
  envelope.eventId = eventIdInChain(chainKey, edge.take(source, target));
  envelope.causationId = moment.position;
  envelope.correlationId = moment.correlationId;
  envelope.occurredAt = moment.timeMicros;
  envelope.traceparent = traceparent;
  return chainKey;
}

/** The partition of a log that a record belongs to by its key; `own` where its key is 0. */
export function routeByKey(log: TargetLog, catalog: Catalog, record: AnyRecord, own: number): number {
  const key = log.node.key;
  if (key === 'account') {
    const account = (record as { readonly account?: number }).account ?? 0;
    return account === 0 ? own : account % log.partitions;
  }
  if (key === 'symbol') {
    if (record.symbol === 0) return own;
    const partition = catalog.symbolPartitions[record.symbol];
    assert(partition !== undefined, 'a symbol has no partition in the catalog');
    return partition;
  }
  return 0;
}

/** The one place where an operator of the head is constructed; stages fused behind it are made with it. */
function makeStage<L extends TargetLog>(
  wiring: InboxWiring<L>,
  stageId: string,
  log: L,
  inbox: Inbox,
  sharedObjects: Map<string, unknown>,
): StageInstance {
  const node = nodeOf(wiring.graph, stageId) as StageNode;
  const partition = inbox.partition;
  const operator = node.definition.create({
    partition,
    partitions: wiring.catalog.partitions,
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
    checkpoint: checkpointOf(wiring, stageId, partition),
    applied: 0,
  };
  inbox.instances.push(instance);
  for (const port of Object.keys(node.definition.outputs)) {
    const targets = wiring.graph.edges
      .filter((edge) => edge.from.node === stageId && edge.from.port === port)
      .map((edge) => emitter(wiring, edge, partition, log, inbox, sharedObjects))
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

function emitter<L extends TargetLog>(
  wiring: InboxWiring<L>,
  edge: GraphEdge,
  partition: number,
  inboxLog: L,
  inbox: Inbox,
  sharedObjects: Map<string, unknown>,
): ((record: AnyRecord, partition?: number) => void) | undefined {
  const counters = wiring.edges.get(edgeName(edge))!;
  const log = wiring.logs.get(edge.to);
  if (log && log.node.key === inboxLog.node.key) {
    // The key is the same from end to end: what a partition says stays in the partition of its number.
    return (record, target) => wiring.append(counters, partition, log, target ?? partition, record);
  }
  if (log) {
    return (record, target) => {
      wiring.append(counters, partition, log, target ?? routeByKey(log, wiring.catalog, record, partition), record);
    };
  }
  if (nodeOf(wiring.graph, edge.to)?.kind !== 'stage') return undefined;
  const next = makeStage(wiring, edge.to, inboxLog, inbox, sharedObjects);
  const moment = wiring.moment;
  return (record) => {
    counters.records++;
    applyTo(next, record, moment);
  };
}

/** A stage checkpoints into the first log it writes whose records include checkpoints. */
function checkpointOf<L extends TargetLog>(
  wiring: InboxWiring<L>,
  stageId: string,
  partition: number,
): ((record: AnyRecord) => void) | undefined {
  const wired = wiring.graph.edges.find(
    (edge) => edge.from.node === stageId && wiring.logs.get(edge.to)?.node.records.types.includes('checkpoint'),
  );
  if (!wired) return undefined;
  const log = wiring.logs.get(wired.to)!;
  const counters = wiring.edges.get(edgeName(wired))!;
  return (record) => wiring.append(counters, partition, log, partition, record);
}

function checkpoint(inbox: Inbox, moment: Moment): void {
  for (const instance of inbox.instances) {
    if (!instance.checkpoint) continue;
    instance.operator.checkInvariants();
    instance.checkpoint({
      type: 'checkpoint',
      symbol: 0 as AnyRecord['symbol'],
      seq: 0 as AnyRecord['seq'],
      stage: instance.stage,
      inboxOffset: moment.offset,
      stateHash: instance.operator.stateHash(),
    });
  }
}

function applyTo(instance: StageInstance, record: AnyRecord, moment: Moment): void {
  if (instance.reads !== undefined && !instance.reads.has(record.type)) return;
  instance.applied++;
  instance.operator.apply(record, moment, instance.out);
}
