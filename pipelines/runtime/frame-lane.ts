/**
 * A lane whose sink wants the bytes of the log as they are (an archive): no record is decoded, no stage runs. Blocks are
 * cut like any lane's: at a tick, or every `blockRecords` offsets.
 */
import { assert } from '../../schemas/assert.ts';
import { Edge } from './edge.ts';
import { edgeName } from './graph.ts';
import type { LanePlan } from './lane-plan.ts';
import type { SinkBlock } from './ports.ts';

interface Open {
  readonly log: string;
  readonly partition: number;
  firstOffset: number;
  next: number;
  payloads: Uint8Array[];
  chainKeys: number[];
}

export class FrameLane {
  readonly edges = new Map<string, Edge>();
  readonly #edgeByLog = new Map<string, Edge>();
  readonly #blockRecords: number;
  readonly #onBlock: (block: SinkBlock) => void;
  readonly #open = new Map<string, Open>();
  #lastTimeMicros = 0;

  constructor(plan: LanePlan, blockRecords: number, onBlock: (block: SinkBlock) => void) {
    assert(plan.stages.length === 0, `sink ${plan.sink.id} reads frames, and no stage makes any`);
    this.#blockRecords = blockRecords;
    this.#onBlock = onBlock;
    for (const input of plan.inputs) {
      const edge = new Edge(edgeName(input), -1, plan.sink.queue.blocks);
      this.edges.set(edge.name, edge);
      this.#edgeByLog.set(input.from.node, edge);
    }
  }

  position(log: string, partition: number): number {
    return this.#open.get(`${log}/${partition}`)?.next ?? 0;
  }

  settledPositions(): { readonly [logPartition: string]: number } {
    return Object.fromEntries([...this.#open].map(([key, open]) => [key, open.firstOffset]));
  }

  startAt(positions: ReadonlyMap<string, number>): void {
    for (const [key, next] of positions) {
      const slash = key.lastIndexOf('/');
      this.#openAt(key.slice(0, slash), Number(key.slice(slash + 1)), next);
    }
  }

  /** `tickMicros`: log time of a clock record; undefined for any other. */
  push(
    log: string,
    partition: number,
    offset: number,
    payload: Uint8Array,
    chainKey: number,
    tickMicros: number | undefined,
  ): void {
    const open = this.#open.get(`${log}/${partition}`) ?? this.#openAt(log, partition, 0);
    if (offset < open.next) return;
    assert(offset === open.next, `a lane wants ${log}/${partition} offset ${open.next} and was given ${offset}`);
    open.next = offset + 1;
    open.payloads.push(payload);
    open.chainKeys.push(chainKey);
    if (tickMicros !== undefined) this.#lastTimeMicros = Math.max(this.#lastTimeMicros, tickMicros);
    if (tickMicros !== undefined || offset % this.#blockRecords === this.#blockRecords - 1) this.#close(open);
  }

  #close(open: Open): void {
    const { log, partition, firstOffset, payloads, chainKeys } = open;
    this.#edgeByLog.get(log)!.records += payloads.length;
    this.#openAt(log, partition, open.next);
    this.#onBlock({
      log,
      partition,
      firstOffset,
      lastOffset: open.next - 1,
      lastTimeMicros: this.#lastTimeMicros,
      records: [],
      envelopes: [],
      outputs: {},
      frames: { payloads, chainKeys },
    });
  }

  #openAt(log: string, partition: number, next: number): Open {
    const open: Open = { log, partition, firstOffset: next, next, payloads: [], chainKeys: [] };
    this.#open.set(`${log}/${partition}`, open);
    return open;
  }
}
