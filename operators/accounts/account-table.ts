import { assert } from '../../schemas/assert.ts';
import type { AccountState } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import type { StateReader, StateWriter } from './state-bytes.ts';
import type { StateHash } from './state-hash.ts';

/** One account is eight doubles, a cache line. */
const WIDTH = 8;
const ID = 0;
const SEQUENCE = 1;
const STATE = 2;
const TRADE_GROUP = 3;
/** The account's own limits; 0 takes the default. */
const OPEN_ORDERS_MAX = 4;
const ORDERS_PER_SECOND = 5;
/** Token bucket: millionths of a token, and the log time at which they were counted. */
const RATE_CREDIT = 6;
const RATE_AT = 7;

const TOKEN = 1_000_000;
const INITIAL_ACCOUNTS = 256;
/** 2^32 / golden ratio. */
const SPREAD = 0x9e3779b1 | 0;

const OUTSIDE_SLOT = 1;
const FEES_SLOT = 2;
const CLEARING_SLOT = 3;
export const systemSlots = { outside: OUTSIDE_SLOT, fees: FEES_SLOT, clearing: CLEARING_SLOT } as const;
/** Slots from here on are people's accounts. */
export const FIRST_USER_SLOT = 4;

export const ACTIVE = 0;
export const DISABLED = 2;

/**
 * The accounts of one partition: id to slot, state, trade group, limits, order rate, and the number of the account's
 * next event. Slot 0 is nobody, slots 1 to 3 are the system accounts, whose id is their slot. An account is created by
 * the first record that names it and stays for ever, so a slot is a name for it within the process.
 *
 * State: all of it, in the order of creation, which is the order of the log.
 */
export class AccountTable {
  /** Accounts, slot 0 counted. Slots are below it. */
  used = 0;
  /** Limits of accounts that have none of their own; 0: no limit. */
  defaultOpenOrdersMax = 0;
  defaultOrdersPerSecond = 0;
  /** A state over all accounts of the partition. The stricter of it and the account's own holds. */
  overallState = ACTIVE;
  #rows = new Float64Array(INITIAL_ACCOUNTS * WIDTH);
  #cells = new Int32Array(INITIAL_ACCOUNTS * 2);

  constructor() {
    for (let slot = 0; slot < FIRST_USER_SLOT; slot++) this.#create(slot);
  }

  /** Slot of an account, or 0 when it was never named. */
  find(account: number): number {
    const cells = this.#cells;
    const mask = cells.length - 1;
    for (let cell = spread(account) & mask; ; cell = (cell + 1) & mask) {
      const slot = cells[cell]!;
      if (slot === 0 || this.#rows[slot * WIDTH + ID] === account) return slot;
    }
  }

  /** Slot of an account, created where it is new. */
  slotOf(account: number): number {
    return this.find(account) || this.#create(account);
  }

  idOf(slot: number): number {
    return this.#rows[slot * WIDTH + ID]!;
  }

  /** Number of the account's next event: dense from 1. */
  nextSequence(slot: number): number {
    const at = slot * WIDTH + SEQUENCE;
    const sequence = this.#rows[at]! + 1;
    this.#rows[at] = sequence;
    return sequence;
  }

  stateOf(slot: number): number {
    const own = this.#rows[slot * WIDTH + STATE]!;
    return Math.max(own, this.overallState);
  }

  ownStateWord(slot: number): AccountState {
    return enumSymbols.AccountState[this.#rows[slot * WIDTH + STATE]!]!;
  }

  setState(slot: number, state: number): void {
    this.#rows[slot * WIDTH + STATE] = state;
  }

  tradeGroupOf(slot: number): number {
    return this.#rows[slot * WIDTH + TRADE_GROUP]!;
  }

  setTradeGroup(slot: number, group: number): void {
    this.#rows[slot * WIDTH + TRADE_GROUP] = group;
  }

  /** Limits of one account; 0 takes the default. */
  setLimits(slot: number, openOrdersMax: number, ordersPerSecond: number): void {
    this.#rows[slot * WIDTH + OPEN_ORDERS_MAX] = openOrdersMax;
    this.#rows[slot * WIDTH + ORDERS_PER_SECOND] = ordersPerSecond;
  }

  /** Most orders the account may have open on a symbol; 0: no limit. */
  openOrdersMaxOf(slot: number): number {
    return this.#rows[slot * WIDTH + OPEN_ORDERS_MAX]! || this.defaultOpenOrdersMax;
  }

  /** Whether one more order fits the account's rate now. Takes nothing. */
  rateAllows(slot: number, nowMicros: number): boolean {
    const perSecond = this.#rows[slot * WIDTH + ORDERS_PER_SECOND]! || this.defaultOrdersPerSecond;
    return perSecond === 0 || this.#creditAt(slot, perSecond, nowMicros) >= TOKEN;
  }

  /** Takes the token of an admitted order. */
  takeRateToken(slot: number, nowMicros: number): void {
    const at = slot * WIDTH;
    const perSecond = this.#rows[at + ORDERS_PER_SECOND]! || this.defaultOrdersPerSecond;
    if (perSecond === 0) return;
    this.#rows[at + RATE_CREDIT] = this.#creditAt(slot, perSecond, nowMicros) - TOKEN;
    this.#rows[at + RATE_AT] = nowMicros;
  }

  // A bucket holds one second's worth and fills in one second; log time never runs back.
  #creditAt(slot: number, perSecond: number, nowMicros: number): number {
    const at = slot * WIDTH;
    const elapsed = Math.min(nowMicros - this.#rows[at + RATE_AT]!, TOKEN);
    return Math.min(this.#rows[at + RATE_CREDIT]! + elapsed * perSecond, perSecond * TOKEN);
  }

  write(to: StateWriter): void {
    to.integer(this.defaultOpenOrdersMax);
    to.integer(this.defaultOrdersPerSecond);
    to.integer(this.overallState);
    to.integer(this.used);
    for (let i = WIDTH; i < this.used * WIDTH; i++) to.number(this.#rows[i]!);
  }

  read(from: StateReader): void {
    this.defaultOpenOrdersMax = from.integer();
    this.defaultOrdersPerSecond = from.integer();
    this.overallState = from.integer();
    const used = from.integer();
    this.used = 0;
    this.#rows.fill(0);
    this.#cells.fill(0);
    this.#create(0);
    const row = new Float64Array(WIDTH);
    while (this.used < used) {
      for (let i = 0; i < WIDTH; i++) row[i] = from.number();
      const slot = this.#create(row[ID]!);
      this.#rows.set(row, slot * WIDTH);
    }
  }

  hashInto(hash: StateHash): void {
    hash.mixWords(this.defaultOpenOrdersMax, this.defaultOrdersPerSecond);
    hash.mixWords(this.overallState, this.used);
    hash.endItem();
    for (let slot = 1; slot < this.used; slot++) {
      for (let i = 0; i < WIDTH; i++) hash.mixNumber(this.#rows[slot * WIDTH + i]!);
      hash.endItem();
    }
  }

  checkInvariants(): void {
    for (let slot = 1; slot < this.used; slot++) {
      const at = slot * WIDTH;
      if (this.find(this.idOf(slot)) !== slot) assert(false, `account ${this.idOf(slot)} is found in its slot`);
      if (!Number.isSafeInteger(this.#rows[at + SEQUENCE]!)) assert(false, 'the number of an event is a safe integer');
      if (this.#rows[at + RATE_CREDIT]! < 0) assert(false, 'a token bucket never holds less than nothing');
    }
  }

  #create(account: number): number {
    if ((this.used + 1) * WIDTH > this.#rows.length) this.#grow();
    const slot = this.used++;
    this.#rows[slot * WIDTH + ID] = account;
    if (slot > 0) this.#index(slot);
    return slot;
  }

  #index(slot: number): void {
    const mask = this.#cells.length - 1;
    let cell = spread(this.#rows[slot * WIDTH + ID]!) & mask;
    while (this.#cells[cell] !== 0) cell = (cell + 1) & mask;
    this.#cells[cell] = slot;
  }

  #grow(): void {
    const rows = new Float64Array(this.#rows.length * 2);
    rows.set(this.#rows);
    this.#rows = rows;
    this.#cells = new Int32Array((rows.length / WIDTH) * 2);
    for (let slot = 1; slot < this.used; slot++) this.#index(slot);
  }
}

function spread(account: number): number {
  const mixed = Math.imul((account | 0) ^ Math.imul((account * 2 ** -32) | 0, SPREAD), SPREAD);
  return mixed ^ (mixed >>> 15);
}
