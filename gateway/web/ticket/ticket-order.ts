/** From what is typed into the ticket to an order, or to the sentence beside the field that does not fit yet. */
import { decimalOfUnits, unitsOfDecimal } from '../../../schemas/decimal.ts';
import type { PlaceRequest } from '../../client/types.ts';
import { formatUnits, grouped, typedDecimal } from '../format/numbers.ts';
import type { SymbolRules } from '../format/symbol-rules.ts';
import { type EstimatedOrder, quantityForAmount } from './estimate.ts';
import { amountOfDecimal, decimalOfAmount } from './units-of-amount.ts';

export type OrderKind = 'limit' | 'market';
export type TimeInForce = 'gtc' | 'ioc' | 'fok' | 'gtd';

export interface TicketFields {
  readonly side: 'buy' | 'sell';
  readonly kind: OrderKind;
  readonly price: string;
  readonly size: string;
  readonly sizeIn: 'base' | 'quote';
  readonly timeInForce: TimeInForce;
  readonly postOnly: boolean;
  /** As an input of the kind datetime-local gives it, read as UTC. */
  readonly expiresAt: string;
}

export type FieldName = 'price' | 'size' | 'expires_at';

export type TicketReading =
  | { readonly ok: true; readonly order: EstimatedOrder; readonly request: Omit<PlaceRequest, 'client_order_id'> }
  /** `field` undefined: something is still missing, which is no fault. */
  | { readonly ok: false; readonly field: FieldName | undefined; readonly message: string };

export function readTicket(fields: TicketFields, rules: SymbolRules, nowMs: number): TicketReading {
  const price = readPrice(fields, rules);
  if (typeof price === 'object') return price;
  const size = readSize(fields, price, rules);
  if ('ok' in size) return size;
  const market = fields.kind === 'market';
  const timeInForce = market && fields.timeInForce !== 'fok' ? 'ioc' : fields.timeInForce;
  let expiresAt: string | undefined;
  if (timeInForce === 'gtd') {
    const ms = Date.parse(`${fields.expiresAt}Z`);
    if (Number.isNaN(ms)) return missing('expires_at', 'Say when the order is to end.');
    if (ms <= nowMs) return missing('expires_at', 'The end must lie in the future (UTC).');
    expiresAt = new Date(ms).toISOString();
  }
  const mayRest = !market && (timeInForce === 'gtc' || timeInForce === 'gtd');
  return {
    ok: true,
    order: { side: fields.side, price, quantity: size.quantity, budget: size.budget, rests: mayRest },
    request: {
      symbol: rules.symbol,
      side: fields.side,
      type: fields.kind,
      time_in_force: timeInForce,
      ...(price === undefined ? {} : { price: decimalOfUnits(price, rules.priceDecimals) }),
      ...(size.quantity === undefined ? {} : { quantity: decimalOfUnits(size.quantity, rules.quantityDecimals) }),
      ...(size.budget === undefined ? {} : { budget: budgetDecimal(size.budget, rules) }),
      ...(mayRest && fields.postOnly ? { post_only: true } : {}),
      ...(expiresAt === undefined ? {} : { expires_at: expiresAt }),
    },
  };
}

function readPrice(fields: TicketFields, rules: SymbolRules): number | undefined | (TicketReading & { ok: false }) {
  if (fields.kind === 'market') return undefined;
  if (fields.price.trim() === '') return missing(undefined, 'Give a price, or click one in the book.');
  const decimal = typedDecimal(fields.price);
  const units = decimal === undefined ? 'not_a_decimal' : unitsOfDecimal(decimal, rules.priceDecimals);
  if (units === 'not_a_decimal') return missing('price', 'A price is a number such as 64,010.5.');
  const tick = formatUnits(rules.tickUnits, rules.priceDecimals);
  if (units === 'too_many_decimals') return missing('price', `Prices of ${rules.symbol} are multiples of ${tick}.`);
  if (units === 'out_of_range' || units < rules.minPrice || units > rules.maxPrice) {
    const least = formatUnits(rules.minPrice, rules.priceDecimals);
    const most = formatUnits(rules.maxPrice, rules.priceDecimals);
    return missing('price', `A price lies between ${least} and ${most} ${rules.quote}.`);
  }
  if (units % rules.tickUnits !== 0) return missing('price', `Prices of ${rules.symbol} are multiples of ${tick}.`);
  return units;
}

function readSize(
  fields: TicketFields,
  price: number | undefined,
  rules: SymbolRules,
): { readonly quantity: number | undefined; readonly budget: bigint | undefined } | (TicketReading & { ok: false }) {
  if (fields.size.trim() === '') return missing(undefined, `Give a size in ${unitName(fields, rules)}.`);
  const decimal = typedDecimal(fields.size);
  if (decimal === undefined) return missing('size', 'A size is a number such as 0.25.');
  if (fields.sizeIn === 'quote') {
    const amount = amountOfDecimal(decimal, rules);
    if (amount === undefined || amount <= 0n) return missing('size', `A size is more than 0 ${rules.quote}.`);
    if (fields.kind === 'market') return rangeOfAmount(amount, rules) ?? { quantity: undefined, budget: amount };
    return inRange(quantityForAmount(amount, price!, rules.lotUnits), price, rules);
  }
  const quantity = unitsOfDecimal(decimal, rules.quantityDecimals);
  const lot = formatUnits(rules.lotUnits, rules.quantityDecimals);
  if (quantity === 'too_many_decimals' || (typeof quantity === 'number' && quantity % rules.lotUnits !== 0)) {
    return missing('size', `Quantities of ${rules.base} are multiples of ${lot}.`);
  }
  if (typeof quantity !== 'number') return missing('size', 'A size is a number such as 0.25.');
  return inRange(quantity, price, rules);
}

function inRange(quantity: number, price: number | undefined, rules: SymbolRules) {
  if (quantity < rules.minQuantity || quantity > rules.maxQuantity) {
    const least = formatUnits(rules.minQuantity, rules.quantityDecimals);
    const most = formatUnits(rules.maxQuantity, rules.quantityDecimals);
    return missing('size', `A quantity lies between ${least} and ${most} ${rules.base}.`);
  }
  if (price !== undefined) {
    const fault = rangeOfAmount(BigInt(quantity) * BigInt(price), rules);
    if (fault) return fault;
  }
  return { quantity, budget: undefined };
}

function rangeOfAmount(amount: bigint, rules: SymbolRules) {
  const least = amountOfDecimal(rules.minNotional, rules) ?? 0n;
  const most = amountOfDecimal(rules.maxNotional, rules);
  if (amount >= least && (most === undefined || amount <= most)) return undefined;
  return missing(
    'size',
    `An order is worth between ${grouped(shortNotional(rules.minNotional))} and ${grouped(shortNotional(rules.maxNotional))} ${rules.quote}.`,
  );
}

const shortNotional = (decimal: string): string => (decimal.includes('.') ? decimal.replace(/\.?0+$/, '') : decimal);

/** A budget with no more decimals than a price has: every asset of quote has at least those. */
function budgetDecimal(budget: bigint, rules: SymbolRules): string {
  return shortNotional(decimalOfAmount(budget, rules));
}

export function unitName({ sizeIn }: Pick<TicketFields, 'sizeIn'>, rules: SymbolRules): string {
  return sizeIn === 'base' ? rules.base : rules.quote;
}

function missing(field: FieldName | undefined, message: string) {
  return { ok: false, field, message } as const;
}
