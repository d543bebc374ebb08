import type { Envelope } from '../../schemas/envelope.ts';
import type { TableBlock } from './table.ts';
import type { trades } from './tables.ts';

type TradeColumns = TableBlock<(typeof trades)['columns']>['columns'];
type OriginColumns = Pick<TradeColumns, 'generation' | 'partition' | 'offset' | 'occurred_at' | 'symbol'>;
type CauseColumns = Pick<TradeColumns, 'event_id' | 'causation_id' | 'correlation_id' | 'traceparent'>;

const TWO_40 = 2 ** 40;

/** Opens a row and fills the columns that all tables of records begin with; the caller fills the others. */
export function beginRow(
  block: { begin(): number; readonly columns: OriginColumns },
  partition: number,
  offset: number,
  symbol: number,
  envelope: Envelope,
  generation: number,
): number {
  const row = block.begin();
  const c = block.columns;
  c.generation.values[row] = generation;
  c.partition.values[row] = partition;
  c.offset.values[row] = offset;
  c.occurred_at.values[row] = envelope.occurredAt;
  c.symbol.values[row] = symbol;
  return row;
}

export function setCause(c: CauseColumns, row: number, envelope: Envelope): void {
  c.event_id.values[row] = envelope.eventId;
  c.causation_id.values[row] = envelope.causationId;
  c.correlation_id.values[row] = envelope.correlationId;
  if (envelope.traceparent !== null) c.traceparent.set(row, envelope.traceparent);
}

/** Offset of the record that a follower stage's output was made for. */
export function offsetOfCause(envelope: Envelope): number {
  return envelope.causationId % TWO_40;
}
