/** The newest durable records of a log, for somebody who looks: recorded while somebody asks, and for a minute after. */
import type { Clock } from '../outside/clock.ts';
import type { CommittedRecord } from '../ports.ts';
import type { HeadRunner } from './head-runner.ts';

const KEPT = 10;
const RECORDED_MS = 60_000;
/** How long the first question waits for something to see. */
const FIRST_LOOK_MS = 1_200;

interface Recorded {
  records: CommittedRecord[];
  readonly end: () => void;
  cancel: () => void;
}

export class NewestRecords {
  readonly #runner: Pick<HeadRunner, 'hear' | 'head'>;
  readonly #clock: Clock;
  readonly #recorded = new Map<string, Recorded>();

  constructor(runner: Pick<HeadRunner, 'hear' | 'head'>, clock: Clock) {
    this.#runner = runner;
    this.#clock = clock;
  }

  /** Newest first. Throws `RangeError` where there is no such log. */
  async of(log: string): Promise<readonly CommittedRecord[]> {
    if (!this.#runner.head.logs.has(log)) {
      throw new RangeError(`there is no log "${log}"; there are ${[...this.#runner.head.logs.keys()].join(', ')}`);
    }
    const known = this.#recorded.get(log);
    const recorded = known ?? this.#record(log);
    recorded.cancel();
    recorded.cancel = this.#clock.after(RECORDED_MS, () => {
      recorded.end();
      this.#recorded.delete(log);
    });
    if (!known) await new Promise<void>((resolve) => this.#clock.after(FIRST_LOOK_MS, resolve));
    return [...recorded.records].reverse();
  }

  #record(log: string): Recorded {
    const recorded: Recorded = {
      records: [],
      end: this.#runner.hear([log], (batch) => {
        recorded.records = [...recorded.records, ...batch.slice(-KEPT)].slice(-KEPT);
      }),
      cancel: () => {},
    };
    this.#recorded.set(log, recorded);
    return recorded;
  }
}
