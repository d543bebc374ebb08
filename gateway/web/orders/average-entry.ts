/** Average prices at which a market was bought and sold, over the fills that are known here. */
import { decimalOfUnits } from '../../../schemas/decimal.ts';
import type { FillPayload } from '../../../schemas/socket-payloads.ts';
import { type SymbolRules, units } from '../format/symbol-rules.ts';

export interface AverageEntry {
  /** Quote per base, rounded to the nearest unit of price; undefined: none. */
  readonly bought: string | undefined;
  readonly sold: string | undefined;
}

export function averageEntry(
  fills: readonly Pick<FillPayload, 'side' | 'price' | 'quantity'>[],
  rules: SymbolRules,
): AverageEntry {
  const average = (side: 'buy' | 'sell') => {
    let quantity = 0n;
    let quote = 0n;
    for (const fill of fills) {
      if (fill.side !== side) continue;
      const size = BigInt(units(fill.quantity, rules.quantityDecimals));
      quantity += size;
      quote += size * BigInt(units(fill.price, rules.priceDecimals));
    }
    return quantity === 0n ? undefined : decimalOfUnits((quote + quantity / 2n) / quantity, rules.priceDecimals);
  };
  return { bought: average('buy'), sold: average('sell') };
}
