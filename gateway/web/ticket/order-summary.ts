/** What an order will do, in one sentence, before it is sent. */

import { withoutZeros } from '../format/numbers.ts';
import { formatPrice, formatQuantity, type SymbolRules } from '../format/symbol-rules.ts';
import type { Estimate, EstimatedOrder } from './estimate.ts';
import type { TicketFields } from './ticket-order.ts';
import { formatAmount } from './units-of-amount.ts';

/** `feeKnown` false: rates of this account are not known here, so nothing is said of the fee. */
export function orderSummary(
  fields: TicketFields,
  order: EstimatedOrder,
  result: Estimate,
  rules: SymbolRules,
  feeKnown: boolean,
): string {
  const buys = order.side === 'buy';
  const verb = buys ? 'Buys' : 'Sells';
  const fee = feeKnown ? `, fee at most ${formatAmount(result.feeMost, rules, 'away')} ${rules.quote}` : '';
  const quantity = (base: number) => `${withoutZeros(formatQuantity(base, rules))} ${rules.base}`;
  if (fields.kind === 'market') {
    if (result.takes === 0) return 'Nobody is on the other side now: a market order would end without a trade.';
    const about = `about ${formatAmount(result.takesQuote, rules)} ${rules.quote}`;
    const whole = order.budget !== undefined || result.unmet === 0;
    const part = whole ? '' : ` of ${quantity(order.quantity!)}: the book holds no more, the rest is cancelled`;
    if (fields.timeInForce === 'fok' && !whole)
      return 'The book does not hold that much now: all or nothing would be nothing.';
    if (order.budget === undefined) return `${verb} ${quantity(result.takes)} at once for ${about}${fee}${part}.`;
    return buys
      ? `Buys about ${quantity(result.takes)} at once, spends at most ${formatAmount(order.budget, rules, 'away')} ${rules.quote}${fee}.`
      : `Sells about ${quantity(result.takes)} at once for ${about}${fee}.`;
  }
  const total = result.takesQuote + result.restsQuote;
  const all = order.quantity!;
  const price = formatPrice(order.price!, rules);
  if (fields.timeInForce === 'fok' && result.takes < all) {
    return `The book does not hold ${quantity(all)} at ${price} or better now: all or nothing would be nothing.`;
  }
  if (fields.timeInForce === 'ioc') {
    return result.takes === 0
      ? `Nobody is at ${price} or better now: it would end without a trade.`
      : `${verb} ${quantity(result.takes)} at ${price} or better at once and cancels the rest, ${buys ? 'costs at most' : 'brings at least'} ${formatAmount(result.takesQuote, rules, buys ? 'away' : 'zero')} ${rules.quote}${fee}.`;
  }
  const money = buys
    ? `costs at most ${formatAmount(BigInt(order.price!) * BigInt(all), rules, 'away')}`
    : `brings at least ${formatAmount(BigInt(order.price!) * BigInt(all), rules)}`;
  const crossing =
    result.takes > 0 && fields.postOnly
      ? ' It would trade at once, so post-only refuses it.'
      : result.takes > 0 && result.takes < all
        ? ` ${quantity(result.takes)} of it trade at once.`
        : result.takes > 0
          ? ' It trades at once.'
          : '';
  return total < 0n ? '' : `${verb} ${quantity(all)} at ${price} or better, ${money} ${rules.quote}${fee}.${crossing}`;
}
