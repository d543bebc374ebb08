import { unreachable } from '../../schemas/assert.ts';
import type {
  AccountId,
  Admin,
  AdmittedAmend,
  AdmittedCancel,
  AdmittedCancelAll,
  AdmittedPlace,
  Amount,
  CancelReason,
  CommandKind,
  Micros,
  OrderId,
  OrderOutcome,
  PriceTicks,
  QuantityLots,
  RejectReason,
  Sequence,
  SymbolConfig,
  SymbolId,
  TradingState,
} from '../../schemas/generated/records.ts';
import type { StateReader, StateWriter } from '../accounts/state-bytes.ts';
import type { Emit } from '../contract.ts';
import type { MatchPorts } from '../match-orders.ts';
import { ACCEPTED, AMENDED, type BookEvents, CANCELLED, PREVENTED, TRADE } from '../order-book/book-events.ts';
import { BOOK_FULL, DONE, POST_ONLY_WOULD_CROSS, STP_DECREMENT, selfTradeModes, sides } from '../order-book/codes.ts';
import { type NewOrder, OrderBook } from '../order-book/order-book.ts';
import {
  CANCEL_ADMIN,
  CANCEL_DELISTED,
  CANCEL_HALT_AND_CANCEL,
  cancelReasonOf,
  codeOfCancelReason,
  codeOfSelfTradeMode,
  codeOfSide,
  codeOfTimeInForce,
} from './book-codes.ts';
import { ReferencePrice } from './reference-price.ts';
import { TradingConditions } from './trading-conditions.ts';

type Out = Emit<MatchPorts>;

/** The command whose effects are being told: which order, what it asked, and its packed position. */
interface Asked {
  orderId: number;
  command: CommandKind;
  requestId: number;
}

/**
 * One symbol at work: its book, its market state, its reference price, and the numbers of its events.
 *
 * Turns what the book did into records, in the order in which it happened. The market log is told everything; risk is
 * told, on the way back, every trade of both sides, every end of an order and every change of open terms, and nothing
 * of an order that just rests.
 *
 * Invariant: `seq` is dense over all records of the symbol on the market log.
 */
export class SymbolMarket {
  readonly symbol: SymbolId;
  readonly conditions = new TradingConditions();
  readonly reference = new ReferencePrice();
  config: SymbolConfig;
  book: OrderBook;
  #seq = 0;
  /** Last indicative that was published: price, matched, surplus. */
  #indicative = '';
  readonly #asked: Asked = { orderId: 0, command: 'place', requestId: 0 };
  readonly #order: NewOrder = {
    orderId: 0,
    account: 0,
    tradeGroup: 0,
    side: 0,
    market: false,
    timeInForce: 0,
    postOnly: false,
    priceTicks: 0,
    quantityLots: 0,
    budget: 0,
    selfTradeMode: 0,
    expiresAt: 0,
  };

  constructor(config: SymbolConfig) {
    this.symbol = config.symbol;
    this.config = config;
    this.book = newBook(config);
  }

  /** The first configuration opens the market in its opening state; a later one changes its rules. */
  open(out: Out): void {
    this.#publishConfig(out);
    this.conditions.set(this.config.openingState, 0);
    if (this.conditions.collecting) this.book.startAuction();
    this.#publishState('trading', 'opening state', 'config', out);
  }

  reconfigure(config: SymbolConfig, out: Out): void {
    const orders = this.book.snapshot();
    this.config = config;
    this.book = newBook(config);
    this.book.restore(orders);
    this.#publishConfig(out);
  }

  place(place: AdmittedPlace, correlationId: number, out: Out): void {
    const order = this.#order;
    order.orderId = place.orderId;
    order.account = place.account;
    order.tradeGroup = place.tradeGroup;
    order.side = codeOfSide(place.side);
    order.market = place.orderType === 'market';
    order.timeInForce = codeOfTimeInForce(place.timeInForce);
    order.postOnly = place.postOnly;
    order.priceTicks = place.priceTicks;
    order.quantityLots = place.quantityLots;
    order.budget = place.budget;
    order.selfTradeMode = codeOfSelfTradeMode(place.selfTradeMode);
    order.expiresAt = place.expiresAt;
    const refusal = this.#refusalOf(order, place);
    if (refusal !== undefined) {
      this.#reject(place.account, place.orderId, 'place', refusal, out);
      this.#update(
        place.account,
        place.orderId,
        correlationId,
        'rejected',
        'place',
        refusal,
        null,
        0 as PriceTicks,
        0 as QuantityLots,
        0 as QuantityLots,
        out,
      );
      return;
    }
    this.#ask(place.orderId, 'place', correlationId);
    this.#tell(place, place.priceTicks, out);
  }

  amend(amend: AdmittedAmend, out: Out): void {
    const open = this.book.find(amend.orderId);
    if (!open) {
      this.#refuseRequest(amend, 'amend', 'amend_rejected', 'order_not_open', 0, 0, 0, out);
      return;
    }
    const priceTicks = amend.priceTicks === 0 ? open.priceTicks : amend.priceTicks;
    const totalLots = amend.quantityLots === 0 ? open.orderedLots : amend.quantityLots;
    const crosses = priceTicks !== open.priceTicks && this.book.wouldCross(open.side, priceTicks);
    const refusal =
      this.conditions.refusesAmend(crosses) ??
      (this.book.amend(amend.orderId, priceTicks, totalLots) === POST_ONLY_WOULD_CROSS
        ? 'post_only_would_cross'
        : undefined);
    if (refusal !== undefined) {
      this.#refuseRequest(
        amend,
        'amend',
        'amend_rejected',
        refusal,
        open.priceTicks,
        open.openLots,
        open.executedLots,
        out,
      );
      return;
    }
    this.#ask(amend.orderId, 'amend', amend.requestId);
    this.#tell(undefined, priceTicks, out, open.preventedLots);
  }

  cancel(cancel: AdmittedCancel, out: Out): void {
    if (this.book.cancel(cancel.orderId, codeOfCancelReason(cancel.reason)) !== DONE) {
      this.#refuseRequest(cancel, 'cancel', 'cancel_rejected', 'order_not_open', 0, 0, 0, out);
      return;
    }
    this.#ask(cancel.orderId, 'cancel', cancel.requestId);
    this.#tell(undefined, 0, out);
  }

  cancelAll(all: AdmittedCancelAll, out: Out): void {
    const reason = codeOfCancelReason(all.reason);
    const orders =
      all.account === 0 ? this.book.cancelEverything(reason) : this.book.cancelAccount(all.account, reason);
    this.#ask(0, 'cancel_all', all.requestId);
    this.#tellAllCancelled(orders, all.account, all.reason, out);
  }

  admin(admin: Admin, correlationId: number, out: Out): void {
    const { action, reason, requestedBy } = admin;
    const before = this.conditions.state;
    this.#ask(0, 'cancel_all', correlationId);
    switch (action) {
      case 'set_market_state':
        this.#setState(admin.marketState ?? 'trading', admin.until, out);
        this.#publishState(before, reason, requestedBy, out);
        return;
      case 'open_auction':
        this.#setState('auction', 0, out);
        this.#publishState(before, reason, requestedBy, out);
        return;
      case 'uncross':
        this.#uncross(reason, requestedBy, out);
        return;
      case 'cancel_all':
        this.#tellAllCancelled(this.book.cancelEverything(CANCEL_ADMIN), 0 as AccountId, 'admin', out);
        return;
      case 'kill_switch':
        this.conditions.set('halted', 0);
        this.#publishState(before, reason, requestedBy, out);
        this.#tellAllCancelled(
          this.book.cancelEverything(CANCEL_HALT_AND_CANCEL),
          0 as AccountId,
          'halt_and_cancel',
          out,
        );
        return;
      case 'set_account_state':
      case 'set_account_limits':
        return;
      default:
        unreachable(action);
    }
  }

  /** What a clock record brings: ends of orders and pauses, the indicative price, the reference. True: the reference changed. */
  tick(nowMicros: number, out: Out): boolean {
    this.#ask(0, 'place', 0);
    if (this.book.expire(nowMicros) > 0) this.#tell(undefined, 0, out);
    const before = this.conditions.state;
    if (this.conditions.endPause(nowMicros)) this.#publishState(before, 'the pause is over', 'clock', out);
    if (this.conditions.collecting) this.#publishIndicative(out);
    if (!this.reference.tick()) return false;
    out.events({
      type: 'reference_price',
      symbol: this.symbol,
      seq: this.#nextSeq(),
      priceTicks: this.reference.priceTicks as PriceTicks,
    });
    return true;
  }

  write(writer: StateWriter): void {
    writer.number(this.#seq);
    writer.text(this.#indicative);
    this.conditions.write(writer);
    this.reference.write(writer);
  }

  read(reader: StateReader): void {
    this.#seq = reader.number();
    this.#indicative = reader.text();
    this.conditions.read(reader);
    this.reference.read(reader);
  }

  #refusalOf(order: NewOrder, place: AdmittedPlace): RejectReason | undefined {
    if (this.conditions.state !== 'trading') {
      const refused = this.conditions.refusesOrder({
        market: order.market,
        immediate: place.timeInForce === 'ioc' || place.timeInForce === 'fok',
        postOnly: order.postOnly,
        crosses: this.book.wouldCross(order.side, order.priceTicks),
      });
      if (refused !== undefined) return refused;
    }
    switch (this.book.place(order)) {
      case DONE:
        return undefined;
      case BOOK_FULL:
        return 'book_full';
      default:
        return 'post_only_would_cross';
    }
  }

  #setState(state: TradingState, until: number, out: Out): void {
    this.conditions.set(state, state === 'halted' ? until : 0);
    if (state === 'auction') {
      this.book.startAuction();
      this.#indicative = '';
    }
    if (state === 'delisted') {
      this.book.cancelEverything(CANCEL_DELISTED);
      this.#tell(undefined, 0, out);
    }
  }

  /** Collect, uncross and what follows are three transitions, so that the fills between them can be told apart. */
  #uncross(reason: string, requestedBy: string, out: Out): void {
    if (!this.conditions.collecting) return;
    this.#publishState(this.conditions.state, reason === '' ? 'uncross' : reason, requestedBy, out);
    this.book.uncross(this.reference.priceTicks);
    this.conditions.endAuction();
    this.#tell(undefined, 0, out);
    this.#publishState('auction', 'the auction is over', requestedBy, out);
  }

  #publishIndicative(out: Out): void {
    const { priceTicks, matchedLots, surplusLots } = this.book.indicative(this.reference.priceTicks);
    const now = `${priceTicks} ${matchedLots} ${surplusLots}`;
    if (now === this.#indicative) return;
    this.#indicative = now;
    out.events({
      type: 'auction_indicative',
      symbol: this.symbol,
      seq: this.#nextSeq(),
      priceTicks: priceTicks as PriceTicks,
      matchedLots: matchedLots as QuantityLots,
      surplusLots: surplusLots as QuantityLots,
    });
  }

  #publishState(previous: TradingState, reason: string, requestedBy: string, out: Out): void {
    out.events({
      type: 'market_state',
      symbol: this.symbol,
      seq: this.#nextSeq(),
      state: this.conditions.state,
      previousState: previous,
      until: this.conditions.until as Micros,
      reason,
      requestedBy,
    });
  }

  #publishConfig(out: Out): void {
    out.events({ ...this.config, seq: this.#nextSeq() });
  }

  #ask(orderId: number, command: CommandKind, requestId: number): void {
    this.#asked.orderId = orderId;
    this.#asked.command = command;
    this.#asked.requestId = requestId;
  }

  /** Everything the book did since the last call, as records. `place`: the order that came in; `limitTicks`: the taker's limit. */
  #tell(place: AdmittedPlace | undefined, limitTicks: number, out: Out, preventedBefore = 0): void {
    const events = this.book.events;
    for (let index = 0; index < events.count; index++) {
      switch (events.kind(index)) {
        case ACCEPTED:
          this.#tellAccepted(place!, events.restingLots(index), out);
          break;
        case TRADE:
          this.#tellTrade(events, index, limitTicks, out);
          break;
        case PREVENTED:
          this.#tellPrevented(events, index, limitTicks, out);
          break;
        case CANCELLED:
          this.#tellCancelled(events, index, out);
          break;
        case AMENDED:
          this.#tellAmended(events, index, preventedBefore, out);
          break;
      }
    }
    events.clear();
  }

  #tellAccepted(place: AdmittedPlace, restingLots: number, out: Out): void {
    out.events({
      type: 'accepted',
      symbol: this.symbol,
      seq: this.#nextSeq(),
      account: place.account,
      orderId: place.orderId,
      side: place.side,
      orderType: place.orderType,
      timeInForce: place.timeInForce,
      postOnly: place.postOnly,
      priceTicks: place.priceTicks,
      quantityLots: place.quantityLots,
      budget: place.budget,
      restingLots: restingLots as QuantityLots,
      expiresAt: place.expiresAt,
    });
  }

  #tellTrade(events: BookEvents, index: number, limitTicks: number, out: Out): void {
    const seq = this.#nextSeq();
    const priceTicks = events.priceTicks(index) as PriceTicks;
    const quantityLots = events.quantityLots(index) as QuantityLots;
    const takerSide = sides[events.side(index)]!;
    const makerSide = sides[events.side(index) ^ 1]!;
    const takerOrderId = events.takerOrderId(index) as OrderId;
    const makerOrderId = events.makerOrderId(index) as OrderId;
    const takerAccount = events.takerAccount(index) as AccountId;
    const makerAccount = events.makerAccount(index) as AccountId;
    const takerOpenLots = events.takerOpenLots(index) as QuantityLots;
    const makerOpenLots = events.makerOpenLots(index) as QuantityLots;
    const takerCumulativeLots = events.takerCumulativeLots(index) as QuantityLots;
    const makerCumulativeLots = events.makerCumulativeLots(index) as QuantityLots;
    const auction = events.inAuction(index);
    this.reference.traded(priceTicks);
    out.events({
      type: 'trade',
      symbol: this.symbol,
      seq,
      priceTicks,
      quantityLots,
      quoteAmount: (priceTicks * quantityLots * this.config.quoteUnitsPerTickLot) as Amount,
      takerSide,
      takerOrderId,
      makerOrderId,
      takerAccount,
      makerAccount,
      takerCumulativeLots,
      takerOpenLots,
      makerCumulativeLots,
      makerOpenLots,
      auction,
    });
    out.fills({
      type: 'execution',
      symbol: this.symbol,
      seq: 0 as Sequence,
      account: takerAccount,
      orderId: takerOrderId,
      tradeId: seq,
      side: takerSide,
      priceTicks,
      quantityLots,
      liquidity: auction ? 'auction' : 'taker',
      cumulativeLots: takerCumulativeLots,
      openPriceTicks: (auction ? this.#limitOf(takerOrderId) : limitTicks) as PriceTicks,
      openLots: takerOpenLots,
    });
    out.fills({
      type: 'execution',
      symbol: this.symbol,
      seq: 0 as Sequence,
      account: makerAccount,
      orderId: makerOrderId,
      tradeId: seq,
      side: makerSide,
      priceTicks,
      quantityLots,
      liquidity: auction ? 'auction' : 'maker',
      cumulativeLots: makerCumulativeLots,
      // Outside an auction a maker trades at its own limit.
      openPriceTicks: (auction ? this.#limitOf(makerOrderId) : priceTicks) as PriceTicks,
      openLots: makerOpenLots,
    });
  }

  #tellPrevented(events: BookEvents, index: number, limitTicks: number, out: Out): void {
    const takerOpenLots = events.takerOpenLots(index) as QuantityLots;
    const makerOpenLots = events.makerOpenLots(index) as QuantityLots;
    const takerOrderId = events.takerOrderId(index) as OrderId;
    const makerOrderId = events.makerOrderId(index) as OrderId;
    const takerAccount = events.takerAccount(index) as AccountId;
    const makerAccount = events.makerAccount(index) as AccountId;
    const priceTicks = events.priceTicks(index) as PriceTicks;
    const mode = events.mode(index);
    out.events({
      type: 'prevented_match',
      symbol: this.symbol,
      seq: this.#nextSeq(),
      takerOrderId,
      makerOrderId,
      takerAccount,
      makerAccount,
      priceTicks,
      quantityLots: events.quantityLots(index) as QuantityLots,
      mode: selfTradeModes[mode]!,
      takerOpenLots,
      makerOpenLots,
    });
    if (mode !== STP_DECREMENT) return;
    const auction = events.inAuction(index);
    if (takerOpenLots > 0) {
      const limit = (auction ? this.#limitOf(takerOrderId) : limitTicks) as PriceTicks;
      const executed = events.takerCumulativeLots(index) as QuantityLots;
      this.#update(
        takerAccount,
        takerOrderId,
        0,
        'prevented',
        'place',
        null,
        null,
        limit,
        takerOpenLots,
        executed,
        out,
      );
    }
    if (makerOpenLots > 0) {
      const limit = (auction ? this.#limitOf(makerOrderId) : priceTicks) as PriceTicks;
      const executed = events.makerCumulativeLots(index) as QuantityLots;
      this.#update(
        makerAccount,
        makerOrderId,
        0,
        'prevented',
        'place',
        null,
        null,
        limit,
        makerOpenLots,
        executed,
        out,
      );
    }
  }

  #tellAllCancelled(orders: number, account: AccountId, reason: CancelReason, out: Out): void {
    this.#tell(undefined, 0, out);
    out.events({ type: 'cancel_all_done', symbol: this.symbol, seq: this.#nextSeq(), account, orders, reason });
  }

  #tellCancelled(events: BookEvents, index: number, out: Out): void {
    const orderId = events.orderId(index) as OrderId;
    const account = events.account(index) as AccountId;
    const executedLots = events.executedLots(index) as QuantityLots;
    const reason = cancelReasonOf(events.reason(index)) satisfies CancelReason;
    out.events({
      type: 'cancelled',
      symbol: this.symbol,
      seq: this.#nextSeq(),
      account,
      orderId,
      side: sides[events.side(index)]!,
      priceTicks: events.orderPriceTicks(index) as PriceTicks,
      cancelledLots: events.orderLots(index) as QuantityLots,
      executedLots,
      wasResting: events.wasResting(index),
      reason,
    });
    const asked = this.#asked.orderId === orderId || this.#asked.command === 'cancel_all';
    this.#update(
      account,
      orderId,
      asked ? this.#asked.requestId : 0,
      reason === 'expired' ? 'expired' : 'cancelled',
      asked ? this.#asked.command : 'place',
      null,
      reason,
      0 as PriceTicks,
      0 as QuantityLots,
      executedLots,
      out,
    );
  }

  #tellAmended(events: BookEvents, index: number, preventedLots: number, out: Out): void {
    const account = events.account(index) as AccountId;
    const orderId = events.orderId(index) as OrderId;
    const priceTicks = events.orderPriceTicks(index) as PriceTicks;
    const quantityLots = events.orderLots(index) as QuantityLots;
    const executedLots = events.executedLots(index) as QuantityLots;
    out.events({
      type: 'amended',
      symbol: this.symbol,
      seq: this.#nextSeq(),
      account,
      orderId,
      side: sides[events.side(index)]!,
      oldPriceTicks: events.oldPriceTicks(index) as PriceTicks,
      oldOpenLots: events.oldOpenLots(index) as QuantityLots,
      priceTicks,
      quantityLots,
      openLots: events.restingLots(index) as QuantityLots,
      keptPriority: events.keptPriority(index),
    });
    // The terms before it trades: its executions follow.
    const openLots = (quantityLots - executedLots - preventedLots) as QuantityLots;
    const { requestId } = this.#asked;
    this.#update(account, orderId, requestId, 'amended', 'amend', null, null, priceTicks, openLots, executedLots, out);
  }

  #refuseRequest(
    request: AdmittedAmend | AdmittedCancel,
    command: CommandKind,
    outcome: OrderOutcome,
    reason: RejectReason,
    openPriceTicks: number,
    openLots: number,
    executedLots: number,
    out: Out,
  ): void {
    const { account, orderId, requestId } = request;
    this.#reject(account, orderId, command, reason, out);
    const price = openPriceTicks as PriceTicks;
    const open = openLots as QuantityLots;
    this.#update(
      account,
      orderId,
      requestId,
      outcome,
      command,
      reason,
      null,
      price,
      open,
      executedLots as QuantityLots,
      out,
    );
  }

  #reject(account: AccountId, orderId: OrderId, command: CommandKind, reason: RejectReason, out: Out): void {
    out.events({
      type: 'rejected',
      symbol: this.symbol,
      seq: this.#nextSeq(),
      account,
      orderId,
      clientOrderId: '',
      command,
      reason,
      stage: 'match',
      asset: 0 as never,
      released: 0 as Amount,
    });
  }

  #update(
    account: AccountId,
    orderId: OrderId,
    requestId: number,
    outcome: OrderOutcome,
    command: CommandKind,
    rejectReason: RejectReason | null,
    cancelReason: CancelReason | null,
    openPriceTicks: PriceTicks,
    openLots: QuantityLots,
    executedLots: QuantityLots,
    out: Out,
  ): void {
    out.fills({
      type: 'order_update',
      symbol: this.symbol,
      seq: 0 as Sequence,
      account,
      orderId,
      requestId,
      outcome,
      command,
      rejectReason,
      cancelReason,
      openPriceTicks,
      openLots,
      executedLots,
    });
  }

  /** An order's own limit; 0 when it is no longer open. */
  #limitOf(orderId: OrderId): number {
    return this.book.find(orderId)?.priceTicks ?? 0;
  }

  #nextSeq(): Sequence {
    this.#seq++;
    return this.#seq as Sequence;
  }
}

function newBook(config: SymbolConfig): OrderBook {
  return new OrderBook({
    openOrdersMax: config.maxRestingOrders,
    quoteUnitsPerTickLot: config.quoteUnitsPerTickLot,
  });
}
