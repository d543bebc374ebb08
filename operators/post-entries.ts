/**
 * Settle: account events become double entries.
 *
 * | event | postings (account, ledger account) |
 * | --- | --- |
 * | `fill` | what was held leaves `hold` and passes through `clearing`, the fee goes to `fees`, what was bought or earned comes into `available` |
 * | `hold`, `release`, `released` of `fill`, `rejected`, `order_amended` | between `available` and `hold` of one account, netted |
 * | `balance_change` | between `outside` and `available` |
 *
 * The two sides of a trade that stand next to each other in one partition are one entry, in which the clearing account
 * cancels out. Where they lie in two partitions, or on two sides of a block's border, each side is an entry of its own
 * and they meet in the clearing accounts.
 *
 * Hold movements are netted per account and asset over a **block**. Blocks are cut by the log alone: one ends at each
 * tick and after every {@link ENTRY_BLOCK_RECORDS} offsets. A block's movements become entries of at most
 * {@link MOVEMENTS_PER_ENTRY} account-asset pairs, in the order of first touch, so that a row of the ledger stays small
 * enough to lie on a page four times. `firstSequence` and `lastSequence` of an entry are the offsets it books.
 *
 * State: what the open block holds back (net movements, and a side that may meet its other). It is empty at every border.
 */
import { assert } from '../schemas/assert.ts';
import { CLEARING_ACCOUNT, FEES_ACCOUNT, OUTSIDE_ACCOUNT } from '../schemas/brands.ts';
import type {
  AccountId,
  Amount,
  AssetId,
  BalanceChange,
  Entry,
  EntryKind,
  Fill,
  LedgerAccount,
  Micros,
  Posting,
  Sequence,
  SymbolId,
} from '../schemas/generated/records.ts';
import { AccountEvent, LedgerEntry } from '../schemas/logs.ts';
import { StateReader, StateWriter } from './accounts/state-bytes.ts';
import { StateHash } from './accounts/state-hash.ts';
import type { Emit, Moment, Operator, OperatorDefinition, Scope } from './contract.ts';

/** A block ends where offset + 1 divides by this. The runtime's blocks are cut at a multiple of it. */
export const ENTRY_BLOCK_RECORDS = 1024;
/** Account-asset pairs in one entry of netted holds. */
export const MOVEMENTS_PER_ENTRY = 45;

export type EntryPorts = { readonly posted: Entry };

/** A reversal is an adjustment whose reference names the entry it takes back. */
const REVERSAL = /^reversal:([1-9][0-9]{0,15})(?::|$)/;
const TWO_40 = 2 ** 40;
const STATE_FORMAT = 1;

/**
 * Settle's operator. Port `posted`: entries whose postings sum to zero per asset, each with an id that follows from the
 * position of its first record. Throws `InvariantBroken` when a fill's amounts contradict each other.
 */
export function postEntries(): OperatorDefinition<AccountEvent, EntryPorts> {
  return {
    name: 'postEntries',
    keepsNoRecord: true,
    input: AccountEvent,
    outputs: { posted: LedgerEntry },
    create: (scope) => new EntryPoster(scope),
  };
}

/** Movements between available and hold of the open block, by account and asset, in the order of first touch. */
class HoldMovements {
  readonly accounts: number[] = [];
  readonly assets: number[] = [];
  readonly nets: number[] = [];
  readonly firsts: number[] = [];
  readonly lasts: number[] = [];
  readonly times: number[] = [];
  readonly #slots: Map<number, number>[] = [];

  get count(): number {
    return this.accounts.length;
  }

  add(account: number, asset: number, amount: number, offset: number, time: number): void {
    const byAccount = (this.#slots[asset] ??= new Map());
    const slot = byAccount.get(account);
    if (slot === undefined) {
      byAccount.set(account, this.accounts.length);
      this.accounts.push(account);
      this.assets.push(asset);
      this.nets.push(amount);
      this.firsts.push(offset);
      this.lasts.push(offset);
      this.times.push(time);
    } else {
      this.nets[slot]! += amount;
      this.lasts[slot] = offset;
      this.times[slot] = time;
    }
  }

  /** As it was: used by restore alone, in the order of first touch. */
  restore(account: number, asset: number, net: number, first: number, last: number, time: number): void {
    this.add(account, asset, net, first, time);
    this.lasts[this.accounts.length - 1] = last;
  }

  clear(): void {
    for (const byAccount of this.#slots) byAccount?.clear();
    for (const column of [this.accounts, this.assets, this.nets, this.firsts, this.lasts, this.times])
      column.length = 0;
  }
}

/** The postings of one entry while it is being put together: one amount per account, ledger account and asset. */
class OpenPostings {
  readonly #accounts: AccountId[] = [];
  readonly #ledgerAccounts: LedgerAccount[] = [];
  readonly #assets: AssetId[] = [];
  readonly #amounts: number[] = [];
  #count = 0;

  add(account: AccountId, ledgerAccount: LedgerAccount, asset: AssetId, amount: number): void {
    for (let index = 0; index < this.#count; index++) {
      if (
        this.#accounts[index] === account &&
        this.#assets[index] === asset &&
        this.#ledgerAccounts[index] === ledgerAccount
      ) {
        this.#amounts[index]! += amount;
        return;
      }
    }
    this.#accounts[this.#count] = account;
    this.#ledgerAccounts[this.#count] = ledgerAccount;
    this.#assets[this.#count] = asset;
    this.#amounts[this.#count] = amount;
    this.#count++;
  }

  /** The postings that are not zero; then nothing is open. Asserts that they sum to zero per asset. */
  take(): Posting[] {
    const postings: Posting[] = [];
    for (let index = 0; index < this.#count; index++) {
      let sum = 0;
      for (let other = 0; other < this.#count; other++) {
        if (this.#assets[other] === this.#assets[index]) sum += this.#amounts[other]!;
      }
      assert(sum === 0, 'the postings of an entry do not sum to zero per asset');
      const amount = this.#amounts[index]!;
      if (amount === 0) continue;
      postings.push({
        account: this.#accounts[index]!,
        ledgerAccount: this.#ledgerAccounts[index]!,
        asset: this.#assets[index]!,
        amount: amount as Amount,
      });
    }
    this.#count = 0;
    return postings;
  }

  clear(): void {
    this.#count = 0;
  }

  /** What is open, as numbers, for a snapshot. */
  numbers(): number[] {
    const numbers: number[] = [];
    for (let index = 0; index < this.#count; index++) {
      numbers.push(
        this.#accounts[index]!,
        ledgerAccounts.indexOf(this.#ledgerAccounts[index]!),
        this.#assets[index]!,
        this.#amounts[index]!,
      );
    }
    return numbers;
  }
}

const ledgerAccounts: readonly LedgerAccount[] = ['available', 'hold', 'fees', 'clearing', 'outside'];

class EntryPoster implements Operator<AccountEvent, EntryPorts> {
  readonly #partition: number;
  readonly #movements = new HoldMovements();
  readonly #postings = new OpenPostings();
  /** A side of a trade waits for the next record, which may be its other side. -1: none waits. */
  #sideOffset = -1;
  #sideSymbol = 0 as SymbolId;
  #sideTrade = 0 as Sequence;
  #sideCommand = 0;
  #sideTime = 0 as Micros;

  constructor(scope: Scope) {
    this.#partition = scope.partition;
  }

  apply(record: AccountEvent, moment: Moment, out: Emit<EntryPorts>): void {
    if (record.type === 'fill') this.#fill(record, moment, out);
    else {
      if (this.#sideOffset >= 0) this.#emitTrade(this.#sideOffset, out);
      this.#other(record, moment, out);
    }
    if (record.type === 'tick' || moment.offset % ENTRY_BLOCK_RECORDS === ENTRY_BLOCK_RECORDS - 1) this.#endBlock(out);
  }

  snapshot(): Uint8Array {
    const writer = new StateWriter(STATE_FORMAT);
    for (const number of this.#state()) writer.number(number);
    return writer.finish();
  }

  restore(bytes: Uint8Array): void {
    const reader = new StateReader(bytes, STATE_FORMAT);
    const next = (): number => reader.number();
    this.#movements.clear();
    this.#postings.clear();
    for (let left = next(); left > 0; left--) this.#movements.restore(next(), next(), next(), next(), next(), next());
    this.#sideOffset = next();
    this.#sideSymbol = next() as SymbolId;
    this.#sideTrade = next() as Sequence;
    this.#sideCommand = next();
    this.#sideTime = next() as Micros;
    for (let left = next(); left > 0; left--) {
      const account = next() as AccountId;
      this.#postings.add(account, ledgerAccounts[next()]!, next() as AssetId, next());
    }
    reader.finish();
  }

  stateHash(): string {
    const hash = new StateHash();
    for (const number of this.#state()) hash.mixNumber(number);
    hash.endItem();
    return hash.digest();
  }

  checkInvariants(): void {
    const movements = this.#movements;
    for (let slot = 0; slot < movements.count; slot++) {
      assert(Number.isSafeInteger(movements.nets[slot]!), 'a net hold movement is a safe integer');
      assert(movements.firsts[slot]! <= movements.lasts[slot]!, 'a hold movement begins before it ends');
    }
  }

  /** All that is held back, as numbers. A side that does not wait leaves zeros, so that its past cannot show. */
  #state(): number[] {
    const movements = this.#movements;
    const numbers = [movements.count];
    for (let slot = 0; slot < movements.count; slot++) {
      numbers.push(
        movements.accounts[slot]!,
        movements.assets[slot]!,
        movements.nets[slot]!,
        movements.firsts[slot]!,
        movements.lasts[slot]!,
        movements.times[slot]!,
      );
    }
    if (this.#sideOffset < 0) numbers.push(-1, 0, 0, 0, 0);
    else numbers.push(this.#sideOffset, this.#sideSymbol, this.#sideTrade, this.#sideCommand, this.#sideTime);
    const postings = this.#postings.numbers();
    numbers.push(postings.length / 4, ...postings);
    return numbers;
  }

  /** Everything but fills. */
  #other(record: Exclude<AccountEvent, Fill>, moment: Moment, out: Emit<EntryPorts>): void {
    switch (record.type) {
      case 'hold':
        this.#move(record.account, record.asset, record.amount, moment);
        break;
      case 'release':
        this.#move(record.account, record.asset, -record.amount, moment);
        break;
      case 'rejected':
      case 'order_amended':
        this.#move(record.account, record.asset, -record.released, moment);
        break;
      case 'balance_change':
        this.#changeBalance(record, moment, out);
        break;
      default:
        break;
    }
  }

  /** `amount` goes from available to hold; negative: back. */
  #move(account: AccountId, asset: AssetId, amount: number, moment: Moment): void {
    if (amount !== 0) this.#movements.add(account, asset, amount, moment.offset, moment.timeMicros);
  }

  #fill(fill: Fill, moment: Moment, out: Emit<EntryPorts>): void {
    const meets =
      this.#sideOffset === moment.offset - 1 &&
      this.#sideTrade === fill.tradeId &&
      this.#sideSymbol === fill.symbol &&
      this.#sideCommand === moment.correlationId;
    if (this.#sideOffset >= 0 && !meets) this.#emitTrade(this.#sideOffset, out);
    this.#postSide(fill);
    const held = fill.side === 'buy' ? fill.quoteAsset : fill.baseAsset;
    this.#move(fill.account, held, -fill.released, moment);
    this.#sideTime = moment.timeMicros;
    if (meets) {
      this.#emitTrade(moment.offset, out);
      return;
    }
    this.#sideOffset = moment.offset;
    this.#sideSymbol = fill.symbol;
    this.#sideTrade = fill.tradeId;
    this.#sideCommand = moment.correlationId;
  }

  /** One side of a trade. What of a positive fee was held comes out of the hold, the rest out of what is received. */
  #postSide(fill: Fill): void {
    const { account, baseAsset, quoteAsset, baseAmount, quoteAmount, fee, feeAsset, holdConsumed } = fill;
    const buys = fill.side === 'buy';
    const given = buys ? quoteAsset : baseAsset;
    const givenAmount = buys ? quoteAmount : baseAmount;
    const received = buys ? baseAsset : quoteAsset;
    const receivedAmount = buys ? baseAmount : quoteAmount;
    const feeFromHold = holdConsumed - givenAmount;
    assert(
      feeFromHold === 0 || (feeFromHold === fee && feeAsset === given),
      'a fill consumes of its hold the amount given, and the fee or nothing of it',
    );
    const postings = this.#postings;
    postings.add(account, 'hold', given, -holdConsumed);
    postings.add(CLEARING_ACCOUNT, 'clearing', given, givenAmount);
    if (fee !== 0) postings.add(FEES_ACCOUNT, 'fees', feeAsset, fee);
    postings.add(CLEARING_ACCOUNT, 'clearing', received, -receivedAmount);
    postings.add(account, 'available', received, receivedAmount);
    if (fee !== feeFromHold) postings.add(account, 'available', feeAsset, feeFromHold - fee);
  }

  #emitTrade(lastOffset: number, out: Emit<EntryPorts>): void {
    const firstOffset = this.#sideOffset;
    this.#sideOffset = -1;
    const postings = this.#postings.take();
    // A buyer and a seller that are one account and pay no fee: what each gave came back.
    if (postings.length === 0) return;
    out.posted({
      type: 'entry',
      symbol: 0 as SymbolId,
      seq: 0 as Sequence,
      entryId: this.#idOf(firstOffset, 0),
      kind: 'trade',
      accountPartition: this.#partition,
      firstSequence: firstOffset,
      lastSequence: lastOffset,
      tradeId: this.#sideTrade,
      commandId: this.#sideCommand,
      tradeSymbol: this.#sideSymbol,
      movedAt: this.#sideTime,
      reverses: 0,
      reference: '',
      reason: '',
      postings,
    });
  }

  #changeBalance(change: BalanceChange, moment: Moment, out: Emit<EntryPorts>): void {
    this.#postings.add(OUTSIDE_ACCOUNT, 'outside', change.asset, -change.amount);
    this.#postings.add(change.account, ledgerAccountOf(change.account), change.asset, change.amount);
    const postings = this.#postings.take();
    if (postings.length === 0) return;
    const reversed = change.kind === 'adjustment' ? REVERSAL.exec(change.reference) : null;
    const kind: EntryKind = reversed ? 'reversal' : change.kind;
    const by = change.approvedBy === '' ? '' : ` (${change.requestedBy}, approved by ${change.approvedBy})`;
    out.posted({
      type: 'entry',
      symbol: 0 as SymbolId,
      seq: 0 as Sequence,
      entryId: this.#idOf(moment.offset, 0),
      kind,
      accountPartition: this.#partition,
      firstSequence: moment.offset,
      lastSequence: moment.offset,
      tradeId: 0 as Sequence,
      commandId: moment.correlationId,
      tradeSymbol: 0,
      movedAt: moment.timeMicros,
      reverses: reversed ? Number(reversed[1]) : 0,
      reference: change.reference,
      reason: change.reason + by,
      postings,
    });
  }

  #endBlock(out: Emit<EntryPorts>): void {
    if (this.#sideOffset >= 0) this.#emitTrade(this.#sideOffset, out);
    const movements = this.#movements;
    if (movements.count === 0) return;
    let postings: Posting[] = [];
    let first = 0;
    let last = 0;
    let time = 0;
    const emit = (): void => {
      out.posted({
        type: 'entry',
        symbol: 0 as SymbolId,
        seq: 0 as Sequence,
        entryId: this.#idOf(first, 1),
        kind: 'hold',
        accountPartition: this.#partition,
        firstSequence: first,
        lastSequence: last,
        tradeId: 0 as Sequence,
        commandId: 0,
        tradeSymbol: 0,
        movedAt: time as Micros,
        reverses: 0,
        reference: '',
        reason: '',
        postings,
      });
      postings = [];
    };
    for (let slot = 0; slot < movements.count; slot++) {
      const net = movements.nets[slot]!;
      if (net === 0) continue;
      if (postings.length === 0) {
        first = movements.firsts[slot]!;
        last = first;
        time = 0;
      }
      last = Math.max(last, movements.lasts[slot]!);
      time = Math.max(time, movements.times[slot]!);
      const account = movements.accounts[slot]! as AccountId;
      const asset = movements.assets[slot]! as AssetId;
      postings.push(
        { account, ledgerAccount: 'available', asset, amount: -net as Amount },
        { account, ledgerAccount: 'hold', asset, amount: net as Amount },
      );
      if (postings.length === MOVEMENTS_PER_ENTRY * 2) emit();
    }
    if (postings.length > 0) emit();
    movements.clear();
  }

  /** Unique for ever: one offset is the first of at most one entry of its own and one of netted holds. */
  #idOf(offset: number, netted: 0 | 1): number {
    return (this.#partition * TWO_40 + offset) * 2 + netted;
  }
}

/** The ledger account that money comes into from outside: the house's accounts have one each. */
function ledgerAccountOf(account: AccountId): LedgerAccount {
  switch (account) {
    case OUTSIDE_ACCOUNT:
      return 'outside';
    case FEES_ACCOUNT:
      return 'fees';
    case CLEARING_ACCOUNT:
      return 'clearing';
    default:
      return 'available';
  }
}
