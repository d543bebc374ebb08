import type { Place } from '../../schemas/generated/records.ts';
import type { AccountTable } from './account-table.ts';
import * as table from './account-table.ts';
import { AMENDS_IN_FLIGHT_MAX } from './amends-in-flight.ts';
import type { Balances } from './balances.ts';
import { divCeil } from './fee-arithmetic.ts';
import type { Holds, JudgedOrder } from './holds.ts';
import type { OpenCounts } from './open-counts.ts';
import type { OpenOrders } from './open-orders.ts';
import * as layout from './order-layout.ts';
import type { RejectCode } from './reject-reasons.ts';
import * as rejects from './reject-reasons.ts';
import type { SymbolRules, SymbolTable } from './symbol-rules.ts';

// Constants of this module: the compiler folds those, and loads imported ones at each use.
const {
  FIRST_AMEND,
  HELD,
  OPEN_LOTS,
  PRICE_TICKS,
  TERMS,
  TERMS_BUDGET,
  TERMS_GTD,
  TERMS_MARKET,
  TERMS_POST_ONLY,
  TERMS_RESTS,
  TERMS_SELL,
  TERMS_SYMBOL_SHIFT,
  TOTAL_LOTS,
} = layout;
const {
  ACCOUNT_DISABLED,
  ACCOUNT_NOT_PERMITTED,
  AMOUNT_OVERFLOW,
  BAD_COMBINATION,
  EXPIRY_IN_PAST,
  INSUFFICIENT_FUNDS,
  NO_REFERENCE_PRICE,
  NOTIONAL_OUT_OF_RANGE,
  ORDER_RATE_EXCEEDED,
  OUTSIDE_PRICE_BAND,
  PASSES,
  PRICE_OUT_OF_RANGE,
  QUANTITY_OUT_OF_RANGE,
  TOO_MANY_OPEN_ORDERS,
  UNKNOWN_SYMBOL,
} = rejects;
const { ACTIVE, DISABLED, FIRST_USER_SLOT } = table;

/**
 * Risk's checks of an order and of an amend, in the order of `rejectTable`: the first that fails names the reason. A
 * check changes nothing. What it worked out on the way stands in the fields until the next call.
 *
 * Prices in ticks, quantities in lots, amounts in units of the asset held. 0 is "not given"; a negative number is given,
 * and out of range.
 */
export class JudgeOrders implements JudgedOrder {
  readonly #accounts: AccountTable;
  readonly #balances: Balances;
  readonly #symbols: SymbolTable;
  readonly #orders: OpenOrders;
  readonly #counts: OpenCounts;
  readonly #holds: Holds;

  // Of the last order judged:
  /** Its rules; undefined for an unknown symbol. */
  rules: SymbolRules | undefined = undefined;
  flags = 0;
  priceTicks = 0;
  lots = 0;
  amount = 0;

  constructor(
    accounts: AccountTable,
    balances: Balances,
    symbols: SymbolTable,
    orders: OpenOrders,
    counts: OpenCounts,
    holds: Holds,
  ) {
    this.#accounts = accounts;
    this.#balances = balances;
    this.#symbols = symbols;
    this.#orders = orders;
    this.#counts = counts;
    this.#holds = holds;
  }

  /**
   * Judges a new order of the account in `slot` at log time `nowMicros`. Most are plain limit orders that pass: they are
   * looked over first, and only what is not plain, or fails, goes through the checks one by one.
   */
  place(place: Place, slot: number, nowMicros: number): RejectCode {
    return this.#passesPlainly(place, slot, nowMicros) ? PASSES : this.firstFailure(place, slot, nowMicros);
  }

  /** The checks one by one, in their order. */
  firstFailure(place: Place, slot: number, nowMicros: number): RejectCode {
    const rules = this.#symbols.find(place.symbol);
    this.rules = rules;
    if (rules === undefined) return UNKNOWN_SYMBOL;
    const refused = this.account(slot);
    if (refused !== PASSES) return refused;
    if (!fitsTogether(place) || !rules.allowsSelfTradeMode(place.selfTradeMode)) return BAD_COMBINATION;

    const buy = place.side === 'buy';
    const market = place.orderType === 'market';
    const budget = place.budget;
    const price = place.priceTicks === 0 && market ? rules.protectionPriceTicks(buy) : place.priceTicks;
    let lots: number = place.quantityLots;
    // A sell by budget sells as many whole lots as the worst price makes of it, at most.
    if (budget > 0 && !buy && price > 0) lots = divCeil(budget, price * rules.quoteUnitsPerTickLot);
    if (lots !== 0 && !inRange(lots, rules.minQuantityLots, rules.maxQuantityLots, budget))
      return QUANTITY_OUT_OF_RANGE;
    if (price !== 0 && (price < rules.minPriceTicks || price > rules.maxPriceTicks || price < 0)) {
      return PRICE_OUT_OF_RANGE;
    }
    if (budget !== 0 || price !== 0) {
      const notional = budget === 0 ? price * lots * rules.quoteUnitsPerTickLot : budget;
      if (notional < rules.minNotionalAmount || notional > rules.maxNotionalAmount || notional <= 0) {
        return NOTIONAL_OUT_OF_RANGE;
      }
    }
    const amount = this.#holds.required(rules, !buy, price, lots, buy ? budget : 0);
    if (amount > Number.MAX_SAFE_INTEGER) return AMOUNT_OVERFLOW;
    if (place.expiresAt !== 0 && place.expiresAt <= nowMicros) return EXPIRY_IN_PAST;
    if (price === 0) return NO_REFERENCE_PRICE;
    if (price < rules.bandLowTicks || price > rules.bandHighTicks) return OUTSIDE_PRICE_BAND;
    const rests = place.timeInForce === 'gtc' || place.timeInForce === 'gtd';
    if (rests) {
      const openMax = this.#accounts.openOrdersMaxOf(slot);
      if (openMax > 0 && this.#counts.of(slot, rules.symbol) >= openMax) return TOO_MANY_OPEN_ORDERS;
    }
    if (!this.#accounts.rateAllows(slot, nowMicros)) return ORDER_RATE_EXCEEDED;
    if (this.#balances.available(slot, buy ? rules.quoteAsset : rules.baseAsset) < amount) return INSUFFICIENT_FUNDS;

    this.priceTicks = price;
    this.lots = lots;
    this.amount = amount;
    this.flags =
      (buy ? 0 : TERMS_SELL) |
      (rests ? TERMS_RESTS : 0) |
      (market ? TERMS_MARKET : 0) |
      (place.timeInForce === 'gtd' ? TERMS_GTD : 0) |
      (place.postOnly ? TERMS_POST_ONLY : 0) |
      (budget > 0 ? TERMS_BUDGET : 0);
    return PASSES;
  }

  /**
   * Judges an amend of an open order whose hold, amend included, would be `needed`: price 0 or total 0 keeps the old. A
   * total at or below what is gone from the order only cancels its rest, so no range applies to it;
   * a price below zero is none all the same.
   */
  amend(slot: number, account: number, priceTicks: number, totalLots: number, nowMicros: number): RejectCode {
    const { doubles, integers } = this.#orders;
    const at = slot << 4;
    const terms = integers[(slot << 5) + TERMS]!;
    const rules = this.#symbols.find(terms >> TERMS_SYMBOL_SHIFT)!;
    this.rules = rules;
    if ((terms & TERMS_MARKET) !== 0) return BAD_COMBINATION;
    const price = priceTicks === 0 ? doubles[at + PRICE_TICKS]! : priceTicks;
    const total = totalLots === 0 ? doubles[at + TOTAL_LOTS]! : totalLots;
    const endsIt = total > 0 && total <= doubles[at + TOTAL_LOTS]! - doubles[at + OPEN_LOTS]!;
    if (!endsIt) {
      if (!inRange(total, rules.minQuantityLots, rules.maxQuantityLots, 0)) return QUANTITY_OUT_OF_RANGE;
      if (price < rules.minPriceTicks || price > rules.maxPriceTicks || price < 0) return PRICE_OUT_OF_RANGE;
      const notional = price * total * rules.quoteUnitsPerTickLot;
      if (notional < rules.minNotionalAmount || notional > rules.maxNotionalAmount) return NOTIONAL_OUT_OF_RANGE;
      if ((terms & TERMS_SELL) !== 0 && total * rules.baseUnitsPerLot > Number.MAX_SAFE_INTEGER) return AMOUNT_OVERFLOW;
    } else if (price < 0) return PRICE_OUT_OF_RANGE;
    return this.#amendLimits(slot, account, rules, price, priceTicks, totalLots, nowMicros);
  }

  /** Whether the account may trade or withdraw. */
  account(slot: number): RejectCode {
    if (slot < FIRST_USER_SLOT) return ACCOUNT_NOT_PERMITTED;
    const state = this.#accounts.stateOf(slot);
    if (state === ACTIVE) return PASSES;
    return state === DISABLED ? ACCOUNT_DISABLED : ACCOUNT_NOT_PERMITTED;
  }

  /** Whether it is a limit order without further wishes that passes every check; answers as `firstFailure` would. */
  #passesPlainly(place: Place, slot: number, nowMicros: number): boolean {
    const rules = this.#symbols.find(place.symbol);
    const { timeInForce, priceTicks, quantityLots } = place;
    if (rules === undefined || place.orderType !== 'limit' || timeInForce === 'gtd') return false;
    if (place.postOnly || place.selfTradeMode !== null || place.budget !== 0 || place.expiresAt !== 0) return false;
    if (priceTicks < rules.lowestTicks || priceTicks > rules.highestTicks) return false;
    if (quantityLots < rules.minQuantityLots || quantityLots > rules.maxQuantityLots || quantityLots <= 0) return false;
    const buy = place.side === 'buy';
    const notional = priceTicks * quantityLots * rules.quoteUnitsPerTickLot;
    if (notional < rules.minNotionalAmount || notional > rules.maxNotionalAmount) return false;
    const amount = this.#holds.required(rules, !buy, priceTicks, quantityLots, 0);
    if (amount > Number.MAX_SAFE_INTEGER) return false;
    if (slot < FIRST_USER_SLOT || this.#accounts.stateOf(slot) !== ACTIVE) return false;
    const rests = timeInForce === 'gtc';
    const openMax = rests ? this.#accounts.openOrdersMaxOf(slot) : 0;
    if (openMax > 0 && this.#counts.of(slot, rules.symbol) >= openMax) return false;
    if (!this.#accounts.rateAllows(slot, nowMicros)) return false;
    if (this.#balances.available(slot, buy ? rules.quoteAsset : rules.baseAsset) < amount) return false;
    this.rules = rules;
    this.priceTicks = priceTicks;
    this.lots = quantityLots;
    this.amount = amount;
    this.flags = (buy ? 0 : TERMS_SELL) | (rests ? TERMS_RESTS : 0);
    return true;
  }

  #amendLimits(
    slot: number,
    account: number,
    rules: SymbolRules,
    price: number,
    priceTicks: number,
    totalLots: number,
    nowMicros: number,
  ): RejectCode {
    const { doubles, integers, amends } = this.#orders;
    const first = integers[(slot << 5) + FIRST_AMEND]!;
    // What would be held with this amend in flight: it is put in the list for the question only.
    const list = amends.append(first, 0, priceTicks, totalLots);
    integers[(slot << 5) + FIRST_AMEND] = list;
    const needed = this.#holds.needed(slot, rules);
    integers[(slot << 5) + FIRST_AMEND] = amends.remove(list, amends.find(list, 0));
    if (needed > Number.MAX_SAFE_INTEGER) return AMOUNT_OVERFLOW;
    if (priceTicks !== 0 && (price < rules.bandLowTicks || price > rules.bandHighTicks)) return OUTSIDE_PRICE_BAND;
    if (!this.#accounts.rateAllows(account, nowMicros)) return ORDER_RATE_EXCEEDED;
    if (amends.count(integers[(slot << 5) + FIRST_AMEND]!) >= AMENDS_IN_FLIGHT_MAX) return ORDER_RATE_EXCEEDED;
    const asset = (integers[(slot << 5) + TERMS]! & TERMS_SELL) === 0 ? rules.quoteAsset : rules.baseAsset;
    const more = needed - doubles[(slot << 4) + HELD]!;
    return more > this.#balances.available(account, asset) ? INSUFFICIENT_FUNDS : PASSES;
  }
}

/** Fields that go together. */
function fitsTogether(place: Place): boolean {
  const tif = place.timeInForce;
  const rests = tif === 'gtc' || tif === 'gtd';
  if ((tif === 'gtd') !== (place.expiresAt !== 0)) return false;
  if (place.postOnly && !rests) return false;
  if (place.orderType === 'limit') return place.priceTicks !== 0 && place.quantityLots !== 0 && place.budget === 0;
  return !rests && (place.quantityLots === 0) !== (place.budget === 0);
}

/** A quantity asked for; one that follows from a budget has no minimum beside one lot. */
function inRange(lots: number, min: number, max: number, budget: number): boolean {
  return lots > 0 && lots <= max && (budget !== 0 || lots >= min);
}
