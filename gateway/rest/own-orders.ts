/** Orders of one account, in pages: those that are open and those that ended lately from memory, older ones from history. */
import { unitsOfDecimal } from '../../schemas/decimal.ts';
import type { AccountId, SymbolId } from '../../schemas/generated/records.ts';
import type { GatewayParts, HistoryPort, HistoryRow, OrderPort, ViewPort } from '../ports.ts';
import { cursorOf, pageOf, placeOfCursor } from './cursors.ts';
import { RequestRefused } from './errors.ts';
import type { OrderName } from './field-shapes.ts';
import { historyUnits, historyWhole, microsExpression } from './history-values.ts';

const LIMITS = { maxSeconds: 5, maxRows: 1001 };

export interface OrdersWanted {
  readonly status: 'open' | 'ended' | 'all';
  readonly symbol: SymbolId | undefined;
  readonly cursor: string | undefined;
  readonly limit: number;
}

type Parts = Pick<GatewayParts, 'views' | 'history'>;

/** Open ones in order of placement; others newest first. Ids of an account's orders grow in order of placement. */
export async function ownOrders(account: AccountId, wanted: OrdersWanted, parts: Parts) {
  const { status, symbol, cursor, limit } = wanted;
  const list = `orders.${status}.${symbol ?? 0}`;
  const [end] = placeOfCursor(list, 1, cursor) ?? [];
  const orders =
    status === 'open' ? openAfter(account, symbol, end, parts.views) : await newestBefore(account, wanted, end, parts);
  return pageOf(orders, limit, ({ orderId }) => cursorOf(list, orderId));
}

/** Throws `unknown_order` for one that is not the account's own, whether it exists or not. */
export async function findOwnOrder(
  named: OrderName,
  account: AccountId,
  { views, history }: Parts,
): Promise<OrderPort> {
  const remembered = views.account(account).order(named);
  if (remembered) return remembered;
  const [old] = history ? await ordersInHistory(account, { named, count: 1 }, { views, history }) : [];
  if (old) return old;
  throw new RequestRefused({
    code: 'unknown_order',
    message: 'There is no such order.',
    field: 'order',
    given: named.given,
  });
}

function openAfter(account: AccountId, symbol: SymbolId | undefined, after: number | undefined, views: ViewPort) {
  return views
    .account(account)
    .openOrders()
    .filter((order) => (symbol === undefined || order.symbol === symbol) && order.orderId > (after ?? 0));
}

async function newestBefore(
  account: AccountId,
  { status, symbol, limit }: OrdersWanted,
  end: number | undefined,
  { views, history }: Parts,
): Promise<readonly OrderPort[]> {
  const view = views.account(account);
  const before = end ?? Number.MAX_SAFE_INTEGER;
  const remembered = [...view.endedOrders(), ...(status === 'all' ? view.openOrders() : [])].filter(
    (order) => (symbol === undefined || order.symbol === symbol) && order.orderId < before,
  );
  // Orders do not end in the order of their ids: what memory kept may lie on either side of what history alone has.
  const old = history
    ? await ordersInHistory(account, { before, symbol, status, count: limit + 1 }, { views, history })
    : [];
  const open = new Set(view.openOrders().map(({ orderId }) => orderId));
  const byId = new Map(
    old.filter(({ orderId }) => status === 'all' || !open.has(orderId)).map((order) => [order.orderId, order]),
  );
  for (const order of remembered) byId.set(order.orderId, order);
  return [...byId.values()].sort((left, right) => right.orderId - left.orderId).slice(0, limit + 1);
}

interface HistoryWanted {
  readonly named?: OrderName;
  readonly before?: number;
  readonly symbol?: SymbolId | undefined;
  readonly status?: OrdersWanted['status'];
  readonly count: number;
}

/** Newest first. What risk refused outright never was an order. */
async function ordersInHistory(
  account: AccountId,
  { named, before, symbol, status, count }: HistoryWanted,
  { views, history }: { readonly views: ViewPort; readonly history: HistoryPort },
): Promise<OrderPort[]> {
  const wanted = [
    'account = {account:Int64}',
    before === undefined ? '' : 'order_id < {before:UInt64}',
    named?.orderId === undefined ? '' : 'order_id = {order:UInt64}',
    symbol === undefined ? '' : 'symbol_id = {symbol:UInt32}',
  ]
    .filter((condition) => condition !== '')
    .join(' AND ');
  const placed = "type = 'hold' AND command = 'place'";
  const rows = await history.query(
    `SELECT * FROM (
      SELECT a.order_id AS id, a.symbol_number AS symbol_number, a.client AS client, a.order_side AS order_side, a.kind AS kind,
        a.tif AS tif, a.post AS post, a.last_price AS last_price, a.last_quantity AS last_quantity, a.order_budget AS order_budget,
        a.expires AS expires, a.placed_at AS placed_at, f.lots AS lots, f.quote_units AS quote_units, f.fees AS fees,
        f.fee_asset_number AS fee_asset_number, greatest(a.changed_at, f.changed_at, r.changed_at) AS changed_at,
        multiIf(r.rejects > 0, 'rejected', a.ends > 0, 'cancelled', f.fill_count > 0 AND f.least_open = 0, 'filled', 'open') AS state,
        multiIf(r.rejects > 0, r.why, a.ends > 0, a.why, '') AS end_reason
      FROM (
        SELECT order_id, anyIf(symbol_id, ${placed}) AS symbol_number, anyIf(client_order_id, ${placed}) AS client,
          toString(anyIf(side, ${placed})) AS order_side, toString(anyIf(order_type, ${placed})) AS kind,
          toString(anyIf(time_in_force, ${placed})) AS tif, toUInt8(anyIf(post_only, ${placed})) AS post,
          argMaxIf(price, seq, type = 'order_amended' OR (${placed})) AS last_price,
          argMaxIf(quantity, seq, type = 'order_amended' OR (${placed})) AS last_quantity,
          anyIf(budget, ${placed}) AS order_budget, anyIf(${microsExpression('expires_at')}, ${placed}) AS expires,
          minIf(${microsExpression('time')}, ${placed}) AS placed_at, max(${microsExpression('time')}) AS changed_at,
          countIf(type = 'release' AND open = 0) AS ends, toString(anyIf(reason, type = 'release' AND open = 0)) AS why,
          countIf(${placed}) AS places
        FROM account_events
        WHERE ${wanted} AND order_id != 0 AND type IN ('hold', 'release', 'order_amended')
        GROUP BY order_id
      ) AS a
      LEFT JOIN (
        SELECT order_id, sum(quantity_lots) AS lots, sum(quote_amount) AS quote_units, sum(fee_amount) AS fees,
          any(fee_asset_id) AS fee_asset_number, count() AS fill_count, min(open) AS least_open,
          max(${microsExpression('time')}) AS changed_at
        FROM fills WHERE ${wanted} GROUP BY order_id
      ) AS f ON f.order_id = a.order_id
      LEFT JOIN (
        SELECT order_id, count() AS rejects, toString(any(reason)) AS why, max(${microsExpression('time')}) AS changed_at
        FROM rejects WHERE ${wanted} AND command = 'place' AND order_id != 0 GROUP BY order_id
      ) AS r ON r.order_id = a.order_id
      WHERE a.places > 0
    )
    WHERE ${[
      status === 'ended' ? "state != 'open'" : '1',
      named?.clientOrderId === undefined ? '1' : 'client = {client:String}',
    ].join(' AND ')}
    ORDER BY id DESC LIMIT {count:UInt32}`,
    {
      account,
      count,
      before: before ?? 0,
      symbol: symbol ?? 0,
      order: named?.orderId ?? 0,
      client: named?.clientOrderId ?? '',
    },
    LIMITS,
  );
  return rows.map((row) => orderOf(row, views));
}

function orderOf(row: HistoryRow, views: ViewPort): OrderPort {
  const symbol = historyWhole(row, 'symbol_number') as SymbolId;
  const { config } = views.markets.get(symbol)!;
  const quote = views.assets.get(config.quoteAsset)!;
  const perTick = BigInt(unitsOfDecimal(config.tickDecimal, config.priceDecimals));
  const perLot = BigInt(unitsOfDecimal(config.lotDecimal, config.quantityDecimals));
  return {
    orderId: historyWhole(row, 'id'),
    clientOrderId: row.client ?? '',
    symbol,
    side: row.order_side as OrderPort['side'],
    orderType: row.kind as OrderPort['orderType'],
    timeInForce: row.tif as OrderPort['timeInForce'],
    postOnly: row.post === '1',
    priceTicks: Number(historyUnits(row, 'last_price', config.priceDecimals) / perTick),
    quantityLots: Number(historyUnits(row, 'last_quantity', config.quantityDecimals) / perLot),
    budget: Number(historyUnits(row, 'order_budget', quote.decimals)),
    expiresAt: historyWhole(row, 'expires'),
    executedLots: historyWhole(row, 'lots'),
    executedQuote: historyWhole(row, 'quote_units'),
    feePaid: historyWhole(row, 'fees'),
    feeAsset: historyWhole(row, 'fee_asset_number'),
    status: row.state ?? '',
    reason: row.end_reason ?? '',
    placedAtMicros: historyWhole(row, 'placed_at'),
    updatedAtMicros: historyWhole(row, 'changed_at'),
  };
}
