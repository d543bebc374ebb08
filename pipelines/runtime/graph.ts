/**
 * A topology as data: declared once, checked, drawn, and run. Nothing here opens a file or knows what the records mean.
 *
 * A **log** is a partitioned, ordered, durable sequence of records; `takes` wires ports into it. A **source** brings
 * records in. A **stage** is one operator with one inbox: a log, or a port of another stage (then the two are fused and
 * no log lies between them). A **sink** carries records out. An **edge** is one wire between a port and a log, a stage
 * or a sink; the edge objects of a running graph hold the counters that `status` prints.
 *
 * A stage that writes a log, directly or through fused stages, belongs to the *head*: it runs to completion for each
 * command before the next. All other stages only follow logs; they run in the lanes of the sinks that read them.
 */
import type { OperatorDefinition, Ports } from '../../operators/contract.ts';
import type { AnyRecord } from '../../schemas/generated/records.ts';
import type { RecordSet } from '../../schemas/logs.ts';
import type { SinkDefinition, SourceDefinition } from './ports.ts';

/** Where in a file something was declared; 1-based. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** An output that can be wired. `records` is undefined for a name that the node does not have; `lint` says so. */
export interface Port<out R extends AnyRecord> {
  readonly node: string;
  readonly port: string;
  readonly records: RecordSet<R> | undefined;
}

export type Key = 'account' | 'symbol';

export interface LogNode {
  readonly kind: 'log';
  readonly id: string;
  readonly at: Place;
  readonly records: RecordSet<AnyRecord>;
  /** What chooses the partition; undefined: one partition. */
  readonly key: Key | undefined;
}
export interface SourceNode {
  readonly kind: 'source';
  readonly id: string;
  readonly at: Place;
  readonly definition: SourceDefinition<Ports>;
}
export interface StageNode {
  readonly kind: 'stage';
  readonly id: string;
  readonly at: Place;
  readonly definition: OperatorDefinition<AnyRecord, Ports>;
}
export interface SinkNode {
  readonly kind: 'sink';
  readonly id: string;
  readonly at: Place;
  readonly definition: SinkDefinition;
  readonly queue: QueuePolicy;
  readonly onMalformed: 'halt' | 'skip';
}
export type GraphNode = LogNode | SourceNode | StageNode | SinkNode;

/** What happens when a reader in memory is slower than what feeds it (law 5). */
export interface QueuePolicy {
  /** Blocks held at most, and records in them: the first bound that is reached counts. */
  readonly blocks: number;
  readonly records: number;
  readonly full: 'block' | 'conflate' | 'disconnect';
  /** With `conflate`: the latest record of each key is kept; types named in `never` are not conflated. */
  readonly conflateBy?: Key | undefined;
  readonly never?: readonly string[] | undefined;
  readonly disconnectAfterMs?: number | undefined;
}

export interface GraphEdge {
  readonly from: { readonly node: string; readonly port: string };
  readonly to: string;
  readonly at: Place;
  readonly records: RecordSet<AnyRecord> | undefined;
}

export interface Graph {
  readonly id: string;
  readonly at: Place;
  readonly nodes: readonly GraphNode[];
  readonly edges: readonly GraphEdge[];
  /** By `stage.port` or `source.port`: why nobody reads it. */
  readonly dropped: ReadonlyMap<string, string>;
}

export interface LogHandle<R extends AnyRecord> extends Port<R> {
  /** Wire ports into this log. Each becomes a producer of its own, with its own sequence per partition. */
  takes(...ports: readonly Port<R>[]): void;
}

export type PortsOf<P extends Ports> = { readonly [N in keyof P & string]: Port<P[N]> };

export interface SinkOptions {
  readonly in: readonly Port<AnyRecord>[];
  readonly queue?: Partial<QueuePolicy>;
  readonly onMalformed?: 'halt' | 'skip';
}

export interface TopologyBuilder {
  log<R extends AnyRecord>(id: string, records: RecordSet<R>, options?: { readonly key?: Key }): LogHandle<R>;
  /** `sees`: logs whose durable records the source is shown (a simulator that answers the market). */
  source<P extends Ports>(
    id: string,
    definition: SourceDefinition<P>,
    options?: { readonly sees?: readonly Port<AnyRecord>[]; readonly drop?: { readonly [N in keyof P]?: string } },
  ): PortsOf<P>;
  /** The port wired to `in` must offer every record that the operator reads. */
  stage<In extends R, R extends AnyRecord, P extends Ports>(
    id: string,
    definition: OperatorDefinition<In, P>,
    options: { readonly in: Port<R>; readonly drop?: { readonly [N in keyof P]?: string } },
  ): PortsOf<P>;
  sink(id: string, definition: SinkDefinition, options: SinkOptions): void;
}

const DEFAULT_QUEUE: QueuePolicy = { blocks: 1024, records: 65_536, full: 'block' };

/**
 * Declare a topology. The callback runs once, at once, and never throws for what it wires: faults are collected by
 * `checkGraph`, all of them together.
 */
export function topology(id: string, declare: (builder: TopologyBuilder) => void): Graph {
  const nodes: GraphNode[] = [];
  const edges: GraphEdge[] = [];
  const dropped = new Map<string, string>();
  const wire = (port: Port<AnyRecord>, to: string, at: Place) =>
    edges.push({ from: { node: port.node, port: port.port }, to, at, records: port.records });
  const drop = (node: string, reasons: { readonly [port: string]: string | undefined } | undefined) => {
    for (const [port, reason] of Object.entries(reasons ?? {})) if (reason) dropped.set(`${node}.${port}`, reason);
  };
  declare({
    log(logId, records, options) {
      nodes.push({ kind: 'log', id: logId, at: callSite(), records: widen(records), key: options?.key });
      return {
        node: logId,
        port: '',
        records,
        takes(...ports) {
          const at = callSite();
          for (const port of ports) wire(port, logId, at);
        },
      };
    },
    source(sourceId, definition, options) {
      const at = callSite();
      nodes.push({ kind: 'source', id: sourceId, at, definition: definition as unknown as SourceDefinition<Ports> });
      for (const port of options?.sees ?? []) wire(port, sourceId, at);
      drop(sourceId, options?.drop);
      return portsOf(sourceId, definition.outputs);
    },
    stage(stageId, definition, options) {
      const at = callSite();
      nodes.push({
        kind: 'stage',
        id: stageId,
        at,
        definition: definition as unknown as OperatorDefinition<AnyRecord, Ports>,
      });
      wire(options.in, stageId, at);
      drop(stageId, options.drop);
      return portsOf(stageId, definition.outputs);
    },
    sink(sinkId, definition, options) {
      const at = callSite();
      const queue = { ...DEFAULT_QUEUE, ...options.queue };
      nodes.push({ kind: 'sink', id: sinkId, at, definition, queue, onMalformed: options.onMalformed ?? 'halt' });
      for (const port of options.in) wire(port, sinkId, at);
    },
  });
  return { id, at: callSite(), nodes, edges, dropped };
}

export function nodeOf(graph: Graph, id: string): GraphNode | undefined {
  return graph.nodes.find((node) => node.id === id);
}

export function edgeName(edge: GraphEdge): string {
  return `${edge.from.port ? `${edge.from.node}.${edge.from.port}` : edge.from.node} -> ${edge.to}`;
}

/** Ids of the stages that write a log, directly or through stages fused behind them. */
export function headStages(graph: Graph): Set<string> {
  const logs = new Set(graph.nodes.filter((node) => node.kind === 'log').map((node) => node.id));
  const stages = new Set(graph.nodes.filter((node) => node.kind === 'stage').map((node) => node.id));
  const head = new Set<string>();
  for (let grew = true; grew; ) {
    grew = false;
    for (const edge of graph.edges) {
      if (!stages.has(edge.from.node) || head.has(edge.from.node)) continue;
      if (logs.has(edge.to) || head.has(edge.to)) {
        head.add(edge.from.node);
        grew = true;
      }
    }
  }
  return head;
}

/** The log that a stage reads in the end, through the stages it is fused behind; undefined when there is none. */
export function inboxOf(graph: Graph, stageId: string): string | undefined {
  let at = stageId;
  for (let hops = 0; hops <= graph.nodes.length; hops++) {
    const edge = graph.edges.find((candidate) => candidate.to === at);
    if (!edge) return undefined;
    const from = nodeOf(graph, edge.from.node);
    if (from?.kind === 'log') return from.id;
    if (from?.kind !== 'stage') return undefined;
    at = from.id;
  }
  return undefined;
}

function portsOf<P extends Ports>(node: string, outputs: { readonly [N in keyof P]: RecordSet<P[N]> }): PortsOf<P> {
  return new Proxy(Object.create(null), {
    get(_target, port) {
      if (typeof port !== 'string') return undefined;
      return { node, port, records: Object.hasOwn(outputs, port) ? outputs[port as keyof P] : undefined };
    },
  }) as PortsOf<P>;
}

function widen<R extends AnyRecord>(records: RecordSet<R>): RecordSet<AnyRecord> {
  return records as unknown as RecordSet<AnyRecord>;
}

/** The first stack frame outside this file. */
function callSite(): Place {
  const lines = (new Error().stack ?? '').split('\n').slice(1);
  for (const line of lines) {
    const match = /(?:\(|at )(?:file:\/\/)?([^()]+?):(\d+):(\d+)\)?$/.exec(line.trim());
    if (match && !match[1]!.endsWith('/runtime/graph.ts')) {
      return { file: match[1]!, line: Number(match[2]), column: Number(match[3]) };
    }
  }
  return { file: '(unknown)', line: 0, column: 0 };
}
