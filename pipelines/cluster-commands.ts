/**
 * Commands of a gateway in a process of its own: appended to their log, answered when the record that ends them was read
 * back from the logs (law 3). That the broker acknowledged a send is no answer; neither is it proof of the contrary.
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
import { packPosition } from '../schemas/ids.ts';
import { Overloaded } from '../sources/gateway-intake.ts';
import { AnswerLate } from './read-back-commands.ts';
import { CommandEnd } from './runtime/cluster/ends-of-commands.ts';
import type { Entered, HeadWriter } from './runtime/cluster/head-writer.ts';
import type { FollowedRecord } from './runtime/cluster/log-follower.ts';
import type { Clock } from './runtime/outside/clock.ts';
import type { SinkBlock } from './runtime/ports.ts';

/** Commands taken and not answered, at most; beyond it only what calms is taken. */
const OPEN_MAX = 20_000;
const RESERVED = 2_000;
const DEADLINE_MS = 10_000;
/** What was decided is told after this time, also where the account's log does not show it yet. */
const SHOWN_MS = 1_000;
const LOOK_EVERY_MS = 250;
const NEWEST_KEPT = 10;
const DELAYS_KEPT = 4_096;
const CALMING: ReadonlySet<string> = new Set(['cancel', 'cancel_all', 'admin', 'key_revocation']);

interface Pending {
  readonly putAtMs: number;
  readonly end: CommandEnd;
  readonly control: boolean;
  readonly resolve: (submitted: Submitted) => void;
  readonly reject: (error: Error) => void;
  position: number;
  readonly records: GatewayRecord[];
  over: boolean;
}

export class ClusterCommands implements CommandPort, ControlPort, RecordFeed {
  readonly #writer: HeadWriter;
  readonly #clock: Clock;
  readonly #logNumbers: { readonly [log: string]: number };
  /** By log, partition and sequence, until their position is known. */
  readonly #entered = new Map<string, Pending>();
  readonly #byPosition = new Map<number, Pending>();
  readonly #open = new Set<Pending>();
  /** Whether a record was the last of its cause, by `log/partition`, from the offset on that the views have not taken. */
  readonly #lasts = new Map<string, { first: number; lasts: boolean[] }>();
  readonly #newest = new Map<string, SampledRecord[]>();
  #listeners: readonly ((batch: readonly GatewayRecord[]) => void)[] = [];
  readonly #delaysMs = new Float64Array(DELAYS_KEPT);
  #delays = 0;
  #cancelLook = () => {};

  constructor(writer: HeadWriter, clock: Clock, logNumbers: { readonly [log: string]: number }) {
    this.#writer = writer;
    this.#clock = clock;
    this.#logNumbers = logNumbers;
    this.#scheduleLook();
  }

  get inFlight(): number {
    return this.#open.size;
  }

  async submit(command: GatewayCommand, traceparent: string | null): Promise<Submitted> {
    const submitted = (await this.submitBatch([command], traceparent))[0];
    if (!submitted) throw new Overloaded('the exchange has no room for more commands now');
    return submitted;
  }

  submitBatch(
    commands: readonly GatewayCommand[],
    traceparent: string | null,
  ): Promise<readonly (Submitted | undefined)[]> {
    return Promise.all(commands.map((command) => this.#put('commands', command, traceparent)));
  }

  async steer(order: OperatorOrder, traceparent: string | null): Promise<Submitted> {
    const submitted = await this.#put('control', order, traceparent);
    if (!submitted) throw new Overloaded('the exchange has no room for more commands now');
    return submitted;
  }

  hear(listener: (batch: readonly GatewayRecord[]) => void): () => void {
    this.#listeners = [...this.#listeners, listener];
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
    };
  }

  newest(log: string): readonly SampledRecord[] | undefined {
    return this.#newest.get(log)?.toReversed();
  }

  delayMs(share: number): number {
    const kept = this.#delaysMs.slice(0, Math.min(this.#delays, DELAYS_KEPT)).sort();
    return kept[Math.min(kept.length - 1, Math.floor(kept.length * share))] ?? 0;
  }

  /** Every event of the logs that the gateway follows, before the views have it. */
  read({ log, partition, offset, session, sequence, lastOfCause }: FollowedRecord): void {
    if (session === this.#writer.session) {
      const key = keyOf({ log, partition, sequence });
      const pending = this.#entered.get(key);
      if (pending) {
        this.#entered.delete(key);
        pending.position = packPosition(this.#logNumbers[log]!, partition, offset);
        this.#byPosition.set(pending.position, pending);
      }
    }
    if (log !== 'market' && log !== 'accounts') return;
    const place = `${log}/${partition}`;
    const known = this.#lasts.get(place);
    if (known) known.lasts.push(lastOfCause);
    else this.#lasts.set(place, { first: offset, lasts: [lastOfCause] });
  }

  /** The views have these blocks. */
  delivered(blocks: readonly SinkBlock[]): void {
    const told: GatewayRecord[] = [];
    const over: Pending[] = [];
    for (const block of blocks) this.#see(block, told, over);
    if (told.length > 0) for (const listener of this.#listeners) listener(told);
    const nowMs = this.#clock.monotonicMs();
    for (const pending of over) this.#answer(pending, nowMs);
  }

  close(): void {
    this.#cancelLook();
    for (const pending of this.#open) pending.reject(new AnswerLate('the gateway is closing'));
    this.#open.clear();
  }

  #put(port: 'commands' | 'control', command: AnyRecord, traceparent: string | null): Promise<Submitted | undefined> {
    const room = CALMING.has(command.type) ? OPEN_MAX : OPEN_MAX - RESERVED;
    if (this.#open.size >= room) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      const entered = this.#writer.enter('intake', port, command, this.#clock.nowMicros(), traceparent);
      const pending: Pending = {
        putAtMs: this.#clock.monotonicMs(),
        end: new CommandEnd(command),
        control: port === 'control',
        resolve,
        reject,
        position: -1,
        records: [],
        over: false,
      };
      this.#open.add(pending);
      this.#entered.set(keyOf(entered), pending);
    });
  }

  #see(block: SinkBlock, told: GatewayRecord[], over: Pending[]): void {
    const { log, partition, firstOffset, records, envelopes, outputs } = block;
    const lasts = this.#lasts.get(`${log}/${partition}`);
    for (let index = 0; index < records.length; index++) {
      const { correlationId, occurredAt } = envelopes[index]!;
      const offset = firstOffset + index;
      const record: GatewayRecord = { log, partition, offset, occurredAt, correlationId, record: records[index]! };
      told.push(record);
      const pending = this.#byPosition.get(correlationId);
      if (!pending || pending.over) continue;
      pending.records.push(record);
      const lastOfCause = lasts?.lasts[offset - lasts.first] ?? false;
      pending.end.see({ log, record: record.record, lastOfCause });
      if (pending.control ? log === 'control' : pending.end.isShown) {
        pending.over = true;
        over.push(pending);
      }
    }
    if (lasts) {
      const taken = firstOffset + records.length - lasts.first;
      lasts.lasts.splice(0, taken);
      lasts.first += taken;
    }
    this.#remember(log, partition, firstOffset, records, envelopes);
    for (const [port, made] of Object.entries(outputs)) {
      this.#remember(port, partition, 0, made.records, made.envelopes);
      const stage = port.slice(0, port.indexOf('.'));
      for (const [index, record] of made.records.entries()) {
        const { occurredAt, correlationId } = made.envelopes[index]!;
        told.push({ log: stage, partition, offset: 0, occurredAt, correlationId, record });
      }
    }
  }

  #remember(
    log: string,
    partition: number,
    firstOffset: number,
    records: readonly AnyRecord[],
    envelopes: SinkBlock['envelopes'],
  ): void {
    const from = Math.max(0, records.length - NEWEST_KEPT);
    const newest = records.slice(from).map((record, index) => {
      const { occurredAt, correlationId } = envelopes[from + index]!;
      return { log, partition, offset: firstOffset + from + index, occurredAt, correlationId, record };
    });
    if (newest.length > 0) this.#newest.set(log, [...(this.#newest.get(log) ?? []), ...newest].slice(-NEWEST_KEPT));
  }

  #answer(pending: Pending, nowMs: number): void {
    this.#open.delete(pending);
    this.#byPosition.delete(pending.position);
    this.#delaysMs[this.#delays++ % DELAYS_KEPT] = nowMs - pending.putAtMs;
    pending.resolve({ position: pending.position, records: pending.records });
  }

  #scheduleLook(): void {
    this.#cancelLook = this.#clock.after(LOOK_EVERY_MS, () => {
      const lateMs = this.#clock.monotonicMs() - DEADLINE_MS;
      for (const pending of this.#open) {
        // In the order in which they were put in.
        if (pending.putAtMs > lateMs + DEADLINE_MS - SHOWN_MS) break;
        if (pending.end.isEnded) {
          this.#answer(pending, this.#clock.monotonicMs());
          continue;
        }
        if (pending.putAtMs > lateMs) continue;
        this.#open.delete(pending);
        if (pending.position >= 0) this.#byPosition.delete(pending.position);
        pending.reject(new AnswerLate(`no answer was read in ${DEADLINE_MS / 1000} s`));
      }
      for (const [key, pending] of this.#entered) {
        if (this.#open.has(pending)) break;
        this.#entered.delete(key);
      }
      this.#scheduleLook();
    });
  }
}

function keyOf({ log, partition, sequence }: Entered): string {
  return `${log}/${partition}/${sequence}`;
}
