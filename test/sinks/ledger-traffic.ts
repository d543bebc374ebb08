/**
 * Account events as risk would write them for the mix that the figures are counted in (60 % limits of which 38 % cross,
 * 30 % cancels, 10 % market), without an exchange behind them: holds, fills of both sides, releases, deposits, ticks.
 * Money adds up: nobody spends what is not held. It keeps its own balances, which the ledger must come to.
 */
import { postEntries } from '../../operators/post-entries.ts';
import type { SinkBlock } from '../../pipelines/runtime/ports.ts';
import { type Envelope, emptyEnvelope } from '../../schemas/envelope.ts';
import type {
  AccountId,
  Amount,
  AnyRecord,
  AssetId,
  BalanceChange,
  Entry,
  Fill,
  Hold,
  Micros,
  Release,
  Tick,
} from '../../schemas/generated/records.ts';
import { packPosition } from '../../schemas/ids.ts';
import type { AccountEvent } from '../../schemas/logs.ts';

export interface TrafficOptions {
  readonly seed: number;
  readonly accounts: number;
  readonly partitions: number;
  /** Orders between two ticks. */
  readonly ordersPerTick: number;
  /** Records of a block; 1,024 where not given. */
  readonly blockRecords?: number;
  /** Blocks carry the account events too, not the entries alone. */
  readonly keepRecords?: boolean;
}

const FIRST_ACCOUNT = 100;
const USD = 1;
const DEPOSIT = 10 ** 12;
const FEE_PPM = 1500;
/** Shares of all orders; what is left takes. With makers that die at every fifth fill the book keeps its depth. */
const CANCELS = 0.3;
const RESTS = 0.37;
const SECOND_FILL = 0.18;
const MAKER_ENDS = 0.18;
const COMMANDS_LOG = 1;
const ACCOUNTS_LOG = 4;
const SYMBOLS = [
  { symbol: 1, base: 2, quote: USD },
  { symbol: 2, base: 3, quote: USD },
  { symbol: 3, base: 4, quote: USD },
  { symbol: 4, base: 3, quote: 2 },
];

interface OpenOrder {
  readonly id: number;
  readonly account: number;
  readonly buys: boolean;
  /** What is open of it, and of the fee held for it. */
  amount: number;
  fee: number;
}

/** Seeded 32-bit generator (mulberry32). */
function random(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Traffic cut into blocks as a lane cuts it. */
export class LedgerTraffic {
  /** `account/asset/available|hold|fees|clearing|outside` to amount, folded from the records alone. */
  readonly balances = new Map<string, bigint>();
  orders = 0;
  trades = 0;
  records = 0;
  readonly #options: TrafficOptions;
  readonly #draw: () => number;
  readonly #open: OpenOrder[][] = SYMBOLS.flatMap(() => [[], []]);
  readonly #partitions: Partition[];
  readonly #blocks: SinkBlock[] = [];
  #timeMicros = 1_700_000_000_000_000;
  #ticks = 0;
  #commands = 0;
  #tradeIds = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.#draw = random(options.seed);
    this.#partitions = Array.from(
      { length: options.partitions },
      (_, index) => new Partition(index, options, this.#blocks),
    );
    for (let index = 0; index < options.accounts; index++) {
      for (let asset = USD; asset <= 4; asset++) this.deposit(FIRST_ACCOUNT + index, asset, DEPOSIT);
    }
    this.tick();
  }

  /** Blocks complete since the last call. */
  take(): SinkBlock[] {
    return this.#blocks.splice(0);
  }

  /** Run orders until that many have been placed or cancelled in all. */
  runTo(orders: number): void {
    while (this.orders < orders) this.#order();
  }

  deposit(account: number, asset: number, amount: number): void {
    this.#commands++;
    const record: BalanceChange = {
      type: 'balance_change',
      symbol: 0 as BalanceChange['symbol'],
      seq: 0 as BalanceChange['seq'],
      account: account as AccountId,
      asset: asset as AssetId,
      amount: amount as Amount,
      kind: 'deposit',
      reference: `d-${this.#commands}`,
      reason: '',
      requestedBy: '',
      approvedBy: '',
    };
    this.#move(account, asset, 'available', amount);
    this.#move(1, asset, 'outside', -amount);
    this.#emit(record, account);
  }

  tick(): void {
    this.#ticks++;
    this.#timeMicros += 1_000_000;
    for (const partition of this.#partitions) {
      const record: Tick = {
        type: 'tick',
        symbol: 0 as Tick['symbol'],
        seq: 0 as Tick['seq'],
        number: this.#ticks as Tick['number'],
      };
      partition.push(record, this.#timeMicros, 0);
      this.records++;
    }
  }

  #order(): void {
    this.orders++;
    this.#commands++;
    this.#timeMicros += 10;
    const choice = this.#draw();
    if (choice < CANCELS) this.#cancel();
    else if (choice < CANCELS + RESTS) this.#rest();
    else this.#take();
    if (this.orders % this.#options.ordersPerTick === 0) this.tick();
  }

  #rest(): void {
    const market = Math.floor(this.#draw() * SYMBOLS.length);
    const buys = this.#draw() < 0.5;
    this.#open[market * 2 + (buys ? 0 : 1)]!.push(this.#hold(market, buys, this.#drawAmount()));
  }

  #hold(market: number, buys: boolean, amount: number): OpenOrder {
    const { symbol, base, quote } = SYMBOLS[market]!;
    const account = FIRST_ACCOUNT + Math.floor(this.#draw() * this.#options.accounts);
    const fee = buys ? Math.ceil((amount * FEE_PPM) / 1e6) : 0;
    const asset = buys ? quote : base;
    const record: Hold = {
      type: 'hold',
      symbol: symbol as Hold['symbol'],
      seq: 0 as Hold['seq'],
      account: account as AccountId,
      orderId: this.#commands as Hold['orderId'],
      clientOrderId: '',
      asset: asset as AssetId,
      amount: (amount + fee) as Amount,
      side: buys ? 'buy' : 'sell',
      orderType: 'limit',
      timeInForce: 'gtc',
      postOnly: false,
      priceTicks: 1 as Hold['priceTicks'],
      quantityLots: amount as Hold['quantityLots'],
      budget: 0 as Amount,
      expiresAt: 0 as Micros,
      feeVersion: 1,
      command: 'place',
    };
    this.#move(account, asset, 'available', -amount - fee);
    this.#move(account, asset, 'hold', amount + fee);
    this.#emit(record, account);
    return { id: this.#commands, account, buys, amount, fee };
  }

  #cancel(): void {
    const book = this.#open[Math.floor(this.#draw() * this.#open.length)]!;
    if (book.length === 0) {
      this.#rest();
      return;
    }
    const order = book.splice(Math.floor(this.#draw() * book.length), 1)[0]!;
    const market = Math.floor(this.#open.indexOf(book) / 2);
    this.#release(market, order, order.amount + order.fee);
  }

  #release(market: number, order: OpenOrder, amount: number): void {
    const { symbol, base, quote } = SYMBOLS[market]!;
    const asset = order.buys ? quote : base;
    const record: Release = {
      type: 'release',
      symbol: symbol as Release['symbol'],
      seq: 0 as Release['seq'],
      account: order.account as AccountId,
      orderId: order.id as Release['orderId'],
      clientOrderId: '',
      asset: asset as AssetId,
      amount: amount as Amount,
      reason: 'user',
      executedLots: 0 as Release['executedLots'],
      openLots: 0 as Release['openLots'],
    };
    this.#move(order.account, asset, 'available', amount);
    this.#move(order.account, asset, 'hold', -amount);
    this.#emit(record, order.account);
  }

  /** A taker that meets the oldest of the other side, once or twice, at one quote unit for one base unit. */
  #take(): void {
    const market = Math.floor(this.#draw() * SYMBOLS.length);
    const takerBuys = this.#draw() < 0.5;
    const makers = this.#open[market * 2 + (takerBuys ? 1 : 0)]!;
    if (makers.length === 0) {
      this.#rest();
      return;
    }
    const taker = this.#hold(market, takerBuys, this.#drawAmount());
    if (this.#draw() < SECOND_FILL) this.#trade(market, taker, makers, Math.ceil(taker.amount / 2));
    if (makers.length > 0 && taker.amount > 0) this.#trade(market, taker, makers, taker.amount);
    if (taker.amount > 0) this.#release(market, taker, taker.amount + taker.fee);
  }

  #trade(market: number, taker: OpenOrder, makers: OpenOrder[], wanted: number): void {
    const maker = makers[0]!;
    const amount =
      this.#draw() < MAKER_ENDS ? Math.min(wanted, maker.amount) : Math.min(wanted, Math.ceil(maker.amount / 2));
    this.#tradeIds++;
    this.trades++;
    this.#fill(market, taker, amount, 'taker');
    this.#fill(market, maker, amount, 'maker');
    if (maker.amount === 0) makers.shift();
  }

  /** Half the fee held is charged; what is left of it comes free with the last fill. */
  #fill(market: number, order: OpenOrder, amount: number, liquidity: 'taker' | 'maker'): void {
    const { symbol, base, quote } = SYMBOLS[market]!;
    const fee = Math.floor((amount * FEE_PPM) / 2e6);
    const consumed = order.buys ? amount + fee : amount;
    order.amount -= amount;
    if (order.buys) order.fee -= fee;
    const released = order.amount === 0 ? order.fee : 0;
    const record: Fill = {
      type: 'fill',
      symbol: symbol as Fill['symbol'],
      seq: 0 as Fill['seq'],
      account: order.account as AccountId,
      orderId: order.id as Fill['orderId'],
      clientOrderId: '',
      tradeId: this.#tradeIds as Fill['tradeId'],
      side: order.buys ? 'buy' : 'sell',
      liquidity,
      priceTicks: 1 as Fill['priceTicks'],
      quantityLots: amount as Fill['quantityLots'],
      baseAsset: base as AssetId,
      quoteAsset: quote as AssetId,
      baseAmount: amount as Amount,
      quoteAmount: amount as Amount,
      feeAsset: quote as AssetId,
      fee: fee as Amount,
      feeVersion: 1,
      holdConsumed: consumed as Amount,
      released: released as Amount,
      cumulativeLots: amount as Fill['cumulativeLots'],
      openLots: order.amount as Fill['openLots'],
      cumulativeQuoteAmount: amount as Amount,
    };
    const held = order.buys ? quote : base;
    this.#move(order.account, held, 'hold', -consumed - released);
    this.#move(order.account, held, 'available', released);
    this.#move(order.account, order.buys ? base : quote, 'available', order.buys ? amount : amount - fee);
    this.#move(2, quote, 'fees', fee);
    this.#emit(record, order.account);
  }

  #drawAmount(): number {
    return 1 + Math.floor(this.#draw() * 1_000_000);
  }

  #emit(record: AnyRecord, account: number): void {
    const command = packPosition(COMMANDS_LOG, account % this.#options.partitions, this.#commands);
    this.#partitions[account % this.#options.partitions]!.push(record, this.#timeMicros, command);
    this.records++;
  }

  #move(account: number, asset: number, ledgerAccount: string, amount: number): void {
    const key = `${account}/${asset}/${ledgerAccount}`;
    this.balances.set(key, (this.balances.get(key) ?? 0n) + BigInt(amount));
  }
}

/** One partition of the accounts log with its own `postEntries`, as a lane runs it. */
class Partition {
  readonly #number: number;
  readonly #blockRecords: number;
  readonly #keep: boolean;
  readonly #operator;
  readonly #blocks: SinkBlock[];
  #records: AnyRecord[] = [];
  #envelopes: Envelope[] = [];
  #entries: Entry[] = [];
  #entryEnvelopes: Envelope[] = [];
  #first = 0;
  #next = 0;
  readonly #moment = { timeMicros: 0 as Micros, position: 0, offset: 0, partition: 0, correlationId: 0 };

  constructor(number: number, options: TrafficOptions, blocks: SinkBlock[]) {
    this.#number = number;
    this.#blockRecords = options.blockRecords ?? 1024;
    this.#keep = options.keepRecords ?? false;
    this.#blocks = blocks;
    this.#operator = postEntries().create({
      partition: number,
      partitions: { accounts: options.partitions },
      shared: (_name, make) => make(),
    });
  }

  push(record: AnyRecord, timeMicros: number, command: number): void {
    const offset = this.#next++;
    const moment = this.#moment;
    moment.timeMicros = timeMicros as Micros;
    moment.position = packPosition(ACCOUNTS_LOG, this.#number, offset);
    moment.offset = offset;
    moment.partition = this.#number;
    moment.correlationId = command;
    const envelope = { ...emptyEnvelope(), correlationId: command, occurredAt: timeMicros as Micros };
    if (this.#keep) {
      this.#records.push(record);
      this.#envelopes.push(envelope);
    }
    this.#operator.apply(record as AccountEvent, moment, {
      posted: (entry) => {
        this.#entries.push(entry);
        this.#entryEnvelopes.push(envelope);
      },
    });
    if (record.type === 'tick' || offset % this.#blockRecords === this.#blockRecords - 1) this.#close(offset);
  }

  #close(lastOffset: number): void {
    this.#blocks.push({
      log: 'accounts',
      partition: this.#number,
      firstOffset: this.#first,
      lastOffset,
      lastTimeMicros: this.#moment.timeMicros,
      records: this.#records,
      envelopes: this.#envelopes,
      outputs: { 'settle.posted': { records: this.#entries, envelopes: this.#entryEnvelopes } },
    });
    this.#first = lastOffset + 1;
    this.#records = [];
    this.#envelopes = [];
    this.#entries = [];
    this.#entryEnvelopes = [];
  }
}
