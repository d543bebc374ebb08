/**
 * Where records enter the graph of a cluster: what a gateway, a clock or a simulator offers is numbered within one
 * session, a run of one process, and sent to its log. The numbers let readers drop what came twice after a send in doubt.
 *
 * An event's number in its id must not come again in a later run: a session begins to count at the end that its target
 * has when it is opened, and no session can have sent more records than its target holds.
 */
import { assert } from '../../../schemas/assert.ts';
import { encodeRecord } from '../../../schemas/codec.ts';
import { emptyEnvelope } from '../../../schemas/envelope.ts';
import type { AnyRecord, Micros } from '../../../schemas/generated/records.ts';
import { eventIdInChain, idLimits, packChainKey } from '../../../schemas/ids.ts';
import { DoesNotFit } from '../../../schemas/malformed.ts';
import { emptyTopicHeader, encodeTopicHeader } from '../../../schemas/topic-record.ts';
import type { Catalog } from '../catalog.ts';
import { edgeName, type Graph, type LogNode, nodeOf } from '../graph.ts';
import { routeByKey, type TargetLog } from '../stage-inbox.ts';
import type { LogSink, LogSource } from './broker.ts';
import { OutputQueue } from './output-queue.ts';

export interface HeadWriterOptions {
  readonly graph: Graph;
  /** Read anew for each record: symbols may be placed while it runs. */
  readonly catalog: () => Catalog;
  /** Sources of the graph that offer here. */
  readonly sources: readonly string[];
  readonly bases: { readonly [logPartition: string]: number };
  /** Names this run; unlike any other. */
  readonly session: string;
  /** Which of the processes that run this source at the same time; 0 to 63. */
  readonly number: number;
  readonly source: LogSource;
  readonly sink: LogSink;
  readonly topicOf: (log: string) => string;
  readonly fail: (error: unknown) => void;
}

/** What was sent, so that its reader knows it again. */
export interface Entered {
  readonly log: string;
  readonly partition: number;
  readonly sequence: number;
}

interface Wire {
  readonly edge: number;
  readonly log: TargetLog;
}

interface Counter {
  sequence: number;
  crc: number;
}

export class HeadWriter {
  readonly session: string;
  readonly #options: HeadWriterOptions;
  readonly #queue: OutputQueue;
  readonly #wires = new Map<string, Wire>();
  readonly #counters = new Map<string, Counter>();
  readonly #envelope = emptyEnvelope();
  readonly #header = emptyTopicHeader();
  #scratch = Buffer.allocUnsafeSlow(4096);

  private constructor(options: HeadWriterOptions) {
    const { graph, catalog, sources, session, number, source, sink, topicOf, fail } = options;
    assert(number >= 0 && number < idLimits.edgePartitions, 'the number of a process leaves its 6 bits');
    this.#options = options;
    this.session = session;
    for (const edge of graph.edges) {
      const log = nodeOf(graph, edge.to);
      if (!sources.includes(edge.from.node) || log?.kind !== 'log') continue;
      this.#wires.set(`${edge.from.node}.${edge.from.port}`, {
        edge: catalog().edges[edgeName(edge)]!,
        log: targetLog(catalog(), log),
      });
    }
    this.#queue = new OutputQueue({ name: session, source, sink, topicOf, session, owns: () => true, fail });
  }

  static async open(options: HeadWriterOptions): Promise<HeadWriter> {
    const writer = new HeadWriter(options);
    const ends: { [logPartition: string]: number } = {};
    for (const { log } of writer.#wires.values()) {
      for (const [partition, { high }] of (await options.source.ends(options.topicOf(log.node.id))).entries()) {
        const key = `${log.node.id}/${partition}`;
        ends[key] = high;
        writer.#counters.set(key, { sequence: high + (options.bases[key] ?? 0), crc: 0 });
      }
    }
    await writer.#queue.readTails(ends);
    return writer;
  }

  /** Records that wait to be sent. */
  get waiting(): number {
    return this.#queue.waiting;
  }

  get failedSends(): number {
    return this.#queue.failedSends;
  }

  wired(source: string, port: string): boolean {
    return this.#wires.has(`${source}.${port}`);
  }

  /** Number a record and send it. `stampedMicros`: its source's time. */
  enter(source: string, port: string, record: AnyRecord, stampedMicros: number, traceparent: string | null): Entered {
    const { edge, log } = this.#wires.get(`${source}.${port}`)!;
    const { catalog, number, session } = this.#options;
    const target = routeByKey(log, catalog(), record, 0);
    const counter = this.#counters.get(`${log.node.id}/${target}`)!;
    counter.sequence++;
    const chainKey = packChainKey(edge, number, target);
    const envelope = this.#envelope;
    envelope.eventId = eventIdInChain(chainKey, counter.sequence);
    envelope.causationId = 0;
    // Its own position, which only its log decides.
    envelope.correlationId = 0;
    envelope.occurredAt = stampedMicros as Micros;
    envelope.eventVersion = 1;
    envelope.traceparent = traceparent;
    const value = this.#encode(record);
    const header = this.#header;
    header.generation = catalog().generation;
    header.sequence = counter.sequence;
    header.causePosition = 0;
    header.chainKey = chainKey;
    header.prevCrc = counter.crc;
    header.lastOfCause = true;
    const bytes = encodeTopicHeader(header, session, value);
    counter.crc = header.crc;
    this.#queue.push([
      {
        log: log.node.id,
        partition: target,
        chainKey,
        sequence: counter.sequence,
        crc: header.crc,
        value,
        header: bytes,
        session,
      },
    ]);
    return { log: log.node.id, partition: target, sequence: counter.sequence };
  }

  room(): Promise<void> {
    return this.#queue.room();
  }

  flushed(): Promise<void> {
    return this.#queue.flushed();
  }

  close(): Promise<void> {
    return this.#queue.close();
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

function targetLog(catalog: Catalog, node: LogNode): TargetLog {
  return { node, number: catalog.logs[node.id]!, partitions: catalog.partitions[node.id]! };
}
