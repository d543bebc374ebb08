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
import { type ScaleFault, SymbolScale } from '../../schemas/symbol-scale.ts';
import { type GatewayCode, RequestRefused } from './errors.ts';

export class SymbolDecimals {
  readonly config: SymbolConfig;
  readonly #scale: SymbolScale;

  constructor(config: SymbolConfig) {
    this.config = config;
    this.#scale = new SymbolScale(config);
  }

  /** 0 means "not given" on the inside, so a zero that was given is refused here. */
  price(field: string, text: string): PriceTicks {
    const ticks = this.#scale.parsePrice(text);
    if (typeof ticks === 'number' && ticks > 0) return ticks;
    const fault = typeof ticks === 'number' ? 'out_of_range' : ticks;
    throw refused(fault, 'price_not_on_tick', 'price_out_of_range', field, text, this.priceAllowed());
  }

  quantity(field: string, text: string): QuantityLots {
    const lots = this.#scale.parseQuantity(text);
    if (typeof lots === 'number' && lots > 0) return lots;
    const fault = typeof lots === 'number' ? 'out_of_range' : lots;
    throw refused(fault, 'quantity_not_on_lot', 'quantity_out_of_range', field, text, this.quantityAllowed());
  }

  priceAllowed(): string {
    const { tickDecimal, minPriceTicks, maxPriceTicks } = this.config;
    return `a multiple of ${tickDecimal} from ${this.formatPrice(minPriceTicks)} to ${this.formatPrice(maxPriceTicks)}`;
  }

  quantityAllowed(): string {
    const { lotDecimal, minQuantityLots, maxQuantityLots } = this.config;
    return `a multiple of ${lotDecimal} from ${this.formatQuantity(minQuantityLots)} to ${this.formatQuantity(maxQuantityLots)}`;
  }

  formatPrice(ticks: number): string {
    return this.#scale.formatPrice(ticks as PriceTicks);
  }

  formatQuantity(lots: number | bigint): string {
    return this.#scale.formatQuantity(lots as QuantityLots);
  }
}

/** Units of an amount above 0. */
export function amount(field: string, text: string, asset: AssetConfig, zero: RejectReason): Amount {
  const units = unitsOfDecimal(text, asset.decimals);
  if (typeof units === 'number' && units > 0) return units as Amount;
  const allowed = `above 0, with at most ${asset.decimals} decimals`;
  if (typeof units === 'number') throw refused('out_of_range', zero, zero, field, text, allowed);
  throw refused(units, 'quantity_not_on_lot', 'amount_overflow', field, text, allowed);
}

export function formatAmount(units: number, asset: AssetConfig): string {
  return shortDecimalOfUnits(units, asset.decimals);
}

function refused(
  fault: ScaleFault,
  offStep: RejectReason,
  outOfRange: RejectReason,
  field: string,
  given: string,
  allowed: string,
): RequestRefused {
  const [code, says] = (
    {
      not_a_decimal: ['malformed', 'is no decimal'],
      out_of_range: [outOfRange, 'is out of range'],
      too_many_decimals: [offStep, 'does not fit the step'],
      off_step: [offStep, 'does not fit the step'],
    } satisfies { readonly [F in ScaleFault]: readonly [GatewayCode | RejectReason, string] }
  )[fault] as readonly [GatewayCode | RejectReason, string];
  return new RequestRefused({ code, message: `${field} ${says}: ${allowed} is allowed.`, field, given, allowed });
}
