/**
 * A lane whose sink wants the bytes of the log as they are (an archive): no record is decoded, no stage runs. Blocks are
 * cut like any lane's: at a tick, or every `blockRecords` offsets.
 */
import { assert } from '../../schemas/assert.ts';
import { FrameRun } from '../../schemas/frame-run.ts';
import { Edge } from './edge.ts';
import { edgeName } from './graph.ts';
import type { LanePlan } from './lane-plan.ts';
import type { SinkBlock } from './ports.ts';

interface Open {
  readonly log: string;
  readonly partition: number;
  readonly edge: Edge;
  firstOffset: number;
  next: number;
  run: FrameRun;
}

/** Bytes of the first block of a partition; the next ones begin with what the one before took. */
const FIRST_RUN_BYTES = 64 * 1024;

/** Kept for blocks to come: what the logs' partitions fill between two turns of the sink. */
const SPARE_RUNS = 64;

/** A log partition of a {@link FrameLane}. */
export interface FramePlace {
  readonly log: string;
  readonly partition: number;
  /** Offset that is wanted next. */
  readonly next: number;
}

export class FrameLane {
  readonly edges = new Map<string, Edge>();
  readonly #edgeByLog = new Map<string, Edge>();
  readonly #blockRecords: number;
  readonly #onBlock: (block: SinkBlock) => void;
  readonly #open = new Map<string, Open>();
  /** Memory of blocks that the sink is done with. */
  readonly #spare: FrameRun[] = [];
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

  /**
   * The next record of a log partition, in order: the payload `bytes[at, end)`; `words` is a view of the same memory from
   * its start where `at` is a multiple of 4, else undefined. `tickMicros`: log time of a clock record; undefined for any
   * other. Records below the position are dropped; a gap is a broken invariant.
   */
  push(
    place: FramePlace,
    offset: number,
    bytes: Uint8Array,
    words: Int32Array | undefined,
    at: number,
    end: number,
    chainKey: number,
    tickMicros: number | undefined,
  ): void {
    if (offset < place.next) return;
    const open = place as Open;
    assert(
      offset === open.next,
      `a lane wants ${open.log}/${open.partition} offset ${open.next} and was given ${offset}`,
    );
    open.next = offset + 1;
    if (words) open.run.addWords(words, at, end, chainKey);
    else open.run.add(bytes, at, end, chainKey);
    if (tickMicros !== undefined) this.#lastTimeMicros = Math.max(this.#lastTimeMicros, tickMicros);
    if (tickMicros !== undefined || offset % this.#blockRecords === this.#blockRecords - 1) this.#close(open);
  }

  /** Where the records of a log partition are pushed: the same object every time. */
  place(log: string, partition: number): FramePlace {
    return this.#open.get(`${log}/${partition}`) ?? this.#openAt(log, partition, 0);
  }

  #close(open: Open): void {
    const { log, partition, firstOffset, run } = open;
    open.edge.records += run.records;
    let freed = false;
    open.firstOffset = open.next;
    open.run = this.#spare.pop() ?? new FrameRun(run.end + (run.end >> 3));
    this.#onBlock({
      log,
      partition,
      firstOffset,
      lastOffset: open.next - 1,
      lastTimeMicros: this.#lastTimeMicros,
      records: [],
      envelopes: [],
      outputs: {},
      frames: run,
      free: () => {
        if (freed) return;
        freed = true;
        if (this.#spare.length >= SPARE_RUNS) return;
        run.clear();
        this.#spare.push(run);
      },
    });
  }

  #openAt(log: string, partition: number, next: number): Open {
    const edge = this.#edgeByLog.get(log)!;
    const known = this.#open.get(`${log}/${partition}`);
    if (known) {
      known.firstOffset = known.next = next;
      known.run.clear();
      return known;
    }
    const open: Open = { log, partition, edge, firstOffset: next, next, run: new FrameRun(FIRST_RUN_BYTES) };
    this.#open.set(`${log}/${partition}`, open);
    return open;
  }
}
