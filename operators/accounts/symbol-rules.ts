import { assert } from '../../schemas/assert.ts';
import type { SelfTradeMode, SymbolConfig } from '../../schemas/generated/records.ts';
import { enumSymbols } from '../../schemas/generated/records.ts';
import { floorShare } from './fee-arithmetic.ts';
import type { FeeSchedules } from './fee-schedules.ts';
import type { StateReader, StateWriter } from './state-bytes.ts';
import type { StateHash } from './state-hash.ts';

/** More symbols or assets than this is a broken configuration, not a large exchange. */
export const IDS_MAX = 65_535;

/** What risk knows of one symbol. Prices in ticks, quantities in lots, notionals in quote units. No maximum given: none. */
export class SymbolRules {
  readonly symbol: number;
  readonly baseAsset: number;
  readonly quoteAsset: number;
  /** notional = price ticks x lots x this. */
  readonly quoteUnitsPerTickLot: number;
  /** base amount = lots x this. */
  readonly baseUnitsPerLot: number;
  minPriceTicks = 0;
  maxPriceTicks = 0;
  minQuantityLots = 0;
  maxQuantityLots = 0;
  minNotionalAmount = 0;
  maxNotionalAmount = 0;
  bandPpm = 0;
  feeSchedule = '';
  /** Index of the fee version for new orders, -1 while its schedule is unknown. */
  feeIndex = -1;
  defaultSelfTradeMode: SelfTradeMode = 'cancel_newest';
  /** Bit i allows the i-th word of the enum. */
  allowedSelfTradeModes = 0;
  /** 0 until match has told one. */
  referencePriceTicks = 0;
  /** Lowest and highest price that the band allows; 0 and infinity while there is no band or no reference. */
  bandLowTicks = 0;
  bandHighTicks = Number.POSITIVE_INFINITY;
  /** Lowest and highest price that both range and band allow. */
  lowestTicks = 0;
  highestTicks = 0;

  constructor(symbol: number, base: number, quote: number, quoteUnitsPerTickLot: number, baseUnitsPerLot: number) {
    this.symbol = symbol;
    this.baseAsset = base;
    this.quoteAsset = quote;
    this.quoteUnitsPerTickLot = quoteUnitsPerTickLot;
    this.baseUnitsPerLot = baseUnitsPerLot;
  }

  /** The band follows from reference and rate; called when they or the range changed. */
  drawBand(): void {
    const reference = this.referencePriceTicks;
    const none = reference === 0 || this.bandPpm === 0;
    const width = floorShare(reference, this.bandPpm);
    this.bandLowTicks = none ? 0 : reference - width;
    this.bandHighTicks = none ? Number.POSITIVE_INFINITY : reference + width;
    this.lowestTicks = Math.max(this.bandLowTicks, this.minPriceTicks, 1);
    this.highestTicks = Math.min(this.bandHighTicks, this.maxPriceTicks);
  }

  /**
   * The price a market order may reach when its client gave none: the band's edge against him, within the static range.
   * 0: there is no reference price, or no band to derive one from.
   */
  protectionPriceTicks(buy: boolean): number {
    if (this.referencePriceTicks === 0 || this.bandPpm === 0) return 0;
    return buy ? Math.min(this.bandHighTicks, this.maxPriceTicks) : Math.max(this.bandLowTicks, this.minPriceTicks);
  }

  /** A mode left open takes the symbol's default, which is always allowed. */
  allowsSelfTradeMode(mode: SelfTradeMode | null): boolean {
    if (mode === null || mode === this.defaultSelfTradeMode) return true;
    return ((this.allowedSelfTradeModes >> enumSymbols.SelfTradeMode.indexOf(mode)) & 1) === 1;
  }
}

/** Rules by symbol id. */
export class SymbolTable {
  readonly #byId: (SymbolRules | undefined)[] = [];
  readonly #fees: FeeSchedules;

  constructor(fees: FeeSchedules) {
    this.#fees = fees;
  }

  /** Rules of a symbol that can be traded: configured, and its fee schedule is known. */
  find(symbol: number): SymbolRules | undefined {
    const rules = symbol >= 0 && symbol < this.#byId.length ? this.#byId[symbol] : undefined;
    return rules === undefined || rules.feeIndex < 0 ? undefined : rules;
  }

  /** Adds a symbol, or changes what may change. Tick, lot and assets of a symbol with history never do. */
  configure(config: SymbolConfig): SymbolRules {
    assert(config.symbol > 0 && config.symbol <= IDS_MAX, 'a symbol id is between 1 and 65,535');
    while (this.#byId.length <= config.symbol) this.#byId.push(undefined);
    const { quoteUnitsPerTickLot, baseUnitsPerLot } = config;
    const rules =
      this.#byId[config.symbol] ??
      new SymbolRules(config.symbol, config.baseAsset, config.quoteAsset, quoteUnitsPerTickLot, baseUnitsPerLot);
    assert(
      rules.baseAsset === config.baseAsset &&
        rules.quoteAsset === config.quoteAsset &&
        rules.quoteUnitsPerTickLot === quoteUnitsPerTickLot &&
        rules.baseUnitsPerLot === baseUnitsPerLot,
      'assets, tick and lot of a symbol never change',
    );
    rules.minPriceTicks = config.minPriceTicks;
    rules.maxPriceTicks = config.maxPriceTicks || Number.MAX_SAFE_INTEGER;
    rules.minQuantityLots = config.minQuantityLots;
    rules.maxQuantityLots = config.maxQuantityLots || Number.MAX_SAFE_INTEGER;
    rules.minNotionalAmount = config.minNotionalAmount;
    rules.maxNotionalAmount = config.maxNotionalAmount || Number.MAX_SAFE_INTEGER;
    rules.bandPpm = config.bandPpm;
    rules.feeSchedule = config.feeSchedule;
    rules.feeIndex = this.#fees.current(config.feeSchedule);
    rules.defaultSelfTradeMode = config.defaultSelfTradeMode;
    rules.allowedSelfTradeModes = config.allowedSelfTradeModes;
    rules.drawBand();
    this.#byId[config.symbol] = rules;
    return rules;
  }

  /** New orders take the newest version of their schedule; to be called after `FeeSchedules.add`. */
  feesChanged(): void {
    for (const rules of this.#byId) if (rules !== undefined) rules.feeIndex = this.#fees.current(rules.feeSchedule);
  }

  /** A symbol that is not configured here is none of this partition's business. */
  setReferencePrice(symbol: number, priceTicks: number): void {
    const rules = symbol >= 0 && symbol < this.#byId.length ? this.#byId[symbol] : undefined;
    if (rules === undefined) return;
    rules.referencePriceTicks = priceTicks;
    rules.drawBand();
  }

  /** Highest id of a configured symbol; 0 while there is none. */
  get highest(): number {
    return Math.max(this.#byId.length - 1, 0);
  }

  /** All configured symbols by ascending id. */
  *all(): Generator<SymbolRules> {
    for (const rules of this.#byId) if (rules !== undefined) yield rules;
  }

  write(to: StateWriter): void {
    const all = [...this.all()];
    to.integer(all.length);
    for (const rules of all) {
      for (const value of numbersOf(rules)) to.number(value);
      to.text(rules.feeSchedule);
    }
  }

  read(from: StateReader): void {
    this.#byId.length = 0;
    for (let count = from.integer(); count > 0; count--) {
      const number = () => from.number();
      const rules = new SymbolRules(number(), number(), number(), number(), number());
      rules.minPriceTicks = number();
      rules.maxPriceTicks = number();
      rules.minQuantityLots = number();
      rules.maxQuantityLots = number();
      rules.minNotionalAmount = number();
      rules.maxNotionalAmount = number();
      rules.bandPpm = number();
      rules.defaultSelfTradeMode = enumSymbols.SelfTradeMode[number()]!;
      rules.allowedSelfTradeModes = number();
      rules.referencePriceTicks = number();
      rules.feeSchedule = from.text();
      rules.feeIndex = this.#fees.current(rules.feeSchedule);
      rules.drawBand();
      while (this.#byId.length <= rules.symbol) this.#byId.push(undefined);
      this.#byId[rules.symbol] = rules;
    }
  }

  hashInto(hash: StateHash): void {
    for (const rules of this.all()) {
      for (const value of numbersOf(rules)) hash.mixNumber(value);
      hash.mixText(rules.feeSchedule);
      hash.endItem();
    }
  }
}

/** Everything of a symbol's rules that does not follow from the rest, in the order of the snapshot. */
function numbersOf(rules: SymbolRules): number[] {
  return [
    rules.symbol,
    rules.baseAsset,
    rules.quoteAsset,
    rules.quoteUnitsPerTickLot,
    rules.baseUnitsPerLot,
    rules.minPriceTicks,
    rules.maxPriceTicks,
    rules.minQuantityLots,
    rules.maxQuantityLots,
    rules.minNotionalAmount,
    rules.maxNotionalAmount,
    rules.bandPpm,
    enumSymbols.SelfTradeMode.indexOf(rules.defaultSelfTradeMode),
    rules.allowedSelfTradeModes,
    rules.referencePriceTicks,
  ];
}
