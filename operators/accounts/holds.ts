import { assert } from '../../schemas/assert.ts';
import type { Place } from '../../schemas/generated/records.ts';
import type { AccountTable } from './account-table.ts';
import { FIRST_USER_SLOT, systemSlots } from './account-table.ts';
import type { Balances } from './balances.ts';
import * as arithmetic from './fee-arithmetic.ts';
import type { FeeSchedules } from './fee-schedules.ts';
import type { OpenCounts } from './open-counts.ts';
import type { OpenOrders } from './open-orders.ts';
import * as layout from './order-layout.ts';
import type { SymbolRules, SymbolTable } from './symbol-rules.ts';

// Constants of this module: the compiler folds those, and loads imported ones at each use.
const {
  ACCOUNT,
  BUDGET_REST,
  EXECUTED_LOTS,
  EXECUTED_QUOTE,
  EXPIRES_AT,
  FEE_INDEX,
  FEE_REST,
  FEE_WHOLE,
  FIRST_AMEND,
  HELD,
  HELD_ASSET,
  OPEN_LOTS,
  ORDER_ID,
  PRICE_TICKS,
  REQUESTS,
  TERMS,
  TERMS_BUDGET,
  TERMS_ENDED,
  TERMS_RESTS,
  TERMS_SELL,
  TERMS_SYMBOL_SHIFT,
  TOTAL_LOTS,
  VALID_UNTIL,
} = layout;
const { PPM, wholeMillions, worstFee } = arithmetic;
const { clearing: CLEARING, fees: FEES } = systemSlots;

/** What judging an order worked out. */
export interface JudgedOrder {
  readonly rules: SymbolRules | undefined;
  /** Flags of its terms. */
  readonly flags: number;
  /** Limit, or worst price of a market order. */
  readonly priceTicks: number;
  /** Ordered, or what a sell by budget may sell; 0 for a buy by budget. */
  readonly lots: number;
  /** What is to be held. */
  readonly amount: number;
}

/**
 * The money side of orders: what is held for them, what their trades move, what comes free.
 *
 * **One rule**: the hold of an order is computed from its open terms, anew at every change, never adjusted. A sell holds
 * the base of its open lots (by budget: of all that it may still sell). A buy holds its open notional (or the rest of
 * its budget) and the worst fee that this can still cost: ceil(fee so far + notional x worst rate) - fee charged so far.
 * So after the last fill or cancel the hold is exactly zero, and a fill can never find too little: a trade at or below
 * the limit, at or below the worst rate, takes at most what the rule gives up (shown by the property test).
 *
 * **Amends in flight.** Until match answers, a fill may come on the old terms or on the new ones. With one amend in
 * flight the hold covers the larger of both; where the new terms ask for more lots at a lower price, the old lots at the
 * old price and the further ones at the new. With several it covers the highest price times the most lots among them.
 *
 * The results of a call stand in the fields below until the next one: nothing is allocated here.
 */
export class Holds {
  readonly #accounts: AccountTable;
  readonly #balances: Balances;
  readonly #symbols: SymbolTable;
  readonly #fees: FeeSchedules;
  readonly #orders: OpenOrders;
  readonly #counts: OpenCounts;

  /** Asset in which the order holds. */
  asset = 0;
  /** What went back from held to available. */
  released = 0;
  // Of the last trade:
  baseAmount = 0;
  quoteAmount = 0;
  /** Charged to the account; negative is a rebate. */
  fee = 0;
  feeAsset = 0;
  /** What left the hold for good. */
  consumed = 0;

  constructor(
    accounts: AccountTable,
    balances: Balances,
    symbols: SymbolTable,
    fees: FeeSchedules,
    orders: OpenOrders,
    counts: OpenCounts,
  ) {
    this.#accounts = accounts;
    this.#balances = balances;
    this.#symbols = symbols;
    this.#fees = fees;
    this.#orders = orders;
    this.#counts = counts;
  }

  /**
   * What a new order needs: for a sell base units, for a buy quote units with the worst fee. May be more than 2^53 - 1,
   * and is then not exact: the caller refuses it.
   */
  required(rules: SymbolRules, sell: boolean, priceTicks: number, lots: number, budget: number): number {
    if (sell) return lots * rules.baseUnitsPerLot;
    const notional = budget > 0 ? budget : priceTicks * lots * rules.quoteUnitsPerTickLot;
    if (notional > Number.MAX_SAFE_INTEGER) return notional;
    const fees = this.#fees.versions[rules.feeIndex]!;
    return fees.inReceived ? notional : notional + worstFee(notional, fees.worstPpm, 0);
  }

  /** Takes the hold of a new order of the account in slot `account`, which was judged before. Returns its slot. */
  open(orderId: number, account: number, place: Place, judged: JudgedOrder): number {
    const { clientOrderId, budget, expiresAt } = place;
    const { flags, priceTicks, lots, amount } = judged;
    const rules = judged.rules!;
    const orders = this.#orders;
    const slot = orders.add(orderId, clientOrderId);
    const doubles = orders.doubles;
    const at = slot << 4;
    doubles[at + PRICE_TICKS] = priceTicks;
    doubles[at + TOTAL_LOTS] = lots;
    doubles[at + OPEN_LOTS] = lots || 1;
    doubles[at + BUDGET_REST] = (flags & TERMS_SELL) === 0 ? budget : 0;
    doubles[at + EXECUTED_LOTS] = 0;
    doubles[at + EXECUTED_QUOTE] = 0;
    doubles[at + FEE_WHOLE] = 0;
    doubles[at + FEE_REST] = 0;
    doubles[at + HELD] = amount;
    doubles[at + EXPIRES_AT] = expiresAt;
    doubles[at + VALID_UNTIL] = clientOrderId === '' ? Number.MAX_SAFE_INTEGER : place.validUntil;
    const integers = orders.integers;
    const integersAt = slot << 5;
    integers[integersAt + ACCOUNT] = account;
    integers[integersAt + TERMS] = flags | (rules.symbol << TERMS_SYMBOL_SHIFT);
    integers[integersAt + FEE_INDEX] = rules.feeIndex;
    integers[integersAt + REQUESTS] = 0;
    const asset = (flags & TERMS_SELL) === 0 ? rules.quoteAsset : rules.baseAsset;
    integers[integersAt + HELD_ASSET] = asset;
    this.asset = asset;
    this.#balances.hold(account, asset, amount);
    if ((flags & TERMS_RESTS) !== 0) this.#counts.add(account, rules.symbol, 1);
    return slot;
  }

  /**
   * One side of a trade: moves the exact amounts, charges the difference of the rounded-up cumulative fee, recomputes
   * the hold from the open terms and releases what is over. An order left without open lots has ended.
   */
  trade(
    slot: number,
    maker: boolean,
    priceTicks: number,
    lots: number,
    openPriceTicks: number,
    openLots: number,
  ): void {
    const doubles = this.#orders.doubles;
    const integers = this.#orders.integers;
    const at = slot << 4;
    const integersAt = slot << 5;
    const terms = integers[integersAt + TERMS]!;
    const rules = this.#symbols.find(terms >> TERMS_SYMBOL_SHIFT)!;
    const fees = this.#fees.versions[integers[integersAt + FEE_INDEX]!]!;
    const base = lots * rules.baseUnitsPerLot;
    const quote = priceTicks * lots * rules.quoteUnitsPerTickLot;
    const sell = (terms & TERMS_SELL) !== 0;
    const inBase = !sell && fees.inReceived;
    const fee = this.#charge(at, inBase ? base : quote, maker ? fees.makerPpm : fees.takerPpm);
    const consumed = sell ? base : inBase ? quote : quote + fee;

    doubles[at + EXECUTED_LOTS]! += lots;
    doubles[at + EXECUTED_QUOTE]! += quote;
    doubles[at + OPEN_LOTS] = openLots;
    if (openPriceTicks > 0) doubles[at + PRICE_TICKS] = openPriceTicks;
    if ((terms & TERMS_BUDGET) !== 0 && !sell) doubles[at + BUDGET_REST]! -= quote;
    const before = doubles[at + HELD]!;
    const after = openLots > 0 ? this.#needed(slot, terms, rules) : 0;
    const released = before - consumed - after;
    assert(released >= 0, 'a trade takes no more than is held for it');
    doubles[at + HELD] = after;

    const { pairs, width } = this.#balances;
    const { quoteAsset, baseAsset } = rules;
    const feeAsset = inBase ? baseAsset : quoteAsset;
    const account = integers[integersAt + ACCOUNT]! * width;
    const paid = account + (sell ? baseAsset : quoteAsset) * 2;
    pairs[paid]! += released;
    pairs[paid + 1]! -= consumed + released;
    pairs[account + (sell ? quoteAsset : baseAsset) * 2]! += sell ? quote - fee : inBase ? base - fee : base;
    pairs[CLEARING * width + quoteAsset * 2]! += sell ? -quote : quote;
    pairs[CLEARING * width + baseAsset * 2]! += sell ? base : -base;
    pairs[FEES * width + feeAsset * 2]! += fee;
    this.asset = sell ? baseAsset : quoteAsset;
    this.released = released;
    this.baseAmount = base;
    this.quoteAmount = quote;
    this.fee = fee;
    this.feeAsset = feeAsset;
    this.consumed = consumed;
  }

  /** Sets the open terms that match has answered, and releases what they no longer need. */
  setTerms(slot: number, openPriceTicks: number, totalLots: number, openLots: number): void {
    const doubles = this.#orders.doubles;
    const at = slot << 4;
    const terms = this.#orders.integers[(slot << 5) + TERMS]!;
    doubles[at + OPEN_LOTS] = openLots;
    doubles[at + TOTAL_LOTS] = totalLots;
    if (openPriceTicks > 0) doubles[at + PRICE_TICKS] = openPriceTicks;
    this.recompute(slot, this.#symbols.find(terms >> TERMS_SYMBOL_SHIFT)!);
    assert(this.released >= 0, 'an answer of match needs no more than is held');
  }

  /** Brings the hold to what the open terms and the amends in flight need; `released` is negative where it grew. */
  recompute(slot: number, rules: SymbolRules): void {
    const { doubles, integers } = this.#orders;
    const at = slot << 4;
    const after = doubles[at + OPEN_LOTS]! > 0 ? this.#needed(slot, integers[(slot << 5) + TERMS]!, rules) : 0;
    this.#giveBack(slot, doubles[at + HELD]! - after);
  }

  /** The order ends without a trade: all that is held for it comes free. */
  release(slot: number): void {
    const { doubles } = this.#orders;
    doubles[(slot << 4) + OPEN_LOTS] = 0;
    this.#giveBack(slot, doubles[(slot << 4) + HELD]!);
  }

  /** What the open terms and the amends in flight need; may be more than 2^53 - 1, and is then not exact. */
  needed(slot: number, rules: SymbolRules): number {
    return this.#needed(slot, this.#orders.integers[(slot << 5) + TERMS]!, rules);
  }

  /**
   * The order has ended; its hold must be zero already. It is no longer counted, and forgotten as soon as match has
   * answered what is in flight.
   */
  end(slot: number): void {
    const integers = this.#orders.integers;
    const at = slot << 5;
    const terms = integers[at + TERMS]!;
    assert(this.#orders.doubles[(slot << 4) + HELD] === 0, 'an ended order holds nothing');
    assert((terms & TERMS_ENDED) === 0, 'an order ends once');
    if ((terms & TERMS_RESTS) !== 0) this.#counts.add(integers[at + ACCOUNT]!, terms >> TERMS_SYMBOL_SHIFT, -1);
    if (integers[at + REQUESTS] === 0) this.#orders.remove(slot);
    else integers[at + TERMS] = terms | TERMS_ENDED;
  }

  /** Match has answered an amend or a cancel. An ended order that waited for it is forgotten. */
  answered(slot: number): void {
    const integers = this.#orders.integers;
    const at = slot << 5;
    const requests = integers[at + REQUESTS]! - 1;
    assert(requests >= 0, 'match answers only what was asked');
    integers[at + REQUESTS] = requests;
    if (requests === 0 && (integers[at + TERMS]! & TERMS_ENDED) !== 0) this.#orders.remove(slot);
  }

  /** Counts open orders anew, after a restore. */
  recount(): void {
    this.#counts.clear();
    for (const slot of this.#orders.sorted()) {
      const terms = this.#orders.integers[(slot << 5) + TERMS]!;
      const account = this.#orders.integers[(slot << 5) + ACCOUNT]!;
      const symbol = terms >> TERMS_SYMBOL_SHIFT;
      this.#counts.makeRoom(account, symbol);
      if ((terms & TERMS_RESTS) !== 0 && (terms & TERMS_ENDED) === 0) this.#counts.add(account, symbol, 1);
    }
  }

  /** Each order's hold is what its terms need, and what an account holds of an asset is the sum of its orders' holds. */
  checkInvariants(): void {
    const { doubles, integers, used } = this.#orders;
    const { width } = this.#balances;
    const symbols = this.#symbols.highest + 1;
    const held = new Float64Array(this.#accounts.used * width);
    const counts = new Int32Array(this.#accounts.used * symbols);
    for (let slot = 1; slot < used; slot++) {
      if (doubles[(slot << 4) + ORDER_ID] === 0) continue;
      this.#checkOrder(slot);
      const terms = integers[(slot << 5) + TERMS]!;
      const account = integers[(slot << 5) + ACCOUNT]!;
      held[account * width + integers[(slot << 5) + HELD_ASSET]! * 2]! += doubles[(slot << 4) + HELD]!;
      if ((terms & TERMS_RESTS) !== 0 && (terms & TERMS_ENDED) === 0) {
        counts[account * symbols + (terms >> TERMS_SYMBOL_SHIFT)]!++;
      }
    }
    for (let account = FIRST_USER_SLOT; account < this.#accounts.used; account++) {
      for (let asset = 1; asset * 2 < width; asset++) {
        if (this.#balances.held(account, asset) === held[account * width + asset * 2]) continue;
        assert(false, `account ${this.#accounts.idOf(account)} holds of asset ${asset} what its orders hold`);
      }
      for (let symbol = 1; symbol < symbols; symbol++) {
        if (this.#counts.of(account, symbol) === counts[account * symbols + symbol]) continue;
        assert(false, `account ${this.#accounts.idOf(account)} has its open orders of symbol ${symbol} counted`);
      }
    }
  }

  #checkOrder(slot: number): void {
    const { doubles, integers } = this.#orders;
    const at = slot << 4;
    const id = doubles[at + ORDER_ID]!;
    const terms = integers[(slot << 5) + TERMS]!;
    const openLots = doubles[at + OPEN_LOTS]!;
    const hold = doubles[at + HELD]!;
    const rules = this.#symbols.find(terms >> TERMS_SYMBOL_SHIFT)!;
    const budget = (terms & TERMS_BUDGET) !== 0;
    const filled = doubles[at + EXECUTED_LOTS]! + (budget ? 0 : openLots);
    const buysByBudget = budget && (terms & TERMS_SELL) === 0;
    const fits = buysByBudget ? doubles[at + BUDGET_REST]! >= 0 : filled <= doubles[at + TOTAL_LOTS]!;
    if (this.#orders.find(id) !== slot) assert(false, `order ${id} is found in its slot`);
    if (!Number.isSafeInteger(hold) || hold < 0) assert(false, `the hold of order ${id} is an amount from 0`);
    if (openLots > 0 !== ((terms & TERMS_ENDED) === 0)) assert(false, `order ${id} has open lots until it ends`);
    if (hold !== (openLots > 0 ? this.#needed(slot, terms, rules) : 0)) {
      assert(false, `order ${id} holds what its terms need`);
    }
    if (!fits) assert(false, `order ${id} fills and spends no more than it asked for`);
  }

  /** Adds to the order's cumulative fee; returns what its rounded-up whole grew by. */
  #charge(at: number, amount: number, ppm: number): number {
    const doubles = this.#orders.doubles;
    const whole = doubles[at + FEE_WHOLE]!;
    const rest = doubles[at + FEE_REST]!;
    const millions = wholeMillions(amount);
    const numerator = (amount - millions * PPM) * ppm + rest;
    const carry = Math.floor(numerator / PPM);
    const newRest = numerator - carry * PPM;
    const grown = millions * ppm + carry;
    doubles[at + FEE_WHOLE] = whole + grown;
    doubles[at + FEE_REST] = newRest;
    return grown + (newRest > 0 ? 1 : 0) - (rest > 0 ? 1 : 0);
  }

  #giveBack(slot: number, amount: number): void {
    const { doubles, integers } = this.#orders;
    const at = slot << 5;
    const asset = integers[at + HELD_ASSET]!;
    doubles[(slot << 4) + HELD]! -= amount;
    this.#balances.hold(integers[at + ACCOUNT]!, asset, -amount);
    this.asset = asset;
    this.released = amount;
  }

  #needed(slot: number, terms: number, rules: SymbolRules): number {
    const orders = this.#orders;
    const at = slot << 4;
    const inFlight = orders.integers[(slot << 5) + FIRST_AMEND]!;
    if ((terms & TERMS_SELL) !== 0) {
      let lots = inFlight === 0 ? orders.doubles[at + OPEN_LOTS]! : this.#mostLots(at, inFlight);
      if ((terms & TERMS_BUDGET) !== 0) lots = orders.doubles[at + TOTAL_LOTS]! - orders.doubles[at + EXECUTED_LOTS]!;
      return lots * rules.baseUnitsPerLot;
    }
    let notional: number;
    if ((terms & TERMS_BUDGET) !== 0) notional = orders.doubles[at + BUDGET_REST]!;
    else if (inFlight !== 0) notional = this.#worstTickLots(at, inFlight) * rules.quoteUnitsPerTickLot;
    else notional = orders.doubles[at + PRICE_TICKS]! * orders.doubles[at + OPEN_LOTS]! * rules.quoteUnitsPerTickLot;
    if (notional > Number.MAX_SAFE_INTEGER) return notional;
    const fees = this.#fees.versions[orders.integers[(slot << 5) + FEE_INDEX]!]!;
    return fees.inReceived ? notional : notional + worstFee(notional, fees.worstPpm, orders.doubles[at + FEE_REST]!);
  }

  /** Most lots that the order may have open, now or by an amend in flight. */
  #mostLots(at: number, inFlight: number): number {
    const { doubles, amends } = this.#orders;
    const openLots = doubles[at + OPEN_LOTS]!;
    const gone = doubles[at + TOTAL_LOTS]! - openLots;
    let most = openLots;
    for (let place = inFlight; place !== 0; place = amends.next[place]!) {
      const total = amends.totalLots[place]!;
      if (total - gone > most) most = total - gone;
    }
    return most;
  }

  /** Largest sum of price x lots that trades may still cost a buy, now or by an amend in flight. */
  #worstTickLots(at: number, inFlight: number): number {
    const { doubles, amends } = this.#orders;
    const price = doubles[at + PRICE_TICKS]!;
    const lots = doubles[at + OPEN_LOTS]!;
    const most = this.#mostLots(at, inFlight);
    if (amends.next[inFlight] !== 0) {
      let highest = price;
      for (let place = inFlight; place !== 0; place = amends.next[place]!) {
        if (amends.priceTicks[place]! > highest) highest = amends.priceTicks[place]!;
      }
      return highest * most;
    }
    const newPrice = amends.priceTicks[inFlight]! || price;
    if (newPrice < price) return price * lots + newPrice * (most - lots);
    const newTotal = amends.totalLots[inFlight]!;
    const newLots = newTotal === 0 ? lots : Math.max(newTotal - (doubles[at + TOTAL_LOTS]! - lots), 0);
    return Math.max(price * lots, newPrice * newLots);
  }
}
