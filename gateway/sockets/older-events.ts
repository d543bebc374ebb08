/** Events that memory no longer has, from history, as the records they were. */
import { unitsOfDecimal } from '../../schemas/decimal.ts';
import type {
  AccountId,
  Amount,
  AssetConfig,
  AssetId,
  CancelReason,
  Fill,
  Hold,
  Micros,
  OrderId,
  PriceTicks,
  QuantityLots,
  Rejected,
  Sequence,
  SymbolConfig,
  SymbolId,
} from '../../schemas/generated/records.ts';
import type { HistoryPort, HistoryRow, ViewPort } from '../ports.ts';
import { historyUnits, historyWhole, microsExpression } from '../rest/history-values.ts';
import type { AccountEvent, AccountRecord } from './account-text.ts';
import type { OlderEvents } from './event-view.ts';
import type { TradeEvent } from './market-text.ts';

const PAGE_ROWS = 1000;
const LIMITS = { maxSeconds: 5, maxRows: PAGE_ROWS };

/** Positions by `log/partition` that history must be behind before its answer counts as whole. */
export type Reached = ReadonlyMap<string, number>;

/** Asks history for the events after one sequence number and up to another. */
export type Pager<E> = (after: number, until: number) => Promise<OlderEvents<E>>;

/** `reached`: offsets of the market log that had been heard when the channel was at `until`. */
export function olderTrades(history: HistoryPort, symbol: number, reached: Reached): Pager<TradeEvent> {
  return async (after, until) => {
    if (!(await isPast(history, reached))) return { events: [], upTo: after };
    const rows = await history.query(
      `SELECT trade_id AS seq, price_ticks, quantity_lots, taker_side, ${microsExpression('time')} AS at
        FROM trades WHERE symbol_id = {symbol:UInt32} AND trade_id > {after:UInt64} AND trade_id <= {until:UInt64}
        ORDER BY trade_id LIMIT {count:UInt32}`,
      { symbol, after, until, count: PAGE_ROWS },
      LIMITS,
    );
    const events = rows.map(
      (row): TradeEvent => ({
        seq: historyWhole(row, 'seq'),
        timeMicros: historyWhole(row, 'at'),
        priceTicks: historyWhole(row, 'price_ticks'),
        quantityLots: historyWhole(row, 'quantity_lots'),
        takerSide: row.taker_side === 'buy' ? 'buy' : 'sell',
      }),
    );
    return { events, upTo: rows.length === PAGE_ROWS ? events.at(-1)!.seq : until };
  };
}

export function olderAccountEvents(
  history: HistoryPort,
  account: AccountId,
  views: ViewPort,
  reached: Reached,
): Pager<AccountEvent> {
  return async (after, until) => {
    if (!(await isPast(history, reached))) return { events: [], upTo: after };
    const range = 'account = {account:Int64} AND seq > {after:UInt64} AND seq <= {until:UInt64}';
    const parameters = { account, after, until, count: PAGE_ROWS };
    const page = (columns: string, table: string, also = '') =>
      history.query(
        `SELECT seq, order_id, symbol_id, ${columns}, ${microsExpression('time')} AS at FROM ${table}
          WHERE ${range}${also} ORDER BY seq LIMIT {count:UInt32}`,
        parameters,
        LIMITS,
      );
    const [events, fills, rejects] = await Promise.all([
      page(
        `type, client_order_id, asset_id, amount, command, side, order_type, time_in_force, post_only, price, quantity, budget,
         ${microsExpression('expires_at')} AS expires, fee_version, executed, open, reason, change, reference`,
        'account_events',
        ` AND type IN ('hold', 'release', 'order_amended', 'balance_change')`,
      ),
      page(
        `trade_id, side, liquidity, price, quantity_lots, base_amount, quote_amount, fee_asset_id, fee_amount, fee_version,
         hold_consumed, released, executed, open`,
        'fills',
      ),
      page('client_order_id, command, reason, stage, asset, released', 'rejects'),
    ]);
    // Each list is whole up to its own end; together they are up to the nearest one.
    const upTo = Math.min(...[events, fills, rejects].map((rows) => wholeUpTo(rows, until)));
    const rows = [...events, ...fills, ...rejects].filter((row) => historyWhole(row, 'seq') <= upTo);
    rows.sort((left, right) => historyWhole(left, 'seq') - historyWhole(right, 'seq'));
    const more = await orderFacts(history, account, rows);
    const reader = new RowReader(views, account, more);
    return {
      events: rows.map((row) => ({
        seq: historyWhole(row, 'seq'),
        timeMicros: historyWhole(row, 'at'),
        record: reader.record(row),
      })),
      upTo,
    };
  };
}

function wholeUpTo(rows: readonly HistoryRow[], until: number): number {
  return rows.length === PAGE_ROWS ? historyWhole(rows.at(-1)!, 'seq') : until;
}

async function isPast(history: HistoryPort, reached: Reached): Promise<boolean> {
  if (reached.size === 0) return false;
  const has = await history.has();
  for (const [partition, offset] of reached) if ((has.get(partition) ?? 0) <= offset) return false;
  return true;
}

interface OrderFacts {
  readonly clientOrderId: string;
  /** Quote units of all fills up to each of them, by the fill's sequence. */
  readonly quoteAt: ReadonlyMap<number, number>;
}

/** What rows do not say themselves: the id that the client chose, and what its fills add up to. */
async function orderFacts(
  history: HistoryPort,
  account: AccountId,
  rows: readonly HistoryRow[],
): Promise<ReadonlyMap<string, OrderFacts>> {
  const orders = [...new Set(rows.map((row) => row.order_id!))].filter((order) => order !== '0');
  if (orders.length === 0) return new Map();
  const [names, fills] = await Promise.all([
    history.query(
      `SELECT order_id, any(client_order_id) AS client FROM account_events
        WHERE account = {account:Int64} AND type = 'hold' AND command = 'place' AND order_id IN ({orders:Array(UInt64)})
        GROUP BY order_id`,
      { account, orders: orders.map(Number) },
      { maxSeconds: 5, maxRows: orders.length },
    ),
    history.query(
      `SELECT seq, order_id, sum(quote_amount) OVER (PARTITION BY order_id ORDER BY seq ROWS UNBOUNDED PRECEDING) AS quote
        FROM fills WHERE account = {account:Int64} AND order_id IN ({orders:Array(UInt64)}) AND seq <= {until:UInt64}`,
      { account, orders: orders.map(Number), until: historyWhole(rows.at(-1)!, 'seq') },
      { maxSeconds: 5, maxRows: 100_000 },
    ),
  ]);
  const quotes = new Map<string, Map<number, number>>();
  for (const row of fills) {
    const order = row.order_id!;
    if (!quotes.has(order)) quotes.set(order, new Map());
    quotes.get(order)!.set(historyWhole(row, 'seq'), historyWhole(row, 'quote'));
  }
  return new Map(
    orders.map((order) => [
      order,
      {
        clientOrderId: names.find((row) => row.order_id === order)?.client ?? '',
        quoteAt: quotes.get(order) ?? new Map<number, number>(),
      },
    ]),
  );
}

/** Rows as records, in the fields that channels tell of. */
class RowReader {
  readonly #views: ViewPort;
  readonly #account: AccountId;
  readonly #facts: ReadonlyMap<string, OrderFacts>;

  constructor(views: ViewPort, account: AccountId, facts: ReadonlyMap<string, OrderFacts>) {
    this.#views = views;
    this.#account = account;
    this.#facts = facts;
  }

  record(row: HistoryRow): AccountRecord {
    const head = {
      symbol: historyWhole(row, 'symbol_id') as SymbolId,
      seq: historyWhole(row, 'seq') as Sequence,
      account: this.#account,
      orderId: historyWhole(row, 'order_id') as OrderId,
      clientOrderId: row.client_order_id || (this.#facts.get(row.order_id!)?.clientOrderId ?? ''),
    };
    if ('trade_id' in row) return this.#fill(row, head);
    if ('stage' in row) {
      const asset = this.#assetNamed(row.asset ?? '');
      return {
        type: 'rejected',
        ...head,
        command: row.command as Rejected['command'],
        reason: row.reason as Rejected['reason'],
        stage: row.stage as Rejected['stage'],
        asset: (asset?.asset ?? 0) as AssetId,
        released: (asset ? this.#units(row, 'released', asset) : 0) as Amount,
      };
    }
    const asset = this.#views.assets.get(historyWhole(row, 'asset_id') as AssetId)!;
    const amount = this.#units(row, 'amount', asset) as Amount;
    switch (row.type) {
      case 'hold':
        return this.#hold(row, head, asset, amount);
      case 'release':
        return {
          type: 'release',
          ...head,
          asset: asset.asset,
          amount,
          reason: (row.reason === '' ? null : row.reason) as CancelReason | null,
          executedLots: this.#lots(row, 'executed', head.symbol),
          openLots: this.#lots(row, 'open', head.symbol),
        };
      case 'order_amended':
        return {
          type: 'order_amended',
          ...head,
          priceTicks: this.#ticks(row, 'price', head.symbol),
          quantityLots: this.#lots(row, 'quantity', head.symbol),
          openLots: this.#lots(row, 'open', head.symbol),
          asset: asset.asset,
          released: amount,
        };
      default:
        return {
          type: 'balance_change',
          symbol: head.symbol,
          seq: head.seq,
          account: head.account,
          asset: asset.asset,
          amount,
          kind: row.change as 'deposit',
          reference: row.reference ?? '',
          reason: '',
          requestedBy: '',
          approvedBy: '',
        };
    }
  }

  #hold(row: HistoryRow, head: Head, asset: AssetConfig, amount: Amount): Hold {
    const quote = this.#views.assets.get(this.#config(head.symbol).quoteAsset)!;
    return {
      type: 'hold',
      ...head,
      asset: asset.asset,
      amount,
      side: row.side as Hold['side'],
      orderType: row.order_type as Hold['orderType'],
      timeInForce: row.time_in_force as Hold['timeInForce'],
      postOnly: row.post_only === '1' || row.post_only === 'true',
      priceTicks: this.#ticks(row, 'price', head.symbol),
      quantityLots: this.#lots(row, 'quantity', head.symbol),
      budget: this.#units(row, 'budget', quote) as Amount,
      expiresAt: historyWhole(row, 'expires') as Micros,
      feeVersion: historyWhole(row, 'fee_version'),
      command: row.command as Hold['command'],
    };
  }

  #fill(row: HistoryRow, head: Head): Fill {
    const { baseAsset, quoteAsset } = this.#config(head.symbol);
    const quoteAmount = historyWhole(row, 'quote_amount');
    return {
      type: 'fill',
      ...head,
      tradeId: historyWhole(row, 'trade_id') as Sequence,
      side: row.side as Fill['side'],
      liquidity: row.liquidity as Fill['liquidity'],
      priceTicks: this.#ticks(row, 'price', head.symbol),
      quantityLots: historyWhole(row, 'quantity_lots') as QuantityLots,
      baseAsset,
      quoteAsset,
      baseAmount: historyWhole(row, 'base_amount') as Amount,
      quoteAmount: quoteAmount as Amount,
      feeAsset: historyWhole(row, 'fee_asset_id') as AssetId,
      fee: historyWhole(row, 'fee_amount') as Amount,
      feeVersion: historyWhole(row, 'fee_version'),
      holdConsumed: historyWhole(row, 'hold_consumed') as Amount,
      released: historyWhole(row, 'released') as Amount,
      cumulativeLots: this.#lots(row, 'executed', head.symbol),
      openLots: this.#lots(row, 'open', head.symbol),
      cumulativeQuoteAmount: (this.#facts.get(row.order_id!)?.quoteAt.get(head.seq) ?? quoteAmount) as Amount,
    };
  }

  #config(symbol: SymbolId): SymbolConfig {
    return this.#views.markets.get(symbol)!.config;
  }

  #assetNamed(name: string): AssetConfig | undefined {
    for (const asset of this.#views.assets.values()) if (asset.name === name) return asset;
    return undefined;
  }

  #ticks(row: HistoryRow, column: string, symbol: SymbolId): PriceTicks {
    const { priceDecimals, tickDecimal } = this.#config(symbol);
    const perTick = BigInt(unitsOfDecimal(tickDecimal, priceDecimals));
    return Number(historyUnits(row, column, priceDecimals) / perTick) as PriceTicks;
  }

  #lots(row: HistoryRow, column: string, symbol: SymbolId): QuantityLots {
    const { quantityDecimals, lotDecimal } = this.#config(symbol);
    const perLot = BigInt(unitsOfDecimal(lotDecimal, quantityDecimals));
    return Number(historyUnits(row, column, quantityDecimals) / perLot) as QuantityLots;
  }

  #units(row: HistoryRow, column: string, asset: AssetConfig): number {
    return Number(historyUnits(row, column, asset.decimals));
  }
}

type Head = Pick<Hold, 'symbol' | 'seq' | 'account' | 'orderId' | 'clientOrderId'>;
