/**
 * One market of the naive exchange: what may be done in which state, its book, its reference price, and the records that
 * tell of it: on the market log everything, back to risk every trade, every end and every change of open terms.
 */
import { unreachable } from '../../../schemas/assert.ts';
import type {
  AccountId,
  Admin,
  AdmittedAmend,
  AdmittedCancel,
  AdmittedCancelAll,
  AdmittedPlace,
  Amount,
  AssetId,
  CancelReason,
  CommandKind,
  Execution,
  Liquidity,
  Micros,
  OrderId,
  OrderOutcome,
  OrderUpdate,
  PriceTicks,
  QuantityLots,
  RejectReason,
  Sequence,
  SymbolConfig,
  TradingState,
} from '../../../schemas/generated/records.ts';
import type { MarketEvent } from '../../../schemas/logs.ts';
import { NaiveBook, type NaiveBookEvent, type NaiveOrder } from './naive-book.ts';

export interface NaiveMarketOutput {
  /** A record of this symbol on the market log; its number is given by the market. */
  market(record: MarketEvent): void;
  back(record: Execution | OrderUpdate): void;
}

/** The command whose effects are told. */
interface Cause {
  readonly command: CommandKind;
  readonly requestId: number;
  /** Only what happens to this order answers the command; null: whatever happens does. */
  readonly orderId: number | null;
}

type Meeting = Extract<NaiveBookEvent, { kind: 'trade' | 'prevented' }>;

/** A tick moves the reference a sixteenth of the way to the last trade, away from where it is. */
const REFERENCE_STEP = 16n;

export class NaiveMarket {
  config: SymbolConfig;
  readonly book: NaiveBook;
  reference = 0n;
  private readonly output: NaiveMarketOutput;
  // Conditions that hold at once; the outermost is the state that everybody sees.
  private delisted = false;
  private closed = false;
  private halted = false;
  private haltedUntil = 0;
  private mode: TradingState = 'trading';
  private lastTrade = 0n;
  private indicative = '';
  private seq = 0;

  constructor(config: SymbolConfig, output: NaiveMarketOutput) {
    this.config = config;
    this.output = output;
    this.book = new NaiveBook(config.quoteUnitsPerTickLot);
    this.tellConfig();
    this.setState(config.openingState, 0);
    this.tellState('trading', 'opening state', 'config');
  }

  state(): TradingState {
    if (this.delisted) return 'delisted';
    if (this.closed) return 'closed';
    if (this.halted) return 'halted';
    return this.book.collecting ? 'auction' : this.mode;
  }

  reconfigure(config: SymbolConfig): void {
    this.config = config;
    this.tellConfig();
  }

  place(place: AdmittedPlace, requestId: number): void {
    const order: NaiveOrder = {
      orderId: place.orderId,
      account: place.account,
      tradeGroup: place.tradeGroup,
      side: place.side,
      orderType: place.orderType,
      timeInForce: place.timeInForce,
      postOnly: place.postOnly,
      mode: place.selfTradeMode,
      expiresAt: place.expiresAt,
      budget: BigInt(place.budget),
      price: BigInt(place.priceTicks),
      ordered: BigInt(place.quantityLots),
      executed: 0n,
      prevented: 0n,
      open: BigInt(place.quantityLots),
      entry: 0,
    };
    const refused = this.refusesOrder(order) ?? this.book.place(order, this.config.maxRestingOrders);
    if (refused !== null) {
      this.tellRejected(place.account, place.orderId, 'place', refused);
      this.update(order, requestId, 'rejected', 'place', { reject: refused, open: 0n, executed: 0n });
      return;
    }
    this.tell({ command: 'place', requestId, orderId: place.orderId });
  }

  amend(amend: AdmittedAmend): void {
    const order = this.book.find(amend.orderId);
    if (order === undefined) throw new Error('an amend in this exchange always finds its order: nothing is in flight');
    const price = amend.priceTicks === 0 ? order.price : BigInt(amend.priceTicks);
    const total = amend.quantityLots === 0 ? order.ordered : BigInt(amend.quantityLots);
    const crosses = price !== order.price && this.book.wouldCross(order.side, price);
    const refused = this.refusesAmend(crosses) ?? this.book.amend(order, price, total);
    if (refused !== null) {
      this.tellRejected(amend.account, amend.orderId, 'amend', refused);
      this.update(order, amend.requestId, 'amend_rejected', 'amend', { reject: refused });
      return;
    }
    this.tell({ command: 'amend', requestId: amend.requestId, orderId: amend.orderId });
  }

  cancel(cancel: AdmittedCancel): void {
    const order = this.book.find(cancel.orderId);
    if (order === undefined) throw new Error('a cancel in this exchange always finds its order: nothing is in flight');
    this.book.cancel(order, cancel.reason);
    this.tell({ command: 'cancel', requestId: cancel.requestId, orderId: cancel.orderId });
  }

  cancelAll(all: AdmittedCancelAll): void {
    const mine = this.book.all().filter((order) => all.account === 0 || order.account === all.account);
    for (const order of mine) this.book.cancel(order, all.reason);
    this.tell({ command: 'cancel_all', requestId: all.requestId, orderId: null });
    this.tellAllCancelled(mine.length, all.account, all.reason);
  }

  admin(admin: Admin, requestId: number): void {
    const before = this.state();
    const cause: Cause = { command: 'cancel_all', requestId, orderId: null };
    switch (admin.action) {
      case 'set_market_state':
        this.setState(admin.marketState ?? 'trading', admin.until);
        this.tell(cause);
        this.tellState(before, admin.reason, admin.requestedBy);
        break;
      case 'open_auction':
        this.setState('auction', 0);
        this.tellState(before, admin.reason, admin.requestedBy);
        break;
      case 'uncross':
        if (!this.book.collecting) break;
        this.tellState(before, admin.reason === '' ? 'uncross' : admin.reason, admin.requestedBy);
        this.book.uncross(this.reference);
        this.tell(cause);
        this.tellState('auction', 'the auction is over', admin.requestedBy);
        break;
      case 'cancel_all':
        this.cancelEverything('admin', cause);
        break;
      case 'kill_switch':
        this.setState('halted', 0);
        this.tellState(before, admin.reason, admin.requestedBy);
        this.cancelEverything('halt_and_cancel', cause);
        break;
      case 'set_account_state':
      case 'set_account_limits':
        break;
      default:
        unreachable(admin.action);
    }
  }

  /** A clock record. True: the reference price has changed. */
  tick(timeMicros: number): boolean {
    this.book.expire(timeMicros);
    this.tell({ command: 'place', requestId: 0, orderId: 0 });
    const before = this.state();
    if (this.halted && this.haltedUntil !== 0 && timeMicros >= this.haltedUntil) {
      this.halted = false;
      this.haltedUntil = 0;
      this.tellState(before, 'the pause is over', 'clock');
    }
    if (this.book.collecting) this.tellIndicative();
    return this.moveReference();
  }

  // What a state lets in.

  private refusesOrder(order: NaiveOrder): RejectReason | null {
    const { market, immediate } = {
      market: order.orderType === 'market',
      immediate: order.timeInForce === 'ioc' || order.timeInForce === 'fok',
    };
    switch (this.state()) {
      case 'delisted':
        return 'market_delisted';
      case 'closed':
        return 'market_closed';
      case 'halted':
        return 'market_halted';
      case 'auction':
        return market || immediate || order.postOnly ? 'auction_only_limit' : null;
      case 'cancel_only':
        return 'cancel_only';
      case 'post_only': {
        // A post-only order that would cross is refused as such, further down.
        const takes = !order.postOnly && this.book.wouldCross(order.side, order.price);
        return market || immediate || takes ? 'post_only' : null;
      }
      case 'limit_only':
        return market ? 'limit_only' : null;
      case 'trading':
        return null;
    }
  }

  private refusesAmend(crosses: boolean): RejectReason | null {
    switch (this.state()) {
      case 'delisted':
        return 'market_delisted';
      case 'closed':
        return 'market_closed';
      case 'halted':
        return 'market_halted';
      case 'cancel_only':
        return 'cancel_only';
      case 'post_only':
        return crosses ? 'post_only' : null;
      case 'auction':
      case 'limit_only':
      case 'trading':
        return null;
    }
  }

  private setState(state: TradingState, until: number): void {
    switch (state) {
      case 'delisted':
        this.delisted = true;
        for (const order of this.book.all()) this.book.cancel(order, 'delisted');
        break;
      case 'closed':
        this.closed = true;
        break;
      case 'halted':
        this.halted = true;
        this.haltedUntil = until;
        break;
      case 'auction':
        this.book.collecting = true;
        this.indicative = '';
        break;
      default:
        // Opening lifts the outermost condition alone: what lies below it goes on.
        if (this.delisted) this.delisted = false;
        else if (this.closed) this.closed = false;
        else {
          this.halted = false;
          this.haltedUntil = 0;
        }
        this.mode = state;
    }
  }

  private cancelEverything(reason: CancelReason, cause: Cause): void {
    const all = [...this.book.all()];
    for (const order of all) this.book.cancel(order, reason);
    this.tell(cause);
    this.tellAllCancelled(all.length, 0, reason);
  }

  private tellAllCancelled(orders: number, account: number, reason: CancelReason): void {
    this.output.market({
      type: 'cancel_all_done',
      symbol: this.config.symbol,
      seq: this.nextSeq(),
      account: account as AccountId,
      orders,
      reason,
    });
  }

  private moveReference(): boolean {
    const distance = this.lastTrade - this.reference;
    if (this.lastTrade === 0n || distance === 0n) return false;
    if (this.reference === 0n) this.reference = this.lastTrade;
    else {
      const size = distance < 0n ? -distance : distance;
      const step = (size + REFERENCE_STEP - 1n) / REFERENCE_STEP;
      this.reference += distance < 0n ? -step : step;
    }
    this.output.market({
      type: 'reference_price',
      symbol: this.config.symbol,
      seq: this.nextSeq(),
      priceTicks: Number(this.reference) as PriceTicks,
    });
    return true;
  }

  // Records.

  private tell(cause: Cause): void {
    for (const event of this.book.takeEvents()) {
      switch (event.kind) {
        case 'accepted':
          this.tellAccepted(event);
          break;
        case 'amended':
          this.tellAmended(event, cause);
          break;
        case 'trade':
          this.tellTrade(event);
          break;
        case 'prevented':
          this.tellPrevented(event);
          break;
        case 'cancelled':
          this.tellCancelled(event, cause);
          break;
      }
    }
  }

  private tellAccepted(event: Extract<NaiveBookEvent, { kind: 'accepted' }>): void {
    const { order } = event;
    this.output.market({
      type: 'accepted',
      symbol: this.config.symbol,
      seq: this.nextSeq(),
      account: order.account as AccountId,
      orderId: order.orderId as OrderId,
      side: order.side,
      orderType: order.orderType,
      timeInForce: order.timeInForce,
      postOnly: order.postOnly,
      priceTicks: Number(event.price) as PriceTicks,
      quantityLots: Number(event.quantity) as QuantityLots,
      budget: Number(order.budget) as Amount,
      restingLots: Number(event.resting) as QuantityLots,
      expiresAt: order.expiresAt as Micros,
    });
  }

  private tellAmended(event: Extract<NaiveBookEvent, { kind: 'amended' }>, cause: Cause): void {
    const { order } = event;
    this.output.market({
      type: 'amended',
      symbol: this.config.symbol,
      seq: this.nextSeq(),
      account: order.account as AccountId,
      orderId: order.orderId as OrderId,
      side: order.side,
      oldPriceTicks: Number(event.oldPrice) as PriceTicks,
      oldOpenLots: Number(event.oldOpen) as QuantityLots,
      priceTicks: Number(event.price) as PriceTicks,
      quantityLots: Number(event.total) as QuantityLots,
      openLots: Number(event.resting) as QuantityLots,
      keptPriority: event.kept,
    });
    // Risk hears the terms before they trade; the executions follow.
    const terms = { open: event.newOpen, executed: event.executed };
    this.update(order, cause.requestId, 'amended', 'amend', terms);
  }

  private tellTrade(event: Meeting): void {
    const { taker, maker, price, lots, auction } = event;
    const seq = this.nextSeq();
    this.lastTrade = price;
    this.output.market({
      type: 'trade',
      symbol: this.config.symbol,
      seq,
      priceTicks: Number(price) as PriceTicks,
      quantityLots: Number(lots) as QuantityLots,
      quoteAmount: Number(price * lots * BigInt(this.config.quoteUnitsPerTickLot)) as Amount,
      takerSide: taker.side,
      takerOrderId: taker.orderId as OrderId,
      makerOrderId: maker.orderId as OrderId,
      takerAccount: taker.account as AccountId,
      makerAccount: maker.account as AccountId,
      takerCumulativeLots: Number(event.takerExecuted) as QuantityLots,
      takerOpenLots: Number(event.takerOpen) as QuantityLots,
      makerCumulativeLots: Number(event.makerExecuted) as QuantityLots,
      makerOpenLots: Number(event.makerOpen) as QuantityLots,
      auction,
    });
    this.execution(event, taker, seq, auction ? 'auction' : 'taker', event.takerExecuted, event.takerOpen);
    this.execution(event, maker, seq, auction ? 'auction' : 'maker', event.makerExecuted, event.makerOpen);
  }

  private execution(
    event: Meeting,
    order: NaiveOrder,
    tradeId: Sequence,
    liquidity: Liquidity,
    cumulative: bigint,
    open: bigint,
  ): void {
    this.output.back({
      type: 'execution',
      symbol: this.config.symbol,
      seq: 0 as Sequence,
      account: order.account as AccountId,
      orderId: order.orderId as OrderId,
      tradeId,
      side: order.side,
      priceTicks: Number(event.price) as PriceTicks,
      quantityLots: Number(event.lots) as QuantityLots,
      liquidity,
      cumulativeLots: Number(cumulative) as QuantityLots,
      openPriceTicks: Number(order.price) as PriceTicks,
      openLots: Number(open) as QuantityLots,
    });
  }

  private tellPrevented(event: Meeting): void {
    const { taker, maker } = event;
    this.output.market({
      type: 'prevented_match',
      symbol: this.config.symbol,
      seq: this.nextSeq(),
      takerOrderId: taker.orderId as OrderId,
      makerOrderId: maker.orderId as OrderId,
      takerAccount: taker.account as AccountId,
      makerAccount: maker.account as AccountId,
      priceTicks: Number(event.price) as PriceTicks,
      quantityLots: Number(event.lots) as QuantityLots,
      mode: event.mode,
      takerOpenLots: Number(event.takerOpen) as QuantityLots,
      makerOpenLots: Number(event.makerOpen) as QuantityLots,
    });
    // Only a decrement changes open terms; an order that it ends is told of by its cancel.
    if (event.mode !== 'decrement') return;
    const sides = [
      { order: taker, open: event.takerOpen, executed: event.takerExecuted },
      { order: maker, open: event.makerOpen, executed: event.makerExecuted },
    ];
    for (const { order, open, executed } of sides) {
      if (open > 0n) this.update(order, 0, 'prevented', 'place', { open, executed });
    }
  }

  private tellCancelled(event: Extract<NaiveBookEvent, { kind: 'cancelled' }>, cause: Cause): void {
    const { order, reason } = event;
    this.output.market({
      type: 'cancelled',
      symbol: this.config.symbol,
      seq: this.nextSeq(),
      account: order.account as AccountId,
      orderId: order.orderId as OrderId,
      side: order.side,
      priceTicks: Number(order.price) as PriceTicks,
      cancelledLots: Number(event.lots) as QuantityLots,
      executedLots: Number(event.executed) as QuantityLots,
      wasResting: event.wasResting,
      reason,
    });
    const answers = cause.orderId === null || cause.orderId === order.orderId;
    const command = answers ? cause.command : 'place';
    const outcome = reason === 'expired' ? 'expired' : 'cancelled';
    this.update(order, answers ? cause.requestId : 0, outcome, command, {
      cancel: reason,
      open: 0n,
      executed: event.executed,
    });
  }

  private tellRejected(account: AccountId, orderId: OrderId, command: CommandKind, reason: RejectReason): void {
    this.output.market({
      type: 'rejected',
      symbol: this.config.symbol,
      seq: this.nextSeq(),
      account,
      orderId,
      clientOrderId: '',
      command,
      reason,
      stage: 'match',
      asset: 0 as AssetId,
      released: 0 as Amount,
    });
  }

  private tellIndicative(): void {
    const { price, matched, surplus } = this.book.clearing(this.reference);
    const now = `${price} ${matched} ${surplus}`;
    if (now === this.indicative) return;
    this.indicative = now;
    this.output.market({
      type: 'auction_indicative',
      symbol: this.config.symbol,
      seq: this.nextSeq(),
      priceTicks: Number(price) as PriceTicks,
      matchedLots: Number(matched) as QuantityLots,
      surplusLots: Number(surplus) as QuantityLots,
    });
  }

  private tellState(previousState: TradingState, reason: string, requestedBy: string): void {
    const state = this.state();
    this.output.market({
      type: 'market_state',
      symbol: this.config.symbol,
      seq: this.nextSeq(),
      state,
      previousState,
      until: (state === 'halted' ? this.haltedUntil : 0) as Micros,
      reason,
      requestedBy,
    });
  }

  private tellConfig(): void {
    this.output.market({ ...this.config, seq: this.nextSeq() });
  }

  private update(
    order: NaiveOrder,
    requestId: number,
    outcome: OrderOutcome,
    command: CommandKind,
    said: {
      readonly reject?: RejectReason;
      readonly cancel?: CancelReason;
      readonly open?: bigint;
      readonly executed?: bigint;
    },
  ): void {
    this.output.back({
      type: 'order_update',
      symbol: this.config.symbol,
      seq: 0 as Sequence,
      account: order.account as AccountId,
      orderId: order.orderId as OrderId,
      requestId,
      outcome,
      command,
      rejectReason: said.reject ?? null,
      cancelReason: said.cancel ?? null,
      openPriceTicks: Number(order.price) as PriceTicks,
      openLots: Number(said.open ?? order.open) as QuantityLots,
      executedLots: Number(said.executed ?? order.executed) as QuantityLots,
    });
  }

  private nextSeq(): Sequence {
    return ++this.seq as Sequence;
  }
}
