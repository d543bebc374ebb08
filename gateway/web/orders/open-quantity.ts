/** What of an order is still open, in base; of a budget, nothing is told. */
import { decimalOfUnits } from '../../../schemas/decimal.ts';
import type { OrderPayload } from '../../../schemas/socket-payloads.ts';
import { type SymbolRules, units } from '../format/symbol-rules.ts';

export function openQuantity(order: Pick<OrderPayload, 'quantity' | 'executed'>, rules: SymbolRules): string {
  if (order.quantity === null) return '0';
  const open = units(order.quantity, rules.quantityDecimals) - units(order.executed, rules.quantityDecimals);
  return decimalOfUnits(Math.max(0, open), rules.quantityDecimals);
}
