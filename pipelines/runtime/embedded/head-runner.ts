/**
 * Feeds the head: takes inputs from the sources into one bounded queue, runs them in short slices, publishes to the
 * journal, and tells what is durable (law 3: nothing is said before the commit that holds it is on disk).
 */

import type { Ports } from '../../../operators/contract.ts';
import { assert } from '../../../schemas/assert.ts';
import type { Edge } from '../edge.ts';
import type { Clock } from '../outside/clock.ts';
import type { CommittedRecord, Feed, HeadInput, Outcome } from '../ports.ts';
import type { Head, LogState } from './head.ts';

/** Where the head's commands go to become durable. */
export interface Journal {
  /** Make every command that has ended visible to the writer. */
  publish(): void;
  /** Called with the number of commands, counted from the opening of the journal, that are durable. */
  onDurable(listener: (commands: number) => void): void;
}

export interface HeadRunnerOptions {
  /** Inputs taken and not yet durable, at most; beyond it intake is full. */
  readonly inFlightMax: number;
  /** Of them, so many are kept for what calms the market or makes room: other inputs are refused earlier. */
  readonly reserved: number;
  /** Types of what calms the market or makes room. */
  readonly calming: ReadonlySet<string>;
  /** How long one slice may run before timers and sockets get their turn. */
  readonly sliceMs: number;
  /** Commands between two publications to the journal within a slice. */
  readonly publishEvery: number;
}

export const DEFAULT_RUNNER: HeadRunnerOptions = {
  inFlightMax: 65_536,
  reserved: 8_192,
  calming: new Set(),
  sliceMs: 5,
  publishEvery: 256,
};

interface Waiting {
  readonly edge: Edge;
  readonly log: LogState;
  readonly inputs: readonly HeadInput[];
}

/** Commands published together, and what is to be told when they are durable. */
interface Group {
  readonly lastCommand: number;
  readonly inputs: number;
  readonly records: readonly CommittedRecord[];
  readonly answers: readonly { readonly done: (outcome: Outcome) => void; readonly outcome: Outcome }[];
}

export class HeadRunner {
  readonly head: Head;
  readonly #journal: Journal;
  readonly #clock: Clock;
  readonly #options: HeadRunnerOptions;
  readonly #fail: (error: unknown) => void;
  #waiting: Waiting[] = [];
  #nextInput = 0;
  #inFlight = 0;
  #commands = 0;
  #scheduled = false;
  #paused = false;
  #closed = false;
  #only: ReadonlySet<string> | undefined;
  #roomWaiters: (() => void)[] = [];
  #idleWaiters: (() => void)[] = [];
  /** Run by `runNow` and not yet published. */
  #ahead: { count: number; records: CommittedRecord[] } = { count: 0, records: [] };
  readonly #groups: Group[] = [];
  #listeners: readonly {
    readonly logs: ReadonlySet<string>;
    readonly hear: (batch: readonly CommittedRecord[]) => void;
  }[] = [];
  /** Logs whose records somebody in this process wants to see. */
  #heard: ReadonlySet<string> = new Set();

  constructor(head: Head, journal: Journal, clock: Clock, fail: (error: unknown) => void, options = DEFAULT_RUNNER) {
    this.head = head;
    this.#journal = journal;
    this.#clock = clock;
    this.#fail = fail;
    this.#options = options;
    journal.onDurable((commands) => {
      try {
        this.#durable(commands);
      } catch (error) {
        this.#closed = true;
        this.#fail(error);
      }
    });
  }

  get inFlight(): number {
    return this.#inFlight;
  }

  /** Beyond so many intake is full. */
  get inFlightMax(): number {
    return this.#options.inFlightMax;
  }

  /** The feed of one source. Ports that the topology does not wire take nothing: `offer` drops and says true. */
  feedOf<P extends Ports>(source: string): Feed<P> {
    const runner = this;
    return {
      offer: (port, inputs) => runner.#offer(source, port, inputs),
      room: () => new Promise((resolve) => runner.#roomWaiters.push(resolve)),
      get inFlight() {
        return runner.#inFlight;
      },
    };
  }

  /** Durable records of these logs, in order, a batch a commit. The answer ends it. */
  hear(logs: readonly string[], hear: (batch: readonly CommittedRecord[]) => void): () => void {
    const listener = { logs: new Set(logs), hear };
    this.#listeners = [...this.#listeners, listener];
    this.#rememberHeard();
    return () => {
      this.#listeners = this.#listeners.filter((other) => other !== listener);
      this.#rememberHeard();
    };
  }

  #rememberHeard(): void {
    this.#heard = new Set(this.#listeners.flatMap(({ logs }) => [...logs]));
    for (const [log, state] of this.head.logs) state.heard = this.#heard.has(log);
  }

  /**
   * Run one input at once and give what it caused, although it is not durable yet: for a run that plays a market of its
   * own making, or a recorded one, ahead of time. Nobody outside may be shown these records; listeners hear them when
   * they are durable, as always. Call {@link publishNow} after the last one.
   */
  runNow(source: string, port: string, input: HeadInput): readonly CommittedRecord[] {
    const wired = this.head.inputOf(source, port);
    if (!wired) return [];
    const records: CommittedRecord[] = [];
    this.#runOne(wired.edge, wired.log, input, records, true);
    this.#inFlight++;
    this.#ahead.count++;
    if (this.#heard.size > 0) for (const record of records) this.#ahead.records.push(record);
    if (this.#ahead.count === this.#options.publishEvery) this.publishNow();
    return records;
  }

  publishNow(): void {
    if (this.#ahead.count === 0) return;
    this.#journal.publish();
    const { count, records } = this.#ahead;
    this.#groups.push({ lastCommand: this.#commands, inputs: count, records, answers: [] });
    this.#ahead = { count: 0, records: [] };
  }

  /** Everything taken so far has been run and is durable. */
  drained(): Promise<void> {
    if (this.#inFlight === 0) return Promise.resolve();
    return new Promise((resolve) => this.#idleWaiters.push(resolve));
  }

  /** While paused inputs are taken and wait. */
  pause(paused: boolean): void {
    this.#paused = paused;
    if (!paused) this.#schedule();
  }

  /** Only records of these types are taken from now on; undefined: all. */
  takeOnly(types: ReadonlySet<string> | undefined): void {
    this.#only = types;
  }

  /** Take nothing more. */
  close(): void {
    this.#closed = true;
  }

  #offer(source: string, port: string, inputs: readonly HeadInput[]): boolean {
    const wired = this.head.inputOf(source, port);
    if (!wired || inputs.length === 0) return true;
    const only = this.#only;
    if (only !== undefined && inputs.some(({ record }) => !only.has(record.type))) {
      wired.edge.blocked++;
      return false;
    }
    if (this.#closed || !this.#hasRoom(inputs)) {
      wired.edge.blocked++;
      return false;
    }
    this.#inFlight += inputs.length;
    this.#waiting.push({ ...wired, inputs });
    this.#schedule();
    return true;
  }

  #hasRoom(inputs: readonly HeadInput[]): boolean {
    const { inFlightMax, reserved, calming } = this.#options;
    const inFlight = this.#inFlight + inputs.length;
    if (inFlight <= inFlightMax - reserved) return true;
    return inFlight <= inFlightMax && inputs.every(({ record }) => calming.has(record.type));
  }

  #schedule(): void {
    if (this.#scheduled || this.#paused || this.#waiting.length === 0) return;
    this.#scheduled = true;
    setImmediate(() => {
      this.#scheduled = false;
      try {
        this.#slice();
      } catch (error) {
        this.#closed = true;
        this.#fail(error);
      }
    });
  }

  #slice(): void {
    // What was run ahead came first: it is told first.
    this.publishNow();
    const until = this.#clock.monotonicMs() + this.#options.sliceMs;
    let records: CommittedRecord[] = [];
    let answers: Group['answers'][number][] = [];
    let count = 0;
    const publish = () => {
      if (count === 0) return;
      this.#journal.publish();
      this.#groups.push({ lastCommand: this.#commands, inputs: count, records, answers });
      records = [];
      answers = [];
      count = 0;
    };
    let at = 0;
    while (at < this.#waiting.length && !this.#paused) {
      const { edge, log, inputs } = this.#waiting[at]!;
      while (this.#nextInput < inputs.length) {
        const input = inputs[this.#nextInput++]!;
        const from = records.length;
        const position = this.#runOne(edge, log, input, input.done || this.#heard.size > 0 ? records : undefined);
        input.taken?.(position);
        if (input.done) answers.push({ done: input.done, outcome: { position, records: records.slice(from) } });
        count++;
        if (count === this.#options.publishEvery) {
          publish();
          if (this.#clock.monotonicMs() >= until) break;
        }
      }
      if (this.#nextInput < inputs.length) break;
      this.#nextInput = 0;
      at++;
    }
    this.#waiting.splice(0, at);
    publish();
    this.#schedule();
  }

  #runOne(edge: Edge, log: LogState, input: HeadInput, records: CommittedRecord[] | undefined, all = false): number {
    this.head.collectInto(records, input.done || all ? 'all' : 'heard');
    const position = this.head.run(edge, log, input.record, input.stampedMicros, input.traceparent ?? null);
    this.#commands++;
    return position;
  }

  #durable(commands: number): void {
    let freed = 0;
    let told = 0;
    while (told < this.#groups.length && this.#groups[told]!.lastCommand <= commands) {
      const group = this.#groups[told++]!;
      freed += group.inputs;
      for (const listener of this.#listeners) {
        const batch = group.records.filter((record) => listener.logs.has(record.log));
        if (batch.length > 0) listener.hear(batch);
      }
      for (const { done, outcome } of group.answers) done(outcome);
    }
    this.#groups.splice(0, told);
    this.#inFlight -= freed;
    assert(this.#inFlight >= 0, 'more inputs became durable than were taken');
    if (this.#inFlight <= this.#options.inFlightMax / 2) release(this.#roomWaiters);
    if (this.#inFlight === 0) release(this.#idleWaiters);
  }
}

function release(waiters: (() => void)[]): void {
  for (const resolve of waiters.splice(0)) resolve();
}
