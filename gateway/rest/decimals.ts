/** Decimal strings of requests as ticks, lots and units; a refusal names field, what was given and what is allowed. */
import { shortDecimalOfUnits, unitsOfDecimal } from '../../schemas/decimal.ts';
import type {
  Amount,
  AssetConfig,
  PriceTicks,
  QuantityLots,
  RejectReason,
  SymbolConfig,
} from '../../schemas/generated/records.ts';
import { SymbolScale } from '../../schemas/symbol-scale.ts';
import { type GatewayCode, RequestRefused } from './errors.ts';

export class SymbolDecimals {
  readonly config: SymbolConfig;
  readonly #scale: SymbolScale;

  constructor(config: SymbolConfig) {
    this.config = config;
    this.#scale = new SymbolScale(config);
  }

  price(field: string, text: string): PriceTicks {
    const { tickDecimal, minPriceTicks, maxPriceTicks } = this.config;
    const ticks = this.#scale.parsePrice(text);
    const allowed = `a multiple of ${tickDecimal} from ${this.formatPrice(minPriceTicks)} to ${this.formatPrice(maxPriceTicks)}`;
    if (typeof ticks !== 'number')
      throw refused(ticks, 'price_not_on_tick', 'price_out_of_range', field, text, allowed);
    return ticks;
  }

  quantity(field: string, text: string): QuantityLots {
    const { lotDecimal, minQuantityLots, maxQuantityLots } = this.config;
    const lots = this.#scale.parseQuantity(text);
    const allowed = `a multiple of ${lotDecimal} from ${this.formatQuantity(minQuantityLots)} to ${this.formatQuantity(maxQuantityLots)}`;
    if (typeof lots !== 'number')
      throw refused(lots, 'quantity_not_on_lot', 'quantity_out_of_range', field, text, allowed);
    return lots;
  }

  formatPrice(ticks: number): string {
    return this.#scale.formatPrice(ticks as PriceTicks);
  }

  formatQuantity(lots: number | bigint): string {
    return this.#scale.formatQuantity(lots as QuantityLots);
  }
}

export function amount(field: string, text: string, asset: AssetConfig): Amount {
  const units = unitsOfDecimal(text, asset.decimals);
  const allowed = `a decimal string with up to ${asset.decimals} decimals`;
  if (typeof units !== 'number') throw refused(units, 'quantity_not_on_lot', 'amount_overflow', field, text, allowed);
  return units as Amount;
}

export function formatAmount(units: number, asset: AssetConfig): string {
  return shortDecimalOfUnits(units, asset.decimals);
}

function refused(
  fault: string,
  offStep: RejectReason,
  outOfRange: RejectReason,
  field: string,
  given: string,
  allowed: string,
): RequestRefused {
  const code: GatewayCode | RejectReason =
    fault === 'not_a_decimal' ? 'malformed' : fault === 'out_of_range' ? outOfRange : offStep;
  const says = { not_a_decimal: 'is no decimal', out_of_range: 'is too large' }[fault] ?? 'does not fit the step';
  return new RequestRefused({ code, message: `${field} ${says}: ${allowed} is allowed.`, field, given, allowed });
}
