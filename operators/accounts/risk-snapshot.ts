import type { AccountId, Amount, AssetId, OrderId, PriceTicks, QuantityLots, SymbolId } from '../../schemas/brands.ts';
import { AccountTable } from './account-table.ts';
import { OpenOrders } from './open-orders.ts';
import {
  ACCOUNT,
  EXECUTED_LOTS,
  HELD,
  OPEN_LOTS,
  ORDER_ID,
  PRICE_TICKS,
  TERMS,
  TERMS_ENDED,
  TERMS_SELL,
  TERMS_SYMBOL_SHIFT,
  TOTAL_LOTS,
} from './order-layout.ts';
import { RiskState } from './risk-state.ts';

/** What an account has of an asset. */
export interface SnapshotBalance {
  readonly account: AccountId;
  readonly asset: AssetId;
  readonly available: Amount;
  readonly held: Amount;
}

/** An open order as risk knows it. */
export interface SnapshotOrder {
  readonly orderId: OrderId;
  readonly clientOrderId: string;
  readonly account: AccountId;
  readonly symbol: SymbolId;
  readonly side: 'buy' | 'sell';
  readonly priceTicks: PriceTicks;
  readonly totalLots: QuantityLots;
  readonly openLots: QuantityLots;
  readonly executedLots: QuantityLots;
  readonly held: Amount;
}

/** Balances other than zero, and open orders by ascending id, of a snapshot of risk. */
export function readRiskSnapshot(bytes: Uint8Array): {
  readonly balances: SnapshotBalance[];
  readonly orders: SnapshotOrder[];
} {
  const state = new RiskState(new AccountTable(), new OpenOrders(), 1);
  state.restore(bytes);
  return { balances: balancesOf(state), orders: ordersOf(state) };
}

function balancesOf({ accounts, balances }: RiskState): SnapshotBalance[] {
  const all: SnapshotBalance[] = [];
  for (let slot = 1; slot < accounts.used; slot++) {
    for (let asset = 1; balances.hasAsset(asset); asset++) {
      const available = balances.available(slot, asset) as Amount;
      const held = balances.held(slot, asset) as Amount;
      if (available === 0 && held === 0) continue;
      all.push({ account: accounts.idOf(slot) as AccountId, asset: asset as AssetId, available, held });
    }
  }
  return all;
}

function ordersOf({ accounts, orders }: RiskState): SnapshotOrder[] {
  const { doubles, integers, clientOrderIds } = orders;
  const all: SnapshotOrder[] = [];
  for (const slot of orders.sorted()) {
    const at = slot << 4;
    const terms = integers[(slot << 5) + TERMS]!;
    if ((terms & TERMS_ENDED) !== 0) continue;
    all.push({
      orderId: doubles[at + ORDER_ID] as OrderId,
      clientOrderId: clientOrderIds[slot]!,
      account: accounts.idOf(integers[(slot << 5) + ACCOUNT]!) as AccountId,
      symbol: (terms >> TERMS_SYMBOL_SHIFT) as SymbolId,
      side: (terms & TERMS_SELL) === 0 ? 'buy' : 'sell',
      priceTicks: doubles[at + PRICE_TICKS] as PriceTicks,
      totalLots: doubles[at + TOTAL_LOTS] as QuantityLots,
      openLots: doubles[at + OPEN_LOTS] as QuantityLots,
      executedLots: doubles[at + EXECUTED_LOTS] as QuantityLots,
      held: doubles[at + HELD] as Amount,
    });
  }
  return all;
}
