import type { RecordType } from './generated/records.ts';

/** Records of which no reader may miss one: a queue that merges or drops must leave these alone. */
export const losslessRecords: ReadonlySet<RecordType> = new Set([
  'accepted',
  'rejected',
  'cancelled',
  'amended',
  'trade',
  'hold',
  'fill',
  'release',
  'order_amended',
  'balance_change',
  'entry',
]);
