import type { Envelope } from '../../schemas/envelope.ts';
import type { TableBlock } from './table.ts';
import type { trades } from './tables.ts';

type TradeColumns = TableBlock<(typeof trades)['columns']>['columns'];
type OriginColumns = Pick<TradeColumns, 'generation' | 'partition' | 'offset' | 'occurred_at' | 'symbol'>;
type CauseColumns = Pick<TradeColumns, 'event_id' | 'causation_id' | 'correlation_id' | 'traceparent'>;

const TWO_40 = 2 ** 40;

/** Opens a row and fills the columns that all tables of records begin with; the caller fills the others. */
export function beginRow<C extends OriginColumns>(
  block: { rows: number; readonly columns: C },
  partition: number,
  offset: number,
  symbol: number,
  envelope: Envelope,
  generation: number,
): C {
  block.rows++;
  const c = block.columns;
  c.generation.push(generation);
  c.partition.push(partition);
  c.offset.push(offset);
  c.occurred_at.push(envelope.occurredAt);
  c.symbol.push(symbol);
  return c;
}

export function numbered(c: CauseColumns & Pick<TradeColumns, 'seq'>, seq: number, envelope: Envelope): void {
  c.seq.push(seq);
  caused(c, envelope);
}

export function caused(c: CauseColumns, envelope: Envelope): void {
  c.event_id.push(envelope.eventId);
  c.causation_id.push(envelope.causationId);
  c.correlation_id.push(envelope.correlationId);
  c.traceparent.push(envelope.traceparent ?? '');
}

/** Offset of the record that a follower stage's output was made for. */
export function offsetOfCause(envelope: Envelope): number {
  return envelope.causationId % TWO_40;
}
