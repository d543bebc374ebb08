/**
 * Balances, holds and fees of the naive exchange: maps and bigints, everything computed anew from the order's terms.
 */
import type {
  FeeConfig,
  Liquidity,
  OrderType,
  Side,
  SymbolConfig,
  TimeInForce,
} from '../../../schemas/generated/records.ts';

const PPM = 1_000_000n;
export const SAFE_MAX = BigInt(Number.MAX_SAFE_INTEGER);

export interface NaiveHeldOrder {
  readonly orderId: number;
  readonly clientOrderId: string;
  readonly account: number;
  /** The symbol's rules as they are now. */
  config: SymbolConfig;
  readonly side: Side;
  readonly orderType: OrderType;
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  readonly expiresAt: number;
  readonly fees: FeeConfig;
  readonly byBudget: boolean;
  /** A buy that spends a budget: what is left of it; null for every other order. */
  budgetLeft: bigint | null;
  price: bigint;
  total: bigint;
  open: bigint;
  executed: bigint;
  executedQuote: bigint;
  /** Sum of amount x rate over its fills, in millionths. */
  feeNumerator: bigint;
  held: bigint;
  /** New terms asked for and not yet answered by match. */
  asked: { readonly price: bigint; readonly total: bigint } | null;
}

/** Ceil of a / b for any a and b > 0. */
export function divCeil(a: bigint, b: bigint): bigint {
  const floor = a / b;
  return a % b > 0n ? floor + 1n : floor;
}

export function notional(config: SymbolConfig, price: bigint, lots: bigint): bigint {
  return price * lots * BigInt(config.quoteUnitsPerTickLot);
}

export function baseAmount(config: SymbolConfig, lots: bigint): bigint {
  return lots * BigInt(config.baseUnitsPerLot);
}

export function heldAsset(order: { readonly side: Side; readonly config: SymbolConfig }): number {
  return order.side === 'buy' ? order.config.quoteAsset : order.config.baseAsset;
}

function worstPpm(fees: FeeConfig): bigint {
  return BigInt(Math.max(0, fees.makerPpm, fees.takerPpm));
}

/** What an order needs held for its open terms: base of a sell; notional and the worst fee still to come of a buy. */
export function neededHold(order: NaiveHeldOrder): bigint {
  if (order.open <= 0n) return 0n;
  // How many lots a sell by budget still needs depends on prices to come, so all that it may sell stays held.
  if (order.byBudget && order.side === 'sell') return baseAmount(order.config, order.total - order.executed);
  const gone = order.total - order.open;
  const { asked } = order;
  const askedOpen = asked === null ? 0n : asked.total - gone;
  if (order.side === 'sell') return baseAmount(order.config, askedOpen > order.open ? askedOpen : order.open);
  let cost: bigint;
  if (order.budgetLeft !== null) cost = order.budgetLeft;
  else {
    cost = notional(order.config, order.price, order.open);
    if (asked !== null) {
      // Fills may come on the old terms before the new ones hold. At a lower price the old lots may still cost the old.
      const fresh =
        asked.price < order.price
          ? cost + (askedOpen > order.open ? notional(order.config, asked.price, askedOpen - order.open) : 0n)
          : notional(order.config, asked.price, askedOpen > 0n ? askedOpen : 0n);
      if (fresh > cost) cost = fresh;
    }
  }
  if (order.fees.feeAsset === 'received') return cost;
  const charged = divCeil(order.feeNumerator, PPM);
  return cost + divCeil(order.feeNumerator + cost * worstPpm(order.fees), PPM) - charged;
}

export interface NaiveFill {
  readonly base: bigint;
  readonly quote: bigint;
  readonly fee: bigint;
  readonly feeAsset: number;
  /** Left the hold for good. */
  readonly consumed: bigint;
}

/** What one side of a trade moves; adds to the order's sums. */
export function fillOrder(order: NaiveHeldOrder, price: bigint, lots: bigint, liquidity: Liquidity): NaiveFill {
  const base = baseAmount(order.config, lots);
  const quote = notional(order.config, price, lots);
  const feeInBase = order.side === 'buy' && order.fees.feeAsset === 'received';
  const ppm = BigInt(liquidity === 'maker' ? order.fees.makerPpm : order.fees.takerPpm);
  const before = divCeil(order.feeNumerator, PPM);
  order.feeNumerator += (feeInBase ? base : quote) * ppm;
  const fee = divCeil(order.feeNumerator, PPM) - before;
  order.executed += lots;
  order.executedQuote += quote;
  if (order.budgetLeft !== null) order.budgetLeft -= quote;
  const consumed = order.side === 'sell' ? base : feeInBase ? quote : quote + fee;
  return { base, quote, fee, feeAsset: feeInBase ? order.config.baseAsset : order.config.quoteAsset, consumed };
}

/** Amounts by account and asset. System accounts (below 100) are kept per partition. */
export class NaiveBalances {
  private readonly amounts = new Map<
    string,
    { partition: number; account: number; asset: number; available: bigint; held: bigint }
  >();
  private readonly partitions: number;

  constructor(partitions: number) {
    this.partitions = partitions;
  }

  of(partition: number, account: number, asset: number): { available: bigint; held: bigint } {
    const key = `${partition}/${account}/${asset}`;
    const found = this.amounts.get(key) ?? { partition, account, asset, available: 0n, held: 0n };
    this.amounts.set(key, found);
    return found;
  }

  all(): { partition: number; account: number; asset: number; available: bigint; held: bigint }[] {
    return [...this.amounts.values()];
  }

  /** Net amount brought into a partition from outside. */
  supply(partition: number, asset: number): bigint {
    return -this.of(partition, 1, asset).available;
  }

  supplyMax(): bigint {
    return SAFE_MAX / BigInt(this.partitions);
  }
}
