/** A lane at work, as the exchange sees it: what it says of itself, and what its host asks. */
import { type ExitCode, ExitError } from '../../../schemas/exit.ts';
import type { DoorInside } from './door-inside.ts';
import type { LaneMessage, LaneOrder } from './follow-lane.ts';

export interface LaneStatus {
  readonly sink: string;
  /** Next offset not yet durable in the sink, by `log/partition`. */
  readonly positions: { readonly [logPartition: string]: number };
  /** Where it would begin to read after a crash, where that is not `positions`: the log is kept from there. */
  readonly neededFrom?: { readonly [logPartition: string]: number } | undefined;
  /** Records passed by edge name. */
  readonly edges: { readonly [name: string]: number };
  readonly figures: { readonly [nameWithUnit: string]: number | string };
  /** Blocks handed over and not yet durable, and how often that queue was full. */
  readonly queued: number;
  readonly waits: number;
  readonly blocks: number;
  /** Log time of the newest block that is durable in the sink, microseconds; 0: none in this run. */
  readonly timeMicros: number;
  readonly state: string;
}

export interface LaneEvents {
  readonly say: (line: string) => void;
  readonly fail: (error: ExitError) => void;
  /** Answers a question of the lane's host. */
  readonly answer: (question: string, argument: unknown) => Promise<unknown>;
  /** Where the lane's host puts records in; undefined: it has none. */
  readonly door?: DoorInside | undefined;
}

/** Ends the place where the lane is followed, at once. */
export type EndPlace = () => Promise<void>;

const STOP_DEADLINE_MS = 10_000;

export class RunningLane {
  /** Resolves with what the host says of itself once it serves. */
  readonly hostOpen: Promise<unknown>;
  readonly #sink: string;
  readonly #events: LaneEvents;
  readonly #order: (order: LaneOrder) => void;
  readonly #endPlace: EndPlace;
  #status: LaneStatus;
  #over = false;
  readonly #ended = Promise.withResolvers<void>();
  readonly #opened = Promise.withResolvers<unknown>();
  readonly #hostClosed = Promise.withResolvers<void>();
  #hostIsOpen = false;

  constructor(sink: string, order: (order: LaneOrder) => void, endPlace: EndPlace, events: LaneEvents) {
    this.#sink = sink;
    this.#order = order;
    this.#endPlace = endPlace;
    this.#events = events;
    this.hostOpen = this.#opened.promise;
    // Who does not wait for it hears of a failure all the same.
    this.hostOpen.catch(() => {});
    this.#status = {
      sink,
      positions: {},
      edges: {},
      figures: {},
      queued: 0,
      waits: 0,
      blocks: 0,
      timeMicros: 0,
      state: 'starting',
    };
  }

  status(): LaneStatus {
    return this.#status;
  }

  hear(message: LaneMessage): void {
    switch (message.kind) {
      case 'status': {
        const { kind: _, ...rest } = message;
        this.#status = { ...this.#status, ...rest };
        return;
      }
      case 'say':
        this.#events.say(message.line);
        return;
      case 'knock':
        this.#events.door?.drain();
        return;
      case 'ask':
        void this.#reply(message.id, message.question, message.argument);
        return;
      case 'host-open':
        this.#hostIsOpen = true;
        this.#opened.resolve(message.facts);
        return;
      case 'host-closed':
        this.#hostClosed.resolve();
        return;
      case 'failed':
        this.fail(message.code as ExitCode, message.message);
        return;
      case 'stopped':
        this.#over = true;
        this.#ended.resolve();
        return;
    }
  }

  fail(code: ExitCode, message: string): void {
    if (this.#over) return;
    this.#over = true;
    this.#status = { ...this.#status, state: 'failed' };
    const error = new ExitError(code, `sink "${this.#sink}": ${message}`);
    this.#ended.resolve();
    this.#hostClosed.resolve();
    this.#opened.reject(error);
    this.#events.fail(error);
  }

  /** The place is no more. */
  ended(code: number): void {
    if (code !== 0) this.fail(70, `its thread ended with ${code}`);
    this.#ended.resolve();
  }

  tellRefused(): void {
    this.#order({ kind: 'refused' });
  }

  /** The host ends its service; the lane goes on. */
  async closeHost(): Promise<void> {
    if (!this.#hostIsOpen || this.#over) return;
    this.#order({ kind: 'close-host' });
    await atMost(STOP_DEADLINE_MS, this.#hostClosed.promise);
  }

  async stop(): Promise<void> {
    this.#order({ kind: 'stop' });
    await atMost(STOP_DEADLINE_MS, this.#ended.promise);
    this.#over = true;
    await this.#endPlace();
  }

  async #reply(id: number, question: string, argument: unknown): Promise<void> {
    try {
      this.#order({ kind: 'answer', id, ok: await this.#events.answer(question, argument) });
    } catch (error) {
      this.#order({ kind: 'answer', id, error: error instanceof Error ? error.message : String(error) });
    }
  }
}

async function atMost(milliseconds: number, waitedFor: Promise<void>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const deadline = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, milliseconds);
  });
  await Promise.race([waitedFor, deadline]);
  clearTimeout(timer);
}
