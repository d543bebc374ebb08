/**
 * Which record ends a command, for whoever waits for it (law 3): an answer is given when that record was read back from
 * the log that holds it. What ends in risk ends in the accounts log, the rest in the market log.
 *
 * | command | ends with |
 * | --- | --- |
 * | any | `rejected`, `repeated` in the accounts log |
 * | deposit, withdraw, adjust | `balance_change` |
 * | place, amend, cancel | the last record that it causes in its symbol's market partition |
 * | cancel_all | `cancel_all_taken`, then as many `cancel_all_done` as that says |
 * | an order of an operator | itself, in the control log: what it leads to is numbered and cannot be lost |
 */
import type { AnyRecord } from '../../../schemas/generated/records.ts';

export interface SeenRecord {
  readonly log: string;
  readonly record: AnyRecord;
  /** Nothing more of its cause comes in this partition. */
  readonly lastOfCause: boolean;
}

/** Told every record that a command caused, in the order in which they were read. */
export class CommandEnd {
  readonly #type: AnyRecord['type'];
  #done = 0;
  #asked: number | undefined;

  constructor(command: AnyRecord) {
    this.#type = command.type;
  }

  /** Whether the command has come to its end with this record. */
  endsWith({ log, record, lastOfCause }: SeenRecord): boolean {
    if (log === 'accounts') {
      switch (record.type) {
        case 'rejected':
        case 'repeated':
          return true;
        case 'balance_change':
          return this.#type === 'deposit' || this.#type === 'withdraw' || this.#type === 'adjust';
        case 'cancel_all_taken':
          this.#asked = record.symbols;
          return this.#type === 'cancel_all' && this.#done >= this.#asked;
        default:
          return false;
      }
    }
    if (log !== 'market') return false;
    if (this.#type === 'cancel_all') {
      if (record.type === 'cancel_all_done') this.#done++;
      return this.#asked !== undefined && this.#done >= this.#asked;
    }
    return lastOfCause;
  }
}
