import type {
  AccountId,
  Amount,
  AssetId,
  CancelReason,
  CommandKind,
  Execution,
  Fill,
  Hold,
  Micros,
  OrderAmended,
  OrderId,
  Place,
  PriceTicks,
  QuantityLots,
  Rejected,
  RejectReason,
  RejectStage,
  Release,
  Sequence,
  SymbolId,
} from '../../schemas/generated/records.ts';
import {
  ACCOUNT,
  EXECUTED_LOTS,
  EXECUTED_QUOTE,
  EXPIRES_AT,
  FEE_INDEX,
  OPEN_LOTS,
  ORDER_ID,
  PRICE_TICKS,
  TERMS,
  TERMS_GTD,
  TERMS_POST_ONLY,
  TERMS_SELL,
  TERMS_SYMBOL_SHIFT,
  TOTAL_LOTS,
} from './order-layout.ts';
import type { RiskState } from './risk-state.ts';

/**
 * The events that risk tells of an account. Each takes the account's next number, so it is built once, when it is told.
 * Amounts are those of the last call of `holds`.
 */
export class RiskEvents {
  readonly #state: RiskState;

  constructor(state: RiskState) {
    this.#state = state;
  }

  /** A new order was admitted. */
  held(place: Place, orderId: OrderId, account: number, feeVersion: number): Hold {
    const { accounts, holds, judge } = this.#state;
    return {
      type: 'hold',
      symbol: place.symbol,
      seq: accounts.nextSequence(account) as Sequence,
      account: place.account,
      orderId,
      clientOrderId: place.clientOrderId,
      asset: holds.asset as AssetId,
      amount: judge.amount as Amount,
      side: place.side,
      orderType: place.orderType,
      timeInForce: place.timeInForce,
      postOnly: place.postOnly,
      priceTicks: judge.priceTicks as PriceTicks,
      quantityLots: judge.lots as QuantityLots,
      budget: place.budget,
      expiresAt: place.expiresAt,
      feeVersion,
      command: 'place',
    };
  }

  /** An amend asked for `amount` more; price and total are those asked for. */
  heldMore(slot: number, amount: number, priceTicks: number, totalLots: number): Hold {
    const { accounts, holds, orders } = this.#state;
    const { doubles, integers } = orders;
    const at = slot << 4;
    const account = integers[(slot << 5) + ACCOUNT]!;
    const terms = integers[(slot << 5) + TERMS]!;
    return {
      type: 'hold',
      symbol: (terms >> TERMS_SYMBOL_SHIFT) as SymbolId,
      seq: accounts.nextSequence(account) as Sequence,
      account: accounts.idOf(account) as AccountId,
      orderId: doubles[at + ORDER_ID] as OrderId,
      clientOrderId: orders.clientOrderIds[slot]!,
      asset: holds.asset as AssetId,
      amount: amount as Amount,
      side: (terms & TERMS_SELL) === 0 ? 'buy' : 'sell',
      orderType: 'limit',
      timeInForce: (terms & TERMS_GTD) === 0 ? 'gtc' : 'gtd',
      postOnly: (terms & TERMS_POST_ONLY) !== 0,
      priceTicks: (priceTicks || doubles[at + PRICE_TICKS]!) as PriceTicks,
      quantityLots: (totalLots || doubles[at + TOTAL_LOTS]!) as QuantityLots,
      budget: 0 as Amount,
      expiresAt: doubles[at + EXPIRES_AT] as Micros,
      feeVersion: this.#feeVersion(slot),
      command: 'amend',
    };
  }

  /** One side of a trade. To be built before the order may be forgotten. */
  filled(execution: Execution, slot: number): Fill {
    const { accounts, holds, orders, symbols } = this.#state;
    const rules = symbols.find(execution.symbol)!;
    return {
      type: 'fill',
      symbol: execution.symbol,
      seq: accounts.nextSequence(orders.integers[(slot << 5) + ACCOUNT]!) as Sequence,
      account: execution.account,
      orderId: execution.orderId,
      clientOrderId: orders.clientOrderIds[slot]!,
      tradeId: execution.tradeId,
      side: execution.side,
      liquidity: execution.liquidity,
      priceTicks: execution.priceTicks,
      quantityLots: execution.quantityLots,
      baseAsset: rules.baseAsset as AssetId,
      quoteAsset: rules.quoteAsset as AssetId,
      baseAmount: holds.baseAmount as Amount,
      quoteAmount: holds.quoteAmount as Amount,
      feeAsset: holds.feeAsset as AssetId,
      fee: holds.fee as Amount,
      feeVersion: this.#feeVersion(slot),
      holdConsumed: holds.consumed as Amount,
      released: holds.released as Amount,
      cumulativeLots: execution.cumulativeLots,
      openLots: execution.openLots,
      cumulativeQuoteAmount: orders.doubles[(slot << 4) + EXECUTED_QUOTE] as Amount,
    };
  }

  /** Hold came free without a trade. */
  released(slot: number, reason: CancelReason | null): Release {
    const { accounts, holds, orders } = this.#state;
    const { doubles, integers } = orders;
    const at = slot << 4;
    const account = integers[(slot << 5) + ACCOUNT]!;
    return {
      type: 'release',
      symbol: (integers[(slot << 5) + TERMS]! >> TERMS_SYMBOL_SHIFT) as SymbolId,
      seq: accounts.nextSequence(account) as Sequence,
      account: accounts.idOf(account) as AccountId,
      orderId: doubles[at + ORDER_ID] as OrderId,
      clientOrderId: orders.clientOrderIds[slot]!,
      asset: holds.asset as AssetId,
      amount: holds.released as Amount,
      reason,
      executedLots: doubles[at + EXECUTED_LOTS] as QuantityLots,
      openLots: doubles[at + OPEN_LOTS] as QuantityLots,
    };
  }

  /** An amend took effect. */
  amended(slot: number): OrderAmended {
    const { accounts, holds, orders } = this.#state;
    const { doubles, integers } = orders;
    const at = slot << 4;
    const account = integers[(slot << 5) + ACCOUNT]!;
    return {
      type: 'order_amended',
      symbol: (integers[(slot << 5) + TERMS]! >> TERMS_SYMBOL_SHIFT) as SymbolId,
      seq: accounts.nextSequence(account) as Sequence,
      account: accounts.idOf(account) as AccountId,
      orderId: doubles[at + ORDER_ID] as OrderId,
      clientOrderId: orders.clientOrderIds[slot]!,
      priceTicks: doubles[at + PRICE_TICKS] as PriceTicks,
      quantityLots: doubles[at + TOTAL_LOTS] as QuantityLots,
      openLots: doubles[at + OPEN_LOTS] as QuantityLots,
      asset: holds.asset as AssetId,
      released: holds.released as Amount,
    };
  }

  /** A command was refused; `asset` and `released` are 0 unless a hold came free by it. */
  rejected(
    account: number,
    symbol: number,
    orderId: number,
    clientOrderId: string,
    command: CommandKind,
    reason: RejectReason,
    stage: RejectStage,
    asset: number,
    released: number,
  ): Rejected {
    const { accounts } = this.#state;
    return {
      type: 'rejected',
      symbol: symbol as SymbolId,
      seq: accounts.nextSequence(account) as Sequence,
      account: accounts.idOf(account) as AccountId,
      orderId: orderId as OrderId,
      clientOrderId,
      command,
      reason,
      stage,
      asset: asset as AssetId,
      released: released as Amount,
    };
  }

  #feeVersion(slot: number): number {
    return this.#state.fees.versions[this.#state.orders.integers[(slot << 5) + FEE_INDEX]!]!.version;
  }
}
