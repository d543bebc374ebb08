/** Where an operator's order took effect: which sequence of which symbol or account. */
import type { AnyRecord } from '../../schemas/generated/records.ts';
import { formatId } from '../../schemas/ids.ts';
import type { ViewPort } from '../ports.ts';

export interface Effect {
  readonly what: string;
  readonly symbol?: string;
  readonly account?: string;
  /** Of the symbol or the account. */
  readonly sequence: string;
  /** Things of this kind that happened, the last of them at `sequence`. */
  readonly count: string;
  /** What it is now. */
  readonly now?: string;
}

/** Adds what a record says to the effects of its order; others are passed over. */
export function addEffect(effects: Effect[], record: AnyRecord, views: Pick<ViewPort, 'markets'>): void {
  const effect = effectOf(record, views);
  if (!effect) return;
  const at = effects.findIndex(
    (known) => known.what === 'cancelled' && effect.what === 'cancelled' && known.symbol === effect.symbol,
  );
  if (at < 0) effects.push(effect);
  else effects[at] = { ...effect, count: String(Number(effects[at]!.count) + 1) };
}

function effectOf(record: AnyRecord, { markets }: Pick<ViewPort, 'markets'>): Effect | undefined {
  const sequence = formatId(record.seq);
  const symbol = markets.get(record.symbol)?.config.name ?? formatId(record.symbol);
  switch (record.type) {
    case 'market_state':
      return { what: 'market_state', symbol, sequence, count: '1', now: record.state };
    case 'cancelled':
      return { what: 'cancelled', symbol, sequence, count: '1' };
    case 'account_changed':
      return { what: 'account_state', account: formatId(record.account), sequence, count: '1', now: record.state };
    case 'balance_change':
      return { what: 'balance_change', account: formatId(record.account), sequence, count: '1' };
    default:
      return undefined;
  }
}
