import { buildDepth } from '../../operators/build-depth.ts';
import { decimalOfUnits } from '../../schemas/decimal.ts';
import type {
  AccountId,
  Amount,
  AnyRecord,
  AssetId,
  BookDelta,
  Micros,
  OrderId,
  PriceTicks,
  QuantityLots,
  RatePpm,
  Sequence,
  Side,
  SymbolId,
  TopOfBook,
} from '../../schemas/generated/records.ts';
import { FollowerRun } from '../operators/follower-run.ts';
import type { ConformanceOptions } from './conformance.ts';

export interface DepthTold {
  /** Absent where no level changed. */
  readonly delta: BookDelta | undefined;
  /** Absent while the book is empty. */
  readonly top: TopOfBook | undefined;
}

const SYMBOL = 1 as SymbolId;

/**
 * A published book by price level, as the market log of an exchange on which each level is one order: so a recorded feed
 * of levels runs through the stage that builds depth from orders.
 */
export class LevelsAsOrders {
  readonly #run = new FollowerRun(buildDepth());
  readonly #orders = new Map<string, { readonly orderId: OrderId; lots: number }>();
  readonly #options: ConformanceOptions;
  #seq = 0;
  #nextOrder = 1;
  #timeMicros = 0;

  /** Prices and quantities are whole units of these decimals. */
  constructor(decimals: { readonly price: number; readonly quantity: number }, options: ConformanceOptions) {
    this.#options = options;
    this.#apply({
      type: 'symbol_config',
      symbol: SYMBOL,
      seq: 0 as Sequence,
      name: 'RECORDED',
      baseAsset: 1 as AssetId,
      quoteAsset: 2 as AssetId,
      priceDecimals: decimals.price,
      quantityDecimals: decimals.quantity,
      tickDecimal: decimalOfUnits(1, decimals.price),
      lotDecimal: decimalOfUnits(1, decimals.quantity),
      quoteUnitsPerTickLot: 1,
      baseUnitsPerLot: 1,
      minPriceTicks: 1 as PriceTicks,
      maxPriceTicks: 0 as PriceTicks,
      minQuantityLots: 1 as QuantityLots,
      maxQuantityLots: 0 as QuantityLots,
      minNotionalAmount: 0 as Amount,
      maxNotionalAmount: 0 as Amount,
      bandPpm: 0 as RatePpm,
      feeSchedule: 'recorded',
      defaultSelfTradeMode: 'none',
      allowedSelfTradeModes: 1,
      maxRestingOrders: 1,
      openingState: 'trading',
      version: 1,
    });
  }

  /** A level holds so much now; 0 removes it. */
  set(side: Side, price: number, lots: number): void {
    const key = `${side} ${price}`;
    const order = this.#orders.get(key);
    const named = { symbol: SYMBOL, account: 100 as AccountId, side } as const;
    if (order === undefined) {
      if (lots === 0) return;
      const orderId = this.#nextOrder++ as OrderId;
      this.#orders.set(key, { orderId, lots });
      this.#apply({
        type: 'accepted',
        ...named,
        seq: this.#nextSeq(),
        orderId,
        orderType: 'limit',
        timeInForce: 'gtc',
        postOnly: false,
        priceTicks: price as PriceTicks,
        quantityLots: lots as QuantityLots,
        budget: 0 as Amount,
        restingLots: lots as QuantityLots,
        expiresAt: 0 as Micros,
      });
    } else if (lots === 0) {
      this.#orders.delete(key);
      this.#apply({
        type: 'cancelled',
        ...named,
        seq: this.#nextSeq(),
        orderId: order.orderId,
        priceTicks: price as PriceTicks,
        cancelledLots: order.lots as QuantityLots,
        executedLots: 0 as QuantityLots,
        wasResting: true,
        reason: 'user',
      });
    } else if (lots !== order.lots) {
      this.#apply({
        type: 'amended',
        ...named,
        seq: this.#nextSeq(),
        orderId: order.orderId,
        oldPriceTicks: price as PriceTicks,
        oldOpenLots: order.lots as QuantityLots,
        priceTicks: price as PriceTicks,
        quantityLots: lots as QuantityLots,
        openLots: lots as QuantityLots,
        keptPriority: lots < order.lots,
      });
      order.lots = lots;
    }
  }

  /** Removes every level. */
  clear(): void {
    for (const key of [...this.#orders.keys()]) {
      const [side, price] = key.split(' ');
      this.set(side as Side, Number(price), 0);
    }
  }

  /** A clock record: what the stage tells of the book as it is now. */
  tick(): DepthTold {
    this.#timeMicros += 1_000_000;
    const told = this.#run.tick(this.#timeMicros);
    for (const each of told) this.#options.trace?.(each);
    return {
      delta: told.find(({ port }) => port === 'delta')?.record as BookDelta | undefined,
      top: told.find(({ port }) => port === 'top')?.record as TopOfBook | undefined,
    };
  }

  checkInvariants(): void {
    this.#run.operator.checkInvariants();
  }

  #nextSeq(): Sequence {
    this.#seq += 1;
    return this.#seq as Sequence;
  }

  #apply(record: AnyRecord): void {
    this.#run.apply(record, this.#timeMicros);
  }
}
