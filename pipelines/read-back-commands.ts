/**
 * Commands of the gateway that lives beside its own lane: put in at the door in batches, answered from the records that
 * the lane read back (law 3). Nothing but bytes and numbers passes between the threads.
 *
 * The lane hands over whole commits, and a commit holds whole commands: once a record that a command caused has been read,
 * all of them have. Of a command that causes nothing in these logs (a cancel-all of no orders) the door says when it is
 * durable; once the lane has read that far, there is nothing more to wait for.
 */
import type {
  CommandPort,
  ControlPort,
  GatewayCommand,
  GatewayRecord,
  OperatorOrder,
  RecordFeed,
  SampledRecord,
  Submitted,
} from '../gateway/ports.ts';
import type { AnyRecord } from '../schemas/generated/records.ts';
import { Overloaded } from '../sources/gateway-intake.ts';
import { REFUSED } from './runtime/embedded/door-memory.ts';
import type { Clock } from './runtime/outside/clock.ts';
import type { HostContext, HostDoor, LaneHost, SinkBlock } from './runtime/ports.ts';

/** Room of the door that is kept for cancels and orders of operators. */
const RESERVED = 4096;
/** A command that was taken is answered in this time, or its outcome is said to be unknown. */
const DEADLINE_MS = 10_000;
const NEWEST_KEPT = 10;
const DELAYS_KEPT = 4096;

const CALMING: ReadonlySet<string> = new Set(['cancel', 'cancel_all', 'admin', 'key_revocation']);

/** The command was taken and its end was not read in time: it may or may not have happened. */
export class AnswerLate extends Error {
  override readonly name = 'AnswerLate';
}

/** Commands of one call, answered together. */
interface Batch {
  left: number;
  readonly results: (Submitted | undefined)[];
  late: boolean;
  readonly resolve: (results: (Submitted | undefined)[]) => void;
  readonly reject: (error: Error) => void;
}

interface Pending {
  readonly sequence: number;
  readonly putAtMs: number;
  readonly batch: Batch;
  readonly index: number;
  /** -1 until the door has said it. */
  position: number;
  records: GatewayRecord[];
  settled: boolean;
}

export class ReadBackCommands implements CommandPort, ControlPort, RecordFeed, Pick<LaneHost, 'reading' | 'delivered'> {
  readonly #door: HostDoor;
  readonly #clock: Clock;
  readonly #commandsGate: number;
  readonly #controlGate: number;
  /** In the order of their sequences; the first `#learned` of them have a position. */
  #open: Pending[] = [];
  #first = 0;
  #learned = 0;
  readonly #byPosition = new Map<number, Pending>();
  #listeners: readonly ((batch: readonly GatewayRecord[]) => void)[] = [];
  #durable = 0;
  readonly #newest = new Map<string, SampledRecord[]>();
  readonly #delaysMs = new Float64Array(DELAYS_KEPT);
  #delays = 0;

  constructor({ door, clock, onRefused }: Pick<HostContext, 'door' | 'clock' | 'onRefused'>) {
    this.#door = door;
    this.#clock = clock;
    this.#commandsGate = door.gate('intake', 'commands');
    this.#controlGate = door.gate('intake', 'control');
    onRefused(() => this.#learn());
  }

  async submit(command: GatewayCommand, traceparent: string | null): Promise<Submitted> {
    return taken((await this.submitBatch([command], traceparent))[0]);
  }

  submitBatch(
    commands: readonly GatewayCommand[],
    traceparent: string | null,
  ): Promise<readonly (Submitted | undefined)[]> {
    return this.#put(this.#commandsGate, commands, traceparent);
  }

  async steer(order: OperatorOrder, traceparent: string | null): Promise<Submitted> {
    return taken((await this.#put(this.#controlGate, [order], traceparent))[0]);
  }

  hear(listener: (batch: readonly GatewayRecord[]) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  /** Newest records of a log, or of a stage's port, newest first. Undefined: nothing of it passes here. */
  newest(logOrPort: string): readonly SampledRecord[] | undefined {
    return this.#newest.get(logOrPort)?.toReversed();
  }

  /** From being put in to its answer, of the newest commands, milliseconds: what this share of them stayed below. */
  delayMs(share: number): number {
    const kept = this.#delaysMs.slice(0, Math.min(this.#delays, DELAYS_KEPT)).sort();
    return kept[Math.min(kept.length - 1, Math.floor(kept.length * share))] ?? 0;
  }

  /** For `sluice status`. */
  figures() {
    return {
      commands_waiting: this.#open.length - this.#first,
      answer_p50_ms: Math.round(this.delayMs(0.5)),
      answer_p99_ms: Math.round(this.delayMs(0.99)),
    };
  }

  get waiting(): boolean {
    return this.#first < this.#open.length;
  }

  reading(): void {
    this.#durable = this.#door.durable;
  }

  delivered(blocks: readonly SinkBlock[], atEnd: boolean): void {
    this.#learn();
    const told: GatewayRecord[] = [];
    const ended: Pending[] = [];
    for (const block of blocks) this.#see(block, told, ended);
    if (told.length > 0) for (const listener of this.#listeners) listener(told);
    const nowMs = this.#clock.monotonicMs();
    for (const pending of ended) this.#settle(pending, nowMs);
    this.#passOpen(atEnd, nowMs);
  }

  #put(
    gate: number,
    commands: readonly AnyRecord[],
    traceparent: string | null,
  ): Promise<readonly (Submitted | undefined)[]> {
    const { promise, resolve, reject } = Promise.withResolvers<(Submitted | undefined)[]>();
    const results = new Array<Submitted | undefined>(commands.length).fill(undefined);
    const batch: Batch = { left: commands.length, results, late: false, resolve, reject };
    const stampedMicros = this.#clock.nowMicros();
    const putAtMs = this.#clock.monotonicMs();
    for (let index = 0; index < commands.length; index++) {
      const command = commands[index]!;
      let sequence: number | undefined;
      try {
        if (this.#hasRoomFor(command)) sequence = this.#door.put(gate, command, stampedMicros, traceparent);
      } catch (error) {
        // A record that cannot be written is a bug of ours; those before it are under way all the same.
        reject(error);
      }
      if (sequence === undefined) {
        batch.left--;
        continue;
      }
      this.#open.push({ sequence, putAtMs, batch, index, position: -1, records: [], settled: false });
    }
    this.#door.knock();
    if (batch.left === 0) resolve(batch.results);
    return promise;
  }

  #hasRoomFor(command: AnyRecord): boolean {
    return this.#door.outstanding < this.#door.outstandingMax - RESERVED || CALMING.has(command.type);
  }

  /** Takes from the door which position each command got, and which were refused. */
  #learn(): void {
    const answered = this.#door.answered;
    while (this.#learned < this.#open.length) {
      const pending = this.#open[this.#learned]!;
      if (!isBelow(pending.sequence, answered)) return;
      this.#learned++;
      const position = this.#door.settle(pending.sequence);
      if (position === REFUSED) {
        this.#answer(pending, undefined);
      } else {
        pending.position = position;
        if (!pending.settled) this.#byPosition.set(position, pending);
      }
    }
  }

  #see(block: SinkBlock, told: GatewayRecord[], ended: Pending[]): void {
    const { log, partition, firstOffset, records, envelopes, outputs } = block;
    const heard = this.#listeners.length > 0;
    let before = -1;
    let pending: Pending | undefined;
    for (let index = 0; index < records.length; index++) {
      const { correlationId, occurredAt } = envelopes[index]!;
      if (correlationId !== before) {
        before = correlationId;
        pending = this.#byPosition.size === 0 ? undefined : this.#byPosition.get(correlationId);
      }
      if (!heard && !pending) continue;
      const offset = firstOffset + index;
      const record: GatewayRecord = {
        log,
        partition,
        offset,
        occurredAt,
        correlationId,
        record: records[index]!,
      };
      if (heard) told.push(record);
      if (!pending) continue;
      if (pending.records.length === 0) ended.push(pending);
      pending.records.push(record);
    }
    this.#remember(log, block, records, envelopes);
    for (const [port, made] of Object.entries(outputs)) {
      this.#remember(port, { partition, firstOffset: 0 }, made.records, made.envelopes);
      if (!heard) continue;
      const stage = port.slice(0, port.indexOf('.'));
      for (const [index, record] of made.records.entries()) {
        const { occurredAt, correlationId } = made.envelopes[index]!;
        told.push({ log: stage, partition, offset: 0, occurredAt, correlationId, record });
      }
    }
  }

  #remember(
    log: string,
    { partition, firstOffset }: Pick<SinkBlock, 'partition' | 'firstOffset'>,
    records: readonly AnyRecord[],
    envelopes: SinkBlock['envelopes'],
  ): void {
    if (records.length === 0) return;
    const from = Math.max(0, records.length - NEWEST_KEPT);
    const newest = records.slice(from).map((record, index) => {
      const { occurredAt, correlationId } = envelopes[from + index]!;
      return { log, partition, offset: firstOffset + from + index, occurredAt, correlationId, record };
    });
    const before = this.#newest.get(log) ?? [];
    this.#newest.set(log, [...before, ...newest].slice(-NEWEST_KEPT));
  }

  /** What stands longest: it caused nothing that is read here, or it was never read. */
  #passOpen(atEnd: boolean, nowMs: number): void {
    while (this.#first < this.#open.length) {
      const pending = this.#open[this.#first]!;
      if (!pending.settled) {
        const nothingCaused = atEnd && pending.position >= 0 && isBelow(pending.sequence, this.#durable);
        if (nothingCaused) this.#settle(pending, nowMs);
        else if (nowMs - pending.putAtMs > DEADLINE_MS) this.#giveUp(pending);
        else break;
      }
      // The door's place of a command that was given up is free when the door has answered, not before.
      if (this.#first >= this.#learned) break;
      this.#first++;
    }
    if (this.#first < 1024 && this.#first < this.#open.length) return;
    this.#open = this.#open.slice(this.#first);
    this.#learned -= this.#first;
    this.#first = 0;
  }

  #settle(pending: Pending, nowMs: number): void {
    if (pending.settled) return;
    this.#delaysMs[this.#delays++ % DELAYS_KEPT] = nowMs - pending.putAtMs;
    this.#answer(pending, { position: pending.position, records: pending.records });
  }

  #giveUp(pending: Pending): void {
    pending.batch.late = true;
    this.#answer(pending, undefined);
  }

  #answer(pending: Pending, result: Submitted | undefined): void {
    if (pending.settled) return;
    pending.settled = true;
    if (pending.position >= 0) this.#byPosition.delete(pending.position);
    const { batch, index } = pending;
    batch.results[index] = result;
    if (--batch.left > 0) return;
    if (batch.late) batch.reject(new AnswerLate(`no answer was read in ${DEADLINE_MS / 1000} s`));
    else batch.resolve(batch.results);
  }
}

function taken(result: Submitted | undefined): Submitted {
  if (result === undefined) throw new Overloaded('the exchange has no room for more commands now');
  return result;
}

/** Of sequences that wrap at 2^32 and are never half of that apart. */
function isBelow(sequence: number, bound: number): boolean {
  const ahead = (bound - sequence) >>> 0;
  return ahead > 0 && ahead < 2 ** 31;
}
