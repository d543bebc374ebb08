import type {
  AdmissionConfig,
  CommandKind,
  Micros,
  OrderId,
  Place,
  Rejected,
  RejectReason,
  Repeated,
  Sequence,
} from '../schemas/generated/records.ts';
import { orderIdOfPosition } from '../schemas/ids.ts';
import { AccountCommand, recordSet } from '../schemas/logs.ts';
import { AccountTable } from './accounts/account-table.ts';
import { OpenOrders } from './accounts/open-orders.ts';
import { OrderIds } from './accounts/order-ids.ts';
import {
  CLIENT_ORDER_ID_REUSED,
  COMMAND_EXPIRED,
  MEMORY_FULL,
  PASSES,
  type RejectCode,
  rejectReason,
} from './accounts/reject-reasons.ts';
import { StateReader, StateWriter } from './accounts/state-bytes.ts';
import { StateHash } from './accounts/state-hash.ts';
import { ADJUSTMENT_SPACE, DEPOSIT_SPACE, TransferIds, WITHDRAWAL_SPACE } from './accounts/transfer-ids.ts';
import type { Emit, Moment, Operator, OperatorDefinition } from './contract.ts';

const FORMAT = 0x49_4e_47_01;
const DEFAULT_EXPIRY_MICROS = 60_000_000;
const DEFAULT_CLOCK_AHEAD_MICROS = 2_000_000;

const AdmissionAnswer = recordSet('AdmissionAnswer', ['rejected', 'repeated']);

type AdmitPorts = {
  /** In memory, to risk: every record of the inbox that ingest does not answer itself. */
  admitted: AccountCommand;
  /** To the accounts log. */
  rejected: Rejected | Repeated;
};

/** Names of the objects that ingest and risk share within their stage; accounts and orders are risk's, ids ingest's. */
export const sharedByAdmission = {
  accounts: 'accounts',
  orders: 'open-orders',
  orderIds: 'order-ids',
  transferIds: 'transfer-ids',
} as const;

/**
 * Judges whether a command is new and in time, before risk judges what it asks for.
 *
 * Log time: a record's stamped time, never before the last record's and never more than `clock_ahead` after the last
 * tick. Every later operator, and what they emit, see that time. A command whose `valid_until` has passed by it, or lies
 * further ahead than the configured expiry, is refused; so an old copy of a command cannot come to life.
 *
 * Idempotency: a client order id that is remembered is answered as before when the content is the same, refused when it
 * is not. Ids of deposits, withdrawals and adjustments are remembered for ever, failed ones with their failure.
 *
 * State: log time, last tick, admission rules, the two tables of ids. Risk marks in them what became of each.
 *
 * @example stage('ingest', admitCommands(), { in: commands })
 */
export function admitCommands(): OperatorDefinition<AccountCommand, AdmitPorts> {
  return {
    name: 'admitCommands',
    input: AccountCommand,
    outputs: { admitted: AccountCommand, rejected: AdmissionAnswer },
    create(scope) {
      const orders = scope.shared(sharedByAdmission.orders, () => new OpenOrders());
      return new AdmitCommands(
        scope.shared(sharedByAdmission.accounts, () => new AccountTable()),
        scope.shared(sharedByAdmission.orderIds, () => new OrderIds(orders)),
        scope.shared(sharedByAdmission.transferIds, () => new TransferIds()),
      );
    },
  };
}

class AdmitCommands implements Operator<AccountCommand, AdmitPorts> {
  readonly #accounts: AccountTable;
  readonly #orderIds: OrderIds;
  readonly #transferIds: TransferIds;
  #lastMicros = 0;
  /** 0 before the first tick: then there is nothing to be ahead of. */
  #tickMicros = 0;
  #expiryMicros = DEFAULT_EXPIRY_MICROS;
  #clockAheadMicros = DEFAULT_CLOCK_AHEAD_MICROS;

  constructor(accounts: AccountTable, orderIds: OrderIds, transferIds: TransferIds) {
    this.#accounts = accounts;
    this.#orderIds = orderIds;
    this.#transferIds = transferIds;
  }

  apply(record: AccountCommand, moment: Moment, out: Emit<AdmitPorts>): void {
    this.#setLogTime(record, moment);
    switch (record.type) {
      case 'place':
        this.#place(record, moment, out);
        return;
      case 'cancel':
      case 'amend':
        if (this.#inTime(record.validUntil)) {
          out.admitted(record);
          return;
        }
        this.#reject(record, record.orderId, record.clientOrderId, record.type, COMMAND_EXPIRED, out);
        return;
      case 'cancel_all':
        if (this.#inTime(record.validUntil)) {
          out.admitted(record);
          return;
        }
        this.#reject(record, 0, '', 'cancel_all', COMMAND_EXPIRED, out);
        return;
      case 'deposit':
        this.#transfer(record, DEPOSIT_SPACE, record.depositId, '', out);
        return;
      case 'withdraw':
        this.#transfer(record, WITHDRAWAL_SPACE, record.withdrawalId, '', out);
        return;
      case 'adjust':
        this.#transfer(record, ADJUSTMENT_SPACE, record.adjustmentId, record.reason, out);
        return;
      case 'admission_config':
        this.#configure(record);
        out.admitted(record);
        return;
      default:
        out.admitted(record);
        return;
    }
  }

  snapshot(): Uint8Array {
    const to = new StateWriter(FORMAT);
    to.number(this.#lastMicros);
    to.number(this.#tickMicros);
    to.number(this.#expiryMicros);
    to.number(this.#clockAheadMicros);
    this.#orderIds.write(to);
    this.#transferIds.write(to);
    return to.finish();
  }

  restore(bytes: Uint8Array): void {
    const from = new StateReader(bytes, FORMAT);
    this.#lastMicros = from.number();
    this.#tickMicros = from.number();
    this.#expiryMicros = from.number();
    this.#clockAheadMicros = from.number();
    this.#orderIds.read(from);
    this.#transferIds.read(from);
    from.finish();
  }

  stateHash(): string {
    const hash = new StateHash();
    hash.mixNumber(this.#lastMicros);
    hash.mixNumber(this.#tickMicros);
    hash.mixNumber(this.#expiryMicros);
    hash.mixNumber(this.#clockAheadMicros);
    hash.endItem();
    this.#orderIds.hashInto(hash);
    this.#transferIds.hashInto(hash);
    return hash.digest();
  }

  checkInvariants(): void {
    this.#orderIds.checkInvariants();
  }

  #setLogTime(record: AccountCommand, moment: Moment): void {
    let now: number = moment.timeMicros;
    const tick = record.type === 'tick';
    if (!tick && this.#tickMicros > 0) now = Math.min(now, this.#tickMicros + this.#clockAheadMicros);
    if (now < this.#lastMicros) now = this.#lastMicros;
    if (tick) this.#tickMicros = now;
    if (now !== this.#lastMicros) {
      this.#lastMicros = now;
      this.#orderIds.advance(now);
    }
    moment.timeMicros = now as Micros;
  }

  #configure(config: AdmissionConfig): void {
    this.#expiryMicros = config.expiryMicros;
    this.#clockAheadMicros = config.clockAheadMicros;
    this.#orderIds.configure(config.remembered, config.expiryMicros);
  }

  /** `validUntil` 0 is not given: the command is in time, and remembered as long as any may be. */
  #inTime(validUntil: number): boolean {
    return validUntil === 0 || (validUntil >= this.#lastMicros && validUntil <= this.#lastMicros + this.#expiryMicros);
  }

  #place(place: Place, moment: Moment, out: Emit<AdmitPorts>): void {
    const orderId = orderIdOfPosition(moment.position);
    const id = place.clientOrderId;
    const account = this.#accounts.slotOf(place.account);
    const ids = this.#orderIds;
    const entry = id === '' ? 0 : ids.find(account, place.account, id);
    let refused: RejectCode = PASSES;
    if (entry !== 0) {
      if (ids.sameContent(entry, place)) {
        this.#repeat(place, ids.orderIdAt(entry), id, out);
        return;
      }
      refused = CLIENT_ORDER_ID_REUSED;
    } else if (id !== '' && ids.isFull()) refused = MEMORY_FULL;
    else if (!this.#inTime(place.validUntil)) refused = COMMAND_EXPIRED;
    if (refused !== PASSES) {
      this.#reject(place, orderId, id, 'place', refused, out);
      return;
    }
    if (id !== '') ids.add(account, place, orderId, place.validUntil || this.#lastMicros + this.#expiryMicros);
    out.admitted(place);
  }

  #transfer(
    record: AccountCommand & { type: 'deposit' | 'withdraw' | 'adjust' },
    space: number,
    id: string,
    note: string,
    out: Emit<AdmitPorts>,
  ): void {
    const account = this.#accounts.slotOf(record.account);
    const ids = this.#transferIds;
    const entry = ids.find(space, account, record.account, id);
    if (entry === 0) {
      ids.add(account, record.asset, record.amount, note);
      out.admitted(record);
      return;
    }
    if (!ids.sameContent(entry, record.asset, record.amount, note)) {
      this.#reject(record, 0, id, record.type, CLIENT_ORDER_ID_REUSED, out, record.asset);
      return;
    }
    const failure = ids.outcomeOf(entry);
    if (failure === PASSES) {
      this.#repeat(record, 0, id, out);
      return;
    }
    this.#reject(record, 0, id, record.type, failure, out, record.asset);
  }

  #repeat(
    record: AccountCommand & { account: Place['account'] },
    orderId: number,
    clientOrderId: string,
    out: Emit<AdmitPorts>,
  ): void {
    out.rejected({
      type: 'repeated',
      symbol: record.symbol,
      seq: this.#nextSequence(record.account),
      account: record.account,
      orderId: orderId as OrderId,
      clientOrderId,
    });
  }

  #reject(
    record: AccountCommand & { account: Place['account'] },
    orderId: number,
    clientOrderId: string,
    command: CommandKind,
    code: RejectCode,
    out: Emit<AdmitPorts>,
    asset = 0,
  ): void {
    const reason: RejectReason = rejectReason(code);
    out.rejected({
      type: 'rejected',
      symbol: record.symbol,
      seq: this.#nextSequence(record.account),
      account: record.account,
      orderId: orderId as OrderId,
      clientOrderId,
      command,
      reason,
      stage: 'ingest',
      asset: asset as Rejected['asset'],
      released: 0 as Rejected['released'],
    });
  }

  #nextSequence(account: number): Sequence {
    return this.#accounts.nextSequence(this.#accounts.slotOf(account)) as Sequence;
  }
}
