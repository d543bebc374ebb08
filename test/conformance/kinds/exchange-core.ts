import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { readRiskSnapshot } from '../../../operators/accounts/risk-snapshot.ts';
import type { AnyRecord, RecordOf, RecordType } from '../../../schemas/generated/records.ts';
import { ExchangeLoop, type LoopRecord } from '../../operators/exchange-loop.ts';
import * as make from '../../operators/record-makers.ts';
import { type Comparison, type ConformanceOptions, shareOf } from '../conformance.ts';
import { FoldedBook } from '../folded-book.ts';
import { type GherkinScenario, type GherkinStep, readFeature } from '../gherkin.ts';

/** A step that is not compared, or not as it stands, and why. */
export interface ExchangeCoreException {
  readonly where: string;
  readonly step: string;
  readonly reason: string;
}

export interface ExchangeCoreResult extends Comparison {
  readonly scenarios: number;
  readonly exceptions: readonly ExchangeCoreException[];
}

const assets: { readonly [name: string]: number } = { USD: 1, EUR: 2, XBT: 3, ETH: 4, LTC: 5 };
const FIRST_ACCOUNT = 100;
/** Where a reserve price is held: a market of the same quote asset in which nobody sells. */
const RESERVE_OFFSET = 10;
const MARGIN_EUR = 1_000_000_000;

interface Pair {
  readonly symbol: number;
  readonly base: number;
  readonly quote: number;
  readonly baseUnitsPerLot: number;
  readonly quoteUnitsPerTickLot: number;
}

/** The symbols of exchange-core's own tests, with its lot and step sizes; without fees, as there. */
const pairs: { readonly [name: string]: Pair } = {
  EUR_USD: { symbol: 1, base: 2, quote: 1, baseUnitsPerLot: 1, quoteUnitsPerTickLot: 1 },
  ETH_XBT: { symbol: 2, base: 4, quote: 3, baseUnitsPerLot: 100_000, quoteUnitsPerTickLot: 10 },
};

/**
 * Plays exchange-core's Gherkin features: orders, moves, cancels, books, trades, and every balance to the unit, through
 * risk and match. `npm run conform -- exchange-core FILE…`.
 *
 * A bid there holds by its *reserve price*, not by its limit. Here that is two orders: the bid itself, and in a market
 * where nobody sells a bid for the difference, so that Sluice's own holds do the arithmetic.
 */
export function conform(files: readonly string[], options: ConformanceOptions = {}): ExchangeCoreResult {
  const exceptions: ExchangeCoreException[] = [];
  let compared = 0;
  let equal = 0;
  let scenarios = 0;
  let firstDifference: unknown = null;
  for (const file of files) {
    for (const scenario of readFeature(readFileSync(file, 'utf8'))) {
      const play = new ScenarioPlay(`${basename(file)}: ${scenario.name}`, exceptions, options);
      play.run(scenario);
      scenarios++;
      compared += play.compared;
      equal += play.equal;
      firstDifference ??= play.firstDifference;
    }
  }
  return { compared, equal, share: shareOf(equal, compared), firstDifference, scenarios, exceptions };
}

interface KnownOrder {
  readonly client: string;
  readonly pair: Pair;
  readonly side: 'BID' | 'ASK';
  readonly orderId: number;
  readonly size: number;
  price: number;
  open: number;
  readonly reservePrice: number;
  /** The order that holds the difference to the reserve price; 0 when there is none. */
  reserveOrderId: number;
}

class ScenarioPlay {
  compared = 0;
  equal = 0;
  firstDifference: unknown = null;
  readonly #name: string;
  readonly #exceptions: ExchangeCoreException[];
  readonly #options: ConformanceOptions;
  readonly #exchange: ExchangeLoop;
  readonly #books = new Map<number, FoldedBook>();
  readonly #accounts = new Map<string, number>();
  readonly #orders = new Map<number, KnownOrder>();
  /** What the last order, move or cancel caused. */
  #last: readonly LoopRecord[] = [];
  #told = 0;

  constructor(name: string, exceptions: ExchangeCoreException[], options: ConformanceOptions) {
    this.#name = name;
    this.#exceptions = exceptions;
    this.#options = options;
    const symbols = Object.values(pairs).flatMap((pair) =>
      [pair.symbol, pair.symbol + RESERVE_OFFSET].map((symbol) =>
        make.symbolConfig({
          symbol,
          baseAsset: pair.base,
          quoteAsset: pair.quote,
          baseUnitsPerLot: pair.baseUnitsPerLot,
          quoteUnitsPerTickLot: pair.quoteUnitsPerTickLot,
          defaultSelfTradeMode: 'none',
          allowedSelfTradeModes: 31,
        }),
      ),
    );
    const config = Object.values(assets).map((asset) => make.assetConfig({ asset }));
    const fees = make.feeConfig({ makerPpm: 0, takerPpm: 0 });
    this.#exchange = new ExchangeLoop([...config, fees, ...symbols], { checked: true });
    this.#follow();
  }

  run(scenario: GherkinScenario): void {
    for (const step of scenario.steps) {
      const act = actions.find(([pattern]) => pattern.test(step.text));
      if (act === undefined) this.#except(step, 'no such step is known');
      else act[1](this, step, act[0].exec(step.text)!.slice(1));
    }
  }

  newClient(step: GherkinStep, [client]: string[]): void {
    const account = this.#account(client!);
    for (const [asset, amount] of step.table) this.#deposit(account, asset!, Number(amount));
    // A margin contract there: nobody owns what he sells.
    this.#deposit(account, 'EUR', MARGIN_EUR);
  }

  added([amount, asset, client]: string[]): void {
    this.#deposit(this.#account(client!), asset!, Number(amount));
  }

  place(step: GherkinStep, client: string, words: readonly string[], refusal: string | undefined): void {
    const [side, id, price, size, type, symbol, reserve] = words as [
      string,
      string,
      string,
      string,
      string,
      string,
      string,
    ];
    const pair = pairs[symbol];
    if (!pair) {
      this.#except(step, `symbol ${symbol} is not among those of its tests that are known here`);
      return;
    }
    if (pair.symbol === 1) this.#except(step, 'a margin contract there, spot here: every client is given EUR to sell');
    const buy = side === 'BID';
    const extra = buy && reserve !== undefined ? Number(reserve) - Number(price) : 0;
    const account = this.#account(client);
    const fields = { account, symbol: pair.symbol, side: buy ? 'buy' : 'sell', quantityLots: Number(size) } as const;
    const reserved =
      extra > 0 ? this.#send(make.place({ ...fields, symbol: pair.symbol + RESERVE_OFFSET, priceTicks: extra })) : [];
    const reserveOrderId = only(reserved, 'admitted_place')?.orderId ?? 0;
    let refused = only(reserved, 'rejected')?.reason;
    if (refused === undefined) {
      const timeInForce = type === 'IOC' ? 'ioc' : type === 'FOK' ? 'fok' : 'gtc';
      this.#last = this.#send(make.place({ ...fields, priceTicks: Number(price), timeInForce }));
      refused = only(this.#last, 'rejected')?.reason;
    } else this.#last = reserved;
    const orderId = only(this.#last, 'admitted_place')?.orderId ?? 0;
    if (refused === undefined) {
      this.#orders.set(Number(id), {
        client,
        pair,
        side: buy ? 'BID' : 'ASK',
        orderId,
        size: Number(size),
        price: Number(price),
        open: Number(size),
        reservePrice: Number(reserve ?? price),
        reserveOrderId,
      });
      this.#followOrders();
    } else if (reserveOrderId !== 0) this.#send(make.cancel({ account, orderId: reserveOrderId, symbol: 0 }));
    this.#compare(step, refusal ?? 'accepted', refused === undefined ? 'accepted' : (reasons[refused] ?? refused));
  }

  move(step: GherkinStep, client: string, [price, id]: readonly string[], refusal: string | undefined): void {
    const order = this.#orders.get(Number(id));
    if (order === undefined) {
      this.#compare(step, refusal ?? 'moved', 'an order that was never taken');
      return;
    }
    const to = Number(price);
    if (order.side === 'BID' && to > order.reservePrice) {
      this.#except(step, 'Sluice has no reserve price: a move above it takes the extra hold instead of being refused');
      return;
    }
    const account = this.#account(client);
    const amend = () => {
      this.#last = this.#send(make.amend({ account, orderId: order.orderId, symbol: 0, priceTicks: to }));
    };
    const reserve = () => this.#setReserve(account, order, order.reservePrice - to);
    if (to > order.price) reserve();
    amend();
    if (to <= order.price) reserve();
    const refused = only(this.#last, 'rejected')?.reason;
    if (refused === undefined) order.price = to;
    this.#followOrders();
    this.#compare(step, refusal ?? 'moved', refused === undefined ? 'moved' : (reasons[refused] ?? refused));
  }

  cancel(step: GherkinStep, [client, size, id]: readonly string[]): void {
    const order = this.#orders.get(Number(id));
    const account = this.#account(client!);
    this.#last = order ? this.#send(make.cancel({ account, orderId: order.orderId, symbol: 0 })) : [];
    this.#followOrders();
    this.#compare(step, Number(size), only(this.#last, 'cancelled')?.cancelledLots);
  }

  matched(step: GherkinStep, [id, how, price, lots]: readonly string[]): void {
    const order = this.#orders.get(Number(id));
    const trades = every(this.#last, 'trade').filter((trade) => trade.makerOrderId === order?.orderId);
    const found = trades.map((trade) => ({
      how: trade.makerOpenLots === 0 ? 'fully' : 'partially',
      price: Number(trade.priceTicks),
      lots: Number(trade.quantityLots),
    }));
    this.#compare(step, [{ how, price: Number(price), lots: Number(lots) }], found);
  }

  noTrades(step: GherkinStep): void {
    this.#compare(step, 0, every(this.#last, 'trade').length);
  }

  book(step: GherkinStep, [symbol]: readonly string[]): void {
    const pair = pairs[symbol!];
    if (!pair) {
      this.#except(step, `symbol ${symbol} is not among those of its tests that are known here`);
      return;
    }
    const { bids, asks } = this.#books.get(pair.symbol)?.best(Number.MAX_SAFE_INTEGER) ?? { bids: [], asks: [] };
    const found = [
      ...asks.toReversed().map((level) => `| ${level.priceTicks} ${level.quantityLots}`),
      ...bids.map((level) => `${level.quantityLots} ${level.priceTicks} |`),
    ];
    const rows = step.table.filter((row) => row[1] !== 'price');
    const expected = rows.map(([bid, price, ask]) => (ask ? `| ${price} ${ask}` : `${bid} ${price} |`));
    this.#compare(step, expected, found);
  }

  balance(step: GherkinStep, [client]: readonly string[]): void {
    const account = this.#account(client!);
    const { balances } = readRiskSnapshot(this.#exchange.operatorOf('risk').snapshot());
    for (const [asset, amount] of step.table) {
      const found = balances.find((each) => each.account === account && each.asset === assets[asset!]);
      this.#compare(step, `${asset} ${amount}`, `${asset} ${found?.available ?? 0}`);
    }
  }

  orders(step: GherkinStep, [client]: readonly string[]): void {
    const [, ...rows] = step.table;
    const expected = rows.map(([id, price, size, filled, , side]) => `${id} ${price} ${size} ${filled} ${side}`);
    this.#compare(step, expected, this.#openOrdersOf(client!));
  }

  noOrders(step: GherkinStep, [client]: readonly string[]): void {
    this.#compare(step, [], this.#openOrdersOf(client!));
  }

  /** A client that was never announced has an account too, and nothing in it. */
  #account(client: string): number {
    const known = this.#accounts.get(client);
    if (known !== undefined) return known;
    const account = FIRST_ACCOUNT + this.#accounts.size;
    this.#accounts.set(client, account);
    return account;
  }

  #openOrdersOf(client: string): string[] {
    const { orders } = readRiskSnapshot(this.#exchange.operatorOf('risk').snapshot());
    const account = this.#account(client);
    const mine = orders.filter((order) => order.account === account && order.symbol < RESERVE_OFFSET);
    return mine.map((order) => {
      const [id] = [...this.#orders].find(([, known]) => known.orderId === order.orderId)!;
      const side = order.side === 'buy' ? 'BID' : 'ASK';
      return `${id} ${order.priceTicks} ${order.totalLots} ${order.executedLots} ${side}`;
    });
  }

  #deposit(account: number, asset: string, amount: number): void {
    if (amount > 0) this.#send(make.deposit({ account, asset: assets[asset] ?? 0, amount }));
  }

  /** Holds the difference between a bid's reserve price and its price, for what is open of it. */
  #setReserve(account: number, order: KnownOrder, extra: number): void {
    if (order.side === 'ASK') return;
    const symbol = order.pair.symbol + RESERVE_OFFSET;
    const orderId = order.reserveOrderId;
    if (extra === 0) {
      if (orderId !== 0) this.#send(make.cancel({ account, orderId, symbol }));
      order.reserveOrderId = 0;
    } else if (orderId !== 0) this.#send(make.amend({ account, orderId, symbol, priceTicks: extra }));
    else {
      const reserved = this.#send(make.place({ account, symbol, priceTicks: extra, quantityLots: order.open }));
      order.reserveOrderId = only(reserved, 'admitted_place')?.orderId ?? 0;
    }
  }

  /** What traded, ended or shrank: the reserve follows what is open. */
  #followOrders(): void {
    const { orders } = readRiskSnapshot(this.#exchange.operatorOf('risk').snapshot());
    for (const order of this.#orders.values()) {
      const open = orders.find((each) => each.orderId === order.orderId)?.openLots ?? 0;
      if (open === order.open) continue;
      order.open = open;
      if (order.reserveOrderId === 0) continue;
      const account = this.#account(order.client);
      const target = { account, orderId: order.reserveOrderId, symbol: 0 };
      this.#send(open === 0 ? make.cancel(target) : make.amend({ ...target, quantityLots: open }));
    }
  }

  #send(record: AnyRecord): LoopRecord[] {
    const records = this.#exchange.apply(record);
    this.#follow();
    return records;
  }

  #follow(): void {
    const { records } = this.#exchange;
    for (; this.#told < records.length; this.#told++) {
      const { log, record } = records[this.#told]!;
      this.#options.trace?.(record);
      if (log !== 'market') continue;
      if (!this.#books.has(record.symbol)) this.#books.set(record.symbol, new FoldedBook());
      this.#books.get(record.symbol)!.apply(record);
    }
  }

  #compare(step: GherkinStep, expected: unknown, found: unknown): void {
    this.compared++;
    if (JSON.stringify(expected) === JSON.stringify(found)) this.equal++;
    else this.firstDifference ??= { where: `${this.#name}, line ${step.line}`, step: step.text, expected, found };
  }

  #except(step: GherkinStep, reason: string): void {
    this.#exceptions.push({ where: `${this.#name}, line ${step.line}`, step: step.text, reason });
  }
}

/** Sluice's reasons in exchange-core's words. */
const reasons: { readonly [reason: string]: string } = { insufficient_funds: 'RISK_NSF' };

const ORDER = String.raw`an? (BID|ASK) order (\d+) at (\d+)@(\d+) \(type: (\w+), symbol: (\w+)(?:, reservePrice: (\d+))?\)`;

type Action = (play: ScenarioPlay, step: GherkinStep, words: string[]) => void;

/** The steps of exchange-core's features. */
const actions: readonly (readonly [RegExp, Action])[] = [
  [/^New client (\w+) has a balance:$/, (play, step, words) => play.newClient(step, words)],
  [/^(\d+) (\w+) is added to the balance of a client (\w+)$/, (play, _step, words) => play.added(words)],
  [
    new RegExp(`^A client (\\w+) places ${ORDER}$`),
    (play, step, [client, ...words]) => play.place(step, client!, words, undefined),
  ],
  [
    new RegExp(`^A client (\\w+) could not place ${ORDER} due to (\\w+)$`),
    (play, step, [client, ...words]) => play.place(step, client!, words.slice(0, 7), words[7]),
  ],
  [
    /^A client (\w+) moves a price to (\d+) of the order (\d+)$/,
    (play, step, [client, ...words]) => play.move(step, client!, words, undefined),
  ],
  [
    /^A client (\w+) could not move a price to (\d+) of the order (\d+) due to (\w+)$/,
    (play, step, [client, ...words]) => play.move(step, client!, words.slice(0, 2), words[2]),
  ],
  [
    /^A client (\w+) cancels the remaining size (\d+) of the order (\d+)$/,
    (play, step, words) => play.cancel(step, words),
  ],
  [
    /^The order (\d+) is (partially|fully) matched\. LastPx: (\d+), LastQty: (\d+)/,
    (play, step, words) => play.matched(step, words),
  ],
  [/^No trade events$/, (play, step) => play.noTrades(step)],
  [/^An (\w+) order book is:$/, (play, step, words) => play.book(step, words)],
  [/^A balance of a client (\w+):$/, (play, step, words) => play.balance(step, words)],
  [/^A client (\w+) orders:$/, (play, step, words) => play.orders(step, words)],
  [/^A client (\w+) does not have active orders$/, (play, step, words) => play.noOrders(step, words)],
];

function every<T extends RecordType>(records: readonly LoopRecord[], type: T): RecordOf<T>[] {
  return records.map((each) => each.record).filter((record): record is RecordOf<T> => record.type === type);
}

function only<T extends RecordType>(records: readonly LoopRecord[], type: T): RecordOf<T> | undefined {
  return every(records, type)[0];
}
