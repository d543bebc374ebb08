import type {
  AccountId,
  Amend,
  AnyRecord,
  AssetConfig,
  Cancel,
  Deposit,
  Micros,
  Place,
  PriceTicks,
  QuantityLots,
  Sequence,
  SymbolConfig,
  SymbolId,
  TradingState,
} from '../../schemas/generated/records.ts';
import { HouseAccounts } from './house-accounts.ts';
import { ObservedBook, type ObservedOrder } from './observed-book.ts';
import { PriceProcess } from './price-process.ts';
import { SeededRandom } from './random.ts';

export interface MarketSimulatorOptions {
  /** Whole number; equal seeds, clock records and market logs give equal commands. */
  readonly seed: number;
  /** Number of house accounts; the first two fifths make markets, the others take. */
  readonly accounts: number;
  /** Commands per second over all symbols in a calm market; bursts exceed it. */
  readonly ordersPerSecond: number;
  /** Lowest house account id; the house owns `accounts` ids from here on. Default {@link FIRST_HOUSE_ACCOUNT}. */
  readonly firstAccount?: number;
  /** How long a command is valid after its due time. Default 30 s. */
  readonly validMicros?: number;
}

export type SimulatedRecord = Place | Cancel | Amend | Deposit;

/** A command and when it should be sent: between the tick that caused it and the next one. */
export interface SimulatedCommand {
  readonly dueMicros: Micros;
  readonly record: SimulatedRecord;
}

/** House accounts begin here unless told otherwise. */
export const FIRST_HOUSE_ACCOUNT = 900;

/** Where the walk of an asset's value begins, in US dollars. Assets not named here begin at 100. */
const FIRST_VALUES: { readonly [asset: string]: number } = {
  USD: 1,
  USDT: 1,
  USDC: 1,
  EUR: 1.1,
  BTC: 60_000,
  ETH: 2_500,
  SOL: 150,
};

const DEFAULT_VALID_MICROS = 30_000_000;
/** The longest pause between two ticks that is filled with orders; the rest of a longer one passes silently. */
const FILLED_SECONDS_MAX = 60;
const COMMANDS_PER_TICK_MAX = 20_000;
/** Resting house orders that one symbol is steered to, when the rate is high enough to keep them fresh. */
const DEPTH_TARGET_MAX = 320;
const DEPTH_TARGET_MIN = 48;
/** Median worth of an order in US dollars. */
const TYPICAL_WORTH = 60;
const HALF_SPREAD = 0.00008;
const SYMBOL_WEIGHTS: readonly number[] = [10, 6, 5, 4];

interface SymbolDesk {
  readonly config: SymbolConfig;
  readonly baseName: string;
  readonly quoteName: string;
  readonly weight: number;
  readonly book: ObservedBook;
  state: TradingState;
  /** Multiple of the calm rate; decays to 1. */
  activity: number;
  burstSecondsLeft: number;
  /** Relative change of the base asset's value per second while a burst lasts. */
  burstDrift: number;
  fairTicks: number;
  halfSpreadTicks: number;
  bidTicks: number;
  askTicks: number;
}

/**
 * A market that makes itself: house accounts that quote, cancel, amend and take, with a spread, a depth that thins out,
 * sizes with a long tail and bursts of one-sided trading.
 *
 * It is a function of its seed, the clock records and the market log alone: no clock, no randomness but its own
 * generator, no transcendental arithmetic. Every decision falls in {@link MarketSimulator.onTick}; each command names
 * the moment at which it should be sent, so a driver can spread them, or send them at once when it runs ahead of time.
 *
 * Feed it every record of the market log (others are ignored), call `onTick` for each clock record, then `take`. The
 * first tick yields the deposits of the house accounts.
 */
export class MarketSimulator {
  /** Commands per second over all symbols; may be changed between ticks. */
  ordersPerSecond: number;
  private readonly options: MarketSimulatorOptions;
  private readonly prices: PriceProcess;
  private readonly accounts: HouseAccounts;
  private readonly makers: number;
  private readonly desks = new Map<SymbolId, SymbolDesk>();
  private random: SeededRandom;
  private lastTickMicros = 0;
  private tickMicros = 0;
  private commandsInTick = 0;
  private carriedCommands = 0;
  private due: SimulatedCommand[] = [];

  /** `assets`, `symbols`: the configuration records as they stand in the log. */
  constructor(options: MarketSimulatorOptions, assets: readonly AssetConfig[], symbols: readonly SymbolConfig[]) {
    assertOptions(options);
    this.options = options;
    this.ordersPerSecond = options.ordersPerSecond;
    this.random = new SeededRandom(options.seed, 1);
    this.makers = Math.max(1, Math.floor(options.accounts * 0.4));
    const values = new Map(assets.map((asset) => [asset.name, FIRST_VALUES[asset.name] ?? 100]));
    this.prices = new PriceProcess(new SeededRandom(options.seed, 2), values);
    const first = options.firstAccount ?? FIRST_HOUSE_ACCOUNT;
    this.accounts = new HouseAccounts(first, options.accounts, assets, (asset) => values.get(asset) ?? 100);
    for (const config of symbols) {
      this.desks.set(config.symbol, {
        config,
        baseName: nameOf(assets, config.baseAsset),
        quoteName: nameOf(assets, config.quoteAsset),
        weight: SYMBOL_WEIGHTS[this.desks.size] ?? 3,
        book: new ObservedBook((account) => this.accounts.isHouse(account)),
        state: config.openingState,
        activity: 1,
        burstSecondsLeft: 0,
        burstDrift: 0,
        fairTicks: 0,
        halfSpreadTicks: 1,
        bidTicks: 0,
        askTicks: 0,
      });
    }
  }

  /** Takes in one record of the market log. */
  onMarketRecord(record: AnyRecord): void {
    const desk = this.desks.get(record.symbol);
    if (desk === undefined) return;
    switch (record.type) {
      case 'accepted':
        desk.book.accepted(record);
        break;
      case 'trade':
        desk.book.traded(record);
        this.accounts.traded(record, desk.config);
        this.feelTrade(desk, record.takerSide === 'buy', record.takerAccount, record.quoteAmount);
        break;
      case 'prevented_match':
        desk.book.prevented(record);
        break;
      case 'amended':
        desk.book.amended(record);
        break;
      case 'cancelled':
        desk.book.cancelled(record);
        break;
      case 'market_state':
        desk.state = record.state;
        break;
      default:
        break;
    }
  }

  /** Lets the time since the last tick pass and decides on the commands of the time until the next one. */
  onTick(timeMicros: number): void {
    const seconds = this.lastTickMicros === 0 ? 1 : Math.max(0, timeMicros - this.lastTickMicros) / 1_000_000;
    this.lastTickMicros = timeMicros;
    this.tickMicros = timeMicros;
    this.commandsInTick = 0;
    for (const record of this.accounts.deposits(timeMicros)) this.due.push({ dueMicros: timeMicros as Micros, record });
    if (seconds === 0) return;
    this.stirBursts(seconds);
    this.prices.advance(seconds, this.burstDrifts());
    const filled = Math.min(seconds, FILLED_SECONDS_MAX);
    let weights = 0;
    for (const desk of this.desks.values()) {
      weights += desk.weight;
      this.lookAtMarket(desk);
    }
    const orders: SimulatedCommand[] = [];
    for (const desk of this.desks.values()) {
      const wanted = (this.ordersPerSecond * filled * desk.weight * desk.activity) / weights + this.carriedCommands;
      const count = Math.min(COMMANDS_PER_TICK_MAX, Math.floor(wanted));
      this.carriedCommands = Math.min(1, wanted - Math.floor(wanted));
      for (let index = 0; index < count; index++) {
        const dueMicros = timeMicros + Math.floor(this.random.fraction() * filled * 1_000_000);
        const record = this.decide(desk, dueMicros);
        if (record !== null) orders.push({ dueMicros: dueMicros as Micros, record });
      }
    }
    orders.sort((left, right) => left.dueMicros - right.dueMicros);
    for (const order of orders) this.due.push(order);
  }

  /** Hands over the commands decided since the last call, ordered by when they are due. */
  take(): SimulatedCommand[] {
    const due = this.due;
    this.due = [];
    return due;
  }

  /**
   * Goes on from a market that is already there, after a restart: its open orders, its last prices and the time of its
   * last tick. The generator starts anew from seed and time.
   */
  adopt(market: {
    readonly timeMicros: number;
    readonly lastPrices: ReadonlyMap<SymbolId, PriceTicks>;
    readonly orders: Iterable<{
      readonly symbol: SymbolId;
      readonly orderId: number;
      readonly account: number;
      readonly side: 'buy' | 'sell';
      readonly priceTicks: number;
      readonly openLots: number;
    }>;
    readonly states?: ReadonlyMap<SymbolId, TradingState>;
    /** What house accounts have, by account and asset; without it they are taken to have what they began with. */
    readonly balances?: Iterable<{ account: number; asset: AssetConfig['asset']; units: number }>;
  }): void {
    this.random = new SeededRandom(this.options.seed, 3 + market.timeMicros);
    this.lastTickMicros = market.timeMicros;
    for (const [symbol, desk] of this.desks) {
      const ticks = market.lastPrices.get(symbol) ?? 0;
      if (ticks === 0) continue;
      desk.book.lastPriceTicks = ticks;
      // Only pairs quoted in dollars move an asset's value: one price cannot say which of two assets moved.
      if (this.prices.value(desk.quoteName) === 1) {
        this.prices.adopt(desk.baseName, desk.quoteName, ticks * tickSize(desk.config));
      }
    }
    for (const order of market.orders) {
      const desk = this.desks.get(order.symbol);
      desk?.book.add(order.orderId, order.account, order.side === 'buy', order.priceTicks, order.openLots);
    }
    for (const [symbol, state] of market.states ?? []) {
      const desk = this.desks.get(symbol);
      if (desk !== undefined) desk.state = state;
    }
    for (const { account, asset, units } of market.balances ?? []) {
      this.accounts.adopt(account, asset, units);
    }
  }

  private stirBursts(seconds: number): void {
    for (const desk of this.desks.values()) {
      desk.activity += (1 - desk.activity) * Math.min(1, 0.15 * seconds);
      if (desk.burstSecondsLeft > 0) {
        desk.burstSecondsLeft -= seconds;
        if (desk.burstSecondsLeft <= 0) desk.burstDrift = 0;
      } else if (this.random.chance(Math.min(0.5, seconds / 150))) {
        desk.burstSecondsLeft = 3 + this.random.below(18);
        desk.activity = 2 + this.random.fraction() * 4;
        desk.burstDrift = (this.random.chance(0.5) ? 1 : -1) * (0.00001 + 0.00005 * this.random.fraction());
      }
    }
  }

  /** Relative change a second by asset. A burst that ends within the tick moves the price only while it lasts. */
  private burstDrifts(): ReadonlyMap<string, number> {
    const drifts = new Map<string, number>();
    for (const desk of this.desks.values()) {
      if (desk.burstDrift === 0) continue;
      drifts.set(desk.baseName, (drifts.get(desk.baseName) ?? 0) + desk.burstDrift);
    }
    return drifts;
  }

  private lookAtMarket(desk: SymbolDesk): void {
    const { config } = desk;
    const fair = this.prices.fair(config.symbol, desk.baseName, desk.quoteName) / tickSize(config);
    desk.fairTicks = Math.min(config.maxPriceTicks, Math.max(config.minPriceTicks, fair));
    desk.halfSpreadTicks = Math.max(0.6, desk.fairTicks * HALF_SPREAD * this.prices.nervousness());
    const best = desk.book.best();
    desk.bidTicks = best.bidTicks;
    desk.askTicks = best.askTicks;
  }

  /** A stranger's trade moves opinion: up to 0.05 % for a large one. House trades follow opinion and do not move it. */
  private feelTrade(desk: SymbolDesk, up: boolean, taker: number, quoteAmount: number): void {
    if (this.accounts.isHouse(taker)) return;
    const scale = desk.config.maxNotionalAmount === 0 ? quoteAmount * 20 : desk.config.maxNotionalAmount / 50;
    const weight = Math.min(1, quoteAmount / Math.max(1, scale));
    this.prices.push(desk.config.symbol, (up ? 1 : -1) * 0.0005 * weight);
  }

  private decide(desk: SymbolDesk, dueMicros: number): Place | Cancel | Amend | null {
    switch (desk.state) {
      case 'trading':
      case 'limit_only':
      case 'post_only':
      case 'auction':
        break;
      default:
        return null;
    }
    const target = this.depthTarget(desk);
    const depth = desk.book.house.length;
    const cancelShare = Math.min(0.45, 0.3 * (depth / target));
    const takeShare = depth < target / 4 ? 0.05 : 0.33;
    const draw = this.random.fraction();
    if (draw < cancelShare) return this.withdrawQuote(desk, dueMicros);
    if (draw < cancelShare + takeShare && desk.state === 'trading') return this.takeLiquidity(desk, dueMicros);
    return this.quote(desk, dueMicros);
  }

  private depthTarget(desk: SymbolDesk): number {
    const fresh = this.ordersPerSecond * 15 * (desk.weight / 10);
    return Math.min(DEPTH_TARGET_MAX, Math.max(DEPTH_TARGET_MIN, fresh));
  }

  /** A maker's limit order near the fair price, thinning out with distance. */
  private quote(desk: SymbolDesk, dueMicros: number): Place {
    const account = this.accounts.first + this.random.below(this.makers);
    const inventory = this.accounts.share(account, desk.config.baseAsset);
    const buy = this.random.chance(Math.min(0.75, Math.max(0.25, 0.5 + (1 - inventory) * 0.5)));
    const distance = desk.halfSpreadTicks * (0.7 + 0.6 * this.random.fraction() + this.random.longTail(60) * 1.6);
    const stopShort = desk.state === 'auction' ? 0 : 1;
    let ticks = buy ? Math.floor(desk.fairTicks - distance) : Math.ceil(desk.fairTicks + distance);
    if (stopShort === 1 && buy && desk.askTicks > 0) ticks = Math.min(ticks, desk.askTicks - 1);
    if (stopShort === 1 && !buy && desk.bidTicks > 0) ticks = Math.max(ticks, desk.bidTicks + 1);
    const postOnly = desk.state !== 'auction' && this.random.chance(0.4);
    const away = distance / desk.halfSpreadTicks;
    const lots = this.size(desk, TYPICAL_WORTH * (2 + Math.min(20, away) * 0.4));
    const timed = this.random.chance(0.08);
    return this.place(desk, account, buy, dueMicros, {
      orderType: 'limit',
      timeInForce: timed ? 'gtd' : 'gtc',
      postOnly,
      ticks,
      lots,
      budget: 0,
      expiresAt: timed ? dueMicros + 30_000_000 + this.random.below(600) * 1_000_000 : 0,
    });
  }

  /** A taker's order: follows the fair price when quotes lag behind it, else its own mood. */
  private takeLiquidity(desk: SymbolDesk, dueMicros: number): Place {
    const takers = Math.max(1, this.options.accounts - this.makers);
    const account = this.accounts.first + (this.options.accounts - takers) + this.random.below(takers);
    const buy = this.random.chance(this.buyShare(desk, account));
    const touch = buy ? desk.askTicks : desk.bidTicks;
    const reference = touch === 0 ? desk.fairTicks : touch;
    const lots = this.size(desk, TYPICAL_WORTH);
    const draw = this.random.fraction();
    const reach = desk.halfSpreadTicks * (draw < 0.35 ? 40 : 1 + this.random.longTail(8));
    const ticks = buy ? Math.ceil(reference + reach) : Math.floor(reference - reach);
    const terms = { postOnly: false, ticks, lots, budget: 0, expiresAt: 0 };
    if (draw < 0.22)
      return this.place(desk, account, buy, dueMicros, { ...terms, orderType: 'market', timeInForce: 'ioc' });
    if (draw < 0.3) {
      const budget = lots * Math.floor(desk.fairTicks) * desk.config.quoteUnitsPerTickLot;
      return this.place(desk, account, buy, dueMicros, {
        ...terms,
        orderType: 'market',
        timeInForce: 'ioc',
        lots: 0,
        budget,
      });
    }
    if (draw < 0.35)
      return this.place(desk, account, buy, dueMicros, { ...terms, orderType: 'limit', timeInForce: 'fok' });
    if (draw < 0.65)
      return this.place(desk, account, buy, dueMicros, { ...terms, orderType: 'limit', timeInForce: 'ioc' });
    const expiresAt = dueMicros + 20_000_000 + this.random.below(100) * 1_000_000;
    return this.place(desk, account, buy, dueMicros, { ...terms, orderType: 'limit', timeInForce: 'gtd', expiresAt });
  }

  private buyShare(desk: SymbolDesk, account: number): number {
    let share = 0.5 + (1 - this.accounts.share(account, desk.config.baseAsset)) * 0.3;
    if (desk.bidTicks > 0 && desk.askTicks > 0) {
      const middle = (desk.bidTicks + desk.askTicks) / 2;
      share += ((desk.fairTicks - middle) / desk.halfSpreadTicks) * 0.2;
    }
    if (desk.burstDrift !== 0) share += desk.burstDrift > 0 ? 0.25 : -0.25;
    return Math.min(0.93, Math.max(0.07, share));
  }

  /** Cancels, or now and then amends, the house order that looks most out of place among a few drawn. */
  private withdrawQuote(desk: SymbolDesk, dueMicros: number): Cancel | Amend | null {
    const { house } = desk.book;
    let chosen: ObservedOrder | undefined;
    let worst = -1;
    for (let draw = 0; draw < 4; draw++) {
      const order = house[this.random.below(house.length)];
      if (order === undefined) return null;
      // One answer of the market must be seen before the same order is asked again.
      if (order.touchedMicros === this.tickMicros) continue;
      const edge =
        (order.buy ? desk.fairTicks - order.priceTicks : order.priceTicks - desk.fairTicks) / desk.halfSpreadTicks;
      const misplaced = edge < 0 ? 100 - edge : edge;
      if (misplaced <= worst) continue;
      worst = misplaced;
      chosen = order;
    }
    if (chosen === undefined) return null;
    chosen.touchedMicros = this.tickMicros;
    const common = {
      symbol: desk.config.symbol,
      account: chosen.account as AccountId,
      orderId: chosen.orderId as Cancel['orderId'],
    };
    const validUntil = (dueMicros + (this.options.validMicros ?? DEFAULT_VALID_MICROS)) as Micros;
    const smaller = Math.floor(chosen.openLots * 0.7);
    if (this.random.chance(0.06) && worst < 30 && smaller >= Math.max(1, desk.config.minQuantityLots)) {
      const offset = desk.halfSpreadTicks * (1 + this.random.longTail(10));
      const ticks = Math.round(chosen.buy ? desk.fairTicks - offset : desk.fairTicks + offset);
      const reprice = this.random.chance(0.5) && this.isPrice(desk, ticks);
      return {
        type: 'amend',
        symbol: common.symbol,
        seq: 0 as Sequence,
        account: common.account,
        orderId: common.orderId,
        clientOrderId: '',
        priceTicks: (reprice ? ticks : 0) as PriceTicks,
        quantityLots: (reprice ? 0 : smaller) as QuantityLots,
        validUntil,
      };
    }
    return {
      type: 'cancel',
      symbol: common.symbol,
      seq: 0 as Sequence,
      account: common.account,
      orderId: common.orderId,
      clientOrderId: '',
      validUntil,
    };
  }

  /** A quantity in lots worth about `worth` dollars, long-tailed, often a round number, within the symbol's rules. */
  private size(desk: SymbolDesk, worth: number): number {
    const { config } = desk;
    const lotWorth = lotSize(config) * this.prices.value(desk.baseName);
    const drawn = (worth * (0.2 + this.random.longTail(40))) / lotWorth;
    let lots = Math.max(1, Math.floor(drawn));
    if (this.random.chance(0.5)) lots = roundToDigits(lots, this.random.chance(0.5) ? 1 : 2);
    const notionalPerLot = Math.max(1, Math.floor(desk.fairTicks * 0.9)) * config.quoteUnitsPerTickLot;
    const smallest = Math.max(1, config.minQuantityLots, Math.ceil(config.minNotionalAmount / notionalPerLot));
    const largest = Math.min(
      config.maxQuantityLots === 0 ? Number.MAX_SAFE_INTEGER : config.maxQuantityLots,
      config.maxNotionalAmount === 0
        ? Number.MAX_SAFE_INTEGER
        : Math.floor((config.maxNotionalAmount * 0.8) / notionalPerLot),
    );
    return Math.max(smallest, Math.min(largest, lots));
  }

  private isPrice(desk: SymbolDesk, ticks: number): boolean {
    return ticks >= Math.max(1, desk.config.minPriceTicks) && ticks <= desk.config.maxPriceTicks;
  }

  private place(
    desk: SymbolDesk,
    account: number,
    buy: boolean,
    dueMicros: number,
    terms: {
      readonly orderType: Place['orderType'];
      readonly timeInForce: Place['timeInForce'];
      readonly postOnly: boolean;
      readonly ticks: number;
      readonly lots: number;
      readonly budget: number;
      readonly expiresAt: number;
    },
  ): Place {
    const { config } = desk;
    const ticks = Math.min(config.maxPriceTicks, Math.max(Math.max(1, config.minPriceTicks), terms.ticks));
    return {
      type: 'place',
      symbol: config.symbol,
      seq: 0 as Sequence,
      account: account as AccountId,
      clientOrderId: `s${this.tickMicros.toString(36)}-${this.commandsInTick++}`,
      side: buy ? 'buy' : 'sell',
      orderType: terms.orderType,
      timeInForce: terms.timeInForce,
      postOnly: terms.postOnly,
      priceTicks: ticks as PriceTicks,
      quantityLots: terms.lots as QuantityLots,
      budget: terms.budget as Place['budget'],
      selfTradeMode: null,
      expiresAt: terms.expiresAt as Micros,
      validUntil: (dueMicros + (this.options.validMicros ?? DEFAULT_VALID_MICROS)) as Micros,
    };
  }
}

function assertOptions(options: MarketSimulatorOptions): void {
  if (!Number.isSafeInteger(options.seed) || options.seed < 0) {
    throw new RangeError(`simulator.seed is ${options.seed}; allowed: a whole number from 0 to 2^53 - 1`);
  }
  if (!Number.isSafeInteger(options.accounts) || options.accounts < 2 || options.accounts > 10_000) {
    throw new RangeError(`simulator.accounts is ${options.accounts}; allowed: a whole number from 2 to 10,000`);
  }
  if (!(options.ordersPerSecond >= 0 && options.ordersPerSecond <= COMMANDS_PER_TICK_MAX)) {
    throw new RangeError(
      `simulator.ordersPerSecond is ${options.ordersPerSecond}; allowed: 0 to ${COMMANDS_PER_TICK_MAX}`,
    );
  }
}

function nameOf(assets: readonly AssetConfig[], asset: AssetConfig['asset']): string {
  const found = assets.find((candidate) => candidate.asset === asset);
  if (found === undefined) throw new RangeError(`asset ${asset} is named by a symbol, but not among the assets given`);
  return found.name;
}

/** One tick in quote per base. */
function tickSize(config: SymbolConfig): number {
  return Number(config.tickDecimal);
}

/** One lot in whole base units. */
function lotSize(config: SymbolConfig): number {
  return Number(config.lotDecimal);
}

function roundToDigits(value: number, digits: number): number {
  let scale = 1;
  while (value / scale >= 10 ** digits) scale *= 10;
  return Math.max(1, Math.round(value / scale) * scale);
}
