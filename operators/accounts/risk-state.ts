import type { AccountTable } from './account-table.ts';
import { Balances } from './balances.ts';
import { FeeSchedules } from './fee-schedules.ts';
import { Holds } from './holds.ts';
import { JudgeOrders } from './judge-orders.ts';
import { OpenCounts } from './open-counts.ts';
import type { OpenOrders } from './open-orders.ts';
import { StateReader, StateWriter } from './state-bytes.ts';
import { StateHash } from './state-hash.ts';
import { SymbolTable } from './symbol-rules.ts';

/** Number of the snapshot's format: raised when a field is added, moved or removed. */
const FORMAT = 0x52_53_4b_01;

/** All that risk knows in one partition, with the snapshot, the hash and the invariants of the whole. */
export class RiskState {
  readonly accounts: AccountTable;
  readonly balances: Balances;
  readonly fees = new FeeSchedules();
  readonly symbols = new SymbolTable(this.fees);
  readonly orders: OpenOrders;
  readonly counts = new OpenCounts();
  readonly holds: Holds;
  readonly judge: JudgeOrders;

  /** `partitions`: among how many the accounts are divided. */
  constructor(accounts: AccountTable, orders: OpenOrders, partitions: number) {
    this.accounts = accounts;
    this.orders = orders;
    this.balances = new Balances(partitions);
    const { balances, symbols, fees, counts } = this;
    this.holds = new Holds(accounts, balances, symbols, fees, orders, counts);
    this.judge = new JudgeOrders(accounts, balances, symbols, orders, counts, this.holds);
  }

  /** Slot of an account, created and with room for its balances. */
  accountSlot(account: number): number {
    const slot = this.accounts.slotOf(account);
    this.balances.addAccount(slot);
    return slot;
  }

  snapshot(): Uint8Array {
    const to = new StateWriter(FORMAT);
    this.fees.write(to);
    this.symbols.write(to);
    this.accounts.write(to);
    this.balances.write(to, this.accounts);
    this.orders.write(to);
    return to.finish();
  }

  restore(bytes: Uint8Array): void {
    const from = new StateReader(bytes, FORMAT);
    this.fees.read(from);
    this.symbols.read(from);
    this.accounts.read(from);
    this.balances.read(from, this.accounts);
    this.orders.read(from);
    from.finish();
    this.holds.recount();
  }

  stateHash(): string {
    const hash = new StateHash();
    this.fees.hashInto(hash);
    this.symbols.hashInto(hash);
    this.accounts.hashInto(hash);
    this.balances.hashInto(hash, this.accounts);
    this.orders.hashInto(hash);
    return hash.digest();
  }

  checkInvariants(): void {
    this.accounts.checkInvariants();
    this.balances.checkInvariants(this.accounts);
    this.holds.checkInvariants();
  }
}
