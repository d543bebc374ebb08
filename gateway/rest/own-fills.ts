/** Fills of one account, newest first: the last ones from memory, older ones from history. */
import { unitsOfDecimal } from '../../schemas/decimal.ts';
import type { AccountId, AssetId, SymbolId } from '../../schemas/generated/records.ts';
import type { FillPort, GatewayParts, HistoryPort, HistoryRow, OrderPort, ViewPort } from '../ports.ts';
import { historyUnits, historyWhole, microsExpression } from './history-values.ts';

const LIMITS = { maxSeconds: 5, maxRows: 1001 };
const IN_MEMORY = 1001;
/** Of one order in an answer about it. */
const OF_ORDER_MAX = 1000;

export interface FillsWanted {
  readonly symbol?: SymbolId | undefined;
  readonly order?: number | undefined;
  /** Of the account: only fills below it. */
  readonly before?: number | undefined;
  readonly count: number;
}

type Parts = Pick<GatewayParts, 'views' | 'history'>;

export async function ownFills(
  account: AccountId,
  { symbol, order, before, count }: FillsWanted,
  { views, history }: Parts,
): Promise<readonly FillPort[]> {
  const remembered = views.account(account).fills(IN_MEMORY);
  const recent = remembered
    .filter(
      (fill) =>
        (symbol === undefined || fill.symbol === symbol) &&
        (order === undefined || fill.orderId === order) &&
        (before === undefined || fill.seq < before),
    )
    .slice(0, count);
  if (recent.length === count || !history) return recent;
  // Memory has every fill from its oldest on, so history is asked below that one only.
  const below = Math.min(remembered.at(-1)?.seq ?? Number.MAX_SAFE_INTEGER, before ?? Number.MAX_SAFE_INTEGER);
  const old = await fillsInHistory(
    account,
    { symbol, order, before: below, count: count - recent.length },
    { views, history },
  );
  return [...recent, ...old];
}

/** Oldest first. */
export async function fillsOfOrder(order: OrderPort, account: AccountId, parts: Parts): Promise<readonly FillPort[]> {
  if (order.executedLots === 0) return [];
  const remembered = parts.views.account(account).fills(IN_MEMORY);
  const recent = remembered.filter(({ orderId }) => orderId === order.orderId).reverse();
  // The first of an order has what it executed so far as its own quantity: then memory has them all.
  if (recent[0] && recent[0].cumulativeLots === recent[0].quantityLots) return recent;
  return [...(await ownFills(account, { order: order.orderId, count: OF_ORDER_MAX }, parts))].reverse();
}

async function fillsInHistory(
  account: AccountId,
  { symbol, order, before, count }: FillsWanted,
  { views, history }: { readonly views: ViewPort; readonly history: HistoryPort },
): Promise<FillPort[]> {
  const wanted = [
    'account = {account:Int64}',
    order === undefined ? '' : 'order_id = {order:UInt64}',
    symbol === undefined ? '' : 'symbol_id = {symbol:UInt32}',
  ]
    .filter((condition) => condition !== '')
    .join(' AND ');
  const rows = await history.query(
    `SELECT f.*, c.client AS client FROM (
      SELECT seq, trade_id, order_id, symbol_id, toString(side) AS fill_side, toString(liquidity) AS fill_liquidity,
        price, quantity_lots, quote_amount, fee_asset_id, fee_amount, fee_version, executed, open,
        sum(quote_amount) OVER (PARTITION BY order_id ORDER BY seq ROWS UNBOUNDED PRECEDING) AS quote_so_far,
        ${microsExpression('time')} AS at, correlation_id
      FROM fills WHERE ${wanted}
    ) AS f
    LEFT JOIN (
      SELECT order_id, any(client_order_id) AS client FROM account_events
      WHERE account = {account:Int64} AND type = 'hold' AND command = 'place' GROUP BY order_id
    ) AS c ON c.order_id = f.order_id
    WHERE f.seq < {before:UInt64} ORDER BY f.seq DESC LIMIT {count:UInt32}`,
    { account, symbol: symbol ?? 0, order: order ?? 0, before: before ?? Number.MAX_SAFE_INTEGER, count },
    LIMITS,
  );
  return rows.map((row) => fillOf(row, views));
}

function fillOf(row: HistoryRow, views: ViewPort): FillPort {
  const symbol = historyWhole(row, 'symbol_id') as SymbolId;
  const { config } = views.markets.get(symbol)!;
  const perTick = BigInt(unitsOfDecimal(config.tickDecimal, config.priceDecimals));
  const perLot = BigInt(unitsOfDecimal(config.lotDecimal, config.quantityDecimals));
  const lots = (column: string) => Number(historyUnits(row, column, config.quantityDecimals) / perLot);
  return {
    seq: historyWhole(row, 'seq'),
    tradeId: historyWhole(row, 'trade_id'),
    orderId: historyWhole(row, 'order_id'),
    clientOrderId: row.client ?? '',
    symbol,
    side: row.fill_side as FillPort['side'],
    liquidity: row.fill_liquidity as FillPort['liquidity'],
    priceTicks: Number(historyUnits(row, 'price', config.priceDecimals) / perTick),
    quantityLots: historyWhole(row, 'quantity_lots'),
    quoteAmount: historyWhole(row, 'quote_amount'),
    feeAsset: historyWhole(row, 'fee_asset_id') as AssetId,
    fee: historyWhole(row, 'fee_amount'),
    feeVersion: historyWhole(row, 'fee_version'),
    cumulativeLots: lots('executed'),
    cumulativeQuoteAmount: historyWhole(row, 'quote_so_far'),
    openLots: lots('open'),
    timeMicros: historyWhole(row, 'at'),
    correlationId: historyWhole(row, 'correlation_id'),
  };
}
