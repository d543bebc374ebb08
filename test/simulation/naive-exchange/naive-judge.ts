/**
 * What the naive exchange knows of one partition of the accounts, and how it judges: every check is one line, in the
 * order of precedence.
 */
import type {
  AccountState,
  Adjust,
  Amend,
  Cancel,
  Deposit,
  FeeConfig,
  Place,
  RejectReason,
  SymbolConfig,
  Withdraw,
} from '../../../schemas/generated/records.ts';
import { NaiveOrderIds } from './naive-ids.ts';
import {
  baseAmount,
  divCeil,
  heldAsset,
  type NaiveBalances,
  type NaiveHeldOrder,
  neededHold,
  notional,
  SAFE_MAX,
} from './naive-money.ts';

interface NaiveAccount {
  state: AccountState;
  tradeGroup: number;
  openOrders: number;
  ordersPerSecond: number;
  seq: number;
  /** Millionths of an order that may be sent. */
  tokens: bigint;
  tokensAt: number;
}

const STATES: readonly AccountState[] = ['active', 'suspended', 'disabled'];
const SELF_TRADE_MODES = ['none', 'cancel_newest', 'cancel_oldest', 'cancel_both', 'decrement'];
export const FIRST_USER = 100;
export const FEES = 2;
const MILLION = 1_000_000n;

export class NaiveJudge {
  readonly partition: number;
  readonly orders: NaiveHeldOrder[] = [];
  protected readonly balances: NaiveBalances;
  protected readonly accounts = new Map<number, NaiveAccount>();
  protected readonly assets = new Set<number>();
  protected readonly symbols = new Map<number, SymbolConfig>();
  protected readonly references = new Map<number, bigint>();
  protected readonly fees: FeeConfig[] = [];
  protected readonly orderIds = new NaiveOrderIds();
  protected limits = { openOrders: 0, ordersPerSecond: 0 };
  protected overall: AccountState = 'active';
  /** Log time. */
  protected now = 0;

  constructor(partition: number, balances: NaiveBalances) {
    this.partition = partition;
    this.balances = balances;
  }

  protected currentFees(schedule: string): FeeConfig | undefined {
    return this.fees.findLast((fees) => fees.schedule === schedule);
  }

  protected account(id: number): NaiveAccount {
    const found = this.accounts.get(id) ?? {
      state: 'active' as const,
      tradeGroup: 0,
      openOrders: 0,
      ordersPerSecond: 0,
      seq: 0,
      tokens: 0n,
      tokensAt: 0,
    };
    this.accounts.set(id, found);
    return found;
  }

  protected barred(id: number): RejectReason | null {
    if (id < FIRST_USER) return 'account_not_permitted';
    const stricter = Math.max(STATES.indexOf(this.account(id).state), STATES.indexOf(this.overall));
    return stricter === 2 ? 'account_disabled' : stricter === 1 ? 'account_not_permitted' : null;
  }

  protected rate(id: number): number {
    return this.account(id).ordersPerSecond || this.limits.ordersPerSecond;
  }

  protected tokens(id: number): bigint {
    const account = this.account(id);
    const full = BigInt(this.rate(id)) * MILLION;
    const filled = account.tokens + BigInt(this.now - account.tokensAt) * BigInt(this.rate(id));
    return filled < full ? filled : full;
  }

  protected rateAllows(id: number): boolean {
    return this.rate(id) === 0 || this.tokens(id) >= MILLION;
  }

  protected takeToken(id: number): void {
    if (this.rate(id) === 0) return;
    const account = this.account(id);
    account.tokens = this.tokens(id) - MILLION;
    account.tokensAt = this.now;
  }

  protected band(config: SymbolConfig): { low: bigint; high: bigint } | null {
    const reference = this.references.get(config.symbol) ?? 0n;
    if (reference === 0n || config.bandPpm === 0) return null;
    const width = (reference * BigInt(config.bandPpm)) / MILLION;
    return { low: reference - width, high: reference + width };
  }

  /** The order a command names: by its id or, without one, by the client's. 0: not remembered. */
  protected named(command: Amend | Cancel): number {
    if (command.orderId !== 0) return command.orderId;
    return this.orderIds.find(command.account, command.clientOrderId, this.now)?.orderId ?? 0;
  }

  protected missing(named: number, order: NaiveHeldOrder | undefined, command: Amend | Cancel): RejectReason | null {
    if (order !== undefined && order.account === command.account) {
      return command.symbol !== 0 && command.symbol !== order.config.symbol ? 'unknown_order' : null;
    }
    return this.orderIds.knows(command.account, named, this.now) ? 'order_not_open' : 'unknown_order';
  }

  protected judgeTransfer(record: Deposit | Withdraw | Adjust, amount: bigint): RejectReason | null {
    if (!this.assets.has(record.asset)) return 'unknown_symbol';
    if (record.type === 'withdraw') {
      const barred = this.barred(record.account);
      if (barred !== null) return barred;
    }
    if (record.account < FIRST_USER && !(record.type === 'adjust' && record.account === FEES))
      return 'account_not_permitted';
    if (record.type === 'adjust' ? amount === 0n : record.amount <= 0) return 'quantity_out_of_range';
    if (amount > 0n && this.balances.supply(this.partition, record.asset) + amount > this.balances.supplyMax())
      return 'amount_overflow';
    const { available } = this.balances.of(this.partition, record.account, record.asset);
    return amount < 0n && available + amount < 0n ? 'insufficient_funds' : null;
  }

  protected judgePlace(
    place: Place,
    config: SymbolConfig,
    fees: FeeConfig,
  ): RejectReason | { order: NaiveHeldOrder; hold: bigint } {
    const barred = this.barred(place.account);
    if (barred !== null) return barred;
    if (!fitsTogether(place)) return 'bad_combination';
    const mode = place.selfTradeMode ?? config.defaultSelfTradeMode;
    const allowed = (config.allowedSelfTradeModes >> SELF_TRADE_MODES.indexOf(mode)) % 2 === 1;
    if (mode !== config.defaultSelfTradeMode && !allowed) return 'bad_combination';
    const buys = place.side === 'buy';
    const budget = BigInt(place.budget);
    const band = this.band(config);
    let price = BigInt(place.priceTicks);
    if (price === 0n && place.orderType === 'market' && band !== null) price = protectionPrice(buys, band, config);
    let lots = BigInt(place.quantityLots);
    if (budget > 0n && !buys && price > 0n) lots = divCeil(budget, notional(config, price, 1n));
    if (lots !== 0n && (lots < 1n || lots > most(config.maxQuantityLots))) return 'quantity_out_of_range';
    if (lots !== 0n && budget === 0n && lots < BigInt(config.minQuantityLots)) return 'quantity_out_of_range';
    if (price !== 0n && (price < 1n || !priceInRange(price, config))) return 'price_out_of_range';
    if (budget !== 0n || price !== 0n) {
      const worth = budget === 0n ? notional(config, price, lots) : budget;
      if (worth <= 0n || !worthInRange(worth, config)) return 'notional_out_of_range';
    }
    const order: NaiveHeldOrder = {
      orderId: 0,
      clientOrderId: place.clientOrderId,
      account: place.account,
      config,
      side: place.side,
      orderType: place.orderType,
      timeInForce: place.timeInForce,
      postOnly: place.postOnly,
      expiresAt: place.expiresAt,
      fees,
      byBudget: budget > 0n,
      budgetLeft: buys && budget > 0n ? budget : null,
      price,
      total: lots,
      open: buys && budget > 0n ? 1n : lots,
      executed: 0n,
      executedQuote: 0n,
      feeNumerator: 0n,
      held: 0n,
      asked: null,
    };
    const hold = neededHold(order);
    if (hold > SAFE_MAX) return 'amount_overflow';
    if (place.expiresAt !== 0 && place.expiresAt <= this.now) return 'expiry_in_past';
    if (price === 0n) return 'no_reference_price';
    if (band !== null && (price < band.low || price > band.high)) return 'outside_price_band';
    if (rests(place.timeInForce)) {
      const openMax = this.account(place.account).openOrders || this.limits.openOrders;
      const open = this.orders.filter(
        (other) => other.account === place.account && other.config.symbol === place.symbol && rests(other.timeInForce),
      );
      if (openMax > 0 && open.length >= openMax) return 'too_many_open_orders';
    }
    if (!this.rateAllows(place.account)) return 'order_rate_exceeded';
    if (this.balances.of(this.partition, place.account, heldAsset(order)).available < hold) return 'insufficient_funds';
    return { order: { ...order, held: hold }, hold };
  }

  protected judgeAmend(amend: Amend, named: number, order: NaiveHeldOrder | undefined): RejectReason | null {
    const barred = this.barred(amend.account);
    if (barred !== null) return barred;
    if (amend.priceTicks === 0 && amend.quantityLots === 0) return 'bad_combination';
    const missing = this.missing(named, order, amend);
    if (missing !== null || order === undefined) return missing;
    if (order.orderType === 'market') return 'bad_combination';
    const { config } = order;
    const { price, total } = askedTerms(amend, order);
    const gone = order.total - order.open;
    // A total that is gone already only ends the order: no range applies to it.
    if (!(total > 0n && total <= gone)) {
      if (total < 1n || total < BigInt(config.minQuantityLots) || total > most(config.maxQuantityLots))
        return 'quantity_out_of_range';
      if (price < 1n || !priceInRange(price, config)) return 'price_out_of_range';
      if (!worthInRange(notional(config, price, total), config)) return 'notional_out_of_range';
      if (order.side === 'sell' && baseAmount(config, total) > SAFE_MAX) return 'amount_overflow';
    } else if (price < 0n) return 'price_out_of_range';
    const needed = neededHold({ ...order, asked: { price, total } });
    if (needed > SAFE_MAX) return 'amount_overflow';
    const band = this.band(config);
    if (amend.priceTicks !== 0 && band !== null && (price < band.low || price > band.high)) return 'outside_price_band';
    if (!this.rateAllows(order.account)) return 'order_rate_exceeded';
    const { available } = this.balances.of(this.partition, order.account, heldAsset(order));
    return needed - order.held > available ? 'insufficient_funds' : null;
  }
}

export function rests(timeInForce: Place['timeInForce']): boolean {
  return timeInForce === 'gtc' || timeInForce === 'gtd';
}

function fitsTogether(place: Place): boolean {
  if ((place.timeInForce === 'gtd') !== (place.expiresAt !== 0)) return false;
  if (place.postOnly && (place.orderType === 'market' || !rests(place.timeInForce))) return false;
  if (place.orderType === 'limit') return place.priceTicks !== 0 && place.quantityLots !== 0 && place.budget === 0;
  if (rests(place.timeInForce)) return false;
  return (place.quantityLots !== 0) !== (place.budget !== 0);
}

function most(limit: number): bigint {
  return limit === 0 ? SAFE_MAX : BigInt(limit);
}

function priceInRange(price: bigint, config: SymbolConfig): boolean {
  return price >= BigInt(config.minPriceTicks) && price <= most(config.maxPriceTicks);
}

function worthInRange(worth: bigint, config: SymbolConfig): boolean {
  return worth >= BigInt(config.minNotionalAmount) && worth <= most(config.maxNotionalAmount);
}

/** The edge of the band against the client, within the static range. */
function protectionPrice(buys: boolean, band: { low: bigint; high: bigint }, config: SymbolConfig): bigint {
  if (buys) return smallerOf(band.high, most(config.maxPriceTicks));
  const lowest = BigInt(config.minPriceTicks);
  return band.low < lowest ? lowest : band.low;
}

export function askedTerms(amend: Amend, order: NaiveHeldOrder): { price: bigint; total: bigint } {
  return {
    price: amend.priceTicks === 0 ? order.price : BigInt(amend.priceTicks),
    total: amend.quantityLots === 0 ? order.total : BigInt(amend.quantityLots),
  };
}

function smallerOf(left: bigint, right: bigint): bigint {
  return left < right ? left : right;
}
