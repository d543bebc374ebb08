import { unreachable } from '../../schemas/assert.ts';
import type { AccountEvent, MarketEvent } from '../../schemas/logs.ts';
import * as make from '../operators/record-makers.ts';

/** Names of orders and accounts, as the vector has them. */
export interface GoldenNames {
  order(orderId: number): string;
  account(account: number): string;
}

/** A record of the market log in a few words; null for one that says nothing new. */
export function marketText(record: MarketEvent, { order, account }: GoldenNames): string | null {
  switch (record.type) {
    case 'accepted':
      return `accepted ${order(record.orderId)}${record.restingLots > 0 ? `, rests ${record.restingLots}` : ''}`;
    case 'trade': {
      const taker = `${order(record.takerOrderId)} (${record.takerCumulativeLots}, open ${record.takerOpenLots})`;
      const maker = `${order(record.makerOrderId)} (${record.makerCumulativeLots}, open ${record.makerOpenLots})`;
      return `${record.auction ? 'auction ' : ''}trade ${record.quantityLots} @ ${record.priceTicks}: ${taker} takes ${maker}`;
    }
    case 'cancelled':
      return `cancelled ${order(record.orderId)}: ${record.cancelledLots}, ${record.reason}`;
    case 'amended': {
      const place = record.keptPriority ? 'keeps its place' : 'goes to the back';
      return `amended ${order(record.orderId)}: ${record.quantityLots} @ ${record.priceTicks}, rests ${record.openLots}, ${place}`;
    }
    case 'rejected':
      return `rejected ${order(record.orderId)}: ${record.reason}`;
    case 'prevented_match': {
      const taker = `${order(record.takerOrderId)} (open ${record.takerOpenLots})`;
      const maker = `${order(record.makerOrderId)} (open ${record.makerOpenLots})`;
      return `prevented ${record.quantityLots} @ ${record.priceTicks}: ${taker}, ${maker}, ${record.mode}`;
    }
    case 'market_state':
      return `state ${record.state}, was ${record.previousState}${record.until > 0 ? ', timed' : ''}`;
    case 'auction_indicative':
      return `indicative ${record.matchedLots} @ ${record.priceTicks}, surplus ${record.surplusLots}`;
    case 'reference_price':
      return `reference ${record.priceTicks}`;
    case 'cancel_all_done':
      return `${record.orders} of ${record.account === 0 ? 'everybody' : account(record.account)} cancelled, ${record.reason}`;
    case 'symbol_config':
    case 'tick':
    case 'checkpoint':
      return null;
    default:
      return unreachable(record);
  }
}

/** A record of the accounts log in a few words; null for one that says nothing new. */
export function accountText(record: AccountEvent, { order, account }: GoldenNames): string | null {
  switch (record.type) {
    case 'hold':
      return `${order(record.orderId)} holds ${record.command === 'amend' ? '+' : ''}${record.amount} ${asset(record.asset)}`;
    case 'fill': {
      const fee = `fee ${record.fee} ${asset(record.feeAsset)}`;
      const freed = record.released > 0 ? `, frees ${record.released}` : '';
      return `${order(record.orderId)} ${record.side === 'buy' ? 'bought' : 'sold'} ${record.quantityLots} for ${record.quoteAmount}, ${record.liquidity}, ${fee}${freed}`;
    }
    case 'release':
      return `${order(record.orderId)} frees ${record.amount} ${asset(record.asset)}${record.reason === null ? '' : `, ${record.reason}`}`;
    case 'order_amended':
      return `${order(record.orderId)} is ${record.quantityLots} @ ${record.priceTicks}, frees ${record.released} ${asset(record.asset)}`;
    case 'rejected': {
      const what = record.orderId === 0 ? account(record.account) : order(record.orderId);
      const freed = record.released > 0 ? `, frees ${record.released} ${asset(record.asset)}` : '';
      return `${what} ${record.command} rejected by ${record.stage}: ${record.reason}${freed}`;
    }
    case 'repeated':
      return `${record.orderId === 0 ? account(record.account) : order(record.orderId)} repeated`;
    case 'balance_change':
      return `${account(record.account)} ${record.amount > 0 ? '+' : ''}${record.amount} ${asset(record.asset)}, ${record.kind}`;
    case 'account_changed':
      return `${account(record.account)} is ${record.state}${record.tradeGroup > 0 ? `, group ${record.tradeGroup}` : ''}`;
    case 'cancel_all_taken':
      return `${account(record.account)} cancels all on ${record.symbols} ${record.symbols === 1 ? 'market' : 'markets'}`;
    case 'asset_config':
    case 'symbol_config':
    case 'fee_config':
    case 'tick':
    case 'checkpoint':
      return null;
    default:
      return unreachable(record);
  }
}

function asset(id: number): string {
  return id === make.BASE ? 'base' : 'quote';
}
