import type {
  AccountId,
  AccountState,
  AnyRecord,
  AssetId,
  CancelReason,
  Fill,
  Hold,
  OrderId,
  RejectReason,
  SymbolId,
} from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import type { MemoryReader, MemoryWriter } from './memory-bytes.ts';

/** Orders of an account kept after their end, so that whoever asks again is told how they ended. */
const ENDED_MAX = 50;
/** Fills of an account kept for whoever asks what just traded; older ones are in history. */
const FILLS_MAX = 100;

export interface OrderView {
  readonly orderId: OrderId;
  readonly clientOrderId: string;
  readonly symbol: SymbolId;
  readonly side: Hold['side'];
  readonly orderType: Hold['orderType'];
  readonly timeInForce: Hold['timeInForce'];
  readonly postOnly: boolean;
  priceTicks: number;
  quantityLots: number;
  readonly budget: number;
  readonly expiresAt: number;
  executedLots: number;
  /** Quote units of all fills. */
  executedQuote: number;
  /** Units of `feeAsset`; negative is a rebate. */
  feePaid: number;
  /** 0 before the first fill. */
  feeAsset: number;
  status: 'open' | 'filled' | 'cancelled' | 'rejected';
  /** Why it ended without being filled; empty otherwise. */
  reason: CancelReason | RejectReason | '';
  readonly placedAtMicros: number;
  updatedAtMicros: number;
}

/** A fill as the log has it, with when and by which command. */
interface KeptFill {
  readonly record: Fill;
  readonly timeMicros: number;
  readonly correlationId: number;
}

export interface BalanceView {
  available: number;
  hold: number;
}

/** What an account may see of itself, folded from the durable accounts log. */
export class AccountView {
  readonly account: AccountId;
  /** Of the last record of this account. */
  seq = 0;
  state: AccountState = 'active';
  readonly balances = new Map<AssetId, BalanceView>();
  readonly #open = new Map<OrderId, OrderView>();
  #ended: OrderView[] = [];
  /** Oldest first. */
  #fills: KeptFill[] = [];

  constructor(account: AccountId) {
    this.account = account;
  }

  /** `correlationId`: position of the command that the record came of. */
  apply(record: AnyRecord, timeMicros: number, correlationId: number): void {
    this.seq = record.seq;
    switch (record.type) {
      case 'balance_change':
        this.#balance(record.asset).available += record.amount;
        return;
      case 'hold':
        this.#move(record.asset, record.amount);
        if (record.command === 'place') this.#placed(record, timeMicros);
        return;
      case 'release':
        this.#move(record.asset, -record.amount);
        if (record.openLots === 0) this.#end(record.orderId, 'cancelled', record.reason ?? '', timeMicros);
        return;
      case 'order_amended':
        this.#move(record.asset, -record.released);
        this.#amended(record, timeMicros);
        return;
      case 'rejected':
        if (record.released > 0) this.#move(record.asset, -record.released);
        // One that risk refused was never placed; one that match refused had its hold.
        if (record.command === 'place') this.#end(record.orderId, 'rejected', record.reason, timeMicros);
        return;
      case 'fill':
        this.#filled(record, timeMicros);
        this.#fills.push({ record, timeMicros, correlationId });
        if (this.#fills.length >= FILLS_MAX * 2) this.#fills = this.#fills.slice(-FILLS_MAX);
        return;
      case 'account_changed':
        this.state = record.state;
        return;
    }
  }

  /** In order of placement. */
  openOrders(): OrderView[] {
    return [...this.#open.values()];
  }

  /** Open, or ended not long ago. */
  order(find: { readonly orderId?: number; readonly clientOrderId?: string }): OrderView | undefined {
    const { orderId, clientOrderId } = find;
    if (orderId !== undefined) {
      return this.#open.get(orderId as OrderId) ?? this.endedOrders().findLast((order) => order.orderId === orderId);
    }
    const named = (order: OrderView) => order.clientOrderId === clientOrderId;
    return this.openOrders().find(named) ?? this.endedOrders().findLast(named);
  }

  /** Those that are remembered, the one that ended first before the others. */
  endedOrders(): readonly OrderView[] {
    return this.#ended.slice(-ENDED_MAX);
  }

  /** Newest first. */
  fills(count: number) {
    return this.#fills
      .slice(-Math.min(count, FILLS_MAX))
      .reverse()
      .map(({ record, timeMicros, correlationId }) => ({
        seq: record.seq,
        tradeId: record.tradeId,
        orderId: record.orderId,
        clientOrderId: record.clientOrderId,
        symbol: record.symbol,
        side: record.side,
        liquidity: record.liquidity,
        priceTicks: record.priceTicks,
        quantityLots: record.quantityLots,
        quoteAmount: record.quoteAmount,
        feeAsset: record.feeAsset,
        fee: record.fee,
        feeVersion: record.feeVersion,
        cumulativeLots: record.cumulativeLots,
        cumulativeQuoteAmount: record.cumulativeQuoteAmount,
        openLots: record.openLots,
        timeMicros,
        correlationId,
      }));
  }

  write(writer: MemoryWriter): void {
    writer.number(this.account);
    writer.number(this.seq);
    writer.text(this.state);
    writer.number(this.balances.size);
    for (const [asset, { available, hold }] of this.balances) {
      writer.number(asset);
      writer.number(available);
      writer.number(hold);
    }
    writer.number(this.#open.size);
    for (const order of this.#open.values()) writeOrder(order, writer);
    const ended = this.endedOrders();
    writer.number(ended.length);
    for (const order of ended) writeOrder(order, writer);
    const fills = this.#fills.slice(-FILLS_MAX);
    writer.number(fills.length);
    for (const { record, timeMicros, correlationId } of fills) {
      writer.record(record);
      writer.number(timeMicros);
      writer.number(correlationId);
    }
  }

  static read(reader: MemoryReader): AccountView {
    const view = new AccountView(reader.number() as AccountId);
    view.seq = reader.number();
    view.state = reader.text() as AccountState;
    for (const [asset, available, hold] of reader.list(() => [reader.number(), reader.number(), reader.number()])) {
      view.balances.set(asset as AssetId, { available: available!, hold: hold! });
    }
    for (const order of reader.list(() => readOrder(reader))) view.#open.set(order.orderId, order);
    view.#ended = reader.list(() => readOrder(reader));
    view.#fills = reader.list(() => ({
      record: reader.record<Fill>(),
      timeMicros: reader.number(),
      correlationId: reader.number(),
    }));
    return view;
  }

  #placed(record: Hold, timeMicros: number): void {
    this.#open.set(record.orderId, {
      orderId: record.orderId,
      clientOrderId: record.clientOrderId,
      symbol: record.symbol,
      side: record.side,
      orderType: record.orderType,
      timeInForce: record.timeInForce,
      postOnly: record.postOnly,
      priceTicks: record.priceTicks,
      quantityLots: record.quantityLots,
      budget: record.budget,
      expiresAt: record.expiresAt,
      executedLots: 0,
      executedQuote: 0,
      feePaid: 0,
      feeAsset: 0,
      status: 'open',
      reason: '',
      placedAtMicros: timeMicros,
      updatedAtMicros: timeMicros,
    });
  }

  #amended(
    { orderId, priceTicks, quantityLots }: Extract<AnyRecord, { type: 'order_amended' }>,
    timeMicros: number,
  ): void {
    const order = this.#open.get(orderId);
    if (!order) return;
    order.priceTicks = priceTicks;
    order.quantityLots = quantityLots;
    order.updatedAtMicros = timeMicros;
  }

  #filled(fill: Fill, timeMicros: number): void {
    const [held, got, amount] =
      fill.side === 'buy'
        ? [fill.quoteAsset, fill.baseAsset, fill.baseAmount]
        : [fill.baseAsset, fill.quoteAsset, fill.quoteAmount];
    // `holdConsumed` has the fee in it where the fee is paid in what was held.
    const paid = this.#balance(held);
    paid.hold -= fill.holdConsumed + fill.released;
    paid.available += fill.released;
    this.#balance(got).available += amount - (fill.feeAsset === got ? fill.fee : 0);
    const order = this.#open.get(fill.orderId);
    if (!order) return;
    order.executedLots = fill.cumulativeLots;
    order.executedQuote = fill.cumulativeQuoteAmount;
    order.feePaid += fill.fee;
    order.feeAsset = fill.feeAsset;
    order.updatedAtMicros = timeMicros;
    if (fill.openLots === 0) this.#end(fill.orderId, 'filled', '', timeMicros);
  }

  #end(orderId: OrderId, status: OrderView['status'], reason: OrderView['reason'], timeMicros: number): void {
    const order = this.#open.get(orderId);
    if (!order) return;
    this.#open.delete(orderId);
    order.status = status;
    order.reason = reason;
    order.updatedAtMicros = timeMicros;
    this.#ended.push(order);
    if (this.#ended.length >= ENDED_MAX * 2) this.#ended = this.#ended.slice(-ENDED_MAX);
  }

  #move(asset: AssetId, amount: number): void {
    const balance = this.#balance(asset);
    balance.available -= amount;
    balance.hold += amount;
  }

  #balance(asset: AssetId): BalanceView {
    let balance = this.balances.get(asset);
    if (!balance) {
      balance = { available: 0, hold: 0 };
      this.balances.set(asset, balance);
    }
    return balance;
  }
}

const { Side, OrderType, TimeInForce } = enumSymbols;
const statuses = ['open', 'filled', 'cancelled', 'rejected'] as const;

function writeOrder(order: OrderView, writer: MemoryWriter): void {
  writer.number(order.orderId);
  writer.text(order.clientOrderId);
  writer.number(order.symbol);
  writer.number(Side.indexOf(order.side));
  writer.number(OrderType.indexOf(order.orderType));
  writer.number(TimeInForce.indexOf(order.timeInForce));
  writer.number(order.postOnly ? 1 : 0);
  writer.number(order.priceTicks);
  writer.number(order.quantityLots);
  writer.number(order.budget);
  writer.number(order.expiresAt);
  writer.number(order.executedLots);
  writer.number(order.executedQuote);
  writer.number(order.feePaid);
  writer.number(order.feeAsset);
  writer.number(statuses.indexOf(order.status));
  writer.text(order.reason);
  writer.number(order.placedAtMicros);
  writer.number(order.updatedAtMicros);
}

/** Fields in the order in which they were written. */
function readOrder(reader: MemoryReader): OrderView {
  return {
    orderId: reader.number() as OrderId,
    clientOrderId: reader.text(),
    symbol: reader.number() as SymbolId,
    side: Side[reader.number()]!,
    orderType: OrderType[reader.number()]!,
    timeInForce: TimeInForce[reader.number()]!,
    postOnly: reader.number() === 1,
    priceTicks: reader.number(),
    quantityLots: reader.number(),
    budget: reader.number(),
    expiresAt: reader.number(),
    executedLots: reader.number(),
    executedQuote: reader.number(),
    feePaid: reader.number(),
    feeAsset: reader.number(),
    status: statuses[reader.number()]!,
    reason: reader.text() as OrderView['reason'],
    placedAtMicros: reader.number(),
    updatedAtMicros: reader.number(),
  };
}
