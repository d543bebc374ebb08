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
 *
 * What match decided is final when it is in the market log; the account has it a moment later, when it came back through
 * risk. So that an answer shows fills and balances too, {@link CommandEnd.isShown} waits for as many records of the account.
 */
import type { AnyRecord } from '../../../schemas/generated/records.ts';

export interface SeenRecord {
  readonly log: string;
  readonly record: AnyRecord;
  /** Nothing more of its cause comes in this partition. */
  readonly lastOfCause: boolean;
}

/** Told every record that a command caused, in the order in which they were read; accounts and market log in any. */
export class CommandEnd {
  readonly #type: AnyRecord['type'];
  readonly #account: number;
  #ended = false;
  /** Records of the account that the market log has announced, less those that were read. */
  #toCome = 0;
  #done = 0;
  #asked: number | undefined;

  constructor(command: AnyRecord) {
    this.#type = command.type;
    this.#account = (command as { readonly account?: number }).account ?? 0;
  }

  /** The record that ends it was read: what became of it is durable and cannot change. */
  get isEnded(): boolean {
    return this.#ended;
  }

  /** And the account's log has shown what that did to the account. */
  get isShown(): boolean {
    return this.#ended && this.#toCome <= 0;
  }

  see(seen: SeenRecord): void {
    this.#toCome += this.#announced(seen);
    if (this.#ends(seen)) this.#ended = true;
  }

  #announced({ log, record }: SeenRecord): number {
    const account = this.#account;
    if (log === 'market') {
      switch (record.type) {
        case 'trade':
          return (record.takerAccount === account ? 1 : 0) + (record.makerAccount === account ? 1 : 0);
        case 'cancelled':
        case 'amended':
          return record.account === account ? 1 : 0;
        default:
          return 0;
      }
    }
    switch (record.type) {
      case 'fill':
      case 'release':
      case 'order_amended':
        return record.account === account ? -1 : 0;
      default:
        return 0;
    }
  }

  #ends({ log, record, lastOfCause }: SeenRecord): boolean {
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
