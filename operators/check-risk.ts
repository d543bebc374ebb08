import { assert, unreachable } from '../schemas/assert.ts';
import type {
  AccountId,
  AccountState,
  Adjust,
  Admin,
  AdmittedAmend,
  AdmittedCancel,
  AdmittedCancelAll,
  AdmittedPlace,
  Amend,
  Amount,
  Cancel,
  CancelAll,
  CancelReason,
  CommandKind,
  Deposit,
  Execution,
  LimitConfig,
  OrderId,
  OrderUpdate,
  Place,
  PriceTicks,
  QuantityLots,
  Rejected,
  Sequence,
  SymbolId,
  Withdraw,
} from '../schemas/generated/records.ts';
import { enumSymbols } from '../schemas/generated/records.ts';
import { orderIdOfPosition } from '../schemas/ids.ts';
import { AccountCommand, AccountEvent, recordSet } from '../schemas/logs.ts';
import { AccountTable, DISABLED, FIRST_USER_SLOT, systemSlots } from './accounts/account-table.ts';
import { OpenOrders } from './accounts/open-orders.ts';
import { OrderIds } from './accounts/order-ids.ts';
import {
  ACCOUNT,
  EXECUTED_LOTS,
  FIRST_AMEND,
  REQUESTS,
  TERMS,
  TERMS_ENDED,
  TERMS_SYMBOL_SHIFT,
  TOTAL_LOTS,
  VALID_UNTIL,
} from './accounts/order-layout.ts';
import {
  ACCOUNT_NOT_PERMITTED,
  AMOUNT_OVERFLOW,
  BAD_COMBINATION,
  INSUFFICIENT_FUNDS,
  ORDER_NOT_OPEN,
  PASSES,
  QUANTITY_OUT_OF_RANGE,
  type RejectCode,
  rejectReason,
  UNKNOWN_ORDER,
  UNKNOWN_SYMBOL,
} from './accounts/reject-reasons.ts';
import { RiskEvents } from './accounts/risk-events.ts';
import { RiskState } from './accounts/risk-state.ts';
import type { SymbolRules } from './accounts/symbol-rules.ts';
import { TransferIds } from './accounts/transfer-ids.ts';
import { sharedByAdmission } from './admit-commands.ts';
import type { Emit, Moment, Operator, OperatorDefinition } from './contract.ts';

const AdmittedOrder = recordSet('AdmittedOrder', [
  'admitted_place',
  'admitted_amend',
  'admitted_cancel',
  'admitted_cancel_all',
]);

type RiskPorts = {
  /** To match, by symbol. */
  accepted: AdmittedPlace | AdmittedAmend | AdmittedCancel | AdmittedCancelAll;
  /** To the accounts log: what happened to an account, in order. */
  events: AccountEvent;
};

/**
 * Owns the money: judges what accounts ask for, holds what their orders may cost, and settles what match answers.
 *
 * A `place` that passes every check of `rejectTable` takes its hold, then goes to match. An `execution` moves the exact
 * amounts of one side of a trade; an `order_update` ends an order, answers an amend or a cancel, or changes open terms.
 * After each the hold is computed anew from the open terms, and what is over is released in the same event. Deposits,
 * withdrawals and adjustments move money against account `outside`.
 *
 * Every event of an account carries the account's next `seq`. Ticks and the configuration that readers of accounts need
 * are copied into the accounts log, once a partition.
 *
 * State: `RiskState`, of one partition of the accounts. Invariants: its `checkInvariants`.
 *
 * @example stage('risk', checkRisk(), { in: ingest.admitted })
 */
export function checkRisk(): OperatorDefinition<AccountCommand, RiskPorts> {
  return {
    name: 'checkRisk',
    input: AccountCommand,
    outputs: { accepted: AdmittedOrder, events: AccountEvent },
    create(scope) {
      const orders = scope.shared(sharedByAdmission.orders, () => new OpenOrders());
      return new CheckRisk(
        new RiskState(
          scope.shared(sharedByAdmission.accounts, () => new AccountTable()),
          orders,
          scope.partitions.commands ?? 1,
        ),
        scope.shared(sharedByAdmission.orderIds, () => new OrderIds(orders)),
        scope.shared(sharedByAdmission.transferIds, () => new TransferIds()),
        scope.partition,
        scope.partitions.commands ?? 1,
      );
    },
  };
}

class CheckRisk implements Operator<AccountCommand, RiskPorts> {
  readonly #state: RiskState;
  readonly #events: RiskEvents;
  readonly #orderIds: OrderIds;
  readonly #transferIds: TransferIds;
  readonly #partition: number;
  /** Total of the order whose update is applied: as it was, or as the answered amend asked. */
  #totalLots = 0;
  readonly #partitions: number;

  constructor(state: RiskState, orderIds: OrderIds, transferIds: TransferIds, partition: number, partitions: number) {
    this.#state = state;
    this.#events = new RiskEvents(state);
    this.#orderIds = orderIds;
    this.#transferIds = transferIds;
    this.#partition = partition;
    this.#partitions = partitions;
  }

  apply(record: AccountCommand, moment: Moment, out: Emit<RiskPorts>): void {
    switch (record.type) {
      case 'place':
        this.#place(record, moment, out);
        return;
      case 'execution':
        this.#execution(record, moment, out);
        return;
      case 'cancel':
        this.#cancel(record, moment, out);
        return;
      case 'order_update':
        this.#orderUpdate(record, moment, out);
        return;
      case 'amend':
        this.#amend(record, moment, out);
        return;
      case 'cancel_all':
        this.#cancelAll(record, moment, out);
        return;
      case 'deposit':
      case 'withdraw':
      case 'adjust':
        this.#transfer(record, out);
        return;
      case 'reference_price':
        this.#state.symbols.setReferencePrice(record.symbol, record.priceTicks);
        return;
      case 'admin':
        this.#admin(record, moment, out);
        return;
      case 'limit_config':
        this.#limits(record, out);
        return;
      case 'asset_config':
        this.#state.balances.addAsset(record.asset);
        out.events(record);
        return;
      case 'symbol_config':
        this.#state.balances.addAsset(record.baseAsset);
        this.#state.balances.addAsset(record.quoteAsset);
        this.#state.symbols.configure(record);
        out.events(record);
        return;
      case 'fee_config':
        this.#state.fees.add(record);
        this.#state.symbols.feesChanged();
        out.events(record);
        return;
      case 'tick':
        out.events(record);
        return;
      case 'admission_config':
        return;
      default:
        unreachable(record);
    }
  }

  snapshot(): Uint8Array {
    return this.#state.snapshot();
  }

  restore(bytes: Uint8Array): void {
    this.#state.restore(bytes);
  }

  stateHash(): string {
    return this.#state.stateHash();
  }

  checkInvariants(): void {
    this.#state.checkInvariants();
  }

  #place(place: Place, moment: Moment, out: Emit<RiskPorts>): void {
    const { judge, holds, accounts, counts, fees } = this.#state;
    const orderId = orderIdOfPosition(moment.position);
    const account = this.#state.accountSlot(place.account);
    const refused = judge.place(place, account, moment.timeMicros);
    if (refused !== PASSES) {
      this.#orderIds.forget(orderId);
      this.#reject(account, place.symbol, orderId, place.clientOrderId, 'place', refused, out);
      return;
    }
    const rules = judge.rules!;
    counts.makeRoom(account, rules.symbol);
    accounts.takeRateToken(account, moment.timeMicros);
    holds.open(orderId, account, place, judge);
    const feeVersion = fees.versions[rules.feeIndex]!.version;
    out.events(this.#events.held(place, orderId, account, feeVersion));
    out.accepted({
      type: 'admitted_place',
      symbol: place.symbol,
      seq: 0 as Sequence,
      account: place.account,
      orderId,
      side: place.side,
      orderType: place.orderType,
      timeInForce: place.timeInForce,
      postOnly: place.postOnly,
      priceTicks: judge.priceTicks as PriceTicks,
      quantityLots: judge.lots as QuantityLots,
      budget: place.budget,
      selfTradeMode: place.selfTradeMode ?? rules.defaultSelfTradeMode,
      tradeGroup: accounts.tradeGroupOf(account),
      expiresAt: place.expiresAt,
      feeVersion,
    });
  }

  #execution(execution: Execution, moment: Moment, out: Emit<RiskPorts>): void {
    const { orders, holds } = this.#state;
    const slot = orders.find(execution.orderId);
    assert(slot !== 0, 'match trades only orders that risk admitted');
    const { priceTicks, quantityLots, openPriceTicks, openLots } = execution;
    holds.trade(slot, execution.liquidity === 'maker', priceTicks, quantityLots, openPriceTicks, openLots);
    this.#assertTradesSeen(slot, execution.cumulativeLots);
    const fill = this.#events.filled(execution, slot);
    if (openLots === 0) this.#end(slot, execution.orderId, moment);
    out.events(fill);
  }

  #amend(amend: Amend, moment: Moment, out: Emit<RiskPorts>): void {
    const { judge, orders, holds, accounts } = this.#state;
    const { priceTicks, quantityLots } = amend;
    const account = this.#state.accountSlot(amend.account);
    const orderId = this.#orderNamed(account, amend);
    const slot = orders.find(orderId);
    let refused = judge.account(account);
    if (refused === PASSES && priceTicks === 0 && quantityLots === 0) refused = BAD_COMBINATION;
    if (refused === PASSES) refused = this.#openOrder(slot, orderId, account, amend.symbol);
    if (refused === PASSES) refused = judge.amend(slot, account, priceTicks, quantityLots, moment.timeMicros);
    if (refused !== PASSES) {
      this.#reject(account, amend.symbol, orderId, amend.clientOrderId, 'amend', refused, out);
      return;
    }
    const rules = judge.rules!;
    const { integers, amends } = orders;
    const at = slot << 5;
    integers[at + FIRST_AMEND] = amends.append(integers[at + FIRST_AMEND]!, moment.position, priceTicks, quantityLots);
    integers[at + REQUESTS]!++;
    accounts.takeRateToken(account, moment.timeMicros);
    holds.recompute(slot, rules);
    if (holds.released < 0) out.events(this.#events.heldMore(slot, -holds.released, priceTicks, quantityLots));
    out.accepted({
      type: 'admitted_amend',
      symbol: rules.symbol as SymbolId,
      seq: 0 as Sequence,
      account: amend.account,
      orderId,
      requestId: moment.position,
      priceTicks,
      quantityLots,
    });
  }

  /** Cancels are taken from every account in every state, and are never counted against a limit. */
  #cancel(cancel: Cancel, moment: Moment, out: Emit<RiskPorts>): void {
    const { orders } = this.#state;
    const account = this.#state.accountSlot(cancel.account);
    const orderId = this.#orderNamed(account, cancel);
    const slot = orders.find(orderId);
    const refused = this.#openOrder(slot, orderId, account, cancel.symbol);
    if (refused !== PASSES) {
      this.#reject(account, cancel.symbol, orderId, cancel.clientOrderId, 'cancel', refused, out);
      return;
    }
    orders.integers[(slot << 5) + REQUESTS]!++;
    out.accepted({
      type: 'admitted_cancel',
      symbol: (orders.integers[(slot << 5) + TERMS]! >> TERMS_SYMBOL_SHIFT) as SymbolId,
      seq: 0 as Sequence,
      account: cancel.account,
      orderId,
      requestId: moment.position,
      reason: 'user',
    });
  }

  #cancelAll(record: CancelAll, moment: Moment, out: Emit<RiskPorts>): void {
    const account = this.#state.accountSlot(record.account);
    if (record.symbol !== 0 && this.#state.symbols.find(record.symbol) === undefined) {
      this.#reject(account, record.symbol, 0, '', 'cancel_all', UNKNOWN_SYMBOL, out);
      return;
    }
    this.#cancelAllOf(account, record.symbol, record.reason, moment, out);
  }

  /** Told before and, by match, after: so that whoever asked knows when all of it is done, also where nothing was open. */
  #cancelAllOf(account: number, only: SymbolId, reason: CancelReason, moment: Moment, out: Emit<RiskPorts>): void {
    const { accounts, counts, symbols } = this.#state;
    let asked = 0;
    for (const { symbol } of symbols.all()) {
      if ((only === 0 || symbol === only) && counts.of(account, symbol) > 0) asked++;
    }
    out.events({
      type: 'cancel_all_taken',
      symbol: only,
      seq: accounts.nextSequence(account) as Sequence,
      account: accounts.idOf(account) as AccountId,
      symbols: asked,
      reason,
    });
    this.#cancelOrdersOf(account, only, reason, moment, out);
  }

  /** On every symbol where the account has open orders, or on one. */
  #cancelOrdersOf(account: number, only: number, reason: CancelReason, moment: Moment, out: Emit<RiskPorts>): void {
    for (const rules of this.#state.symbols.all()) {
      if (only !== 0 && rules.symbol !== only) continue;
      if (this.#state.counts.of(account, rules.symbol) === 0) continue;
      out.accepted({
        type: 'admitted_cancel_all',
        symbol: rules.symbol as SymbolId,
        seq: 0 as Sequence,
        account: this.#state.accounts.idOf(account) as AccountId,
        requestId: moment.position,
        reason,
      });
    }
  }

  #orderUpdate(update: OrderUpdate, moment: Moment, out: Emit<RiskPorts>): void {
    const { orders, holds } = this.#state;
    const slot = orders.find(update.orderId);
    assert(slot !== 0, 'match answers only for orders that risk admitted');
    const answers = this.#takeAnswered(slot, update);
    switch (update.outcome) {
      case 'rejected': {
        this.#release(slot, update);
        const event = this.#rejectedByMatch(slot, update, 'place');
        this.#orderIds.forget(update.orderId);
        this.#end(slot, update.orderId, moment);
        out.events(event);
        return;
      }
      case 'cancelled':
      case 'expired': {
        this.#release(slot, update);
        const event = this.#events.released(slot, update.cancelReason);
        this.#end(slot, update.orderId, moment);
        if (answers) this.#answered(slot, update.orderId, moment);
        out.events(event);
        return;
      }
      case 'amended': {
        this.#setOpenTerms(slot, update, update.openLots);
        const event = this.#events.amended(slot);
        if (answers) this.#answered(slot, update.orderId, moment);
        out.events(event);
        return;
      }
      case 'prevented': {
        this.#setOpenTerms(slot, update, update.openLots);
        const event = this.#events.released(slot, update.cancelReason);
        if (update.openLots === 0) this.#end(slot, update.orderId, moment);
        out.events(event);
        return;
      }
      case 'amend_rejected':
      case 'cancel_rejected': {
        holds.recompute(slot, this.#rulesOf(slot));
        const event = this.#rejectedByMatch(slot, update, update.outcome === 'amend_rejected' ? 'amend' : 'cancel');
        if (answers) this.#answered(slot, update.orderId, moment);
        out.events(event);
        return;
      }
      case 'accepted':
        assert(false, 'match says nothing of an order that it only accepted');
        return;
      default:
        unreachable(update.outcome);
    }
  }

  #transfer(record: Deposit | Withdraw | Adjust, out: Emit<RiskPorts>): void {
    const { balances } = this.#state;
    const account = this.#state.accountSlot(record.account);
    const amount = record.type === 'withdraw' ? -record.amount : record.amount;
    const refused = this.#judgeTransfer(record, account, amount);
    if (refused !== PASSES) {
      this.#transferIds.lastFailed(refused);
      const event = this.#events.rejected(
        account,
        record.symbol,
        0,
        referenceOf(record),
        record.type,
        rejectReason(refused),
        'risk',
        record.asset,
        0,
      );
      out.events(event);
      return;
    }
    balances.credit(account, record.asset, amount);
    balances.credit(systemSlots.outside, record.asset, -amount);
    const adjusted = record.type === 'adjust';
    out.events({
      type: 'balance_change',
      symbol: 0 as SymbolId,
      seq: this.#state.accounts.nextSequence(account) as Sequence,
      account: record.account,
      asset: record.asset,
      amount: amount as Amount,
      kind: record.type === 'deposit' ? 'deposit' : adjusted ? 'adjustment' : 'withdrawal',
      reference: referenceOf(record),
      reason: adjusted ? record.reason : '',
      requestedBy: adjusted ? record.requestedBy : '',
      approvedBy: adjusted ? record.approvedBy : '',
    });
  }

  #judgeTransfer(record: Deposit | Withdraw | Adjust, account: number, amount: number): RejectCode {
    const { balances, judge } = this.#state;
    if (!balances.hasAsset(record.asset)) return UNKNOWN_SYMBOL;
    if (record.type === 'withdraw') {
      const refused = judge.account(account);
      if (refused !== PASSES) return refused;
    }
    const adjustsFees = record.type === 'adjust' && account === systemSlots.fees;
    if (account < FIRST_USER_SLOT && !adjustsFees) return ACCOUNT_NOT_PERMITTED;
    if (record.type === 'adjust' ? record.amount === 0 : record.amount <= 0) return QUANTITY_OUT_OF_RANGE;
    if (amount > 0 && !balances.supplyAllows(record.asset, amount)) return AMOUNT_OVERFLOW;
    if (amount < 0 && balances.available(account, record.asset) + amount < 0) return INSUFFICIENT_FUNDS;
    return PASSES;
  }

  #limits(config: LimitConfig, out: Emit<RiskPorts>): void {
    const { accounts } = this.#state;
    if (config.account === 0) {
      accounts.defaultOpenOrdersMax = config.openOrders;
      accounts.defaultOrdersPerSecond = config.ordersPerSecond;
      return;
    }
    if (!this.#owns(config.account)) return;
    const account = this.#state.accountSlot(config.account);
    accounts.setLimits(account, config.openOrders, config.ordersPerSecond);
    if (accounts.tradeGroupOf(account) === config.tradeGroup) return;
    accounts.setTradeGroup(account, config.tradeGroup);
    this.#accountChanged(account, 'limits', '', out);
  }

  #admin(admin: Admin, moment: Moment, out: Emit<RiskPorts>): void {
    if (admin.account === 0) {
      if (admin.action === 'set_account_state') this.#setOverallState(admin, moment, out);
      return;
    }
    if (!this.#owns(admin.account)) return;
    const { accounts } = this.#state;
    const account = this.#state.accountSlot(admin.account);
    switch (admin.action) {
      case 'set_account_state':
        this.#setState(account, admin.accountState ?? 'active', admin, moment, out);
        return;
      case 'kill_switch':
        this.#setState(account, 'suspended', admin, moment, out);
        this.#cancelOrdersOf(account, 0, 'admin', moment, out);
        return;
      case 'cancel_all':
        this.#cancelAllOf(account, admin.symbol, 'admin', moment, out);
        return;
      case 'set_account_limits':
        accounts.setTradeGroup(account, admin.tradeGroup);
        this.#accountChanged(account, admin.reason, admin.requestedBy, out);
        return;
      case 'set_market_state':
      case 'open_auction':
      case 'uncross':
        return;
      default:
        unreachable(admin.action);
    }
  }

  /** A disabled account's orders are cancelled; a suspended one's stay, and can be cancelled. */
  #setState(account: number, state: AccountState, admin: Admin, moment: Moment, out: Emit<RiskPorts>): void {
    const code = enumSymbols.AccountState.indexOf(state);
    this.#state.accounts.setState(account, code);
    this.#accountChanged(account, admin.reason, admin.requestedBy, out);
    if (code === DISABLED) this.#cancelOrdersOf(account, 0, 'admin', moment, out);
  }

  #setOverallState(admin: Admin, moment: Moment, out: Emit<RiskPorts>): void {
    const { accounts } = this.#state;
    const state = admin.accountState ?? 'active';
    accounts.overallState = enumSymbols.AccountState.indexOf(state);
    out.events({
      type: 'account_changed',
      symbol: 0 as SymbolId,
      seq: 0 as Sequence,
      account: 0 as AccountId,
      state,
      tradeGroup: 0,
      reason: admin.reason,
      requestedBy: admin.requestedBy,
    });
    if (accounts.overallState !== DISABLED) return;
    for (let account = FIRST_USER_SLOT; account < accounts.used; account++) {
      this.#cancelOrdersOf(account, 0, 'admin', moment, out);
    }
  }

  #accountChanged(account: number, reason: string, requestedBy: string, out: Emit<RiskPorts>): void {
    const { accounts } = this.#state;
    out.events({
      type: 'account_changed',
      symbol: 0 as SymbolId,
      seq: accounts.nextSequence(account) as Sequence,
      account: accounts.idOf(account) as AccountId,
      state: accounts.ownStateWord(account),
      tradeGroup: accounts.tradeGroupOf(account),
      reason,
      requestedBy,
    });
  }

  #owns(account: number): boolean {
    return account % this.#partitions === this.#partition;
  }

  /** Id of the order that a command names, by order id or by client order id; 0 when it is not remembered. */
  #orderNamed(account: number, command: Amend | Cancel): OrderId {
    if (command.orderId !== 0) return command.orderId;
    return this.#orderIds.orderOf(account, command.account, command.clientOrderId) as OrderId;
  }

  /** Whether a named order is open, of this account, and of the symbol if one was named. */
  #openOrder(slot: number, orderId: number, account: number, symbol: number): RejectCode {
    const { integers } = this.#state.orders;
    const at = slot << 5;
    if (slot !== 0 && integers[at + ACCOUNT] === account) {
      const terms = integers[at + TERMS]!;
      if (symbol !== 0 && symbol !== terms >> TERMS_SYMBOL_SHIFT) return UNKNOWN_ORDER;
      return (terms & TERMS_ENDED) === 0 ? PASSES : ORDER_NOT_OPEN;
    }
    return this.#orderIds.knows(orderId, account) ? ORDER_NOT_OPEN : UNKNOWN_ORDER;
  }

  #rulesOf(slot: number): SymbolRules {
    return this.#state.symbols.find(this.#state.orders.integers[(slot << 5) + TERMS]! >> TERMS_SYMBOL_SHIFT)!;
  }

  /**
   * Whether the update answers an amend or a cancel of this order. An amend so answered is in flight no more, and its
   * total, if it asked for one, is kept for the answer.
   */
  #takeAnswered(slot: number, update: OrderUpdate): boolean {
    const { integers, doubles, amends } = this.#state.orders;
    this.#totalLots = doubles[(slot << 4) + TOTAL_LOTS]!;
    if (update.command === 'cancel') return update.outcome === 'cancelled' || update.outcome === 'cancel_rejected';
    if (update.command !== 'amend') return false;
    const first = integers[(slot << 5) + FIRST_AMEND]!;
    const place = amends.find(first, update.requestId);
    if (place === 0) return false;
    if (update.outcome === 'amended') this.#totalLots = amends.totalLots[place]! || this.#totalLots;
    integers[(slot << 5) + FIRST_AMEND] = amends.remove(first, place);
    return true;
  }

  #release(slot: number, update: OrderUpdate): void {
    this.#assertTradesSeen(slot, update.executedLots);
    this.#state.holds.release(slot);
  }

  #assertTradesSeen(slot: number, executedLots: number): void {
    const seen = this.#state.orders.doubles[(slot << 4) + EXECUTED_LOTS];
    assert(seen === executedLots, 'risk has seen every trade of an order');
  }

  #setOpenTerms(slot: number, update: OrderUpdate, openLots: number): void {
    this.#assertTradesSeen(slot, update.executedLots);
    this.#state.holds.setTerms(slot, update.openPriceTicks, this.#totalLots, openLots);
  }

  #end(slot: number, orderId: OrderId, moment: Moment): void {
    const validUntil = this.#state.orders.doubles[(slot << 4) + VALID_UNTIL]!;
    this.#state.holds.end(slot);
    if (validUntil < moment.timeMicros) this.#orderIds.close(orderId);
  }

  #answered(slot: number, orderId: OrderId, moment: Moment): void {
    const validUntil = this.#state.orders.doubles[(slot << 4) + VALID_UNTIL]!;
    this.#state.holds.answered(slot);
    if (validUntil < moment.timeMicros) this.#orderIds.close(orderId);
  }

  #rejectedByMatch(slot: number, update: OrderUpdate, command: CommandKind): Rejected {
    const { orders, holds } = this.#state;
    const account = orders.integers[(slot << 5) + ACCOUNT]!;
    const clientOrderId = orders.clientOrderIds[slot]!;
    const reason = update.rejectReason ?? 'order_not_open';
    const { symbol, orderId } = update;
    const { asset, released } = holds;
    return this.#events.rejected(account, symbol, orderId, clientOrderId, command, reason, 'match', asset, released);
  }

  #reject(
    account: number,
    symbol: number,
    orderId: number,
    clientOrderId: string,
    command: CommandKind,
    code: RejectCode,
    out: Emit<RiskPorts>,
  ): void {
    const reason = rejectReason(code);
    out.events(this.#events.rejected(account, symbol, orderId, clientOrderId, command, reason, 'risk', 0, 0));
  }
}

/** The id that the account or the operator gave. */
function referenceOf(record: Deposit | Withdraw | Adjust): string {
  switch (record.type) {
    case 'deposit':
      return record.depositId;
    case 'withdraw':
      return record.withdrawalId;
    case 'adjust':
      return record.adjustmentId;
    default:
      unreachable(record);
  }
}
