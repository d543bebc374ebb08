import type {
  AccountId,
  Amount,
  AssetId,
  PriceTicks,
  QuantityLots,
  RatePpm,
  Sequence,
  SymbolId,
} from '../../schemas/generated/records.ts';
import type { RecordingRules } from './recording.ts';

export interface RecordedGrid {
  /** Base and quote joined by "-", e.g. "BTC-USD". */
  readonly symbolName: string;
  /** Decimals of a tick and of a lot; both are one in their last decimal. */
  readonly priceDecimals: number;
  readonly quantityDecimals: number;
  /** Highest price and largest quantity of the file. */
  readonly priceTicksMax: number;
  readonly quantityLotsMax: number;
  /** Orders that may rest at once. */
  readonly restingOrdersMax: number;
}

/** The order book counts prices in 31 bits. */
const PRICE_TICKS_MAX = 0x7fff_ffff;
const MAKER_PPM = 1_000;
const TAKER_PPM = 1_500;

/**
 * The rules under which a recorded flow is played: the file's own tick and lot, quote counted in tick x lot, wide
 * limits, no price band, self-trade mode `none`, and a fee, so that fees are exercised too.
 *
 * A price times a quantity must stay a safe integer for the largest order allowed. Where the file's extremes together do
 * not, the largest quantity wins and the highest price is lowered: what lies above it is an offer far from the market.
 */
export function recordedRules(grid: RecordedGrid): RecordingRules {
  const [base, quote, ...rest] = grid.symbolName.split('-');
  if (base === undefined || quote === undefined || rest.length > 0 || base === '' || quote === '') {
    throw new RangeError(`symbol "${grid.symbolName}" given, a name like "BTC-USD" is allowed`);
  }
  const quantityLots = Math.max(1, grid.quantityLotsMax);
  const room = Math.floor((Number.MAX_SAFE_INTEGER * 0.9) / quantityLots);
  const priceTicks = Math.max(1, Math.min(room, PRICE_TICKS_MAX, grid.priceTicksMax * 2));
  const none = { symbol: 0 as SymbolId, seq: 0 as Sequence };
  return {
    assets: [
      {
        type: 'asset_config',
        ...none,
        asset: 1 as AssetId,
        name: base,
        decimals: grid.quantityDecimals,
        showDecimals: grid.quantityDecimals,
        paperAmount: 0 as Amount,
      },
      {
        type: 'asset_config',
        ...none,
        asset: 2 as AssetId,
        name: quote,
        decimals: grid.priceDecimals + grid.quantityDecimals,
        showDecimals: grid.priceDecimals,
        paperAmount: 0 as Amount,
      },
    ],
    symbol: {
      type: 'symbol_config',
      symbol: 1 as SymbolId,
      seq: 0 as Sequence,
      name: grid.symbolName,
      baseAsset: 1 as AssetId,
      quoteAsset: 2 as AssetId,
      priceDecimals: grid.priceDecimals,
      quantityDecimals: grid.quantityDecimals,
      tickDecimal: smallest(grid.priceDecimals),
      lotDecimal: smallest(grid.quantityDecimals),
      quoteUnitsPerTickLot: 1,
      baseUnitsPerLot: 1,
      minPriceTicks: 1 as PriceTicks,
      maxPriceTicks: priceTicks as PriceTicks,
      minQuantityLots: 1 as QuantityLots,
      maxQuantityLots: quantityLots as QuantityLots,
      minNotionalAmount: 0 as Amount,
      maxNotionalAmount: (priceTicks * quantityLots) as Amount,
      bandPpm: 0 as RatePpm,
      feeSchedule: 'recorded',
      defaultSelfTradeMode: 'none',
      allowedSelfTradeModes: 1,
      maxRestingOrders: grid.restingOrdersMax,
      openingState: 'trading',
      version: 1,
    },
    fees: {
      type: 'fee_config',
      ...none,
      schedule: 'recorded',
      version: 1,
      makerPpm: MAKER_PPM as RatePpm,
      takerPpm: TAKER_PPM as RatePpm,
      feeAsset: 'quote',
      reason: '',
      requestedBy: 'recording',
    },
    limits: {
      type: 'limit_config',
      ...none,
      account: 0 as AccountId,
      openOrders: 0,
      ordersPerSecond: 0,
      tradeGroup: 0,
      version: 1,
      reason: '',
      requestedBy: 'recording',
    },
  };
}

/** One in the last of so many decimals: 2 gives "0.01", 0 gives "1". */
function smallest(decimals: number): string {
  return decimals === 0 ? '1' : `0.${'0'.repeat(decimals - 1)}1`;
}
