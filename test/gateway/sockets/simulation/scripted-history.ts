/** History of a script, as the store would answer: the same rows, a little later, and sometimes not at all. */
import type { GatewayRecord, HistoryPort, HistoryRow } from '../../../../gateway/ports.ts';
import type { AnyRecord } from '../../../../schemas/generated/records.ts';

export class ScriptedHistory implements HistoryPort {
  away = false;
  readonly #has = new Map<string, number>();
  readonly #records: GatewayRecord[] = [];

  /** These are stored now. */
  store(records: readonly GatewayRecord[]): void {
    for (const record of records) {
      this.#records.push(record);
      this.#has.set(`${record.log}/${record.partition}`, record.offset + 1);
    }
  }

  async has(): Promise<ReadonlyMap<string, number>> {
    this.#mustBeThere();
    return this.#has;
  }

  async query(sql: string, parameters: { readonly [name: string]: unknown }): Promise<readonly HistoryRow[]> {
    this.#mustBeThere();
    const { after, until, account, symbol, count, orders } = parameters as { readonly [name: string]: number } & {
      readonly orders: readonly number[];
    };
    const inRange = ({ record }: GatewayRecord) =>
      (after === undefined || record.seq > after) &&
      (until === undefined || record.seq <= until) &&
      (account === undefined || (record as { readonly account?: number }).account === account) &&
      (symbol === undefined || record.symbol === symbol);
    const of = (...types: AnyRecord['type'][]) =>
      this.#records.filter(
        (each) => types.includes(each.record.type) && each.log === logOf(types[0]!) && inRange(each),
      );
    const table = /FROM (\w+)/.exec(sql)?.[1];
    if (sql.includes('any(client_order_id)')) {
      return of('hold')
        .map(({ record }) => record as Extract<AnyRecord, { type: 'hold' }>)
        .filter((hold) => hold.command === 'place' && orders.includes(hold.orderId))
        .map((hold) => ({ order_id: String(hold.orderId), client: hold.clientOrderId }));
    }
    if (sql.includes('sum(quote_amount)')) {
      const fills = of('fill').map(({ record }) => record as Extract<AnyRecord, { type: 'fill' }>);
      return fills
        .filter(({ orderId }) => orders.includes(orderId))
        .map((fill) => ({
          seq: String(fill.seq),
          order_id: String(fill.orderId),
          quote: String(
            fills
              .filter(({ orderId, seq }) => orderId === fill.orderId && seq <= fill.seq)
              .reduce((sum, { quoteAmount }) => sum + quoteAmount, 0),
          ),
        }));
    }
    const tables: { readonly [table: string]: () => GatewayRecord[] } = {
      trades: () => of('trade'),
      account_events: () => of('hold', 'release', 'order_amended', 'balance_change'),
      fills: () => of('fill'),
      rejects: () => of('rejected'),
    };
    const rows = tables[table ?? '']?.();
    if (!rows) throw new Error(`no such table in ${sql}`);
    return rows.slice(0, count).map(rowOf);
  }

  pass(): never {
    throw new Error('nobody asks this');
  }

  #mustBeThere(): void {
    if (this.away) throw Object.assign(new Error('the store does not answer'), { name: 'HistoryAway' });
  }
}

function logOf(type: AnyRecord['type']): string {
  return type === 'trade' ? 'market' : 'accounts';
}

/** Under the configuration of the script a tick, a lot and a unit are all 1; assets have eight decimals. */
function rowOf({ record, occurredAt }: GatewayRecord): HistoryRow {
  const fields = record as unknown as { readonly [field: string]: unknown };
  const row: { [column: string]: string | null } = { at: String(occurredAt), symbol_id: String(record.symbol) };
  for (const [name, value] of Object.entries(fields)) {
    row[name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`)] = value === null ? '' : String(value);
  }
  if (record.type === 'trade') return row;
  const asset = 'asset' in record ? Number(record.asset) : 0;
  const more: { [column: string]: string | null } = {
    price: row.price_ticks ?? '0',
    quantity: row.quantity_lots ?? '0',
    executed: row.executed_lots ?? row.cumulative_lots ?? '0',
    open: row.open_lots ?? '0',
    asset_id: String(asset),
    fee_asset_id: row.fee_asset ?? '0',
    fee_amount: row.fee ?? '0',
    expires: row.expires_at ?? '0',
    budget: inDecimals(row.budget),
  };
  if (record.type === 'rejected') {
    return { ...row, ...more, asset: asset === 0 ? '' : `A${asset}`, released: inDecimals(row.released) };
  }
  if (record.type === 'fill') return { ...row, ...more, client_order_id: '' };
  return {
    ...row,
    ...more,
    client_order_id: record.type === 'hold' && record.command === 'place' ? record.clientOrderId : '',
    amount: inDecimals(row.amount ?? row.released),
    change: row.kind ?? '',
  };
}

function inDecimals(units: string | null | undefined): string {
  const digits = (units ?? '0').replace('-', '').padStart(9, '0');
  return `${units?.startsWith('-') ? '-' : ''}${digits.slice(0, -8)}.${digits.slice(-8)}`;
}
