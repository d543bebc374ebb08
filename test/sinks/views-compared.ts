/**
 * What the gateway shows beside what the operators hold: balances and open orders of risk, levels and state of match.
 * The operators' side is read from their snapshots, so nothing here folds records a second time.
 */
import assert from 'node:assert/strict';
import { readRiskSnapshot } from '../../operators/accounts/risk-snapshot.ts';
import { StateReader } from '../../operators/accounts/state-bytes.ts';
import { codeOfSide } from '../../operators/markets/book-codes.ts';
import { SymbolMarket } from '../../operators/markets/symbol-market.ts';
import { FIRST_USER_ACCOUNT } from '../../schemas/brands.ts';
import { decodeRecord } from '../../schemas/codec.ts';
import { emptyEnvelope } from '../../schemas/envelope.ts';
import type { AccountId, AnyRecord, Micros, SymbolConfig } from '../../schemas/generated/records.ts';
import { type GatewayViews, gatewayViews } from '../../sinks/gateway-views/gateway-views.ts';

export interface FoldedRecord {
  readonly log: string;
  readonly partition: number;
  readonly record: AnyRecord;
  readonly timeMicros: number;
}

export async function openViews(): Promise<GatewayViews> {
  return (await gatewayViews().open({} as never)) as GatewayViews;
}

/** Hands records of the market and accounts logs to the views, a block each, in their order. */
export function fold(views: GatewayViews, records: readonly FoldedRecord[]): void {
  for (const { log, partition, record, timeMicros } of records) {
    if (log !== 'market' && log !== 'accounts') continue;
    const envelope = { ...emptyEnvelope(), occurredAt: timeMicros as Micros };
    const offsets = { firstOffset: 0, lastOffset: 0, lastTimeMicros: timeMicros };
    void views.write({ log, partition, ...offsets, records: [record], envelopes: [envelope], outputs: {} });
  }
}

/** Balances and open orders of every account, of all risk snapshots; nothing may be missing on either side. */
export function assertAccountsEqual(views: GatewayViews, riskSnapshots: readonly Uint8Array[]): void {
  const known = new Set<AccountId>();
  for (const snapshot of riskSnapshots) {
    const { balances, orders } = readRiskSnapshot(snapshot);
    const accounts = [...new Set([...balances, ...orders].map(({ account }) => account))];
    for (const account of accounts.filter((id) => id >= FIRST_USER_ACCOUNT)) {
      known.add(account);
      const view = views.account(account);
      assert.deepEqual(
        sorted([...view.balances].map(([asset, { available, hold }]) => [asset, available, hold])),
        sorted(balances.filter((row) => row.account === account).map((row) => [row.asset, row.available, row.held])),
        `balances of account ${account}: available and hold by asset`,
      );
      assert.deepEqual(
        view
          .openOrders()
          .map((order) => [
            order.orderId,
            order.clientOrderId,
            order.symbol,
            order.side,
            order.priceTicks,
            order.quantityLots,
            order.executedLots,
          ]),
        orders
          .filter((order) => order.account === account)
          .map((order) => [
            order.orderId,
            order.clientOrderId,
            order.symbol,
            order.side,
            order.priceTicks,
            order.totalLots,
            order.executedLots,
          ]),
        `open orders of account ${account}`,
      );
    }
  }
  for (const account of views.accounts()) {
    if (known.has(account)) continue;
    assert.deepEqual(views.account(account).openOrders(), [], `account ${account} has no open order in risk`);
    for (const [asset, { available, hold }] of views.account(account).balances) {
      assert.deepEqual([available, hold], [0, 0], `account ${account} has nothing of asset ${asset} in risk`);
    }
  }
}

/** Every level of every book, and the state of every market. Gives the number of levels compared. */
export function assertMarketsEqual(views: GatewayViews, matchSnapshots: readonly Uint8Array[]): number {
  const markets = matchSnapshots.flatMap(marketsIn);
  assert.deepEqual([...views.markets.keys()].sort(), markets.map(({ symbol }) => symbol).sort());
  let compared = 0;
  for (const market of markets) {
    const view = views.markets.get(market.symbol)!;
    assert.equal(view.state, market.conditions.state, `state of ${market.config.name}`);
    for (const side of ['buy', 'sell'] as const) {
      const levels = market.book.depth(codeOfSide(side), 1_000_000);
      assert.deepEqual(
        view.book.levels(side, 1_000_000).map(({ priceTicks, quantityLots }) => [priceTicks, quantityLots]),
        levels.map(({ priceTicks, lots }) => [priceTicks, lots]),
        `${side} side of ${market.config.name}`,
      );
      compared += levels.length;
    }
  }
  return compared;
}

/** The markets of a snapshot of match; see its `snapshot`. */
function marketsIn(bytes: Uint8Array): SymbolMarket[] {
  const headBytes = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getUint32(0, true);
  const reader = new StateReader(bytes.slice(4, 4 + headBytes), 1);
  let at = 4 + headBytes;
  return Array.from({ length: reader.integer() }, () => {
    const config = Buffer.from(reader.text(), 'latin1');
    const market = new SymbolMarket(decodeRecord(config, 0, config.length, emptyEnvelope()) as SymbolConfig);
    market.read(reader);
    const bookBytes = reader.integer();
    market.book.restore(bytes.slice(at, at + bookBytes));
    at += bookBytes;
    return market;
  });
}

function sorted(rows: readonly (readonly number[])[]): readonly (readonly number[])[] {
  return [...rows].filter(([, available, hold]) => available !== 0 || hold !== 0).sort(([a], [b]) => a! - b!);
}
