/**
 * Market and account records as an exchange would write them for the mix that the figures are counted in (60 % limits, of
 * which 38 % cross, 30 % cancels, 10 % market), cut into blocks like a lane's, without an exchange behind them. Every order
 * has its hold, every trade its two fills, every end its release; what came out is kept to compare with.
 */
import type { SinkBlock, StageOutput } from '../../pipelines/runtime/ports.ts';
import type { Envelope } from '../../schemas/envelope.ts';
import type {
  Accepted,
  AccountId,
  Amount,
  AnyRecord,
  AssetConfig,
  AssetId,
  Cancelled,
  Candle,
  Entry,
  Fill,
  Hold,
  Micros,
  OrderId,
  PriceTicks,
  QuantityLots,
  RatePpm,
  Release,
  Sequence,
  Side,
  SymbolConfig,
  SymbolId,
  Tick,
  TopOfBook,
  Trade,
} from '../../schemas/generated/records.ts';
import { eventIdInChain, packChainKey, packOrderId, packPosition } from '../../schemas/ids.ts';

export interface TrafficOptions {
  readonly seed: number;
  readonly accountPartitions: number;
  readonly marketPartitions: number;
  readonly ordersPerTick: number;
  readonly blockRecords?: number;
  /** Log time of the first tick, microseconds. */
  readonly startMicros?: number;
}

interface Resting {
  readonly orderId: OrderId;
  readonly account: number;
  readonly symbol: number;
  readonly side: Side;
  readonly price: number;
  open: number;
  traded: number;
}

interface OpenBlock {
  readonly log: string;
  readonly partition: number;
  firstOffset: number;
  records: AnyRecord[];
  envelopes: Envelope[];
  next: number;
}

const START_MICROS = 1_767_225_600_000_000;
const SYMBOLS = [1, 2, 3, 4];
const USD = 1;
const LOGS = { control: 0, commands: 1, orders: 2, market: 3, accounts: 4 } as const;

export class HistoryTraffic {
  readonly blocks: SinkBlock[] = [];
  orders = 0;
  trades = 0;
  cancels = 0;
  ticks = 0;
  timeMicros: number;
  readonly #options: TrafficOptions;
  readonly #random: () => number;
  readonly #open = new Map<string, OpenBlock>();
  readonly #sequences = new Map<string, number>();
  readonly #resting: Resting[] = [];
  readonly #lastTrade = new Map<number, Trade>();
  #command = 0;

  constructor(options: TrafficOptions) {
    this.#options = options;
    this.timeMicros = options.startMicros ?? START_MICROS;
    let state = options.seed >>> 0;
    this.#random = () => {
      state = (state + 0x6d2b79f5) >>> 0;
      let mixed = Math.imul(state ^ (state >>> 15), state | 1);
      mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
      return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
    };
    this.#configure();
  }

  /** Orders of one tick interval, then the tick, which closes every block. */
  runTick(): SinkBlock[] {
    const from = this.blocks.length;
    for (let count = 0; count < this.#options.ordersPerTick; count++) {
      this.timeMicros += Math.floor(1_000_000 / (this.#options.ordersPerTick + 1));
      this.#order();
    }
    this.timeMicros += 1_000;
    this.ticks++;
    const tick = { type: 'tick', symbol: 0 as SymbolId, seq: 0 as Sequence, number: this.ticks } satisfies Tick;
    this.#command++;
    for (let partition = 0; partition < this.#options.marketPartitions; partition++)
      this.#put('market', partition, tick);
    for (let partition = 0; partition < this.#options.accountPartitions; partition++)
      this.#put('accounts', partition, tick);
    return this.blocks.slice(from);
  }

  run(ticks: number): SinkBlock[] {
    const from = this.blocks.length;
    for (let count = 0; count < ticks; count++) this.runTick();
    return this.blocks.slice(from);
  }

  #configure(): void {
    for (const asset of [USD, 2, 3]) {
      for (let partition = 0; partition < this.#options.accountPartitions; partition++) {
        this.#put('accounts', partition, {
          type: 'asset_config',
          symbol: 0 as SymbolId,
          seq: 0 as Sequence,
          asset: asset as AssetId,
          name: ['USD', 'BTC', 'ETH'][asset - 1]!,
          decimals: 8,
          showDecimals: asset === USD ? 2 : 6,
          paperAmount: 0 as Amount,
        } satisfies AssetConfig);
      }
    }
    for (const symbol of SYMBOLS)
      this.#put('market', this.#marketPartition(symbol), symbolConfig(symbol, this.#seq(`s${symbol}`)));
  }

  #order(): void {
    const draw = this.#random();
    this.#command++;
    if (draw < 0.3 && this.#resting.length > 50) {
      this.#cancel();
      return;
    }
    const symbol = SYMBOLS[Math.floor(this.#random() * SYMBOLS.length)]!;
    const side: Side = this.#random() < 0.5 ? 'buy' : 'sell';
    const account = 100 + Math.floor(this.#random() * 1024);
    const price = 9_000 + symbol * 1_000 + Math.floor(this.#random() * 200);
    const lots = 1 + Math.floor(this.#random() * 1_000);
    const orderId = packOrderId(account % this.#options.accountPartitions, this.#command);
    this.orders++;
    this.#put('accounts', account % this.#options.accountPartitions, {
      type: 'hold',
      symbol: symbol as SymbolId,
      seq: this.#seq(`a${account}`),
      account: account as AccountId,
      orderId,
      clientOrderId: `c-${this.#command}`,
      asset: (side === 'buy' ? USD : 2) as AssetId,
      amount: (side === 'buy' ? price * lots : lots) as Amount,
      side,
      orderType: 'limit',
      timeInForce: 'gtc',
      postOnly: false,
      priceTicks: price as PriceTicks,
      quantityLots: lots as QuantityLots,
      budget: 0 as Amount,
      expiresAt: 0 as Micros,
      feeVersion: 1,
      command: 'place',
    } satisfies Hold);
    const maker =
      draw > 0.67 ? this.#resting.findLast((order) => order.symbol === symbol && order.side !== side) : undefined;
    const traded = maker ? Math.min(lots, maker.open) : 0;
    this.#put('market', this.#marketPartition(symbol), {
      type: 'accepted',
      symbol: symbol as SymbolId,
      seq: this.#seq(`s${symbol}`),
      account: account as AccountId,
      orderId,
      side,
      orderType: 'limit',
      timeInForce: 'gtc',
      postOnly: false,
      priceTicks: price as PriceTicks,
      quantityLots: lots as QuantityLots,
      budget: 0 as Amount,
      restingLots: (lots - traded) as QuantityLots,
      expiresAt: 0 as Micros,
    } satisfies Accepted);
    const taker: Resting = { orderId, account, symbol, side, price, open: lots, traded: 0 };
    if (maker) this.#trade(taker, maker, traded);
    if (taker.open > 0) this.#resting.push(taker);
  }

  #trade(taker: Resting, maker: Resting, lots: number): void {
    this.trades++;
    for (const order of [taker, maker]) {
      order.open -= lots;
      order.traded += lots;
    }
    const trade = {
      type: 'trade',
      symbol: taker.symbol as SymbolId,
      seq: this.#seq(`s${taker.symbol}`),
      priceTicks: maker.price as PriceTicks,
      quantityLots: lots as QuantityLots,
      quoteAmount: (maker.price * lots) as Amount,
      takerSide: taker.side,
      takerOrderId: taker.orderId,
      makerOrderId: maker.orderId,
      takerAccount: taker.account as AccountId,
      makerAccount: maker.account as AccountId,
      takerCumulativeLots: taker.traded as QuantityLots,
      takerOpenLots: taker.open as QuantityLots,
      makerCumulativeLots: maker.traded as QuantityLots,
      makerOpenLots: maker.open as QuantityLots,
      auction: false,
    } satisfies Trade;
    this.#put('market', this.#marketPartition(taker.symbol), trade);
    this.#lastTrade.set(taker.symbol, trade);
    this.#fill(taker, maker.price, lots, trade.seq, 'taker');
    this.#fill(maker, maker.price, lots, trade.seq, 'maker');
    if (maker.open === 0) this.#resting.splice(this.#resting.indexOf(maker), 1);
  }

  #fill(order: Resting, price: number, lots: number, tradeId: Sequence, liquidity: 'maker' | 'taker'): void {
    this.#put('accounts', order.account % this.#options.accountPartitions, {
      type: 'fill',
      symbol: order.symbol as SymbolId,
      seq: this.#seq(`a${order.account}`),
      account: order.account as AccountId,
      orderId: order.orderId,
      clientOrderId: '',
      tradeId,
      side: order.side,
      liquidity,
      priceTicks: price as PriceTicks,
      quantityLots: lots as QuantityLots,
      baseAsset: 2 as AssetId,
      quoteAsset: USD as AssetId,
      baseAmount: lots as Amount,
      quoteAmount: (price * lots) as Amount,
      feeAsset: USD as AssetId,
      fee: Math.ceil((price * lots) / 1000) as Amount,
      feeVersion: 1,
      holdConsumed: (order.side === 'buy' ? price * lots : lots) as Amount,
      released: 0 as Amount,
      cumulativeLots: order.traded as QuantityLots,
      openLots: order.open as QuantityLots,
      cumulativeQuoteAmount: (price * order.traded) as Amount,
    } satisfies Fill);
  }

  #cancel(): void {
    const index = Math.max(0, this.#resting.length - 1 - Math.floor(this.#random() * 5_000));
    const [order] = this.#resting.splice(index, 1) as [Resting];
    this.cancels++;
    this.#put('market', this.#marketPartition(order.symbol), {
      type: 'cancelled',
      symbol: order.symbol as SymbolId,
      seq: this.#seq(`s${order.symbol}`),
      account: order.account as AccountId,
      orderId: order.orderId,
      side: order.side,
      priceTicks: order.price as PriceTicks,
      cancelledLots: order.open as QuantityLots,
      executedLots: order.traded as QuantityLots,
      wasResting: true,
      reason: 'user',
    } satisfies Cancelled);
    this.#put('accounts', order.account % this.#options.accountPartitions, {
      type: 'release',
      symbol: order.symbol as SymbolId,
      seq: this.#seq(`a${order.account}`),
      account: order.account as AccountId,
      orderId: order.orderId,
      clientOrderId: '',
      asset: (order.side === 'buy' ? USD : 2) as AssetId,
      amount: (order.side === 'buy' ? order.price * order.open : order.open) as Amount,
      reason: 'user',
      executedLots: order.traded as QuantityLots,
      openLots: 0 as QuantityLots,
    } satisfies Release);
  }

  #seq(key: string): Sequence {
    const next = (this.#sequences.get(key) ?? 0) + 1;
    this.#sequences.set(key, next);
    return next as Sequence;
  }

  #marketPartition(symbol: number): number {
    return symbol % this.#options.marketPartitions;
  }

  #put(log: 'market' | 'accounts', partition: number, record: AnyRecord): void {
    const key = `${log}/${partition}`;
    let open = this.#open.get(key);
    if (!open) this.#open.set(key, (open = { log, partition, firstOffset: 0, records: [], envelopes: [], next: 0 }));
    const edge = log === 'market' ? 5 : 6;
    open.records.push(record);
    open.envelopes.push({
      eventId: eventIdInChain(packChainKey(edge, partition, partition), open.next + 1),
      causationId: packPosition(log === 'market' ? LOGS.orders : LOGS.commands, partition, this.#command),
      correlationId: packPosition(LOGS.commands, 0, this.#command),
      occurredAt: this.timeMicros as Micros,
      eventVersion: 1,
      traceparent: null,
    });
    open.next++;
    const blockRecords = this.#options.blockRecords ?? 16_384;
    if (record.type === 'tick' || (open.next - 1) % blockRecords === blockRecords - 1) this.#close(open);
  }

  #close(open: OpenBlock): void {
    const { log, partition, firstOffset, records, envelopes } = open;
    const lastOffset = open.next - 1;
    open.firstOffset = open.next;
    open.records = [];
    open.envelopes = [];
    const outputs =
      log === 'market'
        ? this.#marketOutputs(partition, lastOffset, records)
        : this.#entries(partition, firstOffset, records);
    this.blocks.push({
      log,
      partition,
      firstOffset,
      lastOffset,
      lastTimeMicros: this.timeMicros,
      records,
      envelopes,
      outputs,
    });
  }

  /** At a tick: a candle of one second and the top of the book of every symbol. */
  #marketOutputs(
    partition: number,
    offset: number,
    records: readonly AnyRecord[],
  ): { [stagePort: string]: StageOutput } {
    const candles: StageOutput = { records: [], envelopes: [] };
    const tops: StageOutput = { records: [], envelopes: [] };
    if (records.at(-1)?.type !== 'tick') return { 'candles.closed': candles, 'depth.top': tops };
    for (const symbol of SYMBOLS) {
      if (this.#marketPartition(symbol) !== partition) continue;
      const last = this.#lastTrade.get(symbol);
      const price = (last?.priceTicks ?? 0) as PriceTicks;
      const causationId = packPosition(LOGS.market, partition, offset);
      candles.records.push({
        type: 'candle',
        symbol: symbol as SymbolId,
        seq: (last?.seq ?? 0) as Sequence,
        interval: '1s',
        opensAt: ((Math.floor(this.timeMicros / 1e6) - 1) * 1e6) as Micros,
        openPriceTicks: price,
        highPriceTicks: price,
        lowPriceTicks: price,
        closePriceTicks: price,
        baseLots: (last?.quantityLots ?? 0) as QuantityLots,
        quoteAmount: BigInt(last?.quoteAmount ?? 0),
        takerBuyLots: 0 as QuantityLots,
        takerBuyQuoteAmount: 0n,
        tradeCount: 1,
        firstTradeId: (last?.seq ?? 0) as Sequence,
        lastTradeId: (last?.seq ?? 0) as Sequence,
        closed: true,
        version: 1,
      } satisfies Candle);
      candles.envelopes.push(this.#outputEnvelope(20, partition, causationId));
      tops.records.push({
        type: 'top_of_book',
        symbol: symbol as SymbolId,
        seq: (last?.seq ?? 0) as Sequence,
        bestBidPriceTicks: (price - 1) as PriceTicks,
        bestBidLots: 5 as QuantityLots,
        bestAskPriceTicks: (price + 1) as PriceTicks,
        bestAskLots: 7 as QuantityLots,
        bidDepthLots: 50 as QuantityLots,
        askDepthLots: 70 as QuantityLots,
      } satisfies TopOfBook);
      tops.envelopes.push(this.#outputEnvelope(21, partition, causationId));
    }
    return { 'candles.closed': candles, 'depth.top': tops };
  }

  /** One entry a fill, in four postings. */
  #entries(
    partition: number,
    firstOffset: number,
    records: readonly AnyRecord[],
  ): { [stagePort: string]: StageOutput } {
    const posted: StageOutput = { records: [], envelopes: [] };
    for (const [index, record] of records.entries()) {
      if (record.type !== 'fill') continue;
      const offset = firstOffset + index;
      const gains =
        record.side === 'buy' ? [record.baseAsset, record.baseAmount] : [record.quoteAsset, record.quoteAmount];
      const pays =
        record.side === 'buy' ? [record.quoteAsset, record.quoteAmount] : [record.baseAsset, record.baseAmount];
      const posting = (
        account: number,
        ledgerAccount: 'available' | 'hold' | 'clearing',
        asset: number,
        amount: number,
      ) => ({
        account: account as AccountId,
        ledgerAccount,
        asset: asset as AssetId,
        amount: amount as Amount,
      });
      posted.records.push({
        type: 'entry',
        symbol: 0 as SymbolId,
        seq: 0 as Sequence,
        entryId: (partition * 2 ** 40 + offset) * 2,
        kind: 'trade',
        accountPartition: partition,
        firstSequence: offset,
        lastSequence: offset,
        tradeId: record.tradeId,
        commandId: 0,
        tradeSymbol: record.symbol,
        movedAt: this.timeMicros as Micros,
        reverses: 0,
        reference: '',
        reason: '',
        postings: [
          posting(record.account, 'hold', pays[0]!, -pays[1]!),
          posting(3, 'clearing', pays[0]!, pays[1]!),
          posting(3, 'clearing', gains[0]!, -gains[1]!),
          posting(record.account, 'available', gains[0]!, gains[1]!),
        ],
      } satisfies Entry);
      posted.envelopes.push(this.#outputEnvelope(22, partition, packPosition(LOGS.accounts, partition, offset)));
    }
    return { 'settle.posted': posted };
  }

  #outputEnvelope(edge: number, partition: number, causationId: number): Envelope {
    const sequence = this.#seq(`e${edge}/${partition}`);
    return {
      eventId: eventIdInChain(packChainKey(edge, partition, partition), sequence),
      causationId,
      correlationId: packPosition(LOGS.commands, 0, this.#command),
      occurredAt: this.timeMicros as Micros,
      eventVersion: 1,
      traceparent: null,
    };
  }
}

function symbolConfig(symbol: number, seq: Sequence): SymbolConfig {
  return {
    type: 'symbol_config',
    symbol: symbol as SymbolId,
    seq,
    name: `S${symbol}-USD`,
    baseAsset: 2 as AssetId,
    quoteAsset: USD as AssetId,
    priceDecimals: 2,
    quantityDecimals: 4,
    tickDecimal: '0.01',
    lotDecimal: '0.0001',
    quoteUnitsPerTickLot: 1,
    baseUnitsPerLot: 10_000,
    minPriceTicks: 1 as PriceTicks,
    maxPriceTicks: 1_000_000 as PriceTicks,
    minQuantityLots: 1 as QuantityLots,
    maxQuantityLots: 1_000_000 as QuantityLots,
    minNotionalAmount: 1 as Amount,
    maxNotionalAmount: 1_000_000_000 as Amount,
    bandPpm: 100_000 as RatePpm,
    feeSchedule: 'standard',
    defaultSelfTradeMode: 'none',
    allowedSelfTradeModes: 31,
    maxRestingOrders: 10_000,
    openingState: 'trading',
    version: 1,
  };
}
