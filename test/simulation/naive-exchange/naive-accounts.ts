/**
 * Ingest and risk of the naive exchange, for one partition of the accounts: what is admitted, held, moved and answered,
 * and the records that tell of it. Written from the rules alone.
 */
import type {
  AccountId,
  AccountState,
  Adjust,
  Admin,
  AdmissionConfig,
  AdmittedAmend,
  AdmittedCancel,
  AdmittedCancelAll,
  AdmittedPlace,
  Amend,
  Amount,
  AssetConfig,
  AssetId,
  Cancel,
  CancelAll,
  CancelReason,
  CommandKind,
  Deposit,
  Execution,
  FeeConfig,
  LimitConfig,
  OrderId,
  OrderUpdate,
  Place,
  PriceTicks,
  QuantityLots,
  Rejected,
  RejectReason,
  RejectStage,
  Sequence,
  SymbolConfig,
  SymbolId,
  Tick,
  Withdraw,
} from '../../../schemas/generated/records.ts';
import type { AccountCommand, AccountEvent } from '../../../schemas/logs.ts';
import { contentOf, NaiveTransferIds } from './naive-ids.ts';
import { askedTerms, FEES, FIRST_USER, NaiveJudge } from './naive-judge.ts';
import { fillOrder, heldAsset, type NaiveBalances, type NaiveHeldOrder, neededHold } from './naive-money.ts';

export type Admitted = AdmittedPlace | AdmittedAmend | AdmittedCancel | AdmittedCancelAll;

export interface NaiveAccountsOutput {
  event(record: AccountEvent): void;
  admitted(record: Admitted): void;
}

/** Where the inbox record being applied stands. */
export interface NaivePosition {
  readonly stampedMicros: number;
  /** Told the log time before anything is emitted. */
  readonly logTime: (timeMicros: number) => void;
  readonly orderId: number;
  readonly position: number;
}

export class NaiveAccounts extends NaiveJudge {
  private readonly partitions: number;
  private readonly output: NaiveAccountsOutput;
  private readonly transferIds = new NaiveTransferIds();
  private admission = { expiryMicros: 60_000_000, clockAheadMicros: 2_000_000, remembered: 1_000_000 };
  private lastTick = 0;

  constructor(partition: number, partitions: number, balances: NaiveBalances, output: NaiveAccountsOutput) {
    super(partition, balances);
    this.partitions = partitions;
    this.output = output;
  }

  apply(record: AccountCommand, at: NaivePosition): void {
    let time = at.stampedMicros;
    if (record.type !== 'tick' && this.lastTick > 0) {
      time = Math.min(time, this.lastTick + this.admission.clockAheadMicros);
    }
    this.now = Math.max(this.now, time);
    if (record.type === 'tick') this.lastTick = this.now;
    at.logTime(this.now);
    this.dispatch(record, at);
  }

  private dispatch(record: AccountCommand, at: NaivePosition): void {
    switch (record.type) {
      case 'place':
        this.ingestPlace(record, at);
        return;
      case 'amend':
      case 'cancel':
        if (!this.inTime(record.validUntil)) {
          this.reject(record, record.orderId, record.clientOrderId, record.type, 'command_expired', 'ingest');
          return;
        }
        if (record.type === 'amend') this.amend(record, at);
        else this.cancel(record, at);
        return;
      case 'cancel_all':
        if (!this.inTime(record.validUntil)) {
          this.reject(record, 0, '', 'cancel_all', 'command_expired', 'ingest');
          return;
        }
        this.cancelAll(record, at);
        return;
      case 'deposit':
        this.ingestTransfer(record, record.depositId, 'deposit');
        return;
      case 'withdraw':
        this.ingestTransfer(record, record.withdrawalId, 'withdrawal');
        return;
      case 'adjust':
        this.ingestTransfer(record, record.adjustmentId, 'adjustment');
        return;
      case 'execution':
        this.execution(record);
        return;
      case 'order_update':
        this.orderUpdate(record);
        return;
      case 'reference_price':
        this.references.set(record.symbol, BigInt(record.priceTicks));
        return;
      case 'admin':
        this.admin(record, at);
        return;
      case 'limit_config':
        this.limitConfig(record);
        return;
      case 'admission_config':
        this.admission = admissionOf(record);
        return;
      case 'asset_config':
      case 'symbol_config':
      case 'fee_config':
      case 'tick':
        this.configure(record);
        return;
    }
  }

  private inTime(validUntil: number): boolean {
    return validUntil === 0 || (validUntil >= this.now && validUntil <= this.now + this.admission.expiryMicros);
  }

  private ingestPlace(place: Place, at: NaivePosition): void {
    const id = place.clientOrderId;
    const known = id === '' ? undefined : this.orderIds.find(place.account, id, this.now);
    if (known !== undefined && known.content === contentOf(place)) {
      this.repeat(place.account, place.symbol, known.orderId, id);
      return;
    }
    const reason: RejectReason | null =
      known !== undefined
        ? 'client_order_id_reused'
        : id !== '' && this.orderIds.count(this.now) >= this.admission.remembered
          ? 'memory_full'
          : !this.inTime(place.validUntil)
            ? 'command_expired'
            : null;
    if (reason !== null) {
      this.reject(place, at.orderId, id, 'place', reason, 'ingest');
      return;
    }
    const validUntil = place.validUntil === 0 ? this.now + this.admission.expiryMicros : place.validUntil;
    if (id !== '') this.orderIds.add(place, at.orderId, validUntil, this.now);
    this.place(place, at);
  }

  private ingestTransfer(
    record: Deposit | Withdraw | Adjust,
    id: string,
    kind: 'deposit' | 'withdrawal' | 'adjustment',
  ): void {
    const content = JSON.stringify([record.asset, record.amount, record.type === 'adjust' ? record.reason : '']);
    const known = this.transferIds.find(kind, record.account, id);
    if (known === undefined) {
      const entry = this.transferIds.add(kind, record.account, id, content);
      entry.outcome = this.transfer(record, id, kind);
    } else if (known.content !== content) {
      this.reject(record, 0, id, record.type, 'client_order_id_reused', 'ingest', record.asset);
    } else if (known.outcome === null) this.repeat(record.account, record.symbol, 0, id);
    else this.reject(record, 0, id, record.type, known.outcome, 'ingest', record.asset);
  }

  private transfer(
    record: Deposit | Withdraw | Adjust,
    id: string,
    kind: 'deposit' | 'withdrawal' | 'adjustment',
  ): RejectReason | null {
    const amount = BigInt(record.type === 'withdraw' ? -record.amount : record.amount);
    const reason = this.judgeTransfer(record, amount);
    if (reason !== null) {
      this.reject(record, 0, id, record.type, reason, 'risk', record.asset);
      return reason;
    }
    this.balances.of(this.partition, record.account, record.asset).available += amount;
    this.balances.of(this.partition, 1, record.asset).available -= amount;
    const by = record.type === 'adjust' ? record : { reason: '', requestedBy: '', approvedBy: '' };
    this.output.event({
      type: 'balance_change',
      symbol: 0 as SymbolId,
      seq: this.nextSeq(record.account),
      account: record.account,
      asset: record.asset,
      amount: Number(amount) as Amount,
      kind,
      reference: id,
      reason: by.reason,
      requestedBy: by.requestedBy,
      approvedBy: by.approvedBy,
    });
    return null;
  }

  private place(place: Place, at: NaivePosition): void {
    const config = this.symbols.get(place.symbol);
    const fees = config === undefined ? undefined : this.currentFees(config.feeSchedule);
    const judged = config === undefined || fees === undefined ? 'unknown_symbol' : this.judgePlace(place, config, fees);
    if (typeof judged === 'string') {
      this.orderIds.forget(at.orderId);
      this.reject(place, at.orderId, place.clientOrderId, 'place', judged, 'risk');
      return;
    }
    const { order, hold } = judged;
    this.takeToken(place.account);
    this.orders.push({ ...order, orderId: at.orderId });
    this.move(place.account, heldAsset(order), -hold, hold);
    const { price, total } = order;
    this.output.event({
      type: 'hold',
      symbol: place.symbol,
      seq: this.nextSeq(place.account),
      account: place.account,
      orderId: at.orderId as OrderId,
      clientOrderId: place.clientOrderId,
      asset: heldAsset(order) as AssetId,
      amount: Number(hold) as Amount,
      side: place.side,
      orderType: place.orderType,
      timeInForce: place.timeInForce,
      postOnly: place.postOnly,
      priceTicks: Number(price) as PriceTicks,
      quantityLots: Number(total) as QuantityLots,
      budget: place.budget,
      expiresAt: place.expiresAt,
      feeVersion: order.fees.version,
      command: 'place',
    });
    this.output.admitted({
      type: 'admitted_place',
      symbol: place.symbol,
      seq: 0 as Sequence,
      account: place.account,
      orderId: at.orderId as OrderId,
      side: place.side,
      orderType: place.orderType,
      timeInForce: place.timeInForce,
      postOnly: place.postOnly,
      priceTicks: Number(price) as PriceTicks,
      quantityLots: Number(total) as QuantityLots,
      budget: place.budget,
      selfTradeMode: place.selfTradeMode ?? order.config.defaultSelfTradeMode,
      tradeGroup: this.account(place.account).tradeGroup,
      expiresAt: place.expiresAt,
      feeVersion: order.fees.version,
    });
  }

  private amend(amend: Amend, at: NaivePosition): void {
    const named = this.named(amend);
    const order = this.orders.find((other) => other.orderId === named);
    const reason = this.judgeAmend(amend, named, order);
    if (reason !== null || order === undefined) {
      this.reject(amend, named, amend.clientOrderId, 'amend', reason ?? 'unknown_order', 'risk');
      return;
    }
    this.takeToken(order.account);
    order.asked = askedTerms(amend, order);
    const more = this.rehold(order);
    if (more > 0n) {
      this.output.event({
        type: 'hold',
        symbol: order.config.symbol,
        seq: this.nextSeq(order.account),
        account: order.account as AccountId,
        orderId: order.orderId as OrderId,
        clientOrderId: order.clientOrderId,
        asset: heldAsset(order) as AssetId,
        amount: Number(more) as Amount,
        side: order.side,
        orderType: order.orderType,
        timeInForce: order.timeInForce,
        postOnly: order.postOnly,
        priceTicks: Number(order.asked.price) as PriceTicks,
        quantityLots: Number(order.asked.total) as QuantityLots,
        budget: 0 as Amount,
        expiresAt: order.expiresAt as Place['expiresAt'],
        feeVersion: order.fees.version,
        command: 'amend',
      });
    }
    this.output.admitted({
      type: 'admitted_amend',
      symbol: order.config.symbol,
      seq: 0 as Sequence,
      account: order.account as AccountId,
      orderId: order.orderId as OrderId,
      requestId: at.position,
      priceTicks: amend.priceTicks,
      quantityLots: amend.quantityLots,
    });
  }

  private cancel(cancel: Cancel, at: NaivePosition): void {
    const named = this.named(cancel);
    const order = this.orders.find((other) => other.orderId === named);
    const missing = this.missing(named, order, cancel);
    if (missing !== null || order === undefined) {
      this.reject(cancel, named, cancel.clientOrderId, 'cancel', missing ?? 'unknown_order', 'risk');
      return;
    }
    this.output.admitted({
      type: 'admitted_cancel',
      symbol: order.config.symbol,
      seq: 0 as Sequence,
      account: cancel.account,
      orderId: order.orderId as OrderId,
      requestId: at.position,
      reason: 'user',
    });
  }

  private cancelAll(record: CancelAll, at: NaivePosition): void {
    const config = this.symbols.get(record.symbol);
    if (record.symbol !== 0 && (config === undefined || this.currentFees(config.feeSchedule) === undefined)) {
      this.reject(record, 0, '', 'cancel_all', 'unknown_symbol', 'risk');
      return;
    }
    this.cancelAllOf(record.account, record.symbol, record.reason, at);
  }

  private cancelAllOf(account: number, only: SymbolId, reason: CancelReason, at: NaivePosition): void {
    const mine = this.orders.filter(
      (order) => order.account === account && (only === 0 || order.config.symbol === only),
    );
    this.output.event({
      type: 'cancel_all_taken',
      symbol: only,
      seq: this.nextSeq(account),
      account: account as AccountId,
      symbols: new Set(mine.map((order) => order.config.symbol)).size,
      reason,
    });
    this.cancelOrdersOf(account, only, reason, at);
  }

  private cancelOrdersOf(account: number, only: number, reason: CancelReason, at: NaivePosition): void {
    const symbols = new Set(
      this.orders.filter((order) => order.account === account).map((order) => order.config.symbol),
    );
    for (const symbol of [...symbols].sort((left, right) => left - right)) {
      if (only !== 0 && symbol !== only) continue;
      this.output.admitted({
        type: 'admitted_cancel_all',
        symbol,
        seq: 0 as Sequence,
        account: account as AccountId,
        requestId: at.position,
        reason,
      });
    }
  }

  private execution(execution: Execution): void {
    const order = this.mustFind(execution.orderId);
    const fill = fillOrder(order, BigInt(execution.priceTicks), BigInt(execution.quantityLots), execution.liquidity);
    order.open = BigInt(execution.openLots);
    if (order.open > 0n) order.price = BigInt(execution.openPriceTicks);
    const needed = neededHold(order);
    const released = order.held - fill.consumed - needed;
    order.held = needed;
    const { config } = order;
    const buys = order.side === 'buy';
    this.move(order.account, heldAsset(order), released, -fill.consumed - released);
    const feeInBase = fill.feeAsset === config.baseAsset;
    if (buys) this.move(order.account, config.baseAsset, feeInBase ? fill.base - fill.fee : fill.base, 0n);
    else this.move(order.account, config.quoteAsset, fill.quote - fill.fee, 0n);
    this.move(3, config.baseAsset, buys ? -fill.base : fill.base, 0n);
    this.move(3, config.quoteAsset, buys ? fill.quote : -fill.quote, 0n);
    this.move(FEES, fill.feeAsset, fill.fee, 0n);
    this.output.event({
      type: 'fill',
      symbol: execution.symbol,
      seq: this.nextSeq(order.account),
      account: order.account as AccountId,
      orderId: execution.orderId,
      clientOrderId: order.clientOrderId,
      tradeId: execution.tradeId,
      side: order.side,
      liquidity: execution.liquidity,
      priceTicks: execution.priceTicks,
      quantityLots: execution.quantityLots,
      baseAsset: config.baseAsset,
      quoteAsset: config.quoteAsset,
      baseAmount: Number(fill.base) as Amount,
      quoteAmount: Number(fill.quote) as Amount,
      feeAsset: fill.feeAsset as AssetId,
      fee: Number(fill.fee) as Amount,
      feeVersion: order.fees.version,
      holdConsumed: Number(fill.consumed) as Amount,
      released: Number(released) as Amount,
      cumulativeLots: Number(order.executed) as QuantityLots,
      openLots: execution.openLots,
      cumulativeQuoteAmount: Number(order.executedQuote) as Amount,
    });
    if (order.open === 0n) this.end(order);
  }

  private orderUpdate(update: OrderUpdate): void {
    const order = this.mustFind(update.orderId);
    const asked = update.command === 'amend' ? order.asked : null;
    if (update.command === 'amend') order.asked = null;
    switch (update.outcome) {
      case 'rejected': {
        const released = this.setTerms(order, order.price, order.total, 0n);
        this.drop(order);
        this.orderIds.forget(order.orderId);
        this.rejectedByMatch(order, update, 'place', released);
        return;
      }
      case 'cancelled':
      case 'expired': {
        const released = this.setTerms(order, order.price, order.total, 0n);
        this.release(order, released, update.cancelReason);
        this.end(order);
        return;
      }
      case 'prevented': {
        const released = this.setTerms(order, BigInt(update.openPriceTicks), order.total, BigInt(update.openLots));
        this.release(order, released, update.cancelReason);
        if (order.open === 0n) this.end(order);
        return;
      }
      case 'amended': {
        const released = this.setTerms(
          order,
          BigInt(update.openPriceTicks),
          asked?.total ?? order.total,
          BigInt(update.openLots),
        );
        this.output.event({
          type: 'order_amended',
          symbol: order.config.symbol,
          seq: this.nextSeq(order.account),
          account: order.account as AccountId,
          orderId: order.orderId as OrderId,
          clientOrderId: order.clientOrderId,
          priceTicks: Number(order.price) as PriceTicks,
          quantityLots: Number(order.total) as QuantityLots,
          openLots: Number(order.open) as QuantityLots,
          asset: heldAsset(order) as AssetId,
          released: Number(released) as Amount,
        });
        return;
      }
      case 'amend_rejected':
        this.rejectedByMatch(order, update, 'amend', -this.rehold(order));
        return;
      case 'cancel_rejected':
        this.rejectedByMatch(order, update, 'cancel', -this.rehold(order));
        return;
      case 'accepted':
        throw new Error('an order that is only accepted is not reported to risk');
    }
  }

  private setTerms(order: NaiveHeldOrder, price: bigint, total: bigint, open: bigint): bigint {
    order.total = total;
    order.open = open;
    if (open > 0n) order.price = price;
    return -this.rehold(order);
  }

  private release(order: NaiveHeldOrder, amount: bigint, reason: CancelReason | null): void {
    this.output.event({
      type: 'release',
      symbol: order.config.symbol,
      seq: this.nextSeq(order.account),
      account: order.account as AccountId,
      orderId: order.orderId as OrderId,
      clientOrderId: order.clientOrderId,
      asset: heldAsset(order) as AssetId,
      amount: Number(amount) as Amount,
      reason,
      executedLots: Number(order.executed) as QuantityLots,
      openLots: Number(order.open) as QuantityLots,
    });
  }

  private rejectedByMatch(order: NaiveHeldOrder, update: OrderUpdate, command: CommandKind, released: bigint): void {
    const { account, clientOrderId, config } = order;
    const what = { account: account as AccountId, symbol: config.symbol };
    this.reject(
      what,
      order.orderId,
      clientOrderId,
      command,
      update.rejectReason ?? 'order_not_open',
      'match',
      heldAsset(order),
      released,
    );
  }

  private admin(admin: Admin, at: NaivePosition): void {
    if (admin.account === 0) {
      if (admin.action === 'set_account_state') this.setOverall(admin, at);
      return;
    }
    const account = this.account(admin.account);
    switch (admin.action) {
      case 'set_account_state':
        this.setState(admin.account, admin.accountState ?? 'active', admin, at);
        return;
      case 'kill_switch':
        this.setState(admin.account, 'suspended', admin, at);
        this.cancelOrdersOf(admin.account, 0, 'admin', at);
        return;
      case 'cancel_all':
        this.cancelAllOf(admin.account, admin.symbol, 'admin', at);
        return;
      case 'set_account_limits':
        account.tradeGroup = admin.tradeGroup;
        this.accountChanged(admin.account, admin.reason, admin.requestedBy);
        return;
      default:
        return;
    }
  }

  private setState(id: number, state: AccountState, admin: Admin, at: NaivePosition): void {
    this.account(id).state = state;
    this.accountChanged(id, admin.reason, admin.requestedBy);
    if (state === 'disabled') this.cancelOrdersOf(id, 0, 'admin', at);
  }

  private setOverall(admin: Admin, at: NaivePosition): void {
    this.overall = admin.accountState ?? 'active';
    this.output.event({
      type: 'account_changed',
      symbol: 0 as SymbolId,
      seq: 0 as Sequence,
      account: 0 as AccountId,
      state: this.overall,
      tradeGroup: 0,
      reason: admin.reason,
      requestedBy: admin.requestedBy,
    });
    if (this.overall !== 'disabled') return;
    for (const id of this.accounts.keys()) if (id >= FIRST_USER) this.cancelOrdersOf(id, 0, 'admin', at);
  }

  private accountChanged(id: number, reason: string, requestedBy: string): void {
    const account = this.account(id);
    this.output.event({
      type: 'account_changed',
      symbol: 0 as SymbolId,
      seq: this.nextSeq(id),
      account: id as AccountId,
      state: account.state,
      tradeGroup: account.tradeGroup,
      reason,
      requestedBy,
    });
  }

  private limitConfig(config: LimitConfig): void {
    if (config.account === 0) {
      this.limits = { openOrders: config.openOrders, ordersPerSecond: config.ordersPerSecond };
      return;
    }
    if (config.account % this.partitions !== this.partition) return;
    const account = this.account(config.account);
    account.openOrders = config.openOrders;
    account.ordersPerSecond = config.ordersPerSecond;
    if (account.tradeGroup === config.tradeGroup) return;
    account.tradeGroup = config.tradeGroup;
    this.accountChanged(config.account, 'limits', '');
  }

  private configure(record: AssetConfig | SymbolConfig | FeeConfig | Tick): void {
    if (record.type === 'asset_config') this.assets.add(record.asset);
    if (record.type === 'symbol_config') {
      this.symbols.set(record.symbol, record);
      this.assets.add(record.baseAsset).add(record.quoteAsset);
      for (const order of this.orders) if (order.config.symbol === record.symbol) order.config = record;
    }
    if (record.type === 'fee_config') {
      const current = this.currentFees(record.schedule);
      if (current?.version !== record.version) this.fees.push(record);
    }
    this.output.event(record);
  }

  private nextSeq(account: number): Sequence {
    return ++this.account(account).seq as Sequence;
  }

  /** Brings the hold to what the terms need; returns by how much it grew. */
  private rehold(order: NaiveHeldOrder): bigint {
    const needed = neededHold(order);
    const more = needed - order.held;
    order.held = needed;
    this.move(order.account, heldAsset(order), -more, more);
    return more;
  }

  private end(order: NaiveHeldOrder): void {
    if (order.held !== 0n) throw new Error(`order ${order.orderId} ended and still holds ${order.held}`);
    this.drop(order);
    this.orderIds.close(order.orderId);
  }

  private drop(order: NaiveHeldOrder): void {
    this.orders.splice(this.orders.indexOf(order), 1);
  }

  private mustFind(orderId: number): NaiveHeldOrder {
    const order = this.orders.find((other) => other.orderId === orderId);
    if (order === undefined) throw new Error(`order ${orderId} is not known to risk`);
    return order;
  }

  private move(account: number, asset: number, available: bigint, held: bigint): void {
    const balance = this.balances.of(this.partition, account, asset);
    balance.available += available;
    balance.held += held;
    if (account >= FIRST_USER && (balance.available < 0n || balance.held < 0n)) {
      throw new Error(
        `account ${account} has ${balance.available} available and ${balance.held} held of asset ${asset}`,
      );
    }
  }

  private repeat(account: AccountId, symbol: SymbolId, orderId: number, clientOrderId: string): void {
    this.output.event({
      type: 'repeated',
      symbol,
      seq: this.nextSeq(account),
      account,
      orderId: orderId as OrderId,
      clientOrderId,
    });
  }

  private reject(
    what: { readonly account: AccountId; readonly symbol: SymbolId },
    orderId: number,
    clientOrderId: string,
    command: CommandKind,
    reason: RejectReason,
    stage: RejectStage,
    asset = 0,
    released = 0n,
  ): void {
    this.output.event({
      type: 'rejected',
      symbol: what.symbol,
      seq: this.nextSeq(what.account),
      account: what.account,
      orderId: orderId as OrderId,
      clientOrderId,
      command,
      reason,
      stage,
      asset: asset as Rejected['asset'],
      released: Number(released) as Amount,
    });
  }
}

function admissionOf(config: AdmissionConfig): { expiryMicros: number; clockAheadMicros: number; remembered: number } {
  const { expiryMicros, clockAheadMicros, remembered } = config;
  return { expiryMicros, clockAheadMicros, remembered };
}
