/** Prices and quantities of one symbol between decimal strings and ticks and lots. */
import { assert } from './assert.ts';
import { type DecimalFault, decimalOfUnits, unitsOfDecimal } from './decimal.ts';
import type { PriceTicks, QuantityLots, SymbolConfig } from './generated/records.ts';
import { PPM } from './money.ts';

/** Why a text gives no price or quantity of a symbol. */
export type ScaleFault = DecimalFault | 'off_step';

/** What it takes to read and write a symbol's decimals: the fields of its configuration. */
export type SymbolDecimals = Pick<SymbolConfig, 'priceDecimals' | 'quantityDecimals' | 'tickDecimal' | 'lotDecimal'>;

/** Reads and writes prices and quantities. A tick may be any step, such as 0.05: a price off it is refused, never rounded. */
export class SymbolScale {
  readonly #priceDecimals: number;
  readonly #quantityDecimals: number;
  /** Units of the last decimal in a tick, and in a lot. */
  readonly #unitsPerTick: number;
  readonly #unitsPerLot: number;

  constructor(symbol: SymbolDecimals) {
    this.#priceDecimals = symbol.priceDecimals;
    this.#quantityDecimals = symbol.quantityDecimals;
    this.#unitsPerTick = stepUnits(symbol.tickDecimal, symbol.priceDecimals);
    this.#unitsPerLot = stepUnits(symbol.lotDecimal, symbol.quantityDecimals);
  }

  parsePrice(text: string): PriceTicks | ScaleFault {
    return steps(text, this.#priceDecimals, this.#unitsPerTick) as PriceTicks | ScaleFault;
  }

  formatPrice(price: PriceTicks): string {
    return decimalOfUnits(price * this.#unitsPerTick, this.#priceDecimals);
  }

  parseQuantity(text: string): QuantityLots | ScaleFault {
    return steps(text, this.#quantityDecimals, this.#unitsPerLot) as QuantityLots | ScaleFault;
  }

  formatQuantity(quantity: QuantityLots | bigint): string {
    const units = typeof quantity === 'bigint' ? quantity * BigInt(this.#unitsPerLot) : quantity * this.#unitsPerLot;
    return decimalOfUnits(units, this.#quantityDecimals);
  }
}

/** A rate in percent: 1500 ppm gives `0.15`. */
export function percentOfPpm(ppm: number): string {
  return decimalOfUnits(ppm, Math.log10(PPM) - 2);
}

function steps(text: string, decimals: number, unitsPerStep: number): number | ScaleFault {
  const units = unitsOfDecimal(text, decimals);
  if (typeof units !== 'number') return units;
  return units % unitsPerStep === 0 ? units / unitsPerStep : 'off_step';
}

function stepUnits(text: string, decimals: number): number {
  const units = unitsOfDecimal(text, decimals);
  assert(typeof units === 'number' && units > 0, `"${text}" is no step in ${decimals} decimals`);
  return units;
}
